"""Finding and reading scenarios: by shipped name or by file, with imports, overrides and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gigawatt.core.errors import Origin, Problem, ScenarioError, did_you_mean
from gigawatt.core.yamltree import Tree, read_yaml

from .merge import merge, set_path
from .scenario import Scenario, apply_override

__all__ = ["TEMPLATES", "find_scenario", "load", "read_tree", "shipped_scenarios"]

TEMPLATES = Path(__file__).parent / "templates"
_MAX_IMPORTS = 50


def shipped_scenarios() -> dict[str, Path]:
    """Scenarios that come with the package, by name; parts that are only imported are left out."""
    return {
        path.stem: path
        for path in sorted(TEMPLATES.glob("*.yaml"))
        if not path.stem.startswith("part-")
    }


def find_scenario(name: str | Path) -> Path:
    """The file of a shipped name, or the path given.

    Raises
    ------
    ScenarioError
        E101 if neither is there.
    """
    path = Path(name)
    with suppress(OSError):  # a name too long to be a file's
        if path.is_file():
            return path
        if path.is_dir() and (path / "scenario.yaml").is_file():
            return path / "scenario.yaml"
    shipped = shipped_scenarios()
    if str(name) in shipped:
        return shipped[str(name)]
    if path.parent != Path() and not path.suffix:
        raise ScenarioError(
            Problem(
                "E101",
                f"There is no run folder '{name}', and no scenario file of that name.",
                f"{_runs_beside(path)}A scenario file ends in .yaml; shipped: {', '.join(shipped)}.",
            )
        )
    raise ScenarioError(
        Problem(
            "E101",
            f"There is no scenario file '{name}', and no shipped scenario of that name.",
            f"{_near(str(name), shipped)}Shipped: {', '.join(shipped)}.",
        )
    )


def _runs_beside(path: Path) -> str:
    """Run folders that stand where one is looked for, the last ones first."""
    try:
        beside = sorted((p.parent for p in path.parent.glob("*/run.json")), reverse=True)
    except OSError:
        return ""
    return f"There are: {', '.join(map(str, beside[:5]))}. " if beside else ""


def _near(name: str, shipped: Iterable[str]) -> str:
    hint = did_you_mean(name, shipped)
    return f"{hint} " if hint.startswith("Did") else ""


def load(
    name: str | Path,
    *,
    overrides: Iterable[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> Scenario:
    """Load a scenario.

    Parameters
    ----------
    name : str or Path
        A shipped name (`nvidia-openai-10gw`), a file, or a run folder.
    overrides : iterable of str
        Named overrides to lay over it, in order.
    settings : mapping of str to Any, optional
        Single values by path, set last.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        With every finding: code, file and line, path, value, what is allowed, a fix.

    Examples
    --------
    >>> load("one-campus").spec.horizon.months
    48
    """
    path = find_scenario(name)
    overrides = (overrides,) if isinstance(overrides, str) else tuple(overrides)
    tree = read_tree(path)
    for override in overrides:
        tree = apply_override(tree, override)
    for key, value in (settings or {}).items():
        tree = set_path(tree, key, value, Origin("--set"))
    applied = (*overrides, *(f"{key}={value}" for key, value in (settings or {}).items()))
    return Scenario.from_tree(tree, path.parent, applied)


def read_tree(path: Path, above: tuple[Path, ...] = (), seen: list[Path] | None = None) -> Tree:
    """Read a file and everything it imports, merged.

    Raises
    ------
    ScenarioError
        E106 for a cycle, E107 for an import that is not there, or what reading finds.
    """
    real = path.resolve()
    shown = _shown(path)
    seen = [] if seen is None else seen
    seen.append(real)
    if real in above:
        chain = " → ".join(p.name for p in (*above[above.index(real) :], real))
        raise ScenarioError(
            Problem(
                "E106",
                f"The imports run in a circle: {chain}.",
                "Remove one of them.",
                "imports",
                Origin(shown, 1),
            )
        )
    tree = read_yaml(path, shown)
    imports = tree.data.get("imports") if isinstance(tree.data, dict) else None
    if not isinstance(imports, list):
        return tree
    if len(imports) + len(seen) > _MAX_IMPORTS:
        raise ScenarioError(
            Problem(
                "E106", f"More than {_MAX_IMPORTS} imports.", "", "imports", tree.origin("imports")
            )
        )
    base = Tree({}, {})
    for index, wanted in enumerate(imports):
        found = _imported(str(wanted), path.parent, tree.origin(f"imports.{index}"))
        part = read_tree(found, (*above, real), seen)
        if not isinstance(part.data, dict):
            raise ScenarioError(
                Problem(
                    "E203",
                    f"The import '{wanted}' is not a mapping; it adds nothing to a scenario.",
                    "Import a file with sites, hardware or other parts of a scenario.",
                    "imports",
                    tree.origin(f"imports.{index}"),
                )
            )
        base = merge(base, part)
    return merge(base, tree)


def _imported(wanted: str, folder: Path, origin: Origin) -> Path:
    for candidate in (folder / wanted, folder / f"{wanted}.yaml", TEMPLATES / f"{wanted}.yaml"):
        with suppress(OSError, ValueError):  # a name that no file can have
            if candidate.is_file():
                return candidate
    raise ScenarioError(
        Problem(
            "E107",
            f"The import '{wanted}' is neither a file beside this one nor a shipped scenario.",
            did_you_mean(wanted, [p.stem for p in TEMPLATES.glob("*.yaml")]),
            "imports",
            origin,
        )
    )


def _shown(path: Path) -> str:
    """How a file is named in messages: as given, shipped ones by name alone."""
    return f"shipped/{path.name}" if path.resolve().parent == TEMPLATES.resolve() else str(path)
