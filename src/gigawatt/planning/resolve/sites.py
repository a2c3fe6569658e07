"""Everything that belongs to a site: power, energy, lags, cost, racks that already run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from gigawatt.core.provenance import Evidence
from gigawatt.fleet.capacity import rack_it_mw
from gigawatt.planning.inputs import Labels

from .places import curves_of, ratios
from .resolver import Resolver, same_as

__all__ = ["LAGS", "sites"]

LAGS = (
    "order_to_delivery",
    "delivered_to_installed",
    "energised_to_installed",
    "installed_to_commissioned",
    "commissioned_to_service",
)


def sites(r: Resolver) -> None:
    """Everything that belongs to a site."""
    keys, spec = r.inputs.sites, r.spec.sites
    ratios(r, "site", keys, spec, "sites")
    power, evidence = curves_of(r, keys, {key: spec[key].power for key in keys}, "sites", "power")
    r.add("site_power_mw", ("site", "month"), "MW on the site's basis", power, evidence)
    contracted = [spec[key].interconnect or max(spec[key].power.values()) for key in keys]
    r.add(
        "contracted_mw",
        ("site",),
        "MW on the site's basis",
        contracted,
        {
            (key,): r.written(
                f"sites.{key}.interconnect"
                if spec[key].interconnect is not None
                else f"sites.{key}.power"
            )
            for key in keys
        },
    )

    def energy(name: str, default: str) -> Callable[[str], tuple[float, Evidence]]:
        return lambda key: r.pick(
            getattr(spec[key].energy, name), f"sites.{key}.energy.{name}", default=default
        )

    r.column("energy_price_usd", "site", "USD/MWh", keys, energy("price", "energy_price"))
    r.column("carbon_kg", "site", "kg/MWh", keys, energy("carbon", "carbon"))
    r.column("load_factor", "site", "1", keys, energy("load_factor", "load_factor"))
    r.column("energy_pue", "site", "1", keys, partial(_energy_pue, r))
    r.column("facility_cost_usd", "site", "USD/MW IT", keys, partial(_facility_cost, r))
    for name in LAGS:
        r.column(f"{name}_months", "site", "month", keys, _lag(r, name))
    _existing(r, keys)
    _facility_paid(r, keys)


def _energy_pue(r: Resolver, key: str) -> tuple[float, Evidence]:
    written = r.spec.sites[key].energy.pue
    if written is not None:
        return written, r.written(f"sites.{key}.energy.pue")
    value, why = r.defaulted("energy_pue")
    at_peak = r.inputs["pue"][r.inputs.sites.index(key)]
    if value > at_peak:
        peak_why = r.inputs.arrays["pue"].evidence[(key,)]
        return float(at_peak), same_as(peak_why, "annual", "peak")
    return value, why


def _facility_cost(r: Resolver, key: str) -> tuple[float, Evidence]:
    written = r.spec.sites[key].facility_cost
    if written is None:
        return r.defaulted("facility_cost")
    ratio = float(r.inputs["basis_ratio"][r.inputs.sites.index(key)])
    return written * ratio, r.written(f"sites.{key}.facility_cost")


def _lag(r: Resolver, name: str) -> Callable[[str], tuple[float, Evidence]]:
    def choose(key: str) -> tuple[float, Evidence]:
        for lags, path in (
            (r.spec.sites[key].lags, f"sites.{key}.lags"),
            (r.spec.lags, "lags"),
        ):
            if (value := getattr(lags, name)) is not None:
                return value, r.written(f"{path}.{name}")
            if lags.installed_to_service is not None and name == "installed_to_commissioned":
                return lags.installed_to_service, r.written(f"{path}.installed_to_service")
            if lags.installed_to_service is not None and name == "commissioned_to_service":
                return 0.0, r.written(f"{path}.installed_to_service")
        return r.defaulted(name)

    return choose


def _existing(r: Resolver, keys: tuple[str, ...]) -> None:
    shape = (len(keys), len(r.inputs.systems))
    racks, retire = np.zeros(shape), np.full(shape, float(r.horizon.months + 1200))
    evidence: dict[Labels, Evidence] = {}
    for s, key in enumerate(keys):
        for system, existing in r.spec.sites[key].existing.items():
            k = r.inputs.systems.index(system)
            age = r.horizon.start - existing.since
            racks[s, k] = existing.racks
            retire[s, k] = max(0.0, r.inputs["useful_life_months"][k] - age)
            evidence[(key, system)] = r.written(f"sites.{key}.existing.{system}")
    r.add("existing_racks", ("site", "system"), "rack", racks, evidence)
    r.add("existing_retire_month", ("site", "system"), "months after start", retire, evidence)


def _facility_paid(r: Resolver, keys: tuple[str, ...]) -> None:
    """Power whose halls are paid for: as written, else that of the racks that already run."""
    rack_mw = rack_it_mw(r.inputs["rack_power_mw"], r.inputs["it_power_factor"])
    standing = (r.inputs["existing_racks"] @ rack_mw) * r.inputs["basis_ratio"]
    values = []
    evidence: dict[Labels, Evidence] = {}
    for s, key in enumerate(keys):
        written = r.spec.sites[key].facility_paid
        values.append(float(standing[s]) if written is None else written)
        if written is not None:
            evidence[(key,)] = r.written(f"sites.{key}.facility_paid")
        elif standing[s] > 0.0:
            note = "the halls of the racks that already run are taken to be paid for"
            evidence[(key,)] = Evidence("assumed", note=note, where=f"sites.{key}.existing")
    r.add("facility_paid_mw", ("site",), "MW on the site's basis", values, evidence)
