"""Strategies as text, the rules of valid ones, and the spaces they are drawn from."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.core.errors import InputError
from gigawatt.perf.job import Job, refusals
from gigawatt.perf.predict import predict
from gigawatt.perf.space import Space
from gigawatt.perf.strategy import RECOMPUTES, SCHEDULES, SHARDINGS, Strategy, parse
from perf.brute import all_keys
from perf.machines import a100
from perf.shapes import dense, gpt3, hybrid, moe

NUMBER = st.integers(1, 4096)
STRATEGY = st.builds(
    Strategy,
    tp=NUMBER,
    sequence_parallel=st.booleans(),
    cp=NUMBER,
    pp=NUMBER,
    vpp=NUMBER,
    schedule=st.sampled_from(SCHEDULES),
    uneven=st.booleans(),
    ep=NUMBER,
    etp=NUMBER,
    microbatch=NUMBER,
    recompute=st.sampled_from(RECOMPUTES),
    sharding=st.sampled_from(SHARDINGS),
    tp_overlap=st.booleans(),
    dp_overlap=st.booleans(),
    optimizer_offload=st.booleans(),
    activation_offload=st.booleans(),
)


@given(STRATEGY)
def test_text_of_a_strategy_reads_back_as_it(strategy: Strategy) -> None:
    assert parse(str(strategy)) == strategy


def test_what_a_text_leaves_out_is_what_the_rest_calls_for() -> None:
    assert parse("tp=8,pp=16,vpp=6,mb=1,recompute=full") == Strategy(
        tp=8,
        sequence_parallel=True,
        tp_overlap=True,
        pp=16,
        vpp=6,
        schedule="interleaved",
        recompute="full",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("recomput=full", "Did you mean 'recompute'?"),
        ("x=8", "A strategy has tp, sp, cp, pp, vpp"),
        ("tp=8,tp=4", "given twice"),
        ("tp=8,mb=2,microbatch=3", "given twice"),
        ("tp=eight", "whole number from 1"),
        ("tp=0", "whole number from 1"),
        ("tp", "name=value"),
        ("recompute=some", "none, selective, full"),
        ("sp=maybe", "on (1) or off (0)"),
        ("dp=8", "number of accelerators over tp"),
    ],
)
def test_errors_of_text_help(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert says in str(caught.value)


def test_all_errors_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        parse("tq=8,pp=x,recompute=some")
    assert len(caught.value.problems) == 3


VALID = {
    "dense": (dense(8), Job(64, 256, 4096), "tp=4,pp=2,mb=2"),
    "moe": (moe(8), Job(64, 256, 4096), "tp=4,pp=2,mb=2,ep=8"),
}


@pytest.mark.parametrize(
    ("case", "text", "rule", "says"),
    [
        ("dense", "tp=8,pp=16", "ranks", "128 ranks are more than the 64"),
        ("dense", "tp=3", "ranks", "does not divide 64 accelerators"),
        ("dense", "tp=3", "heads", "valid are 1, 2, 4, 8"),
        ("dense", "tp=16", "heads", "8 attention heads"),
        ("dense", "pp=16", "layers", "more than the 8 layers"),
        ("dense", "pp=4,uneven=1", "layers", "valid are 1, 2, 5"),
        ("dense", "pp=1,uneven=1", "uneven", "pp > 1"),
        ("dense", "vpp=2", "schedule", "pp > 1"),
        ("dense", "pp=2,schedule=interleaved", "schedule", "vpp > 1"),
        ("dense", "pp=2,vpp=2,schedule=1f1b", "schedule", "vpp = 1"),
        ("dense", "schedule=zero-bubble", "schedule", "no bubble"),
        ("dense", "tp=8,pp=4,vpp=2,mb=64", "interleaving", "multiples of pp = 4"),
        ("dense", "ep=2", "experts", "dense model"),
        ("dense", "tp=2,etp=2", "experts", "dense model"),
        ("moe", "ep=3", "experts", "valid are 1, 2, 4, 8"),
        ("moe", "tp=4,etp=2", "experts", "must be 1 or tp = 4"),
        ("moe", "tp=8,pp=8,ep=2,etp=8", "expert ranks", "does not divide the 8 ranks"),
        ("moe", "tp=2,sp=0", "expert sequence", "sequence parallelism"),
        ("dense", "cp=3", "sequence", "2 × cp = 6"),
        ("dense", "mb=5", "batch", "valid are 1, 2, 4"),
        ("dense", "sp=1", "tensor switches", "tp > 1"),
        ("dense", "tp_overlap=1", "tensor switches", "tp > 1"),
        ("dense", "pp=2,sharding=fsdp", "sharding", "none or zero1"),
    ],
)
def test_each_rule_refuses_and_says_what_is_valid(
    case: str, text: str, rule: str, says: str
) -> None:
    shape, job, valid = VALID[case]
    assert not refusals(shape, job, parse(valid))
    found = {refusal.rule: refusal.message for refusal in refusals(shape, job, parse(text))}
    assert says in found[rule]


def test_a_batch_that_replicas_do_not_divide_names_its_neighbours() -> None:
    (refusal,) = refusals(dense(8), Job(64, 100, 4096), parse("tp=1"))
    assert refusal.rule == "batch"
    assert "64 and 128" in refusal.message


def test_predicting_an_invalid_strategy_lists_every_rule_it_breaks() -> None:
    with pytest.raises(InputError) as caught:
        predict(a100(), dense(8), Job(64, 256, 4096), parse("tp=3,pp=7"))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("field", ["count", "batch_sequences", "sequence"])
def test_a_job_needs_whole_numbers(field: str) -> None:
    with pytest.raises(InputError, match=field):
        Job(**{"count": 1, "batch_sequences": 1, "sequence": 1, field: 0})


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"tp": ()}, "at least one value"),
        ({"tp": (0,)}, "whole numbers from 1"),
        ({"recompute": ("some",)}, "none, selective, full"),
        ({"uneven": (1,)}, "True or False"),
        ({"tpp": (1,)}, "Did you mean 'tp'?"),
        ({"schedule": None}, "needs a tuple"),
    ],
)
def test_errors_of_a_space_help(choices: dict[str, object], says: str) -> None:
    with pytest.raises(InputError) as caught:
        Space().only(**choices)  # type: ignore[arg-type]
    assert says in str(caught.value)


def test_fixing_keeps_the_rest() -> None:
    space = Space.planning().fixing("tp=8,recompute=full")
    assert space == Space.planning().only(tp=(8,), recompute=("full",))


@pytest.mark.parametrize(
    ("shape", "count", "batch"), [(dense(6), 6, 12), (moe(4, 4), 4, 6), (hybrid(8), 4, 8)]
)
def test_enumeration_lists_the_valid_strategies_once_each(
    shape: object, count: int, batch: int
) -> None:
    """Against every combination of choices, with the rules deciding."""
    job = Job(count, batch, 64)
    numbers = range(1, 13)
    off = (False, True)
    valid = set()
    for tp, cp, pp, ep, mb in itertools.product(numbers, repeat=5):
        if tp * cp * pp > count or mb > batch or ep > count:
            continue
        head = Strategy(tp=tp, cp=cp, pp=pp, ep=ep, microbatch=mb, sequence_parallel=tp > 1)
        if any(r.rule != "layers" for r in refusals(shape, job, head)):  # type: ignore[arg-type]
            continue
        for sp, vpp, schedule, uneven, etp, sharding, overlap in itertools.product(
            off, numbers, SCHEDULES, off, {1, tp}, SHARDINGS, off
        ):
            strategy = Strategy(
                tp=tp, cp=cp, pp=pp, ep=ep, microbatch=mb, sequence_parallel=sp, vpp=vpp,
                schedule=schedule, uneven=uneven, etp=etp, sharding=sharding, tp_overlap=overlap,
            )  # fmt: skip
            if not refusals(shape, job, strategy):  # type: ignore[arg-type]
                valid.add(strategy)
    space = Space(
        recompute=("none",),
        dp_overlap=(True,),
        optimizer_offload=(False,),
        activation_offload=(False,),
    )
    listed = space.enumerate(shape, job)  # type: ignore[arg-type]
    found = [s for _, s in (listed.strategy(key) for key in all_keys(listed))]
    assert len(found) == len(set(found))
    assert set(found) == valid
    assert len(valid) > 100


def test_a_prediction_adds_up() -> None:
    job = Job(512, 1536, 2048)
    found = predict(a100(), gpt3(), job, parse("tp=8,pp=16,vpp=6,mb=1,recompute=full"))
    assert found.tokens_per_s_per_gpu * found.step_s * 512 == pytest.approx(1536 * 2048)
    # 6 × parameters × tokens, and attention over half the context on top.
    by_rule = 6 * 175e9 * 1536 * 2048
    assert found.model_flops == pytest.approx(by_rule, rel=0.03)
    assert 0.2 < found.mfu(312e12) < 0.7
    parts = found.step
    assert sum(parts[1:]) == pytest.approx(parts.step_s)
    assert bool(found.fits) == (found.memory.total_bytes <= 80e9)
