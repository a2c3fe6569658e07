"""What campaigns and streams rest on: throughput curves, goodput, serving rates, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gigawatt.core.amounts import digits
from gigawatt.core.months import Month

from .calendar import month_ended
from .clusters import Cluster, clusters
from .explain_start import start_bound
from .explanation import Explanation
from .rates import CASES
from .serving_rates import StreamRate

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["curve_nodes", "goodput_nodes", "over", "serving_nodes", "workload_remark"]

_FATES = frozenset(
    {"training.start_month", "training.finish_month", "training.progress", "training.campus",
     "serving.met_tokens_per_s", "serving.unmet_tokens_per_s"}
)  # fmt: skip


def _working(plan: Plan, month: Month, labels: Mapping[str, str]) -> list[Cluster]:
    """Machines at work in a month: of one campaign, or of all."""
    index = month - plan.horizon.start
    names = [labels["campaign"]] if "campaign" in labels else list(plan.rates)
    return [
        cluster
        for name in names
        for cluster in clusters(plan, name, index, labels.get("case", "central"))
        if labels.get("machine", cluster.machine) == cluster.machine
    ]


def curve_nodes(plan: Plan, month: Month, labels: Mapping[str, str]) -> list[Explanation]:
    """What the throughput of campaigns rests on in a month: a node for each campaign and machine."""
    return [_cluster(cluster, month) for cluster in _working(plan, month, labels)]


def _cluster(c: Cluster, month: Month) -> Explanation:
    at = {"campaign": c.campaign, "machine": c.machine, "month": str(month)}
    rate = c.tokens_per_s if c.tokens_per_s is not None else f"MFU {c.mfu:.1%}"
    below = [
        Explanation("accelerators", {}, c.accelerators, "package"),
        Explanation("mfu", {}, f"{c.mfu:.1%}, band {c.mfu_low:.1%} to {c.mfu_high:.1%}"),
    ]
    if c.strategy:
        below += [
            Explanation("strategy", {}, f"{c.strategy}: {c.strategy_words}"),
            Explanation(
                "step", {}, f"{digits(c.step_s)} s for {digits(c.batch_tokens / 1e6, 4)} Mtoken"
            ),
        ]
    below.append(Explanation("evidence", {}, c.ground))
    below += [Explanation("outside validated ground", {}, text) for text in c.outside]
    unit = "token/s" if c.tokens_per_s is not None else ""
    formula = f"throughput curve of the model on {c.machine}, {c.format}" if c.strategy else c.kind
    return Explanation("performance.curves", at, rate, unit, formula, below=below)


def goodput_nodes(plan: Plan, month: Month, labels: Mapping[str, str]) -> list[Explanation]:
    """What failures take of campaigns in a month: a node for each campaign and machine."""
    found = []
    for c in _working(plan, month, labels):
        at = {"campaign": c.campaign, "machine": c.machine, "month": str(month)}
        known = plan.rates[c.campaign][c.machine].goodput
        if known is None or c.goodput is None:
            why = "no model, so no size of a checkpoint: counted as 1"
            found.append(Explanation("performance.goodput", at, why))
            continue
        low, _, high = (float(value) for value in known.fraction(np.array(c.accelerators)))
        model = plan.rates[c.campaign][c.machine].model
        below = [
            Explanation("accelerators", {}, c.accelerators, "package"),
            Explanation("band", {}, f"{low:.1%} to {high:.1%}"),
            Explanation(
                "evidence",
                {},
                "failure rates, recovery times and checkpoints of the reliability record of the catalog, at "
                "the best choice of recovery; accelerators idle where more of them would keep less",
            ),
        ]
        found.append(
            Explanation(
                "performance.goodput", at, f"{c.goodput:.1%}",
                formula=f"goodput of {model} on {c.machine} by the size of the cluster", below=below,
            )
        )  # fmt: skip
    return found


def serving_nodes(plan: Plan, month: Month, labels: Mapping[str, str]) -> list[Explanation]:
    """What a package of each machine serves of a stream: layout, latency, ground."""
    names = [labels["stream"]] if "stream" in labels else list(plan.serving_rates)
    return [
        _rate(name, machine, rate, labels.get("case", "central"))
        for name in names
        for machine, rate in plan.serving_rates.get(name, {}).items()
        if labels.get("machine", machine) == machine
    ]


def _rate(stream: str, machine: str, rate: StreamRate, case: str) -> Explanation:
    at = {"stream": stream, "machine": machine}
    if rate.kind == "none":
        return Explanation("performance.serving", at, 0.0, "token/s/package", remark=rate.why)
    low, _, high = rate.tokens_per_s
    own = rate.rate
    below = [
        Explanation("band", {}, f"{digits(low, 4)} to {digits(high, 4)} token/s"),
        Explanation("layout", {}, f"{own.layout}, units of {own.accelerators:,} packages"),
        Explanation(
            "latency", {}, f"TTFT {digits(own.ttft_s)} s, TPOT {digits(1e3 * own.tpot_s)} ms"
        ),
        Explanation(
            "evidence", {}, own.ground if rate.kind == "modelled" else f"assumed: {rate.why}"
        ),
    ]
    below += [Explanation("outside validated ground", {}, text) for text in own.outside]
    value = rate.tokens_per_s[CASES.index(case)]
    formula = f"best layout on {own.system_id}, weights in {own.precision}"
    return Explanation("performance.serving", at, value, "token/s/package", formula, below=below)


def over(
    plan: Plan, figure: str, month: Month, labels: Mapping[str, str], value: float
) -> str | None:
    """That a campaign is over, in place of a zero of a month after its end; none otherwise."""
    if value or not figure.startswith("training.") or not {"month", "campaign"} <= set(labels):
        return None
    ends = plan["training.finish_month"].sel(
        campaign=labels["campaign"], case=labels.get("case", "central")
    )
    end = month_ended(plan, float(ends))
    return f"finished in {end}" if end is not None and str(month) > end else None


def workload_remark(plan: Plan, figure: str, labels: Mapping[str, str]) -> str | None:
    """What became of the campaign or stream whose fate is explained; none of other figures."""
    if figure in _FATES and "campaign" in labels:
        words = plan.outcomes[f"workloads.training.{labels['campaign']}"]
        if figure == "training.start_month" and (bound := start_bound(plan, labels)):
            words = f"{bound}; {words}"
        place = int(
            plan["training.campus"].sel(
                campaign=labels["campaign"], case=labels.get("case", "central")
            )
        )
        return words if place < 0 else f"{words}; at {plan.use['place'].values[place]}"
    if figure in _FATES and "stream" in labels:
        return plan.outcomes[f"workloads.serving.{labels['stream']}"]
    return None
