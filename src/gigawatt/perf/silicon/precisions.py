"""What the tables call a precision, and how many bytes its numbers have."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ELEMENT_BYTES", "NAMES"]

NAMES: Mapping[str, str] = {
    "bf16": "bfloat16",
    "fp8": "fp8",
    "fp8_block": "fp8_block",
    "nvfp4": "nvfp4",
    "mxfp4_bf16": "w4a16_mxfp4",
    "mxfp4_mxfp8": "w4a8_mxfp4_mxfp8",
    "int4_bf16": "int4_wo",
}
"""Precision (of weights, and of activations where it differs) → name in the tables."""

ELEMENT_BYTES: Mapping[str, float] = {
    "bf16": 2.0,
    "fp8": 1.0,
    "fp8_block": 1.0,
    "nvfp4": 0.5625,
    "mxfp4_bf16": 0.53125,
    "mxfp4_mxfp8": 0.53125,
    "int4_bf16": 0.53125,
}
"""Bytes of an element, of a weight where the two differ, with its share of 4-bit block scales [B]."""
