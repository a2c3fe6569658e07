"""The order in which the lines of a sheet can be computed.

Lines that look at one another's past must be computed together, month by month; all others come one
after another. The groups are the strongly connected components of "looks at" (Tarjan, 1972).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

__all__ = ["Group", "groups"]


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that look at one another, in the order of a month.

    Attributes
    ----------
    names : list of str
        Lines.
    recursive : bool
        Whether a line looks, directly or through others, at its own past.
    """

    names: list[str]
    recursive: bool


def groups(
    looks_at: Mapping[str, Collection[str]],
    same_month: Mapping[str, Collection[str]],
    wanted: Collection[str],
) -> list[Group]:
    """Order the lines that are wanted and those they need.

    Parameters
    ----------
    looks_at : mapping of str to collection of str
        Line → rows that its formula reads in any month; rows that are no lines are left out.
    same_month : mapping of str to collection of str
        Line → those of them that it reads in the same month.
    wanted : collection of str
        Lines to compute.

    Raises
    ------
    ValueError
        If lines follow from one another within one month.

    Examples
    --------
    >>> groups({"a": ["b"], "b": ["a", "c"], "c": []}, {"a": ["b"], "b": ["c"], "c": []}, ["a"])
    [Group(names=['c'], recursive=False), Group(names=['b', 'a'], recursive=True)]
    """
    found: list[Group] = []
    for component in _components(looks_at, wanted):
        inside = set(component)
        recursive = len(component) > 1 or component[0] in looks_at[component[0]]
        within = {name: [r for r in same_month[name] if r in inside] for name in sorted(component)}
        try:
            names = list(TopologicalSorter(within).static_order())
        except CycleError as error:
            circle = " → ".join(error.args[1])
            raise ValueError(f"lines follow from one another in one month: {circle}") from None
        found.append(Group(names, recursive))
    return found


def _components(
    looks_at: Mapping[str, Collection[str]], wanted: Collection[str]
) -> list[list[str]]:
    """Strongly connected components, each after all that it looks at; without recursion."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: list[str] = []
    is_open: set[str] = set()
    result: list[list[str]] = []
    for root in sorted(wanted):
        if root in number:
            continue
        work: list[tuple[str, Iterator[str], bool]] = [(root, iter(()), True)]
        while work:
            name, following, fresh = work.pop()
            if fresh:
                number[name] = lowest[name] = len(number)
                open_.append(name)
                is_open.add(name)
                following = iter([row for row in sorted(looks_at[name]) if row in looks_at])
            for row in following:
                if row not in number:
                    work += [(name, following, False), (row, iter(()), True)]
                    break
                if row in is_open:
                    lowest[name] = min(lowest[name], number[row])
            else:
                if lowest[name] == number[name]:
                    at = open_.index(name)
                    component, open_ = open_[at:], open_[:at]
                    is_open.difference_update(component)
                    result.append(component)
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[name])
    return result
