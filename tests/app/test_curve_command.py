"""`gigawatt curve`: throughput against the number of accelerators."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from gigawatt.app.cli import app
from gigawatt.core.errors import InputError


def command(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["curve", *arguments])
    return answer.exit_code, answer.output


def test_throughput_never_falls_and_an_accelerator_gives_less_and_less() -> None:
    code, text = command("llama31-8b", "--on", "h100-sxm", "--batch-tokens", "4M", "--json")
    points = json.loads(text)["points"]
    assert code == 0
    rates = [point["tokens_per_s"] for point in points]
    assert rates == sorted(rates)
    assert points[-1]["count"] > 4_000_000
    assert points[-1]["mfu"] < 0.1 * points[0]["mfu"]
    assert all(p["error_band"]["low"] < p["tokens_per_s"] < p["error_band"]["high"] for p in points)
    code, text = command("llama31-8b", "--on", "h100-sxm", "--batch-tokens", "4M")
    assert code == 0
    assert text.splitlines()[0].startswith("h100-sxm, fp8, sequences of 8,192")
    assert len(text.splitlines()) == len(points) + 2


def test_counts_that_do_not_hold_the_model_are_named() -> None:
    code, text = command("llama31-405b", "--on", "h100-sxm", "--batch-tokens", "4M")
    assert code == 0
    assert "does not fit" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("llama31-8b", "--on", "h100"),
        ("llama31-8b", "--on", "rubin-ultra"),
        ("llama", "--on", "h100-sxm"),
        ("llama31-8b", "--on", "h100-sxm", "--precision", "nvfp4"),
        ("llama31-8b", "--on", "h100-sxm", "--seq", "0"),
        ("llama31-8b", "--on", "h100-sxm", "--tokens", "-1T"),
        ("llama31-8b", "--on", "h100-sxm", "--tokens", "1"),
        ("llama31-8b", "--on", "h100-sxm", "--tokens", "1e30"),
        ("llama31-8b", "--on", "h100-sxm", "--seq", "1e30"),
        ("llama31-8b", "--on", "h100-sxm", "--batch-tokens", "1"),
        ("llama31-8b", "--on", "h100-sxm", "--batch-tokens", "1e18"),
        ("llama31-8b", "--on", "h100-sxm", "--batch-tokens", "1e30"),
    ],
)
def test_bad_input_is_refused(arguments: tuple[str, ...]) -> None:
    error = CliRunner().invoke(app, ["curve", *arguments]).exception
    assert isinstance(error, InputError)
    assert error.problems[0].code.startswith("E")
