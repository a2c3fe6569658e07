"""The build-out of one scenario: inputs → racks by stage, power, packages, counted gigawatts.

Turns policies into limits for the allocation kernel, runs it, follows the racks through their stages,
and answers what milestones ask of the result. Arrays here have months last, as kernels do.
"""

from __future__ import annotations

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.finance.costs import growth_spend
from gigawatt.fleet.calendar import later
from gigawatt.fleet.capacity import energy_mwh, rack_it_mw
from gigawatt.fleet.deploy import DeployInputs, deploy
from gigawatt.fleet.milestones import deployed_gw
from gigawatt.fleet.stages import Lags, Stages, stages_of
from gigawatt.scenario import Scenario
from gigawatt.scenario.milestones import Milestone

from .inputs import Inputs

__all__ = ["Buildout", "Figures", "months_first"]

Figures = dict[str, Array]


def months_first(values: Array) -> Array:
    """From the axis order of kernels to that of figures."""
    return np.moveaxis(values, -1, 0)


class Buildout:
    """The build-out of one scenario: racks by stage, on arrays with months last."""

    def __init__(self, scenario: Scenario, inputs: Inputs) -> None:
        self.scenario, self.inputs = scenario, inputs
        self.rack_mw = rack_it_mw(inputs["rack_power_mw"], inputs["it_power_factor"])
        self.energised_mw = inputs["site_power_mw"] / inputs["basis_ratio"][:, None]
        self.ratios = {
            "it": np.ones(len(inputs.sites)),
            "facility": inputs["pue"],
            "grid": inputs["overhead"],
        }
        lags = {
            name: inputs.whole(f"{name}_months")
            for name in (
                "order_to_delivery",
                "delivered_to_installed",
                "energised_to_installed",
                "installed_to_commissioned",
                "commissioned_to_service",
            )
        }
        self.life = inputs.whole("useful_life_months")
        to_service = lags["installed_to_commissioned"] + lags["commissioned_to_service"]
        installed_lag = lags["delivered_to_installed"]
        retire = inputs.whole("existing_retire_month")
        usable = later(self.energised_mw, lags["energised_to_installed"] - installed_lag)
        stock_limit, ever_limit = self._limits(usable, installed_lag)
        self.occupies_months = to_service[:, None] + self.life[None, :]
        self.leaves_month = np.maximum(retire - installed_lag[:, None], 0)
        self.deployment = deploy(
            DeployInputs(
                usable_mw=usable,
                rack_mw=self.rack_mw,
                firm_racks=inputs["deliveries"],
                supply_racks=inputs["supply"],
                allowed=self._allowed(),
                spare_share=inputs["spare_share"],
                occupies_months=self.occupies_months,
                standing_racks=inputs["existing_racks"],
                standing_months=self.leaves_month,
                stock_limit=stock_limit,
                ever_limit=ever_limit,
                refresh=scenario.spec.deployment.refresh,
            )
        )
        self.stages: Stages = stages_of(
            self.deployment.shipped,
            Lags(
                lags["order_to_delivery"],
                installed_lag,
                lags["installed_to_commissioned"],
                lags["commissioned_to_service"],
            ),
            self.life[None, :],
            inputs["existing_racks"],
            retire,
        )
        self.in_service = self.stages.in_service
        self.it_mw = self.in_service * self.rack_mw[:, None]
        self.packages = self.in_service * inputs["packages_per_rack"][:, None]
        self.energy_mwh = energy_mwh(
            self.it_mw,
            inputs.horizon.hours(),
            inputs["load_factor"][:, None],
            inputs["energy_pue"][:, None],
        )

    @property
    def beside_share(self) -> Array:
        """Network, storage and installation, per price of the racks, by system [1]."""
        return np.asarray(self.inputs["network_share"] + self.inputs["rack_installation"])

    @property
    def hall_price_usd(self) -> Array:
        """Cost of halls per IT power by site; nothing where land and shell are rented [USD/MW]."""
        own = [self.scenario.spec.sites[site].lease is None for site in self.inputs.sites]
        return np.asarray(self.inputs["facility_cost_usd"] * np.array(own, dtype=float))

    def _allowed(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        spec, inputs = self.scenario.spec, self.inputs
        months = np.arange(inputs.horizon.months)
        by_system = months >= inputs["available_month"][:, None]
        mix = spec.deployment.mix
        here = np.array(
            [
                [
                    (spec.sites[site].systems is None or system in (spec.sites[site].systems or ()))
                    and (spec.deployment.policy != "fixed" or mix.get(system, 0.0) > 0.0)
                    for system in inputs.systems
                ]
                for site in inputs.sites
            ],
            dtype=bool,
        ).reshape(len(inputs.sites), len(inputs.systems))
        return np.asarray(here[:, :, None] & by_system)

    def _limits(
        self, usable: Array, installed_lag: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    ) -> tuple[Array | None, Array | None]:
        deployment, inputs = self.scenario.spec.deployment, self.inputs
        if deployment.policy == "fixed":
            share = np.array([deployment.mix.get(system, 0.0) for system in inputs.systems])
            return np.floor(usable[:, None, :] * (share / self.rack_mw)[:, None] + 1e-9), None
        if deployment.policy == "newest":
            return None, None
        ever = np.zeros((len(inputs.sites), len(inputs.systems), inputs.horizon.months))
        for block in deployment.blocks.values():
            s, k = inputs.sites.index(block.site), inputs.systems.index(block.system)
            ever[s, k, max(0, inputs.horizon.offset(block.month) - int(installed_lag[s])) :] += (
                block.racks
            )
        return None, ever

    def power_figures(self) -> Figures:
        """Power and energy by month and site."""
        i = self.inputs
        installed = (self.stages.powered * self.rack_mw[:, None]).sum(axis=1)
        in_service = self.it_mw.sum(axis=1)
        energy = self.energy_mwh.sum(axis=1)
        contracted = np.broadcast_to(
            (i["contracted_mw"] / i["basis_ratio"])[:, None], self.energised_mw.shape
        )
        by_site = {
            "energised_it_mw": self.energised_mw,
            "energised_facility_mw": self.energised_mw * i["pue"][:, None],
            "energised_grid_mw": self.energised_mw * i["overhead"][:, None],
            "contracted_it_mw": contracted,
            "installed_it_mw": installed,
            "in_service_it_mw": in_service,
            "idle_it_mw": self.energised_mw - installed,
            "binding": self._binding(),
            "energy_mwh": energy,
            "carbon_t": energy * (i["carbon_kg"] / 1000.0)[:, None],
        }
        return {f"power.{name}": months_first(values) for name, values in by_site.items()}

    def _binding(self) -> Array:
        """What binds, in the month in which the next rack would be installed, shape (S, T)."""
        codes = self.deployment.binding.astype(float)
        lag = self.inputs["delivered_to_installed_months"]
        first = np.arange(codes.shape[-1]) < lag[:, None]
        return np.where(first & (self.energised_mw > 0.0), codes[:, :1], later(codes, lag))

    def fleet_figures(self) -> Figures:
        """Racks, packages, peaks and memory."""
        i, stages, deployment = self.inputs, self.stages, self.deployment
        new = np.cumsum(deployment.shipped, axis=-1).sum(axis=0)
        arrays = {
            "racks_ordered": stages.ordered,
            "racks_delivered": stages.delivered,
            "racks_installed": stages.installed,
            "racks_commissioned": stages.commissioned,
            "racks_started": stages.started,
            "racks_retired": stages.retired,
            "racks_in_service": self.in_service,
            "packages": self.packages,
            "dies": self.packages * i["dies_per_package"][:, None],
            "it_mw": self.it_mw,
            "facility_mw": self.it_mw * i["pue"][:, None, None],
            "grid_mw": self.it_mw * i["overhead"][:, None, None],
            "racks_delivered_total": deployment.delivered,
            "racks_spare": deployment.spare,
            "racks_in_store": deployment.delivered - deployment.spare - new,
            "energy_mwh": self.energy_mwh,
            "hbm_bytes": self.packages * np.nan_to_num(i["hbm_bytes"])[:, None],
            "peak_flops": np.einsum("skt,pk->skpt", self.packages, i["peak_flops"]),
        }
        figures = {f"fleet.{name}": months_first(values) for name, values in arrays.items()}
        figures["fleet.rack_it_mw"] = self.rack_mw
        return figures

    def deployed_gw(self, basis: str) -> Array:
        """Gigawatts deployed in service by site, on a basis, shape (S, T)."""
        return deployed_gw(self.it_mw.sum(axis=1) * self.ratios[basis][:, None])

    def _masks(self, milestone: Milestone) -> tuple[Array, Array]:
        sites = np.array(
            [milestone.sites is None or s in milestone.sites for s in self.inputs.sites]
        )
        systems = np.array(
            [milestone.systems is None or k in milestone.systems for k in self.inputs.systems]
        )
        return sites * self.ratios[milestone.basis], systems.astype(float)

    def counted_gw(self, milestone: Milestone) -> Array:
        """Gigawatts deployed by site as a milestone counts them, shape (S, T)."""
        site_weight, system_weight = self._masks(milestone)
        if milestone.stage == "energised":
            return deployed_gw(self.energised_mw * site_weight[:, None])
        racks = self.stages.standing(milestone.stage)
        mw = (racks * (self.rack_mw * system_weight)[:, None]).sum(axis=1)
        return deployed_gw(mw * site_weight[:, None])

    def standing_gw(self, milestone: Milestone) -> Array:
        """Gigawatts that stood before the first month, by site, as a milestone counts them."""
        site_weight, system_weight = self._masks(milestone)
        standing_mw = self.inputs["existing_racks"] @ (self.rack_mw * system_weight)
        return np.asarray(standing_mw * site_weight / 1000.0)

    def growth_usd(self, milestone: Milestone) -> Array:
        """Cost of what each month adds to the gigawatts in service, by site, shape (S, T) [USD].

        Racks with their network and spares, and halls beyond those that were paid before.
        """
        i = self.inputs
        site_weight, system_weight = self._masks(milestone)
        started = np.diff(self.stages.started, axis=-1, prepend=i["existing_racks"][..., None])
        started_mw = (started * (self.rack_mw * system_weight)[:, None]).sum(axis=1)
        rack_usd = i["price_usd"] * (1.0 + self.beside_share) / (1.0 - i["spare_share"])
        since_delivery = (
            i["delivered_to_installed_months"]
            + i["installed_to_commissioned_months"]
            + i["commissioned_to_service_months"]
        )
        index = later(i["price_index"], since_delivery[:, None], 1.0)
        racks_usd = (started * index * (rack_usd * system_weight)[:, None]).sum(axis=1)
        standing_mw = (self.in_service * (self.rack_mw * system_weight)[:, None]).sum(axis=1)
        before_mw = (i["existing_racks"] @ (self.rack_mw * system_weight))[:, None]
        peak_mw = np.maximum.accumulate(np.maximum(standing_mw, before_mw), axis=-1)
        growth_mw = np.diff(peak_mw, axis=-1, prepend=before_mw)
        paid_mw = (i["facility_paid_mw"] / i["basis_ratio"])[:, None]
        to_pay = np.maximum(peak_mw - paid_mw, 0.0)
        halls_mw = np.diff(to_pay, axis=-1, prepend=np.maximum(before_mw - paid_mw, 0.0))
        halls_usd = halls_mw * self.hall_price_usd[:, None]
        counted = (site_weight > 0.0)[:, None]
        return growth_spend(growth_mw, started_mw, racks_usd, halls_usd) * counted

    def refresh_share(self) -> Array:
        """Share of the power of racks sent to sites in a month that replaces others, shape (T,).

        Counted on the calendar of shipping, where a rack leaves its power to the one sent to follow
        it; growth is what a site then holds beyond what it ever held.
        """
        shipped, rack_mw = self.deployment.shipped, self.rack_mw
        months = np.arange(self.inputs.horizon.months)
        base = self.inputs["existing_racks"][..., None]
        gone = np.where(months >= self.leaves_month[..., None], base, 0.0)
        sent = np.cumsum(shipped, axis=-1)
        held = np.einsum(
            "skt,k->st", base + sent - gone - later(sent, self.occupies_months), rack_mw
        )
        start = (self.inputs["existing_racks"] @ rack_mw)[:, None]
        peak = np.maximum.accumulate(np.maximum(held, start), axis=-1)
        growth = np.diff(peak, axis=-1, prepend=start).sum(axis=0)
        sent_mw = np.einsum("skt,k->t", shipped, rack_mw)
        grown = np.divide(growth, sent_mw, out=np.ones_like(growth), where=sent_mw > 0.0)
        return np.asarray(1.0 - np.clip(grown, 0.0, 1.0))
