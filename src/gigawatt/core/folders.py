"""Folders that appear whole or not at all.

Files are written into a hidden sibling folder, flushed to disk, and the folder is renamed into place
in one step. A folder that is already there is never touched. What a killed process leaves behind is a
hidden folder that the next writer removes.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import Problem, RunFailedError, RunFolderError

__all__ = ["new_folder", "next_number"]

_STAGING = ".gigawatt-"


@contextmanager
def new_folder(target: Callable[[], Path]) -> Iterator[Path]:
    """A staging folder that becomes the target when the block ends without an error.

    Parameters
    ----------
    target : callable
        Gives the wanted path; asked again when somebody else took it meanwhile.

    Yields
    ------
    Path
        The staging folder; write all files there. It is renamed to `target()` at the end.

    Raises
    ------
    RunFolderError
        E501 if the target exists, E502 if its parent cannot be written to.
    RunFailedError
        E503 if writing fails midway (a full disk); nothing is left behind.
    """
    parent: Path | None = None
    try:
        parent = target().parent
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(parent)
        staging = parent / f"{_STAGING}{os.getpid()}-{uuid.uuid4().hex[:8]}"
        staging.mkdir()
    except OSError as error:
        raise RunFolderError(
            Problem(
                "E502",
                f"The folder {parent or error.filename} cannot be written to: {error.strerror or error}.",
                "Choose another with --out or --runs.",
            )
        ) from None
    try:
        yield staging
        for path in staging.rglob("*"):
            _flush(path)
        _flush(staging)
        _rename(staging, target)
        _flush(parent)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        raise RunFailedError(
            Problem(
                "E503",
                f"The run folder could not be written: {error.strerror or error}.",
                "Nothing was left behind. Free some space, or choose another --out or --runs.",
            )
        ) from None
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _rename(staging: Path, target: Callable[[], Path]) -> None:
    for _ in range(1000):
        final = target()
        if final.exists() and (not final.is_dir() or any(final.iterdir())):
            if target() == final:
                raise RunFolderError(_exists(final))
            continue  # somebody was faster, and there is another name
        try:
            os.rename(staging, final)
        except (FileExistsError, NotADirectoryError):
            continue
        except OSError as error:
            if error.errno in {39, 66}:  # not empty: somebody was faster
                continue
            raise
        return
    raise RunFolderError(_exists(target()))


def _exists(path: Path) -> Problem:
    return Problem(
        "E501",
        f"{path} already exists and is not empty.",
        "Choose another --out; a run is never mixed into another.",
    )


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(parent: Path) -> None:
    """Remove staging folders whose process is gone."""
    for left in parent.glob(f"{_STAGING}*"):
        pid = left.name.removeprefix(_STAGING).partition("-")[0]
        if pid.isdigit() and int(pid) != os.getpid() and not _alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def next_number(parent: Path) -> Path:
    """The first free four-digit folder in a parent: `0001`, `0002` and so on."""
    taken = (
        [int(p.name) for p in parent.glob("[0-9]*") if p.name.isdigit()] if parent.is_dir() else []
    )
    return parent / f"{max(taken, default=0) + 1:04d}"
