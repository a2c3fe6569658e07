"""From a tree to a checked `ScenarioSpec`: pydantic's findings become coded problems with lines."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gigawatt.core.errors import Problem, ScenarioError, did_you_mean
from gigawatt.core.yamltree import Tree

from .instruments import Investment
from .schema import ScenarioSpec

__all__ = ["validate"]

_MAX_SHOWN = 50


def validate(tree: Tree) -> ScenarioSpec:
    """Check a tree against the schema.

    Raises
    ------
    ScenarioError
        One problem for every finding, each with path, file and line.
    """
    if not isinstance(tree.data, dict):
        raise ScenarioError(
            Problem(
                "E203",
                "A scenario is a mapping; this is a list or a single value.",
                "Start with 'schema: 1'. See: gigawatt new --help",
                "",
                tree.origin(""),
            )
        )
    try:
        return ScenarioSpec.model_validate(tree.data)
    except ValidationError as error:
        findings = error.errors(include_url=False)
        problems = [_problem(finding, tree) for finding in findings[:_MAX_SHOWN]]
        if len(findings) > _MAX_SHOWN:
            more = f"And {len(findings) - _MAX_SHOWN:,} more findings like these."
            problems.append(Problem("E203", more, "Mend the first ones.", "", tree.origin("")))
        raise ScenarioError(problems) from None


def _problem(finding: Any, tree: Tree) -> Problem:
    kind = str(finding["type"])
    loc = _location(finding["loc"], tree.data)
    path = ".".join(loc)
    origin = tree.origin(path)
    if kind == "extra_forbidden":
        known = _keys_at(loc[:-1])
        return Problem(
            "E201", f"Unknown key '{loc[-1]}'.", did_you_mean(loc[-1], known), path, origin
        )
    if kind == "missing":
        return Problem(
            "E202",
            f"The key '{loc[-1]}' is missing.",
            _form_of(loc),
            path,
            tree.origin(".".join(loc[:-1])),
        )
    if kind.startswith("E2"):
        return Problem(kind, str(finding["msg"]), "", path, origin)
    found = f"{finding.get('input')!r}"[:80]
    if kind == "literal_error":
        expected = str(finding["ctx"]["expected"])
        word = finding.get("input")
        choices = expected.replace(" or ", ", ").replace("'", "").split(", ")
        hint = did_you_mean(word, choices) if isinstance(word, str) else ""
        return Problem("E203", f"{found} is not one of: {expected}.", hint, path, origin)
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        forms = get_args(get_args(Investment)[0])
        known = [get_args(form.model_fields["kind"].annotation)[0] for form in forms]
        word = str((finding.get("ctx") or {}).get("tag", ""))
        said = f"'{word}' is no kind of instrument" if word else "An instrument needs its 'kind'"
        return Problem(
            "E203",
            f"{said}; allowed are: {', '.join(known)}.",
            "",
            f"{path}.kind",
            tree.origin(f"{path}.kind"),
        )
    if kind in {"string_pattern_mismatch"}:
        return Problem(
            "E203", f"{found} is not of the expected form.", _pattern_words(finding), path, origin
        )
    if kind in {"dict_type", "model_type", "model_attributes_type"}:
        return Problem(
            "E203", f"{found} stands where a mapping belongs.", _form_of(loc), path, origin
        )
    return Problem("E203", f"{found}: {finding['msg']}.", _form_of(loc), path, origin)


def _pattern_words(finding: Any) -> str:
    if "Q[1-4]" in str(finding["ctx"].get("pattern", "")):
        return "Write a month (2027-02) or a quarter (2027-Q1)."
    return "Ids are lower-case letters, digits, '-' and '_'."


def _location(loc: Iterable[Any], data: Any) -> list[str]:
    """Path parts as a user wrote them: no union tags, no `[key]` marks."""
    parts: list[str] = []
    at: Any = data
    raw = [str(part) for part in loc]
    for index, part in enumerate(raw):
        if part == "[key]":
            continue
        if (isinstance(at, list) and not part.isdigit()) or isinstance(at, (str, int, float)):
            continue  # the tag of a union
        tag = isinstance(at, dict) and part not in at and at.get("kind") == part
        if tag and index < len(raw):
            continue
        parts.append(part)
        if isinstance(at, dict):
            at = at.get(part)
        elif isinstance(at, list) and part.isdigit() and int(part) < len(at):
            at = at[int(part)]
        else:
            at = None
    return parts or [""]


def _strip(annotation: Any) -> list[Any]:
    """Member types of Annotated, Optional and Union."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _strip(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [kind for member in get_args(annotation) for kind in _strip(member)]
    return [annotation]


def _types_at(loc: list[str]) -> list[Any]:
    at: list[Any] = [ScenarioSpec]
    for part in loc:
        following: list[Any] = []
        for kind in at:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                for name, field in kind.model_fields.items():
                    if part in (field.alias or name, name):
                        following += _strip(field.annotation)
            elif get_origin(kind) is dict:
                following += _strip(get_args(kind)[1])
        at = following
    return at


def _keys_at(loc: list[str]) -> list[str]:
    return [
        field.alias or name
        for kind in _types_at(loc)
        if isinstance(kind, type) and issubclass(kind, BaseModel)
        for name, field in kind.model_fields.items()
    ]


def _form_of(loc: list[str]) -> str:
    """What the schema says about a place, from its docstring."""
    parents = _types_at(loc[:-1])
    for kind in parents:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, field in kind.model_fields.items():
                if loc[-1] in (field.alias or name, name) and field.description:
                    return field.description.splitlines()[0].split(". ")[0].rstrip(".") + "."
    return ""
