"""YAML 1.2 in, plain Python trees with a line number for every value out.

Reads one document of mappings, sequences and scalars. It is strict where silence would cost money:
duplicate keys, unknown tags, recursive or exploding aliases and oversized files are refused with
file and line. It knows nothing of what the values mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

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
]

MAX_BYTES = 4_000_000
MAX_NODES = 300_000
MAX_DEPTH = 40

_TAG = "tag:yaml.org,2002:"


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
        size = path.stat().st_size
        if path.is_dir():
            raise _refuse("E101", f"{name} is a folder; a YAML file is needed.", Origin(name))
        if size > MAX_BYTES:
            raise _refuse(
                "E102",
                f"{name} has {size / 1e6:,.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB are read.",
                Origin(name),
                "Split it with 'imports:', or keep data tables outside the scenario.",
            )
        raw = path.read_bytes()
    except OSError as error:
        raise _refuse(
            "E101", f"{name} cannot be read: {error.strerror or error}.", Origin(name)
        ) from None
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
    _refuse_deep_text(text, name)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        why = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise _refuse("E103", f"This is not valid YAML: {why}.", Origin(name, line)) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise _refuse("E103", f"This is not valid YAML: {error}.", Origin(name)) from None
    if root is None:
        return Tree({}, {"": Origin(name, 1)})
    builder = _Builder(name)
    return Tree(builder.build(root, "", ()), builder.origins)


def _refuse_deep_text(text: str, name: str) -> None:
    """Refuse flow nesting so deep that the parser itself would exhaust the stack."""
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        depth = max(
            0, depth + line.count("[") + line.count("{") - line.count("]") - line.count("}")
        )
        if depth > MAX_DEPTH * 4 or (len(line) - len(line.lstrip(" "))) > 2000:
            raise _refuse(
                "E104", "This is nested too deeply to be a scenario.", Origin(name, number)
            )


def _refuse(
    code: str, message: str, origin: Origin, fix: str = "", path: str = ""
) -> ScenarioError:
    return ScenarioError(Problem(code, message, fix, path, origin))


class _Builder:
    """Turns composed nodes into a tree, counting what aliases expand to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.origins: dict[str, Origin] = {}

    def build(self, node: Node, path: str, above: tuple[int, ...]) -> Any:
        origin = Origin(self.name, node.start_mark.line + 1)
        self.count += 1
        if self.count > MAX_NODES:
            raise _refuse(
                "E104",
                f"This expands to more than {MAX_NODES:,} values.",
                origin,
                "Aliases that repeat aliases multiply; write the values out.",
                path,
            )
        if id(node) in above or len(above) > MAX_DEPTH:
            raise _refuse(
                "E104",
                "This alias contains itself."
                if id(node) in above
                else f"This is nested more than {MAX_DEPTH} levels deep.",
                origin,
                "",
                path,
            )
        self.origins.setdefault(path, origin)
        if isinstance(node, MappingNode):
            self._refuse_tag(node, "map", origin, path)
            return self._mapping(node, path, (*above, id(node)))
        if isinstance(node, SequenceNode):
            self._refuse_tag(node, "seq", origin, path)
            return [
                self.build(item, f"{path}.{index}" if path else str(index), (*above, id(node)))
                for index, item in enumerate(node.value)
            ]
        return self._scalar(node, origin, path)

    def _mapping(self, node: MappingNode, path: str, above: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            origin = Origin(self.name, key_node.start_mark.line + 1)
            if not isinstance(key_node, ScalarNode):
                raise _refuse("E103", "A key must be plain text.", origin, "", path)
            key = self._text(str(key_node.value), origin, path)
            if key == "<<":
                raise _refuse(
                    "E111",
                    "The merge key '<<' is not part of YAML 1.2.",
                    origin,
                    "Use 'imports:' or 'overrides:' instead.",
                    path,
                )
            child = f"{path}.{key}" if path else key
            if key in result:
                raise _refuse(
                    "E105",
                    f"The key '{key}' stands here twice; the first is in line "
                    f"{self.origins[child].line}.",
                    origin,
                    "Keep one of them.",
                    child,
                )
            self.origins[child] = origin
            result[key] = self.build(value_node, child, above)
        return result

    def _scalar(self, node: Node, origin: Origin, path: str) -> Any:
        if not isinstance(node, ScalarNode):
            raise _refuse("E103", "This is not a mapping, a list or a value.", origin, "", path)
        tag, text = str(node.tag or ""), str(node.value)
        if tag == f"{_TAG}null":
            return None
        if tag == f"{_TAG}bool":
            return _bool(text)
        if tag == f"{_TAG}int":
            return _int(text)
        if tag == f"{_TAG}float":
            return _float(text)
        if tag in {f"{_TAG}str", f"{_TAG}timestamp", "", "!"}:
            return self._text(text, origin, path)
        raise _bad_tag(tag, origin, path)

    def _refuse_tag(self, node: Node, kind: str, origin: Origin, path: str) -> None:
        tag = str(node.tag or "")
        if tag not in {f"{_TAG}{kind}", "", "!"}:
            raise _bad_tag(tag, origin, path)

    def _text(self, text: str, origin: Origin, path: str) -> str:
        """Text as it is; half of a surrogate pair, which an escape can smuggle in, is refused."""
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise _refuse("E112", "This text is not valid Unicode.", origin, "", path)
        return text


def _bad_tag(tag: str, origin: Origin, path: str) -> ScenarioError:
    return _refuse(
        "E111",
        f"The YAML tag '{tag.replace(_TAG, '!!')}' is not allowed.",
        origin,
        "Write the value without a tag.",
        path,
    )


def _bool(text: str) -> bool | str:
    """True and false; what YAML 1.1 also calls so (yes, on) stays text for the schema to judge."""
    return text.lower() == "true" if text.lower() in {"true", "false"} else text


def _int(text: str) -> int | str:
    try:
        return int(text.replace("_", ""), 0) if len(text) < 40 else text
    except ValueError:
        return int(text) if text.isdigit() and len(text) < 40 else text


def _float(text: str) -> float | str:
    plain = text.replace("_", "").lower()
    if plain.lstrip("+-") in {".inf", ".nan"}:
        return plain.replace(".", "")
    try:
        return float(plain)
    except ValueError:
        return text


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
