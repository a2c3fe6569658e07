"""Catalog records as plain data and as lines of text: for listing, showing and searching."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gigawatt.core.errors import CatalogError

from .claims import recompute
from .derived import packages_per_gigawatt
from .records import Claim, System
from .store import Catalog, Entry

__all__ = ["as_record", "lines", "matches"]

_META = ("source", "as_of", "confidence", "seen", "note")


def as_record(entry: Entry, catalog: Catalog, *, sources: bool = False) -> dict[str, Any]:
    """A record as JSON-ready data, with `id` and `kind`.

    Parameters
    ----------
    entry : Entry
        The record.
    catalog : Catalog
        For sources and derived figures.
    sources : bool
        Whether each source id is replaced by title, publisher and address.
    """
    data = entry.record.model_dump(mode="json", exclude_none=True)
    record = {"id": entry.id, "kind": entry.kind, **data, **_derived(entry, catalog)}
    if sources:
        record = _with_sources(record, catalog)
    return record


def _derived(entry: Entry, catalog: Catalog) -> dict[str, Any]:
    record = entry.record
    if isinstance(record, System):
        bases = {"it": 1.0, "facility": catalog.defaults.pue.value}
        found = {
            basis: packages_per_gigawatt(record, catalog.defaults, ratio)
            for basis, ratio in bases.items()
        }
        return {
            "derived": {
                f"packages_per_gw_{basis}": dict(
                    zip(("low", "central", "high"), (round(n) for n in numbers), strict=True)
                )
                for basis, numbers in found.items()
                if numbers is not None
            }
        }
    if isinstance(record, Claim):
        try:
            result = recompute(catalog, entry.id)
        except CatalogError as error:
            return {"derived": {"recomputed": None, "why_not": str(error.problems[0].message)}}
        return {"derived": {"recomputed": result.ratio, "agrees": result.agrees}}
    return {}


def _with_sources(value: Any, catalog: Catalog) -> Any:
    if isinstance(value, Mapping):
        return {
            key: (
                {"id": child, **catalog.sources[child].model_dump()}
                if key == "source" and isinstance(child, str) and child in catalog.sources
                else _with_sources(child, catalog)
            )
            for key, child in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_with_sources(child, catalog) for child in value]
    return value


def matches(entry: Entry, text: str, catalog: Catalog) -> bool:
    """Whether all words occur in a record, its id or its sources; case does not matter."""
    content = f"{entry.id} {as_record(entry, catalog, sources=True)}".lower()
    return all(word in content for word in text.lower().split())


def lines(entry: Entry, catalog: Catalog, *, sources: bool = False) -> Iterator[str]:
    """A record as text, one value a line."""
    record = as_record(entry, catalog)
    yield f"{record.pop('id')} ({record.pop('kind')}): {record.pop('name')}"
    yield from _value_lines(record, "", catalog, sources)


def _value_lines(value: Any, path: str, catalog: Catalog, sources: bool) -> Iterator[str]:
    if isinstance(value, Mapping) and "value" in value:
        yield from _fact_lines(value, path, catalog, sources)
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _value_lines(child, f"{path}.{key}" if path else key, catalog, sources)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for item in value:
            yield from _value_lines(item, path, catalog, sources)
    elif isinstance(value, list):
        yield from (f"{path}: {item}" for item in value)
    elif value != "":
        yield f"{path}: {value}"


def _fact_lines(
    fact: Mapping[str, Any], path: str, catalog: Catalog, sources: bool
) -> Iterator[str]:
    unit = str(fact.get("unit", ""))
    shown = _shown(fact["value"], unit)
    if "low" in fact:
        shown += f" ({_shown(fact['low'], unit)} to {_shown(fact['high'], unit)})"
    if "latest" in fact:
        shown += f" to {fact['latest']}"
    words = [fact.get("confidence", ""), fact.get("as_of", ""), fact.get("note", "")]
    yield f"{path}: {shown}   [{'; '.join(str(word) for word in words if word)}]"
    if sources:
        source = catalog.sources.get(str(fact.get("source")))
        text = (
            f"{source.title}, {source.publisher} {source.url}" if source else fact.get("source", "")
        )
        yield f"    source: {str(text).strip()}"
    for other in fact.get("also", []):
        note = "; ".join(
            str(other[key]) for key in ("confidence", "as_of", "note") if other.get(key)
        )
        yield f"    also: {other['value']}   [{note}]"


_SCALES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def _shown(value: Any, unit: str) -> str:
    if not isinstance(value, (int, float)):
        return f"{' to '.join(f'{v:g}' for v in value) if isinstance(value, list) else value} {unit}".strip()
    if unit in {"", "1"}:
        return f"{value:g}"
    if unit == "MW":
        return f"{value * 1000:g} kW" if value < 1.0 else f"{value:g} MW"
    if unit in {"FLOP/s", "B/s", "B", "USD/rack", "USD/MW"}:
        for scale, prefix in _SCALES:
            if abs(value) >= scale:
                return f"{value / scale:g} {prefix}{unit}"
    return f"{value:,.10g} {unit}"
