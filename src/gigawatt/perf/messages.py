"""Messages inside a layer that computation does not hide: tensor, context and expert parallelism."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .collectives import all_gather, all_reduce, all_to_all, members
from .experts import Experts
from .machine import Machine, Value
from .operations import BF16, Split, shared_layers
from .shape import Shape

__all__ = ["Messages", "messages"]


class Messages(NamedTuple):
    """Exposed messages of all layers on one rank, forward."""

    tp_s: Value
    cp_s: Value
    ep_s: Value
    kernels: Value
    """Kernels issued for them [1]."""


def messages(
    m: Machine, shape: Shape, cut: Split, expert: Experts, core_forward_s: Value
) -> Messages:
    """Exposed time of the messages of a forward pass.

    Parameters
    ----------
    m, shape, cut : Machine, Shape, Split
        Accelerator, model, cut.
    expert : Experts
        Experts of one layer on the rank.
    core_forward_s : float
        Attention cores, behind which the exchange of keys and values hides [s].
    """
    blocks = shape.full + shape.sliding + shape.dense + shape.mamba + shared_layers(shape)
    several = np.asarray(cut.tp) > 1
    return Messages(
        tp_s=_tensor(m, shape, cut, blocks),
        cp_s=_context(m, shape, cut, core_forward_s),
        ep_s=_expert(m, shape, cut) * np.where(np.asarray(cut.ep) > 1, 1.0, 0.0),
        kernels=np.where(several, 2.0 * blocks, 0.0) + m.expert_kernels * expert.local * shape.moe,
    )


def _tensor(m: Machine, shape: Shape, cut: Split, blocks: Value) -> Value:
    """A block ends in a sum over its ranks; with sequence parallelism it starts with a gather instead.

    Experts that are cut gather their tokens and scatter their sums.
    """
    message = cut.tokens * shape.hidden * BF16
    one = np.where(
        np.asarray(cut.sequence_parallel) > 0,
        2.0 * all_gather(m, message, cut.tp, 1.0),
        all_reduce(m, message, cut.tp, 1.0),
    )
    exposed = np.where(np.asarray(cut.tp_overlap) > 0, m.tp_exposed, 1.0)
    dense = np.where(np.asarray(cut.tp) > 1, blocks * (one * exposed + m.tp_stall_s), 0.0)
    routed = cut.tokens * shape.top_k / cut.tp * cut.etp * shape.expert_width * BF16
    inside = 2.0 * all_gather(m, routed, cut.etp, 1.0) * exposed
    return dense + np.where(np.asarray(cut.etp) > 1, shape.moe * inside, 0.0)


def _context(m: Machine, shape: Shape, cut: Split, core_forward_s: Value) -> Value:
    """Every rank comes by the keys and values of the whole sequence while its core computes."""
    kv = np.maximum(shape.kv_heads / cut.tp, 1.0)
    held = cut.microbatch * cut.sequence * kv * (shape.qk_dim + shape.v_dim) * BF16
    exchange = (shape.full + shape.sliding) * all_gather(m, held, cut.cp, cut.tp)
    beyond = np.maximum(exchange - (1.0 - m.cp_exposed) * core_forward_s, m.cp_exposed * exchange)
    return np.where(np.asarray(cut.cp) > 1, beyond, 0.0)


def _expert(m: Machine, shape: Shape, cut: Split) -> Value:
    """Dispatch and combination.

    A token goes once to each rank, and once across to each domain, that holds one of its experts:
    ``n (1 - (1 - 1/n)^k)`` of n for k experts drawn evenly.
    """
    stride = np.maximum(cut.etp, 1.0)
    domains = np.maximum(cut.ep / members(m.domain, stride, cut.ep), 1.0)
    chosen = np.maximum(shape.top_k, 1.0)
    copies = cut.ep * (1.0 - (1.0 - 1.0 / cut.ep) ** chosen)
    reached = domains * (1.0 - (1.0 - 1.0 / domains) ** chosen)
    across = np.where(domains > 1, reached / copies, 1.0)
    sent = cut.tokens / cut.tp * copies * shape.expert_width * BF16 * cut.imbalance
    both = 2.0 * all_to_all(m, sent, cut.ep, stride, across)
    return shape.moe * (both * m.ep_exposed + m.ep_stall_s)
