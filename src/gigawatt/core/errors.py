"""The exception tree, and the one form in which every complaint is made.

A *problem* is one finding about one input: a code, where it stands, what was found, what is allowed
and how to mend it. Errors carry one problem or many, because a user who mends a scenario wants to
see all of them at once. What this file does not know is how they are printed: `app` does that.

The tree::

    GigawattError
    ├── InputError          what the user gave cannot be used          exit code 2
    │   ├── ScenarioError   a scenario file, its units or its rules
    │   ├── CatalogError    a catalog record or an unknown id
    │   └── RunFolderError  a run folder, a figure or a coordinate in it
    ├── MissingExtraError   an optional dependency is not installed    exit code 2
    └── RunFailedError      the input was fine, the run was not        exit code 1
        └── ConservationError   a plan broke a conservation rule and was refused
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "CatalogError",
    "ConservationError",
    "GigawattError",
    "InputError",
    "MissingExtraError",
    "Origin",
    "Problem",
    "RunFailedError",
    "RunFolderError",
    "ScenarioError",
    "did_you_mean",
]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: a file (or `--set`, or Python) and a line, both optional."""

    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        if self.file is None:
            return ""
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about one input.

    Attributes
    ----------
    code : str
        A stable code, listed in `gigawatt.core.codes`; `E…` stops the run, `W…` does not.
    message : str
        What is wrong, naming the value and what is allowed.
    fix : str
        How to mend it; empty where the message already says so.
    path : str
        Dotted path in the scenario or record, such as `sites.abilene.power.2027-02`.
    origin : Origin
        File and line that set the value.
    """

    code: str
    message: str
    fix: str = ""
    path: str = ""
    origin: Origin = Origin()

    @property
    def severity(self) -> Literal["error", "warning"]:
        """`warning` for `W` codes, `error` for all others."""
        return "warning" if self.code.startswith("W") else "error"

    def __str__(self) -> str:
        head = " ".join(part for part in (self.code, str(self.origin), self.path) if part)
        lines = [head, *(f"  {line}" for line in self.message.splitlines())]
        if self.fix:
            lines.append(f"  {self.fix}")
        return "\n".join(lines)


class GigawattError(Exception):
    """Base of everything this package raises on purpose.

    Parameters
    ----------
    problems : Problem or iterable of Problem
        At least one finding.
    """

    exit_code: int = 1

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        if not self.problems:
            raise ValueError("an error needs at least one problem")
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[GigawattError], tuple[tuple[Problem, ...]]]:
        return type(self), (tuple(self.problems),)


class InputError(GigawattError):
    """What the user gave cannot be used; nothing was computed and nothing was written."""

    exit_code = 2


class ScenarioError(InputError):
    """A scenario file cannot be read, or breaks the schema, a unit or a rule."""


class CatalogError(InputError):
    """A catalog record is malformed, or an id is not in the catalog."""


class RunFolderError(InputError):
    """A run folder is not one, is already there, or does not hold what was asked for."""


class MissingExtraError(InputError):
    """An optional dependency is needed and not installed."""

    @classmethod
    def of(cls, extra: str, needed_for: str) -> MissingExtraError:
        """Build the error that names the extra to install.

        Parameters
        ----------
        extra : str
            Name of the optional-dependency group, such as `report`.
        needed_for : str
            What could not be done without it.
        """
        return cls(
            Problem(
                "E601",
                f"{needed_for} needs the extra '{extra}', which is not installed.",
                f"Install it: pip install 'gigawatt[{extra}]'; in a clone: .venv/bin/pip install -e "
                f"'.[{extra}]'",
            )
        )


class RunFailedError(GigawattError):
    """The input was fine but the run could not be completed (a full disk, a lost file)."""


class ConservationError(RunFailedError):
    """A plan broke a conservation rule; this is a defect of the program, never of the input."""


_LISTED = 16
"""Choices that a hint lists; of more it says how many there are."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known word, or list what is allowed when none is near.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        What is allowed.

    Returns
    -------
    str
        A sentence, or an empty string when nothing is known.

    Examples
    --------
    >>> did_you_mean("pwoer", ["power", "basis"])
    "Did you mean 'power'?"
    """
    choices = sorted(set(known))
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{by_lower[near[0]]}'?"
    if not choices:
        return ""
    shown, more = choices[:_LISTED], len(choices) - _LISTED
    return f"Allowed here: {', '.join(shown)}{f', and {more} more' if more > 0 else ''}."
