"""How far a predicted step may be from a measured one: the band that every answer carries.

The figures are those of measured runs whose source took no part in the calibration; outside of what was
measured they are widened by judgement, and so they are where kernels were carried over. This is the one
place that knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from gigawatt.catalog import Catalog

from .chip import Chip

__all__ = ["Band", "error_band"]

_CARRIED_OVER = 1.5
_OUTSIDE = 1.3


class Band(NamedTuple):
    """Multipliers of a step time between which four of five measured ones are expected [1]."""

    low: float
    high: float

    def wider(self, factor: float) -> Band:
        """The band with its logarithms stretched.

        Examples
        --------
        >>> Band(0.5, 2.0).wider(2.0)
        Band(low=0.25, high=4.0)
        """
        return Band(self.low**factor, self.high**factor)


def error_band(chip: Chip, moe: bool, precision: str, outside: bool) -> Band:
    """Band of a prediction.

    Parameters
    ----------
    chip : Chip
        Whose generation was measured, and whether its kernels were.
    moe : bool
        Whether the model has experts.
    precision : str
        Training precision; all share a band for now.
    outside : bool
        Whether the strategy or the job lies outside of what was measured.

    Notes
    -----
    The shipped calibration keeps the 10th and 90th percentile of measured over predicted step time by
    architecture and type. A type that was never measured on an architecture takes the widest of its type.
    """
    bands = _measured()
    kind = "moe" if moe else "dense"
    own = bands.get(f"{chip.level} {kind}")
    if own is None:
        same = [band for name, band in bands.items() if name.endswith(kind)]
        own = Band(min(b.low for b in same), max(b.high for b in same))
    if not chip.measured:
        own = own.wider(_CARRIED_OVER)
    return own.wider(_OUTSIDE) if outside else own


@cache
def _measured() -> Mapping[str, Band]:
    found = Catalog().training_calibration.bands
    return {name: Band(band.low, band.high) for name, band in found.items()}
