"""From a catalog to what goodput is computed with: rates of a system, sizes of a node and of a replica."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from gigawatt.catalog import Catalog
from gigawatt.catalog.records import Architecture
from gigawatt.catalog.reliability import Reliability
from gigawatt.catalog.shapes import parameters
from gigawatt.core.errors import InputError, Problem
from gigawatt.core.provenance import Evidence

from .figures import components_of
from .prepared import Machine
from .settings import RecoverySettings

__all__ = ["Ground", "evidence_of", "ground_of"]

_TRAY = 4.0
"""Accelerators that leave together from a rack-scale system: a compute tray [package]."""
_STATE_SHARE = 0.67
"""Share of the memory that weights, gradients and optimizer may take in the smallest replica [1]."""
_STATE_BYTES = 18.0
"""Weights, master copy, moments and gradients of a parameter [B]."""


class Ground(NamedTuple):
    """What is run on what, and what that rests on."""

    machine: Machine
    rates: Reliability
    recovery: Reliability
    assumptions: tuple[str, ...]


def ground_of(
    catalog: Catalog, architecture: Architecture, system_id: str, settings: RecoverySettings
) -> Ground:
    """Rates of a system's components, and sizes of a node and of a replica.

    Raises
    ------
    CatalogError
        E402 if there is no such system.
    InputError
        E701 for a system without a memory, which a replica is cut by.

    Examples
    --------
    >>> c = Catalog()
    >>> shape = c.model("llama31-405b").architecture
    >>> ground_of(c, shape, "h100-sxm", RecoverySettings()).machine.replica
    144.0
    """
    system = catalog.system(system_id)
    if system.hbm is None:
        raise InputError(
            Problem("E701", f"The record of {system_id} has no hbm, which a replica is cut by.",
                    "Give it one in a record of your own.", "hbm")
        )  # fmt: skip
    recovery = catalog.recovery
    rates = catalog.failure_rates(system.generation)
    components, ratio = components_of(rates, recovery.stacks, system_id)
    node = _TRAY if system.unit == "rack" else system.packages_per_rack.value
    weights = float(parameters(architecture).total)
    least = weights * _STATE_BYTES / (_STATE_SHARE * system.hbm.value)
    replica = settings.replica or max(math.ceil(least / node), 1) * node
    machine = Machine(components, rates.packages, weights, node, float(replica))
    return Ground(
        machine,
        rates,
        recovery,
        tuple(
            _assumptions(system_id, system.generation, rates, recovery, ratio, settings, replica)
        ),
    )


def _assumptions(
    system_id: str,
    generation: str,
    rates: Reliability,
    recovery: Reliability,
    ratio: float,
    settings: RecoverySettings,
    replica: float,
) -> Iterable[str]:
    if generation != rates.generation:
        memory = (
            f"memory in proportion to its stacks ({ratio:.3g} times as many)"
            if system_id in recovery.stacks
            else "memory as it is there, since the number of stacks is not known"
        )
        yield (
            f"Nobody has published failures of {generation} by component: rates are those of "
            f"{rates.generation} for each accelerator, {memory}."
        )
    elif ratio != 1.0:
        yield f"Failures of memory are in proportion to its stacks ({ratio:.3g} times as many)."
    yield (
        f"A run of more than {settings.figures.get('island', recovery.figures['island'].value):,.0f} is "
        "islands that exchange seldom, and a failure stops one of them."
    )
    yield "Which checkpoint survives a failure, and which failures stop every replica, is assumed."
    if settings.elastic and settings.replica is None:
        yield f"A replica is as small as holds the model: {replica:,.0f} accelerators."
    assumed = [
        name for name, figure in recovery.figures.items()
        if figure.confidence == "assumed" and name not in settings.figures
    ]  # fmt: skip
    yield f"Assumed for want of a source: {', '.join(assumed)}."


def evidence_of(catalog: Catalog, ground: Ground) -> dict[str, Evidence]:
    """Where every rate and every figure comes from, by name."""
    found: dict[str, Evidence] = {}
    sourced = {f"failures.{name}": rate for name, rate in ground.rates.failures.items()}
    for name, fact in {**sourced, **ground.recovery.figures}.items():
        source = catalog.sources.get(fact.source)
        found[name] = Evidence(
            confidence=fact.confidence,
            source=f"{source.title}, {source.publisher}" if source else fact.source,
            url=source.url if source else "",
            as_of=fact.as_of,
            note=fact.note,
            by="catalog",
        )
    return found
