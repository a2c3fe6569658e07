"""Terms and contracts around the build: payment, rent, energy, capacity, and who is who."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.core.errors import Problem
from gigawatt.scenario.instruments import ChipLease
from gigawatt.scenario.schema import Site

from .case import Case

__all__ = [
    "energy_contracts_fit_their_site",
    "ids_are_not_taken",
    "leased_sites_cost_no_halls",
    "parts_of_a_price_fit_into_it",
    "terms_of_partners_have_an_effect",
]

_RESERVED = {"buyer": "whoever builds", "outside": "everybody whose books are not kept"}


def parts_of_a_price_fit_into_it(case: Case) -> Iterator[Problem]:
    """Deposit and payment on delivery leave nothing or something for acceptance."""
    racks, defaults = case.spec.costs.racks, case.catalog.defaults
    if racks.deposit is None and racks.on_delivery is None:
        return
    parts = {
        "deposit": (racks.deposit, defaults.rack_deposit.value),
        "on_delivery": (racks.on_delivery, defaults.rack_on_delivery.value),
    }
    shares = {name: default if given is None else given for name, (given, default) in parts.items()}
    total = sum(shares.values())
    if total > 1.0 + 1e-9:
        named = "on_delivery" if racks.on_delivery is not None else "deposit"
        silent = [name for name, (given, _) in parts.items() if given is None]
        yield case.problem(
            "E312",
            f"costs.racks.{named}",
            f"A deposit of {shares['deposit']:.4g} and {shares['on_delivery']:.4g} on delivery are "
            f"{total:.1%} of the price of a rack"
            + (f"; '{silent[0]}' is the default of the catalog." if silent else "."),
            "Allowed is at most 100 % together; the rest is paid on acceptance.",
        )


def leased_sites_cost_no_halls(case: Case) -> Iterator[Problem]:
    """Where land and shell are rented, the landlord pays for the halls."""
    for key, site in case.spec.sites.items():
        for name in ("facility_cost", "facility_paid"):
            if site.lease is not None and getattr(site, name) is not None:
                yield case.problem(
                    "W108",
                    f"sites.{key}.{name}",
                    "Land and shell are rented here, and the landlord pays for the halls; this has no effect.",
                    f"Remove it, or remove sites.{key}.lease.",
                )


def energy_contracts_fit_their_site(case: Case) -> Iterator[Problem]:
    """Energy bought ahead is not more than all racks at nameplate power would draw."""
    for key, site in case.spec.sites.items():
        contract = site.energy.contract
        if contract is None:
            continue
        most = _grid_mw(case, key, site)
        if contract.capacity > most * (1.0 + 1e-9):
            yield case.problem(
                "W117",
                f"sites.{key}.energy.contract.capacity",
                f"{contract.capacity:g} MW are contracted at the meter; the site never draws more than "
                f"{most:,.4g} MW, all racks at nameplate power.",
                f"Allowed without this warning is at most {most:,.4g} MW.",
            )


def _grid_mw(case: Case, key: str, site: Site) -> float:
    """Grid power of a site at its highest step, all of it in use [MW]."""
    record = None
    wanted = key if site.from_ == "catalog" else site.from_
    if wanted is not None and wanted in case.catalog.ids("sites"):
        record = case.catalog.site(wanted)

    def known(name: str) -> float | None:
        written: float | None = getattr(site, name)
        fact = getattr(record, name, None)
        return written if written is not None else fact.value if fact else None

    overhead, pue = known("overhead"), known("pue")
    pue = pue if pue is not None else overhead or case.catalog.defaults.pue.value
    overhead = max(overhead or pue, pue)
    return (
        max(site.power.values())
        * overhead
        / {"it": 1.0, "facility": pue, "grid": overhead}[site.basis]
    )


def terms_of_partners_have_an_effect(case: Case) -> Iterator[Problem]:
    """Use, take-or-pay and a fee for termination need a price that they are part of."""
    for key, partner in case.spec.partners.items():
        if any(p is not None for p in (partner.price, partner.price_per_power, partner.commitment)):
            continue
        for name in sorted(partner.model_fields_set & {"utilisation", "take_or_pay"}):
            yield case.problem(
                "W108",
                f"partners.{key}.{name}",
                "This capacity has no price, so that no part of it is paid; this has no effect.",
                "Give a price, a price_per_power or a commitment, or remove it.",
            )
        if partner.termination is not None and partner.termination.fee:
            yield case.problem(
                "W108",
                f"partners.{key}.termination.fee",
                "This capacity has no price, so that nothing is due at its end; this has no effect.",
                "Give a price, a price_per_power or a commitment, or remove the fee.",
            )


def ids_are_not_taken(case: Case) -> Iterator[Problem]:
    """Parties have ids of their own, and no stream of income stands for served tokens as well."""
    spec = case.spec
    taken = dict(_RESERVED)
    for key, instrument in spec.investment.items():
        if isinstance(instrument, ChipLease):
            taken[f"{key}-company"] = f"the company of the lease '{key}'"
    named = [(f"partners.{key}", key) for key in spec.partners]
    for key, instrument in spec.investment.items():
        path = f"investment.{key}"
        named.append(
            (path, key) if instrument.party is None else (f"{path}.party", instrument.party)
        )
        if isinstance(instrument, ChipLease):
            named.append((f"{path}.lender", instrument.lender))
    for path, party in named:
        if party in taken:
            yield case.problem(
                "E333",
                path,
                f"The party '{party}' is {taken[party]} in the books.",
                "Give another id.",
            )
    for key in spec.income:
        if key in spec.workloads.serving:
            yield case.problem(
                "E333",
                f"income.{key}",
                f"'{key}' is a stream of workloads.serving too; their money could not be told apart.",
                "Give another id, and count no income twice.",
            )
