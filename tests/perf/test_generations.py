"""Two generations side by side: arithmetic of ratios, and what binds a prediction."""

from __future__ import annotations

import pytest

from gigawatt.catalog import Catalog
from gigawatt.core.errors import CatalogError, InputError
from gigawatt.perf.generations import ServingWork, TrainingWork, side_by_side

CATALOG = Catalog()


def test_a_claim_beside_datasheets_and_workloads() -> None:
    found = side_by_side(
        CATALOG,
        "seven-point-five-x",
        [TrainingWork("llama31-8b", tokens=1e12)],
        [ServingWork("deepseek-v3")],
    )
    assert (found.new, found.old) == ("vr-nvl72", "gb300-nvl72")
    claim, training, serving = found.rows[0], *found.rows[-2:]
    assert claim.ratio == {"rack": 7.5}
    assert "recomputes to 7.33" in claim.note
    sheet = {row.what: row.ratio["package"] for row in found.rows if row.kind == "datasheet"}
    # no workload gets more than the figure that grew most, and none is slower on the newer system
    for row in (training, serving):
        assert 1.0 < row.ratio["package"] < max(sheet.values())
        assert row.band is not None
        assert row.band.low < 1.0 < row.band.high
        assert row.ratio["rack"] == pytest.approx(row.ratio["package"])
    assert serving.ratio["package"] < 7.5


def test_ratios_for_a_mw_and_a_dollar_follow_from_the_racks() -> None:
    found = side_by_side(CATALOG, "vr-nvl72/gb300-nvl72", [], [])
    new, old = CATALOG.system("vr-nvl72"), CATALOG.system("gb300-nvl72")
    assert new.price is not None
    assert old.price is not None
    memory = next(row for row in found.rows if row.what == "memory bandwidth")
    assert memory.ratio["usd"] == pytest.approx(
        memory.ratio["rack"] * old.price.value / new.price.value
    )
    assert new.rack_power is not None
    assert old.rack_power is not None
    factor = CATALOG.defaults.it_power_factor
    power = [
        s.rack_power.value * (s.it_power_factor or factor).value  # type: ignore[union-attr]
        for s in (new, old)
    ]
    assert memory.ratio["mw"] == pytest.approx(memory.ratio["rack"] * power[1] / power[0])
    assert sum(row.kind == "claim" for row in found.rows) >= 5


def test_a_system_against_itself_is_one() -> None:
    found = side_by_side(
        CATALOG, "h100-sxm/h100-sxm", [], [ServingWork("llama31-70b"), ServingWork("gpt-oss-120b")]
    )
    for row in found.rows:
        assert set(row.ratio.values()) == {1.0}


def test_what_cannot_be_predicted_says_why() -> None:
    found = side_by_side(
        CATALOG,
        "rubin-ultra/gb300-nvl72",
        [TrainingWork("llama31-8b")],
        [ServingWork("llama31-8b"), ServingWork("llama31-405b", tpot_s=1e-4)],
    )
    *_, training, serving, late = found.rows
    assert "cannot run on rubin-ultra" in training.note
    assert "cannot run on rubin-ultra" in serving.note
    assert late.ratio == {}


@pytest.mark.parametrize("subject", ["a/b/c", "/h100-sxm", "h100-sxm/"])
def test_pairs_that_are_none(subject: str) -> None:
    with pytest.raises(InputError):
        side_by_side(CATALOG, subject, [], [])


@pytest.mark.parametrize("subject", ["eight-x", "h100-sxm/h101"])
def test_names_that_the_catalog_lacks(subject: str) -> None:
    with pytest.raises(CatalogError):
        side_by_side(CATALOG, subject, [], [])
