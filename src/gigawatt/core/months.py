"""Calendar months: the one clock of the planner.

A plan lives on whole months. `Month` is a point on that clock, `Horizon` a run of months. Days,
weeks and time zones are deliberately unknown here; a quarter is three months and nothing more.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

__all__ = ["FIRST_YEAR", "LAST_YEAR", "Horizon", "Month", "parse_period"]

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
FIRST_YEAR, LAST_YEAR = 1990, 2200


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month, written `YYYY-MM`.

    Attributes
    ----------
    index : int
        Months since January of year 0; differences of indices are months.

    Examples
    --------
    >>> Month.parse("2026-11") + 3
    Month('2027-02')
    >>> Month.parse("2027-02") - Month.parse("2026-11")
    3
    """

    index: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `YYYY-MM`.

        Raises
        ------
        ValueError
            If the text is not a month between 1990 and 2200.
        """
        match = _MONTH.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is not a month; write YYYY-MM, such as 2027-02")
        year, month = int(match[1]), int(match[2])
        if not 1 <= month <= 12 or not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValueError(f"{text!r} is not a month between {FIRST_YEAR}-01 and {LAST_YEAR}-12")
        return cls(year * 12 + month - 1)

    @property
    def year(self) -> int:
        """The calendar year."""
        return self.index // 12

    @property
    def month(self) -> int:
        """The month of the year, 1 to 12."""
        return self.index % 12 + 1

    @property
    def hours(self) -> int:
        """Hours in this calendar month (leap years included) [h]."""
        return calendar.monthrange(self.year, self.month)[1] * 24

    def __add__(self, months: int) -> Month:
        return Month(self.index + months)

    def __sub__(self, other: Month) -> int:
        return self.index - other.index

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def __repr__(self) -> str:
        return f"Month('{self}')"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        def read(value: Any) -> Month:
            if isinstance(value, Month):
                return value
            try:
                return cls.parse(value if isinstance(value, str) else repr(value))
            except ValueError as error:
                raise PydanticCustomError("E215", "{why}", {"why": str(error)}) from None

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\d{4}-\d{2}$", "examples": ["2027-02"]}


def parse_period(text: str) -> tuple[Month, int]:
    """Read a month or a quarter.

    Returns
    -------
    tuple of Month and int
        The first month and the number of months: 1 for `2027-02`, 3 for `2027-Q1`.

    Raises
    ------
    ValueError
        If the text is neither.

    Examples
    --------
    >>> parse_period("2026-Q4")
    (Month('2026-10'), 3)
    """
    match = _QUARTER.fullmatch(text)
    if match:
        return Month.parse(f"{match[1]}-{int(match[2]) * 3 - 2:02d}"), 3
    try:
        return Month.parse(text), 1
    except ValueError:
        raise ValueError(f"{text!r} is neither a month (2027-02) nor a quarter (2027-Q1)") from None


@dataclass(frozen=True, slots=True)
class Horizon:
    """A run of consecutive months, from `start` on.

    Attributes
    ----------
    start : Month
        First month.
    months : int
        Number of months, at least 1.
    """

    start: Month
    months: int

    @property
    def last(self) -> Month:
        """The last month inside the horizon."""
        return self.start + (self.months - 1)

    def __iter__(self) -> Iterator[Month]:
        return (self.start + offset for offset in range(self.months))

    def __len__(self) -> int:
        return self.months

    def __contains__(self, month: Month) -> bool:
        return 0 <= month - self.start < self.months

    def __str__(self) -> str:
        return f"{self.start} → {self.last}"

    def offset(self, month: Month) -> int:
        """Months from the start; negative before it, `months` or more after the end."""
        return month - self.start

    def labels(self) -> list[str]:
        """All months as `YYYY-MM`, in order."""
        return [str(month) for month in self]

    def datetimes(self) -> np.ndarray:
        """First instants of all months as `datetime64[ns]`, shape (months,)."""
        return np.array(self.labels(), dtype="datetime64[M]").astype("datetime64[ns]")

    def hours(self) -> np.ndarray:
        """Hours in each month, shape (months,) [h]."""
        return np.array([month.hours for month in self], dtype=float)
