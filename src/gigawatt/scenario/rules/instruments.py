"""Instruments: what their conditions ask for, when they are open, and whether they can do anything."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.core.errors import Problem, did_you_mean
from gigawatt.core.months import Month
from gigawatt.scenario.instruments import ChipLease, Condition, Prepayment, TermLoan, Warrants

from .case import Case

__all__ = [
    "conditions_can_come_about",
    "instruments_can_move_money",
    "loans_fit_their_horizon_and_cover",
    "periods_end_after_they_begin",
    "sculpted_loans_end_within_the_horizon",
    "set_offs_leave_receipts",
    "warrants_rise",
]

_MOST_INSTRUMENTS = 100


def conditions_can_come_about(case: Case) -> Iterator[Problem]:
    """A condition asks for something, and names events and campaigns that are there.

    An event may come in any month: before the horizon it has happened already, after it never within
    the plan, the same as one without a month.
    """
    campaigns = list(case.spec.workloads.training)
    for key, instrument in case.spec.investment.items():
        for index, condition in enumerate(instrument.conditions):
            path = f"investment.{key}.conditions.{index}"
            yield from _asks_for_something(case, path, condition)
            if condition.event is not None:
                yield from event_is_there(case, f"{path}.event", condition.event)
            if condition.campaign is not None and condition.campaign not in campaigns:
                yield case.problem(
                    "E329",
                    f"{path}.campaign",
                    f"There is no training campaign '{condition.campaign}' that could be finished.",
                    did_you_mean(condition.campaign, campaigns),
                )
        if instrument.kind == "guaranty" and instrument.release is not None:
            yield from event_is_there(case, f"investment.{key}.release", instrument.release)
    for key, partner in case.spec.partners.items():
        if partner.termination is not None:
            path = f"partners.{key}.termination.event"
            yield from event_is_there(case, path, partner.termination.event)


def event_is_there(case: Case, path: str, event: str) -> Iterator[Problem]:
    """An event that is named stands under `events`."""
    known = list(case.spec.events)
    if event not in known:
        yield case.problem(
            "E328",
            path,
            f"There is no event '{event}'.",
            f"{did_you_mean(event, known)} Events stand under 'events:' with their month, or with "
            f"never if they do not come: {event}: never.".strip(),
        )


def _asks_for_something(case: Case, path: str, condition: Condition) -> Iterator[Problem]:
    if condition.event is None and condition.capacity is None and condition.campaign is None:
        yield case.problem(
            "E330",
            path,
            "This condition asks for nothing.",
            "Give an event, a capacity or a campaign, or remove the condition.",
        )
    elif condition.capacity is None and "milestone" in condition.model_fields_set:
        yield case.problem(
            "W108",
            f"{path}.milestone",
            "The milestone says how a capacity is counted, and this condition asks for none.",
            'Add a capacity, such as "1 GW", or remove the milestone.',
        )


def sculpted_loans_end_within_the_horizon(case: Case) -> Iterator[Problem]:
    """A loan repaid in proportion to cash needs to know the cash of every month of its repayment."""
    last = case.spec.horizon.range.last
    for key, loan in case.spec.investment.items():
        if isinstance(loan, TermLoan) and loan.repayment == "sculpted":
            end = loan.until + int(loan.amortisation)
            if end > last:
                yield case.problem(
                    "E335",
                    f"investment.{key}.amortisation",
                    f"This loan is repaid in proportion to cash until {end}, and the plan knows no cash after "
                    f"{last}.",
                    f"Allowed are at most {max(last - loan.until, 0)} months; or repay it level or as an "
                    "annuity, or plan more months.",
                )


def periods_end_after_they_begin(case: Case) -> Iterator[Problem]:
    """A loan is available before its availability ends."""
    for key, loan in case.spec.investment.items():
        if isinstance(loan, TermLoan) and loan.available and loan.until < loan.available:
            yield case.problem(
                "E331",
                f"investment.{key}.until",
                f"The availability ends in {loan.until}, before it begins in {loan.available}.",
                f"Allowed is {loan.available} or later.",
            )


def loans_fit_their_horizon_and_cover(case: Case) -> Iterator[Problem]:
    """A loan begins to be repaid within the plan, and is sized for more cover than it must keep."""
    horizon = case.spec.horizon.range
    for key, loan in case.spec.investment.items():
        if not isinstance(loan, TermLoan):
            continue
        if loan.until > horizon.last:
            yield case.problem(
                "W109",
                f"investment.{key}.until",
                f"The availability ends in {loan.until}, after the horizon; nothing is repaid and no "
                "cover is tested within the plan.",
                f"End it by {horizon.last}, or make 'horizon.months' longer.",
            )
        if loan.covenant is not None and loan.sizing is not None and loan.covenant > loan.sizing:
            yield case.problem(
                "W119",
                f"investment.{key}.covenant",
                f"The covenant of {loan.covenant:g} is stricter than the cover of {loan.sizing:g} that "
                "the loan is sized for; it may be broken as planned.",
                f"Allowed without this warning is at most {loan.sizing:g}.",
            )


def set_offs_leave_receipts(case: Case) -> Iterator[Problem]:
    """Prepayments together set off no more than all receipts, and instruments stay a readable number."""
    prepaid = {k: i for k, i in case.spec.investment.items() if isinstance(i, Prepayment)}
    total = sum(instrument.set_off for instrument in prepaid.values())
    if total > 1.0 + 1e-9:
        key = list(prepaid)[-1]
        yield case.problem(
            "E312",
            f"investment.{key}.set_off",
            f"Prepayments together set off {total:.1%} of the receipts.",
            "Allowed is at most 100 %.",
        )
    if len(case.spec.investment) > _MOST_INSTRUMENTS:
        yield case.problem(
            "E322",
            "investment",
            f"{len(case.spec.investment)} instruments are more than are planned.",
            f"Allowed are at most {_MOST_INSTRUMENTS}.",
        )


def warrants_rise(case: Case) -> Iterator[Problem]:
    """Each tranche of warrants asks for no less capacity than the one before it."""
    for key, warrants in case.spec.investment.items():
        if not isinstance(warrants, Warrants):
            continue
        most = 0.0
        for name, tranche in warrants.tranches.items():
            if tranche.capacity < most:
                yield case.problem(
                    "E332",
                    f"investment.{key}.tranches.{name}.capacity",
                    f"This tranche vests at {tranche.capacity:g} MW, below the {most:g} MW of one before it.",
                    "Write the total that must have been bought, not the addition, and the tranches in "
                    "the order in which they vest.",
                )
            most = max(most, tranche.capacity)


def instruments_can_move_money(case: Case) -> Iterator[Problem]:
    """A loan or lease finances something, and a prepayment meets receipts that it is set off against."""
    for key, instrument in case.spec.investment.items():
        path = f"investment.{key}"
        if isinstance(instrument, TermLoan):
            if instrument.advance_rate == 0.0:
                yield _finances_nothing(
                    case, f"{path}.advance_rate", "advances 0 % of what is eligible"
                )
            elif instrument.systems == () and not instrument.halls:
                yield _finances_nothing(
                    case, f"{path}.systems", "has neither racks nor halls to finance"
                )
        elif isinstance(instrument, ChipLease):
            if instrument.share == 0.0:
                yield _finances_nothing(case, f"{path}.share", "finances 0 % of the racks")
            elif instrument.systems == ():
                yield _finances_nothing(case, f"{path}.systems", "has no systems to finance")
        elif isinstance(instrument, Prepayment) and instrument.set_off > 0.0 and not _earns(case):
            yield case.problem(
                "W118",
                path,
                "There are no receipts that this prepayment could be set off against; it is owed to the end.",
                "Give a stream under 'income' or a price of served tokens.",
            )


def _finances_nothing(case: Case, path: str, why: str) -> Problem:
    return case.problem(
        "W118",
        path,
        f"This instrument {why}: no money ever moves.",
        "Change it, or remove the instrument.",
    )


def _earns(case: Case) -> bool:
    served = case.spec.workloads.serving.values()
    return bool(case.spec.income) or any(stream.price for stream in served)


def dates_of(key: str, instrument: object) -> Iterator[tuple[str, Month]]:
    """Dates of an instrument that must lie in the horizon, by path."""
    path = f"investment.{key}"
    for name in ("signed", "available", "until"):
        month = getattr(instrument, name, None)
        if month is not None:
            yield f"{path}.{name}", month
    for name in ("schedule", "valuation", "share_price"):
        for month in getattr(instrument, name, None) or {}:
            yield f"{path}.{name}.{month}", month
