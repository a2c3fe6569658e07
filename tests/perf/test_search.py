"""The search against brute force, its compiled form against its plain one, and what it says of failure."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gigawatt.core.errors import InputError
from gigawatt.perf import _search_kernel as kernel
from gigawatt.perf.found import Found
from gigawatt.perf.job import Job
from gigawatt.perf.machine import Machine
from gigawatt.perf.objective import Objective
from gigawatt.perf.predict import predict
from gigawatt.perf.search import search
from gigawatt.perf.shape import Shape
from gigawatt.perf.space import Space
from gigawatt.perf.strategy import RECOMPUTES, SCHEDULES, SHARDINGS
from perf.brute import brute
from perf.machines import a100, gb300
from perf.shapes import dense, gpt3, hybrid, moe

SLOW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def some(values: tuple[object, ...], most: int = 2) -> st.SearchStrategy[tuple[object, ...]]:
    """A few of some values."""
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(tuple)


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """A machine whose numbers are off by random factors, with a memory that fits some and not others."""
    m = draw(st.sampled_from((a100(), gb300())))
    factor = st.floats(0.3, 3.0)
    names = (
        "gemm_s_per_flop", "hbm_s_per_byte", "up_s_per_byte", "out_s_per_byte", "up_latency_s",
        "pp_exposed", "dp_exposed", "fsdp_exposed", "optimizer_traffic", "host_link_s_per_byte",
        "jitter", "fixed_s",
    )  # fmt: skip
    changes = {name: getattr(m, name) * draw(factor) for name in names}
    changes["domain"] = float(draw(st.sampled_from((2, 4, 8, 72))))
    changes["campus"] = float(draw(st.sampled_from((8, 32, 131072))))
    changes["hbm_bytes"] = draw(st.floats(3.1e9, 12e9))
    return m._replace(**changes)


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """A space with every choice given: a few values each, valid or not."""
    switch = some((False, True))
    return Space(
        tp=draw(some((1, 2, 4, 3, 8), 3)),
        sequence_parallel=draw(switch),
        cp=draw(some((1, 2, 4))),
        pp=draw(some((1, 2, 4, 3), 3)),
        vpp=draw(some((1, 2, 3, 4), 3)),
        schedule=draw(some(SCHEDULES, 3)),
        uneven=draw(some((False, True), 1)),
        ep=draw(some((1, 2, 4, 8))),
        etp=draw(some((1, 2))),
        microbatch=draw(some((1, 2, 3, 4, 8), 3)),
        recompute=draw(some(RECOMPUTES)),
        sharding=draw(some(SHARDINGS, 4)),
        tp_overlap=draw(switch),
        dp_overlap=draw(switch),
        optimizer_offload=draw(switch),
        activation_offload=draw(switch),
        batches=draw(st.none() | some((16, 24, 32, 48))),
    )


SHAPES = st.sampled_from((dense(8), dense(6, kv_heads=2), moe(8), moe(4, 4, 1), hybrid(12)))
JOBS = st.builds(
    Job,
    count=st.sampled_from((2, 4, 6, 8, 16, 32, 64)),
    batch_sequences=st.sampled_from((16, 32, 48, 64, 96)),
    sequence=st.sampled_from((256, 1024, 4096)),
    campuses=st.sampled_from((1, 1, 2)),
)
OBJECTIVES = st.sampled_from(
    (
        Objective.time(),
        Objective.energy(8, 100.0, 700.0),
        Objective.cost(8, 2.0, 60.0, 100.0, 1000.0),
    )
)


def agree(found: Found, m: Machine, shape: Shape, job: Job, space: Space, k: int) -> None:
    """Hold a search with its front against brute force."""
    tried = brute(m, shape, job, space, found.objective)
    fitting = sorted((t for t in tried if t.fits), key=lambda t: t.objective)
    c = found.counts
    assert c.enumerated == len(tried)
    assert c.feasible == len(fitting)
    assert c.feasible == c.evaluated + c.pruned
    assert c.enumerated == c.feasible + c.states_too_large + c.activations_too_large
    # --- the k best: values in order, and each is a strategy of the space with that value
    values = [t.objective for t in fitting[:k]]
    best = [float(found.objective.of(p)) for p in found.best]
    assert best == pytest.approx(values, rel=1e-12)
    known = {(t.job, t.strategy): t for t in tried}
    assert len({(p.job, p.strategy) for p in found.best}) == len(best)
    assert all(known[p.job, p.strategy].fits for p in found.best)
    # --- the front: nothing beats a point of it, and everything else is beaten or equalled
    slack = 1.0 + 1e-12
    for point in found.front:
        same = known[point.job, point.strategy]
        assert point.objective == pytest.approx(same.objective, rel=1e-12)
        assert point.memory_bytes == pytest.approx(same.total_bytes, rel=1e-12)
        assert not any(
            t.objective * slack < point.objective and t.total_bytes <= point.memory_bytes * slack
            for t in fitting
        )
    for t in fitting:
        assert any(
            p.objective <= t.objective * slack and p.memory_bytes <= t.total_bytes * slack
            for p in found.front
        )
    # --- the nearest miss
    missing = [t.total_bytes for t in tried if not t.fits]
    if missing:
        assert found.nearest_miss is not None
        assert float(found.nearest_miss.memory.total_bytes) == pytest.approx(min(missing))
    else:
        assert found.nearest_miss is None


@SLOW
@given(machines(), SHAPES, JOBS, spaces(), OBJECTIVES, st.sampled_from((1, 5, 40)))
def test_equals_brute_force(
    m: Machine, shape: Shape, job: Job, space: Space, objective: Objective, k: int
) -> None:
    found = search(m, shape, job, space, objective=objective, k=k, front=True)
    assume(0 < found.counts.enumerated < 4000)
    agree(found, m, shape, job, space, k)
    plain = search(m, shape, job, space, objective=objective, k=k)
    assert plain.best == found.best
    assert [float(objective.of(p)) for p in search(
        m, shape, job, space, objective=objective, k=k, prune=False
    ).best] == [float(objective.of(p)) for p in found.best]  # fmt: skip


@pytest.mark.parametrize("shape", [dense(8), moe(8), hybrid(12)], ids=["dense", "moe", "hybrid"])
def test_equals_brute_force_on_a_wide_space(shape: Shape) -> None:
    """All choices open at once, on one accelerator kind; every strategy tried."""
    job = Job(8, 16, 1024)
    space = Space(
        tp=(1, 2, 4),
        cp=(1, 2),
        pp=(1, 2, 4),
        vpp=(1, 2),
        ep=(1, 2) if shape.moe else (1,),
        etp=(1, 2) if shape.moe else (1,),
        microbatch=(1, 2),
        recompute=("none", "full"),
        uneven=(False, True),
        dp_overlap=(True,),
    )
    m = a100(hbm_bytes=5e9)
    found = search(m, shape, job, space, k=20, front=True)
    assert 0 < found.counts.feasible < found.counts.enumerated
    agree(found, m, shape, job, space, 20)


def twin(
    m: Machine, shape: Shape, job: Job, space: Space, prune: int, front: int
) -> tuple[kernel.Tally, kernel.Tally]:
    """What the compiled kernel and its plain form make of the same tables."""
    module = importlib.import_module("gigawatt.perf.search")
    listed = space.enumerate(shape, job)
    tables = module._tables(m, shape, listed, module._networks(m, listed), 0)
    wanted = kernel.Wanted(float(shape.layers), 1.5, 1.0, 0.25, float("inf"), prune, front)
    rows = (0, len(listed), 0)
    fast = module._scan(kernel.compiled(), m, listed, tables, wanted, rows, 7)
    slow = module._scan(kernel.scan, m, listed, tables, wanted, rows, 7)
    return fast, slow


@SLOW
@given(machines(), SHAPES, JOBS, spaces(), st.integers(0, 1), st.integers(0, 1))
def test_compiled_equals_plain_bit_for_bit(
    m: Machine, shape: Shape, job: Job, space: Space, prune: int, front: int
) -> None:
    listed = space.enumerate(shape, job)
    assume(0 < len(listed) * np.prod(listed.widths) < 20000)
    fast, slow = twin(m, shape, job, space, prune, front)
    size = int(fast.front_size[0])
    for name in kernel.Tally._fields:
        end = size if name in ("front_bytes", "front_objective", "front_key") else None
        np.testing.assert_array_equal(getattr(fast, name)[:end], getattr(slow, name)[:end], name)


def outcome(found: Found) -> object:
    """What a search found, but for the time it took."""
    return found.best, found.counts, found.front, found.nearest_miss, found.refused


def test_threads_do_not_change_the_answer() -> None:
    space = Space(batches=(1536, 1792))
    one, two, five = (
        outcome(search(a100(), gpt3(), Job(64, 1536, 2048), space, k=50, front=True, threads=n))
        for n in (1, 2, 5)
    )
    assert one == two == five


def test_how_rows_are_dealt_out_does_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merging many small chunks, which prune with what came before, equals one scan without pruning."""
    job, space = Job(64, 256, 2048), Space().only(batches=(256, 320))
    objective = Objective.energy(64, 100.0, 700.0)

    def run(block: int, chunk: int, lag: int, prune: bool, front: bool = True) -> Found:
        module = importlib.import_module("gigawatt.perf.search")
        for name, value in (("_BLOCK", block), ("_CHUNK", chunk), ("_LAG", lag)):
            monkeypatch.setattr(module, name, value)
        m = a100(hbm_bytes=8e9)
        return search(
            m, dense(8), job, space, objective=objective, k=100, front=front, prune=prune
        )  # fmt: skip

    whole = run(1 << 20, 1 << 20, 1, False)
    assert len(whole.front) > 5
    assert whole.counts.pruned == 0
    for block, chunk, lag in ((1 << 20, 16, 2), (50, 7, 3), (64, 64, 16)):
        for front in (False, True):
            parts = run(block, chunk, lag, True, front)
            assert parts.best == whole.best
            assert parts.front == (whole.front if front else ())
            assert parts.nearest_miss == whole.nearest_miss
            assert parts.counts.feasible == whole.counts.feasible
            assert parts.counts.pruned > 0


def test_several_python_threads_may_search_at_once() -> None:
    job = Job(32, 256, 2048)
    expected = outcome(search(a100(), dense(8), job, k=9))
    found: list[object] = []

    def run() -> None:
        found.append(outcome(search(a100(), dense(8), job, k=9)))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_equal_strategies_keep_the_order_of_enumeration() -> None:
    """One accelerator: what data parallelism shards makes no difference there."""
    space = Space(dp_overlap=(False, True), sharding=("zero1", "none")).fixing(
        "mb=1,recompute=none"
    )
    found = search(a100(), dense(8), Job(1, 4, 1024), space, k=4)
    times = {float(p.step_s) for p in found.best}
    assert len(times) == 1
    assert [(p.strategy.sharding, p.strategy.dp_overlap) for p in found.best] == [
        ("none", False),
        ("none", True),
        ("zero1", False),
        ("zero1", True),
    ]
    few = search(a100(), dense(8), Job(1, 4, 1024), space, k=2)
    assert few.best == found.best[:2]


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(
        ("up_s_per_byte", "out_s_per_byte", "hbm_s_per_byte", "gemm_s_per_flop", "up_latency_s")
    ),
    st.floats(0.2, 1.0),
)
def test_a_faster_machine_is_never_slower(name: str, factor: float) -> None:
    m, job = a100(), Job(32, 128, 2048)
    faster = m._replace(**{name: getattr(m, name) * factor})
    for shape in (dense(8), moe(8)):
        before = search(m, shape, job, Space.planning()).best[0].step_s
        after = search(faster, shape, job, Space.planning()).best[0].step_s
        assert after <= before * (1 + 1e-12)


@pytest.mark.parametrize("sparse", [False, True])
def test_a_larger_domain_is_never_slower(sparse: bool) -> None:
    shape, job = (moe(8) if sparse else dense(8)), Job(128, 256, 2048)
    times = [
        float(search(gb300(domain=domain), shape, job, Space.planning()).best[0].step_s)
        for domain in (4.0, 8.0, 16.0, 64.0, 72.0, 128.0)
    ]
    assert all(late <= early for early, late in pairwise(times))
    assert times[3] == times[4]  # 64 of 72 are used


@settings(max_examples=15, deadline=None)
@given(st.floats(3.2e9, 9e9), st.floats(1.0, 3.0))
def test_more_memory_never_makes_infeasible(hbm_bytes: float, factor: float) -> None:
    job = Job(16, 64, 2048)
    small = search(a100(hbm_bytes=hbm_bytes), moe(8), job, Space.planning())
    large = search(a100(hbm_bytes=hbm_bytes * factor), moe(8), job, Space.planning())
    assert large.counts.feasible >= small.counts.feasible
    if small.best:
        assert large.best[0].step_s <= small.best[0].step_s


def test_nothing_fits_is_an_answer_with_the_nearest_miss() -> None:
    found = search(a100(), gpt3(), Job(4, 16, 2048), k=3)
    assert found.best == ()
    assert found.nearest_miss is not None
    assert found.nearest_miss.excess_bytes > 0
    assert found.counts.feasible == 0
    assert sum(found.counts.failed_share.values()) == pytest.approx(1.0)
    assert "GB more" in found.verdict
    assert str(found.nearest_miss.strategy) in found.verdict


def test_nothing_valid_is_an_answer_with_the_rule_in_the_way() -> None:
    found = search(a100(), gpt3(), Job(7, 16, 2048), Space(tp=(2,)))
    assert found.counts.enumerated == 0
    assert found.nearest_miss is None
    assert [refusal.rule for refusal in found.refused] == ["ranks"]
    assert "does not divide 7 accelerators" in found.verdict
    assert search(a100(), gpt3(), Job(7, 16, 2048), Space(tp=(5,), pp=(7,))).refused


def test_limits_are_told_apart() -> None:
    states = search(a100(), gpt3(), Job(4, 16, 2048), Space.planning()).counts
    assert states.activations_too_large == 0
    space = Space(recompute=("none",), activation_offload=(False,)).fixing("mb=64,pp=1,cp=1,tp=1")
    activations = search(a100(), dense(8), Job(8, 512, 4096), space).counts
    assert activations.states_too_large == 0
    assert activations.activations_too_large > 0


def test_objectives_weigh_time_and_work() -> None:
    job = Job(64, 256, 2048)
    m = a100(hbm_bytes=8e9)
    fastest = search(m, dense(8), job).best[0]
    frugal = search(m, dense(8), job, objective=Objective.energy(64, 1.0, 1000.0)).best[0]
    assert frugal.step.busy_s <= fastest.step.busy_s
    assert frugal.step_s >= fastest.step_s
    cost = Objective.cost(64, 2.0)
    assert cost.of(fastest) == pytest.approx(64 * 2.0 / 3600 * fastest.step_s / 256)
    with pytest.raises(InputError, match="above"):
        Objective("nothing", "1", 0.0)


def test_more_batches_are_searched_by_what_a_sequence_takes() -> None:
    found = search(
        a100(), gpt3(), Job(512, 1536, 2048), Space.planning().only(batches=(1536, 2048))
    )
    alone = [
        search(a100(), gpt3(), Job(512, batch, 2048), Space.planning()) for batch in (1536, 2048)
    ]
    assert found.counts.enumerated == sum(one.counts.enumerated for one in alone)
    assert found.best[0].tokens_per_s_per_gpu == max(
        one.best[0].tokens_per_s_per_gpu for one in alone
    )


def test_winners_are_what_predict_says() -> None:
    m, job = gb300(), Job(256, 512, 4096)
    found = search(m, moe(8), job, k=5)
    for p in found.best:
        assert predict(m, moe(8), job, p.strategy).step_s == p.step_s


def test_the_space_of_the_specification_is_large_enough() -> None:
    space = Space(batches=tuple(range(1536, 2049, 128)))
    found = search(a100(), gpt3(), Job(512, 1536, 2048), space)
    assert found.counts.enumerated >= 6_500_000


def test_progress_rises_to_the_end_and_can_stop_the_search() -> None:
    seen: list[float] = []
    search(a100(), gpt3(), Job(64, 1536, 2048), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(a100(), gpt3(), Job(64, 1536, 2048), progress=stop)


def test_numba_is_imported_when_something_is_searched_and_not_before() -> None:
    code = (
        "import sys, gigawatt.perf, gigawatt.perf.search, gigawatt.perf.predict;"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
