"""What resolving a site, a system and a partner share: evidence, order of preference, storing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gigawatt.catalog import Fact, PlanningDefaults, System
from gigawatt.catalog.records import Kind
from gigawatt.core.errors import Origin, Problem, ScenarioError
from gigawatt.core.months import Horizon
from gigawatt.core.provenance import Evidence
from gigawatt.planning.inputs import InputArray, Inputs, Labels
from gigawatt.scenario import Scenario
from gigawatt.scenario.schema import EvidenceEntry

__all__ = ["Resolver", "same_as"]


class Resolver:
    """Walks a scenario once, filling an `Inputs`."""

    def __init__(self, scenario: Scenario, horizon: Horizon) -> None:
        self.scenario = scenario
        self.spec = scenario.spec
        self.horizon = horizon
        self.catalog = scenario.catalog
        self.defaults: PlanningDefaults = scenario.catalog.defaults
        position = {key: index for index, key in enumerate(self.spec.sites)}
        sites = sorted(
            self.spec.sites, key=lambda key: (self.spec.sites[key].priority, position[key])
        )
        order = {key: index for index, key in enumerate(self.spec.hardware)}
        self.records: dict[str, System] = {
            key: self.catalog.system(hardware.system or key)
            for key, hardware in self.spec.hardware.items()
        }
        systems = sorted(self.spec.hardware, key=lambda key: (-self.available(key), order[key]))
        self.inputs = Inputs(horizon, tuple(sites), tuple(systems), tuple(self.spec.partners))

    # --- evidence -----------------------------------------------------------------------------

    def written(self, path: str) -> Evidence:
        """Evidence for a value that the scenario writes: its nearest `evidence` entry, its line."""
        entries = self.spec.evidence
        at = path
        if self.scenario.tree.origin(path).file in {"set", "--set"}:
            at = ""  # what was set over the file does not borrow the file's sources
        while at:
            if at in entries:
                return self._entry(entries[at]).at(self.scenario.tree.origin(path), path)
            at = at.rpartition(".")[0]
        return Evidence("stated").at(self.scenario.tree.origin(path), path)

    def _entry(self, entry: EvidenceEntry) -> Evidence:
        source = self.catalog.sources.get(entry.source)
        return Evidence(
            entry.confidence,
            f"{source.title}, {source.publisher}" if source else entry.source,
            entry.url or (source.url if source else ""),
            entry.as_of,
            entry.note,
        )

    def known(self, fact: Fact, kind: Kind, record_id: str, field_name: str) -> Evidence:
        """Evidence for a value that the catalog gives, with the line of its record."""
        return fact.evidence(
            self._line(kind, record_id, field_name),
            self.catalog.sources,
            "default" if kind == "defaults" else "catalog",
        )

    def _line(self, kind: Kind, record_id: str, field_name: str) -> str:
        origins = self.catalog.entry(kind, record_id).origins
        at = field_name
        while at and at not in origins:
            at = at.rpartition(".")[0]
        origin = origins.get(at, Origin("catalog"))
        return f"{origin} {record_id} {field_name}"

    def system_fact(self, key: str, fact: Fact, field_name: str) -> tuple[float, Evidence]:
        """A value of the catalog record behind a hardware key."""
        record_id = self.spec.hardware[key].system or key
        return fact.value, self.known(fact, "systems", record_id, field_name)

    def defaulted(self, field_name: str) -> tuple[float, Evidence]:
        """A planning default and its evidence."""
        fact: Fact = getattr(self.defaults, field_name)
        return fact.value, self.known(fact, "defaults", "planning", field_name)

    def pick(
        self,
        written: float | None,
        path: str,
        known: tuple[float, Evidence] | None = None,
        default: str = "",
    ) -> tuple[float, Evidence]:
        """The scenario's value, else the catalog's, else the planning default.

        Raises
        ------
        ScenarioError
            E310 if there is none of the three.
        """
        if written is not None:
            return written, self.written(path)
        if known is not None:
            return known
        if default:
            return self.defaulted(default)
        raise ScenarioError(
            Problem(
                "E310",
                "There is no figure for this, and none is assumed.",
                "",
                path,
                self.scenario.tree.origin(path),
            )
        )

    def add(
        self,
        name: str,
        dims: tuple[str, ...],
        unit: str,
        values: Any,
        evidence: Mapping[Labels, Evidence] | None = None,
    ) -> None:
        """Store one input."""
        self.inputs.arrays[name] = InputArray(
            dims, unit, np.asarray(values, dtype=float), evidence or {}
        )

    def column(
        self,
        name: str,
        dim: str,
        unit: str,
        keys: Iterable[str],
        choose: Callable[[str], tuple[float, Evidence]],
    ) -> None:
        """Store one input along one axis."""
        chosen = {key: choose(key) for key in keys}
        self.add(
            name,
            (dim,),
            unit,
            [value for value, _ in chosen.values()],
            {(key,): evidence for key, (_, evidence) in chosen.items()},
        )

    def available(self, key: str) -> int:
        """Month index in which a system can first be delivered."""
        written = self.spec.hardware[key].available
        record = self.records[key].available
        month = written or (record.value if record else None)
        assert month is not None
        return month.index

    def month_evidence(self, key: str) -> Evidence:
        """Evidence for the month of availability that the catalog gives."""
        record = self.records[key].available
        assert record is not None
        source = self.catalog.sources.get(record.source)
        return Evidence(
            record.confidence,
            f"{source.title}, {source.publisher}" if source else record.source,
            source.url if source else "",
            record.as_of,
            record.note,
            self._line("systems", self.spec.hardware[key].system or key, "available"),
            "catalog",
        )


def same_as(evidence: Evidence, this: str, other: str) -> Evidence:
    """Evidence for a figure that is taken over from another, for want of one of its own."""
    note = f"no separate {this} figure; taken as the {other} figure"
    note = f"{note}; {evidence.note}" if evidence.note else note
    return replace(evidence, confidence="assumed", note=note)
