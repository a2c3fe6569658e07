"""How far a served rate may be from a measured one, and what no measured point covers."""

from __future__ import annotations

from functools import cache

from gigawatt.catalog import Catalog
from gigawatt.catalog.serving_runs import shipped_serving_runs
from gigawatt.perf.bands import Band
from gigawatt.perf.chip import Chip
from gigawatt.perf.shape import Shape

__all__ = ["first_token_band", "generation_of", "outside_serving", "serving_band"]

_CARRIED_OVER = 1.5
_OUTSIDE = 1.3
_MOST_RANKS = 72
"""Accelerators of the widest replica measured (SGLang on 96 H100, MLPerf on GB200 NVL72)."""


def generation_of(chip: Chip) -> str:
    """Architecture of an accelerator, as errors are reported by it."""
    system = chip.system_id
    if system.startswith("mi3"):
        return "CDNA 4" if system == "mi355x" else "CDNA 3"
    if system == "l40s":
        return "Ada"
    return chip.level.capitalize()


def serving_band(catalog: Catalog, chip: Chip, outside: bool) -> Band:
    """Multipliers of tokens/s between which four of five measured ones are expected [1].

    Parameters
    ----------
    catalog : Catalog
        Whose calibration keeps the percentiles of measured over predicted rates by architecture.
    chip : Chip
        Accelerator; the band is half as wide again in logarithms where its kernels were carried over.
    outside : bool
        Whether something lies outside of what was measured, which widens it by a third.
    """
    bands = catalog.serving_calibration.bands
    own = bands.get(f"throughput {generation_of(chip)}")
    if own is None:
        known = [band for name, band in bands.items() if name.startswith("throughput ")]
        low, high = min(b.low for b in known), max(b.high for b in known)
    else:
        low, high = own.low, own.high
    band = Band(low, high)
    if not chip.measured:
        band = band.wider(_CARRIED_OVER)
    return band.wider(_OUTSIDE) if outside else band


def first_token_band(catalog: Catalog, disaggregated: bool) -> Band:
    """Multipliers of TTFT between which four of five measured ones were [1].

    Measured ones were taken with bursts of requests, which a steady load does not have: the predicted
    time is near their floor.
    """
    band = catalog.serving_calibration.bands["ttft disagg" if disaggregated else "ttft agg"]
    return Band(band.low, band.high)


def outside_serving(
    chip: Chip,
    shape: Shape,
    precision: str,
    accelerators: int,
    disaggregated: bool,
    drafted: bool = False,
) -> tuple[str, ...]:
    """What of a served model no measured point covers, in words."""
    found = []
    if chip.system_id not in _systems():
        found.append(f"{chip.system_id} was never measured serving")
    if shape.mamba:
        found.append("models with state-space layers were never measured serving")
    if accelerators > _MOST_RANKS:
        found.append(f"replicas of more than {_MOST_RANKS} accelerators")
    if disaggregated and not (shape.latent and shape.moe):
        found.append("prefill and decoding apart, for other models than DeepSeek-R1")
    if drafted:
        found.append("drafted tokens were in no measured point, and what they cost is a rule")
    if precision in {"fp4", "mxfp4"} and "nvfp4" not in chip.peak and precision != "mxfp4":
        found.append("four-bit weights on a chip that multiplies in 16 bits")
    return tuple(found)


@cache
def _systems() -> frozenset[str]:
    from gigawatt.catalog.names import system_named

    catalog = Catalog()
    names = {run.gpu for run in shipped_serving_runs() if not run.exclude}
    return frozenset(found for name in names if (found := system_named(name, catalog)))
