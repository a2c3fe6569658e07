"""`plan(scenario) -> Plan`: the one function that everything else calls.

A `Plan` is what follows from a scenario: labelled arrays over month, site and system, each with unit,
formula and inputs, and the evidence under every input. It computes nothing after it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from gigawatt._version import __version__
from gigawatt.catalog import PRECISIONS
from gigawatt.core.errors import Problem
from gigawatt.core.months import Horizon, Month
from gigawatt.core.provenance import Evidence
from gigawatt.finance.tranches import Tranche
from gigawatt.scenario import Scenario

from .books import KeptBooks
from .build import BASES, Built, build
from .conservation import check_conservation
from .figures import FIGURES
from .inputs import Inputs
from .outcomes import outcomes_of
from .rates import CASES, Progress, Rates
from .resolve import resolve
from .serving_rates import ServingRates
from .workloads import USES

__all__ = ["Plan", "plan"]


@dataclass(frozen=True)
class Plan:
    """What follows from a scenario.

    Attributes
    ----------
    scenario : Scenario
        What was planned.
    tree : xarray.DataTree
        Groups inputs, power, fleet, milestones, partners, finance, books, training, serving, use.
    tranches : dict of str to list of Tranche
        Payments of each investment, exact to the cent.
    books : KeptBooks
        The books of the buyer and of everybody it deals with, with the formula of every line.
    evidence : dict of str to dict
        Input name → labels → `Evidence`.
    rates : dict of str to dict of str to Rate
        Campaign → machine → how fast it works on the campaign, with its throughput curve.
    serving_rates : dict of str to dict of str to StreamRate
        Stream → machine → what a package serves.
    warnings : tuple of Problem
        What is allowed and probably not meant.
    outcomes : dict of str to str
        What became of each workload in the central case, by its path in the scenario.
    version, catalog_hash : str
        Program and catalog that the plan was made with.

    Examples
    --------
    >>> import gigawatt as gw
    >>> p = gw.plan(gw.load("one-campus"))
    >>> p.fleet["packages"].dims
    ('month', 'site', 'system')
    """

    scenario: Scenario
    tree: xr.DataTree
    tranches: Mapping[str, list[Tranche]]
    books: KeptBooks
    evidence: Mapping[str, Mapping[tuple[str, ...], Evidence]]
    rates: Rates = field(default_factory=dict)
    serving_rates: ServingRates = field(default_factory=dict)
    warnings: tuple[Problem, ...] = field(default=())
    outcomes: Mapping[str, str] = field(default_factory=dict)
    version: str = __version__
    catalog_hash: str = ""

    def __getitem__(self, name: str) -> xr.DataArray:
        """A figure by its full name, such as `fleet.packages`."""
        group, _, variable = name.partition(".")
        return self.tree[group].to_dataset()[variable]

    def _group(self, name: str) -> xr.Dataset:
        return self.tree[name].to_dataset()

    @property
    def horizon(self) -> Horizon:
        """The planned months."""
        return self.scenario.spec.horizon.range

    @cached_property
    def power(self) -> xr.Dataset:
        """Power and energy by month and site."""
        return self._group("power")

    @cached_property
    def fleet(self) -> xr.Dataset:
        """Racks, packages, dies, peaks by month, site and system."""
        return self._group("fleet")

    @cached_property
    def milestones(self) -> xr.Dataset:
        """Gigawatts deployed by month and basis."""
        return self._group("milestones")

    @cached_property
    def partners(self) -> xr.Dataset:
        """Contracted capacity by month and partner."""
        return self._group("partners")

    @cached_property
    def finance(self) -> xr.Dataset:
        """Spend, investments, funding gap by month."""
        return self._group("finance")

    @cached_property
    def accounts(self) -> xr.Dataset:
        """Every line of the books by month, and cash and what is at stake by party."""
        return self._group("books")

    @cached_property
    def training(self) -> xr.Dataset:
        """Training campaigns: cluster, throughput, goodput and progress by month, start and finish."""
        return self._group("training")

    @cached_property
    def serving(self) -> xr.Dataset:
        """Served models: demand, what of it is met, accelerators, revenue by month."""
        return self._group("serving")

    @cached_property
    def use(self) -> xr.Dataset:
        """Who uses the accelerators: training, serving, nobody."""
        return self._group("use")

    @cached_property
    def inputs(self) -> xr.Dataset:
        """Everything that the plan was computed from."""
        return self._group("inputs")

    def month(self, index: float) -> Month | None:
        """The month of an index; none for NaN or outside the horizon."""
        if np.isnan(index) or not 0 <= index < self.horizon.months:
            return None
        return self.horizon.start + int(index)

    def summary(self) -> dict[str, Any]:
        """Headline figures as plain data, ready for JSON; see `planning.summary`."""
        return deepcopy(self._summary)

    @cached_property
    def _summary(self) -> dict[str, Any]:
        from .summary import summarise

        return summarise(self)


def plan(scenario: Scenario, *, progress: Progress | None = None) -> Plan:
    """Plan a scenario.

    Parameters
    ----------
    scenario : Scenario
        From `gigawatt.load` or `Scenario.from_dict`.
    progress : callable, optional
        Told in words when something takes longer than a breath: throughput curves and serving rates
        are computed once on a computer and kept.

    Returns
    -------
    Plan

    Raises
    ------
    ScenarioError
        E306 if nothing ever goes into service, at partners neither, or what resolving finds.
    ConservationError
        E901 if the figures break a conservation rule.
    """
    from .warn import check_outcome

    inputs = resolve(scenario)
    built = build(scenario, inputs, progress)
    warnings = (*scenario.warnings, *check_outcome(scenario, inputs, built))
    check_conservation(built, inputs, scenario)
    evidence = {name: array.evidence for name, array in inputs.arrays.items()}
    return Plan(
        scenario=scenario,
        tree=_tree(scenario, inputs, built),
        tranches=built.tranches,
        books=built.books,
        evidence=evidence,
        rates=built.rates,
        serving_rates=built.serving_rates,
        warnings=warnings,
        outcomes={found.path: found.text for found in outcomes_of(scenario, inputs, built)},
        catalog_hash=scenario.catalog.hash,
    )


def _coordinates(scenario: Scenario, inputs: Inputs, built: Built) -> dict[str, Any]:
    return {
        "month": inputs.horizon.datetimes(),
        "site": list(inputs.sites),
        "system": list(inputs.systems),
        "partner": list(inputs.partners),
        "precision": list(PRECISIONS),
        "basis": list(BASES),
        "counter": list(built.counters),
        "investment": list(scenario.spec.investment),
        "line": list(built.books.books.sheet.lines),
        "party": list(built.books.books.parties),
        "gigawatt": np.arange(1, built.gigawatts + 1),
        "campaign": list(scenario.spec.workloads.training),
        "stream": list(scenario.spec.workloads.serving),
        "place": list(built.machines.places),
        "machine": list(built.machines.labels),
        "use": list(USES),
        "case": list(CASES),
    }


def _tree(scenario: Scenario, inputs: Inputs, built: Built) -> xr.DataTree:
    axes = {
        dim: _Axis.of(dim, labels) for dim, labels in _coordinates(scenario, inputs, built).items()
    }
    groups: dict[str, dict[str, xr.Variable]] = {}
    for figure in FIGURES:
        group, _, variable = figure.name.partition(".")
        attrs = {
            "units": figure.unit,
            "long_name": figure.doc,
            "formula": figure.formula,
            "inputs": ", ".join(figure.inputs),
        }
        values = built.figures[figure.name]
        groups.setdefault(group, {})[variable] = xr.Variable(
            figure.dims, values, attrs, fastpath=True
        )
    for name, array in inputs.arrays.items():
        dims, values = array.dims, array.values
        if dims and dims[-1] == "month":
            dims, values = ("month", *dims[:-1]), np.moveaxis(values, -1, 0)
        attrs = {"units": array.unit, "long_name": name.replace("_", " ")}
        groups.setdefault("inputs", {})[name] = xr.Variable(dims, values, attrs, fastpath=True)
    datasets = {
        f"/{group}": xr.Dataset(variables, _Axis.together([axes[d] for d in _dims_of(variables)]))
        for group, variables in groups.items()
    }
    tree = xr.DataTree.from_dict(datasets, name="plan")
    tree.attrs.update(
        {
            "title": scenario.name,
            "gigawatt_version": __version__,
            "conventions": "see group attributes",
        }
    )
    return tree


@dataclass(frozen=True, slots=True)
class _Axis:
    """Labels of one dimension with their index, made once and shared by all groups."""

    index: xr.indexes.PandasIndex
    variables: Mapping[Any, xr.Variable]

    @classmethod
    def of(cls, dim: str, labels: Any) -> _Axis:
        index = xr.indexes.PandasIndex(xr.Variable((dim,), labels).to_index(), dim)
        return cls(index, index.create_variables())

    @staticmethod
    def together(axes: list[_Axis]) -> xr.Coordinates:
        return xr.Coordinates(
            {name: variable for axis in axes for name, variable in axis.variables.items()},
            {name: axis.index for axis in axes for name in axis.variables},
        )


def _dims_of(variables: Mapping[str, xr.Variable]) -> list[str]:
    return list(dict.fromkeys(str(dim) for variable in variables.values() for dim in variable.dims))
