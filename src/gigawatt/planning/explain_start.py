"""What binds the start of a campaign: its own month, those it waits for, capacity, or claims before it.

Reads a finished plan. What claims hold is kept for the central case alone, as the mean of a month.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.scenario.demands import TrainingCampaign

from .calendar import day_begun, day_ended
from .claims import names_in_order
from .explanation import END, Explanation

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["start_bound", "start_nodes"]

_MOST = 8
_SOON = 1e-9
"""Part of a month that is none of it."""


def start_nodes(plan: Plan, labels: Mapping[str, str]) -> list[Explanation]:
    """What a start rests on: ends of what it waits for, capacity it may use, and what claims before it hold."""
    if "campaign" not in labels:
        return []
    start = _Start(plan, labels["campaign"], labels.get("case", "central"))
    return [*start.waited_for(), *start.capacity_nodes(), *start.claim_nodes()]


def start_bound(plan: Plan, labels: Mapping[str, str]) -> str:
    """Which of them a start waited for, in words; empty for a campaign that never starts."""
    return _Start(plan, labels["campaign"], labels.get("case", "central")).bound()


@dataclass(frozen=True)
class _Start:
    """The start of one campaign in one case."""

    plan: Plan
    name: str
    case: str

    @property
    def run(self) -> TrainingCampaign:
        """What was asked for."""
        return self.plan.scenario.spec.workloads.training[self.name]

    def _time(self, figure: str, campaign: str) -> float:
        found = self.plan[f"training.{figure}"].sel(campaign=campaign, case=self.case)
        return float(found)

    @cached_property
    def time(self) -> float:
        """When it starts, in months; NaN if it does not."""
        return self._time("start_month", self.name)

    @cached_property
    def begin(self) -> float:
        """When it may start by its own month and those that it waits for; NaN if one never ends."""
        earliest = self.plan.horizon.offset(self.run.earliest) if self.run.earliest else 0
        return float(np.max([earliest, *(self._time("finish_month", o) for o in self.run.after)]))

    @property
    def month(self) -> int:
        """The month that decides: the last in which it waited, else the one in which it starts."""
        last = self.plan.horizon.months - 1
        if math.isnan(self.begin):
            return last
        if math.isnan(self.time):
            return min(int(self.begin), last)
        if self.time > self.begin + _SOON:
            return max(math.ceil(self.time - _SOON) - 1, int(self.begin))
        return int(self.time)

    @cached_property
    def machines(self) -> list[int]:
        """Machines that can work on it."""
        labels = [str(label) for label in self.plan.use["machine"].values]
        rates = self.plan.rates.get(self.name, {})
        return [m for m, key in enumerate(labels) if key in rates and rates[key].works]

    @cached_property
    def places(self) -> list[int]:
        """Places that it may use; of one that keeps to a place, that one."""
        places = [str(place) for place in self.plan.use["place"].values]
        chosen = int(self._time("campus", self.name))
        if chosen >= 0:
            return [chosen]
        named = self.run.campus if isinstance(self.run.campus, tuple) else places
        return [p for p, place in enumerate(places) if place in named]

    def _here(self, values: Array) -> Array:
        """Of an array of month, place, machine: what concerns it in the month that decides, shape (P, M)."""
        return np.asarray(values[self.month][np.ix_(self.places, self.machines)])

    @cached_property
    def capacity(self) -> Array:
        """Packages in service that it might have, shape (P, M)."""
        return self._here(self.plan["use.capacity"].values)

    @cached_property
    def held(self) -> dict[str, float]:
        """What each claim before it holds of them, in the order of placing."""
        found = {}
        for group, axis, name in names_in_order(self.plan.scenario):
            if (group, name) == ("training", self.name):
                break
            used = self.plan[f"{group}.used"].sel({axis: name}).values
            if (here := float(self._here(used).sum())) > 0.0:
                found[f"{group}.used|{name}"] = here
        return found

    def waited_for(self) -> list[Explanation]:
        """Ends of the campaigns that it waits for."""
        return [
            Explanation(
                "training.finish_month", {"campaign": other, "case": self.case},
                day_ended(self.plan, self._time("finish_month", other)) or float("nan"), END,
            )
            for other in self.run.after
        ]  # fmt: skip

    def capacity_nodes(self) -> list[Explanation]:
        """What is in service for it, by place and machine."""
        return [
            Explanation(
                "use.capacity",
                {
                    "place": str(self.plan.use["place"].values[p]),
                    "machine": str(self.plan.use["machine"].values[m]),
                    "month": self._month_words,
                },
                float(self.capacity[i, j]),
                "package",
            )
            for i, p in enumerate(self.places)
            for j, m in enumerate(self.machines)
            if self.capacity[i, j] > 0.0
        ][:_MOST]

    def claim_nodes(self) -> list[Explanation]:
        """What each claim before it holds of that."""
        found = []
        for key, packages in self.held.items():
            name, _, claim = key.partition("|")
            axis = "campaign" if name.startswith("training") else "stream"
            at = {axis: claim, "month": self._month_words}
            found.append(Explanation(name, at, packages, "package", remark="claims before it"))
        return found[:_MOST]

    @property
    def _month_words(self) -> str:
        return str(self.plan.horizon.start + self.month)

    def bound(self) -> str:
        """What it waited for last."""
        if math.isnan(self.time):
            return ""
        if self.time <= self.begin + _SOON:
            return self._bound_by_itself()
        if self._enough():
            holders = ", ".join(key.partition("|")[2] for key in self.held)
            total, held = float(self.capacity.sum()), sum(self.held.values())
            return (
                f"its start is bound by claims: in {self._month_words} {holders or 'others'} hold "
                f"{held:,.0f} of the {total:,.0f} packages that it may use, mean of the month"
            )
        return (
            f"its start is bound by capacity: in {self._month_words} {float(self.capacity.sum()):,.0f} "
            f"packages that it may use are in service, and it needs {self._needed:,.0f}"
        )

    def _bound_by_itself(self) -> str:
        ends = {other: self._time("finish_month", other) for other in self.run.after}
        if ends and max(ends.values()) >= self.begin - _SOON:
            last = max(ends, key=lambda other: ends[other])
            return f"its start is bound by after: {last} ends {day_ended(self.plan, ends[last])}"
        if self.run.earliest is not None and self.begin > 0.0:
            day = day_begun(self.plan, self.begin)
            return f"its start is bound by earliest: {day}"
        return "its start is bound by nothing but the horizon"

    @cached_property
    def _least(self) -> Array:
        labels = [str(self.plan.use["machine"].values[m]) for m in self.machines]
        return np.array([max(self.plan.rates[self.name][key].least, 1.0) for key in labels])

    @property
    def _needed(self) -> float:
        """Packages that a start needs."""
        whole = not self.run.grow and self.run.count is not None
        return float(self.run.count or 0.0) if whole else float(self._least.min(initial=np.inf))

    def _enough(self) -> bool:
        """Whether what is in service would do, if no claim stood before it."""
        share = 1.0 if self.run.share is None else self.run.share
        size = np.floor(self.capacity * share + 1e-6).sum(axis=0)
        size = np.where(size >= self._least, size, 0.0)
        whole = not self.run.grow and self.run.count is not None
        return bool(size.sum() >= self._needed * (1.0 - 1e-9) if whole else size.any())
