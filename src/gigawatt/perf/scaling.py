"""Throughput against the number of accelerators: one model on one system, from eight to millions.

A curve is a handful of exact searches, one for each count, and lines between them. It knows why
throughput saturates: the batch may not grow beyond the critical one, messages have latency, pipelines
have bubbles, stragglers grow. It does not know failures (goodput) and, unless a fabric is given, no
distance between buildings: all accelerators of a cluster stand under one roof.

Counts above one scale-up domain are whole domains, doubled. In each, either all accelerators work or
only a power of two of every domain, whichever is faster; and because a fleet may leave accelerators
idle, throughput never falls with count: the best of any smaller count is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.catalog import Catalog
from gigawatt.catalog.records import Architecture
from gigawatt.core.arrays import Array
from gigawatt.core.errors import InputError, Problem

from . import scaling_cache
from .bands import error_band
from .chip import Chip, chip_of
from .critical_batch import batch_limit, rounded
from .job import Job
from .machines import machine_of
from .predict import Prediction, model_flops
from .shape import Shape, shape_of
from .space import Space
from .stacks import CURRENT

__all__ = [
    "MOST",
    "CurvePoint",
    "ThroughputCurve",
    "counts_of",
    "throughput_curve",
    "training_format",
]

LEAST, MOST = 8, 5_000_000
"""Fewest and most accelerators of a curve."""
_MICROBATCHES = (1, 2, 4, 8)

_made: dict[tuple[Any, ...], ThroughputCurve] = {}


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The best strategy of one count.

    Attributes
    ----------
    count : int
        Accelerators that are there.
    in_use : int
        Accelerators that work; the others stand idle.
    tokens_per_s : float
        Tokens trained [token/s]; 0 where the model fits in no way.
    step_s : float
        Time of a step [s].
    batch_tokens : float
        Tokens of a step [token].
    strategy : str
        How the model is spread; empty where it fits in no way.
    low, high : float
        Throughput at the ends of the error band [token/s].
    outside : tuple of str
        What of the system, the job and the strategy no measured run covers.
    """

    count: int
    in_use: int
    tokens_per_s: float
    step_s: float
    batch_tokens: float
    strategy: str
    low: float
    high: float
    outside: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputCurve:
    """Tokens per second of one model on one system by the number of accelerators.

    Attributes
    ----------
    system_id, precision : str
        Catalog system; training format of the matrix products.
    reference_id : str
        System whose measured kernel tables the times rest on.
    stack : str
        Software stack.
    sequence : int
        Tokens of a sequence [token].
    most_batch_tokens : float
        Largest batch that was allowed [token].
    flop_per_token : float
        Model FLOP of a token, attention counted causal [FLOP/token].
    peak_flops : float
        Dense peak of an accelerator in that format [FLOP/s].
    points : tuple of CurvePoint
        By count, ascending; neither `tokens_per_s` nor the ends of its band ever fall.
    """

    system_id: str
    precision: str
    reference_id: str
    stack: str
    sequence: int
    most_batch_tokens: float
    flop_per_token: float
    peak_flops: float
    points: tuple[CurvePoint, ...]

    @property
    def counts(self) -> Array:
        """Counts that were searched [1]."""
        return np.array([float(point.count) for point in self.points])

    @property
    def tokens_per_s(self) -> Array:
        """Throughput of each count [token/s]."""
        return np.array([point.tokens_per_s for point in self.points])

    @property
    def least(self) -> float:
        """Fewest accelerators that hold the model [1]; infinite where none do."""
        return next((float(p.count) for p in self.points if p.tokens_per_s > 0.0), float("inf"))

    def rate(self, count: ArrayLike) -> Array:
        """Throughput of any count: straight in logarithms between the searched ones, flat beyond.

        Parameters
        ----------
        count : float or array
            Accelerators [1]; nothing is trained on fewer than `least`.

        Returns
        -------
        array
            [token/s]
        """
        return self._between(count, "tokens_per_s")

    def band(self, count: ArrayLike) -> tuple[Array, Array]:
        """Throughput of any count at the low and the high end of the error band [token/s]."""
        return self._between(count, "low"), self._between(count, "high")

    def _between(self, count: ArrayLike, which: str) -> Array:
        counts = np.asarray(count, dtype=float)
        fits = [point for point in self.points if point.tokens_per_s > 0.0]
        if not fits:
            return np.zeros_like(counts)
        x = np.log([float(point.count) for point in fits])
        y = np.log([getattr(point, which) for point in fits])
        enough = counts >= fits[0].count
        between = np.exp(np.interp(np.log(np.where(enough, counts, fits[0].count)), x, y))
        return np.asarray(np.where(enough, between, 0.0))

    def mfu(self, count: ArrayLike) -> Array:
        """Model FLOP utilisation of any count, idle accelerators included [1]."""
        counts = np.maximum(np.asarray(count, dtype=float), 1.0)
        return np.asarray(self.rate(count) * self.flop_per_token / (counts * self.peak_flops))

    def point(self, count: float) -> CurvePoint | None:
        """The searched point that stands for a count: the nearest by ratio; none below `least`."""
        if count < self.least:
            return None
        fits = [point for point in self.points if point.tokens_per_s > 0.0]
        return min(fits, key=lambda p: abs(np.log(p.count / count))) if fits else None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` is its inverse."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**plain, "points": [_plain(point) for point in self.points]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ThroughputCurve:
        """Inverse of `as_dict`.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is not what `as_dict` gives.
        """
        points = tuple(
            CurvePoint(**{**point, "outside": tuple(point["outside"])}) for point in data["points"]
        )
        if not points or any(not p.low <= p.tokens_per_s <= p.high for p in points):
            raise ValueError("a curve needs points, each with a throughput within its band")
        return cls(**{**data, "points": points})


def _plain(point: CurvePoint) -> dict[str, Any]:
    plain = {name: getattr(point, name) for name in CurvePoint.__dataclass_fields__}
    return {**plain, "outside": list(point.outside)}


def training_format(chip: Chip, precision: str) -> str:
    """Training format of a precision as scenarios name it: fp8 and fp4 take block scales where they can.

    Raises
    ------
    InputError
        E702 if the chip cannot train in it.
    """
    names = {"fp8": ("mxfp8", "fp8"), "fp4": ("nvfp4",)}.get(precision, (precision,))
    for name in names:
        if name in chip.peak:
            return name
    raise InputError(
        Problem(
            "E702",
            f"{chip.system_id} cannot train in {precision}; it can in {', '.join(chip.peak)}.",
            "another precision or another system",
            "precision",
        )
    )


def counts_of(domain: float, least: int = LEAST, most: int = MOST) -> tuple[int, ...]:
    """Counts of a curve: powers of two below one scale-up domain, then whole domains, doubled.

    Examples
    --------
    >>> counts_of(8, most=100)
    (8, 16, 32, 64)
    >>> counts_of(72, most=600)
    (8, 16, 32, 64, 72, 144, 288, 576)
    """
    found = []
    count = least
    while count < min(domain, most + 1):
        found.append(count)
        count *= 2
    count = max(int(domain), least)
    while count <= most:
        found.append(count)
        count *= 2
    return tuple(found)


def throughput_curve(
    catalog: Catalog,
    architecture: Architecture,
    system_id: str,
    precision: str,
    *,
    sequence: int,
    tokens: float,
    batch_tokens: float | None = None,
    counts: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ThroughputCurve:
    """Throughput of a model on a system by the number of accelerators.

    Parameters
    ----------
    catalog : Catalog
        Where system, kernel tables, constants and the law of the critical batch come from.
    architecture : Architecture
        The model.
    system_id : str
        Catalog system.
    precision : str
        bf16, fp8 or fp4 as scenarios say it, or a training format: mxfp8, nvfp4.
    sequence : int
        Tokens of a sequence [token].
    tokens : float
        Tokens of the whole training, which set the critical batch [token].
    batch_tokens : float, optional
        Tokens of a step, less at most an eighth so that replicas can divide it [token]; left out: as
        many as the critical batch allows.
    counts : sequence of int, optional
        Accelerators; `counts_of` the system's scale-up domain by default.
    progress : callable, optional
        Called before each count with counts done and counts in all; not where the curve is known.

    Returns
    -------
    ThroughputCurve
        With throughput 0 where nothing fits; see `ThroughputCurve.least`.

    Raises
    ------
    InputError
        E701 if the system's record lacks a figure that the model needs, E702 if it lacks the format.

    Notes
    -----
    Kept in this process, and on disk by a hash of everything that it depends on: see `scaling_cache`.
    """
    limit, fixed = batch_limit(catalog, sequence, tokens, batch_tokens)
    wanted = None if counts is None else tuple(sorted(int(count) for count in counts))
    name = (catalog.hash, architecture, system_id, precision, sequence, limit, fixed, wanted)
    if name not in _made:
        chip = chip_of(catalog, system_id)
        job = _Job(
            chip,
            training_format(chip, precision),
            shape_of(architecture),
            catalog.training_calibration.values(),
            sequence,
            limit,
            fixed,
            wanted or counts_of(chip.domain),
        )
        key = scaling_cache.key_of(job.identity())
        curve = scaling_cache.load(key, ThroughputCurve.from_dict)
        if curve is None:
            curve = job.curve(progress)
            scaling_cache.store(key, curve.as_dict())
        _made[name] = curve
    return _made[name]


@dataclass(frozen=True, slots=True)
class _Job:
    """Everything that a curve depends on."""

    chip: Chip
    precision: str
    shape: Shape
    constants: Mapping[str, float]
    sequence: int
    limit: int
    """Most sequences of a step."""
    fixed: bool
    """Whether a step has about so many, whatever would be faster."""
    counts: tuple[int, ...]

    def identity(self) -> dict[str, Any]:
        """Plain data that two equal curves share and two different ones do not."""
        chip = {name: getattr(self.chip, name) for name in self.chip.__dataclass_fields__}
        return {
            "chip": chip,
            "precision": self.precision,
            "shape": self.shape._asdict(),
            "constants": dict(self.constants),
            "stack": CURRENT.name,
            "sequence": self.sequence,
            "batch": [self.limit, self.fixed],
            "counts": list(self.counts),
        }

    def curve(self, progress: Callable[[int, int], None] | None) -> ThroughputCurve:
        """Search every count."""
        from .search import search  # a curve that is known needs no compiled search

        shape = self.shape
        machine = machine_of(
            self.chip,
            self.precision,
            CURRENT,
            self.constants,
            head_dim=float(shape.qk_dim),
            latent=bool(shape.latent),
            gated_experts=bool(shape.gated),
        )
        space = Space.planning().only(microbatch=_MICROBATCHES)
        best = CurvePoint(0, 0, 0.0, 0.0, 0.0, "", 0.0, 0.0, ())
        points = []
        for place, count in enumerate(self.counts):
            if progress is not None:
                progress(place, len(self.counts))
            for used in _working(count, self.chip.domain):
                batches = self._batches(used)
                job = Job(used, batches[0], self.sequence)
                found = search(machine, shape, job, space.only(batches=batches))
                if found.best:
                    best = self._better(best, found.best[0], count)
            points.append(replace(best, count=count))
        one = Job(1, 1, self.sequence)
        return ThroughputCurve(
            system_id=self.chip.system_id,
            precision=self.precision,
            reference_id=self.chip.reference_id,
            stack=CURRENT.name,
            sequence=self.sequence,
            most_batch_tokens=float(self.limit * self.sequence),
            flop_per_token=float(model_flops(machine, shape, one)) / self.sequence,
            peak_flops=float(self.chip.peak[self.precision]),
            points=tuple(points),
        )

    def _better(self, best: CurvePoint, found: Prediction, count: int) -> CurvePoint:
        """The better of two, with the ends of the band at their best so far."""
        rate = found.job.tokens / float(found.step_s)
        if rate <= best.tokens_per_s:
            return best
        from .validated import outside_choices, outside_ground  # reads the measured runs

        outside = (
            *outside_ground(self.chip, self.shape, found.job, self.precision),
            *outside_choices(self.chip, self.shape, found.strategy),
        )
        band = error_band(self.chip, bool(self.shape.moe), self.precision, bool(outside))
        return CurvePoint(
            count=count,
            in_use=found.job.count,
            tokens_per_s=rate,
            step_s=float(found.step_s),
            batch_tokens=float(found.job.tokens),
            strategy=str(found.strategy),
            low=max(best.low, rate / band.high),
            high=max(best.high, rate / band.low),
            outside=outside,
        )

    def _batches(self, count: int) -> tuple[int, ...]:
        """Sequences of a step that replicas of a count can divide, near the most that are allowed."""
        odd = count // (count & -count)
        near = {self.limit, rounded(self.limit)}
        if odd <= self.limit:
            near.add(odd * rounded(self.limit // odd))
            if not self.fixed:
                near.add(odd * 2 ** ((self.limit // odd).bit_length() - 1))
        return tuple(sorted(near))


def _working(count: int, domain: float) -> tuple[int, ...]:
    """How many of a count may work: all, or a power of two of every whole domain."""
    whole = int(domain)
    if count < whole or count % whole:
        return (count,)
    part = 2 ** (whole.bit_length() - 1)
    return (count,) if part == whole else (count, count // whole * part)
