"""The headline of a plan as plain data: what the command line prints and `--json` carries."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from gigawatt.core.amounts import digits
from gigawatt.finance.costs import present_value
from gigawatt.fleet.deploy import BINDING
from gigawatt.fleet.milestones import TOLERANCE, gigawatt_months, whole_steps

from .build import BASES
from .clusters import assumed_utilisations
from .returns import books_summary
from .summary_workloads import campaign_rows, stream_rows, use_shares

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["assumptions", "summarise"]

Places = dict[str, dict[str, int]]


def summarise(plan: Plan) -> dict[str, Any]:
    """Headline figures.

    Returns
    -------
    dict
        `gigawatts` (list of gw, basis, month), `accelerators` (system → packages, dies at the end),
        `energy_mwh`, `tranches` (list of name, month, usd), `cost_usd`, `funding_gap_usd`, `training`
        (a row for each campaign), `serving` (a row for each stream), `use` (share of package-hours),
        `assumptions`, `warnings`, and what else a reader of the plan asks first. Months are `YYYY-MM`;
        what does not happen within the horizon has the month null.
    """
    spend = plan["finance.spend_usd"].values
    gap = plan["finance.funding_gap_usd"].values
    paid = plan["finance.investment_usd"].values
    deepest = int(np.argmax(gap))
    rate = plan.scenario.spec.money.discount_rate
    tranches = _tranches(plan)
    return {
        "scenario": plan.scenario.name,
        "horizon": {
            "start": str(plan.horizon.start),
            "end": str(plan.horizon.last),
            "months": plan.horizon.months,
        },
        "gigawatts": _gigawatts(plan),
        "deployed_gw": {
            basis: _round(plan["milestones.deployed_gw"].sel(basis=basis).values[-1], 6)
            for basis in BASES
        },
        "in_service_gw_most": _round(
            plan["power.in_service_it_mw"].values.sum(axis=1).max() / 1e3, 6
        ),
        "accelerators": _accelerators(plan),
        "partner_accelerators": {
            str(partner): _round(plan["partners.packages"].sel(partner=partner).values.max())
            for partner in plan.partners["partner"].values
        },
        "energy_mwh": _round(plan["power.energy_mwh"].values.sum(), 3),
        "carbon_t": _round(plan["power.carbon_t"].values.sum(), 3),
        "energy_cost_usd": _round(plan["finance.energy_cost_usd"].values.sum(), 2),
        "partner_cost_usd": _round(plan["partners.cost_usd"].values.sum(), 2),
        "tranches": [row for row in tranches if row["month"] is not None],
        "tranches_unpaid": [row for row in tranches if row["month"] is None],
        "tranches_usd": _round(paid.sum(), 2),
        "cost_usd": _round(spend.sum(), 2),
        "refresh_usd": _round(plan["finance.refresh_spend_usd"].values.sum(), 2),
        "funding_gap_usd": _round(spend.sum() - paid.sum(), 2),
        "funding_gap_deepest": {"usd": _round(gap[deepest], 2), "month": str(plan.month(deepest))},
        "present_value_usd": {
            "cost": _round(float(present_value(spend, rate)), 2),
            "investment": _round(float(present_value(paid.sum(axis=1), rate)), 2),
        },
        "cost_by_gigawatt": _by_gigawatt(plan),
        "books": books_summary(plan),
        "exposure_usd": {
            str(key): _round(plan["finance.exposure_usd"].sel(investment=key).values.max(), 2)
            for key, investment in plan.scenario.spec.investment.items()
            if investment.kind == "guaranty"
        },
        "commitments": _commitments(plan),
        "training": campaign_rows(plan),
        "serving": stream_rows(plan),
        "use": use_shares(plan),
        "binding": _binding(plan),
        "assumptions": assumptions(plan),
        "warnings": [
            {"code": w.code, "path": w.path, "where": str(w.origin), "message": w.message}
            for w in plan.warnings
        ],
    }


def _round(value: Any, digits: int = 0) -> float | int:
    number = float(value)
    return round(number) if digits == 0 else round(number, digits)


def _gigawatts(plan: Plan) -> list[dict[str, Any]]:
    rows = []
    for basis in BASES:
        deployed = plan["milestones.deployed_gw"].sel(basis=basis).values
        count = whole_steps(float(deployed[-1]))
        for number, index in enumerate(gigawatt_months(deployed, count), 1):
            rows.append({"gw": number, "basis": basis, "month": str(plan.month(float(index)))})
    return rows


def _accelerators(plan: Plan) -> dict[str, dict[str, float]]:
    packages, dies = plan["fleet.packages"], plan["fleet.dies"]
    return {
        str(system): {
            "packages": _round(packages.sel(system=system).values[-1].sum()),
            "dies": _round(dies.sel(system=system).values[-1].sum()),
        }
        for system in plan.fleet["system"].values
    }


def _tranches(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{key} {tranche.number}",
            "month": None if tranche.month is None else str(plan.month(tranche.month)),
            "usd": float(tranche.usd),
            "trigger": tranche.trigger,
            "milestone": tranche.milestone or None,
        }
        for key, tranches in plan.tranches.items()
        for tranche in tranches
    ]


def _by_gigawatt(plan: Plan) -> list[dict[str, Any]]:
    finance = plan.finance
    rows = []
    for index, number in enumerate(finance["gigawatt"].values):
        cost = float(finance["gigawatt_cost_usd"].values[index])
        tranche = float(finance["gigawatt_tranche_usd"].values[index])
        rows.append(
            {
                "gw": int(number),
                "cost_usd": None if np.isnan(cost) else _round(cost, 2),
                "tranche_usd": _round(tranche, 2),
                "gap_usd": None if np.isnan(cost) else _round(cost - tranche, 2),
                "tranche_share": None
                if np.isnan(cost) or cost == 0.0
                else round(tranche / cost, 4),
            }
        )
    return rows


def _commitments(plan: Plan) -> list[dict[str, Any]]:
    rows = []
    for key, commitment in plan.scenario.spec.commitments.items():
        counted = plan["milestones.counted_gw"].sel(counter=f"commitments.{key}").values
        target = commitment.capacity / 1000.0
        met = float((counted < target * (1.0 - TOLERANCE) - 1e-12).sum())
        month = plan.month(met)
        judged = plan.horizon.offset(commitment.by) if commitment.by else plan.horizon.months - 1
        rows.append(
            {
                "name": key,
                "gw": target,
                "basis": commitment.milestone.basis,
                "by": str(commitment.by) if commitment.by else None,
                "met": str(month) if month else None,
                "deployed_gw_when_due": _round(counted[judged], 6),
                "kept": met <= judged,
            }
        )
    return rows


def _binding(plan: Plan) -> list[dict[str, Any]]:
    """What bound each site over which months, as runs."""
    rows = []
    for site in plan.power["site"].values:
        codes = plan["power.binding"].sel(site=site).values.astype(int)
        edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
        for start, end in itertools.pairwise(edges):
            rows.append(
                {
                    "site": str(site),
                    "by": BINDING[int(codes[start])],
                    "from": str(plan.horizon.start + start),
                    "to": str(plan.horizon.start + (end - 1)),
                }
            )
    return rows


def assumptions(plan: Plan) -> list[dict[str, Any]]:
    """Inputs that nobody published: chosen by the scenario's author, or by our planning defaults.

    Estimates by analysts that a plan rests on are listed with `kind` estimate; what we assume
    ourselves has the kind assumed.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    places = {
        str(dim): {
            str(label)[:7] if dim == "month" else str(label): i for i, label in enumerate(values)
        }
        for dim, values in ((dim, plan.inputs[dim].values) for dim in plan.inputs.dims)
    }
    precisions = {run.precision for run in plan.scenario.spec.workloads.training.values()}
    assumed = assumed_utilisations(plan)
    for name, entries in plan.evidence.items():
        if name.removeprefix("partner_") in {"mfu_low", "mfu_high"}:
            continue
        for labels, evidence in entries.items():
            if name in {"peak_flops", "partner_peak_flops"} and labels[0] not in precisions:
                continue
            if name == "mfu" and labels not in assumed:
                continue
            if name == "partner_mfu" and not _is_used(plan, labels, assumed):
                continue
            if not (evidence.is_assumption or evidence.by == "default"):
                continue
            row = found.setdefault(
                (evidence.where, evidence.note),
                {
                    "input": name,
                    "kind": evidence.confidence,
                    "where": evidence.where,
                    "note": evidence.note,
                    "source": evidence.source,
                    "applies_to": [],
                },
            )
            row["applies_to"].append(" ".join(labels))
            if "value" not in row:
                row["value"] = _value_of(plan, name, labels, places)
    found.update(_carried_over(plan))
    for path, entry in plan.scenario.spec.evidence.items():
        if entry.confidence == "assumed" and not any(
            path in row["where"] for row in found.values()
        ):
            where = f"{plan.scenario.tree.origin(path)} {path}".strip()
            found[(path, entry.note)] = {
                "input": path,
                "kind": "assumed",
                "where": where,
                "note": entry.note,
                "source": entry.source,
                "applies_to": [],
                "value": None,
            }
    return list(found.values())


def _is_used(plan: Plan, labels: tuple[str, ...], assumed: set[tuple[str, ...]]) -> bool:
    """Whether a campaign uses the assumed utilisation of what a partner runs."""
    precision, partner = labels
    system = plan.scenario.spec.partners[partner].system
    own = {str(key) for key in plan.fleet["system"].values}
    return system not in own and (precision, system) in assumed


def _carried_over(plan: Plan) -> dict[tuple[str, str], dict[str, Any]]:
    """Kernel times, utilisations and serving rates that stand in for those of another system."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for run, by_system in plan.rates.items():
        for system, rate in by_system.items():
            if rate.curve is None or rate.curve.reference_id == rate.curve.system_id == system:
                continue
            if rate.kind == "carried over":
                name, note = f"utilisation of {system}", rate.why
            elif rate.curve.reference_id != rate.curve.system_id:
                name = f"kernel times of {rate.curve.system_id}"
                note = (
                    f"those of {rate.curve.reference_id}, carried over by ratios of the datasheets"
                )
            else:
                continue
            row = found.setdefault(
                (name, note),
                {"input": name, "kind": "assumed", "where": "performance model", "note": note,
                 "source": "", "applies_to": [], "value": None},
            )  # fmt: skip
            row["applies_to"].append(f"{run} {system}")
    for stream, rates in plan.serving_rates.items():
        for machine, served in rates.items():
            if served.kind == "carried over":
                row = found.setdefault(
                    (f"serving rate of {machine}", stream),
                    {"input": f"serving rate of {machine}", "kind": "assumed",
                     "where": "serving model", "note": served.why, "source": "", "applies_to": [],
                     "value": None},
                )  # fmt: skip
                row["applies_to"].append(stream)
    return found


def _value_of(plan: Plan, name: str, labels: tuple[str, ...], places: Places) -> str | None:
    """An input at its labels, as text; for a step of a curve, at the month of the step."""
    variable = plan.inputs.variables[name]
    dims = [str(dim) for dim in variable.dims if dim != "month"]
    at = dict(zip(dims, labels, strict=False))
    if "month" in variable.dims:
        if len(labels) <= len(dims) or labels[-1] not in places["month"]:
            return None
        at["month"] = labels[-1]
    value = float(variable.values[tuple(places[str(dim)][at[str(dim)]] for dim in variable.dims)])
    unit = str(variable.attrs["units"]).removesuffix("1")
    return f"{digits(value, 6)} {unit}".strip() if np.isfinite(value) else None
