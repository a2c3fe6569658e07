"""What a training campaign looks like in one month: machine by machine, strategy, throughput, band, ground.

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

__all__ = ["Cluster", "assumed_utilisations", "clusters", "shown_month"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One machine at work on one campaign in one month.

    Attributes
    ----------
    campaign, machine : str
        Which.
    kind : str
        modelled, carried over, assumed, stated; see `rates.Rate`.
    format : str
        Number format of the matrix products.
    accelerators : float
        Packages that work on it.
    tokens_per_s : float or None
        Tokens trained, before failures [token/s]; none for a campaign without a model.
    mfu, mfu_low, mfu_high : float
        Model FLOP utilisation and its band [1].
    goodput : float or None
        Share of the time that is work kept [1]; none where it is not modelled.
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

    campaign: str
    machine: str
    kind: str
    format: str
    accelerators: float
    tokens_per_s: float | None
    mfu: float
    mfu_low: float
    mfu_high: float
    goodput: float | None
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


def shown_month(plan: Plan, campaign: str, case: str = "central") -> int | None:
    """The month that stands for a campaign: the one with most work done; none if nothing is."""
    done = plan["training.model_flop"].sel(campaign=campaign, case=case).values
    return int(np.argmax(done)) if done.any() else None


def assumed_utilisations(plan: Plan) -> set[tuple[str, ...]]:
    """Precision and machine of every assumed utilisation that some campaign uses."""
    runs = plan.scenario.spec.workloads.training
    return {
        (runs[run].precision, machine)
        for run, by_machine in plan.rates.items()
        for machine, rate in by_machine.items()
        if rate.kind in {"assumed", "carried over"}
    }


def clusters(plan: Plan, campaign: str, month: int, case: str = "central") -> list[Cluster]:
    """Machines at work on a campaign in a month, the fastest first.

    Parameters
    ----------
    plan : Plan
        A finished plan.
    campaign : str
        Which campaign.
    month : int
        Index of the month.
    case : str
        low, central or high.
    """
    if not 0 <= month < plan.horizon.months:
        return []
    packages = plan["training.packages"].sel(campaign=campaign, case=case).values[month]
    machines = [str(machine) for machine in plan.training["machine"].values]
    precision = plan.scenario.spec.workloads.training[campaign].precision
    found = [
        _cluster(campaign, precision, key, rate, float(packages[machines.index(key)]), case)
        for key, rate in plan.rates.get(campaign, {}).items()
        if packages[machines.index(key)] > 0.0
    ]
    return sorted(
        found, key=lambda c: -c.mfu * c.accelerators * plan.rates[campaign][c.machine].peak_flops
    )


def _cluster(
    campaign: str, precision: str, key: str, rate: Rate, packages: float, case: str
) -> Cluster:
    c = CASES.index(case)
    count = np.array(packages)
    peak = max(packages * rate.peak_flops, 1.0)
    both = [rate.flop_per_s(count, at) for at in range(len(CASES))]
    low, central, high = (float(raw) * rate.attention / peak for _, raw in both)
    kept, raw = (float(value) for value in both[c])
    tokens = raw / rate.flop_per_token if rate.flop_per_token else None
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
    return Cluster(
        campaign=campaign,
        machine=key,
        kind=rate.kind,
        format=curve.precision if curve else precision,
        accelerators=packages,
        tokens_per_s=tokens,
        mfu=(low, central, high)[c],
        mfu_low=low,
        mfu_high=high,
        goodput=kept / raw if rate.goodput is not None and raw > 0.0 else None,
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
