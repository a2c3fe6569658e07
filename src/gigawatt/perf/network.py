"""What data parallelism and the pipeline pay per byte: cost coefficients for one arrangement of ranks.

Ranks are numbered with tensor parallelism innermost, then context, then data parallelism, the pipeline
outermost; experts are spread over the tensor, context and data-parallel ranks of one stage. Groups of
neighbours stay inside a scale-up domain as far as they fit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .collectives import _spread, all_gather, all_reduce, members
from .machine import Machine, Value

__all__ = ["Network", "network"]


class Network(NamedTuple):
    """Seconds per byte, and seconds per message, of the collectives that a step ends with."""

    gather_s_per_byte: Value
    """All-gather or reduce-scatter of shared parameters over data and context parallelism [s/B]."""
    gather_latency_s: Value
    reduce_s_per_byte: Value
    """All-reduce of the same [s/B]."""
    reduce_latency_s: Value
    shard_s_per_byte: Value
    """All-gather within the sharding group of hybrid sharding, one domain [s/B]."""
    shard_ranks: Value
    """Ranks of that group [1]."""
    replica_s_per_byte: Value
    """All-reduce between those groups [s/B]."""
    expert_gather_s_per_byte: Value
    expert_reduce_s_per_byte: Value
    data_ranks: Value
    """Ranks that share the optimizer of shared parameters [1]."""
    expert_ranks: Value
    """Ranks that share the optimizer of experts [1]."""
    hop_s_per_byte: Value
    """To the next pipeline stage [s/B]."""
    hop_latency_s: Value


def network(
    m: Machine, tp: Value, cp: Value, pp: Value, dp: Value, ep: Value, etp: Value
) -> Network:
    """Cost coefficients of an arrangement of ranks; broadcasts over all of them."""
    data = dp * cp
    gather, ring, tree = _spread(m, tp, data)
    latency = np.minimum(ring, tree)
    expert = np.maximum(tp * data / (ep * etp), 1.0)
    expert_stride = np.maximum(ep * etp, 1.0)
    within = members(m.domain, tp, data)
    shard, _, _ = _spread(m, tp, within)
    replicas = data / within
    stage = tp * data
    near = stage < m.domain
    mid = stage < m.building
    hop = np.where(near, m.up_s_per_byte, np.where(mid, m.out_s_per_byte, m.building_s_per_byte))
    hop_latency = np.where(
        near, m.up_latency_s, np.where(mid, m.out_latency_s, m.building_latency_s)
    )
    return Network(
        gather_s_per_byte=gather,
        gather_latency_s=latency,
        reduce_s_per_byte=all_reduce(m, 1.0, data, tp) - all_reduce(m, 0.0, data, tp),
        reduce_latency_s=2.0 * latency,
        shard_s_per_byte=shard,
        shard_ranks=within,
        replica_s_per_byte=all_reduce(m, 1.0, replicas, tp * within)
        - all_reduce(m, 0.0, replicas, tp * within),
        expert_gather_s_per_byte=all_gather(m, 1.0, expert, expert_stride)
        - all_gather(m, 0.0, expert, expert_stride),
        expert_reduce_s_per_byte=all_reduce(m, 1.0, expert, expert_stride)
        - all_reduce(m, 0.0, expert, expert_stride),
        data_ranks=data,
        expert_ranks=expert,
        hop_s_per_byte=hop,
        hop_latency_s=hop_latency,
    )
