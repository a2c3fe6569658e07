"""The charts of the build-out, on one time axis, in the order of the page; those of money stand in `money`."""

from __future__ import annotations

from .accelerator_chart import accelerators
from .demand_chart import demand
from .gantt_chart import gantt
from .milestone_chart import milestones
from .power_chart import power
from .traces import Chart
from .use_chart import use
from .view import View

__all__ = ["build_charts"]


def build_charts(view: View) -> list[Chart]:
    """Every chart of the build-out; those of workloads only where there are some."""
    workloads = view.plan.scenario.spec.workloads
    charts = [power(view), accelerators(view)]
    charts += [gantt(view)] if workloads.training else []
    charts += [demand(view)] if workloads.serving else []
    charts += [use(view)] if workloads.training or workloads.serving else []
    return [*charts, milestones(view)]
