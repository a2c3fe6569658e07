"""The JSON Schema of scenarios says what every field is and the unit of every quantity."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from gigawatt.core.yamltree import Tree
from gigawatt.scenario import ScenarioSpec, shipped_scenarios
from gigawatt.scenario.load import read_tree
from gigawatt.scenario.validate import validate


@cache
def schema() -> dict[str, Any]:
    return json.loads(json.dumps(ScenarioSpec.model_json_schema()))


def models() -> dict[str, dict[str, Any]]:
    return {**schema()["$defs"], "ScenarioSpec": schema()}


def fields() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{model}.{name}", field)
        for model, part in models().items()
        for name, field in part["properties"].items()
    ]


def parts(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from parts(child)
    elif isinstance(node, list):
        for child in node:
            yield from parts(child)


@pytest.mark.parametrize(("name", "field"), fields(), ids=[name for name, _ in fields()])
def test_every_field_is_described(name: str, field: dict[str, Any]) -> None:
    model = schema()["$defs"].get(field.get("$ref", "").rpartition("/")[2], {})
    assert len(field.get("description", model.get("description", ""))) > 3


@pytest.mark.parametrize("model", models())
def test_no_mapping_takes_unknown_keys(model: str) -> None:
    assert models()[model]["additionalProperties"] is False


def test_every_number_has_a_unit_or_is_a_whole_count() -> None:
    """A bare number without unit would be a quantity whose unit nobody is told."""
    bare = [part for part in parts(schema()) if part.get("type") == "number"]
    assert bare == []
    either = [part for part in parts(schema()) if "number" in (part.get("type") or ())]
    assert len(either) > 20
    assert all("x-unit" in part for part in either)


def test_the_units_of_some_fields() -> None:
    def units(model: str, field: str) -> set[str]:
        return {p["x-unit"] for p in parts(models()[model]["properties"][field]) if "x-unit" in p}

    assert units("Site", "power") == {"MW"}
    assert units("Site", "pue") == {"1"}
    assert units("Hardware", "price") == {"USD/rack"}
    assert units("Hardware", "supply") == {"rack/month"}
    assert units("Lags", "order_to_delivery") == {"month"}
    assert units("Partner", "price") == {"USD/package/hour"}
    assert units("TrainingCampaign", "compute") == {"FLOP"}
    assert units("MilestoneEquity", "tranche") == {"USD/GW"}


def test_limits_are_told() -> None:
    (pue,) = [p for p in parts(models()["Site"]["properties"]["pue"]) if "x-minimum" in p]
    assert (pue["x-minimum"], pue["x-maximum"]) == (1.0, 3.0)
    step = models()["MilestoneEquity"]["properties"]["step"]
    assert [p["x-exclusive-minimum"] for p in parts(step) if "x-exclusive-minimum" in p] == [0.0]


def accepts(node: dict[str, Any], value: Any) -> bool:
    """The parts of JSON Schema that the schema above uses."""
    if "$ref" in node:
        return accepts(schema()["$defs"][node["$ref"].rpartition("/")[2]], value)
    for several in ("anyOf", "oneOf"):
        if several in node:
            return any(accepts(option, value) for option in node[several])
    if "const" in node and value != node["const"]:
        return False
    if "enum" in node and value not in node["enum"]:
        return False
    kinds = node.get("type")
    if kinds is not None and not any(_is(kind, value) for kind in _several(kinds)):
        return False
    if isinstance(value, str) and "pattern" in node and not re.search(node["pattern"], value):
        return False
    if isinstance(value, list):
        return all(accepts(node.get("items", {}), item) for item in value)
    if isinstance(value, dict):
        return _accepts_mapping(node, value)
    return True


def _several(kinds: str | list[str]) -> list[str]:
    return [kinds] if isinstance(kinds, str) else kinds


def _is(kind: str, value: Any) -> bool:
    if kind in {"number", "integer"}:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    known = {"string": str, "object": dict, "array": list, "boolean": bool, "null": type(None)}
    return isinstance(value, known[kind])


def _accepts_mapping(node: dict[str, Any], value: dict[str, Any]) -> bool:
    if not set(node.get("required", ())) <= set(value):
        return False
    named, rest = node.get("properties", {}), node.get("additionalProperties", {})
    by_pattern = node.get("patternProperties", {})
    for key, child in value.items():
        fitting = [part for pattern, part in by_pattern.items() if re.search(pattern, key)]
        part = named.get(key, fitting[0] if fitting else rest)
        if part is False or (part is not True and not accepts(part, child)):
            return False
    return True


@pytest.mark.parametrize("name", shipped_scenarios())
def test_the_schema_accepts_what_is_shipped(name: str) -> None:
    tree = read_tree(shipped_scenarios()[name])
    assert validate(tree)
    assert accepts(schema(), tree.data)


@pytest.mark.parametrize(
    "change",
    [{"sitse": {}}, {"schema": 2}, {"horizon": {"start": "soon", "months": 3}}, {"sites": []},
     {"sites": {"a": {"basis": "it", "power": {"2027-01": 5}}}}],
    ids=str,
)  # fmt: skip
def test_the_schema_refuses_what_loading_refuses(change: dict[str, Any]) -> None:
    data = {**read_tree(shipped_scenarios()["one-campus"]).data, **change}
    with pytest.raises(Exception, match="E2"):
        validate(Tree(data))
    assert not accepts(schema(), data)
