"""What all tests share: Hypothesis profiles, plans of the shipped scenarios, small scenarios."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

import gigawatt as gw
import scenarios as scenario_builders
from gigawatt.scenario import shipped_scenarios

settings.register_profile("ci", max_examples=60, deadline=None, derandomize=False)
settings.register_profile("soak", max_examples=2000, deadline=None, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


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
