"""Number formats of a served model: projections, feed-forward blocks, experts, cache.

A name such as fp8 or nvfp4 says what most weights are stored in. Which parts follow it, and at which rate
they multiply on a chip, are rules of the published checkpoints, written down here once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gigawatt.perf.chip import Chip
from gigawatt.perf.shape import Shape

__all__ = ["FORMATS", "Format", "Formats", "ServingPrecision", "formats_of"]

ServingPrecision = Literal["bf16", "fp8", "fp8_block", "fp4", "mxfp4"]
FORMATS: tuple[ServingPrecision, ...] = ("bf16", "fp8", "fp8_block", "fp4", "mxfp4")


@dataclass(frozen=True, slots=True)
class Format:
    """How a part's weights are stored and multiplied.

    Attributes
    ----------
    bytes : float
        Of a weight, its share of block scales included [B].
    rate : str
        Kernel table whose rate applies: bf16, fp8, fp8_block or nvfp4.
    """

    bytes: float
    rate: str


@dataclass(frozen=True, slots=True)
class Formats:
    """Formats of the parts of a model, and of its cache.

    Attributes
    ----------
    projections, feed, experts : Format
        Projections of attention; dense and shared feed-forward blocks; experts.
    cache_bytes : float
        Of an element of keys and values [B].
    """

    projections: Format
    feed: Format
    experts: Format
    cache_bytes: float


_BF16 = Format(2.0, "bf16")
_BYTES = {"fp8": 1.0, "fp8_block": 1.0, "fp4": 0.5625, "mxfp4": 0.53125}


def formats_of(chip: Chip, shape: Shape, precision: str, cache: str = "") -> Formats:
    """Formats of a model's parts on a chip.

    Parameters
    ----------
    chip : Chip
        Accelerator; a narrow format that it cannot multiply in is widened on the way from memory.
    shape : Shape
        The model.
    precision : str
        bf16, fp8 (a scale for each tensor or channel), fp8_block (for each block), fp4 (nvfp4, or mxfp4 on
        AMD), mxfp4 (experts alone, all else in bf16, as gpt-oss is published).
    cache : str
        bf16 or fp8; left out, fp8 where weights are fp8 or fp4 and attention is not latent.

    Notes
    -----
    Four-bit checkpoints of models with latent attention keep their projections in bf16 (NVIDIA's and
    AMD's of DeepSeek-R1: experts and feed-forward blocks alone are quantised).
    """
    main = _BF16 if precision == "bf16" else Format(_BYTES[precision], _rate(chip, precision))
    latent = bool(shape.latent)
    projections = feed = main
    if precision == "mxfp4":
        projections = feed = _BF16
    elif precision == "fp4" and latent:
        projections = _BF16
    narrow = precision in {"fp8", "fp8_block", "fp4"}
    wide = cache == "bf16" or (not cache and (latent or not narrow))
    return Formats(projections, feed, main, 2.0 if wide else 1.0)


def _rate(chip: Chip, precision: str) -> str:
    """Table whose rate applies: the format's own where the chip multiplies in it, else the next wider."""
    if precision in {"fp4", "mxfp4"}:
        return "nvfp4" if "nvfp4" in chip.peak else "bf16"
    return precision if "fp8" in chip.peak else "bf16"
