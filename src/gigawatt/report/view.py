"""What the parts of a report need of a plan, read once: months, calendar years, names, colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from gigawatt.core.arrays import Array
from gigawatt.planning import Plan
from gigawatt.planning.calendar import day_begun

from .palette import Palette
from .sources import Sources
from .table import Column, Table, columns, rows
from .wording import number, years

__all__ = ["View", "year_columns"]


@dataclass(frozen=True)
class View:
    """A plan as the report sees it.

    Attributes
    ----------
    plan : Plan
        What is shown.
    palette : Palette
        Colours of its names.
    sources : Sources
        Its summary and its evidence.
    """

    plan: Plan
    palette: Palette
    sources: Sources

    @cached_property
    def labels(self) -> list[str]:
        """Months, `YYYY-MM`."""
        return self.plan.horizon.labels()

    @cached_property
    def days(self) -> list[str]:
        """First days of the months, as a time axis reads them."""
        return [f"{label}-01" for label in self.labels]

    def day(self, time: float) -> str:
        """The day of a time in months from the start of the horizon, `YYYY-MM-DD`."""
        return day_begun(self.plan, time) or self.days[-1]

    @cached_property
    def years(self) -> list[tuple[str, slice]]:
        """Calendar years and their months."""
        return years(self.labels)

    def site_name(self, key: str) -> str:
        """Name of a site as the scenario says it, else its id."""
        site = self.plan.scenario.spec.sites.get(key)
        return (site.name if site else None) or key

    def party_name(self, key: str) -> str:
        """Name of a partner as the scenario says it, else its id."""
        partner = self.plan.scenario.spec.partners.get(key)
        return (partner.name if partner else None) or key

    def at_year_end(self, values: Array) -> list[float]:
        """The last month of each calendar year."""
        return [float(values[part.stop - 1]) for _, part in self.years]

    def in_year(self, values: Array) -> list[float]:
        """Sum over each calendar year."""
        return [float(values[part].sum()) for _, part in self.years]

    def yearly(
        self, key: str, title: str, heads: Sequence[Column], series: Sequence[Sequence[float]],
        digits: Sequence[int],
    ) -> Table:  # fmt: skip
        """A table with one row for each calendar year."""
        lines = [
            [
                year,
                *(
                    number(values[at], places)
                    for values, places in zip(series, digits, strict=True)
                ),
            ]
            for at, (year, _) in enumerate(self.years)
        ]
        return Table(key, title, columns("year", *heads), rows(lines))


def year_columns(view: View) -> list[Column]:
    """A column for each calendar year; years that are not whole say which months they hold."""
    return [Column(year[:4], year[5:]) for year, _ in view.years]
