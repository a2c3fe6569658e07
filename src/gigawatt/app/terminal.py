"""What tables of answers share on a terminal: its width, lines that do not wrap, and a plain table."""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["open_console", "plain_table", "say"]


class _Console(Console):
    """Leaves a closed pipe to the command line, which ends quietly with its own exit code."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def open_console(width: int) -> Console:
    """Standard output, as wide as the terminal, or `width` columns where it goes to a file or a pipe."""
    console = _Console(highlight=False)
    return console if console.is_terminal else _Console(highlight=False, width=width)


def say(console: Console, *lines: str) -> None:
    """Print lines as they are, however long."""
    for line in lines:
        console.print(Text(line), soft_wrap=True)


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
