"""What a question about goodput is answered with, and its form as plain data. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gigawatt.core.provenance import Evidence

from .settings import RecoverySettings

__all__ = ["Goodput", "Lever", "Played"]


@dataclass(frozen=True, slots=True)
class Lever:
    """One change, and what it gains.

    Attributes
    ----------
    what : str
        The change.
    points : float
        Goodput gained [percentage point].
    """

    what: str
    points: float


@dataclass(frozen=True, slots=True)
class Played:
    """A run that was played event by event.

    Attributes
    ----------
    goodput : float
        Share of the time of all accelerators that was work kept [1].
    days : float
        Time that was played [day].
    failures : int
        Unexpected interruptions in that time.
    seed : int
        Number that the draws depend on, with the name of the run.
    """

    goodput: float
    days: float
    failures: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodput:
    """Which share of the time of all accelerators is work that is kept, and where the rest goes.

    Attributes
    ----------
    model, system_id : str
        What is trained on what.
    count : int
        Accelerators, spares included [package].
    settings : RecoverySettings
        What was chosen.
    goodput, low, high : float
        Share, and its range by that of the figures [1].
    mtti_hours : float
        Mean time to an unexpected interruption [h].
    intervals_s : mapping
        Work between two checkpoints, by place, the one that is written most often first [s].
    losses : mapping
        The rest of the time, by cause; see `accounts.CAUSES`. With `goodput` they add up to 1.
    interruptions_per_day : mapping
        Unexpected interruptions, by component [1/day].
    checkpoint_bytes : float
        Size of a checkpoint [B].
    spares : float
        Share of accelerators held back [1].
    smaller_run : int or None
        Size of a run that keeps more than all accelerators do, or than all of an island: what runs where
        spares are left open, and what would keep more where they are given [package].
    elastic : bool
        Whether replicas are dropped, rather than the run started again.
    levers : tuple of Lever
        What would help, most first.
    assumptions : tuple of str
        What it rests on that nobody published.
    evidence : mapping
        Where rates and figures come from, by name.
    """

    model: str
    system_id: str
    count: int
    settings: RecoverySettings
    goodput: float
    low: float
    high: float
    mtti_hours: float
    intervals_s: Mapping[str, float]
    losses: Mapping[str, float]
    interruptions_per_day: Mapping[str, float]
    checkpoint_bytes: float
    spares: float
    smaller_run: int | None
    elastic: bool
    levers: tuple[Lever, ...]
    assumptions: tuple[str, ...]
    evidence: Mapping[str, Evidence]

    @property
    def checkpoint_interval_s(self) -> float:
        """Work between checkpoints of the place that is written most often [s]."""
        return next(iter(self.intervals_s.values()))

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "model": self.model,
            "system": self.system_id,
            "count": self.count,
            "goodput": self.goodput,
            "range": {"low": self.low, "high": self.high},
            "mtbf_hours": self.mtti_hours,
            "checkpoint_interval_s": self.checkpoint_interval_s,
            "checkpoint_intervals_s": dict(self.intervals_s),
            "checkpoint_bytes": self.checkpoint_bytes,
            "losses": dict(self.losses),
            "interruptions_per_day": dict(self.interruptions_per_day),
            "spares": self.spares,
            "smaller_run": self.smaller_run,
            "elastic": self.elastic,
            "levers": [{"what": lever.what, "points": lever.points} for lever in self.levers],
            "assumptions": list(self.assumptions),
            "evidence": {name: found.as_dict() for name, found in self.evidence.items()},
        }
