"""What a serving pass knows of an accelerator under its formats and its runtime: flat numbers.

Where they come from (catalog, kernel tables, calibration) is `engines`' business. Every field is a float,
or an array that broadcasts over cases and calibration draws.
"""

from __future__ import annotations

from typing import NamedTuple

from gigawatt.perf.machine import Value

__all__ = ["Engine"]


class Engine(NamedTuple):
    """An accelerator under the formats of weights and cache, and a runtime."""

    projection_s_per_flop: Value
    """Projections of attention: time per FLOP of a large product [s/FLOP]."""
    projection_bytes: Value
    """Bytes of a weight, its scales included [B]."""
    feed_s_per_flop: Value
    """The same of feed-forward blocks, shared experts included [s/FLOP]."""
    feed_bytes: Value
    feed_s_per_mn: Value
    """Time per output element of a product [s]."""
    feed_s_per_mk: Value
    """Time per element of the activations [s]."""
    expert_s_per_flop: Value
    """Grouped products of experts: time per FLOP [s/FLOP]."""
    expert_bytes: Value
    """Bytes of an expert's weight, its scales included [B]."""
    expert_s_per_token_element: Value
    """Time per element of a row that enters or leaves the experts [s]."""
    head_s_per_flop: Value
    """Output head, in bf16 [s/FLOP]."""
    weight_s_per_byte: Value
    """Weights read [s/B]."""
    expert_weight_s_per_byte: Value
    """Weights of touched experts read [s/B]."""
    cache_s_per_byte: Value
    """Keys and values read while decoding [s/B]."""
    stream_s_per_byte: Value
    """Elementwise traffic [s/B]."""
    cache_bytes: Value
    """Bytes of an element of keys and values [B]."""
    prompt_s_per_flop: Value
    """Attention core of prompts, per causal FLOP [s/FLOP]."""
    decode_s_per_flop: Value
    """Attention core of decoding, per FLOP [s/FLOP]."""
    attention_kernels_s: Value
    """Fixed time of the kernels of an attention block [s]."""
    dense_kernels_s: Value
    """The same of a dense feed-forward block [s]."""
    expert_kernels_s: Value
    """The same of an expert layer: routing, sorting, grouped products, sum [s]."""
    admitted: Value
    """Share of an answer whose cache is set aside when a request is let in [1]."""
    mixed: Value
    """1 where prompts and decoding share a pass, 0 where passes of prompts stand between [1]."""
    domain: Value
    """Accelerators in one scale-up domain [1]."""
    reduce_s: Value
    """Start of an all-reduce inside a domain [s]."""
    reduce_rank_s: Value
    """The same, for each further rank [s]."""
    flagged_s: Value
    """Start of an all-reduce whose flags travel with the data, for twice the bytes, or of an exchange [s]."""
    flagged_rank_s: Value
    """The same, for each further rank [s]."""
    far_s: Value
    """Start of an exchange that leaves the domain [s]."""
    far_exposed: Value
    """Share of an exchange outside of the domain that the other half of the batch does not hide [1]."""
    up_s_per_byte: Value
    """Scale-up network, one direction [s/B]."""
    out_s_per_byte: Value
    """Scale-out network, per accelerator, one direction [s/B]."""
    pass_s: Value
    """Host time of a pass that the accelerator waits for [s]."""
    sequence_s: Value
    """The same, for each sequence of the pass: sampling, detokenising, bookkeeping [s]."""
    skew: Value
    """How strongly uneven routing loads the busiest rank: 0 not at all, 1 as random routing does [1]."""
    lockstep: Value
    """Time that copies of attention wait for the busiest of them, over the pass, of many copies [1]."""
    hbm_bytes: Value
    """Memory of an accelerator [B]."""
    usable: Value
    """Share of what weights leave that the cache may take [1]."""
    reserved_bytes: Value
    """Taken by the runtime, graphs and workspaces [B]."""
