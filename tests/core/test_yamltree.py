"""YAML in: values, lines, and what is refused before anybody asks what it means."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.core.errors import Origin, Problem, ScenarioError
from gigawatt.core.yamltree import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    Tree,
    all_paths,
    flatten,
    read_yaml,
    read_yaml_text,
)

TEXT = """\
# a comment, then nested mappings, lists and flow

top: 1
nested:
  deep:
    value: 2

  list:
    - first
    - second: 3
      third: 4
    -
      - inner
flow: {a: 1, b: [x,
  y], c: {d: 2}}
folded: >-
  one
  two
quoted: "a
  b"
anchor: &here {k: 5}
alias: *here
last: end
"""


def lines(text: str) -> dict[str, int | None]:
    return {path: origin.line for path, origin in read_yaml_text(text, "f").origins.items()}


def refused(text: str) -> Problem:
    with pytest.raises(ScenarioError) as caught:
        read_yaml_text(text, "f")
    (problem,) = caught.value.problems
    return problem


def test_every_value_keeps_the_line_it_was_written_on() -> None:
    found = lines(TEXT)
    assert {path: found[path] for path in found if path} == {
        "top": 3, "nested": 4, "nested.deep": 5, "nested.deep.value": 6, "nested.list": 8,
        "nested.list.0": 9, "nested.list.1": 10, "nested.list.1.second": 10,
        "nested.list.1.third": 11, "nested.list.2": 13, "nested.list.2.0": 13,
        "flow": 14, "flow.a": 14, "flow.b": 14, "flow.b.0": 14, "flow.b.1": 15, "flow.c": 15,
        "flow.c.d": 15, "folded": 16, "quoted": 19, "anchor": 21, "anchor.k": 21, "alias": 22,
        "last": 23,
    }  # fmt: skip


def test_the_line_of_what_has_none_is_that_of_the_nearest_above() -> None:
    tree = read_yaml_text(TEXT, "f")
    assert tree.origin("nested.deep.unheard.of") == Origin("f", 5)
    assert tree.origin("alias.k") == Origin("f", 22)
    assert tree.origin("nowhere") == tree.origin("")
    assert Tree({}).origin("a.b") == Origin()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("+1", 1), ("-12", -12), ("010", 10), ("0o17", 15), ("0x1F", 31),
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-1.5E-3", -0.0015),
        (".inf", math.inf), ("-.INF", -math.inf), ("true", True), ("False", False), ("TRUE", True),
        ("null", None), ("~", None), ("", None), ("Null", None),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("2027-02", "2027-02"),
        ("2027-02-01", "2027-02-01"), ("1_000", "1_000"), ("1:30", "1:30"), ("12e", "12e"),
        ("'1'", "1"), ('"true"', "true"), ("'~'", "~"), ("10 GW", "10 GW"), ("=", "="),
        ("nan", "nan"), ("inf", "inf"), ("0b1", "0b1"), ("'it''s'", "it's"), ('"\\u00e9"', "é"),
        ("9" * 40, int("9" * 40)), ("!!str 5", "5"), ("! 5", "5"),
    ],
)  # fmt: skip
def test_plain_values_are_those_of_yaml_1_2(text: str, value: object) -> None:
    read = read_yaml_text(f"a: {text}", "f").data["a"]
    assert (type(read), read) == (type(value), value)


def test_not_a_number_is_read_as_such_and_left_to_the_unit_door() -> None:
    assert math.isnan(read_yaml_text("a: .nan", "f").data["a"])


def test_keys_are_text_whatever_they_look_like() -> None:
    data = read_yaml_text("1: a\ntrue: b\n~: c\n2027-01: d\n1.5: e", "f").data
    assert list(data) == ["1", "true", "~", "2027-01", "1.5"]


@pytest.mark.parametrize("text", ["", "\n\n", "# only words\n", "---\n", "\ufeff"])
def test_an_empty_document_is_an_empty_mapping_or_nothing(text: str, write: Any) -> None:
    assert not read_yaml(write(text)).data


def test_an_alias_is_the_value_it_names() -> None:
    data = read_yaml_text("a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]", "f").data
    assert data == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": [{"b": [1, 2]}] * 2}


def test_an_alias_names_the_last_anchor_before_it() -> None:
    assert read_yaml_text("a: &x 1\nb: *x\nc: &x 2\nd: *x", "f").data["d"] == 2


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\nb: 2\na: 3", "E105", 3),
        ("x:\n  a: 1\n  'a': 2", "E105", 3),
        ("x: {a: 1, b: 2, a: 3}", "E105", 1),
        ("- {a: 1}\n- {b: 1,\n   b: 2}", "E105", 3),
        ("1: a\n'1': b", "E105", 2),
        ("a: &a\n  b: *a", "E104", 2),
        ("a: &a [1, [2, *a]]", "E104", 1),
        ("a: *b\nb: &b 1", "E103", 1),
        ("<<: {a: 1}", "E111", 1),
        ("a: !!python/object:os.X {}", "E111", 1),
        ("a: !!python/object/apply:os.system ['true']", "E111", 1),
        ("a: !!python/name:os.system ''", "E111", 1),
        ("a: !!binary aGk=", "E111", 1),
        ("a: !!set {x, y}", "E111", 1),
        ("a: !!int '5'", "E111", 1),
        ("!mine\na: 1", "E111", 1),
        ("a: 1\n...\n---\nb: 2", "E103", 3),
        ("a: b: c", "E103", 1),
        ("a: 'open", "E103", 1),
        ("a: \x07", "E103", None),
        ("? {a: 1}\n: b", "E103", 1),
    ],
)
def test_refusals_with_their_lines(text: str, code: str, line: int | None) -> None:
    problem = refused(text)
    assert problem.code == code
    assert problem.origin == Origin("f", line)


def test_what_expands_without_bound_is_refused_early() -> None:
    text = "\n".join(
        ["a0: &a0 lol", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    )
    problem = refused(text)
    assert problem.code == "E104"
    assert f"{MAX_NODES:,}" in problem.message
    assert problem.origin.line is not None
    assert problem.origin.line < 10


def test_as_many_values_as_are_allowed_are_read() -> None:
    text = "[" + ",".join(["1"] * (MAX_NODES - 1)) + "]"
    assert len(read_yaml_text(text, "f").data) == MAX_NODES - 1
    assert refused(text.replace("]", ",1]")).code == "E104"


@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_nesting_is_allowed_up_to_its_limit(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    assert read_yaml_text(opening * MAX_DEPTH + closing * MAX_DEPTH, "f").data is not None
    problem = refused(opening * (MAX_DEPTH + 1) + closing * (MAX_DEPTH + 1))
    assert problem.code == "E104"
    assert f"{MAX_DEPTH} levels" in problem.message


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{" * 100_000, "- " * 100_000, "? " * 50_000, "a: " * 50_000, "&a " * 9999],
)
def test_deep_nonsense_does_not_exhaust_the_stack(text: str) -> None:
    assert refused(text).code in {"E103", "E104"}


def test_file_size_is_checked_before_parsing(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: 1\n" + b"#" * (MAX_BYTES - 5))
    assert read_yaml(path).data == {"a": 1}
    path.write_bytes(b"[" * (MAX_BYTES + 1))
    with pytest.raises(ScenarioError, match="E102"):
        read_yaml(path)


def test_a_device_without_end_is_not_read_to_its_end() -> None:
    zero = Path("/dev/zero")
    if not zero.exists():
        pytest.skip("no /dev/zero here")
    with pytest.raises(ScenarioError, match="E102"):
        read_yaml(zero)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"a: \xff", "E112"), ("a: ü".encode("latin-1"), "E112"), ("a: 1".encode("utf-16"), "E112")],
)
def test_other_encodings_are_refused(content: bytes, code: str, write: Callable[..., Path]) -> None:
    with pytest.raises(ScenarioError, match=code):
        read_yaml(write(content))


def test_a_file_can_be_shown_by_another_name(write: Callable[..., Path]) -> None:
    path = write("a: 1\na: 2")
    with pytest.raises(ScenarioError, match=r"^E105 shipped/x\.yaml:2 a"):
        read_yaml(path, "shipped/x.yaml")


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_what_is_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="E101"):
        read_yaml(tmp_path / name)


@given(st.text(alphabet="ab:-[]{}&*!#'\"|>%@`,? \n\t0~<", max_size=40))
def test_any_text_is_read_or_refused_with_a_code(text: str) -> None:
    try:
        tree = read_yaml_text(text, "f")
    except ScenarioError as error:
        assert error.problems[0].code in {"E103", "E104", "E105", "E111"}  # noqa: PT017
    else:
        assert all(path in tree.origins for path in all_paths(tree.data) if "*" not in text)


LEAVES = st.none() | st.booleans() | st.integers() | st.text("ab", max_size=3)
TREES = st.recursive(
    LEAVES,
    lambda t: st.lists(t, max_size=3) | st.dictionaries(st.text("xy", min_size=1), t, max_size=3),
)


@given(TREES)
def test_leaves_and_paths_of_a_tree_agree(data: Any) -> None:
    leaves, paths = flatten(data), all_paths(data)
    assert set(leaves) - {""} <= paths
    for path, leaf in leaves.items():
        at = data
        for key in path.split(".") if path else []:
            at = at[int(key)] if isinstance(at, list) else at[key]
        assert at == leaf
