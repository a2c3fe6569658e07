"""`gigawatt claim` from the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from gigawatt.app.cli import app
from gigawatt.core.errors import GigawattError


def test_the_table_and_json() -> None:
    arguments = ["claim", "plain-rack-fp8", "--serve", "llama31-70b", "--tpot", "30ms"]
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 0
    assert "per package" in answer.output
    assert "serving: llama31-70b, 30 ms a token" in answer.output
    found = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    (serving,) = [row for row in found["rows"] if row["kind"] == "serving"]
    assert serving["ratio"]["rack"] > 1.0
    assert serving["band"]["low"] < 1.0 < serving["band"]["high"]
    assert not [row for row in found["rows"] if row["kind"] == "training"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("twice-as-fast",), "E402"),
        (("h100-sxm/",), "E203"),
        (("plain-rack-fp8", "--train", "llama"), "E402"),
        (("plain-rack-fp8", "--precision", "fp6"), "E203"),
        (("plain-rack-fp8", "--tpot", "soon"), "E216"),
    ],
)
def test_bad_input_is_refused(arguments: tuple[str, ...], code: str) -> None:
    error = CliRunner().invoke(app, ["claim", *arguments]).exception
    assert isinstance(error, GigawattError)
    assert error.problems[0].code == code
