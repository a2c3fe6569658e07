"""More of something good never gives less of what it is good for.

Across generations this holds for power, not for the number of packages: more power now may be filled
with a system that packs fewer packages into a megawatt than the one that comes later. So packages are
tested with one system, and IT power with several, to within the racks that cannot be split.
See docs/decisions/0001.
"""

import copy

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from gigawatt.core.months import Month
from properties.strategies import month, planned, scenarios


def number(text):
    return float(text.split()[0])


def with_more_power(data, factor):
    more = copy.deepcopy(data)
    for site in more["sites"].values():
        site["power"] = {m: f"{number(p) * factor} MW" for m, p in site["power"].items()}
    return more


def with_more_supply(data, factor):
    more = copy.deepcopy(data)
    for hardware in more["hardware"].values():
        for field in ("deliveries", "supply"):
            if field in hardware:
                hardware[field] = {
                    m: f"{round(number(r) * factor)} {r.split(maxsplit=1)[1]}"
                    for m, r in hardware[field].items()
                }
    return more


FACTORS = st.sampled_from([1.1, 1.5, 2.0, 7.0])


@given(scenarios(systems=1), FACTORS)
def test_more_power_never_gives_fewer_accelerators(data, factor):
    less, more = planned(data), planned(with_more_power(data, factor))
    assert (more.fleet["packages"].sum("site") >= less.fleet["packages"].sum("site")).all()


@given(scenarios(systems=1), FACTORS)
def test_more_supply_never_gives_fewer_accelerators(data, factor):
    less, more = planned(data), planned(with_more_supply(data, factor))
    assert (more.fleet["packages"].sum("site") >= less.fleet["packages"].sum("site")).all()


@given(scenarios(), FACTORS)
def test_more_supply_never_leaves_less_power_in_service(data, factor):
    less, more = planned(data), planned(with_more_supply(data, factor))
    unsplit = float(less.fleet["rack_it_mw"].max()) * less.fleet.sizes["site"]
    gain = (more.power["in_service_it_mw"] - less.power["in_service_it_mw"]).sum("site")
    assert float(gain.min()) >= -unsplit


@given(scenarios(), FACTORS)
def test_more_power_never_leaves_less_power_in_service(data, factor):
    less, more = planned(data), planned(with_more_power(data, factor))
    unsplit = float(less.fleet["rack_it_mw"].max()) * less.fleet.sizes["site"]
    gain = (more.power["in_service_it_mw"] - less.power["in_service_it_mw"]).sum("site")
    assert float(gain.min()) >= -unsplit


def later(text, months):
    return str(Month.parse(text) + months)


def slipped(data, what, months):
    slip = copy.deepcopy(data)
    last = Month.parse(month(data["horizon"]["months"] - 1))

    def moved(curve):
        kept = {later(m, months): v for m, v in curve.items() if Month.parse(m) + months <= last}
        assume(len(kept) == len(curve))
        return kept

    if what == "power":
        for site in slip["sites"].values():
            site["power"] = moved(site["power"])
    elif what == "hardware":
        for hardware in slip["hardware"].values():
            hardware["available"] = later(hardware["available"], months)
            for field in ("deliveries", "supply"):
                if field in hardware:
                    hardware[field] = moved(hardware[field])
    else:
        slip["lags"][what] = f"{int(number(slip['lags'][what])) + months} months"
    return slip


SLIPS = st.sampled_from(
    ["power", "hardware", "delivered_to_installed", "energised_to_installed",
     "installed_to_commissioned", "commissioned_to_service", "order_to_delivery"]
)  # fmt: skip


def is_a_slip(data, what):
    """Not one: where delivery itself counts, racks that take longer to install are sent earlier."""
    stage = data["investment"]["vendor"]["milestone"]["stage"]
    return not (what == "delivered_to_installed" and stage == "delivered")


@given(scenarios(systems=1), SLIPS, st.integers(1, 9))
def test_a_slip_never_brings_a_tranche_forward(data, what, months):
    assume(is_a_slip(data, what))
    on_time, late = planned(data), planned(slipped(data, what, months))
    never = data["horizon"]["months"]
    for before, after in zip(on_time.tranches["vendor"], late.tranches["vendor"], strict=True):
        first = never if before.month is None else before.month
        assert (never if after.month is None else after.month) >= first


@given(scenarios(), st.floats(0.1, 9.0))
def test_scaling_all_money_scales_the_gap(data, factor):
    scaled = copy.deepcopy(data)
    for hardware in scaled["hardware"].values():
        hardware["price"] = f"{number(hardware['price']) * factor} MUSD/rack"
    for site, plain in zip(scaled["sites"].values(), data["sites"].values(), strict=True):
        plain["facility_cost"] = "12 MUSD/MW"
        site["facility_cost"] = f"{12 * factor} MUSD/MW"
    vendor = scaled["investment"]["vendor"]
    vendor["cap"] = f"{number(vendor['cap']) * factor} GUSD"
    vendor["tranche"] = f"{number(vendor['tranche']) * factor} GUSD/GW"
    plan, times = planned(data), planned(scaled)
    for name in ("funding_gap_usd", "spend_usd", "investment_usd", "gigawatt_gap_usd"):
        np.testing.assert_allclose(
            times.finance[name].values, plan.finance[name].values * factor, rtol=1e-9, atol=10.0
        )
