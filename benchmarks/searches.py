"""Searches to be timed: a model on a system, over everything that is allowed."""

from __future__ import annotations

from collections.abc import Callable

from gigawatt.catalog import Catalog
from gigawatt.perf.chip import chip_of
from gigawatt.perf.found import Found
from gigawatt.perf.job import Job
from gigawatt.perf.machines import machine_of
from gigawatt.perf.search import search
from gigawatt.perf.shape import shape_of
from gigawatt.perf.space import Space
from gigawatt.perf.stacks import CURRENT

__all__ = ["search_subject"]


def search_subject(
    model: str, system: str, precision: str, count: int, batch: int, sequence: int
) -> Callable[[], Found]:
    """A search that is ready to run; the first run compiles."""
    catalog = Catalog()
    architecture = catalog.model(model).architecture
    machine = machine_of(
        chip_of(catalog, system),
        precision,
        CURRENT,
        catalog.training_calibration.values(),
        latent=architecture.kv_lora_rank > 0,
        gated_experts=architecture.gated_ffn,
    )
    shape, job = shape_of(architecture), Job(count, batch, sequence)
    batches = (batch, batch * 4 // 3, batch * 2) if not architecture.experts else (batch,)
    return lambda: search(machine, shape, job, Space(batches=batches), k=5)
