"""`gigawatt report`: what it writes where, what it refuses, and that nothing is half-written."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gigawatt as gw
from gigawatt.core.errors import Problem, RunFailedError

Command = Callable[..., Any]
FILES = {"--html": "report.html", "--pdf": "report.pdf", "--xlsx": "books.xlsx"}
STARTS = {"report.html": b"<!doctype html>", "report.pdf": b"%PDF-", "books.xlsx": b"PK"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder without reports, seen from the folder that commands run in."""
    gw.save_run(gw.plan(gw.load("one-campus")), tmp_path / "run")
    return Path("run")


def names(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_all_formats_appear_in_the_run_folder(command: Command, run: Path, tmp_path: Path) -> None:
    before = names(tmp_path)
    answer = command("report", run, *FILES)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [f"written: run/{file}" for file in FILES.values()]
    for file, start in STARTS.items():
        assert (tmp_path / run / file).read_bytes().startswith(start)
    assert names(tmp_path) == sorted([*before, *(f"run/{file}" for file in FILES.values())])


def test_without_a_format_it_is_the_page_and_an_old_one_is_replaced(
    command: Command, run: Path, tmp_path: Path
) -> None:
    page = tmp_path / run / "report.html"
    page.write_text("old")
    answer = command("report", run)
    assert (answer.code, answer.out) == (0, "written: run/report.html\n")
    assert "run run<" in page.read_text(encoding="utf-8")
    assert not (tmp_path / run / "report.pdf").exists()


def test_a_scenario_is_planned_into_a_new_run_folder(command: Command, tmp_path: Path) -> None:
    answer = command("report", "one-campus", "--pdf")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "run: runs/0001\nwritten: runs/0001/report.pdf\n"
    assert gw.load_run(tmp_path / "runs/0001").scenario.name
    assert not (tmp_path / "runs/0001/report.html").exists()


@pytest.mark.parametrize(
    ("out", "start"), [("deal.pdf", b"%PDF-"), ("deal.htm", b"<!doctype"), ("deal.XLSX", b"PK")]
)
def test_the_name_of_a_file_says_its_format(
    command: Command, run: Path, tmp_path: Path, out: str, start: bytes
) -> None:
    before = names(tmp_path / run)
    assert command("report", run, "--out", out).code == 0
    assert (tmp_path / out).read_bytes().startswith(start)
    assert names(tmp_path / run) == before


def test_a_folder_is_made_for_several_formats(command: Command, run: Path, tmp_path: Path) -> None:
    assert command("report", run, "--pdf", "--html", "--out", "for/them").code == 0
    assert names(tmp_path / "for") == ["them/report.html", "them/report.pdf"]


def test_what_is_there_is_replaced_by_force_alone(
    command: Command, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.pdf").write_text("mine")
    answer = command("report", run, "--out", "mine.pdf")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("E114 --out\n  mine.pdf already exists.")
    assert (tmp_path / "mine.pdf").read_text() == "mine"
    assert command("report", run, "--out", "mine.pdf", "--force").code == 0
    assert (tmp_path / "mine.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere",), "E101"),
        (("run", "--pdf", "--out", "page.html"), "E203"),
        (("run", "--pdf", "--html", "--out", "page.html"), "E203"),
        (("run", "--out", "run/run.json/page.html"), "E502"),
        (("run", "--pdf", "--out", "x" * 300 + ".pdf"), "E502"),
        (("run", "--set", "nonsense"), "E109"),
    ],
)
def test_bad_input_is_coded_and_writes_nothing(
    command: Command, run: Path, tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    before = names(tmp_path)
    answer = command("report", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(code)
    assert names(tmp_path) == before


def test_a_damaged_run_folder_is_refused(command: Command, run: Path, tmp_path: Path) -> None:
    (tmp_path / run / "books.json").unlink()
    answer = command("report", run)
    assert answer.code == 2
    assert answer.err.startswith("E504")
    assert not (tmp_path / run / "report.html").exists()


@pytest.mark.parametrize(
    ("option", "missing"),
    [("--html", "jinja2"), ("--html", "plotly"), ("--pdf", "typst"), ("--xlsx", "xlsxwriter")],
)
def test_a_missing_extra_is_named_before_anything_is_planned(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, missing: str
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else find_spec(name)
    )
    answer = command("report", "one-campus", option)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("E601")
    assert "gigawatt[report]" in answer.err
    assert names(tmp_path) == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), None])
def test_when_one_format_fails_none_is_written(
    command: Command,
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: OSError | None,
) -> None:
    def fail(*_: Any, **__: Any) -> bytes:
        raise error or RunFailedError(Problem("E503", "The PDF report could not be set.", ""))

    (tmp_path / run / "report.html").write_text("old")
    monkeypatch.setattr("gigawatt.report.pdf.pdf_report", fail)
    before = names(tmp_path)
    answer = command("report", run, "--html", "--pdf")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("E503")
    assert (tmp_path / run / "report.html").read_text() == "old"
    assert command("report", run, "--html", "--pdf", "--out", "new/folder").code == 1
    assert names(tmp_path) == before
    assert not (tmp_path / "new").exists()


def test_books_that_no_workbook_holds_are_a_failed_run(
    command: Command, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("a formula is longer than a spreadsheet opens")

    monkeypatch.setattr("gigawatt.report.plan_workbook.plan_workbook", fail)
    answer = command("report", run, "--xlsx")
    assert answer.code == 1
    assert answer.err.startswith("E503")
    assert "longer than a spreadsheet opens" in answer.err


def test_help_has_examples(command: Command) -> None:
    answer = command("report", "--help")
    assert answer.code == 0
    assert "gigawatt report runs/0001 --pdf --xlsx" in answer.out
