"""From passes to tokens a second: prompts and decoding together, apart, and under limits of latency.

All rates are of one replica. Lengths are means; queues are those of a steady load.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gigawatt.perf.machine import Value
from gigawatt.perf.shape import Shape

from .engine import Engine
from .layout import Layout
from .memory import most_sequences
from .passes import Batch, forward

__all__ = [
    "Lengths",
    "Served",
    "aggregated",
    "disaggregated",
    "offline",
    "prompt_s",
    "token_s",
    "under_limits",
]

CHUNK_TOKENS = 8192.0
"""Tokens of prompts that one pass takes: the default of TensorRT-LLM, SGLang and vLLM [token]."""


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
    ttft_s: Value
    """Time to the first token, without waiting in a queue [s]."""
    sequences: Value
    """Requests in progress at once [1]."""


def token_s(e: Engine, shape: Shape, cut: Layout, sequences: Value, lengths: Lengths) -> Value:
    """Time in which every one of the sequences in progress gets its next token [s].

    With pipeline stages the sequences are cut into as many microbatches, all in flight. Where drafted
    tokens are checked, a pass works on as many tokens of a sequence as it may yield.
    """
    each = np.maximum(sequences / cut.pp, 1e-6)
    batch = Batch(
        tokens=each * np.ceil(lengths.accepted), sequences=each, context=each * lengths.middle
    )
    return forward(e, shape, cut, batch).total_s / lengths.accepted


def prompt_s(
    e: Engine, shape: Shape, cut: Layout, lengths: Lengths, waiting: Value = 1.0
) -> tuple[Value, Value]:
    """Time that the replica gives to one prompt, and time until that prompt is read [s].

    Parameters
    ----------
    e, shape, cut : Engine, Shape, Layout
        What reads.
    lengths : Lengths
        Prompt, and what of it is cached.
    waiting : float
        Prompts that may share a pass; those that fit into `CHUNK_TOKENS` do, and share its weights.
    """
    together = _together(lengths, waiting)
    pairs = lengths.input * (lengths.input / 2.0 + lengths.reused)
    batch = Batch(tokens=together * lengths.input, sequences=together, pairs=together * pairs)
    whole = forward(e, shape, cut, batch).total_s
    return whole / together / cut.pp, whole


def added_s(
    e: Engine,
    shape: Shape,
    cut: Layout,
    sequences: Value,
    lengths: Lengths,
    waiting: Value,
    token: Value,
) -> Value:
    """Time that one prompt adds to those that decode [s].

    A prompt that shares a pass with decoding adds its multiplications, but no second reading of the
    weights; one that is read in a pass of its own adds that pass.
    """
    alone, _ = prompt_s(e, shape, cut, lengths, waiting)
    together = _together(lengths, waiting)
    each = np.maximum(sequences / cut.pp, 1e-6)
    pairs = lengths.input * (lengths.input / 2.0 + lengths.reused)
    both = Batch(
        tokens=each + together * lengths.input,
        sequences=each + together,
        context=each * lengths.middle,
        pairs=together * pairs,
    )
    shared = (forward(e, shape, cut, both).total_s - token) / together / cut.pp
    return np.where(np.asarray(e.mixed) > 0, np.minimum(shared, alone), alone)


def _together(lengths: Lengths, waiting: Value) -> Value:
    """Prompts that share a pass [1]."""
    fit = np.floor(CHUNK_TOKENS / np.maximum(lengths.input, 1.0))
    return np.clip(fit, 1.0, np.maximum(waiting, 1.0))


def aggregated(e: Engine, shape: Shape, cut: Layout, sequences: Value, lengths: Lengths) -> Served:
    """Prompts and decoding on the same accelerators, a fixed number of requests in progress.

    While a request decodes, each of the others reads one prompt on average, and decoding waits for it
    (or shares its pass, which takes as long): ``TPOT = token + (n − 1) prompt / output``.
    """
    token = token_s(e, shape, cut, sequences, lengths)
    _, first = prompt_s(e, shape, cut, lengths)
    prompt = added_s(e, shape, cut, sequences, lengths, sequences / 8.0, token)
    others = np.maximum(sequences - 1.0, 0.0)
    tpot = token + others * prompt / lengths.output
    ttft = first + token
    rate = sequences * lengths.output / (ttft + lengths.output * tpot)
    return Served(rate, tpot, ttft, sequences)


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
    held = most_sequences(e, shape, cut, lengths.admitted(e))
    fits = held >= 1.0
    room = np.maximum(np.minimum(held, most * cut.dp * cut.pp), 1.0)
    sequences = np.minimum(room, requests)
    token = token_s(e, shape, cut, sequences, lengths)
    _, first = prompt_s(e, shape, cut, lengths, waiting=1e9)
    prompt = added_s(e, shape, cut, sequences, lengths, 1e9, token)
    tpot = token + sequences * prompt / lengths.output
    finite = np.isfinite(requests)
    number = np.where(finite, requests, sequences)
    whole = np.floor(number / sequences * (1.0 + 1e-12))
    rest = np.maximum(number - whole * sequences, 0.0)
    last = np.where(rest >= 1.0, token_s(e, shape, cut, np.maximum(rest, 1.0), lengths), 0.0)
    time = number * prompt + lengths.output * (whole * token + last)
    rate = np.where(fits, number * lengths.output / time, 0.0)
    return Served(rate, tpot, first + token, np.where(fits, sequences, 0.0))


def under_limits(
    e: Engine,
    shape: Shape,
    cut: Layout,
    lengths: Lengths,
    most: Value,
    ttft_limit_s: Value,
    tpot_limit_s: Value,
    tail: tuple[Value, Value] = (1.0, 1.0),
) -> Served:
    """Largest load whose latencies keep their limits, requests arriving at random.

    Parameters
    ----------
    most : float
        Sequences that the runtime lets in at once, per copy of attention [1].
    ttft_limit_s, tpot_limit_s : float
        Limits of the time to the first token and of the time of an output token [s].
    tail : tuple of float
        What the limit's percentile has over the mean: of TPOT [1], and of the wait for a prompt,
        in prompts for each unit of ``load / (1 − load)`` [1].

    Returns
    -------
    Served
        Rate 0 where no load keeps the limits.
    """
    held = most_sequences(e, shape, cut, lengths.admitted(e))
    largest = np.maximum(np.minimum(held, most * cut.dp * cut.pp), 1.0)
    prompt, first = prompt_s(e, shape, cut, lengths)
    best = Served(*(np.zeros(np.broadcast(held, tpot_limit_s, ttft_limit_s).shape),) * 4)
    for share in np.geomspace(1e-3, 1.0, 60):
        n = largest * share
        token = token_s(e, shape, cut, n, lengths)
        busy = n * added_s(e, shape, cut, n, lengths, n / 8.0, token) / lengths.output
        tpot = token + busy
        load = busy / tpot
        wait = tail[1] * prompt * load / np.maximum(1.0 - load, 1e-3)
        ttft = first + token + wait
        kept = (held >= 1.0) & (tpot * tail[0] <= tpot_limit_s) & (ttft <= ttft_limit_s)
        better = kept & (n / tpot > best.tokens_per_s)
        found = Served(n / tpot, tpot, ttft, n)
        best = Served(*(np.where(better, new, old) for new, old in zip(found, best, strict=True)))
    return best


def disaggregated(
    prefill: tuple[Engine, Layout, Value],
    decode: tuple[Engine, Layout, Value],
    shape: Shape,
    lengths: Lengths,
    concurrency: Value,
    load: Value,
    handover_s: Value,
) -> Served:
    """Prompts on some workers, decoding on others, a fixed number of requests in progress.

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

    Returns
    -------
    Served
        Rate of the whole system.
    """
    pe, pcut, pworkers = prefill
    de, dcut, dworkers = decode
    has = np.asarray(pworkers) > 0
    waiting = np.maximum(concurrency / 8.0, 1.0)
    prompt, _ = prompt_s(pe, shape, pcut, lengths, waiting)
    _, first = prompt_s(pe, shape, pcut, lengths, pcut.dp)
    before = np.where(has, first + handover_s, 0.0)
    capacity = np.where(has, load * pworkers / prompt, np.inf)
    each = concurrency / dworkers
    token = token_s(de, shape, dcut, each, lengths)
    for _ in range(40):
        requests = np.minimum(concurrency / (before + lengths.output * token), capacity)
        each = 0.5 * (each + requests * lengths.output * token / dworkers)
        token = token_s(de, shape, dcut, np.maximum(each, 1e-3), lengths)
    requests = np.minimum(concurrency / (before + lengths.output * token), capacity)
    return Served(requests * lengths.output, token, before + token, concurrency)
