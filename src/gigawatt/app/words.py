"""Numbers and findings in the words that the terminal shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from .amounts import count, money
from .book_words import book_rows
from .workload_words import workload_rows

__all__ = ["headline"]


def headline(summary: Mapping[str, Any], widths: int = 30) -> Iterable[str]:
    """The lines that `gigawatt plan` prints."""
    horizon = summary["horizon"]
    yield f"{summary['scenario']}    {horizon['start']} → {horizon['end']} · {horizon['months']} months"
    for label, text in _rows(summary):
        first, *rest = text.split("\n")
        yield f"  {label:<{widths}} {first}"
        for line in rest:
            yield f"  {'':<{widths}} {line}"


def _rows(summary: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield from _gigawatt_rows(summary)
    accelerators = summary["accelerators"]
    packages = sum(row["packages"] for row in accelerators.values())
    dies = sum(row["dies"] for row in accelerators.values())
    each = ", ".join(f"{key} {count(row['packages'])}" for key, row in accelerators.items())
    yield "accelerators at the end", f"{count(packages)} packages ({count(dies)} dies): {each}"
    if summary["partner_accelerators"]:
        yield (
            "at partners, at most",
            ", ".join(
                f"{key} {count(value)}" for key, value in summary["partner_accelerators"].items()
            )
            + " packages",
        )
    yield "what binds", _binding(summary["binding"])
    yield (
        "energy",
        (
            f"{summary['energy_mwh'] / 1e6:,.4g} TWh, {money(summary['energy_cost_usd'])}, "
            f"{summary['carbon_t'] / 1e6:,.4g} Mt CO2"
        ),
    )
    if summary["partner_cost_usd"]:
        yield "paid to partners", f"{money(summary['partner_cost_usd'])} within the horizon"
    cost, paid = summary["cost_usd"], summary["tranches_usd"]
    share = f" ({paid / cost:.0%} of it)" if cost else ""
    refresh = summary["refresh_usd"]
    replacing = f", of which {money(refresh)} replaces retired racks" if refresh else ""
    yield "cost of the build-out", f"{money(cost)}{replacing}"
    deepest = summary["funding_gap_deepest"]
    if summary["tranches"] or summary["tranches_unpaid"]:
        yield "investments", f"{money(paid)}{share}"
        yield (
            "funding gap",
            f"{money(summary['funding_gap_usd'])} at the end; deepest {money(deepest['usd'])} "
            f"in {deepest['month']}",
        )
    else:
        yield "investments", f"none: {money(cost)} to be funded by others"
    yield from book_rows(summary["books"])
    for key, usd in summary["exposure_usd"].items():
        yield f"guaranty {key}", f"up to {money(usd)} of contingent exposure, not cash"
    for row in summary["commitments"]:
        yield f"commitment {row['name']}", f"{row['gw']:g} GW ({row['basis']}) {_kept(row)}"
    yield from workload_rows(summary)
    assumed = sum(row["kind"] == "assumed" for row in summary["assumptions"])
    estimates = len(summary["assumptions"]) - assumed
    yield "assumptions", f"{assumed} of ours, {estimates} defaults from published figures"
    if summary["warnings"]:
        told = {row["outcome"] for row in summary["training"]}
        told |= {row["outcome"] for row in summary["serving"] if not row["met"]["central"]}
        yield "warnings", "\n".join(_warning(row, told) for row in summary["warnings"])


def _warning(row: Mapping[str, Any], told: Set[str]) -> str:
    """A warning; what a campaign or a stream says of itself is not said again."""
    message = f"{row['path']}, as said above" if row["message"] in told else row["message"]
    return f"{row['code']} {row['where']} {message}".replace("  ", " ")


def _kept(row: Mapping[str, Any]) -> str:
    due = f" in {row['by']}" if row["by"] else ""
    met = f"met {row['met']}" if row["met"] else "not met within the horizon"
    if row["kept"]:
        return f"{met}{', as promised' if due else ''}{due.replace(' in ', ' for ')}"
    return f"missed: {row['deployed_gw_when_due']:.3g} GW when due{due}, {met}"


def _gigawatt_rows(summary: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    rows = summary["gigawatts"]
    by_basis = {
        basis: [row for row in rows if row["basis"] == basis]
        for basis in ("it", "facility", "grid")
    }
    names = {"it": "IT", "facility": "facility", "grid": "grid"}
    if not any(by_basis.values()):
        deployed = summary["deployed_gw"]
        yield (
            "power in service at most",
            ", ".join(f"{deployed[basis] * 1000:,.0f} MW {names[basis]}" for basis in deployed),
        )
        return
    firsts = [
        f"{found[0]['month']} ({names[basis]})" if found else f"not in the horizon ({names[basis]})"
        for basis, found in by_basis.items()
    ]
    yield "first gigawatt deployed", ", ".join(firsts)
    last = by_basis["it"] or by_basis["facility"] or by_basis["grid"]
    if last[-1]["gw"] > 1:
        number = min(10, last[-1]["gw"])
        months = [
            f"{found[number - 1]['month']} ({names[basis]})"
            for basis, found in by_basis.items()
            if len(found) >= number
        ]
        yield f"{number} gigawatts deployed", ", ".join(months)


def _binding(rows: list[dict[str, Any]]) -> str:
    by_site: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["by"] != "no power yet":
            by_site.setdefault(row["site"], []).append(row)
    lines = []
    for site, runs in by_site.items():
        parts = [f"{row['by']} {row['from']}–{row['to']}" for row in runs]
        if len(parts) > 4:
            parts = [*parts[:2], f"… {len(parts) - 4} more …", *parts[-2:]]
        lines.append(f"{site}: {', '.join(parts)}")
    return "\n".join(lines) or "nothing"
