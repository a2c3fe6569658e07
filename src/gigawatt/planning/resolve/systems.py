"""Everything that belongs to a system: shape, power, price, peaks, arrivals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gigawatt.catalog import PRECISIONS, Fact
from gigawatt.core.months import parse_period
from gigawatt.core.provenance import Evidence
from gigawatt.fleet.calendar import spread_evenly, steps_to_curve
from gigawatt.planning.inputs import Labels

from .resolver import Resolver

__all__ = ["systems"]


def systems(r: Resolver) -> None:
    """Everything that belongs to a system."""
    keys, spec = r.inputs.systems, r.spec.hardware

    def from_record(field_name: str) -> Callable[[str], tuple[float, Evidence]]:
        def choose(key: str) -> tuple[float, Evidence]:
            fact: Fact = getattr(r.records[key], field_name)
            return r.system_fact(key, fact, field_name)

        return choose

    def from_either(field_name: str, default: str = "") -> Callable[[str], tuple[float, Evidence]]:
        def choose(key: str) -> tuple[float, Evidence]:
            fact: Fact | None = getattr(r.records[key], field_name, None)
            known = r.system_fact(key, fact, field_name) if fact else None
            return r.pick(
                getattr(spec[key], field_name), f"hardware.{key}.{field_name}", known, default
            )

        return choose

    def available(key: str) -> tuple[float, Evidence]:
        evidence = (
            r.written(f"hardware.{key}.available")
            if spec[key].available is not None
            else r.month_evidence(key)
        )
        return float(r.available(key) - r.horizon.start.index), evidence

    r.column("packages_per_rack", "system", "package/rack", keys, from_record("packages_per_rack"))
    r.column("dies_per_package", "system", "die/package", keys, from_record("dies_per_package"))
    r.column("rack_power_mw", "system", "MW/rack", keys, from_either("rack_power"))
    r.column(
        "it_power_factor",
        "system",
        "1",
        keys,
        from_either("it_power_factor", "it_power_factor"),
    )
    r.column("price_usd", "system", "USD/rack", keys, from_either("price"))
    r.column("network_share", "system", "1", keys, from_either("network_share", "network_share"))
    r.column(
        "spare_share",
        "system",
        "1",
        keys,
        lambda key: r.pick(spec[key].spares, f"hardware.{key}.spares", default="spares"),
    )
    r.column(
        "useful_life_months", "system", "month", keys, from_either("useful_life", "useful_life")
    )
    r.column("available_month", "system", "months after start", keys, available)
    _hbm(r, keys)
    _peaks(r, keys)
    _arrivals(r, keys)


def _hbm(r: Resolver, keys: tuple[str, ...]) -> None:
    evidence: dict[Labels, Evidence] = {}
    values = []
    for key in keys:
        fact = r.records[key].hbm
        values.append(fact.value if fact else np.nan)
        if fact:
            evidence[(key,)] = r.system_fact(key, fact, "hbm")[1]
    r.add("hbm_bytes", ("system",), "B/package", values, evidence)


def _peaks(r: Resolver, keys: tuple[str, ...]) -> None:
    shape = (len(PRECISIONS), len(keys))
    peak, mfu = np.zeros(shape), np.zeros((3, *shape))
    peak_evidence: dict[Labels, Evidence] = {}
    mfu_evidence: dict[Labels, Evidence] = {}
    for p, precision in enumerate(PRECISIONS):
        for k, key in enumerate(keys):
            record = r.records[key]
            if (fact := record.peak.get(precision)) is not None:
                peak[p, k] = fact.value
                peak_evidence[(precision, key)] = r.system_fact(key, fact, f"peak.{precision}")[1]
            if (share := record.mfu.get(precision)) is not None:
                low = share.low if share.low is not None else share.value
                high = share.high if share.high is not None else share.value
                mfu[:, p, k] = low, share.value, high
                mfu_evidence[(precision, key)] = r.system_fact(key, share, f"mfu.{precision}")[1]
    r.add("peak_flops", ("precision", "system"), "FLOP/s/package", peak, peak_evidence)
    for name, values in zip(("mfu_low", "mfu", "mfu_high"), mfu, strict=True):
        r.add(name, ("precision", "system"), "1", values, mfu_evidence)


def _arrivals(r: Resolver, keys: tuple[str, ...]) -> None:
    months = r.horizon.months
    firm, supply = np.zeros((len(keys), months)), np.zeros((len(keys), months))
    evidence: dict[Labels, Evidence] = {}
    limits: dict[Labels, Evidence] = {}
    for k, key in enumerate(keys):
        hardware = r.spec.hardware[key]
        first = max(0, r.available(key) - r.horizon.start.index)
        last = months - 1 if hardware.until is None else r.horizon.offset(hardware.until)
        for period, racks in hardware.deliveries.items():
            start, length = parse_period(period)
            offset = r.horizon.offset(start)
            covered = [t for t in range(offset, offset + length) if first <= t <= last]
            for t, part in zip(covered, spread_evenly(racks, len(covered)), strict=True):
                firm[k, t] += part
            evidence[(key, str(start))] = r.written(f"hardware.{key}.deliveries.{period}")
        if hardware.supply is not None:
            steps = {r.horizon.offset(month): rate for month, rate in hardware.supply.items()}
            rate = steps_to_curve(list(steps), list(steps.values()), months)
            rate[:first] = 0.0
            supply[k] = np.diff(np.floor(np.cumsum(rate) + 1e-9), prepend=0.0)
            for month in hardware.supply:
                limits[(key, str(month))] = r.written(f"hardware.{key}.supply.{month}")
        elif not hardware.deliveries:
            supply[k] = np.inf
            limits[(key,)] = Evidence(
                "assumed",
                "",
                "",
                "",
                "no deliveries and no supply are stated: no limit",
                f"hardware.{key}",
            )
        supply[k, :first] = 0.0
        supply[k, last + 1 :] = 0.0
    r.add("deliveries", ("system", "month"), "rack/month", firm, evidence)
    r.add("supply", ("system", "month"), "rack/month", supply, limits)
