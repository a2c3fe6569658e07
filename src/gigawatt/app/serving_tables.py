"""An answer about serving as a table and sentences for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from gigawatt.app.amounts import count, digits
from gigawatt.app.terminal import open_console, plain_table, say, show_with_lines

if TYPE_CHECKING:
    from gigawatt.perf.serving.answer import ServingAnswer, ServingOption

__all__ = ["show_serving"]

_WIDTH = 150
_BESIDE = 150
"""From so many columns on a layout stands beside its figures, below it stands under them."""
_DEARER = 110
"""From so many columns on energy and cost have room."""


def show_serving(
    answer: ServingAnswer, *, front: bool = False, console: Console | None = None
) -> None:
    """Print an answer, to standard output if not told otherwise, with the front if it is wanted."""
    console = console or open_console(_WIDTH)
    say(console, *_head(answer))
    if not answer.best:
        say(console, answer.verdict)
        return
    _show_ranking(console, answer)
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


def _show_ranking(console: Console, answer: ServingAnswer) -> None:
    """Figures of the best, each layout beside them or, where the terminal is narrow, under them."""
    beside = console.width >= _BESIDE
    table = _ranking(answer, beside=beside, width=console.width)
    if beside:
        console.print(table)
        return
    show_with_lines(
        console,
        table,
        [
            f"{option.point.layout}{' *' if option.outside else ''}, "
            f"{'prefill ' if option.point.prefill else ''}{_prefill(option)}"
            for option in answer.best
        ],
    )


def _ranking(answer: ServingAnswer, *, beside: bool, width: int) -> Table:
    columns = [("layout", "l"), ("prefill", "l")] if beside else []
    columns += [("unit", "r"), ("requests", "r"), ("tokens/s/gpu", "r"), ("band", "r")]
    columns += [("TPOT ms", "r"), ("TTFT s", "r")]
    if width >= _DEARER:
        columns += [("k tokens/s/MW", "r"), ("kWh/Mtoken", "r"), ("$/Mtoken", "r")]
    table = plain_table(*columns)
    for option in answer.best:
        p = option.point
        mark = " *" if option.outside else ""
        cells = [f"{p.layout}{mark}", _prefill(option)] if beside else []
        low, high = p.tokens_per_s * option.band.low, p.tokens_per_s * option.band.high
        cells += [
            f"{p.accelerators:,}",
            f"{p.sequences:,.0f}",
            digits(p.tokens_per_s, 4),
            f"{digits(low)}–{digits(high)}",
            digits(p.tpot_s * 1e3),
            digits(p.ttft_s),
        ]
        if width >= _DEARER:
            mw, mwh, usd = option.tokens_per_s_per_mw, option.mwh_per_mtoken, option.usd_per_mtoken
            cells += [
                "–" if mw is None else digits(mw / 1e3, 4),
                "–" if mwh is None else digits(mwh * 1e3),
                "–" if usd is None else digits(usd),
            ]
        table.add_row(*cells)
    return table


def _prefill(option: ServingOption) -> str:
    p = option.point
    return f"{p.prefill} ({p.prefill_share:.0%})" if p.prefill else "together"


def _sentences(answer: ServingAnswer) -> Iterable[str]:
    first = answer.best[0]
    p = first.point
    total = p.tokens_per_s * p.accelerators * first.units
    idle = answer.request.count - p.accelerators * first.units
    rest = f", {idle:,} idle" if idle else ""
    yield (
        f"the best: {first.units:,} units of {p.accelerators:,}{rest}: {count(total)} tokens/s, "
        f"{digits(1.0 / p.tpot_s)} tokens/s for a user"
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
        yield f"price: {digits(answer.prices.usd_per_gpu_hour)} USD an hour, {answer.prices.gpu_hour_source}"


def _front(answer: ServingAnswer) -> Table:
    table = plain_table(
        ("tokens/s for a user", "r"), ("tokens/s/gpu", "r"), ("requests", "r"), ("layout", "l"),
        ("prefill", "l"),
    )  # fmt: skip
    step = max(len(answer.front) // 30, 1)
    for p in answer.front[::step]:
        table.add_row(
            digits(1.0 / p.tpot_s, 4),
            digits(p.tokens_per_s, 4),
            f"{p.sequences:,.0f}",
            p.layout,
            p.prefill or "together",
        )
    return table
