"""Training a model on a number of accelerators: the best strategies, and what each takes.

Everything is put together here: chip and stack into a machine, request into a job and a space, search,
and for each winner time, memory, energy, cost, error band, and what no measured run covers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from gigawatt.catalog import Catalog
from gigawatt.catalog.records import Architecture
from gigawatt.catalog.shapes import parameters
from gigawatt.core.errors import InputError, Problem

from .bands import error_band
from .breakdown import GIB, hardware_flops, memory_parts_gib, step_parts_s
from .campuses import Campuses, exchange_s
from .chip import Chip, chip_of
from .costs import Prices, prices_of
from .energy import Power, power_of
from .found import Found
from .job import Job
from .machine import Machine
from .machines import Fabric, machine_of
from .objective import Objective
from .predict import Prediction
from .search import search
from .shape import Shape, shape_of
from .space import Space
from .stacks import Stack, stack_named
from .training_answer import Trained, TrainingAnswer
from .training_request import USUAL_BATCH_TOKENS, TrainingRequest, job_of, settled, space_of
from .validated import inside, outside_choices, outside_ground

__all__ = ["train"]

_SECONDS_PER_HOUR = 3600.0
_SECONDS_PER_DAY = 86400.0
_SEARCHED_FIRST = 0.8
"""Share of the progress that the first search is given when a second may follow [1]."""


def train(
    catalog: Catalog,
    architecture: Architecture,
    request: TrainingRequest,
    progress: Callable[[float], None] | None = None,
    *,
    model: str = "",
) -> TrainingAnswer:
    """Find the best strategies for training a model, and what they take.

    Parameters
    ----------
    catalog : Catalog
        Systems, kernel tables, calibration, prices.
    architecture : Architecture
        The model's shape.
    request : TrainingRequest
        Accelerators, step, budget, what may be chosen.
    progress : callable, optional
        Called with the share that is done, from 0 to 1. What it raises stops the search.
    model : str
        Name of the model, for the answer.

    Returns
    -------
    TrainingAnswer
        Also where no strategy fits into memory: `best` is empty then, and `nearest` says by how much.

    Raises
    ------
    InputError
        For a system that cannot be modelled, a precision that it lacks, a batch that cannot be split,
        or choices that no valid strategy has (E703).
    """
    return _Asked(catalog, architecture, request).answer(model, progress)


class _Asked:
    """One question, with all that its answers share."""

    def __init__(
        self, catalog: Catalog, architecture: Architecture, request: TrainingRequest
    ) -> None:
        space = space_of(request.strategy, request.count)
        self.chip: Chip = chip_of(catalog, request.system_id)
        self.request = settled(request, self.chip, architecture)
        self.batch_left_open = request.batch_tokens is None
        self.stack: Stack = stack_named(request.stack)
        self.shape: Shape = shape_of(architecture)
        self.space = space
        self.parameters = float(parameters(architecture).total)
        self.context = architecture.context
        self.constants = catalog.training_calibration.values()
        self.power: Power | None = power_of(catalog, request.system_id)
        self.prices: Prices | None = prices_of(
            catalog, request.system_id, request.usd_per_gpu_hour, request.usd_per_mwh
        )
        self.campuses = Campuses(self.request, self.shape, self.machine)

    def machine(self, fabric: Fabric) -> Machine:
        """The accelerator on given networks."""
        shape, precision = self.shape, self.request.precision
        assert precision is not None
        m = machine_of(
            self.chip,
            precision,
            self.stack,
            self.constants,
            head_dim=float(shape.qk_dim),
            latent=bool(shape.latent > 0),
            gated_experts=bool(shape.gated > 0),
            fabric=fabric,
        )
        if self.request.memory_gib is not None:
            m = m._replace(hbm_bytes=min(self.request.memory_gib * GIB, float(m.hbm_bytes)))
        return m

    @property
    def objective(self) -> Objective:
        """What the search minimises."""
        name, count = self.request.objective, self.campuses.job.count
        if name in ("step", "throughput"):
            return Objective.time()
        if name == "energy":
            power = self.power or _missing("power", self.request.system_id, "energy")
            return Objective.energy(count, power.waiting_w, power.busy_w)
        prices = self.prices or _missing("price", self.request.system_id, "cost")
        waiting, busy, pue = 0.0, 0.0, 1.0
        if self.power is not None:
            waiting, busy, pue = self.power.waiting_w, self.power.busy_w, self.power.pue
        return Objective.cost(
            count, prices.usd_per_gpu_hour, prices.usd_per_mwh * pue, waiting, busy
        )

    def answer(self, model: str, progress: Callable[[float], None] | None) -> TrainingAnswer:
        """Search, and answer."""
        first, second = _parts(progress)
        objective, request = self.objective, self.request
        found = self.search(self.space, request.top, request.front, first)
        if not found.best and found.nearest_miss is None:
            raise InputError(_invalid(found, self.campuses))
        best = tuple(self.trained(p) for p in found.best)
        kept, note = self.kept_inside(found, second)
        return TrainingAnswer(
            model=model,
            request=request,
            best=best,
            inside=kept,
            inside_note=note,
            counts=found.counts,
            seconds=found.seconds,
            front=found.front,
            front_unit=objective.unit,
            nearest=found.nearest_miss,
            prices=self.prices,
            power=self.power,
            notes=tuple(self.notes()),
        )

    def search(
        self, space: Space, k: int, front: bool, progress: Callable[[float], None] | None
    ) -> Found:
        """The best k of a space."""
        where, job = self.campuses.networks, self.campuses.job
        return search(
            where, self.shape, job, space,
            objective=self.objective, k=k, front=front, progress=progress,
        )  # fmt: skip

    def kept_inside(
        self, found: Found, progress: Callable[[float], None] | None
    ) -> tuple[Trained | None, str]:
        """The best strategy whose choices measured runs cover, and what must be said of it."""
        if not found.best:
            return None, ""
        ground = outside_ground(self.chip, self.shape, self.whole, self.precision)
        still = f"Outside whatever the strategy: {'; '.join(ground)}." if ground else ""
        covered = [p for p in found.best if not outside_choices(self.chip, self.shape, p.strategy)]
        part = inside(self.space, self.chip, self.shape, self.campuses.job)
        if part is None:
            return (
                None,
                f"No strategy of these choices stays inside measured ground. {still}".strip(),
            )
        if covered:  # the list is in order, so the first that is covered is the best of them
            return self.trained(covered[0]), still
        within = self.search(part, 1, False, progress)
        if not within.best:
            return None, f"No strategy inside measured ground is valid and fits. {still}".strip()
        return self.trained(within.best[0]), still

    @property
    def whole(self) -> Job:
        """The step over all campuses."""
        return job_of(self.request)

    @property
    def precision(self) -> str:
        """Training precision."""
        assert self.request.precision is not None
        return self.request.precision

    def trained(self, p: Prediction) -> Trained:
        """What one strategy takes."""
        r, whole = self.request, self.whole
        outer_s = exchange_s(r, self.parameters)
        step_s = float(p.step_s) + outer_s
        parts = step_parts_s(p)
        crossing = self.campuses.crossing_s(p)
        parts["data_parallel"] -= crossing
        parts["campuses"] = crossing + outer_s
        rate = whole.tokens / whole.count / step_s
        flops = float(p.model_flops) / p.job.tokens * rate / self.chip.peak[self.precision]
        executed = hardware_flops(p, self.shape, self.stack) / float(p.model_flops)
        steps = r.tokens / whole.tokens if r.tokens is not None else 1.0
        hours = whole.count * step_s * steps / _SECONDS_PER_HOUR
        it_mwh = facility_mwh = gpu_usd = power_usd = None
        if self.power is not None:
            it_mwh = steps * self.power.it_mwh(whole.count, float(p.step.busy_s), step_s)
            facility_mwh = it_mwh * self.power.pue
        if self.prices is not None:
            gpu_usd = hours * self.prices.usd_per_gpu_hour
            power_usd = self.prices.usd_per_mwh * (facility_mwh or 0.0)
        out = (
            *outside_ground(self.chip, self.shape, whole, self.precision),
            *outside_choices(self.chip, self.shape, p.strategy),
            *self.outside_networks(),
        )
        return Trained(
            prediction=p,
            step_time_s=step_s,
            step_parts_s=parts,
            memory_gib=float(p.memory.total_bytes) / GIB,
            memory_parts_gib=memory_parts_gib(p.memory),
            mfu=flops,
            hfu=flops * executed,
            tokens_per_s_per_gpu=rate,
            per="run" if r.tokens is not None else "step",
            steps=steps,
            energy_mwh=facility_mwh,
            energy_it_mwh=it_mwh,
            gpu_hours=hours,
            cost_usd=None if gpu_usd is None or power_usd is None else gpu_usd + power_usd,
            gpu_usd=gpu_usd,
            electricity_usd=power_usd,
            days=step_s * steps / _SECONDS_PER_DAY if r.tokens is not None else None,
            error_band=error_band(self.chip, bool(self.shape.moe), self.precision, bool(out)),
            outside_validated=out,
        )

    def outside_networks(self) -> tuple[str, ...]:
        """What of the networks no measured run has."""
        r, found = self.request, []
        if r.campuses > 1:
            often = "every step" if r.outer_every == 1 else f"every {r.outer_every:,} steps"
            found.append(f"{r.campuses} campuses that exchange {often}: no measured run")
        if r.building is not None and r.building < self.campuses.job.campus:
            found.append(f"buildings of {r.building:,} accelerators: no measured run")
        if r.in_network:
            found.append("reduction in switches: no measured run")
        return tuple(found)

    def notes(self) -> list[str]:
        """What a reader must know."""
        r, found = self.request, []
        if r.tokens is not None:
            found.append("Days, energy and cost are of a run without failures and restarts.")
        if r.outer_every > 1:
            found.append(
                "Exchanging parameters more seldom changes what a token teaches (arXiv:2311.08105); "
                "that is not modelled, and neither is the memory of the outer optimizer."
            )
        assert r.sequence is not None
        if r.sequence > self.context:
            found.append(
                f"The sequence of {r.sequence:,} tokens is longer than the model's context of "
                f"{self.context:,}."
            )
        assert r.batch_tokens is not None
        if self.batch_left_open and r.batch_tokens > 2 * USUAL_BATCH_TOKENS:
            found.append(
                f"The step has {r.batch_tokens / 1e6:,.4g} M tokens so that {r.count:,} accelerators can "
                "share it; a count with more factors of two needs fewer."
            )
        if self.power is None:
            found.append(f"No source gives the power of {r.system_id}, so energy is not told.")
        if self.prices is None:
            found.append(f"No source gives a price of {r.system_id}; state one to learn the cost.")
        elif self.prices.usd_per_mwh and self.power is None:
            found.append("The cost holds no electricity, since the power is not known.")
        return found


def _parts(
    progress: Callable[[float], None] | None,
) -> tuple[Callable[[float], None] | None, Callable[[float], None] | None]:
    """Progress of the first search, and of the second."""
    if progress is None:
        return None, None
    told = progress
    return (
        lambda share: told(_SEARCHED_FIRST * share),
        lambda share: told(_SEARCHED_FIRST + (1.0 - _SEARCHED_FIRST) * share),
    )


def _missing(what: str, system_id: str, objective: str) -> NoReturn:
    fix = " State one." if what == "price" else ""
    raise InputError(
        Problem(
            "E705",
            f"No source gives the {what} of {system_id}, so {objective} cannot be the objective.{fix}",
            "objective step, or a system whose record has it",
            "objective",
        )
    )


def _invalid(found: Found, campuses: Campuses) -> list[Problem]:
    """Why no strategy is valid."""
    job = campuses.job
    return [
        Problem("E703", refusal.message, path=f"strategy ({refusal.rule})")
        for refusal in found.refused
    ] or [
        Problem(
            "E703",
            f"No strategy of these choices splits the model over {job.count:,} accelerators with "
            f"{job.batch_sequences:,} sequences of {job.sequence:,} tokens.",
            "Fix fewer choices, or choose a batch and a count with more common divisors.",
            "strategy",
        )
    ]
