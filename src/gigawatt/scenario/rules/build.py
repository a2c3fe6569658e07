"""What there is to build, when and how much: sites, dates, horizon, size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gigawatt.core.errors import Problem
from gigawatt.core.months import LAST_YEAR, Month, parse_period

from .case import Case
from .instruments import dates_of

__all__ = [
    "dates_lie_in_the_horizon",
    "deployment_fits_its_policy",
    "horizon_ends_within_the_calendar",
    "the_plan_fits_into_memory",
    "there_is_something_to_build",
]

_MOST_CELLS = 4_000_000
_MOST_HELD = 20_000_000


def there_is_something_to_build(case: Case) -> Iterator[Problem]:
    """A fleet needs sites and hardware, or partners whose system is known."""
    if any(partner.system is not None for partner in case.spec.partners.values()):
        return
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
    claims = len(spec.workloads.training) + len(spec.workloads.serving)
    places = len(spec.sites) + len(spec.partners)
    machines = len(spec.hardware) + len({p.system for p in spec.partners.values()} - {None})
    held = spec.horizon.months * places * machines * claims
    if held > _MOST_HELD:
        yield case.problem(
            "E322",
            "workloads",
            f"{spec.horizon.months} months × {places} places × {machines} systems × {claims} workloads are "
            f"{held:,} cells.",
            f"Allowed is at most {_MOST_HELD:,}; shorten the horizon, or join sites or workloads.",
        )


def dates_lie_in_the_horizon(case: Case) -> Iterator[Problem]:
    """Dates of what is planned must lie inside the planned months.

    Named events may not: before the horizon they have happened already, after it they never come
    within the plan. The availability of a loan may end after the horizon, with a warning of its own.
    """
    spec, horizon = case.spec, case.spec.horizon.range
    dated: dict[str, Month] = {}
    for site_id, site in spec.sites.items():
        dated |= {f"sites.{site_id}.power.{month}": month for month in site.power}
        contract = site.energy.contract
        if contract is not None and contract.start is not None:
            dated[f"sites.{site_id}.energy.contract.start"] = contract.start
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
        dated |= {f"hardware.{key}.price_path.{month}": month for month in hardware.price_path}
    for key, partner in spec.partners.items():
        dated |= {f"partners.{key}.capacity.{month}": month for month in partner.capacity}
    for key, block in spec.deployment.blocks.items():
        dated[f"deployment.blocks.{key}.month"] = block.month
    for key, instrument in spec.investment.items():
        dated |= dict(dates_of(key, instrument))
        if instrument.kind == "term_loan" and instrument.until > horizon.last:
            del dated[f"investment.{key}.until"]
    for key, income in spec.income.items():
        dated |= {f"income.{key}.path.{month}": month for month in income.path}
    for key, commitment in spec.commitments.items():
        if commitment.by is not None:
            dated[f"commitments.{key}.by"] = commitment.by
    for key, run in spec.workloads.training.items():
        if run.earliest is not None:
            dated[f"workloads.training.{key}.earliest"] = run.earliest
    for key, stream in spec.workloads.serving.items():
        dated |= {f"workloads.serving.{key}.demand.{month}": month for month in stream.demand}
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
