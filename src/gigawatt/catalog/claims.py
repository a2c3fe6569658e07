"""Recomputes published ratios from system records, and says what they are not.

A claim is two terms, each a figure of a system taken per package, rack, kW of rack power or dollar
of rack price. Nothing here judges a claim beyond its arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gigawatt.core.errors import CatalogError, Problem

from .facts import Fact, LooseFact
from .records import ClaimTerm, System
from .store import Catalog

__all__ = ["TOLERANCE", "ClaimResult", "recompute"]

TOLERANCE = 0.05
"""How far a recomputed ratio may lie from a claimed number and still agree with it [1]."""

_PER = {
    "package": "per package",
    "rack": "per rack",
    "rack_kw": "per kW of rack power",
    "rack_usd": "per USD of rack price",
}


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claimed ratio beside the one that the catalog's figures give.

    Attributes
    ----------
    claim : str
        Id of the claim.
    claimed : str
        The ratio as published, with its unit.
    numerator, denominator : float
        Values of the two terms, in `unit`.
    ratio : float
        Numerator over denominator [1].
    unit : str
        Unit of the two terms, such as `FLOP/s per rack`.
    agrees : bool
        Whether the ratio lies within `TOLERANCE` of the claimed number, or in the claimed range.
    exact : bool
        Whether the ratio, rounded to the digits of the claimed number, is that number; of a claimed
        range, whether it lies in it. A claim may agree without being exact.
    not_this : tuple of str
        Readings that the claim does not support.
    """

    claim: str
    claimed: str
    numerator: float
    denominator: float
    ratio: float
    unit: str
    agrees: bool
    exact: bool
    not_this: tuple[str, ...]


def recompute(catalog: Catalog, claim_id: str) -> ClaimResult:
    """Recompute a claim from the figures of the systems it compares.

    Parameters
    ----------
    catalog : Catalog
        Where the claim and its systems are found.
    claim_id : str
        Id of the claim.

    Returns
    -------
    ClaimResult
        The ratio and how it compares with the published one.

    Raises
    ------
    CatalogError
        E402 if the claim or a system is not in the catalog; E404 if a system lacks a figure that
        the claim needs, if the terms have different units, or if the claim states no number.

    Examples
    --------
    >>> result = recompute(Catalog(), "seven-point-five-x")
    >>> round(result.ratio, 2), result.agrees, result.exact
    (7.33, True, False)
    """
    claim = catalog.claim(claim_id)
    above, unit_above = _term(catalog, claim.numerator, f"claims.{claim_id}.numerator")
    below, unit_below = _term(catalog, claim.denominator, f"claims.{claim_id}.denominator")
    if unit_above != unit_below:
        raise _refuse(
            f"Claim '{claim_id}' compares {unit_above} with {unit_below}.",
            "Take both terms in one unit and per the same thing.",
            f"claims.{claim_id}",
        )
    ratio = above / below
    low, high, text = _published(claim.claimed, claim_id)
    if low == high:
        agrees = abs(ratio / low - 1.0) <= TOLERANCE
        exact = round(ratio, _digits(low)) == low
    else:
        agrees = exact = low <= ratio <= high
    return ClaimResult(
        claim_id, text, above, below, ratio, unit_above, agrees, exact, claim.not_this
    )


def _term(catalog: Catalog, term: ClaimTerm, path: str) -> tuple[float, str]:
    """Value of one side and its unit in words."""
    system = catalog.system(term.system)
    figure = _figure(system, term.figure, term.system, f"{path}.figure")
    unit = f"{figure.unit} {_PER[term.per]}"
    if term.per == "package":
        return figure.value + term.extra, unit
    rack = figure.value * system.packages_per_rack.value + term.extra
    if term.per == "rack_kw":
        return rack / (_figure(system, "rack_power", term.system, path).value * 1e3), unit
    if term.per == "rack_usd":
        return rack / _figure(system, "price", term.system, path).value, unit
    return rack, unit


def _figure(system: System, figure: str, system_id: str, path: str) -> Fact:
    """A figure of a system by its dotted name, such as `peak.fp4`."""
    found: object = system
    for part in figure.split("."):
        found = found.get(part) if isinstance(found, Mapping) else getattr(found, part, None)
    if not isinstance(found, Fact):
        raise _refuse(
            f"System '{system_id}' has no figure '{figure}'.",
            f"Give it in systems/{system_id}.yaml with its source, or compare another figure.",
            path,
        )
    return found


def _published(claimed: LooseFact, claim_id: str) -> tuple[float, float, str]:
    """Low end, high end and wording of a published ratio; both ends are equal for one number."""
    ends = claimed.value if isinstance(claimed.value, tuple) else (claimed.value,)
    numbers = [end for end in ends if isinstance(end, float) and end > 0.0]
    if not numbers or len(numbers) != len(ends):
        raise _refuse(
            f"Claim '{claim_id}' states no ratio that can be compared.",
            "Write a positive number, or a range [low, high].",
            f"claims.{claim_id}.claimed",
        )
    words = " to ".join(f"{number:g}" for number in numbers)
    return min(numbers), max(numbers), f"{words} {claimed.unit}".strip()


def _digits(number: float) -> int:
    """Decimals in which a number is written."""
    return len(repr(number).partition(".")[2])


def _refuse(message: str, fix: str, path: str) -> CatalogError:
    return CatalogError(Problem("E404", message, fix, path))
