"""Kernel times of decoding: what evaluates them, and what is fitted to synthetic tables."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.catalog import Catalog, Kernels, System
from gigawatt.catalog.kernels import (
    DecodeAttentionSurface,
    SmallGemmSurface,
    SmallGroupedSurface,
)
from gigawatt.core.yamltree import read_yaml_text
from gigawatt.perf.silicon import GPUS, Limits, Tables, fit_system, record_text
from gigawatt.perf.silicon.decode_attention import fit_decode_attention
from gigawatt.perf.silicon.decode_terms import (
    decode_attention_seconds,
    decode_mla_seconds,
    latent_product_seconds,
    quantise_seconds,
    small_collective_seconds,
    small_gemm_seconds,
    small_grouped_seconds,
    touched_experts,
)
from gigawatt.perf.silicon.frameworks import by_framework, fastest_of, slower
from gigawatt.perf.silicon.roofline import fit_hidden
from gigawatt.perf.silicon.small_experts import fit_small_experts
from gigawatt.perf.silicon.small_links import fit_small_all_reduce, fit_small_exchange
from gigawatt.perf.silicon.small_products import fit_casts, fit_latent, fit_small
from gigawatt.perf.silicon.tables import Rows, installed_tables
from gigawatt.perf.silicon.terms import gemm_terms

GPU = "h100_sxm"
PEAK, HBM, CACHE = 1e15, 3.3e12, 50e6
SYSTEMS = tuple(sorted(GPUS))
Columns = Mapping[str, Any]

GEMM = {
    "launch_s": 3e-6,
    "bytes_per_s": 2.8e12,
    "arithmetic_flops_per_s": 9e14,
    "k_s": 5e-10,
    "mn_s": 2e-13,
    "mk_s": 2e-12,
    "weight_bytes": 2.0,
}
ATTENTION = {
    "launch_s": 1e-5,
    "bytes_per_s": 3e12,
    "arithmetic_flops_per_s": 4e14,
    "context_s": 8e-11,
    "query_s": 8e-12,
}
EXPERTS = {
    "launch_s": 3e-5,
    "bytes_per_s": 3e12,
    "arithmetic_flops_per_s": 8e14,
    "row_s": 4e-12,
    "weight_bytes": 2.0,
}


def write_table(
    root: Path, family: str, backend: str, table: str, columns: Columns, version: str = "1.0.0"
) -> None:
    path = root / GPU / family / backend / version / f"{table}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), path)


def grid(**axes: Any) -> dict[str, Any]:
    """All combinations of some axes, as columns."""
    rows = list(itertools.product(*axes.values()))
    return {
        name: np.array(column) for name, column in zip(axes, zip(*rows, strict=True), strict=True)
    }


def ms(seconds: Any) -> Any:
    return 1e3 * np.asarray(seconds)


def without(surface: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in surface.items() if name not in names}


# --- evaluation -------------------------------------------------------------------------------


def test_a_small_product_by_hand() -> None:
    weights, flop, steps = 8192 * 4096 * 2 / 2.8e12, 2 * 64 * 8192 * 4096 / 9e14, 4096 * 5e-10
    hidden = np.sqrt(weights**2 + flop**2 + steps**2)
    plain = 3e-6 + 64 * 8192 * 2e-13 + 64 * 4096 * 2e-12
    assert small_gemm_seconds(GEMM, 64, 8192, 4096) == pytest.approx(plain + hidden)


def test_attention_of_decoding_by_hand() -> None:
    moved, flop = 2 * 32 * 4096 * 8 * 128 * 2 / 3e12, 4 * 32 * 4096 * 32 * 128 / 4e14
    plain = 1e-5 + 4096 * 8e-11 + 32 * 32 * 128 * 8e-12
    expected = plain + np.hypot(moved, flop)
    found = decode_attention_seconds(ATTENTION, 32, 4096, 32, 8, 128, 2.0)
    assert found == pytest.approx(expected)


def test_latent_attention_reads_one_latent_for_all_heads() -> None:
    moved, flop = 16 * 8192 * 576 * 1.0 / 3e12, 2 * 16 * 8192 * 128 * (576 + 512) / 4e14
    plain = 1e-5 + 8192 * 8e-11 + 16 * 128 * 576 * 8e-12
    found = decode_mla_seconds(ATTENTION, 16, 8192, 128, 1.0)
    assert found == pytest.approx(plain + np.hypot(moved, flop))


def test_few_experts_by_hand() -> None:
    touched = 128 * (1 - (1 - 8 / 128) ** 32)
    moved, flop = 3 * touched * 4096 * 1536 * 2 / 3e12, 6 * 256 * 4096 * 1536 / 8e14
    expected = 3e-5 + 256 * 4096 * 4e-12 + np.hypot(moved, flop)
    assert small_grouped_seconds(EXPERTS, 32, 4096, 1536, 8, 128) == pytest.approx(expected)


def test_experts_spread_over_ranks_hold_their_share() -> None:
    whole = small_grouped_seconds(EXPERTS, 512, 4096, 1536, 8, 128)
    share = small_grouped_seconds(EXPERTS, 512, 4096, 1536, 8, 128, here=16)
    assert (share - 3e-5) * 8 == pytest.approx(whole - 3e-5)
    given_touched = small_grouped_seconds(EXPERTS, 512, 4096, 1536, 8, 128, touched=128.0)
    assert given_touched >= whole


@given(st.integers(1, 4096), st.integers(1, 22), st.sampled_from([32, 128, 256, 512]))
def test_touched_experts_are_bounded(tokens: int, topk: int, experts: int) -> None:
    touched = touched_experts(tokens, topk, experts)
    assert topk * (1 - 1e-12) <= touched <= min(experts, tokens * topk) * (1 + 1e-12)
    assert touched <= touched_experts(tokens + 1, topk, experts)


@given(
    st.integers(1, 256), st.sampled_from([512, 4096, 32768]), st.sampled_from([512, 4096, 32768])
)
def test_hidden_parts_are_between_the_largest_and_the_sum(m: int, n: int, k: int) -> None:
    parts = [n * k * 2 / 2.8e12, 2 * m * n * k / 9e14, k * 5e-10]
    plain = 3e-6 + m * n * 2e-13 + m * k * 2e-12
    found = float(small_gemm_seconds(GEMM, m, n, k)) - plain
    assert max(parts) * (1 - 1e-9) <= found <= sum(parts) * (1 + 1e-9)


def test_every_row_of_an_array_is_what_a_scalar_gives() -> None:
    m, n = np.array([1, 16, 256])[:, None], np.array([1024, 8192])
    many = small_gemm_seconds(GEMM, m, n, 4096)
    assert many.shape == (3, 2)
    assert many[1, 1] == small_gemm_seconds(GEMM, 16, 8192, 4096)
    faster = {**GEMM, "bytes_per_s": np.array([2.8e12, 7e12])}
    both = small_gemm_seconds(faster, 16, 8192, 4096)
    assert both[0] == many[1, 1]
    assert both[1] < both[0]


def test_a_cast_is_a_launch_and_three_bytes_an_element() -> None:
    surface = {"launch_s": 2e-6, "bytes_per_s": 3e12}
    assert quantise_seconds(surface, 64, 4096) == pytest.approx(2e-6 + 3 * 64 * 4096 / 3e12)


def test_group_sizes_take_the_nearest_measured_one() -> None:
    surface = {"alpha_s": {2: 3e-6, 8: 5e-6}, "bytes_per_s": {2: 4e11, 8: 2e11}}
    found = small_collective_seconds(surface, 4e5, np.array([1, 2, 3, 6, 72]))
    assert found.tolist() == pytest.approx([0.0, 4e-6, 4e-6, 7e-6, 7e-6])


# --- fitting ----------------------------------------------------------------------------------


def test_hidden_constants_come_back_and_slow_kernels_are_left_out() -> None:
    generator = np.random.default_rng(3)
    n, k = generator.uniform(512, 16384, (2, 400))
    m = 2.0 ** generator.integers(0, 9, 400)
    seconds = small_gemm_seconds(GEMM, m, n, k)
    seconds[::25] *= 4.0
    terms = {
        "launch_s": 1.0,
        "bytes_per_s": 2.0 * n * k,
        "arithmetic_flops_per_s": 2.0 * m * n * k,
        "k_s": k,
        "mn_s": m * n,
        "mk_s": m * k,
    }
    found = fit_hidden(terms, seconds, slow=1.7)
    assert (found.rows, found.dropped) == (384, 16)
    expected = [3e-6, 1 / 2.8e12, 1 / 9e14, 5e-10, 2e-13, 2e-12]
    assert found.constants == pytest.approx(expected, rel=1e-2)
    assert found.mape < 1e-4
    bounded = fit_hidden(terms, seconds, least={"bytes_per_s": 1 / 2e12})
    assert bounded.constants[1] == pytest.approx(1 / 2e12)


def write_products(root: Path) -> None:
    sizes = (256, 512, 1024, 2048, 4096, 8192, 16384)
    shape = grid(m=(1, 4, 16, 64, 128, 256, 512), n=sizes, k=sizes)
    seconds = small_gemm_seconds(GEMM, shape["m"], shape["n"], shape["k"])
    name = ["bfloat16"] * len(seconds)
    for backend, times in (("trtllm", 1.0), ("vllm", 1.1), ("sglang", 0.5)):
        columns = {**shape, "gemm_dtype": name, "latency": ms(times * seconds)}
        write_table(root, "gemm", backend, "gemm_perf", columns)


def test_small_products_come_back_from_weights_out_of_memory(tmp_path: Path) -> None:
    write_products(tmp_path)
    found = fit_small(Tables(tmp_path, "1"), GPU, "bf16", PEAK, HBM, CACHE, None)
    assert found is not None
    assert found["rows"] == 6 * 6 * 6
    for name, value in GEMM.items():
        assert found[name] == pytest.approx(value, rel=0.02), name
    assert found["frameworks"] == {"sglang": 1.0, "trtllm": 2.0, "vllm": 2.2}
    assert found["tables"] == ["gemm_perf trtllm 1.0.0", "gemm_perf vllm 1.0.0"]


def test_measured_quantisation_is_taken_out(tmp_path: Path) -> None:
    sizes = (512, 1024, 2048, 4096, 8192)
    shape = grid(m=(1, 16, 64, 256), n=sizes, k=sizes)
    product = small_gemm_seconds({**GEMM, "weight_bytes": 1.0}, shape["m"], shape["n"], shape["k"])
    cast = 2e-6 + 3.0 * shape["m"] * shape["k"] / 2e12
    columns = {**shape, "gemm_dtype": ["fp8"] * len(cast), "latency": ms(product + cast)}
    write_table(tmp_path, "gemm", "trtllm", "gemm_perf", columns)
    casts = grid(m=(1, 16, 64, 256), k=sizes)
    seconds = 2e-6 + 3.0 * casts["m"] * casts["k"] / 2e12
    write_table(
        tmp_path, "quantize", "trtllm", "scale_matrix_perf", {**casts, "latency": ms(seconds)}
    )
    found = fit_small(Tables(tmp_path, "1"), GPU, "fp8", PEAK, HBM, CACHE, None)
    assert found is not None
    assert found["launch_s"] == pytest.approx(3e-6, rel=0.01)
    assert found["mk_s"] == pytest.approx(2e-12, rel=0.05)


def test_casts_come_back(tmp_path: Path) -> None:
    shape = grid(m=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512), k=(512, 1024, 2048, 4096, 8192, 7168))
    given_scale = 2e-6 + 3.0 * shape["m"] * shape["k"] / 3e12
    for table, seconds in (
        ("scale_matrix_perf", given_scale),
        ("computescale_perf", given_scale - 1e-6),
    ):
        write_table(tmp_path, "quantize", "vllm", table, {**shape, "latency": ms(seconds)})
    found = fit_casts(Tables(tmp_path, "1"), GPU)
    assert found["static"]["launch_s"] == pytest.approx(2e-6, rel=1e-3)
    assert found["static"]["bytes_per_s"] == pytest.approx(3e12, rel=1e-3)
    assert found["dynamic"]["launch_s"] == pytest.approx(3e-6, rel=1e-3)
    assert found["dynamic"]["bytes_per_s"] == pytest.approx(1.5e12, rel=1e-3)


def test_products_around_the_latent_come_back(tmp_path: Path) -> None:
    surface = {**without(EXPERTS, "row_s"), "row_s": 1e-12}
    shape = grid(num_tokens=(1, 8, 64, 256, 1024, 4096), num_heads=(1, 8, 16, 64, 128))
    seconds = latent_product_seconds(surface, shape["num_tokens"], shape["num_heads"])
    columns = {
        **{name: np.tile(column, 2) for name, column in shape.items()},
        "op_name": ["mla_gen_pre"] * len(seconds) + ["mla_gen_post"] * len(seconds),
        "bmm_dtype": ["bfloat16"] * (2 * len(seconds)),
        "latency": ms(np.tile(seconds, 2)),
    }
    write_table(tmp_path, "mla_bmm", "sglang", "mla_bmm_perf", columns)
    found = fit_latent(Tables(tmp_path, "1"), GPU, "bf16", PEAK, HBM)
    assert found is not None
    assert found["rows"] == 50
    assert found["launch_s"] == pytest.approx(3e-5, rel=1e-3)


def write_attention(root: Path) -> None:
    shape = grid(
        batch_size=(1, 4, 16, 64, 256, 1024),
        step=(31, 127, 511, 2047, 8191, 32767),
        num_heads=(8, 32, 96),
        num_key_value_heads=(0, 1, 8),
        head_dim=(64, 128),
        kv_cache_dtype=("bfloat16", "fp8"),
    )
    heads, kv = shape["num_heads"], shape["num_key_value_heads"]
    kv = np.where(kv == 0, heads, kv)
    bytes_of = np.where(shape["kv_cache_dtype"] == "fp8", 1.0, 2.0)
    context, dim = shape["step"] + 1, shape["head_dim"]
    batch = shape["batch_size"]
    seconds = decode_attention_seconds(ATTENTION, batch, context, heads, kv, dim, bytes_of)
    moved = 2.0 * batch * context * kv * dim * bytes_of
    cached = (moved > 2e6) & (moved < 1.5 * CACHE)
    odd = (heads == kv) | (heads > 16 * kv) | (shape["step"] < 127)
    wrong = np.where(cached, 0.5, 1.0) * np.where(odd, 3.0, 1.0)
    columns = {**shape, "isl": np.ones_like(batch), "latency": ms(wrong * seconds)}
    write_table(root, "attention", "vllm", "generation_attention_perf", columns)


@pytest.mark.parametrize("precision", ["bf16", "fp8"])
def test_attention_comes_back_from_caches_out_of_memory(precision: str, tmp_path: Path) -> None:
    write_attention(tmp_path)
    tables = Tables(tmp_path, "1")
    found = fit_decode_attention(tables, GPU, "128", precision, PEAK, HBM, CACHE)
    assert found is not None
    for name, value in ATTENTION.items():
        assert found[name] == pytest.approx(value, rel=0.02), name
    assert "frameworks" not in found
    assert fit_decode_attention(tables, GPU, "mla", precision, PEAK, HBM, CACHE) is None


def test_latent_attention_comes_back(tmp_path: Path) -> None:
    shape = grid(
        batch_size=(1, 4, 16, 64, 256, 1024),
        step=(127, 511, 2047, 8191, 32767, 131071),
        num_heads=(8, 16, 128),
    )
    seconds = decode_mla_seconds(
        ATTENTION, shape["batch_size"], shape["step"] + 1, shape["num_heads"], 2.0
    )
    columns = {
        **shape,
        "isl": np.ones(len(seconds), dtype=np.int64),
        "kv_cache_dtype": ["bfloat16"] * len(seconds),
        "latency": ms(seconds),
    }
    for backend, times in (("trtllm", 1.0), ("sglang", 1.25)):
        write_table(
            tmp_path,
            "mla",
            backend,
            "generation_mla_perf",
            {**columns, "latency": ms(times * seconds)},
        )
    found = fit_decode_attention(Tables(tmp_path, "1"), GPU, "mla", "bf16", PEAK, HBM, CACHE)
    assert found is not None
    for name, value in ATTENTION.items():
        assert found[name] == pytest.approx(value, rel=0.02), name
    assert found["frameworks"] == {"sglang": 1.25, "trtllm": 1.0}


def test_experts_come_back_from_the_routing_that_is_like_a_models(tmp_path: Path) -> None:
    shape = grid(
        num_tokens=(1, 4, 16, 64, 256, 1024, 4096),
        hidden_size=(2048, 7168),
        inter_size=(1024, 4096),
        topk=(2, 8),
        num_experts=(32, 128),
        moe_tp_size=(1, 4),
        moe_ep_size=(1, 8),
        distribution=("balanced", "power_law_1.01"),
        kernel_source=("moe_torch_flow", "moe_torch_flow_min_latency"),
    )
    seconds = small_grouped_seconds(
        EXPERTS,
        shape["num_tokens"],
        shape["hidden_size"],
        shape["inter_size"] / shape["moe_tp_size"],
        shape["topk"],
        shape["num_experts"],
    )
    other = (
        (shape["distribution"] == "balanced")
        | (shape["moe_ep_size"] > 1)
        | (shape["kernel_source"] == "moe_torch_flow_min_latency")
    )
    columns = {
        **shape,
        "moe_dtype": ["bfloat16"] * len(seconds),
        "latency": ms(np.where(other, 0.1, 1.0) * seconds),
    }
    write_table(tmp_path, "moe", "trtllm", "moe_perf", columns)
    found = fit_small_experts(Tables(tmp_path, "1"), GPU, "bf16", PEAK, HBM)
    assert found is not None
    assert found["rows"] == 6 * 2 * 2 * 2 * 2 * 2
    for name, value in EXPERTS.items():
        assert found[name] == pytest.approx(value, rel=0.02), name
    assert fit_small_experts(Tables(tmp_path, "1"), GPU, "fp8", PEAK, HBM) is None


def test_the_all_reduce_is_that_of_cuda_graphs(tmp_path: Path) -> None:
    shape = grid(num_gpus=(2, 8), message_size=tuple(2**power for power in range(7, 27)))
    seconds = np.where(
        shape["num_gpus"] == 2,
        3e-6 + 2.0 * shape["message_size"] / 4e11,
        5e-6 + 2.0 * shape["message_size"] / 2e11,
    )
    columns = {**shape, "allreduce_dtype": ["bfloat16"] * len(seconds)}
    for source, times in (("SGLang_eager", 0.1), ("SGLang_graph", 1.0)):
        more = {**columns, "kernel_source": [source] * len(seconds), "latency": ms(times * seconds)}
        write_table(tmp_path, "comm", "sglang", "custom_allreduce_perf", more, version=source)
    found = fit_small_all_reduce(Tables(tmp_path, "1"), GPU)
    assert found is not None
    assert found["alpha_s"] == pytest.approx({2: 3e-6, 8: 5e-6}, rel=1e-3)
    assert found["bytes_per_s"] == pytest.approx({2: 4e11, 8: 2e11}, rel=1e-3)
    assert found["rows"] == 2 * 17  # up to 16 MiB
    assert small_collective_seconds(found, 1e6, 8) == pytest.approx(1e-5, rel=1e-3)


def test_the_exchange_comes_back_in_microseconds_inside_and_between_servers(tmp_path: Path) -> None:
    shape = grid(node_num=(1, 4), hidden_size=(4096, 7168), num_token=(1, 16, 128, 1024))
    rows = 8.0 * shape["num_token"] * shape["hidden_size"]
    seconds = np.where(shape["node_num"] == 1, 1e-5 + rows / 2.5e11, 3e-5 + rows / 6e10)
    columns = {
        **shape,
        "num_topk": np.full(len(seconds), 8),
        "num_experts": np.full(len(seconds), 256),
        "dispatch_avg_t_us": 1e6 * seconds,
    }
    old = {**columns, "dispatch_avg_t_us": np.where(shape["node_num"] == 1, 9.9, 1e6 * seconds)}
    inside = shape["node_num"] == 1
    new = {name: np.asarray(column)[inside] for name, column in columns.items()}
    write_table(tmp_path, "comm", "sglang", "wideep_deepep_ll_perf", old, version="0.5.6")
    write_table(tmp_path, "comm", "sglang", "wideep_deepep_ll_perf", new, version="0.5.12")
    found = fit_small_exchange(Tables(tmp_path, "1"), GPU, "dispatch")
    assert found is not None
    assert found["alpha_s"] == pytest.approx({8: 1e-5, 32: 3e-5}, rel=1e-3)
    assert found["bytes_per_s"] == pytest.approx({8: 2.5e11, 32: 6e10}, rel=1e-3)
    assert found["element_bytes"] == 1.0
    assert len(found["tables"]) == 2


def test_the_exchange_in_a_rack_is_the_one_sided_kernel(tmp_path: Path) -> None:
    shape = grid(
        num_tokens=(1, 16, 256, 1024),
        moe_ep_size=(4, 32),
        kernel_source=("NVLinkOneSided", "NVLinkTwoSided"),
    )
    seconds = 2e-5 + 2.0 * 8 * 7168 * shape["num_tokens"] / 7e11
    other = shape["kernel_source"] == "NVLinkTwoSided"
    columns = {
        **shape,
        "op_name": ["alltoall_combine"] * len(seconds),
        "hidden_size": np.full(len(seconds), 7168),
        "topk": np.full(len(seconds), 8),
        "latency": ms(np.where(other, 0.1, 1.0) * seconds),
    }
    write_table(tmp_path, "comm", "trtllm", "trtllm_alltoall_perf", columns)
    found = fit_small_exchange(Tables(tmp_path, "1"), GPU, "combine")
    assert found is not None
    assert found["alpha_s"] == pytest.approx({4: 2e-5, 32: 2e-5}, rel=1e-3)
    assert found["bytes_per_s"] == pytest.approx({4: 7e11, 32: 7e11}, rel=1e-3)
    assert fit_small_exchange(Tables(tmp_path, "1"), GPU, "dispatch") is None


def test_frameworks_are_compared_on_shapes_that_two_have() -> None:
    sizes = np.arange(1, 51)

    def rows(seconds: Any, keep: Any = slice(None)) -> Rows:
        return Rows({"m": sizes[keep], "latency": ms(seconds)[keep]}, ("a table",))

    of = {
        "vllm": rows(2e-6 * sizes),
        "trtllm": rows(3e-6 * sizes, slice(30)),
        "sglang": rows(1e-6 * sizes, slice(10)),
    }
    parts = by_framework(lambda backends: of.get(backends[0]), ("m",))
    assert slower(parts, ("m",)) == {"vllm": 1.0, "trtllm": 1.5}
    best = fastest_of(parts, ("m",))
    assert best is not None
    assert best.seconds[[0, 9, 10, 49]].tolist() == pytest.approx([1e-6, 1e-5, 2.2e-5, 1e-4])
    assert fastest_of({}, ("m",)) is None


def test_a_fitted_record_of_decoding_is_what_the_catalog_reads(tmp_path: Path) -> None:
    write_products(tmp_path)
    write_attention(tmp_path)
    record = fit_system(Tables(tmp_path, "9"), "h100-sxm", Limits({"bf16": PEAK}, HBM, 4.5e11))
    head = {"name": "a test", "source": "me", "as_of": "2026-08", "confidence": "reported"}
    text = record_text({**head, **record})
    kernels = Kernels.model_validate(read_yaml_text(text, "test.yaml").data)
    assert set(kernels.restrictions) == {"gemm", "small_gemm", "decode_attention"}
    assert kernels.small_gemm["bf16"].frameworks["vllm"] == 2.2
    assert set(kernels.decode_attention) == {"64", "128"}
    assert set(kernels.decode_attention["64"]) == {"bf16", "fp8"}


# --- shipped records --------------------------------------------------------------------------


def of(system_id: str) -> Kernels:
    return Catalog().kernels(system_id)


def constants(surface: Any) -> dict[str, Any]:
    found: dict[str, Any] = surface.model_dump()
    return found


GOLDEN = {
    "h100-sxm": (48.94, 187.0, 213.2, 664.3, 4.27),
    "b200-hgx": (24.47, 80.5, 117.9, 305.4, 5.66),
    "gb300-nvl72": (24.20, 82.6, 117.3, 296.3, 4.82),
}
"""Product of 16 rows by 8192 × 8192 in bf16; 32 sequences of 4,096 tokens, 32 and 8 heads of 128; 64
sequences of 8,192 over the latent with 16 heads; 32 tokens in Qwen3-235B's experts in blocks of fp8; all-
reduce of 128 KiB on 8 ranks [µs]."""


@pytest.mark.parametrize("system_id", GOLDEN)
def test_shipped_times(system_id: str) -> None:
    kernels = of(system_id)
    assert kernels.small_all_reduce is not None
    heads = kernels.decode_attention
    found = (
        small_gemm_seconds(constants(kernels.small_gemm["bf16"]), 16, 8192, 8192),
        decode_attention_seconds(constants(heads["128"]["bf16"]), 32, 4096, 32, 8, 128, 2.0),
        decode_mla_seconds(constants(heads["mla"]["bf16"]), 64, 8192, 16, 2.0),
        small_grouped_seconds(
            constants(kernels.small_grouped["fp8_block"]), 32, 4096, 1536, 8, 128
        ),
        small_collective_seconds(constants(kernels.small_all_reduce), 131072.0, 8),
    )
    assert [1e6 * float(each) for each in found] == pytest.approx(GOLDEN[system_id], rel=2e-3)


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_no_bandwidth_of_decoding_exceeds_the_datasheet(system_id: str) -> None:
    kernels, system = of(system_id), Catalog().system(system_id)
    assert system.hbm_bandwidth is not None
    surfaces: list[SmallGemmSurface | SmallGroupedSurface | DecodeAttentionSurface] = [
        *kernels.small_gemm.values(),
        *kernels.small_grouped.values(),
        *(each for head in kernels.decode_attention.values() for each in head.values()),
    ]
    assert len(surfaces) >= 5
    for surface in surfaces:
        assert surface.bytes_per_s <= 1.0001 * system.hbm_bandwidth.value
        assert surface.mape < 0.25
        assert abs(surface.bias) < 0.08
        assert all(ratio >= 1.0 for ratio in surface.frameworks.values())


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_products_of_decoding_meet_those_of_training_at_256_rows(system_id: str) -> None:
    kernels = of(system_id)
    for precision, small in kernels.small_gemm.items():
        large = kernels.gemm[precision]
        each = (
            large.launch_s,
            1.0 / large.flops_per_s,
            large.mn_s,
            large.mk_s,
            large.nk_s,
        )
        n, k = np.array([4096.0, 8192.0, 16384.0]), np.array([4096.0, 8192.0, 8192.0])
        ratio = small_gemm_seconds(constants(small), 256.0, n, k) / (gemm_terms(256.0, n, k) @ each)
        assert np.median(ratio) == pytest.approx(1.0, abs=0.3), precision


def test_what_is_measured_where() -> None:
    assert set(of("a100-80gb-sxm").small_gemm) == {"bf16"}
    assert "nvfp4" not in of("h100-sxm").small_grouped
    assert {"nvfp4", "mxfp4_bf16", "mxfp4_mxfp8"} <= set(of("b200-hgx").small_grouped)
    assert set(of("h200-sxm").small_all_to_all["dispatch"].alpha_s) == {8, 16, 32, 64}
    assert set(of("gb200-nvl72").small_all_to_all["combine"].alpha_s) == {2, 4, 8, 16, 32}
    for name in SYSTEMS:
        assert of(name).restrictions.keys() >= {"small_gemm", "decode_attention", "small_grouped"}


def limits(system: System) -> Limits:
    assert system.hbm_bandwidth is not None
    peak = {name: fact.value for name, fact in system.peak.items()}
    named = {"bf16": "bf16", "fp8": "fp8", "fp8_block": "fp8", "nvfp4": "fp4"}
    return Limits(
        {name: peak[of_peak] for name, of_peak in named.items() if of_peak in peak},
        system.hbm_bandwidth.value,
        450e9,
    )


@pytest.mark.skipif(find_spec("aiconfigurator_core") is None, reason="needs the extra silicon")
@pytest.mark.parametrize("system_id", ["h200-sxm", "b200-hgx"])
def test_shipped_surfaces_of_decoding_are_what_the_package_gives(system_id: str) -> None:
    tables, shipped = installed_tables(), of(system_id)
    if shipped.release != f"aiconfigurator-core {tables.version}":
        pytest.skip(f"shipped from {shipped.release}, installed {tables.version}")
    fitted = fit_system(tables, system_id, limits(Catalog().system(system_id)))
    head = {"name": "a test", "source": "me", "as_of": "2026-08", "confidence": "reported"}
    again = Kernels.model_validate(read_yaml_text(record_text({**head, **fitted}), "refit").data)
    for kind in ("small_gemm", "decode_attention", "small_grouped", "small_all_reduce"):
        assert getattr(again, kind) == getattr(shipped, kind)
