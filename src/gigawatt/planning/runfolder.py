"""A plan on disk: resolved scenario, `run.json`, Parquet tables, NetCDF on request; and back.

Tables are long: one row for each combination of labels, one column a figure, one file for each set of
axes within a group, with unit, formula and inputs in the column metadata. Reading a run folder gives
the same `Plan` back without computing anything, so a run explains itself for as long as it is kept.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import xarray as xr

from gigawatt._version import __version__
from gigawatt.catalog.store import record_files
from gigawatt.core.errors import MissingExtraError, Origin, Problem, RunFolderError
from gigawatt.core.folders import new_folder, next_number
from gigawatt.core.provenance import Evidence
from gigawatt.core.yamltree import Tree, read_yaml_text, write_yaml
from gigawatt.finance.evaluate import evaluate
from gigawatt.finance.stored import books_from_plain, books_to_plain
from gigawatt.finance.tranches import Tranche
from gigawatt.scenario.load import read_tree
from gigawatt.scenario.scenario import Scenario

from .books import KeptBooks, bound_shares
from .figures import FIGURES
from .plan import Plan
from .rates import Rate
from .serving_rates import StreamRate

__all__ = ["is_run", "load_run", "save_run"]

FORMAT = 3


def is_run(path: Path) -> bool:
    """Whether a path is a run folder."""
    return (path / "run.json").is_file() and (path / "scenario.yaml").is_file()


def save_run(
    plan: Plan,
    out: Path | str | None = None,
    *,
    runs: Path | str = "runs",
    netcdf: bool = False,
    csv: bool = False,
    report: Callable[[Plan, str], str] | None = None,
) -> Path:
    """Write a plan to a new run folder; it appears whole or not at all.

    Parameters
    ----------
    plan : Plan
        What to write.
    out : Path or str, optional
        The folder; must not exist or be empty. Left out: the next free number under `runs`.
    runs : Path or str
        Where numbered run folders are kept.
    netcdf : bool
        Also write `plan.nc` with all groups (extra `netcdf`).
    csv : bool
        Also write every table as CSV.
    report : callable, optional
        Makes the HTML report from the plan and the name of the run.

    Returns
    -------
    Path
        The run folder.

    Raises
    ------
    RunFolderError
        E501 if the folder is already there, E502 if it cannot be made.
    RunFailedError
        E503 if the disk is full; nothing is left behind.
    MissingExtraError
        E601 if NetCDF is asked for and not installed.
    """
    if netcdf:
        _need_netcdf()
    final: list[Path] = []

    def target() -> Path:
        final[:] = [Path(out) if out is not None else next_number(Path(runs))]
        if (
            out is not None
            and final[0].exists()
            and (not final[0].is_dir() or any(final[0].iterdir()))
        ):
            raise RunFolderError(
                Problem(
                    "E501",
                    f"{final[0]} already exists and is not empty.",
                    "Choose another --out; a run is never mixed into another.",
                )
            )
        return final[0]

    with new_folder(target) as folder:
        _write_scenario(plan.scenario, folder)
        (folder / "tables").mkdir()
        for name, table in tables(plan).items():
            pq.write_table(table, folder / "tables" / f"{name}.parquet")
            if csv:
                pa_csv.write_csv(table, folder / "tables" / f"{name}.csv")
        if netcdf:
            (folder / "plan.nc").write_bytes(_netcdf_bytes(plan.tree))
        if report is not None:
            (folder / "report.html").write_text(
                report(plan, final[0].name if out is not None else ""), encoding="utf-8"
            )
        kept = json.dumps(
            books_to_plain(plan.books.books), ensure_ascii=False, separators=(",", ":")
        )
        (folder / "books.json").write_text(kept, encoding="utf-8")
        record = json.dumps(_record(plan), indent=1, ensure_ascii=False)
        (folder / "run.json").write_text(record, encoding="utf-8")
    return final[0]


def _write_scenario(scenario: Scenario, folder: Path) -> None:
    """The resolved scenario, with whatever it reads from beside its file copied into the run."""
    text = scenario.to_yaml()
    own = scenario.spec.catalog.folder
    beside = [
        (keys, config)
        for keys, name in _models(scenario)
        if (config := scenario.folder / name).exists()
    ]
    if own is None and not beside:
        (folder / "scenario.yaml").write_text(text, encoding="utf-8")
        return
    tree = read_yaml_text(text, "scenario.yaml").data
    if own is not None:
        for path in record_files(scenario.folder / own):
            copy = folder / "catalog" / path.relative_to(scenario.folder / own)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        tree["catalog"]["folder"] = "catalog"
    for keys, path in beside:
        config = path / "config.json" if path.is_dir() else path
        (folder / "models").mkdir(exist_ok=True)
        copied = f"models/{'-'.join(keys[1:3])}.json"
        shutil.copyfile(config, folder / copied)
        at = tree
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = copied
    (folder / "scenario.yaml").write_text(write_yaml(tree), encoding="utf-8")


def _models(scenario: Scenario) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every model that a workload names, with the keys that lead to it."""
    workloads = scenario.spec.workloads
    for key, run in workloads.training.items():
        if run.model is not None:
            yield ("workloads", "training", key, "model"), run.model
        if run.compute_optimal is not None:
            yield (
                ("workloads", "training", key, "compute_optimal", "like"),
                run.compute_optimal.like,
            )
    for key, stream in workloads.serving.items():
        yield ("workloads", "serving", key, "model"), stream.model


def tables(plan: Plan) -> dict[str, pa.Table]:
    """Every figure as long tables, by name `group_axis_axis`."""
    made: dict[str, pa.Table] = {}
    for group in plan.tree.groups:
        name = group.strip("/")
        if not name:
            continue
        dataset = plan.tree[name].to_dataset()
        by_dims: dict[tuple[str, ...], list[str]] = {}
        for variable, array in dataset.data_vars.items():
            by_dims.setdefault(tuple(str(d) for d in array.dims), []).append(str(variable))
        for dims, variables in by_dims.items():
            made["_".join((name, *dims))] = _table(dataset, dims, variables)
    return made


def _table(dataset: xr.Dataset, dims: tuple[str, ...], variables: list[str]) -> pa.Table:
    shape = tuple(dataset.sizes[dim] for dim in dims)
    columns: list[Any] = []
    fields: list[pa.Field] = []
    for axis, dim in enumerate(dims):
        labels = dataset[dim].values
        index = np.broadcast_to(
            np.arange(shape[axis]).reshape([-1 if a == axis else 1 for a in range(len(shape))]),
            shape,
        ).ravel()
        if dim == "month":
            column = pa.array(labels.astype("datetime64[D]"))
        elif labels.dtype.kind in "iu":
            column = pa.array(labels.astype(np.int64))
        else:
            column = pa.array([str(label) for label in labels], pa.string())
        columns.append(column.take(pa.array(index)))
        fields.append(pa.field(dim, column.type))
    for variable in variables:
        array = dataset[variable]
        columns.append(pa.array(np.ascontiguousarray(array.values).ravel(), pa.float64()))
        metadata = {str(key): str(value) for key, value in array.attrs.items()}
        fields.append(pa.field(variable, pa.float64(), metadata=metadata))
    labels_of = {
        dim: [
            str(v)[:7] if dim == "month" else v.item() if hasattr(v, "item") else v
            for v in dataset[dim].values
        ]
        for dim in dims
    }
    schema = pa.schema(fields, {"dims": json.dumps(dims), "labels": json.dumps(labels_of)})
    return pa.Table.from_arrays(columns, schema=schema)


def _record(plan: Plan) -> dict[str, Any]:
    spec = plan.scenario
    return {
        "format": FORMAT,
        "gigawatt": __version__,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "scenario": spec.name,
        "applied": list(spec.applied),
        "catalog_hash": plan.catalog_hash,
        "seed": None,
        "summary": plan.summary(),
        "outcomes": dict(plan.outcomes),
        "warnings": [_problem_record(problem) for problem in plan.warnings],
        "tranches": {
            key: [
                {
                    "number": t.number,
                    "milestone": t.milestone,
                    "month": t.month,
                    "usd": str(t.usd),
                    "trigger": t.trigger,
                }
                for t in rows
            ]
            for key, rows in plan.tranches.items()
        },
        "evidence": {
            name: [[list(labels), evidence.as_dict()] for labels, evidence in entries.items()]
            for name, entries in plan.evidence.items()
        },
        "rates": {
            run: {system: rate.as_dict() for system, rate in by_system.items()}
            for run, by_system in plan.rates.items()
        },
        "serving_rates": {
            stream: {machine: rate.as_dict() for machine, rate in by_machine.items()}
            for stream, by_machine in plan.serving_rates.items()
        },
        "origins": {path: [o.file, o.line] for path, o in spec.tree.origins.items()},
    }


def _problem_record(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "message": problem.message,
        "fix": problem.fix,
        "path": problem.path,
        "file": problem.origin.file,
        "line": problem.origin.line,
    }


def load_run(path: Path | str) -> Plan:
    """Read a run folder back.

    Raises
    ------
    RunFolderError
        E504 if it is not a run folder, was written by a later version, or is damaged.
    """
    folder = Path(path)
    if not is_run(folder):
        raise RunFolderError(
            Problem(
                "E504",
                f"{folder} is not a run folder: it has no run.json and scenario.yaml.",
                "Give a folder that 'gigawatt plan' has written, such as runs/0001.",
            )
        )
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        if record["format"] > FORMAT:
            raise RunFolderError(
                Problem(
                    "E504",
                    f"{folder} was written by gigawatt {record['gigawatt']}, which is newer.",
                    "Upgrade gigawatt.",
                )
            )
        if record["format"] < FORMAT:
            raise RunFolderError(
                Problem(
                    "E504",
                    f"{folder} was written by an older gigawatt, {record['gigawatt']}.",
                    "Plan the scenario again.",
                )
            )
        written = read_tree(folder / "scenario.yaml")
        origins = {path: Origin(*origin) for path, origin in record["origins"].items()}
        scenario = Scenario.restored(Tree(written.data, origins), folder, tuple(record["applied"]))
        tree = _read_tables(folder / "tables", record)
        _check_whole(tree, scenario)
        return Plan(
            scenario=scenario,
            tree=tree,
            tranches={
                key: [
                    Tranche(
                        t["number"], t["milestone"], t["month"], Decimal(t["usd"]), t["trigger"]
                    )
                    for t in rows
                ]
                for key, rows in record["tranches"].items()
            },
            books=_read_books(folder, tree, scenario),
            evidence={
                name: {tuple(labels): Evidence.from_dict(data) for labels, data in entries}
                for name, entries in record["evidence"].items()
            },
            rates={
                run: {system: Rate.from_dict(data) for system, data in by_system.items()}
                for run, by_system in record["rates"].items()
            },
            serving_rates={
                stream: {
                    machine: StreamRate.from_dict(data) for machine, data in by_machine.items()
                }
                for stream, by_machine in record["serving_rates"].items()
            },
            warnings=tuple(
                Problem(w["code"], w["message"], w["fix"], w["path"], Origin(w["file"], w["line"]))
                for w in record["warnings"]
            ),
            outcomes=record["outcomes"],
            version=record["gigawatt"],
            catalog_hash=record["catalog_hash"],
        )
    except RunFolderError:
        raise
    except Exception as error:
        # whatever somebody's edited files make of the reader, it is the folder that is at fault
        raise RunFolderError(
            Problem("E504", f"{folder} is damaged: {error}.", "Plan the scenario again.")
        ) from None


def _read_books(folder: Path, tree: xr.DataTree, scenario: Scenario) -> KeptBooks:
    """Formulas of the lines from `books.json`, their values from the tables."""
    books = books_from_plain(json.loads((folder / "books.json").read_text(encoding="utf-8")))
    values = tree["books"].to_dataset()["value"]
    names = [str(name) for name in values["line"].values]
    if names != list(books.sheet.lines):
        raise ValueError("its books.json and its tables name different lines")
    lines = {name: values.values[:, at] for at, name in enumerate(names)}
    for name, computed in evaluate(books.sheet).items():
        if not np.array_equal(computed, lines[name]):
            raise ValueError(f"its books.json does not give the figures of its tables: {name}")
    sites = tuple(str(site) for site in tree["inputs"].to_dataset()["site"].values)
    return KeptBooks(books, lines, bound_shares(scenario), sites)


def _read_tables(folder: Path, record: Mapping[str, Any]) -> xr.DataTree:
    groups: dict[str, dict[str, xr.Variable]] = {}
    coordinates: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.parquet")):
        table = pq.read_table(file)
        metadata = {
            key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()
        }
        dims: list[str] = json.loads(metadata["dims"])
        labels: dict[str, list[Any]] = json.loads(metadata["labels"])
        group = file.stem.removesuffix("_".join(["", *dims]))
        shape = [len(labels[dim]) for dim in dims]
        for dim in dims:
            coordinates.setdefault(group, {})[dim] = (
                np.array(labels[dim], dtype="datetime64[M]").astype("datetime64[ns]")
                if dim == "month"
                else labels[dim]
            )
        for name in table.column_names[len(dims) :]:
            attrs = {k.decode(): v.decode() for k, v in (table.field(name).metadata or {}).items()}
            values = table.column(name).to_numpy().reshape(shape)
            groups.setdefault(group, {})[name] = xr.Variable(dims, values, attrs)
    datasets = {
        f"/{group}": xr.Dataset(variables, coordinates[group])
        for group, variables in groups.items()
    }
    tree = xr.DataTree.from_dict(datasets, name="plan")
    tree.attrs.update({"title": record["scenario"], "gigawatt_version": record["gigawatt"]})
    return tree


def _check_whole(tree: xr.DataTree, scenario: Scenario) -> None:
    """Refuse a folder that lacks figures, or whose tables and scenario speak of different things."""
    for figure in FIGURES:
        group, _, variable = figure.name.partition(".")
        if group not in tree.children or variable not in tree[group].to_dataset():
            raise ValueError(f"the figure {figure.name} is missing")
    spec = scenario.spec
    inputs = tree["inputs"].to_dataset()
    for dim, keys in (("site", spec.sites), ("system", spec.hardware), ("partner", spec.partners)):
        if sorted(str(label) for label in inputs[dim].values) != sorted(keys):
            raise ValueError(f"its scenario.yaml and its tables name different {dim}s")
    if inputs.sizes["month"] != spec.horizon.months:
        raise ValueError("its scenario.yaml and its tables have different horizons")


def _need_netcdf() -> None:
    from importlib.util import find_spec

    if find_spec("h5netcdf") is None:
        raise MissingExtraError.of("netcdf", "NetCDF output")


def _netcdf_bytes(tree: xr.DataTree) -> bytes:
    """All groups as NetCDF, made in memory: the HDF5 library cannot survive a full disk."""
    return bytes(_for_netcdf(tree).to_netcdf(None, engine="h5netcdf"))


def _for_netcdf(tree: xr.DataTree) -> xr.DataTree:
    """The tree with infinite and empty axes in forms that NetCDF keeps."""
    datasets = {}
    for group in tree.groups:
        dataset = tree[group].to_dataset()
        keep = [name for name, array in dataset.data_vars.items() if 0 not in array.shape]
        kept = dataset[keep]
        datasets[group] = kept.drop_vars([c for c in kept.coords if c not in kept.dims])
    named = xr.DataTree.from_dict(datasets, name="plan")
    named.attrs.update(tree.attrs)
    return named
