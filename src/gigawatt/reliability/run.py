"""Goodput of runs of many sizes and draws at once: the best size, spares and way to go on after a failure.

Everything is arithmetic on arrays: sizes along the last axis, draws along the ones before it. Where
figures come from, and what is said of them, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array

from .accounts import CAUSES, Evaluated, dropping_run, ready_share, restarting_run
from .figures import Figures
from .prepared import Machine, Prepared, prepare, staffed
from .settings import RecoverySettings
from .sizing import best_size, best_spares, between, enough_spares

__all__ = ["chosen_run", "evaluate", "smaller_run"]


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
        What is chosen. Where spares are left open, so is how many accelerators run: as many as keep most.
    """
    different, again = np.unique(np.minimum(counts, np.max(f["island"])), return_inverse=True)
    most = np.minimum(different, f["island"])
    found = _taken(_island(m, most, f, settings), again)
    of_islands = counts / np.minimum(counts, f["island"])
    return found._replace(interruptions_per_s=found.interruptions_per_s * of_islands)


def smaller_run(m: Machine, count: float, f: Figures, settings: RecoverySettings) -> float | None:
    """Size of a run that keeps more than all accelerators of an island do; none if they keep most [package].

    Parameters
    ----------
    m, f, settings
        As of `evaluate`; figures are numbers.
    count : float
        Accelerators, spares included [package].
    """
    most = np.minimum(np.array([count]), f["island"])
    if settings.spares is None:
        size = evaluate(m, np.array([count]), f, settings).size
    else:
        whole = _island(m, most, f, settings)
        size = best_size(
            lambda sizes: sizes * _island(m, sizes, f, settings).kept, most, min(m.node, count)
        )
        if float(size[0] * _island(m, size, f, settings).kept[0]) <= most[0] * whole.kept[0]:
            return None
    return float(size[0]) if size[0] < 0.995 * most[0] else None


def _taken(e: Evaluated, at: NDArray[np.intp]) -> Evaluated:
    """Runs by their place along the last axis."""
    return Evaluated(
        kept=e.kept[..., at],
        losses={name: loss[..., at] for name, loss in e.losses.items()},
        interruptions_per_s=e.interruptions_per_s[..., at],
        intervals_s={tier: interval[..., at] for tier, interval in e.intervals_s.items()},
        size=e.size[..., at],
        spare_nodes=e.spare_nodes[..., at],
        elastic=e.elastic[..., at],
    )


def _picked(first: NDArray[np.bool_], a: Evaluated, b: Evaluated) -> Evaluated:
    """Runs of the first kind where that is said, else of the second."""
    none = np.full(first.shape, np.nan)

    def pick(one: Array, other: Array) -> Array:
        return np.where(first, one, other)

    return Evaluated(
        kept=pick(a.kept, b.kept),
        losses={name: pick(a.losses[name], b.losses[name]) for name in CAUSES},
        interruptions_per_s=pick(a.interruptions_per_s, b.interruptions_per_s),
        intervals_s={
            tier: pick(a.intervals_s.get(tier, none), interval)
            for tier, interval in b.intervals_s.items()
        },
        size=pick(a.size, b.size),
        spare_nodes=pick(a.spare_nodes, b.spare_nodes),
        elastic=pick(a.elastic, b.elastic),
    )


def _island(m: Machine, most: Array, f: Figures, settings: RecoverySettings) -> Evaluated:
    """Goodput of runs that one failure can stop."""
    again = chosen_run(m, most, f, settings, drop=False)
    if not settings.elastic:
        return again
    going = chosen_run(m, most, f, settings, drop=True)
    return _picked(going.kept > again.kept, going, again)


def chosen_run(
    m: Machine, most: Array, f: Figures, settings: RecoverySettings, *, drop: bool
) -> Evaluated:
    """Runs on so many accelerators, with spares as given; else of the best size up to it, with the best spares.

    Parameters
    ----------
    m, f, settings
        As of `evaluate`.
    most : array
        Accelerators, at most those of an island [package].
    drop : bool
        Whether replicas are dropped.
    """

    def of(p: Prepared) -> Evaluated:
        return dropping_run(p, f) if drop else restarting_run(p)

    def run(size: Array, spares: Array) -> Evaluated:
        return of(prepare(m, size, spares, f, settings, drop=drop))

    node = np.minimum(m.node, most)
    if settings.spares is not None:
        return run(most, np.floor(settings.spares * most / node + 1e-9))

    def undisturbed(size: Array) -> tuple[Array, Array]:
        p = prepare(m, size, np.zeros(()), f, settings, drop=drop)
        none = np.zeros(())
        alone = p.staff._replace(size=p.staff.working, spares=none, away=none)
        return p.staff.working, of(p._replace(staff=alone)).kept

    def at_best(size: Array) -> Evaluated:
        return run(size, _spares(m, size, f, undisturbed, drop=drop))

    def useful(sizes: Array) -> Array:
        away = staffed(m, sizes, np.zeros(()), f, drop=False).away
        few = np.minimum(enough_spares(away), np.floor(0.5 * sizes / np.minimum(m.node, sizes)))
        return sizes * run(sizes, few).kept

    whole = at_best(most)
    size = best_size(useful, most, m.node)
    if np.all(size >= most):
        return whole
    part = at_best(size)
    return _picked(size * part.kept > most * whole.kept, _idle(part, size / most), whole)


def _spares(
    m: Machine,
    size: Array,
    f: Figures,
    undisturbed: Callable[[Array], tuple[Array, Array]],
    *,
    drop: bool,
) -> Array:
    """Spare nodes with which runs keep most [1].

    Everything but `ready_share` depends on spares through the number that works alone; it is smooth in it, and
    taken from three runs of different sizes in which no node is away.
    """
    node = np.minimum(m.node, size)
    most = np.ceil(size / node) - 1.0
    away = staffed(m, size, np.zeros(()), f, drop=False).away
    far = np.clip(np.ceil(away + 6.0 * np.sqrt(away)), 2.0, np.maximum(most, 2.0))
    held = np.stack([0.0 * far, np.ceil(0.5 * far), far])
    knots = undisturbed(np.maximum(size - held * node, 1.0))
    fitting = np.floor(np.mod(size, m.replica) / node) if drop else None

    def kept(numbers: Array) -> Array:
        staff = staffed(m, size, numbers, f, drop=drop)
        return ready_share(staff, f, drop=drop) * between(staff.working, *knots)

    return best_spares(kept, away, most, fitting)


def _idle(e: Evaluated, share: Array) -> Evaluated:
    """Runs on a share of the accelerators, the others being idle."""
    losses = {name: share * loss for name, loss in e.losses.items()}
    return e._replace(kept=share * e.kept, losses={**losses, "idle": 1.0 - share})
