"""The benchmarks still measure what they say: each subject runs, without a look at the clock."""

from benchmarks.placements import placement_subject
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


def test_the_placement_that_is_timed_places_what_it_says():
    done = placement_subject(campaigns=1, streams=1, sites=2)()
    assert done.capacity.shape == (5, 2, 120)
    assert [len(cases) for cases in done.campaigns.values()] == [3]
    assert all(served.met_tokens_per_s.any() for served in done.streams["s-00"])
