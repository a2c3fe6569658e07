"""An answer about goodput as tables and sentences for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.table import Table

from gigawatt.app.amounts import digits
from gigawatt.app.terminal import open_console, plain_table, say

if TYPE_CHECKING:
    from gigawatt.reliability import Goodput, Played

__all__ = ["show_goodput"]

_WIDTH = 110
_PLACES = {"memory": "memory of peers", "local": "disks of the node", "shared": "shared storage"}


def show_goodput(
    answer: Goodput, played: Played | None = None, *, fits_training: bool | None = None
) -> None:
    """Print an answer to standard output, and what was played if anything was."""
    console = open_console(_WIDTH)
    title, *head = _head(answer, played)
    say(console, title)
    if fits_training is False:
        say(
            console,
            f"  warning             {answer.count:,} × {answer.system_id} cannot train this model: no "
            "strategy fits into their memory. What follows is of failures alone.",
        )
    say(console, *head)
    console.print(_times(answer))
    console.print(_levers(answer))
    say(console, *(f"assumed: {text}" for text in answer.assumptions))


def _head(a: Goodput, played: Played | None) -> Iterable[str]:
    yield f"{a.model} on {a.count:,} × {a.system_id}"
    how = "a replica that fails is dropped" if a.elastic else "every failure starts the run again"
    held = f", {a.spares:.2%} held back as spares" if a.spares else ", no spares"
    yield f"  {how}{held}"
    if a.smaller_run is not None:
        yield _smaller(a)
    yield f"  goodput             {a.goodput:.1%}   ({a.low:.1%} to {a.high:.1%})"
    parts = sorted(a.interruptions_per_day.items(), key=lambda item: -item[1])
    unit, days = ("day", 1.0) if sum(rate for _, rate in parts) >= 1.0 else ("year", 365.25)
    shown = ", ".join(f"{name} {_rate(rate * days)}" for name, rate in parts)
    yield f"  interrupted every   {duration(3600.0 * a.mtti_hours)}   (a {unit}: {shown})"
    every = "; ".join(f"{_PLACES[tier]} {duration(s)}" for tier, s in a.intervals_s.items())
    yield f"  checkpoint every    {every}   ({digits(a.checkpoint_bytes / 1e12)} TB)"
    if played is not None:
        yield (
            f"  played              {played.goodput:.1%} in {digits(played.days, 4)} days with "
            f"{played.failures:,} interruptions (seed {played.seed})"
        )


def _smaller(a: Goodput) -> str:
    """That not all accelerators are best used."""
    if a.settings.spares is not None:
        return f"  a smaller run keeps more in all: {a.smaller_run:,}"
    idle = round(a.losses["idle"] * a.count)
    return f"  a smaller run keeps more: {a.smaller_run:,}, and {idle:,} accelerators are idle"


def _rate(rate: float) -> str:
    return digits(rate, 2) if rate < 10.0 else f"{rate:,.0f}"


def duration(seconds: float) -> str:
    """A time in the unit that reads best.

    Examples
    --------
    >>> duration(42.0), duration(450.0), duration(11178.0), duration(4e6), duration(118.0)
    ('42 s', '7.5 min', '3.1 h', '46 days', '118 s')
    """
    for size, unit in ((2.0 * 86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2.0 * size or (unit == "days" and seconds >= size):
            return f"{_short(seconds / (86400.0 if unit == 'days' else size))} {unit}"
    return f"{_short(seconds)} s"


def _short(number: float) -> str:
    return digits(number, 2) if number < 10.0 else f"{number:,.0f}"


def _times(a: Goodput) -> Table:
    from gigawatt.reliability.accounts import CAUSES

    table = plain_table(("where the time goes", "l"), ("", "r"))
    table.add_row("work that is kept", f"{a.goodput:.2%}")
    for cause, share in sorted(a.losses.items(), key=lambda item: -item[1]):
        if share >= 5e-5:
            table.add_row(CAUSES[cause], f"{share:.2%}")
    return table


def _levers(a: Goodput) -> Table:
    table = plain_table(("what would help most", "l"), ("points", "r"))
    for lever in a.levers:
        table.add_row(lever.what, f"{lever.points:+.2f}")
    return table
