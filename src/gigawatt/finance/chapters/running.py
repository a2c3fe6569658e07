"""Running costs: electricity, maintenance, staff, insurance, rent; and when they are paid."""

from __future__ import annotations

from gigawatt.finance.books import OUTSIDE, Books
from gigawatt.finance.facts import Facts
from gigawatt.finance.formula import Row, largest, smallest, sum_of

from .parties import BUYER

__all__ = ["run_sites"]

_MONTHS = 12.0


def run_sites(books: Books, facts: Facts) -> None:
    """All running costs of the own sites, each in the month of its use, paid some months later."""
    for site in facts.sites:
        _electricity(books, facts, site)
        _rent(books, facts, site)
    costs = [
        ("energy", "Electricity", [f"energy_cost[{site}]" for site in facts.sites]),
        ("maintenance", "Maintenance", _maintenance(books, facts)),
        ("staff", "Staff", _staff(books, facts)),
        ("insurance", "Insurance", _insurance(books, facts)),
        ("rent", "Land and shell", [f"site_rent[{site}]" for site in facts.sites]),
    ]
    wait = facts.months_of("paid_after")
    for account, label, names in costs:
        rows = [Row(name) for name in names if name in books.sheet.lines]
        if not rows:
            continue
        due = books.sheet.line(f"{account}_due", sum_of(list(rows)), f"{label.lower()}, all sites")
        books.record(due, BUYER, debit=account, credit="payables")
        paid = books.sheet.line(
            f"{account}_paid",
            due.past(wait) if wait else due,
            f"{label.lower()} paid, {wait} months later",
        )
        books.pay(paid, BUYER, OUTSIDE, debit="payables", credit="", label=label, flow="operations")


def _electricity(books: Books, facts: Facts, site: str) -> None:
    if not facts.has("energy_mwh", site):
        return
    sheet = books.sheet
    used = facts.row(sheet, "energy_mwh", site, "MWh", f"energy drawn at the meter of {site}")
    price = facts.term(sheet, "energy_price_usd", site, "USD/MWh", f"price of energy at {site}")
    shape = facts.term(
        sheet,
        "energy_shape",
        site,
        "1",
        "price weighted by the hours of the load, per average price",
    )
    if not facts.has("purchase_mwh", site):
        sheet.line(f"energy_cost[{site}]", used * price * shape, f"electricity at {site}")
        return
    agreed = facts.row(sheet, "purchase_mwh", site, "MWh", f"energy bought ahead at {site}")
    agreed_price = facts.term(
        sheet, "purchase_price_usd", site, "USD/MWh", "price of energy bought ahead"
    )
    share = facts.term(
        sheet, "purchase_take_or_pay", site, "1", "part of it paid whether drawn or not"
    )
    taken = largest(smallest(used, agreed), agreed * share)
    sheet.line(
        f"energy_agreed[{site}]", taken * agreed_price, f"electricity bought ahead at {site}"
    )
    sheet.line(
        f"energy_market[{site}]",
        largest(used - agreed, 0.0) * price * shape,
        f"electricity beyond it at {site}",
    )
    sheet.line(
        f"energy_cost[{site}]",
        sheet.row(f"energy_agreed[{site}]") + sheet.row(f"energy_market[{site}]"),
        f"electricity at {site}",
    )


def _rent(books: Books, facts: Facts, site: str) -> None:
    if not facts.has("rented_mw", site):
        return
    sheet = books.sheet
    power = facts.row(sheet, "rented_mw", site, "MW on the site's basis", f"power rented at {site}")
    price = facts.term(sheet, "rent_usd", site, "USD/MW/month", f"rent of land and shell at {site}")
    sheet.line(f"site_rent[{site}]", power * price, f"rent at {site}")


def _maintenance(books: Books, facts: Facts) -> list[str]:
    sheet, names = books.sheet, []
    rate = facts.term(
        sheet,
        "rack_maintenance",
        "",
        "1/year",
        "support and repair, per price of the racks in service",
    )
    for system in facts.systems:
        if not facts.has("racks_running", system):
            continue
        price = facts.term(
            sheet,
            "price_usd",
            system,
            "USD/rack",
            f"price of a rack of {system}",
            f"rack_price[{system}]",
        )
        racks = facts.row(sheet, "racks_running", system, "rack", f"racks of {system} in service")
        name = f"rack_maintenance_cost[{system}]"
        sheet.line(name, racks * price * rate / _MONTHS, f"support and repair of {system}")
        names.append(name)
    upkeep = facts.term(sheet, "hall_maintenance", "", "1/year", "upkeep of halls, per their cost")
    for site in facts.sites:
        if not facts.has("halls_mw", site):
            continue
        name = f"hall_maintenance_cost[{site}]"
        sheet.line(
            name,
            _hall_value(books, facts, site) * upkeep / _MONTHS,
            f"upkeep of the halls at {site}",
        )
        names.append(name)
    return names


def _hall_value(books: Books, facts: Facts, site: str) -> Row:
    sheet, name = books.sheet, f"halls_value[{site}]"
    if name in sheet.lines:
        return Row(name)
    price = facts.term(
        sheet,
        "facility_cost_usd",
        site,
        "USD/MW IT",
        f"land, shell, power and cooling at {site}",
        f"hall_price[{site}]",
    )
    power = facts.row(sheet, "halls_mw", site, "MW IT", f"power of own halls at {site}")
    return sheet.line(
        name, power * price, f"cost of all own halls at {site}, those paid before included"
    )


def _staff(books: Books, facts: Facts) -> list[str]:
    sheet, names = books.sheet, []
    wage = facts.term(sheet, "staff", "", "USD/MW IT/year", "staff, per IT power in service")
    for site in facts.sites:
        if facts.has("running_mw", site):
            power = facts.row(sheet, "running_mw", site, "MW IT", f"IT power in service at {site}")
            sheet.line(f"staff_cost[{site}]", power * wage / _MONTHS, f"staff at {site}")
            names.append(f"staff_cost[{site}]")
    return names


def _insurance(books: Books, facts: Facts) -> list[str]:
    sheet, names = books.sheet, []
    rate = facts.term(sheet, "insurance", "", "1/year", "insurance, per cost of racks and halls")
    for system in facts.systems:
        if facts.has("racks_running", system):
            name = f"rack_insurance[{system}]"
            racks, price = (
                Row(f"racks_running[{system}]"),
                facts.term(sheet, "price_usd", system, "USD/rack", "", f"rack_price[{system}]"),
            )
            sheet.line(name, racks * price * rate / _MONTHS, f"insurance of racks of {system}")
            names.append(name)
    for site in facts.sites:
        if facts.has("halls_mw", site):
            name = f"hall_insurance[{site}]"
            sheet.line(
                name,
                _hall_value(books, facts, site) * rate / _MONTHS,
                f"insurance of halls at {site}",
            )
            names.append(name)
    return names
