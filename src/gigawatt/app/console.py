"""Where answers with tables are printed: as wide as the terminal, or a fixed width where there is none."""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console

__all__ = ["answer_console"]


class _Console(Console):
    """Leaves a closed pipe to the command line, which ends quietly with its own exit code."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def answer_console(width: int) -> Console:
    """Standard output.

    Parameters
    ----------
    width : int
        Characters of a line where standard output is no terminal.
    """
    console = _Console(highlight=False)
    return console if console.is_terminal else _Console(highlight=False, width=width)
