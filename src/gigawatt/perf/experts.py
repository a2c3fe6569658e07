"""Experts on one rank: their grouped products, the routing around them, their weights.

Every rank routes its share of the tokens and receives, balanced, as many as it sends. The surface of the
grouped products holds what happens inside an expert layer (sorting, activation, casts, weighted sum); the
copies out of and into the residual stream, and the router's scores, are counted here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .machine import Machine, Value
from .operations import Split
from .shape import Shape

__all__ = ["Experts", "experts"]

_COPIES_BYTES = 12.0
"""A routed token is copied out, sent and received, and the same on the way back, 2 bytes a touch [B]."""
_SCORE_BYTES = 40.0
"""Scores, masks and maps of a token for an expert, mostly in single precision [B]."""


class Experts(NamedTuple):
    """Experts of one layer on one rank."""

    routed: Value
    """Token copies that the rank's experts work on [1]."""
    local: Value
    """Experts on the rank [1]."""
    width: Value
    """Inner width of one expert on the rank [1]."""
    weights: Value
    """Weights of the experts on the rank [1]."""
    grouped_s: Value
    """Grouped products forward; twice that backward [s]."""
    permute_s: Value
    """Routing and copies, each pass [s]."""
    flops: Value
    """Forward [FLOP]."""
    entering: Value
    """Elements that enter and leave the products [1]."""


def experts(m: Machine, shape: Shape, cut: Split) -> Experts:
    """Time and sizes of one expert layer; all zero without experts."""
    balanced = cut.tokens * shape.top_k * cut.etp / cut.tp
    routed = balanced * cut.imbalance
    local = np.maximum(shape.experts / cut.ep, 1.0)
    matrices = 2.0 + shape.gated
    width = shape.expert_ffn / cut.etp
    weights = local * matrices * shape.expert_width * width
    per_token = 2.0 * matrices * shape.expert_width * width
    grouped = (
        m.grouped_launch_s
        + routed * per_token * m.grouped_s_per_flop
        + weights * m.grouped_s_per_weight
        + routed * shape.expert_width * m.grouped_s_per_token_element
    )
    arriving = cut.part * shape.top_k * shape.expert_width
    moved = _COPIES_BYTES * arriving + _SCORE_BYTES * cut.part * shape.experts
    return Experts(
        routed=routed,
        local=local,
        width=width,
        weights=weights,
        grouped_s=grouped,
        permute_s=m.permute_traffic * moved * m.hbm_s_per_byte,
        flops=balanced * per_token,
        entering=routed * (2.0 * shape.expert_width + matrices * width),
    )
