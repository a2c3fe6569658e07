"""What the money of a plan comes to: returns, levelised costs, circularity, who stands to lose what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.finance.books import FLOWS, OUTSIDE
from gigawatt.finance.chapters.parties import BUYER
from gigawatt.finance.irr import irr_or_none
from gigawatt.finance.metrics import (
    circularity,
    levelised_cost,
    moic,
    npv,
    payback_month,
    peak_funding,
)
from gigawatt.finance.model import party_of
from gigawatt.scenario.instruments import ChipLease

from .rates import CASES
from .stakes import owners_share, stakes_of

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["books_summary"]

_EFLOP = 1e18
_MTOKEN = 1e6
_CENTRAL = CASES.index("central")


def books_summary(plan: Plan) -> dict[str, Any]:
    """Headline figures of the books as plain data.

    Returns
    -------
    dict
        `buyer` (present value and rate of return of the project before financing, peak funding, what the
        owners bring and get), `levelised` (cost of a GPU-hour, of an effective EFLOP, of a million tokens
        served), `parties` (what each receives, pays, earns and may lose), `circularity` (by vendor who
        also invests), `contingent` (guaranties, commitments to pay), `cover` (least cover of each loan).
    """
    return {
        "buyer": _buyer(plan),
        "levelised": _levelised(plan),
        "parties": {party: _party(plan, party) for party in plan.books.books.parties},
        "circularity": _circularity(plan),
        "contingent": _contingent(plan),
        "cover": _cover(plan),
        "stakes": {k: round(v, 6) for k, v in stakes_of(plan.scenario, plan.tranches).items()},
    }


def _cents(value: Any) -> float:
    return round(float(value), 2)


def _month(plan: Plan, index: float) -> str | None:
    month = plan.month(float(index))
    return None if month is None else str(month)


def _rate(flow: Array) -> dict[str, Any]:
    """Rate of return, all of them where there are several, or why there is none."""
    flow = np.where(np.abs(flow) < 1.0, 0.0, flow)  # cents that rounding leaves are no flow
    found = irr_or_none(flow)
    if found is not None:
        return {
            "irr": round(found.rate, 6),
            "irr_unique": found.unique,
            "irr_roots": [round(r, 6) for r in found.roots],
        }
    one_sign = not (np.any(flow > 0.0) and np.any(flow < 0.0))
    why = "the flow never changes its sign" if one_sign else "no rate brings its value to zero"
    return {"irr": None, "irr_why": why}


def _line(plan: Plan, name: str) -> Array:
    values = plan.books.lines.get(name)
    return np.zeros(plan.horizon.months) if values is None else values


def _buyer(plan: Plan) -> dict[str, Any]:
    rate = plan.scenario.spec.money.discount_rate
    free = plan["finance.free_cash_usd"].values
    owners = plan["finance.owners_usd"].values
    peak = peak_funding(free)
    paid = _line(plan, "owners_paid_in")
    most = int(np.argmax(paid))
    return {
        "name": plan.books.books.parties[BUYER].name,
        "npv_usd": _cents(npv(free, rate)),
        **_rate(free),
        "payback": _month(plan, float(payback_month(free))),
        "peak_funding_usd": _cents(peak.usd),
        "peak_funding_month": _month(plan, float(peak.month)),
        "owners_paid_in_usd": _cents(paid.sum()),
        "owners_paid_most_month": _month(plan, most) if paid.any() else None,
        **_owners(plan, owners, rate),
        "cash_end_usd": _cents(_line(plan, f"cash[{BUYER}]")[-1]),
        "profit_usd": _cents(_line(plan, f"profit[{BUYER}]").sum()),
        "tax_usd": _cents(_line(plan, "tax_paid").sum()),
        "interest_usd": _cents(_line(plan, f"interest[{BUYER}]").sum()),
    }


def _owners(plan: Plan, owners: Array, rate: float) -> dict[str, Any]:
    """What the owners get for what they bring; nothing is said where others hold an unpriced share."""
    if owners_share(plan.scenario, plan.tranches) is None:
        why = "others hold shares, and no valuation says how many"
        return {"owners_npv_usd": None, "owners_moic": None, "owners_irr": None, "owners_why": why}
    brought = bool(np.any(owners < 0.0))
    return {
        "owners_npv_usd": _cents(npv(owners, rate)),
        "owners_moic": round(float(moic(owners)), 4) if brought else None,
        "owners_irr": _rate(owners)["irr"],
    }


def _levelised(plan: Plan) -> dict[str, float | None]:
    """Cost before tax and financing, discounted, per discounted unit; none where nothing is delivered."""
    rate = plan.scenario.spec.money.discount_rate
    cost = _cost(plan)
    hours = plan.horizon.hours()
    own = plan["fleet.packages"].values.sum(axis=(1, 2)) + plan["partners.packages"].values.sum(
        axis=1
    )
    gpu_hours = own * hours
    uses = [str(u) for u in plan.use["use"].values]
    packages = plan["use.packages"].values[..., _CENTRAL]
    serving_hours = packages[:, uses.index("serving")] * hours
    flop = plan["use.effective_flop"].values[..., _CENTRAL].sum(axis=1)
    tokens = plan["serving.met_tokens_per_s"].values[..., _CENTRAL].sum(axis=1) * hours * 3600.0
    per_hour = float(levelised_cost(cost, gpu_hours, rate))
    served = float(npv(tokens, rate))
    per_mtoken = (
        per_hour * float(npv(serving_hours, rate)) / served * _MTOKEN if served > 0 else None
    )
    return {
        "usd_per_gpu_hour": _known(per_hour, 4),
        "usd_per_effective_eflop": _known(float(levelised_cost(cost, flop, rate)) * _EFLOP, 6),
        "usd_per_mtoken": None if per_mtoken is None else _known(per_mtoken, 6),
    }


def _known(value: float, digits: int) -> float | None:
    return round(value, digits) if np.isfinite(value) else None


def _cost(plan: Plan) -> Array:
    """What building and running take, before tax, receipts and financing, less what stands at the end."""
    cost = np.zeros(plan.horizon.months)
    for row in plan.books.books.waterfall:
        if row.party == BUYER and row.flow != "financing" and not row.label.startswith(_NOT_COSTS):
            cost -= plan.books.lines[row.line]
    for account in ("racks", "halls", "construction", "deposits_paid"):
        cost[-1] -= _line(plan, f"{account}[{BUYER}]")[-1]
    cost[-1] += _line(plan, f"payables[{BUYER}]")[-1]
    for (
        partner
    ) in plan.scenario.spec.partners:  # capacity that brings no accelerators that are known
        if not plan["partners.packages"].sel(partner=partner).values.any():
            cost -= _line(plan, f"capacity_cost[{partner}]") + _line(
                plan, f"termination[{partner}]"
            )
    return cost


_NOT_COSTS = ("Receipts", "Prepayment of ", "Tax")


def _party(plan: Plan, party: str) -> dict[str, Any]:
    books, lines = plan.books.books, plan.books.lines
    flow = sum(
        (_line(plan, f"cash_from_{f}[{party}]") for f in FLOWS), np.zeros(plan.horizon.months)
    )
    stake = plan["books.at_stake_usd"].sel(party=party).values
    most = int(np.argmax(stake))
    received: dict[str, float] = {}
    for item in books.cash_items:
        if item.party == party:
            other = "outside" if item.other == OUTSIDE else item.other
            received[other] = received.get(other, 0.0) + item.sign * float(lines[item.line].sum())
    rate = plan.scenario.spec.money.discount_rate
    flow[-1] += _still_owed(plan, party)
    row = {
        "name": books.parties[party].name,
        "role": books.parties[party].role,
        "received_usd": _cents(_line(plan, f"sources[{party}]").sum()),
        "paid_usd": _cents(_line(plan, f"uses[{party}]").sum()),
        "profit_usd": _cents(_line(plan, f"profit[{party}]").sum()),
        "net_from": {other: _cents(usd) for other, usd in received.items()},
    }
    if party == BUYER:
        return row
    returns: dict[str, Any] = {"npv_usd": _cents(npv(flow, rate)), **_rate(flow)}
    if row["role"] == "provider" and f"provider_racks_cost[{party}]" not in lines:
        returns = {"npv_usd": None, "irr": None, "irr_why": "what its racks cost is not known"}
    if row["role"] == "lessor":
        returns = {"npv_usd": None, "irr": None, "irr_why": "it passes on all that it receives"}
    return row | {
        **returns,
        "at_stake_usd": _cents(stake[most]),
        "at_stake_month": _month(plan, most) if stake.any() else None,
    }


def _still_owed(plan: Plan, party: str) -> float:
    """What a party is owed at the end: its last receipt. Shares in the buyer are no debt."""
    owed = float(_line(plan, f"loans_granted[{party}]")[-1])
    for key, instrument in plan.scenario.spec.investment.items():
        if isinstance(instrument, ChipLease) and party_of(key, instrument) == party:
            lease, debt = _line(plan, f"lease_owed[{key}]"), _line(plan, f"company_debt[{key}]")
            owed += float(lease[-1] - debt[-1])
    return owed


def _circularity(plan: Plan) -> dict[str, Any]:
    """For each vendor who also invests: how much of it comes back as purchases made afterwards, and when."""
    books, found = plan.books.books, {}
    for party, record in books.parties.items():
        if record.role != "vendor":
            continue
        invested, bought = np.zeros(plan.horizon.months), np.zeros(plan.horizon.months)
        for item in books.cash_items:
            if item.party != party:
                continue
            if item.flow == "investing" and item.sign < 0:
                invested += plan.books.lines[item.line]
            elif item.label == "Racks" and item.other == BUYER:
                bought += plan.books.lines[item.line]
        if not invested.any():
            continue
        back = circularity(invested, bought, ahead=False)
        found[party] = {
            "invested_usd": _cents(invested.sum()),
            "purchases_usd": _cents(bought.sum()),
            "returned_share": round(float(back.returned_share[-1]), 6),
            "returned_by": _month(plan, float(back.full_month)),
            "mean_months": _known(float(back.weighted_lag_months), 2),
        }
    return found


def _contingent(plan: Plan) -> dict[str, Any]:
    left = plan["finance.commitments_left_usd"].values.sum(axis=1)
    exposure = plan["finance.exposure_usd"].values.sum(axis=1)
    most = int(np.argmax(exposure)) if exposure.size else 0
    return {
        "guaranties_usd": _cents(exposure.max(initial=0.0)),
        "guaranties_month": _month(plan, most) if exposure.any() else None,
        "guaranties_end_usd": _cents(exposure[-1]) if exposure.size else 0.0,
        "capacity_left_usd": _cents(left.max(initial=0.0)),
    }


def _cover(plan: Plan) -> dict[str, Any]:
    """Least debt service cover of each loan, and the months in which its covenant is broken."""
    found = {}
    for key, loan in plan.scenario.spec.investment.items():
        if loan.kind != "term_loan":
            continue
        cover = _line(plan, f"loan_cover[{key}]")
        serving = _line(plan, f"loan_service[{key}]") > 0.0
        after = np.arange(len(cover)) > plan.scenario.spec.horizon.range.offset(loan.until)
        tested = serving & after
        broken = tested & (cover < (loan.covenant or 0.0))
        found[key] = {
            "least": round(float(cover[tested].min()), 4) if tested.any() else None,
            "covenant": loan.covenant,
            "months_broken": [_month(plan, float(t)) for t in np.flatnonzero(broken)],
            "drawn_usd": _cents(_line(plan, f"loan_drawn[{key}]")[-1]),
            "owed_end_usd": _cents(_line(plan, f"loan_owed[{key}]")[-1]),
        }
    return found
