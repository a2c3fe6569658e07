"""What an accelerator hour costs, and which source says so.

A price that somebody states wins; then what the catalog knows of rents; then the rack's purchase price
spread over its useful life. Rents and stated prices hold electricity, unless its price is stated too; a
purchase price does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gigawatt.catalog import Catalog, LooseFact
from gigawatt.catalog.records import Reference

__all__ = ["Prices", "prices_of"]

_RENT_OF: Mapping[str, str] = {
    "a100-80gb-sxm": "a100_80gb",
    "h100-sxm": "h100",
    "h200-sxm": "h200",
    "b200-hgx": "blackwell_wholesale",
    "gb200-nvl72": "blackwell_wholesale",
    "gb300-nvl72": "gb300_implied",
    "vr-nvl72": "rubin_implied",
}
"""Figures of the record prices/gpu-hour, by system."""
_HOURS_PER_MONTH = 8766.0 / 12.0


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of training.

    Attributes
    ----------
    usd_per_gpu_hour : float
        One accelerator [USD/h].
    gpu_hour_source : str
        Who says so.
    usd_per_mwh : float
        Electricity that the hourly price does not hold [USD/MWh]; 0 where it holds all.
    energy_source : str
        Who says so.
    """

    usd_per_gpu_hour: float
    gpu_hour_source: str
    usd_per_mwh: float
    energy_source: str


def prices_of(
    catalog: Catalog, system_id: str, usd_per_gpu_hour: float | None, usd_per_mwh: float | None
) -> Prices | None:
    """Prices for a system; None where none is known.

    Parameters
    ----------
    catalog : Catalog
        Prices and planning defaults.
    system_id : str
        Catalog id.
    usd_per_gpu_hour, usd_per_mwh : float or None
        Stated prices, which win [USD/h, USD/MWh].
    """
    hour, source, holds_electricity = usd_per_gpu_hour, "stated", True
    if hour is None:
        if (rent := _rent(catalog, system_id)) is not None:
            hour, source = rent
        elif (owned := _amortised(catalog, system_id)) is not None:
            (hour, source), holds_electricity = owned, False
    if hour is None:
        return None
    if usd_per_mwh is not None:
        return Prices(hour, source, usd_per_mwh, "stated")
    if holds_electricity:
        return Prices(hour, source, 0.0, "in the hourly price")
    price = catalog.defaults.energy_price
    named = f"planning default, {_title(catalog, price.source)}, {price.as_of}"
    return Prices(hour, source, price.value, named)


def _rent(catalog: Catalog, system_id: str) -> tuple[float, str] | None:
    """The newest rent; of a range its geometric middle."""
    name = _RENT_OF.get(system_id)
    if name is None or "gpu-hour" not in catalog.ids("prices"):
        return None
    record = catalog.entry("prices", "gpu-hour").record
    assert isinstance(record, Reference)
    found = record.facts.get(name, ())
    facts = [found] if isinstance(found, LooseFact) else list(found)
    numbers = [(fact, ends) for fact in facts if (ends := _ends(fact)) is not None]
    if not numbers:
        return None
    fact, (low, high) = max(numbers, key=lambda pair: pair[0].as_of)
    span = "" if low == high else f", middle of {low:g} to {high:g}"
    source = f"{fact.unit}{span}; {_title(catalog, fact.source)}, {fact.confidence}"
    return (low * high) ** 0.5, source


def _ends(fact: LooseFact) -> tuple[float, float] | None:
    if isinstance(fact.value, float) and fact.value > 0.0:
        return fact.value, fact.value
    if isinstance(fact.value, tuple) and fact.value and min(fact.value) > 0.0:
        return min(fact.value), max(fact.value)
    return None


def _amortised(catalog: Catalog, system_id: str) -> tuple[float, str] | None:
    """Racks with their share of network, over useful life, in use all the time."""
    system, defaults = catalog.system(system_id), catalog.defaults
    if system.price is None:
        return None
    months = defaults.useful_life.value
    usd = system.price.value * (1.0 + defaults.network_share.value)
    hour = usd / system.packages_per_rack.value / (months * _HOURS_PER_MONTH)
    return hour, (
        f"purchase of {system.price.value / 1e6:.3g} MUSD a {system.unit} "
        f"({_title(catalog, system.price.source)}) and {defaults.network_share.value:.1%} for network, "
        f"over {months:g} months of full use; neither buildings nor capital are in it"
    )


def _title(catalog: Catalog, source: str) -> str:
    known = catalog.sources.get(source)
    return f"{known.title}, {known.publisher}" if known else source
