"""What workloads may use: the own fleet and partners' capacity, by machine and place.

A machine is a system as it stands somewhere; a place is a campus or a partner. A partner whose system
the own roadmap has too runs the same machine. Arrays have months last, as kernels do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array
from gigawatt.scenario import Scenario

from .buildout import Buildout, Figures
from .inputs import Inputs

__all__ = ["Machines", "machines_of"]


@dataclass(frozen=True, slots=True)
class Machines:
    """Machines and places.

    Attributes
    ----------
    labels, systems : tuple of str
        Name of each machine, and its catalog system.
    places : tuple of str
        Sites by priority, then partners.
    capacity : array, shape (M, P, T)
        Packages in service that workloads may use [1].
    peak_flops : array, shape (3, M)
        Dense peak of a package by precision [FLOP/s].
    mfu : array, shape (3, 3, M)
        Assumed utilisation, low, central and high, by precision [1].
    it_mw : array, shape (M,)
        IT power of a package with its share of the rack, network and storage [MW].
    energy_mwh : array, shape (M, P, T)
        Energy of a package in a month [MWh].
    cost_usd : array, shape (M, P, T)
        Cost of a package in a month: electricity and racks with their network over their useful life,
        or what the partner is paid [USD].
    """

    labels: tuple[str, ...]
    systems: tuple[str, ...]
    places: tuple[str, ...]
    capacity: Array
    peak_flops: Array
    mfu: Array
    it_mw: Array
    energy_mwh: Array
    cost_usd: Array

    @property
    def present(self) -> list[int]:
        """Machines that ever serve."""
        return [int(m) for m in np.flatnonzero(self.capacity.any(axis=(1, 2)))]

    def place_mask(self, wanted: tuple[str, ...] | None) -> NDArray[np.bool_]:
        """Places by name; all if none are named."""
        return np.array([wanted is None or place in wanted for place in self.places], dtype=bool)


def machines_of(scenario: Scenario, inputs: Inputs, fleet: Buildout, partners: Figures) -> Machines:
    """Own fleet and partners as machines at places.

    Parameters
    ----------
    scenario, inputs : Scenario, Inputs
        Systems of partners; peaks, prices, lives.
    fleet : Buildout
        Packages in service, energy.
    partners : dict of str to array
        Figures of partners, months first.
    """
    spec = scenario.spec
    records = {key: spec.hardware[key].system or key for key in inputs.systems}
    labels = list(inputs.systems)
    systems = [records[key] for key in labels]
    row: dict[str, int] = {}
    for key in inputs.partners:
        system = spec.partners[key].system
        if system is None:
            continue
        if system not in systems:
            labels.append(system if system not in labels else f"{system} of {key}")
            systems.append(system)
        row[key] = systems.index(system)
    places = [*inputs.sites, *row]
    own_s, own_k, months = len(inputs.sites), len(inputs.systems), inputs.horizon.months
    shape = (len(labels), len(places), months)
    capacity, energy, cost = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    peak = np.zeros((len(inputs["peak_flops"]), len(labels)))
    mfu = np.zeros((3, *peak.shape))
    it_mw = np.zeros(len(labels))
    per_rack = inputs["packages_per_rack"]
    capacity[:own_k, :own_s] = np.swapaxes(fleet.packages, 0, 1)
    it_mw[:own_k] = fleet.rack_mw / per_rack
    peak[:, :own_k] = inputs["peak_flops"]
    mfu[:, :, :own_k] = np.stack([inputs[name] for name in ("mfu_low", "mfu", "mfu_high")])
    hours = inputs.horizon.hours()
    drawn = (inputs["load_factor"] * inputs["energy_pue"])[:, None] * hours
    energy[:own_k, :own_s] = it_mw[:own_k, None, None] * drawn
    racks = inputs["price_usd"] * (1.0 + inputs["network_share"]) / per_rack
    monthly = racks / np.maximum(inputs["useful_life_months"], 1.0)
    power = energy[:own_k, :own_s] * inputs["energy_price_usd"][:, None]
    cost[:own_k, :own_s] = power + monthly[:, None, None]
    for at, key in enumerate(inputs.partners):
        if key not in row:
            continue
        m, p = row[key], own_s + list(row).index(key)
        used = partners["partners.packages"][:, at] * inputs["partner_utilisation"][at]
        capacity[m, p] = used
        per_mw = inputs["partner_packages_per_mw"][at]
        if m >= own_k:
            it_mw[m] = 1.0 / per_mw
            peak[:, m] = inputs["partner_peak_flops"][:, at]
            mfu[:, :, m] = np.stack(
                [inputs[f"partner_{name}"][:, at] for name in ("mfu_low", "mfu", "mfu_high")]
            )
        energy[m, p] = (
            inputs["partner_load_factor"][at] * inputs["partner_pue"][at] * hours / per_mw
        )
        paid = partners["partners.cost_usd"][:, at]
        cost[m, p] = np.divide(paid, used, out=np.zeros(months), where=used > 0.0)
    return Machines(
        tuple(labels), tuple(systems), tuple(places), capacity, peak, mfu, it_mw, energy, cost
    )
