"""`gigawatt calibrate`: what cannot be used is refused before anything is fitted."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gigawatt.app.cli import app
from gigawatt.core.errors import InputError


@pytest.mark.parametrize("what", ["training", "kernels"])
@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--as-of", "foo", "E203"),
        ("--as-of", "2026-99", "E203"),
        ("--out", "full", "E501"),
        ("--out", "full/file", "E501"),
        ("--out", "full/file/below", "E502"),
    ],
)
def test_bad_input_is_refused_before_fitting(
    what: str, option: str, value: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    error = CliRunner().invoke(app, ["calibrate", what, option, value]).exception
    assert isinstance(error, InputError)
    assert error.problems[0].code == code
    assert [p.name for p in tmp_path.rglob("*")] == ["full", "file"]
