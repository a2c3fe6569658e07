"""Two accelerators with textbook numbers, for tests and benchmarks of the search.

They are no calibration: peak rates times a round efficiency, nominal bandwidths, round latencies.
Fields are given by name, and any that the model gains later are neutral zeros.
"""

from __future__ import annotations

from gigawatt.perf.machine import Machine

__all__ = ["a100", "gb300"]


def _machine(**known: float) -> Machine:
    return Machine(**{**dict.fromkeys(Machine._fields, 0.0), **known})


def _surfaces(flops: float, half_flops: float, bytes_per_s: float) -> dict[str, float]:
    """Kernel surfaces from a sustained rate and a sustained memory bandwidth."""
    element = 2.0 / bytes_per_s
    return {
        "gemm_launch_s": 4e-6,
        "gemm_s_per_flop": 1.0 / flops,
        "gemm_s_per_mn": element,
        "gemm_s_per_mk": element,
        "gemm_s_per_nk": element,
        "half_launch_s": 4e-6,
        "half_s_per_flop": 1.0 / half_flops,
        "half_s_per_mn": element,
        "half_s_per_mk": element,
        "half_s_per_nk": element,
        "grouped_launch_s": 2e-5,
        "grouped_s_per_flop": 1.2 / flops,
        "grouped_s_per_weight": element,
        "grouped_s_per_token_element": element,
        "attention_s_per_flop": 2.0 / half_flops,
        "attention_backward": 2.5,
        "scan_s_per_flop": 4.0 / half_flops,
        "hbm_s_per_byte": 1.0 / bytes_per_s,
        "traffic": 1.2,
        "permute_traffic": 1.2,
        "gradient_traffic": 0.3,
        "gradient_bytes": 4.0,
        "kernel_s": 4e-6,
        "logit_traffic": 1.2,
        "optimizer_traffic": 1.2,
        "tp_exposed": 0.7,
        "tp_stall_s": 5e-6,
        "cp_exposed": 0.1,
        "ep_exposed": 0.6,
        "pp_exposed": 0.3,
        "dp_exposed": 0.1,
        "fsdp_exposed": 0.15,
        "fixed_s": 0.02,
        "jitter": 0.004,
        "host_bytes": 240e9,
    }


def a100(**changes: float) -> Machine:
    """An A100 80 GB SXM: 312 TFLOP/s bf16, 2.04 TB/s, 300 GB/s NVLink each way, 200 Gb/s InfiniBand."""
    known = _surfaces(0.8 * 312e12, 0.8 * 312e12, 0.85 * 2.04e12) | {
        "domain": 8.0,
        "up_s_per_byte": 1.0 / (0.8 * 300e9),
        "up_latency_s": 3e-6,
        "out_s_per_byte": 1.0 / (0.85 * 25e9),
        "out_latency_s": 1e-5,
        "building": 16384.0,
        "building_s_per_byte": 1.0 / 5e9,
        "building_latency_s": 5e-5,
        "campus": 131072.0,
        "campus_s_per_byte": 1.0 / 5e8,
        "campus_latency_s": 5e-3,
        "host_link_s_per_byte": 1.0 / 20e9,
        "hbm_bytes": 80e9,
    }
    return _machine(**(known | changes))


def gb300(**changes: float) -> Machine:
    """A GB300 of an NVL72 rack: 2.5 PFLOP/s bf16, 5 fp8, 8 TB/s, 900 GB/s NVLink, 800 Gb/s outside."""
    known = _surfaces(0.7 * 5e15, 0.7 * 2.5e15, 0.85 * 8e12) | {
        "cast_bytes": 3.0,
        "domain": 72.0,
        "up_s_per_byte": 1.0 / (0.8 * 900e9),
        "up_latency_s": 2e-6,
        "out_s_per_byte": 1.0 / (0.85 * 100e9),
        "out_latency_s": 8e-6,
        "building": 36000.0,
        "building_s_per_byte": 1.0 / 20e9,
        "building_latency_s": 5e-5,
        "campus": 400000.0,
        "campus_s_per_byte": 1.0 / 1e9,
        "campus_latency_s": 5e-3,
        "in_network": 1.0,
        "host_link_s_per_byte": 1.0 / 300e9,
        "hbm_bytes": 288e9,
    }
    return _machine(**(known | changes))
