"""Rules that look at more than one value: one function a rule, each yielding findings.

Errors make a scenario unusable; warnings (`W…`) say what is allowed and probably not meant, and
become errors under `check --strict`. Every rule takes the same `Case` and knows nothing of the
others.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gigawatt.catalog import Catalog, System
from gigawatt.catalog.huggingface import model_from_config
from gigawatt.core.errors import CatalogError, Origin, Problem, did_you_mean
from gigawatt.core.months import LAST_YEAR, Month, parse_period
from gigawatt.core.yamltree import Tree, all_paths

from .schema import Milestone, MilestoneEquity, ScenarioSpec

__all__ = ["RULES", "Case", "check_rules"]


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


_MOST_TRANCHES = 10_000
_MOST_HINTS = 20
_MOST_CELLS = 4_000_000
_LEAST_TRANCHE_USD = 0.01

Rule = Callable[[Case], Iterator[Problem]]


def check_rules(spec: ScenarioSpec, tree: Tree, catalog: Catalog, folder: Path) -> list[Problem]:
    """All findings of all rules, in the order of the file."""
    case = Case(spec, tree, catalog, folder)
    findings = [finding for rule in RULES for finding in rule(case)]
    return sorted(findings, key=lambda f: (f.severity, f.origin.file or "", f.origin.line or 0))


def there_is_something_to_build(case: Case) -> Iterator[Problem]:
    """A fleet needs sites and hardware."""
    for part, what in (("sites", "site with power"), ("hardware", "system to put there")):
        if not getattr(case.spec, part):
            yield case.problem(
                "E306",
                part,
                f"The fleet is empty: there is no {what}.",
                f"Add one under '{part}:'.",
            )
    for site_id, site in case.spec.sites.items():
        if not any(site.power.values()):
            yield case.problem(
                "E306",
                f"sites.{site_id}.power",
                "This site never has any power.",
                "Give at least one step above 0 MW, or remove the site.",
            )


def horizon_ends_within_the_calendar(case: Case) -> Iterator[Problem]:
    """The calendar of arrays ends in the 23rd century; months beyond it would wrap around."""
    horizon = case.spec.horizon.range
    if horizon.last.year > LAST_YEAR:
        most = Month.parse(f"{LAST_YEAR}-12") - horizon.start + 1
        yield case.problem(
            "E213",
            "horizon.months",
            f"The horizon ends in {horizon.last}; months are planned up to {LAST_YEAR}-12.",
            f"Allowed is at most {most} months from {horizon.start}.",
        )


def the_plan_fits_into_memory(case: Case) -> Iterator[Problem]:
    """A plan holds some dozen figures for every month, site and system."""
    spec = case.spec
    cells = spec.horizon.months * len(spec.sites) * len(spec.hardware)
    if cells > _MOST_CELLS:
        yield case.problem(
            "E322",
            "horizon",
            f"{spec.horizon.months} months × {len(spec.sites)} sites × {len(spec.hardware)} systems are "
            f"{cells:,} cells.",
            f"Allowed is at most {_MOST_CELLS:,}; shorten the horizon, or join sites.",
        )


def dates_lie_in_the_horizon(case: Case) -> Iterator[Problem]:
    """Dates of events must lie inside the planned months."""
    spec, horizon = case.spec, case.spec.horizon.range
    dated: dict[str, Month] = {}
    for site_id, site in spec.sites.items():
        dated |= {f"sites.{site_id}.power.{month}": month for month in site.power}
        for key, existing in site.existing.items():
            if existing.since > horizon.start:
                yield case.problem(
                    "E301",
                    f"sites.{site_id}.existing.{key}.since",
                    f"{existing.since} is after the start of the horizon, {horizon.start}; existing "
                    "racks already run.",
                    "Give new racks by 'deliveries' or 'supply' instead.",
                )
    for key, hardware in spec.hardware.items():
        for period in hardware.deliveries:
            first, length = parse_period(period)
            path = f"hardware.{key}.deliveries.{period}"
            if first not in horizon or first + (length - 1) not in horizon:
                yield _outside(case, path, period)
        for month in hardware.supply or {}:
            if month > horizon.last:
                yield _outside(case, f"hardware.{key}.supply.{month}", str(month))
    for key, partner in spec.partners.items():
        dated |= {f"partners.{key}.capacity.{month}": month for month in partner.capacity}
    for key, block in spec.deployment.blocks.items():
        dated[f"deployment.blocks.{key}.month"] = block.month
    for key, investment in spec.investment.items():
        if investment.kind == "milestone_equity":
            for name in ("signed", "until"):
                if (month := getattr(investment, name)) is not None:
                    dated[f"investment.{key}.{name}"] = month
        elif investment.kind == "equity":
            dated |= {f"investment.{key}.schedule.{month}": month for month in investment.schedule}
    for key, commitment in spec.commitments.items():
        if commitment.by is not None:
            dated[f"commitments.{key}.by"] = commitment.by
    for key, run in spec.workloads.training.items():
        if run.earliest is not None:
            dated[f"workloads.training.{key}.earliest"] = run.earliest
    for path, month in dated.items():
        if month not in horizon:
            yield _outside(case, path, str(month))


def _outside(case: Case, path: str, written: str) -> Problem:
    horizon = case.spec.horizon.range
    return case.problem(
        "E301",
        path,
        f"{written} is outside the horizon; allowed is {horizon.start} to {horizon.last}.",
        "What is there before the horizon starts is written at its first month."
        if written < str(horizon.start)
        else "Move the date, or make 'horizon.months' longer.",
    )


def power_rises_within_its_interconnect(case: Case) -> Iterator[Problem]:
    """Ramps never fall and never exceed the contracted power."""
    for site_id, site in case.spec.sites.items():
        steps = sorted(site.power.items())
        for (_, before), (month, power) in itertools.pairwise(steps):
            if power < before:
                yield case.problem(
                    "E303",
                    f"sites.{site_id}.power.{month}",
                    f"{power:g} MW is less than the {before:g} MW before it; energised power is "
                    "cumulative and does not fall.",
                    "Write the total from that month on, not the addition.",
                )
        if site.interconnect is None:
            continue
        for month, power in steps:
            if power > site.interconnect:
                yield case.problem(
                    "E302",
                    f"sites.{site_id}.power.{month}",
                    f"{power:g} MW is above the interconnect of this site, {site.interconnect:g} MW "
                    f"({site.basis} basis).",
                    f"Allowed is at most {site.interconnect:g} MW; or raise "
                    f"sites.{site_id}.interconnect.",
                )


def overhead_is_at_least_the_pue(case: Case) -> Iterator[Problem]:
    """Grid per IT power includes facility per IT power; the annual PUE is below the peak one."""
    for group in ("sites", "partners"):
        for key, place in getattr(case.spec, group).items():
            if place.pue is not None and place.overhead is not None and place.overhead < place.pue:
                yield case.problem(
                    "E313",
                    f"{group}.{key}.overhead",
                    f"The overhead {place.overhead:g} (grid per IT power) is below the PUE "
                    f"{place.pue:g} (facility per IT power); the grid feeds the whole facility.",
                    f"Allowed is at least {place.pue:g}.",
                )
    for key, site in case.spec.sites.items():
        ceiling = site.pue or site.overhead
        if site.energy.pue is not None and ceiling is not None and site.energy.pue > ceiling:
            yield case.problem(
                "E313",
                f"sites.{key}.energy.pue",
                f"The annual PUE {site.energy.pue:g} is above the peak ratio {ceiling:g} of this site.",
                f"Allowed is at most {ceiling:g}.",
            )


def lags_are_said_once(case: Case) -> Iterator[Problem]:
    """installed_to_service replaces the two lags it spans."""
    places = {"lags": case.spec.lags}
    places |= {f"sites.{key}.lags": site.lags for key, site in case.spec.sites.items()}
    for key, site in case.spec.sites.items():
        halves = (site.lags.installed_to_commissioned, site.lags.commissioned_to_service)
        if case.spec.lags.installed_to_service is not None and any(h is not None for h in halves):
            yield case.problem(
                "E316",
                f"sites.{key}.lags",
                "This site gives one part of installed_to_service, which the scenario gives as a whole.",
                "Give installed_to_service here too, or its two parts in both places.",
            )
    for path, lags in places.items():
        halves = (lags.installed_to_commissioned, lags.commissioned_to_service)
        if lags.installed_to_service is not None and any(half is not None for half in halves):
            yield case.problem(
                "E316",
                f"{path}.installed_to_service",
                "installed_to_service stands beside a lag that it already includes.",
                "Keep either installed_to_service, or installed_to_commissioned and "
                "commissioned_to_service.",
            )


def systems_are_known_and_usable(case: Case) -> Iterator[Problem]:
    """Every hardware key has a catalog record with a rack power and a price, or gives them."""
    for key, hardware in case.spec.hardware.items():
        path, wanted = f"hardware.{key}", hardware.system or key
        system = case.system_of(key)
        if system is None:
            if wanted in case.catalog.ids("systems"):
                yield from _broken_record(case, "systems", wanted)
                continue
            yield case.problem(
                "E307",
                f"{path}.system" if hardware.system else path,
                f"The catalog has no system '{wanted}'.",
                f"{did_you_mean(wanted, case.catalog.ids('systems'))} "
                "See 'gigawatt catalog list systems', or add your own under 'catalog.systems'.",
            )
            continue
        if hardware.rack_power is None and system.rack_power is None:
            yield case.problem(
                "E310",
                path,
                f"No source in the catalog gives the rack power of {wanted}.",
                f'Give your own figure: {path}.rack_power, such as "120 kW".',
            )
        if hardware.price is None and system.price is None:
            yield case.problem(
                "E310",
                path,
                f"No source in the catalog gives the price of {wanted}.",
                f'Give your own figure: {path}.price, such as "3.5 MUSD/rack".',
            )
        if hardware.available is None and system.available is None:
            yield case.problem(
                "E310",
                path,
                f"No source in the catalog dates the availability of {wanted}.",
                f"Give your own: {path}.available, such as 2027-10.",
            )


def _broken_record(case: Case, kind: Any, record_id: str) -> Iterator[Problem]:
    try:
        case.catalog.entry(kind, record_id)
    except CatalogError as error:
        for problem in error.problems:
            path = f"catalog.{kind}.{record_id}.{problem.path}".rstrip(".")
            yield Problem(
                problem.code,
                problem.message,
                problem.fix,
                path,
                problem.origin if problem.origin != Origin() else case.tree.origin(path),
            )


def _first_month(case: Case, key: str) -> Month | None:
    hardware = case.spec.hardware.get(key)
    if hardware is not None and hardware.available is not None:
        return hardware.available
    system = case.system_of(key)
    return system.available.value if system and system.available else None


def systems_come_after_their_availability(case: Case) -> Iterator[Problem]:
    """Nothing is delivered or installed before it can be had."""
    for key, hardware in case.spec.hardware.items():
        first = _first_month(case, key)
        if first is None:
            continue
        if hardware.until is not None and hardware.until < first:
            yield case.problem(
                "E304",
                f"hardware.{key}.until",
                f"The last delivery {hardware.until} is before the first, {first}.",
                f"Allowed is {first} or later.",
            )
        for period in hardware.deliveries:
            start, length = parse_period(period)
            last = start + (length - 1)
            late = hardware.until is not None and last > hardware.until
            if last < first or (length == 1 and start < first) or late:
                bound = f"to {hardware.until}" if late else f"from {first}"
                yield case.problem(
                    "E304",
                    f"hardware.{key}.deliveries.{period}",
                    f"{key} cannot be delivered in {period}; it can be had {bound}.",
                    f"Move the delivery, or change hardware.{key}.{'until' if late else 'available'}.",
                )
        for month in hardware.supply or {}:
            if month < first:
                path = f"hardware.{key}.supply.{month}"
                yield case.problem(
                    "W105", path, f"{key} can be had from {first}; a supply from {month} waits until then.",
                    "Start the supply in that month, to say what is meant.",
                )  # fmt: skip
        system = case.system_of(key)
        published = system.available.value if system and system.available else None
        if hardware.available and published and hardware.available < published:
            yield case.problem(
                "W101",
                f"hardware.{key}.available",
                f"{hardware.available} is earlier than the catalog's {published} for {key}.",
                f"See: gigawatt catalog show {hardware.system or key}",
            )
        if first > case.spec.horizon.range.last:
            yield case.problem(
                "W102",
                f"hardware.{key}",
                f"{key} comes in {first}, after the horizon, and is never used.",
            )
        if system is not None and system.status == "dropped":
            yield case.problem(
                "W103",
                f"hardware.{key}",
                f"{system.name} has been dropped from its maker's roadmap.",
                f"See: gigawatt catalog show {hardware.system or key}",
            )
    for block_id, block in case.spec.deployment.blocks.items():
        first = _first_month(case, block.system) if block.system in case.spec.hardware else None
        if first is not None and block.month < first:
            yield case.problem(
                "E304",
                f"deployment.blocks.{block_id}.month",
                f"{block.system} cannot be installed in {block.month}; it can be had from {first}.",
                f"Allowed is {first} or later.",
            )


def references_point_somewhere(case: Case) -> Iterator[Problem]:
    """Ids of sites, systems, models and catalog records exist."""
    spec = case.spec
    hardware, sites = list(spec.hardware), list(spec.sites)
    named: list[tuple[str, str, list[str], str]] = []
    for key, site in spec.sites.items():
        for index, wanted in enumerate(site.systems or ()):
            named.append((f"sites.{key}.systems.{index}", wanted, hardware, "hardware"))
        for wanted in site.existing:
            named.append((f"sites.{key}.existing.{wanted}", wanted, hardware, "hardware"))
        if site.from_ is not None:
            wanted = key if site.from_ == "catalog" else site.from_
            known = case.catalog.ids("sites")
            if wanted not in known:
                yield case.problem(
                    "E308",
                    f"sites.{key}.from",
                    f"The catalog has no site '{wanted}'.",
                    did_you_mean(wanted, known),
                )
    for wanted in spec.deployment.mix:
        named.append((f"deployment.mix.{wanted}", wanted, hardware, "hardware"))
    for key, block in spec.deployment.blocks.items():
        named.append((f"deployment.blocks.{key}.system", block.system, hardware, "hardware"))
        named.append((f"deployment.blocks.{key}.site", block.site, sites, "sites"))
    for path, milestone in _milestones(spec):
        for index, wanted in enumerate(milestone.systems or ()):
            named.append((f"{path}.systems.{index}", wanted, hardware, "hardware"))
        for index, wanted in enumerate(milestone.sites or ()):
            named.append((f"{path}.sites.{index}", wanted, sites, "sites"))
    for path, wanted, known, where in named:
        if wanted not in known:
            code = "E308" if where == "sites" else "E307"
            yield case.problem(
                code,
                path,
                f"'{wanted}' is not one of the scenario's {where}.",
                did_you_mean(wanted, known),
            )
    for key, partner in spec.partners.items():
        if partner.system is not None and partner.system not in case.catalog.ids("systems"):
            yield case.problem(
                "E307",
                f"partners.{key}.system",
                f"The catalog has no system '{partner.system}'.",
                did_you_mean(partner.system, case.catalog.ids("systems")),
            )


def _milestones(spec: ScenarioSpec) -> Iterator[tuple[str, Milestone]]:
    for key, investment in spec.investment.items():
        if investment.kind != "equity":
            yield f"investment.{key}.milestone", investment.milestone
    for key, commitment in spec.commitments.items():
        yield f"commitments.{key}.milestone", commitment.milestone


def milestones_can_be_counted(case: Case) -> Iterator[Problem]:
    """Energised gigawatts belong to sites, not to systems."""
    for path, milestone in _milestones(case.spec):
        if milestone.stage == "energised" and milestone.systems is not None:
            yield case.problem(
                "E317",
                f"{path}.systems",
                "Energised power is a site's and cannot be counted by system.",
                "Remove 'systems', or count a later stage such as installed.",
            )


def deployment_fits_its_policy(case: Case) -> Iterator[Problem]:
    """Mix belongs to fixed, blocks to explicit, and shares add up to at most 100 %."""
    deployment = case.spec.deployment
    for field, policy in (("mix", "fixed"), ("blocks", "explicit")):
        given: Mapping[str, Any] = getattr(deployment, field)
        if deployment.policy == policy and not given:
            yield case.problem(
                "E311",
                "deployment",
                f"The policy '{policy}' needs '{field}'.",
                f"Add deployment.{field}, or use the policy newest.",
            )
        if deployment.policy != policy and given:
            yield case.problem(
                "E311",
                f"deployment.{field}",
                f"'{field}' has no effect under the policy '{deployment.policy}'.",
                f"Set deployment.policy to {policy}, or remove '{field}'.",
            )
    total = sum(deployment.mix.values())
    if total > 1.0 + 1e-9:
        yield case.problem(
            "E312",
            "deployment.mix",
            f"The shares add up to {total:.1%}.",
            "Allowed is at most 100 %.",
        )


def tranches_fit_their_cap(case: Case) -> Iterator[Problem]:
    """A tranche is at most the cap, and signing has a month where it pays."""
    for key, investment in case.spec.investment.items():
        path = f"investment.{key}"
        if not isinstance(investment, MilestoneEquity):
            continue
        amount = investment.tranche * investment.step / 1000.0
        if amount > investment.cap:
            yield case.problem(
                "E305",
                f"{path}.tranche",
                f"A tranche of {amount / 1e9:g} GUSD for {investment.step:g} MW is above the cap of "
                f"{investment.cap / 1e9:g} GUSD.",
                f"Allowed is at most {investment.cap / investment.step / 1e6:g} GUSD/GW.",
            )
        if amount < _LEAST_TRANCHE_USD:
            yield case.problem(
                "E305",
                f"{path}.tranche",
                f"A tranche of {amount:g} USD is less than a cent.",
                "Make the tranche or its step larger.",
            )
        elif amount * _MOST_TRANCHES < investment.cap:
            yield case.problem(
                "E305",
                f"{path}.tranche",
                f"The cap is more than {_MOST_TRANCHES} tranches of {amount:,.2f} USD.",
                "Make the tranche or its step larger, or the cap smaller.",
            )
        if investment.first_tranche == "on_signing" and investment.signed is None:
            yield case.problem(
                "E315",
                path,
                "The first tranche is paid on signing, and no month of signing is given.",
                f"Add {path}.signed, or set first_tranche to first_gigawatt.",
            )
        if investment.signed and investment.until and investment.until < investment.signed:
            yield case.problem(
                "E315",
                f"{path}.until",
                f"The last month {investment.until} is before signing, {investment.signed}.",
            )


def training_runs_can_be_answered(case: Case) -> Iterator[Problem]:
    """A run gives compute, or a known model and tokens."""
    for key, run in case.spec.workloads.training.items():
        path = f"workloads.training.{key}"
        if (run.compute is None) == (run.model is None):
            yield case.problem(
                "E318",
                path,
                "A training run needs either 'compute' or 'model' with 'tokens'.",
                'For example: compute: "2e27 FLOP"',
            )
        if run.model is not None and run.tokens is None:
            yield case.problem(
                "E318",
                path,
                "A model needs its training 'tokens'.",
                'For example: tokens: "15 Ttoken"',
            )
        if run.model is None and run.tokens is not None:
            yield case.problem(
                "E318", f"{path}.tokens", "Tokens need a 'model' to be turned into compute."
            )
        if run.mfu == 0.0 or run.share == 0.0:
            yield case.problem(
                "E213",
                path,
                "A run with no share or no utilisation never ends.",
                "Allowed is above 0 %.",
            )
        if run.model is None:
            continue
        config = case.folder / run.model
        try:
            if config.is_file() or config.is_dir():
                model_from_config(config)
            elif run.model not in case.catalog.ids("models"):
                yield case.problem(
                    "E309",
                    f"{path}.model",
                    f"'{run.model}' is neither a catalog model nor a config.json beside the scenario.",
                    did_you_mean(run.model, case.catalog.ids("models")),
                )
        except CatalogError as error:
            for problem in error.problems:
                yield case.problem(problem.code, f"{path}.model", problem.message, problem.fix)


def partners_are_priced_in_one_way(case: Case) -> Iterator[Problem]:
    """A price per GPU-hour needs a system; a whole contract value excludes a price."""
    for key, partner in case.spec.partners.items():
        path = f"partners.{key}"
        if partner.price is not None and partner.commitment is not None:
            yield case.problem(
                "E319",
                f"{path}.commitment",
                "A price and a whole contract value stand side by side.",
                "Keep one of them.",
            )
        if partner.price is not None and partner.system is None:
            yield case.problem(
                "E319",
                f"{path}.price",
                "A price per GPU-hour needs the partner's 'system'.",
                f"Add {path}.system, such as gb300-nvl72.",
            )
        known = partner.system is not None and partner.system in case.catalog.ids("systems")
        if known and case.catalog.system(partner.system or "").rack_power is None:
            yield case.problem(
                "E310",
                f"{path}.system",
                f"No source in the catalog gives the rack power of {partner.system}.",
                "Leave the system out, or add your own record under catalog.systems.",
            )
        if not any(partner.capacity.values()):
            yield case.problem(
                "E306",
                f"{path}.capacity",
                "This partner never has any capacity.",
                "Give at least one step above 0 MW, or remove the partner.",
            )
        if partner.price is None and partner.commitment is None:
            yield case.problem(
                "W104", path, "This capacity has no price; it costs nothing in the plan."
            )


def contracts_say_what_counts(case: Case) -> Iterator[Problem]:
    """Use and take-or-pay have no effect where the whole contract value is given."""
    for key, partner in case.spec.partners.items():
        given = partner.model_fields_set & {"utilisation", "take_or_pay"}
        if partner.commitment is not None and given:
            yield case.problem(
                "W106",
                f"partners.{key}.{min(given)}",
                "The whole contract value is paid whatever the use; this has no effect.",
                "Remove it, or give a price instead of the commitment.",
            )


def running_racks_are_not_bought_by_accident(case: Case) -> Iterator[Problem]:
    """A system that only runs already is not meant to fill all free power with new racks."""
    for site_key, site in case.spec.sites.items():
        for key in site.existing:
            hardware = case.spec.hardware.get(key)
            if (
                hardware
                and not hardware.deliveries
                and hardware.supply is None
                and not hardware.until
            ):
                yield case.problem(
                    "W107",
                    f"sites.{site_key}.existing.{key}",
                    f"{key} already runs here and nothing limits its supply: free power may be filled "
                    "with new racks of it.",
                    f"If none are to be bought, set hardware.{key}.until to a month before the start.",
                )
        most = max(site.power.values())
        if site.facility_paid is not None and site.facility_paid > most:
            yield case.problem(
                "E321",
                f"sites.{site_key}.facility_paid",
                f"{site.facility_paid:g} MW are paid for; the site never has more than {most:g} MW.",
                f"Allowed is at most {most:g} MW.",
            )


def evidence_points_somewhere(case: Case) -> Iterator[Problem]:
    """Evidence is given for paths that exist."""
    paths = all_paths(case.tree.data)
    others = [p for p in paths if not p.startswith(("evidence", "overrides"))]
    for number, path in enumerate(path for path in case.spec.evidence if path not in paths):
        if number < _MOST_HINTS:
            yield Problem(
                "E314",
                f"There is no value '{path}' in the scenario.",
                did_you_mean(path, others),
                "evidence",
                case.tree.origins.get(f"evidence.{path}", case.tree.origin("evidence")),
            )


RULES: tuple[Rule, ...] = (
    there_is_something_to_build,
    horizon_ends_within_the_calendar,
    the_plan_fits_into_memory,
    dates_lie_in_the_horizon,
    power_rises_within_its_interconnect,
    overhead_is_at_least_the_pue,
    lags_are_said_once,
    systems_are_known_and_usable,
    systems_come_after_their_availability,
    references_point_somewhere,
    milestones_can_be_counted,
    deployment_fits_its_policy,
    tranches_fit_their_cap,
    training_runs_can_be_answered,
    partners_are_priced_in_one_way,
    contracts_say_what_counts,
    running_racks_are_not_bought_by_accident,
    evidence_points_somewhere,
)
