"""Gigawatt: plan AI compute build-outs, from the chip to the cash flow.

Three words do most of the work::

    import gigawatt as gw
    scenario = gw.load("nvidia-openai-10gw")
    plan = gw.plan(scenario)
    gw.compare(plan, gw.plan(scenario.override("late-grid"))).show()

Everything consumes a `Scenario` or produces a `Plan`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .catalog import Catalog
    from .core import errors
    from .perf.ask import train
    from .perf.serving.ask import infer
    from .planning import Comparison, Plan, compare, explain, load_run, plan, save_run
    from .reliability.ask import goodput
    from .scenario import Scenario, load

__all__ = [
    "Catalog",
    "Comparison",
    "Plan",
    "Scenario",
    "__version__",
    "compare",
    "errors",
    "explain",
    "goodput",
    "infer",
    "load",
    "load_run",
    "plan",
    "save_run",
    "train",
]

_HOMES = {
    "Catalog": "catalog",
    "Comparison": "planning",
    "Plan": "planning",
    "Scenario": "scenario",
    "compare": "planning",
    "errors": "core.errors",
    "explain": "planning",
    "goodput": "reliability.ask",
    "infer": "perf.serving.ask",
    "load": "scenario",
    "load_run": "planning",
    "plan": "planning",
    "save_run": "planning",
    "train": "perf.ask",
}


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used, so that `import gigawatt` is quick."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'gigawatt' has no attribute {name!r}")
    module = import_module(f".{_HOMES[name]}", __name__)
    return module if name == "errors" else getattr(module, name)


def __dir__() -> list[str]:
    return __all__
