"""Small machines and runs that tests of goodput share."""

from __future__ import annotations

from typing import Any

import numpy as np

from gigawatt.catalog import Catalog
from gigawatt.reliability import RecoverySettings
from gigawatt.reliability.accounts import Evaluated
from gigawatt.reliability.figures import central
from gigawatt.reliability.machine import ground_of
from gigawatt.reliability.prepared import Machine
from gigawatt.reliability.renewal import Level
from gigawatt.reliability.run import evaluate

CATALOG = Catalog()


def machine(model: str, system: str, settings: RecoverySettings) -> Machine:
    return ground_of(CATALOG, CATALOG.model(model).architecture, system, settings).machine


def level(
    rate_per_s: float, interval_s: float, stop_s: float, down_s: float, safe_s: float = 0.0
) -> Level:
    """A level whose recovery is all restart."""
    zero = np.array(0.0)
    return Level(
        np.array(rate_per_s),
        np.array(interval_s),
        np.array(stop_s),
        np.array(safe_s),
        (zero, np.array(down_s), zero, zero),
    )


def evaluated(count: float, settings: RecoverySettings, **figures: float) -> Evaluated:
    """Llama 3.1 405B on H100."""
    stated = {**settings.figures, **figures}
    m = machine("llama31-405b", "h100-sxm", settings)
    return evaluate(m, np.array([count]), central(CATALOG.recovery, stated), settings)


def kept(count: float, settings: RecoverySettings, **figures: Any) -> float:
    return float(evaluated(count, settings, **figures).kept[0])
