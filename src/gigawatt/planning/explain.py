"""Walking from a figure to the facts under it, with the file and line that set each.

An explanation is a tree: a figure with its value and formula, below it the figures that the formula
names at the month where they were read, at the leaves the inputs with their evidence. It reads a
finished plan and computes nothing but sums over the labels that were not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.core.errors import Problem, RunFolderError, did_you_mean
from gigawatt.core.months import Month
from gigawatt.core.provenance import Evidence
from gigawatt.fleet.deploy import BINDING
from gigawatt.fleet.milestones import gigawatt_months

from .campaigns import Campaign, assumed_utilisations, campaigns
from .figures import FIGURES, Figure, by_name
from .plan import Plan

__all__ = ["Explanation", "explain"]

_MAX_LABELS = 8
_ALTERNATIVES = frozenset({"case", "run", "counter", "basis", "precision"})
"""Axes whose entries stand beside one another and are never added up."""
_UTILISATIONS = frozenset({"mfu", "mfu_low", "mfu_high"})
_MONTH_UNITS = frozenset({"month index", "months after start"})


@dataclass(frozen=True, slots=True)
class Explanation:
    """One figure, explained.

    Attributes
    ----------
    name : str
        Figure, input or scenario path.
    labels : dict of str to str
        Site, system, month … it was taken at.
    value : float or str or None
        Its value, or the term as written.
    unit, formula, doc : str
        What it is and how it follows.
    evidence : Evidence or None
        Of inputs: who says so, and where it was set.
    below : list of Explanation
        What it was computed from.
    remark : str
        What else matters here, such as what binds.
    """

    name: str
    labels: Mapping[str, str]
    value: float | str | None
    unit: str = ""
    formula: str = ""
    doc: str = ""
    evidence: Evidence | None = None
    below: list[Explanation] = field(default_factory=list)
    remark: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "name": self.name,
            "labels": dict(self.labels),
            "value": self.value,
            "unit": self.unit,
            "formula": self.formula,
            "doc": self.doc,
            "evidence": self.evidence.as_dict() if self.evidence else None,
            "remark": self.remark,
            "below": [node.as_dict() for node in self.below],
        }

    def lines(self, indent: int = 0) -> Iterator[str]:
        """The explanation as indented text."""
        pad = "  " * indent
        at = f"[{', '.join(self.labels.values())}]" if self.labels else ""
        value = _shown(self.value)
        unit = "" if self.unit in {"", "1", "code", *_MONTH_UNITS} else f" {self.unit}"
        head = f"{pad}{self.name}{at} = {value}{unit}" if value else f"{pad}{self.name}{at}"
        if self.evidence is not None:
            head += f"    {_cited(self.evidence)}"
        yield head
        if self.formula:
            yield f"{pad}  = {self.formula}"
        for node in self.below:
            yield from node.lines(indent + 2)
        if self.remark:
            yield f"{pad}  {self.remark}"

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _shown(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if np.isinf(value):
        return "no limit"
    if np.isnan(value):
        return "not reached"
    if abs(value) >= 1e15:
        return f"{value:.4g}"
    return f"{value:,.6g}" if abs(value) < 1e6 and value != int(value) else f"{value:,.0f}"


def _cited(evidence: Evidence) -> str:
    words = "assumed" if evidence.is_assumption else evidence.confidence
    parts = (evidence.where, words, evidence.source, evidence.as_of, evidence.note)
    return " · ".join(part for part in parts if part)


def explain(plan: Plan, name: str, *, at: str | None = None, **labels: str) -> Explanation:
    """Explain a figure of a plan.

    Parameters
    ----------
    plan : Plan
        The plan.
    name : str
        Figure, such as `fleet.packages`; see `FIGURES`, or `inputs.…`.
    at : str, optional
        Month `YYYY-MM`; the last of the horizon if left out.
    **labels : str
        `site`, `system`, `partner`, `investment`, `gigawatt`, `basis`, `run`, `case` …; sums over what
        is left out.

    Returns
    -------
    Explanation

    Raises
    ------
    RunFolderError
        E505 for an unknown figure, E506 for a label or month that the plan does not have.
    """
    month = _month(plan, at)
    group, _, variable = name.partition(".")
    if group == "inputs" and variable in plan.inputs:
        array = plan.inputs[variable]
        _check_labels(array, name, labels)
        return (
            _inputs(plan, variable, month, labels, everything=True)[0]
            if _single(array, labels)
            else Explanation(name, {}, None, below=_inputs(plan, variable, month, labels))
        )
    figure = by_name(name)
    if figure is None:
        known = [row.name for row in FIGURES] + [f"inputs.{v}" for v in plan.inputs.data_vars]
        fitting = [k for k in known if k.rpartition(".")[2] == name]
        hint = f"Did you mean '{fitting[0]}'?" if fitting else did_you_mean(name, known)
        raise RunFolderError(
            Problem(
                "E505",
                f"A plan has no figure '{name}'.",
                f"{hint} See all with: gigawatt explain RUN --list",
            )
        )
    _check_labels(plan[name], name, labels)
    if at is None and "gigawatt" in labels:
        month = _month_of_gigawatt(plan, int(labels["gigawatt"]))
    if at is None and name == "training.finish_month" and "run" in labels:
        finish = plan[name].sel(run=labels["run"], case=labels.get("case", "central"))
        month = plan.month(float(finish)) or month
    return _figure(plan, figure, month, _implied(plan, labels), set())


def _implied(plan: Plan, labels: Mapping[str, str]) -> dict[str, str]:
    """Labels with those that follow: an investment's counter, a run's precision."""
    found = dict(labels)
    spec = plan.scenario.spec
    if "gigawatt" in labels and "investment" not in labels:
        deals = [key for key, deal in spec.investment.items() if deal.kind == "milestone_equity"]
        found |= {"investment": deals[0]} if deals else {}
    if "investment" in found:
        counter = f"investment.{found['investment']}"
        if counter in {str(label) for label in plan.milestones["counter"].values}:
            found.setdefault("counter", counter)
    if "run" in labels:
        found.setdefault("precision", spec.workloads.training[labels["run"]].precision)
    return found


def _month_of_gigawatt(plan: Plan, gigawatt: int) -> Month:
    """The month in which a gigawatt counts, or the last of the plan."""
    implied = _implied(plan, {"gigawatt": str(gigawatt)})
    counters = [str(c) for c in plan.milestones["counter"].values]
    counter = implied.get("counter")
    curve = (
        plan["milestones.counted_gw"].sel(counter=counter)
        if counter in counters
        else plan["milestones.deployed_gw"].sel(basis="it")
    )
    return plan.month(float(gigawatt_months(curve.values, gigawatt)[-1])) or plan.horizon.last


def _month(plan: Plan, at: str | None) -> Month:
    if at is None:
        return plan.horizon.last
    try:
        month = Month.parse(at)
    except ValueError as error:
        raise RunFolderError(Problem("E506", str(error) + ".", "")) from None
    if month not in plan.horizon:
        raise RunFolderError(
            Problem(
                "E506",
                f"{at} is outside the plan; it covers {plan.horizon}.",
                f"Allowed is {plan.horizon.start} to {plan.horizon.last}.",
            )
        )
    return month


def _check_labels(array: xr.DataArray, name: str, labels: Mapping[str, str]) -> None:
    for dim, label in labels.items():
        if dim not in array.dims:
            axes = [str(d) for d in array.dims if d != "month"]
            raise RunFolderError(
                Problem(
                    "E506",
                    f"{name} has no axis '{dim}'.",
                    f"It has: {', '.join(axes)}." if axes else "It is one number by month.",
                )
            )
        known = [str(value) for value in array[dim].values]
        if label not in known:
            raise RunFolderError(
                Problem(
                    "E506", f"There is no {dim} '{label}' in this plan.", did_you_mean(label, known)
                )
            )


def _single(array: xr.DataArray, labels: Mapping[str, str]) -> bool:
    return all(dim == "month" or dim in labels for dim in array.dims)


def _at(array: xr.DataArray, month: Month, labels: Mapping[str, str]) -> xr.DataArray:
    chosen = {
        str(dim): (int(labels[str(dim)]) if array[dim].dtype.kind in "iu" else labels[str(dim)])
        for dim in array.dims
        if dim in labels
    }
    result = array.sel(chosen)
    if "month" in result.dims:
        result = result.isel(month=_index(array, month))
    return result


def _index(array: xr.DataArray, month: Month) -> int:
    first = Month.parse(str(array["month"].values[0])[:7])
    return int(np.clip(month - first, 0, array.sizes["month"] - 1))


def _figure(
    plan: Plan, figure: Figure, month: Month, labels: Mapping[str, str], seen: set[str]
) -> Explanation:
    array = plan[figure.name]
    own = {dim: label for dim, label in labels.items() if dim in array.dims}
    chosen = _at(array, month, own)
    shown = dict(own)
    if "month" in array.dims:
        shown["month"] = str(month)
    if "month" in array.dims and month < plan.horizon.start:
        return Explanation(figure.name, shown, "before the horizon", doc=figure.doc)
    value: float | str | None = None
    listed: list[Explanation] = []
    summed = [str(dim) for dim in chosen.dims if figure.additive and dim not in _ALTERNATIVES]
    if summed:
        chosen = chosen.sum(summed)
        shown = {**{dim: f"all {dim}s" for dim in summed}, **shown}
    if chosen.ndim == 0:
        value = _readable(plan, float(chosen.values), figure.unit)
    else:
        listed = [
            Explanation(
                figure.name, {**shown, **at}, _readable(plan, item, figure.unit), figure.unit
            )
            for at, item in _items(chosen)
        ][:_MAX_LABELS]
    if figure.name in seen:
        return Explanation(
            figure.name,
            shown,
            value,
            figure.unit,
            doc=figure.doc,
            below=listed,
            remark="explained above",
        )
    seen.add(figure.name)
    earlier = _earlier(plan, figure, month, labels)
    below = list(listed)
    for name in figure.inputs:
        below += _below(plan, name, earlier, labels, seen)
    return Explanation(
        figure.name,
        shown,
        value,
        figure.unit,
        figure.formula,
        figure.doc,
        below=below,
        remark=_remark(plan, figure, month, labels),
    )


def _readable(plan: Plan, value: float, unit: str) -> float | str:
    """A value as people read it: months as YYYY-MM."""
    if unit not in _MONTH_UNITS or not np.isfinite(value):
        return value
    return str(plan.horizon.start + int(value))


def _items(array: xr.DataArray) -> Iterator[tuple[dict[str, str], float]]:
    for index in np.ndindex(*array.shape):
        yield (
            {str(dim): str(array[dim].values[i]) for dim, i in zip(array.dims, index, strict=True)},
            float(array.values[index]),
        )


def _earlier(plan: Plan, figure: Figure, month: Month, labels: Mapping[str, str]) -> Month:
    """The month at which a lagged figure reads its inputs; the same where sites differ in their lag."""
    if figure.name == "fleet.racks_retired":
        life = plan.inputs["useful_life_months"]
        if "system" in labels:
            return month + -int(life.sel(system=labels["system"]).values)
        return month
    if not figure.lag:
        return month
    lags = plan.inputs[figure.lag.removeprefix("-")]
    chosen = lags.sel(site=labels["site"]) if "site" in labels else lags
    if len(set(chosen.values.ravel().tolist())) != 1:
        return month
    months = int(chosen.values.ravel()[0])
    return month + (months if figure.lag.startswith("-") else -months)


def _below(
    plan: Plan, name: str, month: Month, labels: Mapping[str, str], seen: set[str]
) -> list[Explanation]:
    group, _, rest = name.partition(".")
    if group == "inputs":
        nodes = _inputs(plan, rest, month, labels)
        if rest in _UTILISATIONS:
            used = assumed_utilisations(plan)
            nodes = [
                n for n in nodes if (n.labels.get("precision"), n.labels.get("system")) in used
            ]
        return nodes
    if group == "scenario":
        return _terms(plan, rest, labels)
    if group == "performance":
        return curve_nodes(plan, month, labels)
    figure = by_name(name)
    assert figure is not None
    return [_figure(plan, figure, month, labels, seen)]


def _inputs(
    plan: Plan, name: str, month: Month, labels: Mapping[str, str], *, everything: bool = False
) -> list[Explanation]:
    """One leaf for every label that was not pinned down; zeros that nobody wrote only if asked."""
    array = plan.inputs[name]
    own = {dim: label for dim, label in labels.items() if dim in array.dims}
    chosen = _at(array, month, own)
    leaves = []
    for at, value in [({}, float(chosen.values))] if chosen.ndim == 0 else list(_items(chosen)):
        named = {**own, **at}
        order = [str(dim) for dim in array.dims if dim != "month"]
        key = tuple(named[dim] for dim in order)
        evidence = _evidence(plan, name, key, month)
        if evidence is None and not everything and (value == 0.0 or np.isnan(value)):
            continue
        if "month" in array.dims:
            named["month"] = str(month)
        unit = str(array.attrs.get("units", ""))
        leaves.append(
            Explanation(name, named, _readable(plan, value, unit), unit, evidence=evidence)
        )
    if len(leaves) > _MAX_LABELS:
        more = len(leaves) - _MAX_LABELS
        leaves = [*leaves[:_MAX_LABELS], Explanation(name, {}, None, remark=f"… and {more} more")]
    return leaves


def _evidence(plan: Plan, name: str, key: tuple[str, ...], month: Month) -> Evidence | None:
    entries = plan.evidence.get(name, {})
    if key in entries:
        return entries[key]
    steps = sorted(
        labels for labels in entries if labels[:-1] == key and len(labels) == len(key) + 1
    )
    before = [labels for labels in steps if labels[-1] <= str(month)]
    return entries[before[-1]] if before else None


def _terms(plan: Plan, prefix: str, labels: Mapping[str, str]) -> list[Explanation]:
    """Terms of the scenario under a path, with their lines."""
    kind = prefix.rpartition(".")[2]
    wanted = {"investment": labels.get("investment"), "training": labels.get("run")}.get(kind)
    counter = labels.get("counter")
    found = []
    for path, value in plan.scenario.leaves().items():
        inside = path == prefix or path.startswith(f"{prefix}.")
        if (
            inside
            and (wanted is None or path.startswith(f"{prefix}.{wanted}"))
            and (counter is None or path.startswith(f"{counter}.") or not counter.startswith(kind))
        ):
            found.append(
                Explanation(
                    path,
                    {},
                    str(value),
                    evidence=Evidence("stated").at(plan.scenario.tree.origin(path), ""),
                )
            )
    return found


def _remark(plan: Plan, figure: Figure, month: Month, labels: Mapping[str, str]) -> str:
    if "site" not in labels or figure.name not in {
        "fleet.packages",
        "fleet.racks_in_service",
        "fleet.racks_delivered",
        "fleet.it_mw",
    }:
        return ""
    code = int(_at(plan["power.binding"], month, {"site": labels["site"]}).values)
    remark = f"bound by {BINDING[code]}"
    if "system" in labels:
        waiting = plan["fleet.racks_in_store"].sel(system=labels["system"]).values
        now = waiting[_index(plan["fleet.racks_in_store"], month)]
        if now > 0:
            since = plan.horizon.start + (
                int(
                    np.flatnonzero(waiting[: _index(plan["fleet.racks_in_store"], month) + 1] == 0)[
                        -1
                    ]
                    + 1
                )
                if (waiting[: _index(plan["fleet.racks_in_store"], month) + 1] == 0).any()
                else 0
            )
            remark += f"; {now:,.0f} racks wait in store since {since}"
    return remark


def curve_nodes(plan: Plan, month: Month, labels: Mapping[str, str]) -> list[Explanation]:
    """What the throughput of runs rests on in a month: one node for each run and system at work."""
    index = month - plan.horizon.start
    found = []
    for run in [labels["run"]] if "run" in labels else list(plan.rates):
        for campaign in campaigns(plan, run, index, labels.get("case", "central")):
            found.append(_campaign(campaign, month))
    return found


def _campaign(c: Campaign, month: Month) -> Explanation:
    at = {"run": c.run, "system": c.system, "month": str(month)}
    rate = c.tokens_per_s if c.tokens_per_s is not None else f"MFU {c.mfu:.1%}"
    below = [
        Explanation("accelerators", {}, c.accelerators, "package"),
        Explanation("mfu", {}, f"{c.mfu:.1%}, band {c.mfu_low:.1%} to {c.mfu_high:.1%}"),
    ]
    if c.strategy:
        below += [
            Explanation("strategy", {}, f"{c.strategy}: {c.strategy_words}"),
            Explanation("step", {}, f"{c.step_s:.3g} s for {c.batch_tokens / 1e6:,.4g} Mtoken"),
        ]
    below.append(Explanation("evidence", {}, c.ground))
    below += [Explanation("outside validated ground", {}, text) for text in c.outside]
    unit = "token/s" if c.tokens_per_s is not None else ""
    formula = f"throughput curve of the model on {c.system}, {c.format}" if c.strategy else c.kind
    return Explanation("performance.curves", at, rate, unit, formula, below=below)
