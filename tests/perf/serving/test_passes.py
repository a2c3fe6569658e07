"""A serving pass worked by hand on an engine that charges one thing, and properties of all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.catalog import Catalog
from gigawatt.perf.chip import chip_of
from gigawatt.perf.serving.engine import Engine
from gigawatt.perf.serving.engines import engine_of
from gigawatt.perf.serving.formats import formats_of
from gigawatt.perf.serving.layout import Layout, layout_of
from gigawatt.perf.serving.memory import cache_bytes, most_sequences, weight_bytes
from gigawatt.perf.serving.modes import (
    Lengths,
    Limits,
    added_s,
    aggregated,
    disaggregated,
    offline,
    prompt_s,
    token_s,
    under_limits,
)
from gigawatt.perf.serving.passes import Batch, forward, touched_experts
from gigawatt.perf.serving.runtimes import CURRENT
from gigawatt.perf.shape import Shape, shape_of

CATALOG = Catalog()
ONE = Layout()


def free(**charged: float) -> Engine:
    """An engine on which everything is free but what is named; one domain of 8, no memory limit."""
    values: dict[str, Any] = dict.fromkeys(Engine._fields, 0.0)
    values |= {"domain": 8.0, "hbm_bytes": 1e15, "usable": 1.0, "cache_bytes": 1.0, **charged}
    return Engine(**values)


def model(**given: float) -> Shape:
    values = dict.fromkeys(Shape._fields, 0.0)
    return Shape(**{**values, "layers": 1.0, "hidden": 100.0, **given})


def real(system: str, name: str, precision: str) -> tuple[Engine, Shape]:
    chip, shape = chip_of(CATALOG, system), shape_of(CATALOG.model(name).architecture)
    constants = CATALOG.serving_calibration.values()
    return engine_of(chip, shape, formats_of(chip, shape, precision), CURRENT, constants), shape


def test_experts_touched() -> None:
    assert touched_experts(256.0, 8.0, 0.0) == 0.0
    assert touched_experts(256.0, 8.0, 1.0) == pytest.approx(8.0)
    # two tokens: 256 (1 − (248/256)²) = 15.75
    assert touched_experts(256.0, 8.0, 2.0) == pytest.approx(15.75)
    assert touched_experts(8.0, 8.0, 1.0) == pytest.approx(8.0)
    assert touched_experts(0.0, 0.0, 5.0) == 0.0


def test_a_product_takes_its_weights_or_its_arithmetic() -> None:
    dense = model(dense=1.0, ffn=40.0, gated=1.0)
    # up 80 × 100 and down 100 × 40 weights, 2 bytes each
    read = forward(free(weight_s_per_byte=1.0, feed_bytes=2.0), dense, ONE, Batch(3.0))
    assert read.products_s == pytest.approx(2.0 * (80 * 100 + 100 * 40))
    multiply = forward(free(feed_s_per_flop=1.0), dense, ONE, Batch(3.0))
    assert multiply.products_s == pytest.approx(2.0 * 3 * (80 * 100 + 100 * 40))
    both = free(weight_s_per_byte=1.0, feed_bytes=6.0, feed_s_per_flop=1.0)
    assert forward(both, dense, ONE, Batch(3.0)).products_s == pytest.approx(2**0.5 * 72_000)
    # cut over 4 ranks, each has a quarter
    quarter = forward(free(feed_s_per_flop=1.0), dense, Layout(tp=4.0), Batch(3.0))
    assert quarter.products_s == pytest.approx(18_000.0)


def test_decoding_reads_the_cache_and_prompts_multiply_pairs() -> None:
    shape = model(full=2.0, heads=8.0, kv_heads=2.0, qk_dim=10.0, v_dim=10.0)
    e = free(cache_s_per_byte=1.0)
    # 2 layers × 500 tokens × keys and values of 2 heads of 10
    decoding = Batch(decoding=5.0, context=100.0)
    assert forward(e, shape, ONE, decoding).attention_s == pytest.approx(2 * 500 * 40)
    # on 4 ranks each still holds one of the two heads
    assert forward(e, shape, Layout(tp=4.0), decoding).attention_s == pytest.approx(2 * 500 * 20)
    # repeated on 5 ranks, each reads its own sequences
    assert forward(e, shape, Layout(dp=5.0), decoding).attention_s == pytest.approx(2 * 100 * 40)
    prompts = Batch(prompts=1.0, length=30.0)
    flop = 2 * 8 * (10 + 10) * 2 * 450
    assert forward(free(prompt_s_per_flop=1.0), shape, ONE, prompts).attention_s == flop


def test_a_copy_of_attention_holds_whole_sequences() -> None:
    shape = model(full=1.0, heads=8.0, kv_heads=8.0, qk_dim=10.0, v_dim=10.0)
    eight = Layout(dp=8.0)
    read, multiply = free(cache_s_per_byte=1.0), free(prompt_s_per_flop=1.0)
    project, host = free(projection_s_per_flop=1.0), free(sequence_s=1.0)
    one = Batch(decoding=1.0, context=100.0)
    prompt = Batch(prompts=1.0, length=30.0)
    # what is alone is on one copy, and takes as long as without the others
    for cut in (ONE, eight):
        assert forward(read, shape, cut, one).attention_s == 100 * 160
        assert forward(multiply, shape, cut, prompt).attention_s == 2 * 8 * 20 * 450
        assert forward(project, shape, cut, prompt).products_s == 2 * 30 * (24 + 8) * 10 * 100
    # nine on eight copies: one has two; a mean of 8.5 lies between one and two
    for sequences, busiest in ((8.0, 1.0), (8.5, 1.5), (9.0, 2.0), (16.0, 2.0), (17.0, 3.0)):
        batch = Batch(decoding=sequences, context=100.0)
        assert forward(read, shape, eight, batch).attention_s == busiest * 100 * 160
        assert forward(host, shape, eight, batch).host_s == busiest
    # feed-forward blocks are cut over all ranks, whosever tokens they are
    dense = model(dense=1.0, ffn=40.0)
    cut_over_all = forward(free(feed_s_per_flop=1.0), dense, eight, Batch(1.0)).products_s
    assert cut_over_all == pytest.approx(2 * 2 * 40 * 100 / 8)


def test_latent_attention_reads_one_compressed_cache_on_every_rank() -> None:
    shape = model(full=1.0, latent=1.0, heads=8.0, kv_heads=8.0, kv_rank=30.0, rope_dim=6.0)
    batch = Batch(decoding=4.0, context=25.0)
    e = free(cache_s_per_byte=1.0)
    assert forward(e, shape, ONE, batch).attention_s == 3600.0
    assert forward(e, shape, Layout(tp=8.0), batch).attention_s == 3600.0
    assert forward(e, shape, Layout(dp=4.0), batch).attention_s == 900.0


def test_a_window_bounds_what_is_read() -> None:
    shape = model(
        full=1.0, sliding=1.0, window=20.0, heads=1.0, kv_heads=1.0, qk_dim=1.0, v_dim=1.0
    )
    batch = Batch(decoding=3.0, context=100.0)
    assert forward(free(cache_s_per_byte=1.0), shape, ONE, batch).attention_s == 2 * (300 + 60)


def test_experts_read_what_is_touched_and_multiply_what_is_routed() -> None:
    shape = model(moe=1.0, experts=4.0, top_k=2.0, expert_ffn=10.0, expert_width=100.0, gated=1.0)
    weights = 3 * 100 * 10
    one = Batch(1.0)
    read = free(expert_weight_s_per_byte=1.0, expert_bytes=1.0)
    assert forward(read, shape, ONE, one).experts_s == pytest.approx(2 * weights)
    multiply = free(expert_s_per_flop=1.0)
    five = Batch(5.0)
    assert forward(multiply, shape, ONE, five).experts_s == pytest.approx(2 * 5 * 2 * weights)
    # on two expert ranks without skew each has half of the rows
    split = Layout(dp=2.0, ep=2.0)
    assert forward(multiply, shape, split, five).experts_s == pytest.approx(5 * 2 * weights)
    skewed = multiply._replace(skew=1.0)
    assert forward(skewed, shape, split, five).experts_s > 5 * 2 * weights


def test_an_all_reduce_starts_and_moves_bytes() -> None:
    shape = model(full=1.0, heads=8.0, kv_heads=8.0, qk_dim=1.0, v_dim=1.0)
    e = free(
        reduce_s=500.0, reduce_rank_s=10.0, flagged_s=5.0, flagged_rank_s=1.0, up_s_per_byte=0.5
    )
    batch, four = Batch(3.0), Layout(tp=4.0)
    assert forward(e, shape, ONE, batch).messages_s == 0.0
    # 3 × 100 values of 2 bytes; 2 · 3/4 of them over the links of 4 ranks, and as many flags
    assert forward(e, shape, four, batch).messages_s == 5 + 3 * 1 + 2 * 1.5 * 600 * 0.5
    # of a larger message flags would take longer than the later start
    larger = Batch(6.0)
    assert forward(e, shape, four, larger).messages_s == 500 + 3 * 10 + 1.5 * 1200 * 0.5


def test_parallel_blocks_are_summed_together() -> None:
    shape = model(full=1.0, dense=1.0, ffn=8.0, heads=8.0, kv_heads=8.0, qk_dim=1.0, v_dim=1.0)
    e, batch, four = free(up_s_per_byte=0.5), Batch(3.0), Layout(tp=4.0)
    twice = forward(e, shape, four, batch).messages_s
    assert forward(e, shape._replace(parallel=1.0), four, batch).messages_s == twice / 2


def test_cards_without_nvlink_sum_as_nccl_does() -> None:
    """All-reduces on 4 cards, small and large, against the times of nccl-tests."""
    shape = model(full=1.0, hidden=8192.0, heads=8.0, kv_heads=8.0, qk_dim=1.0, v_dim=1.0)
    four = Layout(tp=4.0)
    for system, tokens, low, high in (
        ("rtx-pro-6000", 0.25, 12e-6, 18e-6),  # 4 KiB: 14 us (Garden Linux 4556, 2026)
        ("rtx-pro-6000", 64.0, 70e-6, 102e-6),  # 1 MiB: 102 us (the same)
        ("l40s", 128.0, 200e-6, 272e-6),  # 2 MiB: 272 us on RTX 4090, of one PCI Express generation
    ):
        engine, _ = real(system, "llama31-8b", "bf16")
        batch = Batch(1.0, checked=tokens)
        assert low < forward(engine, shape, four, batch).messages_s < high


@pytest.mark.parametrize(
    ("name", "tokens", "ranks", "measured_s"),
    [
        ("llama2-70b", 128, 8, 70.4e-3),
        ("llama2-70b", 2048, 4, 673.3e-3),
        ("falcon-180b", 128, 8, 91.0e-3),
        ("falcon-180b", 2048, 8, 768.8e-3),
    ],
)
def test_prompts_are_read_over_cards(
    name: str, tokens: float, ranks: float, measured_s: float
) -> None:
    """One prompt on L40S, two thirds of it messages: TensorRT-LLM 0.9, first tokens, rows of no other test."""
    e, shape = real("l40s", name, "fp8")
    batch = Batch(prompts=1.0, length=tokens)
    assert forward(e, shape, Layout(tp=ranks), batch).total_s == pytest.approx(measured_s, rel=0.15)


def test_state_space_layers_sum_over_ranks_as_attention_does() -> None:
    e = free(reduce_s=5.0, flagged_s=5.0)
    cut, batch = Layout(tp=4.0), Batch(3.0)
    attention = model(full=2.0, heads=8.0, kv_heads=8.0, qk_dim=1.0, v_dim=1.0)
    mixed = attention._replace(full=0.0, mamba=2.0, mamba_inner=8.0, mamba_state=1.0)
    assert forward(e, attention, cut, batch).messages_s == 10.0
    assert forward(e, mixed, cut, batch).messages_s == 10.0


def test_the_fullest_stage_has_whole_layers_and_a_whole_table() -> None:
    shape = model(layers=5.0, dense=5.0, ffn=40.0, vocab=50.0, full=0.0)
    e = free(feed_bytes=1.0)
    layer, table = 2 * 100 * 40, 50 * 100 * 2
    for tied, both in ((0.0, 2), (1.0, 1)):
        own = shape._replace(tied=tied)
        assert weight_bytes(e, own, ONE) == pytest.approx(5 * layer + both * table)
        assert weight_bytes(e, own, Layout(pp=2.0)) == pytest.approx(3 * layer + table)
        assert weight_bytes(e, own, Layout(pp=4.0)) == pytest.approx(2 * layer + table)
    # the cache of a sequence lies with the layers
    cached = shape._replace(full=5.0, heads=1.0, kv_heads=1.0, qk_dim=1.0, v_dim=1.0)
    assert cache_bytes(e, cached, Layout(pp=4.0), 10.0) == pytest.approx(2 * 10 * 2)


def test_weights_and_cache_by_hand() -> None:
    shape = model(
        full=1.0, dense=1.0, ffn=40.0, heads=4.0, kv_heads=2.0, qk_dim=10.0, v_dim=10.0, vocab=50.0
    )
    e = free(projection_bytes=2.0, feed_bytes=1.0, cache_bytes=2.0)
    # (4 + 2·2)·10·100 + 100·4·10 projections; 2·100·40 feed-forward; two tables of 50·100
    whole = 2 * (8_000 + 4_000) + 8_000 + 2 * 50 * 100 * 2
    assert weight_bytes(e, shape, ONE) == whole
    assert weight_bytes(e, shape, Layout(tp=2.0)) == whole / 2
    assert cache_bytes(e, shape, ONE, 7.0) == 7 * 2 * 2 * 10 * 2
    small = e._replace(hbm_bytes=whole + 5_000.0)
    # room for 6.25, so for 6 whole ones; two copies of attention hold as many each of their own
    assert most_sequences(small, shape, ONE, 10.0) == 6.0
    two = e._replace(hbm_bytes=whole - 4_000.0 + 5_000.0)
    assert most_sequences(two, shape, Layout(dp=2.0), 10.0) == 12.0
    # a copy that does not hold a whole one holds nothing
    assert most_sequences(small, shape, ONE, 70.0) == 0.0
    assert most_sequences(small._replace(hbm_bytes=100.0), shape, ONE, 10.0) == 0.0


def test_state_space_layers_hold_one_state_a_sequence() -> None:
    shape = model(mamba=2.0, mamba_inner=20.0, mamba_state=8.0, mamba_groups=1.0, mamba_heads=4.0)
    e = free(cache_s_per_byte=1.0, projection_bytes=1.0)
    # 2 layers read and write 20 × 8 numbers of 4 bytes for each of 3 sequences, whatever the context
    batch = Batch(decoding=3.0, context=3000.0)
    assert forward(e, shape, ONE, batch).attention_s == 2 * 2 * 3 * 160 * 4
    assert cache_bytes(e, shape, ONE, 10.0) == cache_bytes(e, shape, ONE, 10_000.0) == 2 * 160 * 4
    # in: 2·20 + 2·8 + 4 wide, out: 20
    assert weight_bytes(e, shape, ONE) == 2 * (60 + 20) * 100
    for name in ("nemotron-h-56b", "nemotron3-nano-30b-a3b"):
        hybrid, real_shape = real("h200-sxm", name, "bf16")
        published = CATALOG.model(name).parameters_total.value
        assert weight_bytes(hybrid, real_shape, ONE) / 2 == pytest.approx(published, rel=0.02)


def test_known_models_weigh_what_they_are_published_with() -> None:
    for name, precision, gigabytes in (
        ("deepseek-v3", "fp8_block", 671),
        ("llama31-405b", "fp8", 405),
    ):
        e, shape = real("h200-sxm", name, precision)
        assert weight_bytes(e, shape, ONE) / 1e9 == pytest.approx(gigabytes, rel=0.02)
    e, shape = real("h200-sxm", "deepseek-v3", "fp8_block")
    # 61 layers × 576 values × 2 bytes: 70 kB a token
    assert cache_bytes(e, shape, ONE, 1.0) == 61 * 576 * 2


def test_layouts_as_frameworks_name_them() -> None:
    cut = layout_of(
        np.array([8, 1, 8, 4]), 1, np.array([1, 8, 8, 1]), np.array([False, True, True, False])
    )
    assert cut.tp.tolist() == [8, 1, 1, 4]
    assert cut.dp.tolist() == [1, 8, 8, 1]
    assert cut.accelerators.tolist() == [8, 8, 8, 4]


def test_requests_in_progress_read_prompts_while_others_wait() -> None:
    shape = model(dense=1.0, ffn=40.0)
    lengths = Lengths(input=10.0, output=5.0)
    e = free(feed_s_per_flop=1.0)
    flop = 2 * 2 * 40 * 100
    assert token_s(e, shape, ONE, 3.0, lengths) == pytest.approx(3 * flop)
    assert prompt_s(e, shape, ONE, lengths)[0] == pytest.approx(10 * flop)
    found = aggregated(e, shape, ONE, 3.0, lengths)
    # two others read 10 tokens each over 5 passes
    assert found.tpot_s == pytest.approx(3 * flop + 2 * 10 * flop / 5)
    assert found.first_s == pytest.approx(13 * flop)
    # prompts take 4 of 7 parts of the time: a wait of 4/3 prompts
    assert found.wait_s == pytest.approx(10 * flop * 4 / 3)
    rate = 3 * 5 / (found.ttft_s + 5 * found.tpot_s)
    assert found.tokens_per_s == pytest.approx(rate)


def test_offline_runs_in_waves() -> None:
    shape = model(dense=1.0, ffn=40.0, full=1.0, heads=1.0, kv_heads=1.0, qk_dim=1.0, v_dim=1.0)
    e = free(pass_s=1.0)
    lengths = Lengths(input=10.0, output=5.0)
    # room for 4, 10 requests: waves of 4, 4 and 2, five passes of one second each, and prompts in passes
    found = offline(e, shape, ONE, lengths, most=4.0, requests=10.0)
    assert found.sequences == 4.0
    assert found.tokens_per_s == pytest.approx(10 * 5 / (3 * 5 + 10 * 1.0 / 10), rel=0.2)
    alone = offline(e, shape, ONE, lengths, most=4.0)
    assert alone.tokens_per_s > found.tokens_per_s


def test_drafts_are_multiplied_and_cost_a_layer_each() -> None:
    shape = model(full=1.0, heads=1.0, kv_heads=1.0, qk_dim=1.0, v_dim=1.0, vocab=50.0)
    # 80 % of drafts are accepted: 2.6 tokens a pass take 2 drafts, so that 3 tokens are checked
    plain, drafted = Lengths(10.0, 4.0), Lengths(10.0, 4.0, accepted=2.6)
    for one, layers in ((free(decode_s_per_flop=1.0), 1.0), (free(head_s_per_flop=1.0), 0.0)):
        alone = float(token_s(one, shape, ONE, 4.0, plain))
        assert alone > 0.0
        # the model checks three; two passes of one layer and the head draft
        checked = 2.6 * float(token_s(one, shape, ONE, 4.0, drafted))
        assert checked == pytest.approx(3 * alone + 2 * alone)
        deep = shape._replace(layers=4.0, full=4.0)
        of_four = 2.6 * float(token_s(one, deep, ONE, 4.0, drafted))
        assert of_four == pytest.approx((4 * 3 + 2) * alone if layers else 5 * alone)
    # a prompt adds to a pass what it adds, whatever the pass yields
    e, real_shape = real("h100-sxm", "llama31-70b", "fp8")
    cut = Layout(tp=4.0)
    added = [
        float(added_s(e, real_shape, cut, 64.0, Lengths(512.0, 1024.0, accepted=a), 1.0))
        for a in (1.0, 3.0)
    ]
    assert added[1] == pytest.approx(added[0], rel=0.25)


def test_speculation_yields_more_tokens_from_a_pass() -> None:
    e, shape = real("h200-sxm", "deepseek-v3", "fp8_block")
    cut = layout_of(8, 1, 8, False)

    def token(accepted: float) -> float:
        return float(token_s(e, shape, cut, 4.0, Lengths(1000.0, 1000.0, accepted=accepted)))

    assert token(1.0) / 1.8 < token(1.8) < token(1.0)
    # no step where a draft more is needed
    assert token(2.01) == pytest.approx(token(2.0), rel=0.01)


def test_a_prompt_takes_its_whole_pass() -> None:
    e, shape = real("h100-sxm", "llama31-70b", "fp8")
    cut, lengths = Layout(tp=8.0), Lengths(128.0, 128.0)
    lone, first = prompt_s(e, shape, cut, lengths)
    assert lone == first
    each, together = prompt_s(e, shape, cut, lengths, 1e9)
    assert together == pytest.approx(64 * each)
    assert together > first
    assert each < lone
    # what is read together is had together: nothing has the capacity of the one and the time of the other
    found = aggregated(e, shape, cut, 512.0, lengths)
    assert found.first_s > together
    apart = disaggregated((e, cut, 1.0), (e, cut, 1.0), shape, lengths, 512.0, 0.95, 0.1)
    assert apart.first_s > together + 0.1


REAL = st.sampled_from(
    [
        ("h100-sxm", "llama31-70b", "fp8", False),
        ("h200-sxm", "deepseek-v3", "fp8_block", True),
        ("b200-hgx", "gpt-oss-120b", "mxfp4", True),
        ("gb300-nvl72", "kimi-k2", "fp4", True),
        ("a100-80gb-sxm", "llama31-8b", "bf16", False),
    ]
)


@settings(deadline=None)
@given(REAL, st.floats(1.0, 2000.0), st.floats(16.0, 30000.0), st.floats(2.0, 8000.0))
def test_more_of_anything_is_never_slower(
    what: tuple[str, str, str, bool], sequences: float, prompt: float, answer: float
) -> None:
    system, name, precision, copies = what
    e, shape = real(system, name, precision)
    cut = layout_of(8, 1, 8 if copies else 1, copies)
    lengths = Lengths(prompt, answer)
    base = token_s(e, shape, cut, sequences, lengths)
    for better in ("weight_s_per_byte", "cache_s_per_byte", "up_s_per_byte", "feed_s_per_flop",
                   "expert_weight_s_per_byte", "pass_s", "reduce_s"):  # fmt: skip
        faster = e._replace(**{better: getattr(e, better) / 2.0})
        assert token_s(faster, shape, cut, sequences, lengths) <= base
    assert token_s(e, shape, cut, sequences * 2.0, lengths) >= base
    assert token_s(e, shape, cut, sequences, Lengths(prompt * 2.0, answer)) >= base
    assert (
        prompt_s(e, shape, cut, Lengths(prompt, answer, reused=100.0))[0]
        >= (prompt_s(e, shape, cut, lengths)[0])
    )
    larger = e._replace(hbm_bytes=e.hbm_bytes * 2.0)
    assert most_sequences(larger, shape, cut, prompt) >= most_sequences(e, shape, cut, prompt)


@settings(deadline=None)
@given(REAL, st.floats(0.05, 5.0), st.floats(0.005, 0.5))
def test_looser_limits_never_serve_less(
    what: tuple[str, str, str, bool], ttft: float, tpot: float
) -> None:
    system, name, precision, copies = what
    e, shape = real(system, name, precision)
    cut = layout_of(8, 1, 8 if copies else 1, copies)
    lengths = Lengths(1000.0, 500.0)
    tight = under_limits(e, shape, cut, lengths, 1024.0, Limits(ttft, tpot))
    loose = under_limits(e, shape, cut, lengths, 1024.0, Limits(2.0 * ttft, 2.0 * tpot))
    assert loose.tokens_per_s >= tight.tokens_per_s
    assert tight.tpot_s <= tpot
    assert tight.ttft_s <= ttft


def test_apart_is_bound_by_the_slower_side() -> None:
    e, shape = real("h200-sxm", "deepseek-v3", "fp8_block")
    cut, lengths = layout_of(8, 1, 8, True), Lengths(4000.0, 1000.0)
    rates = [
        float(
            disaggregated(
                (e, cut, p), (e, cut, 4.0), shape, lengths, 4000.0, 0.95, 0.1
            ).tokens_per_s
        )
        for p in (1.0, 2.0, 4.0, 8.0, 16.0)
    ]
    assert rates == sorted(rates)
    prompt, _ = prompt_s(e, shape, cut, lengths, 500.0)
    assert rates[0] == pytest.approx(0.95 / float(prompt) * 1000.0, rel=1e-6)
    assert rates[-1] == pytest.approx(rates[-2], rel=0.05)
