"""Power and energy of accelerators in training, per package of a system, on the IT and facility basis.

A package computes or waits. While a microbatch is in its stage it counts as computing, messages inside
layers included, and draws its share of the rack's nameplate power, network and hosts with it; in bubbles,
gradient exchange, optimizer, offload and noise it waits and draws a share of that.
"""

from __future__ import annotations

from dataclasses import dataclass

from gigawatt.catalog import Catalog

__all__ = ["BUSY_SHARE", "WAITING_SHARE", "Power", "power_of"]

BUSY_SHARE = 1.0
"""IT power while computing over nameplate [1]; on the high side, for nameplates hold reserves."""
WAITING_SHARE = 0.45
"""IT power while waiting over nameplate [1]; assumed, between idle and the limit."""
_JOULES_PER_MWH = 3.6e9


@dataclass(frozen=True, slots=True)
class Power:
    """Power of one package with its share of rack and network.

    Attributes
    ----------
    busy_w, waiting_w : float
        IT power while it computes and while it waits [W].
    pue : float
        Facility energy per IT energy, annual average [1].
    basis : str
        Where the figures come from.

    References
    ----------
    E. Choukse et al., Power Stabilization for AI Training Datacenters, arXiv:2508.14318: accelerators
    swing between near their limit in computation and near idle in communication.
    """

    busy_w: float
    waiting_w: float
    pue: float
    basis: str

    def it_mwh(self, count: int, busy_s: float, whole_s: float) -> float:
        """IT energy of `count` packages over a time of which a part is busy [MWh].

        Examples
        --------
        >>> round(Power(1000.0, 400.0, 1.2, "").it_mwh(1000, 1800.0, 3600.0), 3)
        0.7
        """
        joules = self.waiting_w * whole_s + (self.busy_w - self.waiting_w) * busy_s
        return count * joules / _JOULES_PER_MWH


def power_of(catalog: Catalog, system_id: str) -> Power | None:
    """Power of a package; None where no source gives the power of the rack."""
    system, defaults = catalog.system(system_id), catalog.defaults
    if system.rack_power is None:
        return None
    factor = system.it_power_factor or defaults.it_power_factor
    watts = system.rack_power.value * 1e6 * factor.value / system.packages_per_rack.value
    pue = defaults.energy_pue.value
    return Power(
        busy_w=BUSY_SHARE * watts,
        waiting_w=WAITING_SHARE * watts,
        pue=pue,
        basis=(
            f"{watts / 1e3:.3g} kW of IT power a package (nameplate, with network and hosts) while it "
            f"computes, {WAITING_SHARE:.0%} of it while it waits (assumed), PUE {pue:g}"
        ),
    )
