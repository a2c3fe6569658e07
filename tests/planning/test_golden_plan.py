"""A whole plan worked by hand, and packages per gigawatt against the published ranges."""

import pytest

import gigawatt as gw
from gigawatt.catalog import Catalog

# One site of 100 MW of facility power at PUE 1.25 = 80 MW IT, doubled in the sixth month. Racks of
# 0.2 MW × 1.25 = 0.25 MW IT, so 320 and 640 racks of 72 packages. At most 100 racks a month arrive.
HAND = {
    "schema": 1,
    "name": "by hand",
    "horizon": {"start": "2027-01", "months": 12},
    "money": {"discount_rate": "0 %/year"},
    "sites": {
        "s": {
            "basis": "facility",
            "power": {"2027-01": "100 MW", "2027-06": "200 MW"},
            "pue": 1.25,
            "overhead": 1.5,
            "energy": {"price": "50 USD/MWh", "carbon": "400 kg/MWh", "load_factor": "80 %", "pue": 1.2},
            "facility_cost": "8 MUSD/MW",
        }
    },
    "hardware": {
        "vr-nvl72": {
            "available": "2027-01",
            "supply": {"2027-01": "100 racks/month"},
            "price": "8 MUSD/rack",
            "rack_power": "200 kW",
            "it_power_factor": 1.25,
            "network_share": "25 %",
            "spares": "0 %",
            "useful_life": "60 months",
        }
    },
    "lags": {
        "order_to_delivery": "3 months",
        "delivered_to_installed": "1 month",
        "energised_to_installed": "0 months",
        "installed_to_commissioned": "1 month",
        "commissioned_to_service": "0 months",
    },
    "investment": {
        "v": {
            "kind": "milestone_equity",
            "cap": "3.5 GUSD",
            "tranche": "10 GUSD/GW",
            "step": "100 MW",
            "first_tranche": "first_gigawatt",
            "milestone": {"stage": "in_service", "basis": "facility"},
        }
    },
    "workloads": {
        "training": {"r": {"compute": "1e27 FLOP", "precision": "bf16", "mfu": "50 %"}}
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def plan():
    return gw.plan(gw.Scenario.from_dict(HAND))


def racks(plan, name):
    return plan.fleet[name].sel(site="s", system="vr-nvl72").values.tolist()


def test_racks_by_stage(plan):
    # Shipped in a month for the power of the next: 100, 100, 100, 20, then from the shipping month
    # May for June: 100, 100, 100, 20.
    delivered = [100, 200, 300, 320, 420, 520, 620, 640, 640, 640, 640, 640]
    assert racks(plan, "racks_delivered") == delivered
    assert racks(plan, "racks_installed") == [0, *delivered[:-1]]
    assert racks(plan, "racks_in_service") == [0, 0, *delivered[:-2]]
    assert racks(plan, "racks_ordered") == [*delivered[3:], 640, 640, 640]
    assert not any(racks(plan, "racks_retired"))


def test_accelerators_and_peaks(plan):
    packages = plan.fleet["packages"].values[:, 0, 0]
    assert packages[2] == 7200
    assert packages[-1] == 46080
    assert plan.fleet["dies"].values[-1, 0, 0] == 92160
    assert plan.fleet["peak_flops"].sel(precision="bf16").values[-1, 0, 0] == pytest.approx(
        46080 * 4e15
    )
    assert plan.fleet["hbm_bytes"].values[-1, 0, 0] == pytest.approx(46080 * 288e9)


def test_power_on_each_basis(plan):
    assert plan.power["energised_it_mw"].values[[0, 5], 0].tolist() == [80.0, 160.0]
    assert plan.power["energised_grid_mw"].values[[0, 5], 0] == pytest.approx([120.0, 240.0])
    assert plan.power["in_service_it_mw"].values[[2, 5, 11], 0] == pytest.approx(
        [25.0, 80.0, 160.0]
    )
    assert plan.power["idle_it_mw"].values[[0, 1, 4, 5], 0] == pytest.approx([80, 55, 0, 55])
    assert plan.fleet["grid_mw"].values[11, 0, 0] == pytest.approx(240.0)


def test_what_binds(plan):
    # supply until the fourth shipment fills the site, and again after the second step
    assert plan.power["binding"].values[:9, 0].tolist() == [2, 2, 2, 2, 1, 2, 2, 2, 1]


def test_energy_and_its_price(plan):
    march = 25.0 * 744 * 0.8 * 1.2
    assert plan.power["energy_mwh"].values[2, 0] == pytest.approx(march)
    assert plan.fleet["energy_mwh"].values[2, 0, 0] == pytest.approx(march)
    assert plan.finance["energy_cost_usd"].values[2, 0] == pytest.approx(march * 50)
    assert plan.power["carbon_t"].values[2, 0] == pytest.approx(march * 0.4)


def test_money(plan):
    rack = 8e6 * 1.25
    spend = plan.finance["spend_usd"].values
    assert spend[0] == pytest.approx(100 * rack + 100 * 8e6)
    assert spend[1] == pytest.approx(100 * rack)
    assert spend[5] == pytest.approx(100 * rack + 100 * 8e6)
    total = 640 * rack + 200 * 8e6
    summary = plan.summary()
    assert summary["cost_usd"] == pytest.approx(total)
    # 100 MW facility (320 racks) are in service in June, 200 MW (640 racks) in October
    assert [(t["month"], t["usd"]) for t in summary["tranches"]] == [
        ("2027-06", 1e9),
        ("2027-10", 1e9),
    ]
    assert [t["usd"] for t in summary["tranches_unpaid"]] == [1e9, 5e8]
    assert summary["funding_gap_usd"] == pytest.approx(total - 2e9)
    gap = plan.finance["funding_gap_usd"].values
    assert summary["funding_gap_deepest"]["usd"] == pytest.approx(gap.max())
    assert summary["refresh_usd"] == 0


def test_training(plan):
    # 2e15 FLOP/s a package: March 7200 packages × 744 h = 3.86e25, April 14400 × 720 h = 7.46e25,
    # May 21600 × 744 h = 1.157e26, June 23040 × 720 h = 1.194e26, July 30240 × 744 h = 1.62e26, …
    done = plan.training["model_flop"].sel(campaign="r", case="central").values
    assert done[2] == pytest.approx(7200 * 2e15 * 744 * 3600)
    packages = plan.fleet["packages"].values[:, 0, 0]
    whole = packages * 2e15 * plan.horizon.hours() * 3600
    finish = float(plan.training["finish_month"].sel(campaign="r", case="central"))
    last = int(finish)
    before = whole[:last].sum()
    assert before < 1e27 <= before + whole[last]
    assert finish - last == pytest.approx((1e27 - before) / whole[last])
    assert done[:last] == pytest.approx(whole[:last])
    assert done.sum() == pytest.approx(1e27)
    assert not done[last + 1 :].any()
    assert plan.summary()["training"][0]["finish"]["central"] == str(plan.month(last))
    # the mean of the last month counts its part alone
    used = plan.training["accelerators"].sel(campaign="r", case="central").values
    assert used[last] == pytest.approx(packages[last] * (finish - last))
    # 50 USD/MWh × 25 kW/7.2 … a package: 0.25 MW / 72 × 744 h × 0.8 × 1.2, and 10 MUSD / 72 / 60 months
    each = 0.25 / 72 * 744 * 0.8 * 1.2 * 50 + 8e6 * 1.25 / 72 / 60
    cost = plan.training["cost_usd"].sel(campaign="r", case="central").values
    assert cost[2] == pytest.approx(7200 * each)


def test_cost_of_a_vera_rubin_gigawatt_lies_in_the_published_band():
    """Between 48 and 56 GUSD per IT-GW, as derived in the catalog from rack price and facility cost."""
    data = {
        "schema": 1,
        "name": "one gigawatt",
        "horizon": {"start": "2027-01", "months": 12},
        "sites": {"s": {"basis": "it", "power": {"2027-01": "1 GW"}}},
        "hardware": {"vr-nvl72": {}},
        "investment": {"v": {"kind": "milestone_equity", "cap": "10 GUSD", "tranche": "10 GUSD/GW",
                             "first_tranche": "first_gigawatt"}},
    }  # fmt: skip
    row = gw.plan(gw.Scenario.from_dict(data)).summary()["cost_by_gigawatt"][0]
    assert 48e9 <= row["cost_usd"] <= 56e9
    assert 0.17 <= row["tranche_share"] <= 0.21  # "a fifth" of a gigawatt


GENERATIONS = ["h100-sxm", "gb200-nvl72", "gb300-nvl72", "vr-nvl72", "rubin-ultra"]


def published(system, unit):
    facts = Catalog().entry("power", "gpus-per-gw").record.facts[system]
    return next(fact.value for fact in facts if fact.unit == unit)


@pytest.mark.parametrize("overhead", [1.2, 1.3, 1.4])
@pytest.mark.parametrize("basis", ["it", "facility", "grid"])
@pytest.mark.parametrize("system", GENERATIONS)
def test_packages_per_gigawatt_agree_with_the_facts_on_each_basis(system, basis, overhead):
    # the ratio of the other basis differs, so that mixing the two would show
    ratios = (
        {"pue": 1.15, "overhead": overhead}
        if basis == "grid"
        else {"pue": overhead, "overhead": 1.9}
    )
    data = {
        "schema": 1,
        "name": "one gigawatt",
        "horizon": {"start": "2029-01", "months": 12},
        "sites": {"s": {"basis": basis, "power": {"2029-01": "1 GW"}, **ratios,}},
        "hardware": {system: {"price": "4 MUSD/rack"}},
    }  # fmt: skip
    plan = gw.plan(gw.Scenario.from_dict(data))
    packages = plan.summary()["accelerators"][system]["packages"]
    low, _, high = published(system, f"packages per GW {'IT' if basis == 'it' else 'facility'}")
    assert low <= packages <= high
