"""Prompts on some workers, decoding on others: which workers, and how many of each, serve most.

Workers of both sides are whole, a few of each to a unit, and units are whole too. A side that could do
more waits for the other. What a chosen unit does is what `modes.disaggregated` says of it.
"""

from __future__ import annotations

from math import gcd
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array
from gigawatt.perf.shape import Shape

from .engine import Engine
from .layout import Layout
from .modes import Lengths, Limits, full_pass, prompt_s, waited_s

__all__ = ["Paired", "Readers", "paired", "readers_of"]

_MOST_WORKERS = 8
_PAIRS = tuple(
    (decode, prefill)
    for decode in range(1, _MOST_WORKERS + 1)
    for prefill in range(1, _MOST_WORKERS + 1)
    if gcd(decode, prefill) == 1
)
"""Decoding and prefill workers of a unit."""


class Readers(NamedTuple):
    """Ways to read prompts on a worker, one a place."""

    layout: NDArray[np.intp]
    """Place of its layout among those that fit [1]."""
    size: Array
    """Accelerators [1]."""
    together: Array
    """Prompts that may share a pass [1]."""
    prompt_s: Array
    """Time that a worker gives to one prompt [s]."""
    read_s: Array
    """Time of a pass [s]."""


class Paired(NamedTuple):
    """The unit that serves most with each decoding worker at each load; layouts down, loads across."""

    reader: NDArray[np.intp]
    """Place of the prefill worker among the readers [1]."""
    decoding: Array
    """Decoding workers [1]."""
    reading: Array
    """Prefill workers [1]."""
    accelerators: Array
    """Of a unit [1]."""
    requests_per_s: Array
    """Requests that a unit serves [1/s]; 0 where no unit keeps the limit of the first token."""
    first_s: Array
    """Time to the first token of a request that waits for no other [s]."""
    wait_s: Array
    """Mean wait before that [s]."""


def readers_of(e: Engine, shape: Shape, cut: Layout, lengths: Lengths) -> Readers:
    """Ways to read prompts: each layout with a lone prompt, one on each copy, or full passes.

    Of workers of one size only those are kept that no other beats in both time and capacity.

    Parameters
    ----------
    e, shape, lengths : Engine, Shape, Lengths
        As in `modes`.
    cut : Layout
        Layouts that fit, arrays of one length.
    """
    copies = np.asarray(cut.dp, dtype=float)
    together = np.stack([np.ones_like(copies), copies, full_pass(cut, lengths)])
    prompt, read = (np.ravel(a) for a in prompt_s(e, shape, cut, lengths, together))
    size = np.tile(cut.accelerators, 3)
    order = np.lexsort((prompt, read, size))
    kept: list[int] = []
    for i in order:
        if not kept or size[kept[-1]] != size[i] or prompt[i] < prompt[kept[-1]]:
            kept.append(int(i))
    at = np.array(kept)
    return Readers(at % copies.size, size[at], np.ravel(together)[at], prompt[at], read[at])


def paired(
    readers: Readers,
    size: Array,
    token_s: Array,
    requests_per_s: Array,
    limits: Limits,
    *,
    most_accelerators: int,
    most_load: float,
    handover_s: float,
) -> Paired:
    """For each decoding worker at each load the unit that serves most on all accelerators.

    Parameters
    ----------
    readers : Readers
        Prefill workers to choose from.
    size : array
        Accelerators of each decoding worker [1].
    token_s, requests_per_s : array
        Its time of a token at each load [s], and the requests that it can serve [1/s].
    limits : Limits
        Of which the first token's is kept.
    most_accelerators : int
        At hand [1].
    most_load : float
        Share of its capacity at which a prefill worker runs at most [1].
    handover_s : float
        Time to hand a cache over, and to schedule [s].

    Notes
    -----
    What the limit leaves beside pass, handover and first token may be waited, which gives the load ρ that
    a prefill worker may have: ``wait = read ρ / (1 − ρ)``. A unit of w decoding and k prefill workers
    serves ``min(w d, k ρ / prompt)`` requests.
    """
    first = readers.read_s + handover_s + token_s[..., None]
    slack = np.maximum(limits.ttft_s - first, 0.0)
    load = np.minimum(slack / (slack + limits.wait * readers.read_s), most_load) * (1.0 - 1e-12)
    capacity = load / readers.prompt_s
    able = requests_per_s[..., None]
    best = np.zeros(capacity.shape)
    which = np.zeros(capacity.shape, dtype=np.int8)
    for i, (decoding, reading) in enumerate(_PAIRS):
        unit = decoding * size[:, None, None] + reading * readers.size
        total = np.minimum(decoding * able, reading * capacity)
        total *= np.floor(most_accelerators / unit)
        better = total > best
        np.copyto(best, total, where=better)
        np.copyto(which, i, where=better)
    reader = best.argmax(axis=-1)

    def of_best(column: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.take_along_axis(column, reader[..., None], axis=-1)[..., 0])

    decoding, reading = np.moveaxis(np.array(_PAIRS, dtype=float)[of_best(which)], -1, 0)
    served = np.minimum(decoding * requests_per_s, reading * of_best(capacity))
    served = np.where(of_best(best) > 0.0, served, 0.0)
    busy = served * readers.prompt_s[reader] / reading
    return Paired(
        reader=reader,
        decoding=decoding,
        reading=reading,
        accelerators=decoding * size[:, None] + reading * readers.size[reader],
        requests_per_s=served,
        first_s=of_best(first),
        wait_s=np.asarray(waited_s(readers.read_s[reader], busy)),
    )
