"""Inputs → figures: the stages of a plan, each a function from arrays to arrays.

Data goes one way: power and fleet, then milestones and partners, then training, then money. A stage
reads inputs and earlier figures and returns new ones; nothing is changed afterwards. Kernels work
with months last; figures are stored with months first, as the table in `figures` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from gigawatt.catalog import PRECISIONS
from gigawatt.catalog.huggingface import model_from_config
from gigawatt.core.arrays import Array
from gigawatt.core.money import owed
from gigawatt.finance.costs import cost_by_gigawatt, rack_spend, steps_spend
from gigawatt.finance.tranches import (
    Tranche,
    guaranty_exposure,
    milestone_tranches,
    tranche_amounts,
)
from gigawatt.fleet.calendar import later
from gigawatt.fleet.capacity import energy_mwh, rack_it_mw
from gigawatt.fleet.deploy import DeployInputs, deploy
from gigawatt.fleet.milestones import deployed_gw, gigawatt_months
from gigawatt.fleet.stages import Lags, Stages, stages_of
from gigawatt.perf.assumed import sustained_rate, training_compute
from gigawatt.scenario import Scenario
from gigawatt.scenario.schema import Milestone, TrainingRun
from gigawatt.workload.training import finish_month, model_flop_by_month

from .inputs import Inputs

__all__ = ["BASES", "CASES", "Built", "build"]

BASES = ("it", "facility", "grid")
CASES = ("low", "central", "high")

Figures = dict[str, Array]


@dataclass(frozen=True)
class Built:
    """All figures of a plan by name, months first, and what is not an array."""

    figures: Figures
    tranches: dict[str, list[Tranche]]
    counters: tuple[str, ...]
    gigawatts: int


def build(scenario: Scenario, inputs: Inputs) -> Built:
    """Compute every figure of a plan.

    Parameters
    ----------
    scenario : Scenario
        For policies, milestones and instruments.
    inputs : Inputs
        Resolved from the same scenario.
    """
    fleet = _Fleet(scenario, inputs)
    figures: Figures = {}
    figures |= fleet.power_figures()
    figures |= fleet.fleet_figures()
    counted = {path: fleet.counted_gw(milestone) for path, milestone in _counters(scenario).items()}
    figures["milestones.deployed_gw"] = np.stack([fleet.deployed_gw(basis) for basis in BASES], -1)
    figures["milestones.counted_gw"] = _columns(counted, inputs.horizon.months)
    figures |= _partners(inputs)
    figures |= _training(scenario, inputs, fleet)
    money, tranches, gigawatts = _money(scenario, inputs, fleet, counted)
    figures |= money
    return Built(figures, tranches, tuple(counted), gigawatts)


def _columns(by_key: Mapping[str, Array], months: int) -> Array:
    return np.stack(list(by_key.values()), -1) if by_key else np.zeros((months, 0))


def _counters(scenario: Scenario) -> dict[str, Milestone]:
    """Everything that counts gigawatts: investments, then commitments."""
    found: dict[str, Milestone] = {}
    for key, investment in scenario.spec.investment.items():
        if investment.kind != "equity":
            found[f"investment.{key}"] = investment.milestone
    for key, commitment in scenario.spec.commitments.items():
        found[f"commitments.{key}"] = commitment.milestone
    return found


def _months_first(values: Array) -> Array:
    return np.moveaxis(values, -1, 0)


class _Fleet:
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
        self.deployment = deploy(
            DeployInputs(
                usable_mw=usable,
                rack_mw=self.rack_mw,
                firm_racks=inputs["deliveries"],
                supply_racks=inputs["supply"],
                allowed=self._allowed(),
                spare_share=inputs["spare_share"],
                occupies_months=to_service[:, None] + self.life[None, :],
                standing_racks=inputs["existing_racks"],
                standing_months=np.maximum(retire - installed_lag[:, None], 0),
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
            ]
        )
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
        energy = energy_mwh(in_service, i.horizon.hours(), i["load_factor"], i["energy_pue"])
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
            "binding": later(
                self.deployment.binding.astype(float), i["delivered_to_installed_months"]
            ),
            "energy_mwh": energy,
            "carbon_t": energy * (i["carbon_kg"] / 1000.0)[:, None],
        }
        return {f"power.{name}": _months_first(values) for name, values in by_site.items()}

    def fleet_figures(self) -> Figures:
        """Racks, packages, peaks and memory."""
        i, stages, deployment = self.inputs, self.stages, self.deployment
        new = np.cumsum(deployment.shipped, axis=-1).sum(axis=0)
        per_package = np.nan_to_num(i["hbm_bytes"])
        by_system = self.packages.sum(axis=0)
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
            "peak_flops": i["peak_flops"] @ by_system,
            "hbm_bytes": per_package @ by_system,
        }
        figures = {f"fleet.{name}": _months_first(values) for name, values in arrays.items()}
        figures["fleet.rack_it_mw"] = self.rack_mw
        return figures

    def deployed_gw(self, basis: str) -> Array:
        """Gigawatts in service on a basis, running maximum, shape (T,)."""
        ratio = self.ratios[basis]
        return deployed_gw((self.it_mw.sum(axis=1) * ratio[:, None]).sum(axis=0))

    def _masks(self, milestone: Milestone) -> tuple[Array, Array]:
        sites = np.array(
            [milestone.sites is None or s in milestone.sites for s in self.inputs.sites]
        )
        systems = np.array(
            [milestone.systems is None or k in milestone.systems for k in self.inputs.systems]
        )
        return sites * self.ratios[milestone.basis], systems.astype(float)

    def counted_gw(self, milestone: Milestone) -> Array:
        """Gigawatts as a milestone counts them, running maximum, shape (T,)."""
        site_weight, system_weight = self._masks(milestone)
        if milestone.stage == "energised":
            return deployed_gw(site_weight @ self.energised_mw)
        racks = self.stages.standing(milestone.stage)
        mw = (racks * (self.rack_mw * system_weight)[:, None]).sum(axis=1)
        return deployed_gw(site_weight @ mw)

    def refresh_share(self) -> Array:
        """Share of the power of newly delivered racks that replaces retired ones, shape (T,)."""
        shipped = np.einsum("skt,k->t", self.deployment.shipped, self.rack_mw)
        standing = np.einsum("skt,k->t", self.stages.standing("delivered"), self.rack_mw)
        start = float(self.inputs["existing_racks"].sum(axis=0) @ self.rack_mw)
        growth = np.diff(np.maximum.accumulate(np.maximum(standing, start)), prepend=start)
        grown = np.divide(growth, shipped, out=np.ones_like(growth), where=shipped > 0.0)
        return np.asarray(1.0 - np.clip(grown, 0.0, 1.0))

    def starting(self, milestone: Milestone) -> tuple[Array, Array]:
        """Power that starts in each month as a milestone counts it [MW], and what it cost [USD]."""
        i = self.inputs
        site_weight, system_weight = self._masks(milestone)
        started = np.diff(self.stages.started, axis=-1, prepend=i["existing_racks"][..., None])
        it_mw = started * (self.rack_mw * system_weight)[:, None]
        rack_usd = i["price_usd"] * (1.0 + i["network_share"]) / (1.0 - i["spare_share"])
        usd = started * (rack_usd * system_weight)[:, None]
        usd = usd.sum(axis=1) + it_mw.sum(axis=1) * i["facility_cost_usd"][:, None]
        counted = (site_weight > 0.0).astype(float)
        return site_weight @ it_mw.sum(axis=1), counted @ usd


def _partners(inputs: Inputs) -> Figures:
    hours = inputs.horizon.hours()
    it_mw = inputs["partner_power_mw"] / inputs["partner_basis_ratio"][:, None]
    packages = it_mw * inputs["partner_packages_per_mw"][:, None]
    paid = np.maximum(inputs["partner_utilisation"], inputs["partner_take_or_pay"])
    by_use = packages * hours * (inputs["partner_price_usd"] * paid)[:, None]
    running = inputs["partner_power_mw"] > 0.0
    evenly = running * (inputs["partner_commitment_usd"] / inputs["partner_term_months"])[:, None]
    figures = {"it_mw": it_mw, "packages": packages, "cost_usd": by_use + evenly}
    return {f"partners.{name}": _months_first(values) for name, values in figures.items()}


def compute_of(scenario: Scenario, run: TrainingRun) -> float:
    """Training compute of a run [FLOP]."""
    if run.compute is not None:
        return run.compute
    assert run.model is not None
    assert run.tokens is not None
    config = scenario.folder / run.model
    if config.is_file() or config.is_dir():
        model = model_from_config(config)
    else:
        model = scenario.catalog.model(run.model)
    active = model.parameters_active.value
    assert isinstance(active, float)
    return training_compute(active, run.tokens)


def _training(scenario: Scenario, inputs: Inputs, fleet: _Fleet) -> Figures:
    runs = scenario.spec.workloads.training
    months, hours = inputs.horizon.months, inputs.horizon.hours()
    done = np.zeros((months, len(runs), len(CASES)))
    finish = np.full((len(runs), len(CASES)), np.nan)
    compute = np.zeros(len(runs))
    for r, run in enumerate(runs.values()):
        compute[r] = compute_of(scenario, run)
        p = PRECISIONS.index(run.precision)
        mfu = [inputs[name][p] for name in ("mfu_low", "mfu", "mfu_high")]
        if run.mfu is not None:
            mfu = [np.full_like(mfu[0], run.mfu)] * 3
        rate = sustained_rate(inputs["peak_flops"][p], *mfu)
        earliest = inputs.horizon.offset(run.earliest) if run.earliest else 0
        for c, per_package in enumerate((rate.low, rate.central, rate.high)):
            by_site = model_flop_by_month(fleet.packages, per_package, hours, run.share, earliest)
            if run.campus == "one":
                flop = by_site[int(np.argmax(by_site.sum(axis=-1)))]
                each = finish_month(by_site, compute[r])
                if not np.isnan(each).all():
                    flop = by_site[int(np.nanargmin(each))]
            else:
                flop = by_site.sum(axis=0)
            done[:, r, c] = flop
            finish[r, c] = finish_month(flop, compute[r])
    return {
        "training.model_flop": done,
        "training.compute_flop": compute,
        "training.finish_month": finish,
    }


def _money(
    scenario: Scenario, inputs: Inputs, fleet: _Fleet, counted: Mapping[str, Array]
) -> tuple[Figures, dict[str, list[Tranche]], int]:
    spec, horizon = scenario.spec, inputs.horizon
    months = horizon.months
    racks = rack_spend(fleet.deployment.delivered, inputs["price_usd"], inputs["network_share"])
    paid_mw = inputs["facility_paid_mw"] / inputs["basis_ratio"]
    halls = steps_spend(fleet.energised_mw, inputs["facility_cost_usd"], paid_mw)
    spend = racks.sum(axis=0) + halls.sum(axis=0)
    tranches: dict[str, list[Tranche]] = {}
    exposure: dict[str, Array] = {}
    for key, investment in spec.investment.items():
        tranches[key], exposure[key] = [], np.zeros(months)
        if investment.kind == "milestone_equity":
            step_gw = investment.step / 1000.0
            amounts = tranche_amounts(investment.cap, investment.tranche * step_gw)
            tranches[key] = milestone_tranches(
                amounts,
                gigawatt_months(counted[f"investment.{key}"], len(amounts), step_gw).tolist(),
                months,
                first_on_signing=investment.first_tranche == "on_signing",
                signed=None if investment.signed is None else horizon.offset(investment.signed),
                until=None if investment.until is None else horizon.offset(investment.until),
            )
        elif investment.kind == "equity":
            tranches[key] = [
                Tranche(number, 0, horizon.offset(month), owed(usd), "date")
                for number, (month, usd) in enumerate(sorted(investment.schedule.items()), 1)
            ]
        else:
            term = None if investment.term is None else int(investment.term)
            exposure[key] = guaranty_exposure(
                counted[f"investment.{key}"], investment.per_gigawatt, investment.cap, term
            )
    paid = np.zeros((months, len(tranches)))
    for column, rows in enumerate(tranches.values()):
        for tranche in rows:
            if tranche.month is not None:
                paid[tranche.month, column] += float(tranche.usd)
    other = spend - paid.sum(axis=1)
    by_gigawatt, count = _by_gigawatt(scenario, fleet, counted, tranches)
    figures = {
        "finance.rack_spend_usd": racks.T,
        "finance.refresh_spend_usd": racks.sum(axis=0) * fleet.refresh_share(),
        "finance.facility_spend_usd": halls.T,
        "finance.spend_usd": spend,
        "finance.investment_usd": paid,
        "finance.other_sources_usd": other,
        "finance.funding_gap_usd": np.cumsum(other),
        "finance.exposure_usd": _columns(exposure, months),
        "finance.energy_cost_usd": (
            energy_mwh(
                fleet.it_mw.sum(axis=1),
                horizon.hours(),
                inputs["load_factor"],
                inputs["energy_pue"],
            )
            * inputs["energy_price_usd"][:, None]
        ).T,
        **by_gigawatt,
    }
    return figures, tranches, count


def _by_gigawatt(
    scenario: Scenario,
    fleet: _Fleet,
    counted: Mapping[str, Array],
    tranches: Mapping[str, list[Tranche]],
) -> tuple[Figures, int]:
    """Cost and tranche of each gigawatt, as the first milestone investment counts them."""
    keys = [key for key, inv in scenario.spec.investment.items() if inv.kind == "milestone_equity"]
    milestone, deployed = Milestone(), fleet.deployed_gw("it")
    if keys:
        investment = scenario.spec.investment[keys[0]]
        assert investment.kind == "milestone_equity"
        milestone, deployed = investment.milestone, counted[f"investment.{keys[0]}"]
    count = int(np.floor(deployed[-1] / (1.0 - 0.005) + 1e-9))
    counting = milestone.model_copy(update={"stage": "in_service"})
    cost = cost_by_gigawatt(fleet.counted_gw(counting), *fleet.starting(counting), count)
    released = np.zeros(count)
    for key in keys:
        for tranche in tranches[key]:
            gigawatt = int(np.ceil(tranche.milestone * _step_gw(scenario, key) - 1e-9))
            if tranche.month is not None and 1 <= gigawatt <= count:
                released[gigawatt - 1] += float(tranche.usd)
    return {
        "finance.gigawatt_cost_usd": cost,
        "finance.gigawatt_tranche_usd": released,
        "finance.gigawatt_gap_usd": cost - released,
    }, count


def _step_gw(scenario: Scenario, key: str) -> float:
    investment = scenario.spec.investment[key]
    return investment.step / 1000.0 if investment.kind == "milestone_equity" else 1.0


def total_owed(tranches: Mapping[str, list[Tranche]]) -> Decimal:
    """Sum of all tranches that are paid, to the cent."""
    paid = (t.usd for rows in tranches.values() for t in rows if t.month is not None)
    return sum(paid, Decimal("0.00"))
