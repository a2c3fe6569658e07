"""A large scenario that binds in every way: 100 sites, 8 systems, 240 months."""

from __future__ import annotations

from typing import Any

from gigawatt.core.months import Month

__all__ = ["synthetic"]

_SYSTEMS = (
    "h100-sxm", "h200-sxm", "b200-hgx", "gb200-nvl72", "b300-hgx", "gb300-nvl72", "vr-nvl72", "rubin-ultra",
)  # fmt: skip


def synthetic(sites: int = 100, months: int = 240) -> dict[str, Any]:
    """The scenario as plain data; deterministic."""
    start = Month.parse("2026-01")

    def ramp(site: int) -> dict[str, str]:
        return {
            str(
                start + ((site * 7 + step * 13) % 30 + step * 30)
            ): f"{(step + 1) * (40 + site % 9 * 25)} MW"
            for step in range(5)
        }

    return {
        "schema": 1,
        "name": f"{sites} sites",
        "horizon": {"start": str(start), "months": months},
        "sites": {
            f"site-{n:03d}": {"basis": ("it", "facility", "grid")[n % 3], "power": ramp(n)}
            for n in range(sites)
        },
        "hardware": {
            system: {
                "available": str(start + 18 * k),
                "supply": {str(start + 18 * k): f"{150 + 60 * k} racks/month"},
                "price": "3 MUSD/rack",
                "useful_life": f"{48 + 2 * k} months",
            }
            for k, system in enumerate(_SYSTEMS)
        },
        "investment": {
            "vendor": {"kind": "milestone_equity", "cap": "100 GUSD", "tranche": "10 GUSD/GW",
                       "first_tranche": "first_gigawatt"},
        },
        "workloads": {"training": {"run": {"compute": "1e28 FLOP", "precision": "bf16"}}},
    }  # fmt: skip
