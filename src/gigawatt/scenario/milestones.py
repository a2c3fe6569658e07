"""What counts as a deployed gigawatt."""

from __future__ import annotations

from typing import Literal

from .base import Id, _Spec

__all__ = ["Basis", "Milestone", "Stage"]

Basis = Literal["it", "facility", "grid"]
Stage = Literal["energised", "delivered", "installed", "commissioned", "in_service"]


class Milestone(_Spec):
    """What counts as a deployed gigawatt."""

    stage: Stage = "in_service"
    """Stage that racks must have reached; energised counts the power of the sites."""
    basis: Basis = "it"
    """Which gigawatts are counted."""
    systems: tuple[Id, ...] | None = None
    """Only these systems count; all if left out."""
    sites: tuple[Id, ...] | None = None
    """Only these sites count; all if left out."""
