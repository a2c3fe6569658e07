"""Products, cores, experts and traffic of a layer, worked by hand on a machine that charges one thing."""

from __future__ import annotations

import numpy as np
import pytest

from gigawatt.catalog import Catalog
from gigawatt.catalog.measured import shipped_runs
from gigawatt.catalog.shapes import parameters
from gigawatt.perf.attention import mixing
from gigawatt.perf.elementwise import elementwise
from gigawatt.perf.ends import ends
from gigawatt.perf.experts import experts
from gigawatt.perf.job import Job
from gigawatt.perf.layer import layer
from gigawatt.perf.operations import Work, gemm, linear, products
from gigawatt.perf.predict import model_flops
from gigawatt.perf.shape import shape_of

from .plain import cut, free, model

CATALOG = Catalog()


def test_a_product_is_launch_arithmetic_and_three_operands() -> None:
    terms = {"gemm_launch_s": 7.0, "gemm_s_per_flop": 1.0, "gemm_s_per_mn": 10.0}
    m = free(**terms, gemm_s_per_mk=100.0, gemm_s_per_nk=1000.0)
    # 2·2·3·5 = 60 FLOP; output 2·3, activations 2·5, weights 3·5
    assert gemm(m, 2.0, 3.0, 5.0) == 7.0 + 60.0 + 10.0 * 6 + 100.0 * 10 + 1000.0 * 15
    assert gemm(m, 2.0, 3.0, 5.0, half=True) == 0.0


def test_a_linear_map_goes_back_through_inputs_and_weights() -> None:
    work = linear(free(gemm_launch_s=1.0), 4.0, 3.0, 2.0)
    assert (work.gemm, work.gemm_back, work.weight, work.kernels) == (1.0, 2.0, 1.0, 1.0)
    assert work.flops == 3 * 2 * 4 * 3 * 2
    assert work.parameters == 6.0
    assert work.elements == 4 * 2 + 4 * 3
    # the product of weights has the tokens inside: out × in × tokens
    wide = linear(free(gemm_s_per_mn=1.0), 4.0, 3.0, 2.0)
    assert (wide.gemm, wide.weight, wide.gemm_back) == (12.0, 6.0, 8.0 + 6.0)
    assert linear(free(gemm_launch_s=1.0), 4.0, 0.0, 2.0).gemm == 0.0


def test_key_value_heads_fewer_than_ranks_are_repeated() -> None:
    shape = model(full=1.0, heads=8.0, kv_heads=2.0, qk_dim=10.0, v_dim=10.0)
    whole = products(free(), shape, cut())
    # (8 + 2·2)·10·100 and 100·80
    assert whole.parameters == 12_000 + 8_000
    # on 4 ranks: 2 query heads, 1 of 2 key-value heads each (not a half): (2 + 2)·10·100 + 100·20
    assert products(free(), shape, cut(tp=4.0)).parameters == 4_000 + 2_000


def test_gates_latent_experts_routers_and_shared_experts() -> None:
    plain, gated = model(dense=1.0, ffn=40.0), model(dense=1.0, ffn=40.0, gated=1.0)
    assert products(free(), plain, cut()).parameters == 2 * 40 * 100
    assert products(free(), gated, cut(tp=2.0)).parameters == 3 * 40 * 100 / 2
    sparse = model(moe=1.0, experts=16.0, expert_width=30.0, shared_ffn=20.0)
    # router 16·100; down and up 2·30·100; shared 2·20·100
    assert products(free(), sparse, cut()).parameters == 1_600 + 6_000 + 4_000
    assert products(free(half_launch_s=1.0), sparse, cut()).gemm == 1.0


@pytest.mark.parametrize(
    "name",
    ["llama31-405b", "gpt3-175b", "mixtral-8x7b", "qwen3-235b-a22b", "deepseek-v3", "gpt-oss-120b",
     "nemotron-h-56b", "nemotron3-super-120b-a12b"],
)  # fmt: skip
def test_parameters_on_one_rank_are_those_of_the_model(name: str) -> None:
    architecture = CATALOG.model(name).architecture
    shape = shape_of(architecture)
    one = layer(free(), shape, cut())
    tables = ends(free(), shape, cut()).head_parameters * (1.0 if shape.tied else 2.0)
    counted = shape.layers * (one.shared_parameters + one.expert_parameters) + tables
    assert counted == pytest.approx(parameters(architecture).total, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("llama31-405b", "Llama3.1-405B"),
        ("qwen3-235b-a22b", "Qwen3-235B-A22B"),
        ("gpt-oss-120b", "GPT-OSS-120B"),
    ],
)
def test_model_flop_of_a_token_are_those_that_megatron_bridge_reports(name: str, row: str) -> None:
    runs = [r for r in shipped_runs("training") if r.model == row and "Bridge" in r.source]
    newest = max(
        r.source_date for r in runs
    )  # older releases counted the experts of some otherwise
    stated = [
        r.model_tflops_per_gpu * 1e12 / r.tokens_per_s_per_gpu
        for r in runs
        if r.source_date == newest and r.model_tflops_per_gpu and r.tokens_per_s_per_gpu
    ]
    sequence = runs[0].seq_len
    assert sequence is not None
    shape = shape_of(CATALOG.model(name).architecture)
    ours = model_flops(free(), shape, Job(1, 1, sequence)) / sequence
    assert ours == pytest.approx(np.median(stated), rel=5e-3)


def test_a_causal_core_is_half_a_square_and_a_window_less() -> None:
    heads = {"heads": 2.0, "kv_heads": 2.0, "qk_dim": 16.0, "v_dim": 16.0}
    m = free(attention_s_per_flop=1.0, attention_backward=3.0)
    found = mixing(m, model(full=1.0, **heads), cut(sequence=1024.0))
    flop = 2 * (16 + 16) * 2 * 1024 * 512
    assert found.flops == 3 * flop
    assert found.forward_s == pytest.approx(flop * (1 + 128 / (128 + 1024)))
    assert found.backward_s == pytest.approx(3 * found.forward_s)
    slid = mixing(m, model(sliding=1.0, window=64.0, **heads), cut(sequence=1024.0))
    # 64 tokens but for the first 64, which see 32 on average
    seen = (960 * 64 + 64 * 32) / 1024
    assert slid.forward_s == pytest.approx(found.forward_s * seen / 512)


def test_unfused_attention_does_the_whole_square_and_heads_of_108_leave_the_tensor_cores() -> None:
    m = free(attention_s_per_flop=1.0, attention_unfused=1.0)
    even = model(full=1.0, heads=1.0, kv_heads=1.0, qk_dim=104.0, v_dim=104.0)
    ragged = even._replace(qk_dim=108.0, v_dim=108.0)
    square = 2 * 208 * 1000 * 1000
    assert mixing(m, even, cut()).forward_s == pytest.approx(square)
    assert mixing(m, ragged, cut()).forward_s == pytest.approx(square * 108 / 104 * 8)


def test_the_scan_counts_chunks_of_128_and_states() -> None:
    shape = model(mamba=1.0, mamba_inner=10.0, mamba_groups=2.0, mamba_state=4.0)
    found = mixing(free(scan_s_per_flop=1.0), shape, cut())
    flop = 2 * 1000 * 10 * (64 + 8) + 1000 * 128 * 2 * 4
    assert found.forward_s == flop
    assert found.backward_s == 2.5 * flop


def test_experts_read_their_weights_once_and_imbalance_slows_the_busiest_rank() -> None:
    shape = model(moe=1.0, experts=8.0, top_k=2.0, expert_ffn=50.0, expert_width=100.0, gated=1.0)
    one = experts(free(grouped_s_per_flop=1.0), shape, cut(ep=4.0))
    assert (one.local, one.routed, one.weights) == (2.0, 2000.0, 2 * 3 * 100 * 50)
    assert one.grouped_s == one.flops == 2000 * 2 * 3 * 100 * 50
    busy = experts(free(grouped_s_per_flop=1.0), shape, cut(ep=4.0, imbalance=1.5))
    assert (busy.grouped_s, busy.flops) == (1.5 * one.grouped_s, one.flops)
    assert experts(free(grouped_s_per_weight=1.0), shape, cut(ep=4.0)).grouped_s == one.weights
    cut_up = experts(free(), shape, cut(ep=4.0, tp=2.0, etp=2.0))
    assert (cut_up.width, cut_up.routed, cut_up.weights) == (25.0, 2000.0, one.weights / 2)
    moved = experts(free(permute_traffic=1.0, hbm_s_per_byte=1.0), shape, cut()).permute_s
    assert moved == 12 * 1000 * 2 * 100 + 40 * 1000 * 8


def test_elementwise_traffic_casts_and_gradients() -> None:
    shape = model(dense=1.0, full=1.0, heads=1.0, kv_heads=1.0, qk_dim=10.0, ffn=40.0, gated=1.0)
    m = free(traffic=1.0, hbm_s_per_byte=1.0)
    found = elementwise(m, shape, cut(), Work(), 0.0)
    residual, rotary, gates = 1000 * 10 * 100 * 2, 1000 * 2 * 2 * 10 * 2, 1000 * 3 * 40 * 2
    assert found.forward_s == residual + rotary + gates
    assert found.backward_s == 2 * found.forward_s
    operands = Work(elements=6.0, parameters=5.0)
    m = free(cast_bytes=4.0, gradient_traffic=0.5, hbm_s_per_byte=1.0)
    found = elementwise(m, model(moe=1.0), cut(), operands, 3.0)
    assert found.forward_s == 12.0
    assert found.backward_s == 12.0 + 0.5 * 8 * (5 + 3)
    split = elementwise(
        m._replace(traffic=1.0), shape, cut(tp=4.0, sequence_parallel=1.0), Work(), 0
    )
    whole = elementwise(m._replace(traffic=1.0), shape, cut(tp=4.0), Work(), 0)
    assert whole.forward_s - split.forward_s == residual * 3 / 4


def test_a_slow_host_sets_the_pace_of_small_layers_only() -> None:
    shape = model(layers=1.0, dense=1.0, ffn=40.0)
    busy, idle = free(gemm_launch_s=1.0), free(gemm_launch_s=1.0, host_s=1e-6)
    assert layer(idle, shape, cut()).forward_s == layer(busy, shape, cut()).forward_s == 2.0
    slow = layer(free(host_s=1.0), shape, cut())
    assert slow.forward_s == 2 + 4  # two products, four elementwise kernels
    assert slow.backward_s == 12.0
    assert slow.host_s == 18.0


def test_recomputation_does_the_forward_pass_again() -> None:
    shape = model(layers=1.0, dense=1.0, ffn=40.0)
    m = free(gemm_launch_s=1.0, traffic=1.0, hbm_s_per_byte=1e-6)
    none, some, full = (layer(m, shape, cut(recompute=float(r))) for r in range(3))
    assert none.recompute_s == 0.0
    assert full.recompute_s == full.forward_s
    assert 0.0 < some.recompute_s < full.recompute_s
    assert full.activation_bytes < some.activation_bytes < none.activation_bytes


def test_activations_of_a_gpt_layer_are_those_of_korthikanti_without_masks() -> None:
    h, s = 1024.0, 2048.0
    shape = model(layers=1.0, hidden=h, full=1.0, heads=8.0, kv_heads=8.0, qk_dim=128.0,
                  v_dim=128.0, dense=1.0, ffn=4 * h)  # fmt: skip
    kept = layer(free(), shape, cut(sequence=s)).activation_bytes
    # arXiv:2205.05198 counts 34 s b h, 2 of which are dropout masks of one byte each; here: norms' inputs
    # and outputs 8, queries keys values output 8, gelu input and output 16, statistics of heads
    assert kept == pytest.approx(s * h * 32, rel=0.01)
    scores = layer(free(attention_unfused=1.0), shape, cut(sequence=s)).activation_bytes - kept
    assert scores == 5 * 8 * s * s
    split = layer(free(), shape, cut(sequence=s, tp=8.0, sequence_parallel=1.0)).activation_bytes
    assert split == pytest.approx(kept / 8)
    full = layer(free(), shape, cut(sequence=s, recompute=2.0)).activation_bytes
    assert full == 2 * s * h
