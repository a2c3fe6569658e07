"""Every layout at every load: what a model serves on a system within limits of latency.

Layouts are few and loads a ladder, so that all are evaluated in one pass over arrays; the load that just
keeps the limits is found by halving. The rates are those of `modes`, which measured points validate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array
from gigawatt.perf.chip import Chip
from gigawatt.perf.shape import Shape

from .apart import Readers, paired, readers_of
from .engine import Engine
from .layout import Layout
from .layouts import layouts_of
from .memory import cache_bytes, weight_bytes
from .modes import Lengths, Limits, Served, aggregated, most_at_once, token_s, under_limits

__all__ = ["ServingFound", "ServingPoint", "search_serving"]

_LOADS = 40
_HALVINGS = 20


@dataclass(frozen=True, slots=True)
class ServingPoint:
    """One layout at one load.

    Attributes
    ----------
    layout : str
        Of the replica, or of the decoding side.
    prefill : str
        Layout of the prefill side; empty where prompts and decoding share accelerators.
    accelerators : int
        Of the smallest unit: a replica, or decoding and prefill workers in proportion.
    prefill_share : float
        Share of accelerators that read prompts only [1].
    sequences : float
        Requests in progress on a replica [1].
    tokens_per_s : float
        Tokens generated, per accelerator of the unit [token/s].
    tpot_s, ttft_s : float
        Mean latencies [s].
    """

    layout: str
    prefill: str
    accelerators: int
    prefill_share: float
    sequences: float
    tokens_per_s: float
    tpot_s: float
    ttft_s: float


@dataclass(frozen=True, slots=True)
class ServingFound:
    """What a search found.

    Attributes
    ----------
    best : list of ServingPoint
        Of each layout the fastest point within the limits; the most from all accelerators first.
    front : list of ServingPoint
        Throughput against interactivity: no other point is at once faster in total and for a user.
    layouts, fitting, points : int
        Layouts tried; of these, those whose weights fit; points evaluated.
    fastest : ServingPoint or None
        The point with the least TPOT, whatever the limits.
    soonest_s : float
        Least time to the first token of any layout [s].
    short_bytes : float
        Where nothing fits: memory that the best layout lacks on an accelerator [B].
    """

    best: list[ServingPoint] = field(default_factory=list)
    front: list[ServingPoint] = field(default_factory=list)
    layouts: int = 0
    fitting: int = 0
    points: int = 0
    fastest: ServingPoint | None = None
    soonest_s: float = float("inf")
    short_bytes: float = 0.0


class _Points(NamedTuple):
    """Points as columns."""

    layout: NDArray[np.intp]
    """Place of the layout among those that fit [1]."""
    prefill: NDArray[np.intp]
    """The same of the prefill side; −1 where there is none [1]."""
    accelerators: Array
    share: Array
    sequences: Array
    rate: Array
    """Tokens a second for each accelerator of the unit [token/s]."""
    tpot: Array
    ttft: Array
    kept: NDArray[np.bool_]
    """Whether both limits are kept."""


def search_serving(
    engine: Engine,
    chip: Chip,
    shape: Shape,
    lengths: Lengths,
    limits: Limits,
    *,
    most_accelerators: int,
    most_sequences_per_copy: float,
    apart: bool = True,
    handover_s: float = 0.1,
    most_load: float = 0.95,
) -> ServingFound:
    """Search layouts and loads.

    Parameters
    ----------
    engine, chip, shape : Engine, Chip, Shape
        What serves what.
    lengths, limits : Lengths, Limits
        Requests, and what must hold.
    most_accelerators : int
        Accelerators at hand [1].
    most_sequences_per_copy : float
        What the runtime lets in at once [1].
    apart : bool
        Whether prefill and decoding may be apart.
    handover_s : float
        Handing a cache over [s].
    most_load : float
        Share of its capacity at which a prefill worker runs at most [1].
    """
    cuts = layouts_of(chip, shape, most_accelerators)
    every = Layout(*(np.array(column) for column in zip(*cuts, strict=True)))
    most = most_at_once(engine, shape, every, lengths, most_sequences_per_copy)
    fitting = np.flatnonzero(most >= 1.0)
    if not fitting.size:
        return ServingFound(layouts=len(cuts), short_bytes=_short(engine, shape, every, lengths))
    cuts = [cuts[i] for i in fitting]
    cut = Layout(*(column[fitting] for column in every))
    found = [_together(engine, shape, cut, lengths, limits, most_sequences_per_copy)]
    if apart:
        readers = readers_of(engine, shape, cut, lengths)
        token, sequences = _decoding(engine, shape, cut, lengths, limits, most[fitting])
        found.append(
            _apart(
                cut,
                readers,
                token,
                sequences,
                lengths,
                limits,
                most_accelerators,
                most_load,
                handover_s,
            )
        )
    points = _Points(*(np.concatenate(columns) for columns in zip(*found, strict=True)))
    names = [str(c) for c in cuts]
    total = points.rate * points.accelerators * np.floor(most_accelerators / points.accelerators)
    best = _of_each_layout(points, total)
    front = _front(points, limits)
    (fastest,) = _as_points(points, np.array([points.tpot.argmin()]), names)
    return ServingFound(
        best=_as_points(points, best, names),
        front=_as_points(points, front, names),
        layouts=len(every.tp),
        fitting=len(cuts),
        points=points.tpot.size,
        fastest=fastest,
        soonest_s=float(points.ttft.min()),
    )


def _ladder(most: Array) -> Array:
    """Loads of layouts, down, by even steps of their logarithm, across [1]."""
    return np.asarray(most[:, None] ** np.linspace(0.0, 1.0, _LOADS))


def _together(
    e: Engine, shape: Shape, cut: Layout, lengths: Lengths, limits: Limits, most: float
) -> _Points:
    """Prompts and decoding on the same accelerators: a ladder of loads, and the most within the limits."""
    largest = np.asarray(most_at_once(e, shape, cut, lengths, most))
    down = Layout(*(np.asarray(column)[:, None] for column in cut))
    ladder = aggregated(e, shape, down, _ladder(largest), lengths)
    most_kept = under_limits(e, shape, cut, lengths, most, limits)
    kept = np.asarray(ladder.keeps(limits))
    served = Served(
        *(
            np.concatenate([np.broadcast_to(a, kept.shape), np.reshape(b, (-1, 1))], axis=1)
            for a, b in zip(ladder, most_kept, strict=True)
        )
    )
    real = served.tokens_per_s > 0.0
    kept = np.concatenate([kept, real[:, -1:]], axis=1)
    place = np.broadcast_to(np.arange(largest.size)[:, None], kept.shape)[real]
    size = np.asarray(cut.accelerators)[place]
    return _Points(
        layout=place,
        prefill=np.full(place.size, -1),
        accelerators=size,
        share=np.zeros(place.size),
        sequences=served.sequences[real],
        rate=served.tokens_per_s[real] / size,
        tpot=served.tpot_s[real],
        ttft=served.ttft_s[real],
        kept=kept[real],
    )


def _decoding(
    e: Engine, shape: Shape, cut: Layout, lengths: Lengths, limits: Limits, most: Array
) -> tuple[Array, Array]:
    """Times of a token and loads of decoding workers: a ladder, and the most within the limit."""
    low, high = np.zeros(most.size), np.ones(most.size)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        token = token_s(e, shape, cut, most**middle, lengths)
        kept = limits.tail * token <= limits.tpot_s
        low, high = np.where(kept, middle, low), np.where(kept, high, middle)
    sequences = np.sort(np.concatenate([_ladder(most), (most**low)[:, None]], axis=1), axis=1)
    down = Layout(*(np.asarray(column)[:, None] for column in cut))
    return np.asarray(token_s(e, shape, down, sequences, lengths)), sequences


def _apart(
    cut: Layout,
    readers: Readers,
    token: Array,
    sequences: Array,
    lengths: Lengths,
    limits: Limits,
    most_accelerators: int,
    most_load: float,
    handover_s: float,
) -> _Points:
    """Decoding by itself, prompts on workers of their own."""
    each = sequences / (lengths.output * token)
    pair = paired(
        readers,
        np.asarray(cut.accelerators),
        token,
        each,
        limits,
        most_accelerators=most_accelerators,
        most_load=most_load,
        handover_s=handover_s,
    )
    # Where prompts are what binds, decoding runs below the load that it could have.
    own = pair.requests_per_s / pair.decoding
    able = np.maximum.accumulate(each, axis=1)
    load = np.array([np.interp(x, xs, n) for x, xs, n in zip(own, able, sequences, strict=True)])
    real = pair.requests_per_s > 0.0
    size = pair.accelerators[real]
    served = pair.requests_per_s[real] * lengths.output
    tpot = load[real] * pair.decoding[real] / served
    reader = pair.reader[real]
    return _Points(
        layout=np.broadcast_to(np.arange(len(token))[:, None], real.shape)[real],
        prefill=readers.layout[reader],
        accelerators=size,
        share=pair.reading[real] * readers.size[reader] / size,
        sequences=load[real],
        rate=served / size,
        tpot=tpot,
        ttft=pair.first_s[real] + pair.wait_s[real],
        kept=limits.tail * tpot <= limits.tpot_s,
    )


def _of_each_layout(points: _Points, total: Array) -> NDArray[np.intp]:
    """Of each layout, together and apart, the point within the limits that serves most; most first."""
    order = np.flatnonzero(points.kept)
    order = order[np.lexsort((points.accelerators[order], -total[order]))]
    key = points.layout[order] * 2 + (points.prefill[order] >= 0)
    _, first = np.unique(key, return_index=True)
    return np.asarray(order[np.sort(first)])


def _front(points: _Points, limits: Limits) -> NDArray[np.intp]:
    """Points in time for the first token that no other beats in both tokens/s per accelerator and TPOT."""
    timely = np.flatnonzero(points.ttft <= limits.ttft_s)
    order = timely[np.lexsort((-points.rate[timely], points.tpot[timely]))]
    rate = points.rate[order]
    before = np.concatenate([[0.0], np.maximum.accumulate(rate)[:-1]])
    return np.asarray(order[rate > before * (1.0 + 1e-9)])


def _as_points(points: _Points, chosen: NDArray[np.intp], names: list[str]) -> list[ServingPoint]:
    return [
        ServingPoint(
            layout=names[points.layout[i]],
            prefill="" if points.prefill[i] < 0 else names[points.prefill[i]],
            accelerators=int(points.accelerators[i]),
            prefill_share=float(points.share[i]),
            sequences=float(points.sequences[i]),
            tokens_per_s=float(points.rate[i]),
            tpot_s=float(points.tpot[i]),
            ttft_s=float(points.ttft[i]),
        )
        for i in chosen
    ]


def _short(e: Engine, shape: Shape, cut: Layout, lengths: Lengths) -> float:
    """Memory that the best layout lacks on an accelerator for one request [B]."""
    needed = weight_bytes(e, shape, cut) + e.reserved_bytes
    needed = needed + cache_bytes(e, shape, cut, lengths.admitted(e)) / e.usable
    return float(np.min(needed - e.hbm_bytes))
