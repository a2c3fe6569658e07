"""The band under the title: when, how much, how sure, in one line of tiles."""

from __future__ import annotations

from dataclasses import dataclass

from .view import View
from .wording import ENERGY_MWH, MASS_T, NBSP, POWER_MW, compact, money, never, number, of, percent

__all__ = ["Tile", "headline"]


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the band.

    Attributes
    ----------
    label, value, unit : str
        What it is, the figure, its unit beside it.
    more : tuple of str
        Short lines under it.
    assumed : tuple of str
        Assumed inputs that it rests on.
    """

    label: str
    value: str
    unit: str = ""
    more: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    @property
    def is_words(self) -> bool:
        """Whether the value is a phrase instead of a figure."""
        return self.value == never or self.value[:1].isalpha()


def headline(view: View) -> list[Tile]:
    """The tiles, in the order of the page."""
    return [
        *_gigawatts(view),
        _accelerators(view),
        *_workloads(view),
        *_money(view),
        _energy(view),
    ]


def _gigawatts(view: View) -> list[Tile]:
    summary = view.sources.summary
    when = {(g["gw"], g["basis"]): g["month"] for g in summary["gigawatts"]}
    size = {
        basis: f"{number(gw, 2)}{NBSP}GW" if gw >= 1.0 else of(1e3 * gw, POWER_MW)
        for basis, gw in summary["deployed_gw"].items()
    }
    why = view.sources.assumed_in("milestones.deployed_gw")
    first = {basis: when.get((1, basis)) for basis in ("it", "facility", "grid")}
    others = tuple(f"{basis} {first[basis] or 'not'}" for basis in ("facility", "grid"))
    tiles = [
        Tile(
            "First GW deployed",
            first["it"] or never,
            "IT basis" if first["it"] else "",
            others if any(first.values()) else ("on any basis",),
            why,
        )
    ]
    whole = [gw for gw, basis in when if basis == "it"]
    end = f"{size['it']} IT, {size['facility']} facility in all"
    most = 1e-3 * float(view.plan.power["in_service_it_mw"].values.sum(axis=1).max())
    once = f"at one time {number(most, 2)}{NBSP}GW IT"
    last = max(whole, default=0)
    if last >= 10:
        more = (end, once) if last == 10 else (f"{last} GW {when[last, 'it']}", end, once)
        tiles.append(Tile("Tenth GW deployed", when[10, "it"], "IT basis", more, why))
    elif last > 1:
        more = (f"last whole one; {end}", once)
        tiles.append(Tile(f"{last} GW deployed", when[last, "it"], "IT basis", more, why))
    else:
        tiles.append(
            Tile(
                "Deployed in all",
                size["it"],
                "IT",
                (f"facility {size['facility']}", f"grid {size['grid']}"),
                why,
            )
        )
    return tiles


def _accelerators(view: View) -> Tile:
    counts = view.sources.summary["accelerators"].values()
    packages = sum(count["packages"] for count in counts)
    dies = sum(count["dies"] for count in counts)
    rented = view.plan.partners["packages"].values.sum(axis=1).max()
    more = [f"{compact(dies)} dies; at the end"]
    if rented:
        more.append(f"partners: up to {compact(rented)}")
    return Tile(
        "Accelerators",
        compact(packages),
        "packages",
        tuple(more),
        view.sources.assumed_in("fleet.packages"),
    )


def _workloads(view: View) -> list[Tile]:
    """How many models are trained, and how much of the demand is met."""
    runs, streams = view.sources.summary["training"], view.sources.summary["serving"]
    tiles = []
    if runs:
        ended = [row for row in runs if row["finish"]["central"]]
        last = max((row["finish"]["central"] for row in ended), default=None)
        more = (f"last one {last}",) if last else ("none within the horizon",)
        why = view.sources.assumed_in("training.finish_month")
        tiles.append(Tile("Models trained", f"{len(ended)} of {len(runs)}", "", more, why))
    if streams:
        asked = sum(row["demand_tokens"] for row in streams)
        met = sum(row["demand_tokens"] * row["met"]["central"] for row in streams)
        short = min((row["unmet_from"] for row in streams if row["unmet_from"]), default=None)
        low = sum(row["demand_tokens"] * row["met"]["low"] for row in streams)
        lines = [f"unmet from {short}" if short else "central case, in every month"]
        if low < 0.9995 * met:
            lines.append(f"{percent(low / asked)} in the low case")
        why = view.sources.assumed_in("serving.met_tokens_per_s")
        tiles.append(Tile("Demand met", percent(met / asked), "", tuple(lines), why))
    return tiles


def _money(view: View) -> list[Tile]:
    summary, why = view.sources.summary, view.sources.assumed_in
    cost, paid = summary["cost_usd"], summary["tranches_usd"]
    present, rate = (
        summary["present_value_usd"]["cost"],
        view.plan.scenario.spec.money.discount_rate,
    )
    more = [f"{money(present)} discounted at {100.0 * rate:.3g}{NBSP}%/year"]
    if summary.get("refresh_usd", 0.0) > 0.0:
        more.insert(0, f"{money(summary['refresh_usd'])} of it replaces retired racks")
    tiles = [Tile("Cost of the build-out", money(cost), "", tuple(more), why("finance.spend_usd"))]
    listed = [tranche for rows in view.plan.tranches.values() for tranche in rows]
    if listed:
        count = sum(tranche.month is not None for tranche in listed)
        share = f"{percent(paid / cost)} of the cost" if cost > 0.0 else "no cost to compare with"
        tiles.append(
            Tile(
                "Tranches",
                money(paid),
                "",
                (share, f"{count} of {len(listed)} paid"),
                why("finance.investment_usd"),
            )
        )
    else:
        tiles.append(Tile("Tranches", "none", "", ("no investment pays in this scenario",)))
    gap, deepest = summary["funding_gap_usd"], summary["funding_gap_deepest"]
    label = "Funding gap at end" if gap >= 0.0 else "Ahead of cost at end"
    tiles.append(
        Tile(
            label,
            money(abs(gap)),
            "",
            (f"deepest {money(deepest['usd'])}", f"in {deepest['month']}"),
            why("finance.funding_gap_usd"),
        )
    )
    if summary["exposure_usd"]:
        tiles.append(
            Tile(
                "Guaranty exposure",
                money(float(view.plan.finance["exposure_usd"].values.sum(axis=1).max())),
                "",
                ("at most; contingent, not cash",),
                why("finance.exposure_usd"),
            )
        )
    return tiles


def _energy(view: View) -> Tile:
    summary = view.sources.summary
    return Tile(
        "Energy", of(summary["energy_mwh"], ENERGY_MWH), "",
        (f"{of(summary['carbon_t'], MASS_T)} CO₂",
         f"electricity {money(summary['energy_cost_usd'])}"),
        view.sources.assumed_in("power.energy_mwh"),
    )  # fmt: skip
