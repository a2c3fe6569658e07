"""What a site and a partner share: power curves, and the ratios between the three bases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.core.provenance import Evidence
from gigawatt.fleet.calendar import steps_to_curve
from gigawatt.fleet.capacity import basis_ratio
from gigawatt.planning.inputs import Labels

from .resolver import Resolver, same_as

__all__ = ["curves_of", "ratios"]


def ratios(
    r: Resolver, dim: str, keys: tuple[str, ...], spec: Mapping[str, Any], group: str
) -> None:
    """Resolve PUE and overhead: each as written, then from the catalog's site, then the default PUE.

    Where only one of the two is known and the other would contradict it (the grid feeds the whole
    facility), the other is taken to be the same.
    """
    chosen: dict[str, tuple[tuple[float, Evidence], tuple[float, Evidence]]] = {}
    for key in keys:
        place = spec[key]
        pue = _known(r, f"{group}.{key}", place, "pue", key)
        overhead = _known(r, f"{group}.{key}", place, "overhead", key)
        if pue is None:
            pue = r.defaulted("pue")
            if overhead is not None and overhead[0] < pue[0]:
                pue = (overhead[0], same_as(overhead[1], "facility", "grid"))
        if overhead is not None and overhead[0] < pue[0]:
            if place.overhead is not None:
                pue = (overhead[0], same_as(overhead[1], "facility", "grid"))
            else:
                overhead = None
        chosen[key] = (pue, overhead or (pue[0], same_as(pue[1], "grid", "facility")))
    prefix = "" if dim == "site" else "partner_"
    by_name = {
        "pue": {key: pair[0] for key, pair in chosen.items()},
        "overhead": {key: pair[1] for key, pair in chosen.items()},
    }
    for name, values in by_name.items():
        r.column(f"{prefix}{name}", dim, "1", keys, values.__getitem__)
    ratio = [
        float(basis_ratio(spec[key].basis, chosen[key][0][0], chosen[key][1][0])) for key in keys
    ]
    r.add(
        f"{prefix}basis_ratio",
        (dim,),
        "1",
        ratio,
        {(key,): r.written(f"{group}.{key}.basis") for key in keys},
    )


def _known(
    r: Resolver, path: str, place: Any, name: str, key: str
) -> tuple[float, Evidence] | None:
    """A ratio as the scenario writes it, or as the catalog's site has it."""
    written = getattr(place, name)
    if written is not None:
        return written, r.written(f"{path}.{name}")
    if getattr(place, "from_", None) is None:
        return None
    record_id = key if place.from_ == "catalog" else place.from_
    fact = getattr(r.catalog.site(record_id), name)
    return (fact.value, r.known(fact, "sites", record_id, name)) if fact else None


def curves_of(
    r: Resolver,
    keys: tuple[str, ...],
    curves: Mapping[str, Mapping[Any, float]],
    group: str,
    name: str,
) -> tuple[Array, dict[Labels, Evidence]]:
    """Step curves by month, shape (keys, months), and the evidence for each step."""
    values = np.zeros((len(keys), r.horizon.months))
    evidence: dict[Labels, Evidence] = {}
    for row, key in enumerate(keys):
        steps = {r.horizon.offset(month): value for month, value in curves[key].items()}
        values[row] = steps_to_curve(list(steps), list(steps.values()), r.horizon.months)
        for month in curves[key]:
            evidence[(key, str(month))] = r.written(f"{group}.{key}.{name}.{month}")
    return values, evidence
