"""What a question about training is answered with, and its form as plain data.

Nothing is computed here beyond ranges and sums of what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from .bands import Band
from .breakdown import GIB
from .costs import Prices
from .energy import Power
from .found import Counts, Point
from .predict import Prediction
from .strategy import Strategy
from .training_request import TrainingRequest

__all__ = ["Trained", "TrainingAnswer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """One strategy: what a step takes and, where tokens are given, the whole run.

    Attributes
    ----------
    prediction : Prediction
        The step as predicted; of one campus where campuses train by themselves.
    step_time_s : float
        Time of a step, exchanges between campuses included [s].
    step_parts_s : mapping
        What it is made of [s]; see `breakdown.STEP_PARTS`.
    memory_gib : float
        Memory of the fullest accelerator [GiB].
    memory_parts_gib : mapping
        What it is made of [GiB].
    mfu, hfu : float
        Model FLOP, and executed FLOP, of the dense peak of the precision [1].
    tokens_per_s_per_gpu : float
        Tokens per second and accelerator [token/s].
    per : {"step", "run"}
        What energy and cost are of.
    steps : float
        Steps of that [1].
    energy_mwh : float or None
        Facility energy [MWh]; None where the power is not known.
    energy_it_mwh : float or None
        IT energy [MWh].
    gpu_hours : float
        Accelerator hours [h].
    cost_usd, gpu_usd, electricity_usd : float or None
        Cost, and its parts [USD]; None where no price is known.
    days : float or None
        Days of the run without failures [day]; None where no tokens are given.
    error_band : Band
        Multipliers of the step time.
    outside_validated : tuple of str
        What lies outside of what was measured.
    """

    prediction: Prediction
    step_time_s: float
    step_parts_s: Mapping[str, float]
    memory_gib: float
    memory_parts_gib: Mapping[str, float]
    mfu: float
    hfu: float
    tokens_per_s_per_gpu: float
    per: str
    steps: float
    energy_mwh: float | None
    energy_it_mwh: float | None
    gpu_hours: float
    cost_usd: float | None
    gpu_usd: float | None
    electricity_usd: float | None
    days: float | None
    error_band: Band
    outside_validated: tuple[str, ...]

    @property
    def strategy(self) -> Strategy:
        """How the model is spread."""
        return self.prediction.strategy

    def record(self) -> dict[str, Any]:
        """As plain data."""
        p = self.prediction
        return {
            "strategy": asdict(self.strategy),
            "strategy_text": str(self.strategy),
            "data_parallel": p.replicas,
            "microbatches": p.job.microbatches(p.strategy),
            "step_time_s": self.step_time_s,
            "step_parts_s": dict(self.step_parts_s),
            "mfu": self.mfu,
            "hfu": self.hfu,
            "tokens_per_s_per_gpu": self.tokens_per_s_per_gpu,
            "memory_gib": self.memory_gib,
            "memory_parts_gib": dict(self.memory_parts_gib),
            "per": self.per,
            "steps": self.steps,
            "days": self.days,
            "gpu_hours": self.gpu_hours,
            "energy_mwh": self.energy_mwh,
            "energy_it_mwh": self.energy_it_mwh,
            "cost_usd": self.cost_usd,
            "gpu_usd": self.gpu_usd,
            "electricity_usd": self.electricity_usd,
            "error_band": self.error_band._asdict(),
            "outside_validated": list(self.outside_validated),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingAnswer:
    """The answer to a question about training.

    Attributes
    ----------
    model : str
        Name of the model.
    request : TrainingRequest
        The request with everything settled.
    best : tuple of Trained
        The best strategies that fit, best first; empty where none fits.
    inside : Trained or None
        The best whose choices measured runs cover; None where there is none.
    inside_note : str
        Why there is none, or what still lies outside.
    counts : Counts
        Strategies enumerated, feasible, evaluated, pruned, and failed by limit.
    seconds : float
        Time of the search [s].
    front : tuple of Point
        The Pareto front of objective and memory, where it was asked for.
    front_unit : str
        Unit of its objective.
    nearest : Prediction or None
        Of those that do not fit, the one that exceeds the memory least.
    prices : Prices or None
        Prices used; None where none is known.
    power : Power or None
        Power used; None where it is not known.
    notes : tuple of str
        What a reader must know.
    """

    model: str
    request: TrainingRequest
    best: tuple[Trained, ...]
    inside: Trained | None
    inside_note: str
    counts: Counts
    seconds: float
    front: tuple[Point, ...]
    front_unit: str
    nearest: Prediction | None
    prices: Prices | None
    power: Power | None
    notes: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Why nothing fits, by how much the nearest misses; empty where something fits."""
        if self.best or self.nearest is None:
            return ""
        c, miss = self.counts, self.nearest
        return (
            f"None of {c.enumerated:,} strategies fits into {float(miss.hbm_bytes) / GIB:.4g} GiB of "
            f"memory: {c.states_too_large:,} exceed it by weights, gradients and optimizer alone, "
            f"{c.activations_too_large:,} with activations and workspaces. The nearest, "
            f"{miss.strategy}, needs {float(miss.memory.total_bytes) / GIB:.4g} GiB: "
            f"{float(miss.excess_bytes) / GIB:.3g} GiB too much."
        )

    def record(self) -> dict[str, Any]:
        """As plain data: `best`, `search`, and everything around them."""
        r, c = self.request, self.counts
        return {
            "model": self.model,
            "system": r.system_id,
            "count": r.count,
            **{f.name: getattr(r, f.name) for f in fields(r) if f.name not in _NAMED_APART},
            "best": [one.record() for one in self.best],
            "inside": self.inside.record() if self.inside else None,
            "inside_note": self.inside_note,
            "nearest": self._nearest(),
            "why": {
                "states_too_large": c.states_too_large,
                "activations_too_large": c.activations_too_large,
            },
            "search": {
                "enumerated": c.enumerated,
                "feasible": c.feasible,
                "evaluated": c.evaluated,
                "pruned": c.pruned,
                "seconds": self.seconds,
            },
            "front": [
                {
                    "strategy_text": str(point.strategy),
                    "objective": point.objective,
                    "unit": self.front_unit,
                    "memory_gib": point.memory_bytes / GIB,
                }
                for point in self.front
            ],
            "prices": asdict(self.prices) if self.prices else None,
            "power": asdict(self.power) if self.power else None,
            "notes": list(self.notes),
        }

    def _nearest(self) -> dict[str, Any] | None:
        miss = self.nearest
        if miss is None or self.best:
            return None
        return {
            "strategy_text": str(miss.strategy),
            "limit": "memory",
            "limit_gib": float(miss.hbm_bytes) / GIB,
            "memory_gib": float(miss.memory.total_bytes) / GIB,
            "excess_gib": float(miss.excess_bytes) / GIB,
            "message": self.verdict,
        }


_NAMED_APART = ("system_id", "count", "front", "top", "usd_per_gpu_hour", "usd_per_mwh")
