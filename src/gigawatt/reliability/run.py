"""Goodput of runs of many sizes and draws at once: rates, checkpoints, spares and recovery put together.

Everything is arithmetic on arrays: sizes along the last axis, draws along the ones before it. Where
figures come from, and what is said of them, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array

from .checkpoints import checkpoint, state_bytes
from .dropping import dropping
from .figures import Figures
from .intervals import multilevel_s
from .rates import TIERS, Component, Rates, interruption_rates
from .renewal import Level, recovery_s, renewal
from .settings import RecoverySettings
from .slow import slow_share
from .spares import beyond_spares, waiting_share

__all__ = ["CAUSES", "Evaluated", "Machine", "Prepared", "evaluate", "prepare"]

CAUSES: Mapping[str, str] = {
    "checkpoint": "stops for checkpoints",
    "rework": "work that is done again",
    "detect": "noticing failures",
    "restart": "new processes",
    "reinit": "communicators",
    "reload": "reading checkpoints",
    "regroup": "going on without a replica",
    "absent": "replicas that are away",
    "repair": "waiting for a repair, for want of spares",
    "spares": "spares held back",
    "stragglers": "slow machines",
    "planned": "planned maintenance",
}
"""Where the time goes, in words."""
_HOUR = 3600.0
_DAY = 86400.0
_SPARE_STEPS = np.array([-np.inf, *np.arange(0.0, 5.1, 0.5)])
"""Spares that are tried: none, and from the mean number away upwards [standard deviations]."""


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


class Prepared(NamedTuple):
    """A run's rates, checkpoints and times, before anything is said of its goodput; arrays over runs."""

    spares: Array
    """Spare nodes [1]."""
    working: Array
    """Accelerators that work [package]."""
    rates: Rates
    levels: list[Level]
    tiers: tuple[str, ...]
    """Place of each level."""
    used: list[Array]
    """Whether each is used, being quicker than those after it."""
    replicas: Array
    """Replicas [1]; 0 of a run that does not drop any."""
    stall_s: Array
    """Stop of all replicas for a drop [s]."""
    rejoin_s: Array
    """Until a dropped replica trains again [s]."""
    away: Array
    """Nodes that leave in the time of a repair [1]."""
    repair_s: Array
    planned_per_s: Array
    planned_s: Array
    slow: Array
    """Share of the time with a slow machine [1]."""
    slow_by: Array


class Evaluated(NamedTuple):
    """Goodput of runs; each field an array over them."""

    kept: Array
    """Share of the time of all accelerators, spares included, that is work kept [1]."""
    losses: dict[str, Array]
    """The rest, by cause [1]."""
    interruptions_per_s: Array
    """Unexpected interruptions, in all islands [1/s]."""
    intervals_s: dict[str, Array]
    """Work between two checkpoints, by place; not a number where none is written [s]."""
    spares: Array
    """Share of accelerators held back [1]."""
    elastic: Array
    """1 where replicas are dropped, 0 where the run starts again."""


def evaluate(m: Machine, counts: Array, f: Figures, settings: RecoverySettings) -> Evaluated:
    """Goodput of runs; of one that is larger than an island it is that of its islands.

    Parameters
    ----------
    m : Machine
        What is run on what.
    counts : array, shape (n,)
        Accelerators of each run, spares included [package].
    f : mapping
        Figures; numbers, or arrays of shape (draws, 1).
    settings : RecoverySettings
        What is chosen.
    """
    sizes = np.minimum(counts, f["island"])
    found = _island(m, sizes, f, settings)
    return found._replace(interruptions_per_s=found.interruptions_per_s * counts / sizes)


def _island(m: Machine, counts: Array, f: Figures, settings: RecoverySettings) -> Evaluated:
    """Goodput of runs that one failure can stop."""
    again = _restarting(prepare(m, counts, f, settings, drop=False), m, counts)
    if not settings.elastic:
        return again
    going = _dropping(prepare(m, counts, f, settings, drop=True), m, counts, f)
    better = going.kept > again.kept
    none = np.full(better.shape, np.nan)

    def pick(a: Array, b: Array) -> Array:
        return np.where(better, a, b)

    return Evaluated(
        kept=pick(going.kept, again.kept),
        losses={name: pick(going.losses[name], again.losses[name]) for name in CAUSES},
        interruptions_per_s=pick(going.interruptions_per_s, again.interruptions_per_s),
        intervals_s={
            tier: pick(going.intervals_s.get(tier, none), interval)
            for tier, interval in again.intervals_s.items()
        },
        spares=pick(going.spares, again.spares),
        elastic=better.astype(float),
    )


def prepare(
    m: Machine, counts: Array, f: Figures, settings: RecoverySettings, *, drop: bool
) -> Prepared:
    """Rates, checkpoints and times of runs.

    Parameters
    ----------
    m, f, settings
        As of `evaluate`.
    counts : array, shape (..., n)
        Accelerators of each, or of one of its islands, spares included [package].
    drop : bool
        Whether replicas are dropped; checkpoints are then for failures that stop all of them.
    """
    node = np.minimum(m.node, counts)

    def rates_of(working: Array) -> Rates:
        return interruption_rates(
            m.components,
            working,
            reference=m.reference,
            fleet=f["fleet"],
            growth=f["growth"],
            growth_to=f["growth_to"],
            whole_run=f["whole_run"],
        )

    def away_of(rates: Rates) -> Array:
        return rates.draining * f["drained"] * f["repair_h"] * _HOUR

    lost = waiting_share
    if drop:

        def lost(spares: Array, away: Array) -> Array:
            return (
                beyond_spares(spares, away)
                * np.maximum(node, np.minimum(m.replica, counts))
                / counts
            )

    if settings.spares is None:
        spares = _best_spares(away_of(rates_of(counts)), counts, node, lost)
    else:
        spares = np.floor(settings.spares * counts / node + 1e-9)
    working = np.maximum(counts - spares * node, 1.0)
    rates = rates_of(working)
    tiers = ("shared",) if drop else tuple(tier for tier in TIERS if tier in settings.tiers)
    replicas = np.floor(working / m.replica) if drop else np.zeros(())
    levels, used = _levels(m, working, f, settings, rates, tiers, drop)
    return Prepared(
        spares=spares,
        working=working,
        rates=rates,
        levels=levels,
        tiers=tiers,
        used=used,
        replicas=replicas,
        stall_s=f["detect_s"] + f["regroup_s"],
        rejoin_s=f["rejoin_s"],
        away=away_of(rates),
        repair_s=f["repair_h"] * _HOUR,
        planned_per_s=f["planned_per_day"] * np.minimum(working / m.reference, 1.0) / _DAY,
        planned_s=f["planned_s"],
        slow=slow_share(working, f["slow_per_hour"], f["slow_found_s"]),
        slow_by=f["slow_by"],
    )


def _best_spares(
    away: Array, counts: Array, node: Array, lost: Callable[[Array, Array], Array]
) -> Array:
    """Whole nodes held back so that they and the lack of them cost least."""
    steps = _SPARE_STEPS.reshape(-1, *(1,) * np.ndim(away))
    numbers = np.where(
        np.isfinite(steps), np.ceil(away + np.maximum(steps, 0.0) * np.sqrt(away)), 0.0
    )
    numbers = np.minimum(numbers, np.floor(0.5 * counts / node)) + 0.0 * counts
    costs = numbers * node / counts + lost(numbers, away)
    return np.asarray(np.take_along_axis(numbers, costs.argmin(axis=0)[None], axis=0)[0])


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


def _restarting(p: Prepared, m: Machine, counts: Array) -> Evaluated:
    """A run that starts again after every failure."""
    shares = renewal(p.levels)
    each = p.levels[0].stop_s + p.planned_s + recovery_s(p.levels, detected=True).sum(axis=0)
    planned = p.planned_per_s * shares.running * each
    parts = {
        "spares": p.spares * np.minimum(m.node, counts) / counts,
        "repair": waiting_share(p.spares, p.away),
        "planned": planned / (1.0 + planned),
    }
    within = {name: getattr(shares, name) for name in _OF_RENEWAL}
    return _accounted(p, parts, within, shares.kept, np.zeros(()))


def _dropping(p: Prepared, m: Machine, counts: Array, f: Figures) -> Evaluated:
    """A run that goes on without the replica that failed."""
    replicas = np.maximum(p.replicas, 1.0)
    run = dropping(p.rates.total - p.rates.whole_run, p.stall_s, p.rejoin_s, replicas)
    kept_away = p.planned_per_s * (p.planned_s + p.rejoin_s)
    lacking = beyond_spares(p.spares, p.away * (1.0 - run.absent)) / replicas
    present = (
        (1.0 - run.absent)
        * replicas / (replicas + kept_away)
        * np.maximum(1.0 - lacking, 0.0)
    )  # fmt: skip
    shares = renewal(p.levels)
    parts = {"spares": p.spares * np.minimum(m.node, counts) / counts}
    within = {name: getattr(shares, name) for name in _OF_RENEWAL}
    stalled = shares.kept * (1.0 - run.going)
    noticing = f["detect_s"] / np.maximum(p.stall_s, 1e-9)
    within["detect"] = within["detect"] + stalled * noticing
    within["regroup"] = stalled * (1.0 - noticing)
    within["absent"] = shares.kept * run.going * (1.0 - present)
    kept = np.where(p.replicas >= 2.0, shares.kept * run.going * present, 0.0)
    within["absent"] = np.where(p.replicas >= 2.0, within["absent"], shares.kept * run.going)
    return _accounted(p, parts, within, kept, np.ones(()))


_OF_RENEWAL = ("checkpoint", "rework", "detect", "restart", "reinit", "reload")


def _accounted(
    p: Prepared,
    parts: Mapping[str, Array],
    within: Mapping[str, Array],
    kept: Array,
    elastic: Array,
) -> Evaluated:
    """Shares of what the shares before them leave, so that everything adds up to 1."""
    left = np.ones(np.broadcast_shapes(kept.shape, *(part.shape for part in parts.values())))
    losses = {name: np.zeros(left.shape) for name in CAUSES}
    for name, part in parts.items():
        losses[name] = left * part
        left = left * (1.0 - part)
    for name, part in within.items():
        losses[name] = left * part
    losses["stragglers"] = left * kept * p.slow * p.slow_by
    return Evaluated(
        kept=left * kept * (1.0 - p.slow * p.slow_by),
        losses=losses,
        interruptions_per_s=p.rates.total + 0.0 * left,
        intervals_s={
            tier: np.where(used, level.interval_s, np.nan) + 0.0 * left
            for tier, level, used in zip(p.tiers, p.levels, p.used, strict=True)
        },
        spares=losses["spares"],
        elastic=elastic + 0.0 * left,
    )
