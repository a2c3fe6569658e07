"""What figures rest on: assumptions, inputs with their evidence, and the way from a figure to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from gigawatt.planning import Plan

from .table import Cell, Column, Table, columns, link, rows
from .wording import readable

__all__ = ["Explained", "Sources"]


@dataclass(frozen=True, slots=True)
class Explained:
    """A figure as the page explains it: name, what it is, unit, formula, what it is computed from."""

    name: str
    doc: str
    unit: str
    formula: str
    inputs: str


@dataclass(frozen=True)
class Sources:
    """Evidence of one plan.

    Attributes
    ----------
    plan : Plan
        Whose figures are explained.
    summary : mapping
        Its `summary()`, made once for the whole report.
    """

    plan: Plan
    summary: Mapping[str, Any]

    @cached_property
    def _groups(self) -> dict[str, xr.Dataset]:
        return {
            group.strip("/"): self.plan.tree[group].to_dataset()
            for group in self.plan.tree.groups
            if group.strip("/")
        }

    def _array(self, name: str) -> xr.DataArray | None:
        group, _, variable = name.partition(".")
        dataset = self._groups.get(group)
        return dataset[variable] if dataset is not None and variable in dataset else None

    def explain(self, names: Iterable[str]) -> list[Explained]:
        """Formula and inputs of figures, from the attributes of their arrays."""
        found = []
        for name in names:
            array = self._array(name)
            if array is not None:
                text = {key: str(value) for key, value in array.attrs.items()}
                found.append(
                    Explained(
                        name,
                        text.get("long_name", ""),
                        text.get("units", ""),
                        text.get("formula", ""),
                        text.get("inputs", ""),
                    )
                )
        return found

    @cached_property
    def _assumed(self) -> set[str]:
        found = {
            name
            for name, entries in self.plan.evidence.items()
            if any(evidence.is_assumption for evidence in entries.values())
        }
        kinds = {rate.kind for rates in self.plan.rates.values() for rate in rates.values()}
        if not kinds & {"assumed", "carried over"}:
            found -= {
                f"{of}{name}" for of in ("", "partner_") for name in ("mfu", "mfu_low", "mfu_high")
            }
        return found

    def assumed_in(self, *names: str) -> tuple[str, ...]:
        """Assumed inputs that figures rest on, however many steps below them.

        Parameters
        ----------
        *names : str
            Figures, `group.variable`.

        Returns
        -------
        tuple of str
            Names of inputs with at least one entry that is an assumption, in words.
        """
        seen: set[str] = set()
        open_ = list(names)
        while open_:
            name = open_.pop()
            if name in seen:
                continue
            seen.add(name)
            array = self._array(name)
            if array is not None:
                open_ += [part for part in str(array.attrs.get("inputs", "")).split(", ") if part]
        inputs = {name.removeprefix("inputs.") for name in seen if name.startswith("inputs.")}
        parts = tuple(n.removeprefix("scenario.") for n in seen if n.startswith("scenario."))
        written = {
            path
            for path, entry in self.plan.scenario.spec.evidence.items()
            if entry.confidence == "assumed" and path.startswith(parts)
        }
        return tuple(words(name) for name in sorted((inputs & self._assumed) | written))

    def assumptions(self) -> Table:
        """What nobody published: one row for each reason, with the inputs and values that it gives."""
        groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for row in self.summary["assumptions"]:
            groups.setdefault((row["kind"], row["note"], row["source"]), []).append(row)
        lines: list[list[Cell | str]] = []
        for (kind, note, source), found in groups.items():
            places = list(dict.fromkeys(str(row["where"]) for row in found))
            more = f" and {len(places) - 1} more" if len(places) > 1 else ""
            lines.append([
                Cell("", parts=tuple(_assumption(row) for row in found)),
                Cell(kind, kind="mark" if kind == "assumed" else ""),
                ". ".join(part.rstrip(".") for part in (note, source) if part) or "no reason is given",
                Cell(f"{places[0]}{more}", kind="code"),
            ])  # fmt: skip
        heads = ("kind", "why", "set by")
        return Table(
            "assumptions-table", "Assumptions and planning defaults",
            columns("input and value", *(Column(head, figures=False) for head in heads)),
            rows(lines), "Every input of this plan has a published source.",
        )  # fmt: skip

    def inputs(self) -> Table:
        """Every input with value, confidence, source, date, note and place."""
        lines: list[list[Cell | str]] = []
        for name, entries in self.plan.evidence.items():
            array = self._array(f"inputs.{name}")
            look = None if array is None else _Lookup(array)
            for labels, why in entries.items():
                lines.append([
                    words(name), " ".join(labels), look.value(labels) if look else "–",
                    Cell(why.confidence, kind="mark" if why.is_assumption else ""),
                    link(why.source, why.url), why.as_of, why.note, Cell(why.where, kind="code"),
                ])  # fmt: skip
        heads = ("for", "value", "confidence", "source", "as of", "note", "set by")
        return Table(
            "inputs-table", "All inputs with their evidence",
            columns("input", *(Column(head, figures=False) for head in heads)),
            rows(lines), "This plan keeps no evidence.",
        )  # fmt: skip


def words(name: str) -> str:
    """An input's name as words; paths into the scenario stay as they are."""
    return name if "." in name else name.replace("_", " ")


def _assumption(row: Mapping[str, Any]) -> tuple[str, str]:
    value = readable(row["value"]) if row["value"] else "as written"
    return f"{words(row['input'])}: {value}", _listed(row["applies_to"])


def _listed(names: Iterable[str], most: int = 8) -> str:
    unique = list(dict.fromkeys(name for name in names if name))
    more = f" and {len(unique) - most} more" if len(unique) > most else ""
    return ", ".join(unique[:most]) + more


class _Lookup:
    """Values of one input by the labels of its evidence, without searching an index each time."""

    def __init__(self, array: xr.DataArray) -> None:
        self.dims = [str(dim) for dim in array.dims if dim != "month"]
        self.values = array.transpose(*self.dims, ...).values
        self.at = [{str(v): i for i, v in enumerate(array[dim].values)} for dim in self.dims]
        self.months = (
            {str(m)[:7]: i for i, m in enumerate(array["month"].values)}
            if "month" in array.dims
            else None
        )
        self.unit = str(array.attrs.get("units", "")).removesuffix("1").strip()

    def value(self, labels: tuple[str, ...]) -> str:
        """Value and unit; a dash where the labels do not name one figure."""
        index: list[int] = []
        for at, label in zip(self.at, labels, strict=False):
            if label not in at:
                return "–"
            index.append(at[label])
        if len(index) < len(self.at):
            return "–"
        if self.months is not None:
            month = self.months.get(labels[len(index)]) if len(labels) > len(index) else None
            if month is None:
                return "–"
            index.append(month)
        number = float(self.values[tuple(index)])
        if np.isposinf(number):
            return "no limit"
        return readable(f"{number:.6g} {self.unit}".strip()) if np.isfinite(number) else "–"
