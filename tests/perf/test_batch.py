"""A batch scales the work of a step, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.perf.job import Job
from gigawatt.perf.predict import predict
from gigawatt.perf.strategy import parse

from .machines import a100
from .shapes import dense, moe

STRATEGIES = (
    "tp=1,pp=1,mb=1",
    "tp=2,pp=2,mb=1,sp=1",
    "tp=2,pp=4,vpp=2,mb=1,sp=1,recompute=full",
    "tp=1,pp=1,mb=2,sharding=fsdp",
    "tp=1,pp=2,mb=1,schedule=zero-bubble",
)


@given(st.sampled_from(STRATEGIES), st.sampled_from([2, 4, 8]))
def test_more_microbatches_are_more_of_the_same_work(strategy: str, factor: int) -> None:
    m, shape, chosen = a100(), dense(8), parse(strategy)
    small, large = (predict(m, shape, Job(16, 64 * n, 1024), chosen) for n in (1, factor))
    assert large.step.busy_s == pytest.approx(factor * small.step.busy_s)
    assert large.model_flops == pytest.approx(factor * small.model_flops)
    assert large.step.bubble_s == small.step.bubble_s
    assert small.step_s < large.step_s < factor * small.step_s * (1 + 1e-9)
    assert large.tokens_per_s_per_gpu >= small.tokens_per_s_per_gpu * (1 - 1e-9)


def test_more_replicas_do_more_of_the_same_work_at_the_same_batch_each() -> None:
    m, shape, chosen = a100(jitter=0.0), moe(8), parse("tp=1,pp=1,mb=1,ep=2")
    few, many = (predict(m, shape, Job(n, 4 * n, 1024), chosen) for n in (8, 64))
    assert many.step.busy_s == pytest.approx(few.step.busy_s)
    assert many.model_flops == pytest.approx(8 * few.model_flops)
    assert many.step.data_parallel_s >= few.step.data_parallel_s
