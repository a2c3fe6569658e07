"""Systems: known, usable, and used only when they can be had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gigawatt.core.errors import CatalogError, Origin, Problem, did_you_mean
from gigawatt.core.months import Month, parse_period

from .case import Case

__all__ = ["systems_are_known_and_usable", "systems_come_after_their_availability"]


def systems_are_known_and_usable(case: Case) -> Iterator[Problem]:
    """Every hardware key has a catalog record with a rack power and a price, or gives them."""
    for key, hardware in case.spec.hardware.items():
        path, wanted = f"hardware.{key}", hardware.system or key
        system = case.system_of(key)
        if system is None:
            if wanted in case.catalog.ids("systems"):
                yield from _broken_record(case, "systems", wanted)
                continue
            yield case.problem(
                "E307",
                f"{path}.system" if hardware.system else path,
                f"The catalog has no system '{wanted}'.",
                f"{did_you_mean(wanted, case.catalog.ids('systems'))} "
                "See 'gigawatt catalog list systems', or add your own under 'catalog.systems'.",
            )
            continue
        if hardware.rack_power is None and system.rack_power is None:
            yield case.problem(
                "E310",
                path,
                f"No source in the catalog gives the rack power of {wanted}.",
                f'Give your own figure: {path}.rack_power, such as "120 kW".',
            )
        if hardware.price is None and system.price is None:
            yield case.problem(
                "E310",
                path,
                f"No source in the catalog gives the price of {wanted}.",
                f'Give your own figure: {path}.price, such as "3.5 MUSD/rack".',
            )
        if hardware.available is None and system.available is None:
            yield case.problem(
                "E310",
                path,
                f"No source in the catalog dates the availability of {wanted}.",
                f"Give your own: {path}.available, such as 2027-10.",
            )


def _broken_record(case: Case, kind: Any, record_id: str) -> Iterator[Problem]:
    try:
        case.catalog.entry(kind, record_id)
    except CatalogError as error:
        for problem in error.problems:
            path = f"catalog.{kind}.{record_id}.{problem.path}".rstrip(".")
            yield Problem(
                problem.code,
                problem.message,
                problem.fix,
                path,
                problem.origin if problem.origin != Origin() else case.tree.origin(path),
            )


def _first_month(case: Case, key: str) -> Month | None:
    hardware = case.spec.hardware.get(key)
    if hardware is not None and hardware.available is not None:
        return hardware.available
    system = case.system_of(key)
    return system.available.value if system and system.available else None


def systems_come_after_their_availability(case: Case) -> Iterator[Problem]:
    """Nothing is delivered or installed before it can be had."""
    for key, hardware in case.spec.hardware.items():
        first = _first_month(case, key)
        if first is None:
            continue
        if hardware.until is not None and hardware.until < first:
            yield case.problem(
                "E304",
                f"hardware.{key}.until",
                f"The last delivery {hardware.until} is before the first, {first}.",
                f"Allowed is {first} or later.",
            )
        for period in hardware.deliveries:
            start, length = parse_period(period)
            last = start + (length - 1)
            late = hardware.until is not None and last > hardware.until
            if last < first or (length == 1 and start < first) or late:
                bound = f"to {hardware.until}" if late else f"from {first}"
                yield case.problem(
                    "E304",
                    f"hardware.{key}.deliveries.{period}",
                    f"{key} cannot be delivered in {period}; it can be had {bound}.",
                    f"Move the delivery, or change hardware.{key}.{'until' if late else 'available'}.",
                )
        for month in hardware.supply or {}:
            if month < first:
                path = f"hardware.{key}.supply.{month}"
                yield case.problem(
                    "W105", path, f"{key} can be had from {first}; a supply from {month} waits until then.",
                    "Start the supply in that month, to say what is meant.",
                )  # fmt: skip
        system = case.system_of(key)
        published = system.available.value if system and system.available else None
        if hardware.available and published and hardware.available < published:
            yield case.problem(
                "W101",
                f"hardware.{key}.available",
                f"{hardware.available} is earlier than the catalog's {published} for {key}.",
                f"See: gigawatt catalog show {hardware.system or key}",
            )
        if first > case.spec.horizon.range.last:
            yield case.problem(
                "W102",
                f"hardware.{key}",
                f"{key} comes in {first}, after the horizon, and is never used.",
            )
        if system is not None and system.status == "dropped":
            yield case.problem(
                "W103",
                f"hardware.{key}",
                f"{system.name} has been dropped from its maker's roadmap.",
                f"See: gigawatt catalog show {hardware.system or key}",
            )
    for block_id, block in case.spec.deployment.blocks.items():
        first = _first_month(case, block.system) if block.system in case.spec.hardware else None
        if first is not None and block.month < first:
            yield case.problem(
                "E304",
                f"deployment.blocks.{block_id}.month",
                f"{block.system} cannot be installed in {block.month}; it can be had from {first}.",
                f"Allowed is {first} or later.",
            )
