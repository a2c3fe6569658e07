"""Elastic continuation: a replica that fails is dropped, the others go on, and it comes back later.

Every drop stops all replicas until it is noticed and they have regrouped. What restarts the whole run is
not known here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["Dropping", "dropping"]


class Dropping(NamedTuple):
    """A run that drops replicas, each field an array over runs."""

    going: Array
    """Share of the time in which work goes on [1]."""
    absent: Array
    """Share of replicas that are away [1]."""

    @property
    def efficiency(self) -> Array:
        """Work per time over that without failures [1]."""
        return self.going * (1.0 - self.absent)


def dropping(rate_per_s: Array, stall_s: Array, rejoin_s: Array, replicas: Array) -> Dropping:
    """Shares of a run that drops replicas.

    Parameters
    ----------
    rate_per_s : array
        Failures of a replica, over all of them [1/s].
    stall_s : array
        Stop of all replicas for one; another in between starts it again [s].
    rejoin_s : array
        Until the replica trains again [s].
    replicas : array
        Replicas [1].

    Notes
    -----
    Each replica is present for ``g/λ`` on average and away for T: ``absent = λ T / (g + λ T)``. Present ones
    fail at ``λ (1 − absent)`` together, and work goes on while none has failed within the last s:
    ``going = exp(−λ (1 − absent) s)``.

    Examples
    --------
    >>> run = dropping(np.array(1 / 1080), 70.0, 600.0, np.array(24.0))
    >>> float(run.going.round(3)), float(run.absent.round(4))
    (0.939, 0.0226)
    """
    absent = rate_per_s * rejoin_s / (replicas + rate_per_s * rejoin_s)
    return Dropping(
        np.exp(-np.minimum(rate_per_s * (1.0 - absent) * stall_s, 200.0)), np.asarray(absent)
    )
