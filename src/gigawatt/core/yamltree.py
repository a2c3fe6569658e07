"""YAML in, plain Python trees with a line number for every value out; and trees back to YAML.

Reads one document of mappings, sequences and scalars. The fast libyaml parser gives events; what a
plain scalar means is decided here, by the core schema of YAML 1.2 (`no` and `2026-07` are text). It is
strict where silence would cost money: duplicate keys, tags, recursive or exploding aliases, deep
nesting and oversized files are refused with file and line. It knows nothing of what values mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .errors import Origin, Problem, ScenarioError

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_NODES",
    "Tree",
    "all_paths",
    "flatten",
    "read_yaml",
    "read_yaml_text",
    "write_yaml",
]

MAX_BYTES = 4_000_000
MAX_NODES = 300_000
MAX_DEPTH = 40
_TOO_DEEP = f"This is nested more than {MAX_DEPTH} levels deep."

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,40}|0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,5})?")
_FOLDED = re.compile(r"[\r\x85\u2028\u2029\ufeff]")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed document.

    Attributes
    ----------
    data : Any
        Nested dicts, lists and scalars; mapping keys are text.
    origins : dict of str to Origin
        File and line of every dotted path in `data`.
    """

    data: Any
    origins: dict[str, Origin] = field(default_factory=dict)

    def origin(self, path: str) -> Origin:
        """Line of a path, or of its nearest ancestor that has one."""
        while path:
            if path in self.origins:
                return self.origins[path]
            path = path.rpartition(".")[0]
        return self.origins.get("", Origin())


def read_yaml(path: Path, shown_as: str | None = None) -> Tree:
    """Read a YAML file.

    Parameters
    ----------
    path : Path
        The file.
    shown_as : str, optional
        Name used in messages; the path as given by default.

    Raises
    ------
    ScenarioError
        E101 to E112, with file and line.
    """
    name = shown_as or str(path)
    try:
        if path.is_dir():
            raise _refuse("E101", f"{name} is a folder; a YAML file is needed.", Origin(name))
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        size = path.stat().st_size
    except OSError as error:
        raise _refuse(
            "E101", f"{name} cannot be read: {error.strerror or error}.", Origin(name)
        ) from None
    if len(raw) > MAX_BYTES:
        raise _refuse(
            "E102",
            f"{name} has {max(size, len(raw)) / 1e6:,.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB are read.",
            Origin(name),
            "Split it with 'imports:', or keep data tables outside the scenario.",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refuse(
            "E112",
            f"{name} is not UTF-8 text (byte {error.start}).",
            Origin(name),
            "Save it as UTF-8.",
        ) from None
    return read_yaml_text(text, name)


def read_yaml_text(text: str, name: str) -> Tree:
    """Read YAML text; `name` stands for the file in messages.

    Raises
    ------
    ScenarioError
        E102 to E111, with the line.
    """
    if len(text) > MAX_BYTES:
        raise _refuse("E102", f"{name} has more than {MAX_BYTES:,} characters.", Origin(name))
    try:
        return _Builder(name, yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        why = " ".join(str(part) for part in (error.context, error.problem) if part)
        if "nesting depth" in why:  # newer parsers stop at a depth of their own
            raise _refuse("E104", _TOO_DEEP, Origin(name, line)) from None
        raise _refuse("E103", f"This is not valid YAML: {why}.", Origin(name, line)) from None
    except (yaml.YAMLError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise _refuse("E103", f"This is not valid YAML: {why}.", Origin(name)) from None


def write_yaml(data: Any) -> str:
    """A tree as YAML text that `read_yaml_text` reads back to the same tree."""
    return yaml.dump(
        data,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=100,
    )


def _refuse(
    code: str, message: str, origin: Origin, fix: str = "", path: str = ""
) -> ScenarioError:
    return ScenarioError(Problem(code, message, fix, path, origin))


class _Builder:
    """Builds a tree from parser events, keeping lines and counting what aliases expand to."""

    def __init__(self, name: str, events: Iterator[Any]) -> None:
        self.name = name
        self.events = events
        self.count = 0
        self.depth = 0
        self.deepest = 0
        self.origins: dict[str, Origin] = {}
        self.anchors: dict[str, tuple[Any, int, int] | None] = {}

    def document(self) -> Tree:
        next(self.events)  # the stream starts
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Tree({}, {"": Origin(self.name, 1)})
        data = self.value(next(self.events), "")
        next(self.events)  # the document ends
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise _refuse(
                "E103", "A second document starts here; one file holds one.", self.line(event)
            )
        return Tree(data, self.origins)

    def line(self, event: Any) -> Origin:
        return Origin(self.name, event.start_mark.line + 1)

    def value(self, event: Any, path: str) -> Any:
        origin = self.line(event)
        self.origins.setdefault(path, origin)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, origin, path)
        self.grow(1, origin, path)
        before, above, self.deepest = self.count, self.deepest, self.depth
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if event.tag is not None and event.tag not in {"!", "tag:yaml.org,2002:str"}:
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise _refuse(
                "E111", f"The YAML tag '{shown}' is not allowed.", origin,
                "Write the value without a tag.", path,
            )  # fmt: skip
        result: Any
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0] and event.tag is None
            result = _scalar(event.value) if plain else event.value
        else:
            self.depth += 1
            self.go_down(0, origin, path)
            sequence = isinstance(event, yaml.SequenceStartEvent)
            result = self.sequence(path) if sequence else self.mapping(path)
            self.depth -= 1
        if event.anchor is not None:
            below = self.deepest - self.depth
            self.anchors[event.anchor] = (result, self.count - before + 1, below)
        self.deepest = max(self.deepest, above)
        return result

    def go_down(self, levels: int, origin: Origin, path: str) -> None:
        self.deepest = max(self.deepest, self.depth + levels)
        if self.deepest > MAX_DEPTH:
            raise _refuse("E104", _TOO_DEEP, origin, "", path)

    def grow(self, by: int, origin: Origin, path: str) -> None:
        self.count += by
        if self.count > MAX_NODES:
            raise _refuse(
                "E104", f"This expands to more than {MAX_NODES:,} values.", origin,
                "Aliases that repeat aliases multiply; write the values out.", path,
            )  # fmt: skip

    def alias(self, event: Any, origin: Origin, path: str) -> Any:
        if event.anchor not in self.anchors:
            raise _refuse(
                "E103", f"The alias '*{event.anchor}' has no anchor before it.", origin, "", path
            )
        known = self.anchors[event.anchor]
        if known is None:
            raise _refuse("E104", "This alias contains itself.", origin, "", path)
        self.grow(known[1], origin, path)
        self.go_down(known[2], origin, path)
        return known[0]

    def sequence(self, path: str) -> list[Any]:
        items: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self.value(event, f"{path}.{len(items)}" if path else str(len(items))))
        return items

    def mapping(self, path: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            origin = self.line(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _refuse("E103", "A key must be plain text.", origin, "", path)
            key = str(event.value)
            if key == "<<":
                raise _refuse(
                    "E111", "The merge key '<<' is not part of YAML 1.2.", origin,
                    "Use 'imports:' or 'overrides:' instead.", path,
                )  # fmt: skip
            child = f"{path}.{key}" if path else key
            if key in result:
                raise _refuse(
                    "E105",
                    f"The key '{key}' stands here twice; the first is in line "
                    f"{self.origins[child].line}.",
                    origin, "Keep one of them.", child,
                )  # fmt: skip
            self.origins[child] = origin
            result[key] = self.value(next(self.events), child)
        return result


def _scalar(text: str) -> Any:
    """What a plain scalar means: the core schema of YAML 1.2."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.lower().replace(".", ""))
    return text


class _Dumper(yaml.SafeDumper):
    """Writes text in quotes wherever the reader above would not read it as text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def text(self, data: str) -> Any:
        """Text; line breaks that YAML would fold to a space are written as escapes."""
        style = '"' if _FOLDED.search(data) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.text)

for _tag, _pattern in (
    ("null", _NULL), ("bool", _BOOL), ("int", _INT), ("float", _FLOAT), ("float", _NOT_FINITE),
):  # fmt: skip
    _Dumper.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern.pattern})$"), None
    )


def flatten(data: Any, path: str = "") -> dict[str, Any]:
    """All leaves of a tree by dotted path.

    Examples
    --------
    >>> flatten({"a": {"b": 1}, "c": [2]})
    {'a.b': 1, 'c.0': 2}
    """
    if isinstance(data, Mapping) and data:
        items = [(str(key), value) for key, value in data.items()]
    elif isinstance(data, list) and data:
        items = [(str(index), value) for index, value in enumerate(data)]
    else:
        return {path: data}
    leaves: dict[str, Any] = {}
    for key, value in items:
        leaves.update(flatten(value, f"{path}.{key}" if path else key))
    return leaves


def all_paths(data: Any, path: str = "") -> set[str]:
    """Dotted paths of every value and every mapping in a tree.

    Examples
    --------
    >>> sorted(all_paths({"a": {"b": 1}}))
    ['a', 'a.b']
    """
    found = {path} if path else set()
    items: list[tuple[str, Any]] = []
    if isinstance(data, Mapping):
        items = [(str(key), value) for key, value in data.items()]
    elif isinstance(data, list):
        items = [(str(index), value) for index, value in enumerate(data)]
    for key, value in items:
        found |= all_paths(value, f"{path}.{key}" if path else key)
    return found
