"""`gigawatt catalog`: list, show and search the facts that plans rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigawatt.app.finite import print_json
from gigawatt.app.helping import UpperCommand
from gigawatt.app.options import AsJson, Folder
from gigawatt.app.plots import open_catalog

if TYPE_CHECKING:
    from gigawatt.catalog import Catalog, Entry
    from gigawatt.catalog.records import Kind

__all__ = ["app"]

app = typer.Typer(help="List, show and search sourced facts.", no_args_is_help=True)

Sources = Annotated[bool, typer.Option("--sources", help="Show the source of every value.")]


@app.command("list", cls=UpperCommand)
def list_command(
    kind: Annotated[
        str | None, typer.Argument(help="systems, models, sites, deals, …; all if left out.")
    ] = None,
    sources: Sources = False,
    json_: AsJson = False,
    folder: Folder = None,
) -> None:
    """List records: id, kind and name."""
    catalog = open_catalog(folder)
    _print(
        [entry for k in _kinds(kind) for entry in catalog.entries(k)],
        catalog,
        sources,
        json_,
        brief=True,
    )


@app.command("show", cls=UpperCommand, short_help="Show one record with all its values.")
def show_command(
    record_id: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="Id of a record, such as vr-nvl72; kernels/ID for kernel times."
        ),
    ],
    sources: Sources = False,
    json_: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show one record with all its values; or a model read from a Hugging Face config.json."""
    from pathlib import Path

    from gigawatt.catalog import Entry
    from gigawatt.catalog.huggingface import model_from_config

    catalog = open_catalog(folder)
    path = Path(record_id)
    local = path.is_file() or (path / "config.json").is_file()
    entry = Entry("models", path.stem, model_from_config(path), {}, True) if local else None
    _print([entry or catalog.find(record_id)], catalog, sources, json_, brief=False)


@app.command("search", cls=UpperCommand)
def search_command(
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORD...", help="Words to look for; all must occur in a record."),
    ],
    sources: Sources = False,
    json_: AsJson = False,
    folder: Folder = None,
) -> None:
    """Search ids, names, notes, values and sources of all records."""
    from gigawatt.catalog.browse import matches

    catalog, text = open_catalog(folder), " ".join(words)
    found = [
        entry for k in _kinds(None) for entry in catalog.entries(k) if matches(entry, text, catalog)
    ]
    if not found and not json_:
        print(f"nothing found for '{text}'; see: gigawatt catalog list")
        return
    _print(found, catalog, sources, json_, brief=True)


def _kinds(kind: str | None) -> tuple[Kind, ...]:
    from gigawatt.catalog import KINDS
    from gigawatt.core.errors import CatalogError, Problem, did_you_mean

    if kind is None:
        return KINDS
    for known in KINDS:
        if kind in {known, known.removesuffix("s")}:
            return (known,)
    raise CatalogError(
        Problem("E402", f"The catalog has no kind '{kind}'.", did_you_mean(kind, KINDS))
    )


def _print(
    entries: list[Entry], catalog: Catalog, sources: bool, json_: bool, *, brief: bool
) -> None:
    from gigawatt.catalog.browse import as_record, lines

    if json_:
        records: list[dict[str, Any]] = [
            as_record(entry, catalog, sources=sources) for entry in entries
        ]
        print_json(records)
        return
    for entry in entries:
        if brief:
            print(
                f"{entry.id:<32} {entry.kind:<9} {entry.record.name}{'  (yours)' if entry.own else ''}"
            )
            if not sources:
                continue
        for line in lines(entry, catalog, sources=sources):
            print(f"    {line}" if brief else line)
