"""Why a campaign never starts, in words: the first of what stands in its way, and by how much it misses.

From what lasts to what passes: what it waits for, its places, the systems that stand there, their time, its
share, its count, and last what claims before it hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.scenario import Scenario
from gigawatt.workload.claims import Campaign
from gigawatt.workload.training import Track

from .build import Built
from .inputs import Inputs

__all__ = ["why_never"]

_CENTRAL = 1


def why_never(
    scenario: Scenario, inputs: Inputs, built: Built, campaign: Campaign, track: Track
) -> str:
    """What keeps a campaign from ever starting in the central case, as part of a sentence."""
    return _Case(scenario, inputs, built, campaign, track).words()


@dataclass(frozen=True)
class _Case:
    """One campaign that never starts."""

    scenario: Scenario
    inputs: Inputs
    built: Built
    campaign: Campaign
    track: Track

    def words(self) -> str:
        """The first reason that there is."""
        if self.track.waits:
            return self._waits()
        works = [speed is not None for speed in self.campaign.speeds]
        there = self.there.sum(axis=1)  # machine × month
        able = [m for m, speed in enumerate(works) if speed and there[m].any()]
        if not able:
            return self._nothing_able(bool(any(works)))
        begun = [m for m in able if there[m, self.begin :].any()]
        if not begun:
            return self._over(able)
        fitting = [m for m in begun if self._least(m) <= self.campaign.count]
        if not fitting:
            least = min(self._least(m) for m in begun)
            return (
                f"its cluster is too small: the memory of the model needs at least {least:,.0f} packages, "
                f"and its count is {self.campaign.count:,.0f}, {least - self.campaign.count:,.0f} too few"
            )
        if all(self._least(m) > self.free[m] for m in fitting):
            return self._no_room(min(fitting, key=lambda m: self._least(m) - self.free[m]))
        return self._not_at_once()

    @cached_property
    def there(self) -> Array:
        """Packages in service at its places, shape (M, P, T)."""
        return np.asarray(self.built.machines.capacity * self.campaign.places[:, None])

    @cached_property
    def free(self) -> Array:
        """Most packages of each machine that are ever free to one cluster, shape (M,)."""
        most = self.track.most
        return np.zeros(len(self.campaign.speeds)) if most is None else most

    @cached_property
    def begin(self) -> int:
        """Month in which it could start."""
        tracks = self.built.placed.placement.campaigns
        ends = [tracks[other][_CENTRAL].finish for other in self.campaign.after]
        return int(max([self.campaign.earliest, *ends]))

    @property
    def where(self) -> str:
        """The places that make one cluster."""
        return "one place" if self.campaign.one else "all its places"

    def _least(self, machine: int) -> float:
        speed = self.campaign.speeds[machine]
        return float("inf") if speed is None else max(speed.least, 1.0)

    def _waits(self) -> str:
        tracks = self.built.placed.placement.campaigns
        months = self.inputs.horizon.months
        late = [o for o in self.campaign.after if not tracks[o][_CENTRAL].finish < months]
        return f"it waits for {', '.join(late) or 'its first month'}, which is not finished in time"

    def _nothing_able(self, elsewhere: bool) -> str:
        """No machine at its places ever trains it."""
        machines, rates = self.built.machines, self.built.rates[self.campaign.name]
        run = self.scenario.spec.workloads.training[self.campaign.name]
        if not self.campaign.places.any() and isinstance(run.campus, tuple):
            return (
                f"{', '.join(run.campus)} states no system, and without one nobody knows what would work "
                "there"
            )
        standing = [machines.labels[m] for m in np.flatnonzero(self.there.any(axis=(1, 2)))]
        words = "; ".join(f"{key}: {rates[key].why.rstrip('.') or 'no peak'}" for key in standing)
        if not standing:
            words = f"nothing is ever in service {'there' if elsewhere else 'in the fleet'}"
        if elsewhere:
            return f"no system at its places can train it ({words})"
        return f"no system of the fleet can train it ({words})"

    def _over(self, able: list[int]) -> str:
        """What could train it is gone before it may start."""
        there = self.there[able].sum(axis=(0, 1))
        last = int(np.flatnonzero(there)[-1])
        names = ", ".join(self.built.machines.labels[m] for m in able)
        start, month = self.inputs.horizon.start, self.begin - last
        return (
            f"it can start in {start + self.begin} at the earliest, and the last {names} at its places are "
            f"there in {start + last}, {month} month{'' if month == 1 else 's'} before"
        )

    def _no_room(self, m: int) -> str:
        """No machine has as many packages free as hold the model: of the one that misses least."""
        label, least, share = self.built.machines.labels[m], self._least(m), self.campaign.share
        there = self.there[m, :, self.begin :]
        whole = float(self._size(there).max(initial=0.0))
        most = float(self._size(np.floor(there * share + 1e-6)).max(initial=0.0))
        need = f"its memory needs {least:,.0f}"
        if most >= least:
            return (
                f"claims before it hold all but {self.free[m]:,.0f} of {most:,.0f} packages of {label} on "
                f"{self.where}; {need}"
            )
        if whole >= least:
            return (
                f"its share is too small: {100.0 * share:.4g} % of {whole:,.0f} packages of {label} on "
                f"{self.where} is {most:,.0f}; {need}, {least - most:,.0f} more"
            )
        return (
            f"its memory needs at least {least:,.0f} packages of {label} in one cluster; at most "
            f"{self.free[m]:,.0f} are ever free to it on {self.where}, {least - self.free[m]:,.0f} too few"
        )

    def _size(self, there: Array) -> Array:
        """Packages of a cluster, of shape (P, T) at each place."""
        return there if self.campaign.one else np.asarray(there.sum(axis=0))

    def _not_at_once(self) -> str:
        """Each machine has room for the model, but all together not for the count."""
        count, most = self.campaign.count, self.track.most_at_once
        if np.isfinite(count) and most < count:
            return (
                f"its cluster of {count:,.0f} packages must be there at once; at most {most:,.0f} are ever "
                f"free to it on {self.where}, {count - most:,.0f} too few"
            )
        return (
            f"its cluster of {count:,.0f} packages must be there at once, and what is free on {self.where} "
            "does not make it up: each machine needs enough packages to hold the model by itself"
        )
