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


def test_a_claim_about_another_product_says_so_in_its_label() -> None:
    answer = CliRunner().invoke(app, ["claim", "seven-point-five-x", "--train", "llama31-8b"])
    assert "\nclaim: 7.5x (rack with CPX, another product) " in answer.output
    assert (
        "recomputes to 7.33, since the catalog's figures are 7.92 (with 144 Rubin CPX"
        in answer.output
    )
    assert "over 1.08 EFLOP/s per rack" in answer.output


def test_formats_may_be_named_as_in_training() -> None:
    said = [
        CliRunner().invoke(
            app, ["claim", "plain-rack-fp8", "--train", "llama31-8b", "--precision", p]
        )
        for p in ("fp8", "mxfp8")
    ]
    assert said[0].output == said[1].output
