"""An answer about training as tables and sentences for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gigawatt.app.amounts import count, digits, money
from gigawatt.app.terminal import open_console, plain_table, say, show_with_lines

if TYPE_CHECKING:
    from gigawatt.perf.found import Point
    from gigawatt.perf.training_answer import Trained, TrainingAnswer

__all__ = ["show_answer"]

_WIDTH = 150
_BESIDE = 150
"""From so many columns on a strategy stands beside its figures, below it stands under them."""
_DEARER = 90
"""From so many columns on energy and cost have room."""


def show_answer(
    answer: TrainingAnswer, *, front: bool = False, console: Console | None = None
) -> None:
    """Print an answer, to standard output if not told otherwise, with the front if it is wanted."""
    console = console or open_console(_WIDTH)
    say(console, *_head(answer))
    if not answer.best:
        say(console, answer.verdict)
        return
    _show_ranking(console, answer)
    first = answer.best[0]
    say(console, f"the best: {first.strategy}")
    console.print(_parts(first))
    for label, text in _sentences(answer):
        console.print(_row(label, text))
    if front:
        _show_front(console, answer)


def _head(answer: TrainingAnswer) -> Iterable[str]:
    r, c = answer.request, answer.counts
    assert r.batch_tokens is not None
    assert r.sequence is not None
    where = f"{r.count:,} × {r.system_id}"
    if r.campuses > 1:
        often = "every step" if r.outer_every == 1 else f"every {r.outer_every:,} steps"
        where += (
            f" on {r.campuses} campuses, {r.campus_gbps:g} Gbit/s each and {r.campus_km:g} km apart, "
            f"exchanging {often}"
        )
    yield f"{answer.model} on {where}"
    yield (
        f"  {r.batch_tokens // r.sequence:,} sequences of {r.sequence:,} tokens a step "
        f"({r.batch_tokens / 1e6:,.4g} M tokens), {r.precision}, {r.stack}"
    )
    yield (
        f"  {c.enumerated:,} strategies: {c.feasible:,} fit ({c.evaluated:,} evaluated, {c.pruned:,} "
        f"pruned); {c.states_too_large:,} too large by weights and optimizer, "
        f"{c.activations_too_large:,} by activations; {answer.seconds:.2f} s"
    )


def _show_ranking(console: Console, answer: TrainingAnswer) -> None:
    """Figures of the best, each strategy beside them or, where the terminal is narrow, under them."""
    rows = [(str(at), one) for at, one in enumerate(answer.best, 1)]
    if answer.inside is not None and all(answer.inside.strategy != one.strategy for _, one in rows):
        rows.append(("inside", answer.inside))
    strategies = [f"{one.strategy}{' *' if one.outside_validated else ''}" for _, one in rows]
    beside = console.width >= _BESIDE
    table = _ranking(rows, answer.best[0].per, strategies if beside else None, console.width)
    if beside:
        console.print(table)
    else:
        show_with_lines(console, table, strategies)
        say(console, "* = outside measured ground")


def _ranking(
    rows: list[tuple[str, Trained]], per: str, strategies: list[str] | None, width: int
) -> Table:
    columns = [
        ("", "r"),
        ("step", "r"),
        ("MFU", "r"),
        ("tok/s/GPU", "r"),
        ("memory", "r"),
        ("days", "r"),
    ]
    if width >= _DEARER:
        columns += [(f"energy/{per}", "r"), (f"cost/{per}", "r")]
    if strategies is not None:
        columns.append(("strategy (* = outside measured ground)", "l"))
    table = plain_table(*columns)
    for at, (name, one) in enumerate(rows):
        cells = [
            name,
            _seconds(one.step_time_s),
            f"{one.mfu:.1%}",
            f"{one.tokens_per_s_per_gpu:,.0f}",
            f"{one.memory_gib:.1f} GiB",
            "" if one.days is None else digits(one.days, 4),
        ]
        if width >= _DEARER:
            cost = "" if one.cost_usd is None else _dollars(one.cost_usd)
            cells += [_energy(one.energy_mwh), cost]
        table.add_row(*cells, *(() if strategies is None else (strategies[at],)))
    return table


def _parts(one: Trained) -> Table:
    from gigawatt.perf.breakdown import MEMORY_PARTS, STEP_PARTS

    table = plain_table(("step", "l"), ("", "r"), ("", "r"), ("memory", "l"), ("GiB", "r"))
    times = [
        (STEP_PARTS[name], _seconds(seconds), f"{seconds / one.step_time_s:.1%}")
        for name, seconds in one.step_parts_s.items()
        if seconds > 0.0
    ]
    sizes = [
        (MEMORY_PARTS[name], f"{size:.2f}")
        for name, size in one.memory_parts_gib.items()
        if size > 0.0 or name != "spilled"
    ]
    for at in range(max(len(times), len(sizes))):
        time = times[at] if at < len(times) else ("", "", "")
        size = sizes[at] if at < len(sizes) else ("", "")
        table.add_row(*time, *size)
    return table


def _row(label: str, text: str) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=24)
    table.add_column(overflow="fold")
    table.add_row(Text(label), Text(text))
    return table


def _sentences(answer: TrainingAnswer) -> Iterable[tuple[str, str]]:
    one, r = answer.best[0], answer.request
    band = one.error_band
    yield (
        "error band",
        f"step {_seconds(band.low * one.step_time_s)} to {_seconds(band.high * one.step_time_s)} "
        f"({band.low - 1.0:+.0%} to {band.high - 1.0:+.0%})",
    )
    if one.days is not None and r.tokens is not None:
        yield (
            "to train",
            f"{digits(one.days, 4)} days ({digits(one.days * band.low, 4)} to "
            f"{digits(one.days * band.high, 4)}) for "
            f"{r.tokens / 1e12:,.4g} T tokens, {count(one.gpu_hours)} GPU hours",
        )
    if answer.power is not None and one.energy_mwh is not None:
        yield "energy", f"{_energy(one.energy_mwh)} a {one.per}: {answer.power.basis}"
    if answer.prices is not None and one.cost_usd is not None:
        p = answer.prices
        text = f"{_dollars(one.cost_usd)} a {one.per}: {digits(p.usd_per_gpu_hour)} USD a GPU hour "
        text += f"({p.gpu_hour_source})"
        if p.usd_per_mwh:
            text += f"; electricity {p.usd_per_mwh:g} USD/MWh ({p.energy_source})"
        yield "cost", text
    for at, what in enumerate(one.outside_validated):
        yield "" if at else "outside measured ground", what
    if answer.inside is None:
        yield "inside measured ground", answer.inside_note
    elif answer.inside.strategy != one.strategy:
        slower = answer.inside.step_time_s / one.step_time_s - 1.0
        yield (
            "inside measured ground",
            f"{answer.inside.strategy}: {_seconds(answer.inside.step_time_s)} a step ({slower:+.1%})",
        )
    for note in answer.notes:
        yield "note", note


def _show_front(console: Console, answer: TrainingAnswer) -> None:
    say(
        console,
        "the front: strategies that no other betters in one of the two without being worse in the other",
    )
    columns = [(f"front: {answer.request.objective}", "r"), ("memory", "r")]
    points, beside = _telling(answer.front), console.width >= _BESIDE
    table = plain_table(*columns, *([("strategy", "l")] if beside else []))
    for point in points:
        table.add_row(
            f"{digits(point.objective, 4)} {answer.front_unit}",
            f"{point.memory_bytes / 2**30:.1f} GiB",
            *([str(point.strategy)] if beside else []),
        )
    if beside:
        console.print(table)
    else:
        show_with_lines(console, table, [str(point.strategy) for point in points])


def _telling(front: tuple[Point, ...]) -> list[Point]:
    """The points of a front that better the one before by a twentieth, and the best."""
    kept: list[Point] = []
    for point in front:
        if not kept or point.objective < 0.95 * kept[-1].objective:
            kept.append(point)
    return kept if kept[-1] is front[-1] else [*kept, front[-1]]


def _seconds(seconds: float) -> str:
    if seconds >= 1.0:
        return f"{digits(seconds, 4)} s"
    return f"{digits(seconds * 1e3)} ms"


def _dollars(usd: float) -> str:
    """Dollars; cents and less where there are few, as of a single step."""
    return money(usd) if usd >= 100.0 else f"${digits(usd)}"


def _energy(mwh: float | None) -> str:
    if mwh is None:
        return ""
    for scale, unit in ((1e6, "TWh"), (1e3, "GWh"), (1.0, "MWh")):
        if mwh >= scale:
            return f"{digits(mwh / scale, 4)} {unit}"
    return f"{digits(mwh * 1e3, 4)} kWh"
