"""Who is who: the buyer, and vendors by the name that the catalog gives them."""

from __future__ import annotations

import re

from gigawatt.finance.books import OUTSIDE, Books
from gigawatt.finance.facts import Facts

__all__ = ["BUYER", "party_id", "vendor_of"]

BUYER = "buyer"


def party_id(name: str) -> str:
    """The id of a party from its name, as a key of the scenario would be written.

    Examples
    --------
    >>> party_id("NVIDIA"), party_id("Amazon (Annapurna)")
    ('nvidia', 'amazon-annapurna')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "vendor"


def vendor_of(books: Books, facts: Facts, system: str) -> str:
    """The vendor of a system's racks, its books open."""
    name = facts.vendors.get(system, "Vendor")
    key = party_id(name)
    if key in {BUYER, OUTSIDE}:
        key = f"{key}-vendor"
    return books.party(key, name, "vendor")
