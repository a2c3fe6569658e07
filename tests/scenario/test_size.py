"""A plan too large for the memory that it may take is refused before it is begun."""

import pytest

import gigawatt as gw


def wide(sites: int, systems: int, months: int) -> dict:
    return {
        "schema": 1,
        "name": "wide",
        "horizon": {"start": "2027-01", "months": months},
        "sites": {f"s{n}": {"basis": "it", "power": {"2027-01": "10 MW"}} for n in range(sites)},
        "hardware": {f"h{n}": {"system": "gb300-nvl72"} for n in range(systems)},
    }


def test_too_many_months_sites_and_systems_are_refused_with_their_product() -> None:
    with pytest.raises(gw.errors.ScenarioError, match="4,800,000 cells") as caught:
        gw.Scenario.from_dict(wide(200, 20, 1200))
    assert [problem.code for problem in caught.value.problems] == ["E322"]


def test_what_just_fits_is_accepted() -> None:
    gw.Scenario.from_dict(wide(200, 20, 1000))


def test_too_many_workloads_are_refused_with_their_product() -> None:
    data = wide(100, 10, 240)
    runs = {f"r{n}": {"compute": "1e24 FLOP"} for n in range(90)}
    with pytest.raises(gw.errors.ScenarioError, match="21,600,000 cells") as caught:
        gw.Scenario.from_dict({**data, "workloads": {"training": runs}})
    assert [(problem.code, problem.path) for problem in caught.value.problems] == [
        ("E322", "workloads")
    ]
