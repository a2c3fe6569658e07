"""Markdown of the reference pages: cells, tables, whole pages. Knows nothing of what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

NOTICE = "<!-- Made by tools/reference_pages.py; change the program, not this page. -->"


def cell(text: object) -> str:
    """Text that stays plain in a table cell, its own `code` apart."""
    flat = " ".join(str(text).split())
    parts = re.split(r"(`[^`]*`)", flat)
    plain = [p if p.startswith("`") else re.sub(r"([*_<\[\]])", r"\\\1", p) for p in parts]
    return "".join(plain).replace("|", "\\|") or "—"


def table(heads: str, rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table, or nothing where there are no rows; heads stand between bars, cells are Markdown."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if lines:
        yield f"| {heads} |"
        yield "| --- " * (heads.count("|") + 1) + "|"
        yield from lines
        yield ""


def page(title: str, *parts: str | Iterable[str]) -> str:
    """A whole page."""
    lines = [NOTICE, "", f"# {title}", ""]
    for part in parts:
        lines += [part, ""] if isinstance(part, str) else list(part)
    return "\n".join(lines).rstrip() + "\n"
