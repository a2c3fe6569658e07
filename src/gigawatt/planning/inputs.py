"""The inputs of a plan: labelled arrays with the evidence for every entry. `resolve` fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.core.months import Horizon
from gigawatt.core.provenance import Evidence

__all__ = ["InputArray", "Inputs", "Labels"]

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InputArray:
    """One input figure.

    Attributes
    ----------
    dims : tuple of str
        Names of the axes.
    unit : str
        Canonical unit of the values.
    values : array
        Values by label.
    evidence : dict of tuple of str to Evidence
        Why each entry is what it is, by the labels of its leading axes; for step curves the last
        label is the month in which the step was set.
    """

    dims: tuple[str, ...]
    unit: str
    values: Array
    evidence: Mapping[Labels, Evidence]


@dataclass(frozen=True)
class Inputs:
    """All inputs of a plan by name, and the labels of their axes.

    Attributes
    ----------
    horizon : Horizon
        Planned months.
    sites, systems, partners : tuple of str
        Ids; sites by priority, systems newest first.
    arrays : dict of str to InputArray
        Inputs by name.
    """

    horizon: Horizon
    sites: tuple[str, ...]
    systems: tuple[str, ...]
    partners: tuple[str, ...]
    arrays: dict[str, InputArray] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name].values

    def whole(self, name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """An input of whole numbers as integers."""
        return self.arrays[name].values.astype(np.int64)
