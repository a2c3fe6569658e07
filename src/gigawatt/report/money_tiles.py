"""The headline figures of the money: present value, return, funding, levelised costs, circularity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .headline import Tile
from .view import View
from .wording import NBSP, money, number, percent

__all__ = ["money_tiles"]


def money_tiles(view: View) -> list[Tile]:
    """The tiles, in the order of the page; each says when it has no figure, and why."""
    books = view.sources.summary["books"]
    buyer = books["buyer"]
    why = view.sources.assumed_in("finance.free_cash_usd")
    discount = f"at {100.0 * view.plan.scenario.spec.money.discount_rate:.3g}{NBSP}%/year"
    tiles = [
        Tile("Present value", money(buyer["npv_usd"]), "", (f"before financing, {discount}",), why),
        _return(buyer, why),
        Tile(
            "Peak funding", money(buyer["peak_funding_usd"]), "",
            ("before financing", f"in {buyer['peak_funding_month']}" if buyer["peak_funding_month"]
             else "never below zero"), why,
        ),
        _owners(buyer, why),
        *_levelised(books["levelised"], discount, why),
        *_circularity(view),
    ]  # fmt: skip
    left = books["contingent"]["capacity_left_usd"]
    if left > 0.0:
        more = ("of contracts for capacity", "whatever their use")
        tiles.append(Tile("Bound to pay at most", money(left), "", more, why))
    return tiles


def _return(buyer: Mapping[str, Any], why: tuple[str, ...]) -> Tile:
    if buyer["irr"] is None:
        return Tile("Rate of return", "none", "", (buyer["irr_why"],), why)
    if not buyer["irr_unique"]:
        rates = ", ".join(percent(rate) for rate in buyer["irr_roots"])
        return Tile("Rate of return", "several", "", (rates,), why)
    back = f"paid back by {buyer['payback']}" if buyer["payback"] else "not paid back"
    return Tile("Rate of return", percent(buyer["irr"]), "a year", ("before financing", back), why)


def _owners(buyer: Mapping[str, Any], why: tuple[str, ...]) -> Tile:
    if not buyer["owners_paid_in_usd"]:
        return Tile("Owners bring", "nothing", "", ("others fund all of it",), why)
    rate = (
        "no rate of return"
        if buyer["owners_irr"] is None
        else f"{percent(buyer['owners_irr'])} a year"
    )
    back = f"{number(buyer['owners_moic'], 2)} × back" if buyer["owners_moic"] else "nothing back"
    return Tile("Owners bring", money(buyer["owners_paid_in_usd"]), "", (back, rate), why)


def _levelised(
    levelised: Mapping[str, float | None], discount: str, why: tuple[str, ...]
) -> list[Tile]:
    tiles = []
    for label, key, of, nothing in (
        ("Levelised GPU-hour", "usd_per_gpu_hour", "a GPU-hour", "nothing runs"),
        ("Levelised tokens", "usd_per_mtoken", "a million tokens", "nothing is served"),
    ):
        usd = levelised[key]
        if usd is None:
            tiles.append(Tile(label, "none", "", (nothing,), why))
        else:
            digits = 2 if usd >= 0.995 else 3
            more = ("before tax and financing", discount)
            tiles.append(Tile(label, f"${number(usd, digits)}", of, more, why))
    return tiles


def _circularity(view: View) -> list[Tile]:
    found = view.sources.summary["books"]["circularity"]
    why = view.sources.assumed_in("finance.investment_usd")
    if not found:
        return [Tile("Circularity", "none", "", ("no vendor invests in the buyer",), why)]
    tiles = []
    for party, row in found.items():
        name = view.plan.books.books.parties[party].name
        by = f"all by {row['returned_by']}" if row["returned_by"] else "within the horizon"
        more = (
            f"of {money(row['invested_usd'])} invested",
            by,
            f"purchases {money(row['purchases_usd'])}",
        )
        tiles.append(Tile(f"Back to {name}", percent(row["returned_share"]), "", more, why))
    return tiles
