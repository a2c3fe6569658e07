"""Failures, spares and checkpoints: which share of a training run's time is work that is kept.

`rates` says how often a run is interrupted, `checkpoints` and `intervals` what saving costs and how often to
do it, `renewal` which share of the time is left, `spares`, `dropping` and `slow` what else is lost; `run` puts
them together, `replay` plays the same run event by event, and `ask` answers by names.
"""

from .answer import Goodput, Lever, Played
from .ask import goodput, goodput_curve, simulate_goodput
from .curve import GoodputCurve
from .settings import RecoverySettings

__all__ = [
    "Goodput",
    "GoodputCurve",
    "Lever",
    "Played",
    "RecoverySettings",
    "goodput",
    "goodput_curve",
    "simulate_goodput",
]
