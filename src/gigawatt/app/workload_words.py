"""Campaigns, streams and the use of the fleet in the words that the terminal shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .amounts import count, digits, money

__all__ = ["workload_rows"]


def workload_rows(summary: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Label and text of every campaign and stream, and who uses the fleet."""
    for row in summary["training"]:
        yield f"campaign {row['name']}", _campaign(row)
    for row in summary["serving"]:
        yield f"serving {row['name']}", _stream(row)
    if summary["training"] or summary["serving"]:
        parts = ", ".join(
            f"{use} {100.0 * share:.3g} %"
            for use, share in summary["use"].items()
            if share is not None
        )
        yield "use of the fleet", f"{parts or 'none'} of package-hours"


def _campaign(row: Mapping[str, Any]) -> str:
    """Dates, cluster and utilisation of a campaign; under it one line for each machine."""
    what = f"{row['model']}, {_plainly(row['tokens'] / 1e12)} Ttoken, " if row["model"] else ""
    what += f"{row['compute_flop']:.3g} FLOP in {row['precision']}"
    if row["post_training_flop"]:
        what += f", {row['post_training_flop']:.3g} FLOP after it"
    if row["start"]["central"] is None:
        return f"{what}\n{row['outcome']}"
    lines = [_dates(row) + _cluster(row), what]
    if row["outcome"] != "finished":
        lines.append(row["outcome"])
    if row["model"]:
        lines += [_machine(c) for c in row["clusters"]]
    return "\n".join(lines)


def _plainly(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000.0 else digits(number, 4)


def _dates(row: Mapping[str, Any]) -> str:
    start, finish = row["start"]["central"], row["finish"]
    end = finish["central"] or f"not within the horizon, {row['progress']:.0%} done"
    ends = sorted({finish[case] or "never" for case in ("low", "central", "high")})
    span = f" ({ends[0]} to {ends[-1]})" if len(ends) > 1 else ""
    where = f" at {row['place']}" if row["place"] else ""
    return f"{start} → {end}{span}{where}"


def _cluster(row: Mapping[str, Any]) -> str:
    mfu = ""
    if row["mfu"] is not None:
        mfu = f", MFU {100 * row['mfu']:.3g} %"
        if row["mfu_low"] != row["mfu_high"]:
            mfu += f" ({100 * row['mfu_low']:.3g} to {100 * row['mfu_high']:.3g})"
        mfu += "" if row["kind"] == "modelled" else f" {row['kind']}"
    kept = "" if row["goodput"] is None else f", goodput {100 * row['goodput']:.3g} %"
    return f", {count(row['accelerators'])} GPUs{mfu}{kept}"


def _machine(c: Mapping[str, Any]) -> str:
    """One machine at work on a campaign: how many, how well, by which strategy."""
    band = f"{100 * c['mfu_low']:.3g} to {100 * c['mfu_high']:.3g} %"
    how = f", {c['strategy']}" if c["kind"] == "modelled" else f", {c['kind']}"
    return (
        f"{c['accelerators']:,.0f} {c['machine']}, {c['format']}, MFU {100 * c['mfu']:.3g} % "
        f"({band}){how}"
    )


def _stream(row: Mapping[str, Any]) -> str:
    met = row["met"]
    span = sorted({f"{100 * met[case]:.3g}" for case in ("low", "high")}, key=float)
    band = f" ({' to '.join(span)})" if len(span) > 1 else ""
    since = f", unmet from {row['unmet_from']}" if row["unmet_from"] else ""
    revenue = f", revenue {money(row['revenue_usd'])}" if row["revenue_usd"] else ""
    line = (
        f"{row['model']}: {100 * met['central']:.3g} % of the demand met{band}{since}; at most "
        f"{count(row['accelerators_most'])} GPUs{revenue}"
    )
    return line if met["central"] > 0.0 else f"{line}\n{row['outcome']}"
