"""The chapter "Money": tiles, charts and tables of who pays whom, when, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass

from .capital_chart import capital
from .cash_by_year import sources_and_uses
from .deal_table import deals
from .funding_chart import funding
from .headline import Tile
from .money_tiles import money_tiles
from .party_tables import PartyBooks, party_books
from .swings import Tornado, tornado
from .table import Table
from .traces import Chart
from .view import View

__all__ = ["Money", "money_chapter"]


@dataclass(frozen=True, slots=True)
class Money:
    """All of the chapter.

    Attributes
    ----------
    tiles : list of Tile
        Headline figures.
    charts : list of Chart
        On the time axis of all charts.
    parties : list of PartyBooks
        Everybody whose books are kept.
    deals : Table
        A row for each instrument.
    tornado : Tornado
        What moves the need for funding most.
    """

    tiles: list[Tile]
    charts: list[Chart]
    parties: list[PartyBooks]
    deals: Table
    tornado: Tornado


def money_chapter(view: View) -> Money:
    """Read the chapter from a plan."""
    return Money(
        money_tiles(view),
        [capital(view), sources_and_uses(view), funding(view)],
        party_books(view),
        deals(view),
        tornado(view),
    )
