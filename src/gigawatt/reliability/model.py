"""Goodput of runs of many sizes at once: rates, tiers, spares and policy put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gigawatt.catalog.reliability import Reliability
from gigawatt.core.arrays import Array

from .checkpoints import Tier, best_interval_s, tier_of
from .closed import Level, Shares, beyond_spares, blocked, elastic, nested
from .rates import TIERS, Interruptions, interruptions
from .settings import RecoverySettings

__all__ = ["CASES", "CAUSES", "Evaluated", "evaluate", "figures_of", "replica_of"]

CASES = ("low", "central", "high")
CAUSES = {
    "spares": "accelerators held back as spares",
    "repairs": "waiting for a repair beyond the spares",
    "planned": "planned interruptions",
    "stragglers": "slow machines",
    "checkpoint": "stops for checkpoints",
    "rework": "work done again",
    "detect": "noticing failures",
    "restart": "restarting",
    "read": "reading checkpoints",
    "stall": "stops when a replica is dropped",
    "absent": "replicas that are away",
}
"""Where the time goes, in words."""
_MORE_IS_BETTER = frozenset(
    {"host_bytes_per_s", "peer_bytes_per_s", "local_bytes_per_s", "shared_bytes_per_s"}
)
_SURE = 3.09
"""Standard deviations above the mean that 99.9 % of a normal number stay below."""
_SECONDS_PER_HOUR = 3600.0
_SECONDS_PER_DAY = 86400.0


class Evaluated(NamedTuple):
    """Runs of many sizes under one policy, each field an array over them."""

    kept: Array
    """Share of the time of all accelerators, spares included, that is work kept [1]."""
    losses: dict[str, Array]
    """The rest, by cause [1]."""
    rates: Interruptions
    """Of one island, which a failure stops."""
    islands: Array
    """Islands of the run [1]."""
    intervals_s: dict[str, Array]
    """Work between two checkpoints, by tier in use [s]."""
    spares: Array
    """Share of accelerators held back [1]."""
    elastic: Array
    """1 where replicas are dropped, 0 where the run starts again."""


def figures_of(record: Reliability, case: str, settings: RecoverySettings) -> dict[str, float]:
    """Figures of a case: central, or every one half-way to its worse (low) or better (high) end.

    All of them at their ends at once would be wider than anything published; half-way each is as far as
    the published runs differ.
    """
    central = record.case("central")
    if case == "central":
        found = central
    else:
        found = {}
        for name, value in central.items():
            better = (name in _MORE_IS_BETTER) == (case == "high")
            end = record.case("high" if better else "low")[name]
            found[name] = (value * end) ** 0.5 if value > 0.0 and end > 0.0 else 0.5 * (value + end)
    found |= settings.figures
    return {name: value * settings.scaled.get(name, 1.0) for name, value in found.items()}


def replica_of(state_bytes: float, hbm_bytes: float, node: float) -> float:
    """Accelerators of the smallest replica, in whole nodes: two thirds of its memory hold the state [1]."""
    return float(np.ceil(state_bytes / (0.67 * hbm_bytes) / node) * node)


def evaluate(
    record: Reliability,
    counts: Array,
    parameters: float,
    hbm_bytes: float,
    settings: RecoverySettings,
    case: str = "central",
) -> Evaluated:
    """Goodput of runs.

    Parameters
    ----------
    record : Reliability
        Rates and figures.
    counts : array
        Accelerators of each run, spares included [1].
    parameters : float
        Parameters of the model [1].
    hbm_bytes : float
        Memory of an accelerator [B].
    settings : RecoverySettings
        What is chosen.
    case : {"low", "central", "high"}
        Worse, central or better figures.
    """
    f = figures_of(record, case, settings)
    if settings.policy != "auto":
        return _under(record, counts, parameters, hbm_bytes, settings, f, settings.policy)
    one, other = (
        _under(record, counts, parameters, hbm_bytes, settings, f, policy)
        for policy in ("restart", "elastic")
    )
    better = other.kept > one.kept

    def pick(a: Array, b: Array) -> Array:
        return np.where(better, a, b)

    return Evaluated(
        kept=pick(other.kept, one.kept),
        losses={cause: pick(other.losses[cause], one.losses[cause]) for cause in CAUSES},
        rates=one.rates,
        islands=one.islands,
        intervals_s={
            tier: pick(other.intervals_s.get(tier, np.full_like(counts, np.nan)), interval)
            for tier, interval in one.intervals_s.items()
        },
        spares=one.spares,
        elastic=better.astype(float),
    )


def _under(
    record: Reliability,
    counts: Array,
    parameters: float,
    hbm_bytes: float,
    settings: RecoverySettings,
    f: Mapping[str, float],
    policy: str,
) -> Evaluated:
    scaled = _with_components(record, settings)
    whole = counts
    counts = np.minimum(whole, f["island"])
    rates = interruptions(scaled, counts, hbm_bytes / 1e9, f["growth"], f["young"])
    state = parameters * f["state_bytes"] * counts / whole
    dropping = policy == "elastic"
    tiers = (
        ("shared",) if dropping else tuple(t for t in TIERS if t in settings.tiers or t == "shared")
    )
    lasting = rates.shared if dropping else None
    restart = np.minimum(f["restart_s"] + f["restart_each_s"] * counts, f["restart_most_s"])
    levels, intervals = _levels(rates, tiers, lasting, state, counts, restart, settings, f)
    shares = nested(levels, counts.shape)
    away = rates.hardware * f["drained"] * f["repair_h"]
    spare_nodes = _spare_nodes(away, counts, settings, f["node"])
    held = np.minimum(spare_nodes * f["node"] / counts, 0.9)
    size = settings.replica or replica_of(parameters * f["state_bytes"], hbm_bytes, f["node"])
    held_by = np.minimum(size, counts)
    part = held_by / counts
    goes_on, absent = np.ones_like(counts), np.zeros_like(counts)
    if dropping:
        nodes = np.array([beyond_spares(m, s) for m, s in zip(away, spare_nodes, strict=True)])
        goes_on, absent = elastic(
            (rates.memory + rates.local) / _SECONDS_PER_HOUR, f["stall_s"], f["rejoin_s"], part
        )
        absent = np.minimum(absent + nodes * np.maximum(f["node"], held_by) / counts, 1.0)
        waits = np.zeros_like(counts)
    else:
        waits = np.array([blocked(m, s) for m, s in zip(away, spare_nodes, strict=True)])
    write = levels[0].write_s
    planned = np.minimum(
        f["planned_per_day"] * (restart + write + levels[-1].read_s) / _SECONDS_PER_DAY, 1.0
    )
    return _account(
        rates,
        whole / counts,
        intervals,
        held,
        waits,
        planned,
        f["stragglers"],
        goes_on,
        absent,
        shares,
        dropping,
    )


def _with_components(record: Reliability, settings: RecoverySettings) -> Reliability:
    """The record with factors on the failures of components."""
    factors = {name: settings.scaled[name] for name in record.failures if name in settings.scaled}
    if not factors:
        return record
    failures = {
        name: failure.model_copy(
            update={"per_package_hour": failure.per_package_hour * factors.get(name, 1.0)}
        )
        for name, failure in record.failures.items()
    }
    return record.model_copy(update={"failures": failures})


def _levels(
    rates: Interruptions,
    tiers: tuple[str, ...],
    lasting: Array | None,
    state: Array,
    counts: Array,
    restart: Array,
    settings: RecoverySettings,
    f: Mapping[str, float],
) -> tuple[list[Level], dict[str, Array]]:
    """Levels of the tiers in use; failures that no lower tier in use survives go to the next.

    A checkpoint stops the run once, and goes from tier to tier while it runs on: each tier takes every
    checkpoint that it has drained the last one for.
    """
    gathered: list[tuple[str, Array, Tier]] = []
    waiting = np.zeros_like(counts)
    for name in TIERS:
        rate = lasting if lasting is not None else getattr(rates, name) + waiting
        if name in tiers:
            gathered.append((name, rate / _SECONDS_PER_HOUR, tier_of(name, state, counts, f)))
        waiting = np.zeros_like(counts) if name in tiers or lasting is not None else rate
    stop, least = gathered[0][2].write_s, gathered[0][2].least_s
    total = np.maximum(np.sum([rate for _, rate, _ in gathered], axis=0), 1e-18)
    if settings.interval_s is not None:
        base = np.full_like(counts, settings.interval_s)
    else:
        base = best_interval_s(stop, 1.0 / total)
    base = np.maximum(base, least)
    levels: list[Level] = []
    intervals: dict[str, Array] = {}
    for place, (name, rate, tier) in enumerate(gathered):
        interval = base * np.maximum(np.ceil(tier.least_s / base * (1.0 - 1e-12)), 1.0)
        levels.append(
            Level(
                rate_per_s=rate,
                interval_s=interval,
                write_s=np.zeros_like(counts) if place else stop,
                detect_s=np.full_like(counts, f["detect_s"]),
                restart_s=restart,
                read_s=tier.read_s,
            )
        )
        intervals[name] = interval
    return levels, intervals


def _spare_nodes(away: Array, counts: Array, settings: RecoverySettings, node: float) -> Array:
    if settings.spares is not None:
        return np.floor(settings.spares * counts / node)
    enough = np.ceil(away + _SURE * np.sqrt(away))
    return np.where(away > 0.05, enough, 0.0)


def _account(
    rates: Interruptions,
    islands: Array,
    intervals: dict[str, Array],
    held: Array,
    waits: Array,
    planned: Array,
    stragglers: float,
    goes_on: Array,
    absent: Array,
    shares: Shares,
    dropping: bool,
) -> Evaluated:
    """Put shares of shares together so that they add up to 1."""
    left = np.ones_like(held)
    losses = dict.fromkeys(CAUSES, np.zeros_like(held))
    for cause, share in (
        ("spares", held),
        ("repairs", waits),
        ("planned", planned),
        ("stragglers", stragglers),
        ("stall", 1.0 - goes_on),
        ("absent", absent),
    ):
        losses[cause] = left * share
        left = left * (1.0 - share)
    for cause in ("checkpoint", "rework", "detect", "restart", "read"):
        losses[cause] = left * getattr(shares, cause)
    return Evaluated(
        kept=left * shares.kept,
        losses=losses,
        rates=rates,
        islands=islands,
        intervals_s=intervals,
        spares=held,
        elastic=np.full_like(held, float(dropping)),
    )
