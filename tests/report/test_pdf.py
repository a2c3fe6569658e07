"""The PDF report: its words, the same bytes for the same plan, hostile names as text, wide tables cut."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gigawatt as gw
from gigawatt.core.errors import MissingExtraError
from gigawatt.report.paper import MOST_COLUMNS, cut, ticks
from gigawatt.report.pdf import TEMPLATE, pdf_report
from gigawatt.report.table import Column, Table, columns, rows

# what Typst would obey if it were read as markup: code, an import, a file, math, a label, a heading
HOSTILE = '#panic("x") #import "@preview/x:1.0.0" #read("/etc/passwd") $ x ^ 2 $ <a> *b* _c_ \\ `d` = e {{ }} "'
SMALL: dict[str, Any] = {
    "schema": 1,
    "name": HOSTILE,
    "description": HOSTILE,
    "horizon": {"start": "2027-01", "months": 14},
    "sites": {"a": {"name": HOSTILE, "basis": "facility", "power": {"2027-02": "5 MW"}}},
    "hardware": {"gb300-nvl72": {"price": "4 MUSD/rack"}},
    "partners": {
        "p": {"name": HOSTILE, "capacity": {"2027-01": "1 GW"}, "basis": "it", "commitment": "1 GUSD"},
    },
    "evidence": {"sites.a": {"confidence": "assumed", "note": HOSTILE, "source": HOSTILE}},
}  # fmt: skip


def text_of(pdf: bytes, folder: Path) -> str:
    """Words of a PDF in reading order; a skip where no Poppler is."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    file = folder / "report.pdf"
    file.write_bytes(pdf)
    answer = subprocess.run(
        ["pdftotext", "-raw", str(file), "-"], capture_output=True, text=True, check=True
    )
    return " ".join(answer.stdout.split())


def squeezed(text: str) -> str:
    """Letters and signs without spaces and without hyphens, which lines break at."""
    return re.sub(r"[\s\-\u00ad\u2010]", "", text)


def test_it_holds_the_headline_figures(shipped_plans: dict[str, gw.Plan], tmp_path: Path) -> None:
    plan = shipped_plans["nvidia-openai-10gw"]
    made = pdf_report(plan, run_name="0007")
    assert made.startswith(b"%PDF-")
    assert len(made) < 1_000_000
    words = text_of(made, tmp_path)
    summary = plan.summary()
    buyer = summary["books"]["buyer"]
    (tenth,) = [g["month"] for g in summary["gigawatts"] if (g["gw"], g["basis"]) == (10, "it")]
    for phrase in (
        plan.scenario.name, "run 0007", tenth, buyer["peak_funding_month"], "Sources and uses by year",
        f"${summary['cost_usd'] / 1e9:.0f} B", f"${summary['books']['levelised']['usd_per_gpu_hour']:.2f}",
        "Books of each party", "What moves the need for funding most", "What this plan does not know",
        *(party.name for party in plan.books.books.parties.values()),
    ):  # fmt: skip
        assert phrase in words, phrase
    for assumption in summary["assumptions"]:
        assert squeezed(assumption["note"].rstrip(".")) in squeezed(words)


def test_the_same_plan_gives_the_same_file_also_from_its_run_folder(tmp_path: Path) -> None:
    plan = gw.plan(gw.load("one-campus"))
    made = pdf_report(plan, run_name="1")
    assert made == pdf_report(gw.plan(gw.load("one-campus")), run_name="1")
    assert made == pdf_report(gw.load_run(gw.save_run(plan, tmp_path / "run")), run_name="1")


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    plan = gw.plan(gw.Scenario.from_dict(SMALL))
    words = text_of(pdf_report(plan, run_name=HOSTILE), tmp_path)
    assert (
        squeezed(words).count(
            squeezed('#panic("x")#import"@preview/x:1.0.0"#read("/etc/passwd")$x^2$<a>*b*_c_')
        )
        >= 5
    )


def test_halves_of_characters_do_no_harm() -> None:
    plan = gw.plan(gw.load("one-campus"))
    assert pdf_report(plan, run_name="\ud800 千兆瓦 \u202e\x00").startswith(b"%PDF-")


def test_the_template_loads_nothing() -> None:
    assert not re.search(
        r"#import|#include|@preview|read\(|image\(|https?:", TEMPLATE.read_text(encoding="utf-8")
    )


def test_warnings_are_printed(tmp_path: Path) -> None:
    data = {**SMALL, "partners": {"p": {"capacity": {"2027-01": "1 GW"}, "basis": "it"}}}
    plan = gw.plan(gw.Scenario.from_dict(data))
    assert plan.warnings
    words = squeezed(text_of(pdf_report(plan), tmp_path))
    for warning in plan.warnings:
        assert squeezed(warning.message) in words


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        "gigawatt.report.pdf.find_spec", lambda name: None if name == "typst" else find_spec(name)
    )
    with pytest.raises(MissingExtraError, match=r"gigawatt\[report\]"):
        pdf_report(gw.plan(gw.load("one-campus")))


@given(st.integers(1, 60), st.booleans())
def test_wide_tables_are_cut_and_lose_nothing(count: int, total: bool) -> None:
    heads = [Column(str(at)) for at in range(count)]
    body = [[f"row {line}", *(f"{line}.{at}" for at in range(count))] for line in range(3)]
    table = Table(
        "t", "T", columns("year", *heads), rows(body), note="n", total=total, strong=frozenset({1})
    )
    parts = cut(table)
    for part in parts:
        assert len(part.columns) <= MOST_COLUMNS + 1
        assert part.columns[0] == table.columns[0]
        assert (part.total, part.strong) == (total, frozenset({1}))
    for line in range(3):
        shown = [cell.text for part in parts for cell in part.rows[line][1:]]
        assert shown == body[line][1:]
    assert [part.note for part in parts] == [""] * (len(parts) - 1) + ["n"]


@given(st.just(0.0) | st.floats(1e-6, 1e9), st.just(0.0) | st.floats(-1e9, -1e-6))
def test_ticks_span_both_ends_evenly(top: float, bottom: float) -> None:
    marks = ticks(bottom, top)
    assert 2 <= len(marks) <= 9
    assert 0.0 in marks
    assert marks[0] <= bottom + 1e-6 * (top - bottom)
    assert marks[-1] >= top - 1e-6 * (top - bottom)
