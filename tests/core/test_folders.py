"""Folders appear whole or not at all: mistakes, full disks, races, kills."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gigawatt.core import folders
from gigawatt.core.errors import RunFailedError, RunFolderError
from gigawatt.core.folders import new_folder, next_number

WRITER = """
import sys, time
from pathlib import Path
from gigawatt.core.folders import new_folder, next_number
runs = Path(sys.argv[1])
with new_folder(lambda: next_number(runs)) as staging:
    (staging / "half.txt").write_text("half")
    print("half", flush=True)
    sys.stdin.readline()
    (staging / "whole.txt").write_text("whole")
"""


def everything(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def fill(folder: Path) -> None:
    (folder / "tables").mkdir()
    (folder / "tables" / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")


def test_a_folder_appears_when_all_is_written(tmp_path: Path) -> None:
    target = tmp_path / "runs" / "0001"
    with new_folder(lambda: target) as staging:
        fill(staging)
        assert not target.exists()
        assert staging.parent == target.parent  # the same disk, or the rename would not be one step
        assert staging.name.startswith(".")
    assert everything(tmp_path) == [
        "runs", "runs/0001", "runs/0001/b.txt", "runs/0001/tables", "runs/0001/tables/a.txt",
    ]  # fmt: skip


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_an_exception_inside_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    def write_and_fail() -> None:
        with new_folder(lambda: tmp_path / "x") as staging:
            fill(staging)
            raise error

    with pytest.raises(error):
        write_and_fail()
    assert everything(tmp_path) == []


def no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_disk_that_fills_at_the_last_step_leaves_nothing(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, step, no_space)
    with (
        pytest.raises(RunFailedError, match="E503") as caught,
        new_folder(lambda: tmp_path / "x") as staging,
    ):
        fill(staging)
    assert caught.value.exit_code == 1
    assert "No space left on device" in str(caught.value)
    assert everything(tmp_path) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, where this machine lets us make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("needs root, to mount a tiny file system")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_really_full_leaves_nothing(tiny_disk: Path) -> None:
    with (
        pytest.raises(RunFailedError, match="E503"),
        new_folder(lambda: tiny_disk / "runs" / "0001") as staging,
    ):
        (staging / "large.bin").write_bytes(b"x" * 200_000)
    assert everything(tiny_disk) == ["runs"]


def test_every_file_and_folder_is_flushed_before_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    flushed: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: flushed.append(os.readlink(f"/proc/self/fd/{handle}"))
    )
    with new_folder(lambda: tmp_path / "x") as staging:
        fill(staging)
        name = str(staging)
    assert set(flushed[:-1]) == {name, f"{name}/tables", f"{name}/tables/a.txt", f"{name}/b.txt"}
    assert flushed[-1] == str(tmp_path)


@pytest.mark.parametrize("content", ["file", "folder with a file"])
def test_what_is_there_is_not_touched(content: str, tmp_path: Path) -> None:
    target = tmp_path / "x"
    if content == "file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    before = everything(tmp_path)
    with pytest.raises(RunFolderError, match="E501"), new_folder(lambda: target) as staging:
        fill(staging)
    assert everything(tmp_path) == before


def test_an_empty_folder_may_become_the_target(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with new_folder(lambda: tmp_path / "x") as staging:
        fill(staging)
    assert (tmp_path / "x" / "b.txt").read_text() == "b"


@pytest.mark.parametrize("name", ["file/x", "n" * 300, f"{'n' * 300}/x"])
def test_a_parent_that_cannot_be_written_to(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    before = everything(tmp_path)
    with (
        pytest.raises((RunFolderError, RunFailedError), match=r"E50[23]"),
        new_folder(lambda: tmp_path / name) as staging,
    ):
        fill(staging)
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    ("there", "free"),
    [([], "0001"), (["0001"], "0002"), (["0001", "0007"], "0008"), (["9999"], "10000"),
     (["notes", "12x", ".gigawatt-1-a"], "0001"), (["3"], "0004")],
)  # fmt: skip
def test_the_next_number(there: list[str], free: str, tmp_path: Path) -> None:
    for name in there:
        (tmp_path / name).mkdir()
    assert next_number(tmp_path) == tmp_path / free


def test_the_next_number_of_no_folder(tmp_path: Path) -> None:
    assert next_number(tmp_path / "runs") == tmp_path / "runs" / "0001"


def test_a_number_taken_meanwhile_is_left_to_the_faster_one(tmp_path: Path) -> None:
    with new_folder(lambda: next_number(tmp_path)) as staging:
        fill(staging)
        with new_folder(lambda: next_number(tmp_path)) as faster:
            (faster / "fast.txt").write_text("fast")
    assert everything(tmp_path / "0001") == ["fast.txt"]
    assert everything(tmp_path / "0002") == ["b.txt", "tables", "tables/a.txt"]


def test_a_number_taken_between_asking_for_it_and_looking_at_it(tmp_path: Path) -> None:
    asked: list[Path] = []

    def numbered() -> Path:
        found = next_number(tmp_path)
        asked.append(found)
        if len(asked) == 2:  # the first asks for the parent only
            found.mkdir()
            (found / "theirs.txt").write_text("theirs")
        return found

    with new_folder(numbered) as staging:
        fill(staging)
    assert everything(tmp_path / "0001") == ["theirs.txt"]
    assert (tmp_path / "0002" / "b.txt").exists()


def test_a_name_taken_between_the_look_and_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def slow_rename(source: Path, target: Path) -> None:
        if not (tmp_path / "0001").exists():
            (tmp_path / "0001").mkdir()
            (tmp_path / "0001" / "theirs.txt").write_text("theirs")
        rename(source, target)

    monkeypatch.setattr(folders.os, "rename", slow_rename)
    with new_folder(lambda: next_number(tmp_path)) as staging:
        fill(staging)
    assert everything(tmp_path / "0001") == ["theirs.txt"]
    assert (tmp_path / "0002" / "b.txt").exists()


def test_many_writers_at_once_get_a_folder_each(tmp_path: Path) -> None:
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        with new_folder(lambda: next_number(tmp_path)) as staging:
            (staging / "who.txt").write_text(str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{n:04d}" for n in range(1, 9)]
    assert {p.read_text() for p in tmp_path.rglob("who.txt")} == {str(n) for n in range(8)}


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a process that stands still with its folder half-written."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        running = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(running)
        assert running.stdout is not None
        assert running.stdout.readline() == "half\n"
        return running

    yield start
    for running in started:
        running.kill()
        running.communicate()


def test_two_processes_write_side_by_side(
    tmp_path: Path, writer: Callable[[], subprocess.Popen[str]]
) -> None:
    first, second = writer(), writer()
    for running in (second, first):
        running.communicate("go on\n", timeout=30)
        assert running.returncode == 0
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["0001", "0002"]
    for name in ("0001", "0002"):
        assert everything(tmp_path / name) == ["half.txt", "whole.txt"]


def test_a_killed_writer_leaves_nothing_to_see_and_the_next_one_sweeps_up(
    tmp_path: Path, writer: Callable[[], subprocess.Popen[str]]
) -> None:
    running = writer()
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=30)
    left = [p.name for p in tmp_path.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(".")
    with new_folder(lambda: next_number(tmp_path)) as staging:
        fill(staging)
    assert [p.name for p in tmp_path.iterdir()] == ["0001"]


def test_sweeping_takes_nothing_that_is_not_a_dead_writer_s(
    tmp_path: Path, writer: Callable[[], subprocess.Popen[str]]
) -> None:
    writer()
    for name in (".gigawatt-mine", ".git", ".gigawatt-"):
        (tmp_path / name).mkdir()
    before = set(everything(tmp_path))
    with new_folder(lambda: tmp_path / "x") as staging:
        fill(staging)
    assert before < set(everything(tmp_path))
