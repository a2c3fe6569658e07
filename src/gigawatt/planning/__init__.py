"""The one function `plan(scenario) -> Plan`, and what is asked of Plans."""

from .compare import Comparison, compare
from .explain import explain
from .explanation import Explanation
from .plan import Plan, plan
from .runfolder import is_run, load_run, save_run

__all__ = [
    "Comparison",
    "Explanation",
    "Plan",
    "compare",
    "explain",
    "is_run",
    "load_run",
    "plan",
    "save_run",
]
