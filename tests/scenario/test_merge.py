"""Laying one tree over another: what merges, what is replaced whole, which line is remembered."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.core.errors import Origin
from gigawatt.core.yamltree import Tree, flatten, read_yaml_text
from gigawatt.scenario.merge import is_curve, merge, set_path

MAIN = """\
name: a
sites:
  x:
    power: {2027-01: 1 MW, 2028-01: 2 MW}
    pue: 1.2
  y:
    pue: 1.3
price: {low: 1, mode: 2, high: 3}
list: [1, 2, 3]
"""


def read(text: str, name: str = "over") -> Tree:
    return read_yaml_text(text, name)


def laid(text: str) -> Tree:
    return merge(read(MAIN, "main"), read(text))


def test_mappings_merge_key_by_key() -> None:
    tree = laid("sites: {x: {pue: 1.5}, z: {pue: 1.1}}")
    assert tree.data["sites"] == {
        "x": {"power": {"2027-01": "1 MW", "2028-01": "2 MW"}, "pue": 1.5},
        "y": {"pue": 1.3},
        "z": {"pue": 1.1},
    }
    assert tree.data["name"] == "a"


def test_a_curve_is_replaced_whole_and_its_old_lines_are_forgotten() -> None:
    tree = laid("sites: {x: {power: {2027-06: 5 MW}}}")
    assert tree.data["sites"]["x"]["power"] == {"2027-06": "5 MW"}
    assert "sites.x.power.2028-01" not in tree.origins
    assert tree.origin("sites.x.power.2027-06") == Origin("over", 1)


def test_a_curve_by_quarters_is_a_curve() -> None:
    below = read("d: {2027-Q1: 1, 2027-Q2: 2}")
    assert merge(below, read("d: {2027-03: 9}")).data == {"d": {"2027-03": 9}}


def test_an_empty_mapping_empties_a_curve_and_changes_no_tree() -> None:
    tree = laid("sites: {x: {power: {}}, y: {}}")
    assert tree.data["sites"]["x"]["power"] == {}
    assert tree.data["sites"]["y"] == {"pue": 1.3}


def test_a_range_is_replaced_whole_by_a_range_and_by_a_value() -> None:
    assert laid("price: {low: 4, mode: 5, high: 6}").data["price"] == {
        "low": 4,
        "mode": 5,
        "high": 6,
    }
    assert laid("price: 7").data["price"] == 7
    assert "price.low" not in laid("price: 7").origins


def test_a_value_becomes_a_range_without_leftovers() -> None:
    tree = merge(read("p: 7", "main"), read("p: {low: 4, mode: 5, high: 6}"))
    assert tree.data == {"p": {"low": 4, "mode": 5, "high": 6}}


def test_a_list_is_replaced_whole() -> None:
    tree = laid("list: [9]")
    assert tree.data["list"] == [9]
    assert "list.1" not in tree.origins


def test_null_removes_a_value_and_its_lines() -> None:
    tree = laid("sites: {x: null, y: {pue: null}}\nname: ~")
    assert tree.data["sites"] == {"y": {}}
    assert "name" not in tree.data
    assert not [
        path for path in tree.origins if path.startswith(("sites.x", "name", "sites.y.pue"))
    ]


def test_removing_what_is_not_there_is_no_error() -> None:
    assert laid("nothing: null").data == read(MAIN).data


def test_evidence_goes_with_the_value_it_is_for() -> None:
    below = read(
        MAIN + "evidence: {sites.x.pue: {note: n}, sites.x.power.2028-01: {}, sites.y: {}}"
    )
    tree = merge(below, read("sites: {x: {pue: null, power: {2030-01: 3 MW}}}"))
    assert tree.data["evidence"] == {"sites.y": {}}
    assert not [path for path in tree.origins if path.startswith("evidence.sites.x")]


def test_evidence_that_comes_with_the_change_stays_to_be_complained_of() -> None:
    below = read(MAIN + "evidence: {sites.x.pue: {note: n}}")
    tree = merge(below, read("sites: {x: {pue: null}}\nevidence: {sites.x.pue: {note: new}}"))
    assert tree.data["evidence"] == {"sites.x.pue": {"note": "new"}}


def test_each_value_keeps_the_line_that_set_it() -> None:
    tree = laid("\nsites:\n  x:\n    pue: 1.5\n")
    assert tree.origin("sites.x.pue") == Origin("over", 4)
    assert tree.origin("sites.y.pue") == Origin("main", 7)
    assert tree.origin("sites.x.power.2028-01") == Origin("main", 4)


def test_neither_tree_is_changed_by_laying_one_over_the_other() -> None:
    below, above = read(MAIN), read("sites: {x: {pue: 1.5}, y: null}")
    before = copy.deepcopy((below.data, below.origins, above.data, above.origins))
    merge(below, above)
    assert (below.data, below.origins, above.data, above.origins) == before


def test_one_month_of_a_curve_can_be_set() -> None:
    tree = set_path(read(MAIN, "main"), "sites.x.power.2027-06", "7 MW", Origin("--set"))
    assert tree.data["sites"]["x"]["power"] == {
        "2027-01": "1 MW",
        "2028-01": "2 MW",
        "2027-06": "7 MW",
    }
    assert tree.origin("sites.x.power.2027-06") == Origin("--set")
    assert tree.origin("sites.x.power.2027-01") == Origin("main", 4)


def test_setting_null_removes_a_month_with_its_evidence() -> None:
    below = read(MAIN + "evidence: {sites.x.power.2028-01: {}, sites.x.pue: {}}")
    tree = set_path(below, "sites.x.power.2028-01", None, Origin("--set"))
    assert tree.data["sites"]["x"]["power"] == {"2027-01": "1 MW"}
    assert tree.data["evidence"] == {"sites.x.pue": {}}


def test_setting_a_path_makes_the_mappings_on_the_way() -> None:
    tree = set_path(read(MAIN), "money.discount_rate", "7 %/year", Origin("--set"))
    assert tree.data["money"] == {"discount_rate": "7 %/year"}


def test_setting_a_mapping_forgets_the_lines_of_what_stood_below() -> None:
    tree = set_path(read(MAIN, "main"), "sites.x", {"pue": 2}, Origin("--set"))
    assert tree.origin("sites.x.pue") == Origin("--set")


def test_setting_does_not_change_the_tree_it_was_given() -> None:
    tree = read(MAIN)
    before = copy.deepcopy((tree.data, tree.origins))
    set_path(tree, "sites.x.power.2027-01", "9 MW", Origin("--set"))
    assert (tree.data, tree.origins) == before


@pytest.mark.parametrize(
    ("value", "curve"),
    [
        ({"2027-01": 1}, True),
        ({"2027-01": 1, "2027-Q4": 2}, True),
        ({}, False),
        ({"2027-01": 1, "low": 2}, False),
        ({"2027-Q5": 1}, False),
        ({"2027-1": 1}, False),
        ("2027-01", False),
        (["2027-01"], False),
    ],
)
def test_what_counts_as_a_curve(value: object, curve: bool) -> None:
    assert is_curve(value) is curve


KEYS = st.sampled_from(["a", "b", "c", "2027-01", "low", "mode", "high"])
LEAVES = st.integers(0, 9) | st.text("xyz", max_size=2)
TREES = st.dictionaries(
    st.sampled_from(["one", "two"]),
    st.recursive(LEAVES, lambda t: st.dictionaries(KEYS, t, max_size=3), max_leaves=8),
)


@given(TREES)
def test_a_tree_laid_over_itself_or_over_nothing_is_itself(data: dict[str, Any]) -> None:
    tree = Tree(data, {path: Origin("f", 1) for path in flatten(data)})
    assert merge(tree, tree) == tree
    assert merge(Tree({}, {}), tree) == tree
    assert merge(tree, Tree({}, {})).data == data


@given(TREES, TREES)
def test_every_leaf_of_the_upper_tree_is_found_in_the_result(
    below: dict[str, Any], above: dict[str, Any]
) -> None:
    result = flatten(merge(Tree(below, {}), Tree(above, {})).data)
    leaves = {path: leaf for path, leaf in flatten(above).items() if leaf != {}}
    assert {path: result.get(path) for path in leaves} == leaves
