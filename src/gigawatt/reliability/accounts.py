"""Where the time of a run goes: work that is kept, and every loss with its cause, adding up to 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array

from .dropping import Dropping, dropping
from .figures import Figures
from .prepared import Prepared, Staffed
from .renewal import recovery_s, renewal
from .spares import beyond_spares, waiting_share

__all__ = ["CAUSES", "Evaluated", "dropping_run", "ready_share", "restarting_run"]

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
    "leftover": "left over, in no replica",
    "idle": "idle, since a smaller run keeps more",
    "stragglers": "slow machines",
    "planned": "planned maintenance",
}
"""Where the time goes, in words."""
_OF_RENEWAL = ("checkpoint", "rework", "detect", "restart", "reinit", "reload")


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
    size: Array
    """Accelerators of the run, spares included and idle ones not; of one island [package]."""
    spare_nodes: Array
    """Nodes held back in it [1]."""
    elastic: Array
    """1 where replicas are dropped, 0 where the run starts again."""


def restarting_run(p: Prepared) -> Evaluated:
    """A run that starts again after every failure."""
    shares = renewal(p.levels)
    each = p.levels[0].stop_s + p.planned_s + recovery_s(p.levels, detected=True).sum(axis=0)
    planned = p.planned_per_s * shares.running * each
    parts = {
        "spares": p.staff.held,
        "repair": waiting_share(p.staff.spares, p.staff.away),
        "planned": planned / (1.0 + planned),
    }
    within = {name: getattr(shares, name) for name in _OF_RENEWAL}
    return _accounted(p, parts, within, shares.kept, np.zeros(()))


def dropping_run(p: Prepared, f: Figures) -> Evaluated:
    """A run that goes on without the replica that failed; nothing is kept where there are fewer than two."""
    replicas = np.maximum(p.staff.replicas, 1.0)
    run = _dropped(p.staff, f)
    kept_away = p.planned_per_s * (p.planned_s + p.rejoin_s)
    shares = renewal(p.levels)
    within = {name: getattr(shares, name) for name in _OF_RENEWAL}
    stalled = shares.kept * (1.0 - run.going)
    noticing = f["detect_s"] / np.maximum(p.stall_s, 1e-9)
    within["detect"] = within["detect"] + stalled * noticing
    within["regroup"] = stalled * (1.0 - noticing)
    left = shares.kept * run.going
    away = {
        "absent": np.where(p.staff.replicas >= 2.0, run.absent, 1.0),
        "planned": kept_away / (replicas + kept_away),
        "repair": _lacking(p.staff, f),
    }
    for name, share in away.items():
        within[name] = left * share
        left = left * (1.0 - share)
    parts = {"spares": p.staff.held, "leftover": p.staff.leftover}
    return _accounted(p, parts, within, left, np.ones(()))


def ready_share(staff: Staffed, f: Figures, *, drop: bool) -> Array:
    """What spares decide: the share of accelerators neither held back, left over nor lacking a node [1].

    The rest of a run's goodput depends on how many of them work alone.

    Parameters
    ----------
    staff : Staffed
        Runs.
    f : mapping
        Figures.
    drop : bool
        Whether replicas are dropped.
    """
    if not drop:
        return (1.0 - staff.held) * (1.0 - waiting_share(staff.spares, staff.away))
    there = (1.0 - staff.held) * (1.0 - staff.leftover) * (1.0 - _lacking(staff, f))
    return np.where(staff.replicas >= 2.0, there, 0.0)


def _dropped(staff: Staffed, f: Figures) -> Dropping:
    """Replicas that are dropped."""
    dropped = staff.rates.total - staff.rates.whole_run
    stall = f["detect_s"] + f["regroup_s"]
    return dropping(dropped, stall, f["rejoin_s"], np.maximum(staff.replicas, 1.0))


def _lacking(staff: Staffed, f: Figures) -> Array:
    """Share of replicas that lack a node for want of a spare [1]."""
    away = staff.away * (1.0 - _dropped(staff, f).absent)
    return np.minimum(beyond_spares(staff.spares, away) / np.maximum(staff.replicas, 1.0), 1.0)


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
        interruptions_per_s=p.staff.rates.total + 0.0 * left,
        intervals_s={
            tier: np.where(used, level.interval_s, np.nan) + 0.0 * left
            for tier, level, used in zip(p.tiers, p.levels, p.used, strict=True)
        },
        size=p.staff.size + 0.0 * left,
        spare_nodes=p.staff.spares + 0.0 * left,
        elastic=elastic + 0.0 * left,
    )
