"""All charts of a plan, on one time axis, in the order of the page."""

from __future__ import annotations

from .accelerator_chart import accelerators
from .capital_chart import capital
from .milestone_chart import milestones
from .power_chart import power
from .traces import Chart
from .view import View

__all__ = ["all_charts"]


def all_charts(view: View) -> list[Chart]:
    """Every chart, in the order of the page."""
    return [power(view), accelerators(view), milestones(view), capital(view)]
