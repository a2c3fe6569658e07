"""Published ratios, recomputed from the catalog's own figures."""

from __future__ import annotations

from typing import Any

import pytest

from gigawatt.catalog import Catalog
from gigawatt.catalog.claims import TOLERANCE, recompute
from gigawatt.core.errors import CatalogError

CLAIMS = (
    "ces-2026-inference-5x",
    "ces-2026-training-3-5x",
    "nvlink",
    "per-dollar-fp4-training",
    "per-rack-kw-fp4-training",
    "plain-rack-bf16",
    "plain-rack-fp4-headline",
    "plain-rack-fp4-training",
    "plain-rack-fp8",
    "plain-rack-hbm-bandwidth",
    "seven-point-five-x",
)
SOURCED = {"source": "own", "as_of": "2026", "confidence": "assumed"}


def with_claim(**changes: Any) -> Catalog:
    """A catalog with one claim `mine`: FP4 for training per rack, unless changed."""
    claim = {
        "name": "Mine",
        "claimed": {"value": 2.33, "unit": "x", **SOURCED},
        "numerator": {"system": "vr-nvl72", "figure": "peak.fp4"},
        "denominator": {"system": "gb300-nvl72", "figure": "peak.fp4"},
    }
    return Catalog(inline={"claims": {"mine": {**claim, **changes}}})


def test_every_catalog_claim_is_under_test() -> None:
    assert Catalog().ids("claims") == list(CLAIMS)


def test_seven_point_five_recomputes_to_less_and_is_not_exactly_7_5() -> None:
    result = recompute(Catalog(), "seven-point-five-x")
    assert result.numerator == pytest.approx(7.92e18)
    assert result.denominator == pytest.approx(1.08e18)
    assert 7.2 <= result.ratio <= 7.4
    assert result.agrees
    assert not result.exact
    assert any("training" in reading for reading in result.not_this)
    assert any("3.3x" in reading for reading in result.not_this)


def test_seven_point_five_is_the_cpx_processors_and_not_the_plain_rack() -> None:
    catalog = Catalog()
    extra = catalog.claim("seven-point-five-x").numerator.extra
    assert extra == pytest.approx(144 * 30e15)
    assert catalog.system("vr-nvl144-cpx").status == "dropped"
    plain = recompute(catalog, "plain-rack-fp4-headline")
    assert plain.ratio == pytest.approx((7.92e18 - extra) / 1.08e18)


@pytest.mark.parametrize(
    ("claim", "ratio"),
    [
        ("plain-rack-fp4-headline", 3.3),
        ("plain-rack-fp4-training", 2.33),
        ("plain-rack-fp8", 3.5),
        ("plain-rack-bf16", 1.6),
        ("plain-rack-hbm-bandwidth", 2.74),
        ("nvlink", 2.0),
        ("ces-2026-inference-5x", 5.0),
        ("ces-2026-training-3-5x", 3.5),
    ],
)
def test_ratio_agrees_with_its_claim(claim: str, ratio: float) -> None:
    result = recompute(Catalog(), claim)
    assert result.agrees
    assert result.ratio == pytest.approx(ratio, rel=0.02)
    assert result.not_this


@pytest.mark.parametrize("claim", ["per-rack-kw-fp4-training", "per-dollar-fp4-training"])
def test_ratio_lies_in_its_claimed_range(claim: str) -> None:
    catalog = Catalog()
    result = recompute(catalog, claim)
    claimed = catalog.claim(claim).claimed.value
    assert isinstance(claimed, tuple)
    assert claimed[0] <= result.ratio <= claimed[1]
    assert result.agrees


def test_all_claims_agree_and_say_what_they_are_not() -> None:
    results = [recompute(Catalog(), claim) for claim in CLAIMS]
    assert [result.claim for result in results if not result.agrees] == []
    assert [result.claim for result in results if not result.not_this] == []
    assert {result.claim for result in results if not result.exact} == {
        "seven-point-five-x",
        "plain-rack-hbm-bandwidth",
    }


@pytest.mark.parametrize(
    ("per", "unit", "numerator"),
    [
        ("package", "FLOP/s per package", 35e15),
        ("rack", "FLOP/s per rack", 72 * 35e15),
        ("rack_kw", "FLOP/s per kW of rack power", 72 * 35e15 / 210),
        ("rack_usd", "FLOP/s per USD of rack price", 72 * 35e15 / 7_803_148),
    ],
)
def test_figure_is_taken_per_its_base(per: str, unit: str, numerator: float) -> None:
    catalog = with_claim(
        numerator={"system": "vr-nvl72", "figure": "peak.fp4", "per": per},
        denominator={"system": "gb300-nvl72", "figure": "peak.fp4", "per": per},
    )
    result = recompute(catalog, "mine")
    assert result.unit == unit
    assert result.numerator == pytest.approx(numerator)


def test_wrong_claim_does_not_agree() -> None:
    off = (1 + 2 * TOLERANCE) * 2520 / 1080
    assert not recompute(with_claim(claimed={"value": off, **SOURCED}), "mine").agrees
    assert not recompute(with_claim(claimed={"value": [2.4, 2.6], **SOURCED}), "mine").agrees


@pytest.mark.parametrize(
    "changes",
    [
        {"numerator": {"system": "vr-nvl72", "figure": "peak.fp3"}},
        {"numerator": {"system": "vr-nvl72", "figure": "name"}},
        {"numerator": {"system": "vr-nvl144-cpx", "figure": "peak.fp4"}},
        {"numerator": {"system": "vr-nvl72", "figure": "hbm_bandwidth"}},
        {"numerator": {"system": "vr-nvl72", "figure": "peak.fp4", "per": "package"}},
        {"numerator": {"system": "tpu-v7", "figure": "peak.fp8", "per": "rack_kw"}},
        {"numerator": {"system": "b300-hgx", "figure": "peak.fp4", "per": "rack_usd"}},
        {"claimed": {"value": "much", **SOURCED}},
        {"claimed": {"value": None, **SOURCED}},
    ],
)
def test_missing_or_unfit_figure_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(CatalogError) as caught:
        recompute(with_claim(**changes), "mine")
    assert caught.value.problems[0].code == "E404"
    assert caught.value.problems[0].path.startswith("claims.mine")


def test_unknown_claim_is_refused() -> None:
    with pytest.raises(CatalogError) as caught:
        recompute(Catalog(), "seven-x")
    assert caught.value.problems[0].code == "E402"
