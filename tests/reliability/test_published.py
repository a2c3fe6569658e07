"""Published cases, with the inputs that their sources state."""

from __future__ import annotations

import pytest

from gigawatt.reliability.cases import PublishedCase, ettr_cases, published_cases

CASES = published_cases()


def of(row: str, words: str = "") -> PublishedCase:
    return next(case for case in CASES if case.row == row and words in case.what)


def test_llama_3_is_interrupted_as_often_as_published_and_keeps_more_than_nine_tenths() -> None:
    assert of("rel-004").computed == pytest.approx(7.76, abs=0.01)
    assert of("rel-007").computed > 90.0
    assert of("rel-099").computed > 90.0


def test_projected_times_to_failure_at_16k_and_131k() -> None:
    assert round(of("rel-037").computed, 1) == 1.8
    assert round(of("rel-038").computed, 2) == 0.23


def test_interruptions_at_a_hundred_thousand_lie_between_the_straight_line_and_the_steepest() -> (
    None
):
    assert of("rel-061", "mean time").computed == pytest.approx(18.0, abs=0.5)
    assert of("rel-061", "proportion").computed > 30.0
    assert of("rel-062").computed == pytest.approx(14.0, rel=0.15)


@pytest.mark.parametrize(
    ("row", "most"), [("rel-063", 0.01), ("rel-064", 0.20), ("rel-065", 0.02), ("rel-066", 0.01)]
)
def test_cold_recovery(row: str, most: float) -> None:
    assert abs(of(row).deviation) <= most


@pytest.mark.parametrize("row", ["rel-176", "rel-177", "rel-178", "rel-173", "rel-092"])
def test_checkpoints_are_at_most_a_tenth_larger_than_published(row: str) -> None:
    assert 0.0 < of(row).deviation < 0.10


def test_synchronous_and_elastic_at_98k() -> None:
    synchronous, elastic = of("rel-067", "effective"), of("rel-068")
    assert synchronous.computed == pytest.approx(synchronous.published, abs=7.0)
    assert elastic.computed == pytest.approx(elastic.published, abs=7.0)


def test_byterobust() -> None:
    assert of("rel-127").computed == pytest.approx(97.0, abs=1.5)


def test_the_approximation_of_kokolis_is_ours_where_failures_are_rare_and_less_beyond() -> None:
    cases = ettr_cases()
    for case in cases[:4]:
        assert case.exact == pytest.approx(case.approximate, abs=0.004)
    assert cases[-1].exact > cases[-1].approximate + 0.01


def test_what_no_model_of_ours_explains_is_still_shown() -> None:
    # Jobs of 1,024 failed four times as often as the same paper's rate says; a cluster of H200 twice as often.
    assert of("rel-035").deviation > 2.0
    assert of("rel-185").deviation > 1.0
    assert len({case.row for case in CASES}) >= 20
