"""Months, quarters and horizons."""

from __future__ import annotations

import calendar
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from gigawatt.core.months import FIRST_YEAR, LAST_YEAR, Horizon, Month, parse_period

MONTHS = st.builds(
    lambda y, m: Month(y * 12 + m), st.integers(FIRST_YEAR, LAST_YEAR), st.integers(0, 11)
)


@given(MONTHS)
def test_writing_and_reading_a_month_gives_it_back(month: Month) -> None:
    assert Month.parse(str(month)) == month
    assert eval(repr(month), {"Month": Month.parse}) == month
    assert pickle.loads(pickle.dumps(month)) == month


@given(MONTHS, st.integers(-120, 120), st.integers(-120, 120))
def test_adding_months_is_counting(month: Month, a: int, b: int) -> None:
    assert (month + a) + b == month + (a + b)
    assert (month + a) - month == a
    assert (month + a < month) == (a < 0)


@given(MONTHS, MONTHS)
def test_order_is_that_of_the_text(a: Month, b: Month) -> None:
    assert (a < b) == (str(a) < str(b))


@given(MONTHS)
def test_year_month_and_hours_are_the_calendar_s(month: Month) -> None:
    assert str(month) == f"{month.year}-{month.month:02d}"
    assert month.hours == 24 * calendar.monthrange(month.year, month.month)[1]


def test_carry_over_the_year() -> None:
    assert str(Month.parse("2026-11") + 3) == "2027-02"
    assert str(Month.parse("2027-01") + -1) == "2026-12"
    assert Month.parse("2030-01") - Month.parse("2026-07") == 42


def test_hours_of_leap_years() -> None:
    assert Month.parse("2028-02").hours == 29 * 24
    assert Month.parse("2027-02").hours == 28 * 24
    assert Month.parse("2100-02").hours == 28 * 24
    assert Month.parse("2000-02").hours == 29 * 24
    assert Horizon(Month.parse("2028-01"), 12).hours().sum() == 8784.0
    assert Horizon(Month.parse("2027-01"), 12).hours().sum() == 8760.0


@pytest.mark.parametrize(
    "text", ["", "2027", "2027-1", "2027-13", "2027-00", "27-01", "2027-01-15", "2027/01", "2027-Q1",
             "1989-12", "2201-01", "Jan 2027", "2027-01 MW"],
)  # fmt: skip
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(ValueError, match="not a month"):
        Month.parse(text)


def test_quarters_and_months_as_periods() -> None:
    assert parse_period("2027-02") == (Month.parse("2027-02"), 1)
    starts = [str(parse_period(f"2027-Q{q}")[0]) for q in (1, 2, 3, 4)]
    assert starts == ["2027-01", "2027-04", "2027-07", "2027-10"]
    assert {parse_period(f"2027-Q{q}")[1] for q in (1, 2, 3, 4)} == {3}


@pytest.mark.parametrize("text", ["2027-Q0", "2027-Q5", "2027-q1", "Q1 2027", "2027-13", ""])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither a month .* nor a quarter"):
        parse_period(text)


@given(MONTHS, st.integers(1, 240), st.integers(-50, 300))
def test_a_horizon_knows_what_lies_in_it(start: Month, length: int, offset: int) -> None:
    horizon = Horizon(start, length)
    month = start + offset
    assert horizon.offset(month) == offset
    assert (month in horizon) == (0 <= offset < length)
    assert (month in list(horizon)) == (month in horizon)


def test_a_horizon_counts_its_months() -> None:
    horizon = Horizon(Month.parse("2026-11"), 4)
    assert horizon.labels() == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert (len(horizon), str(horizon.last), str(horizon)) == (4, "2027-02", "2026-11 → 2027-02")
    assert horizon.hours().tolist() == [720.0, 744.0, 744.0, 672.0]


@given(MONTHS, st.integers(1, 60))
def test_datetimes_are_the_first_instants_of_the_months(start: Month, length: int) -> None:
    horizon = Horizon(start, min(length, Month.parse(f"{LAST_YEAR}-12") - start + 1))
    instants = horizon.datetimes()
    assert instants.dtype == np.dtype("datetime64[ns]")
    assert [str(instant)[:10] for instant in instants] == [f"{m}-01" for m in horizon]


class Dated(BaseModel):
    when: Month
    curve: dict[Month, int] = {}


def test_pydantic_reads_and_writes_months() -> None:
    read = Dated.model_validate({"when": "2027-02", "curve": {"2027-03": 1}})
    assert read.when == Month.parse("2027-02")
    assert list(read.curve) == [Month.parse("2027-03")]
    assert read.model_dump(mode="json") == {"when": "2027-02", "curve": {"2027-03": 1}}
    assert Dated(when=Month.parse("2027-02")).when == read.when


@pytest.mark.parametrize("value", [2027, 2027.02, None, True, "2027-13", ["2027-01"]])
def test_pydantic_refuses_with_the_code(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Dated.model_validate({"when": value})
    assert [e["type"] for e in caught.value.errors()] == ["E215"]


def test_the_json_schema_says_the_form() -> None:
    schema = Dated.model_json_schema()["properties"]["when"]
    assert (schema["type"], schema["pattern"]) == ("string", r"^\d{4}-\d{2}$")
