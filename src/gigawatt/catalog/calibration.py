"""Constants that kernel tables and datasheets do not give: levels, traffic, overlap, host.

Each constant has a prior (what documents, kernel tables and arithmetic suggest, and how far it may be
from it), and a value fitted to measured steps. Beside the values fitted to all sources stand those
fitted with one source left out, so that every measured run is predicted by constants that never saw
its source.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .facts import _Frozen, _Sourced

__all__ = ["Band", "Calibration", "Constant"]


class Constant(_Frozen):
    """One constant of a performance model."""

    prior: float = Field(gt=0.0)
    """What it is without any measured step."""
    spread: float = Field(gt=0.0)
    """How far it may be from there: standard deviation of its logarithm [1]."""
    value: float = Field(gt=0.0)
    """Fitted to all sources."""
    unit: Literal["1", "B", "GB", "us", "ms"]
    """Unit of prior and value."""
    what: str
    """What it is."""
    basis: str
    """Where the prior comes from."""


class Band(_Frozen):
    """Where measured step times lie around predictions that never saw their source."""

    low: float = Field(gt=0.0)
    """Measured over predicted step time, 10th percentile [1]."""
    high: float = Field(gt=0.0)
    """The same, 90th percentile [1]."""
    groups: int = Field(gt=0)
    """Configurations behind them."""


class Calibration(_Sourced):
    """All constants of a performance model, and how they were fitted."""

    name: str
    """What they are of."""
    constants: dict[str, Constant]
    """By name; `group.member` where one of several applies."""
    left_out: dict[str, dict[str, float]] = Field(default_factory=dict)
    """By source left out: the values fitted without it."""

    bands: dict[str, Band] = Field(default_factory=dict)
    """By architecture and type, such as `hopper moe`: from the runs predicted without their source."""

    def values(self, without: str = "") -> dict[str, float]:
        """The fitted values.

        Parameters
        ----------
        without : str
            A source: the values fitted without it, where there are any.
        """
        if without in self.left_out:
            return dict(self.left_out[without])
        return {name: constant.value for name, constant in self.constants.items()}

    def priors(self) -> dict[str, float]:
        """The values before any measured step."""
        return {name: constant.prior for name, constant in self.constants.items()}
