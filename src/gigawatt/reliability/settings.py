"""What may be chosen about a run's checkpoints and recovery, and the checks that need no model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gigawatt.core.errors import InputError, Problem, did_you_mean

from .rates import TIERS

__all__ = ["MOST_ACCELERATORS", "RecoverySettings", "checked"]

MOST_ACCELERATORS = 10_000_000
LEAST_BYTES_PER_S = 1e3
LEAST_INTERVAL_S = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySettings:
    """How a run saves its state and recovers.

    Attributes
    ----------
    elastic : bool
        Whether a replica that fails may be dropped while the others go on; it is where that keeps more.
    tiers : tuple of str
        Places of checkpoints: memory of peers, disks of the node, shared storage.
    interval_s : float or None
        Work between checkpoints of the quickest place [s]; the best if left out.
    spares : float or None
        Share of accelerators held back [1]; what keeps most if left out.
    replica : int or None
        Accelerators of one replica [package]; as few as hold the model if left out.
    storage_bytes_per_s : float or None
        Bandwidth of shared storage, for the whole run [B/s]; in proportion to the run if left out.
    figures : mapping
        Figures of recovery that replace those of the catalog, by name.
    """

    elastic: bool = False
    tiers: tuple[str, ...] = TIERS
    interval_s: float | None = None
    spares: float | None = None
    replica: int | None = None
    storage_bytes_per_s: float | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


def checked(settings: RecoverySettings, count: int, known: tuple[str, ...]) -> RecoverySettings:
    """The settings, if every part of them can be meant for a run.

    Parameters
    ----------
    settings : RecoverySettings
        As asked.
    count : int
        Accelerators [package].
    known : tuple of str
        Names of figures.

    Raises
    ------
    InputError
        E213 for numbers out of range, E203 for words that are none of the allowed, E706 for checkpoints that
        not every failure leaves.
    """
    problems = [*_count(count), *_numbers(settings, count), *_tiers(settings.tiers)]
    problems += _figures(settings.figures, known)
    if problems:
        raise InputError(problems)
    return settings


def _count(count: int) -> Iterator[Problem]:
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_ACCELERATORS:
        shown = f"{count:,}" if isinstance(count, int) else repr(count)
        yield Problem(
            "E213",
            f"count is {shown}; allowed are whole numbers from 1 to {MOST_ACCELERATORS:,} accelerators.",
            path="count",
        )


def _numbers(s: RecoverySettings, count: int) -> Iterator[Problem]:
    if s.spares is not None and not 0.0 <= s.spares < 1.0:
        yield Problem(
            "E213", f"spares is {s.spares:.6g}; allowed is a share from 0 to below 1 (100 %).",
            "At 100 % nothing is left to train.", "spares",
        )  # fmt: skip
    if s.interval_s is not None and not LEAST_INTERVAL_S <= s.interval_s <= 1e7:
        yield Problem(
            "E213", f"interval_s is {s.interval_s:g}; allowed is {LEAST_INTERVAL_S:g} to 1e+07 s.",
            path="interval_s",
        )  # fmt: skip
    if s.replica is not None and not 1 <= s.replica <= MOST_ACCELERATORS:
        yield Problem(
            "E213", f"replica is {s.replica:,}; allowed are whole numbers from 1 to "
            f"{MOST_ACCELERATORS:,} accelerators.", path="replica",
        )  # fmt: skip
    bandwidth = s.storage_bytes_per_s
    if bandwidth is not None and not LEAST_BYTES_PER_S <= bandwidth <= 1e18:
        yield Problem(
            "E213",
            f"storage_bytes_per_s is {bandwidth:g}; allowed is {LEAST_BYTES_PER_S:g} to 1e+18 B/s.",
            path="storage_bytes_per_s",
        )  # fmt: skip


def _tiers(tiers: tuple[str, ...]) -> Iterator[Problem]:
    for tier in tiers:
        if tier not in TIERS:
            yield Problem(
                "E203", f"tiers has '{tier}'; places of checkpoints are {', '.join(TIERS)}.",
                did_you_mean(tier, TIERS), "tiers",
            )  # fmt: skip
    if len(set(tiers)) < len(tiers):
        yield Problem("E105", "tiers names a place twice.", path="tiers")
    if all(tier in TIERS for tier in tiers) and "shared" not in tiers:
        yield Problem(
            "E706",
            f"Checkpoints are kept in {' and '.join(tiers) or 'no place'} only, and some failures leave "
            "nothing but shared storage.",
            "Add shared to the tiers.",
            "tiers",
        )


def _figures(figures: Mapping[str, float], known: tuple[str, ...]) -> Iterator[Problem]:
    for name, value in figures.items():
        if name not in known:
            yield Problem(
                "E203", f"'{name}' is no figure of recovery.", did_you_mean(name, known), name
            )
        elif not (math.isfinite(value) and value >= 0.0) or (
            name.endswith("bytes_per_s") and value == 0.0
        ):
            yield Problem("E213", f"{name} is {value:g}; it must be finite and above 0.", path=name)
