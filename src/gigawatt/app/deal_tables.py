"""Instruments of several plans in one table: what each pays for, when, and who carries which risk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from .amounts import money
from .terminal import open_console, plain_table, say

if TYPE_CHECKING:
    from gigawatt.planning.deal_terms import DealRow

__all__ = ["print_deals"]


def print_deals(plans: Sequence[tuple[str, Sequence[DealRow]]]) -> None:
    """Print a block for each plan under one heading."""
    console = open_console(200)
    table = plain_table(
        ("who", "l"), ("what", "l"), ("pays for", "l"), ("at most", "r"), ("cash", "r"), ("of cost", "r"),
        ("contingent", "r"), ("when", "l"), ("who carries the risk", "l"),
    )  # fmt: skip
    say(console, "who pays for what, when, at whose risk")
    for at, (name, rows) in enumerate(plans):
        if at:
            table.add_row(*[""] * 9)
        table.add_row(Text(name, style="bold"), *[""] * 8)
        for row in rows:
            when = row.first if row.first == row.last else f"{row.first} → {row.last}"
            table.add_row(
                f"{row.party}: {row.instrument}"
                if row.instrument != row.party.lower()
                else row.party,
                row.kind,
                row.pays_for,
                "no limit" if math.isinf(row.limit_usd) else money(row.limit_usd),
                money(row.cash_usd) if row.cash_usd else "—",
                f"{row.share:.0%}" if row.cash_usd else "—",
                money(row.contingent_usd) if row.contingent_usd else "—",
                when or "not within the horizon",
                row.risk,
            )
    console.print(table)
