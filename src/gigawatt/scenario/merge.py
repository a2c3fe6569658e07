"""Laying one scenario tree over another.

Mappings merge key by key, so an override names only what it changes. A curve (a mapping whose keys
are all months or quarters) is one value and is replaced whole: half an old ramp under half a new one
would be a third ramp that nobody wrote. A key set to null is removed, and with a value goes the
evidence that was given for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from gigawatt.core.errors import Origin, Problem, ScenarioError, did_you_mean
from gigawatt.core.units import is_range
from gigawatt.core.yamltree import Tree, all_paths

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
    return _without_orphans(Tree(data, origins), below.data, _evidence(above.data))


def set_path(tree: Tree, path: str, value: Any, origin: Origin) -> Tree:
    """Set one value by its dotted path; a single month of a curve can be set.

    Returns
    -------
    Tree
        A new tree; missing mappings on the way are made. A tree that is no mapping stays as it is, for
        the schema to refuse.
    """
    if not isinstance(tree.data, Mapping):
        return tree
    keys = path.split(".")
    data = dict(tree.data)
    at = data
    for key in keys[:-1]:
        child = at.get(key)
        at[key] = dict(child) if isinstance(child, Mapping) else {}
        at = at[key]
    origins = dict(tree.origins)
    _forget(origins, path)
    if value is None:
        if keys[-1] not in at:
            raise ScenarioError(
                Problem(
                    "E201",
                    f"There is no '{path}' to remove.",
                    did_you_mean(keys[-1], [str(key) for key in at]),
                    path,
                    origin,
                )
            )
        del at[keys[-1]]
    else:
        at[keys[-1]] = value
        origins[path] = origin
    return _without_orphans(Tree(data, origins), tree.data, ())


def _merge(
    below: Any, above: Any, path: str, origins: dict[str, Origin], new: Mapping[str, Origin]
) -> Any:
    whole = not (isinstance(below, Mapping) and isinstance(above, Mapping))
    if whole or is_curve(above) or is_curve(below) or is_range(above) or is_range(below):
        _forget(origins, path)
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
            _forget(origins, child)
        elif key in result:
            result[key] = _merge(result[key], value, child, origins, new)
        else:
            result[key] = _merge(None, value, child, origins, new)
    return result


def _forget(origins: dict[str, Origin], path: str) -> None:
    """Drop the lines of a path and of all below it."""
    for old in [p for p in origins if p == path or p.startswith(f"{path}.")]:
        del origins[old]


def _evidence(data: Any) -> Mapping[str, Any]:
    entries = data.get("evidence") if isinstance(data, Mapping) else None
    return entries if isinstance(entries, Mapping) else {}


def _without_orphans(tree: Tree, before: Any, fresh: Collection[str]) -> Tree:
    """The tree without evidence for values that stood there before and are gone.

    Evidence that comes with the change itself (`fresh`) stays, so that the rules can complain of it.
    """
    entries = _evidence(tree.data)
    if not entries:
        return tree
    gone = all_paths(before) - all_paths(tree.data)
    orphans = [path for path in entries if path in gone and path not in fresh]
    if not orphans:
        return tree
    origins = dict(tree.origins)
    for path in orphans:
        _forget(origins, f"evidence.{path}")
    kept = {path: entry for path, entry in entries.items() if path not in orphans}
    return Tree({**tree.data, "evidence": kept}, origins)
