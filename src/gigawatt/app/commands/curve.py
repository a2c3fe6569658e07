"""`gigawatt curve`: the throughput of a model on a system by the number of accelerators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigawatt.app.amounts import digits
from gigawatt.app.finite import print_json
from gigawatt.app.folding import put
from gigawatt.app.options import AsJson, ModelName, TrainingPrecision
from gigawatt.app.progress import progress_bar

if TYPE_CHECKING:
    from gigawatt.perf.scaling import CurvePoint, ThroughputCurve

__all__ = ["curve_command"]


def curve_command(
    model: ModelName,
    on: Annotated[str, typer.Option("--on", help="System, such as gb300-nvl72.", metavar="SYSTEM")],
    tokens: Annotated[
        str,
        typer.Option(
            "--tokens",
            help="Tokens of the whole run, such as 15T, which set the critical batch.",
            metavar="TOKENS",
        ),
    ] = "15T",
    batch_tokens: Annotated[
        str | None,
        typer.Option(
            "--batch-tokens",
            help="Tokens of a step, such as 16M; what the critical batch allows if left out.",
            metavar="TOKENS",
        ),
    ] = None,
    seq: Annotated[
        str, typer.Option("--seq", help="Tokens of a sequence, such as 8k.", metavar="TOKENS")
    ] = "8k",
    precision: TrainingPrecision = None,
    json_: AsJson = False,
) -> None:
    """Throughput against the number of accelerators, from the fewest that hold the model to millions.

    At every count the best strategy of those that production runs use. Kept on disk by a hash of all
    that it depends on.
    """
    from gigawatt.app.quantities import if_given, run_tokens, step_tokens
    from gigawatt.catalog import Catalog
    from gigawatt.perf.ask import model_named
    from gigawatt.perf.chip import chip_of
    from gigawatt.perf.scaling import throughput_curve

    sequence = step_tokens(seq, "--seq")
    whole = run_tokens(tokens, "--tokens")
    batch = if_given(step_tokens, batch_tokens, "--batch-tokens")
    _refuse_sizes(sequence, whole, batch)
    catalog = Catalog()
    architecture = model_named(catalog, model).architecture
    formats = chip_of(catalog, on).peak
    wanted = precision or next(p for p in ("mxfp8", "fp8", "bf16") if p in formats)
    with progress_bar("searching strategies at each count") as told:
        curve = throughput_curve(
            catalog,
            architecture,
            on,
            wanted,
            sequence=sequence,
            tokens=whole,
            batch_tokens=batch,
            progress=lambda done, of: told(done / of),
        )
    if json_:
        print_json(_record(curve))
    else:
        _print(curve)
    if curve.least == float("inf"):
        raise typer.Exit(1)


def _refuse_sizes(sequence: int, tokens: float, batch: int | None) -> None:
    """Refuse steps and runs that cannot be meant."""
    from gigawatt.core.errors import InputError, Problem
    from gigawatt.perf.training_request import MOST_BATCH_TOKENS, MOST_SEQUENCE, MOST_TOKENS

    step = batch or sequence
    problems = [
        Problem("E213", f"{option} is {value:,.6g}; allowed are {least:,} to {most:,.6g} tokens.",
                fix, option)
        for option, value, least, most, fix in (
            ("--seq", sequence, 1, MOST_SEQUENCE, ""),
            ("--batch-tokens", batch, sequence, MOST_BATCH_TOKENS, "A step has whole sequences."),
            ("--tokens", tokens, step, MOST_TOKENS, "A run has at least one step."),
        )
        if value is not None and not least <= value <= most
    ]  # fmt: skip
    if problems:
        raise InputError(problems[:1])


def _record(curve: ThroughputCurve) -> dict[str, Any]:
    return {
        "system": curve.system_id,
        "precision": curve.precision,
        "kernels_of": curve.reference_id,
        "stack": curve.stack,
        "sequence": curve.sequence,
        "most_batch_tokens": curve.most_batch_tokens,
        "points": [
            {
                "count": point.count,
                "tokens_per_s": point.tokens_per_s,
                "error_band": {"low": point.low, "high": point.high},
                "mfu": float(curve.mfu(point.count)),
                "step_time_s": point.step_s,
                "batch_tokens": point.batch_tokens,
                "strategy": point.strategy,
                "outside_validated": list(point.outside),
            }
            for point in curve.points
        ],
    }


def _print(curve: ThroughputCurve) -> None:
    carried = "" if curve.reference_id == curve.system_id else f", kernels of {curve.reference_id}"
    put(
        f"{curve.system_id}, {curve.precision}, sequences of {curve.sequence:,}, batches up to "
        f"{curve.most_batch_tokens / 1e6:,.1f} M tokens{carried}"
    )
    put(
        f"{'accelerators':>12}{'M tokens/s':>12}{'band':>18}{'MFU':>7}{'step s':>9}{'batch M':>9}"
        "  strategy (* = outside measured ground)"
    )
    for point in curve.points:
        put(_row(curve, point))


def _row(curve: ThroughputCurve, point: CurvePoint) -> str:
    if not point.tokens_per_s:
        return f"{point.count:>12,}{'–':>12}  does not fit"
    band = f"{digits(point.low / 1e6)}–{digits(point.high / 1e6)}"
    return (
        f"{point.count:>12,}{digits(point.tokens_per_s / 1e6, 4):>12}{band:>18}"
        f"{float(curve.mfu(point.count)):>7.1%}{digits(point.step_s):>9}{point.batch_tokens / 1e6:>9.1f}"
        f"  {point.strategy}{' *' if point.outside else ''}"
    )
