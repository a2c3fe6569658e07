"""A large placement: 50 campaigns and 20 streams on 40 sites × 5 systems × 120 months."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gigawatt.core.months import Month

__all__ = ["placement_subject"]

_SYSTEMS = ("h100-sxm", "gb200-nvl72", "gb300-nvl72", "vr-nvl72", "rubin-ultra")
_START = Month.parse("2026-01")
_MONTHS = 120


def _scenario(campaigns: int, streams: int, sites: int) -> dict[str, Any]:
    """The scenario as plain data; deterministic."""

    def power(site: int) -> dict[str, str]:
        steps = {(site * 7 + step * 13) % 24 + step * 20: (step + 1) * (60 + site % 9 * 30)
                 for step in range(4)}  # fmt: skip
        return {str(_START + month): f"{mw} MW" for month, mw in sorted(steps.items())}

    def campaign(n: int) -> dict[str, Any]:
        size: dict[str, Any] = (
            {"share": "30 %"},
            {"share": "50 %", "campus": "one"},
            {"count": f"{20_000 + 7_000 * n} packages", "grow": n % 8 != 2},
            {"share": "40 %", "campus": [f"site-{(n * 3 + k) % sites:02d}" for k in range(12)]},
        )[n % 4]
        return {
            "model": ("llama31-405b", "deepseek-v3")[n % 2],
            "tokens": f"{20 * (1 + n % 5) ** 2} Ttoken",
            "batch": "64 Mtoken",
            "precision": "fp8",
            "earliest": str(_START + (n * 17) % 100),
            "after": [f"c-{n - 1:02d}"] if n % 7 == 3 else [],
            "priority": 50 * (n % 5),
            "post_training": {"share": "10 %"},
            **size,
        }

    def stream(n: int) -> dict[str, Any]:
        return {
            "model": ("llama31-405b", "deepseek-v3")[n % 2],
            "demand": {str(_START + n): f"{2 + n} Ttoken/day"},
            "growth": "3 %/month",
            "mix": {"input": "4 ktoken", "output": "1 ktoken"},
            "slo": {"ttft": "3 s", "tpot": "50 ms"},
            "precision": "fp8",
            "priority": 50 * (n % 5),
        }

    return {
        "schema": 1,
        "name": "placement",
        "horizon": {"start": str(_START), "months": _MONTHS},
        "sites": {f"site-{n:02d}": {"basis": "it", "power": power(n)} for n in range(sites)},
        "hardware": {
            system: {
                "available": str(_START + 20 * k),
                "supply": {str(_START + 20 * k): f"{400 + 200 * k} racks/month"},
                "until": str(_START + 20 * k + 40),
                "price": "3 MUSD/rack",
            }
            for k, system in enumerate(_SYSTEMS)
        },
        "workloads": {
            "training": {f"c-{n:02d}": campaign(n) for n in range(campaigns)},
            "serving": {f"s-{n:02d}": stream(n) for n in range(streams)},
        },
    }


def placement_subject(
    campaigns: int = 50, streams: int = 20, sites: int = 40
) -> Callable[[], object]:
    """The placement alone, curves and rates at hand."""
    import gigawatt as gw
    from gigawatt.planning.build import build
    from gigawatt.planning.claims import campaigns_of, streams_of
    from gigawatt.planning.resolve import resolve
    from gigawatt.workload.placement import place

    scenario = gw.Scenario.from_dict(_scenario(campaigns, streams, sites))
    inputs = resolve(scenario)
    built = build(scenario, inputs)
    seconds = inputs.horizon.hours() * 3600.0
    claims = (
        campaigns_of(scenario, inputs, built.machines, built.rates),
        streams_of(scenario, inputs, built.machines, built.serving_rates),
    )
    return lambda: place(built.machines.capacity, seconds, *claims)
