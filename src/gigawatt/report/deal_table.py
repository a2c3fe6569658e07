"""The deals of a plan: what each instrument pays for, how much, when, and who carries the risk."""

from __future__ import annotations

import math

from gigawatt.planning.deal_terms import deal_rows

from .palette import OWNERS, Shade
from .table import Cell, Column, Table, columns, rows
from .view import View
from .wording import MONEY_USD, number, percent, scale

__all__ = ["deals"]


def deals(view: View) -> Table:
    """A row for each instrument, and one for the owners."""
    found = deal_rows(view.plan)
    sizes = [
        v
        for row in found
        for v in (row.limit_usd, row.cash_usd, row.contingent_usd)
        if math.isfinite(v)
    ]
    divisor, unit = scale(max(sizes, default=0.0), MONEY_USD)
    contingent = any(row.contingent_usd > 0.0 for row in found)
    lines: list[list[Cell | str]] = []
    for row in found:
        shade = view.palette.parties.get(row.instrument, Shade(OWNERS))
        when = row.first if row.first == row.last else f"{row.first} → {row.last}"
        lines.append([
            Cell(row.instrument, shade), row.party, row.kind, row.pays_for,
            number(row.limit_usd / divisor, 2) if math.isfinite(row.limit_usd) else "no limit",
            number(row.cash_usd / divisor, 2), percent(row.share),
            *([number(row.contingent_usd / divisor, 2)] if contingent else []),
            when or Cell("never", kind="quiet"), row.risk,
        ])  # fmt: skip

    def words(label: str) -> Column:
        return Column(label, figures=False)

    return Table(
        "deals", "Deals side by side",
        columns("instrument", words("party"), words("kind"), words("pays for"), Column("limit", unit),
                Column("cash", unit), Column("cash of the cost"),
                *([Column("contingent at most", unit)] if contingent else []),
                words("when"), words("who carries what")),
        rows(lines),
        note="Cash within the horizon. The cost is that of the build-out; owners also pay what "
        "running it lacks.",
        assumed=view.sources.assumed_in("finance.spend_usd"),
    )  # fmt: skip
