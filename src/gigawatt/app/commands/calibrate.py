"""`gigawatt calibrate`: fit the constants of performance models to measurements."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigawatt.app.finite import print_json
from gigawatt.app.helping import UpperCommand
from gigawatt.app.options import AsJson

if TYPE_CHECKING:
    from gigawatt.catalog import System
    from gigawatt.perf.silicon import Limits

__all__ = ["app"]

_DATE = r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?|-(Q[1-4]|H[12]))?"

app = typer.Typer(
    help="Fit the constants of performance models to measurements.", no_args_is_help=True
)

NewFolder = Annotated[
    Path | None,
    typer.Option("--out", help="New folder for what was fitted, laid out like a catalog folder."),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Date of the figures; today if left out.", metavar="YYYY-MM"),
]


@app.command("kernels", cls=UpperCommand, short_help="Fit kernel times to measured tables.")
def kernels_command(
    system: Annotated[
        list[str] | None,
        typer.Option("--system", help="Only this system; repeatable.", metavar="ID"),
    ] = None,
    out: NewFolder = None,
    as_of: AsOf = None,
    json_: AsJson = False,
) -> None:
    """Fit kernel times to the measured tables of aiconfigurator-core (extra silicon)."""
    from datetime import date

    from gigawatt.catalog import Catalog
    from gigawatt.perf.silicon import GPUS, fit_system, installed_tables

    _refuse_before_fitting(out, as_of)
    catalog = Catalog()
    wanted = [_known(name, GPUS) for name in system or GPUS]
    tables = installed_tables()
    records = {}
    for name in wanted:
        of_system = catalog.system(name)
        records[name] = {
            "name": f"Kernel times of {of_system.name}",
            "source": "aiconfigurator-core",
            "as_of": as_of or date.today().isoformat(),
            "confidence": "reported",
            "seen": "derived",
            **fit_system(tables, name, _limits(of_system)),
        }
    if out is not None:
        _write(out, "kernels", records)
    if json_:
        print_json(records)
        return
    for name, record in records.items():
        print(f"{name}   {record['release']}")
        for surface, found in _surfaces(record):
            errors = f"error {found['mape']:.1%}, p90 {found['p90']:.1%}"
            print(f"    {surface:<28} {_first(found):>16}   {errors}, {found['rows']:,} rows")
    if out is not None:
        print(f"written to {out}; use it with: gigawatt catalog list kernels --folder {out}")


@app.command("training", cls=UpperCommand, short_help="Fit the constants of a training step.")
def training_command(
    out: NewFolder = None,
    as_of: AsOf = None,
    json_: AsJson = False,
) -> None:
    """Fit the constants of a training step to the shipped measured runs (extra calibrate).

    Fits once to all sources and once without each of them: a few minutes.
    """
    from datetime import date

    from gigawatt.perf.validation.refit import refit_training

    _refuse_before_fitting(out, as_of)
    record = refit_training(
        as_of or date.today().isoformat(), lambda what: typer.echo(f"fitting to {what}", err=True)
    )
    if out is not None:
        _write(out, "calibration", {"training": record})
    if json_:
        print_json(record)
        return
    for name, constant in record["constants"].items():
        print(
            f"{name:<28} {constant['value']:>10.4g} {constant['unit']:<3}  "
            f"prior {constant['prior']:g} ± {constant['spread']:.0%}   {constant['what']}"
        )
    if out is not None:
        print(f"written to {out}")


def _refuse_before_fitting(out: Path | None, as_of: str | None) -> None:
    """Refuse before minutes of fitting what could not be used after them."""
    from gigawatt.core.errors import InputError, Problem, RunFolderError

    if as_of is not None and not re.fullmatch(_DATE, as_of):
        raise InputError(
            Problem("E203", f"--as-of is {as_of!r}; write a date such as 2026-11.", path="--as-of")
        )
    if out is None:
        return
    choose = "Choose another --out."
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunFolderError(
            Problem("E501", f"{out} already exists and is not empty.", choose, "--out")
        )
    above = next(folder for folder in out.absolute().parents if folder.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        raise RunFolderError(
            Problem("E502", f"{out} cannot be made: {above} is no folder to write to.", choose,
                    "--out")
        )  # fmt: skip


def _write(out: Path, kind: str, records: Mapping[str, Any]) -> None:
    """Records by id as a catalog folder, whole or not at all."""
    from gigawatt.core.folders import new_folder
    from gigawatt.perf.silicon import record_text

    with new_folder(lambda: out) as folder:
        (folder / kind).mkdir()
        for name, record in records.items():
            path = folder / kind / f"{name}.yaml"
            path.write_text(record_text(record), encoding="utf-8")


def _known(name: str, systems: Mapping[str, str]) -> str:
    from gigawatt.core.errors import CatalogError, Problem, did_you_mean

    if name not in systems:
        raise CatalogError(
            Problem("E402", f"There are no tables of '{name}'.", did_you_mean(name, systems))
        )
    return name


def _limits(system: System) -> Limits:
    from gigawatt.perf.silicon import Limits

    assert system.hbm_bandwidth is not None
    assert system.scaleup_bandwidth is not None
    peak = {precision: fact.value for precision, fact in system.peak.items()}
    names = {"bf16": "bf16", "fp8": "fp8", "fp8_block": "fp8", "nvfp4": "fp4"}
    return Limits(
        {name: peak[of] for name, of in names.items() if of in peak},
        system.hbm_bandwidth.value,
        system.scaleup_bandwidth.value / 2.0,
    )


def _surfaces(found: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, value in found.items():
        if isinstance(value, Mapping):
            inner = f"{path} {key}".strip()
            if "tables" in value:
                yield inner, value
            else:
                yield from _surfaces(value, inner)


def _first(surface: Mapping[str, Any]) -> str:
    """The rate that tells most of a surface: of large shapes where it is known."""
    if "flops_per_s" in surface:
        return f"{(surface['large_flops_per_s'] or surface['flops_per_s']) / 1e12:,.0f} TFLOP/s"
    rates = surface["bytes_per_s"]
    best = max(rates.values()) if isinstance(rates, Mapping) else rates
    return f"{best / 1e9:,.0f} GB/s"
