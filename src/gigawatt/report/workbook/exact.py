"""A number that is written with all its digits.

XlsxWriter writes numbers to 16 digits; a float may need 17, and an input that is off by its last bit can
move an amount across half a cent.
"""

from __future__ import annotations

__all__ = ["Exact"]


class Exact(float):
    """A float whose every format is its shortest exact text.

    Examples
    --------
    >>> f"{0.1 + 0.2:.16G}", f"{Exact(0.1 + 0.2):.16G}"
    ('0.3', '0.30000000000000004')
    """

    def __format__(self, format_spec: str, /) -> str:
        return repr(float(self))
