"""What a terminal of any width shows: folded lines, tables that fit, help in one manner."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

import gigawatt as gw
from gigawatt.app.cli import app
from gigawatt.app.folding import fold
from gigawatt.app.options import SHIPPED
from gigawatt.app.serving_tables import show_serving
from gigawatt.app.training_tables import show_answer
from gigawatt.core.amounts import digits
from gigawatt.scenario import shipped_scenarios

Command = Callable[..., Any]


@given(st.lists(st.text("abc=,", min_size=1, max_size=30), min_size=1), st.integers(20, 160))
def test_folding_loses_nothing_and_fits_what_can_be_broken(words: list[str], width: int) -> None:
    line = "  label   " + " ".join(words)
    parts = list(fold(line, width))
    assert "".join("".join(parts).split()) == "".join(line.split())
    longest = max(len(piece) for word in words for piece in re.findall(r"[^,]*,*", word))
    assert max(map(len, parts)) <= max(width, longest + width // 2 + 2)


def test_text_hangs_under_itself() -> None:
    first, *rest = fold("  what binds" + 21 * " " + "abilene: supply, then power; " * 4, 80)
    assert first.startswith("  what binds")
    assert rest
    assert all(line[:33].isspace() and line[33] != " " for line in rest)
    assert list(fold("short", 60)) == ["short"]


@given(st.floats(1e-12, 1e14), st.integers(2, 6))
def test_figures_have_no_exponent_and_keep_their_digits(number: float, significant: int) -> None:
    text = digits(number, significant)
    assert "e" not in text
    assert float(text.replace(",", "")) == pytest.approx(
        number, rel=0.51 * 10.0 ** (1 - significant)
    )
    assert digits(-number, significant) == f"-{text}"


def terminal(width: int) -> Console:
    return Console(width=width, file=io.StringIO(), highlight=False, force_terminal=True)


def plain(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue())


@pytest.mark.parametrize("width", [80, 120, 160])
def test_tables_of_training_fit_the_terminal(width: int) -> None:
    answer = gw.train("llama31-8b", "h100-sxm", 64, tokens=15e12, top=2, front=True)
    console = terminal(width)
    show_answer(answer, front=True, console=console)
    text = plain(console)
    assert max(map(len, text.splitlines())) <= width
    assert text.count(str(answer.best[0].strategy)) >= 2
    assert ("cost/run" in text) == (width >= 90)
    lines = text.splitlines()
    first = next(at for at, line in enumerate(lines) if line.lstrip().startswith("1 "))
    beside = str(answer.best[0].strategy) in lines[first]
    assert beside == (width >= 150)
    assert beside or lines[first + 1].strip().startswith(str(answer.best[0].strategy))


@pytest.mark.parametrize("width", [80, 120, 160])
def test_tables_of_serving_fit_the_terminal(width: int) -> None:
    answer = gw.infer("deepseek-v3", "gb300-nvl72", 72)
    console = terminal(width)
    show_serving(answer, front=True, console=console)
    text = plain(console)
    assert max(map(len, text.splitlines())) <= width
    assert ("$/Mtoken" in text) == (width >= 110)
    assert re.search(r"\d,\d{3}–\d,\d{3}", text)
    assert "e+0" not in text


def test_help_has_one_manner() -> None:
    commands = [["plan"], ["explain"], ["train"], ["catalog", "search"], ["calibrate", "kernels"]]
    for command in commands:
        text = CliRunner().invoke(app, [*command, "--help"]).output
        assert not re.search(r"[<{]\w", text), text
    assert (
        "catalog search [OPTIONS] WORD...\n"
        in CliRunner().invoke(app, ["catalog", "search", "-h"]).output
    )


def test_no_summary_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for group in ([], ["catalog"], ["validate"], ["calibrate"]):
        text = CliRunner().invoke(app, [*group, "--help"]).output
        assert "..." not in text.partition("Commands:")[2]


def test_help_is_as_wide_as_the_terminal(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    text = command("train", "--help").out
    assert 90 < max(map(len, text.splitlines())) <= 110


def test_help_names_the_shipped_scenarios() -> None:
    assert re.split(", | or ", SHIPPED) == sorted(shipped_scenarios())
    params = {p.name: p for p in typer.main.get_command(app).commands["plan"].params}  # type: ignore[attr-defined]
    assert SHIPPED in params["scenario"].help
