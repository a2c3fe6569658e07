"""Power, its ratios and lags, and racks that already run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from gigawatt.core.errors import Problem

from .case import Case

__all__ = [
    "lags_are_said_once",
    "overhead_is_at_least_the_pue",
    "power_rises_within_its_interconnect",
    "running_racks_are_not_bought_by_accident",
]


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
