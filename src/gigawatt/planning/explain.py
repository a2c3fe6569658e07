"""Walking from a figure to the facts under it, with the file and line that set each.

An explanation is a tree: a figure with its value and formula, below it the figures that the formula
names at the month where they were read, at the leaves the inputs with their evidence. It reads a
finished plan and computes nothing but sums over the labels that were not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr

from gigawatt.core.errors import Problem, RunFolderError, did_you_mean
from gigawatt.core.months import Month
from gigawatt.core.provenance import Evidence
from gigawatt.fleet.deploy import BINDING
from gigawatt.fleet.milestones import gigawatt_months

from .calendar import month_begun, month_ended
from .clusters import assumed_utilisations
from .explain_books import explain_line, line_nodes
from .explain_start import start_nodes
from .explain_workloads import curve_nodes, goodput_nodes, over, serving_nodes, workload_remark
from .explanation import END, MONTH_UNITS, Explanation
from .figures import FIGURES, Figure, by_name
from .plan import Plan

__all__ = ["Explanation", "explain"]

_MAX_LABELS = 8
_PERFORMANCE = {"curves": curve_nodes, "goodput": goodput_nodes, "serving": serving_nodes}
_TIMES = ("training.start_month", "training.pretrained_month", "training.finish_month")
_ALTERNATIVES = frozenset({"case", "campaign", "stream", "use", "counter", "basis", "precision"})
"""Axes whose entries stand beside one another and are never added up."""
_UTILISATIONS = frozenset({"mfu", "mfu_low", "mfu_high"})
_PARTNER_UTILISATIONS = frozenset(f"partner_{name}" for name in _UTILISATIONS)


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
        `site`, `system`, `partner`, `investment`, `gigawatt`, `basis`, `campaign`, `stream`, `place`,
        `machine`, `case` …; sums over what is left out.

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
    if name == "books.value" and "line" in labels:
        return explain_line(plan, labels["line"], month)
    if at is None and "gigawatt" in labels:
        month = _month_of_gigawatt(plan, int(labels["gigawatt"]))
    if at is None and "campaign" in labels and (name in _TIMES or "month" in plan[name].dims):
        dates = plan[name if name in _TIMES else _TIMES[-1]]
        time = float(dates.sel(campaign=labels["campaign"], case=labels.get("case", "central")))
        found = month_begun(plan, time) if name == _TIMES[0] else month_ended(plan, time)
        month = Month.parse(found) if found else month
    return _figure(plan, figure, month, _implied(plan, labels), set())


def _implied(plan: Plan, labels: Mapping[str, str]) -> dict[str, str]:
    """Labels with those that follow: an investment's counter, a campaign's precision."""
    found = dict(labels)
    spec = plan.scenario.spec
    if "gigawatt" in labels and "investment" not in labels:
        deals = [key for key, deal in spec.investment.items() if deal.kind == "milestone_equity"]
        found |= {"investment": deals[0]} if deals else {}
    if "investment" in found:
        counter = f"investment.{found['investment']}"
        if counter in {str(label) for label in plan.milestones["counter"].values}:
            found.setdefault("counter", counter)
    if "campaign" in labels:
        found.setdefault("precision", spec.workloads.training[labels["campaign"]].precision)
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
        number = float(chosen.values)
        value = over(plan, figure.name, month, shown, number) or _readable(
            plan, number, figure.unit
        )
    else:
        listed = [
            Explanation(
                figure.name,
                {**shown, **at},
                over(plan, figure.name, month, {**shown, **at}, item)
                or _readable(plan, item, figure.unit),
                figure.unit,
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
    if unit not in MONTH_UNITS or not np.isfinite(value):
        return value
    if unit == END:
        return month_ended(plan, value) or value
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
        if rest in _UTILISATIONS | _PARTNER_UTILISATIONS:
            used = assumed_utilisations(plan)
            nodes = [n for n in nodes if (n.labels.get("precision"), _machine(plan, n)) in used]
        return nodes
    if group == "line":
        return line_nodes(plan, rest, month, labels)
    if group == "scenario":
        return _terms(plan, rest, labels)
    if group == "placement":
        return start_nodes(plan, labels)
    if group == "performance":
        return _PERFORMANCE[rest](plan, month, labels)
    figure = by_name(name)
    assert figure is not None
    return [_figure(plan, figure, month, labels, seen)]


def _machine(plan: Plan, node: Explanation) -> str | None:
    """The machine of a node's labels: a system, or what a partner runs."""
    partner = node.labels.get("partner")
    if partner is None:
        return node.labels.get("system")
    return plan.scenario.spec.partners[partner].system


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
    wanted = {
        "investment": labels.get("investment"),
        "training": labels.get("campaign"),
        "serving": labels.get("stream"),
    }.get(kind)
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
    if (words := workload_remark(plan, figure.name, labels)) is not None:
        return words
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
