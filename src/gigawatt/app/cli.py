"""The `gigawatt` command: its sub-commands, and what becomes of errors.

Exit codes: 0 done, 1 the run failed, 2 the input cannot be used, 130 interrupted, 141 nobody reads
the answer any more. Errors go to standard error, answers to standard output.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from io import TextIOWrapper
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

from gigawatt._version import __version__
from gigawatt.core.errors import GigawattError

from .commands import (
    calibrate,
    catalog,
    check,
    claim,
    compare,
    curve,
    explain,
    goodput,
    infer,
    new,
    plan,
    report,
    schema,
    train,
    validate,
)
from .folding import put
from .helping import HELP, UpperCommand, UpperGroup

__all__ = ["app", "main"]


class _Commands(UpperGroup):
    """All commands; a reader that closes the pipe ends them quietly."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _drop_output()
            raise typer.Exit(141) from None
        return result


app = typer.Typer(
    name="gigawatt",
    cls=_Commands,
    help="Plan AI compute build-outs, from the chip to the cash flow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=HELP,
)


def _version(asked: bool) -> None:
    if asked:
        print(f"gigawatt {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


_add = partial(app.command, cls=UpperCommand)
_add("plan", short_help="What is built when, what it costs, who pays when.")(plan.plan_command)
_add(
    "report",
    short_help="A plan as a page, on paper, or as a workbook that recalculates.",
    epilog=report.EXAMPLES,
)(report.report_command)
_add("explain", short_help="Why a figure is what it is, down to sources and lines.")(
    explain.explain_command
)
_add("compare", short_help="What differs between two plans, and what that moved.")(
    compare.compare_command
)
_add("new", short_help="Make a scenario file of your own from a shipped one.")(new.new_command)
_add("check", short_help="Whether a scenario can be planned, and what looks odd.")(
    check.check_command
)
_add("schema", short_help="Print the JSON Schema of scenario files.")(schema.schema_command)
_add("train", short_help="Best strategies for training a model, time and dollars.")(
    train.train_command
)
_add("curve", short_help="Throughput of a model by the number of accelerators.")(
    curve.curve_command
)
_add("claim", short_help="Two generations side by side, and what is claimed.")(claim.claim_command)
_add("goodput", short_help="Time that failures leave a run, and what would help.")(
    goodput.goodput_command
)
_add("infer", short_help="Best ways of serving a model within limits of latency.")(
    infer.infer_command
)
app.add_typer(catalog.app, name="catalog")
app.add_typer(validate.app, name="validate")
app.add_typer(calibrate.app, name="calibrate")


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _drop_output() -> None:
    """Send what is left of standard output nowhere, so that leaving does not fail on it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> NoReturn:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # where a terminal has no '→', it shows '?'
            stream.reconfigure(errors="replace")
    try:
        app()
    except GigawattError as error:
        for problem in error.problems:
            put(problem, file=sys.stderr)
        if len(error.problems) > 1:
            print(f"{len(error.problems)} problems.", file=sys.stderr)
        sys.exit(error.exit_code)
    except SystemExit as leaving:
        if leaving.code == 130:
            print("interrupted; nothing half-written was left behind", file=sys.stderr)
        raise
    except OSError as error:
        _drop_output()
        print(f"the answer could not be written: {error}", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)
