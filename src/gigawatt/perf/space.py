"""Which strategies are searched: the values each choice may take, and their enumeration.

A `Space` is what a user allows. For a model and a job it becomes an `Enumeration`: rows (what the time
of a layer depends on), stages (the pipeline), inner choices (sharding, offload, overlap), all as arrays.
A strategy is a row, a cut into stages, a batch and an inner choice; the number composed of these places
is its key, which orders strategies and settles ties.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.errors import InputError, Problem, did_you_mean

from .job import Job, cuts_well, divisors
from .shape import Shape
from .step import INTERLEAVED
from .strategy import CHOICES, RECOMPUTES, SCHEDULES, SHARDINGS, Strategy, parse_partial

__all__ = ["Enumeration", "Grid", "Rows", "Space"]

Ints = NDArray[np.int64]
Numbers = tuple[int, ...] | None
Switch = tuple[bool, ...]

_SWITCHES = (
    "sequence_parallel", "uneven", "tp_overlap", "dp_overlap", "optimizer_offload",
    "activation_offload",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Values that each choice may take; None where every valid number may be taken.

    Sequence parallelism and `tp_overlap` mean nothing at ``tp = 1`` and are off there, whatever is
    allowed, so that no strategy is counted twice. `batches` are sequences of a step; None is the job's.

    Examples
    --------
    >>> Space().fixing("tp=8,pp=16").tp
    (8,)
    >>> Space.planning().optimizer_offload
    (False,)
    """

    tp: Numbers = None
    sequence_parallel: Switch = (False, True)
    cp: Numbers = None
    pp: Numbers = None
    vpp: Numbers = None
    schedule: tuple[str, ...] = SCHEDULES
    uneven: Switch = (False, True)
    ep: Numbers = None
    etp: Numbers = None
    microbatch: Numbers = None
    recompute: tuple[str, ...] = RECOMPUTES
    sharding: tuple[str, ...] = SHARDINGS
    tp_overlap: Switch = (False, True)
    dp_overlap: Switch = (False, True)
    optimizer_offload: Switch = (False, True)
    activation_offload: Switch = (False, True)
    batches: Numbers = None

    def __post_init__(self) -> None:
        problems = []
        for field in fields(self):
            given = getattr(self, field.name)
            kept = None if given is None else _ordered(field.name, given)
            object.__setattr__(self, field.name, kept)
            if kept is None and field.default is not None:
                problems.append(_bad(field.name, "None", "it needs a tuple of values"))
            elif kept is not None:
                problems += _unfit(field.name, kept)
        if problems:
            raise InputError(problems)

    @classmethod
    def planning(cls) -> Space:
        """A small space of what production runs use: overlaps on, no offload, sharded optimizers."""
        return cls(
            sequence_parallel=(True,),
            schedule=("1f1b", "interleaved"),
            uneven=(False,),
            sharding=("zero1", "fsdp"),
            tp_overlap=(True,),
            dp_overlap=(True,),
            optimizer_offload=(False,),
            activation_offload=(False,),
        )

    def only(self, **choices: Iterable[Any] | None) -> Space:
        """The space with some choices given anew.

        Raises
        ------
        InputError
            For a choice that does not exist or a value that it cannot take.
        """
        known = [field.name for field in fields(self)]
        unknown = [name for name in choices if name not in known]
        if unknown:
            raise InputError(
                [
                    Problem("E201", f"{name!r} is no choice.", did_you_mean(name, known), name)
                    for name in unknown
                ]
            )
        values = {k: None if v is None else tuple(v) for k, v in choices.items()}
        return replace(self, **values)  # type: ignore[arg-type]

    def fixing(self, text: str) -> Space:
        """The space with the choices of a partial strategy fixed, such as ``"tp=8,pp=16"``."""
        return self.only(**{name: (value,) for name, value in parse_partial(text).items()})

    def enumerate(self, shape: Shape, job: Job) -> Enumeration:
        """All strategies of the space that are valid for a model and a job."""
        return Enumeration.of(self, shape, job)


def _ordered(name: str, given: Iterable[Any]) -> tuple[Any, ...]:
    """Values without repetition, in the order that settles ties."""
    values = set(given)
    if name in CHOICES:
        known = CHOICES[name]
        return tuple(sorted(values, key=lambda v: known.index(v) if v in known else -1))
    return tuple(sorted(values))


def _bad(name: str, found: str, allowed: str) -> Problem:
    return Problem("E203", f"{name} is {found}; {allowed}.", path=f"space.{name}")


def _unfit(name: str, values: tuple[Any, ...]) -> list[Problem]:
    """Problems with the values of one choice."""
    if not values:
        return [_bad(name, "empty", "it needs at least one value")]
    if name in CHOICES:
        wrong = [value for value in values if value not in CHOICES[name]]
        allowed = "it may be " + ", ".join(CHOICES[name])
    elif name in _SWITCHES:
        wrong = [value for value in values if not isinstance(value, bool)]
        allowed = "it may be True or False"
    else:
        wrong = [v for v in values if isinstance(v, bool) or not isinstance(v, int) or v < 1]
        allowed = "it needs whole numbers from 1"
    return [_bad(name, repr(value), allowed) for value in wrong]


class Rows(NamedTuple):
    """What the time of a layer depends on; arrays over rows."""

    arrangement: Ints
    """Place in the table of (tp, cp, ep, etp)."""
    microbatch: Ints
    sequence_parallel: Ints
    recompute: Ints
    tp_overlap: Ints


class Grid(NamedTuple):
    """The loops of the search as arrays; what `_search_kernel` runs through."""

    pps: Ints
    """Pipeline stages [1], of length P."""
    dps: Ints
    """Data-parallel replicas by arrangement and P [1]; 0 where the ranks do not come out."""
    cut_start: Ints
    """First cut of each P; the cuts of one P follow one another."""
    cut_vpp: Ints
    cut_schedule: Ints
    cut_uneven: Ints
    batches: Ints
    """Sequences of a step [1]."""
    shardings: Ints
    """Codes; those that work with one stage only come last."""
    staged_shardings: Ints
    """How many of them work with several stages, as an array of one."""
    optimizer_offloads: Ints
    activation_offloads: Ints
    dp_overlaps: Ints


@dataclass(frozen=True, slots=True)
class Enumeration:
    """The strategies of a space for one model and one job.

    Attributes
    ----------
    job : Job
        The job.
    arrangements : array, shape (A, 4)
        tp, cp, ep, etp.
    rows : Rows
        Rows, of which there are R.
    grid : Grid
        The loops below a row.
    """

    job: Job
    arrangements: Ints
    rows: Rows
    grid: Grid

    def __len__(self) -> int:
        """Rows."""
        return len(self.rows.arrangement)

    @property
    def widths(self) -> tuple[int, int, int, int, int, int]:
        """Sizes of the loops under a row: cuts, batches, shardings, two offloads, overlaps."""
        g = self.grid
        return (
            len(g.cut_vpp), len(g.batches), len(g.shardings), len(g.optimizer_offloads),
            len(g.activation_offloads), len(g.dp_overlaps),
        )  # fmt: skip

    def strategy(self, key: int) -> tuple[Job, Strategy]:
        """The strategy with a key, and the job with its batch."""
        g, r = self.grid, self.rows
        row, cut, batch, shard, opt, act, dpo = np.unravel_index(key, (len(self), *self.widths))
        stages = int(np.searchsorted(g.cut_start, cut, side="right")) - 1
        tp, cp, ep, etp = (int(n) for n in self.arrangements[r.arrangement[row]])
        strategy = Strategy(
            tp=tp,
            sequence_parallel=bool(r.sequence_parallel[row]),
            cp=cp,
            pp=int(g.pps[stages]),
            vpp=int(g.cut_vpp[cut]),
            schedule=SCHEDULES[g.cut_schedule[cut]],
            uneven=bool(g.cut_uneven[cut]),
            ep=ep,
            etp=etp,
            microbatch=int(r.microbatch[row]),
            recompute=RECOMPUTES[r.recompute[row]],
            sharding=SHARDINGS[g.shardings[shard]],
            tp_overlap=bool(r.tp_overlap[row]),
            dp_overlap=bool(g.dp_overlaps[dpo]),
            optimizer_offload=bool(g.optimizer_offloads[opt]),
            activation_offload=bool(g.activation_offloads[act]),
        )
        return replace(self.job, batch_sequences=int(g.batches[batch])), strategy

    @classmethod
    def of(cls, space: Space, shape: Shape, job: Job) -> Enumeration:
        """Enumerate a space; the rules are those of `job.refusals`, put as loops."""
        batches = np.array(space.batches or (job.batch_sequences,), dtype=np.int64)
        pps, cut_start, cuts = _cuts(space, int(shape.layers), job.count)
        arrangements = _arrangements(space, shape, job)
        tp, cp, ep, etp = arrangements.T
        # Replicas come out where the ranks of one divide the accelerators of a campus and experts divide
        # its share of a stage.
        ranks = (tp * cp)[:, None] * pps
        stage = job.campus // pps
        fits = (job.campus % ranks == 0) & (stage % (ep * etp)[:, None] == 0)
        dps = np.where(fits, job.count // ranks, 0)
        full = [SHARDINGS.index(name) for name in space.sharding]
        staged = [code for code in full if SHARDINGS[code] not in ("fsdp", "hsdp")]
        grid = Grid(
            pps=pps,
            dps=dps,
            cut_start=cut_start,
            cut_vpp=np.ascontiguousarray(cuts[:, 0]),
            cut_schedule=np.ascontiguousarray(cuts[:, 1]),
            cut_uneven=np.ascontiguousarray(cuts[:, 2]),
            batches=batches,
            shardings=np.array(full, dtype=np.int64),
            staged_shardings=np.array([len(staged)], dtype=np.int64),
            optimizer_offloads=np.array(space.optimizer_offload, dtype=np.int64),
            activation_offloads=np.array(space.activation_offload, dtype=np.int64),
            dp_overlaps=np.array(space.dp_overlap, dtype=np.int64),
        )
        return cls(job, arrangements, _rows(space, shape, arrangements, dps, batches), grid)


def _allowed(candidates: Iterable[int], chosen: Numbers) -> list[int]:
    return [n for n in candidates if chosen is None or n in chosen]


def _arrangements(space: Space, shape: Shape, job: Job) -> Ints:
    """All (tp, cp, ep, etp) that suit heads, experts and sequence, in order."""
    kv = int(shape.kv_heads)
    found = []
    for tp in _allowed(divisors(job.count), space.tp):
        if int(shape.heads) % tp or int(shape.mamba_heads) % tp or (kv and kv % tp and tp % kv):
            continue
        eps, etps = [1], [1]
        if shape.moe and shape.experts:
            eps, etps = list(divisors(int(shape.experts))), sorted({1, tp})
        found += [
            (tp, cp, ep, etp)
            for cp in _allowed(divisors(job.count // tp), space.cp)
            if cp == 1 or job.sequence % (2 * cp) == 0
            for ep in _allowed(eps, space.ep)
            for etp in _allowed(etps, space.etp)
        ]
    return np.array(found, dtype=np.int64).reshape(-1, 4)


def _cuts(space: Space, layers: int, count: int) -> tuple[Ints, Ints, Ints]:
    """Pipeline stages; where the cuts of each begin; (vpp, schedule, uneven) of each cut."""
    pps, starts, cuts = [], [0], []
    for pp in _allowed((d for d in divisors(count) if d <= layers), space.pp):
        found = [
            (vpp, schedule, uneven)
            for uneven in (int(u) for u in space.uneven if pp > 1 or not u)
            for vpp in _allowed(range(1, (layers + 2 * uneven) // pp + 1), space.vpp)
            if cuts_well(layers, pp * vpp, bool(uneven))
            for schedule in (SCHEDULES.index(name) for name in space.schedule)
            if (schedule == INTERLEAVED) == (vpp > 1) and (pp > 1 or schedule == 0)
            if pp > 1 or vpp == 1
        ]
        if found:
            pps.append(pp)
            cuts += found
            starts.append(len(cuts))
    table = np.array(cuts, dtype=np.int64).reshape(-1, 3)
    return np.array(pps, dtype=np.int64), np.array(starts, dtype=np.int64), table


def _rows(space: Space, shape: Shape, arrangements: Ints, dps: Ints, batches: Ints) -> Rows:
    """Rows of all arrangements: those whose microbatch divides what some replica has to do."""
    sizes = sorted({d for batch in batches for d in divisors(int(batch))})
    microbatches = np.array(_allowed(sizes, space.microbatch), dtype=np.int64)
    recomputes = [RECOMPUTES.index(name) for name in space.recompute]
    parts: list[Ints] = []
    for place, (tp, _, _, _) in enumerate(arrangements):
        replicas = np.unique(dps[place][dps[place] > 0])
        unit = replicas[:, None] * microbatches
        usable = np.zeros(len(microbatches), dtype=np.bool_)
        for batch in batches:
            usable |= (batch % unit == 0).any(axis=0)
        splits = [int(on) for on in space.sequence_parallel if on or not shape.moe]
        overlaps = [int(on) for on in space.tp_overlap]
        if tp == 1:
            splits, overlaps = [0], [0]
        inner = np.array(
            [(sp, re, o) for sp in splits for re in recomputes for o in overlaps], dtype=np.int64
        ).reshape(-1, 3)
        own = microbatches[usable]
        parts.append(
            np.column_stack(
                (
                    np.full(len(own) * len(inner), place, dtype=np.int64),
                    np.repeat(own, len(inner)),
                    np.tile(inner, (len(own), 1)),
                )
            )
        )
    table = np.concatenate(parts) if parts else np.empty((0, 5), dtype=np.int64)
    return Rows(*(np.ascontiguousarray(column) for column in table.T))
