"""What data parallelism and the pipeline pay per byte: cost coefficients for one arrangement of ranks.

Ranks are numbered with tensor parallelism innermost, then context, then data parallelism, the pipeline
outermost; experts are spread over the tensor, context and data-parallel ranks of one stage. Groups of
neighbours stay inside a scale-up domain as far as they fit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .collectives import reduce_s_per_byte, spread_of
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
    shard_latency_s: Value
    shard_ranks: Value
    """Ranks of that group [1]."""
    replica_s_per_byte: Value
    """All-reduce between those groups [s/B]."""
    replica_latency_s: Value
    expert_gather_s_per_byte: Value
    """All-gather or reduce-scatter of experts' parameters over the ranks that hold the same [s/B]."""
    expert_gather_latency_s: Value
    expert_reduce_s_per_byte: Value
    """All-reduce of the same [s/B]."""
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
    """Cost coefficients of an arrangement of ranks; broadcasts over all of them.

    Notes
    -----
    On several campuses each holds whole replicas, all their stages among them: the members of a data-parallel
    group that share a campus are counted on its share of one stage, and stages never hand over between
    campuses. Stages hand over all at once, so the slowest border between two of them sets the pace: that
    of a domain or of a building, unless the whole job lies in one.
    """
    data = dp * cp
    m = m._replace(campus=m.campus / pp)
    group = spread_of(m, tp, data)
    within = group.domain
    shard, replica = spread_of(m, tp, within), data / within
    between = spread_of(m, tp * within, replica)
    expert = np.maximum(tp * data / (ep * etp), 1.0)
    of_experts = spread_of(m, np.maximum(ep * etp, 1.0), expert)
    job = tp * data * pp
    near, mid = job <= m.domain, job <= m.building
    hop = np.where(near, m.up_s_per_byte, np.where(mid, m.out_s_per_byte, m.building_s_per_byte))
    hop_latency = np.where(
        near, m.up_latency_s, np.where(mid, m.out_latency_s, m.building_latency_s)
    )
    return Network(
        gather_s_per_byte=group.s_per_byte,
        gather_latency_s=group.latency_s,
        reduce_s_per_byte=reduce_s_per_byte(m, group),
        reduce_latency_s=2.0 * group.latency_s,
        shard_s_per_byte=shard.s_per_byte,
        shard_latency_s=shard.latency_s,
        shard_ranks=within,
        replica_s_per_byte=reduce_s_per_byte(m, between),
        replica_latency_s=2.0 * between.latency_s,
        expert_gather_s_per_byte=of_experts.s_per_byte,
        expert_gather_latency_s=of_experts.latency_s,
        expert_reduce_s_per_byte=reduce_s_per_byte(m, of_experts),
        data_ranks=data,
        expert_ranks=expert,
        hop_s_per_byte=hop,
        hop_latency_s=hop_latency,
    )
