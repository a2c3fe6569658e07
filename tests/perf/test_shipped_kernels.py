"""Shipped kernel times against the datasheets and against one another."""

from __future__ import annotations

import pytest

from gigawatt.catalog import Catalog, Kernels, Precision
from gigawatt.catalog.kernels import KernelPrecision
from gigawatt.perf.silicon import GPUS
from gigawatt.perf.silicon.terms import attention_terms, collective_seconds, gemm_terms

SYSTEMS = tuple(sorted(GPUS))
HOPPER_AND_LATER = tuple(name for name in SYSTEMS if not name.startswith("a100"))
BLACKWELL = tuple(name for name in HOPPER_AND_LATER if not name.startswith("h"))
PEAK: dict[KernelPrecision, Precision] = {
    "bf16": "bf16",
    "fp8": "fp8",
    "fp8_block": "fp8",
    "nvfp4": "fp4",
}


def of(system_id: str) -> Kernels:
    return Catalog().kernels(system_id)


def gemm_s(system_id: str, precision: KernelPrecision, m: float, n: float, k: float) -> float:
    found = of(system_id).gemm[precision]
    constants = (
        found.launch_s,
        1.0 / found.flops_per_s,
        found.mn_s,
        found.mk_s,
        found.nk_s,
    )
    return float(gemm_terms(m, n, k) @ constants)


def test_every_measured_system_has_its_record() -> None:
    assert Catalog().ids("kernels") == list(SYSTEMS)
    for name in SYSTEMS:
        assert of(name).system == name
        assert Catalog().system(name).vendor == "NVIDIA"


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_no_sustained_rate_exceeds_the_datasheet(system_id: str) -> None:
    kernels, system = of(system_id), Catalog().system(system_id)
    assert system.hbm_bandwidth is not None
    for surfaces in (kernels.gemm, kernels.grouped, *kernels.attention.values()):
        for precision, surface in surfaces.items():
            peak = system.peak[PEAK[precision]].value
            assert 0.1 * peak < surface.flops_per_s <= 1.0001 * peak
            assert surface.large_flops_per_s is not None
            assert surface.large_flops_per_s < surface.flops_per_s
    if kernels.stream is not None:
        share = kernels.stream.bytes_per_s / system.hbm_bandwidth.value
        assert 0.8 < share < 0.95


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_collectives_stay_below_the_links(system_id: str) -> None:
    kernels, system = of(system_id), Catalog().system(system_id)
    assert system.scaleup_bandwidth is not None
    one_way = system.scaleup_bandwidth.value / 2.0
    assert {"all_reduce", "all_gather", "reduce_scatter", "alltoall"} <= set(kernels.collectives)
    for name, surface in kernels.collectives.items():
        assert max(surface.bytes_per_s) <= 72
        for rate in surface.bytes_per_s.values():
            assert 0.15 * one_way < rate < one_way, name


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_errors_are_small_and_said(system_id: str) -> None:
    kernels = of(system_id)
    worst = {"gemm": 0.12, "grouped": 0.16, "attention": 0.11, "collectives": 0.11}
    families = {
        "gemm": kernels.gemm.values(),
        "grouped": kernels.grouped.values(),
        "attention": [s for by_head in kernels.attention.values() for s in by_head.values()],
        "collectives": kernels.collectives.values(),
    }
    for family, surfaces in families.items():
        for surface in surfaces:
            assert surface.rows >= 36
            assert surface.tables
            assert 0.0 < surface.mape < surface.p90
            assert surface.mape < worst[family]
            assert abs(surface.bias) < 0.08


@pytest.mark.parametrize("system_id", HOPPER_AND_LATER)
def test_a_large_product_is_faster_in_fewer_bits(system_id: str) -> None:
    times = {p: gemm_s(system_id, p, 8192, 8192, 8192) for p in of(system_id).gemm}
    assert times["fp8"] < 0.65 * times["bf16"]
    assert times["fp8_block"] < 0.75 * times["bf16"]
    if "nvfp4" in times:
        assert times["nvfp4"] < 0.75 * times["fp8"]


def test_what_is_measured_where() -> None:
    for name in SYSTEMS:
        kernels = of(name)
        assert ("nvfp4" in kernels.gemm) == (name in BLACKWELL)
        assert ("fp8" in kernels.gemm) == (name in HOPPER_AND_LATER)
        assert set(kernels.gemm) == set(kernels.grouped)
        assert {"128", "mla"} <= set(kernels.attention)
        assert (kernels.stream is None) == (name not in HOPPER_AND_LATER)
    assert max(of("gb200-nvl72").collectives["expert_dispatch"].bytes_per_s) == 64


def test_generations_get_faster() -> None:
    order = ("a100-80gb-sxm", "h100-sxm", "b200-hgx", "gb200-nvl72", "gb300-nvl72")
    times = [gemm_s(name, "bf16", 8192, 8192, 8192) for name in order]
    assert times == sorted(times, reverse=True)


def test_golden_product_of_8192_cubed_on_h100() -> None:
    # measured: 1.40 ms (783 TFLOP/s) by TensorRT-LLM, 1.67 ms (657) by SGLang
    assert gemm_s("h100-sxm", "bf16", 8192, 8192, 8192) == pytest.approx(1.40e-3, rel=0.06)


def test_golden_attention_of_8192_tokens_on_h100() -> None:
    found = of("h100-sxm").attention["128"]["bf16"]
    terms = attention_terms(1.0, 8192.0, 32.0, 8.0, 128.0, 128.0, 2.0)
    seconds = float(terms @ (found.launch_s, 1 / found.flops_per_s, 1 / found.bytes_per_s))
    assert terms[1] / seconds == pytest.approx(600e12, rel=0.05)


def test_golden_all_reduce_of_512_mib_on_h100() -> None:
    # measured: 2.11 ms on 8 GPUs, 1.69 ms on 2
    surface = of("h100-sxm").collectives["all_reduce"].model_dump()
    for ranks, seconds in ((8, 2.11e-3), (2, 1.686e-3)):
        found = float(collective_seconds("all_reduce", 2.0**29, ranks, surface))
        assert found == pytest.approx(seconds, rel=0.08)
