"""How often a run is interrupted: rates of components, added up by what survives.

Knows sizes of runs and the checkpoint that outlives each failure; what a failure costs is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["TIERS", "Component", "Rates", "growth_factor", "interruption_rates"]

TIERS = ("memory", "local", "shared")
"""Places of checkpoints, the quickest first; a failure that one survives, all later ones survive."""


class Component(NamedTuple):
    """Interruptions by one component of an accelerator and its share of everything around it."""

    per_hour: float
    """Interruptions for each accelerator and hour, in a run of the size that they were counted on [1/h]."""
    tier: str
    """Nearest checkpoint that survives."""
    drains: bool
    """Whether a node may have to leave."""
    whole_run: float
    """Share that stops every replica [1]."""


class Rates(NamedTuple):
    """Interruptions of a run, each field an array over runs [1/s]."""

    memory: Array
    """That the memory of a peer survives."""
    local: Array
    """That disks of the node survive, and memory does not."""
    shared: Array
    """That only shared storage survives."""
    draining: Array
    """Of all, those after which a node may have to leave."""
    whole_run: Array
    """Of all, those that stop every replica."""

    @property
    def total(self) -> Array:
        """All of them [1/s]."""
        return self.memory + self.local + self.shared


def growth_factor(count: Array, reference: float, exponent: Array, largest: Array) -> Array:
    """Rate of an accelerator in a run over that in a run of the reference size.

    Parameters
    ----------
    count : array
        Accelerators of the run [package].
    reference : float
        Accelerators of the run that rates were counted on [package].
    exponent : array
        Growth: doubling the run multiplies the rate of each by 2 to this power [1].
    largest : array
        Size at which the growth ends [package].

    Notes
    -----
    ``(clip(n, n₀, n₁) / n₀)^γ``. Smaller runs keep the rate of the reference.

    Examples
    --------
    >>> float(growth_factor(np.array(100_000.0), 16384.0, 0.29, 131072.0).round(3))
    1.69
    """
    return np.asarray(
        (np.clip(count, reference, np.maximum(largest, reference)) / reference) ** exponent
    )


def interruption_rates(
    components: Mapping[str, Component],
    count: Array,
    *,
    reference: float,
    fleet: Array,
    growth: Array,
    growth_to: Array,
    whole_run: Array,
) -> Rates:
    """Interruptions of runs.

    Parameters
    ----------
    components : mapping
        By name.
    count : array
        Accelerators that work [package].
    reference : float
        Accelerators of the run that the rates were counted on [package].
    fleet : array
        Rate of this fleet over that [1].
    growth, growth_to : array
        See `growth_factor`.
    whole_run : array
        Factor on the shares that stop every replica [1].

    Examples
    --------
    >>> llama = {"all": Component(419 / (54 * 24 * 16384), "shared", False, 0.1)}
    >>> rates = interruption_rates(
    ...     llama, np.array(16384.0), reference=16384.0, fleet=1.0, growth=0.29, growth_to=131072.0,
    ...     whole_run=1.0,
    ... )
    >>> float((rates.total * 86400).round(2))
    7.76
    """
    size = growth_factor(count, reference, growth, growth_to) * fleet * count / 3600.0
    parts = components.values()
    by_tier = {tier: sum(part.per_hour for part in parts if part.tier == tier) for tier in TIERS}
    draining = sum(part.per_hour for part in parts if part.drains)
    everything = sum(
        (part.per_hour * np.minimum(part.whole_run * whole_run, 1.0) for part in parts),
        np.zeros(()),
    )
    return Rates(
        memory=np.asarray(by_tier["memory"] * size),
        local=np.asarray(by_tier["local"] * size),
        shared=np.asarray(by_tier["shared"] * size),
        draining=np.asarray(draining * size),
        whole_run=np.asarray(everything * size),
    )
