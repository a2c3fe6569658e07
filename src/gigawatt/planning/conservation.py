"""Conservation, checked and not hoped for: a plan that breaks a rule is refused.

Each rule is one function over the figures, yielding a sentence for whatever it finds broken. They are
independent of how the figures were made, so that a defect in the kernels cannot hide itself here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.core.errors import ConservationError, Problem
from gigawatt.core.money import owed
from gigawatt.finance.tranches import Tranche
from gigawatt.fleet.milestones import TOLERANCE
from gigawatt.scenario import Scenario
from gigawatt.scenario.instruments import milestone_of

from .books import KeptBooks
from .build import Built
from .figures import by_name
from .inputs import Inputs

__all__ = ["broken_rules", "check_conservation"]

_EPS = 1e-6
_LEAST_FLOP = 1e16
"""What millions of accelerators do in the last digit of a date, some microseconds [FLOP]."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a plan was made from, and what came out."""

    figures: Mapping[str, Array]
    inputs: Inputs
    scenario: Scenario
    tranches: Mapping[str, list[Tranche]]
    books: KeptBooks


Rule = Callable[[Made], Iterator[str]]


def power_used_is_energised_and_contracted(made: Made) -> Iterator[str]:
    """In service ≤ installed ≤ energised ≤ contracted, on every site in every month."""
    f = made.figures
    chain = ("in_service_it_mw", "installed_it_mw", "energised_it_mw", "contracted_it_mw")
    for less, more in itertools.pairwise(chain):
        worst = np.max(f[f"power.{less}"] - f[f"power.{more}"], initial=0.0)
        if worst > _EPS:
            yield f"{less} exceeds {more} by up to {worst:g} MW"


def racks_are_accounted_for(made: Made) -> Iterator[str]:
    """Delivered = store + spare + at sites; every stage holds at most what the one before holds."""
    f, inputs = made.figures, made.inputs
    chain = ("retired", "started", "commissioned", "installed", "delivered")
    existing = inputs["existing_racks"]
    for less, more in itertools.pairwise(chain):
        if np.any(f[f"fleet.racks_{less}"] > f[f"fleet.racks_{more}"] + _EPS):
            yield f"racks_{less} exceeds racks_{more}"
    if np.any(f["fleet.racks_delivered"] - existing > f["fleet.racks_ordered"] + _EPS):
        yield "racks are delivered that were not ordered"
    for name in (*chain, "ordered"):
        values = f[f"fleet.racks_{name}"]
        if np.any(np.diff(values, axis=0) < -_EPS) or np.any(values < -_EPS):
            yield f"racks_{name} falls or is negative"
        if np.any(np.abs(values - np.round(values)) > _EPS):
            yield f"racks_{name} is not whole"
    at_sites = (f["fleet.racks_delivered"] - existing).sum(axis=1)
    held = f["fleet.racks_in_store"] + f["fleet.racks_spare"] + at_sites
    if np.any(np.abs(held - f["fleet.racks_delivered_total"]) > _EPS) or np.any(
        f["fleet.racks_in_store"] < -_EPS
    ):
        yield "delivered racks are not store + spare + at sites"
    standing = f["fleet.racks_in_service"] + f["fleet.racks_retired"]
    if np.any(np.abs(standing - f["fleet.racks_started"]) > _EPS):
        yield "racks that started are not in service + retired"


def deliveries_stay_within_supply(made: Made) -> Iterator[str]:
    """Racks delivered never exceed what vendors deliver, nor come before a system is available."""
    f, inputs = made.figures, made.inputs
    arriving = np.diff(f["fleet.racks_delivered_total"].T, axis=-1, prepend=0.0)
    if np.any(arriving > inputs["deliveries"] + inputs["supply"] + _EPS):
        yield "more racks are delivered than can be supplied"
    early = np.arange(inputs.horizon.months) < inputs["available_month"][:, None]
    if np.any(arriving[early] > _EPS):
        yield "racks are delivered before their system is available"


def sources_equal_uses(made: Made) -> Iterator[str]:
    """Investments and other sources pay, over all months, for the racks and halls there are."""
    f, inputs = made.figures, made.inputs
    arriving = np.diff(f["fleet.racks_delivered_total"].T, axis=-1, prepend=0.0)
    racks = (arriving * inputs["price_index"]).sum(axis=-1) @ (
        inputs["price_usd"] * (1.0 + inputs["network_share"] + inputs["rack_installation"])
    )
    last_mw = f["power.energised_it_mw"][-1]
    paid_mw = inputs["facility_paid_mw"] / inputs["basis_ratio"]
    own = np.array([made.scenario.spec.sites[site].lease is None for site in inputs.sites])
    halls = np.maximum(last_mw - paid_mw, 0.0) @ (inputs["facility_cost_usd"] * own)
    sources = f["finance.investment_usd"].sum() + f["finance.other_sources_usd"].sum()
    if abs(racks + halls - sources) > max(0.01, 1e-9 * (racks + halls)):
        yield f"sources of {sources:,.2f} USD differ from uses of {racks + halls:,.2f} USD"
    by_month = f["finance.investment_usd"].sum(axis=1) + f["finance.other_sources_usd"]
    uses = f["finance.rack_spend_usd"].sum(axis=1) + f["finance.facility_spend_usd"].sum(axis=1)
    worst = np.max(np.abs(uses - by_month), initial=0.0)
    if worst > max(0.01, 1e-9 * float(np.max(uses, initial=0.0))):
        yield f"sources differ from uses by up to {worst:g} USD in a month"


def _in_cents(usd: Array) -> Array:
    return np.rint(usd * 100.0)


def books_balance_to_the_cent(made: Made) -> Iterator[str]:
    """Each month of each party: sources = uses + change of cash, assets = liabilities + equity."""
    books, lines = made.books.books, made.books.lines
    for party in books.parties:
        cash = _in_cents(lines[f"cash[{party}]"])
        moved = np.zeros_like(cash)
        for item in books.cash_items:
            if item.party == party:
                moved += item.sign * _in_cents(lines[item.line])
        for name in books.opening.get(party, []):
            moved += _in_cents(lines[name])
        if np.any(np.diff(cash, prepend=0.0) != moved):
            yield f"sources of {party} are not its uses and the change of its cash"
        held = {
            side: _in_cents(lines[f"{side}[{party}]"])
            for side in ("assets", "liabilities", "equity")
        }
        if np.any(held["assets"] != held["liabilities"] + held["equity"]):
            yield f"the balance of {party} does not balance"
    if np.any(lines["unfunded"] > 0.0):
        yield "a month is not funded"


def books_say_what_the_plan_says(made: Made) -> Iterator[str]:
    """The books and the other figures speak of the same money."""
    f, lines = made.figures, made.books.lines
    for at, key in enumerate(made.scenario.spec.partners):
        booked = lines.get(f"capacity_cost[{key}]", np.zeros(1)) + lines.get(
            f"termination[{key}]", np.zeros(1)
        )
        # a fee sums up months, each of them rounded to the cent
        if np.any(np.abs(booked - f["partners.cost_usd"][:, at]) > 0.006 * (len(booked) + 1)):
            yield f"{key} is paid other amounts in the books than by its contract"
    for at, key in enumerate(made.tranches):
        paid = lines.get(f"equity_paid[{key}]")
        tranches = f["finance.investment_usd"][:, at]
        if paid is not None and np.any(_in_cents(paid) != _in_cents(tranches)):
            yield f"{key} pays other amounts in the books than its tranches say"
    racks = sum(
        (
            v
            for k, v in lines.items()
            if k.startswith(("racks_cost[", "network_cost[", "installation["))
        ),
        np.zeros(1),
    )
    spend = f["finance.rack_spend_usd"].sum(axis=1)
    if np.any(np.abs(racks - spend) > 0.02 * max(1, f["finance.rack_spend_usd"].shape[1])):
        yield "racks cost other amounts in the books than in the plan"


def tranches_follow_their_milestones(made: Made) -> Iterator[str]:
    """No tranche before its milestone, none twice, none past the cap, and all as cash by month."""
    f = made.figures
    for index, (key, investment) in enumerate(made.scenario.spec.investment.items()):
        paid = [tranche for tranche in made.tranches[key] if tranche.month is not None]
        cash = f["finance.investment_usd"][:, index]
        if abs(float(sum(tranche.usd for tranche in paid)) - cash.sum()) > 0.01:
            yield f"{key} pays other amounts by month than its tranches say"
        if len({tranche.number for tranche in made.tranches[key]}) != len(made.tranches[key]):
            yield f"{key} has a tranche twice"
        if investment.kind != "milestone_equity":
            continue
        if sum(tranche.usd for tranche in made.tranches[key]) > owed(investment.cap):
            yield f"{key} pays more than its cap"
        names = [k for k, inv in made.scenario.spec.investment.items() if milestone_of(inv)]
        counted = f["milestones.counted_gw"][:, names.index(key)]
        for tranche in paid:
            level = tranche.milestone * investment.step / 1000.0 * (1.0 - TOLERANCE)
            if tranche.trigger == "milestone" and counted[tranche.month] < level - 1e-9:
                yield f"{key} pays tranche {tranche.number} before its milestone"


def the_policy_is_kept(made: Made) -> Iterator[str]:
    """A fixed mix is never exceeded, and an explicit list never passed."""
    f, inputs = made.figures, made.inputs
    deployment = made.scenario.spec.deployment
    new = f["fleet.racks_delivered"][-1] - inputs["existing_racks"]
    if deployment.policy == "explicit":
        listed = np.zeros_like(new)
        for block in deployment.blocks.values():
            listed[inputs.sites.index(block.site), inputs.systems.index(block.system)] += (
                block.racks
            )
        if np.any(new > listed + _EPS):
            yield "more racks are delivered than the explicit list says"
    if deployment.policy == "fixed":
        for k, system in enumerate(inputs.systems):
            allowed = f["power.energised_it_mw"] * deployment.mix.get(system, 0.0)
            holds = (
                f["fleet.it_mw"][:, :, k]
                - inputs["existing_racks"][:, k] * f["fleet.rack_it_mw"][k]
            )
            if np.any(holds > allowed + _EPS):
                yield f"{system} holds more power than its share of the mix"


def gigawatts_never_fall(made: Made) -> Iterator[str]:
    """Deployed gigawatts rise, and grid ≥ facility ≥ IT."""
    f = made.figures
    deployed = f["milestones.deployed_gw"]
    if np.any(np.diff(deployed, axis=0) < -_EPS) or np.any(np.diff(deployed, axis=1) < -_EPS):
        yield "deployed gigawatts fall, or facility exceeds grid, or IT exceeds facility"


def workloads_use_what_serves(made: Made) -> Iterator[str]:
    """Used ≤ in service at every place and machine in every month, and each use is the sum of its claims."""
    f = made.figures
    capacity = f["use.capacity"]
    taken = f["use.training"] + f["use.serving"]
    worst = np.max(taken - capacity[..., None], initial=0.0)
    if worst > _EPS * max(1.0, float(capacity.max(initial=0.0))):
        yield f"workloads use up to {worst:g} packages more than are in service"
    own = f["fleet.packages"].sum(axis=(1, 2)) + f["partners.packages"].sum(axis=1)
    if np.any(capacity.sum(axis=(1, 2)) > own * (1.0 + _EPS) + _EPS):
        yield "workloads may use more packages than the fleet and its partners have"
    scale = max(1.0, float(own.max(initial=0.0)))
    for use, of in (("training", "training"), ("serving", "serving")):
        claimed = f[f"{of}.accelerators"].sum(axis=1)
        if np.any(np.abs(f[f"use.{use}"].sum(axis=(1, 2)) - claimed) > _EPS * scale):
            yield f"packages in use for {use} are not the sum of its claims"
    if np.any(
        np.abs(f["use.packages"].sum(axis=1) - capacity.sum(axis=(1, 2))[:, None]) > _EPS * scale
    ):
        yield "packages by use do not add up to those in service"


def workloads_do_what_was_asked(made: Made) -> Iterator[str]:
    """Compute done ≤ budget, and all of it where a campaign is finished; met + unmet = demand."""
    f = made.figures
    budget = f["training.compute_flop"] + f["training.post_training_flop"]
    done = f["training.model_flop"].sum(axis=0)
    if np.any(done > budget[:, None] * (1.0 + _EPS) + _LEAST_FLOP):
        yield "a campaign does more compute than its budget"
    ended = np.isfinite(f["training.finish_month"])
    if np.any(ended & (done < budget[:, None] * (1.0 - _EPS) - _LEAST_FLOP)):
        yield "a campaign is finished before its compute is done"
    met, unmet = f["serving.met_tokens_per_s"], f["serving.unmet_tokens_per_s"]
    demand = f["serving.demand_tokens_per_s"][..., None]
    if np.any(np.abs(met + unmet - demand) > _EPS * np.maximum(demand, 1.0)) or np.any(met < -_EPS):
        yield "tokens met and unmet are not the demand"


def every_figure_is_a_number(made: Made) -> Iterator[str]:
    """No figure is infinite, and none is NaN but those that say so. No other rule would see either."""
    for name, values in made.figures.items():
        figure = by_name(name)
        if values.dtype.kind != "f" or np.isfinite(values).all():
            continue
        if np.isinf(values).any() or figure is None or not figure.gaps:
            yield f"{name} is not a number everywhere"


RULES: tuple[Rule, ...] = (
    power_used_is_energised_and_contracted,
    racks_are_accounted_for,
    deliveries_stay_within_supply,
    sources_equal_uses,
    books_balance_to_the_cent,
    books_say_what_the_plan_says,
    tranches_follow_their_milestones,
    the_policy_is_kept,
    gigawatts_never_fall,
    workloads_use_what_serves,
    workloads_do_what_was_asked,
)


def broken_rules(built: Built, inputs: Inputs, scenario: Scenario) -> list[str]:
    """Everything that the figures break: the rule, and what was found."""
    made = Made(built.figures, inputs, scenario, built.tranches, built.books)
    # what is no number compares with nothing: the other rules would find it in order
    numbers = not any(every_figure_is_a_number(made))
    rules = RULES if numbers else (every_figure_is_a_number,)
    return [_named(rule, finding) for rule in rules for finding in rule(made)]


def _named(rule: Rule, finding: str) -> str:
    return f"{rule.__name__.replace('_', ' ')}: {finding}"


def check_conservation(built: Built, inputs: Inputs, scenario: Scenario) -> None:
    """Refuse figures that break a conservation rule.

    Raises
    ------
    ConservationError
        E901, naming every rule that is broken.
    """
    broken = broken_rules(built, inputs, scenario)
    if broken:
        raise ConservationError(
            Problem(
                "E901",
                f"The plan breaks conservation and is refused: {finding}.",
                "This is a defect of gigawatt, not of your scenario; please report it with the scenario.",
            )
            for finding in broken
        )
