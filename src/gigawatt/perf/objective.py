"""What a search minimises: a price of the step's time and a price of its busy time, per sequence.

Step time, throughput, energy and cost are all of this one form, so one compiled search serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass

from gigawatt.core.errors import InputError, Problem

from .machine import Value
from .predict import Prediction

__all__ = ["Objective"]

_JOULES_PER_MWH = 3.6e9
_SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Objective:
    """``(per_step_s × step time + per_busy_s × busy time) / sequences of the step``.

    Attributes
    ----------
    name : str
        What it is.
    unit : str
        Unit of a value, such as ``s/sequence``.
    per_step_s : float
        Price of a second of the step [unit × sequence/s]; above zero.
    per_busy_s : float
        Price of a second in which the accelerators compute [unit × sequence/s]; not negative.

    Notes
    -----
    Busy time is that of the slowest stage without bubbles and without exposed messages.
    """

    name: str
    unit: str
    per_step_s: float
    per_busy_s: float = 0.0

    def __post_init__(self) -> None:
        # A price of zero or below would break the lower bounds that pruning relies on.
        if not (0.0 < self.per_step_s < float("inf") and 0.0 <= self.per_busy_s < float("inf")):
            raise InputError(
                Problem(
                    "E213",
                    f"An objective of {self.per_step_s:g} per second of the step and "
                    f"{self.per_busy_s:g} per busy second cannot be searched: the first must be above "
                    "zero and the second not below.",
                    path="objective",
                )
            )

    def of(self, prediction: Prediction) -> Value:
        """Value of a prediction [`unit`]."""
        step = prediction.step
        spent = self.per_step_s * step.step_s + self.per_busy_s * step.busy_s
        return spent / prediction.job.batch_sequences

    @classmethod
    def time(cls) -> Objective:
        """Step time per sequence [s/sequence]: step time for one batch, throughput over several.

        The least of it is the most tokens per second and accelerator, since a job uses all of them.
        """
        return cls("time", "s/sequence", 1.0)

    @classmethod
    def energy(cls, count: int, idle_w: float, busy_w: float) -> Objective:
        """Energy of the accelerators per sequence [J/sequence].

        Parameters
        ----------
        count : int
            Accelerators.
        idle_w, busy_w : float
            Power of one while it waits and while it computes [W].
        """
        return cls("energy", "J/sequence", count * idle_w, count * (busy_w - idle_w))

    @classmethod
    def cost(
        cls,
        count: int,
        usd_per_gpu_hour: float,
        usd_per_mwh: float = 0.0,
        idle_w: float = 0.0,
        busy_w: float = 0.0,
    ) -> Objective:
        """Cost per sequence [USD/sequence]: accelerators by the hour and what electricity they use.

        Parameters
        ----------
        count : int
            Accelerators.
        usd_per_gpu_hour : float
            Price of one [USD/h].
        usd_per_mwh : float
            Price of electricity that the hourly price does not hold [USD/MWh].
        idle_w, busy_w : float
            Power of one while it waits and while it computes [W].
        """
        usd_per_joule = usd_per_mwh / _JOULES_PER_MWH
        return cls(
            "cost",
            "USD/sequence",
            count * (usd_per_gpu_hour / _SECONDS_PER_HOUR + idle_w * usd_per_joule),
            count * (busy_w - idle_w) * usd_per_joule,
        )
