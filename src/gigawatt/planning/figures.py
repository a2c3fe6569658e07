"""The table of all figures that a plan holds: name, axes, unit, formula, inputs.

One row drives everything that is said about a figure: the attributes of the arrays, `explain`, the
reference in the documentation, the column headers of the report. A figure without a row cannot enter
a plan, and a row that no plan fills is a defect; a test checks both.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FIGURES", "Figure", "by_name"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One row.

    Attributes
    ----------
    name : str
        `group.variable`.
    dims : tuple of str
        Axes, month first.
    unit : str
        Canonical unit.
    formula : str
        How it follows from its inputs.
    inputs : tuple of str
        Names of figures that it is computed from; `inputs.…` are resolved from scenario and catalog,
        `scenario.…` are terms read straight from the scenario, `performance.curves` are the throughput
        curves of runs.
    doc : str
        What it is, in one line.
    lag : str
        Input that says how many months earlier its figures are read; with a minus, later.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    formula: str
    inputs: tuple[str, ...]
    doc: str
    lag: str = ""

    @property
    def additive(self) -> bool:
        """Whether values of several sites, systems or partners may be summed."""
        return "/" not in self.unit and self.unit not in {"1", "code", "month index", "GW"}


_MS = ("month", "site")
_MSK = ("month", "site", "system")
_MK = ("month", "system")

FIGURES: tuple[Figure, ...] = (
    # power
    Figure("power.energised_it_mw", _MS, "MW IT", "site_power_mw / basis_ratio",
           ("inputs.site_power_mw", "inputs.basis_ratio"), "IT power that is energised"),
    Figure("power.energised_facility_mw", _MS, "MW facility", "energised_it_mw × pue",
           ("power.energised_it_mw", "inputs.pue"), "Facility power that is energised"),
    Figure("power.energised_grid_mw", _MS, "MW grid", "energised_it_mw × overhead",
           ("power.energised_it_mw", "inputs.overhead"), "Grid power that is energised"),
    Figure("power.contracted_it_mw", _MS, "MW IT", "contracted_mw / basis_ratio",
           ("inputs.contracted_mw", "inputs.basis_ratio"), "IT power that the connection allows"),
    Figure("power.installed_it_mw", _MS, "MW IT",
           "Σ system (racks_installed − racks_retired) × rack_it_mw",
           ("fleet.racks_installed", "fleet.racks_retired", "fleet.rack_it_mw"),
           "Nameplate IT power of installed racks"),
    Figure("power.in_service_it_mw", _MS, "MW IT", "Σ system racks_in_service × rack_it_mw",
           ("fleet.racks_in_service", "fleet.rack_it_mw"), "Nameplate IT power of racks in service"),
    Figure("power.idle_it_mw", _MS, "MW IT", "energised_it_mw − installed_it_mw",
           ("power.energised_it_mw", "power.installed_it_mw"), "Power that waits for racks"),
    Figure("power.binding", _MS, "code", "what keeps the site from one more rack",
           ("power.energised_it_mw", "fleet.racks_delivered_total"),
           "0 no power yet, 1 power, 2 supply, 3 availability, 4 policy"),
    Figure("power.energy_mwh", _MS, "MWh", "Σ system energy_mwh", ("fleet.energy_mwh",),
           "Energy drawn at the meter"),
    Figure("power.carbon_t", _MS, "t", "energy_mwh × carbon_kg / 1000",
           ("power.energy_mwh", "inputs.carbon_kg"), "Carbon dioxide of the energy"),
    # fleet
    Figure("fleet.rack_it_mw", ("system",), "MW IT/rack", "rack_power_mw × it_power_factor",
           ("inputs.rack_power_mw", "inputs.it_power_factor"),
           "IT power of a rack with its network, storage and CPU nodes"),
    Figure("fleet.racks_ordered", _MSK, "rack", "racks_delivered, order_to_delivery months ahead",
           ("fleet.racks_delivered", "inputs.order_to_delivery_months"),
           "Racks ordered for the site, cumulative; the first month includes earlier orders",
           "-order_to_delivery_months"),
    Figure("fleet.racks_delivered", _MSK, "rack",
           "cumulative: floor(free power / rack_it_mw), as far as supply goes",
           ("power.energised_it_mw", "fleet.rack_it_mw", "fleet.racks_delivered_total",
            "inputs.energised_to_installed_months", "inputs.existing_racks", "scenario.deployment"),
           "Racks delivered to the site, cumulative"),
    Figure("fleet.racks_installed", _MSK, "rack", "racks_delivered, delivered_to_installed months later",
           ("fleet.racks_delivered", "inputs.delivered_to_installed_months"),
           "Racks installed on energised power, cumulative", "delivered_to_installed_months"),
    Figure("fleet.racks_commissioned", _MSK, "rack",
           "racks_installed, installed_to_commissioned months later",
           ("fleet.racks_installed", "inputs.installed_to_commissioned_months"),
           "Racks that passed acceptance, cumulative", "installed_to_commissioned_months"),
    Figure("fleet.racks_started", _MSK, "rack",
           "racks_commissioned, commissioned_to_service months later",
           ("fleet.racks_commissioned", "inputs.commissioned_to_service_months"),
           "Racks that have gone into service, cumulative", "commissioned_to_service_months"),
    Figure("fleet.racks_retired", _MSK, "rack", "racks_started, useful_life months later",
           ("fleet.racks_started", "inputs.useful_life_months"), "Racks retired, cumulative"),
    Figure("fleet.racks_in_service", _MSK, "rack", "racks_started − racks_retired",
           ("fleet.racks_started", "fleet.racks_retired"), "Racks carrying work"),
    Figure("fleet.packages", _MSK, "package", "racks_in_service × packages_per_rack",
           ("fleet.racks_in_service", "inputs.packages_per_rack"), "Accelerator packages in service"),
    Figure("fleet.dies", _MSK, "die", "packages × dies_per_package",
           ("fleet.packages", "inputs.dies_per_package"), "Compute dies in service"),
    Figure("fleet.it_mw", _MSK, "MW IT", "racks_in_service × rack_it_mw",
           ("fleet.racks_in_service", "fleet.rack_it_mw"), "IT power in service"),
    Figure("fleet.facility_mw", _MSK, "MW facility", "it_mw × pue", ("fleet.it_mw", "inputs.pue"),
           "Facility power in service"),
    Figure("fleet.grid_mw", _MSK, "MW grid", "it_mw × overhead", ("fleet.it_mw", "inputs.overhead"),
           "Grid power in service"),
    Figure("fleet.racks_delivered_total", _MK, "rack",
           "firm deliveries, and what supply adds when power asks for it",
           ("inputs.deliveries", "inputs.supply", "inputs.available_month"),
           "Racks delivered since the start, spares and store included"),
    Figure("fleet.racks_spare", _MK, "rack",
           "racks_delivered_total − floor(racks_delivered_total × (1 − spare_share))",
           ("fleet.racks_delivered_total", "inputs.spare_share"), "Cold spares"),
    Figure("fleet.racks_in_store", _MK, "rack",
           "racks_delivered_total − racks_spare − Σ site new racks_delivered",
           ("fleet.racks_delivered_total", "fleet.racks_spare", "fleet.racks_delivered"),
           "Racks that wait for power"),
    Figure("fleet.peak_flops", (*_MSK, "precision"), "FLOP/s", "packages × peak_flops",
           ("fleet.packages", "inputs.peak_flops"), "Dense peak in service"),
    Figure("fleet.hbm_bytes", _MSK, "B", "packages × hbm_bytes",
           ("fleet.packages", "inputs.hbm_bytes"), "High-bandwidth memory in service"),
    Figure("fleet.energy_mwh", _MSK, "MWh", "it_mw × hours × load_factor × energy_pue",
           ("fleet.it_mw", "inputs.load_factor", "inputs.energy_pue"), "Energy drawn at the meter"),
    # milestones
    Figure("milestones.deployed_gw", ("month", "basis"), "GW",
           "Σ site running maximum of in-service power on the basis / 1000",
           ("fleet.it_mw", "fleet.facility_mw", "fleet.grid_mw"), "Gigawatts deployed in the own build"),
    Figure("milestones.counted_gw", ("month", "counter"), "GW",
           "Σ site running maximum of the power at the stage, on the basis, of the systems and sites named",
           ("fleet.racks_delivered", "fleet.racks_installed", "fleet.racks_commissioned",
            "fleet.racks_in_service", "fleet.rack_it_mw", "power.energised_it_mw",
            "scenario.investment", "scenario.commitments"),
           "Gigawatts as an investment or commitment counts them"),
    # partners
    Figure("partners.it_mw", ("month", "partner"), "MW IT", "partner_power_mw / partner_basis_ratio",
           ("inputs.partner_power_mw", "inputs.partner_basis_ratio"), "Contracted IT power"),
    Figure("partners.packages", ("month", "partner"), "package", "it_mw × partner_packages_per_mw",
           ("partners.it_mw", "inputs.partner_packages_per_mw"), "Contracted accelerators"),
    Figure("partners.cost_usd", ("month", "partner"), "USD",
           "packages × hours × price × max(utilisation, take_or_pay), or commitment / term",
           ("partners.packages", "inputs.partner_price_usd", "inputs.partner_commitment_usd",
            "inputs.partner_utilisation", "inputs.partner_take_or_pay", "inputs.partner_first_month",
            "inputs.partner_term_months"),
           "Paid to partners"),
    # finance
    Figure("finance.rack_spend_usd", _MK, "USD", "new racks_delivered_total × price_usd × (1 + network_share)",
           ("fleet.racks_delivered_total", "inputs.price_usd", "inputs.network_share"),
           "Racks with their network and storage, when delivered"),
    Figure("finance.refresh_spend_usd", ("month",), "USD",
           "Σ rack_spend_usd × (1 − growth of what sites hold / racks delivered to sites, by power)",
           ("finance.rack_spend_usd", "fleet.racks_delivered", "fleet.racks_retired"),
           "Part of the spend on racks that replaces retired ones"),
    Figure("finance.facility_spend_usd", _MS, "USD",
           "new energised_it_mw beyond facility_paid_mw × facility_cost_usd",
           ("power.energised_it_mw", "inputs.facility_paid_mw", "inputs.facility_cost_usd"),
           "Land, shell, power and cooling, when energised"),
    Figure("finance.spend_usd", ("month",), "USD", "Σ rack_spend_usd + Σ facility_spend_usd",
           ("finance.rack_spend_usd", "finance.facility_spend_usd"), "Cost of the build-out"),
    Figure("finance.investment_usd", ("month", "investment"), "USD",
           "tranches and equity paid in the month",
           ("milestones.counted_gw", "scenario.investment"), "Money that investments bring"),
    Figure("finance.other_sources_usd", ("month",), "USD", "spend_usd − Σ investment_usd",
           ("finance.spend_usd", "finance.investment_usd"),
           "What somebody else must bring; negative where investments run ahead"),
    Figure("finance.funding_gap_usd", ("month",), "USD", "Σ to date of other_sources_usd",
           ("finance.other_sources_usd",), "Cumulative cost less cumulative investments"),
    Figure("finance.exposure_usd", ("month", "investment"), "USD",
           "counted gigawatts within the term × amount per gigawatt, at most the cap",
           ("milestones.counted_gw", "scenario.investment"), "Contingent exposure of guarantors; not cash"),
    Figure("finance.energy_cost_usd", _MS, "USD", "energy_mwh × energy_price_usd",
           ("power.energy_mwh", "inputs.energy_price_usd"), "Electricity, an operating cost"),
    Figure("finance.gigawatt_cost_usd", ("gigawatt",), "USD",
           "cost of the racks and halls that start between one gigawatt and the next",
           ("milestones.counted_gw", "inputs.price_usd", "inputs.network_share", "inputs.spare_share",
            "inputs.facility_cost_usd"),
           "Cost of each gigawatt as the first milestone investment counts it"),
    Figure("finance.gigawatt_tranche_usd", ("gigawatt",), "USD", "tranches that belong to the gigawatt",
           ("finance.investment_usd",), "What each gigawatt releases"),
    Figure("finance.gigawatt_gap_usd", ("gigawatt",), "USD", "gigawatt_cost_usd − gigawatt_tranche_usd",
           ("finance.gigawatt_cost_usd", "finance.gigawatt_tranche_usd"),
           "Funding gap of each gigawatt"),
    # training
    Figure("training.site", ("run", "case"), "code",
           "place among the sites of the one that finishes first; −1 where all sites work together",
           ("fleet.packages", "scenario.workloads.training"), "Where a run is trained"),
    Figure("training.accelerators", ("month", "run", "case"), "package",
           "packages × share, of the site that finishes first or of all sites, from `earliest` on",
           ("fleet.packages", "scenario.workloads.training"), "Accelerator packages that work on a run"),
    Figure("training.tokens_per_s", ("month", "run", "case"), "token/s",
           "Σ system throughput curve at its packages, or model FLOP/s / (6 × active parameters)",
           ("performance.curves", "training.accelerators", "inputs.training_sequence",
            "inputs.training_batch", "inputs.critical_batch", "inputs.peak_flops", "inputs.mfu",
            "scenario.workloads.training"),
           "Tokens that a run with a model trains on in a second; 0 of a run without one"),
    Figure("training.mfu", ("month", "run", "case"), "1",
           "model FLOP/s, attention over the context included, / (accelerators × peak_flops)",
           ("training.accelerators", "training.tokens_per_s", "inputs.peak_flops", "inputs.mfu",
            "inputs.mfu_low", "inputs.mfu_high"),
           "Model FLOP utilisation: modelled, carried over, assumed or stated"),
    Figure("training.model_flop", ("month", "run", "case"), "FLOP",
           "tokens_per_s × 6 × active parameters × seconds, or Σ packages × peak_flops × mfu × seconds",
           ("training.tokens_per_s", "training.mfu", "training.accelerators",
            "scenario.workloads.training"),
           "Training compute that a run could do in the month"),
    Figure("training.compute_flop", ("run",), "FLOP", "as stated, or 6 × active parameters × tokens",
           ("scenario.workloads.training",), "Compute of a run"),
    Figure("training.finish_month", ("run", "case"), "month index",
           "first month in which Σ model_flop reaches compute_flop",
           ("training.model_flop", "training.compute_flop"), "When a run could be finished"),
)  # fmt: skip

_BY_NAME = {figure.name: figure for figure in FIGURES}


def by_name(name: str) -> Figure | None:
    """The row of a figure, or none."""
    return _BY_NAME.get(name)
