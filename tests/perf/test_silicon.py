"""Fitting kernel times: known constants come back from synthetic tables, whatever is thrown among them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gigawatt.catalog import Catalog
from gigawatt.catalog.kernels import Kernels
from gigawatt.core.errors import MissingExtraError
from gigawatt.core.yamltree import read_yaml_text
from gigawatt.perf import silicon
from gigawatt.perf.silicon import Limits, Tables, fit_system, record_text
from gigawatt.perf.silicon import tables as tables_module
from gigawatt.perf.silicon.attention import fit_attention
from gigawatt.perf.silicon.experts import fit_experts
from gigawatt.perf.silicon.leastsquares import fit_terms, non_negative
from gigawatt.perf.silicon.links import fit_collective
from gigawatt.perf.silicon.products import fit_gemm, fit_stream
from gigawatt.perf.silicon.tables import installed_tables
from gigawatt.perf.silicon.terms import (
    attention_terms,
    collective_seconds,
    collective_terms,
    gemm_terms,
    grouped_terms,
    link_bytes,
)

GPU = "h100_sxm"
LIMITS = Limits({"bf16": 1e15, "fp8": 2e15}, 3e12, 4.5e11)
Columns = Mapping[str, Any]


def write_table(
    root: Path, family: str, backend: str, version: str, table: str, columns: Columns
) -> None:
    path = root / GPU / family / backend / version / f"{table}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), path)


def grid(**axes: Any) -> dict[str, np.ndarray[Any, Any]]:
    """All combinations of some axes, as columns."""
    rows = list(itertools.product(*axes.values()))
    return {
        name: np.array(column) for name, column in zip(axes, zip(*rows, strict=True), strict=True)
    }


def write_gemm(
    root: Path, backend: str = "trtllm", version: str = "1.0.0", times: float = 1.0
) -> None:
    sizes = (64, 256, 1024, 4096, 16384)
    shape = grid(m=sizes, n=sizes, k=sizes)
    seconds = gemm_terms(shape["m"], shape["n"], shape["k"]) @ GEMM
    columns = {**shape, "gemm_dtype": ["bfloat16"] * len(seconds), "latency": times * seconds * 1e3}
    write_table(root, "gemm", backend, version, "gemm_perf", columns)


GEMM = np.array([4e-6, 1 / 8e14, 3e-13, 2e-13, 1e-13])


def write_attention(root: Path) -> None:
    shape = grid(
        batch_size=(1, 2, 8),
        isl=(128, 512, 2048, 8192),
        num_heads=(8, 32),
        num_key_value_heads=(0, 8),
        head_dim=(64, 128),
        window_size=(0, 128),
    )
    heads = shape["num_heads"]
    kv = np.where(shape["num_key_value_heads"] == 0, heads, shape["num_key_value_heads"])
    terms = attention_terms(
        shape["batch_size"], shape["isl"], heads, kv, shape["head_dim"], shape["head_dim"], 2.0
    )
    seconds = np.where(shape["window_size"] == 0, 1.0, 0.1) * (terms @ ATTENTION)
    columns = {
        **shape,
        "attn_dtype": ["bfloat16"] * len(seconds),
        "kv_cache_dtype": ["bfloat16"] * len(seconds),
        "latency": seconds * 1e3,
    }
    write_table(root, "attention", "vllm", "0.1", "context_attention_perf", columns)


ATTENTION = np.array([1e-5, 1 / 6e14, 1 / 2e12])


def write_experts(root: Path) -> None:
    shape = grid(
        num_tokens=(512, 4096, 32768),
        hidden_size=(2048, 8192),
        inter_size=(1024, 4096),
        topk=(2, 8),
        num_experts=(8, 64),
        moe_tp_size=(1, 2),
        moe_ep_size=(1, 8),
    )
    terms = grouped_terms(
        shape["num_tokens"] * shape["topk"],
        shape["hidden_size"],
        shape["inter_size"] / shape["moe_tp_size"],
        shape["num_experts"],
        2.0,
    )
    seconds = terms @ EXPERTS
    seconds[::17] *= 5.0  # a badly chosen kernel
    seconds = np.where(shape["moe_ep_size"] == 1, seconds, 0.1 * seconds)
    columns = {
        **shape,
        "moe_dtype": ["bfloat16"] * len(seconds),
        "distribution": ["balanced"] * len(seconds),
        "kernel_source": ["moe_torch_flow_cutlass"] * len(seconds),
        "latency": seconds * 1e3,
    }
    write_table(root, "moe", "trtllm", "1.0", "moe_perf", columns)


EXPERTS = np.array([3e-5, 1 / 7e14, 1 / 5e12, 1 / 1e12])


def write_collectives(root: Path) -> None:
    sizes = [2**power for power in range(10, 29)]
    shape = grid(
        op_name=("all_reduce", "all_gather"),
        nccl_dtype=("half", "int8"),
        num_gpus=(2, 8),
        message_size=sizes,
    )
    seconds = np.zeros(len(shape["op_name"]))
    for index, (op, elements, ranks) in enumerate(
        zip(shape["op_name"], shape["message_size"], shape["num_gpus"], strict=True)
    ):
        links = link_bytes(str(op), 2.0 * float(elements), float(ranks))
        seconds[index] = (collective_terms(links, ranks, (2, 8), 2.0**22) @ COLLECTIVE).item()
    seconds[shape["nccl_dtype"] == "int8"] *= 3.0
    columns = {**{k: v.tolist() for k, v in shape.items()}, "latency": seconds * 1e3}
    write_table(root, "comm", "nccl", "2.29.2", "nccl_perf", columns)
    older = {**columns, "latency": [9.9] * len(seconds)}
    write_table(root, "comm", "nccl", "2.9.2", "nccl_perf", older)


COLLECTIVE = np.array([5e-6, 1e-6, 1 / 2.5e11, 1 / 4e11, 1 / 2e11])


def write_casts(root: Path) -> None:
    sizes = (16, 256, 1024, 4096, 16384, 65536)
    shape = grid(m=sizes, k=sizes)
    seconds = 2e-6 + 3.0 * shape["m"] * shape["k"] / 2.8e12
    columns = {**shape, "latency": seconds * 1e3}
    write_table(root, "quantize", "trtllm", "1.0.0", "scale_matrix_perf", columns)


@pytest.fixture
def measured(tmp_path: Path) -> Tables:
    for write in (write_gemm, write_attention, write_experts, write_collectives, write_casts):
        write(tmp_path)
    return Tables(tmp_path, "9.9")


# --- known constants come back ----------------------------------------------------------------


def test_matrix_products_come_back(measured: Tables) -> None:
    found = fit_gemm(measured, GPU, "bf16", 1e15, None)
    assert found is not None
    assert found["launch_s"] == pytest.approx(4e-6, rel=1e-3)
    assert found["flops_per_s"] == pytest.approx(8e14, rel=1e-3)
    constants = [found[key] for key in ("mn_s", "mk_s", "nk_s")]
    assert constants == pytest.approx([3e-13, 2e-13, 1e-13], rel=1e-3)
    assert found["rows"] == 4**3  # the 64s are too small
    assert found["mape"] < 1e-4


def test_the_faster_library_counts_and_vllm_does_not(measured: Tables) -> None:
    write_gemm(measured.folder, "sglang", "0.5.9", times=0.5)
    write_gemm(measured.folder, "vllm", "0.9", times=0.1)
    found = fit_gemm(measured, GPU, "bf16", 1e16, None)
    assert found is not None
    assert found["flops_per_s"] == pytest.approx(1.6e15, rel=1e-3)
    assert found["tables"] == ["gemm_perf sglang 0.5.9", "gemm_perf trtllm 1.0.0"]


def test_no_rate_exceeds_the_datasheet(measured: Tables) -> None:
    found = fit_gemm(measured, GPU, "bf16", 5e14, None)
    assert found is not None
    assert found["flops_per_s"] == pytest.approx(5e14, rel=1e-3)
    assert found["mape"] > 0.01


def test_quantisation_is_taken_out_of_fp8(measured: Tables) -> None:
    shape = grid(m=(256, 4096, 16384), n=(1024, 16384), k=(1024, 4096, 16384))
    m, k = shape["m"], shape["k"]
    casting = 2e-6 + 3.0 * m * k / 2.8e12
    product = gemm_terms(m, shape["n"], k) @ GEMM
    for name, cast in (("fp8", casting), ("fp8_block", casting - 2e-6)):
        columns = {**shape, "gemm_dtype": [name] * len(m), "latency": 1e3 * (product + cast)}
        write_table(measured.folder, "gemm", "trtllm", f"1.{len(name)}", "gemm_perf", columns)
    stream = fit_stream(measured, GPU)
    for name in ("fp8", "fp8_block"):
        found = fit_gemm(measured, GPU, name, 2e15, stream)
        assert found is not None
        assert found["mk_s"] == pytest.approx(2e-13, rel=0.02)
        assert found["launch_s"] == pytest.approx(4e-6, rel=0.02)


def test_streaming_comes_back(measured: Tables) -> None:
    found = fit_stream(measured, GPU)
    assert found is not None
    assert found["bytes_per_s"] == pytest.approx(2.8e12, rel=1e-3)
    assert found["launch_s"] == pytest.approx(2e-6, rel=0.02)


@pytest.mark.parametrize("head", ["64", "128"])
def test_attention_comes_back(head: str, measured: Tables) -> None:
    write_attention(measured.folder)
    found = fit_attention(measured, GPU, head, "bf16", 1e15, 3e12)
    assert found is None  # 36 rows: too few to say anything
    part = pq.read_table(
        measured.folder / GPU / "attention/vllm/0.1/context_attention_perf.parquet"
    ).to_pydict()
    more = {name: np.array(column) for name, column in part.items()}
    more["batch_size"] = more["batch_size"] * 3
    one_dim = more["head_dim"].astype(float)
    kv = np.where(more["num_key_value_heads"] == 0, more["num_heads"], more["num_key_value_heads"])
    terms = attention_terms(
        more["batch_size"], more["isl"], more["num_heads"], kv, one_dim, one_dim, 2.0
    )
    more["latency"] = np.where(more["window_size"] == 0, 1.0, 0.1) * (terms @ ATTENTION) * 1e3
    columns = {name: column.tolist() for name, column in more.items()}
    write_table(measured.folder, "attention", "trtllm", "1", "context_attention_perf", columns)
    found = fit_attention(measured, GPU, head, "bf16", 1e15, 3e12)
    assert found is not None
    assert found["flops_per_s"] == pytest.approx(6e14, rel=1e-3)
    assert found["bytes_per_s"] == pytest.approx(2e12, rel=1e-3)
    assert found["launch_s"] == pytest.approx(1e-5, rel=1e-3)


def test_experts_come_back_without_the_badly_chosen_kernels(measured: Tables) -> None:
    found = fit_experts(measured, GPU, "bf16", 1e15)
    assert found is not None
    assert found["dropped"] > 0
    assert found["flops_per_s"] == pytest.approx(7e14, rel=1e-3)
    assert found["weight_bytes_per_s"] == pytest.approx(5e12, rel=1e-2)
    assert found["token_bytes_per_s"] == pytest.approx(1e12, rel=1e-2)


@pytest.mark.parametrize("operation", ["all_reduce", "all_gather"])
def test_collectives_come_back_from_the_newest_nccl(operation: str, measured: Tables) -> None:
    found = fit_collective(measured, GPU, operation, 4.5e11)
    assert found is not None
    assert found["tables"] == ["nccl_perf nccl 2.29.2"]
    assert found["alpha_s"] == pytest.approx(5e-6, rel=1e-2)
    assert found["alpha_rank_s"] == pytest.approx(1e-6, rel=1e-2)
    assert found["bytes_per_s"] == pytest.approx({2: 2.5e11, 8: 4e11}, rel=1e-2)
    assert found["ramp_bytes"] == 2.0**22
    links = link_bytes(operation, 1e8, 8.0)
    expected = (collective_terms(links, 8.0, (2, 8), 2.0**22) @ COLLECTIVE).item()
    assert float(collective_seconds(operation, 1e8, 8, found)) == pytest.approx(expected, rel=1e-3)


def test_an_operation_that_was_not_measured_has_no_surface(measured: Tables) -> None:
    assert fit_collective(measured, GPU, "alltoall", 4.5e11) is None
    assert fit_collective(measured, "no_such_gpu", "all_reduce", 4.5e11) is None


# --- terms ------------------------------------------------------------------------------------


def test_causal_attention_counts_half_of_all_pairs() -> None:
    _, flops, moved = attention_terms(2.0, 4096.0, 32.0, 8.0, 128.0, 128.0, 2.0)
    assert flops == 2 * 2 * 4096**2 / 2 * 32 * 128 * 2
    assert moved == 2 * 4096 * 128 * 2 * (32 + 8 + 8 + 32)


def test_latent_attention_has_two_head_dimensions() -> None:
    _, flops, _ = attention_terms(1.0, 4096.0, 128.0, 128.0, 192.0, 128.0, 2.0)
    assert flops == pytest.approx(128 * 4096**2 * (192 + 128))


def test_a_gated_block_has_three_products() -> None:
    _, flops, weights, tokens = grouped_terms(4096.0, 7168.0, 2048.0, 8.0, 1.0)
    assert flops == 3 * 2 * 4096 * 7168 * 2048
    assert weights == 8 * 3 * 7168 * 2048
    assert tokens == 4096 * 7168 * (2 + 2)


def test_terms_broadcast_over_arrays() -> None:
    many = gemm_terms(np.array([256.0, 512.0])[:, None], np.array([1.0, 2.0, 3.0]), 8.0)
    assert many.shape == (2, 3, 5)
    assert many[1, 2].tolist() == gemm_terms(512.0, 3.0, 8.0).tolist()


def test_an_unknown_collective_is_refused() -> None:
    with pytest.raises(ValueError, match="all_reduce"):
        link_bytes("broadcast", 1.0, 2)


def test_group_sizes_beyond_the_measured_ones_keep_the_last_bandwidth() -> None:
    surface = {"alpha_s": 0.0, "alpha_rank_s": 0.0, "bytes_per_s": {2: 1e11, 4: 2e11}}
    many = collective_seconds("all_gather", 1e9, np.array([2, 3, 4, 72]), surface)
    rates = 1e9 * (1 - 1 / np.array([2, 3, 4, 72])) / many
    assert rates.tolist() == pytest.approx([1e11, 2e11, 2e11, 2e11])


# --- least squares ----------------------------------------------------------------------------


@given(
    arrays(np.float64, (12, 4), elements=st.floats(0.0, 1.0)),
    arrays(np.float64, (12,), elements=st.floats(-1.0, 1.0)),
)
def test_non_negative_least_squares_is_the_best_of_all_subsets(
    matrix: np.ndarray[Any, Any], target: np.ndarray[Any, Any]
) -> None:
    matrix = matrix + 0.05 * np.eye(12, 4)
    found = non_negative(matrix, target)
    assert found.min() >= 0.0
    best = float(np.linalg.norm(target))
    for size in range(1, 5):
        for columns in itertools.combinations(range(4), size):
            trial = np.linalg.lstsq(matrix[:, columns], target, rcond=None)[0]
            if trial.min() >= 0.0:
                best = min(best, float(np.linalg.norm(matrix[:, columns] @ trial - target)))
    assert float(np.linalg.norm(matrix @ found - target)) <= best * (1.0 + 1e-7) + 1e-9


@given(
    st.lists(st.floats(0.0, 10.0), min_size=3, max_size=3).filter(lambda c: max(c) > 0.1),
    st.floats(0.1, 1e6),
)
def test_scaled_times_give_scaled_constants(constants: list[float], factor: float) -> None:
    size = np.geomspace(1e-2, 1e2, 30)
    terms = np.stack([np.ones(30), size, size**1.5], axis=1)
    seconds = terms @ np.array(constants)
    plain, scaled = fit_terms(terms, seconds), fit_terms(terms, factor * seconds)
    assert plain.constants == pytest.approx(np.array(constants), abs=1e-6 * max(constants))
    assert scaled.constants / factor == pytest.approx(plain.constants, abs=1e-6 * max(constants))


def test_a_few_bad_kernels_do_not_bend_the_surface() -> None:
    size = np.geomspace(1.0, 1e6, 200)
    terms = np.stack([np.ones(200), size], axis=1)
    seconds = terms @ np.array([1.0, 1e-3])
    seconds[::20] *= 4.0
    assert fit_terms(terms, seconds).constants == pytest.approx([1.0, 1e-3], rel=0.02)
    kept = fit_terms(terms, seconds, slow=2.0)
    assert (kept.rows, kept.dropped) == (190, 10)
    assert kept.constants == pytest.approx([1.0, 1e-3], rel=1e-6)
    assert kept.mape < 1e-6


# --- tables -----------------------------------------------------------------------------------


def test_versions_sort_as_releases() -> None:
    versions = ["1.3.0rc20", "1.3.0", "1.3.0rc9", "0.5.14", "0.5.6.post2", "0.5.9"]
    assert sorted(versions, key=tables_module._age) == [
        "0.5.6.post2",
        "0.5.9",
        "0.5.14",
        "1.3.0rc9",
        "1.3.0rc20",
        "1.3.0",
    ]


def test_latencies_are_milliseconds_and_zeros_are_left_out(tmp_path: Path) -> None:
    columns = {"m": [1, 2, 3], "latency": [2.0, 0.0, 4.0]}
    write_table(tmp_path, "gemm", "trtllm", "1", "gemm_perf", columns)
    rows = Tables(tmp_path, "1").read(GPU, "gemm", "gemm_perf", {"m": ..., "step": 7})
    assert rows is not None
    assert rows.seconds.tolist() == [0.002, 0.004]
    assert rows["step"].tolist() == [7, 7]
    assert rows.origin == ("gemm_perf trtllm 1",)


def test_a_table_without_a_needed_column_is_named(tmp_path: Path) -> None:
    write_table(tmp_path, "gemm", "trtllm", "1", "gemm_perf", {"m": [1], "latency": [2.0]})
    with pytest.raises(KeyError, match=r"gemm_perf.parquet of 1 has no column 'k'"):
        Tables(tmp_path, "1").read(GPU, "gemm", "gemm_perf", {"k": ...})


def test_the_package_is_found_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "aiconfigurator_core"
    (package / "systems" / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_tables().folder == package / "systems" / "data"


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"gigawatt\[silicon\]"):
        installed_tables()


# --- records ----------------------------------------------------------------------------------


def test_a_fitted_record_is_what_the_catalog_reads(measured: Tables) -> None:
    record = fit_system(measured, "h100-sxm", LIMITS)
    text = record_text(
        {
            "name": "it's a test",
            "source": "me",
            "as_of": "2026-08",
            "confidence": "reported",
            **record,
        }
    )
    kernels = Kernels.model_validate(read_yaml_text(text, "test.yaml").data)
    assert kernels.name == "it's a test"
    assert kernels.release == "aiconfigurator-core 9.9"
    assert kernels.gemm["bf16"].flops_per_s == record["gemm"]["bf16"]["flops_per_s"]
    assert kernels.collectives["all_reduce"].bytes_per_s.keys() == {2, 8}
    assert set(kernels.restrictions) == {"gemm", "grouped", "collectives", "stream"}


@pytest.mark.skipif(find_spec("aiconfigurator_core") is None, reason="needs the extra silicon")
def test_the_shipped_record_is_what_the_package_gives() -> None:
    tables = installed_tables()
    shipped = Catalog().kernels("h100-sxm")
    if shipped.release != f"aiconfigurator-core {tables.version}":
        pytest.skip(f"shipped from {shipped.release}, installed {tables.version}")
    system = Catalog().system("h100-sxm")
    assert system.hbm_bandwidth is not None
    bf16, fp8 = system.peak["bf16"].value, system.peak["fp8"].value
    limits = Limits({"bf16": bf16, "fp8": fp8, "fp8_block": fp8}, system.hbm_bandwidth.value, 450e9)
    text = record_text(
        {
            "name": shipped.name,
            "source": shipped.source,
            "as_of": shipped.as_of,
            "confidence": shipped.confidence,
            "seen": shipped.seen,
            **fit_system(tables, "h100-sxm", limits),
        }
    )
    assert Kernels.model_validate(read_yaml_text(text, "refit").data) == shipped


# --- command ----------------------------------------------------------------------------------


Command = Callable[..., Any]


def test_the_command_names_the_missing_extra(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables_module, "find_spec", lambda name: None)
    answer = command("calibrate", "kernels")
    assert answer.code == 2
    assert answer.err.startswith("E601")
    assert "gigawatt[silicon]" in answer.err


def test_the_command_knows_which_systems_were_measured(command: Command) -> None:
    answer = command("calibrate", "kernels", "--system", "h100")
    assert answer.code == 2
    assert "Did you mean 'h100-sxm'?" in answer.err


def test_the_command_writes_a_catalog_folder(
    command: Command, measured: Tables, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(silicon, "installed_tables", lambda: measured)
    arguments = ("calibrate", "kernels", "--system", "h100-sxm", "--as-of", "2026-08")
    answer = command(*arguments, "--out", "mine")
    assert answer.code == 0, answer.err
    assert "gemm bf16" in answer.out
    mine = Catalog((tmp_path / "mine",))
    assert mine.kernels("h100-sxm").release == "aiconfigurator-core 9.9"
    assert mine.kernels("h200-sxm") == Catalog().kernels("h200-sxm")
    again = command(*arguments, "--out", "mine")
    assert (again.code, again.err[:4]) == (2, "E501")
    (record,) = json.loads(command(*arguments, "--json").out).values()
    assert record["gemm"]["bf16"]["flops_per_s"] == pytest.approx(8e14, rel=1e-3)
