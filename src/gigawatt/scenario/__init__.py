"""What a user writes: schema, YAML with lines, imports, overrides, rules."""

from .load import find_scenario, load, shipped_scenarios
from .scenario import Scenario, parse_assignment
from .schema import ScenarioSpec

__all__ = [
    "Scenario",
    "ScenarioSpec",
    "find_scenario",
    "load",
    "parse_assignment",
    "shipped_scenarios",
]
