"""What the printed report shows, as plain data: words, tables, bars. How it is set is told by its template.

Tables are those of the page, cut where they have more columns than a sheet of paper holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.core.errors import Problem

from .cash_by_year import balanced
from .facts import UNKNOWN, facts
from .headline import Tile, headline
from .money import money_chapter
from .palette import Shade
from .sources import Explained
from .table import Cell, Table
from .tables import gigawatts, tranches
from .traces import Chart
from .view import View
from .wording import MONEY_USD, POWER_MW, number, scale

__all__ = ["cut", "paper", "ticks"]

MOST_COLUMNS = 12
"""Columns of figures that stand beside one another on a sheet."""


def paper(view: View, build: Sequence[Chart], run_name: str) -> dict[str, Any]:
    """Everything that is printed.

    Parameters
    ----------
    view : View
        What is shown.
    build : sequence of Chart
        Charts of the page whose tables by year are printed.
    run_name : str
        Name of the run folder; empty for none.
    """
    plan = view.plan
    money = money_chapter(view)
    tables = {chart.key: chart.by_year for chart in [*build, *money.charts]}
    tornado = money.tornado
    return {
        "title": plan.scenario.name,
        "brand": f"Gigawatt · run {run_name}" if run_name else "Gigawatt",
        "written_by": f"gigawatt {plan.version}",
        "facts": facts(plan),
        "description": plan.scenario.spec.description or "",
        "tiles": [_tile(tile) for tile in headline(view)],
        "money_tiles": [_tile(tile) for tile in money.tiles],
        "warnings": [_warning(problem) for problem in plan.warnings],
        "power": _power(view),
        "power_table": _tables(tables["power"]),
        "accelerators": _accelerators(view),
        "accelerators_table": _tables(tables["accelerators"]),
        "gigawatts": _tables(gigawatts(view)),
        "cash": _cash(view),
        "cash_table": _tables(tables["sources-and-uses"]),
        "funding_table": _tables(tables["funding"]),
        "tranches": _tables(tranches(view)),
        "deals": _tables(money.deals),
        "parties": [
            {
                "name": party.name, "colour": party.shade.hex,
                "words": " · ".join((party.role, *party.facts)), "tables": _tables(party.waterfall),
            }
            for party in money.parties
        ],
        "tornado": {
            "unit": tornado.unit, "planned": tornado.planned, "step": tornado.step,
            "swings": [
                {"label": s.label, "value": s.value, "lower": s.lower, "higher": s.higher,
                 "bars": [list(bar) for bar in s.bars]}
                for s in tornado.swings
            ],
        },
        "assumptions": _assumptions(view.sources.assumptions()),
        "formulas": [_formula(e) for e in view.sources.explain(_FORMULAS)],
        "unknown": [list(pair) for pair in UNKNOWN],
    }  # fmt: skip


_FORMULAS = (
    "power.in_service_it_mw", "fleet.packages", "milestones.deployed_gw", "finance.spend_usd",
    "finance.free_cash_usd", "finance.owners_usd", "books.cash_usd", "books.at_stake_usd",
)  # fmt: skip


def _tile(tile: Tile) -> dict[str, Any]:
    return {
        "label": tile.label, "value": tile.value, "unit": tile.unit, "more": list(tile.more),
        "words": tile.is_words, "assumed": bool(tile.assumed),
    }  # fmt: skip


def _warning(problem: Problem) -> dict[str, str]:
    return {"code": problem.code, "text": problem.message, "fix": problem.fix, "path": problem.path}


def _formula(e: Explained) -> dict[str, str]:
    return {"name": e.name, "unit": e.unit, "doc": e.doc, "formula": e.formula}


def _assumptions(table: Table) -> list[dict[str, Any]]:
    return [
        {"values": [list(pair) for pair in row[0].parts], "kind": row[1].text, "why": row[2].text,
         "set_by": row[3].text}
        for row in table.rows
    ]  # fmt: skip


def _tables(table: Table) -> list[dict[str, Any]]:
    return [_table(part) for part in cut(table)]


def _table(table: Table) -> dict[str, Any]:
    texts = [[_text(cell) for cell in row] for row in table.rows]
    return {
        "title": table.title,
        "columns": [
            {"label": c.label, "unit": c.unit, "figures": c.figures,
             "long": any(len(row[at]) > 20 for row in texts) and not c.figures and at > 0,
             "colour": _colour(c.shade)}
            for at, c in enumerate(table.columns)
        ],
        "rows": [
            {
                "cells": row, "colour": _colour(table.rows[at][0].shade),
                "head": at in table.heads,
                "strong": at in table.strong or (table.total and at == len(texts) - 1),
            }
            for at, row in enumerate(texts)
        ],
        "note": table.note, "empty": table.empty, "yearly": table.yearly,
    }  # fmt: skip


def _text(cell: Cell) -> str:
    return "; ".join(" ".join(pair) for pair in cell.parts) if cell.parts else cell.text


def _colour(shade: Shade | None) -> str:
    return shade.hex if shade else ""


def cut(table: Table) -> list[Table]:
    """The same table in parts, each with the first column and as many others as a sheet holds.

    Only tables whose other columns are all figures are cut; words wrap.
    """
    others = len(table.columns) - 1
    if others <= MOST_COLUMNS or not all(c.figures for c in table.columns[1:]):
        return [table]
    count = math.ceil(others / MOST_COLUMNS)
    size = math.ceil(others / count)
    parts = []
    for start in range(1, others + 1, size):
        chosen = [0, *range(start, min(start + size, others + 1))]
        parts.append(
            Table(
                table.key, table.title, tuple(table.columns[at] for at in chosen),
                tuple(tuple(row[at] for at in chosen) for row in table.rows), table.empty,
                table.note if start + size > others else "", table.total, table.assumed, table.heads,
                table.strong, table.yearly,
            )
        )  # fmt: skip
    return parts


def _power(view: View) -> dict[str, Any]:
    service = view.plan.power["in_service_it_mw"].values
    divisor, unit = scale(float(service.sum(axis=1).max()), POWER_MW)
    series = [
        (view.site_name(key), view.palette.sites[key], view.at_year_end(service[:, at] / divisor))
        for at, key in enumerate(str(v) for v in view.plan.power["site"].values)
    ]
    return _bars(view, "Power in service by site, at the end of the year", f"{unit} IT", series)


def _accelerators(view: View) -> dict[str, Any]:
    packages = view.plan.fleet["packages"].values.sum(axis=1)
    divisor, unit = scale(
        float(packages.sum(axis=1).max(initial=0.0)),
        (("million packages", 1e6), ("thousand packages", 1e3), ("packages", 1.0)),
    )
    series = [
        (key, view.palette.systems[key], view.at_year_end(packages[:, at] / divisor))
        for at, key in enumerate(str(v) for v in view.plan.fleet["system"].values)
    ]
    title = "Accelerators of the own build in service by system, at the end of the year"
    return _bars(view, title, unit, series)


def _cash(view: View) -> dict[str, Any]:
    sources, uses = balanced(view)
    tall = sum((m.usd for m in sources), np.zeros(len(view.days)))
    divisor, unit = scale(max(view.in_year(tall), default=0.0), MONEY_USD)
    series = [
        (m.label, m.shade, view.in_year(m.usd * (1.0 if m.comes_in else -1.0) / divisor))
        for m in [*sources, *uses]
    ]
    return _bars(view, "Sources upwards, uses downwards, in the year", unit, series)


def _bars(
    view: View, title: str, unit: str, series: Sequence[tuple[str, Shade, list[float]]]
) -> dict[str, Any]:
    """Stacked bars by calendar year, with the ticks of their axis."""
    heights: Array = np.array([values for _, _, values in series]).reshape(-1, len(view.years))
    top = float(np.maximum(heights, 0.0).sum(axis=0).max(initial=0.0))
    bottom = float(np.minimum(heights, 0.0).sum(axis=0).min(initial=0.0))
    marks = ticks(bottom, top)
    digits = (
        0 if marks[1] - marks[0] >= 1.0 else max(0, -math.floor(math.log10(marks[1] - marks[0])))
    )
    return {
        "title": title,
        "unit": unit,
        "years": [year[:4] for year, _ in view.years],
        "top": max(top, marks[-1]),
        "bottom": min(bottom, marks[0]),
        "ticks": [[mark, number(mark, digits)] for mark in marks],
        "series": [
            {"name": name, "colour": shade.hex, "hatch": bool(shade.hatch), "values": values}
            for name, shade, values in series
            if any(values)
        ],
    }


def ticks(bottom: float, top: float) -> list[float]:
    """Three to seven round figures that span both ends, zero among them.

    Examples
    --------
    >>> ticks(0.0, 9.7)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    >>> ticks(-3.0, 4.0)
    [-4.0, -2.0, 0.0, 2.0, 4.0]
    """
    span = top - bottom
    if span < 1e-9:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(span / 4.0))
    step = next(power * f for f in (1.0, 2.0, 5.0, 10.0) if span / (power * f) <= 6.0)
    first, last = math.floor(bottom / step + 1e-9), math.ceil(top / step - 1e-9)
    return [float(f"{step * at:.12g}") + 0.0 for at in range(first, last + 1)]
