"""Scenarios as plain data, for tests that need one and change a little of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

__all__ = ["GOOD", "changed", "rich", "small"]

GOOD = """\
schema: 1
name: Good
horizon: {start: 2027-01, months: 48}
sites:
  plain:
    basis: it
    power:
      2027-01: 50 MW
      2028-01: 100 MW
    interconnect: 120 MW
    pue: 1.2
    overhead: 1.4
hardware:
  gb300-nvl72:
    price: 4 MUSD/rack
deployment: {policy: newest}
lags: {delivered_to_installed: 1 month}
investment:
  vendor:
    kind: milestone_equity
    cap: 1 GUSD
    tranche: 10 GUSD/GW
    step: 50 MW
    first_tranche: on_signing
    signed: 2027-01
workloads:
  training:
    run: {compute: 1e25 FLOP, precision: fp8}
"""
"""A scenario as text, one value a line where a finding must name the line."""


def small() -> dict[str, Any]:
    """One site, one system, no money: the least that can be planned."""
    return {
        "schema": 1,
        "name": "Small",
        "horizon": {"start": "2027-01", "months": 24},
        "sites": {"plain": {"basis": "it", "power": {"2027-02": "50 MW", "2028-01": "80 MW"}}},
        "hardware": {"gb300-nvl72": {}},
    }


def rich() -> dict[str, Any]:
    """A bit of everything: two bases, two systems, partners, all kinds of investment, two runs."""
    return {
        "schema": 1,
        "name": "Rich",
        "horizon": {"start": "2027-01", "months": 48},
        "sites": {
            "plain": {
                "basis": "it",
                "power": {"2027-02": "50 MW", "2028-01": "300 MW"},
                "interconnect": "320 MW",
                "pue": 1.25,
                "overhead": 1.4,
            },
            "hill": {
                "basis": "grid",
                "power": {"2027-01": "40 MW", "2028-06": "90 MW"},
                "facility_paid": "10 MW",
                "facility_cost": "12 MUSD/MW",
                "existing": {"gb300-nvl72": {"racks": "40 racks", "since": "2025-01"}},
                "lags": {"energised_to_installed": "3 months"},
                "energy": {"price": "50 USD/MWh", "load_factor": "70 %"},
            },
        },
        "hardware": {
            "gb300-nvl72": {"deliveries": {"2027-Q1": "200 racks"}, "useful_life": "40 months"},
            "rubin": {
                "system": "vr-nvl72",
                "supply": {"2027-06": "30 racks/month"},
                "price": {"low": "7 MUSD/rack", "mode": "7.8 MUSD/rack", "high": "9 MUSD/rack"},
                "spares": "3 %",
            },
        },
        "lags": {"delivered_to_installed": "1 month", "installed_to_service": "2 months"},
        "partners": {
            "cloud": {
                "capacity": {"2027-03": "100 MW"},
                "basis": "facility",
                "system": "h100-sxm",
                "price": "2.1 USD/gpu/hour",
                "term": "24 months",
                "utilisation": "50 %",
                "take_or_pay": "80 %",
            },
        },
        "investment": {
            "vendor": {
                "kind": "milestone_equity",
                "cap": "2.5 GUSD",
                "tranche": "10 GUSD/GW",
                "step": "100 MW",
                "first_tranche": "on_signing",
                "signed": "2027-01",
            },
            "fund": {"kind": "equity", "schedule": {"2027-05": "1 GUSD"}},
            "backer": {"kind": "guaranty", "cap": "2 GUSD", "per_gigawatt": "10 GUSD/GW"},
        },
        "commitments": {"promise": {"capacity": "100 MW", "by": "2028-01"}},
        "workloads": {
            "training": {
                "stated": {"compute": "1e25 FLOP", "precision": "bf16"},
                "by-model": {"model": "llama31-405b", "tokens": "15 Ttoken", "precision": "fp8"},
            }
        },
        "evidence": {"sites.plain.power": {"confidence": "assumed", "note": "invented"}},
        "overrides": {"late": {"sites": {"plain": {"power": {"2027-08": "50 MW"}}}}},
    }


def changed(data: Mapping[str, Any], changes: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """A copy of plain data with values set by their keys; `None` removes one."""
    copied = copy.deepcopy(dict(data))
    for keys, value in changes.items():
        at = copied
        for key in keys[:-1]:
            at = at.setdefault(key, {})
        if value is None:
            at.pop(keys[-1], None)
        else:
            at[keys[-1]] = value
    return copied
