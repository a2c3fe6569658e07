"""Whatever a scenario says, a plan keeps its books: recomputed here from the figures alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from properties.strategies import aging_scenarios, planned, scenarios


@given(st.one_of(scenarios(), aging_scenarios()))
def test_racks_power_and_money_are_conserved(data):
    plan = planned(data)
    fleet, power, money = plan.fleet, plan.power, plan.finance
    assert (power["in_service_it_mw"] <= power["installed_it_mw"] + 1e-6).all()
    assert (power["installed_it_mw"] <= power["energised_it_mw"] + 1e-6).all()
    assert (power["energised_it_mw"] <= power["contracted_it_mw"] + 1e-6).all()
    at_sites = (fleet["racks_delivered"] - plan.inputs["existing_racks"]).sum("site")
    everywhere = at_sites + fleet["racks_in_store"] + fleet["racks_spare"]
    assert np.allclose(everywhere, fleet["racks_delivered_total"])
    commissioning = fleet["racks_installed"] - fleet["racks_started"]
    installed = fleet["racks_in_service"] + fleet["racks_retired"] + commissioning
    assert np.array_equal(installed.values, fleet["racks_installed"].values)
    assert (commissioning >= 0).all()
    uses = money["rack_spend_usd"].sum("system") + money["facility_spend_usd"].sum("site")
    sources = money["investment_usd"].sum("investment") + money["other_sources_usd"]
    assert np.allclose(uses, sources, rtol=1e-12, atol=0.01)
    assert float(money["funding_gap_usd"][-1]) == plan.summary()["funding_gap_usd"] or np.isclose(
        float(money["funding_gap_usd"][-1]), plan.summary()["funding_gap_usd"], atol=1.0
    )


@given(st.one_of(scenarios(), aging_scenarios()))
def test_a_plan_is_the_same_every_time(data):
    first, second = planned(data), planned(data)
    assert first.summary() == second.summary()
    assert first.tree.identical(second.tree)


@given(st.one_of(scenarios(), aging_scenarios()))
def test_tranches_stay_under_their_cap_and_in_order(data):
    plan = planned(data)
    cap = plan.scenario.spec.investment["vendor"].cap
    tranches = plan.tranches["vendor"]
    assert sum(t.usd for t in tranches) == round(cap)
    later = [t.month for t in tranches[1:] if t.month is not None]
    assert later == sorted(later)
    unpaid = [t.month is None for t in tranches[1:]]
    assert unpaid == sorted(unpaid)
