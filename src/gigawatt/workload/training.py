"""One training campaign on what is free: its cluster, its progress, its end.

The campaign sees what all claims before it leave. Of several places it takes those that it may, each
machine as one cluster wherever it stands; kept to one place, the one that finishes it first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.core.arrays import Array

from .claims import NEVER, Campaign
from .cluster import WHOLE, cluster
from .pool import Pool

__all__ = ["EVERYWHERE", "Track", "preferred", "train"]

EVERYWHERE = -1
"""The place of a campaign that may use several."""
_DONE = 1.0 - 1e-12
_FEW = 300
"""Sizes of clusters that are asked for one by one; of more, those that change."""
_WINDOWS = (18, 72)
"""Spans that are tried first: few campaigns take longer, and what a span holds depends on none after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What became of a campaign, in one case.

    Attributes
    ----------
    start, pretrained, finish : float
        Times, in months from the start of the horizon; NaN where they do not come.
    place : int
        The place that it keeps to; -1 where it may use several.
    used : array, shape (M, P, T)
        Packages held, as the mean of the month [1].
    packages : array, shape (M, T)
        Packages of each machine in the largest cluster that worked in the month, the last of equals [1].
    working : array, shape (T,)
        Share of the month in which something works [1].
    raw_flop : array, shape (M, T)
        Compute before failures [FLOP].
    kept_flop : array, shape (T,)
        Compute that counts [FLOP].
    most : array, shape (M,), or None
        Of one that never starts: most packages of each machine that were ever free to one cluster [1].
    most_at_once : float
        Of one that never starts: most packages that fit the model and were free at one time [1].
    waits : bool
        Whether it never starts because its time does not come.
    """

    start: float
    pretrained: float
    finish: float
    place: int
    used: Array
    packages: Array
    working: Array
    raw_flop: Array
    kept_flop: Array
    most: Array | None = None
    most_at_once: float = 0.0
    waits: bool = False


def preferred(capacity: Array, campaign: Campaign) -> list[int]:
    """Machines that can work on a campaign, the one with the fastest package first.

    What holds the model only in a larger cluster than the campaign's count cannot.

    Parameters
    ----------
    capacity : array, shape (M, P)
        Most packages that are ever in service [1].
    campaign : Campaign
        What is trained; speeds are those of the central case, in the largest cluster.
    """
    each = capacity * campaign.places * campaign.share
    most = each.max(axis=1, initial=0.0) if campaign.one else each.sum(axis=1)
    per_package = {}
    for m, speed in enumerate(campaign.speeds):
        least = _least(campaign, m)
        if speed is not None and most[m] >= least and campaign.count >= least:
            size = np.array(min(most[m], campaign.count))
            per_package[m] = float(speed.flop_per_s(size, 1)[1] / size)
    return sorted(per_package, key=lambda m: -per_package[m])


def train(pool: Pool, campaign: Campaign, order: list[int], case: int, ready: float) -> Track:
    """Run a campaign, and take what it uses from the pool.

    Parameters
    ----------
    pool : Pool
        What is free; changed.
    campaign : Campaign
        What is trained.
    order : list of int
        Machines that can work on it, the preferred one first.
    case : int
        0 low, 1 central, 2 high.
    ready : float
        When all campaigns before it are finished, in months; NaN if one never is.
    """
    begin = max(ready, campaign.earliest)
    if np.isnan(ready) or begin >= pool.horizon:
        return _nothing(pool, np.zeros(len(campaign.speeds)), 0.0, waits=True)
    first = pool.span(begin)
    for spans in (*_WINDOWS, pool.spans):
        stop = min(first + spans, pool.spans)
        found = _Attempt.of(pool, campaign, case, order, first, stop)
        if stop == pool.spans or (found is not None and not np.isnan(found.finish)):
            break
    if found is None or not found.begins:
        return _nothing(pool, *_offered(pool, campaign, first))
    return found.take(pool, first)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A campaign on some spans, nothing taken yet.

    Attributes
    ----------
    order : list of int
        Machines with anything free, the preferred one first.
    places : list of int
        Places in use: those with anything free, or the one that finishes first.
    one : bool
        Whether the campaign keeps to one place.
    held : array, shape (M, P, S)
        Packages of its cluster.
    raw, kept : array, shape (M, S)
        Compute a second, before failures and kept [FLOP/s].
    pretrained, finish : float
        Times in months; NaN where they do not come.
    """

    order: list[int]
    places: list[int]
    one: bool
    held: Array
    raw: Array
    kept: Array
    pretrained: float
    finish: float

    @classmethod
    def of(
        cls, pool: Pool, campaign: Campaign, case: int, order: list[int], first: int, stop: int
    ) -> _Attempt | None:
        """Try a campaign on the spans from `first` to `stop`; none if no cluster of it is free there."""
        if not order:
            return None
        room = _room(pool, campaign, order, first, stop)
        most = room.max(axis=-1)
        busy, open_ = np.flatnonzero(most.max(axis=1)), np.flatnonzero(most.max(axis=0))
        if not len(busy):
            return None
        if len(busy) * len(open_) < most.size:
            room = room[busy[:, None], open_]
        order = [order[at] for at in busy]
        places = open_.tolist()
        size = room.transpose(1, 0, 2) if campaign.one else room.sum(axis=1)[None]
        least = np.array([_least(campaign, m) for m in order])
        fits = size >= least[:, None]
        # places are alternatives, or one alternative has all places
        available = (
            np.where(fits, size, 0.0)[:, :, None]
            if campaign.one
            else (room * fits[0][:, None])[None]
        )
        total = float(available.sum(axis=(1, 2)).max())
        waits = not campaign.grow and np.isfinite(campaign.count)
        if total <= 0.0 or (waits and total < campaign.count * WHOLE):
            return None
        held = cluster(available, least, campaign.count, grow=campaign.grow)
        raw, kept = _speeds(campaign, order, held.sum(axis=2), case)
        amount = kept.sum(axis=1) * pool.seconds(first, stop)
        done = amount.cumsum(axis=-1)
        chosen, end = _first_to_finish(done, campaign.budget_flop)
        reached = _Reached(pool.edges[first:], done[chosen], amount[chosen])
        finish = reached.at(campaign.budget_flop, end)
        return cls(
            order,
            [places[chosen]] if campaign.one else places,
            campaign.one,
            held[chosen],
            raw[chosen],
            kept[chosen],
            reached.at(campaign.pretraining_flop) if campaign.post_training_flop else finish,
            finish,
        )

    @property
    def begins(self) -> bool:
        """Whether anything is ever done."""
        return bool((self.kept > 0.0).any())

    def take(self, pool: Pool, first: int) -> Track:
        """Take from the pool what is used up to the end, and say by month what became of it."""
        held, raw, kept = self.held, self.raw, self.kept
        if not np.isnan(self.finish):
            stop = pool.span(self.finish) if self.finish < pool.horizon else pool.spans
            held, raw, kept = (values[..., : stop - first] for values in (held, raw, kept))
        stop = first + kept.shape[-1]
        held = held * (kept > 0.0)[:, None]
        rows, columns = np.ix_(self.order, self.places)
        left = pool.free[rows, columns, first:stop] - held
        pool.free[rows, columns, first:stop] = np.maximum(left, 0.0)
        machines, places, _ = pool.free.shape
        used = np.zeros((machines, places, pool.horizon))
        used[rows, columns] = pool.by_month(held, first)
        working = kept.sum(axis=0) > 0.0
        done = np.concatenate([raw, kept.sum(axis=0, keepdims=True)]) * pool.seconds(first, stop)
        by_month = pool.sum_by_month(done, first)
        by_machine = np.zeros((machines, pool.horizon))
        by_machine[self.order] = by_month[:-1]
        packages = np.zeros_like(by_machine)
        packages[self.order] = _largest_of_month(pool, held.sum(axis=1), first)
        return Track(
            start=float(pool.edges[first + int(np.argmax(working))]),
            pretrained=self.pretrained,
            finish=self.finish,
            place=self.places[0] if self.one else EVERYWHERE,
            used=used,
            packages=packages,
            working=pool.by_month(working.astype(float), first),
            raw_flop=by_machine,
            kept_flop=by_month[-1],
        )


def _largest_of_month(pool: Pool, size: Array, first: int) -> Array:
    """Clusters of each month that are the largest in it, shape (M, T), from those of spans from `first` on."""
    found = np.zeros((len(size), pool.horizon))
    month = pool.month[first : first + size.shape[-1]]
    rising = np.lexsort((size.sum(axis=0), month))
    ends = np.append(np.diff(month[rising]) > 0, True)
    found[:, month[rising][ends]] = size[:, rising[ends]]
    return found


def _room(pool: Pool, campaign: Campaign, order: list[int], first: int, stop: int) -> Array:
    """What a campaign may have of what is free, in whole packages, shape (M, P, S)."""
    room = pool.free[order, :, first:stop]
    if campaign.share < 1.0:
        room = np.minimum(room, campaign.share * pool.all(order, first, stop))
    return np.asarray(np.floor(room + 1e-6) * campaign.places[:, None])


def _offered(pool: Pool, campaign: Campaign, first: int) -> tuple[Array, float]:
    """Most packages of each machine, shape (M,), and of all that fit, that are ever free to one cluster."""
    machines = list(range(len(campaign.speeds)))
    room = _room(pool, campaign, machines, first, pool.spans)
    size = room if campaign.one else room.sum(axis=1)[:, None]
    least = np.array([_least(campaign, m) for m in machines])[:, None, None]
    at_once = np.where(size >= least, size, 0.0).sum(axis=0).max(initial=0.0)
    return np.asarray(size.max(axis=(1, 2), initial=0.0)), float(at_once)


def _least(campaign: Campaign, machine: int) -> float:
    speed = campaign.speeds[machine]
    return float("inf") if speed is None else max(speed.least, 1.0)


def _speeds(campaign: Campaign, order: list[int], size: Array, case: int) -> tuple[Array, Array]:
    """Compute a second of clusters, before failures and kept, shape (C, M, S); asked once a size."""
    raw, kept = np.empty_like(size), np.empty_like(size)
    for at, m in enumerate(order):
        speed = campaign.speeds[m]
        assert speed is not None
        own = size[:, at]
        if own.size <= _FEW:
            kept[:, at], raw[:, at] = speed.flop_per_s(own, case)
            continue
        new = np.ones(own.shape, dtype=bool)
        new[:, 1:] = own[:, 1:] != own[:, :-1]
        place = new.ravel().cumsum() - 1
        kept_now, raw_now = speed.flop_per_s(own[new], case)
        kept[:, at] = kept_now[place].reshape(own.shape)
        raw[:, at] = raw_now[place].reshape(own.shape)
    return raw, kept


def _first_to_finish(done: Array, budget: float) -> tuple[int, int]:
    """The alternative that reaches the budget first, and in which span; else the one that does most."""
    spans = done.shape[-1]
    reached = (done < budget * _DONE).sum(axis=-1)
    soonest = int(reached.min())
    if soonest >= spans:
        return int(np.argmax(done[:, -1])), spans
    rivals = np.flatnonzero(reached == soonest)
    before = done[rivals, soonest - 1] if soonest else np.zeros(len(rivals))
    part = (budget - before) / (done[rivals, soonest] - before)
    return int(rivals[np.argmin(part)]), soonest


@dataclass(frozen=True, slots=True)
class _Reached:
    """When a growing amount reaches a budget.

    Attributes
    ----------
    edges : array, shape (S + 1,)
        Ends of the spans, in months.
    done, amount : array, shape (S,)
        Amount up to the end of each span, and of the span alone.
    """

    edges: Array
    done: Array
    amount: Array

    def at(self, budget: float, span: int | None = None) -> float:
        """Time in months; NaN if the budget is not reached. The span, where it is known, saves a search."""
        at = int((self.done < budget * _DONE).sum()) if span is None else span
        if at >= len(self.done):
            return NEVER
        left = budget - float(self.done[at] - self.amount[at])
        part = min(max(left / float(self.amount[at]), 0.0), 1.0)
        start, stop = self.edges[at], self.edges[at + 1]
        return float(stop if part >= _DONE else start + part * (stop - start))


def _nothing(pool: Pool, most: Array, at_once: float, *, waits: bool = False) -> Track:
    machines, places, _ = pool.free.shape
    return Track(
        start=NEVER,
        pretrained=NEVER,
        finish=NEVER,
        place=EVERYWHERE,
        used=np.zeros((machines, places, pool.horizon)),
        packages=np.zeros((machines, pool.horizon)),
        working=np.zeros(pool.horizon),
        raw_flop=np.zeros((machines, pool.horizon)),
        kept_flop=np.zeros(pool.horizon),
        most=most,
        most_at_once=at_once,
        waits=waits,
    )
