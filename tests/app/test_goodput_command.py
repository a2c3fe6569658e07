"""`gigawatt goodput` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gigawatt.app.cli import app
from gigawatt.core.errors import GigawattError

LLAMA = ("llama31-405b", "--on", "h100-sxm:16384")


def answered(*arguments: str) -> str:
    answer = CliRunner().invoke(app, ["goodput", *arguments])
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_json_holds_what_is_promised() -> None:
    answer = json.loads(answered(*LLAMA, "--json"))
    assert 0.9 < answer["goodput"] < 1.0
    assert answer["mtbf_hours"] == pytest.approx(3.09, abs=0.03)
    assert answer["checkpoint_interval_s"] == answer["checkpoint_intervals_s"]["memory"] > 0.0
    assert answer["goodput"] + sum(answer["losses"].values()) == pytest.approx(1.0)
    assert {"checkpoint", "rework", "detect", "restart", "reinit", "reload", "repair", "spares",
            "stragglers", "planned"} <= set(answer["losses"])  # fmt: skip
    assert answer["range"]["low"] < answer["goodput"] < answer["range"]["high"]
    assert answer["evidence"]["growth"]["source"].startswith("Fault-tolerant HSDP")
    assert "simulated" not in answer


def test_the_table_shows_time_interval_and_levers() -> None:
    text = answered(*LLAMA)
    lines = text.splitlines()
    assert lines[0] == "Llama 3.1 405B on 16,384 × h100-sxm"
    assert "interrupted every   3.1 h" in text
    assert "checkpoint every    memory of peers" in text
    levers = lines[lines.index(next(line for line in lines if "what would help" in line)) + 1 :]
    assert levers[0].startswith("going on without a replica that fails")
    assert "Assumed for want of a source" in text


def test_options_reach_the_model() -> None:
    base = json.loads(answered(*LLAMA, "--json"))
    elastic = json.loads(answered(*LLAMA, "--elastic", "--replica", "256", "--json"))
    assert elastic["elastic"]
    assert elastic["goodput"] > base["goodput"]
    given = json.loads(
        answered(
            *LLAMA, "--tiers", "local, shared", "--interval", "10min", "--spares", "2%", "--json"
        )
    )
    assert list(given["checkpoint_intervals_s"]) == ["local", "shared"]
    assert given["checkpoint_interval_s"] == 600.0
    assert given["spares"] == pytest.approx(0.02, abs=0.001)
    slow = json.loads(
        answered(*LLAMA, "--tiers", "shared", "--storage-bandwidth", "20 GB/s", "--json")
    )
    fast = json.loads(
        answered(*LLAMA, "--tiers", "shared", "--storage-bandwidth", "2TB/s", "--json")
    )
    assert slow["goodput"] < fast["goodput"]
    assert slow["checkpoint_interval_s"] >= slow["checkpoint_bytes"] / 20e9


def test_a_played_year_is_shown_and_is_the_same_again() -> None:
    options = ("--simulate", "--seed", "3", "--days", "200")
    played = json.loads(answered(*LLAMA, *options, "--json"))["simulated"]
    assert played["goodput"] == pytest.approx(
        json.loads(answered(*LLAMA, "--json"))["goodput"], abs=0.01
    )
    assert played["days"] == pytest.approx(200.0, abs=0.1)
    assert played == json.loads(answered(*LLAMA, *options, "--json"))["simulated"]
    assert f"with {played['failures']:,} interruptions (seed 3)" in answered(*LLAMA, *options)


def test_charts_are_one_page(tmp_path: Path) -> None:
    chart = tmp_path / "goodput.html"
    text = answered(*LLAMA, "--plot", str(chart))
    assert text.rstrip().endswith(f"charts: {chart}")
    page = chart.read_text(encoding="utf-8")
    for words in ("Where the time goes", "Goodput by the number of accelerators", "drop replicas"):
        assert words in page


def test_a_model_that_the_accelerators_do_not_hold_is_told() -> None:
    assert "8 accelerators hold no replica of this model" in answered(
        LLAMA[0], "--on", "h100-sxm:8"
    )
    assert "hold no replica" not in answered(*LLAMA)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--on", "h100-sxm"), "E203"),
        (("--on", "h100-sxm:0"), "E213"),
        (("--on", "h100-sxm:-8"), "E213"),
        (("--on", "h100-sxm:99999999999"), "E213"),
        (("--on", "h1000:8"), "E402"),
        (("--on", "feynman:8"), "E701"),
        ((*LLAMA[1:], "--tiers", "tape,shared"), "E203"),
        ((*LLAMA[1:], "--tiers", "memory,local"), "E706"),
        ((*LLAMA[1:], "--interval", "0 s"), "E213"),
        ((*LLAMA[1:], "--interval", "10"), "E210"),
        ((*LLAMA[1:], "--spares", "100%"), "E213"),
        ((*LLAMA[1:], "--spares", "-1%"), "E213"),
        ((*LLAMA[1:], "--spares", "some"), "E216"),
        ((*LLAMA[1:], "--storage-bandwidth", "0 TB/s"), "E213"),
        ((*LLAMA[1:], "--storage-bandwidth", "2 TB"), "E214"),
        ((*LLAMA[1:], "--storage-bandwidth", "1e-300 B/s"), "E213"),
        ((*LLAMA[1:], "--interval", "1e-9 s"), "E213"),
        ((*LLAMA[1:], "--replica", "0"), "E213"),
        ((*LLAMA[1:], "--replica", "16385"), "E213"),
        ((*LLAMA[1:], "--simulate", "--days", "0"), "E213"),
        ((*LLAMA[1:], "--simulate", "--seed", "-1"), "E213"),
        ((*LLAMA[1:], "--plot", "chart.png"), "E203"),
    ],
)
def test_bad_input_is_coded(arguments: tuple[str, ...], code: str) -> None:
    answer = CliRunner().invoke(app, ["goodput", "llama31-405b", *arguments])
    assert isinstance(answer.exception, GigawattError)
    assert answer.exception.exit_code == 2
    assert [problem.code for problem in answer.exception.problems] == [code]


def test_an_unknown_model_is_exit_code_2_and_leaves_no_chart(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    answer = command("goodput", "llama", "--on", "h100-sxm:8", "--plot", "chart.html")
    assert answer.code == 2
    assert answer.err.startswith("E402")
    assert answer.out == ""
    assert not list(tmp_path.glob("*.html"))


def test_a_model_that_cannot_be_trained_there_is_said_to_be() -> None:
    few = ("llama31-405b", "--on", "h100-sxm:8")
    assert json.loads(answered(*few, "--json"))["fits_training"] is False
    _, warning, *rest = answered(*few).splitlines()
    assert "cannot train this model" in warning
    assert "e-0" not in "".join(rest)
    assert "(a year: " in "".join(rest)
    assert json.loads(answered(*LLAMA, "--json"))["fits_training"] is True
    assert "cannot train" not in answered(*LLAMA)
