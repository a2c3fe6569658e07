"""Every layout at every load: what a model serves on a system within limits of latency.

Layouts are few and loads a grid, so that all are evaluated in one pass over arrays; nothing is pruned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.perf.chip import Chip
from gigawatt.perf.shape import Shape

from .engine import Engine
from .layout import Layout
from .layouts import layouts_of
from .memory import most_sequences
from .modes import Lengths, added_s, prompt_s, token_s

__all__ = ["Limits", "ServingFound", "ServingPoint", "search_serving"]

_LOADS = 64
_MOST_LOAD = 0.95
"""Load of a prefill worker at most; beyond, queues grow without bound [1]."""


class Limits(NamedTuple):
    """What must hold of every point that counts."""

    ttft_s: float
    """Time to the first token [s]."""
    tpot_s: float
    """Time of an output token [s]."""
    tail: float = 1.0
    """What the limits' percentile of TPOT has over its mean [1]."""
    wait: float = 1.0
    """The same of the wait for a prompt [1]."""


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


class _Grid(NamedTuple):
    """All layouts, down, at all loads, across."""

    cuts: list[Layout]
    cut: Layout
    sequences: Array
    token: Array
    fits: Array
    prompt: Array
    first: Array


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
        Whether prefill and decoding may also be apart.
    handover_s : float
        Time to hand a cache over, where they are [s].
    """
    cuts = layouts_of(chip, shape, most_accelerators)
    grid = _grid(engine, shape, cuts, lengths, most_sequences_per_copy)
    if not grid.fits.any():
        return ServingFound(layouts=len(cuts), short_bytes=_short(engine, shape, grid, lengths))
    points = _shared(engine, shape, grid, lengths, limits)
    if apart:
        points += _split(grid, lengths, limits, most_accelerators, handover_s)
    ranked: dict[tuple[str, bool], ServingPoint] = {}
    for p, kept in points:
        key = (p.layout, bool(p.prefill))
        if kept and (key not in ranked or p.tokens_per_s > ranked[key].tokens_per_s):
            ranked[key] = p
    every = [p for p, _ in points]
    return ServingFound(
        best=sorted(ranked.values(), key=lambda p: -_in_all(p, most_accelerators)),
        front=_front([p for p in every if p.ttft_s <= limits.ttft_s]),
        layouts=len(cuts),
        fitting=int(grid.fits.any(axis=1).sum()),
        points=len(points),
        fastest=min(every, key=lambda p: p.tpot_s),
        soonest_s=min(p.ttft_s for p in every),
    )


def _in_all(point: ServingPoint, accelerators: int) -> float:
    """Tokens a second of as many whole units as there are accelerators for [token/s]."""
    units = accelerators // point.accelerators
    return point.tokens_per_s * point.accelerators * units


def _grid(e: Engine, shape: Shape, cuts: list[Layout], lengths: Lengths, most: float) -> _Grid:
    cut = Layout(*(np.array(column)[:, None] for column in zip(*cuts, strict=True)))
    held = most_sequences(e, shape, cut, lengths.admitted(e))
    room = np.minimum(held, most * cut.dp * cut.pp)
    shares = np.linspace(0.0, 1.0, _LOADS)
    sequences = np.exp(shares * np.log(np.maximum(room, 1.0)))
    token = token_s(e, shape, cut, sequences, lengths)
    prompt, first = prompt_s(e, shape, cut, lengths, waiting=sequences / 8.0)
    fits = np.broadcast_to(held >= 1.0, sequences.shape)
    _, alone = prompt_s(e, shape, cut, lengths)
    return _Grid(cuts, cut, sequences, token, fits, prompt, np.broadcast_to(alone, first.shape))


def _shared(
    e: Engine, shape: Shape, g: _Grid, lengths: Lengths, limits: Limits
) -> list[tuple[ServingPoint, bool]]:
    """Prompts and decoding on the same accelerators."""
    added = added_s(e, shape, g.cut, g.sequences, lengths, g.sequences / 8.0, g.token)
    busy = g.sequences * added / lengths.output
    tpot = g.token + busy
    load = busy / tpot
    ttft = g.first + g.token + limits.wait * g.prompt * load / np.maximum(1.0 - load, 1e-3)
    rate = g.sequences / tpot / g.cut.accelerators
    ok = g.fits & (limits.tail * tpot <= limits.tpot_s) & (ttft <= limits.ttft_s)
    found = []
    for i, cut in enumerate(g.cuts):
        for j in range(_LOADS):
            if g.fits[i, j]:
                point = ServingPoint(
                    layout=str(cut),
                    prefill="",
                    accelerators=int(cut.accelerators),
                    prefill_share=0.0,
                    sequences=float(g.sequences[i, j]),
                    tokens_per_s=float(rate[i, j]),
                    tpot_s=float(tpot[i, j]),
                    ttft_s=float(ttft[i, j]),
                )
                found.append((point, bool(ok[i, j])))
    return found


def _split(
    g: _Grid, lengths: Lengths, limits: Limits, most: int, handover_s: float
) -> list[tuple[ServingPoint, bool]]:
    """Decoding by itself, prompts on as many workers of the best prefill layout as it takes."""
    side = _prefill(g, limits, handover_s)
    if side is None:
        return []
    name, size, prompt, ttft = side
    found = []
    for i, cut in enumerate(g.cuts):
        for j in range(_LOADS):
            if not g.fits[i, j]:
                continue
            token = float(g.token[i, j])
            decoded = float(g.sequences[i, j]) / token
            helpers = decoded / lengths.output * prompt * size
            total = float(cut.accelerators) + helpers
            workers = max(1, round(size / helpers)) if helpers < size else 1
            unit = int(cut.accelerators) * workers + size * max(1, round(helpers * workers / size))
            if unit > most:
                continue
            point = ServingPoint(
                layout=str(cut),
                prefill=name,
                accelerators=unit,
                prefill_share=helpers / total,
                sequences=float(g.sequences[i, j]),
                tokens_per_s=decoded / total,
                tpot_s=token,
                ttft_s=ttft + token,
            )
            ok = limits.tail * token <= limits.tpot_s and ttft + token <= limits.ttft_s
            found.append((point, ok))
    return found


def _prefill(g: _Grid, limits: Limits, handover_s: float) -> tuple[str, int, float, float] | None:
    """The cheapest prefill layout within the limit: name, accelerators, time of a prompt at its load, TTFT."""
    best: tuple[float, str, int, float, float] | None = None
    for i, cut in enumerate(g.cuts):
        if not g.fits[i].any():
            continue
        prompt, first = float(g.prompt[i, -1]), float(g.first[i, 0])
        slack = limits.ttft_s - first - handover_s
        if slack <= 0.0:
            continue
        # Prompts of one length that arrive at random wait load / (1 − load) / 2 of them.
        half = limits.wait * prompt / 2.0
        load = min(slack / (slack + half), _MOST_LOAD)
        ttft = first + handover_s + half * load / (1.0 - load)
        cost = float(cut.accelerators) * prompt / load
        if best is None or cost < best[0]:
            best = cost, str(cut), int(cut.accelerators), prompt / load, ttft
    return None if best is None else best[1:]


def _front(points: list[ServingPoint]) -> list[ServingPoint]:
    """Points that no other beats in both tokens/s per accelerator and TPOT."""
    front: list[ServingPoint] = []
    for p in sorted(points, key=lambda p: (p.tpot_s, -p.tokens_per_s)):
        if not front or p.tokens_per_s > front[-1].tokens_per_s * (1.0 + 1e-9):
            front.append(p)
    return front


def _short(e: Engine, shape: Shape, g: _Grid, lengths: Lengths) -> float:
    """Memory that the best layout lacks on an accelerator for one request [B]."""
    from .memory import cache_bytes, weight_bytes

    needed = weight_bytes(e, shape, g.cut) + e.reserved_bytes
    needed = needed + cache_bytes(e, shape, g.cut, lengths.admitted(e)) / e.usable
    return float(np.min(needed - e.hbm_bytes))
