"""`gigawatt infer` and `gigawatt validate serving` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gigawatt.app.cli import app
from gigawatt.catalog.run_table import MEASURED
from gigawatt.core.errors import GigawattError


def command(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, arguments)
    return answer.exit_code, answer.output


def test_json_holds_what_is_promised() -> None:
    code, text = command("infer", "deepseek-v3", "--on", "gb300-nvl72:72", "--isl", "4k", "--osl",
                         "1k", "--ttft", "2s", "--tpot", "30ms", "--json")  # fmt: skip
    assert code == 0
    answer = json.loads(text)
    first = answer["best"][0]
    assert first["tpot_s"] <= 0.03
    assert first["error_band"]["low"] < first["tokens_per_s_per_gpu"] < first["error_band"]["high"]
    assert first["tokens_per_s_per_user"] == pytest.approx(1.0 / first["tpot_s"])
    assert first["tokens_per_s"] == pytest.approx(
        first["tokens_per_s_per_gpu"] * first["accelerators_per_unit"] * first["units"]
    )
    for name in ("tokens_per_s_per_mw", "mwh_per_mtoken", "usd_per_mtoken"):
        assert first[name] > 0.0
    assert answer["search"]["evaluated"] > 1000
    assert len(answer["front"]) > 20


def test_the_table_and_the_front(tmp_path: Path) -> None:
    chart = tmp_path / "front.html"
    code, text = command(
        "infer", "gpt-oss-120b", "--on", "b200-hgx:8", "--front", "--plot", str(chart)
    )
    assert code == 0
    assert "mxfp4" in text
    assert "tokens/s for a user" in text
    assert "Throughput against interactivity" in chart.read_text()


def test_nothing_within_the_limits_is_exit_code_1() -> None:
    code, text = command("infer", "llama31-405b", "--on", "h100-sxm:8", "--tpot", "1ms")
    assert code == 1
    assert "times the limit of 1 ms" in text


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--on", "h100-sxm"), "E203"),
        (("--on", "h100-sxm:0"), "E213"),
        (("--on", "h100-sxm:8", "--tpot", "30"), "E210"),
        (("--on", "h100-sxm:8", "--tpot", "0ms"), "E213"),
        (("--on", "h100-sxm:8", "--ttft", "2 kg"), "E214"),
        (("--on", "h100-sxm:8", "--isl", "many"), "E216"),
        (("--on", "h100-sxm:8", "--top", "0"), "E213"),
        (("--on", "a100-80gb-sxm:8", "--precision", "fp8"), "E702"),
        (("--on", "h100-sxm:8", "--price", "1e300 USD/gpu/hour"), "E213"),
        (("--on", "h100-sxm:8", "--energy-price", "1e300 USD/MWh"), "E213"),
        (("--on", "h100-sxm:8", "--plot", "x.png"), "E203"),
        (("--on", "h100-sxm:8", "--folder", "no-such-folder"), "E113"),
    ],
)
def test_bad_input_is_refused(arguments: tuple[str, ...], code: str) -> None:
    error = CliRunner().invoke(app, ["infer", "llama31-8b", *arguments]).exception
    assert isinstance(error, GigawattError)
    assert error.problems[0].code == code
    assert error.exit_code == 2


@pytest.mark.parametrize(
    "limits", [("--tpot", "10us"), ("--reused", "99.9%"), ("--tpot", "1 hour")]
)
def test_the_ends_of_what_is_allowed_are_allowed(limits: tuple[str, ...]) -> None:
    code, text = command("infer", "llama31-8b", "--on", "h100-sxm:8", *limits)
    assert code in (0, 1)
    assert "Llama 3.1 8B on 8" in text


def test_counts_in_messages_are_told_apart() -> None:
    answer = CliRunner().invoke(app, ["infer", "llama31-8b", "--on", "h100-sxm:100000001"])
    assert "--on is 100,000,001; accelerators may be 1 to 100,000,000." in str(answer.exception)


def test_validate_serving(tmp_path: Path) -> None:
    lines = (MEASURED / "serving_runs.csv").read_text().splitlines()
    file = tmp_path / "some.csv"
    file.write_text("\n".join([lines[0], *lines[200:260], *lines[1000:1100]]))
    code, text = command("validate", "serving", "--data", str(file), "--json", "--rows")
    assert code == 0
    found = json.loads(text)
    for line in (found["overall"], found["tpot"], *found["mode"].values()):
        assert set(line) == {"rows", "groups", "median", "p90", "mape", "bias"}
    assert len(found["rows"]) + len(found["skipped"]) == 160
    code, text = command("validate", "serving", "--data", str(file))
    assert code == 0
    assert "time of an output token" in text
