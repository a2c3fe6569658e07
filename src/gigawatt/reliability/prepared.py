"""A run before anything is said of its goodput: rates, checkpoints, times and numbers.

Both the closed form and the simulator start here. How many accelerators run and how many are spares is
given; what is best is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array

from .checkpoints import checkpoint, state_bytes
from .figures import Figures
from .intervals import multilevel_s
from .rates import TIERS, Component, Rates, interruption_rates
from .renewal import Level
from .settings import RecoverySettings
from .slow import slow_share

__all__ = ["Machine", "Prepared", "Staffed", "prepare", "staffed"]

_HOUR = 3600.0
_DAY = 86400.0


class Machine(NamedTuple):
    """What is run on what."""

    components: Mapping[str, Component]
    reference: float
    """Accelerators of the run that the rates were counted on [package]."""
    parameters: float
    """Parameters of the model [1]."""
    node: float
    """Accelerators that leave together [package]."""
    replica: float
    """Accelerators of one replica [package]."""


class Staffed(NamedTuple):
    """Who works and who stands by in runs; arrays over them."""

    size: Array
    """Accelerators, spares included [package]."""
    node: Array
    """Accelerators that leave together [package]."""
    spares: Array
    """Spare nodes [1]."""
    working: Array
    """Accelerators that work [package]."""
    replicas: Array
    """Replicas [1]; 0 of a run that does not drop any."""
    rates: Rates
    away: Array
    """Nodes that leave in the time of a repair [1]."""

    @property
    def held(self) -> Array:
        """Share of the accelerators that are spares [1]."""
        return self.spares * self.node / self.size

    @property
    def leftover(self) -> Array:
        """Share of the others that fit in no replica [1]."""
        free = np.maximum(self.size - self.spares * self.node, 1.0)
        return np.clip(1.0 - self.working / free, 0.0, 1.0)


class Prepared(NamedTuple):
    """Numbers, checkpoints and times of runs; arrays over them."""

    staff: Staffed
    levels: list[Level]
    tiers: tuple[str, ...]
    """Place of each level."""
    used: list[Array]
    """Whether each is used, being quicker than those after it."""
    stall_s: Array
    """Stop of all replicas for a drop [s]."""
    rejoin_s: Array
    """Until a dropped replica trains again [s]."""
    repair_s: Array
    planned_per_s: Array
    planned_s: Array
    slow: Array
    """Share of the time with a slow machine [1]."""
    slow_by: Array


def staffed(m: Machine, size: Array, spares: Array, f: Figures, *, drop: bool) -> Staffed:
    """Who works and who stands by, and how often nodes leave.

    Parameters
    ----------
    m, size, spares, f, drop
        As of `prepare`.
    """
    node = np.minimum(m.node, size)
    working = np.maximum(size - spares * node, 1.0)
    replicas = np.floor(working / m.replica * (1.0 + 1e-12)) if drop else np.zeros(())
    working = np.where(replicas > 0.0, replicas * m.replica, working)
    rates = interruption_rates(
        m.components,
        working,
        reference=m.reference,
        fleet=f["fleet"],
        growth=f["growth"],
        growth_to=f["growth_to"],
        whole_run=f["whole_run"],
    )
    away = rates.draining * f["drained"] * f["repair_h"] * _HOUR
    return Staffed(size, node, spares, working, replicas, rates, away)


def prepare(
    m: Machine, size: Array, spares: Array, f: Figures, settings: RecoverySettings, *, drop: bool
) -> Prepared:
    """Numbers, checkpoints and times of runs.

    Parameters
    ----------
    m : Machine
        What is run on what.
    size : array
        Accelerators of each run that one failure can stop, spares included [package].
    spares : array
        Spare nodes of each [1].
    f : mapping
        Figures.
    settings : RecoverySettings
        What is chosen.
    drop : bool
        Whether replicas are dropped; only those accelerators work then that are in one, and checkpoints are
        for failures that stop all of them.
    """
    staff = staffed(m, size, spares, f, drop=drop)
    tiers = ("shared",) if drop else tuple(tier for tier in TIERS if tier in settings.tiers)
    levels, used = _levels(m, staff.working, f, settings, staff.rates, tiers, drop)
    return Prepared(
        staff=staff,
        levels=levels,
        tiers=tiers,
        used=used,
        stall_s=f["detect_s"] + f["regroup_s"],
        rejoin_s=f["rejoin_s"],
        repair_s=f["repair_h"] * _HOUR,
        planned_per_s=f["planned_per_day"] * np.minimum(staff.working / m.reference, 1.0) / _DAY,
        planned_s=f["planned_s"],
        slow=slow_share(staff.working, f["slow_per_hour"], f["slow_found_s"]),
        slow_by=f["slow_by"],
    )


def _levels(
    m: Machine,
    working: Array,
    f: Figures,
    settings: RecoverySettings,
    rates: Rates,
    tiers: tuple[str, ...],
    drop: bool,
) -> tuple[list[Level], list[Array]]:
    """The places, and which are used: failures that no quicker one survives go to the next that is.

    A place that is no quicker than one that survives more is of no use, and is given no failures.
    """
    state = state_bytes(m.parameters, f["state_bytes"])
    places = [
        checkpoint(
            state,
            working,
            f["pause_s"],
            f["host_bytes_per_s"],
            _bandwidth(tier, working, f, settings),
        )
        for tier in tiers
    ]
    used, safe = _quicker([place.safe_s for place in places])
    by_level: list[Array] = []
    waiting = np.zeros(())
    for tier in TIERS:
        waiting = rates.whole_run if drop else waiting + getattr(rates, tier)
        if tier in tiers:
            mine = used[len(by_level)]
            by_level.append(np.where(mine, waiting, 0.0))
            waiting = np.where(mine, 0.0, waiting)
    given = None if settings.interval_s is None else np.asarray(settings.interval_s)
    stop = places[0].stop_s
    intervals = multilevel_s(stop, safe, by_level, given)
    size = np.minimum(working, f["restart_to"])
    restart = f["restart_s"] + f["restart_each_s"] * size
    reinit = f["reinit_s"] * (size / m.reference) ** f["reinit_growth"]
    levels = [
        Level(
            rate,
            interval,
            stop if k == 0 else np.zeros(()),
            arriving,
            (f["detect_s"], restart, reinit, place.read_s),
        )
        for k, (rate, interval, arriving, place) in enumerate(
            zip(by_level, intervals, safe, places, strict=True)
        )
    ]
    return levels, used


def _quicker(safe_s: list[Array]) -> tuple[list[Array], list[Array]]:
    """Whether each place is quicker than all slower ones, and the least time to arrive from it on [s]."""
    used, least = [np.ones((), dtype=bool)], [safe_s[-1]]
    for safe in safe_s[-2::-1]:
        used.append(np.asarray(safe < least[-1]))
        least.append(np.minimum(safe, least[-1]))
    return used[::-1], least[::-1]


def _bandwidth(tier: str, working: Array, f: Figures, settings: RecoverySettings) -> Array:
    """To and from a place, for each accelerator [B/s]."""
    if tier == "shared" and settings.storage_bytes_per_s is not None:
        return np.asarray(settings.storage_bytes_per_s / working)
    return f[{"memory": "peer"}.get(tier, tier) + "_bytes_per_s"]
