"""What a training run looks like in one month: system by system, strategy, throughput, error band, ground.

Reads a finished plan. Between two searched counts, throughput lies between theirs; strategy, step and what
is outside of measured ground are those of the nearer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gigawatt.perf.scaling import CurvePoint
from gigawatt.perf.strategy import parse

from .rates import CASES, Rate

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["Campaign", "assumed_utilisations", "campaigns", "shown_month", "training_days"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One system at work on one run in one month.

    Attributes
    ----------
    run, system : str
        Which.
    kind : str
        modelled, carried over, assumed, stated; see `rates.Rate`.
    format : str
        Number format of the matrix products.
    accelerators : float
        Packages that work on it.
    tokens_per_s : float or None
        Tokens trained [token/s]; none for a run without a model.
    mfu, mfu_low, mfu_high : float
        Model FLOP utilisation and its band [1].
    strategy : str
        How the model is spread; empty without a curve.
    step_s, batch_tokens : float
        Time [s] and tokens [token] of a step; 0 without a curve.
    replicas : int
        Data-parallel replicas; 0 without a curve.
    kernels : str
        System whose kernel tables the times rest on; empty without a curve.
    ground : str
        What the throughput rests on.
    outside : tuple of str
        What no measured run has shown.
    """

    run: str
    system: str
    kind: str
    format: str
    accelerators: float
    tokens_per_s: float | None
    mfu: float
    mfu_low: float
    mfu_high: float
    strategy: str
    step_s: float
    batch_tokens: float
    replicas: int
    kernels: str
    ground: str
    outside: tuple[str, ...]

    @property
    def strategy_words(self) -> str:
        """The strategy in words."""
        return _in_words(self.strategy, self.replicas) if self.strategy else ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**plain, "outside": list(self.outside), "strategy_words": self.strategy_words}


def shown_month(plan: Plan, run: str) -> int | None:
    """The month that stands for a run: when it finishes, else the last one in which something works."""
    finish = float(plan["training.finish_month"].sel(run=run, case="central"))
    if not np.isnan(finish):
        return int(finish)
    working = plan["training.accelerators"].sel(run=run, case="central").values
    at = np.flatnonzero(working > 0.0)
    return int(at[-1]) if at.size else None


def training_days(plan: Plan, run: str, case: str = "central") -> float | None:
    """Days from the first that something works on a run to its end; none if it does not end [d]."""
    finish = float(plan["training.finish_month"].sel(run=run, case=case))
    if np.isnan(finish):
        return None
    last = int(finish)
    done = plan["training.model_flop"].sel(run=run, case=case).values[: last + 1]
    days = plan.horizon.hours()[: last + 1] / 24.0
    first = int(np.argmax(done > 0.0))
    left = float(plan["training.compute_flop"].sel(run=run)) - float(done[:-1].sum())
    return float(days[first:last].sum() + days[last] * min(left / done[last], 1.0))


def assumed_utilisations(plan: Plan) -> set[tuple[str, ...]]:
    """Precision and system of every assumed utilisation that some run uses."""
    runs = plan.scenario.spec.workloads.training
    return {
        (runs[run].precision, system)
        for run, by_system in plan.rates.items()
        for system, rate in by_system.items()
        if rate.kind in {"assumed", "carried over"}
    }


def campaigns(plan: Plan, run: str, month: int, case: str = "central") -> list[Campaign]:
    """Systems at work on a run in a month, the fastest first.

    Parameters
    ----------
    plan : Plan
        A finished plan.
    run : str
        Which run.
    month : int
        Index of the month.
    case : str
        low, central or high: the case whose site is meant, where a run keeps to one.
    """
    spec = plan.scenario.spec.workloads.training[run]
    earliest = plan.horizon.offset(spec.earliest) if spec.earliest else 0
    if not earliest <= month < plan.horizon.months:
        return []
    site = int(plan["training.site"].sel(run=run, case=case))
    packages = plan["fleet.packages"].isel(month=month).values * spec.share
    each = packages.sum(axis=0) if site < 0 else packages[site]
    systems = [str(system) for system in plan.fleet["system"].values]
    found = [
        _campaign(run, spec.precision, key, rate, float(each[systems.index(key)]), case)
        for key, rate in plan.rates.get(run, {}).items()
        if each[systems.index(key)] > 0.0
    ]
    return sorted(
        found, key=lambda c: -c.mfu * c.accelerators * plan.rates[run][c.system].peak_flops
    )


def _campaign(
    run: str, precision: str, key: str, rate: Rate, packages: float, case: str
) -> Campaign:
    c = CASES.index(case)
    count = np.array(packages)
    peak = max(packages * rate.peak_flops, 1.0)
    low, central, high = (float(value) / peak for value in rate.busy_flops(count))
    tokens = float(rate.flop_per_s(count)[c]) / rate.flop_per_token if rate.flop_per_token else None
    curve = rate.curve
    point = curve.point(packages) if curve else None
    if curve is None:
        ground = f"{rate.kind} utilisation" + (f": {rate.why}" if rate.why else "")
    elif rate.kind == "carried over":
        ground = f"assumed: {rate.why}"
    elif curve.reference_id == curve.system_id:
        ground = f"modelled with kernel times measured on {curve.reference_id}"
    else:
        ground = (
            f"modelled with kernel times measured on {curve.reference_id}, carried over by ratios of "
            "the datasheets"
        )
    modelled = rate.kind == "modelled"
    return Campaign(
        run=run,
        system=key,
        kind=rate.kind,
        format=curve.precision if curve else precision,
        accelerators=packages,
        tokens_per_s=tokens,
        mfu=(low, central, high)[c],
        mfu_low=low,
        mfu_high=high,
        strategy=point.strategy if point else "",
        step_s=_step_s(point, tokens if rate.kind == "carried over" else None),
        batch_tokens=point.batch_tokens if point else 0.0,
        replicas=point.in_use // parse(point.strategy).model_ranks if point else 0,
        kernels=curve.reference_id if curve else "",
        ground=ground,
        outside=point.outside if modelled and point else (),
    )


def _step_s(point: CurvePoint | None, tokens_per_s: float | None) -> float:
    """Time of a step: as searched, or as another throughput would have it."""
    if point is None:
        return 0.0
    return point.batch_tokens / tokens_per_s if tokens_per_s else point.step_s


def _in_words(text: str, replicas: int) -> str:
    s = parse(text)
    parts = [f"{replicas:,} replicas" if replicas > 1 else "one replica"]
    for number, what in (
        (s.tp, "tensor"), (s.cp, "context"), (s.pp, "pipeline"), (s.ep, "expert"),
    ):  # fmt: skip
        if number > 1:
            parts.append(f"{what} parallel {number}")
    if s.vpp > 1:
        parts.append(f"{s.vpp} chunks a stage")
    parts.append({"zero1": "optimizer sharded", "fsdp": "fully sharded", "hsdp": "sharded in groups",
                  "none": "not sharded"}[s.sharding])  # fmt: skip
    if s.recompute != "none":
        parts.append(f"{s.recompute} recomputation")
    return ", ".join(parts)
