"""What each instrument of a plan pays for, when, how much, and who carries which risk: one row each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.finance.chapters.parties import BUYER
from gigawatt.finance.model import party_of
from gigawatt.scenario.instruments import (
    ChipLease,
    Condition,
    Equity,
    Guaranty,
    Investment,
    MilestoneEquity,
    Prepayment,
    Revolver,
    TermLoan,
    Warrants,
)
from gigawatt.scenario.milestones import Milestone

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["DealRow", "deal_rows"]

_CASH = {
    MilestoneEquity: "equity_paid",
    Equity: "equity_paid",
    TermLoan: "loan_draw",
    ChipLease: "lease_funding",
    Prepayment: "prepaid",
    Revolver: "revolver_draw",
    Warrants: "warrants_sold",
}
_KINDS = {
    MilestoneEquity: "equity by milestone",
    Equity: "equity on dates",
    Guaranty: "guaranty",
    TermLoan: "delayed-draw loan",
    ChipLease: "chip lease",
    Prepayment: "prepayment",
    Revolver: "revolving facility",
    Warrants: "warrants",
}


@dataclass(frozen=True, slots=True)
class DealRow:
    """One instrument in one plan.

    Attributes
    ----------
    plan, instrument, party, kind : str
        Which, who stands behind it, and what it is.
    pays_for : str
        What releases it.
    limit_usd, cash_usd, contingent_usd : float
        Most that it can come to; cash within the horizon, of a revolving facility the most that is owed;
        largest contingent exposure, of warrants the value of what has vested [USD].
    first, last : str
        Months of the first and the last cash, or of exposure.
    share : float
        Cash per cost of the build-out [1].
    risk : str
        Who carries what.
    """

    plan: str
    instrument: str
    party: str
    kind: str
    pays_for: str
    limit_usd: float
    cash_usd: float
    contingent_usd: float
    first: str
    last: str
    share: float
    risk: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def deal_rows(plan: Plan) -> list[DealRow]:
    """A row for each instrument, and one for what the buyer's owners bring."""
    cost = float(plan["finance.spend_usd"].values.sum())
    rows = [
        _row(plan, key, instrument, cost)
        for key, instrument in plan.scenario.spec.investment.items()
    ]
    paid = plan.books.lines["owners_paid_in"]
    first, last = _span(plan, paid)
    limit = plan.scenario.spec.money.sponsor
    rows.append(
        DealRow(
            plan.scenario.label,
            "owners",
            plan.books.books.parties[BUYER].name,
            "what is left",
            "whatever nothing else pays, running costs included",
            float("inf") if limit is None else limit,
            float(paid.sum()),
            0.0,
            first,
            last,
            float(paid.sum()) / cost if cost else 0.0,
            "owners: first loss, after all receipts",
        )
    )
    return rows


def _row(plan: Plan, key: str, instrument: Investment, cost: float) -> DealRow:
    name = _CASH.get(type(instrument))
    cash = plan.books.lines.get(f"{name}[{key}]", np.zeros(plan.horizon.months))
    drawn = float(cash.sum())
    if isinstance(instrument, Revolver):  # drawn and paid back, again and again
        drawn = float(plan.books.lines[f"revolver_owed[{key}]"].max())
    exposure = plan["finance.exposure_usd"].sel(investment=key).values
    if isinstance(instrument, Warrants):
        exposure = np.cumsum(plan.books.lines[f"warrants_vested[{key}]"]) * (not instrument.sell)
    first, last = _span(plan, cash if cash.any() else np.diff(exposure, prepend=0.0))
    party = party_of(key, instrument)
    known = plan.books.books.parties.get(party)
    return DealRow(
        plan.scenario.label,
        key,
        known.name if known else party,
        _KINDS[type(instrument)],
        _pays_for(instrument),
        _limit(instrument),
        drawn,
        float(exposure.max(initial=0.0)),
        first,
        last,
        drawn / cost if cost else 0.0,
        _risk(instrument),
    )


def _span(plan: Plan, values: Array) -> tuple[str, str]:
    at = np.flatnonzero(np.abs(values) > 0.0)
    if not len(at):
        return "", ""
    return str(plan.horizon.start + int(at[0])), str(plan.horizon.start + int(at[-1]))


def _limit(instrument: Investment) -> float:
    if isinstance(instrument, (MilestoneEquity, Guaranty)):
        return instrument.cap
    if isinstance(instrument, (Equity, Prepayment)):
        return float(sum(instrument.schedule.values()))
    if isinstance(instrument, Warrants):
        return float("inf")
    return instrument.limit


def _pays_for(instrument: Investment) -> str:
    if isinstance(instrument, MilestoneEquity):
        step = f"each {instrument.step / 1000.0:g} GW {_counted(instrument.milestone)}"
        first = "first on signing, then " if instrument.first_tranche == "on_signing" else ""
        text = first + step
    elif isinstance(instrument, Equity):
        text = "nothing: it is paid on dates"
    elif isinstance(instrument, Guaranty):
        text = f"the value of each GW {_counted(instrument.milestone)} if the tenant fails"
    elif isinstance(instrument, TermLoan):
        what = "racks at delivery and halls as paid" if instrument.halls else "racks at delivery"
        text = f"{instrument.advance_rate:.0%} of {what}, to {instrument.until}"
    elif isinstance(instrument, ChipLease):
        text = f"{instrument.share:.0%} of racks at delivery, rented for {instrument.term:g} months"
    elif isinstance(instrument, Warrants):
        counted = _counted(instrument.milestone)
        text = f"shares at {instrument.strike:g} USD for GW {counted}, as the share price rises"
    elif isinstance(instrument, Prepayment):
        text = "service later, set off against receipts"
    else:
        text = "whatever a month lacks, paid back from what is left over"
    waits = [_condition(condition) for condition in instrument.conditions]
    return f"{text}; after {' and '.join(waits)}" if waits else text


def _counted(milestone: Milestone) -> str:
    words = {"it": "IT", "facility": "facility", "grid": "grid"}[milestone.basis]
    return f"{milestone.stage.replace('_', ' ')} ({words})"


def _condition(condition: Condition) -> str:
    if condition.event is not None:
        return condition.event
    if condition.capacity is not None:
        return f"{condition.capacity / 1000.0:g} GW {_counted(condition.milestone)}"
    return f"{condition.campaign} is trained"


def _risk(instrument: Investment) -> str:
    if isinstance(instrument, MilestoneEquity):
        return "investor: value of the buyer, for what stands already"
    if isinstance(instrument, Equity):
        return "investor: value of the buyer, whether or not anything is built"
    if isinstance(instrument, Guaranty):
        end = f", until {instrument.release}" if instrument.release else ""
        return f"guarantor: default of the tenant and what the site then brings, up to the cap{end}"
    if isinstance(instrument, TermLoan):
        return f"lender: cash for debt service; owners lose the first {1.0 - instrument.advance_rate:.0%}"
    if isinstance(instrument, ChipLease):
        return f"company's owner the first {instrument.equity_share:.0%}, then its lender; buyer owes the rent"
    if isinstance(instrument, Warrants):
        return "supplier's shareholders: dilution; buyer: the share price"
    if isinstance(instrument, Prepayment):
        return "customer: service not yet delivered"
    return "lender: the buyer's credit"
