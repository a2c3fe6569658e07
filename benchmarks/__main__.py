"""Run all benchmarks: a table on the terminal and bench.json beside it."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gigawatt import __version__

from .registry import BENCHMARKS


def main() -> int:
    """Measure, print, write; exit 1 if a bar is missed."""
    table = Table("benchmark", "measured", "bar", "", title=f"gigawatt {__version__}")
    rows = []
    for benchmark in BENCHMARKS:
        figure = benchmark.measure()
        met = figure <= benchmark.bar
        rows.append({"name": benchmark.name, "unit": benchmark.unit, "measured": figure,
                     "bar": benchmark.bar, "met": met})  # fmt: skip
        table.add_row(
            benchmark.name, f"{figure:,.3g} {benchmark.unit}",
            f"≤ {benchmark.bar:g} {benchmark.unit}", "met" if met else "MISSED",
        )  # fmt: skip
    Console(width=110).print(table)
    record = {
        "gigawatt": __version__,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"python": platform.python_version(), "cores": os.cpu_count()},
        "benchmarks": rows,
    }
    Path("bench.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    return 0 if all(row["met"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
