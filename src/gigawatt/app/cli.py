"""The `gigawatt` command: its sub-commands, and what becomes of errors.

Exit codes: 0 done, 1 the run failed, 2 the input cannot be used, 130 interrupted. Errors go to
standard error, answers to standard output.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer

from gigawatt._version import __version__
from gigawatt.core.errors import GigawattError

from .commands import catalog, check, compare, explain, new, plan, schema

__all__ = ["app", "main"]

app = typer.Typer(
    name="gigawatt",
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
app.command("explain")(explain.explain_command)
app.command("compare")(compare.compare_command)
app.command("new")(new.new_command)
app.command("check")(check.check_command)
app.command("schema")(schema.schema_command)
app.add_typer(catalog.app, name="catalog")


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> NoReturn:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except GigawattError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        if len(error.problems) > 1:
            print(f"{len(error.problems)} problems.", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted; nothing half-written was left behind", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    sys.exit(0)
