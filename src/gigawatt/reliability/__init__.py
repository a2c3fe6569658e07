"""Failures, spares and checkpoints: which share of a run's time is work that is kept.

`rates` says how often a run is interrupted, `checkpoints` what saving costs and how often to do it,
`closed` which share of the time is left, `simulator` the same by playing events, and `goodput` puts
them together for a model on a system.
"""

from .curve import GoodputCurve, goodput_curve
from .goodput import Goodput, goodput

__all__ = ["Goodput", "GoodputCurve", "goodput", "goodput_curve"]
