"""Workbooks recalculated by LibreOffice Calc, without a window, in a profile of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

__all__ = ["Figures", "Office", "months_of", "read"]

Figures = dict[str, dict[str, float | str | bool | None]]
"""Worksheet → cell → value."""

# Recalculate on load, always: otherwise the values that a file carries are shown.
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
  <item oor:path="/org.openoffice.Office.Calc/Formula/Load">
    <prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
  </item>
</oor:items>
"""


class Office:
    """LibreOffice with a profile that is kept warm between calls.

    Parameters
    ----------
    folder : Path
        Empty; profile and results go here.
    """

    def __init__(self, folder: Path) -> None:
        program = shutil.which("soffice")
        if program is None:
            reason = "LibreOffice is not installed (Debian package libreoffice-calc-nogui)"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        self._program, self._folder, self._runs = program, folder, 0
        settings = folder / "profile" / "user" / "registrymodifications.xcu"
        settings.parent.mkdir(parents=True)
        settings.write_text(_SETTINGS, encoding="utf-8")

    def recalculate(self, *books: Path) -> list[Figures]:
        """All values of each workbook after its formulas were computed anew."""
        self._runs += 1
        out = self._folder / f"out-{self._runs}"
        done = subprocess.run(
            [
                self._program,
                f"-env:UserInstallation={(self._folder / 'profile').as_uri()}",
                *(
                    "--headless",
                    "--convert-to",
                    "xlsx:Calc MS Excel 2007 XML",
                    "--outdir",
                    str(out),
                ),
                *map(str, books),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        results = [out / book.name for book in books]
        missing = [path.name for path in results if not path.exists()]
        assert not missing, f"not recalculated: {missing}; {done.stdout} {done.stderr}"
        return [read(path) for path in results]


def read(path: Path) -> Figures:
    """All values of a workbook as the file carries them."""
    book = openpyxl.load_workbook(path, data_only=True)
    return {
        sheet.title: {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row}
        for sheet in book.worksheets
    }


def months_of(figures: Figures, labels: Sequence[str]) -> dict[str, list[tuple[str, list[object]]]]:
    """Label of each row → worksheets that have it, with its months."""
    found: dict[str, list[tuple[str, list[object]]]] = {}
    for sheet, cells in figures.items():
        heads = {value: key for key, value in cells.items() if value in set(labels)}
        if set(labels) - set(heads):
            continue
        columns = [heads[label].rstrip("0123456789") for label in labels]
        top = int(heads[labels[0]].removeprefix(columns[0]))
        for row in range(
            top + 1, 1 + max(int(key.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) for key in cells)
        ):
            label = cells.get(f"A{row}")
            if label is not None and cells.get(f"{columns[0]}{row}") is not None:
                months = [cells.get(f"{column}{row}") for column in columns]
                found.setdefault(str(label), []).append((sheet, months))
    return found
