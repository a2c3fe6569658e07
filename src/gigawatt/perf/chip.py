"""An accelerator's datasheet and kernel tables, as the performance model reads them.

What a system's record states is used as it stands. Where a generation has no kernel tables, those of
the nearest measured one are carried over by ratios of the datasheets (rooflines), and the chip says so.
Nothing is guessed: a record without a peak, a memory or a network cannot be modelled, and that is an
error that names what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gigawatt.catalog import Catalog, Fact, System
from gigawatt.catalog.kernels import Kernels
from gigawatt.core.errors import InputError, Problem

__all__ = ["TRAINING_PRECISIONS", "Chip", "TrainingPrecision", "chip_of"]

TrainingPrecision = Literal["bf16", "fp8", "mxfp8", "nvfp4"]
TRAINING_PRECISIONS: tuple[TrainingPrecision, ...] = ("bf16", "fp8", "mxfp8", "nvfp4")

PEAK_OF: Mapping[str, str] = {"bf16": "bf16", "fp8": "fp8", "mxfp8": "fp8", "nvfp4": "fp4"}
TABLE_OF: Mapping[str, str] = {"bf16": "bf16", "fp8": "fp8", "mxfp8": "fp8_block", "nvfp4": "nvfp4"}
BLOCK_SCALED = frozenset({"Blackwell", "Blackwell Ultra", "Rubin", "Rubin Ultra", "Feynman"})
"""Generations whose tensor cores take block scales: mxfp8 and nvfp4."""

_NEAREST: Mapping[str, str] = {
    "Ampere": "a100-80gb-sxm",
    "Hopper": "h100-sxm",
    "Blackwell": "b200-hgx",
    "Blackwell Ultra": "b300-hgx",
    "Rubin": "gb300-nvl72",
    "Rubin Ultra": "gb300-nvl72",
    "Feynman": "gb300-nvl72",
    "MI300 series": "h200-sxm",
    "MI350 series": "b200-hgx",
    "MI450 series": "gb300-nvl72",
}
"""Whose kernel tables stand in for a generation without its own."""
_OTHERWISE = "h200-sxm"
_LEVELS: Mapping[str, str] = {"a100-80gb-sxm": "ampere", "h100-sxm": "hopper", "h200-sxm": "hopper"}
_HOST_LINK: Mapping[str, float] = {"a100-80gb-sxm": 25e9, "h100-sxm": 50e9, "h200-sxm": 50e9}
_PCIE5, _C2C = 50e9, 400e9


@dataclass(frozen=True, slots=True)
class Chip:
    """One accelerator of a system, with its networks.

    Attributes
    ----------
    system_id : str
        Catalog id.
    kernels : Kernels
        Its kernel tables, or those carried over.
    reference_id : str
        Whose kernel tables they are.
    level : str
        Architecture whose sustained levels apply.
    peak : mapping
        Dense peak by training precision [FLOP/s].
    flops_ratio : mapping
        Peak over the reference's, by training precision [1]; 1 where measured.
    memory_ratio, link_ratio : float
        Memory and scale-up bandwidth over the reference's [1].
    hbm_bytes, hbm_bytes_per_s : float
        Memory [B] and its bandwidth [B/s].
    domain : float
        Accelerators in one scale-up domain [1].
    up_bytes_per_s, out_bytes_per_s : float
        Scale-up and scale-out bandwidth, one direction, from the datasheet [B/s].
    host_bytes_per_s : float
        Between host and accelerator memory, one direction [B/s].
    tdp_w : float
        Power limit [W].
    capped : float
        Power limit of the reference over this one's, where the same chip runs at less [1].
    """

    system_id: str
    kernels: Kernels
    reference_id: str
    level: str
    peak: Mapping[str, float]
    flops_ratio: Mapping[str, float]
    memory_ratio: float
    link_ratio: float
    hbm_bytes: float
    hbm_bytes_per_s: float
    domain: float
    up_bytes_per_s: float
    out_bytes_per_s: float
    host_bytes_per_s: float
    tdp_w: float
    capped: float

    @property
    def measured(self) -> bool:
        """Whether the kernel tables are this system's own."""
        return self.reference_id == self.system_id


def chip_of(catalog: Catalog, system_id: str) -> Chip:
    """Read a system from the catalog.

    Raises
    ------
    InputError
        E701 if the record lacks a figure that the model needs.
    """
    system = catalog.system(system_id)
    reference_id = _reference(catalog, system_id, system)
    reference = catalog.system(reference_id)
    _refuse_gaps(system_id, system)
    peaks: dict[str, float] = {}
    ratios: dict[str, float] = {}
    for precision in TRAINING_PRECISIONS:
        fact = system.peak.get(PEAK_OF[precision])  # type: ignore[call-overload]
        if fact is None or (precision in {"mxfp8", "nvfp4"} and not _block_scaled(system)):
            continue
        other = reference.peak.get(PEAK_OF[precision])  # type: ignore[call-overload]
        base = other.value if other else reference.peak["bf16"].value
        peaks[precision] = fact.value
        ratios[precision] = fact.value / base
    tdp, limit = _value(system.tdp), _value(reference.tdp)
    same_chip = system.generation == reference.generation and tdp and limit
    capped = (
        limit / tdp
        if same_chip and tdp < limit and peaks["bf16"] == reference.peak["bf16"].value
        else 1.0
    )
    return Chip(
        system_id=system_id,
        kernels=catalog.kernels(reference_id),
        reference_id=reference_id,
        level=_LEVELS.get(reference_id, "blackwell"),
        peak=peaks,
        flops_ratio=ratios,
        memory_ratio=_value(system.hbm_bandwidth) / _value(reference.hbm_bandwidth),
        link_ratio=_value(system.scaleup_bandwidth) / _value(reference.scaleup_bandwidth),
        hbm_bytes=_value(system.hbm),
        hbm_bytes_per_s=_value(system.hbm_bandwidth),
        domain=_value(system.scaleup_domain),
        up_bytes_per_s=_value(system.scaleup_bandwidth) / 2.0,
        out_bytes_per_s=_value(system.scaleout_bandwidth),
        host_bytes_per_s=_HOST_LINK.get(
            reference_id, _C2C if _value(system.scaleup_domain) > 8 else _PCIE5
        ),
        tdp_w=tdp,
        capped=capped,
    )


def _value(fact: Fact | None) -> float:
    return fact.value if fact is not None else 0.0


def _block_scaled(system: System) -> bool:
    return system.generation in BLOCK_SCALED or (system.vendor == "AMD" and "fp4" in system.peak)


def _reference(catalog: Catalog, system_id: str, system: System) -> str:
    if system_id in catalog.ids("kernels"):
        return system_id
    return _NEAREST.get(system.generation, _OTHERWISE)


def _refuse_gaps(system_id: str, system: System) -> None:
    needed = (
        "hbm",
        "hbm_bandwidth",
        "scaleup_bandwidth",
        "scaleup_domain",
        "scaleout_bandwidth",
        "tdp",
    )
    missing = [name for name in needed if getattr(system, name) is None]
    if "bf16" not in system.peak:
        missing.append("peak.bf16")
    if missing:
        raise InputError(
            Problem(
                "E701",
                f"The performance model cannot run on {system_id}: its record has no "
                f"{', '.join(missing)}.",
                "Take a system with known peaks, memory and networks ('gigawatt catalog list systems' "
                "shows them), or add what is missing in a catalog record of your own.",
                system_id,
            )
        )
