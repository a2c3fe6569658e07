"""The headline of campaigns, streams and the use of the fleet, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .calendar import day_begun, day_ended, month_begun, month_ended
from .clusters import Cluster, clusters, shown_month
from .rates import CASES
from .workloads import USES

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["campaign_rows", "stream_rows", "use_shares"]

_KINDS = ("assumed", "carried over", "stated", "modelled")


def campaign_rows(plan: Plan) -> list[dict[str, Any]]:
    """One row for each training campaign."""
    rows = []
    for key, run in plan.scenario.spec.workloads.training.items():
        group = plan.training.sel(campaign=key)
        at = shown_month(plan, key)
        working = [] if at is None else clusters(plan, key, at)
        days = float(group["days"].sel(case="central").values.sum())
        place = int(group["campus"].sel(case="central"))
        rows.append(
            {
                "name": key,
                "model": next((x.model for x in plan.rates.get(key, {}).values()), "") or None,
                "tokens": _tokens(plan, key),
                "compute_flop": float(group["compute_flop"]),
                "post_training_flop": float(group["post_training_flop"]),
                "precision": run.precision,
                "campus": run.campus if isinstance(run.campus, str) else list(run.campus),
                "place": None if place < 0 else str(plan.use["place"].values[place]),
                "start": _cases(plan, key, "start_month", month_begun),
                "pretrained": _cases(plan, key, "pretrained_month", month_ended),
                "finish": _cases(plan, key, "finish_month", month_ended),
                "start_day": day_begun(plan, float(group["start_month"].sel(case="central"))),
                "finish_day": day_ended(plan, float(group["finish_month"].sel(case="central"))),
                "progress": round(float(group["progress"].sel(case="central").values[-1]), 6),
                "days": round(days, 1) if days else None,
                "month": None if at is None else str(plan.horizon.start + at),
                "accelerators": round(sum(c.accelerators for c in working)),
                "kind": _kind(plan, key, working),
                **_utilisation(plan, key, working),
                "goodput": _goodput(plan, key, at),
                "energy_mwh": round(float(group["energy_mwh"].sel(case="central").sum()), 3),
                "cost_usd": round(float(group["cost_usd"].sel(case="central").sum()), 2),
                "outcome": plan.outcomes[f"workloads.training.{key}"],
                "clusters": [cluster.as_dict() for cluster in working],
            }
        )
    return rows


def _cases(
    plan: Plan, key: str, what: str, month: Callable[[Plan, float], str | None]
) -> dict[str, str | None]:
    values = plan[f"training.{what}"].sel(campaign=key).values
    return {case: month(plan, float(v)) for case, v in zip(CASES, values, strict=True)}


def _tokens(plan: Plan, key: str) -> float | None:
    """Tokens of pretraining; none without a model."""
    per_token = next((x.flop_per_token for x in plan.rates.get(key, {}).values()), 0.0)
    run = plan.scenario.spec.workloads.training[key]
    if run.tokens is not None or per_token == 0.0:
        return run.tokens
    return float(plan["training.compute_flop"].sel(campaign=key)) / per_token


def _kind(plan: Plan, key: str, working: list[Cluster]) -> str:
    """How the utilisation of a campaign is known: by the least sure of the machines that work on it."""
    kinds = {c.kind for c in working} or {rate.kind for rate in plan.rates.get(key, {}).values()}
    return next((kind for kind in _KINDS if kind in kinds), "assumed")


def _utilisation(plan: Plan, key: str, working: list[Cluster]) -> dict[str, float | None]:
    """MFU of all machines together, with its band."""
    peaks = [c.accelerators * plan.rates[key][c.machine].peak_flops for c in working]
    found: dict[str, float | None] = {}
    for name in ("mfu", "mfu_low", "mfu_high"):
        flops = sum(getattr(c, name) * peak for c, peak in zip(working, peaks, strict=True))
        found[name] = round(flops / sum(peaks), 6) if sum(peaks) else None
    return found


def _goodput(plan: Plan, key: str, at: int | None) -> float | None:
    """Goodput in the month shown; none where it is not modelled."""
    modelled = any(rate.goodput is not None for rate in plan.rates.get(key, {}).values())
    if at is None or not modelled:
        return None
    return round(float(plan["training.goodput"].sel(campaign=key, case="central").values[at]), 6)


def stream_rows(plan: Plan) -> list[dict[str, Any]]:
    """One row for each served model."""
    hours = plan.horizon.hours()
    rows = []
    for key, stream in plan.scenario.spec.workloads.serving.items():
        group = plan.serving.sel(stream=key)
        demand = group["demand_tokens_per_s"].values
        asked = float(demand @ hours)
        met = group["met_tokens_per_s"].values
        short = np.flatnonzero(met[:, 1] < demand * (1.0 - 1e-6))
        central = {
            name: float(group[name].sel(case="central").sum())
            for name in ("revenue_usd", "cost_usd", "energy_mwh")
        }
        rows.append(
            {
                "name": key,
                "model": next((x.model for x in plan.serving_rates[key].values()), stream.model),
                "demand_tokens": asked * 3600.0,
                "met": {
                    case: round(float(met[:, c] @ hours) / asked, 6) if asked else 1.0
                    for c, case in enumerate(CASES)
                },
                "unmet_from": str(plan.horizon.start + int(short[0])) if len(short) else None,
                "unmet_months": len(short),
                "accelerators_most": round(
                    float(group["accelerators"].sel(case="central").values.max())
                ),
                "revenue_usd": round(central["revenue_usd"], 2),
                "cost_usd": round(central["cost_usd"], 2),
                "energy_mwh": round(central["energy_mwh"], 3),
                "outcome": plan.outcomes[f"workloads.serving.{key}"],
                "machines": _machines(plan, key),
            }
        )
    return rows


def _machines(plan: Plan, key: str) -> list[dict[str, Any]]:
    """What a package of each machine serves, and what that rests on."""
    return [
        {
            "machine": machine,
            "kind": rate.kind,
            "tokens_per_s": rate.tokens_per_s[1],
            "tokens_per_s_low": rate.tokens_per_s[0],
            "tokens_per_s_high": rate.tokens_per_s[2],
            "layout": rate.rate.layout,
            "ttft_s": rate.rate.ttft_s,
            "tpot_s": rate.rate.tpot_s,
            "why": rate.why,
            "ground": rate.rate.ground,
        }
        for machine, rate in plan.serving_rates.get(key, {}).items()
    ]


def use_shares(plan: Plan) -> dict[str, float | None]:
    """Package-hours by use over the horizon, central case, of all that workloads may use."""
    hours = plan.horizon.hours()
    by_use = plan["use.packages"].sel(case="central").values.T @ hours
    total = float(by_use.sum())
    return {
        use: round(float(value) / total, 6) if total else None
        for use, value in zip(USES, by_use, strict=True)
    }
