"""What measured runs cover, and what of a strategy lies outside of it.

A search seeks out what a model is too kind to. So every answer is held against the measured runs of the
same architecture and the same kind of model: how wide each way of splitting was, which schedules, which
precisions. Outside is not wrong; it is unchecked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from gigawatt.catalog import Catalog
from gigawatt.catalog.measured import shipped_runs
from gigawatt.core.errors import InputError

from .chip import Chip
from .job import Job, divisors
from .shape import Shape
from .space import Space
from .strategy import RECOMPUTES, SCHEDULES, SHARDINGS, Strategy
from .validation.cases import Case, cases_of

__all__ = ["Coverage", "coverage_of", "inside", "outside_choices", "outside_ground"]

_NUMBERS = ("tp", "cp", "pp", "ep", "etp", "microbatch")
_GROUND = {"ampere": "Ampere", "hopper": "Hopper", "blackwell": "Blackwell"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the measured runs of one architecture and one kind of model cover.

    Attributes
    ----------
    runs : int
        Measured runs.
    count, sequence : int
        Most accelerators, longest sequence [token].
    tp, cp, pp, ep, etp, microbatch : int
        Widest of each; `etp` seldom stated, so mostly what the rule of its software says.
    systems, precisions, schedules, shardings, recomputes : frozenset of str
        Those that occur.
    uneven : frozenset of bool
        Whether stages with fewer layers at the ends occur.
    """

    runs: int
    count: int
    sequence: int
    tp: int
    cp: int
    pp: int
    ep: int
    etp: int
    microbatch: int
    systems: frozenset[str]
    precisions: frozenset[str]
    schedules: frozenset[str]
    shardings: frozenset[str]
    recomputes: frozenset[str]
    uneven: frozenset[bool]


def coverage_of(level: str, moe: bool) -> Coverage | None:
    """What the shipped measured runs cover; None where there are none.

    Parameters
    ----------
    level : str
        Architecture: ampere, hopper or blackwell.
    moe : bool
        Whether the model has experts.

    Examples
    --------
    >>> hopper = coverage_of("hopper", moe=False)
    >>> hopper is not None and "h100-sxm" in hopper.systems
    True
    """
    return _all_coverage().get((level, moe))


@lru_cache(maxsize=1)
def _all_coverage() -> dict[tuple[str, bool], Coverage]:
    catalog = Catalog()
    groups: dict[tuple[str, bool], list[Case]] = {}
    for case in cases_of(shipped_runs("training"), catalog)[0]:
        groups.setdefault((case.chip.level, case.moe), []).append(case)
    return {key: _covered(cases) for key, cases in groups.items()}


def _covered(cases: list[Case]) -> Coverage:
    widest = {name: max(getattr(case, name) for case in cases) for name in _NUMBERS}
    return Coverage(
        runs=len(cases),
        count=max(case.gpus for case in cases),
        sequence=max(case.sequence for case in cases),
        systems=frozenset(case.chip.system_id for case in cases),
        precisions=frozenset(case.precision for case in cases),
        schedules=frozenset(SCHEDULES[case.schedule] for case in cases),
        shardings=frozenset(SHARDINGS[case.sharding] for case in cases),
        recomputes=frozenset(RECOMPUTES[case.recompute or 0] for case in cases),
        uneven=frozenset(bool(case.uneven) for case in cases),
        **widest,
    )


def outside_ground(chip: Chip, shape: Shape, job: Job, precision: str) -> tuple[str, ...]:
    """What no choice of a strategy can mend: chip, precision, sequence, number of accelerators."""
    kind = "a mixture of experts" if shape.moe else "a dense model"
    known = coverage_of(chip.level, bool(shape.moe))
    found = []
    if not chip.measured:
        found.append(
            f"{chip.system_id}: kernels carried over from {chip.reference_id} by roofline ratios"
        )
    if known is None:
        return (*found, f"no measured run of {kind} on {_GROUND.get(chip.level, chip.level)}")
    if chip.measured and chip.system_id not in known.systems:
        found.append(f"{chip.system_id}: no measured run of {kind}")
    if precision not in known.precisions:
        found.append(f"{precision}: no measured run of {kind} on {_GROUND[chip.level]}")
    if job.sequence > known.sequence:
        found.append(f"sequence {job.sequence:,}: measured up to {known.sequence:,} tokens")
    if job.count > known.count:
        found.append(f"{job.count:,} accelerators: measured up to {known.count:,}")
    return tuple(found)


def outside_choices(chip: Chip, shape: Shape, strategy: Strategy) -> tuple[str, ...]:
    """What of a strategy's own choices no measured run covers."""
    known = coverage_of(chip.level, bool(shape.moe))
    if known is None:
        return ()
    found = [
        f"{name}={value}: measured up to {getattr(known, name)}"
        for name in _NUMBERS
        if (value := getattr(strategy, name)) > getattr(known, name)
    ]
    for word, of, what in (
        (strategy.schedule, known.schedules, "schedule"),
        (strategy.sharding, known.shardings, "sharding"),
        (strategy.recompute, known.recomputes, "recomputation"),
    ):
        if word not in of:
            found.append(f"{word} {what}: no measured run")
    if strategy.uneven not in known.uneven:
        found.append("fewer layers at the ends: no measured run")
    if strategy.optimizer_offload:
        found.append("optimizer in host memory: no measured run")
    if strategy.activation_offload:
        found.append("activations in host memory: no measured run")
    return tuple(found)


def inside(space: Space, chip: Chip, shape: Shape, job: Job) -> Space | None:
    """The part of a space whose choices measured runs cover; None where there is none."""
    known = coverage_of(chip.level, bool(shape.moe))
    if known is None:
        return None
    whole = {
        "tp": divisors(job.count),
        "cp": divisors(job.count),
        "pp": divisors(job.count),
        "ep": divisors(int(shape.experts)) if shape.experts else (1,),
        "etp": divisors(job.count) if shape.experts else (1,),
        "microbatch": divisors(job.batch_sequences),
    }
    try:
        return space.only(
            **{
                name: _both(getattr(space, name), (n for n in values if n <= getattr(known, name)))
                for name, values in whole.items()
            },
            schedule=_both(space.schedule, known.schedules),
            sharding=_both(space.sharding, known.shardings),
            recompute=_both(space.recompute, known.recomputes),
            uneven=_both(space.uneven, known.uneven),
            optimizer_offload=_both(space.optimizer_offload, (False,)),
            activation_offload=_both(space.activation_offload, (False,)),
        )
    except InputError:  # a choice with no value left
        return None


def _both(allowed: Iterable[object] | None, covered: Iterable[object]) -> tuple[object, ...]:
    return tuple(value for value in covered if allowed is None or value in set(allowed))
