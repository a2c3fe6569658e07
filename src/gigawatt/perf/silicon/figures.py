"""From fitted constants to the figures of a record: rates, rounded, with their errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .leastsquares import Fitted
from .tables import Rows

__all__ = ["evidence", "median_rate", "rate", "rounded", "there"]


def rounded(value: float, digits: int = 4) -> float:
    """A figure with so many significant digits.

    Examples
    --------
    >>> rounded(8.77149e14), rounded(0.0)
    (877100000000000.0, 0.0)
    """
    return float(f"{value:.{digits}g}")


def rate(constant: float) -> float | None:
    """Units per second of a constant in seconds per unit; None where the term costs nothing."""
    return rounded(1.0 / constant) if constant > 0.0 else None


def median_rate(
    amount: NDArray[Any], seconds: NDArray[Any], keep: NDArray[np.bool_]
) -> float | None:
    """Median of amount per second over the rows kept; None where there are fewer than five."""
    if np.count_nonzero(keep) < 5:
        return None
    return rounded(float(np.median(amount[keep] / seconds[keep])))


def evidence(fitted: Fitted, *sources: Rows | Iterable[str]) -> dict[str, Any]:
    """Rows, errors and tables of a fit, as a record keeps them."""
    tables: dict[str, None] = {}
    for source in sources:
        tables.update(dict.fromkeys(source.origin if isinstance(source, Rows) else source))
    return {
        "rows": fitted.rows,
        **({"dropped": fitted.dropped} if fitted.dropped else {}),
        "mape": round(fitted.mape, 4),
        "p90": round(fitted.p90, 4),
        "bias": round(fitted.bias, 4),
        "tables": list(tables),
    }


def there(found: Mapping[str, Any]) -> dict[str, Any]:
    """Of surfaces nested in mappings only those that there are, without mappings that hold none.

    Examples
    --------
    >>> there({"gemm": {"bf16": {"tables": []}, "fp8": None}, "cast": {"static": None}})
    {'gemm': {'bf16': {'tables': []}}}
    """
    kept = {
        key: value if "tables" in value else there(value) for key, value in found.items() if value
    }
    return {key: value for key, value in kept.items() if value}
