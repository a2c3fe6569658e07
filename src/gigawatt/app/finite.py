"""JSON as commands print it; what JSON cannot say, infinite and missing numbers, as null."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["finite", "print_json"]


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


def print_json(data: Any, *, default: Callable[[Any], Any] | None = None) -> None:
    """Print data as JSON, with what `default` makes of things that are none."""
    print(json.dumps(finite(data), indent=1, ensure_ascii=False, allow_nan=False, default=default))
