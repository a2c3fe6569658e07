"""The tables of workloads: campaigns, their clusters, served models and what serves them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .table import Cell, Column, Table, columns, rows
from .view import View
from .wording import ENERGY_MWH, flop, money, never, number, of, percent

__all__ = ["workload_tables"]

_UNSURE = frozenset({"assumed", "carried over"})


def _words(label: str) -> Column:
    return Column(label, figures=False)


def workload_tables(view: View) -> list[list[Table]]:
    """All tables of workloads; one line where the scenario asks for none."""
    spec = view.plan.scenario.spec.workloads
    if spec.training or spec.serving:
        return [[training(view)], [clusters(view)], [serving(view)]]
    nothing = "The scenario asks for no training campaign and no served model."
    return [[Table("workloads", "Workloads", columns("what"), (), nothing)]]


def _as_other(text: str) -> Cell:
    """Whose figures a machine is given that has none of its own, where the ground names it."""
    other = re.search(r"(?:utilisation of|package of) ([\w.-]+)", text)
    return Cell(f"as {other[1]}" if other else "as another", kind="quiet")


def training(view: View) -> Table:
    """Campaigns: what, when, on what, at what cost, and what became of them."""
    lines: list[list[Cell | str]] = []
    for row in view.sources.summary["training"]:
        where = row["place"] or row["campus"]
        lines.append([
            Cell(row["name"], view.palette.campaigns.get(row["name"])), _what(row),
            where if isinstance(where, str) else ", ".join(where),
            row["start"]["central"] or Cell(never, kind="quiet"), _finish(row), _range(row),
            number(row["days"], 0), number(row["accelerators"]), percent(row["mfu"]),
            Cell(row["kind"], kind="mark" if row["kind"] in _UNSURE else ""), percent(row["goodput"]),
            of(row["energy_mwh"], ENERGY_MWH), money(row["cost_usd"]),
        ])  # fmt: skip
    why = view.sources.assumed_in("training.model_flop") or ("model FLOP utilisation",)
    return Table(
        "training", "Training campaigns",
        columns("campaign", _words("what"), _words("where"), Column("start"), Column("finish"),
                _words("high to low"), Column("at work", "days"), Column("cluster", "packages"),
                Column("MFU"), _words("it is"), Column("goodput"), Column("energy"), Column("cost")),
        rows(lines), "The scenario asks for no training campaign.",
        "The range is that of the ends of the error band of the model FLOP utilisation (MFU), or of its range "
        "where it is an assumption, with the high and the low goodput. Cluster, MFU and goodput are those of "
        "the month with most work done. Cost is electricity, racks with their network over their useful life, "
        "and what partners are paid; no halls, staff, financing or idle time."
        if lines else "", assumed=why if lines else (),
    )  # fmt: skip


def _finish(row: Mapping[str, Any]) -> Cell | str:
    finish = row["finish"]["central"]
    return finish if finish else Cell(f"{row['progress']:.0%} done", kind="quiet")


def _range(row: Mapping[str, Any]) -> str:
    ends = [row["finish"][case] or "never" for case in ("high", "low")]
    return "–" if ends == ["never", "never"] else " to ".join(ends)


def _what(row: Mapping[str, Any]) -> str:
    model = f"{row['model']}, {number(row['tokens'] / 1e12, 1)} Ttoken; " if row["model"] else ""
    after = f", then {flop(row['post_training_flop'])}" if row["post_training_flop"] else ""
    return f"{model}{flop(row['compute_flop'])}{after}, {row['precision']}"


def clusters(view: View) -> Table:
    """Strategy, throughput and error band of each machine that works on a campaign, and what they rest on."""
    lines: list[list[Cell | str]] = []
    for row in view.sources.summary["training"]:
        for c in row["clusters"]:
            outside = "; ".join(c["outside"])
            ground = (
                f"{c['ground']}; outside validated ground: {outside}" if outside else c["ground"]
            )
            tokens = None if c["tokens_per_s"] is None else c["tokens_per_s"] / 1e6
            lines.append([
                row["name"], Cell(c["machine"], view.palette.systems.get(c["machine"])),
                number(c["accelerators"]), c["format"],
                _as_other(c["ground"]) if c["kind"] == "carried over"
                else c["strategy_words"] or Cell("no strategy", kind="quiet"),
                number(c["batch_tokens"] / 1e6, 1) if c["batch_tokens"] else "–", number(tokens, 1),
                percent(c["mfu"]), f"{percent(c['mfu_low'])} to {percent(c['mfu_high'])}",
                percent(c["goodput"]), Cell(ground, kind="mark" if c["kind"] in _UNSURE else ""),
            ])  # fmt: skip
    return Table(
        "clusters", "Training clusters: strategy, error band and goodput",
        columns("campaign", _words("system"), Column("accelerators"), _words("format"), _words("strategy"),
                Column("batch", "Mtoken"), Column("throughput", "Mtoken/s"), Column("MFU"),
                _words("error band"), Column("goodput"), _words("rests on")),
        rows(lines), "Nothing works on a training campaign.",
        "In the month with most work done. Strategies are the fastest that fit, of those that production "
        "runs use; throughput between two searched counts lies between theirs, the strategy is that of the "
        "nearer."
        if lines else "",
        assumed=view.sources.assumed_in("training.tokens_per_s") if lines else (),
    )  # fmt: skip


def serving(view: View) -> Table:
    """Served models: what is met of the demand, and what a package of each machine serves."""
    lines: list[list[Cell | str]] = []
    for row in view.sources.summary["serving"]:
        for at, m in enumerate(row["machines"]):
            head = [
                Cell(row["name"], view.palette.streams.get(row["name"])), row["model"],
                percent(row["met"]["central"]), row["unmet_from"] or "–",
                number(row["accelerators_most"]), money(row["revenue_usd"]), money(row["cost_usd"]),
            ] if at == 0 else [""] * 7  # fmt: skip
            ground = m["why"] if m["kind"] != "modelled" else m["ground"]
            served = m["tokens_per_s"] > 0.0
            lines.append([
                *head, Cell(m["machine"], view.palette.systems.get(m["machine"])),
                number(m["tokens_per_s"]) if served else Cell("nothing", kind="quiet"),
                f"{number(m['tokens_per_s_low'])} to {number(m['tokens_per_s_high'])}" if served else "–",
                _as_other(ground) if m["kind"] == "carried over" else m["layout"] or "–",
                Cell(ground, kind="mark" if m["kind"] in _UNSURE else ""),
            ])  # fmt: skip
    return Table(
        "serving", "Served models",
        columns("stream", _words("model"), Column("met"), Column("unmet from"),
                Column("most", "packages"), Column("revenue"), Column("cost"), _words("system"),
                Column("a package serves", "token/s"), _words("error band"), _words("layout"),
                _words("rests on")),
        rows(lines), "The scenario asks for no served model.",
        "Output tokens within the latency that is promised. Revenue is that of output tokens; cost is "
        "electricity, racks with their network over their useful life, and what partners are paid."
        if lines else "",
        assumed=view.sources.assumed_in("serving.met_tokens_per_s") if lines else (),
    )  # fmt: skip
