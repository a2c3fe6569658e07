"""What somebody asks of training: a system and a count, a step, a budget, and what may be chosen.

A `TrainingRequest` holds what was said and refuses what makes no sense by itself. What was left open is
settled once model and chip are known, by `settled`, which says nothing of strategies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from gigawatt.catalog.records import Architecture
from gigawatt.core.errors import InputError, Problem, did_you_mean

from .chip import TRAINING_PRECISIONS, Chip, TrainingPrecision
from .job import Job, divisors
from .machines import FABRIC_LATENCY_S, Fabric
from .space import Space
from .stacks import CURRENT, STACKS
from .strategy import parse_partial

__all__ = ["OBJECTIVES", "TrainingRequest", "fabric_of", "job_of", "settled", "space_of"]

OBJECTIVES = ("step", "throughput", "energy", "cost")
USUAL_BATCH_TOKENS = 16 * 2**20
"""Tokens of a step where nothing is said: what Llama 3 405B was trained with (arXiv:2407.21783) [token]."""
USUAL_SEQUENCE = 8192
MOST_ACCELERATORS = 10_000_000
MOST_SEQUENCE = 2**24
MOST_BATCH_TOKENS = 10**12
MOST_TOKENS = 1e18
MOST_TOP = 1000
LEAST_CAMPUS_GBPS = 1e-3
LATENCY_S_PER_KM = 5e-6
"""Light in glass [s/km]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """A question about training a model.

    Attributes
    ----------
    system_id : str
        Catalog id of the accelerators' system.
    count : int
        Accelerators; all of them are used.
    batch_tokens : int or None
        Tokens of a step over all accelerators [token]; None for about 16 million that can be split.
    sequence : int or None
        Tokens of a sequence [token]; None for the model's context, at most 8192.
    precision : str or None
        bf16, fp8, mxfp8 or nvfp4; None for 8 bits where the chip has them.
    stack : str
        Software stack.
    strategy : str
        Choices that are fixed, such as ``tp=8,pp=16``; ``tp=4|8`` allows some, ``tp<=8`` a range.
    objective : {"step", "throughput", "energy", "cost"}
        What is least; throughput is most when the step is shortest, since the batch is given.
    top : int
        How many of the best are wanted.
    front : bool
        Whether the Pareto front of objective and memory is wanted too.
    tokens : float or None
        Tokens of the whole run [token]; None where only a step is asked for.
    imbalance : float
        Tokens of the busiest expert rank over the mean [1]; measured runs mostly force balance.
    memory_gib : float or None
        Memory that may be used of an accelerator [GiB]; None for all of it.
    campuses : int
        Campuses of the same size; data parallelism alone crosses between them.
    campus_gbps : float
        Between campuses, per accelerator, one direction [Gbit/s].
    campus_km : float
        Fibre between campuses [km].
    building : int or None
        Accelerators under one roof; None for all of a campus.
    building_gbps : float
        Between buildings, per accelerator, one direction [Gbit/s].
    building_km : float
        Fibre between buildings [km].
    in_network : bool
        Whether the switches of the scale-out fabric add gradients up.
    outer_every : int
        Steps between two exchanges of campuses: 1 exchanges gradients in every step; more lets each
        campus train by itself in between.
    usd_per_gpu_hour : float or None
        Price of an accelerator hour [USD/h]; None for the catalog's.
    usd_per_mwh : float or None
        Price of electricity that the hourly price does not hold [USD/MWh].
    """

    system_id: str
    count: int
    batch_tokens: int | None = None
    sequence: int | None = None
    precision: str | None = None
    stack: str = CURRENT.name
    strategy: str = ""
    objective: str = "step"
    top: int = 5
    front: bool = False
    tokens: float | None = None
    imbalance: float = 1.0
    memory_gib: float | None = None
    campuses: int = 1
    campus_gbps: float = 8.0
    campus_km: float = 1000.0
    building: int | None = None
    building_gbps: float = 200.0
    building_km: float = 3.0
    in_network: bool = False
    outer_every: int = 1
    usd_per_gpu_hour: float | None = None
    usd_per_mwh: float | None = None

    def __post_init__(self) -> None:
        problems = [
            *_unfit_word("objective", self.objective, OBJECTIVES),
            *_unfit_word("precision", self.precision, get_args(TrainingPrecision)),
            *_unfit_word("stack", self.stack, tuple(stack.name for stack in STACKS)),
            *_unfit_count("count", self.count, MOST_ACCELERATORS, "accelerators"),
            *_unfit_count("sequence", self.sequence, MOST_SEQUENCE, "tokens"),
            *_unfit_count("batch_tokens", self.batch_tokens, MOST_BATCH_TOKENS, "tokens"),
            *_unfit_count("top", self.top, MOST_TOP, "strategies"),
            *_unfit_count("campuses", self.campuses, 1000, "campuses"),
            *_unfit_count("building", self.building, MOST_ACCELERATORS, "accelerators"),
            *_unfit_number("building_gbps", self.building_gbps, 1e5, "Gbit/s"),
            *_unfit_number("building_km", self.building_km, 1_000.0, "km", zero=True),
            *_unfit_count("outer_every", self.outer_every, 1_000_000, "steps"),
            *_unfit_number("tokens", self.tokens, MOST_TOKENS, "tokens"),
            *_unfit_number("imbalance", self.imbalance, 1e3, "times the mean", 1.0),
            *_unfit_number("memory_gib", self.memory_gib, 1e6, "GiB"),
            *_unfit_number("campus_gbps", self.campus_gbps, 1e5, "Gbit/s", LEAST_CAMPUS_GBPS),
            *_unfit_number("campus_km", self.campus_km, 40_000.0, "km", zero=True),
            *_unfit_number("usd_per_gpu_hour", self.usd_per_gpu_hour, 1e6, "USD/h"),
            *_unfit_number("usd_per_mwh", self.usd_per_mwh, 1e6, "USD/MWh", zero=True),
        ]
        if not problems and self.count % self.campuses:
            problems.append(
                Problem(
                    "E703",
                    f"{self.count:,} accelerators cannot be spread evenly over {self.campuses} "
                    "campuses.",
                    f"The nearest counts are {_around(self.count, self.campuses)}.",
                    "campuses",
                )
            )
        if not problems and self.outer_every > 1 and self.campuses == 1:
            problems.append(
                Problem(
                    "E203",
                    f"outer_every is {self.outer_every}, but there is one campus: nothing to exchange.",
                    "Give several campuses, or leave outer_every out.",
                    "outer_every",
                )
            )
        if problems:
            raise InputError(problems)


def _unfit_word(name: str, value: str | None, allowed: tuple[str, ...]) -> list[Problem]:
    if value is None or value in allowed:
        return []
    return [
        Problem("E203", f"{name} is '{value}'; it may be {', '.join(allowed)}.",
                _near(str(value), allowed), name)
    ]  # fmt: skip


def _near(word: str, allowed: tuple[str, ...]) -> str:
    hint = did_you_mean(word, allowed)
    return hint if hint.startswith("Did") else ""


def _unfit_count(name: str, value: Any, most: int, unit: str) -> list[Problem]:
    if value is None:
        return []
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        shown = f"{value:,}" if isinstance(value, int) else repr(value)
        return [
            Problem(
                "E213", f"{name} is {shown}; allowed are whole numbers from 1 to {most:,} {unit}.",
                path=name,
            )
        ]  # fmt: skip
    return []


def _unfit_number(
    name: str,
    value: float | None,
    most: float,
    unit: str,
    least: float = 0.0,
    *,
    zero: bool = False,
) -> list[Problem]:
    if value is None:
        return []
    if least <= value <= most and (value > 0.0 or zero):
        return []
    low = f"from {least:g}" if zero or least else "above 0"
    return [
        Problem(
            "E213", f"{name} is {value:g}; allowed is {low}, at most {most:g} {unit}.", path=name
        )
    ]


def _around(value: int, unit: int) -> str:
    below = value // unit * unit
    return f"{below:,} and {below + unit:,}" if below else f"{unit:,}"


def settled(request: TrainingRequest, chip: Chip, architecture: Architecture) -> TrainingRequest:
    """The request with everything that was left open filled in.

    Raises
    ------
    InputError
        E702 if the chip lacks the precision, E703 if the batch is not made of whole sequences.
    """
    precision = request.precision or next(
        name for name in ("mxfp8", "fp8", "bf16") if name in chip.peak
    )
    if precision not in chip.peak:
        own = [name for name in TRAINING_PRECISIONS if name in chip.peak]
        raise InputError(
            Problem(
                "E702",
                f"{chip.system_id} cannot train in {precision}; it can in {', '.join(own)}.",
                "another precision or another system",
                "precision",
            )
        )
    sequence = request.sequence or min(architecture.context, USUAL_SEQUENCE)
    batch_tokens = request.batch_tokens
    if batch_tokens is None:
        batch_tokens = sequence * _usual_batch(request.count, request.campuses, sequence)
    unit = sequence * request.campuses
    if batch_tokens % unit:
        over = f" on each of {request.campuses} campuses" if request.campuses > 1 else ""
        raise InputError(
            Problem(
                "E703",
                f"A batch of {batch_tokens:,} tokens is not made of whole sequences of "
                f"{sequence:,} tokens{over}; the nearest are {_around(batch_tokens, unit)}.",
                "",
                "batch_tokens",
            )
        )
    if request.tokens is not None and request.tokens < batch_tokens:
        raise InputError(
            Problem(
                "E213",
                f"A run of {request.tokens:,.6g} tokens is less than one step of {batch_tokens:,}.",
                "Give the tokens of the whole run, such as 15T, or a smaller batch.",
                "tokens",
            )
        )
    return replace(request, precision=precision, sequence=sequence, batch_tokens=batch_tokens)


def _usual_batch(count: int, campuses: int, sequence: int) -> int:
    """Sequences of about 16 million tokens that as many strategies as possible can split.

    The odd part of the count times a power of two, so that all accelerators can share them; more than 16
    million tokens where the odd part alone is more.

    Examples
    --------
    >>> _usual_batch(1024, 1, 8192), _usual_batch(9216, 2, 8192)
    (2048, 2304)
    """
    wanted = max(USUAL_BATCH_TOKENS / sequence, 1.0)
    odd = count // (count & -count)
    least = (campuses & -campuses).bit_length() - 1
    return int(odd * 2 ** max(round(math.log2(wanted / odd)), least))


def job_of(request: TrainingRequest) -> Job:
    """The step of a settled request over all campuses."""
    assert request.batch_tokens is not None
    assert request.sequence is not None
    return Job(
        request.count,
        request.batch_tokens // request.sequence,
        request.sequence,
        request.imbalance,
        request.campuses,
    )


def fabric_of(request: TrainingRequest, across: bool) -> Fabric:
    """Networks of a request beyond the datasheet, with or without the links between campuses."""
    campus = request.count / request.campuses if across else math.inf
    return Fabric(
        building=math.inf if request.building is None else float(request.building),
        building_bytes_per_s=request.building_gbps * 1e9 / 8.0,
        building_latency_s=FABRIC_LATENCY_S + request.building_km * LATENCY_S_PER_KM,
        campus=campus,
        campus_bytes_per_s=request.campus_gbps * 1e9 / 8.0,
        campus_latency_s=FABRIC_LATENCY_S + request.campus_km * LATENCY_S_PER_KM,
        in_network=request.in_network,
    )


def space_of(text: str, count: int) -> Space:
    """The space that a text of choices leaves.

    Parameters
    ----------
    text : str
        Pairs as in a strategy; ``tp=4|8`` allows several values, ``tp<=8`` all up to one.
    count : int
        Accelerators, whose divisors a range runs through.

    Raises
    ------
    InputError
        For what is no choice or no value of one.

    Examples
    --------
    >>> space = space_of("tp=4|8, pp<=4, recompute=full", 64)
    >>> space.tp, space.pp, space.recompute
    ((4, 8), (1, 2, 3, 4), ('full',))
    """
    values: dict[str, tuple[Any, ...]] = {}
    plain: list[str] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, below, most = part.partition("<=")
        if below:
            ((key, top),) = parse_partial(f"{name.strip()}={most.strip()}").items()
            _refuse_twice(key, values)
            if isinstance(top, bool) or not isinstance(top, int):
                raise InputError(
                    Problem("E203", f"{part!r}: only numbers can be limited by <=.", path=key)
                )
            # Stages need not divide the accelerators' powers alone: every number up to the limit.
            values[key] = tuple(range(1, top + 1)) if top <= 4096 else divisors(count)
        elif "|" in part:
            name, _, words = part.partition("=")
            read = [parse_partial(f"{name.strip()}={word.strip()}") for word in words.split("|")]
            (key,) = {key for one in read for key in one}
            _refuse_twice(key, values)
            values[key] = tuple(one[key] for one in read)
        else:
            plain.append(part)
    fixed = {name: (value,) for name, value in parse_partial(",".join(plain)).items()}
    twice = [name for name in fixed if name in values]
    if twice:
        raise InputError(
            [Problem("E105", f"{name!r} is given twice.", path=name) for name in twice]
        )
    return Space().only(**fixed, **values)


def _refuse_twice(name: str, values: Mapping[str, Any]) -> None:
    if name in values:
        raise InputError(Problem("E105", f"{name!r} is given twice.", path=name))
