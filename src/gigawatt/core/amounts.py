"""Numbers as a person reads them: dollars, counts, and any figure without an exponent.

What this file does not know is units: whoever shows a figure puts its unit beside it.
"""

from __future__ import annotations

import math

__all__ = ["count", "digits", "money"]

_HUGE = 1e15
"""From here on, as with the operations of a training run, an exponent reads better."""


def digits(number: float, significant: int = 3, *, sign: bool = False) -> str:
    """A number with so many significant digits, thousands separated, without an exponent.

    Parameters
    ----------
    number : float
        What is shown.
    significant : int
        Digits that are kept; all digits before the point stay, as zeros.
    sign : bool
        Whether a plus is written too.

    Examples
    --------
    >>> digits(2.57e2, 2), digits(6.3e-5, 2), digits(15e6), digits(0.8692), digits(-4373694.0, 4, sign=True)
    ('260', '0.000063', '15,000,000', '0.869', '-4,374,000')
    >>> digits(2.01e27), digits(0.0), digits(1550.0, sign=True)
    ('2.01e+27', '0', '+1,550')
    """
    plus = "+" if sign else ""
    if number == 0.0 or not math.isfinite(number) or abs(number) >= _HUGE:
        return f"{number:{plus}.{significant}g}"
    rounded = float(f"{number:.{significant - 1}e}")
    places = max(significant - 1 - math.floor(math.log10(abs(rounded))), 0)
    text = f"{rounded:{plus},.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def money(usd: float) -> str:
    """Dollars with three or four significant digits: $51.3B, -$940M, $12,000."""
    size, minus = abs(usd), "-" if usd < 0.0 else ""
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if size >= scale:
            return f"{minus}${size / scale:,.4g}{letter}"
    return f"{minus}${size:,.0f}"


def count(number: float) -> str:
    """A count: 1.23 M from a million on, whole below."""
    return f"{number / 1e6:,.3g} M" if abs(number) >= 1e6 else f"{number:,.0f}"
