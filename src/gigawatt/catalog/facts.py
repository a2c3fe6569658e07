"""The catalog's one form of a figure: a value with unit, source, date and confidence.

A *fact* keeps its central value, its range where the sources give one, and the other values where
sources disagree. Figures that plans compute with pass a unit door; figures that are only shown
(a deal's terms, a price seen somewhere) keep their unit as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import PydanticCustomError, core_schema

from gigawatt.core.provenance import Evidence
from gigawatt.core.units import Door

__all__ = ["Fact", "FactDoor", "LooseFact", "Source"]

_ALSO_KEYS = frozenset({"value", "source", "as_of", "confidence", "seen", "note"})

FactConfidence = Literal["official", "reported", "estimate", "assumed"]
Seen = Literal["primary_text", "secondary", "recall", "derived"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Source(_Frozen):
    """A publication that figures are taken from."""

    title: str
    """Title, with the date where it tells editions apart."""
    publisher: str
    """Who published it."""
    url: str = ""
    """Address, where it has a public one."""


class _Sourced(_Frozen):
    source: str
    """Id of an entry under sources/."""
    as_of: str = Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?|-(Q[1-4]|H[12]))?$")
    """Date of the figure."""
    confidence: FactConfidence
    """official | reported | estimate | assumed (by us)."""
    seen: Seen = "secondary"
    """primary_text: the source was read; secondary: quoted by another; recall: not re-opened, verify
    before quoting; derived: arithmetic on other figures, given in the note."""
    note: str = ""
    """Derivation, conflict, or what the figure is not."""


class Fact(_Sourced):
    """A figure that plans compute with."""

    value: float
    """Central value in the canonical unit of its field."""
    unit: str
    """Canonical unit."""
    low: float | None = None
    """Low end of the range, where the sources give one."""
    high: float | None = None
    """High end of the range."""
    also: tuple[dict[str, Any], ...] = ()
    """Other published values, kept beside the central one."""

    def evidence(
        self,
        where: str,
        sources: Mapping[str, Source],
        by: Literal["catalog", "default"] = "catalog",
    ) -> Evidence:
        """This fact's evidence, with its source spelled out."""
        source = sources.get(self.source)
        note = self.note
        if self.low is not None and self.high is not None:
            unit = "" if self.unit == "1" else f" {self.unit}"
            span = f"range {self.low:g} to {self.high:g}{unit}"
            note = f"{span}; {note}" if note else span
        return Evidence(
            confidence=self.confidence,
            source=f"{source.title}, {source.publisher}" if source else self.source,
            url=source.url if source else "",
            as_of=self.as_of,
            note=note,
            where=where,
            by=by,
        )


class LooseFact(_Sourced):
    """A figure that is shown and searched, with its unit as text."""

    value: float | str | tuple[float, ...] | None
    """A number, a range or list of numbers, or words."""
    unit: str = ""
    """Unit and basis in words, such as `MW IT`."""


@dataclass(frozen=True, slots=True)
class FactDoor:
    """A pydantic marker: reads `{value: "210 kW", range: [...], source: …}` into a `Fact`.

    Parameters
    ----------
    door : Door
        The unit door that the value, the range and the other values pass.
    """

    door: Door

    def read(self, raw: Any) -> Fact:
        """Read one fact.

        Raises
        ------
        PydanticCustomError
            If a value does not pass the door or the range does not contain the value.
        """
        if isinstance(raw, Fact):
            return raw
        if not isinstance(raw, Mapping):
            raise PydanticCustomError("E401", "a fact is a mapping with value, source, as_of")
        data = dict(raw)
        value = self.door.read(data.pop("value", None))
        low = high = None
        if (span := data.pop("range", None)) is not None:
            if not isinstance(span, list) or len(span) != 2:
                raise PydanticCustomError("E401", "a range is a list of two values")
            low, high = (self.door.read(end) for end in span)
            if not low <= value <= high:
                raise PydanticCustomError(
                    "E401",
                    "the range {low} to {high} does not contain the value {value}",
                    {"low": low, "high": high, "value": value},
                )
        also = data.pop("also", [])
        for other in also:
            if not isinstance(other, Mapping) or not set(other) <= _ALSO_KEYS:
                raise PydanticCustomError(
                    "E401",
                    "an entry of 'also' has the keys {keys}",
                    {"keys": ", ".join(sorted(_ALSO_KEYS))},
                )
            for written in (
                other["value"] if isinstance(other.get("value"), list) else [other.get("value")]
            ):
                self.door.read(written)
        return Fact(
            value=value, unit=self.door.unit or "1", low=low, high=high, also=tuple(also), **data
        )

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)


class _Loose(_Frozen):
    """Base of records that hold loose facts by key."""

    facts: dict[str, LooseFact | tuple[LooseFact, ...]] = Field(default_factory=dict)
    """Figures by name; several where sources disagree or a series is given."""

    @model_validator(mode="before")
    @classmethod
    def _facts_are_mappings(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not isinstance(data.get("facts", {}), Mapping):
            raise PydanticCustomError("E401", "'facts' is a mapping from a name to a figure")
        return data
