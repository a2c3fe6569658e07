"""Goodput of a campaign on a system: the curve of the reliability model as plain numbers that can be kept.

Kept in this process, and on disk beside the throughput curves by everything that it depends on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from gigawatt.catalog import Catalog
from gigawatt.catalog.records import Architecture
from gigawatt.core.arrays import Array
from gigawatt.core.errors import InputError
from gigawatt.perf import scaling_cache

__all__ = ["Goodput", "goodput_of"]

Row = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Goodput:
    """Share of the time that is work kept, by the size of a cluster.

    Attributes
    ----------
    counts : tuple of float
        Packages [1].
    kept : tuple of three tuples of float
        Low, central and high share at each count [1].
    """

    counts: Row
    kept: tuple[Row, Row, Row]

    def fraction(self, counts: Array) -> Array:
        """Low, central and high share at any counts, straight in logarithms, shape (3, ...) [1]."""
        at = np.log(np.maximum(np.asarray(counts, dtype=float), 1.0))
        logs = np.log(np.maximum(np.array(self.kept), 1e-300))
        found = np.stack([np.interp(at, np.log(self.counts), row) for row in logs])
        return np.asarray(np.exp(found))

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` is its inverse."""
        return {"counts": list(self.counts), "kept": [list(row) for row in self.kept]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Goodput:
        """Inverse of `as_dict`."""
        low, central, high = (tuple(float(v) for v in row) for row in data["kept"])
        return cls(tuple(float(v) for v in data["counts"]), (low, central, high))


@dataclass(frozen=True, slots=True)
class _Key:
    """A catalog that equals another of the same content."""

    catalog: Catalog

    def __hash__(self) -> int:
        return hash(self.catalog.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.catalog.hash == self.catalog.hash


@lru_cache(maxsize=4096)
def _made(catalog: _Key, architecture: Architecture, system_id: str) -> Goodput | str:
    identity = {
        "what": "goodput",
        "source": _source_hash(),
        "catalog": catalog.catalog.hash,
        "architecture": architecture.model_dump(mode="json"),
        "system": system_id,
    }
    key = scaling_cache.key_of(identity)
    kept = scaling_cache.load(key, Goodput.from_dict)
    if kept is not None:
        return kept
    from gigawatt.reliability import goodput_curve  # loaded only where a curve is not known yet

    try:
        curve = goodput_curve(catalog.catalog, architecture, system_id)
    except InputError as error:
        return error.problems[0].message
    low, central, high = (tuple(float(v) for v in row) for row in curve.kept)
    found = Goodput(tuple(float(v) for v in curve.counts), (low, central, high))
    scaling_cache.store(key, found.as_dict())
    return found


@lru_cache(maxsize=1)
def _source_hash() -> str:
    """SHA-256 of the source files of the reliability model."""
    spec = find_spec("gigawatt.reliability")
    folders = spec.submodule_search_locations if spec else None
    digest = hashlib.sha256()
    for path in sorted(Path((folders or [""])[0]).glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def goodput_of(catalog: Catalog, architecture: Architecture, system_id: str) -> Goodput | str:
    """The goodput of training a model on a system, or why none is known.

    Parameters
    ----------
    catalog : Catalog
        Where rates of failure and the system's memory come from.
    architecture : Architecture
        The model, whose state is saved and read back.
    system_id : str
        Catalog system.
    """
    return _made(_Key(catalog), architecture, system_id)
