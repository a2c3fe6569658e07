"""Finding and reading catalog records: one YAML file a record, read when it is asked for.

A `Catalog` looks in the package's own data, then in folders and inline records that a scenario
brings; a user's record wins over ours of the same id. It never guesses: an unknown id is an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from gigawatt.core.errors import CatalogError, Origin, Problem, did_you_mean
from gigawatt.core.yamltree import Tree, read_yaml

from .calibration import Calibration
from .facts import Source
from .kernels import Kernels
from .records import (
    Claim,
    Deal,
    Kind,
    Model,
    PlanningDefaults,
    Record,
    Reference,
    ScalingLaw,
    Site,
    System,
)
from .reliability import Reliability

__all__ = ["DATA", "KINDS", "Catalog", "Entry", "record_files"]

DATA = Path(__file__).parent / "data"
KINDS: tuple[Kind, ...] = get_args(Kind)

_TYPES: dict[Kind, type[Record]] = {
    "systems": System,
    "models": Model,
    "sites": Site,
    "deals": Deal,
    "prices": Reference,
    "power": Reference,
    "finance": Reference,
    "claims": Claim,
    "kernels": Kernels,
    "calibration": Calibration,
    "reliability": Reliability,
    "laws": ScalingLaw,
    "defaults": PlanningDefaults,
}
_R = TypeVar("_R", bound=Record)
_LONGEST_ID = 200
"""Letters of an id that is a file's name too; more are nobody's id, and no file system takes them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with its id, its kind and the lines it was read from."""

    kind: Kind
    id: str
    record: Record
    origins: Mapping[str, Origin]
    own: bool
    """Whether a user brought it."""


@dataclass(frozen=True)
class Catalog:
    """The package's records, and those that a user adds.

    Parameters
    ----------
    folders : tuple of Path
        Folders laid out like the package's data (`systems/my-chip.yaml`), searched first.
    inline : mapping
        Records written in a scenario: kind → id → raw record.
    inline_origins : mapping of str to Origin
        Lines of the inline records by `kind.id.field`.

    Examples
    --------
    >>> Catalog().system("h100-sxm").packages_per_rack.value
    8.0
    """

    folders: tuple[Path, ...] = ()
    inline: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    inline_origins: Mapping[str, Origin] = field(default_factory=dict)
    _cache: dict[tuple[str, str], Entry] = field(default_factory=dict, compare=False, repr=False)

    def ids(self, kind: Kind) -> list[str]:
        """Ids of a kind, sorted."""
        found = {path.stem for folder in self.folders for path in (folder / kind).glob("*.yaml")}
        return sorted(found | _package_ids(kind) | set(self.inline.get(kind, {})))

    def entry(self, kind: Kind, record_id: str) -> Entry:
        """One record with its lines.

        Raises
        ------
        CatalogError
            E402 if there is no such record, E401 if it is malformed.
        """
        key = (kind, record_id)
        if key not in self._cache:
            self._cache[key] = self._read(kind, record_id)
        return self._cache[key]

    def entries(self, kind: Kind) -> list[Entry]:
        """All records of a kind."""
        return [self.entry(kind, record_id) for record_id in self.ids(kind)]

    def find(self, record_id: str) -> Entry:
        """The record with an id, of whatever kind; `kernels/ID` where several kinds have the id.

        Raises
        ------
        CatalogError
            E402 if no kind has it.
        """
        known: list[str] = []
        named, _, rest = record_id.partition("/")
        for kind in KINDS:
            if kind == named and rest:
                return self.entry(kind, rest)
            ids = self.ids(kind)
            if record_id in ids:
                return self.entry(kind, record_id)
            known += ids
        raise CatalogError(_unknown("record", record_id, known))

    def system(self, record_id: str) -> System:
        """A system by id."""
        return self._typed("systems", record_id, System)

    def model(self, record_id: str) -> Model:
        """A model by id."""
        return self._typed("models", record_id, Model)

    def site(self, record_id: str) -> Site:
        """A site by id."""
        return self._typed("sites", record_id, Site)

    def claim(self, record_id: str) -> Claim:
        """A claim by id."""
        return self._typed("claims", record_id, Claim)

    def law(self, record_id: str) -> ScalingLaw:
        """A scaling law by id."""
        return self._typed("laws", record_id, ScalingLaw)

    def kernels(self, system_id: str) -> Kernels:
        """Kernel times of a system, by the system's id."""
        return self._typed("kernels", system_id, Kernels)

    @property
    def training_calibration(self) -> Calibration:
        """Constants of the training model."""
        return self._typed("calibration", "training", Calibration)

    @property
    def serving_calibration(self) -> Calibration:
        """Constants of the serving model."""
        return self._typed("calibration", "serving", Calibration)

    def failure_rates(self, generation: str) -> Reliability:
        """Failure rates by component: those of a generation where published, else those of Hopper.

        Parameters
        ----------
        generation : str
            As a system names it, such as Blackwell.
        """
        found = {r.generation: r for r in self._reliability if r.generation}
        return found.get(generation, found["Hopper"])

    @property
    def recovery(self) -> Reliability:
        """Figures of detection, restart, checkpoints, repairs and maintenance of training runs."""
        return self._typed("reliability", "recovery", Reliability)

    @property
    def _reliability(self) -> list[Reliability]:
        ids = self.ids("reliability")
        return [self._typed("reliability", record_id, Reliability) for record_id in ids]

    @property
    def defaults(self) -> PlanningDefaults:
        """What plans use where a scenario is silent."""
        return self._typed("defaults", "planning", PlanningDefaults)

    @cached_property
    def sources(self) -> dict[str, Source]:
        """All sources by id, the users' own included."""
        merged: dict[str, Source] = dict(_package_sources())
        for folder in self.folders:
            merged.update(_read_sources(folder))
        return merged

    @cached_property
    def hash(self) -> str:
        """SHA-256 over all record files and inline records, shortened to 16 digits."""
        digest = hashlib.sha256(_package_hash())
        for folder in self.folders:
            digest.update(_folder_digest(folder))
        digest.update(json.dumps(self.inline, sort_keys=True, default=str).encode())
        return digest.hexdigest()[:16]

    def _typed(self, kind: Kind, record_id: str, wanted: type[_R]) -> _R:
        record = self.entry(kind, record_id).record
        assert isinstance(record, wanted)
        return record

    def _read(self, kind: Kind, record_id: str) -> Entry:
        raw = self.inline.get(kind, {}).get(record_id)
        if raw is not None:
            prefix = f"{kind}.{record_id}"
            origins = {
                path.removeprefix(prefix).lstrip("."): origin
                for path, origin in self.inline_origins.items()
                if path == prefix or path.startswith(f"{prefix}.")
            }
            return _validated(kind, record_id, Tree(raw, origins), own=True)
        for folder in self.folders:
            path = folder / kind / f"{record_id}.yaml"
            if _plain(record_id) and path.is_file():
                return _validated(kind, record_id, read_yaml(path), own=True)
        if _plain(record_id) and (DATA / kind / f"{record_id}.yaml").is_file():
            return _package_entry(kind, record_id)
        raise CatalogError(_unknown(kind.removesuffix("s"), record_id, self.ids(kind)))


def _plain(record_id: str) -> bool:
    return 0 < len(record_id) <= _LONGEST_ID and all(c.isalnum() or c in "-._" for c in record_id)


def _unknown(kind: str, record_id: str, known: list[str]) -> Problem:
    return Problem(
        "E402",
        f"The catalog has no {kind} '{record_id}'.",
        f"{did_you_mean(record_id, known)} See: gigawatt catalog list",
    )


@cache
def _adapter(kind: Kind) -> TypeAdapter[Record]:
    return TypeAdapter(_TYPES[kind])


def _validated(kind: Kind, record_id: str, tree: Tree, *, own: bool) -> Entry:
    try:
        record = _adapter(kind).validate_python(tree.data)
    except ValidationError as error:
        raise CatalogError(
            Problem(
                "E401",
                f"{kind[:-1] if kind.endswith('s') else kind} '{record_id}': {finding['msg']}",
                "",
                ".".join(str(part) for part in finding["loc"]),
                tree.origin(".".join(str(part) for part in finding["loc"])),
            )
            for finding in error.errors()
        ) from None
    return Entry(kind, record_id, record, tree.origins, own)


def _read_sources(folder: Path) -> dict[str, Source]:
    adapter = TypeAdapter(dict[str, Source])
    merged: dict[str, Source] = {}
    for path in sorted((folder / "sources").glob("*.yaml")):
        try:
            merged.update(adapter.validate_python(read_yaml(path).data))
        except ValidationError as error:
            raise CatalogError(
                Problem("E401", f"sources: {error.errors()[0]['msg']}", "", "", Origin(str(path)))
            ) from None
    return merged


@cache
def _package_entry(kind: Kind, record_id: str) -> Entry:
    """A record of the package; these files never change while the program runs."""
    path = DATA / kind / f"{record_id}.yaml"
    return _validated(
        kind, record_id, read_yaml(path, f"catalog/{kind}/{record_id}.yaml"), own=False
    )


@cache
def _package_ids(kind: Kind) -> frozenset[str]:
    return frozenset(path.stem for path in (DATA / kind).glob("*.yaml"))


@cache
def _package_hash() -> bytes:
    return _folder_digest(DATA)


def record_files(folder: Path) -> list[Path]:
    """The YAML files of a catalog folder: records by kind, and sources; nothing else below it."""
    return sorted(p for kind in (*KINDS, "sources") for p in (folder / kind).glob("*.yaml"))


def _folder_digest(folder: Path) -> bytes:
    digest = hashlib.sha256()
    for path in record_files(folder):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.digest()


@cache
def _package_sources() -> dict[str, Source]:
    return _read_sources(DATA)
