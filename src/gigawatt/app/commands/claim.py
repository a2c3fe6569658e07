"""`gigawatt claim`: what a claim says of two systems, what datasheets say, and what workloads get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gigawatt.app.finite import print_json
from gigawatt.app.folding import columns, put
from gigawatt.app.options import AsJson, Folder
from gigawatt.app.progress import progress_bar

if TYPE_CHECKING:
    from gigawatt.perf.generations import Row, SideBySide

__all__ = ["claim_command"]

_TRAINED = ("deepseek-v3", "llama31-405b")
_SERVED = ("deepseek-v3", "gpt-oss-120b")
_SAME = {"mxfp8": "fp8", "nvfp4": "fp4"}
"""Formats of `gigawatt train` by the names that datasheets have for them."""
_LABEL = 46
_HEADS = ("per package", "per rack", "per MW", "per dollar")


def claim_command(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="CLAIM",
            help="Id of a claim, or two systems as NEW/OLD, such as vr-nvl72/gb300-nvl72.",
            show_default=False,
        ),
    ],
    train: Annotated[
        list[str] | None,
        typer.Option(
            "--train", help="A model to train, again for more; two if left out.", metavar="MODEL"
        ),
    ] = None,
    serve: Annotated[
        list[str] | None,
        typer.Option(
            "--serve", help="A model to serve, again for more; two if left out.", metavar="MODEL"
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            "--precision",
            help="Of training: bf16, fp8 (mxfp8 where a system has it) or fp4 (nvfp4).",
        ),
    ] = "fp8",
    tpot: Annotated[
        str, typer.Option("--tpot", help="Limit of an output token when serving.", metavar="TIME")
    ] = "50ms",
    folder: Folder = None,
    json_: AsJson = False,
) -> None:
    """Put two generations side by side: claims, datasheets, and what training and serving get.

    For a package, a rack, a MW and a dollar, since a ratio of one says little about the others.
    """
    from gigawatt.app.plots import open_catalog
    from gigawatt.app.quantities import duration_s
    from gigawatt.catalog import PRECISIONS
    from gigawatt.core.errors import InputError, Problem
    from gigawatt.perf.generations import ServingWork, TrainingWork, side_by_side

    precision = _SAME.get(precision, precision)
    if precision not in PRECISIONS:
        raise InputError(
            Problem(
                "E203",
                f"--precision is '{precision}'; it may be {', '.join(PRECISIONS)}.",
                "",
                "--precision",
            )
        )
    catalog = open_catalog(folder)
    training = [TrainingWork(model, precision) for model in train or (() if serve else _TRAINED)]
    limit = duration_s(tpot, "--tpot")
    serving = [ServingWork(model, tpot_s=limit) for model in serve or (() if train else _SERVED)]
    with progress_bar("searching strategies") as told:
        told(0.0)
        found = side_by_side(catalog, subject, training, serving)
    if json_:
        print_json(found.record())
        return
    _print(found)


def _print(found: SideBySide) -> None:
    put(f"{found.new} over {found.old}")
    put(*_beside("", _HEADS))
    for row in found.rows:
        put(*_lines(row))
    put("what stands behind it")
    for row in found.rows:
        if row.note:
            put(f"  {row.kind}: {row.what}: {row.note}")


def _lines(row: Row) -> list[str]:
    from gigawatt.perf.generations import PER

    cells = [f"{row.ratio[per]:.2f}x" if per in row.ratio else "–" for per in PER]
    band = ""
    if row.band is not None and row.ratio:
        low, high = (row.ratio["package"] * end for end in (row.band.low, row.band.high))
        band = f"   (per package {low:.2f} to {high:.2f})"
    return _beside(f"{row.kind}: {row.what.split(':')[0]}", cells, band)


def _beside(label: str, cells: Sequence[str], band: str = "") -> list[str]:
    """A line of the table; where the terminal is too narrow, the label on a line of its own."""
    figures = "".join(f"{cell:>13}" for cell in cells)
    if 0 < columns() < _LABEL + len(figures):
        return [f"{label}{band}", figures] if label else [figures]
    return [f"{label:<{_LABEL}}{figures}{band}"]
