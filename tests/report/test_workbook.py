"""The workbook: recalculated by LibreOffice it says what the engine says, and nothing a user writes runs."""

from __future__ import annotations

import os
import re
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.core.errors import MissingExtraError
from gigawatt.finance.evaluate import evaluate
from gigawatt.finance.formula import (
    Binary,
    Expr,
    Number,
    Row,
    as_expr,
    largest,
    ratio,
    smallest,
    sum_of,
    where,
)
from gigawatt.finance.layout import Page, Section, Shown
from gigawatt.finance.sheet import Sheet
from gigawatt.report.workbook import write, write_workbook
from gigawatt.report.workbook.names import LONGEST_NAME, clean, sheet_names, term_names
from recalculate import Figures, Office, months_of, read

FIRST_YEAR = 2026
FUNCTIONS = {"SUM", "MIN", "MAX", "IF", "ROUND", "ISNUMBER"}


def labels(months: int) -> list[str]:
    return [f"{FIRST_YEAR + (6 + t) // 12}-{1 + (6 + t) % 12:02d}" for t in range(months)]


def page(title: str, *names: str) -> Page:
    return Page(title, (Section("All", tuple(Shown(name, name) for name in names)),))


def save(path: Path, sheet: Sheet, pages: Sequence[Page] = (), **options: Any) -> Path:
    settings = {"title": "Test", "months": labels(sheet.months), "cached": False} | options
    write_workbook(path, sheet, evaluate(sheet), pages, **settings)
    return path


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


def assert_same(sheet: Sheet, figures: Figures, *, least_rows: int = 1) -> None:
    """Every line, wherever it stands, is what the engine computes."""
    computed, found = evaluate(sheet), months_of(figures, labels(sheet.months))
    wrong = []
    for name, line in sheet.lines.items():
        rows = found[name[:1].upper() + name[1:]] if name not in found else found[name]
        for where_, months in rows:
            for month, (here, there) in enumerate(
                zip(months, computed[name].tolist(), strict=True)
            ):
                assert isinstance(here, (int, float)), (name, where_, month, here)
                # Files of LibreOffice have 15 digits: cents are exact to 10 trillion dollars.
                within = 1e-6 if line.unit == "USD" else 1e-9 * _size(sheet, name, computed)
                if abs(here - there) > within + 1e-15 * abs(there):
                    wrong.append((name, where_, month, here, there))
    assert not wrong, wrong[:10]
    assert len(computed) >= least_rows


def _size(sheet: Sheet, name: str, computed: dict[str, Any]) -> float:
    """The largest value of a line: differences of large amounts are as exact as those are."""
    return max(1.0, float(np.abs(computed[name]).max()))


# --- every node ---------------------------------------------------------------------------------


def every_node(months: int = 14) -> Sheet:
    """All kinds of nodes, balances that bear interest on themselves, and awkward brackets."""
    sheet = Sheet(months)
    at = np.arange(months)
    rate = sheet.term("rate[a]", 0.0725, "1/year", "rate[a]")
    floor = sheet.term("floor", -3.25, "USD", "floor")
    share = sheet.term("share", 1 / 3, "share", "share")
    sales = sheet.given("sales", 1_000_000.005 * (1 + at % 5) - 1.5e6, "USD", "sales")
    drawn = sheet.given("drawn", 1e9 * (at < 3) + 0.01 * at, "USD", "drawn")
    units = sheet.given("units", 0.1 * at * at, "rack", "units")
    line = sheet.line

    def exact(name: str, expr: Expr | float, unit: str = "USD exact") -> Row:
        return line(name, expr, name, unit)

    def usd(name: str, expr: Expr | float) -> Row:
        return line(name, expr, name)

    usd("number", 12.345)
    usd("term", floor)
    usd("copy", sales)
    usd("plus minus", sales - (drawn - units) - (sales + units) + floor)
    usd("times over", sales * (share * units) / 7.0 * (units / 3.0))
    usd("over over", units * 1e6 / 7.0 / 3.0)
    exact("power", (1.0 + share) ** (units * 0.25), "1")
    exact("power of power", (share**2.0) ** units + share ** (as_expr(2.0) ** share), "1")
    exact("minus power", -(units**2.0) - (-units) ** 2.0 - -units, "1")
    exact("negative", Number(-2.0) * units - Number(-2.0) ** 2.0, "1")
    exact("twelfths", units * (1 / 12) + 1e-7 * units + 1e21, "1")
    usd("least", smallest(sales, floor, 5.0, units * 3.0))
    usd("most", largest(sales, floor))
    usd("where", where(sales, ">", floor, units, -units))
    usd("where equal", where(units, ">=", 2.5, where(units, ">", 2.5, 1.0, 2.0), 3.0))
    usd("test as number", Binary(">", sales, as_expr(0.0)) * 7.0 + Binary(">=", units, units))
    usd("ratio", ratio(sales, units - 0.5, share))
    usd("ratio of ratio", ratio(ratio(1e6, sales + units, 1.0), units + 1.0) * 1e6)
    usd("past", sales.past() + sales.past(3) + sales.past(months) + sales.past(0))
    usd("ahead", sales.ahead(1) + drawn.ahead(5))
    usd("far ahead", sales.ahead(months) - sales.ahead(months + 3))
    usd("mean ahead", sales.ahead_mean(3) + sales.ahead_mean(months + 4))
    usd("window", sales.window(1) + sales.window(3) + sales.window(months + 9) + sales.window(0))
    usd("to date", sales.to_date())
    exact("total", sales.total() / 3.0)
    usd("lowest", sales.lowest() * 0.5)
    usd("sum", sum_of([sales, drawn, units, as_expr(floor)]) - sum_of([]))
    loan = sheet.row("loan")
    interest = usd("interest", loan.past() * rate / 12.0)
    repaid = usd("repaid", smallest(loan.past() * 0.1, largest(sales, 0.0)))
    usd("loan", loan.past() + drawn + interest - repaid)
    usd("of the loan", loan.to_date() + sheet.row("loan").lowest() + interest.total())
    cash = sheet.row("cash")
    tax = usd("tax", largest(sales - sheet.row("used").past(2), 0.0) * 0.21)
    usd("used", sheet.row("used").past() + tax * 0.5 + where(cash.past(), ">", 0.0, 1.0, 2.0))
    usd("cash", cash.past() + sales - tax)
    return sheet


ALL_PAGES = (
    Page(
        "Cash: in/out",
        (
            Section("One", tuple(Shown(n, n) for n in ("cash", "sales", "tax", "loan", "ratio"))),
            Section("Two", (Shown("interest", "interest", strong=True, flow=False),)),
        ),
    ),
    page("Loan's page", "loan", "interest", "repaid", "loan", "units", "of the loan"),
)


@pytest.mark.office
def test_every_node_recalculates_to_what_the_engine_says(office: Office, tmp_path: Path) -> None:
    spans = (1, 2, 14, 30)
    sheets = [every_node(months) for months in spans]
    paths = [
        save(tmp_path / f"{months}.xlsx", sheet, ALL_PAGES)
        for months, sheet in zip(spans, sheets, strict=True)
    ]
    for path, sheet, figures in zip(paths, sheets, office.recalculate(*paths), strict=True):
        carried = months_of(read(path), labels(sheet.months))
        assert carried["Sum"] == [("Workings", [0] * sheet.months)], (
            "nothing is computed beforehand"
        )
        assert_same(sheet, figures, least_rows=34)
        cover = figures["Cover"]
        states = {str(cover[f"A{row}"]): cover[f"C{row}"] for row in range(6, 12)}
        assert list(states) == [
            "All checks", "Quantities", "Cash in out", "Loan's page", "Workings", "Assumptions",
        ]  # fmt: skip
        assert set(states.values()) == {0}, "all checks hold and no assumption was changed"


# --- many sheets --------------------------------------------------------------------------------

RATES = (0.5, 0.05, 0.25, 0.125, 1 / 12, 0.0825, 0.035, 1 / 3, 0.21, 1.18)


def random_sheet(seed: int, months: int, lines: int) -> Sheet:
    """Lines that read one another any way they may; many amounts are halves of cents."""
    draw = np.random.default_rng(seed)
    sheet = Sheet(months)
    terms = [sheet.term(f"r[{at}]", rate, "share", f"r{at}") for at, rate in enumerate(RATES)]
    rows: list[Row] = []
    for at in range(8):
        scale = 10.0 ** draw.uniform(0.0, 12.0)
        amounts = np.round(draw.normal(0.0, scale, months), int(draw.integers(1, 4)))
        halves = np.round(amounts, 2) + 0.005
        values = np.clip(np.where(draw.random(months) < 0.4, halves, amounts), -1e12, 1e12)
        rows.append(sheet.given(f"g{at}", values, "USD", f"g{at}"))

    def some_row() -> Row:
        return rows[int(draw.integers(len(rows)))]

    def part(own: Row, kind: int) -> Expr:
        row, rate, n = some_row(), terms[int(draw.integers(len(terms)))], int(draw.integers(1, 15))
        return [
            lambda: row * rate,
            lambda: row * rate / 12.0,
            lambda: row - some_row(),
            lambda: row + own.past() * rate * 0.8 - some_row() * 0.125,
            lambda: own.past(2) * 0.5 + row.past(n) * (1 / 12),
            lambda: row.ahead(n) * rate,
            lambda: row.ahead_mean(n),
            lambda: row.window(n) * rate,
            lambda: row.to_date() * rate,
            lambda: row.total() * rate / 8.0,
            lambda: row.lowest() * rate,
            lambda: ratio(row, some_row(), rate) * rate,
            lambda: where(row, ">", 0.0, some_row() * rate, -row),
            lambda: smallest(row, some_row(), own.past() + rate) * rate,
            lambda: largest(row - some_row(), 0.0) * rate,
        ][kind]()

    for at in range(lines):
        own = sheet.row(f"l{at}")
        expr = smallest(largest(part(own, at % 15), -1e12), 1e12)
        rows.append(sheet.line(own.name, expr, own.name, "USD exact" if at % 10 == 7 else "USD"))
    return sheet


@pytest.mark.office
def test_random_sheets_recalculate_to_the_cent(office: Office, tmp_path: Path) -> None:
    sizes = [(1, 1), (2, 7), (3, 13), (4, 40), (5, 40), (6, 60)]
    sheets = [random_sheet(seed, months, 150) for seed, months in sizes]
    paths = [save(tmp_path / f"{at}.xlsx", sheet) for at, sheet in enumerate(sheets)]
    for sheet, figures in zip(sheets, office.recalculate(*paths), strict=True):
        assert_same(sheet, figures, least_rows=150)


@pytest.mark.office
def test_amounts_near_half_a_cent_are_rounded_as_libreoffice_does(
    office: Office, tmp_path: Path
) -> None:
    draw = np.random.default_rng(7)
    sheet = Sheet(100)
    for digits in range(12):
        whole = np.round(draw.uniform(0.0, 10.0 ** (digits + 1), 100), 2) + 0.005
        signed = np.where(draw.random(100) < 0.5, whole, -whole)
        for ulps in (-40, -5, -2, -1, 0, 1, 3):
            near = signed.copy()
            for _ in range(abs(ulps)):
                near = np.nextafter(near, np.copysign(np.inf, near) if ulps > 0 else 0.0)
            row = sheet.given(f"g{digits} {ulps}", near, "USD", f"g{digits} {ulps}")
            sheet.line(f"l{digits} {ulps}", row, f"l{digits} {ulps}")
    (figures,) = office.recalculate(save(tmp_path / "halves.xlsx", sheet))
    assert_same(sheet, figures, least_rows=84)


# --- changing an assumption ---------------------------------------------------------------------


@pytest.mark.office
def test_a_changed_assumption_gives_what_the_engine_gives(office: Office, tmp_path: Path) -> None:
    sheet = every_node()
    path = save(tmp_path / "plan.xlsx", sheet, ALL_PAGES, cached=True)
    changed = {"rate[a]": 0.1155, "floor": 40.0, "share": 0.815}
    book = openpyxl.load_workbook(path)
    names = term_names(sheet.terms)
    for term, value in changed.items():
        ((title, cell),) = book.defined_names[names[term]].destinations
        book[title][cell.replace("$", "")].value = value
    book.save(tmp_path / "changed.xlsx")
    (figures,) = office.recalculate(tmp_path / "changed.xlsx")
    before = evaluate(sheet)
    for term, value in changed.items():
        sheet.terms[term] = replace(sheet.terms[term], value=value)
    moved = [name for name, row in evaluate(sheet).items() if not np.array_equal(row, before[name])]
    assert {"interest", "loan", "power", "least", "of the loan"} <= set(moved)
    assert_same(sheet, figures)
    assert 3 in figures["Cover"].values(), "the cover counts the changed assumptions"


@pytest.mark.office
def test_the_cover_says_which_check_fails(office: Office, tmp_path: Path) -> None:
    sheet = Sheet(3)
    a = sheet.term("a", 1.0, "USD", "a")
    sheet.line("good", a - a, "difference")
    sheet.line("bad", sheet.given("g", [0.0, -0.01, 0.0], "USD", "g") * a, "difference")
    for cached in (True, False):
        path = save(tmp_path / f"{cached}.xlsx", sheet, checks=["good", "bad"], cached=cached)
    for figures in (read(tmp_path / "True.xlsx"), *office.recalculate(tmp_path / "False.xlsx")):
        cover = figures["Cover"]
        rows = {cover[f"A{row}"]: row for row in range(1, 20)}
        assert [cover[f"C{rows[name]}"] for name in ("All checks", "good", "bad")] == [1, 0, 1]
        assert cover[f"D{rows['bad']}"] == 0.01
    with pytest.raises(ValueError, match="no line other"):
        save(path, sheet, checks=["other"])


# --- where everything stands --------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A cell of the row of a label."""

    sheet: str
    text: object


def months_as_written(path: Path, sheet: Sheet) -> dict[str, list[Found]]:
    """Label → its last month on each worksheet, as text of the formula."""
    book = openpyxl.load_workbook(path)
    found: dict[str, list[Found]] = {}
    for leaf in book.worksheets[2:]:
        for row in leaf.iter_rows(min_row=6):
            if row[0].value is not None and len(row) > 3 and row[-1].value is not None:
                found.setdefault(str(row[0].value), []).append(Found(leaf.title, row[-1].value))
    return found


def test_every_line_is_a_formula_in_one_place_and_elsewhere_a_reference(tmp_path: Path) -> None:
    sheet = every_node()
    cells = months_as_written(save(tmp_path / "x.xlsx", sheet, ALL_PAGES), sheet)
    for name, line in sheet.lines.items():
        rows = cells.get(name) or cells[name[:1].upper() + name[1:]]
        plain = [re.fullmatch(r"=('[^!]*'!)?[A-Z]+\d+", str(row.text)) for row in rows]
        assert [bool(match) for match in plain] == [False] + [True] * (len(rows) - 1), name
        assert str(rows[0].text).startswith("=ROUND(") == (line.unit == "USD"), name
    assert [row.sheet for row in cells["loan"]] == ["Cash in out", "Loan's page", "Loan's page"]
    assert [row.sheet for row in cells["Plus minus"]] == ["Workings"]
    assert isinstance(cells["Sales"][0].text, float)
    assert cells["sales"][0].text == "='Quantities'!S6"
    assert cells["loan"][1].text == "='Cash in out'!S10"


def test_only_functions_that_every_spreadsheet_has(tmp_path: Path) -> None:
    path = save(tmp_path / "x.xlsx", every_node(), ALL_PAGES, checks=["cash"])
    used = set()
    for leaf in openpyxl.load_workbook(path).worksheets:
        for row in leaf.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert isinstance(cell.value, str), "no array formulas"
                    used |= set(re.findall(r"([A-Z.]+)\(", re.sub(r"'[^']*'", "", cell.value)))
    assert used == FUNCTIONS


def test_formulas_read_like_those_of_a_person(tmp_path: Path) -> None:
    sheet = Sheet(3)
    price = sheet.term("rack_price[vr-nvl72]", 4e6, "USD/rack", "price")
    racks = sheet.given("racks", [1.0, 2.0, 3.0], "rack", "racks")
    value = sheet.line("value", racks * price * (1.0 + price) - racks / 12.0, "value")
    sheet.line("interest", -(value.past() * (1 / 12)) + value.to_date(), "interest")
    cells = months_as_written(
        save(tmp_path / "x.xlsx", sheet, [page("P", "value", "interest")]), sheet
    )
    assert cells["value"][0].text == (
        "=ROUND('Quantities'!F6*rack_price_vr_nvl72*(1+rack_price_vr_nvl72)-'Quantities'!F6/12,2)"
    )
    assert cells["interest"][0].text == "=ROUND(-(E7*(1/12))+ROUND(SUM($D7:F7),2),2)"


def test_cached_values_inputs_and_sums_are_exact(tmp_path: Path) -> None:
    sheet = every_node(20)
    sheet.given("odd", np.full(20, 0.1 + 0.2), "1", "odd")
    figures = read(save(tmp_path / "x.xlsx", sheet, ALL_PAGES, cached=True))
    found, computed = months_of(figures, labels(20)), evaluate(sheet)
    for name, line in sheet.lines.items():
        for _, months in found.get(name) or found[name[:1].upper() + name[1:]]:
            assert months == computed[name].tolist(), (name, line)
    assert found["Odd"][0][1][0] == 0.1 + 0.2
    assert figures["Assumptions"]["B8"] == 1 / 3
    cash = figures["Cash in out"]
    # A flow: total, then 2026 to 2028; what does not flow shows the last month of each year.
    parts = (computed["tax"], computed["tax"][:6], computed["tax"][6:18], computed["tax"][18:])
    assert [cash[f"{c}9"] for c in "CDEF"] == pytest.approx([part.sum() for part in parts])
    assert [cash[f"{c}14"] for c in "CDEF"] == [None, *computed["interest"][[5, 17, 19]].tolist()]


def test_equal_input_gives_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = save(tmp_path / "one.xlsx", every_node(), ALL_PAGES).read_bytes()
    later = time.time() + 86_400 * 400
    monkeypatch.setattr(time, "time", lambda: later)
    two = save(tmp_path / "two.xlsx", every_node(), ALL_PAGES).read_bytes()
    assert one == two
    assert save(tmp_path / "three.xlsx", every_node(), ALL_PAGES, title="Other").read_bytes() != one


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "x.xlsx", every_node())
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        save(path, every_node(), title="Other")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x.xlsx"]


def test_a_missing_writer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="workbook needs the extra 'report'"):
        save(tmp_path / "x.xlsx", every_node())


def _unfinite(sheet: Sheet) -> None:
    sheet.terms["floor"] = replace(sheet.terms["floor"], value=float("inf"))


def _draws(sheet: Sheet) -> None:
    sheet.terms["floor"] = replace(sheet.terms["floor"], value=np.ones(3))


def _too_long(sheet: Sheet) -> None:
    sheet.line("endless", sum_of([sheet.row("sales")] * 900), "endless")


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_unfinite, "floor is not finite"),
        (_draws, r"floor has shape \(3,\)"),
        (_too_long, "longer than Excel opens: endless"),
        (lambda sheet: sheet.givens.pop("sales"), "no row sales"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, spoil: Callable[[Sheet], object], complaint: str
) -> None:
    sheet = every_node()
    values = evaluate(sheet) | {"endless": np.zeros(14)}
    spoil(sheet)
    with pytest.raises(ValueError, match=complaint):
        write_workbook(tmp_path / "x.xlsx", sheet, values, (), title="", months=labels(14))
    assert not list(tmp_path.iterdir())


def test_pages_and_values_must_fit(tmp_path: Path) -> None:
    sheet = every_node()
    with pytest.raises(ValueError, match="'nothing', which is no line"):
        save(tmp_path / "x.xlsx", sheet, [page("P", "nothing")])
    with pytest.raises(ValueError, match="13 labels for 14 months"):
        save(tmp_path / "x.xlsx", sheet, months=labels(13))
    with pytest.raises(ValueError, match="number was not computed"):
        write_workbook(tmp_path / "x.xlsx", sheet, {}, (), title="", months=labels(14))


# --- what users write ---------------------------------------------------------------------------

HOSTILE = (
    "=1+1",
    "@cmd|' /C calc'!A0",
    "+HYPERLINK(\"http://x\")",
    "-2+3",
    "x" * 40_000,
    "千兆瓦 ünïcode 🔌 \u202e",
    "a\x00b\x1f\x7f\ud800\ufffe",
    "<r><t>rich</t></r>",
    "<r>&broken",
    "_x0041_",
    "'quoted'",
    "SORT(A1)",
    "&D&P [1]:*?/\\",
    "",
    "History",
    "cover",
    "Assumptions",
)  # fmt: skip


@pytest.mark.office
def test_hostile_text_stays_text(office: Office, tmp_path: Path) -> None:
    sheet = Sheet(2)
    for at, text in enumerate(HOSTILE):
        term = sheet.term(f"{text[:300]}t{at}", float(at), text, text, path=text)
        given_ = sheet.given(f"{text}g{at}", [1.0, 2.0], text, text, path=text)
        sheet.line(f"{text}a{at}", term * given_, text, text)
        sheet.line(f"{text}b{at}", sheet.row(f"{text}a{at}") * 2.0, text)
    pages = [
        Page(
            text,
            (Section(text, (Shown(f"{text}a{at}", text), Shown(f"{HOSTILE[0]}a0", text, True))),),
        )
        for at, text in enumerate(HOSTILE)
    ] * 2
    notes = {name: HOSTILE[at % len(HOSTILE)] for at, name in enumerate(sheet.terms)}
    months = ["=1+1", HOSTILE[4]]
    checks = [f"{text}b{at}" for at, text in enumerate(HOSTILE)]
    for at, title in enumerate(HOSTILE[::6]):
        path = save(
            tmp_path / f"{at}.xlsx",
            sheet,
            pages,
            title=title,
            notes=notes,
            months=months,
            checks=checks,
        )
    with zipfile.ZipFile(path) as parts:
        for part in parts.namelist():
            ElementTree.fromstring(parts.read(part))
    book = openpyxl.load_workbook(path)
    for leaf in book.worksheets:
        assert len(leaf.title) <= 31
        for row in leaf.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    plain = re.sub(r"'([^']|'')*'!", "", cell.value)
                    assert re.fullmatch(r"=[\w$:(),.*+<>=-]+", plain), plain
                    assert set(re.findall(r"(\w+)\(", plain)) <= FUNCTIONS
    values = [
        v for leaf in book.worksheets for row in leaf.iter_rows(values_only=True) for v in row
    ]
    assert "=1+1" in values
    assert all(cell.data_type == "s" for cell in book["Assumptions"]["A"][5:])
    assert len({leaf.title.casefold() for leaf in book.worksheets}) == len(book.worksheets) == 38
    (figures,) = office.recalculate(path)
    assert not [v for cells in figures.values() for v in cells.values() if str(v).startswith("#")]
    shown = [
        [v for v in cells.values() if isinstance(v, float | int)] for cells in figures.values()
    ]
    assert shown[-1], "the workings are numbers"
    assert figures["Workings"]["E6"] is not None


@given(st.lists(st.text(max_size=300), unique=True, max_size=12))
def test_names_are_legal_and_unique(texts: list[str]) -> None:
    names = term_names(texts)
    assert list(names) == texts
    assert len({name.upper() for name in names.values()}) == len(texts)
    for name in names.values():
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
        assert len(name) <= LONGEST_NAME
        assert not re.fullmatch(r"[A-Za-z]{1,3}\d+|[Rr]\d*([Cc]\d*)?|[Cc]\d*", name)
    titles = sheet_names(texts, ["Cover"])
    assert len({title.casefold() for title in [*titles, "Cover"]}) == len(texts) + 1
    for title in titles:
        assert 0 < len(title.encode("utf-16-le")) // 2 <= 31
        assert not re.search(r"[\[\]:*?/\\]|^'|'$", title)
        assert title == title.strip()
    for text in texts:
        cleaned = clean(text, 50)
        assert len(cleaned) <= 50
        assert not re.search("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]", cleaned)
