"""What every rule sees, and what rules of several subjects share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gigawatt.catalog import Catalog, System
from gigawatt.core.errors import CatalogError, Problem
from gigawatt.core.yamltree import Tree
from gigawatt.scenario.instruments import milestone_of
from gigawatt.scenario.milestones import Milestone
from gigawatt.scenario.schema import ScenarioSpec

__all__ = ["Case", "Rule", "milestones_of"]


@dataclass(frozen=True)
class Case:
    """What a rule sees."""

    spec: ScenarioSpec
    tree: Tree
    catalog: Catalog
    folder: Path

    def problem(self, code: str, path: str, message: str, fix: str = "") -> Problem:
        """A finding about a path, with its line."""
        return Problem(code, message, fix, path, self.tree.origin(path))

    def system_of(self, key: str) -> System | None:
        """The catalog system behind a hardware key, or none if there is no such record."""
        hardware = self.spec.hardware.get(key)
        wanted = (hardware.system if hardware else None) or key
        try:
            return self.catalog.system(wanted)
        except CatalogError:
            return None


Rule = Callable[[Case], Iterator[Problem]]


def milestones_of(spec: ScenarioSpec) -> Iterator[tuple[str, Milestone]]:
    """Every milestone of a scenario, with its path."""
    for key, investment in spec.investment.items():
        if (milestone := milestone_of(investment)) is not None:
            yield f"investment.{key}.milestone", milestone
        for index, condition in enumerate(investment.conditions):
            yield f"investment.{key}.conditions.{index}.milestone", condition.milestone
    for key, commitment in spec.commitments.items():
        yield f"commitments.{key}.milestone", commitment.milestone
