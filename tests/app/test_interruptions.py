"""Pipes that close, disks that fill, keys that interrupt: quiet ends and nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Process = Callable[..., "subprocess.CompletedProcess[str]"]

STOPS = """
import signal, sys, time
# as in the foreground of a terminal: a shell lets what it starts in the background ignore Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)
import gigawatt.planning.runfolder as runfolder
real = runfolder.tables
def slow(plan):
    print("writing", file=sys.stderr, flush=True)
    time.sleep(60)
    return real(plan)
runfolder.tables = slow
from gigawatt.app.cli import main
main()
"""


def visible(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))


@pytest.fixture
def stopped_while_writing(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A `gigawatt plan` that stands still in the middle of writing its run folder."""
    running = subprocess.Popen(
        [sys.executable, "-c", STOPS, "plan", "one-campus", "--no-report"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    assert running.stderr.readline() == "writing\n"
    yield running
    running.kill()
    running.communicate()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminate"])
def test_an_interrupted_plan_leaves_nothing(
    sent: signal.Signals, stopped_while_writing: subprocess.Popen[str], tmp_path: Path
) -> None:
    staging = [p.name for p in (tmp_path / "runs").iterdir()]
    assert len(staging) == 1  # it really was writing
    assert staging[0].startswith(".")
    stopped_while_writing.send_signal(sent)
    out, err = stopped_while_writing.communicate(timeout=30)
    assert (stopped_while_writing.returncode, out) == (130, "")
    assert err == "interrupted; nothing half-written was left behind\n"
    assert list((tmp_path / "runs").iterdir()) == []


PLAYS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import gigawatt.reliability.replay as replay
real = replay._interruptible
def told(*arguments):
    print("playing", file=sys.stderr, flush=True)
    real(*arguments)
replay._interruptible = told
from gigawatt.app.cli import main
main()
"""


def test_an_interrupted_replay_ends_at_once(tmp_path: Path) -> None:
    long = [
        "goodput",
        "llama31-8b",
        "--on",
        "h100-sxm:131072",
        "--spares",
        "1%",
        "--interval",
        "0.1 s",
    ]
    with subprocess.Popen(
        [sys.executable, "-c", PLAYS, *long, "--simulate", "--days", "36525", "--json"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stderr is not None
        assert running.stderr.readline() == "playing\n"
        time.sleep(0.5)
        assert running.poll() is None  # it really plays
        sent = time.monotonic()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
        took = time.monotonic() - sent
    assert (running.returncode, out) == (130, "")
    assert err == "interrupted; nothing half-written was left behind\n"
    assert took < 8.0  # some tenths of a second on a free machine; played to its end it is minutes
    assert list(tmp_path.iterdir()) == []


def test_a_killed_plan_leaves_no_run_and_the_next_one_sweeps_up(
    stopped_while_writing: subprocess.Popen[str], tmp_path: Path, process: Process
) -> None:
    stopped_while_writing.kill()
    stopped_while_writing.communicate(timeout=30)
    assert visible(tmp_path / "runs") == []
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert process("plan", "one-campus", "--no-report").returncode == 0
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["0001"]


def test_a_plan_beside_one_that_is_writing_leaves_it_alone(
    stopped_while_writing: subprocess.Popen[str], tmp_path: Path, process: Process
) -> None:
    assert process("plan", "one-campus", "--no-report").returncode == 0
    assert stopped_while_writing.poll() is None
    assert visible(tmp_path / "runs") == ["0001"]
    assert len(list((tmp_path / "runs").iterdir())) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["catalog", "list", "--sources"],
        ["explain", "one-campus", "fleet.packages", "--json"],
        ["goodput", "llama31-8b", "--on", "h100-sxm:64"],
        ["infer", "llama31-8b", "--on", "h100-sxm:8"],
    ],
    ids=["much", "little", "table", "search"],
)
def test_a_closed_pipe_ends_quietly(arguments: list[str], process: Process) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = process(*arguments, capture_output=False, stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_head_reads_one_line_and_nobody_complains(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "gigawatt", "catalog", "list", "--sources"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    assert running.stdout.readline().startswith(b"a100")
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait(timeout=30) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_answer_that_cannot_be_written_is_a_failed_run(process: Process) -> None:
    with Path("/dev/full").open("w") as full:
        done = process(
            "plan", "one-campus", "--no-save",
            capture_output=False, stdout=full, stderr=subprocess.PIPE,
        )  # fmt: skip
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_without_arrows_still_gets_the_answer(process: Process) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = process("plan", "one-campus", "--no-save", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("One campus    2026-07 ? 2030-06")
