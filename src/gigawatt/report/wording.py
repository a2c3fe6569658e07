"""Numbers in words: how money, power, counts and months are written in a report.

Everything here turns a float in a canonical unit into text; nothing is computed with the result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = [
    "ENERGY_MWH",
    "MASS_T",
    "MONEY_USD",
    "NBSP",
    "POWER_MW",
    "TOKENS",
    "amount",
    "compact",
    "flop",
    "money",
    "never",
    "number",
    "of",
    "percent",
    "readable",
    "scale",
    "years",
]

never = "not within the horizon"
"""What is said of a month that does not come."""

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands separators; a dash where there is none.

    Examples
    --------
    >>> number(1234567.0)
    '1,234,567'
    """
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{abs(value):,.{digits}f}"
    negative = value < 0 and any(digit in text for digit in "123456789")
    return f"{MINUS}{text}" if negative else text


def amount(value: float, digits: int) -> str:
    """A number of a statement: nothing at all is a dash, as accountants write it.

    Examples
    --------
    >>> amount(0.0, 2), amount(0.004, 2), amount(-1234.5, 2)
    ('–', '0.00', '−1,234.50')
    """
    return "–" if value == 0.0 else number(value, digits)


def _scaled(value: float, steps: Sequence[tuple[float, str]]) -> tuple[str, str]:
    """Three significant digits under the largest step that leaves at least one."""
    size = abs(value)
    factor, prefix = next(((f, p) for f, p in steps if size >= 0.9995 * f), steps[-1])
    scaled = value / factor
    digits = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
    text = number(scaled, digits)
    return (text.rstrip("0").rstrip(".") if "." in text else text), prefix


def money(usd: float | None) -> str:
    r"""An amount in three significant digits.

    Examples
    --------
    >>> money(14_939_550_000.0)
    '$14.9\xa0B'
    """
    if usd is None or not math.isfinite(usd):
        return "–"
    text, prefix = _scaled(
        usd,
        ((1e12, f"{NBSP}T"), (1e9, f"{NBSP}B"), (1e6, f"{NBSP}M"), (1e3, f"{NBSP}k"), (1.0, "")),
    )
    sign, digits = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    return f"{sign}${digits}{prefix}"


def compact(value: float) -> str:
    r"""A count: in full below a million, in millions above.

    Examples
    --------
    >>> compact(2_324_160)
    '2.32\xa0M'
    """
    if abs(value) < 1e6:
        return number(value)
    text, prefix = _scaled(value, ((1e9, f"{NBSP}G"), (1e6, f"{NBSP}M")))
    return f"{text}{prefix}"


def of(value: float, units: Sequence[tuple[str, float]]) -> str:
    r"""One figure in three significant digits, in the unit that suits it.

    Examples
    --------
    >>> of(515_036_257.0, ENERGY_MWH)
    '515\xa0TWh'
    """
    text, unit = _scaled(value, [(divisor, unit) for unit, divisor in units])
    return f"{text}{NBSP}{unit}"


def flop(count: float) -> str:
    """Operations with a power of ten.

    Examples
    --------
    >>> flop(3.799224e25)
    '3.8 × 10²⁵ FLOP'
    """
    if count <= 0.0 or not math.isfinite(count):
        return "–"
    exponent = math.floor(math.log10(count) + 1e-12)
    mantissa = f"{count / 10.0**exponent:.3g}"
    return f"{mantissa} × 10{str(exponent).translate(_RAISED)} FLOP"


def readable(text: str) -> str:
    """The same figure without an exponent, where it starts with one that can be written out.

    Examples
    --------
    >>> readable("2.1e+07 USD/rack")
    '21,000,000 USD/rack'
    """
    first, space, rest = text.partition(" ")
    if "e" not in first:
        return text
    try:
        value = float(first)
    except ValueError:
        return text
    if not 1.0 <= abs(value) < 1e12:
        mantissa, _, exponent = first.partition("e")
        return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}{space}{rest}"
    return f"{number(value)}{space}{rest}"


def percent(share: float | None) -> str:
    """A share in per cent with one decimal."""
    return "–" if share is None or not math.isfinite(share) else f"{number(100.0 * share, 1)} %"


POWER_MW = (("GW", 1e3), ("MW", 1.0))
ENERGY_MWH = (("TWh", 1e6), ("GWh", 1e3), ("MWh", 1.0))
MASS_T = (("Mt", 1e6), ("kt", 1e3), ("t", 1.0))
TOKENS = (("Ptoken", 1e15), ("Ttoken", 1e12), ("Gtoken", 1e9), ("Mtoken", 1e6))
MONEY_USD = (("$B", 1e9), ("$M", 1e6), ("$k", 1e3))


def scale(largest: float, units: Sequence[tuple[str, float]]) -> tuple[float, str]:
    """Divisor and unit in which figures up to `largest` are shown together.

    Examples
    --------
    >>> scale(4_250.0, POWER_MW)
    (1000.0, 'GW')
    """
    fitting = (step for step in units if abs(largest) >= step[1])
    unit, divisor = next(fitting, units[-1]) if largest else units[0]
    return divisor, unit


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def years(labels: Sequence[str]) -> list[tuple[str, slice]]:
    """Calendar years of a run of months, with the positions of their months.

    Parameters
    ----------
    labels : sequence of str
        Consecutive months, `YYYY-MM`.

    Returns
    -------
    list of tuple of str and slice
        Years that are not whole say which months they hold.

    Examples
    --------
    >>> years(["2026-11", "2026-12", "2027-01"])
    [('2026 Nov–Dec', slice(0, 2, None)), ('2027 Jan', slice(2, 3, None))]
    """
    found: list[tuple[str, slice]] = []
    start = 0
    for stop in range(1, len(labels) + 1):
        if stop < len(labels) and labels[stop][:4] == labels[start][:4]:
            continue
        first, last = (MONTHS[int(labels[at][5:]) - 1] for at in (start, stop - 1))
        part = "" if stop - start == 12 else f" {first}" if first == last else f" {first}–{last}"
        found.append((f"{labels[start][:4]}{part}", slice(start, stop)))
        start = stop
    return found
