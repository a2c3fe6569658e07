"""What may be chosen about a run's recovery, and the checks that need no model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from gigawatt.core.errors import InputError, Problem, did_you_mean

from .rates import TIERS

__all__ = ["POLICIES", "RecoverySettings", "checked"]

POLICIES = ("auto", "restart", "elastic")
MOST = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySettings:
    """How a run saves its state and recovers.

    Attributes
    ----------
    policy : str
        restart: a failure stops the run, which starts again from a checkpoint; elastic: the replica is
        dropped and the others go on; auto: whichever keeps more.
    tiers : tuple of str
        Tiers of checkpoints in use; shared storage always is.
    interval_s : float or None
        Work between checkpoints of the lowest tier; the best if left out [s].
    spares : float or None
        Share of accelerators held back; as many as broken nodes take with 99.9 % if left out [1].
    replica : int or None
        Accelerators of one replica; as many as hold the state if left out [1].
    figures : mapping
        Figures of the record that are replaced, by name, in all cases.
    scaled : mapping
        Factors on figures and on failures of components, for levers.
    """

    policy: str = "auto"
    tiers: tuple[str, ...] = TIERS
    interval_s: float | None = None
    spares: float | None = None
    replica: int | None = None
    figures: dict[str, float] = field(default_factory=dict)
    scaled: dict[str, float] = field(default_factory=dict)


def checked(s: RecoverySettings, count: int, known: list[str]) -> RecoverySettings:
    """The settings, if every part of them can be meant.

    Raises
    ------
    InputError
        E213 for numbers out of range, E203 for words that are none of the allowed.
    """
    problems = list(_problems(s, count, known))
    if problems:
        raise InputError(problems)
    return s


def _problems(s: RecoverySettings, count: int, known: list[str]) -> Iterator[Problem]:
    numbers = [("--on", "accelerators", float(count), 1.0, float(MOST))]
    if s.interval_s is not None:
        numbers.append(("--interval", "seconds between checkpoints", s.interval_s, 0.1, 1e7))
    if s.spares is not None:
        numbers.append(("--spares", "share of accelerators held back", s.spares, 0.0, 0.9))
    if s.replica is not None:
        numbers.append(
            ("--replica", "accelerators of a replica", float(s.replica), 1.0, float(max(count, 1)))
        )
    for option, name, value, low, high in numbers:
        if not (math.isfinite(value) and low <= value <= high):
            yield Problem(
                "E213", f"{option} is {value:g}; {name} may be {low:,g} to {high:,g}.", "", option
            )
    if s.policy not in POLICIES:
        yield Problem(
            "E203", f"--policy is '{s.policy}'; it may be {', '.join(POLICIES)}.", "", "--policy"
        )
    for tier in s.tiers:
        if tier not in TIERS:
            yield Problem(
                "E203",
                f"--tiers has '{tier}'; tiers are {', '.join(TIERS)}.",
                did_you_mean(tier, TIERS),
                "--tiers",
            )
    for name, value in s.figures.items():
        if name not in known:
            yield Problem(
                "E203", f"'{name}' is no figure of reliability.", did_you_mean(name, known), name
            )
        elif not (math.isfinite(value) and value >= 0.0) or (
            name.endswith("bytes_per_s") and value <= 0.0
        ):
            yield Problem("E213", f"{name} is {value:g}; it must be above 0.", "", name)
