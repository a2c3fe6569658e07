"""A small deal to keep books of: every figure can be worked out by hand."""

import numpy as np

from gigawatt.finance.evaluate import evaluate
from gigawatt.finance.facts import Facts
from gigawatt.finance.model import books_of

SINGLE = {
    "rack_deposit": 0.2,
    "rack_on_delivery": 0.5,
    "rack_acceptance": 1,
    "rack_installation": 0.0,
    "rack_residual": 0.1,
    "hall_build": 2,
    "hall_life": 10,
    "rack_maintenance": 0.0,
    "hall_maintenance": 0.0,
    "staff": 0.0,
    "insurance": 0.0,
    "paid_after": 1,
    "vendor_margin": 0.75,
    "base_rate": 0.0,
    "tax_rate": 0.0,
    "opening_cash": 0.0,
    "least_cash": 0.0,
}


def row(months, **at):
    """A row by month: `row(6, m2=10)` is 10 in month 2."""
    values = np.zeros(months)
    for key, value in at.items():
        values[int(key[1:])] = value
    return values


def facts(months=6, single=None, **figures):
    """Facts with the figures given by name and label; what is left out is not there."""
    known = {
        name: {"": np.array(float(value))} for name, value in {**SINGLE, **(single or {})}.items()
    }
    for name, by_label in figures.items():
        known[name] = {label: np.asarray(value, dtype=float) for label, value in by_label.items()}
    labels = {
        "systems": tuple(figures.get("racks_bought", {})),
        "sites": tuple({**figures.get("halls_new_mw", {}), **figures.get("energy_mwh", {})}),
        "partners": tuple(figures.get("partner_commitment_usd", {})),
        "streams": tuple({**figures.get("income_usd", {}), **figures.get("served_mtokens", {})}),
    }
    return Facts(months, "Buyer", **labels, figures=known, paths={}, vendors={"x": "Acme"})


def racks(months=6):
    """Ten racks of 100 USD and 10 % of network, ordered two months ahead, serving from month 3 for two."""
    return {
        "racks_bought": {"x": row(months, m2=10)},
        "racks_starting": {"x": row(months, m3=10)},
        "racks_running": {"x": row(months, m3=10, m4=10)},
        "price_usd": {"x": 100.0},
        "network_share": {"x": 0.1},
        "useful_life_months": {"x": 2},
        "order_lag": {"x": 2},
    }


def income(usd, months=6, after=0):
    """Income of one stream, collected some months later."""
    return {"income_usd": {"sales": np.broadcast_to(np.asarray(usd, float), (months,))},
            "collected_after": {"sales": after}}  # fmt: skip


def kept(made, instruments=None):
    """Books and the values of their lines."""
    books = books_of(made, instruments or {}, {})
    return books, evaluate(books.sheet)


def parties_agree(books, lines):
    """What one party owes another, the other has coming; sums of money move between two parties."""
    pairs = [
        ("loans", "loans_granted"),
        ("leases", "leases_granted"),
        ("deposits_paid", "deposits_received"),
    ]
    for owed, granted in pairs:
        a = sum((v for k, v in lines.items() if k.startswith(f"{owed}[") and "]" in k
                 and k[len(owed) + 1 : -1] in books.parties), np.zeros(books.sheet.months))  # fmt: skip
        b = sum((v for k, v in lines.items() if k.startswith(f"{granted}[")
                 and k[len(granted) + 1 : -1] in books.parties), np.zeros(books.sheet.months))  # fmt: skip
        if owed == "loans":
            a = a + lines.get("revolver[buyer]", 0.0)
        np.testing.assert_allclose(a, b, atol=0.001)
