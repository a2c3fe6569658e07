"""Names of accelerators and models in measured rows, and which records they mean."""

from __future__ import annotations

import pytest

from gigawatt.catalog import Catalog
from gigawatt.catalog.names import model_named, system_named

CATALOG = Catalog()


@pytest.mark.parametrize(
    ("gpu", "system"),
    [
        ("A100", "a100-80gb-sxm"),
        ("A100-SXM4-80GB", "a100-80gb-sxm"),
        ("A100-SXM4-40GB", None),
        ("A100-PCIe-80GB", None),
        ("h100", "h100-sxm"),
        ("NVIDIA H100 80GB HBM3", "h100-sxm"),
        ("H100-SXM-96GB-HBM2e-500W", "h100-sxm-96gb-hbm2e"),
        ("H100-PCIe", "h100-pcie"),
        ("H100 NVL", "h100-nvl"),
        ("H200", "h200-sxm"),
        ("GH200-144GB", "gh200-144gb"),
        ("B200-SXM-180GB", "b200-hgx"),
        ("GB200 NVL72", "gb200-nvl72"),
        ("GB300", "gb300-nvl72"),
        ("B300", "b300-hgx"),
        ("Vera Rubin NVL72", "vr-nvl72"),
        ("MI300X", "mi300x"),
        ("MI300A", None),
        ("MI325", "mi325x"),
        ("MI350X", None),
        ("MI355X", "mi355x"),
        ("TPU v5p", "tpu-v5p"),
        ("TPUv4", None),
        ("V100", None),
        ("", None),
    ],
)
def test_accelerators(gpu: str, system: str | None) -> None:
    assert system_named(gpu, CATALOG) == system


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("DeepSeek-R1-0528-FP4", "deepseek-v3"),
        ("deepseek-ai/DeepSeek-V3", "deepseek-v3"),
        ("DeepSeek-V3-671B", "deepseek-v3"),
        ("DeepSeek-V2", None),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama31-8b"),
        ("Llama3-70B", "llama31-70b"),
        ("Llama 3.3 70B", "llama33-70b"),
        ("Llama2-13B", None),
        ("Llama-3.2-1B", None),
        ("mixtral-8x7b", "mixtral-8x7b"),
        ("Qwen3-235B-A22B", "qwen3-235b-a22b"),
        ("Qwen3-32B-FP8", "qwen3-32b"),
        ("Qwen3-Next-80B-A3B", None),
        ("Nemotron_3_Super", "nemotron3-super-120b-a12b"),
        ("kimi-k2", "kimi-k2"),
        ("Some-Other-7B", None),
        ("", None),
    ],
)
def test_models(name: str, model: str | None) -> None:
    assert model_named(name, CATALOG) == model


def test_every_record_answers_to_its_own_id() -> None:
    assert [system_named(i, CATALOG) for i in CATALOG.ids("systems")] == CATALOG.ids("systems")
    assert [model_named(i, CATALOG) for i in CATALOG.ids("models")] == CATALOG.ids("models")
