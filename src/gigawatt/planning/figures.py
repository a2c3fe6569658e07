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
        `scenario.…` are terms read straight from the scenario, `performance.…` are the throughput and
        goodput curves of campaigns and the serving rates of streams, `placement.start` is what a
        campaign finds when it may start: capacity for it, and what claims before it hold; `line.…` are
        lines of the books, with the label of an axis in braces.
    doc : str
        What it is, in one line.
    lag : str
        Input that says how many months earlier its figures are read; with a minus, later.
    gaps : bool
        Whether NaN stands in it on purpose: a time that does not come, a gigawatt that is not reached.
        All else is finite.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    formula: str
    inputs: tuple[str, ...]
    doc: str
    lag: str = ""
    gaps: bool = False

    @property
    def additive(self) -> bool:
        """Whether values of several sites, systems or partners may be summed."""
        if self.name == "books.value":  # lines of many kinds stand beside one another
            return False
        return self.unit == "token/s" or (
            "/" not in self.unit and self.unit not in {"1", "code", "month index", "GW"}
        )


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
           "packages × hours × price × max(utilisation, take_or_pay), or power × price, or commitment / term; "
           "after the end of a contract its fee alone",
           ("partners.packages", "inputs.partner_price_usd", "inputs.partner_power_price_usd",
            "inputs.partner_power_mw", "inputs.partner_commitment_usd",
            "inputs.partner_utilisation", "inputs.partner_take_or_pay", "inputs.partner_first_month",
            "inputs.partner_term_months"),
           "Paid to partners"),
    # finance
    Figure("finance.rack_spend_usd", _MK, "USD",
           "new racks_delivered_total × price_usd × price_index × (1 + network_share + rack_installation)",
           ("fleet.racks_delivered_total", "inputs.price_usd", "inputs.price_index", "inputs.network_share",
            "inputs.rack_installation"),
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
    Figure("finance.energy_cost_usd", _MS, "USD",
           "energy_mwh × energy_price_usd × shape, or what is bought ahead and the rest at that price",
           ("power.energy_mwh", "inputs.energy_price_usd", "line.energy_cost[{site}]"),
           "Electricity, an operating cost"),
    Figure("finance.gigawatt_cost_usd", ("gigawatt",), "USD",
           "cost of the racks and halls that start between one gigawatt and the next",
           ("milestones.counted_gw", "inputs.price_usd", "inputs.network_share", "inputs.spare_share",
            "inputs.facility_cost_usd"),
           "Cost of each gigawatt as the first milestone investment counts it", gaps=True),
    Figure("finance.gigawatt_tranche_usd", ("gigawatt",), "USD", "tranches that belong to the gigawatt",
           ("finance.investment_usd",), "What each gigawatt releases"),
    Figure("finance.gigawatt_gap_usd", ("gigawatt",), "USD", "gigawatt_cost_usd − gigawatt_tranche_usd",
           ("finance.gigawatt_cost_usd", "finance.gigawatt_tranche_usd"),
           "Funding gap of each gigawatt", gaps=True),
    # books
    Figure("books.value", ("month", "line"), "USD", "see the formula of the line",
           ("scenario.investment", "scenario.costs"), "Every line of the books"),
    Figure("books.cash_usd", ("month", "party"), "USD", "Σ to date of what is received less what is paid",
           ("line.cash[{party}]",),
           "Cash of a party; of all but the buyer, what this deal brought or took so far"),
    Figure("books.at_stake_usd", ("month", "party"), "USD",
           "shares at cost + loans + leases + prepayments + receivables, or what a provider has laid out",
           ("line.investments[{party}]", "line.loans_granted[{party}]", "line.leases_granted[{party}]",
            "line.prepayments_made[{party}]", "line.receivables[{party}]"),
           "What a party has put into the deal and not got back; guaranties stand apart"),
    Figure("finance.free_cash_usd", ("month",), "USD",
           "cash from operations + cash from investing of the buyer",
           ("line.cash_from_operations[buyer]", "line.cash_from_investing[buyer]"),
           "Cash of the buyer before anybody finances it"),
    Figure("finance.owners_usd", ("month",), "USD",
           "− owners_paid_in − opening cash; in the last month cash + receivables − all that is owed, but for "
           "the share that equity bought",
           ("line.owners_paid_in", "line.opening_cash_paid_in", "line.cash[buyer]", "line.receivables[buyer]",
            "line.liabilities[buyer]"),
           "Cash of the buyer's owners; what assets are worth at the end is not counted"),
    Figure("finance.commitments_left_usd", ("month", "partner"), "USD",
           "Σ of later months of capacity_cost × take_or_pay / max(utilisation, take_or_pay), to the end of "
           "the term",
           ("line.capacity_cost[{partner}]", "inputs.partner_take_or_pay", "inputs.partner_utilisation"),
           "What contracts for capacity bind the buyer to pay yet"),
    # training
    Figure("training.compute_flop", ("campaign",), "FLOP",
           "as stated, 6 × active parameters × tokens, or the budget of a scaling law",
           ("scenario.workloads.training",), "Compute of pretraining"),
    Figure("training.post_training_flop", ("campaign",), "FLOP", "compute_flop × share of post_training",
           ("training.compute_flop", "scenario.workloads.training"), "Compute after pretraining"),
    Figure("training.used", ("month", "campaign", "place", "machine"), "package",
           "what earlier claims leave of use.capacity, up to share or count; kept while it stands",
           ("use.capacity", "scenario.workloads"),
           "Packages that a campaign holds, mean of the month, central case"),
    Figure("training.packages", ("month", "campaign", "machine", "case"), "package",
           "Σ place of what it holds, in the part of the month in which its cluster is largest",
           ("use.capacity", "scenario.workloads.training"),
           "Packages of a campaign's cluster on each machine, the largest cluster at work in the month"),
    Figure("training.accelerators", ("month", "campaign", "case"), "package",
           "Σ place, machine used", ("use.capacity", "scenario.workloads.training"),
           "Packages that a campaign holds, mean of the month"),
    Figure("training.campus", ("campaign", "case"), "code",
           "the place that finishes first on what earlier claims leave there; −1 where it may use several",
           ("use.capacity", "scenario.workloads.training"), "Where a campaign that keeps to one place runs"),
    Figure("training.tokens_per_s", ("month", "campaign", "case"), "token/s",
           "Σ machine throughput curve at its packages, or model FLOP/s / (6 × active parameters), mean of the "
           "time at work",
           ("performance.curves", "training.packages", "inputs.training_sequence",
            "inputs.training_batch", "inputs.critical_batch", "inputs.peak_flops", "inputs.mfu",
            "inputs.partner_peak_flops", "inputs.partner_mfu", "scenario.workloads.training"),
           "Tokens trained in a second at work, before failures; 0 of a campaign without a model"),
    Figure("training.mfu", ("month", "campaign", "case"), "1",
           "model FLOP/s, attention over the context included, / (accelerators × peak_flops)",
           ("training.packages", "training.tokens_per_s", "inputs.peak_flops", "inputs.mfu",
            "inputs.mfu_low", "inputs.mfu_high", "inputs.partner_peak_flops", "inputs.partner_mfu",
            "inputs.partner_mfu_low", "inputs.partner_mfu_high"),
           "Model FLOP utilisation at work: modelled, carried over, assumed or stated"),
    Figure("training.goodput", ("month", "campaign", "case"), "1",
           "goodput curve of the reliability model at the packages of each machine, weighted by work",
           ("performance.goodput", "training.packages"),
           "Share of the time at work that is work kept; 1 of a campaign without a model"),
    Figure("training.days", ("month", "campaign", "case"), "day",
           "days of the month from start_month to finish_month with anything at work",
           ("training.start_month", "training.packages"), "Days of the month at work"),
    Figure("training.model_flop", ("month", "campaign", "case"), "FLOP",
           "tokens_per_s × 6 × active parameters × goodput × days, or packages at work × peak_flops × mfu × "
           "days",
           ("training.tokens_per_s", "training.mfu", "training.goodput", "training.packages",
            "training.days", "scenario.workloads.training"),
           "Training compute done and kept in the month"),
    Figure("training.progress", ("month", "campaign", "case"), "1",
           "Σ to date of model_flop / (compute_flop + post_training_flop)",
           ("training.model_flop", "training.compute_flop", "training.post_training_flop"),
           "Share of a campaign that is done"),
    Figure("training.start_month", ("campaign", "case"), "month index",
           "first time from `earliest`, after all of `after`, with a cluster that holds the model",
           ("placement.start", "scenario.workloads.training"), "When a campaign starts",
           gaps=True),
    Figure("training.pretrained_month", ("campaign", "case"), "month index (end)",
           "when Σ model_flop reaches compute_flop",
           ("training.model_flop", "training.compute_flop"), "When pretraining ends", gaps=True),
    Figure("training.finish_month", ("campaign", "case"), "month index (end)",
           "when Σ model_flop reaches compute_flop + post_training_flop",
           ("training.model_flop", "training.compute_flop", "training.post_training_flop"),
           "When a campaign is finished", gaps=True),
    Figure("training.energy_mwh", ("month", "campaign", "case"), "MWh",
           "Σ place, machine used × rack_it_mw / packages_per_rack × hours × load_factor × energy_pue",
           ("training.accelerators", "fleet.rack_it_mw", "inputs.packages_per_rack", "inputs.load_factor",
            "inputs.energy_pue", "inputs.partner_load_factor", "inputs.partner_pue",
            "inputs.partner_packages_per_mw"),
           "Energy of the packages that a campaign holds, at the meter, partners' included"),
    Figure("training.cost_usd", ("month", "campaign", "case"), "USD",
           "energy at own sites × price + Σ packages × price of racks and network / useful life, and what "
           "partners are paid for theirs",
           ("training.energy_mwh", "inputs.energy_price_usd", "inputs.price_usd", "inputs.network_share",
            "inputs.useful_life_months", "partners.cost_usd", "partners.packages"),
           "Cost of the packages held: electricity and racks; no halls, staff, financing or idle time"),
    # serving
    Figure("serving.demand_tokens_per_s", ("month", "stream"), "token/s",
           "serving_demand × (1 + growth)^months after the last step",
           ("inputs.serving_demand", "scenario.workloads.serving"), "Output tokens asked for"),
    Figure("serving.package_tokens_per_s", ("stream", "machine", "case"), "token/s/package",
           "the best layout within the latency, mean request; or carried over",
           ("performance.serving", "scenario.workloads.serving"),
           "Output tokens that a package serves; 0 where it cannot keep the latency"),
    Figure("serving.used", ("month", "stream", "place", "machine"), "package",
           "what earlier claims leave of use.capacity, in whole units, best tokens per MW first, as the demand "
           "needs",
           ("use.capacity", "serving.demand_tokens_per_s", "serving.package_tokens_per_s",
            "scenario.workloads"),
           "Packages that serve a stream, mean of the month, central case"),
    Figure("serving.accelerators", ("month", "stream", "case"), "package",
           "Σ place, machine packages at work",
           ("use.capacity", "serving.demand_tokens_per_s", "serving.package_tokens_per_s"),
           "Packages that serve a stream, mean of the month"),
    Figure("serving.met_tokens_per_s", ("month", "stream", "case"), "token/s",
           "Σ machine packages × package_tokens_per_s, at most the demand",
           ("serving.accelerators", "serving.package_tokens_per_s", "serving.demand_tokens_per_s"),
           "Output tokens served"),
    Figure("serving.unmet_tokens_per_s", ("month", "stream", "case"), "token/s",
           "demand_tokens_per_s − met_tokens_per_s",
           ("serving.demand_tokens_per_s", "serving.met_tokens_per_s"), "Output tokens not served"),
    Figure("serving.model_flop", ("month", "stream", "case"), "FLOP",
           "met_tokens_per_s × seconds × 2 × active parameters × (1 + input × (1 − reused) / output)",
           ("serving.met_tokens_per_s", "scenario.workloads.serving"),
           "Operations of the model for what is served"),
    Figure("serving.energy_mwh", ("month", "stream", "case"), "MWh",
           "Σ place, machine used × rack_it_mw / packages_per_rack × hours × load_factor × energy_pue",
           ("serving.accelerators", "fleet.rack_it_mw", "inputs.packages_per_rack", "inputs.load_factor",
            "inputs.energy_pue", "inputs.partner_load_factor", "inputs.partner_pue",
            "inputs.partner_packages_per_mw"),
           "Energy of the packages that serve, at the meter, partners' included"),
    Figure("serving.cost_usd", ("month", "stream", "case"), "USD",
           "energy at own sites × price + Σ packages × price of racks and network / useful life, and what "
           "partners are paid for theirs",
           ("serving.energy_mwh", "inputs.energy_price_usd", "inputs.price_usd", "inputs.network_share",
            "inputs.useful_life_months", "partners.cost_usd", "partners.packages"),
           "Cost of the packages that serve: electricity and racks; no halls, staff, financing or idle time"),
    Figure("serving.revenue_usd", ("month", "stream", "case"), "USD",
           "met_tokens_per_s × seconds × serving_price_usd",
           ("serving.met_tokens_per_s", "inputs.serving_price_usd"), "Revenue of output tokens"),
    # use
    Figure("use.capacity", ("month", "place", "machine"), "package",
           "packages of own sites, and partners' packages × partner_utilisation",
           ("fleet.packages", "partners.packages", "inputs.partner_utilisation"),
           "Packages that workloads may use"),
    Figure("use.training", ("month", "place", "machine", "case"), "package", "Σ campaign used",
           ("training.accelerators",), "Packages that train, mean of the month"),
    Figure("use.serving", ("month", "place", "machine", "case"), "package", "Σ stream used",
           ("serving.accelerators",), "Packages that serve, mean of the month"),
    Figure("use.packages", ("month", "use", "case"), "package",
           "Σ place, machine of training, of serving, and of capacity less both",
           ("use.capacity", "use.training", "use.serving"), "Packages by use, mean of the month"),
    Figure("use.peak_flop", ("month", "use", "case"), "FLOP",
           "Σ packages × peak_flops in bf16 × seconds",
           ("use.packages", "inputs.peak_flops", "inputs.partner_peak_flops"),
           "What the packages of each use could do at their dense bf16 peak"),
    Figure("use.effective_flop", ("month", "use", "case"), "FLOP",
           "Σ campaign training.model_flop; Σ stream serving.model_flop; nothing where idle",
           ("training.model_flop", "serving.model_flop"), "What the packages of each use did for a model"),
)  # fmt: skip

_BY_NAME = {figure.name: figure for figure in FIGURES}


def by_name(name: str) -> Figure | None:
    """The row of a figure, or none."""
    return _BY_NAME.get(name)
