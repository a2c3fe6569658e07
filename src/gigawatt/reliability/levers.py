"""What would help most: one change at a time, and the points of goodput that each gains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from .answer import Lever
from .prepared import Machine
from .settings import RecoverySettings

__all__ = ["levers"]

_HALVED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("noticing failures in half the time", ("detect_s",)),
    ("restarting in half the time", ("restart_s", "restart_each_s", "reinit_s")),
    ("stopping half as long for a checkpoint", ("pause_s",)),
    ("repairs in half the time", ("repair_h",)),
    ("finding slow machines in half the time", ("slow_found_s",)),
    ("half as many planned interruptions", ("planned_per_day",)),
)
_HALVED_ELASTIC: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("regrouping in half the time", ("regroup_s",)),
    ("dropped replicas back in half the time", ("rejoin_s",)),
    ("half as many failures that stop every replica", ("whole_run",)),
)
_COMPONENTS = {
    "gpu": "accelerators",
    "hbm": "memory",
    "switch": "switches and cables",
    "host": "hosts",
    "software": "software",
}
_MORE_SPARES = 0.01
LEAST_POINTS = 0.005
"""Changes that gain less than this are none that help [percentage point]."""


def levers(
    machine: Machine,
    settings: RecoverySettings,
    figures: Mapping[str, float],
    elastic: bool,
    kept: Callable[[Machine, RecoverySettings], float],
) -> tuple[Lever, ...]:
    """Points of goodput that each change gains, most first; changes that gain nothing are left out.

    Parameters
    ----------
    machine, settings
        The run as it is.
    figures : mapping
        Its figures.
    elastic : bool
        Whether it drops replicas.
    kept : callable
        Goodput of a run [1].
    """
    before = kept(machine, settings)
    found = [
        Lever(what, 100.0 * (kept(*changed) - before))
        for what, changed in _changes(machine, settings, figures, elastic)
    ]
    helpful = [lever for lever in found if lever.points >= LEAST_POINTS]
    return tuple(sorted(helpful, key=lambda lever: -lever.points))


def _changes(
    machine: Machine, settings: RecoverySettings, figures: Mapping[str, float], elastic: bool
) -> Iterator[tuple[str, tuple[Machine, RecoverySettings]]]:
    for what, names in (*_HALVED, *(_HALVED_ELASTIC if elastic else ())):
        stated = {**settings.figures, **{name: 0.5 * figures[name] for name in names}}
        yield what, (machine, replace(settings, figures=stated))
    for name, words in _COMPONENTS.items():
        if name in machine.components:
            part = machine.components[name]
            fewer = {**machine.components, name: part._replace(per_hour=0.5 * part.per_hour)}
            yield (
                f"half as many failures of {words}",
                (machine._replace(components=fewer), settings),
            )
    if settings.storage_bytes_per_s is not None:
        more = replace(settings, storage_bytes_per_s=2.0 * settings.storage_bytes_per_s)
    else:
        stated = {**settings.figures, "shared_bytes_per_s": 2.0 * figures["shared_bytes_per_s"]}
        more = replace(settings, figures=stated)
    yield "twice the bandwidth of shared storage", (machine, more)
    if not settings.elastic:
        yield "going on without a replica that fails", (machine, replace(settings, elastic=True))
    for tier, words in (("memory", "in the memory of peers"), ("local", "on disks of the node")):
        if tier not in settings.tiers:
            tiers = (*settings.tiers, tier)
            yield f"checkpoints {words}", (machine, replace(settings, tiers=tiers))
    if settings.spares is not None and settings.spares != _MORE_SPARES:
        yield "1 % spares", (machine, replace(settings, spares=_MORE_SPARES))
    if settings.spares is not None:
        yield "as many spares as keep most", (machine, replace(settings, spares=None))
    if settings.interval_s is not None:
        yield "checkpoints at the best interval", (machine, replace(settings, interval_s=None))
