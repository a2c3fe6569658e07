"""A progress bar for what takes longer than a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]

_PATIENCE_S = 1.0
"""How long something runs before its progress is shown [s]."""


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float], None]]:
    """A bar on standard error for what takes longer than a moment; nothing where nobody looks."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task("", total=1.0)
    start = time.monotonic()

    def told(share: float) -> None:
        if not bar.live.is_started and time.monotonic() - start > _PATIENCE_S:
            bar.start()
        bar.update(task, completed=share)

    try:
        yield told
    finally:
        bar.stop()
