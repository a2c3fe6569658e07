"""`gigawatt goodput` from the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from gigawatt.app.cli import app
from gigawatt.core.errors import GigawattError


def command(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["goodput", *arguments])
    return answer.exit_code, answer.output


def test_json_holds_what_is_promised() -> None:
    code, text = command("llama31-405b", "--on", "h100-sxm:16384", "--json", "--simulate")
    assert code == 0
    found = json.loads(text)
    assert found["goodput"] + sum(found["losses"].values()) == pytest.approx(1.0)
    assert found["mtbf_hours"] == pytest.approx(3.093, rel=1e-3)
    assert found["checkpoint_interval_s"] > 10.0
    assert found["levers"][0]["points"] >= found["levers"][-1]["points"]
    assert found["simulated"]["kept"] == pytest.approx(found["simulated"]["closed_form"], abs=0.01)


def test_the_table() -> None:
    code, text = command("deepseek-v3", "--on", "vr-nvl72:100000", "--storage-bandwidth", "10 TB/s",
                         "--interval", "5min", "--spares", "2%", "--policy", "restart")  # fmt: skip
    assert code == 0
    assert "restarting from checkpoints" in text
    assert "memory every 5 min" in text
    assert "dropping replicas and going on" in text
    assert "carried over: failure rates are those of Hopper" in text


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--on", "h100-sxm:0"), "E213"),
        (("--on", "h100:8"), "E402"),
        (("--on", "feynman:8"), "E701"),
        (("--on", "h100-sxm:8", "--spares", "100%"), "E213"),
        (("--on", "h100-sxm:8", "--interval", "0s"), "E213"),
        (("--on", "h100-sxm:8", "--storage-bandwidth", "2"), "E210"),
        (("--on", "h100-sxm:8", "--tiers", "tape"), "E203"),
        (("--on", "h100-sxm:8", "--simulate", "--days", "0"), "E213"),
    ],
)
def test_bad_input_is_refused(arguments: tuple[str, ...], code: str) -> None:
    error = CliRunner().invoke(app, ["goodput", "llama31-8b", *arguments]).exception
    assert isinstance(error, GigawattError)
    assert error.problems[0].code == code
