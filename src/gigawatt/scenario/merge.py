"""Laying one scenario tree over another.

Mappings merge key by key, so an override names only what it changes. A curve (a mapping whose keys
are all months or quarters) is one value and is replaced whole: half an old ramp under half a new one
would be a third ramp that nobody wrote. A key set to null is removed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gigawatt.core.errors import Origin
from gigawatt.core.units import is_range
from gigawatt.core.yamltree import Tree

__all__ = ["is_curve", "merge", "set_path"]

_PERIOD = re.compile(r"\d{4}-(\d{2}|Q[1-4])")


def is_curve(value: object) -> bool:
    """Whether a mapping is keyed by months or quarters."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(_PERIOD.fullmatch(str(key)) for key in value)
    )


def merge(below: Tree, above: Tree) -> Tree:
    """Lay `above` over `below`; neither is changed.

    Returns
    -------
    Tree
        The merged tree; each path keeps the line that set it.
    """
    origins = dict(below.origins)
    data = _merge(below.data, above.data, "", origins, above.origins)
    return Tree(data, origins)


def set_path(tree: Tree, path: str, value: Any, origin: Origin) -> Tree:
    """Set one value by its dotted path; a single month of a curve can be set.

    Returns
    -------
    Tree
        A new tree; missing mappings on the way are made.
    """
    keys = path.split(".")
    data = dict(tree.data)
    at = data
    for key in keys[:-1]:
        child = at.get(key)
        at[key] = dict(child) if isinstance(child, Mapping) else {}
        at = at[key]
    origins = {p: o for p, o in tree.origins.items() if p != path and not p.startswith(path + ".")}
    if value is None:
        at.pop(keys[-1], None)
    else:
        at[keys[-1]] = value
        origins[path] = origin
    return Tree(data, origins)


def _merge(
    below: Any, above: Any, path: str, origins: dict[str, Origin], new: Mapping[str, Origin]
) -> Any:
    whole = not (isinstance(below, Mapping) and isinstance(above, Mapping))
    if whole or is_curve(above) or is_curve(below) or is_range(above) or is_range(below):
        for old in [p for p in origins if p == path or p.startswith(f"{path}.")]:
            del origins[old]
        for fresh, origin in new.items():
            if fresh == path or fresh.startswith(f"{path}."):
                origins[fresh] = origin
        return above
    result = dict(below)
    if path in new:
        origins.setdefault(path, new[path])
    for key, value in above.items():
        child = f"{path}.{key}" if path else str(key)
        if value is None:
            result.pop(key, None)
        elif key in result:
            result[key] = _merge(result[key], value, child, origins, new)
        else:
            result[key] = _merge(None, value, child, origins, new)
    return result
