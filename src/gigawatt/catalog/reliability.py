"""Published failure rates and recovery times, as the reliability model reads them.

Rates are of one accelerator with its share of host, network and software; times are those of a whole
run. Every figure has a low and a high end, because sources differ by more than any model's error.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from .facts import _Sourced

__all__ = ["FailureClass", "Reliability", "ReliabilityFigure"]

Tier = Literal["memory", "local", "shared"]


class ReliabilityFigure(_Sourced):
    """One figure of the model."""

    value: float = Field(ge=0.0)
    """Central value."""
    low: float = Field(ge=0.0)
    """Low end."""
    high: float = Field(ge=0.0)
    """High end."""
    unit: Literal["1", "1/h", "s", "h", "B/s", "B", "s/package", "package"]
    """Unit of all three."""
    what: str
    """What it is."""

    @model_validator(mode="after")
    def _ordered(self) -> ReliabilityFigure:
        if not self.low <= self.value <= self.high:
            raise ValueError("the value must lie between low and high")
        return self


class FailureClass(_Sourced):
    """Failures of one component."""

    per_package_hour: float = Field(ge=0.0)
    """Interruptions of a run for each accelerator and hour [1/h]."""
    what: str
    """What fails."""
    tier: Tier
    """Nearest checkpoint that survives it: memory of a peer, local to the node, or shared storage."""
    hardware: bool
    """Whether a node must be replaced."""
    grows_with: Literal["packages", "hbm"] = "packages"
    """What of another generation the rate is carried over by."""


class Reliability(_Sourced):
    """Failure classes of one generation, and figures of recovery."""

    name: str
    """What they are of."""
    generation: str
    """Generation that the rates are of; others are carried over."""
    hbm_gb: float = Field(gt=0.0)
    """Memory of an accelerator of that generation [GB]."""
    packages: float = Field(gt=0.0)
    """Accelerators of the run that the rates are of [1]."""
    failures: dict[str, FailureClass]
    """By component."""
    figures: dict[str, ReliabilityFigure] = Field(default_factory=dict)
    """Recovery, checkpoints, spares, by name."""

    def case(self, which: str) -> dict[str, float]:
        """All figures at one end: central, or the good or the bad one.

        Parameters
        ----------
        which : {"low", "central", "high"}
            End of each figure, as it stands; which end is good depends on the figure.
        """
        name = {"low": "low", "central": "value", "high": "high"}[which]
        return {key: float(getattr(figure, name)) for key, figure in self.figures.items()}
