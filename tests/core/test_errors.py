"""The one form of a complaint, exit codes, suggestions, and errors that cross processes."""

from __future__ import annotations

import copy
import pickle

import pytest

from gigawatt.core import errors
from gigawatt.core.errors import (
    CatalogError,
    ConservationError,
    GigawattError,
    InputError,
    MissingExtraError,
    Origin,
    Problem,
    RunFailedError,
    RunFolderError,
    ScenarioError,
    did_you_mean,
)

TREE = [
    GigawattError, InputError, ScenarioError, CatalogError, RunFolderError, MissingExtraError,
    RunFailedError, ConservationError,
]  # fmt: skip
PROBLEM = Problem(
    "E214", "843 GWh is energy.", "Write MW.", "sites.x.power", Origin("deal.yaml", 9)
)


def test_a_problem_reads_code_place_path_message_fix() -> None:
    assert str(PROBLEM) == (
        "E214 deal.yaml:9 sites.x.power\n"
        "  843 GWh is energy.\n"
        "  Write MW."
    )  # fmt: skip


def test_a_problem_leaves_out_what_it_does_not_know() -> None:
    assert str(Problem("E901", "one\ntwo")) == "E901\n  one\n  two"
    assert str(Problem("E101", "x", origin=Origin("f"))) == "E101 f\n  x"


@pytest.mark.parametrize(("code", "severity"), [("E101", "error"), ("W110", "warning")])
def test_severity_follows_the_code(code: str, severity: str) -> None:
    assert Problem(code, "x").severity == severity


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ScenarioError, 2),
        (CatalogError, 2),
        (RunFolderError, 2),
        (MissingExtraError, 2),
        (RunFailedError, 1),
        (ConservationError, 1),
    ],
)
def test_exit_codes(kind: type[GigawattError], code: int) -> None:
    assert kind(PROBLEM).exit_code == code
    assert issubclass(kind, InputError) is (code == 2)


def test_every_exception_of_the_module_is_under_test() -> None:
    kinds = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, GigawattError)
    }
    assert kinds == set(TREE)


@pytest.mark.parametrize("kind", TREE)
def test_errors_cross_processes_whole(kind: type[GigawattError]) -> None:
    error = kind([PROBLEM, Problem("E101", "other")])
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(again) is kind
        assert list(again.problems) == list(error.problems)
        assert str(again) == str(error)


def test_an_error_without_a_problem_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ScenarioError([])


def test_one_problem_many_problems_and_generators() -> None:
    assert ScenarioError(PROBLEM).problems == (PROBLEM,)
    assert ScenarioError(p for p in (PROBLEM, PROBLEM)).problems == (PROBLEM, PROBLEM)
    assert str(ScenarioError([PROBLEM, PROBLEM])) == f"{PROBLEM}\n{PROBLEM}"


def test_a_missing_extra_is_named_with_the_way_to_get_it() -> None:
    (problem,) = MissingExtraError.of("report", "The report").problems
    assert (problem.code, problem.fix) == (
        "E601",
        "Install it: pip install 'gigawatt[report]'; in a clone: .venv/bin/pip install -e '.[report]'",
    )
    assert "The report" in problem.message


@pytest.mark.parametrize(
    ("word", "known", "answer"),
    [
        ("pwoer", ["power", "basis"], "Did you mean 'power'?"),
        ("IT", ["it", "grid"], "Did you mean 'it'?"),
        ("VR-NVL72", ["vr-nvl72", "gb300-nvl72"], "Did you mean 'vr-nvl72'?"),
        ("mw", ["MW"], "Did you mean 'MW'?"),
        ("zzz", ["power", "basis"], "Allowed here: basis, power."),
        ("zzz", [], ""),
        ("zzz", ["b", "a", "b"], "Allowed here: a, b."),
    ],
)
def test_suggestions(word: str, known: list[str], answer: str) -> None:
    assert did_you_mean(word, known) == answer


def test_a_long_list_of_choices_is_cut() -> None:
    text = did_you_mean("zzz", [f"k{n:02d}" for n in range(40)])
    assert text.endswith("k15, and 24 more.")
    assert "k16" not in text
