"""The `gigawatt` command: its sub-commands, and what becomes of errors.

Exit codes: 0 done, 1 the run failed, 2 the input cannot be used, 130 interrupted, 141 nobody reads
the answer any more. Errors go to standard error, answers to standard output.
"""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

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

__all__ = ["app", "main"]


class _Commands(TyperGroup):
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
    context_settings={"help_option_names": ["-h", "--help"]},
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


app.command("plan")(plan.plan_command)
app.command("report", epilog=report.EXAMPLES)(report.report_command)
app.command("explain")(explain.explain_command)
app.command("compare")(compare.compare_command)
app.command("new")(new.new_command)
app.command("check")(check.check_command)
app.command("schema")(schema.schema_command)
app.command("train")(train.train_command)
app.command("curve")(curve.curve_command)
app.command("claim")(claim.claim_command)
app.command("goodput")(goodput.goodput_command)
app.command("infer")(infer.infer_command)
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
            print(problem, file=sys.stderr)
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
