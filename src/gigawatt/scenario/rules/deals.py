"""Investments, commitments and partners."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.core.errors import Problem
from gigawatt.scenario.instruments import MilestoneEquity

from .case import Case, milestones_of

__all__ = [
    "contracts_say_what_counts",
    "milestones_can_be_counted",
    "partners_are_priced_in_one_way",
    "tranches_fit_their_cap",
]

_MOST_TRANCHES = 10_000
_LEAST_TRANCHE_USD = 0.01
_PRICES = {
    "price": "a price per GPU-hour",
    "price_per_power": "a price of power",
    "commitment": "a whole contract value",
}


def milestones_can_be_counted(case: Case) -> Iterator[Problem]:
    """Energised gigawatts belong to sites, not to systems."""
    for path, milestone in milestones_of(case.spec):
        if milestone.stage == "energised" and milestone.systems is not None:
            yield case.problem(
                "E317",
                f"{path}.systems",
                "Energised power is a site's and cannot be counted by system.",
                "Remove 'systems', or count a later stage such as installed.",
            )


def tranches_fit_their_cap(case: Case) -> Iterator[Problem]:
    """A tranche is at most the cap, and signing has a month where it pays."""
    for key, investment in case.spec.investment.items():
        path = f"investment.{key}"
        if not isinstance(investment, MilestoneEquity):
            continue
        amount = investment.tranche * investment.step / 1000.0
        if amount > investment.cap:
            yield case.problem(
                "E305",
                f"{path}.tranche",
                f"A tranche of {amount / 1e9:g} GUSD for {investment.step:g} MW is above the cap of "
                f"{investment.cap / 1e9:g} GUSD.",
                f"Allowed is at most {investment.cap / investment.step / 1e6:g} GUSD/GW.",
            )
        if amount < _LEAST_TRANCHE_USD:
            yield case.problem(
                "E305",
                f"{path}.tranche",
                f"A tranche of {amount:g} USD is less than a cent.",
                "Make the tranche or its step larger.",
            )
        elif amount * _MOST_TRANCHES < investment.cap:
            yield case.problem(
                "E305",
                f"{path}.tranche",
                f"The cap is more than {_MOST_TRANCHES} tranches of {amount:,.2f} USD.",
                "Make the tranche or its step larger, or the cap smaller.",
            )
        if investment.first_tranche == "on_signing" and investment.signed is None:
            yield case.problem(
                "E315",
                path,
                "The first tranche is paid on signing, and no month of signing is given.",
                f"Add {path}.signed, or set first_tranche to first_gigawatt.",
            )
        if investment.signed and investment.until and investment.until < investment.signed:
            yield case.problem(
                "E315",
                f"{path}.until",
                f"The last month {investment.until} is before signing, {investment.signed}.",
            )


def partners_are_priced_in_one_way(case: Case) -> Iterator[Problem]:
    """A price per GPU-hour, a price of power or a whole contract value; the first needs a system."""
    for key, partner in case.spec.partners.items():
        path = f"partners.{key}"
        given = [name for name in _PRICES if getattr(partner, name) is not None]
        if len(given) > 1:
            said = " and ".join(_PRICES[name] for name in given)
            yield case.problem(
                "E319",
                f"{path}.{given[-1]}",
                f"{said[0].upper()}{said[1:]} stand side by side.",
                f"Keep one of {', '.join(given)}.",
            )
        if partner.price is not None and partner.system is None:
            yield case.problem(
                "E319",
                f"{path}.price",
                "A price per GPU-hour needs the partner's 'system'.",
                f"Add {path}.system, such as gb300-nvl72.",
            )
        known = partner.system is not None and partner.system in case.catalog.ids("systems")
        if known and case.catalog.system(partner.system or "").rack_power is None:
            yield case.problem(
                "E310",
                f"{path}.system",
                f"No source in the catalog gives the rack power of {partner.system}.",
                "Leave the system out, or add your own record under catalog.systems.",
            )
        if not any(partner.capacity.values()):
            yield case.problem(
                "E306",
                f"{path}.capacity",
                "This partner never has any capacity.",
                "Give at least one step above 0 MW, or remove the partner.",
            )
        if not given:
            yield case.problem(
                "W104", path, "This capacity has no price; it costs nothing in the plan."
            )


def contracts_say_what_counts(case: Case) -> Iterator[Problem]:
    """Use and take-or-pay have no effect where the whole contract value is given."""
    for key, partner in case.spec.partners.items():
        given = partner.model_fields_set & {"utilisation", "take_or_pay"}
        if partner.commitment is not None and given:
            yield case.problem(
                "W106",
                f"partners.{key}.{min(given)}",
                "The whole contract value is paid whatever the use; this has no effect.",
                "Remove it, or give a price instead of the commitment.",
            )
