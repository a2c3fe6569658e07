"""What a search answers: the best strategies, the front, the counts, and why the others fail."""

from __future__ import annotations

from dataclasses import dataclass

from .job import Job, Refusal
from .objective import Objective
from .predict import Prediction
from .strategy import Strategy

__all__ = ["Counts", "Found", "Point"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many strategies came to what.

    ``enumerated = feasible + states_too_large + activations_too_large`` and
    ``feasible = evaluated + pruned``.

    Attributes
    ----------
    enumerated : int
        Valid for model, accelerators and batch.
    feasible : int
        Of these, fit into memory.
    evaluated : int
        Of these, had their step computed.
    pruned : int
        Feasible ones that a bound proved not to be among the best.
    states_too_large : int
        Weights, gradients and optimizer alone exceed the memory.
    activations_too_large : int
        They would fit, but not with activations and workspaces.
    """

    enumerated: int = 0
    feasible: int = 0
    evaluated: int = 0
    pruned: int = 0
    states_too_large: int = 0
    activations_too_large: int = 0

    @property
    def failed_share(self) -> dict[str, float]:
        """Share of the enumerated strategies that fail by each limit [1]."""
        of = max(self.enumerated, 1)
        return {
            "states": self.states_too_large / of,
            "activations": self.activations_too_large / of,
        }


@dataclass(frozen=True, slots=True)
class Point:
    """A strategy on the Pareto front.

    Attributes
    ----------
    job, strategy : Job, Strategy
        Which it is.
    objective : float
        Its objective [unit of the objective].
    memory_bytes : float
        Memory of its fullest rank [B].
    """

    job: Job
    strategy: Strategy
    objective: float
    memory_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found.

    Attributes
    ----------
    best : tuple of Prediction
        The best strategies that fit, best first; the earlier enumerated one where two are equal.
    objective : Objective
        What was minimised; ``objective.of(best[0])`` is its value.
    counts : Counts
        Strategies enumerated, feasible, evaluated, pruned, and failed by limit.
    front : tuple of Point
        Strategies of which none has both a better objective and less memory, least memory first; empty
        unless asked for.
    nearest_miss : Prediction or None
        Where something does not fit: the one that exceeds the memory least.
    refused : tuple of Refusal
        Where nothing is valid: the rules that the most nearly valid strategy breaks.
    seconds : float
        Time of the search, without compilation [s].
    """

    best: tuple[Prediction, ...]
    objective: Objective
    counts: Counts
    front: tuple[Point, ...]
    nearest_miss: Prediction | None
    refused: tuple[Refusal, ...]
    seconds: float

    @property
    def strategies_per_s(self) -> float:
        """Strategies enumerated per second [1/s]."""
        return self.counts.enumerated / self.seconds

    @property
    def verdict(self) -> str:
        """The answer in a sentence or two."""
        c = self.counts
        if self.best:
            first = self.best[0]
            return (
                f"{first.strategy}: {float(first.step_s):.4g} s a step; {c.feasible:,} of "
                f"{c.enumerated:,} strategies fit."
            )
        if self.nearest_miss is None:
            why = " ".join(refusal.message for refusal in self.refused)
            return f"No strategy of this space is valid. {why}".strip()
        miss = self.nearest_miss
        return (
            f"None of {c.enumerated:,} strategies fits into {float(miss.hbm_bytes) / 1e9:.4g} GB: "
            f"{c.states_too_large:,} fail by weights and optimizer states alone, "
            f"{c.activations_too_large:,} with activations. The nearest, {miss.strategy}, needs "
            f"{float(miss.excess_bytes) / 1e9:.3g} GB more."
        )
