"""Training rate from an assumed model FLOP utilisation (MFU).

This is the seam at which a performance model takes over: the plan asks for the sustained rate of one
package by system and precision, with a band, and does not care how it was found. Here the answer is
peak × MFU, where the MFU is a range that the catalog sources and the plan marks as an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass

from gigawatt.core.arrays import Array

__all__ = ["SustainedRate", "sustained_rate", "training_compute"]


@dataclass(frozen=True, slots=True)
class SustainedRate:
    """Model FLOP/s of one package, by system; arrays of shape (..., K) [FLOP/s per package]."""

    low: Array
    central: Array
    high: Array


def sustained_rate(peak_flops: Array, mfu_low: Array, mfu: Array, mfu_high: Array) -> SustainedRate:
    """Peak × MFU, for the low end, the centre and the high end of the range.

    Parameters
    ----------
    peak_flops : array, shape (..., K)
        Dense peak of one package [FLOP/s].
    mfu_low, mfu, mfu_high : array, shape (..., K)
        Model FLOP utilisation [1].

    Returns
    -------
    SustainedRate
    """
    return SustainedRate(peak_flops * mfu_low, peak_flops * mfu, peak_flops * mfu_high)


def training_compute(active_parameters: float, tokens: float) -> float:
    """Training compute by the usual rule, 6 × active parameters × tokens [FLOP].

    References
    ----------
    J. Kaplan et al., Scaling Laws for Neural Language Models, arXiv:2001.08361, section 2.1. The rule
    leaves out attention over the context.

    Examples
    --------
    >>> training_compute(405.9e9, 15.6e12)
    3.799224e+25
    """
    return 6.0 * active_parameters * tokens
