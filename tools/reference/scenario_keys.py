"""The page of scenario keys, from the JSON Schema that pydantic makes of the scenario models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gigawatt.catalog import Catalog
from gigawatt.catalog.facts import Fact
from gigawatt.scenario import ScenarioSpec

from .catalog_records import fact_value
from .markdown import cell, page, table

Json = Mapping[str, Any]

_RECORD = "the catalog record"
_LEFT_OUT = {
    ("MoneySpec", "sponsor"): "no limit",
    ("RackTerms", "deposit"): "rack_deposit",
    ("RackTerms", "on_delivery"): "rack_on_delivery",
    ("RackTerms", "acceptance"): "rack_acceptance",
    ("RackTerms", "installation"): "rack_installation",
    ("RackTerms", "residual"): "rack_residual",
    ("HallTerms", "build"): "hall_build",
    ("HallTerms", "life"): "hall_life",
    ("SiteLease", "term"): "to the end of the horizon",
    ("PowerPurchase", "start"): "the month of the first power",
    ("PowerPurchase", "term"): "to the end of the horizon",
    ("Energy", "contract"): "all at `price`",
    ("Site", "lease"): "halls of the buyer's own",
    ("Partner", "price_per_power"): "—",
    ("Partner", "termination"): "never",
    ("Condition", "event"): "—",
    ("Condition", "capacity"): "—",
    ("Condition", "campaign"): "—",
    ("Guaranty", "release"): "never",
    ("TermLoan", "available"): "the start of the horizon",
    ("TermLoan", "systems"): "all",
    ("TermLoan", "sizing"): "not sized",
    ("TermLoan", "covenant"): "not tested",
    ("ChipLease", "systems"): "all",
    ("ChipLease", "until"): "no end",
    ("Warrants", "until"): "no end",
    ("Revolver", "until"): "no end",
    ("Energy", "price"): "energy_price",
    ("Energy", "pue"): "energy_pue",
    ("Site", "facility_paid"): "the power of the racks that already run",
    ("Site", "from"): "nothing is taken over",
    ("Site", "name"): "the catalog's site, or the id",
    ("Site", "location"): "the catalog's site, or nothing",
    ("Site", "interconnect"): "the highest step of `power`",
    ("Site", "overhead"): "the catalog's site where `from` names one, else the PUE",
    ("Site", "systems"): "all of the roadmap",
    ("Hardware", "system"): "the key",
    ("Hardware", "available"): _RECORD,
    ("Hardware", "until"): "no end",
    ("Hardware", "price"): _RECORD,
    ("Hardware", "rack_power"): _RECORD,
    ("Hardware", "it_power_factor"): "the catalog record, else `it_power_factor`",
    ("Hardware", "supply"): "none beside `deliveries`, else no limit",
    ("Partner", "name"): "the id",
    ("Partner", "overhead"): "the PUE",
    ("Partner", "system"): "no accelerators are counted",
    ("Partner", "term"): "to the end of the horizon",
    ("Partner", "price"): "no price (W104)",
    ("Partner", "commitment"): "—",
    ("Milestone", "systems"): "all",
    ("Milestone", "sites"): "all",
    ("MilestoneEquity", "signed"): "—",
    ("MilestoneEquity", "until"): "no end",
    ("Guaranty", "term"): "to the end of the horizon",
    ("Commitment", "by"): "the end of the horizon",
    ("TrainingCampaign", "compute"): "from `model` and `tokens`",
    ("TrainingCampaign", "model"): "—",
    ("TrainingCampaign", "tokens"): "—",
    ("TrainingCampaign", "compute_optimal"): "—",
    ("TrainingCampaign", "batch"): "`batch_of_critical` of the critical batch",
    ("TrainingCampaign", "earliest"): "the start of the horizon",
    ("TrainingCampaign", "share"): "all, or `count`",
    ("TrainingCampaign", "count"): "no limit",
    ("TrainingCampaign", "post_training"): "none",
    ("TrainingCampaign", "mfu"): "by the throughput curve; without a model the catalog's range",
    ("ServingStream", "precision"): "the narrowest that a system multiplies in",
    ("ServingStream", "price"): "no revenue",
    ("Lags", "installed_to_service"): "the two lags before it",
    ("OwnCatalog", "folder"): "no folder",
}
"""What stands in for a key that is left out: words, or the name of a planning default."""


def scenario_page() -> str:
    """Every key of a scenario, from the JSON Schema."""
    schema = ScenarioSpec.model_json_schema(by_alias=True)
    parts: list[str | Iterable[str]] = [
        "A scenario is one YAML mapping. Quantities are text with a unit, in any fitting unit: "
        "`843 MW` and `0.843 GW` are the same. A bare number where a unit belongs is refused. "
        "Every quantity may be a range `{low: …, mode: …, high: …}`; plans use the mode. Ids are "
        "lower-case letters, digits, `-` and `_`. *Kept in* is the unit in which the program, its "
        "tables and its JSON hold the value. *Left out* says what a plan uses instead; a name with a "
        "number in brackets is a [planning default](catalog.md#planning-defaults).",
        "`gigawatt schema` prints the same as JSON Schema, for editors.",
        "## The top level",
        _keys("ScenarioSpec", schema, schema["$defs"]),
    ]
    for name, paths in _paths(schema).items():
        part = schema["$defs"][name]
        where = ", ".join(f"`{path}`" for path in paths)
        parts += [
            f"## {name.removesuffix('Spec')} {{#{name.lower()}}}",
            f"At {where}. {cell(part['description'])}",
            _keys(name, part, schema["$defs"]),
        ]
    return page("Scenario, schema 1", *parts)


def _paths(schema: Json) -> dict[str, list[str]]:
    """Parts of the schema in the order in which a reader meets them, with where each stands."""
    found: dict[str, list[str]] = {}

    def walk(node: Any, path: str) -> None:
        if isinstance(node, list):
            for child in node:
                walk(child, path)
        if not isinstance(node, Mapping):
            return
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            found.setdefault(name, [])
            if path not in found[name]:
                found[name].append(path)
                walk(schema["$defs"][name].get("properties"), path)
            return
        for key, child in node.items():
            if key in {"anyOf", "oneOf"}:
                walk(child, path)
            elif key in {"patternProperties", "additionalProperties"}:
                inner = next(iter(child.values())) if key == "patternProperties" else child
                walk(inner, f"{path}.{'ID' if key == 'patternProperties' else 'PATH'}")
            elif key == "items":
                walk(child, f"{path}.N")
            elif key not in {"default", "discriminator", "propertyNames"}:
                walk(child, f"{path}.{key}".lstrip("."))

    walk(schema["properties"], "")
    return found


def _keys(name: str, part: Json, parts: Json) -> Iterator[str]:
    required = set(part.get("required", ()))
    yield from table(
        "key | what to write | kept in | left out | meaning",
        (
            (
                f"`{key}`",
                _form(field),
                _unit(field),
                "**needed**" if key in required else _left_out(name, key, field),
                _meaning(field, parts),
            )
            for key, field in part["properties"].items()
        ),
    )


def _meaning(field: Json, parts: Json) -> str:
    words = field.get("description")
    if words is None and "$ref" in field:
        words = parts[field["$ref"].rpartition("/")[2]]["description"]
    if words is None and "const" in field:
        words = "Says which kind this is."
    return cell(words or "")


def _unit(field: Json) -> str:
    """The canonical unit of a field, found where its quantity is."""
    if "x-unit" in field:
        return "share or ratio" if field["x-unit"] == "1" else _gpu(field["x-unit"])
    for inner in (*field.get("anyOf", ()), *field.get("patternProperties", {}).values()):
        if (unit := _unit(inner)) != "—":
            return unit
    return "—"


def _gpu(unit: str) -> str:
    return unit.replace("package", "GPU")


def _form(field: Json) -> str:
    """What a user writes for a field, with its unit and limits."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name.removesuffix('Spec')}](#{name.lower()})"
    if "oneOf" in field:
        return " or ".join(_form(choice) for choice in field["oneOf"])
    if "anyOf" in field:
        return _form(next(c for c in field["anyOf"] if c.get("type") != "null"))
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "x-unit" in field:
        return _quantity(field)
    kind = field.get("type")
    if kind == "array":
        return f"list of {_form(field['items'])}"
    if kind == "object":
        return _mapping(field)
    if kind == "integer" and "minimum" in field:
        return f"whole number, {field['minimum']} to {field['maximum']}"
    if kind == "string" and "\\d{4}-\\d{2}" in field.get("pattern", ""):
        return "month, `2027-02`"
    if kind == "string" and "pattern" in field:
        return "id"
    return {"string": "text", "boolean": "`true`, `false`", "integer": "whole number"}.get(
        str(kind), "a record, as in the catalog"
    )


def _quantity(field: Json) -> str:
    low, above, high = (field.get(k) for k in ("x-minimum", "x-exclusive-minimum", "x-maximum"))
    bounds = [f"above {above:g}"] if above is not None else [f"at least {low:g}"] if low else []
    bounds += [f"at most {high:g}"] if high is not None and high < 1e6 else []
    return ", ".join([f"`{field['examples'][0]}`", *bounds])


def _mapping(field: Json) -> str:
    patterns = field.get("patternProperties", {})
    inner = next(iter(patterns.values()), field.get("additionalProperties"))
    pattern = next(iter(patterns), "")
    if "Q[1-4]" in pattern:
        key = "month or quarter"
    elif "\\d{4}" in pattern:
        key = "month"
    else:
        key = "id" if patterns else "path"
    if "const" in field.get("propertyNames", {}):
        key = f"`{field['propertyNames']['const']}`"
    form = "a partial scenario" if inner == {"additionalProperties": True, "type": "object"} else ""
    return f"{key} → {form or (_form(inner) if isinstance(inner, Mapping) else 'a record')}"


def _left_out(part: str, key: str, field: Json) -> str:
    defaults = Catalog().defaults
    words = _LEFT_OUT.get((part, key), key)
    if field.get("default", ...) is None:
        if key == "party":
            return "the key"
        fact = getattr(defaults, words, None)
        if isinstance(fact, Fact):
            return f"`{words}` ({fact_value(fact, ends=False)})"
        if (part, key) not in _LEFT_OUT:
            raise LookupError(f"say in _LEFT_OUT what stands in for {part}.{key}")
        return words
    default = field.get("default")
    if "$ref" in field:
        return "what it says there"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, (int, float)):
        unit = next((c.get("x-unit", "") for c in field.get("anyOf", ())), "")
        return f"{default:g}" if unit in {"", "1"} else f"{default:g} {unit}"
    if isinstance(default, str) and default:
        return f"`{default}`"
    return "none"
