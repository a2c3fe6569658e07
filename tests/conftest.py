"""What all tests share: Hypothesis profiles, plans of the shipped scenarios, small scenarios."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

import gigawatt as gw
import scenarios as scenario_builders
from gigawatt.scenario import shipped_scenarios

# The same examples in every run of `make test`, so that green stays green; `make soak` searches anew.
settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("soak", max_examples=2000, deadline=None, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session", autouse=True)
def curves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of throughput curves for the session, so that the user's own is left alone."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIGAWATT_CACHE_DIR", str(folder))
        yield folder / "curves"


@pytest.fixture(scope="session")
def scenarios() -> ModuleType:
    """Builders of scenarios as plain data."""
    return scenario_builders


@pytest.fixture(scope="session")
def shipped_plans() -> dict[str, gw.Plan]:
    """The plan of every shipped scenario, by name; do not change them."""
    return {name: gw.plan(gw.load(name)) for name in shipped_scenarios()}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes text or bytes to a file of a fresh folder and returns its path."""

    def to_file(content: str | bytes, name: str = "deal.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


class Answer(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Runs `gigawatt …` in this process, from an empty folder."""
    from gigawatt.app import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)

    def run(*arguments: object) -> Answer:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["gigawatt", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        code = leaving.value.code
        return Answer(code if isinstance(code, int) else 0, *capfd.readouterr())

    return run


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `gigawatt …` as a process of its own, from an empty folder."""

    def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gigawatt", *map(str, arguments)],
            **{
                "cwd": tmp_path,
                "capture_output": True,
                "text": True,
                "check": False,
                "timeout": 120,
                **options,
            },
        )

    return run
