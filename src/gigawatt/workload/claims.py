"""What claims accelerators: a training campaign, a served model. Plain numbers, no files, no units.

Places are campuses and partners, machines are systems as they stand there. Speeds come from outside, as
functions of the size of a cluster; nothing here knows how they are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array

__all__ = ["NEVER", "Campaign", "Speed", "Stream"]

NEVER = float("nan")
"""A month that does not come."""


class Speed(Protocol):
    """How fast a cluster of one machine trains one model."""

    @property
    def least(self) -> float:
        """Fewest packages that hold the model [1]; infinite where none do."""
        ...

    def flop_per_s(self, packages: Array, case: int) -> tuple[Array, Array]:
        """Training compute a second of clusters: work that is kept, and before failures [FLOP/s]."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One training campaign.

    Attributes
    ----------
    name : str
        Its id.
    pretraining_flop, post_training_flop : float
        Compute of its two parts, one after the other [FLOP].
    speeds : tuple of Speed or None
        By machine; none where a machine adds nothing.
    places : array of bool, shape (P,)
        Where it may run.
    one : bool
        Whether it keeps to a single place, the one that finishes it first.
    share : float
        Most of each place and machine that it takes [1].
    count : float
        Most packages of its cluster [1]; infinite without a limit.
    grow : bool
        Whether the cluster grows; if not, it starts when `count` packages are free, or without a count
        as soon as the model fits, and is never larger than then.
    earliest : float
        First month, as an index.
    after : tuple of str
        Campaigns that must be finished before.
    priority : int
        Lower goes first.
    """

    name: str
    pretraining_flop: float
    post_training_flop: float = 0.0
    speeds: tuple[Speed | None, ...]
    places: NDArray[np.bool_]
    one: bool = False
    share: float = 1.0
    count: float = float("inf")
    grow: bool = True
    earliest: float = 0.0
    after: tuple[str, ...] = ()
    priority: int = 100

    @property
    def budget_flop(self) -> float:
        """Compute in all [FLOP]."""
        return self.pretraining_flop + self.post_training_flop


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Demand for the output tokens of one model.

    Attributes
    ----------
    name : str
        Its id.
    demand_tokens_per_s : array, shape (T,)
        Output tokens asked for in each month [token/s].
    tokens_per_s : array, shape (M, 3)
        Output tokens of a package by machine, low, central and high [token/s]; 0 where it cannot serve.
    unit : array, shape (M,)
        Packages of the smallest unit that serves [1].
    order : tuple of int
        Machines, the preferred one first.
    priority : int
        Lower goes first.
    """

    name: str
    demand_tokens_per_s: Array
    tokens_per_s: Array
    unit: Array
    order: tuple[int, ...]
    priority: int = 100
