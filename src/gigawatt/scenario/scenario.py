"""A `Scenario`: the checked specification, the tree it came from, and the catalog it sees."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gigawatt.catalog import Catalog
from gigawatt.core.errors import Origin, Problem, ScenarioError, did_you_mean
from gigawatt.core.units import is_range
from gigawatt.core.yamltree import Tree, flatten, read_yaml_text, write_yaml

from .merge import merge, set_path
from .rules import check_rules
from .schema import ScenarioSpec
from .validate import validate

__all__ = ["Scenario"]


@dataclass(frozen=True)
class Scenario:
    """What somebody believes and decides; made by `gigawatt.load` or `Scenario.from_dict`.

    Attributes
    ----------
    spec : ScenarioSpec
        The checked values, in canonical units.
    tree : Tree
        The merged tree as written, with the line of every value.
    catalog : Catalog
        The catalog, with the records that the scenario brings.
    folder : Path
        Folder that relative paths in the scenario start from.
    warnings : tuple of Problem
        What is allowed and probably not meant.
    applied : tuple of str
        Names of overrides, and settings `path=value`, that were laid over it.
    """

    spec: ScenarioSpec
    tree: Tree
    catalog: Catalog
    folder: Path
    warnings: tuple[Problem, ...] = ()
    applied: tuple[str, ...] = ()

    @classmethod
    def from_tree(cls, tree: Tree, folder: Path, applied: tuple[str, ...] = ()) -> Scenario:
        """Check a tree and all rules.

        Raises
        ------
        ScenarioError
            With every finding.
        """
        spec = validate(tree)
        catalog = _catalog_of(spec, tree, folder)
        findings = check_rules(spec, tree, catalog, folder)
        errors = [finding for finding in findings if finding.severity == "error"]
        if errors:
            raise ScenarioError(errors)
        return cls(spec, tree, catalog, folder, tuple(findings), applied)

    @classmethod
    def restored(cls, tree: Tree, folder: Path, applied: tuple[str, ...]) -> Scenario:
        """A scenario that was checked when its plan was made; the catalog may have moved on since."""
        spec = validate(tree)
        return cls(spec, tree, _catalog_of(spec, tree, folder), folder, (), applied)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], folder: Path | str = ".") -> Scenario:
        """Make a scenario from plain Python mappings, written as in YAML."""
        plain = {str(key): value for key, value in data.items()}
        return cls.from_tree(Tree(_text_keys(plain), {"": Origin("python")}), Path(folder))

    @property
    def name(self) -> str:
        """Title of the scenario."""
        return self.spec.name

    @property
    def label(self) -> str:
        """Title, and in brackets what was laid over the scenario."""
        return f"{self.name} [{', '.join(self.applied)}]" if self.applied else self.name

    @property
    def ranges(self) -> dict[str, Mapping[str, Any]]:
        """Ranges `{low, mode, high}` in the scenario, by path."""
        found: dict[str, Mapping[str, Any]] = {}

        def walk(value: Any, path: str) -> None:
            if is_range(value):
                found[path] = value
            elif isinstance(value, Mapping):
                for key, child in value.items():
                    walk(child, f"{path}.{key}" if path else str(key))

        walk({k: v for k, v in self.tree.data.items() if k != "overrides"}, "")
        return found

    def override(self, *names: str) -> Scenario:
        """This scenario with named overrides laid over it, in order.

        Raises
        ------
        ScenarioError
            E108 if there is no such override, or whatever the result breaks.
        """
        tree = self.tree
        for name in names:
            tree = apply_override(tree, name)
        return Scenario.from_tree(tree, self.folder, (*self.applied, *names))

    def set(self, assignments: Mapping[str, Any]) -> Scenario:
        """This scenario with single values set by path.

        Parameters
        ----------
        assignments : mapping of str to Any
            Path → value as written in YAML, such as `{"sites.abilene.power.2027-02": "843 MW"}`.
        """
        tree = self.tree
        for path, value in assignments.items():
            tree = set_path(tree, path, value, Origin("set"))
        settings = (f"{path}={value}" for path, value in assignments.items())
        return Scenario.from_tree(tree, self.folder, (*self.applied, *settings))

    def leaves(self) -> dict[str, Any]:
        """All written values by path, without overrides and imports."""
        shown = {k: v for k, v in self.tree.data.items() if k not in {"overrides", "imports"}}
        return flatten(shown)

    def to_yaml(self) -> str:
        """The resolved scenario as YAML: imports merged, applied overrides in place."""
        return write_yaml({k: v for k, v in self.tree.data.items() if k != "imports"})


def apply_override(tree: Tree, name: str) -> Tree:
    """Lay a named override of a tree over it."""
    overrides = tree.data.get("overrides") if isinstance(tree.data, dict) else None
    known = overrides if isinstance(overrides, dict) else {}
    if name not in known:
        raise ScenarioError(
            Problem(
                "E108",
                f"The scenario has no override '{name}'.",
                did_you_mean(name, known) or "It has no overrides at all.",
                "overrides",
                tree.origin("overrides"),
            )
        )
    prefix = f"overrides.{name}"
    origins = {
        path.removeprefix(prefix).lstrip("."): origin
        for path, origin in tree.origins.items()
        if path == prefix or path.startswith(f"{prefix}.")
    }
    return merge(tree, Tree(known[name] or {}, origins))


def parse_assignment(text: str) -> tuple[str, Any]:
    """Read `path=value` of the command line; the value is YAML.

    Raises
    ------
    ScenarioError
        E109 if it is not of that form.
    """
    path, equals, value = text.partition("=")
    path = path.strip()
    if not equals or not path or any(not part for part in path.split(".")):
        raise ScenarioError(
            Problem(
                "E109",
                f"'{text}' is not of the form path=value.",
                "Write, for example: --set 'sites.abilene.power.2027-02=843 MW'",
            )
        )
    return path, read_yaml_text(value, f"--set {path}").data if value.strip() else None


def _catalog_of(spec: ScenarioSpec, tree: Tree, folder: Path) -> Catalog:
    own = spec.catalog
    folders: tuple[Path, ...] = ()
    if own.folder is not None:
        path, found = folder / own.folder, False
        with suppress(OSError, ValueError):  # a name that no folder can have
            path = path.resolve()
            found = path.is_dir()
        if not found:
            raise ScenarioError(
                Problem(
                    "E113",
                    f"The catalog folder {own.folder} does not exist.",
                    "It is relative to the scenario file.",
                    "catalog.folder",
                    tree.origin("catalog.folder"),
                )
            )
        folders = (path,)
    inline = {
        kind: dict(getattr(own, kind))
        for kind in ("systems", "models", "sites", "defaults")
        if getattr(own, kind)
    }
    origins = {
        path.removeprefix("catalog."): origin
        for path, origin in tree.origins.items()
        if path.startswith("catalog.")
    }
    return Catalog(folders, inline, origins)


def _text_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _text_keys(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_text_keys(child) for child in value]
    return value
