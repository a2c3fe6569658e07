"""A scenario and the catalog, resolved into labelled arrays with the evidence for every entry.

This is the door between what people write and what kernels compute with. For each value the order is:
what the scenario says, then the catalog record, then the planning defaults; which of the three it was
is kept beside the value. Sites are in order of priority and systems newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gigawatt.catalog import PRECISIONS, Fact, PlanningDefaults, System
from gigawatt.core.arrays import Array
from gigawatt.core.errors import Problem, ScenarioError
from gigawatt.core.months import Horizon, parse_period
from gigawatt.core.provenance import Evidence
from gigawatt.fleet.calendar import spread_evenly, steps_to_curve
from gigawatt.fleet.capacity import basis_ratio, rack_it_mw
from gigawatt.scenario import Scenario
from gigawatt.scenario.schema import EvidenceEntry

__all__ = ["InputArray", "Inputs", "resolve"]

Labels = tuple[str, ...]
LAGS = (
    "order_to_delivery",
    "delivered_to_installed",
    "energised_to_installed",
    "installed_to_commissioned",
    "commissioned_to_service",
)


@dataclass(frozen=True, slots=True)
class InputArray:
    """One input figure.

    Attributes
    ----------
    dims : tuple of str
        Names of the axes.
    unit : str
        Canonical unit of the values.
    values : array
        Values by label.
    evidence : dict of tuple of str to Evidence
        Why each entry is what it is, by the labels of its leading axes; for step curves the last
        label is the month in which the step was set.
    """

    dims: tuple[str, ...]
    unit: str
    values: Array
    evidence: Mapping[Labels, Evidence]


@dataclass(frozen=True)
class Inputs:
    """All inputs of a plan by name, and the labels of their axes.

    Attributes
    ----------
    horizon : Horizon
        Planned months.
    sites, systems, partners : tuple of str
        Ids; sites by priority, systems newest first.
    arrays : dict of str to InputArray
        Inputs by name.
    """

    horizon: Horizon
    sites: tuple[str, ...]
    systems: tuple[str, ...]
    partners: tuple[str, ...]
    arrays: dict[str, InputArray] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name].values

    def whole(self, name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """An input of whole numbers as integers."""
        return self.arrays[name].values.astype(np.int64)


def resolve(scenario: Scenario) -> Inputs:
    """Turn a scenario into arrays.

    Raises
    ------
    CatalogError
        If a record that the scenario needs is not there.
    ScenarioError
        E320 if racks that already run need more power than their site has.
    """
    spec = scenario.spec
    horizon = spec.horizon.range
    resolver = _Resolver(scenario, horizon)
    resolver.systems()
    resolver.sites()
    resolver.partners()
    inputs = resolver.inputs
    _existing_racks_have_power(scenario, inputs)
    return inputs


class _Resolver:
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
        systems = sorted(self.spec.hardware, key=lambda key: (-self._available(key), order[key]))
        self.inputs = Inputs(horizon, tuple(sites), tuple(systems), tuple(self.spec.partners))

    # --- evidence -----------------------------------------------------------------------------

    def written(self, path: str) -> Evidence:
        """Evidence for a value that the scenario writes: its nearest `evidence` entry, its line."""
        entries = self.spec.evidence
        at = path
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

    def known(self, fact: Fact, where: str) -> Evidence:
        """Evidence for a value that the catalog gives."""
        return fact.evidence(f"catalog {where}", self.catalog.sources)

    def defaulted(self, field_name: str) -> tuple[float, Evidence]:
        """A planning default and its evidence."""
        fact: Fact = getattr(self.defaults, field_name)
        return fact.value, self.known(fact, f"planning {field_name}")

    def pick(
        self, written: float | None, path: str, fact: Fact | None, where: str, default: str = ""
    ) -> tuple[float, Evidence]:
        """The scenario's value, else the catalog's, else the planning default."""
        if written is not None:
            return written, self.written(path)
        if fact is not None:
            return fact.value, self.known(fact, where)
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

    # --- systems ------------------------------------------------------------------------------

    def _available(self, key: str) -> int:
        written = self.spec.hardware[key].available
        record = self.records[key].available
        month = written or (record.value if record else None)
        assert month is not None
        return month.index

    def systems(self) -> None:
        """Everything that belongs to a system."""
        keys, spec = self.inputs.systems, self.spec.hardware

        def from_record(field_name: str) -> Callable[[str], tuple[float, Evidence]]:
            def choose(key: str) -> tuple[float, Evidence]:
                fact: Fact = getattr(self.records[key], field_name)
                return fact.value, self.known(fact, f"{spec[key].system or key} {field_name}")

            return choose

        def from_either(
            field_name: str, default: str = ""
        ) -> Callable[[str], tuple[float, Evidence]]:
            def choose(key: str) -> tuple[float, Evidence]:
                return self.pick(
                    getattr(spec[key], field_name),
                    f"hardware.{key}.{field_name}",
                    getattr(self.records[key], field_name, None),
                    f"{spec[key].system or key} {field_name}",
                    default,
                )

            return choose

        def available(key: str) -> tuple[float, Evidence]:
            path = f"hardware.{key}.available"
            if spec[key].available is not None:
                evidence = self.written(path)
            else:
                record = self.records[key].available
                assert record is not None
                source = self.catalog.sources.get(record.source)
                evidence = Evidence(
                    record.confidence,
                    f"{source.title}, {source.publisher}" if source else record.source,
                    source.url if source else "",
                    record.as_of,
                    record.note,
                    f"catalog {spec[key].system or key} available",
                )
            return float(self._available(key) - self.horizon.start.index), evidence

        self.column(
            "packages_per_rack", "system", "package/rack", keys, from_record("packages_per_rack")
        )
        self.column(
            "dies_per_package", "system", "die/package", keys, from_record("dies_per_package")
        )
        self.column("rack_power_mw", "system", "MW/rack", keys, from_either("rack_power"))
        self.column(
            "it_power_factor",
            "system",
            "1",
            keys,
            from_either("it_power_factor", "it_power_factor"),
        )
        self.column("price_usd", "system", "USD/rack", keys, from_either("price"))
        self.column(
            "network_share", "system", "1", keys, from_either("network_share", "network_share")
        )
        self.column(
            "spare_share",
            "system",
            "1",
            keys,
            lambda key: self.pick(spec[key].spares, f"hardware.{key}.spares", None, "", "spares"),
        )
        self.column(
            "useful_life_months", "system", "month", keys, from_either("useful_life", "useful_life")
        )
        self.column("available_month", "system", "months after start", keys, available)
        self._hbm(keys)
        self._peaks(keys)
        self._arrivals(keys)

    def _hbm(self, keys: tuple[str, ...]) -> None:
        evidence: dict[Labels, Evidence] = {}
        values = []
        for key in keys:
            fact = self.records[key].hbm
            values.append(fact.value if fact else np.nan)
            if fact:
                evidence[(key,)] = self.known(fact, f"{self.spec.hardware[key].system or key} hbm")
        self.add("hbm_bytes", ("system",), "B/package", values, evidence)

    def _peaks(self, keys: tuple[str, ...]) -> None:
        shape = (len(PRECISIONS), len(keys))
        peak, mfu = np.zeros(shape), np.zeros((3, *shape))
        peak_evidence: dict[Labels, Evidence] = {}
        mfu_evidence: dict[Labels, Evidence] = {}
        for p, precision in enumerate(PRECISIONS):
            for k, key in enumerate(keys):
                record, where = self.records[key], self.spec.hardware[key].system or key
                if (fact := record.peak.get(precision)) is not None:
                    peak[p, k] = fact.value
                    peak_evidence[(precision, key)] = self.known(fact, f"{where} peak.{precision}")
                if (share := record.mfu.get(precision)) is not None:
                    low = share.low if share.low is not None else share.value
                    high = share.high if share.high is not None else share.value
                    mfu[:, p, k] = low, share.value, high
                    mfu_evidence[(precision, key)] = self.known(share, f"{where} mfu.{precision}")
        self.add("peak_flops", ("precision", "system"), "FLOP/s/package", peak, peak_evidence)
        for name, values in zip(("mfu_low", "mfu", "mfu_high"), mfu, strict=True):
            self.add(name, ("precision", "system"), "1", values, mfu_evidence)

    def _arrivals(self, keys: tuple[str, ...]) -> None:
        months = self.horizon.months
        firm, supply = np.zeros((len(keys), months)), np.zeros((len(keys), months))
        evidence: dict[Labels, Evidence] = {}
        limits: dict[Labels, Evidence] = {}
        for k, key in enumerate(keys):
            hardware = self.spec.hardware[key]
            first = max(0, self._available(key) - self.horizon.start.index)
            last = months - 1 if hardware.until is None else self.horizon.offset(hardware.until)
            for period, racks in hardware.deliveries.items():
                start, length = parse_period(period)
                offset = self.horizon.offset(start)
                covered = [t for t in range(offset, offset + length) if first <= t <= last]
                for t, part in zip(covered, spread_evenly(racks, len(covered)), strict=True):
                    firm[k, t] += part
                evidence[(key, str(start))] = self.written(f"hardware.{key}.deliveries.{period}")
            if hardware.supply is not None:
                steps = {
                    self.horizon.offset(month): rate for month, rate in hardware.supply.items()
                }
                rate = steps_to_curve(list(steps), list(steps.values()), months)
                rate[:first] = 0.0
                supply[k] = np.diff(np.floor(np.cumsum(rate) + 1e-9), prepend=0.0)
                for month in hardware.supply:
                    limits[(key, str(month))] = self.written(f"hardware.{key}.supply.{month}")
            elif not hardware.deliveries:
                supply[k] = np.inf
                limits[(key,)] = Evidence(
                    "assumed",
                    "",
                    "",
                    "",
                    "no deliveries and no supply are stated: no limit",
                    f"hardware.{key}",
                )
            supply[k, :first] = 0.0
            supply[k, last + 1 :] = 0.0
        self.add("deliveries", ("system", "month"), "rack/month", firm, evidence)
        self.add("supply", ("system", "month"), "rack/month", supply, limits)

    # --- sites --------------------------------------------------------------------------------

    def sites(self) -> None:
        """Everything that belongs to a site."""
        keys, spec = self.inputs.sites, self.spec.sites
        self._ratios("site", keys, spec, "sites")
        power, evidence = self._curves(
            keys, {key: spec[key].power for key in keys}, "sites", "power"
        )
        self.add("site_power_mw", ("site", "month"), "MW on the site's basis", power, evidence)
        contracted = [spec[key].interconnect or max(spec[key].power.values()) for key in keys]
        self.add(
            "contracted_mw",
            ("site",),
            "MW on the site's basis",
            contracted,
            {
                (key,): self.written(
                    f"sites.{key}.interconnect"
                    if spec[key].interconnect is not None
                    else f"sites.{key}.power"
                )
                for key in keys
            },
        )

        def energy(name: str, default: str) -> Callable[[str], tuple[float, Evidence]]:
            return lambda key: self.pick(
                getattr(spec[key].energy, name), f"sites.{key}.energy.{name}", None, "", default
            )

        self.column("energy_price_usd", "site", "USD/MWh", keys, energy("price", "energy_price"))
        self.column("carbon_kg", "site", "kg/MWh", keys, energy("carbon", "carbon"))
        self.column("load_factor", "site", "1", keys, energy("load_factor", "load_factor"))
        self.column("energy_pue", "site", "1", keys, self._energy_pue)
        self.column("facility_cost_usd", "site", "USD/MW IT", keys, self._facility_cost)
        self.column("facility_paid_mw", "site", "MW on the site's basis", keys, self._facility_paid)
        for name in LAGS:
            self.column(f"{name}_months", "site", "month", keys, self._lag(name))
        self._existing(keys)

    def _ratios(self, dim: str, keys: tuple[str, ...], spec: Mapping[str, Any], group: str) -> None:
        """Resolve PUE and overhead: as written, then the catalog's site, then the default PUE.

        Where only one of the two is known, the other is taken to be the same.
        """
        chosen: dict[str, tuple[tuple[float, Evidence], tuple[float, Evidence]]] = {}
        for key in keys:
            place = spec[key]
            known = None
            if getattr(place, "from_", None) is not None:
                record_id = key if place.from_ == "catalog" else place.from_
                fact = self.catalog.site(record_id).overhead
                known = (fact.value, self.known(fact, f"{record_id} overhead")) if fact else None
            pue = (place.pue, self.written(f"{group}.{key}.pue")) if place.pue is not None else None
            overhead = known
            if place.overhead is not None:
                overhead = (place.overhead, self.written(f"{group}.{key}.overhead"))
            if overhead is not None and pue is not None and overhead[0] < pue[0]:
                overhead = None
            if pue is None:
                default, why = self.defaulted("pue")
                if overhead is None or default < overhead[0]:
                    pue = (default, why)
                else:
                    pue = (overhead[0], _same_as(overhead[1], "facility", "grid"))
            chosen[key] = (pue, overhead or (pue[0], _same_as(pue[1], "grid", "facility")))
        prefix = "" if dim == "site" else "partner_"
        by_name = {
            "pue": {key: pair[0] for key, pair in chosen.items()},
            "overhead": {key: pair[1] for key, pair in chosen.items()},
        }
        for name, values in by_name.items():
            self.column(f"{prefix}{name}", dim, "1", keys, values.__getitem__)
        ratio = [
            float(basis_ratio(spec[key].basis, chosen[key][0][0], chosen[key][1][0]))
            for key in keys
        ]
        self.add(
            f"{prefix}basis_ratio",
            (dim,),
            "1",
            ratio,
            {(key,): self.written(f"{group}.{key}.basis") for key in keys},
        )

    def _curves(
        self,
        keys: tuple[str, ...],
        curves: Mapping[str, Mapping[Any, float]],
        group: str,
        name: str,
    ) -> tuple[Array, dict[Labels, Evidence]]:
        values = np.zeros((len(keys), self.horizon.months))
        evidence: dict[Labels, Evidence] = {}
        for row, key in enumerate(keys):
            steps = {self.horizon.offset(month): value for month, value in curves[key].items()}
            values[row] = steps_to_curve(list(steps), list(steps.values()), self.horizon.months)
            for month in curves[key]:
                evidence[(key, str(month))] = self.written(f"{group}.{key}.{name}.{month}")
        return values, evidence

    def _energy_pue(self, key: str) -> tuple[float, Evidence]:
        written = self.spec.sites[key].energy.pue
        if written is not None:
            return written, self.written(f"sites.{key}.energy.pue")
        value, why = self.defaulted("energy_pue")
        at_peak = self.inputs["pue"][self.inputs.sites.index(key)]
        if value > at_peak:
            peak_why = self.inputs.arrays["pue"].evidence[(key,)]
            return float(at_peak), _same_as(peak_why, "annual", "peak")
        return value, why

    def _facility_cost(self, key: str) -> tuple[float, Evidence]:
        written = self.spec.sites[key].facility_cost
        if written is None:
            return self.defaulted("facility_cost")
        ratio = float(self.inputs["basis_ratio"][self.inputs.sites.index(key)])
        return written * ratio, self.written(f"sites.{key}.facility_cost")

    def _facility_paid(self, key: str) -> tuple[float, Evidence]:
        written = self.spec.sites[key].facility_paid
        path = f"sites.{key}.facility_paid" if written else f"sites.{key}"
        return written, self.written(path)

    def _lag(self, name: str) -> Callable[[str], tuple[float, Evidence]]:
        def choose(key: str) -> tuple[float, Evidence]:
            for lags, path in (
                (self.spec.sites[key].lags, f"sites.{key}.lags"),
                (self.spec.lags, "lags"),
            ):
                if (value := getattr(lags, name)) is not None:
                    return value, self.written(f"{path}.{name}")
                if lags.installed_to_service is not None and name == "installed_to_commissioned":
                    return lags.installed_to_service, self.written(f"{path}.installed_to_service")
                if lags.installed_to_service is not None and name == "commissioned_to_service":
                    return 0.0, self.written(f"{path}.installed_to_service")
            return self.defaulted(name)

        return choose

    def _existing(self, keys: tuple[str, ...]) -> None:
        shape = (len(keys), len(self.inputs.systems))
        racks, retire = np.zeros(shape), np.full(shape, float(self.horizon.months + 1200))
        evidence: dict[Labels, Evidence] = {}
        for s, key in enumerate(keys):
            for system, existing in self.spec.sites[key].existing.items():
                k = self.inputs.systems.index(system)
                age = self.horizon.start - existing.since
                racks[s, k] = existing.racks
                retire[s, k] = max(0.0, self.inputs["useful_life_months"][k] - age)
                evidence[(key, system)] = self.written(f"sites.{key}.existing.{system}")
        self.add("existing_racks", ("site", "system"), "rack", racks, evidence)
        self.add(
            "existing_retire_month", ("site", "system"), "months after start", retire, evidence
        )

    # --- partners -----------------------------------------------------------------------------

    def partners(self) -> None:
        """Contracted capacity, its accelerators and what it costs."""
        keys, spec, months = self.inputs.partners, self.spec.partners, self.horizon.months
        self._ratios("partner", keys, spec, "partners")
        curve, evidence = self._curves(
            keys, {k: spec[k].capacity for k in keys}, "partners", "capacity"
        )
        per_mw = np.zeros(len(keys))
        end: list[int] = []
        system_evidence: dict[Labels, Evidence] = {}
        for row, key in enumerate(keys):
            partner = spec[key]
            first = self.horizon.offset(min(partner.capacity))
            end.append(first + int(partner.term) if partner.term is not None else months)
            curve[row, max(0, end[row]) :] = 0.0
            if partner.system is not None:
                record = self.catalog.system(partner.system)
                assert record.rack_power is not None
                factor = record.it_power_factor or self.defaults.it_power_factor
                per_mw[row] = record.packages_per_rack.value / float(
                    rack_it_mw(np.array(record.rack_power.value), np.array(factor.value))
                )
                system_evidence[(key,)] = self.known(
                    record.rack_power, f"{partner.system} rack_power"
                )
        self.add(
            "partner_power_mw", ("partner", "month"), "MW on the partner's basis", curve, evidence
        )
        self.add("partner_packages_per_mw", ("partner",), "package/MW IT", per_mw, system_evidence)
        for name, unit, field_name in (
            ("partner_price_usd", "USD/package/h", "price"),
            ("partner_commitment_usd", "USD", "commitment"),
            ("partner_utilisation", "1", "utilisation"),
            ("partner_take_or_pay", "1", "take_or_pay"),
        ):
            self.add(
                name,
                ("partner",),
                unit,
                [getattr(spec[key], field_name) or 0.0 for key in keys],
                {(key,): self.written(f"partners.{key}.{field_name}") for key in keys},
            )
        terms = [
            float(spec[key].term or months - self.horizon.offset(min(spec[key].capacity)))
            for key in keys
        ]
        self.add(
            "partner_term_months",
            ("partner",),
            "month",
            terms,
            {(key,): self.written(f"partners.{key}.term") for key in keys},
        )


def _same_as(evidence: Evidence, this: str, other: str) -> Evidence:
    note = f"no separate {this} figure; taken as the {other} figure. {evidence.note}".strip()
    return Evidence("assumed", evidence.source, evidence.url, evidence.as_of, note, evidence.where)


def _existing_racks_have_power(scenario: Scenario, inputs: Inputs) -> None:
    rack = rack_it_mw(inputs["rack_power_mw"], inputs["it_power_factor"])
    used = (inputs["existing_racks"] * rack).sum(axis=-1)
    have = inputs["site_power_mw"][:, 0] / inputs["basis_ratio"]
    problems = [
        Problem(
            "E320",
            f"The racks that already run need {used[s]:,.1f} MW of IT power; the site has "
            f"{have[s]:,.1f} MW in its first month.",
            "Lower the racks, or raise the first step of the site's power.",
            f"sites.{site}.existing",
            scenario.tree.origin(f"sites.{site}.existing"),
        )
        for s, site in enumerate(inputs.sites)
        if used[s] > have[s] + 1e-9
    ]
    if problems:
        raise ScenarioError(problems)
