"""What commands with a catalog folder and a chart share: opening the one, writing the other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gigawatt.catalog import Catalog

__all__ = ["open_catalog", "refuse_unwritable", "write_page"]


def open_catalog(folder: Path | None) -> Catalog:
    """The package's catalog, with the records of a folder above it where one is given.

    Raises
    ------
    CatalogError
        E113 if there is no such folder.
    """
    from gigawatt.catalog import Catalog
    from gigawatt.core.errors import CatalogError, Problem

    if folder is None:
        return Catalog()
    if not folder.is_dir():
        raise CatalogError(Problem("E113", f"The catalog folder {folder} does not exist."))
    return Catalog((folder,))


def refuse_unwritable(plot: Path | None) -> None:
    """Refuse before a search what could not be written after it.

    Raises
    ------
    InputError
        E203 for a name that is no HTML file.
    RunFolderError
        E502 where the file cannot stand.
    MissingExtraError
        E601 without Plotly.
    """
    from importlib.util import find_spec

    from gigawatt.core.errors import InputError, MissingExtraError, Problem, RunFolderError

    if plot is None:
        return
    if plot.suffix.lower() not in {".html", ".htm"}:
        message = (
            f"--plot is {str(plot)!r}; charts are written as one HTML file, such as step.html."
        )
        raise InputError(Problem("E203", message, path="--plot"))
    staging = _staging(plot)
    try:
        writable = plot.absolute().parent.is_dir() and not plot.is_dir()
        why = "there is no such folder, or it is one"
        if writable:
            staging.touch()
            staging.unlink()
    except OSError as error:
        writable, why = False, (error.strerror or str(error)).lower()
    if not writable:
        raise RunFolderError(
            Problem("E502", f"{plot} cannot be written: {why}.", "Choose another file.", "--plot")
        )
    if find_spec("plotly") is None:
        raise MissingExtraError.of("report", "--plot")


def write_page(plot: Path, page: str) -> None:
    """Write a page whole or not at all."""
    staging = _staging(plot)
    try:
        staging.write_text(page, encoding="utf-8")
        staging.replace(plot)
    finally:
        staging.unlink(missing_ok=True)


def _staging(plot: Path) -> Path:
    """Where a page stands until it is whole."""
    return plot.with_name(f".gigawatt-{os.getpid()}-{plot.name}")
