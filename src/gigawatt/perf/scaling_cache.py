"""Curves on disk: one JSON file each, named by a hash of everything that the curve depends on.

A file is written whole or not at all, never changed, and believed only if it reads back; whatever is
damaged, unreadable or in the way is computed again. No clock and no lock: two processes that compute the
same curve write the same bytes. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from gigawatt._version import __version__
from gigawatt.catalog.store import DATA

__all__ = ["FORMAT", "folder", "key_of", "load", "store"]

FORMAT = 2
_T = TypeVar("_T")


def folder() -> Path:
    """Where curves are kept: GIGAWATT_CACHE_DIR, else gigawatt/ in the user's cache folder."""
    own = os.environ.get("GIGAWATT_CACHE_DIR")
    if own:
        return Path(own) / "curves"
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "gigawatt" / "curves"


def key_of(identity: Mapping[str, Any]) -> str:
    """SHA-256 of what a curve depends on, of the program's version and of the model's source."""
    whole = {"format": FORMAT, "version": __version__, "source": source_hash(), **identity}
    text = json.dumps(whole, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def source_hash() -> str:
    """SHA-256 of the source files of the performance model, and of the measured runs that check it."""
    digest = hashlib.sha256()
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    for path in [*sources, *sorted((DATA / "measured").iterdir())]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load(key: str, read: Callable[[Mapping[str, Any]], _T]) -> _T | None:
    """What is kept under a key; none where nothing is, or nothing that can be read."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        kept = json.loads((folder() / f"{key}.json").read_text(encoding="utf-8"))
        if kept["key"] == key and kept["digest"] == _digest(kept["curve"]):
            return read(kept["curve"])
    return None


def store(key: str, curve: Mapping[str, Any]) -> None:
    """Keep a curve; where the folder cannot be written to, it is computed again next time."""
    place = folder()
    part = place / f".{key[:16]}-{uuid.uuid4().hex[:8]}.part"
    whole = {"key": key, "digest": _digest(curve), "curve": curve}
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(place / f"{key}.json")
        finally:
            part.unlink(missing_ok=True)


def _digest(curve: Mapping[str, Any]) -> str:
    """SHA-256 of a curve, so that one that was touched is not believed."""
    return hashlib.sha256(json.dumps(curve, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):  # a catalog record
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    return float(value)
