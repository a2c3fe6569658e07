"""Money that comes in, or is pledged, as the build goes on: one record for each instrument.

Every instrument names who stands behind it (`party`; the key of the record if left out, so that the
vendor `nvidia` who sells the racks and the investor `nvidia` who buys shares are one), and the
conditions that must hold before any money moves.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gigawatt.core import units as u
from gigawatt.core.months import Month

from .base import Id, _Spec
from .milestones import Milestone

__all__ = [
    "ChipLease",
    "Condition",
    "Equity",
    "Guaranty",
    "Investment",
    "MilestoneEquity",
    "Prepayment",
    "Revolver",
    "TermLoan",
    "WarrantTranche",
    "Warrants",
    "milestone_of",
]


class Condition(_Spec):
    """Something that must have come about: an event, gigawatts, or a finished campaign."""

    event: Id | None = None
    """A named event of `events`."""
    capacity: u.Power | None = None
    """Power that must be deployed, as `milestone` counts it."""
    milestone: Milestone = Milestone()
    """What counts towards `capacity`."""
    campaign: Id | None = None
    """A training campaign that must be finished."""


class _Instrument(_Spec):
    party: Id | None = None
    """Who stands behind it; the key of the record if left out."""
    conditions: tuple[Condition, ...] = ()
    """What must have come about before any money moves."""


class MilestoneEquity(_Instrument):
    """Equity paid as gigawatts are deployed."""

    kind: Literal["milestone_equity"]
    """Which kind of instrument this is."""
    cap: u.UsdOverall
    """Most that is paid in all."""
    tranche: u.UsdPerGigawatt
    """Paid per gigawatt; the last tranche is what the cap leaves."""
    step: Annotated[float, u.Door("MW", "1 GW", gt=0.0, le=1e7)] = 1000.0
    """Power of one milestone: each whole step releases its tranche."""
    milestone: Milestone = Milestone()
    """What counts as a deployed gigawatt."""
    first_tranche: Literal["on_signing", "first_gigawatt"]
    """Whether the first gigawatt's tranche is paid at signing instead."""
    signed: Month | None = None
    """Month of signing; needed for on_signing, and no tranche is paid before it."""
    until: Month | None = None
    """Last month in which a milestone still releases money."""
    valuation: dict[Month, u.UsdOverall] = Field(default_factory=dict)
    """Value of the buyer before the money, by month; each step holds until the next. It prices the
    tranches: the share that each one buys."""


class Equity(_Instrument):
    """Plain equity on dates."""

    kind: Literal["equity"]
    """Which kind of instrument this is."""
    schedule: Annotated[dict[Month, u.UsdOverall], Field(min_length=1)]
    """Amounts by month; paid when the conditions hold, if that is later."""
    valuation: dict[Month, u.UsdOverall] = Field(default_factory=dict)
    """Value of the buyer before the money, by month; each step holds until the next."""


class Guaranty(_Instrument):
    """A guarantor's contingent obligation: exposure, not cash."""

    kind: Literal["guaranty"]
    """Which kind of instrument this is."""
    cap: u.UsdOverall
    """Most that can ever be called."""
    per_gigawatt: u.UsdPerGigawatt
    """Exposure that each deployed gigawatt adds, in proportion."""
    milestone: Milestone = Milestone()
    """What counts as a deployed gigawatt."""
    term: u.Life | None = None
    """Months until the exposure of a gigawatt ends; to the end of the horizon if left out."""
    release: Id | None = None
    """Event that ends the guaranty, such as a rating of the tenant."""


class TermLoan(_Instrument):
    """A delayed-draw term loan: drawn as the build goes on, repaid after the availability period."""

    kind: Literal["term_loan"]
    """Which kind of instrument this is."""
    limit: u.UsdOverall
    """Commitment."""
    available: Month | None = None
    """First month of the availability period; the start of the horizon if left out."""
    until: Month
    """Last month of the availability period; repayment begins in the month after it."""
    advance_rate: u.Share = 0.8
    """Loan per eligible cost: racks and network at delivery, halls as they are paid."""
    systems: tuple[Id, ...] | None = None
    """Only the racks of these systems are eligible; all if left out."""
    halls: Annotated[bool, Field(strict=True)] = True
    """Whether halls are eligible."""
    margin: u.GrowthPerYear
    """Interest above the base rate."""
    undrawn_fee: u.GrowthPerYear = 0.0
    """Fee on what is committed and not drawn."""
    upfront_fee: u.Share = 0.0
    """Fee on the commitment, in the first month of availability."""
    repayment: Literal["level", "annuity", "sculpted"] = "level"
    """level: equal principal; annuity: equal debt service; sculpted: in proportion to the cash that is
    there for it."""
    amortisation: u.Life
    """Months of repayment."""
    sizing: Annotated[float, u.Door("", "1.2", ge=0.01, le=100.0, bare=True)] | None = None
    """Least debt service cover that the loan is sized for; not sized if left out."""
    covenant: Annotated[float, u.Door("", "1.15", ge=0.01, le=100.0, bare=True)] | None = None
    """Least debt service cover over twelve months that is tested after the availability period."""


class ChipLease(_Instrument):
    """Racks bought by a company set up for it, and leased to the buyer.

    The company takes part of the money as equity from `party` and the rest as debt from `lender`.
    """

    kind: Literal["chip_lease"]
    """Which kind of instrument this is."""
    limit: u.UsdOverall
    """Most that is financed in all."""
    systems: tuple[Id, ...] | None = None
    """Only the racks of these systems; all if left out."""
    share: u.Share = 1.0
    """Part of the price of racks and network that is financed."""
    rate: u.GrowthPerYear
    """Rate in the rent."""
    term: u.Life
    """Months of rent for each month's racks."""
    residual: u.Share = 0.0
    """Part of the price that is left at the end, then paid by the buyer, who keeps the racks."""
    equity_share: u.Share = 0.2
    """Part of the company's money that is equity."""
    lender: Id = "lender"
    """Who lends the rest."""
    debt_rate: u.GrowthPerYear
    """Interest of the company's debt."""
    until: Month | None = None
    """Last month in which racks are financed."""


class WarrantTranche(_Spec):
    """Shares that vest together."""

    shares: Annotated[float, u.Door("", "26_000_000", gt=0.0, le=1e12, bare=True)]
    """How many."""
    capacity: u.Power
    """Power that must be deployed, as the milestone counts it."""
    share_price: Annotated[float, u.Door("USD", "150 USD", le=1e9)] = 0.0
    """Price of a share that must have been reached."""


class Warrants(_Instrument):
    """Rights to a supplier's shares that vest as gigawatts are bought and its share price rises."""

    kind: Literal["warrants"]
    """Which kind of instrument this is."""
    strike: Annotated[float, u.Door("USD", "0.01 USD", le=1e9)]
    """Price at which a share can be had."""
    tranches: Annotated[dict[Id, WarrantTranche], Field(min_length=1)]
    """What vests when."""
    milestone: Milestone = Milestone(stage="delivered")
    """What counts as a deployed gigawatt."""
    share_price: Annotated[
        dict[Month, Annotated[float, u.Door("USD", "150 USD", le=1e9)]], Field(min_length=1)
    ]
    """Price of a share by month, an assumption; each step holds until the next."""
    until: Month | None = None
    """Last month in which a tranche can vest."""
    sell: Annotated[bool, Field(strict=True)] = False
    """Whether vested shares are sold at once; else they are held and are no cash."""


class Prepayment(_Instrument):
    """A customer's money ahead of the service, set off against what it buys later."""

    kind: Literal["prepayment"]
    """Which kind of instrument this is."""
    schedule: Annotated[dict[Month, u.UsdOverall], Field(min_length=1)]
    """Amounts by month; paid when the conditions hold, if that is later."""
    set_off: u.Share = 0.25
    """Part of the buyer's receipts that is set off until all is served."""


class Revolver(_Instrument):
    """A revolving facility: it fills what is missing in a month, and takes back what is left over."""

    kind: Literal["revolver"]
    """Which kind of instrument this is."""
    limit: u.UsdOverall
    """Most that may be owed."""
    margin: u.GrowthPerYear
    """Interest above the base rate."""
    undrawn_fee: u.GrowthPerYear = 0.0
    """Fee on what is not drawn."""
    until: Month | None = None
    """Last month in which it may be drawn; what is owed then is due in the next."""


Investment = Annotated[
    MilestoneEquity | Equity | Guaranty | TermLoan | ChipLease | Warrants | Prepayment | Revolver,
    Field(discriminator="kind"),
]


def milestone_of(instrument: Investment) -> Milestone | None:
    """What an instrument counts as a deployed gigawatt, or none if it counts nothing."""
    return getattr(instrument, "milestone", None)
