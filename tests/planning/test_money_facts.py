"""From scenario to books: what each term does to money, worked out by hand on one small campus."""

import numpy as np
import pytest

import gigawatt as gw
from gigawatt.core.errors import ScenarioError
from gigawatt.planning.deal_terms import deal_rows
from gigawatt.planning.sensitivity import sensitivity

CAMPUS = {
    "schema": 1,
    "name": "campus",
    "horizon": {"start": "2027-01", "months": 48},
    "money": {"buyer": "Lab", "tax_rate": "0 %"},
    "sites": {
        "a": {
            "basis": "it",
            "power": {"2027-03": "20 MW", "2028-01": "40 MW"},
            "pue": 1.2,
            "overhead": 1.3,
            "energy": {"price": "50 USD/MWh", "load_factor": "100 %", "pue": 1.0},
            "facility_cost": "10 MUSD/MW",
        }
    },
    "hardware": {
        "vr-nvl72": {
            "available": "2027-01",
            "price": "8 MUSD/rack",
            "rack_power": "200 kW",
            "it_power_factor": 1.0,
            "network_share": "0 %",
            "spares": "0 %",
            "useful_life": "12 months",
        }
    },
    "deployment": {"refresh": False},
    "lags": {
        "order_to_delivery": "2 months",
        "delivered_to_installed": "0 months",
        "installed_to_commissioned": "1 month",
        "commissioned_to_service": "0 months",
    },
    "costs": {
        "racks": {
            "deposit": "10 %",
            "on_delivery": "50 %",
            "acceptance": "1 month",
            "residual": "0 %",
        },
        "halls": {"build": "1 month", "life": "100 months"},
        "rack_maintenance": "12 %/year",
        "hall_maintenance": "0 %/year",
        "staff": "0 USD/MW/year",
        "insurance": "0 %/year",
        "paid_after": "0 months",
    },
}


def planned(**more):
    data = {**CAMPUS, **more}
    for key in ("money", "costs"):
        if key in more:
            data[key] = {**CAMPUS[key], **more[key]}
    return gw.plan(gw.Scenario.from_dict(data))


@pytest.fixture(scope="module")
def campus():
    return planned()


def test_a_campus_by_hand(campus):
    """100 racks of 8 MUSD in March 2027 and as many in January 2028, 200 MUSD of halls each time."""
    lines = campus.books.lines
    assert lines["racks_cost[vr-nvl72]"][2] == 800e6
    assert lines["deposit[vr-nvl72]"][:11].tolist() == [80e6] + [0] * 9 + [80e6]
    assert lines["on_delivery[vr-nvl72]"][2] == 400e6
    assert lines["on_acceptance[vr-nvl72]"][3] == 320e6
    assert lines["halls_paid[a]"][2] == 200e6
    # in service from April 2027 for a year: 1 % of the price a month, 20 MW × 720 h × 50 USD
    assert lines["rack_maintenance_cost[vr-nvl72]"][2:16].tolist() == [0] + [8e6] * 9 + [
        8e6,
        16e6,
        16e6,
        8e6,
    ]
    assert lines["energy_cost[a]"][3] == 20 * 720 * 50
    # the second lot serves from February 2028: two of its twelve months before the first lot ends
    both = lines["racks_depreciation[vr-nvl72]"][3:15].sum()
    assert both == pytest.approx(800e6 + 2 * 800e6 / 12, abs=0.02)


def test_depreciation_ends_with_the_price_that_was_paid(campus):
    lines = campus.books.lines
    assert lines["racks_depreciation[vr-nvl72]"].sum() == pytest.approx(1600e6, abs=0.01)
    assert lines["racks[buyer]"][-1] == 0.0


def test_a_price_path_moves_what_later_racks_cost():
    """Racks of 2028 cost 75 %, in the build, in the books and in what is written off."""
    made = planned(
        hardware={"vr-nvl72": {**CAMPUS["hardware"]["vr-nvl72"], "price_path": {"2027-06": "75 %"}}}
    )
    assert made["finance.rack_spend_usd"].values.sum() == 800e6 + 600e6
    assert made.books.lines["racks_cost[vr-nvl72]"].sum() == 1400e6
    assert made.books.lines["racks_depreciation[vr-nvl72]"].sum() == pytest.approx(1400e6, abs=0.01)
    assert made.books.lines["racks_starting_value[vr-nvl72]"][11:14].sum() == pytest.approx(600e6)


def test_installation_is_part_of_what_racks_cost():
    """2 % of the price on delivery: in the cost of the build, in the books and written off with them."""
    racks = {**CAMPUS["costs"]["racks"], "installation": "2 %"}
    made = planned(costs={"racks": racks})
    assert made["finance.rack_spend_usd"].values.sum() == pytest.approx(1632e6)
    assert made.books.lines["installation[vr-nvl72]"].sum() == 32e6
    assert made.books.lines["racks_depreciation[vr-nvl72]"].sum() == pytest.approx(1632e6, abs=0.01)


def test_rent_stands_in_for_halls():
    site = {**CAMPUS["sites"]["a"], "lease": {"price": "100 USD/kW/month", "term": "12 months"}}
    made = planned(sites={"a": site})
    assert made["finance.facility_spend_usd"].values.sum() == 0.0
    rent = made.books.lines["site_rent[a]"]
    assert rent[2:14].tolist() == [2e6] * 10 + [4e6] * 2
    # after its term the rent goes on for what is in use: both lots in March 2028, then the second
    assert rent[14:].tolist() == [4e6] + [2e6] * 10 + [0.0] * 23


def test_a_contract_is_priced_by_power_and_ended_by_an_event():
    partner = {
        "capacity": {"2027-01": "100 MW"},
        "basis": "facility",
        "price_per_power": "1 USD/kW/month",
        "take_or_pay": "60 %",
        "utilisation": "50 %",
        "termination": {"event": "exit", "fee": "50 %"},
    }
    stays = planned(partners={"p": partner}, events={"exit": None})
    assert stays["partners.cost_usd"].values.sum() == 48 * 60_000
    ends = planned(partners={"p": partner}, events={"exit": "2028-01"})
    paid = ends["partners.cost_usd"].values[:, 0]
    assert paid[:12].tolist() == [60_000] * 12
    assert paid[12] == 36 * 60_000 * 0.5
    assert paid[13:].sum() == 0.0
    assert ends["partners.it_mw"].values[12:].sum() == 0.0


EQUITY = {"kind": "equity", "schedule": {"2027-02": "100 MUSD"}}


def test_conditions_hold_money_back():
    def paid(**more):
        made = planned(
            investment={"e": {**EQUITY, "conditions": [more]}}, events={"go": "2027-09", "no": None}
        )
        rows = made["finance.investment_usd"].values[:, 0]
        return [str(made.horizon.start + int(t)) for t in np.flatnonzero(rows)]

    assert paid(event="go") == ["2027-09"]
    assert paid(event="no") == []
    assert paid(capacity="20 MW") == ["2027-04"]
    assert paid(capacity="20 MW", milestone={"stage": "delivered"}) == ["2027-03"]
    assert paid(capacity="99 MW") == []


def test_a_guaranty_falls_away_with_its_event():
    guaranty = {
        "kind": "guaranty",
        "cap": "1 GUSD",
        "per_gigawatt": "10 GUSD/GW",
        "release": "rating",
    }
    made = planned(investment={"g": guaranty}, events={"rating": "2028-06"})
    exposure = made["finance.exposure_usd"].values[:, 0]
    assert exposure[3] == pytest.approx(200e6)
    assert exposure[16] == pytest.approx(400e6)
    assert exposure[17:].sum() == 0.0
    assert made["finance.investment_usd"].values.sum() == 0.0


def test_warrants_vest_when_both_the_gigawatts_and_the_share_price_are_there():
    warrants = {
        "kind": "warrants",
        "party": "maker",
        "strike": "1 USD",
        "milestone": {"stage": "delivered"},
        "share_price": {"2027-01": "100 USD", "2027-06": "200 USD", "2029-01": "150 USD"},
        "tranches": {
            "one": {"shares": 1_000_000, "capacity": "20 MW"},
            "two": {"shares": 500_000, "capacity": "20 MW", "share_price": "180 USD"},
            "three": {"shares": 500_000, "capacity": "40 MW", "share_price": "180 USD"},
            "four": {"shares": 500_000, "capacity": "40 MW", "share_price": "300 USD"},
        },
    }
    made = planned(investment={"w": warrants})
    vested = made.books.lines["warrants_vested[w]"]
    found = {str(made.horizon.start + int(t)): vested[t] for t in np.flatnonzero(vested)}
    assert found == {"2027-03": 99e6, "2027-06": 99.5e6, "2028-01": 99.5e6}


def test_a_month_that_cannot_be_funded_names_month_amount_and_instrument():
    revolver = {"kind": "revolver", "limit": "100 MUSD", "margin": "2 %/year", "party": "bank"}
    with pytest.raises(ScenarioError) as caught:
        planned(money={"sponsor": "300 MUSD"}, investment={"rcf": revolver})
    text = str(caught.value)
    assert "E805" in text
    assert "2027-03" in text
    assert "'rcf' owes 100,000,000.00 USD of 100,000,000.00 USD" in text
    # 80 of deposits and 400 + 200 in March, less 100 drawn and 300 of the owners, and a little interest
    assert "280," in text


def test_a_loan_that_no_cash_carries_cannot_be_sized():
    loan = {"kind": "term_loan", "limit": "1 GUSD", "until": "2027-12", "margin": "3 %/year",
            "amortisation": "24 months", "sizing": 1.2}  # fmt: skip
    with pytest.raises(ScenarioError, match="E806"):
        planned(investment={"ddtl": loan})
    income = {"contract": {"path": {"2027-01": "60 MUSD/month"}}}
    made = planned(investment={"ddtl": loan}, income=income)
    assert 0.0 < made.books.lines["loan_drawn[ddtl]"][-1] < 1e9
    assert made.summary()["books"]["cover"]["ddtl"]["least"] >= 1.2 - 1e-6


def test_income_grows_and_is_collected_later():
    income = {
        "s": {
            "path": {"2027-02": "1 MUSD/month"},
            "growth": "10 %/month",
            "collected_after": "2 months",
        }
    }
    lines = planned(income=income).books.lines
    assert lines["revenue_from[s]"][:4].tolist() == [0, 1e6, 1.1e6, 1.21e6]
    assert lines["collected[s]"][:5].tolist() == [0, 0, 0, 1e6, 1.1e6]


def test_a_revolver_that_ends_is_due():
    revolver = {
        "kind": "revolver",
        "limit": "100 MUSD",
        "margin": "0 %/year",
        "until": "2027-06",
        "party": "bank",
    }
    lines = planned(investment={"rcf": revolver}, money={"base_rate": "0 %/year"}).books.lines
    assert lines["revolver_owed[rcf]"][5] == 100e6
    assert lines["revolver_due[rcf]"][6] == 100e6
    assert lines["revolver_owed[rcf]"][6:].sum() == 0.0


def test_a_valuation_prices_each_tranche_after_the_last():
    """100 MUSD at 900, then 100 at 1,900: a tenth, diluted by a twentieth, and a twentieth."""
    equity = {"kind": "equity", "schedule": {"2027-02": "100 MUSD", "2028-02": "100 MUSD"},
              "valuation": {"2027-01": "900 MUSD", "2028-01": "1900 MUSD"}}  # fmt: skip
    made = planned(investment={"e": equity})
    assert made.summary()["books"]["stakes"]["e"] == pytest.approx(0.1 * 0.95 + 0.05)


def test_power_bought_ahead_has_its_own_price():
    site = {**CAMPUS["sites"]["a"]}
    site["energy"] = {
        **site["energy"],
        "shape": 2.0,
        "contract": {"capacity": "10 MW", "price": "30 USD/MWh", "start": "2027-05"},
    }
    lines = planned(sites={"a": site}).books.lines
    assert lines["energy_cost[a]"][3] == 20 * 720 * 100
    assert lines["energy_cost[a]"][4] == 10 * 744 * 30 + 10 * 744 * 100


def test_returns_by_hand():
    """One outlay and even income: pays back, and its rate agrees with its present value."""
    income = {"s": {"path": {"2027-03": "100 MUSD/month"}}}
    made = planned(income=income, money={"discount_rate": "0 %/year"})
    buyer = made.summary()["books"]["buyer"]
    free = made["finance.free_cash_usd"].values
    assert buyer["npv_usd"] == pytest.approx(free.sum(), abs=0.01)
    assert buyer["peak_funding_usd"] == pytest.approx(-np.cumsum(free).min(), abs=0.01)
    rate = buyer["irr"]
    assert (free / (1 + rate) ** (np.arange(48) / 12)).sum() == pytest.approx(0.0, abs=2e3)
    owners = made["finance.owners_usd"].values
    assert owners.sum() == pytest.approx(free.sum(), abs=0.01)


def test_circularity_counts_what_comes_back_as_purchases():
    investment = {"nvidia": {"kind": "equity", "schedule": {"2027-02": "500 MUSD"}}}
    made = planned(investment=investment)
    back = made.summary()["books"]["circularity"]["nvidia"]
    assert back["invested_usd"] == 500e6
    assert back["purchases_usd"] == 1600e6
    assert back["returned_share"] == 1.0


def test_deals_say_who_pays_for_what(campus):
    made = planned(investment={"e": {**EQUITY, "party": "fund"}})
    rows = {row.instrument: row for row in deal_rows(made)}
    assert rows["e"].cash_usd == 100e6
    assert rows["e"].first == "2027-02"
    assert rows["owners"].cash_usd == made.books.lines["owners_paid_in"].sum()
    assert rows["owners"].party == "Lab"
    assert list({row.instrument for row in deal_rows(campus)}) == ["owners"]


def test_sensitivity_is_the_plan_with_one_term_moved(campus):
    rows = {row.term: row for row in sensitivity(campus.books)}
    dearer = planned(
        hardware={"vr-nvl72": {**CAMPUS["hardware"]["vr-nvl72"], "price": "8.8 MUSD/rack"}}
    )
    row = rows["rack_price[vr-nvl72]"]
    assert row.owners_high_usd == pytest.approx(
        dearer.books.lines["owners_paid_to_date"][-1], abs=0.05
    )
    assert row.need_high_usd == pytest.approx(
        dearer.summary()["books"]["buyer"]["peak_funding_usd"], abs=0.05
    )


def test_lines_explain_themselves_down_to_the_source(campus):
    node = gw.explain(campus, "books.value", line="on_delivery[vr-nvl72]", at="2027-03")
    assert node.value == 400e6
    assert node.formula == "racks_cost[vr-nvl72] × rack_on_delivery"
    text = "\n".join(node.lines())
    assert "rack_price[vr-nvl72] = 8,000,000 USD/rack" in text
    assert "python" in text or "hardware.vr-nvl72.price" in text


def test_books_come_back_from_a_run_folder(campus, tmp_path):
    folder = gw.save_run(campus, tmp_path / "run")
    back = gw.load_run(folder)
    assert back.books.lines.keys() == campus.books.lines.keys()
    assert back.summary()["books"] == campus.summary()["books"]
    node = gw.explain(back, "books.value", line="racks_worn[vr-nvl72]", at="2028-03")
    assert (
        node.value
        == gw.explain(campus, "books.value", line="racks_worn[vr-nvl72]", at="2028-03").value
    )


def test_amounts_beyond_cents_are_refused_by_name():
    with pytest.raises(ScenarioError, match="E807"):
        planned(income={"s": {"path": {"2027-01": "10 TUSD/month"}, "growth": "40 %/month"}})


def test_an_edited_formula_in_a_run_folder_is_refused(campus, tmp_path):
    folder = gw.save_run(campus, tmp_path / "run")
    text = (folder / "books.json").read_text(encoding="utf-8")
    known = '["Binary","*",["Row","racks_bought[vr-nvl72]"]'
    assert known in text
    edited = text.replace(known, known.replace("*", "+"), 1)
    (folder / "books.json").write_text(edited, encoding="utf-8")
    with pytest.raises(gw.errors.RunFolderError, match="does not give the figures"):
        gw.load_run(folder)
