"""Where the measured tables are, and how their columns become arrays.

Knows the layout of `aiconfigurator-core`: `systems/data/GPU/FAMILY/BACKEND/VERSION/TABLE.parquet`, one
row a measurement, latencies in milliseconds. The package is located without importing it. What the
columns mean for a surface is the business of the files that fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.errors import MissingExtraError

__all__ = ["Rows", "Tables", "installed_tables"]

Column = NDArray[Any]
PACKAGE = "aiconfigurator-core"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one or several tables, by column, and which tables they came from."""

    columns: Mapping[str, Column]
    origin: tuple[str, ...]
    """Table, backend and version of each file, such as `gemm_perf trtllm 1.3.0rc20`."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def floats(self, *names: str) -> tuple[Column, ...]:
        """Columns as float arrays."""
        return tuple(self.columns[name].astype(np.float64) for name in names)

    @property
    def seconds(self) -> Column:
        """Measured times [s]."""
        return self.columns["latency"].astype(np.float64) * 1e-3

    def where(self, keep: NDArray[np.bool_]) -> Rows:
        """The rows for which `keep` holds."""
        return Rows({name: column[keep] for name, column in self.columns.items()}, self.origin)

    def fastest(self, *shape: str) -> Rows:
        """One row for each shape: the fastest one over backends and versions.

        Parameters
        ----------
        *shape : str
            Integer columns that make a shape.
        """
        keys = np.stack([self.columns[name] for name in shape], axis=1)
        order = np.lexsort([self.columns["latency"], *keys.T[::-1]])
        ordered = keys[order]
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = np.any(ordered[1:] != ordered[:-1], axis=1)
        return Rows(
            {name: column[order][first] for name, column in self.columns.items()}, self.origin
        )


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one installed release.

    Parameters
    ----------
    folder : Path
        The folder that holds one folder for each GPU.
    version : str
        Release of the package.
    """

    folder: Path
    version: str

    def read(
        self,
        gpu: str,
        family: str,
        table: str,
        columns: Mapping[str, Any],
        *,
        backends: Sequence[str] | None = None,
        newest: bool = False,
        latency: tuple[str, float] = ("latency", 1.0),
    ) -> Rows | None:
        """Rows of a table over backends and versions, or None where there is no such table.

        Parameters
        ----------
        gpu, family, table : str
            Names as in the package: `h100_sxm`, `gemm`, `gemm_perf`.
        columns : mapping of str to default
            Columns to read, and what stands in for one that a file does not have; `...` where it
            must have it. Times are always read, as `latency` in milliseconds; rows without a positive
            one are dropped.
        backends : sequence of str, optional
            Only these backends.
        newest : bool
            Only the newest version of each backend.
        latency : tuple of str and float
            Column of the times, and how many milliseconds its unit has.
        """
        found = list(self._files(gpu, family, table, backends, newest))
        if not found:
            return None
        timed, unit_ms = latency
        wanted = {**columns, timed: ...}
        parts = [_columns(path, wanted) for path, _ in found]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in wanted}
        joined["latency"] = unit_ms * joined[timed]
        rows = Rows(joined, tuple(f"{table} {origin}" for _, origin in found))
        return rows.where(rows["latency"] > 0)

    def _files(
        self, gpu: str, family: str, table: str, backends: Sequence[str] | None, newest: bool
    ) -> Iterator[tuple[Path, str]]:
        for backend in sorted((self.folder / gpu / family).glob("*")):
            if backends is not None and backend.name not in backends:
                continue
            paths = sorted(backend.glob(f"*/{table}.parquet"), key=lambda p: _age(p.parent.name))
            for path in paths[-1:] if newest else paths:
                yield path, f"{backend.name} {path.parent.name}"


def installed_tables() -> Tables:
    """The tables of the installed package, found without importing it.

    Raises
    ------
    MissingExtraError
        E601 if the package is not installed.
    """
    spec = find_spec("aiconfigurator_core")
    places = (spec.submodule_search_locations if spec else None) or ()
    for place in places:
        folder = Path(place) / "systems" / "data"
        if folder.is_dir():
            return Tables(folder, _release())
    raise MissingExtraError.of("silicon", "Fitting kernel times")


def _release() -> str:
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return "unknown"


def _age(version: str) -> tuple[tuple[int, ...], float]:
    """Sorts `0.5.6.post2` before `0.5.14`, and `1.3.0rc20` before `1.3.0`."""
    head, _, candidate = version.partition("rc")
    numbers = tuple(int(number) for number in re.findall(r"\d+", head))
    return numbers, float(candidate) if candidate.isdigit() else float("inf")


def _columns(path: Path, wanted: Mapping[str, Any]) -> dict[str, Column]:
    import pyarrow.parquet as pq

    there = set(pq.read_schema(path).names)
    table = pq.read_table(path, columns=[name for name in wanted if name in there])
    columns = {}
    for name, default in wanted.items():
        if name in there:
            column = table[name].to_numpy()
            missing = default is not ... and column.dtype.kind == "f"
            columns[name] = np.where(np.isnan(column), default, column) if missing else column
        elif default is ...:
            raise KeyError(f"{path.name} of {path.parent.name} has no column '{name}'")
        else:
            columns[name] = np.full(table.num_rows, default)
    return columns
