"""What tables of answers share on a terminal: its width, lines that fold, and a plain table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .folding import fold

__all__ = ["open_console", "plain_table", "say", "show_with_lines"]


class _Console(Console):
    """Leaves a closed pipe to the command line, which ends quietly with its own exit code."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def open_console(width: int) -> Console:
    """Standard output, as wide as the terminal, or `width` columns where it goes to a file or a pipe."""
    console = _Console(highlight=False)
    return console if console.is_terminal else _Console(highlight=False, width=width)


def say(console: Console, *lines: str) -> None:
    """Print lines: folded on a terminal, elsewhere as they are, however long."""
    for line in lines:
        for part in fold(line, console.width) if console.is_terminal else (line,):
            console.print(Text(part), soft_wrap=True)


def show_with_lines(console: Console, table: Table, lines: Sequence[str]) -> None:
    """Print a table with a line under each of its rows, for what has no room beside it.

    Parameters
    ----------
    console : Console
        Where it is printed.
    table : Table
        None of its rows takes more than one line.
    lines : sequence of str
        One for each row.
    """
    with console.capture() as shown:
        console.print(table)
    heading, *rows = shown.get().rstrip("\n").split("\n")
    console.print(Text.from_ansi(heading), soft_wrap=True)
    for row, line in zip(rows, lines, strict=True):
        console.print(Text.from_ansi(row), soft_wrap=True)
        say(console, f"    {line}")


def plain_table(*columns: tuple[str, str]) -> Table:
    """An empty table without lines.

    Parameters
    ----------
    *columns : tuple of str and str
        Heading of each column, and `l` or `r`: the side that it keeps to.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in columns:
        table.add_column(name, justify="left" if justify == "l" else "right", overflow="fold")
    return table
