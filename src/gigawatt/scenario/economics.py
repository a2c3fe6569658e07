"""The money around the build: whose books, terms of payment, running costs, income, contracts of a site."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gigawatt.core import units as u
from gigawatt.core.months import Month

from .base import Id, _Spec

__all__ = [
    "Costs",
    "HallTerms",
    "IncomeStream",
    "MoneySpec",
    "PowerPurchase",
    "RackTerms",
    "SiteLease",
    "Termination",
]


class MoneySpec(_Spec):
    """The money that amounts are in, and the buyer's own."""

    currency: Literal["USD"] = "USD"
    """Only US dollars are planned in."""
    price_year: Annotated[int, Field(strict=True, ge=1990, le=2200)] = 2026
    """Year of the prices; a label, no inflation is applied."""
    discount_rate: u.GrowthPerYear = 0.10
    """Rate for present values."""
    buyer: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$", max_length=200)] = "Buyer"
    """Who builds and whose books these are."""
    base_rate: u.GrowthPerYear | None = None
    """Rate that the margins of loans stand on."""
    tax_rate: u.Share | None = None
    """Tax on profit, after losses carried forward."""
    opening_cash: u.UsdOverall = 0.0
    """Cash at the start."""
    least_cash: u.UsdOverall = 0.0
    """Cash that is always kept."""
    sponsor: u.UsdOverall | None = None
    """Most that the buyer's owners bring where all else falls short; no limit if left out."""


class RackTerms(_Spec):
    """When racks are paid, and what they are worth at the end."""

    deposit: u.Share | None = None
    """Part of the price that is paid with the order."""
    on_delivery: u.Share | None = None
    """Part that is paid on delivery; the rest on acceptance."""
    acceptance: u.Months | None = None
    """Months from delivery to acceptance."""
    installation: u.Share | None = None
    """Unpacking, cabling and tests, per price of the racks; paid on delivery."""
    residual: u.Share | None = None
    """Part of the price that a rack brings when it is retired."""


class HallTerms(_Spec):
    """When halls are paid, and how long they last."""

    build: u.Life | None = None
    """Months over which a hall is paid, evenly, the last of them that of its energisation."""
    life: u.Life | None = None
    """Months over which it is depreciated."""


class Costs(_Spec):
    """Terms of payment and running costs, for all sites and systems."""

    racks: RackTerms = RackTerms()
    """Terms of racks."""
    halls: HallTerms = HallTerms()
    """Terms of halls."""
    rack_maintenance: u.GrowthPerYear | None = None
    """Support and repair, per price of the racks in service."""
    hall_maintenance: u.GrowthPerYear | None = None
    """Upkeep, per cost of the halls."""
    staff: Annotated[float, u.Door("USD/MW/year", "30 kUSD/MW/year", le=1e9)] | None = None
    """Staff, per IT power in service."""
    insurance: u.GrowthPerYear | None = None
    """Insurance, per cost of racks and halls."""
    paid_after: u.Months | None = None
    """Months from a running cost to its payment."""
    collected_after: u.Months | None = None
    """Months from served tokens to their payment."""
    vendor_margin: u.Share | None = None
    """Gross margin of those who sell racks; for their books."""


class IncomeStream(_Spec):
    """Income from elsewhere, such as subscriptions, that the plan does not derive."""

    path: Annotated[
        dict[Month, Annotated[float, u.Door("USD/month", "3 GUSD/month", le=1e13)]],
        Field(min_length=1),
    ]
    """Income by month; each step holds until the next."""
    growth: u.GrowthPerMonth = 0.0
    """Growth after the last step, compounded by month."""
    collected_after: u.Months = 0.0
    """Months from the income to its payment."""


class SiteLease(_Spec):
    """Land and shell rented instead of built: the landlord pays for the halls."""

    price: u.UsdPerMegawattMonth
    """Rent, on the site's basis."""
    term: u.Life | None = None
    """Months from the first power in which the whole of it is paid for; afterwards what is still in use."""


class PowerPurchase(_Spec):
    """A contract for power at the meter of a site."""

    capacity: u.Power
    """Power that is contracted, at the meter."""
    price: u.EnergyPrice
    """Price of its energy."""
    take_or_pay: u.Share = 0.0
    """Part of its energy that is paid whether drawn or not."""
    start: Month | None = None
    """First month; that of the first power if left out."""
    term: u.Life | None = None
    """Months; to the end of the horizon if left out."""


class Termination(_Spec):
    """The end of a contract before its term."""

    event: Id
    """Event of `events` that ends it."""
    fee: u.Share = 0.0
    """Part of what would have been paid afterwards, due at once."""
