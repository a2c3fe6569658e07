"""Rules that look at more than one value: one function a rule, each yielding findings.

Errors make a scenario unusable; warnings (`W…`) say what is allowed and probably not meant, and
become errors under `check --strict`. Every rule takes the same `Case` and knows nothing of the
others.
"""

from __future__ import annotations

from pathlib import Path

from gigawatt.catalog import Catalog
from gigawatt.core.errors import Problem
from gigawatt.core.yamltree import Tree
from gigawatt.scenario.schema import ScenarioSpec

from .build import (
    dates_lie_in_the_horizon,
    deployment_fits_its_policy,
    horizon_ends_within_the_calendar,
    the_plan_fits_into_memory,
    there_is_something_to_build,
)
from .case import Case, Rule
from .clusters import clusters_fit_somewhere
from .contracts import (
    energy_contracts_fit_their_site,
    ids_are_not_taken,
    leased_sites_cost_no_halls,
    parts_of_a_price_fit_into_it,
    terms_of_partners_have_an_effect,
)
from .deals import (
    contracts_say_what_counts,
    milestones_can_be_counted,
    partners_are_priced_in_one_way,
    tranches_fit_their_cap,
)
from .hardware import systems_are_known_and_usable, systems_come_after_their_availability
from .instruments import (
    conditions_can_come_about,
    instruments_can_move_money,
    loans_fit_their_horizon_and_cover,
    periods_end_after_they_begin,
    sculpted_loans_end_within_the_horizon,
    set_offs_leave_receipts,
    warrants_rise,
)
from .power import (
    lags_are_said_once,
    overhead_is_at_least_the_pue,
    power_rises_within_its_interconnect,
    running_racks_are_not_bought_by_accident,
)
from .references import evidence_points_somewhere, references_point_somewhere
from .serving import streams_can_be_answered
from .workloads import (
    campaigns_can_be_answered,
    campaigns_know_where_they_run,
    campaigns_wait_for_others,
    partners_that_work_state_their_system,
    places_have_names_of_their_own,
)

__all__ = ["RULES", "Case", "check_rules"]


def check_rules(spec: ScenarioSpec, tree: Tree, catalog: Catalog, folder: Path) -> list[Problem]:
    """All findings of all rules, in the order of the file."""
    case = Case(spec, tree, catalog, folder)
    findings = [finding for rule in RULES for finding in rule(case)]
    return sorted(findings, key=lambda f: (f.severity, f.origin.file or "", f.origin.line or 0))


RULES: tuple[Rule, ...] = (
    there_is_something_to_build,
    horizon_ends_within_the_calendar,
    the_plan_fits_into_memory,
    dates_lie_in_the_horizon,
    power_rises_within_its_interconnect,
    overhead_is_at_least_the_pue,
    lags_are_said_once,
    systems_are_known_and_usable,
    systems_come_after_their_availability,
    references_point_somewhere,
    milestones_can_be_counted,
    deployment_fits_its_policy,
    tranches_fit_their_cap,
    campaigns_can_be_answered,
    campaigns_know_where_they_run,
    campaigns_wait_for_others,
    places_have_names_of_their_own,
    partners_that_work_state_their_system,
    clusters_fit_somewhere,
    streams_can_be_answered,
    partners_are_priced_in_one_way,
    contracts_say_what_counts,
    ids_are_not_taken,
    conditions_can_come_about,
    periods_end_after_they_begin,
    sculpted_loans_end_within_the_horizon,
    set_offs_leave_receipts,
    loans_fit_their_horizon_and_cover,
    warrants_rise,
    instruments_can_move_money,
    parts_of_a_price_fit_into_it,
    leased_sites_cost_no_halls,
    energy_contracts_fit_their_site,
    terms_of_partners_have_an_effect,
    running_racks_are_not_bought_by_accident,
    evidence_points_somewhere,
)
