"""Predictions of the measured serving points: the bars, the rules for what rows leave open, the table."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from gigawatt.catalog import Catalog
from gigawatt.catalog.run_table import MEASURED
from gigawatt.catalog.serving_runs import ServingRun, read_serving_runs, shipped_serving_runs
from gigawatt.core.errors import CatalogError, MissingExtraError
from gigawatt.perf.serving.runtimes import runtime_of
from gigawatt.perf.serving.validation.cases import ServingCase, serving_cases
from gigawatt.perf.serving.validation.predicting import predict_serving
from gigawatt.perf.serving.validation.report import (
    ServingValidation,
    serving_bands,
    validate_serving,
)
from gigawatt.perf.serving.validation.silicon import aiconfigurator_tpot_s


@cache
def validation() -> ServingValidation:
    return validate_serving(shipped_serving_runs())


@pytest.mark.parametrize(
    ("mode", "median", "p90"),
    [
        ("agg", 0.16, 0.50),
        ("disagg", 0.21, 0.65),
        ("offline", 0.15, 0.50),
        ("server+interactive", 0.18, 0.50),
    ],
)
def test_throughput_lands(mode: str, median: float, p90: float) -> None:
    line = validation().modes()[mode]
    assert line.median <= median
    assert line.p90 <= p90


def test_time_of_a_token_lands() -> None:
    line = validation().lines()["tpot"]
    assert line is not None
    assert (line.rows, line.groups) == (2248, 1492)
    assert line.median <= 0.16
    assert line.p90 <= 0.45


def test_bias_by_generation() -> None:
    for figure in ("throughput", "tpot"):
        for name, line in validation().classes(figure)["generation"].items():
            assert abs(line.bias) <= 0.12, (figure, name)


def test_an_old_engine_takes_the_whole_server_for_what_one_accelerator_does_not_hold() -> None:
    runs = {run.id: run for run in shipped_serving_runs()}
    cases, _ = serving_cases([runs["mlp_0128"], runs["mlp_0003"]], Catalog())  # L40S, MI300X

    def rates(lone: bool) -> list[float]:
        asked = [replace(c, runtime=replace(c.runtime, lone=lone)) for c in cases]
        constants = Catalog().serving_calibration.values()
        return list(predict_serving(asked, constants).tokens_per_s_per_gpu)

    (bound, held), (free, same) = rates(True), rates(False)
    assert bound < free
    assert held == same


def test_shipped_bands_are_those_of_the_shipped_points() -> None:
    assert dict(Catalog().serving_calibration.bands) == serving_bands(validation())


def test_nothing_is_fitted() -> None:
    calibration = Catalog().serving_calibration
    assert calibration.values() == calibration.priors()
    assert not calibration.left_out


def test_what_is_predicted_and_what_is_not() -> None:
    found = validation()
    reasons = {refused.reason for refused in found.skipped if not refused.run.exclude}
    assert reasons == {"no record of the accelerator Arc-Pro-B60-Dual"}
    assert len(found.cases) == 3135
    predicted = found.predicted
    assert np.isfinite(predicted.tokens_per_s_per_gpu).all()
    assert (predicted.tokens_per_s_per_gpu > 0.0).all()


def case_of(**changed: object) -> ServingCase:
    run = next(r for r in shipped_serving_runs() if r.mode == "agg" and not r.exclude)
    values = {name: getattr(run, name) for name in ServingRun.__dataclass_fields__}
    (case,), _ = serving_cases([ServingRun(**{**values, **changed})], Catalog())  # type: ignore[arg-type]
    return case


def test_a_server_is_predicted_without_its_rate() -> None:
    rows = [r for r in shipped_serving_runs() if r.mode == "server" and not r.exclude][:3]
    values = [{n: getattr(r, n) for n in ServingRun.__dataclass_fields__} for r in rows]
    other = [
        ServingRun(**{**v, "concurrency_or_rate": 1.0, "tpot_ms": 1.0, "ttft_ms": 1.0,
                      "output_tokens_per_s_per_gpu": 1.0, "output_tokens_per_s_total": 8.0})
        for v in values
    ]  # fmt: skip
    stated, changed = validate_serving(rows).predicted, validate_serving(other).predicted
    assert stated.tokens_per_s_per_gpu.tolist() == changed.tokens_per_s_per_gpu.tolist()


def test_lengths_and_formats_by_rule() -> None:
    row = {"model": "Llama-3.1-70B", "isl": 1000.0, "osl": 1000.0, "precision_kv": ""}
    case = case_of(source="InferenceX dashboard snapshot", **row, framework="SGLang")
    assert (case.input, case.output) == (900.0, 900.0)
    assert case.formats.cache_bytes == 2.0
    case = case_of(source="a table", **row, framework="TensorRT-LLM", precision_weights="fp8")
    assert case.input == 1000.0
    assert case.formats.cache_bytes == 1.0
    experts = case_of(model="gpt-oss-120b", precision_weights="nvfp4", precision_kv="")
    assert (experts.precision, experts.formats.projections.bytes) == ("mxfp4", 2.0)
    latent = case_of(model="DeepSeek-R1", precision_weights="fp4", precision_kv="")
    assert latent.formats.projections.bytes == 2.0
    assert latent.formats.experts.bytes < 0.6


def test_runtimes_by_release_then_by_date() -> None:
    assert runtime_of("TensorRT-LLM", "0.9.0", "2026-01").name == "tensorrt-engines-2024"
    assert runtime_of("TensorRT-LLM", "1.0.0rc3", "").name == "tensorrt-llm-2025"
    assert runtime_of("TensorRT-LLM", "", "2026-03-25").name == "tensorrt-llm"
    notes = "software: TensorRT 10.11, CUDA 12.9"
    assert runtime_of("TensorRT-LLM", "", "2025-09", notes=notes).name == "tensorrt-engines"
    assert runtime_of("TensorRT-LLM", "", "2025-09", notes=notes, latent=True).name == (
        "tensorrt-llm-2025"
    )
    assert runtime_of("vLLM", "0.6.5.dev964", "2025-09").name == "vllm-2024"
    assert runtime_of("vLLM", "0.12.0", "").name == "vllm"
    assert runtime_of("SGLang", "", "2025-12").name == "sglang-2025"


def test_groups_and_families() -> None:
    runs = shipped_serving_runs()
    assert {r.family for r in runs} == {
        "DeepSeek", "InferenceX", "MLPerf Inference", "SGLang", "TensorRT-LLM",
        "aiconfigurator in-house silicon sweeps",
    }  # fmt: skip
    groups = {r.config_group for r in runs if not r.exclude}
    assert len(groups) == 2192


def test_cells_that_cannot_be_read(tmp_path: Path) -> None:
    lines = (MEASURED / "serving_runs.csv").read_text().splitlines()[:2]
    file = tmp_path / "runs.csv"
    file.write_text("\n".join([lines[0], lines[1].replace(",offline,", ",batch,")]))
    with pytest.raises(CatalogError, match="agg, disagg, offline, server, interactive"):
        read_serving_runs(file)
    file.write_text(lines[0].replace("dp_attention", "attention") + "\n" + lines[1])
    with pytest.raises(CatalogError, match="'dp_attention' is missing"):
        read_serving_runs(file)


def test_another_model_is_held_against_the_same_rows() -> None:
    found = validation()
    tpot = found.predicted.tpot_s.copy()
    covered = np.array([case.run.model == "Llama-3.1-70B" for case in found.cases])
    tpot[~covered] = np.nan
    same = found.beside(tpot)
    assert same["aiconfigurator"] == same["this model"]
    slower = found.beside(2.0 * tpot)
    assert slower["aiconfigurator"] is not None
    assert slower["this model"] is not None
    assert slower["aiconfigurator"].bias == pytest.approx(2.0 * slower["this model"].bias + 1.0)


def test_comparing_needs_the_extra() -> None:
    if find_spec("aiconfigurator_core") is None:
        with pytest.raises(MissingExtraError, match="silicon"):
            aiconfigurator_tpot_s(validation().cases[:1])
    else:
        times = aiconfigurator_tpot_s([c for c in validation().cases if c.run.mode == "agg"][:40])
        assert np.isfinite(times).any()
