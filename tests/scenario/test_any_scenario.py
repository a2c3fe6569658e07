"""Whatever a scenario says, it is planned or refused: no traceback, no defect of the program.

A rich scenario is changed in a few places, by values of the right kind and any size and by values of
the wrong kind. `InputError` is the only way out besides a plan; a `ConservationError` would blame the
program, and any other exception would be a traceback on somebody's screen.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gigawatt as gw
import scenarios
from gigawatt.app.words import headline
from gigawatt.core.yamltree import Tree
from gigawatt.scenario import Scenario

BASE = scenarios.rich()
BASE["deployment"] = {"policy": "newest", "refresh": True}
DEPLOYMENTS = [
    BASE["deployment"],
    {"policy": "fixed", "mix": {"gb300-nvl72": "50 %", "rubin": "40 %"}, "refresh": False},
    {
        "policy": "explicit",
        "blocks": {
            "one": {
                "site": "plain",
                "system": "gb300-nvl72",
                "month": "2027-04",
                "racks": "90 racks",
            },
            "two": {"site": "hill", "system": "rubin", "month": "2028-04", "racks": "50 racks"},
        },
    },
]
NUMBERS = ["0", "1e-300", "1e-12", "1e-6", "0.001", "0.5", "1", "1.5", "2", "12", "99", "1000", "12345",
           "1e6", "1e9", "1e12", "1e15", "1e24", "1e100", "1e300", "-1", "nan", "inf"]  # fmt: skip
MONTHS = ["1990-01", "2020-06", "2026-12", "2027-01", "2027-02", "2028-06", "2030-12", "2031-01",
          "2200-12"]  # fmt: skip
WORDS = [None, True, 0, 1, 600, "", "it", "grid", "fp4", "rubin", "plain", "h100-sxm", "feynman", [], {},
         ["plain"], {"low": "1 MW", "mode": "2 MW", "high": "3 MW"}, float("nan"), 2**70]  # fmt: skip


def leaves(data: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*keys, key))
    elif keys[0] not in {"schema", "name", "evidence", "overrides"}:
        yield keys


PATHS = sorted(leaves(BASE))


@st.composite
def odd_scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """The rich scenario with one to four values changed."""
    data = copy.deepcopy(BASE)
    data["deployment"] = copy.deepcopy(draw(st.sampled_from(DEPLOYMENTS)))
    for keys in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4, unique=True)):
        at: Any = data
        for key in keys[:-1]:
            at = at.get(key) if isinstance(at, dict) else None
        if not isinstance(at, dict) or keys[-1] not in at:
            continue
        written = str(at[keys[-1]])
        unit = re.fullmatch(r"[\d.]+( .*)?", written)
        if re.fullmatch(r"\d{4}-\d{2}", written):
            new: Any = draw(st.sampled_from(MONTHS))
        elif unit:
            new = draw(st.sampled_from(NUMBERS)) + (unit[1] or "")
        else:
            new = draw(st.sampled_from(WORDS))
        if re.fullmatch(r"\d{4}-\d{2}", keys[-1]) and draw(st.booleans()):
            at[draw(st.sampled_from(MONTHS))] = at.pop(keys[-1])
        else:
            at[keys[-1]] = draw(st.sampled_from([new, new, new, draw(st.sampled_from(WORDS))]))
    return data


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(odd_scenarios())
def test_it_is_planned_or_refused(data: dict[str, Any]) -> None:
    try:
        plan = gw.plan(Scenario.from_tree(Tree(data), Path("nowhere")))
    except gw.errors.InputError:
        return
    summary = plan.summary()
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert list(headline(summary))
    assert gw.compare(plan, plan).outcomes == []
