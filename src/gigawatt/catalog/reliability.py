"""Published failure rates and times of recovery, as the goodput model reads them.

A record holds failure rates of one generation by component, or figures of recovery, each with its range:
sources differ by more than the error of any model. What follows from them is not known here.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from .facts import _Sourced

__all__ = ["FailureRate", "Reliability", "ReliabilityFigure"]

Tier = Literal["memory", "local", "shared"]


class ReliabilityFigure(_Sourced):
    """One figure of recovery, with its range."""

    value: float = Field(ge=0.0)
    """Central value."""
    low: float = Field(ge=0.0)
    """Low end."""
    high: float = Field(ge=0.0)
    """High end."""
    unit: Literal["1", "1/h", "1/day", "s", "h", "B", "B/s", "s/package", "package"]
    """Unit of all three."""
    better: Literal["low", "high"]
    """Which end keeps more of the time."""
    what: str
    """What it is."""

    @model_validator(mode="after")
    def _ordered(self) -> ReliabilityFigure:
        if not self.low <= self.value <= self.high:
            raise ValueError("the value must lie between low and high")
        return self


class FailureRate(_Sourced):
    """Interruptions of a run by one component."""

    per_accelerator_hour: float = Field(ge=0.0)
    """Interruptions for each accelerator and hour [1/h]."""
    what: str
    """What fails."""
    tier: Tier
    """Nearest checkpoint that survives: memory of a peer, disks of the node, shared storage."""
    drains: bool
    """Whether a node may have to leave for a repair."""
    whole_run: float = Field(ge=0.0, le=1.0)
    """Share that stops every replica, so that no other can go on [1]; an assumption."""
    by: Literal["package", "stack"] = "package"
    """What of another system the rate is carried over by: packages, or stacks of memory."""


class Reliability(_Sourced):
    """Failure rates of a generation, figures of recovery, or both."""

    name: str
    """What they are of."""
    generation: str = ""
    """Generation that the rates are of."""
    packages: float = Field(default=0.0, ge=0.0)
    """Accelerators of the run that the rates were counted on [package]."""
    stacks: dict[str, int] = Field(default_factory=dict)
    """Stacks of memory on a package, by system; only their ratios are used."""
    failures: dict[str, FailureRate] = Field(default_factory=dict)
    """By component."""
    figures: dict[str, ReliabilityFigure] = Field(default_factory=dict)
    """By name."""
