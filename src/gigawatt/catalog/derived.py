"""Figures that follow from a system record alone."""

from __future__ import annotations

from .facts import Fact
from .records import PlanningDefaults, System

__all__ = ["packages_per_gigawatt", "rack_it_power_mw"]


def rack_it_power_mw(system: System, defaults: PlanningDefaults) -> Fact | None:
    """IT power of a rack with its share of network, storage and CPU nodes.

    Returns
    -------
    Fact or None
        Central value and range [MW]; none where no source gives the rack power.
    """
    power = system.rack_power
    if power is None:
        return None
    factor = system.it_power_factor or defaults.it_power_factor
    return Fact(
        value=power.value * factor.value,
        unit="MW",
        low=_end(power, "low") * _end(factor, "low"),
        high=_end(power, "high") * _end(factor, "high"),
        source=power.source,
        as_of=power.as_of,
        confidence=power.confidence,
        seen="derived",
        note="rack power × IT power factor",
    )


def packages_per_gigawatt(
    system: System, defaults: PlanningDefaults, ratio: float = 1.0
) -> tuple[float, float, float] | None:
    """Packages that one gigawatt feeds: low, central, high.

    Parameters
    ----------
    system : System
        The record.
    defaults : PlanningDefaults
        For the IT power factor where the record has none.
    ratio : float
        Power on the wanted basis per IT power: 1 for IT, the PUE for facility, the overhead for grid.

    Returns
    -------
    tuple of float or None
        None where no source gives the rack power.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> c = Catalog()
    >>> [round(n, -3) for n in packages_per_gigawatt(c.system("vr-nvl72"), c.defaults)]
    [261000.0, 298000.0, 344000.0]
    """
    rack = rack_it_power_mw(system, defaults)
    if rack is None or rack.low is None or rack.high is None:
        return None
    packages = system.packages_per_rack.value * 1000.0 / ratio
    return packages / rack.high, packages / rack.value, packages / rack.low


def _end(fact: Fact, end: str) -> float:
    value: float | None = getattr(fact, end)
    return fact.value if value is None else value
