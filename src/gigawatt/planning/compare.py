"""Two plans: what differs in the inputs, and what that moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gigawatt.core.amounts import digits, money
from gigawatt.core.yamltree import flatten
from gigawatt.scenario.instruments import milestone_of

from .calendar import months_late
from .compare_workloads import moved_workloads
from .plan import Plan

__all__ = ["Comparison", "Difference", "compare"]

_BY_MONTH = {
    "deployed gigawatts (IT)": ("milestones.deployed_gw", {"basis": "it"}, "GW"),
    "accelerators in service": ("fleet.packages", {}, "package"),
    "cumulative cost of the build-out": ("finance.spend_usd", {}, "USD"),
    "cumulative investments": ("finance.investment_usd", {}, "USD"),
    "funding gap": ("finance.funding_gap_usd", {}, "USD"),
    "accelerators in training": ("use.packages", {"use": "training", "case": "central"}, "package"),
    "accelerators in serving": ("use.packages", {"use": "serving", "case": "central"}, "package"),
}
_CUMULATIVE = {"finance.spend_usd", "finance.investment_usd"}
_NO_FIGURES = {"assumptions", "warnings", "binding", "scenario"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs.

    Attributes
    ----------
    what : str
        Path of an input, or name of a figure.
    a, b : Any
        Its value in each plan; none where it is not there.
    where_a, where_b : str
        File and line, for inputs.
    """

    what: str
    a: Any
    b: Any
    where_a: str = ""
    where_b: str = ""


@dataclass(frozen=True, slots=True)
class MonthlyDifference:
    """How one figure differs over the months.

    Attributes
    ----------
    what, unit : str
        Figure and unit.
    first : str
        First month in which it differs.
    largest_month : str
        Month of the largest difference.
    largest : float
        b − a in that month.
    at_end : float
        b − a in the last common month.
    """

    what: str
    unit: str
    first: str
    largest_month: str
    largest: float
    at_end: float


@dataclass(frozen=True)
class Comparison:
    """What differs between two plans, and what that moved.

    Attributes
    ----------
    a, b : str
        Names of the plans.
    inputs : list of Difference
        Values of the scenarios that differ.
    outcomes : list of Difference
        Headline figures that differ.
    months : list of MonthlyDifference
        Figures by month that differ.
    workloads : list of str
        What that means for each campaign and stream that it moved, one sentence each.
    """

    a: str
    b: str
    inputs: list[Difference]
    outcomes: list[Difference]
    months: list[MonthlyDifference]
    workloads: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""

        def rows(items: list[Any]) -> list[dict[str, Any]]:
            return [{name: getattr(item, name) for name in item.__slots__} for item in items]

        return {
            "a": self.a,
            "b": self.b,
            "inputs": rows(self.inputs),
            "outcomes": rows(self.outcomes),
            "months": rows(self.months),
            "workloads": list(self.workloads),
        }

    def show(self) -> None:
        """Print the comparison to the terminal."""
        print(self)

    def __str__(self) -> str:
        lines = [f"a: {self.a}", f"b: {self.b}", "", "what differs in the inputs"]
        lines += [
            f"  {d.what}: {_text(d.a)} → {_text(d.b)}   {d.where_b or d.where_a}".rstrip()
            for d in self.inputs
        ] or ["  nothing"]
        if self.workloads:
            lines += ["", "what that means for models"]
            lines += [f"  {sentence}" for sentence in self.workloads]
        lines += ["", "what that moved"]
        lines += [
            f"  {d.what}: {_text(d.a)} → {_text(d.b)}{_change(d)}" for d in self.outcomes
        ] or ["  nothing"]
        if self.months:
            lines += ["", "by month (b − a)"]
            lines += [
                f"  {m.what}: from {m.first}; largest {_amount(m.largest, m.unit)} in {m.largest_month}; "
                f"{_amount(m.at_end, m.unit)} at the end"
                for m in self.months
            ]
        return "\n".join(lines)


def _amount(value: float, unit: str) -> str:
    """A difference with its sign and unit; dollars as a plan shows them."""
    if unit == "USD":
        return f"{'-' if value < 0.0 else '+'}{money(abs(value))}"
    return f"{digits(value, 4, sign=True)} {unit}"


def _text(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return digits(value, 6) if abs(value) < 1e6 else f"{value:,.0f}"
    return str(value)


def _change(difference: Difference) -> str:
    a, b = difference.a, difference.b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)) and not isinstance(a, bool):
        return f"   ({b - a:+,.0f})" if abs(b - a) >= 1e6 else f"   ({digits(b - a, 6, sign=True)})"
    if _is_month(a) and _is_month(b):
        return f"   ({months_late(a, b):+d} months)"
    return ""


def _is_month(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 7 and value[4] == "-" and value[:4].isdigit()


def compare(a: Plan, b: Plan) -> Comparison:
    """Compare two plans.

    Parameters
    ----------
    a, b : Plan
        Differences are b − a.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> import gigawatt as gw
    >>> s = gw.load("one-campus")
    >>> c = gw.compare(gw.plan(s), gw.plan(s.override("late-grid")))
    >>> [d.what for d in c.inputs][:1]
    ['sites.prairie.power.2027-06']
    """
    return Comparison(
        a.scenario.label,
        b.scenario.label,
        _inputs(a, b),
        _outcomes(a, b),
        _months(a, b),
        moved_workloads(a, b),
    )


def _inputs(a: Plan, b: Plan) -> list[Difference]:
    left, right = a.scenario.leaves(), b.scenario.leaves()
    found = []
    for path in [*left, *(path for path in right if path not in left)]:
        if left.get(path) != right.get(path) and not path.startswith("evidence."):
            found.append(
                Difference(
                    path,
                    left.get(path),
                    right.get(path),
                    str(a.scenario.tree.origin(path)) if path in left else "",
                    str(b.scenario.tree.origin(path)) if path in right else "",
                )
            )
    if a.catalog_hash != b.catalog_hash:
        found.append(Difference("catalog", a.catalog_hash, b.catalog_hash))
    if a.version != b.version:
        found.append(Difference("gigawatt version", a.version, b.version))
    return found


def _outcomes(a: Plan, b: Plan) -> list[Difference]:
    left, right = _headline(a), _headline(b)
    keys = [*left, *(key for key in right if key not in left)]
    return [
        Difference(key, left.get(key), right.get(key))
        for key in keys
        if left.get(key) != right.get(key)
    ]


def _headline(plan: Plan) -> dict[str, Any]:
    summary: Mapping[str, Any] = plan.summary()
    flat: dict[str, Any] = {}
    counted = _bases_that_count(plan)
    for row in summary["gigawatts"]:
        if row["basis"] not in counted:
            continue
        flat[f"{row['gw']} GW deployed ({row['basis']})"] = row["month"]
    for row in summary["tranches"]:
        flat[f"tranche {row['name']} month"] = row["month"]
        flat[f"tranche {row['name']} usd"] = row["usd"]
    for row in summary["commitments"]:
        flat[f"commitment {row['name']} met"] = row["met"]
    for row in summary["training"]:
        flat[f"campaign {row['name']} starts"] = row["start"]["central"]
        for case, month in row["finish"].items():
            flat[f"campaign {row['name']} finishes ({case})"] = month
        flat[f"campaign {row['name']} accelerators"] = row["accelerators"]
        flat[f"campaign {row['name']} usd"] = row["cost_usd"]
    for row in summary["serving"]:
        flat[f"stream {row['name']} met"] = row["met"]["central"]
        flat[f"stream {row['name']} unmet from"] = row["unmet_from"]
        flat[f"stream {row['name']} revenue usd"] = row["revenue_usd"]
    skipped = {
        "gigawatts",
        "tranches",
        "commitments",
        "training",
        "serving",
        "horizon",
        "cost_by_gigawatt",
        *_NO_FIGURES,
    }
    for key, value in summary.items():
        if key not in skipped:
            flat |= {k.replace(".", " "): v for k, v in flatten(value, key).items() if v != {}}
    return flat


def _bases_that_count(plan: Plan) -> set[str]:
    """Bases that an investment or a commitment counts on; IT where none does."""
    spec = plan.scenario.spec
    found = {c.milestone.basis for c in spec.commitments.values()}
    found |= {m.basis for i in spec.investment.values() if (m := milestone_of(i))}
    return {str(basis) for basis in found} or {"it"}


def _months(a: Plan, b: Plan) -> list[MonthlyDifference]:
    start = max(a.horizon.start, b.horizon.start)
    end = min(a.horizon.last, b.horizon.last)
    length = end - start + 1
    if length <= 0:
        return []
    found = []
    for what, (name, labels, unit) in _BY_MONTH.items():
        curves = []
        for plan in (a, b):
            array = plan[name].sel(labels)
            values = array.values.reshape(array.sizes["month"], -1).sum(axis=1)
            values = np.cumsum(values) if name in _CUMULATIVE else values
            curves.append(values[start - plan.horizon.start :][:length])
        difference = curves[1] - curves[0]
        scale = max(1.0, float(np.abs(curves[0]).max(initial=0.0)))
        moved = np.flatnonzero(np.abs(difference) > 1e-9 * scale)
        if moved.size:
            largest = int(np.argmax(np.abs(difference)))
            found.append(
                MonthlyDifference(
                    what,
                    unit,
                    str(start + int(moved[0])),
                    str(start + largest),
                    float(difference[largest]),
                    float(difference[-1]),
                )
            )
    return found
