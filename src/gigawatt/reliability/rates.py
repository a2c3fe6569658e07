"""How often a run is interrupted, by the checkpoint that survives it, from rates of components.

Rates of the one generation with published counts are carried over to others: a package fails as a
package, memory in proportion to its size. The rate of an accelerator grows with the size of the run,
by an exponent between two published runs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gigawatt.catalog.reliability import Reliability
from gigawatt.core.arrays import Array

__all__ = ["Interruptions", "interruptions"]

TIERS = ("memory", "local", "shared")


class Interruptions(NamedTuple):
    """Interruptions of a run in an hour, each field an array over runs."""

    memory: Array
    """That the memory of a peer survives [1/h]."""
    local: Array
    """That disks of the node survive [1/h]."""
    shared: Array
    """That only shared storage survives [1/h]."""
    hardware: Array
    """Of all, those of hardware [1/h]."""

    @property
    def total(self) -> Array:
        """All of them [1/h]."""
        return self.memory + self.local + self.shared

    @property
    def mtti_hours(self) -> Array:
        """Mean time to an interruption [h]."""
        return 1.0 / self.total


def interruptions(
    record: Reliability, count: Array, hbm_gb: float, growth: float, young: float
) -> Interruptions:
    """Interruptions of runs of a number of accelerators.

    Parameters
    ----------
    record : Reliability
        Rates by component.
    count : array
        Accelerators of a run [1].
    hbm_gb : float
        Memory of an accelerator [GB].
    growth : float
        Exponent of the rate of an accelerator in the size of the run, above the run that rates are of [1].
    young : float
        Rate of this fleet over that of the record [1].

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> rate = interruptions(Catalog().reliability, np.array(16384.0), 80.0, 0.0, 1.0)
    >>> float(round(rate.total * 24 * 54))
    419.0
    """
    size = np.maximum(count / record.packages, 1.0) ** growth * young * count
    each = dict.fromkeys(TIERS, 0.0)
    hardware = 0.0
    for failure in record.failures.values():
        rate = failure.per_package_hour
        if failure.grows_with == "hbm":
            rate *= hbm_gb / record.hbm_gb
        each[failure.tier] += rate
        hardware += rate if failure.hardware else 0.0
    by_tier = {tier: np.asarray(each[tier] * size) for tier in TIERS}
    return Interruptions(**by_tier, hardware=np.asarray(hardware * size))
