"""Clusters that nothing in the scenario could hold, whatever is planned."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.catalog import System
from gigawatt.core.errors import Problem

from .case import Case

__all__ = ["clusters_fit_somewhere"]


def clusters_fit_somewhere(case: Case) -> Iterator[Problem]:
    """A count exceeds neither the largest place nor all places, by power and the least power of a package.

    The bound is generous: all power counts as IT power, and goes to the system that needs the least of it.
    What a plan really builds may still be too small; then the plan says so.
    """
    most = {**_sites(case), **_partners(case)}
    if not most:
        return
    for key, run in case.spec.workloads.training.items():
        if run.count is None:
            continue
        path = f"workloads.training.{key}.count"
        allowed = most
        if isinstance(run.campus, tuple):
            allowed = {place: most[place] for place in run.campus if place in most}
        if not allowed:
            continue
        if run.campus == "one":
            place = max(allowed, key=lambda at: allowed[at])
            room, where = allowed[place], f"{place}, the largest place"
        else:
            room = sum(allowed.values())
            where = "all sites and partners together" if allowed is most else ", ".join(allowed)
        if run.count > room:
            yield case.problem(
                "E325",
                path,
                f"A cluster of {run.count:,.0f} packages fits nowhere: {where}, can never hold more than "
                f"{room:,.0f}, so {run.count - room:,.0f} are too many.",
                f"Allowed is at most {room:,.0f} packages"
                + ("; or let it run on any campus." if run.campus == "one" else "."),
            )


def _sites(case: Case) -> dict[str, float]:
    """Most packages that the power of each site could ever feed."""
    found = {}
    for key, site in case.spec.sites.items():
        each = [_packages_per_mw(case, k) for k in site.systems or case.spec.hardware]
        power = max(site.power.values())
        here = power * max(each, default=0.0)
        for system, existing in site.existing.items():
            record = case.system_of(system)
            if record is not None:
                here = max(here, existing.racks * record.packages_per_rack.value)
        found[key] = float(int(here))
    return found


def _packages_per_mw(case: Case, key: str) -> float:
    record, hardware = case.system_of(key), case.spec.hardware.get(key)
    if record is None or hardware is None:
        return 0.0
    power = hardware.rack_power or (record.rack_power.value if record.rack_power else 0.0)
    power *= hardware.it_power_factor or _it_power_factor(case, record)
    return record.packages_per_rack.value / power if power else 0.0


def _it_power_factor(case: Case, record: System) -> float:
    """IT power of a rack with its network and storage over its own [1]."""
    return float((record.it_power_factor or case.catalog.defaults.it_power_factor).value)


def _partners(case: Case) -> dict[str, float]:
    found = {}
    for key, partner in case.spec.partners.items():
        if partner.system is None or partner.system not in case.catalog.ids("systems"):
            continue
        record = case.catalog.system(partner.system)
        if record.rack_power is not None:
            power = record.rack_power.value * _it_power_factor(case, record)
            per_mw = record.packages_per_rack.value / power
            found[key] = float(int(max(partner.capacity.values()) * per_mw))
    return found
