"""Writes the reference pages under docs/reference from the program itself.

Every page is a pure function of the package and its catalog: no clock, no network, no file of the
reader. `python -m tools.reference_pages` writes the pages that changed, `--check` writes nothing and
exits 1 where a page on disk is not what the program says. Prose about how to use all this is not
here; it stands in the other pages of the documentation.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

import gigawatt
from gigawatt.app.cli import app
from gigawatt.core.codes import CODES
from gigawatt.planning.figures import FIGURES

from .reference.catalog_records import catalog_page
from .reference.markdown import cell, page, table
from .reference.scenario_keys import scenario_page
from .reference.validation import validation_page
from .reference.validation_goodput import validation_goodput_page
from .reference.validation_serving import validation_serving_page

FOLDER = Path(__file__).parents[1] / "docs" / "reference"


def figures_page() -> str:
    """Every figure of a plan."""
    groups: dict[str, list[Any]] = {}
    for figure in FIGURES:
        groups.setdefault(figure.name.partition(".")[0], []).append(figure)
    parts: list[str | Iterable[str]] = [
        'A plan holds these figures as labelled arrays. `plan.fleet["packages"]` in Python, '
        "`gigawatt explain RUN fleet.packages` on the command line and a column of a Parquet table "
        "are the same figure. Names in a formula without a group are of the same group or of "
        "`inputs`. The formulas are spelled out under [Equations](../equations.md).",
    ]
    for group, figures in groups.items():
        parts += [
            f"## {group}",
            table(
                "figure | unit | axes | what it is | computed from",
                (
                    (
                        f"`{f.name}`",
                        cell(f.unit),
                        ", ".join(f.dims),
                        f"{cell(f.doc)}:<br>{cell(f'`{f.formula}`')}",
                        ", ".join(f"`{name}`" for name in f.inputs),
                    )
                    for f in figures
                ),
            ),
        ]
    return page("Figures of a plan", *parts)


_FAMILIES = {
    "E1": "Reading",
    "E2": "Schema and units",
    "E3": "Rules of a scenario",
    "E4": "Catalog",
    "E5": "Run folders and figures",
    "E6": "Installation",
    "E7": "Performance",
    "E8": "Money",
    "E9": "Defects of the program",
    "W1": "Warnings",
}


def errors_page() -> str:
    """Every code."""
    parts: list[str | Iterable[str]] = [
        "Every complaint carries a code, the file and line, the path, what was found and how to mend "
        "it. A code keeps its meaning for ever. `E…` stops the run: exit code 2 where the input "
        "cannot be used, 1 where the run failed (E503, E901). `W…` does not stop it, except under "
        "`gigawatt check --strict`.",
    ]
    for prefix, title in _FAMILIES.items():
        rows = [(f"`{c}`", cell(text)) for c, text in CODES.items() if c.startswith(prefix)]
        parts += [f"## {prefix}: {title}", table("code | what it says", rows)]
    return page("Errors and warnings", *parts)


def cli_page() -> str:
    """Every command with its arguments and options."""
    parts: list[str | Iterable[str]] = [
        "Answers go to standard output, errors to standard error. Exit codes: 0 done, 1 the run "
        "failed, 2 the input cannot be used, 130 interrupted, 141 nobody reads the answer any more. "
        "`gigawatt COMMAND --help` prints what stands here.",
    ]
    for name, command in _commands(typer.main.get_command(app), "gigawatt"):
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        words = " ".join(
            (a.metavar or a.name.upper()) if a.required else f"[{a.metavar or a.name.upper()}]"
            for a in arguments
        )
        parts += [
            f"## {name}",
            cell(command.help or ""),
            f"```text\n{name} {words + ' ' if words else ''}[OPTIONS]\n```",
            table(" | meaning | default", (_parameter(p) for p in command.params)),
        ]
    return page("Command line", *parts)


def _commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    for key, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} {key}")
        else:
            yield f"{name} {key}", command


def _parameter(parameter: Any) -> tuple[str, str, str]:
    if parameter.param_type_name == "argument":
        shown = f"`{parameter.metavar or parameter.name.upper()}`"
    else:
        value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
        value = value.replace("_", "")
        names = [*parameter.opts, *parameter.secondary_opts]
        shown = ", ".join(f"`{option}{value}`" for option in names)
    default = parameter.default
    if isinstance(default, bool):
        words = next(iter(parameter.secondary_opts if not default else parameter.opts), "off")
        words = f"`{words}`" if parameter.secondary_opts else "off"
    else:
        words = f"`{default}`" if default is not None else "—"
    return shown, cell(parameter.help or ""), words


_VERBS = ("load", "plan", "compare", "explain", "save_run", "load_run")


def api_page() -> str:
    """The public Python names, filled in by mkdocstrings when the documentation is built."""
    parts = [
        "`import gigawatt as gw` gives these names. A scenario goes in, a plan comes out; a plan's "
        "groups are `xarray.Dataset`s whose variables are listed under [Figures](figures.md).",
    ]
    public = [name for name in gigawatt.__all__ if not name.startswith("__")]
    for name in (*_VERBS, *(other for other in public if other not in _VERBS)):
        thing = getattr(gigawatt, name)
        module = thing.__name__ if name == "errors" else f"{thing.__module__}.{name}"
        parts.append(f"::: {module}")
    return page("Python", *parts)


PAGES: dict[str, Callable[[], str]] = {
    "scenario.md": scenario_page,
    "figures.md": figures_page,
    "errors.md": errors_page,
    "catalog.md": catalog_page,
    "cli.md": cli_page,
    "api.md": api_page,
    "validation.md": validation_page,
    "validation-serving.md": validation_serving_page,
    "validation-goodput.md": validation_goodput_page,
}


def main(arguments: list[str]) -> int:
    """Write or check all pages; the number returned is the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference_pages", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 on a difference"
    )
    check = parser.parse_args(arguments).check
    stale = []
    for name, make in PAGES.items():
        path, text = FOLDER / name, make()
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                FOLDER.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"docs/reference/{name} {'is out of date' if check else 'written'}")
    if stale and check:
        print("run: python -m tools.reference_pages")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
