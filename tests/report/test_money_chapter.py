"""The chapter on money: both sides of the cash balance, all funders are there, every party has its books."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gigawatt as gw
from gigawatt.planning.deal_terms import deal_rows
from gigawatt.planning.sensitivity import sensitivity
from gigawatt.report import html_report
from gigawatt.report.cash_by_year import balanced
from gigawatt.report.html import script_json
from gigawatt.report.money import money_chapter
from gigawatt.report.movements import movements
from gigawatt.report.palette import palette_of
from gigawatt.report.sources import Sources
from gigawatt.report.table import Table
from gigawatt.report.view import View

HOSTILE = "</script><script>alert(1)</script><b>Bank</b> & \"'"
DEAL: dict[str, Any] = {
    "schema": 1,
    "name": "Everybody pays",
    "horizon": {"start": "2026-04", "months": 60},
    "money": {"buyer": HOSTILE, "opening_cash": "20 MUSD", "least_cash": "5 MUSD"},
    "sites": {"a": {"basis": "it", "power": {"2026-11": "20 MW"}}},
    "hardware": {
        "gb300-nvl72": {"deliveries": {"2026-11": "60 racks"}, "until": "2027-03", "price": "4 MUSD/rack"},
        "vr-nvl72": {"available": "2027-10", "supply": {"2028-01": "20 racks/month"}, "price": "8 MUSD/rack"},
    },
    "partners": {
        "cloud": {"name": HOSTILE, "capacity": {"2027-01": "10 MW"}, "basis": "it", "commitment": "90 MUSD"},
    },
    "income": {"contract": {"path": {"2027-01": "14 MUSD/month"}, "collected_after": "1 month"}},
    "investment": {
        "fund": {"kind": "equity", "schedule": {"2026-09": "30 MUSD", "2027-09": "10 MUSD"}},
        "guard": {"kind": "guaranty", "cap": "80 MUSD", "per_gigawatt": "9 GUSD/GW", "term": "60 months"},
        "ddtl": {"kind": "term_loan", "party": "lenders", "limit": "200 MUSD", "available": "2026-04",
                 "until": "2027-06", "advance_rate": "80 %", "systems": ["gb300-nvl72"], "halls": False,
                 "margin": "2 %/year", "repayment": "level", "amortisation": "40 months"},
        "bank": {"kind": "revolver", "party": "house-bank", "limit": "60 MUSD", "margin": "2.5 %/year"},
    },
}  # fmt: skip


def view_of(plan: gw.Plan) -> View:
    return View(plan, palette_of(plan), Sources(plan, plan.summary()))


@pytest.fixture(scope="module")
def view() -> View:
    """A deal in which owners, an investor and lenders pay, and a partner is paid."""
    return view_of(gw.plan(gw.Scenario.from_dict(DEAL)))


@pytest.fixture(scope="module")
def small() -> View:
    """A shipped scenario in which only the owners pay."""
    return view_of(gw.plan(gw.load("one-campus")))


@pytest.fixture(scope="module", params=["view", "small"])
def either(request: pytest.FixtureRequest) -> View:
    """Both."""
    found: View = request.getfixturevalue(request.param)
    return found


def figure(text: str) -> float:
    return 0.0 if text == "–" else float(text.replace(",", "").replace("−", "-"))


def line(table: Table, label: str) -> list[float]:
    """Figures of the row of a label, the sum of all years left out."""
    (row,) = [row for row in table.rows if row[0].text == label]
    return [figure(cell.text) for cell in row[1:-1]]


def by_year(view: View, name: str, flow: bool = True) -> np.ndarray[Any, Any]:
    values = view.plan.books.lines[name]
    return np.array(view.in_year(values) if flow else view.at_year_end(values))


def test_movements_are_all_of_the_cash(either: View) -> None:
    lines = either.plan.books.lines
    for party in either.plan.books.books.parties:
        moved = movements(either, party)
        for comes_in, total in ((True, f"sources[{party}]"), (False, f"uses[{party}]")):
            side = sum((m.usd for m in moved if m.comes_in is comes_in), np.zeros(len(either.days)))
            np.testing.assert_allclose(side, lines[total], atol=0.01)


def test_sources_are_uses_in_every_year(either: View) -> None:
    sources, uses = (
        np.array(either.in_year(sum(m.usd for m in side))) for side in balanced(either)
    )
    np.testing.assert_allclose(sources, uses, atol=0.01)
    chart = money_chapter(either).charts[1]
    assert line(chart.by_year, "All sources") == line(chart.by_year, "All uses")
    heights = np.nan_to_num(np.array([trace["y"] for trace in chart.data], dtype=float))
    np.testing.assert_allclose(heights.sum(axis=0), 0.0, atol=1e-4 * np.abs(heights).max())
    assert all(trace["type"] == "bar" for trace in chart.data)
    assert chart.opened


def test_everybody_who_pays_is_a_source(view: View) -> None:
    labels = {m.label for m in balanced(view)[0]}
    assert {"Equity of fund", "Drawn on ddtl", "Drawn on bank", "Receipts from customers"} <= labels
    assert {"Cash at the start", "Paid in by the owners"} <= labels
    shades = [(m.comes_in, m.shade) for side in balanced(view) for m in side]
    assert len(set(shades)) == len(shades)


def test_funding_adds_up_to_the_cash_held(either: View) -> None:
    chart = money_chapter(either).charts[2]
    lines = {t["name"]: np.array(t["y"], dtype=float) for t in chart.data if "hovertemplate" in t}
    brought = sum((np.array(t["y"]) for t in chart.data if t.get("stackgroup")), 0.0)
    back = lines.get("paid back, with interest", 0.0)
    total = lines["cash before financing"] + brought - back
    np.testing.assert_allclose(total, lines["cash held"], atol=1e-4 * np.abs(brought).max())
    (pin,) = [t for t in chart.data if t["name"] == "peak funding"]
    buyer = either.sources.summary["books"]["buyer"]
    assert pin["x"] == [f"{buyer['peak_funding_month']}-01"]
    assert pin["y"][0] == pytest.approx(min(lines["cash before financing"]), rel=1e-4)


def test_every_party_has_its_books_by_year(either: View) -> None:
    chapter = money_chapter(either)
    assert [p.name for p in chapter.parties] == [
        party.name for party in either.plan.books.books.parties.values()
    ]
    for party, shown in zip(either.plan.books.books.parties, chapter.parties, strict=True):
        unit = {"$B": 1e9, "$M": 1e6, "$k": 1e3}[shown.waterfall.columns[0].unit]
        for label, name, flow in (
            ("Cash at the end of the year", f"cash[{party}]", False),
            ("Profit", f"profit[{party}]", True),
        ):
            np.testing.assert_allclose(
                line(shown.waterfall, label), by_year(either, name, flow) / unit, atol=0.051
            )
        flows = [r for r in shown.waterfall.rows if r[0].text.startswith("Cash from")]
        change = np.diff(by_year(either, f"cash[{party}]", False), prepend=0.0) / unit
        if either.plan.books.books.opening.get(party):
            opened = sum(by_year(either, n) for n in either.plan.books.books.opening[party])
            change = change - opened / unit
        sums = np.sum([[figure(c.text) for c in row[1:-1]] for row in flows], axis=0)
        np.testing.assert_allclose(sums, change, atol=0.2)
        labels = [row[0].text for row in shown.statement.rows]
        assert {"Cash", "Profit", "Balance", "All assets", "All equity"} <= set(labels)
        assert [labels[at] for at in sorted(shown.statement.heads)] == ["Cash", "Profit", "Balance"]


def test_the_largest_swings_come_first(view: View) -> None:
    shown = money_chapter(view).tornado
    need = view.sources.summary["books"]["buyer"]["peak_funding_usd"]
    rows = sorted(
        sensitivity(view.plan.books), key=lambda r: -abs(r.need_high_usd - r.need_low_usd)
    )
    assert len(shown.swings) == 10
    assert shown.step == "10 %"
    for swing, row in zip(shown.swings, rows, strict=False):
        assert swing.label.lower().startswith(row.doc.lower())
        unit = {"$B": 1e9, "$M": 1e6, "$k": 1e3}[shown.unit]
        assert figure(swing.lower.replace("+", "")) == pytest.approx(
            (row.need_low_usd - need) / unit, abs=0.006
        )
        for _, start, length in swing.bars:
            assert 0.0 <= start <= start + length <= 100.001
    assert max(length for s in shown.swings for _, _, length in s.bars) == pytest.approx(50.0)


def test_deals_are_the_rows_of_the_plan(view: View) -> None:
    table = money_chapter(view).deals
    rows = deal_rows(view.plan)
    assert [row[0].text for row in table.rows] == [row.instrument for row in rows]
    assert "contingent at most" in [column.label for column in table.columns]
    for shown, row in zip(table.rows, rows, strict=True):
        assert {row.kind, row.pays_for, row.risk} <= {cell.text for cell in shown}


def test_tiles_say_what_the_summary_says_or_why_not(either: View) -> None:
    tiles = {tile.label: tile for tile in money_chapter(either).tiles}
    buyer = either.sources.summary["books"]["buyer"]
    assert {
        "Present value",
        "Rate of return",
        "Peak funding",
        "Levelised GPU-hour",
        "Levelised tokens",
    } <= set(tiles)
    if not either.sources.summary["books"]["circularity"]:
        assert tiles["Circularity"].value == "none"
    if buyer["irr"] is None:
        assert tiles["Rate of return"].more == (buyer["irr_why"],)
    elif buyer["irr_unique"]:
        assert tiles["Rate of return"].value == f"{100 * buyer['irr']:.1f} %".replace("-", "−")
    assert f"in {buyer['peak_funding_month']}" in tiles["Peak funding"].more


class Words(HTMLParser):
    """Visible text and tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_names_of_parties_stay_text(view: View) -> None:
    text = html_report(view.plan)
    page = Words(text)
    assert page.tags.count("script") == 3
    chapter = text.split('<section id="money"')[1].split('<section id="tables-section"')[0]
    shown = Words(chapter)
    assert not {"script", "img"} & set(shown.tags)
    assert "".join(shown.text).count(HOSTILE) >= 4  # buyer and partner: heading, deals, statement
    assert chapter.count("<details>") >= len(view.plan.books.books.parties)
    assert "<b>Bank" not in script_json([t for c in money_chapter(view).charts for t in c.data])


def test_the_style_of_a_bar_is_a_number(view: View) -> None:
    text = html_report(view.plan)
    styles = re.findall(r'<i class="(?:lower|higher)" style="([^"]*)"', text)
    assert len(styles) == 20
    assert all(re.fullmatch(r"left:[\d.]+%;width:[\d.]+%", style) for style in styles)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser, or a skip that says what is missing."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = Path("/usr/bin/chromium")
    if not program.exists():
        pytest.skip("Debian's Chromium is not installed")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (760, "dark")])
def test_a_browser_draws_the_chapter(
    chromium: Any, view: View, tmp_path: Path, width: int, scheme: str
) -> None:
    file = tmp_path / "report.html"
    file.write_text(html_report(view.plan), encoding="utf-8")
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bars = page.locator("#sources-and-uses .barlayer .trace.bars path").count()
    assert bars >= 20
    assert page.locator("#sources-and-uses-years-rows").is_visible()
    # one cursor, on bars too: years and months answer to the same key
    page.focus('.plot[data-chart="funding"]')
    page.keyboard.press("ArrowRight")
    page.locator("#sources-and-uses .hoverlayer .legend").first.wait_for(state="attached")
    page.keyboard.press("Escape")
    # a legend entry hides its bars
    page.locator("#sources-and-uses .legend button", has_text="Receipts from customers").click()
    page.locator("#sources-and-uses .barlayer .trace.bars path").nth(bars - 1).wait_for(
        state="detached"
    )
    # the whole statement opens
    statement = page.locator("#party-0 details table")
    assert not statement.is_visible()
    page.click("#party-0 details summary")
    assert statement.is_visible()
    page.close()
    assert complaints == []
