"""Lines that are longer than the terminal, folded under the text that they belong to.

Output that goes to a file or a pipe keeps its long lines: programs read lines, and so do diffs.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from typing import TextIO

__all__ = ["columns", "fold", "put"]

_PIECES = re.compile(r"(?<=\s)(?=\S)|(?<=,)(?=[^\s\d])")
"""Where a line may be broken: before a word, and within a list without spaces such as a strategy."""
_LABEL = re.compile(r"\s*\S.*?\s{2,}(?=\S)")


def put(*texts: object, file: TextIO | None = None) -> None:
    """Print texts, folded where a terminal shows them."""
    stream = sys.stdout if file is None else file
    width = columns(stream)
    for text in texts:
        for line in str(text).split("\n"):
            for part in fold(line, width) if width else (line,):
                print(part, file=stream)


def columns(stream: TextIO | None = None) -> int:
    """Columns of the terminal that output goes to; 0 where it goes to no terminal."""
    stream = sys.stdout if stream is None else stream
    return shutil.get_terminal_size().columns if stream.isatty() else 0


def fold(line: str, width: int) -> Iterator[str]:
    """One line in as many as it takes, the later ones indented.

    Parameters
    ----------
    line : str
        Without a newline. Text behind a label and two spaces hangs under itself, other text two columns
        further in than the line begins.
    width : int
        Columns that there are.

    Examples
    --------
    >>> list(fold("  binds   abilene: power from 2027 on", 26))
    ['  binds   abilene: power', '          from 2027 on']
    >>> list(fold("tp=4,cp=8,pp=8,mb=1 and more", 12))
    ['tp=4,cp=8,', '  pp=8,mb=1', '  and more']
    """
    indent = _hanging(line, width)
    begun = ""
    for piece in _PIECES.split(line):
        if begun.strip() and len(begun) + len(piece.rstrip()) > width:
            yield begun.rstrip()
            begun = " " * indent
        begun += piece
    yield begun.rstrip()


def _hanging(line: str, width: int) -> int:
    label = _LABEL.match(line)
    if label and label.end() <= 0.45 * width:
        return label.end()
    return min(len(line) - len(line.lstrip()) + 2, width // 2)
