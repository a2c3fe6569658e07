"""Everything that belongs to a partner: capacity, accelerators, price."""

from __future__ import annotations

import numpy as np

from gigawatt.catalog import PRECISIONS
from gigawatt.core.provenance import Evidence
from gigawatt.fleet.capacity import rack_it_mw
from gigawatt.planning.inputs import Labels

from .places import curves_of, ratios
from .resolver import Resolver

__all__ = ["partners"]


def partners(r: Resolver) -> None:
    """Contracted capacity, its accelerators and what it costs."""
    keys, spec, months = r.inputs.partners, r.spec.partners, r.horizon.months
    ratios(r, "partner", keys, spec, "partners")
    curve, evidence = curves_of(
        r, keys, {k: spec[k].capacity for k in keys}, "partners", "capacity"
    )
    per_mw = np.zeros(len(keys))
    first = [_first_month(r, key) for key in keys]
    terms = [
        months - start if spec[key].term is None else int(spec[key].term or 0)
        for key, start in zip(keys, first, strict=True)
    ]
    system_evidence: dict[Labels, Evidence] = {}
    for row, key in enumerate(keys):
        partner = spec[key]
        curve[row, first[row] + terms[row] :] = 0.0
        if partner.system is not None:
            record = r.catalog.system(partner.system)
            assert record.rack_power is not None
            factor = record.it_power_factor or r.defaults.it_power_factor
            per_mw[row] = record.packages_per_rack.value / float(
                rack_it_mw(np.array(record.rack_power.value), np.array(factor.value))
            )
            system_evidence[(key,)] = r.known(
                record.rack_power, "systems", partner.system, "rack_power"
            )
    r.add("partner_power_mw", ("partner", "month"), "MW on the partner's basis", curve, evidence)
    r.add("partner_packages_per_mw", ("partner",), "package/MW IT", per_mw, system_evidence)
    for name, unit, field_name in (
        ("partner_price_usd", "USD/package/h", "price"),
        ("partner_power_price_usd", "USD/MW/month", "price_per_power"),
        ("partner_commitment_usd", "USD", "commitment"),
        ("partner_utilisation", "1", "utilisation"),
        ("partner_take_or_pay", "1", "take_or_pay"),
    ):
        r.add(
            name,
            ("partner",),
            unit,
            [getattr(spec[key], field_name) or 0.0 for key in keys],
            {(key,): r.written(f"partners.{key}.{field_name}") for key in keys},
        )
    _machines(r, keys)
    r.add("partner_first_month", ("partner",), "months after start", first)
    r.add(
        "partner_term_months",
        ("partner",),
        "month",
        terms,
        {(key,): r.written(f"partners.{key}.term") for key in keys},
    )


def _machines(r: Resolver, keys: tuple[str, ...]) -> None:
    """Peaks, utilisations and average load of what partners run."""
    shape = (len(PRECISIONS), len(keys))
    peak, mfu = np.zeros(shape), np.zeros((3, *shape))
    peaks: dict[Labels, Evidence] = {}
    shares: dict[Labels, Evidence] = {}
    for at, key in enumerate(keys):
        system = r.spec.partners[key].system
        if system is None:
            continue
        record = r.catalog.system(system)
        for p, precision in enumerate(PRECISIONS):
            if (fact := record.peak.get(precision)) is not None:
                peak[p, at] = fact.value
                peaks[(precision, key)] = r.known(fact, "systems", system, f"peak.{precision}")
            if (share := record.mfu.get(precision)) is not None:
                low = share.low if share.low is not None else share.value
                high = share.high if share.high is not None else share.value
                mfu[:, p, at] = low, share.value, high
                shares[(precision, key)] = r.known(share, "systems", system, f"mfu.{precision}")
    r.add("partner_peak_flops", ("precision", "partner"), "FLOP/s/package", peak, peaks)
    for name, values in zip(("mfu_low", "mfu", "mfu_high"), mfu, strict=True):
        r.add(f"partner_{name}", ("precision", "partner"), "1", values, shares)
    r.column("partner_load_factor", "partner", "1", keys, lambda _: r.defaulted("load_factor"))


def _first_month(r: Resolver, key: str) -> int:
    """Month index of the first capacity above zero; the term and the payments run from there."""
    curve = r.spec.partners[key].capacity
    above = [month for month, power in curve.items() if power > 0.0]
    return r.horizon.offset(min(above or curve))
