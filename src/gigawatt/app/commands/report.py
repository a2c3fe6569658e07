"""`gigawatt report`: a plan as a page, as paper, as a workbook."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gigawatt.app.options import Overrides, Settings, load_scenario, tell

if TYPE_CHECKING:
    from gigawatt.planning import Plan

__all__ = ["EXAMPLES", "report_command"]


@dataclass(frozen=True, slots=True)
class _Format:
    """One kind of file that a report comes as."""

    option: str
    file: str
    needs: tuple[str, ...]
    what: str

    @property
    def suffix(self) -> str:
        return Path(self.file).suffix


_HTML = _Format("--html", "report.html", ("jinja2", "plotly"), "The HTML report")
_PDF = _Format("--pdf", "report.pdf", ("typst",), "The PDF report")
_XLSX = _Format("--xlsx", "books.xlsx", ("xlsxwriter",), "The workbook")

EXAMPLES = """\b
Examples:
  gigawatt report runs/0001 --pdf --xlsx
  gigawatt report nvidia-openai-10gw --out deal.pdf
  gigawatt report deal.yaml --override late-grid --pdf --out reports
"""
"""What stands under `gigawatt report --help`."""


def report_command(
    run: Annotated[str, typer.Argument(help="Run folder, shipped scenario or YAML file.")],
    html: Annotated[bool, typer.Option("--html", help="Write report.html.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write report.pdf.")] = False,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="Write books.xlsx.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File for one format, or folder for any.", metavar="PATH"),
    ] = None,
    runs: Annotated[
        Path, typer.Option("--runs", help="Where the new run folder of a scenario goes.")
    ] = Path("runs"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace what --out names and is there.")
    ] = False,
    override: Overrides = None,
    set_: Settings = None,
) -> None:
    """Write a plan as a page (--html), as paper (--pdf) or as a workbook of live formulas (--xlsx).

    Without a format it is what the name of --out ends in, else the page. Reports of a run folder go into
    the folder and replace those that are there; a scenario is planned into a new run folder first. With
    --out they go elsewhere, and nothing that is there is replaced without --force.
    """
    wanted = {_HTML: html, _PDF: pdf, _XLSX: xlsx}
    formats = [kind for kind, asked in wanted.items() if asked] or [_named(out)]
    _refuse_missing(formats)
    if out is not None:
        targets = _targets(formats, out)
        _refuse_unwritable(targets.values(), force)
    plan, folder = _plan(run, override, set_)
    if out is None:
        if folder is None:
            from gigawatt.planning import save_run

            folder = save_run(plan, None, runs=runs)
            print(f"run: {folder}")
        targets = {kind: folder / kind.file for kind in formats}
        _refuse_unwritable(targets.values(), True)
    _write_all([(targets[kind], _writer(kind, plan, folder)) for kind in formats])
    for kind in formats:
        print(f"written: {targets[kind]}")


def _plan(run: str, override: list[str] | None, set_: list[str] | None) -> tuple[Plan, Path | None]:
    """The plan, and the run folder that it was read from."""
    from gigawatt.planning import is_run, load_run, plan

    with suppress(OSError):  # a name too long to be a folder's
        if is_run(Path(run)) and not override and not set_:
            return load_run(run), Path(run)
    return plan(load_scenario(run, override, set_), progress=tell), None


def _refuse_missing(formats: list[_Format]) -> None:
    from importlib.util import find_spec

    from gigawatt.core.errors import MissingExtraError

    for kind in formats:
        if any(find_spec(name) is None for name in kind.needs):
            raise MissingExtraError.of("report", kind.what)


def _suffix(out: Path) -> str:
    suffix = out.suffix.lower()
    return ".html" if suffix == ".htm" else suffix


def _is_folder(out: Path) -> bool:
    with suppress(OSError):  # a name too long to be a folder's
        return out.is_dir()
    return False


def _named(out: Path | None) -> _Format:
    """The format that the name of a file to be made ends in; else the page."""
    if out is None or _is_folder(out):
        return _HTML
    return {kind.suffix: kind for kind in (_HTML, _PDF, _XLSX)}.get(_suffix(out), _HTML)


def _targets(formats: list[_Format], out: Path) -> dict[_Format, Path]:
    """Where `--out` sends each format."""
    from gigawatt.core.errors import InputError, Problem

    suffixes = {kind.suffix for kind in (_HTML, _PDF, _XLSX)}
    given = _suffix(out)
    if _is_folder(out) or given not in suffixes:
        return {kind: out / kind.file for kind in formats}
    if [kind.suffix for kind in formats] == [given]:
        return {formats[0]: out}
    asked = " and ".join(kind.option for kind in formats)
    raise InputError(
        Problem(
            "E203",
            f"--out is {str(out)!r}, one {given} file; {asked} cannot be written to it.",
            "Name a folder, or a file of the format that is asked for.",
            "--out",
        )
    )


def _refuse_unwritable(targets: Iterable[Path], force: bool) -> None:
    """Refuse, before anything takes time, what could not be written after it."""
    from gigawatt.core.errors import InputError, Problem, RunFolderError

    for target in targets:
        try:
            why = _hindrance(target)
            there = target.exists()
        except OSError as error:
            why, there = error.strerror or str(error), False
        if why:
            message = f"{target} cannot be written: {why}."
            raise RunFolderError(Problem("E502", message, "Choose another --out.", "--out"))
        if there and not force:
            fix = "Choose another --out, or replace it with --force."
            raise InputError(Problem("E114", f"{target} already exists.", fix, "--out"))


def _hindrance(target: Path) -> str:
    """Why a file cannot stand where it should; empty if it can."""
    if target.exists() and not target.is_file():
        return "it is there and is no file"
    folder = target.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        return f"{folder} is no folder"
    return "" if os.access(folder, os.W_OK) else f"{folder} takes no new files"


def _writer(kind: _Format, plan: Plan, folder: Path | None) -> Callable[[Path], None]:
    from gigawatt.core.errors import Problem, RunFailedError

    name = folder.resolve().name if folder is not None else ""

    def write(path: Path) -> None:
        if kind is _HTML:
            from gigawatt.report import html_report

            path.write_text(html_report(plan, run_name=name), encoding="utf-8")
        elif kind is _PDF:
            from gigawatt.report.pdf import pdf_report

            path.write_bytes(pdf_report(plan, run_name=name))
        else:
            from gigawatt.report.plan_workbook import plan_workbook

            try:
                plan_workbook(plan, path)
            except ValueError as error:
                message = f"The books cannot be written as a workbook: {error}."
                raise RunFailedError(Problem("E503", message, "Nothing was left behind.")) from None

    return write


def _write_all(jobs: list[tuple[Path, Callable[[Path], None]]]) -> None:
    """Write all files beside their places, then move them there: all of them, or none."""
    from gigawatt.core.errors import Problem, RunFailedError

    staged: list[tuple[Path, Path]] = []
    made: list[Path] = []
    try:
        for target, write in jobs:
            parents = [p for p in (target.parent, *target.parent.parents) if not p.exists()]
            target.parent.mkdir(parents=True, exist_ok=True)
            made += parents
            part = target.with_name(f".gigawatt-{os.getpid()}-{target.name}")
            staged.append((part, target))
            write(part)
            with part.open("rb") as stream:
                os.fsync(stream.fileno())
        for part, target in staged:
            part.replace(target)
        made = []
    except OSError as error:
        raise RunFailedError(
            Problem(
                "E503",
                f"The report could not be written: {error.strerror or error}.",
                "Nothing was left behind. Free some space, or choose another --out.",
            )
        ) from None
    finally:
        for part, _ in staged:
            part.unlink(missing_ok=True)
        with suppress(OSError):
            for folder in made:
                folder.rmdir()
