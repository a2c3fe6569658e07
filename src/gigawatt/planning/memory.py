"""What the memory of a model asks of a system: fewest packages, and by how much the nearest strategy misses.

Where there is a throughput curve, its search knows. Here is what remains: a bound from weights,
gradients and optimizer alone, evenly spread, for systems and campaigns without a curve; and the amount that
is missing where a search found nothing that fits.
"""

from __future__ import annotations

import math
from typing import Any

from gigawatt.catalog import Catalog
from gigawatt.catalog.records import Architecture
from gigawatt.catalog.shapes import parameters
from gigawatt.core.errors import InputError
from gigawatt.perf import scaling_cache
from gigawatt.perf.scaling import ThroughputCurve
from gigawatt.perf.stacks import CURRENT
from gigawatt.perf.step import FRAGMENTATION, OPTIMIZER_BYTES, RESERVED_BYTES, WEIGHT_BYTES

__all__ = ["least_packages", "misses_memory", "scaled_least"]


def least_packages(architecture: Architecture, hbm_bytes: float) -> float:
    """Fewest packages that hold weights, gradients and optimizer of a model in training.

    Parameters
    ----------
    architecture : Architecture
        The model.
    hbm_bytes : float
        Memory of a package [B].

    Returns
    -------
    float
        Whole packages [1], a lower bound: activations come on top. Infinite where a package has no
        memory to spare.

    Examples
    --------
    405 billion parameters of 16 bytes each, and 6 % that no allocator can use:

    >>> from gigawatt.catalog import Catalog
    >>> least_packages(Catalog().model("llama31-405b").architecture, 288e9)
    25.0
    """
    spare = hbm_bytes - RESERVED_BYTES
    if spare <= 0.0:
        return math.inf
    each = WEIGHT_BYTES + CURRENT.gradient_bytes + OPTIMIZER_BYTES
    return float(math.ceil(float(parameters(architecture).total) * each * FRAGMENTATION / spare))


def scaled_least(least: float, theirs_bytes: float, own_bytes: float) -> float:
    """Fewest packages of one system, from those of another: as many more as its memory is smaller.

    Examples
    --------
    >>> scaled_least(64.0, 288e9, 96e9), scaled_least(64.0, 96e9, 288e9)
    (192.0, 64.0)
    """
    return float(math.ceil(least * max(theirs_bytes / own_bytes, 1.0) * (1.0 - 1e-12)))


def misses_memory(
    catalog: Catalog, architecture: Architecture, curve: ThroughputCurve, called: str
) -> str:
    """By how much the strategy that is nearest to fitting misses, on about the most packages of a curve.

    Parameters
    ----------
    catalog : Catalog
        Where the system comes from.
    architecture : Architecture
        The model.
    curve : ThroughputCurve
        A curve on which nothing fits.
    called : str
        Name of the system in the plan.

    Returns
    -------
    str
        One sentence; without the amount where no strategy is valid at all.
    """
    most = int(curve.counts.max())
    counts = sorted({2 ** int(math.log2(most)), most})  # whole domains divide in fewer ways
    asked: dict[str, Any] = {
        "what": "nearest miss", "system": catalog.system(curve.system_id), "model": architecture,
        "constants": catalog.training_calibration.values(), "precision": curve.precision,
        "sequence": curve.sequence, "batch": curve.most_batch_tokens, "counts": counts,
    }  # fmt: skip
    key = scaling_cache.key_of(asked)
    found = scaling_cache.load(key, lambda plain: {name: plain[name] for name in _KEPT})
    if found is None:
        tried = [_searched(catalog, architecture, curve, count) for count in counts]
        found = min(tried, key=lambda miss: (not miss["strategy"], miss["needs_bytes"]))
        scaling_cache.store(key, found)
    if not found["strategy"]:
        return (
            f"The model fits on no number of {called}: no way to spread it over {most:,} is valid."
        )
    return (
        f"The model fits on no number of {called}: the strategy that is nearest to it, "
        f"{found['strategy']} on {found['count']:,}, needs {found['needs_bytes'] / 1e9:,.4g} GB of the "
        f"{found['has_bytes'] / 1e9:,.4g} GB of each."
    )


_KEPT = ("strategy", "count", "needs_bytes", "has_bytes")


def _searched(
    catalog: Catalog, architecture: Architecture, curve: ThroughputCurve, count: int
) -> dict[str, Any]:
    from gigawatt.perf.training import train  # a curve that fits needs no compiled search
    from gigawatt.perf.training_request import TrainingRequest

    request = TrainingRequest(
        system_id=curve.system_id,
        count=count,
        batch_tokens=int(curve.most_batch_tokens),
        sequence=curve.sequence,
        precision=curve.precision,
        top=1,
    )
    try:
        miss = train(catalog, architecture, request).nearest
    except InputError:
        miss = None
    if miss is None:
        return {"strategy": "", "count": count, "needs_bytes": 0.0, "has_bytes": 0.0}
    return {
        "strategy": str(miss.strategy),
        "count": count,
        "needs_bytes": float(miss.memory.total_bytes),
        "has_bytes": float(miss.hbm_bytes),
    }
