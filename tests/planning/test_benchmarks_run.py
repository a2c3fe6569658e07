"""The benchmarks still measure what they say: each subject runs, without a look at the clock."""

from benchmarks.registry import BENCHMARKS
from benchmarks.synthetic import synthetic

import gigawatt as gw


def test_the_synthetic_scenario_has_the_size_it_claims_and_is_bound_in_every_way():
    scenario = gw.Scenario.from_dict(synthetic())
    plan = gw.plan(scenario)
    assert plan.fleet["packages"].shape == (240, 100, 8)
    assert set(plan.power["binding"].values.ravel().astype(int)) >= {0, 1, 2}
    assert (plan.fleet["racks_in_service"].values.any(axis=(0, 1))).all()


def test_every_benchmark_has_a_bar_and_a_name_of_its_own():
    assert len({b.name for b in BENCHMARKS}) == len(BENCHMARKS)
    assert all(b.bar > 0 for b in BENCHMARKS)
