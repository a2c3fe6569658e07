"""Books of small deals, worked out by hand; and what holds in all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.deal import facts, income, kept, parties_agree, racks, row
from gigawatt.core.months import Month
from gigawatt.finance.stored import books_from_plain, books_to_plain
from gigawatt.scenario.instruments import (
    ChipLease,
    Equity,
    Prepayment,
    Revolver,
    TermLoan,
    Warrants,
)

START = Month.parse("2027-01")


def balances(books, lines):
    for party in books.parties:
        assert np.abs(lines[f"balance_check[{party}]"]).max() == 0.0
        assert np.abs(lines[f"cash_check[{party}]"]).max() == 0.0
    parties_agree(books, lines)


def loan(**more):
    terms = {
        "kind": "term_loan",
        "limit": "1 MUSD",
        "until": "2027-03",
        "margin": "12 %/year",
        "amortisation": "3 months",
    }
    return TermLoan(**{**terms, **more})


def loan_facts(months=8, last=2, **terms):
    """Terms as numbers: the loan may be drawn in months 0 to `last`."""
    base = {
        "limit": 1e6,
        "advance_rate": 0.8,
        "margin": 0.12,
        "undrawn_fee": 0.0,
        "upfront_fee": 0.0,
    }
    at = np.arange(months)
    return {f"loan_{name}": {"l": value} for name, value in {**base, **terms}.items()} | {
        "open": {"l": at <= last},
        "committed": {"l": at <= last},
        "first_available": {"l": at == 0},
        "loan_end": {"l": last},
    }


def test_racks_are_paid_in_parts_worn_out_and_sold():
    books, lines = kept(facts(**racks()))
    assert lines["deposit[x]"].tolist() == [200, 0, 0, 0, 0, 0]
    assert lines["on_delivery[x]"].tolist() == [0, 0, 500, 0, 0, 0]
    assert lines["on_acceptance[x]"].tolist() == [0, 0, 0, 300, 0, 0]
    assert lines["network_cost[x]"].tolist() == [0, 0, 100, 0, 0, 0]
    # 1100 USD in service, of which 10 % of the price is left at the end, over two months
    assert lines["racks_depreciation[x]"].tolist() == [0, 0, 0, 500, 500, 0]
    assert lines["racks_sold[x]"].tolist() == [0, 0, 0, 0, 0, 100]
    assert lines["racks[buyer]"].tolist() == [0, 0, 1100, 600, 100, 0]
    assert lines["deposits_paid[buyer]"].tolist() == [200, 200, 0, 0, 0, 0]
    assert lines["payables[buyer]"].tolist() == [0, 0, 300, 0, 0, 0]
    assert lines["owners_paid_in"].tolist() == [200, 0, 600, 300, 0, 0]
    assert lines["cash[buyer]"].tolist() == [0, 0, 0, 0, 0, 100]
    # The vendor earns its margin of 75 % on delivery, is paid as above and pays for what it sells.
    assert lines["profit[acme]"].tolist() == [0, 0, 750, 0, 0, 0]
    assert lines["receivables[acme]"].tolist() == [0, 0, 300, 0, 0, 0]
    assert lines["cash[acme]"].tolist() == [200, 200, 450, 750, 750, 750]
    balances(books, lines)


def test_halls_are_paid_while_they_are_built():
    """40 MW energised in month 0 and 60 in month 3, over two months each: what was due before falls first."""
    made = facts(
        halls_new_mw={"s": row(6, m0=40, m3=60)},
        halls_mw={"s": row(6)},
        facility_cost_usd={"s": 10.0},
    )
    books, lines = kept(made)
    assert lines["halls_paid[s]"].tolist() == [400, 0, 300, 300, 0, 0]
    assert lines["construction[buyer]"].tolist() == [0, 0, 300, 0, 0, 0]
    assert lines["halls_depreciation[s]"].tolist() == [40, 40, 40, 100, 100, 100]
    balances(books, lines)


def test_running_costs_and_income_are_paid_later():
    made = facts(
        energy_mwh={"s": row(6, m1=10, m2=20)},
        energy_price_usd={"s": 50.0},
        energy_shape={"s": 1.1},
        **income([0, 0, 900, 0, 0, 0], after=2),
    )
    books, lines = kept(made)
    assert lines["energy_cost[s]"].tolist() == [0, 550, 1100, 0, 0, 0]
    assert lines["energy_paid"].tolist() == [0, 0, 550, 1100, 0, 0]
    assert lines["receivables[buyer]"].tolist() == [0, 0, 900, 900, 0, 0]
    assert lines["collected[sales]"].tolist() == [0, 0, 0, 0, 900, 0]
    balances(books, lines)


def test_power_bought_ahead_is_taken_or_paid():
    made = facts(
        energy_mwh={"s": [0, 50, 100, 150, 0, 0]},
        energy_price_usd={"s": 60.0},
        energy_shape={"s": 1.0},
        purchase_mwh={"s": [0, 100, 100, 100, 100, 0]},
        purchase_price_usd={"s": 40.0},
        purchase_take_or_pay={"s": 0.8},
    )
    _, lines = kept(made)
    assert lines["energy_agreed[s]"].tolist() == [0, 3200, 4000, 4000, 3200, 0]
    assert lines["energy_market[s]"].tolist() == [0, 0, 0, 3000, 0, 0]


def test_a_contract_that_is_ended_costs_its_fee():
    made = facts(
        partner_commitment_usd={"p": 600.0},
        partner_term_months={"p": 6},
        contract_running={"p": np.ones(6)},
        contract_open={"p": [1, 1, 0, 0, 0, 0]},
        contract_ends={"p": row(6, m2=1)},
        termination_fee={"p": 0.25},
        contract_beyond={"p": 3},
    )
    books, lines = kept(made)
    assert lines["capacity_cost[p]"].tolist() == [100, 100, 0, 0, 0, 0]
    # a quarter of four months within the horizon and three after it
    assert lines["termination[p]"].tolist() == [0, 0, 175, 0, 0, 0]
    assert lines["cash[p]"].tolist() == [100, 200, 375, 375, 375, 375]
    balances(books, lines)


def test_a_level_loan():
    """80 % of the price and network of ten racks, drawn at delivery, 1 % a month, three equal parts."""
    made = facts(8, **racks(8), **loan_facts())
    books, lines = kept(made, {"l": loan()})
    assert lines["loan_draw[l]"].tolist() == [0, 0, 880, 0, 0, 0, 0, 0]
    assert lines["loan_owed[l]"].tolist() == [0, 0, 880, 586.67, 293.33, 0, 0, 0]
    assert lines["loan_interest[l]"].tolist() == [0, 0, 0, 8.8, 5.87, 2.93, 0, 0]
    assert lines["loan_repaid[l]"].sum() == 880
    balances(books, lines)


def test_an_annuity_loan_costs_the_same_every_month():
    made = facts(8, **racks(8), **loan_facts())
    books, lines = kept(made, {"l": loan(repayment="annuity")})
    service = (lines["loan_repaid[l]"] + lines["loan_interest[l]"])[3:6]
    payment = 880 * 0.01 / (1 - 1.01**-3)
    np.testing.assert_allclose(service, payment, atol=0.011)
    assert lines["loan_owed[l]"][5] == 0.0
    balances(books, lines)


def test_a_sculpted_loan_is_covered_evenly():
    """Cash of 300, 400, 500 covers a loan sized at 1.25 exactly 1.25 times in each month of repayment."""
    cash = [0, 0, 0, 300, 400, 500, 0, 0]
    made = facts(8, **racks(8), **income(cash, 8), **loan_facts(sizing=1.25, advance_rate=1.0))
    books, lines = kept(made, {"l": loan(repayment="sculpted", sizing=1.25)})
    worth = sum(c / 1.01**j for j, c in enumerate([300, 400, 500], 1))
    assert lines["loan_drawn[l]"][-1] == round(worth / 1.25, 2)
    service = (lines["loan_repaid[l]"] + lines["loan_interest[l]"])[3:6]
    np.testing.assert_allclose(np.array([300, 400, 500]) / service, 1.25, rtol=1e-4)
    balances(books, lines)


def test_a_level_loan_is_sized_by_its_worst_month():
    """Cash of 100 a month covers 1.25 times the first payment, a third and the interest on all."""
    made = facts(
        8, **racks(8), **income([0, 0, 0, 100, 100, 100, 100, 100], 8), **loan_facts(sizing=1.25)
    )
    _, lines = kept(made, {"l": loan(sizing=1.25)})
    assert lines["loan_drawn[l]"][-1] == pytest.approx(100 / 1.25 / (1 / 3 + 0.01), abs=0.01)
    assert lines["loan_cover[l]"][3] == pytest.approx(1.25, abs=1e-4)


def two_loans(**more):
    """Two loans on the same racks, each on 60 % of what the other leaves."""
    terms = {
        name: {"l": by["l"], "m": by["l"]} for name, by in loan_facts(advance_rate=0.6).items()
    }
    made = facts(8, **racks(8), **{**terms, **more})
    return kept(made, {"l": loan(), "m": loan()})


def test_two_loans_never_lend_against_the_same_cost():
    books, lines = two_loans()
    assert lines["loan_drawn[l]"][-1] == 660
    assert lines["loan_drawn[m]"][-1] == pytest.approx(0.6 * 440)
    balances(books, lines)


def test_a_second_loan_is_covered_by_what_the_first_leaves():
    books, lines = two_loans(**income([0, 0, 0, 400, 400, 400, 0, 0], 8))
    first = lines["loan_service[l]"]
    np.testing.assert_allclose(lines["cash_for_debt[m]"][3:6], 400 - first[3:6])
    both = first + lines["loan_service[m]"]
    assert lines["loan_cover[l]"][3] == pytest.approx(400 / both[3])
    balances(books, lines)


def test_a_lease_of_other_racks_leaves_a_loan_as_it_is():
    other = {name: {**by, "y": by["x"]} for name, by in racks(8).items()}
    made = facts(8, **{**other, **loan_facts(), **{k: v for k, v in lease_facts().items() if k != "open"},
                       "open": {"l": np.arange(8) <= 2, "c": np.ones(8)}})  # fmt: skip
    lease = ChipLease(kind="chip_lease", limit="1 MUSD", rate="12 %/year", term="3 months",
                      debt_rate="6 %/year", party="fund", systems=("y",))  # fmt: skip
    lines = kept(made, {"c": lease, "l": loan(systems=("x",))})[1]
    assert lines["lease_funding[c]"].sum() == 550
    assert lines["loan_drawn[l]"][-1] == 880


def test_rent_of_chips_comes_before_debt():
    made = facts(8, **racks(8), **lease_facts(), **income([0, 0, 0, 300, 300, 300, 0, 0], 8))
    lines = kept(made, {"c": chip_lease()})[1]
    rent = lines["lease_interest[c]"] + lines["lease_principal[c]"]
    np.testing.assert_allclose(lines["cash_for_debt"][3:6], 300 - rent[3:6])


def test_undrawn_and_upfront_fees():
    made = facts(8, **racks(8), **loan_facts(limit=2000.0, undrawn_fee=0.06, upfront_fee=0.01))
    _, lines = kept(made, {"l": loan()})
    assert lines["loan_fees[l]"].tolist() == [30, 10, 10, 0, 0, 0, 0, 0]


LEASE = {
    "limit": 1e6,
    "share": 0.5,
    "rate": 0.12,
    "residual": 0.2,
    "equity_share": 0.25,
    "debt_rate": 0.06,
}


def lease_facts(months=8, **terms):
    return {f"lease_{k}": {"c": v} for k, v in {**LEASE, **terms}.items()} | {
        "open": {"c": np.ones(months)}
    }


def chip_lease():
    return ChipLease(
        kind="chip_lease",
        limit="1 MUSD",
        share=0.5,
        rate="12 %/year",
        term="3 months",
        residual="20 %",
        debt_rate="6 %/year",
        party="fund",
    )


def test_a_chip_lease_is_an_annuity_with_a_last_payment():
    """Half of 1,100 USD, 1 % a month, three rents, then 20 % of it."""
    books, lines = kept(facts(8, **racks(8), **lease_facts()), {"c": chip_lease()})
    rent = lines["lease_interest[c]"] + lines["lease_principal[c]"]
    payment = (550 - 110 * 1.01**-3) * 0.01 / (1 - 1.01**-3)
    np.testing.assert_allclose(rent[3:5], payment, atol=0.011)
    assert rent[5] == pytest.approx(payment + 110, abs=0.011)
    assert lines["lease_owed[c]"][5:].tolist() == [0, 0, 0]
    assert lines["lease_principal[c]"].sum() == 550
    # The company keeps no cash: its lender gets 6 % on three quarters, its owner the rest.
    assert np.abs(lines["cash[c-company]"]).max() == 0.0
    assert lines["company_interest[c]"].sum() == pytest.approx(
        lines["lease_interest[c]"].sum() * 0.375, abs=0.03
    )
    balances(books, lines)


def test_a_lease_without_interest_repays_evenly():
    _, lines = kept(
        facts(8, **racks(8), **lease_facts(rate=0.0, residual=0.0)), {"c": chip_lease()}
    )
    assert lines["lease_principal[c]"].tolist() == [0, 0, 0, 183.33, 183.34, 183.33, 0, 0]


def revolver_facts(months=6, **terms):
    base = {"limit": 700.0, "margin": 0.12, "undrawn_fee": 0.0}
    return {f"revolver_{k}": {"r": v} for k, v in {**base, **terms}.items()} | {
        "open": {"r": np.ones(months)}
    }


def test_the_revolver_fills_what_is_missing_then_the_owners():
    made = facts(**racks(), **income([0, 0, 0, 0, 500, 500]), **revolver_facts())
    instrument = Revolver(kind="revolver", limit="700 USD", margin="12 %/year", party="bank")
    books, lines = kept(made, {"r": instrument})
    # 200 in month 0; 2 of interest in 1; 600 and 2.02 in 2 pass the limit of 700
    assert lines["revolver_draw[r]"].tolist() == [200, 2, 498, 0, 0, 0]
    assert lines["owners_paid_in"].tolist() == [0, 0, 104.02, 307, 0, 0]
    assert lines["revolver_repaid[r]"].tolist() == [0, 0, 0, 0, 493, 207]
    assert lines["cash[buyer]"][-1] == pytest.approx(500 + 100 - 207 - 2.07)
    balances(books, lines)


def test_what_nobody_fills_is_said():
    made = facts(single={"sponsor_limit": 450.0}, **racks(), **revolver_facts(limit=100.0))
    _, lines = kept(made, {"r": Revolver(kind="revolver", limit="100 USD", margin="12 %/year")})
    assert lines["owners_paid_in"].tolist() == [100, 1, 349, 0, 0, 0]
    # what is missing stays missing until something comes in: 100 for the retired racks
    assert lines["unfunded"].tolist() == [0, 0, 252, 553, 554, 455]


def test_losses_are_carried_before_tax_is_paid():
    made = facts(
        single={"tax_rate": 0.25, "paid_after": 0},
        energy_mwh={"s": [10, 0, 0, 0, 0, 0]},
        energy_price_usd={"s": 100.0},
        energy_shape={"s": 1.0},
        **income([0, 400, 400, 400, 0, 0]),
    )
    books, lines = kept(made)
    assert lines["losses_carried"].tolist() == [1000, 600, 200, 0, 0, 0]
    assert lines["tax_paid"].tolist() == [0, 0, 0, 50, 0, 0]
    balances(books, lines)


def test_a_prepayment_is_set_off_against_receipts():
    made = facts(
        **income([0, 400, 400, 400, 400, 400]), paid_in={"a": row(6, m0=250)}, set_off={"a": 0.25}
    )
    instrument = Prepayment(kind="prepayment", schedule={"2027-01": "250 USD"}, set_off="25 %")
    books, lines = kept(made, {"a": instrument})
    assert lines["set_off_against[a]"].tolist() == [0, 100, 100, 50, 0, 0]
    assert lines["cash[buyer]"].tolist() == [250, 550, 850, 1200, 1600, 2000]
    balances(books, lines)


@pytest.mark.parametrize("sell", [True, False])
def test_warrants_are_value_and_cash_only_if_sold(sell):
    made = facts(
        shares_vesting={"w": row(6, m1=10)}, share_price={"w": np.full(6, 60.0)}, strike={"w": 0.01}
    )
    instrument = Warrants(
        kind="warrants",
        strike="0.01 USD",
        party="maker",
        sell=sell,
        share_price={"2027-01": "60 USD"},
        tranches={"one": {"shares": 10, "capacity": "1 GW"}},
    )
    books, lines = kept(made, {"w": instrument})
    assert lines["warrants_vested[w]"].tolist() == [0, 599.9, 0, 0, 0, 0]
    assert lines["cash[buyer]"][-1] == (599.9 if sell else 0.0)
    assert lines["profit[maker]"].sum() == -599.9
    balances(books, lines)


def everything(seed, scale=1.0):
    """All chapters together on random amounts."""
    rng, months = np.random.default_rng(seed), 30
    at = np.arange(months)

    def some(high):
        return np.round(rng.uniform(0, high, months)) * scale

    bought = np.floor(rng.uniform(0, 3, months))
    figures = {
        "racks_bought": {"x": bought},
        "racks_starting": {"x": np.r_[0, 0, bought[:-2]]},
        "racks_running": {"x": np.cumsum(bought)},
        "price_usd": {"x": rng.uniform(1e5, 9e6) * scale},
        "network_share": {"x": rng.uniform(0, 0.3)},
        "useful_life_months": {"x": int(rng.integers(2, 20))},
        "order_lag": {"x": int(rng.integers(0, 9))},
        "halls_new_mw": {"s": np.floor(rng.uniform(0, 9, months))},
        "halls_mw": {"s": np.full(months, 9.0)},
        "facility_cost_usd": {"s": rng.uniform(1e5, 2e6) * scale},
        "energy_mwh": {"s": rng.uniform(0, 9e4, months)},
        "energy_price_usd": {"s": rng.uniform(20, 90) * scale},
        "energy_shape": {"s": 1.1},
        "income_usd": {"sales": some(4e7)},
        "collected_after": {"sales": int(rng.integers(0, 4))},
        "paid_in": {
            "e": np.round(rng.uniform(0, 2e7, months)) * scale * (at % 9 == 3),
            "a": row(months, m1=5e6 * scale),
        },
        "set_off": {"a": 0.3},
        "open": {"r": np.ones(months), "c": (at < 20), "l": (at >= 2) & (at <= 11)},
        **{
            k: v
            for k, v in loan_facts(months, 11, limit=4e7 * scale, undrawn_fee=0.01).items()
            if k != "open"
        },
        **{k: v for k, v in lease_facts(months, limit=2e7 * scale).items() if k != "open"},
        **{
            k: v
            for k, v in revolver_facts(months, limit=1e7 * scale, undrawn_fee=0.004).items()
            if k != "open"
        },
    }
    single = {
        "tax_rate": 0.21,
        "base_rate": 0.037,
        "rack_maintenance": 0.04,
        "insurance": 0.003,
        "opening_cash": 1e6 * scale,
    }
    instruments = {
        "e": Equity(kind="equity", schedule={"2027-01": "1 USD"}, party="acme"),
        "a": Prepayment(kind="prepayment", schedule={"2027-01": "1 USD"}),
        "c": chip_lease(),
        "l": loan(
            amortisation=f"{int(rng.integers(3, 30))} months",
            repayment=str(rng.choice(["level", "annuity"])),
        ),
        "r": Revolver(kind="revolver", limit="1 USD", margin="1 %/year", party="bank"),
    }
    return facts(months, single, **figures), instruments


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_every_deal_balances_to_the_cent_and_nobody_keeps_what_another_paid(seed):
    made, instruments = everything(seed)
    books, lines = kept(made, instruments)
    balances(books, lines)
    outside = np.zeros(made.months)
    for item in books.cash_items:
        if item.other == "outside":
            outside += item.sign * lines[item.line]
    opening = lines["opening_cash_paid_in"]
    together = sum(lines[f"cash[{party}]"] for party in books.parties)
    np.testing.assert_allclose(np.cumsum(outside + opening), together, atol=0.01)
    assert np.all(lines["cash[buyer]"] >= 0.0)
    assert np.all(lines["loan_drawn[l]"] <= 4e7)
    assert np.all(lines["revolver_owed[r]"] <= 1e7)


def test_money_scaled_by_ten_scales_every_amount_by_ten():
    """To within the rounding of single cents."""
    small, instruments = everything(11)
    large, _ = everything(11, 10.0)
    one, ten = kept(small, instruments)[1], kept(large, instruments)[1]
    for name in (
        "owners_paid_in",
        "profit[buyer]",
        "tax_paid",
        "lease_owed[c]",
        "loan_interest[l]",
    ):
        np.testing.assert_allclose(one[name] * 10, ten[name], atol=5.0)


def test_books_survive_being_stored():
    made, instruments = everything(3)
    books, lines = kept(made, instruments)
    back = books_from_plain(books_to_plain(books))
    from gigawatt.finance.evaluate import evaluate

    again = evaluate(back.sheet)
    assert list(back.sheet.lines) == list(books.sheet.lines)
    for name, values in lines.items():
        np.testing.assert_array_equal(again[name], values)
    assert back.waterfall == books.waterfall
    assert back.parties == books.parties


def test_labels_that_differ_in_signs_alone_have_lines_of_their_own():
    made = facts(
        **racks(),
        **{k: {"a-b": v["r"], "a_b": v["r"]} for k, v in revolver_facts(limit=10.0).items()},
    )
    revolver = Revolver(kind="revolver", limit="10 USD", margin="1 %/year", party="bank")
    books, lines = kept(made, {"a-b": revolver, "a_b": revolver})
    assert lines["revolver_draw[a-b]"][0] == lines["revolver_draw[a_b]"][0] == 10
    balances(books, lines)


def test_a_lease_at_a_high_rate_ends_when_it_ends():
    """Rounding that is left of a lease does not grow for decades."""
    months = 600
    made = facts(months, **racks(months), **lease_facts(months, rate=0.6))
    lines = kept(made, {"c": chip_lease()})[1]
    assert np.abs(lines["lease_owed[c]"][7:]).max() == 0.0
    assert lines["lease_principal[c]"].sum() == 550


def test_a_lender_is_never_made_to_lend_again():
    """Months without income first: sculpted repayment waits, and is never below zero."""
    cash = np.r_[np.zeros(6), np.full(6, 400.0)]
    made = facts(12, **racks(12), **income(cash, 12), **loan_facts(12, margin=0.24))
    lines = kept(made, {"l": loan(repayment="sculpted", amortisation="9 months")})[1]
    assert lines["loan_repaid[l]"].min() >= 0.0
    assert lines["loan_owed[l]"].max() <= lines["loan_drawn[l]"][-1]
    assert lines["loan_owed[l]"][-1] == 0.0


def formula_of(node):
    return lambda data: data["lines"]["assets[buyer]"].__setitem__(0, node)


@pytest.mark.parametrize(
    "spoil",
    [
        formula_of(["Call", "eval", ["Row", "cash[buyer]"]]),
        formula_of(["Binary", "; import os", ["Number", 1], ["Number", 1]]),
        formula_of(["Number", float("nan")]),
        formula_of(["Past", "cash[buyer]", -1]),
        formula_of(["Call", "where", ["Number", 1.0]]),
        formula_of("cash"),
        lambda data: data["givens"]["racks_bought[x]"].__setitem__(0, [1.0]),
        lambda data: data["terms"]["rack_deposit"].__setitem__(0, "much"),
        lambda data: data["cash_items"][0].__setitem__(0, "nobody"),
        lambda data: data["cash_items"][0].__setitem__(5, 2),
        lambda data: data["parties"].pop(0),
    ],
)
def test_books_that_somebody_edited_are_refused(spoil):
    data = books_to_plain(kept(facts(**racks()))[0])
    books_from_plain(data)
    spoil(data)
    with pytest.raises(ValueError, match=r"\w"):
        books_from_plain(data)
