"""What is refused, or warned of, around instruments and contracts; and what is not.

One scenario that uses every term of money. A case sets a value by its path and names the finding that
must come of it; its counterpart sets another value there, or removes the path, and must not give it.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import Any

import pytest

import gigawatt as gw
from gigawatt.core.codes import CODES
from gigawatt.core.errors import Problem

GONE = object()
"""In place of a value: the path is not there."""

GOOD: dict[str, Any] = {
    "schema": 1,
    "name": "Money",
    "horizon": {"start": "2027-01", "months": 60},
    "money": {"buyer": "Builder", "opening_cash": "100 MUSD", "least_cash": "10 MUSD"},
    "costs": {"racks": {"deposit": "20 %", "on_delivery": "60 %"}},
    "sites": {
        "own": {
            "basis": "it",
            "power": {"2027-02": "50 MW", "2028-01": "100 MW"},
            "pue": 1.2,
            "overhead": 1.4,
            "facility_cost": "12 MUSD/MW",
            "energy": {
                "contract": {"capacity": "60 MW", "price": "40 USD/MWh", "start": "2027-06"}
            },
        },
        "rented": {
            "basis": "facility",
            "power": {"2027-06": "30 MW"},
            "lease": {"price": "130 USD/kW/month"},
        },
    },
    "hardware": {"gb300-nvl72": {"price": "4 MUSD/rack", "price_path": {"2028-01": "90 %"}}},
    "events": {"rated": None, "listed": "2028-06"},
    "income": {"contract": {"path": {"2027-06": "100 MUSD/month"}}},
    "partners": {
        "cloud": {
            "basis": "it",
            "system": "h100-sxm",
            "capacity": {"2027-03": "10 MW"},
            "price": "2 USD/gpu/hour",
            "take_or_pay": "80 %",
            "termination": {"event": "listed", "fee": "10 %"},
        }
    },
    "investment": {
        "maker": {
            "kind": "milestone_equity",
            "cap": "1 GUSD",
            "tranche": "10 GUSD/GW",
            "step": "50 MW",
            "first_tranche": "first_gigawatt",
            "valuation": {"2027-01": "20 GUSD"},
            "conditions": [{"event": "listed"}, {"capacity": "20 MW"}, {"campaign": "run"}],
        },
        "backer": {
            "kind": "guaranty",
            "cap": "1 GUSD",
            "per_gigawatt": "9 GUSD/GW",
            "release": "rated",
        },
        "bank": {
            "kind": "term_loan",
            "limit": "1 GUSD",
            "available": "2027-02",
            "until": "2028-12",
            "margin": "2.25 %/year",
            "amortisation": "60 months",
            "covenant": 1.15,
        },
        "chips": {
            "kind": "chip_lease",
            "party": "fund",
            "limit": "100 MUSD",
            "rate": "9 %/year",
            "term": "36 months",
            "debt_rate": "7 %/year",
            "until": "2028-06",
        },
        "supplier": {
            "kind": "warrants",
            "strike": "0.01 USD",
            "tranches": {
                "first": {"shares": 1_000_000, "capacity": "50 MW"},
                "last": {"shares": 1_000_000, "capacity": "100 MW", "share_price": "90 USD"},
            },
            "share_price": {"2027-01": "50 USD"},
            "until": "2031-06",
        },
        "customer": {"kind": "prepayment", "schedule": {"2027-02": "50 MUSD"}},
        "house-bank": {
            "kind": "revolver",
            "limit": "9 GUSD",
            "margin": "2 %/year",
            "until": "2031-12",
        },
        "second-bank": {"kind": "revolver", "limit": "1 GUSD", "margin": "3 %/year"},
    },
    "workloads": {"training": {"run": {"compute": "1e25 FLOP", "precision": "fp8"}}},
}


@dataclass(frozen=True)
class Bad:
    """A value that is refused or warned of at a path, what must be said, and a value that is fine."""

    code: str
    at: str
    value: Any
    words: str
    fine: Any
    path: str = ""
    """Where the finding points, if not there."""
    besides: tuple[tuple[str, Any], ...] = ()
    """What else is set in both."""


I = "investment"  # noqa: E741
UNTIL = f"{I}.bank.until"

CASES = [
    # names
    Bad("E328", f"{I}.backer.release", "ratde", "no event 'ratde'.*mean 'rated'", "rated"),
    Bad("E328", "partners.cloud.termination.event", "lited", "mean 'listed'", "rated"),
    Bad("E328", f"{I}.maker.conditions.0.event", "nope", "no event 'nope'.*nope: never", "rated"),
    Bad("E328", "events", {"listed": None}, "no event 'rated'", {"listed": None, "rated": None},
        f"{I}.backer.release"),
    Bad("E329", f"{I}.maker.conditions.2.campaign", "runs", "mean 'run'", "run"),
    Bad("E330", f"{I}.maker.conditions.0", {}, "asks for nothing", {"event": "listed"}),
    Bad("E330", f"{I}.maker.conditions.0", {"milestone": {"stage": "delivered"}}, "asks for nothing",
        {"capacity": "1 MW", "milestone": {"stage": "delivered"}}),
    Bad("E307", f"{I}.bank.systems", ["gb300"], "mean 'gb300-nvl72'", ["gb300-nvl72"], f"{I}.bank.systems.0"),
    Bad("E307", f"{I}.chips.systems", ["gb300"], "mean 'gb300-nvl72'", ["gb300-nvl72"], f"{I}.chips.systems.0"),
    Bad("E307", f"{I}.supplier.milestone", {"systems": ["mi450"]}, "hardware", {"systems": ["gb300-nvl72"]},
        f"{I}.supplier.milestone.systems.0"),
    Bad("E308", f"{I}.maker.conditions.1.milestone", {"sites": ["onw"]}, "mean 'own'", {"sites": ["own"]},
        f"{I}.maker.conditions.1.milestone.sites.0"),
    Bad("E317", f"{I}.maker.conditions.1.milestone", {"stage": "energised", "systems": ["gb300-nvl72"]},
        "count a later stage", {"stage": "energised"}, f"{I}.maker.conditions.1.milestone.systems"),
    # dates
    Bad("E301", f"{I}.bank.available", "2026-12", "at its first month", "2027-01"),
    Bad("E301", UNTIL, "2026-12", "outside the horizon", "2028-01", besides=((f"{I}.bank.available", GONE),)),
    Bad("E301", f"{I}.chips.until", "2032-01", "longer", "2031-12"),
    Bad("E301", f"{I}.house-bank.until", "2032-01", "longer", "2031-12"),
    Bad("E301", f"{I}.supplier.until", "2032-01", "longer", "2031-12"),
    Bad("E301", f"{I}.supplier.share_price", {"2026-12": "5 USD"}, "first month", {"2027-01": "5 USD"},
        f"{I}.supplier.share_price.2026-12"),
    Bad("E301", f"{I}.maker.valuation", {"2032-01": "5 GUSD"}, "longer", {"2031-12": "5 GUSD"},
        f"{I}.maker.valuation.2032-01"),
    Bad("E301", f"{I}.customer.schedule", {"2032-01": "5 USD"}, "longer", {"2031-12": "5 USD"},
        f"{I}.customer.schedule.2032-01"),
    Bad("E301", "income.contract.path", {"2032-01": "5 USD/month"}, "longer", {"2031-12": "5 USD/month"},
        "income.contract.path.2032-01"),
    Bad("E301", "hardware.gb300-nvl72.price_path", {"2032-01": "80 %"}, "longer", {"2031-12": "80 %"},
        "hardware.gb300-nvl72.price_path.2032-01"),
    Bad("E301", "sites.own.energy.contract.start", "2026-01", "first month", "2027-01"),
    Bad("E331", UNTIL, "2027-01", "before it begins in 2027-02", "2027-02"),
    Bad("E335", f"{I}.bank.repayment", "sculpted", "knows no cash after 2031-12", "level",
        f"{I}.bank.amortisation"),
    Bad("W109", UNTIL, "2032-06", "after the horizon", "2031-12"),
    # parts and prices
    Bad("E312", "costs.racks.deposit", "50 %", "110.0% of the price", "40 %", "costs.racks.on_delivery"),
    Bad("E312", "costs.racks", {"deposit": "50 %"}, "'on_delivery' is the default", {"deposit": "10 %"},
        "costs.racks.deposit"),
    Bad("E319", "partners.cloud.price_per_power", "100 USD/kW/month", "A price per GPU-hour and a price of",
        GONE),
    Bad("E319", "partners.cloud.commitment", "1 GUSD", "A price of power and a whole contract value", GONE,
        besides=(("partners.cloud.price", GONE), ("partners.cloud.price_per_power", "100 USD/kW/month"))),
    Bad("E319", "partners.cloud.commitment", "1 GUSD", "Keep one of price, commitment", GONE),
    Bad("W104", "partners.cloud.price", GONE, "costs nothing", "1 USD/gpu/hour", "partners.cloud"),
    Bad("W104", "partners.cloud.price_per_power", GONE, "costs nothing", "100 USD/kW/month", "partners.cloud",
        besides=(("partners.cloud.price", GONE), ("partners.cloud.system", GONE))),
    Bad("W108", "partners.cloud.take_or_pay", "50 %", "no price", GONE,
        besides=(("partners.cloud.price", GONE),)),
    Bad("W108", "partners.cloud.utilisation", "50 %", "no price", GONE,
        besides=(("partners.cloud.price", GONE),)),
    Bad("W108", "partners.cloud.termination.fee", "50 %", "nothing is due", "0 %",
        besides=(("partners.cloud.price", GONE),)),
    Bad("W108", "sites.rented.facility_cost", "9 MUSD/MW", "the landlord", GONE),
    Bad("W108", "sites.rented.facility_paid", "9 MW", "the landlord", GONE),
    Bad("W108", f"{I}.maker.conditions.0.milestone", {"stage": "delivered"}, "asks for none", GONE),
    Bad("W117", "sites.own.energy.contract.capacity", "141 MW", "at most 140 MW", "140 MW"),
    Bad("W117", "sites.rented.energy", {"contract": {"capacity": "31 MW", "price": "1 USD/MWh"}},
        "at most 30 MW", {"contract": {"capacity": "30 MW", "price": "1 USD/MWh"}},
        "sites.rented.energy.contract.capacity"),
    # instruments
    Bad("E332", f"{I}.supplier.tranches.last.capacity", "40 MW", "below the 50 MW", "50 MW"),
    Bad("W118", f"{I}.bank.advance_rate", "0 %", "advances 0 %", "1 %"),
    Bad("W118", f"{I}.bank.systems", [], "neither racks", GONE, besides=((f"{I}.bank.halls", False),)),
    Bad("W118", f"{I}.bank.halls", False, "neither racks nor halls", True, f"{I}.bank.systems",
        besides=((f"{I}.bank.systems", []),)),
    Bad("W118", f"{I}.chips.share", "0 %", "0 % of the racks", "1 %"),
    Bad("W118", f"{I}.chips.systems", [], "no systems", GONE),
    Bad("W118", "income", {}, "set off against", GOOD["income"], f"{I}.customer"),
    Bad("W119", f"{I}.bank.sizing", 1.1, "stricter", 1.15, f"{I}.bank.covenant"),
    # who is who
    Bad("E333", f"{I}.bank.party", "buyer", "whoever builds", "bank-of-somebody"),
    Bad("E333", f"{I}.backer.party", "outside", "not kept", "backer"),
    Bad("E333", f"{I}.chips.lender", "chips-company", "the company of the lease 'chips'", "bank"),
    Bad("E333", f"{I}.chips.lender", "buyer", "whoever builds", "lender"),
    Bad("E333", f"{I}.buyer", {"kind": "equity", "schedule": {"2027-02": "1 USD"}}, "whoever builds",
        {"kind": "equity", "party": "somebody", "schedule": {"2027-02": "1 USD"}}),
    Bad("E333", "partners.buyer", {"basis": "it", "capacity": {"2027-02": "1 MW"}, "commitment": "1 USD"},
        "whoever builds", GONE),
    Bad("E333", "workloads.serving", {"contract": {
        "model": "llama31-8b", "demand": {"2027-06": "1 Gtoken/day"}, "mix": {"input": "1 ktoken",
        "output": "1 ktoken"}, "slo": {"ttft": "2 s", "tpot": "25 ms"}}}, "told apart", GONE,
        "income.contract"),
    # one value out of its bounds
    Bad("E213", f"{I}.chips.equity_share", "120 %", "at most 1", "20 %"),
    Bad("E213", f"{I}.bank.advance_rate", "-1 %", "at least 0", "90 %"),
    Bad("E213", f"{I}.supplier.strike", "-1 USD", "at least 0 USD", "0 USD"),
    Bad("E213", "hardware.gb300-nvl72.price", "-1 USD/rack", "at least 0", "1 USD/rack"),
    Bad("E213", "money.sponsor", "-1 USD", "at least 0 USD", "0 USD"),
    Bad("E310", "hardware.vr-nvl144-cpx", {"available": "2028-01", "rack_power": "370 kW"}, "gives the price",
        {"available": "2028-01", "rack_power": "370 kW", "price": "9 MUSD/rack"}),
]  # fmt: skip


def with_values(changes: list[tuple[str, Any]]) -> dict[str, Any]:
    """The good scenario with values set by their paths."""
    data = copy.deepcopy(GOOD)
    for path, value in changes:
        *parents, last = path.split(".")
        at: Any = data
        for key in parents:
            at = at[int(key)] if isinstance(at, list) else at.setdefault(key, {})
        if isinstance(at, list):
            at[int(last)] = value
        elif value is GONE:
            at.pop(last, None)
        else:
            at[last] = value
    return data


def findings(data: dict[str, Any]) -> list[Problem]:
    """Everything that is said of a scenario: errors, or else warnings."""
    try:
        return list(gw.Scenario.from_dict(data).warnings)
    except gw.errors.ScenarioError as error:
        return list(error.problems)


def case_id(bad: Bad) -> str:
    return f"{bad.code}-{bad.at}"


def test_the_good_scenario_is_good() -> None:
    assert findings(GOOD) == []


@pytest.mark.parametrize("bad", CASES, ids=case_id)
def test_it_is_found(bad: Bad) -> None:
    told = findings(with_values([*bad.besides, (bad.at, bad.value)]))
    fitting = [p for p in told if p.code == bad.code and p.path == (bad.path or bad.at)]
    assert fitting, "\n".join(map(str, told))
    words = f"{fitting[0].message} {fitting[0].fix}"
    assert re.search(bad.words, words), words
    assert {p.severity for p in told if p.code == bad.code} == {
        "warning" if bad.code.startswith("W") else "error"
    }


@pytest.mark.parametrize("bad", CASES, ids=case_id)
def test_its_counterpart_is_not(bad: Bad) -> None:
    told = findings(with_values([*bad.besides, (bad.at, bad.fine)]))
    where = bad.path or bad.at
    assert [p for p in told if p.code == bad.code and p.path == where] == []
    assert [p for p in told if p.severity == "error"] == []


@pytest.mark.parametrize("month", ["2020-01", "2060-01", None])
def test_an_event_may_lie_outside_the_horizon(month: str | None) -> None:
    """It has happened already, or never does within the plan."""
    assert findings(with_values([("events.listed", month)])) == []


def test_owners_may_bring_nothing_and_a_lease_may_never_amortise() -> None:
    changes = [
        ("money.sponsor", "0 USD"),
        (f"{I}.chips.residual", "100 %"),
        (f"{I}.chips.rate", "0 %/year"),
    ]
    assert findings(with_values(changes)) == []


def test_every_code_of_these_rules_is_tried() -> None:
    mine = {
        "E328",
        "E329",
        "E330",
        "E331",
        "E332",
        "E333",
        "E335",
        "W108",
        "W109",
        "W117",
        "W118",
        "W119",
    }
    assert mine <= {bad.code for bad in CASES} <= set(CODES)
