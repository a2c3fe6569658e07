"""The two ends of a model: the input table before the first layer, the output head and loss after the last."""

from __future__ import annotations

from typing import NamedTuple

from .machine import Machine, Value
from .operations import BF16, Split, gemm
from .shape import Shape

__all__ = ["Ends", "ends"]


class Ends(NamedTuple):
    """Input table and output head on one rank, per microbatch."""

    embed_s: Value
    """Looking tokens up, and adding gradients into the table [s]."""
    head_forward_s: Value
    """Output product, softmax and loss [s]."""
    head_backward_s: Value
    """Gradients of the output product, softmax and loss [s]."""
    head_parameters: Value
    """Parameters of one table on a rank [1]."""
    tied: Value
    """1 where both tables are one [1]."""
    head_bytes: Value
    """Logits and their gradients while a microbatch is in the last stage [B]."""
    extra_layers: Value
    """Layers beside the head that predict further tokens [1]."""
    flops: Value
    """Model FLOP of the head, forward and backward [FLOP]."""


def ends(m: Machine, shape: Shape, cut: Split) -> Ends:
    """Time and memory of the two ends.

    The head runs in bf16 whatever the training precision; the loss reads and writes the logits in
    single precision.
    """
    tokens = cut.microbatch * cut.sequence / cut.cp
    columns = shape.vocab / cut.tp
    logits = tokens * columns
    forward = gemm(m, tokens, columns, shape.hidden, half=True)
    forward = forward + 10.0 * logits * m.logit_traffic * m.hbm_s_per_byte
    backward = (
        gemm(m, tokens, shape.hidden, columns, half=True)
        + gemm(m, columns, shape.hidden, tokens, half=True)
        + 6.0 * logits * m.logit_traffic * m.hbm_s_per_byte
    )
    passes = 1.0 + shape.predictions
    return Ends(
        embed_s=6.0 * tokens * shape.hidden * BF16 * m.hbm_s_per_byte + 4.0 * m.kernel_s,
        head_forward_s=passes * (forward + 6.0 * m.kernel_s),
        head_backward_s=passes * (backward + 6.0 * m.kernel_s),
        head_parameters=columns * shape.hidden,
        tied=shape.tied + 0.0 * columns,
        head_bytes=passes * 6.0 * logits,
        extra_layers=shape.predictions,
        flops=passes * 6.0 * logits * shape.hidden,
    )
