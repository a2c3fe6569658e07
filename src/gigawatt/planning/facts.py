"""From a plan's inputs, build and workloads to the facts that books are made from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.finance.facts import Facts
from gigawatt.fleet.calendar import steps_to_curve
from gigawatt.scenario import Scenario

from .buildout import Buildout
from .inputs import Inputs
from .instruments import instrument_facts
from .money import Tranches
from .partners import months_beyond
from .rates import CASES

__all__ = ["facts_of"]

_SECONDS_PER_HOUR = 3600.0
_MTOKEN = 1e6

Found = dict[str, dict[str, Array]]


def facts_of(
    scenario: Scenario,
    inputs: Inputs,
    fleet: Buildout,
    figures: Mapping[str, Array],
    opened: Mapping[str, int],
    tranches: Tranches,
    counted: Mapping[str, Array],
) -> Facts:
    """All facts of a plan.

    Parameters
    ----------
    scenario, inputs : Scenario, Inputs
        Terms and prices.
    fleet : Buildout
        What is built.
    figures : mapping of str to array
        Figures of partners and workloads, months first.
    opened : mapping of str to int
        Month index from which the conditions of each instrument hold.
    tranches : dict of str to list of Tranche
        Equity and prepayments by instrument, exact to the cent.
    counted : mapping of str to array, shape (T,)
        Gigawatts as instruments count them [GW].
    """
    found: Found = {}
    paths: dict[str, dict[str, str]] = {}
    for part in (
        _single(inputs),
        _racks(inputs, fleet),
        _sites(scenario, inputs, fleet),
        _partners(scenario, inputs, figures),
        _income(scenario, inputs, figures),
    ):
        for name, by_label in part.items():
            found.setdefault(name, {}).update(by_label)
    terms, places = instrument_facts(scenario, inputs, opened, tranches, counted)
    for name, by_label in terms.items():
        found.setdefault(name, {}).update(by_label)
    for name in inputs.arrays:
        if name in found:
            paths[name] = dict.fromkeys(found[name], f"inputs.{name}")
    paths |= places | _paths(scenario)
    money = scenario.spec.money
    return Facts(
        inputs.horizon.months,
        money.buyer,
        inputs.systems,
        inputs.sites,
        inputs.partners,
        (*scenario.spec.workloads.serving, *scenario.spec.income),
        found,
        paths,
        _vendors(scenario),
        {key: partner.name or key for key, partner in scenario.spec.partners.items()},
    )


def _single(inputs: Inputs) -> Found:
    names = (
        "rack_deposit", "rack_on_delivery", "rack_acceptance", "rack_installation", "rack_residual",
        "hall_build", "hall_life",
        "rack_maintenance", "hall_maintenance", "staff", "insurance", "paid_after", "vendor_margin",
        "base_rate", "tax_rate",
    )  # fmt: skip
    return {name: {"": inputs[name]} for name in names}


def _by(keys: tuple[str, ...], values: Array) -> dict[str, Array]:
    return {key: values[at] for at, key in enumerate(keys)}


def _racks(inputs: Inputs, fleet: Buildout) -> Found:
    """Racks delivered and started, weighted by the price path: the first delivered start first."""
    keys = inputs.systems
    arriving = np.diff(fleet.deployment.delivered, axis=-1, prepend=0.0)
    bought = arriving * inputs["price_index"]
    new = (fleet.stages.started - inputs["existing_racks"][..., None]).sum(axis=0)
    with_spares = np.maximum(new, 0.0) / (1.0 - inputs["spare_share"])[:, None]
    starting = np.zeros_like(bought)
    for k in range(len(keys)):
        delivered = np.r_[0.0, fleet.deployment.delivered[k]]
        worth = np.r_[0.0, np.cumsum(bought[k])]
        started = np.interp(np.minimum(with_spares[k], delivered[-1]), delivered, worth)
        starting[k] = np.diff(np.maximum.accumulate(started), prepend=0.0)
    lag = float(np.max(inputs["order_to_delivery_months"], initial=0.0))
    return {
        "racks_bought": _by(keys, bought),
        "racks_starting": _by(keys, starting),
        "racks_running": _by(keys, fleet.in_service.sum(axis=0)),
        "price_usd": _by(keys, inputs["price_usd"]),
        "network_share": _by(keys, inputs["network_share"]),
        "useful_life_months": _by(keys, inputs["useful_life_months"]),
        "order_lag": {key: np.array(lag) for key in keys},
    }


def _sites(scenario: Scenario, inputs: Inputs, fleet: Buildout) -> Found:
    keys, months = inputs.sites, inputs.horizon.months
    own = np.array([scenario.spec.sites[key].lease is None for key in keys])
    paid_mw = inputs["facility_paid_mw"] / inputs["basis_ratio"]
    to_pay = np.maximum(fleet.energised_mw - paid_mw[:, None], 0.0)
    new = np.diff(to_pay, axis=-1, prepend=0.0) * own[:, None]
    found: Found = {
        "halls_new_mw": _by(keys, new),
        "halls_mw": _by(keys, fleet.energised_mw * own[:, None]),
        "facility_cost_usd": _by(keys, inputs["facility_cost_usd"]),
        "running_mw": _by(keys, fleet.it_mw.sum(axis=1)),
        "energy_mwh": _by(keys, fleet.energy_mwh.sum(axis=1)),
        "energy_price_usd": _by(keys, inputs["energy_price_usd"]),
        "energy_shape": {key: np.array(scenario.spec.sites[key].energy.shape) for key in keys},
    }
    hours = inputs.horizon.hours()
    for s, key in enumerate(keys):
        site = scenario.spec.sites[key]
        powered = int(np.argmax(inputs["site_power_mw"][s] > 0.0))
        if site.lease is not None:
            term = _window(months, powered, site.lease.term)
            used = fleet.it_mw[s].sum(axis=0) * inputs["basis_ratio"][s]
            # after its term the rent goes on for what is still in use
            rented = np.where(term > 0.0, inputs["site_power_mw"][s], used)
            found.setdefault("rented_mw", {})[key] = rented
            found.setdefault("rent_usd", {})[key] = np.array(site.lease.price)
        if (contract := site.energy.contract) is not None:
            start = powered if contract.start is None else inputs.horizon.offset(contract.start)
            term = _window(months, start, contract.term)
            found.setdefault("purchase_mwh", {})[key] = contract.capacity * hours * term
            found.setdefault("purchase_price_usd", {})[key] = np.array(contract.price)
            found.setdefault("purchase_take_or_pay", {})[key] = np.array(contract.take_or_pay)
    return found


def _window(months: int, start: int, term: float | None) -> Array:
    """1 from a month on, for a term."""
    since = np.arange(months) - start
    end = months if term is None else int(term)
    return ((since >= 0) & (since < end)).astype(float)


def _partners(scenario: Scenario, inputs: Inputs, figures: Mapping[str, Array]) -> Found:
    """What partners are paid for, and what they need for it."""
    keys, months = inputs.partners, inputs.horizon.months
    hours = inputs.horizon.hours()
    agreed = inputs["partner_power_mw"] / inputs["partner_basis_ratio"][:, None]
    agreed_packages = agreed * inputs["partner_packages_per_mw"][:, None]
    packages, it_mw = figures["partners.packages"].T, figures["partners.it_mw"].T
    used = np.maximum(inputs["partner_utilisation"], inputs["partner_take_or_pay"])[:, None]
    grown = np.diff(np.maximum.accumulate(packages, axis=-1), axis=-1, prepend=0.0)
    grown_mw = np.diff(np.maximum.accumulate(it_mw, axis=-1), axis=-1, prepend=0.0)
    found: Found = {
        "gpu_hours": _by(keys, agreed_packages * hours * used),
        "paid_mw": _by(keys, inputs["partner_power_mw"] * used),
        "partner_price_usd": _by(keys, inputs["partner_price_usd"]),
        "partner_power_price_usd": _by(keys, inputs["partner_power_price_usd"]),
        "partner_commitment_usd": _by(keys, inputs["partner_commitment_usd"]),
        "partner_term_months": _by(keys, inputs["partner_term_months"]),
        "provider_halls_mw": _by(keys, grown_mw),
        "provider_hall_price": dict.fromkeys(
            keys, np.array(scenario.catalog.defaults.facility_cost.value)
        ),
        "provider_energy_price": dict.fromkeys(
            keys, np.array(scenario.catalog.defaults.energy_price.value)
        ),
        "provider_energy_mwh": _by(
            keys,
            it_mw * hours * (inputs["partner_load_factor"] * inputs["partner_pue"])[:, None],
        ),
    }
    defaults = scenario.catalog.defaults
    for p, key in enumerate(keys):
        partner = scenario.spec.partners[key]
        running = _window(
            months, int(inputs["partner_first_month"][p]), float(inputs["partner_term_months"][p])
        )
        found.setdefault("contract_running", {})[key] = running
        if partner.system is not None:
            record = scenario.catalog.system(partner.system)
            found.setdefault("provider_racks", {})[key] = grown[p] / record.packages_per_rack.value
            found.setdefault("provider_rack_life", {})[key] = np.array(defaults.useful_life.value)
            if record.price is not None:
                found.setdefault("provider_rack_price", {})[key] = np.array(record.price.value)
                share = np.array(defaults.network_share.value)
                found.setdefault("provider_network_share", {})[key] = share
        if partner.termination is not None:
            month = scenario.spec.events[partner.termination.event]
            beyond = months_beyond(scenario, inputs, key)
            found.setdefault("contract_beyond", {})[key] = np.array(float(beyond))
            at = months if month is None else max(0, inputs.horizon.offset(month))
            open_ = (np.arange(months) < at).astype(float)
            found.setdefault("contract_open", {})[key] = open_
            ends = (np.arange(months) == at) & (month is not None and month >= inputs.horizon.start)
            found.setdefault("contract_ends", {})[key] = ends.astype(float)
            found.setdefault("termination_fee", {})[key] = np.array(partner.termination.fee)
    return found


def _income(scenario: Scenario, inputs: Inputs, figures: Mapping[str, Array]) -> Found:
    months = inputs.horizon.months
    seconds = inputs.horizon.hours() * _SECONDS_PER_HOUR
    central = CASES.index("central")
    found: Found = {}
    for at, key in enumerate(scenario.spec.workloads.serving):
        met = figures["serving.met_tokens_per_s"][:, at, central]
        found.setdefault("served_mtokens", {})[key] = met * seconds / _MTOKEN
        found.setdefault("token_price_usd", {})[key] = inputs["serving_price_usd"][at] * _MTOKEN
        found.setdefault("collected_after", {})[key] = inputs["collected_after"]
    for key, stream in scenario.spec.income.items():
        steps = {inputs.horizon.offset(month): usd for month, usd in stream.path.items()}
        curve = steps_to_curve(list(steps), list(steps.values()), months)
        since = np.maximum(np.arange(months) - max(steps), 0)
        found.setdefault("income_usd", {})[key] = curve * (1.0 + stream.growth) ** since
        found.setdefault("collected_after", {})[key] = np.array(stream.collected_after)
    return found


def _vendors(scenario: Scenario) -> dict[str, str]:
    found = {
        key: scenario.catalog.system(hardware.system or key).vendor
        for key, hardware in scenario.spec.hardware.items()
    }
    for key, partner in scenario.spec.partners.items():
        if partner.system is not None:
            found[key] = scenario.catalog.system(partner.system).vendor
    return found


def _paths(scenario: Scenario) -> dict[str, dict[str, str]]:
    """Where the scenario says what is read straight from it."""
    spec = scenario.spec
    return {
        "energy_shape": {key: f"sites.{key}.energy.shape" for key in spec.sites},
        "rent_usd": {key: f"sites.{key}.lease.price" for key in spec.sites},
        "purchase_price_usd": {key: f"sites.{key}.energy.contract.price" for key in spec.sites},
        "purchase_take_or_pay": {
            key: f"sites.{key}.energy.contract.take_or_pay" for key in spec.sites
        },
        "token_price_usd": {
            key: f"workloads.serving.{key}.price" for key in spec.workloads.serving
        },
        "termination_fee": {key: f"partners.{key}.termination.fee" for key in spec.partners},
        "opening_cash": {"": "money.opening_cash"},
        "least_cash": {"": "money.least_cash"},
        "sponsor_limit": {"": "money.sponsor"},
    }
