"""Page: published failures, recovery and goodput against ours, and the approximation that others use."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.catalog import Catalog
from gigawatt.catalog.reliability_rows import reliability_rows
from gigawatt.reliability.cases import PublishedCase, ettr_cases, published_cases

from .markdown import cell, page, table

_REMAINS = (
    "**32,768 H100 against 100,000.** The same paper has 2.3 interruptions a day of 1,000 servers at "
    "32,768 and one in 18 minutes at 100,000: nearly three times as many for each accelerator. Llama 3, in "
    "2024, lies in between at half the size. The growth that is used joins Llama 3 to 100,000; its range "
    "goes from a straight line to a square root.",
    "**Jobs of 1,024 A100** failed four times as often as the rate of the same paper would have it: "
    "jobs also end for reasons that are not the infrastructure's.",
    "**1,600 H200** were interrupted twice as often as carried over from H100; the figure is an estimate "
    "from a slide. **504 B200** had 21 failures where 14 are expected; chance alone "
    "spans 8 to 22.",
    "**98,304 synchronously.** Ours is lower than published by some points: a recovery that is interrupted "
    "starts again, and 60 s of detection are added to the cold recovery that was measured; without detection "
    "it is nearer. **FT-HSDP** comes out some points too high: which failures stop every replica is assumed.",
    "**Checkpoints** are a few per cent smaller than 14 bytes a parameter.",
)


def validation_goodput_page() -> str:
    """The page."""
    catalog = Catalog()
    return page(
        "Published failures and goodput",
        "Each figure as its source prints it, and as the model computes it with the inputs that the source "
        "states; everything else is the [catalog's](catalog.md#failures-and-recovery). A star marks what a "
        "figure of the catalog was derived from: there an agreement proves nothing. Most sources were read in "
        "compilations; the table says which were read. The equations are under "
        "[Equations of goodput](../equations-goodput.md).",
        table(
            "what | inputs | published | computed | deviation | source",
            (_row(case, catalog) for case in published_cases(catalog)),
        ),
        "## The approximation of Kokolis et al.",
        "RSC-1: 6.5 failures in 1,000 node-days, a restart of 5 minutes, a stop of 5 minutes every hour. "
        "Theirs is of first order; ours is exact for the same inputs, and leaves more where failures are "
        "frequent, since a failure in a restart does not lose half an interval again.",
        table(
            "accelerators | approximation | exact | difference",
            (
                (
                    f"{case.count:,}",
                    f"{case.approximate:.1%}",
                    f"{case.exact:.1%}",
                    f"{100.0 * (case.exact - case.approximate):+.1f} points",
                )
                for case in ettr_cases(catalog)
            ),
        ),
        "## What remains",
        "\n".join(f"- {text}" for text in _REMAINS),
    )


def _row(case: PublishedCase, catalog: Catalog) -> Iterator[str]:
    row = reliability_rows()[case.row]
    yield cell(case.what) + (" \\*" if case.derived else "")
    yield cell(case.inputs)
    unit = "" if case.unit == "1" else f" {case.unit}"
    yield f"{case.bound} {case.published:.4g}{unit}".strip()
    yield f"{case.computed:.4g}{unit}"
    yield (
        ("kept" if case.within_bound else "**broken**") if case.bound else f"{case.deviation:+.0%}"
    )
    title = catalog.sources[row.source].publisher
    yield cell(f"{title}, {'read' if row.seen == 'primary_text' else 'quoted'}")
