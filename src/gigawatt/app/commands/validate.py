"""`gigawatt validate`: predict what was measured, and print the errors."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigawatt.app.finite import print_json
from gigawatt.app.helping import UpperCommand
from gigawatt.app.options import AsJson

if TYPE_CHECKING:
    from gigawatt.perf.serving.validation.report import ServingErrors, ServingValidation
    from gigawatt.perf.validation.errors import ErrorLine
    from gigawatt.perf.validation.report import Validation

__all__ = ["app"]

app = typer.Typer(help="Predict what was measured, and print the errors.", no_args_is_help=True)

_LABEL = 37
"""Columns of the names of lines."""

EveryRow = Annotated[bool, typer.Option("--rows", help="Print every row with its error.")]


@app.command("training", cls=UpperCommand, short_help="Predict measured training steps.")
def training_command(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="CSV of measured runs with the columns of the shipped table; the shipped tables "
            "if left out.",
            metavar="CSV",
        ),
    ] = None,
    rows: EveryRow = False,
    json_: AsJson = False,
) -> None:
    """Predict measured training steps with their own strategy, each without its source.

    A row whose source is among those that the constants were fitted to is predicted with constants
    fitted without that source.
    """
    from gigawatt.catalog.measured import read_runs, shipped_runs
    from gigawatt.perf.validation.report import validate_training

    pretraining = read_runs(data) if data is not None else shipped_runs("training")
    found = validate_training(pretraining)
    single = None if data is not None else validate_training(shipped_runs("single_node"))
    if json_:
        print_json(_as_json(found, single, with_rows=rows))
        return
    _print(found, single, with_rows=rows)


def _line(line: ErrorLine | ServingErrors | None) -> dict[str, float | int] | None:
    if line is None:
        return None
    numbers = ("mape", "median", "bias", "p90")
    return {
        "rows": line.rows,
        "groups": line.groups,
        **{name: round(getattr(line, name), 4) for name in numbers},
    }


def _as_json(found: Validation, single: Validation | None, *, with_rows: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {name: _line(line) for name, line in found.lines().items()}
    if single is not None:
        answer["single_node"] = _line(single.lines()["overall"])
    answer["in_sample"] = {n: _line(v) for n, v in found.lines(in_sample=True).items()}
    answer["by"] = {
        kind: {name: _line(line) for name, line in lines.items()}
        for kind, lines in found.classes().items()
    }
    answer["coverage"] = _coverage(found)
    answer["skipped"] = [
        {"id": refusal.run.id, "source": refusal.run.source_group, "reason": refusal.reason}
        for refusal in found.skipped
    ]
    if with_rows:
        answer["rows"] = [
            {
                "id": case.run.id,
                "group": case.run.config_group,
                "measured_s": case.measured_s,
                "predicted_s": round(float(predicted), 5),
                "error": round(float(error), 4),
                "stack": case.stack.name,
                "rules": case.rules,
            }
            for case, predicted, error in zip(
                found.cases, found.predicted_s, found.errors, strict=True
            )
        ]
    return answer


def _coverage(found: Validation) -> float | None:
    """Predicted rows over those that state a strategy and are not excluded."""
    left = [r for r in found.skipped if r.run.workload == "pretrain" and not r.run.exclude]
    usable = len(found.cases) + len(left)
    return round(len(found.cases) / usable, 4) if usable else None


def _print(found: Validation, single: Validation | None, *, with_rows: bool) -> None:
    heading = f"{'step time, one source left out':<{_LABEL}}{'rows':>6}{'groups':>8}"
    print(f"{heading}{'mean':>8}{'median':>8}{'p90':>8}{'bias':>8}{'in sample':>11}")
    seen = found.lines(in_sample=True)
    for name, line in found.lines().items():
        _print_line(name, line, seen[name])
    if single is not None:
        inside = single.lines(in_sample=True)["overall"]
        _print_line("single node (apart, not in overall)", single.lines()["overall"], inside)
    named = _sources(found)
    for kind, lines in found.classes().items():
        print(f"by {kind}")
        for name, line in lines.items():
            _print_line(f"  {named.get(name, name) if kind == 'source' else name}", line, None)
    if with_rows:
        _print_rows(found)
    coverage = _coverage(found)
    if coverage is not None:
        print(f"predicted: {coverage:.1%} of the rows that are not excluded")
    _print_reasons(refusal.reason for refusal in found.skipped)


def _sources(found: Validation) -> dict[str, str]:
    """Whole names of sources by that of their group, where all rows of a group have one."""
    names: dict[str, set[str]] = {}
    for case in found.cases:
        names.setdefault(case.run.source_group, set()).add(case.run.source)
    return {group: min(sources) for group, sources in names.items() if len(sources) == 1}


def _print_rows(found: Validation) -> None:
    """Every row: its name as the table has it, and where it comes from."""
    widest = max((len(case.run.id) for case in found.cases), default=0)
    width = max(widest + 2, len("rows"))
    print(f"{'rows':<{width}}{'measured s':>12}{'predicted s':>13}{'error':>9}  source")
    for case, predicted, error in zip(found.cases, found.predicted_s, found.errors, strict=True):
        print(
            f"{case.run.id:<{width}}{case.measured_s:>12,.3f}{predicted:>13,.3f}{error:>+9.1%}  "
            f"{case.run.source}"
        )


def _print_reasons(reasons: Iterable[str]) -> None:
    """Why rows are not predicted, the commonest reason first."""
    counted = Counter(reasons)
    if counted:
        print(f"not predicted: {counted.total()} rows")
        for reason, count in counted.most_common():
            print(f"  {count:>4}  {reason}")


def _print_line(name: str, line: ErrorLine | None, inside: ErrorLine | None) -> None:
    if line is None:
        return
    text = (
        f"{name:<{_LABEL}}{line.rows:>6}{line.groups:>8}{line.mape:>8.1%}{line.median:>8.1%}"
        f"{line.p90:>8.1%}{line.bias:>+8.1%}"
    )
    print(text + (f"{inside.mape:>11.1%}" if inside is not None else ""))


@app.command("serving", cls=UpperCommand, short_help="Predict measured serving points.")
def serving_command(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="CSV of measured serving points with the columns of the shipped table; the shipped "
            "table if left out.",
            metavar="CSV",
        ),
    ] = None,
    rows: EveryRow = False,
    aiconfigurator: Annotated[
        bool,
        typer.Option(
            "--aiconfigurator",
            help="Beside them, TPOT from the kernels of aiconfigurator, where it covers a row (extra "
            "silicon).",
        ),
    ] = False,
    json_: AsJson = False,
) -> None:
    """Predict measured serving points with their own layout, load and lengths.

    No constant is fitted to such points, so that no source is ever seen. Server and interactive points
    are predicted from their limits of latency, their rate unseen.
    """
    from gigawatt.catalog.serving_runs import read_serving_runs, shipped_serving_runs
    from gigawatt.perf.serving.validation.report import validate_serving

    found = validate_serving(
        read_serving_runs(data) if data is not None else shipped_serving_runs()
    )
    beside = _beside(found) if aiconfigurator else {}
    if json_:
        record = _serving_json(found, with_rows=rows)
        record |= {"tpot_beside": {name: _line(line) for name, line in beside.items()}}
        print_json(record)
        return
    _print_serving(found, with_rows=rows)
    if beside:
        print("TPOT of the rows that aiconfigurator covers")
        for name, line in beside.items():
            _print_serving_line(f"  {name}", line)


def _beside(found: ServingValidation) -> dict[str, ServingErrors | None]:
    """Errors of TPOT by aiconfigurator's kernels and by ours, on the rows that it covers."""
    from gigawatt.app.progress import progress_bar
    from gigawatt.perf.serving.validation.silicon import aiconfigurator_tpot_s

    with progress_bar("composing measured kernels") as told:
        times = aiconfigurator_tpot_s(found.cases, lambda done, of: told(done / of))
    return found.beside(times)


def _serving_json(found: ServingValidation, *, with_rows: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {name: _line(line) for name, line in found.lines().items()}
    modes = {name: _line(line) for name, line in found.modes().items()}
    answer |= modes | {"mode": modes}
    answer["by"] = {
        figure: {
            kind: {name: _line(line) for name, line in lines.items()}
            for kind, lines in found.classes(figure).items()
        }
        for figure in ("throughput", "tpot")
    }
    answer["skipped"] = [
        {"id": refused.run.id, "source": refused.run.source, "reason": refused.reason}
        for refused in found.skipped
    ]
    if with_rows:
        throughput, tpot = found.errors("throughput"), found.errors("tpot")
        answer["rows"] = [
            {
                "id": case.run.id,
                "mode": case.run.mode,
                "tokens_per_s_per_gpu": _known(found.predicted.tokens_per_s_per_gpu[i]),
                "tpot_ms": _known(1e3 * found.predicted.tpot_s[i]),
                "ttft_ms": _known(1e3 * found.predicted.ttft_s[i]),
                "error": _known(throughput[i]),
                "tpot_error": _known(tpot[i]),
                "precision": case.precision,
                "runtime": case.runtime.name,
            }
            for i, case in enumerate(found.cases)
        ]
    return answer


def _known(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None


def _print_serving(found: ServingValidation, *, with_rows: bool) -> None:
    heading = f"{'output tokens/s per accelerator':<46}{'rows':>6}{'groups':>8}"
    print(f"{heading}{'median':>8}{'p90':>8}{'mean':>8}{'bias':>8}")
    lines = found.lines()
    _print_serving_line("overall", lines["overall"])
    for name, line in found.modes().items():
        _print_serving_line(f"  {name}", line)
    _print_serving_line("time of an output token", lines["tpot"])
    _print_serving_line("time to the first token", lines["ttft"])
    for mode, line in found.first_tokens().items():
        _print_serving_line(f"  {mode}", line)
    _print_serving_line("time to the first token (no queue)", lines["ttft_without_queue"])
    for figure, title in (("throughput", "tokens/s"), ("tpot", "TPOT")):
        for kind, classes in found.classes(figure).items():
            print(f"{title} by {kind}")
            for name, line in classes.items():
                _print_serving_line(f"  {name}", line)
    if with_rows:
        print("rows: measured and predicted tokens/s per accelerator, error; TPOT error")
        throughput, tpot = found.errors("throughput"), found.errors("tpot")
        for i, case in enumerate(found.cases):
            measured = case.run.output_tokens_per_s_per_gpu
            rate = "" if measured is None else f"{measured:>12,.1f}"
            error = f"{throughput[i]:>+8.1%}" if math.isfinite(throughput[i]) else ""
            late = f"{tpot[i]:>+8.1%}" if math.isfinite(tpot[i]) else ""
            predicted = found.predicted.tokens_per_s_per_gpu[i]
            print(f"  {case.run.id:<14}{rate:>12}{predicted:>12,.1f}{error:>9}{late:>9}")
    _print_reasons(refused.reason for refused in found.skipped)


def _print_serving_line(name: str, line: ServingErrors | None) -> None:
    if line is not None:
        print(
            f"{name:<46}{line.rows:>6}{line.groups:>8}{line.median:>8.1%}{line.p90:>8.1%}"
            f"{line.mape:>8.1%}{line.bias:>+8.1%}"
        )
