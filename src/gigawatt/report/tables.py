"""The tables of a plan: gigawatts, tranches, accelerators, commitments, runs, sites, partners, years."""

from __future__ import annotations

from typing import Any

import numpy as np

from gigawatt.core.arrays import Array

from .table import Cell, Column, Table, columns, rows
from .view import View
from .wording import flop, never, number, percent, power

__all__ = ["all_tables"]

BASIS_WORDS = {"it": "IT", "facility": "facility", "grid": "grid"}


def all_tables(view: View) -> list[Table]:
    """Every table, in the order of the page."""
    return [
        gigawatts(view),
        tranches(view),
        accelerators(view),
        commitments(view),
        training(view),
        binding(view),
        partners(view),
        operations(view),
        waiting(view),
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
    figures = ("finance.gigawatt_cost_usd", "finance.gigawatt_tranche_usd")
    why = view.sources.assumed_in(*figures)
    when = view.sources.assumed_in("milestones.deployed_gw")
    return Table(
        "gigawatts", "Gigawatt by gigawatt",
        columns("GW", *(Column(word, "month", assumed=when) for word in BASIS_WORDS.values()),
                Column("cost", "$B", assumed=why), Column("tranche", "$B"), Column("gap", "$B"),
                Column("tranche of cost")),
        rows(lines), "No whole gigawatt goes into service within the horizon.",
        "Months in which each basis counts the gigawatt. Cost is that of the racks and halls that start "
        "between one gigawatt and the next, as the first milestone investment counts them; racks in "
        "store, halls not yet filled and replacements of retired racks belong to no gigawatt.",
        wide=True,
    )  # fmt: skip


def tranches(view: View) -> Table:
    """Every payment of every investment, paid or not."""
    lines: list[list[Cell | str]] = []
    total = 0.0
    words = {"signing": "on signing", "milestone": "milestone", "date": "on a date"}
    for key, payments in view.plan.tranches.items():
        for tranche in payments:
            month = None if tranche.month is None else view.labels[tranche.month]
            total += float(tranche.usd) if month else 0.0
            lines.append([
                Cell(f"{key} {tranche.number}", view.palette.parties.get(key)),
                month or Cell(never, kind="quiet"), number(float(tranche.usd) / 1e9, 2),
                words[tranche.trigger] + (f" {tranche.milestone}" if tranche.trigger == "milestone"
                                          else ""),
            ])  # fmt: skip
    if lines:
        lines.append(["paid within the horizon", "", number(total / 1e9, 2), ""])
    return Table(
        "tranches", "Tranches",
        columns("tranche", _words("month"), Column("amount", "$B"), _words("released by")),
        rows(lines), "The scenario has no investment that pays.", total=bool(lines),
    )  # fmt: skip


def accelerators(view: View) -> Table:
    """Packages and dies in service at the end and at most, by system."""
    fleet = view.plan.fleet
    packages, dies = (fleet[name].values.sum(axis=1) for name in ("packages", "dies"))
    lines: list[list[Cell | str]] = []

    def add(name: Cell, count: Array, die: Array) -> None:
        first = int(np.argmax(count > 0.0)) if count.any() else None
        most = int(np.argmax(count))
        lines.append([
            name, "–" if first is None else view.labels[first], number(float(count[-1])),
            number(float(die[-1])), number(float(count[most])),
            view.labels[most] if count.any() else "–",
        ])  # fmt: skip

    for at, system in enumerate(str(value) for value in fleet["system"].values):
        add(Cell(system, view.palette.systems.get(system)), packages[:, at], dies[:, at])
    add(Cell("own build"), packages.sum(axis=1), dies.sum(axis=1))
    return Table(
        "accelerators-table", "Accelerators by system",
        columns("system", Column("first", "month"), Column("at the end", "packages"),
                Column("at the end", "dies"), Column("most", "packages"), Column("most in", "month")),
        rows(lines), total=True,
    )  # fmt: skip


def commitments(view: View) -> Table:
    """What was promised, and whether this plan keeps it."""
    lines = []
    for row in view.sources.summary["commitments"]:
        lines.append([
            row["name"], number(row["gw"], 2), BASIS_WORDS.get(row["basis"], row["basis"]),
            row["by"] or "end of horizon", row["met"] or Cell(never, kind="quiet"),
            number(row["deployed_gw_when_due"], 2),
            Cell("✓ kept", kind="good") if row["kept"] else Cell("✗ missed", kind="bad"),
        ])  # fmt: skip
    return Table(
        "commitments", "Commitments",
        columns("commitment", Column("promised", "GW"), _words("basis"), _words("due"), _words("met"),
                Column("counted when due", "GW"), _words("")),
        rows(lines), "The scenario makes no commitment.",
    )  # fmt: skip


def training(view: View) -> Table:
    """When runs could be finished; their utilisation is an assumption."""
    lines = []
    for row in view.sources.summary["training"]:
        finish = (row["finish"][case] for case in ("low", "central", "high"))
        lines.append([
            row["name"], flop(row["compute_flop"]), row["precision"],
            "one" if row["campus"] == "one" else "all together",
            *(month or Cell(never, kind="quiet") for month in finish),
        ])  # fmt: skip
    why = view.sources.assumed_in("training.model_flop") or ("model FLOP utilisation",)
    return Table(
        "training", "Training runs",
        columns("run", Column("compute"), _words("precision"), _words("campus"),
                Column("finish, low MFU", assumed=why), Column("central", assumed=why),
                Column("high MFU", assumed=why)),
        rows(lines), "The scenario asks for no training run.",
        "The model FLOP utilisation (MFU) is an assumption: low, central and high are its range, not a "
        "simulation of the run. Each run is answered by itself, as if no other used the fleet."
        if lines else "", wide=True,
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
        rows(lines), "No site.", wide=True,
    )  # fmt: skip


def partners(view: View) -> Table:
    """Contracted capacity at its largest, its packages, and what it costs within the horizon."""
    group = view.plan.partners
    lines: list[list[Cell | str]] = []
    for at, key in enumerate(str(value) for value in group["partner"].values):
        it_mw, packages, cost = (group[n].values[:, at] for n in ("it_mw", "packages", "cost_usd"))
        live = np.flatnonzero(it_mw > 0.0)
        span = f"{view.labels[live[0]]} → {view.labels[live[-1]]}" if live.size else never
        lines.append([
            Cell(view.party_name(key), view.palette.parties.get(key)), span, power(float(it_mw.max())),
            number(float(packages.max())) if packages.any() else "no system stated",
            number(float(cost.sum()) / 1e9, 2),
        ])  # fmt: skip
    why = view.sources.assumed_in("partners.it_mw")
    return Table(
        "partners", "Partners",
        columns("partner", _words("capacity within the horizon"), Column("most, IT", assumed=why),
                Column("most", "packages"), Column("paid", "$B",
                                                   assumed=view.sources.assumed_in("partners.cost_usd"))),
        rows(lines), "No capacity is contracted from partners.",
        "Beside the own build: in no gigawatt, milestone or cost of the build-out above." if lines else "",
    )  # fmt: skip


def operations(view: View) -> Table:
    """Energy, carbon and what operating costs, by calendar year."""
    finance = view.plan.finance
    series = [
        view.plan.power["energy_mwh"].values.sum(axis=1) / 1e6,
        view.plan.power["carbon_t"].values.sum(axis=1) / 1e6,
        finance["energy_cost_usd"].values.sum(axis=1) / 1e9,
        view.plan.partners["cost_usd"].values.sum(axis=1) / 1e9,
    ]
    sums = [view.in_year(values) for values in series]
    lines = [
        [year, *(number(values[at], 2) for values in sums)] for at, (year, _) in enumerate(view.years)
    ]
    lines.append(["horizon", *(number(sum(values), 2) for values in sums)])
    why = view.sources.assumed_in
    return Table(
        "operations", "Energy, carbon and operating costs by year",
        columns("year", Column("energy", "TWh", assumed=why("power.energy_mwh")),
                Column("carbon", "Mt CO₂", assumed=why("power.carbon_t")),
                Column("electricity", "$B", assumed=why("finance.energy_cost_usd")),
                Column("partners", "$B")),
        rows(lines), total=True,
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
        columns("year", Column("racks in store", "most"), Column("in", "month"), _words("mostly"),
                Column("idle power", "MW IT, most"), Column("in", "month"), _words("mostly")),
        rows(lines),
        note="The largest sum over all systems, or all sites, in one month of the year. Racks that are "
        "delivered and not yet installed count as neither.",
    )  # fmt: skip
