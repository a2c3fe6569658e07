"""From passes to tokens a second: prompts and decoding together, apart, and under limits of latency.

All rates are of one replica. Lengths are means; queues are those of a steady load.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.perf.machine import Value
from gigawatt.perf.shape import Shape

from .engine import Engine
from .layout import Layout
from .memory import most_sequences
from .passes import Batch, forward

__all__ = [
    "Lengths",
    "Limits",
    "Served",
    "aggregated",
    "disaggregated",
    "full_pass",
    "most_at_once",
    "offline",
    "pass_s",
    "prompt_s",
    "token_s",
    "under_limits",
    "waited_s",
]

CHUNK_TOKENS = 8192.0
"""Tokens of prompts that one pass takes: the default of TensorRT-LLM, SGLang and vLLM [token]."""
WAITING = 1.0 / 8.0
"""Prompts that share a pass, per request in progress [1]."""
DRAFTS_ACCEPTED = 0.8
"""Share of drafted tokens that a check accepts [1]: DeepSeek-V3's report has 85 to 90 % of first drafts."""

_LADDER, _HALVINGS = 24, 8
"""Loads that are tried: even steps of their logarithm, then halves of a step."""
_DEEP_HALVINGS = 30
"""Halvings of a load that is searched from nothing to all."""


class Lengths(NamedTuple):
    """Mean lengths of a request."""

    input: Value
    """Tokens of the prompt that must be read [token]."""
    output: Value
    """Tokens of the answer [token]."""
    reused: Value = 0.0
    """Tokens before them whose cache is there already [token]."""
    accepted: Value = 1.0
    """Tokens that a pass yields for a sequence: more than 1 where drafted ones are accepted [token]."""

    @property
    def drafted(self) -> Value:
        """Drafted tokens that a pass checks for a sequence, beside the one that is due [token]."""
        return (np.asarray(self.accepted, dtype=float) - 1.0) / DRAFTS_ACCEPTED

    @property
    def middle(self) -> Value:
        """Context half-way through the answer [token]."""
        return self.reused + self.input + self.output / 2.0

    def admitted(self, e: Engine) -> Value:
        """Context that is set aside when a request is let in [token]."""
        return self.reused + self.input + e.admitted * self.output


class Served(NamedTuple):
    """What one replica serves."""

    tokens_per_s: Value
    """Tokens generated [token/s]."""
    tpot_s: Value
    """Time of an output token [s]."""
    first_s: Value
    """Time to the first token of a request that waits for no other [s]."""
    wait_s: Value
    """Mean wait before that, behind the prompts of others [s]."""
    sequences: Value
    """Requests in progress at once [1]."""

    @property
    def ttft_s(self) -> Value:
        """Mean time to the first token [s]."""
        return self.first_s + self.wait_s

    def keeps(self, limits: Limits) -> Value:
        """Whether the latencies are within their limits."""
        token = limits.tail * self.tpot_s <= limits.tpot_s
        return token & (self.first_s + limits.wait * self.wait_s <= limits.ttft_s)


class Limits(NamedTuple):
    """Limits of latency, of means or of a percentile."""

    ttft_s: Value
    """Time to the first token [s]."""
    tpot_s: Value
    """Time of an output token [s]."""
    tail: Value = 1.0
    """What the limits' percentile of TPOT has over its mean [1]."""
    wait: Value = 1.0
    """The same of the wait for other prompts [1]."""


def pass_s(e: Engine, shape: Shape, cut: Layout, sequences: Value, lengths: Lengths) -> Value:
    """Time of a pass in which all sequences in progress decode, drafting included [s].

    With pipeline stages the sequences are cut into as many microbatches, all in flight. A drafted token
    costs a pass of one layer and the head, as multi-token prediction does.
    """
    batch = _decoding(cut, sequences, lengths)
    whole = forward(e, shape, cut, batch).total_s
    if not np.any(lengths.drafted):
        return whole
    kinds = {
        n: getattr(shape, n) / shape.layers for n in ("full", "sliding", "dense", "moe", "mamba")
    }
    one = forward(e, shape._replace(**kinds), cut, batch._replace(checked=1.0))
    return whole + lengths.drafted * (one.total_s - one.host_s)


def _decoding(cut: Layout, sequences: Value, lengths: Lengths) -> Batch:
    """The sequences of one microbatch, each with its drafts."""
    return Batch(
        decoding=np.maximum(sequences / cut.pp, 1e-6),
        context=lengths.middle,
        checked=1.0 + lengths.drafted,
    )


def token_s(e: Engine, shape: Shape, cut: Layout, sequences: Value, lengths: Lengths) -> Value:
    """Time in which every one of the sequences in progress gets its next token [s]."""
    return pass_s(e, shape, cut, sequences, lengths) / lengths.accepted


def prompt_s(
    e: Engine, shape: Shape, cut: Layout, lengths: Lengths, waiting: Value = 1.0
) -> tuple[Value, Value]:
    """Time that the replica gives to one prompt, and time until it is read: that of its whole pass [s].

    Parameters
    ----------
    e, shape, cut : Engine, Shape, Layout
        What reads.
    lengths : Lengths
        Prompt, and what of it is cached.
    waiting : float
        Prompts that may share a pass; those that fit do, and share its weights.
    """
    batch = _reading(cut, lengths, waiting)
    whole = forward(e, shape, cut, batch).total_s
    return whole / batch.prompts / cut.pp, whole


def _reading(cut: Layout, lengths: Lengths, waiting: Value) -> Batch:
    """The prompts that share a pass, at least one."""
    return Batch(
        prompts=np.clip(full_pass(cut, lengths), 1.0, np.maximum(waiting, 1.0)),
        length=lengths.input,
        reused=lengths.reused,
    )


def full_pass(cut: Layout, lengths: Lengths) -> Value:
    """Prompts of a full pass [1]: `CHUNK_TOKENS` on each copy of attention, or one prompt if it is longer.

    A prompt that would be more than fits is cut, and its rest is read in the next pass.
    """
    return np.maximum(CHUNK_TOKENS / np.maximum(lengths.input, 1.0), 1.0) * cut.dp


def added_s(
    e: Engine, shape: Shape, cut: Layout, sequences: Value, lengths: Lengths, waiting: Value
) -> Value:
    """Time that one prompt adds to those that decode [s].

    A prompt that shares a pass with decoding adds its multiplications, but no second reading of the
    weights; one that is read in a pass of its own adds that pass.
    """
    alone, _ = prompt_s(e, shape, cut, lengths, waiting)
    if not np.any(e.mixed):
        return alone
    reading, decoding = _reading(cut, lengths, waiting), _decoding(cut, sequences, lengths)
    both = reading._replace(
        decoding=decoding.decoding, context=decoding.context, checked=decoding.checked
    )
    without = forward(e, shape, cut, decoding).total_s
    shared = (forward(e, shape, cut, both).total_s - without) / reading.prompts / cut.pp
    return np.where(np.asarray(e.mixed) > 0, np.minimum(shared, alone), alone)


def aggregated(e: Engine, shape: Shape, cut: Layout, sequences: Value, lengths: Lengths) -> Served:
    """Prompts and decoding on the same accelerators, a number of requests in progress.

    While a request decodes, each of the others reads one prompt on average, and decoding waits for it
    (or shares its pass, which takes as long): ``TPOT = token + (n − 1) prompt / output``. A new prompt
    waits for the passes of others as in a queue whose load is the share of time that prompts take, but
    not for more prompts than there are others.
    """
    token = token_s(e, shape, cut, np.maximum(sequences, 1.0), lengths)
    waiting = sequences * WAITING
    alone, first = prompt_s(e, shape, cut, lengths, waiting)
    others = np.maximum(sequences - 1.0, 0.0)
    busy = others * added_s(e, shape, cut, sequences, lengths, waiting) / lengths.output
    tpot = token + busy
    wait = np.minimum(waited_s(first, busy / tpot), others * alone)
    rate = sequences * lengths.output / (first + token + wait + lengths.output * tpot)
    return Served(rate, tpot, first + token, wait, sequences)


def offline(
    e: Engine,
    shape: Shape,
    cut: Layout,
    lengths: Lengths,
    most: Value,
    requests: Value = np.inf,
) -> Served:
    """All requests at hand at once: as many in progress as memory and the runtime allow.

    Parameters
    ----------
    e, shape, cut, lengths
        As elsewhere.
    most : float
        Sequences that the runtime lets in at once, per copy of attention [1].
    requests : float
        Requests in all; a few leave the replica half empty at the end, or all the time [1].

    Notes
    -----
    Requests of one length leave together, so that they run in waves, the last of which is not full:
    ``time = N prompt + output (whole waves · token(n) + token(rest))``.
    """
    room = most_at_once(e, shape, cut, lengths, most)
    fits = room >= 1.0
    sequences = np.minimum(np.maximum(room, 1.0), requests)
    token = token_s(e, shape, cut, sequences, lengths)
    _, first = prompt_s(e, shape, cut, lengths, waiting=1e9)
    prompt = added_s(e, shape, cut, sequences, lengths, 1e9)
    tpot = token + sequences * prompt / lengths.output
    finite = np.isfinite(requests)
    number = np.where(finite, requests, sequences)
    whole = np.floor(number / sequences * (1.0 + 1e-12))
    rest = np.maximum(number - whole * sequences, 0.0)
    last = np.where(rest >= 1.0, token_s(e, shape, cut, np.maximum(rest, 1.0), lengths), 0.0)
    time = number * prompt + lengths.output * (whole * token + last)
    rate = np.where(fits, number * lengths.output / time, 0.0)
    return Served(rate, tpot, first + token, 0.0, np.where(fits, sequences, 0.0))


def under_limits(
    e: Engine, shape: Shape, cut: Layout, lengths: Lengths, most: Value, limits: Limits
) -> Served:
    """The load that serves most within limits of latency.

    Parameters
    ----------
    e, shape, cut, lengths
        As elsewhere.
    most : float
        Sequences that the runtime lets in at once, per copy of attention [1].
    limits : Limits
        What must hold.

    Returns
    -------
    Served
        Zeros where no load keeps the limits.
    """
    largest = most_at_once(e, shape, cut, lengths, most)
    kept = largest >= 1.0
    size = np.broadcast(largest, limits.tpot_s, limits.ttft_s).shape

    def at(share: Value) -> Served:
        found = aggregated(e, shape, cut, np.maximum(largest, 1.0) ** share, lengths)
        rate = np.where(kept & found.keeps(limits), found.tokens_per_s, 0.0)
        return found._replace(tokens_per_s=rate)

    ladder = np.linspace(0.0, 1.0, _LADDER)
    tried = at(ladder.reshape(-1, *(1,) * len(size)))
    place = tried.tokens_per_s.argmax(axis=0)[None]
    best = Served(*(np.take_along_axis(_like(a, tried), place, 0)[0] for a in tried))
    low = ladder[place[0]]
    high = np.minimum(low + ladder[1], 1.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        found = at(middle)
        better = found.tokens_per_s > best.tokens_per_s
        best = Served(*(np.where(better, new, old) for new, old in zip(found, best, strict=True)))
        low, high = np.where(better, middle, low), np.where(better, high, middle)
    return Served(*(np.where(best.tokens_per_s > 0.0, column, 0.0) for column in best))


def _like(column: Value, served: Served) -> Array:
    return np.broadcast_to(column, np.shape(served.tokens_per_s))


def most_at_once(e: Engine, shape: Shape, cut: Layout, lengths: Lengths, most: Value) -> Value:
    """Requests in progress that memory and the runtime allow; 0 where the model does not fit [1]."""
    held = most_sequences(e, shape, cut, lengths.admitted(e))
    return np.minimum(held, most * cut.dp * cut.pp)


def disaggregated(
    prefill: tuple[Engine, Layout, Value],
    decode: tuple[Engine, Layout, Value],
    shape: Shape,
    lengths: Lengths,
    concurrency: Value,
    load: Value,
    handover_s: Value,
    waiting: Value | None = None,
) -> Served:
    """Prompts on some workers, decoding on others, a number of requests in progress.

    Parameters
    ----------
    prefill, decode : tuple
        Engine, layout and number of workers of each side; 0 prefill workers where only decoding is meant.
    shape, lengths : Shape, Lengths
        The model and its requests.
    concurrency : float
        Requests in progress in the whole system [1].
    load : float
        Share of its capacity at which the prefill side runs when it is what binds [1].
    handover_s : float
        Time to hand a cache over, and to schedule [s].
    waiting : float, optional
        Prompts that may share a pass of a prefill worker; a share of the requests in progress if left out,
        as where prompts and decoding are together [1].

    Returns
    -------
    Served
        Rate of the whole system.
    """
    pe, pcut, pworkers = prefill
    de, dcut, dworkers = decode
    has = np.asarray(pworkers) > 0
    if waiting is None:
        waiting = concurrency * WAITING / np.maximum(pworkers, 1.0)
    prompt, read = prompt_s(pe, shape, pcut, lengths, waiting)
    before = np.where(has, read + handover_s, 0.0)
    capacity = np.where(has, pworkers / prompt, np.inf)
    # The most that decoding workers can have in progress, the rest being read or waiting for it.
    low, high = np.zeros(np.shape(capacity)), np.ones(np.shape(capacity))
    for _ in range(_DEEP_HALVINGS):
        each = (low + high) / 2.0 * concurrency / dworkers
        rate = each * dworkers / (lengths.output * token_s(de, shape, dcut, each, lengths))
        wait = np.where(has, waited_s(read, rate / capacity), 0.0)
        inside = (rate <= load * capacity) & (
            rate * (before + wait) + each * dworkers <= concurrency
        )
        low, high = (
            np.where(inside, (low + high) / 2.0, low),
            np.where(inside, high, (low + high) / 2.0),
        )
    each = high * concurrency / dworkers
    token = token_s(de, shape, dcut, each, lengths)
    rate = each * dworkers / (lengths.output * token)
    wait = np.where(has, np.maximum((concurrency - each * dworkers) / rate - before, 0.0), 0.0)
    return Served(rate * lengths.output, token, before + token, wait, concurrency)


def waited_s(read: Value, load: Value) -> Value:
    """Mean wait of a prompt for the passes of others, `read` long, that take a share `load` of time [s]."""
    return read * load / np.maximum(1.0 - load, 1e-3)
