"""Money that is owed: exact, in cents.

Estimates (what a rack may cost) are floats. What a contract makes somebody pay (a tranche) is a
`Decimal` in whole cents, so that a schedule adds up to its cap to the last cent.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

__all__ = ["CENT", "owed"]

CENT = Decimal("0.01")


def owed(amount_usd: float | int | str | Decimal) -> Decimal:
    """Turn an amount into whole cents, half to even.

    Parameters
    ----------
    amount_usd : float, int, str or Decimal
        Amount [USD]; a float is read by its shortest decimal form.

    Returns
    -------
    Decimal
        Amount in USD with two decimals.

    Examples
    --------
    >>> owed(1e10)
    Decimal('10000000000.00')
    """
    exact = amount_usd if isinstance(amount_usd, Decimal) else Decimal(str(amount_usd))
    return exact.quantize(CENT, rounding=ROUND_HALF_EVEN)
