"""How fast the packages of a system work on a training campaign, and how that is known.

A campaign with a model follows a throughput curve: modelled tokens per second by the number of
accelerators. A system that cannot be modelled is carried over from one of the same plan that can, at
the same utilisation, and says so. A campaign that states a utilisation, or compute without a model, is
peak × utilisation. With a model, failures then take their share: goodput by the size of the cluster.
Every answer has a low, a central and a high case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np

from gigawatt.catalog import PRECISIONS, Catalog
from gigawatt.core.arrays import Array
from gigawatt.core.errors import InputError
from gigawatt.perf.assumed import training_compute
from gigawatt.perf.scaling import ThroughputCurve, throughput_curve
from gigawatt.scenario import Scenario
from gigawatt.scenario.demands import TrainingCampaign
from gigawatt.workload.placement import CASES

from .goodput import Goodput, goodput_of
from .inputs import Inputs
from .machines import Machines
from .memory import least_packages, misses_memory, scaled_least
from .trained import Trained, trained

__all__ = ["CASES", "Kind", "Progress", "Rate", "Rates", "rates_of"]

Kind = Literal["modelled", "carried over", "assumed", "stated"]
Progress = Callable[[str], None]
_TINY = 1e-300


@dataclass(frozen=True)
class Rate:
    """How fast the packages of one system work on one campaign.

    Attributes
    ----------
    kind : str
        modelled: by the system's own curve; carried over: by another system's curve at the same
        utilisation; assumed: by the range of the catalog; stated: by the campaign's own `mfu`.
    cases : tuple of float
        Low, central and high model FLOP utilisation [1]; of what is carried over, these over the
        central one [1]; 1 of what is modelled, where the curve has its own band.
    peak_flops : float
        Dense peak of a package in the campaign's precision [FLOP/s]; 0 where it has none.
    curve : ThroughputCurve or None
        The curve, where there is one.
    flop_per_token : float
        Training compute of a token, 6 × active parameters [FLOP/token]; 0 without a model.
    why : str
        Why there is no curve of its own.
    model : str
        Catalog id of the model, or words for another; empty without a model.
    goodput : Goodput or None
        Share of the time that is work kept; none where it is not modelled, which counts as all.
    least : float
        Fewest packages that hold the model [1]: of the curve, or by the memory of the system; 1 without
        a model.
    fits : bool
        Whether any number of packages holds the model.
    """

    kind: Kind
    cases: tuple[float, float, float]
    peak_flops: float
    curve: ThroughputCurve | None = None
    flop_per_token: float = 0.0
    why: str = ""
    model: str = ""
    goodput: Goodput | None = None
    least: float = 1.0
    fits: bool = True

    @property
    def works(self) -> bool:
        """Whether any number of packages trains anything."""
        return self.fits and self.peak_flops > 0.0 and max(self.cases) > 0.0

    @property
    def attention(self) -> float:
        """Model FLOP with attention over those that budgets count [1]."""
        if self.curve is None or self.flop_per_token == 0.0:
            return 1.0
        return self.curve.flop_per_token / self.flop_per_token

    def flop_per_s(self, packages: Array, case: int) -> tuple[Array, Array]:
        """Training compute a second, as budgets count it.

        Parameters
        ----------
        packages : array, shape (...)
            Packages of a cluster.
        case : int
            0 low, 1 central, 2 high.

        Returns
        -------
        kept, raw : array, shape (...) [FLOP/s]
            What counts, and the throughput before failures. A cluster leaves packages idle where more
            of them would keep less, so neither ever falls.
        """
        table = self._table
        count = np.asarray(packages, dtype=float)
        enough = count >= table.least
        at = np.log(np.maximum(count, table.least))
        kept = np.exp(np.interp(at, table.log_count, table.log_kept[case]))
        raw = np.exp(np.interp(at, table.log_count, table.log_raw[case]))
        return kept * enough, raw * enough

    @cached_property
    def _table(self) -> _Table:
        return _table(self)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` is its inverse."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        curve = None if self.curve is None else self.curve.as_dict()
        goodput = None if self.goodput is None else self.goodput.as_dict()
        return {**plain, "cases": list(self.cases), "curve": curve, "goodput": goodput}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rate:
        """Inverse of `as_dict`."""
        curve = data["curve"] and ThroughputCurve.from_dict(data["curve"])
        goodput = data["goodput"] and Goodput.from_dict(data["goodput"])
        low, central, high = (float(value) for value in data["cases"])
        before = {"least": curve.least if curve else 1.0}  # of folders that do not have it
        cases = (low, central, high)
        return cls(**{**before, **data, "cases": cases, "curve": curve, "goodput": goodput})


@dataclass(frozen=True, slots=True)
class _Table:
    """Fewest packages; logarithms of counts, and by case of the compute kept and before failures."""

    least: float
    log_count: Array
    log_kept: Array
    log_raw: Array


@lru_cache(maxsize=1024)
def _table(rate: Rate) -> _Table:
    """A rate on a grid, straight in logarithms between its points; what is kept never falls."""
    counts = [np.array([1.0, 1e10])]
    if rate.curve is not None:
        counts = [rate.curve.counts]
    if rate.goodput is not None:
        counts.append(np.array(rate.goodput.counts))
    least = max(rate.least, 1.0)
    grid = np.unique(np.concatenate([*counts, np.array([least])]))
    grid = grid[(grid >= least) & np.isfinite(grid)]
    if not len(grid):
        grid = np.ones(1)
    raw = _raw(rate, grid)
    kept = raw if rate.goodput is None else raw * rate.goodput.fraction(grid)
    best = np.maximum.accumulate(kept, axis=-1)
    place = np.maximum.accumulate(np.where(kept >= best, np.arange(len(grid)), 0), axis=-1)
    logs = (
        np.log(np.maximum(np.take_along_axis(rows, place, axis=-1), _TINY)) for rows in (kept, raw)
    )
    return _Table(least, np.log(grid), *logs)


def _raw(rate: Rate, counts: Array) -> Array:
    """Throughput before failures by case, shape (3, n) [FLOP/s]."""
    if rate.curve is None:
        return np.stack([case * rate.peak_flops * counts for case in rate.cases])
    if rate.kind == "modelled":
        low, high = rate.curve.band(counts)
        return np.stack((low, rate.curve.rate(counts), high)) * rate.flop_per_token
    central = rate.curve.rate(counts) * rate.flop_per_token
    faster = rate.peak_flops / rate.curve.peak_flops
    return np.stack([case * faster * central for case in rate.cases])


Rates = Mapping[str, Mapping[str, Rate]]
"""Campaign → machine → rate; machines that never serve are left out."""


def rates_of(
    scenario: Scenario, inputs: Inputs, machines: Machines, progress: Progress | None = None
) -> Rates:
    """Rates of all campaigns on all machines that ever serve.

    Parameters
    ----------
    scenario, inputs : Scenario, Inputs
        Campaigns and models; sequences.
    machines : Machines
        What they may use.
    progress : callable, optional
        Told in words when a curve has to be computed.
    """
    present = machines.present
    runs = scenario.spec.workloads.training
    subjects = {name: trained(scenario, run) for name, run in runs.items()}
    modelled = [n for n, run in runs.items() if subjects[n].architecture and run.mfu is None]
    numbers = iter(range(1, 1 + len(modelled) * len(present)))
    found: dict[str, dict[str, Rate]] = {}
    for at, (name, run) in enumerate(runs.items()):
        sequence = int(np.nan_to_num(inputs["training_sequence"][at]))
        curves: dict[str, ThroughputCurve] = {}
        reasons: dict[str, _NoCurve] = {}
        for m in present if name in modelled else ():
            key = machines.labels[m]
            words = (
                f"computing throughput curves {next(numbers)}/{len(modelled) * len(present)}: "
                f"{subjects[name].called} on {key}"
            )
            curve = _curve(
                scenario, run, subjects[name], machines.systems[m], sequence,
                words if progress else "", progress,
            )  # fmt: skip
            if isinstance(curve, _NoCurve):
                reasons[key] = curve
            else:
                curves[key] = curve
        found[name] = {
            machines.labels[m]: _rate(
                scenario, machines, m, run, subjects[name], curves,
                reasons.get(machines.labels[m], _NoCurve("")),
            )
            for m in present
        }  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class _NoCurve:
    """Why there is no curve, and whether the model might fit all the same."""

    why: str
    fits: bool = True


def _curve(
    scenario: Scenario,
    run: TrainingCampaign,
    subject: Trained,
    system_id: str,
    sequence: int,
    words: str,
    progress: Progress | None,
) -> ThroughputCurve | _NoCurve:
    """The curve of a campaign on a system, or why there is none."""
    assert subject.architecture is not None
    assert subject.tokens is not None

    def tell(done: int, of: int) -> None:
        assert progress is not None
        if done == 0:
            progress(words)

    try:
        curve = throughput_curve(
            scenario.catalog,
            subject.architecture,
            system_id,
            run.precision,
            sequence=sequence,
            tokens=subject.tokens,
            batch_tokens=run.batch,
            progress=tell if progress else None,
        )
    except InputError as error:
        if {problem.code for problem in error.problems} <= {"E701", "E702"}:
            return _NoCurve(error.problems[0].message)
        raise
    if np.isinf(curve.least):
        words = misses_memory(scenario.catalog, subject.architecture, curve, system_id)
        return _NoCurve(words, fits=False)
    return curve


def _rate(
    scenario: Scenario,
    machines: Machines,
    m: int,
    run: TrainingCampaign,
    subject: Trained,
    curves: Mapping[str, ThroughputCurve],
    reason: _NoCurve,
) -> Rate:
    p = PRECISIONS.index(run.precision)
    peak = float(machines.peak_flops[p, m])
    per_token = training_compute(subject.active, 1.0)
    called, goodput, least, why = subject.called, None, 1.0, reason.why
    system = machines.systems[m]
    if subject.architecture is not None:
        known = goodput_of(scenario.catalog, subject.architecture, system)
        goodput = None if isinstance(known, str) else known
        least = least_packages(subject.architecture, _hbm_bytes(scenario.catalog, system))
    if run.mfu is not None:
        cases = (run.mfu, run.mfu, run.mfu)
        return Rate("stated", cases, peak, None, per_token, "", called, goodput, least)
    low, central, high = (float(values[p, m]) for values in machines.mfu)
    key = machines.labels[m]
    if key in curves:
        curve, one = curves[key], (1.0, 1.0, 1.0)
        return Rate(
            "modelled", one, curve.peak_flops, curve, per_token, "", called, goodput, curve.least
        )
    if not reason.fits:
        none = (0.0, 0.0, 0.0)
        return Rate("modelled", none, peak, None, per_token, why, called, goodput, fits=False)
    if curves and peak > 0.0 and central > 0.0:
        other, curve = next(iter(curves.items()))
        why = f"{why} Taken at the utilisation of {other} with as many accelerators."
        band = (low / central, 1.0, high / central)
        least = scaled_least(
            curve.least,
            _hbm_bytes(scenario.catalog, curve.system_id),
            _hbm_bytes(scenario.catalog, system),
        )
        return Rate("carried over", band, peak, curve, per_token, why, called, goodput, least)
    return Rate("assumed", (low, central, high), peak, None, per_token, why, called, goodput, least)


def _hbm_bytes(catalog: Catalog, system_id: str) -> float:
    """Memory of a package [B]; infinite where no source gives it, so that it binds nothing."""
    known = catalog.system(system_id).hbm
    return float("inf") if known is None else float(known.value)
