"""The examples in the documentation: found, run, compared with what the page shows.

A page is run from top to bottom in one empty folder. Fences with a title are files and are written
there; `console` fences are commands and what they print; `python` fences run one after the other,
and a `text` fence behind one is what it prints. In shown output `…` stands for anything: alone on a
line for any lines, within a line for any text. `$ echo $?` says which exit code the command before it
must have. Behind the comment `<!-- figures within 15 % -->` the figures of a block may be that far from
real ones, and months a quarter: what a model predicts moves as it is mended, and readers want numbers.

Run as a program it replaces shown output by real output, as far as the cuts allow:
`python tests/docs/examples.py README.md docs/tutorial.md`.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

CUT = "…"
_FENCE = re.compile(
    r"(?:^<!-- figures within (\d+) % -->\n+)?^```(\w*)([^\n]*)\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_NUMBER = re.compile(
    r"(?<![\w.])\d{4}-\d{2}(?!\d)|(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?(?![\d.]*\d)"
)
_MONTHS = 3
"""How far a month may be from the real one where figures may be off."""


@dataclass(frozen=True)
class Fence:
    """One fenced block: its language, the file that its title names, its text, its place."""

    language: str
    file: str | None
    body: str
    line: int
    span: tuple[int, int]
    within: float
    """How far figures may be off, as a share of the real ones."""


@dataclass(frozen=True)
class Shown:
    """A command or a Python block, what the page shows and what it printed."""

    line: int
    source: str
    shown: list[str]
    printed: list[str]
    code: int
    wanted_code: int
    span: tuple[int, int]
    """Place of the shown output in the page."""
    within: float = 0.0


def fences(text: str) -> list[Fence]:
    """All fenced blocks of a page."""
    found = []
    for match in _FENCE.finditer(text):
        title = re.search(r'title="([^"]+)"', match[3])
        line = text.count("\n", 0, match.start(2)) + 1
        within = float(match[1] or 0) / 100.0
        found.append(Fence(match[2], title and title[1], match[4], line, match.span(4), within))
    return found


def run_page(path: Path, folder: Path) -> Iterator[Shown]:
    """Run a page in a folder, giving each command and block with what it printed."""
    names: dict[str, Any] = {"__name__": "__main__"}
    before: Fence | None = None
    printed: tuple[int, str] = (0, "")
    with contextlib.chdir(folder):
        for fence in fences(path.read_text(encoding="utf-8")):
            if fence.file:
                Path(fence.file).parent.mkdir(parents=True, exist_ok=True)
                Path(fence.file).write_text(fence.body, encoding="utf-8")
            elif fence.language == "console":
                yield from _run_console(fence)
            elif fence.language == "python":
                printed = _capture(lambda body=fence.body: exec(body, names))
                yield Shown(fence.line, "python", [], [], printed[0], 0, (0, 0))
            elif fence.language == "text" and before and before.language == "python":
                shown = fence.body.splitlines()
                real = printed[1].splitlines()
                yield Shown(fence.line, "python", shown, real, 0, 0, fence.span)
            before = fence


def _run_console(fence: Fence) -> Iterator[Shown]:
    """Run the commands of one block."""
    parts = re.split(r"^\$ (.*)\n", fence.body, flags=re.MULTILINE)
    at = fence.span[0] + len(parts[0])
    commands = list(zip(parts[1::2], parts[2::2], strict=True))
    for index, (command, output) in enumerate(commands):
        at += len(f"$ {command}\n")
        following = commands[index + 1] if index + 1 < len(commands) else ("", "")
        wanted = int(following[1]) if following[0] == "echo $?" else 0
        if (done := _run(command)) is not None:
            code, text = done
            yield Shown(
                fence.line,
                command,
                output.rstrip("\n").splitlines(),
                text.rstrip("\n").splitlines(),
                code,
                wanted,
                (at, at + len(output)),
                fence.within,
            )
        at += len(output)


def _run(command: str) -> tuple[int, str] | None:
    """Exit code and output of a command; none for commands that are not ours to run."""
    words = shlex.split(command, comments=True)
    if words[0] == "ls":
        return 0, "  ".join(sorted(path.name for path in Path(words[1]).iterdir()))
    if words[0] != "gigawatt":
        return None
    from gigawatt.app.cli import main

    handler = signal.getsignal(signal.SIGTERM)
    try:
        with mock.patch.object(sys, "argv", words):
            return _capture(main)
    finally:
        signal.signal(signal.SIGTERM, handler)


def _capture(call: Any) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            call()
        except SystemExit as end:
            return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def mismatch(shown: list[str], printed: list[str], within: float = 0.0) -> str | None:
    """The first shown line that the output does not have in its place, or none."""
    if not shown:
        return None
    at, free = 0, False
    for line in shown:
        if line.strip() == CUT:
            free = True
            continue
        candidates = range(at, len(printed)) if free else range(at, min(at + 1, len(printed)))
        hit = next((i for i in candidates if _fits(line, printed[i], within)), None)
        if hit is None:
            return line
        at, free = hit + 1, False
    return None if free or at == len(printed) else f"(the page ends before: {printed[at]})"


def _fits(shown: str, printed: str, within: float = 0.0) -> bool:
    shown, printed = shown.rstrip(), printed.rstrip()
    if re.fullmatch(".*".join(map(re.escape, shown.split(CUT))), printed):
        return True
    if not within:
        return False
    found = re.fullmatch(".*".join(map(_with_any_figures, shown.split(CUT))), printed)
    return found is not None and all(
        _near(*pair, within) for pair in zip(_NUMBER.findall(shown), found.groups(), strict=True)
    )


def _with_any_figures(text: str) -> str:
    """A pattern of a text that takes any figure for a figure, and any space for a space."""
    pieces = _NUMBER.split(text)
    spaced = [r"\s+".join(map(re.escape, re.split(r"\s+", piece))) for piece in pieces]
    return f"({_NUMBER.pattern})".join(spaced)


def _near(shown: str, real: str, within: float) -> bool:
    if "-" in shown[1:] and "e" not in shown:
        months = [
            12 * int(year) + int(month)
            for year, _, month in (shown.partition("-"), real.partition("-"))
        ]
        return abs(months[0] - months[1]) <= _MONTHS
    a, b = (float(text.replace(",", "")) for text in (shown, real))
    return abs(a - b) <= within * abs(b)


def refreshed(shown: list[str], printed: list[str], within: float = 0.0) -> list[str]:
    """The shown lines with the figures of the output, cut where they were cut."""
    if CUT not in "".join(shown):
        return printed
    result, at = [], 0
    for line in shown:
        if line.strip() == CUT or not printed[at:]:
            result.append(line)
            continue
        head, cut, tail = line.partition(CUT)
        real = max(printed[at:], key=lambda text: _likeness(head, text[: len(head)]))
        at = printed.index(real, at) + 1
        if not cut:
            result.append(real)
        elif _fits(line, real, within):
            result.append(line)
        else:
            result.append(f"{real[: len(head)]}{cut}{real[-len(tail) :] if tail else ''}")
    return result


def _likeness(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()


def refresh(path: Path) -> int:
    """Put real output into a page; the number returned counts what changed."""
    os.environ["COLUMNS"] = "80"
    text, changes = path.read_text(encoding="utf-8"), 0
    with tempfile.TemporaryDirectory() as folder:
        done = list(run_page(path.resolve(), Path(folder)))
    for item in reversed(done):
        if item.code != item.wanted_code:
            print(f"{path}:{item.line} {item.source}: exit code {item.code}\n", *item.printed)
        if item.shown and mismatch(item.shown, item.printed, item.within):
            fresh = "".join(
                f"{line}\n" for line in refreshed(item.shown, item.printed, item.within)
            )
            fresh += "\n" if text[slice(*item.span)].endswith("\n\n") else ""
            text = text[: item.span[0]] + fresh + text[item.span[1] :]
            changes += 1
    path.write_text(text, encoding="utf-8")
    return changes


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {refresh(Path(name))} outputs changed")
