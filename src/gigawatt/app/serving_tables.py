"""An answer about serving as a table and sentences for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.table import Table

from gigawatt.app.amounts import count
from gigawatt.app.terminal import open_console, plain_table, say

if TYPE_CHECKING:
    from gigawatt.perf.serving.answer import ServingAnswer

__all__ = ["show_serving"]

_WIDTH = 150


def show_serving(answer: ServingAnswer, *, front: bool = False) -> None:
    """Print an answer to standard output, with the front if it is wanted."""
    console = open_console(_WIDTH)
    say(console, *_head(answer))
    if not answer.best:
        say(console, answer.verdict)
        return
    console.print(_ranking(answer))
    say(console, *_sentences(answer))
    if front:
        console.print(_front(answer))


def _head(answer: ServingAnswer) -> Iterable[str]:
    r = answer.request
    yield f"{answer.model} on {r.count:,} × {r.system_id}"
    cached = f", {r.reused:.0%} of it cached" if r.reused else ""
    drafted = f", {r.accepted:g} tokens a pass" if r.accepted > 1 else ""
    yield (
        f"  prompts of {r.input_tokens:,} tokens{cached}, answers of {r.output_tokens:,}{drafted}; "
        f"{r.precision}, {r.runtime}"
    )
    of = "99th percentile" if r.percentile == "p99" else "mean"
    yield (
        f"  limits ({of}): first token {r.ttft_s:g} s, token {r.tpot_s * 1e3:g} ms; "
        f"{answer.found.layouts:,} layouts, {answer.found.fitting:,} fit, "
        f"{answer.found.points:,} points, {answer.seconds:.2f} s"
    )


def _ranking(answer: ServingAnswer) -> Table:
    table = plain_table(
        ("layout", "l"), ("prefill", "l"), ("unit", "r"), ("requests", "r"), ("tokens/s/gpu", "r"),
        ("band", "r"), ("TPOT ms", "r"), ("TTFT s", "r"), ("k tokens/s/MW", "r"),
        ("MWh/Mtoken", "r"), ("$/Mtoken", "r"),
    )  # fmt: skip
    for option in answer.best:
        p = option.point
        mark = " *" if option.outside else ""
        mw, mwh, usd = option.tokens_per_s_per_mw, option.mwh_per_mtoken, option.usd_per_mtoken
        table.add_row(
            f"{p.layout}{mark}",
            f"{p.prefill} ({p.prefill_share:.0%})" if p.prefill else "together",
            f"{p.accelerators:,}",
            f"{p.sequences:,.0f}",
            f"{p.tokens_per_s:,.4g}",
            f"{p.tokens_per_s * option.band.low:,.3g} to {p.tokens_per_s * option.band.high:,.3g}",
            f"{p.tpot_s * 1e3:.3g}",
            f"{p.ttft_s:.3g}",
            "–" if mw is None else f"{mw / 1e3:,.4g}",
            "–" if mwh is None else f"{mwh:.3g}",
            "–" if usd is None else f"{usd:.3g}",
        )
    return table


def _sentences(answer: ServingAnswer) -> Iterable[str]:
    first = answer.best[0]
    p = first.point
    total = p.tokens_per_s * p.accelerators * first.units
    idle = answer.request.count - p.accelerators * first.units
    rest = f", {idle:,} idle" if idle else ""
    yield (
        f"the best: {first.units:,} units of {p.accelerators:,}{rest}: {count(total)} tokens/s, "
        f"{1.0 / p.tpot_s:,.3g} tokens/s for a user"
    )
    yield f"times: {answer.ground}; the band is where four of five measured points are expected"
    low, high = p.ttft_s * first.ttft_band.low, p.ttft_s * first.ttft_band.high
    yield (
        f"TTFT: of a steady load, near the floor of measured ones; where {p.ttft_s:.3g} s are predicted, four "
        f"of five were {low:.2g} to {high:.2g} s"
    )
    if first.outside:
        yield f"* outside measured ground: {'; '.join(first.outside)}"
    if answer.power is not None:
        yield f"power: {answer.power.basis}"
    if answer.prices is not None:
        yield f"price: {answer.prices.usd_per_gpu_hour:.3g} USD an hour, {answer.prices.gpu_hour_source}"


def _front(answer: ServingAnswer) -> Table:
    table = plain_table(
        ("tokens/s for a user", "r"), ("tokens/s/gpu", "r"), ("requests", "r"), ("layout", "l"),
        ("prefill", "l"),
    )  # fmt: skip
    step = max(len(answer.front) // 30, 1)
    for p in answer.front[::step]:
        table.add_row(
            f"{1.0 / p.tpot_s:,.4g}",
            f"{p.tokens_per_s:,.4g}",
            f"{p.sequences:,.0f}",
            p.layout,
            p.prefill or "together",
        )
    return table
