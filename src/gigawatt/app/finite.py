"""What JSON cannot say: infinite and missing numbers, as null."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["finite"]


def finite(data: Any) -> Any:
    """The same data with every number that is not finite as `None`.

    Examples
    --------
    >>> finite({"value": float("nan"), "below": [float("inf"), 1.5]})
    {'value': None, 'below': [None, 1.5]}
    """
    if isinstance(data, Mapping):
        return {key: finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [finite(value) for value in data]
    if isinstance(data, float) and not math.isfinite(data):
        return None
    return data
