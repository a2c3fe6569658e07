"""The tables of a plan: gigawatts, tranches, accelerators, commitments, workloads, sites, partners, years."""

from __future__ import annotations

from typing import Any

import numpy as np

from gigawatt.core.arrays import Array

from .table import Cell, Column, Table, columns, rows
from .view import View
from .wording import (
    ENERGY_MWH,
    MASS_T,
    MONEY_USD,
    POWER_MW,
    never,
    number,
    of,
    percent,
    scale,
)
from .workload_tables import workload_tables

__all__ = ["all_tables"]

BASIS_WORDS = {"it": "IT", "facility": "facility", "grid": "grid"}


def all_tables(view: View) -> list[list[Table]]:
    """Every table, in the order of the page; each group flows in columns of its own."""
    return [
        [gigawatts(view), accelerators(view), tranches(view), commitments(view)],
        *workload_tables(view),
        [binding(view)],
        [partners(view), operations(view), waiting(view)],
    ]


def _words(label: str) -> Column:
    return Column(label, figures=False)


def gigawatts(view: View) -> Table:
    """Cost, tranche and gap of each gigawatt, and when each basis reaches it."""
    months = {(g["gw"], g["basis"]): g["month"] for g in view.sources.summary["gigawatts"]}
    costs = {row["gw"]: row for row in view.sources.summary["cost_by_gigawatt"]}
    lines = []
    for gw in range(1, max([*costs, *(gw for gw, _ in months)], default=0) + 1):
        cost = costs.get(gw, {})
        tranche, share = cost.get("tranche_usd"), cost.get("tranche_share")
        lines.append([
            f"{gw}", *(months.get((gw, basis), "–") for basis in BASIS_WORDS),
            *(number(None if cost.get(key) is None else cost[key] / 1e9, 2)
              for key in ("cost_usd", "tranche_usd", "gap_usd")),
            "–" if tranche is None else percent(share),
        ])  # fmt: skip
    return Table(
        "gigawatts", "Gigawatt by gigawatt",
        columns("GW", *(Column(word, "month") for word in BASIS_WORDS.values()),
                Column("cost", "$B"), Column("tranche", "$B"), Column("gap", "$B"),
                Column("tranche of cost")),
        rows(lines), "No whole gigawatt is deployed within the horizon.",
        "Months in which each basis counts the gigawatt, every site at its most so far. Cost "
        "is that of the racks and halls that start between one gigawatt and the next, as the "
        "first milestone investment counts them; racks in store, halls not yet filled and "
        "replacements of retired racks belong to no gigawatt."
        if lines else "",
        assumed=view.sources.assumed_in("milestones.deployed_gw", "finance.gigawatt_gap_usd"),
    )  # fmt: skip


def tranches(view: View) -> Table:
    """Every payment of every investment, paid or not."""
    lines: list[list[Cell | str]] = []
    total = 0.0
    owed = [float(tranche.usd) for payments in view.plan.tranches.values() for tranche in payments]
    divisor, unit = scale(max(owed, default=0.0), MONEY_USD)
    words = {"signing": "on signing", "milestone": "milestone", "date": "on a date"}
    for key, payments in view.plan.tranches.items():
        for tranche in payments:
            month = None if tranche.month is None else view.labels[tranche.month]
            total += float(tranche.usd) if month else 0.0
            lines.append([
                Cell(f"{key} {tranche.number}", view.palette.parties.get(key)),
                month or Cell(never, kind="quiet"), number(float(tranche.usd) / divisor, 2),
                words[tranche.trigger] + (f" {tranche.milestone}" if tranche.trigger == "milestone"
                                          else ""),
            ])  # fmt: skip
    if lines:
        lines.append(["paid within the horizon", "", number(total / divisor, 2), ""])
    return Table(
        "tranches", "Tranches",
        columns("tranche", _words("month"), Column("amount", unit), _words("released by")),
        rows(lines), "The scenario has no investment that pays.", total=bool(lines),
        assumed=view.sources.assumed_in("finance.investment_usd") if lines else (),
    )  # fmt: skip


def accelerators(view: View) -> Table:
    """Packages and dies in service at the end and at most, by system."""
    fleet = view.plan.fleet
    packages, dies = (fleet[name].values.sum(axis=1) for name in ("packages", "dies"))
    lines: list[list[Cell | str]] = []

    def add(name: Cell, count: Array, die: Array) -> None:
        first = int(np.argmax(count > 0.0)) if count.any() else None
        lines.append([
            name, "–" if first is None else view.labels[first], number(float(count[-1])),
            number(float(die[-1])), number(float(count.max())),
        ])  # fmt: skip

    for at, system in enumerate(str(value) for value in fleet["system"].values):
        add(Cell(system, view.palette.systems.get(system)), packages[:, at], dies[:, at])
    add(Cell("own build"), packages.sum(axis=1), dies.sum(axis=1))
    return Table(
        "accelerators-table", "Accelerators by system",
        columns("system", Column("first", "month"), Column("at the end", "packages"),
                Column("at the end", "dies"), Column("most", "packages"), ),
        rows(lines), total=True, assumed=view.sources.assumed_in("fleet.packages"),
    )  # fmt: skip


def commitments(view: View) -> Table:
    """What was promised, and whether this plan keeps it."""
    lines = []
    for row in view.sources.summary["commitments"]:
        lines.append([
            row["name"], f"{number(row['gw'], 2)} {BASIS_WORDS.get(row['basis'], row['basis'])}",
            row["by"] or "at the end", number(row["deployed_gw_when_due"], 2),
            row["met"] or Cell(never, kind="quiet"),
            Cell("✓ kept", kind="good") if row["kept"] else Cell("✗ missed", kind="bad"),
        ])  # fmt: skip
    return Table(
        "commitments", "Commitments",
        columns("commitment", Column("promised", "GW"), _words("due"),
                Column("then", "GW"), _words("met"), _words("")),
        rows(lines), "The scenario makes no commitment.",
        assumed=view.sources.assumed_in("milestones.counted_gw") if lines else (),
    )  # fmt: skip


def binding(view: View) -> Table:
    """What kept each site from one more rack, month by month."""
    by_site: dict[str, list[tuple[str, str]]] = {}
    for run in view.sources.summary["binding"]:
        span = run["from"] if run["from"] == run["to"] else f"{run['from']} → {run['to']}"
        by_site.setdefault(run["site"], []).append((run["by"], span))
    lines = [
        [Cell(view.site_name(site), view.palette.sites.get(site)), Cell("", parts=tuple(spans))]
        for site, spans in by_site.items()
    ]
    return Table(
        "binding", "What binds, where and when", columns("site", _words("what keeps it from one more rack")),
        rows(lines), "No site.", assumed=view.sources.assumed_in("power.binding"),
    )  # fmt: skip


def partners(view: View) -> Table:
    """Contracted capacity at its largest, its packages, and what it costs within the horizon."""
    group = view.plan.partners
    divisor, unit = scale(float(group["cost_usd"].values.sum()), MONEY_USD)
    lines: list[list[Cell | str]] = []
    for at, key in enumerate(str(value) for value in group["partner"].values):
        it_mw, packages, cost = (group[n].values[:, at] for n in ("it_mw", "packages", "cost_usd"))
        live = np.flatnonzero(it_mw > 0.0)
        span = f"{view.labels[live[0]]} → {view.labels[live[-1]]}" if live.size else never
        lines.append([
            Cell(view.party_name(key), view.palette.parties.get(key)), span,
            of(float(it_mw.max()), POWER_MW),
            number(float(packages.max())) if packages.any() else "not stated",
            number(float(cost.sum()) / divisor, 2),
        ])  # fmt: skip
    return Table(
        "partners", "Partners",
        columns("partner", _words("capacity"), Column("most", "IT"),
                Column("most", "packages"), Column("paid", unit)),
        rows(lines), "No capacity is contracted from partners.",
        "Beside the own build: in no gigawatt, milestone or cost of the build-out above." if lines else "",
        assumed=view.sources.assumed_in("partners.packages", "partners.cost_usd") if lines else (),
    )  # fmt: skip


def operations(view: View) -> Table:
    """Energy, carbon and what operating costs, by calendar year."""
    finance = view.plan.finance
    series = [
        ("energy", "", view.plan.power["energy_mwh"], ENERGY_MWH),
        ("carbon", " CO₂", view.plan.power["carbon_t"], MASS_T),
        ("electricity", "", finance["energy_cost_usd"], MONEY_USD),
        ("partners", "", view.plan.partners["cost_usd"], MONEY_USD),
    ]
    heads, sums = [], []
    for name, what, array, units in series:
        divisor, unit = scale(float(array.values.sum()), units)
        heads.append(Column(name, f"{unit}{what}"))
        sums.append(view.in_year(array.values.sum(axis=1) / divisor))
    lines = [
        [year, *(number(values[at], 2) for values in sums)]
        for at, (year, _) in enumerate(view.years)
    ]
    lines.append(["horizon", *(number(sum(values), 2) for values in sums)])
    return Table(
        "operations", "Energy, carbon and operating costs by year",
        columns("year", *heads), rows(lines), total=True,
        assumed=view.sources.assumed_in("power.carbon_t", "finance.energy_cost_usd", "partners.cost_usd"),
    )  # fmt: skip


def waiting(view: View) -> Table:
    """The most racks in store and the most power without racks, by calendar year."""
    racks = view.plan.fleet["racks_in_store"].values
    idle = view.plan.power["idle_it_mw"].values
    systems = [str(value) for value in view.plan.fleet["system"].values]
    sites = [view.site_name(str(value)) for value in view.plan.power["site"].values]

    def most(values: Array, names: list[str], part: slice, least: float) -> tuple[float, str, str]:
        total = values[part].sum(axis=1)
        at = int(np.argmax(total))
        row: Any = values[part][at]
        if not len(row) or total[at] < least:
            return 0.0, "–", "–"
        return float(total[at]), view.labels[part.start + at], names[int(np.argmax(row))]

    lines = []
    for year, part in view.years:
        stored, stored_in, system = most(racks, systems, part, 1.0)
        power_mw, power_in, site = most(idle, sites, part, 0.05)
        lines.append([year, number(stored), stored_in, system, number(power_mw, 1), power_in, site])
    return Table(
        "waiting", "Racks that wait for power, power that waits for racks",
        columns("year", Column("racks in store"), Column("in"), _words("mostly"),
                Column("idle power", "MW IT"), Column("in"), _words("mostly")),
        rows(lines),
        note="The largest sums of the year over all systems or sites, and in which month. Power counts as "
        "idle until its racks are installed.",
        assumed=view.sources.assumed_in("fleet.racks_in_store", "power.idle_it_mw"),
    )  # fmt: skip
