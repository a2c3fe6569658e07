"""Random scenarios, small enough to plan in milliseconds and rich enough to bind in every way."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import gigawatt as gw
from gigawatt.core.errors import ScenarioError
from gigawatt.core.months import Month

START = Month.parse("2027-01")
SYSTEMS = ("gb300-nvl72", "vr-nvl72", "rubin-ultra")


def month(offset: int) -> str:
    return str(START + offset)


def curve(values: list[int], offsets: list[int], unit: str) -> dict[str, str]:
    """A rising curve in steps."""
    total = np.cumsum(values)
    return {month(o): f"{v} {unit}" for o, v in zip(sorted(offsets), total, strict=True)}


@st.composite
def scenarios(draw: st.DrawFn, systems: int = 3, months: int = 40) -> dict[str, Any]:
    """A scenario as plain data. Its horizon is shorter than any useful life: nothing is refreshed."""
    sites = {}
    for index in range(draw(st.integers(1, 3))):
        steps = draw(st.integers(1, 3))
        offsets = draw(
            st.lists(st.integers(0, months - 8), min_size=steps, max_size=steps, unique=True)
        )
        sizes = draw(st.lists(st.integers(30, 1200), min_size=steps, max_size=steps))
        sites[f"site-{index}"] = {
            "basis": draw(st.sampled_from(["it", "facility", "grid"])),
            "power": curve(sizes, offsets, "MW"),
            "pue": draw(st.sampled_from([1.1, 1.25, 1.4])),
            "overhead": draw(st.sampled_from([1.4, 1.5])),
        }
    hardware = {}
    for key in SYSTEMS[: draw(st.integers(1, systems))]:
        first = draw(st.integers(0, 10))
        entry: dict[str, Any] = {
            "available": month(first),
            "price": f"{draw(st.integers(1, 30))} MUSD/rack",
            "spares": f"{draw(st.integers(0, 5))} %",
            "useful_life": "60 months",
        }
        kind = draw(st.sampled_from(["firm", "supply", "both", "free"]))
        if kind in {"firm", "both"}:
            entry["deliveries"] = {
                month(first + 2 * n): f"{draw(st.integers(0, 2000))} racks"
                for n in range(draw(st.integers(1, 4)))
            }
        if kind in {"supply", "both"}:
            entry["supply"] = {month(first): f"{draw(st.integers(20, 900))} racks/month"}
        hardware[key] = entry
    return {
        "schema": 1,
        "name": "random",
        "horizon": {"start": str(START), "months": months},
        "sites": sites,
        "hardware": hardware,
        "lags": {
            "order_to_delivery": f"{draw(st.integers(0, 12))} months",
            "delivered_to_installed": f"{draw(st.integers(0, 2))} months",
            "energised_to_installed": f"{draw(st.integers(0, 2))} months",
            "installed_to_commissioned": f"{draw(st.integers(0, 2))} months",
            "commissioned_to_service": f"{draw(st.integers(0, 2))} months",
        },
        "investment": {
            "vendor": {
                "kind": "milestone_equity",
                "cap": f"{draw(st.integers(20, 60))} GUSD",
                "tranche": f"{draw(st.integers(1, 20))} GUSD/GW",
                "step": f"{draw(st.sampled_from([100, 250, 1000]))} MW",
                "first_tranche": draw(st.sampled_from(["on_signing", "first_gigawatt"])),
                "signed": month(draw(st.integers(0, 6))),
                "milestone": {
                    "stage": draw(
                        st.sampled_from(["energised", "delivered", "installed", "in_service"])
                    ),
                    "basis": draw(st.sampled_from(["it", "facility", "grid"])),
                },
            }
        },
    }


@st.composite
def aging_scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """Scenarios in which racks retire, some ran before the start, and any policy may rule."""
    data = draw(scenarios())
    systems = list(data["hardware"])
    for hardware in data["hardware"].values():
        hardware["useful_life"] = f"{draw(st.integers(1, 24))} months"
    for site in data["sites"].values():
        site["power"].setdefault(month(0), "25 MW")
        if draw(st.booleans()):
            racks = draw(st.integers(0, 20))
            site["existing"] = {
                systems[-1]: {"racks": f"{racks} racks", "since": month(-draw(st.integers(0, 30)))}
            }
    policy = draw(st.sampled_from(["newest", "fixed", "explicit"]))
    data["deployment"] = {"policy": policy, "refresh": draw(st.booleans())}
    if policy == "fixed":
        share = 100 // len(systems)
        data["deployment"]["mix"] = dict.fromkeys(systems, f"{share} %")
    if policy == "explicit":
        data["deployment"]["blocks"] = {
            f"b{number}": {
                "site": draw(st.sampled_from(list(data["sites"]))),
                "system": draw(st.sampled_from(systems)),
                "month": month(draw(st.integers(10, 30))),
                "racks": f"{draw(st.integers(1, 900))} racks",
            }
            for number in range(draw(st.integers(1, 4)))
        }
    return data


def planned(data: dict[str, Any]) -> gw.Plan:
    """The plan of a random scenario; one in which nothing is ever built is not tried."""
    try:
        return gw.plan(gw.Scenario.from_dict(data))
    except ScenarioError as error:
        assume(error.problems[0].code not in {"E306", "E320", "E303"})
        raise
