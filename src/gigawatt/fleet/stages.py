"""From shipments to stages: delivered, installed, commissioned, in service, retired.

Every stage is a cumulative count by site, system and month; the next stage is the one before it,
seen later by its lag. Conservation therefore holds by construction, and is checked all the same:

    delivered ≥ installed ≥ commissioned ≥ started ≥ retired,  in service = started − retired
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array

from .calendar import later

__all__ = ["Lags", "Stages", "stages_of"]


@dataclass(frozen=True, slots=True)
class Lags:
    """Whole months between stages; each an int array of shape (..., S).

    Attributes
    ----------
    order_to_delivery, delivered_to_installed, installed_to_commissioned, commissioned_to_service : array
        Months.
    """

    order_to_delivery: NDArray[np.int64]
    delivered_to_installed: NDArray[np.int64]
    installed_to_commissioned: NDArray[np.int64]
    commissioned_to_service: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stages:
    """Racks at each stage, arrays of shape (..., S, K, T) [rack].

    Attributes
    ----------
    ordered, delivered, installed, commissioned, started, retired : array
        Cumulative since before the start; racks that ran before it count in all but ordered.
    """

    ordered: Array
    delivered: Array
    installed: Array
    commissioned: Array
    started: Array
    retired: Array

    @property
    def in_service(self) -> Array:
        """Racks carrying work."""
        return self.started - self.retired

    @property
    def powered(self) -> Array:
        """Racks that hold power: installed and not retired."""
        return self.installed - self.retired

    def standing(self, stage: str) -> Array:
        """Racks that have reached a stage and are not retired.

        Parameters
        ----------
        stage : str
            delivered, installed, commissioned or in_service.
        """
        reached = {
            "delivered": self.delivered,
            "installed": self.installed,
            "commissioned": self.commissioned,
            "in_service": self.started,
        }[stage]
        return np.asarray(reached - self.retired)


def stages_of(
    shipped: Array,
    lags: Lags,
    life_months: NDArray[np.int64],
    standing_racks: Array,
    standing_months: NDArray[np.int64],
) -> Stages:
    """Follow shipments through all stages.

    Parameters
    ----------
    shipped : array, shape (..., S, K, T)
        Racks shipped to each site by month [rack].
    lags : Lags
        Months between stages by site.
    life_months : int array, shape (..., S, K) or (..., 1, K)
        Months in service until retirement.
    standing_racks : array, shape (..., S, K)
        Racks in service before the first month [rack].
    standing_months : int array, shape (..., S, K)
        Month index in which those retire.

    Returns
    -------
    Stages
    """
    months = shipped.shape[-1]
    to_installed = lags.delivered_to_installed[..., None]
    to_commissioned = to_installed + lags.installed_to_commissioned[..., None]
    to_service = to_commissioned + lags.commissioned_to_service[..., None]
    new = np.cumsum(shipped, axis=-1)
    base = standing_racks[..., None] + np.zeros(months)
    gone = np.where(np.arange(months) >= standing_months[..., None], base, 0.0)
    started = later(new, to_service)
    return Stages(
        ordered=later(new, -lags.order_to_delivery[..., None]),
        delivered=new + base,
        installed=later(new, to_installed) + base,
        commissioned=later(new, to_commissioned) + base,
        started=started + base,
        retired=later(started, life_months) + gone,
    )
