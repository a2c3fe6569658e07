"""Goodput by the number of accelerators, as a fleet plan needs it: a curve with its cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.catalog import Catalog
from gigawatt.catalog.records import Architecture
from gigawatt.catalog.shapes import parameters
from gigawatt.core.arrays import Array

from .goodput import _hbm_bytes
from .model import CASES, evaluate
from .settings import RecoverySettings

__all__ = ["GoodputCurve", "goodput_curve"]

_made: dict[tuple[Any, ...], GoodputCurve] = {}


@dataclass(frozen=True)
class GoodputCurve:
    """Share of the time that is work kept, by accelerators.

    Attributes
    ----------
    counts : array, shape (n,)
        Accelerators [1].
    kept : array, shape (3, n)
        Low, central and high share [1].
    elastic : array, shape (n,)
        1 where replicas are dropped rather than the run started again, central case.
    """

    counts: Array
    kept: Array
    elastic: Array

    def fraction(self, counts: ArrayLike) -> Array:
        """Low, central and high share at any counts, straight in the logarithm between those computed.

        Parameters
        ----------
        counts : array, shape (...)
            Accelerators [1].

        Returns
        -------
        array, shape (3, ...) [1]
        """
        at = np.log(np.maximum(np.asarray(counts, dtype=float), 1.0))
        return np.stack([np.interp(at, np.log(self.counts), row) for row in self.kept])


def goodput_curve(
    catalog: Catalog,
    architecture: Architecture,
    system_id: str,
    settings: RecoverySettings | None = None,
) -> GoodputCurve:
    """Goodput of training a model on a system, from 8 accelerators to 5 million.

    Parameters
    ----------
    catalog : Catalog
        Rates and figures; the system's memory.
    architecture : Architecture
        The model, whose parameters say how large a checkpoint is.
    system_id : str
        Catalog system.
    settings : RecoverySettings, optional
        What is chosen about recovery; everything at its best by default.

    Raises
    ------
    InputError
        E701 for a system without a memory.
    """
    settings = settings or RecoverySettings()
    weights = float(parameters(architecture).total)
    hbm = _hbm_bytes(catalog, system_id)
    name = (catalog.hash, weights, hbm, repr(settings))
    if name not in _made:
        counts = np.geomspace(8.0, 5e6, 61)
        found = [
            evaluate(catalog.reliability, counts, weights, hbm, settings, case) for case in CASES
        ]
        central = found[1]
        kept = np.stack(
            [
                np.minimum(found[0].kept, central.kept),
                central.kept,
                np.maximum(found[2].kept, central.kept),
            ]
        )
        _made[name] = GoodputCurve(counts, kept, central.elastic)
    return _made[name]
