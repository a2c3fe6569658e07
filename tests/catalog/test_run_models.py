"""Every measured run is completed by named rules, or refused with a reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from gigawatt.catalog import Catalog
from gigawatt.catalog.measured import Run, shipped_runs
from gigawatt.catalog.run_models import CompletedRun, Refusal, complete_run, complete_runs
from gigawatt.catalog.shapes import layer_counts, parameters

CATALOG = Catalog()
RUNS = {run.id: run for run in (*shipped_runs("training"), *shipped_runs("single_node"))}
COMPLETED, SKIPPED = complete_runs(RUNS.values(), CATALOG)

COARSE = {"Llama2-70B": 0.015, "GPT-32B": 0.017, "GPT-1.7B": 0.032, "GPT-3.6B": 0.013}
"""Whose names round the count: 69 billion are called 70, 3.56 are called 3.6."""
COARSE |= {"Qwen3-30B-A3B": 0.018, "Nemotron4-15B": 0.042}
NAMED = {"MPT-1B", "MPT-3B", "MPT-7B", "MPT-13B"}
"""Whose stated totals grow with the sequence by a table of positions, which has no field here."""


def completed(run: Run) -> CompletedRun:
    done = complete_run(run, CATALOG)
    assert isinstance(done, CompletedRun), done.reason
    return done


def refused(run: Run) -> str:
    done = complete_run(run, CATALOG)
    assert isinstance(done, Refusal)
    return done.reason


def test_every_run_that_is_not_excluded_is_completed() -> None:
    assert len(COMPLETED) == 563 + 490
    assert Counter(refusal.reason for refusal in SKIPPED) == Counter(
        run.exclude for run in RUNS.values() if run.exclude
    )


def test_nothing_is_completed_that_the_source_states() -> None:
    for done in COMPLETED:
        run, shape = done.run, done.architecture
        for size in ("layers", "hidden", "heads", "kv_heads", "vocab", "experts"):
            stated = getattr(run, size)
            if stated is not None:
                assert getattr(shape, size) == stated, run.id
                assert size not in done.rules or "proxy" in run.model
            else:
                assert size in done.rules or size in {"experts"}, (run.id, size)
        if run.precision is not None:
            assert done.precision == run.precision
        assert done.system_id in CATALOG.ids("systems")


def test_completed_shapes_have_the_parameters_that_the_source_states() -> None:
    for done in COMPLETED:
        stated = done.run.params_total_b
        if stated is None:
            continue
        shape = done.architecture
        count = parameters(shape).total
        if done.run.model in NAMED:
            count += shape.hidden * (done.run.seq_len or 0) + 10 * shape.layers * shape.hidden
        tolerance = COARSE.get(done.run.model, 0.009)
        assert count == pytest.approx(stated * 1e9, rel=tolerance), done.run.id


def test_gpus_find_their_systems() -> None:
    pairs = {(done.run.gpu, done.system_id) for done in COMPLETED}
    assert pairs == {
        ("A100", "a100-80gb-sxm"),
        ("A100-SXM-80GB", "a100-80gb-sxm"),
        ("H100-SXM-80GB", "h100-sxm"),
        ("H100-SXM-96GB-HBM2e-500W", "h100-sxm-96gb-hbm2e"),
        ("H200-SXM-141GB", "h200-sxm"),
        ("B200-SXM-180GB", "b200-hgx"),
        ("B300-SXM", "b300-hgx"),
        ("GB200-NVL72", "gb200-nvl72"),
        ("GB300-NVL72", "gb300-nvl72"),
    }
    assert "80 GB" in completed(RUNS["vtrain-001"]).rules["system_id"]
    run = replace(RUNS["korth-22B-full"], gpu="VR-NVL72")
    assert completed(run).system_id == "vr-nvl72"


@pytest.mark.parametrize(
    ("run", "model", "counts"),
    [
        ("mbridge-26.08-011", "nemotron3-nano-30b-a3b", (6, 23, 0, 23)),
        ("mbridge-26.08-013", "nemotron3-super-120b-a12b", (8, 40, 0, 40)),
        ("mbridge-26.06-011", "deepseek-v3", (61, 0, 3, 58)),
        ("mbridge-26.08-006", "gpt-oss-120b", (36, 0, 0, 36)),
        ("mbridge-26.06-017", "qwen3-30b-a3b", (48, 0, 0, 48)),
        ("mtnlg-530b-2240", "megatron-530b", (105, 0, 105, 0)),
        ("dgxc-35a9aecc-grok1-314b-bf16-h100-8", "grok1-314b", (2, 0, 0, 2)),
        ("dgxc-35a9aecc-llama3.1-405b-bf16-h100-32", "llama31-405b", (7, 0, 7, 0)),
    ],
)
def test_known_names_take_the_record(
    run: str, model: str, counts: tuple[int, int, int, int]
) -> None:
    done = completed(RUNS[run])
    assert done.model_id == model
    assert layer_counts(done.architecture) == counts
    ours = CATALOG.model(model).architecture
    assert done.architecture.model_copy(update={"layers": ours.layers}) == ours


def test_proxies_say_by_which_rule_their_depth_came() -> None:
    done = completed(RUNS["dgxc-35a9aecc-llama3.1-405b-bf16-h100-32"])
    assert done.rules["layers"] == "catalog record llama31-405b, cut to 7 layers"
    blank = replace(done.run, layers=None)
    assert completed(blank).architecture.layers == 7
    hybrid = replace(RUNS["mbridge-26.08-011"], model="Nemotron_3_Nano-4L-proxy")
    assert "which layers" in refused(hybrid)
    deeper = replace(done.run, model="Llama3.1-405B-127L-proxy", layers=127)
    assert "which layers" in refused(deeper)


def test_bloom_rows_without_heads_have_64() -> None:
    done = completed(RUNS["bloom-tune-02"])
    assert (done.architecture.heads, done.architecture.vocab) == (64, 250_880)
    assert (done.architecture.gated_ffn, done.architecture.tied_embeddings) == (False, True)
    assert completed(RUNS["bloom-tune-24"]).architecture.heads == 112
    assert done.precision == "fp16"
    assert done.scaleup_bytes_per_s == pytest.approx(200e9)
    assert done.scaleout_bytes_per_s == pytest.approx(50e9 / 8)
    assert "Omni-Path" in done.rules["scaleout_bytes_per_s"]


def test_the_tuning_run_of_195_billion_has_its_own_shape() -> None:
    done = completed(RUNS["bloom-tune-81"])
    assert (done.architecture.layers, done.architecture.hidden) == (106, 12288)


def test_gpt_rows_by_the_habits_of_their_family() -> None:
    done = completed(RUNS["vtrain-001"])
    shape = done.architecture
    assert (shape.ffn, shape.heads, shape.kv_heads, shape.vocab) == (12288, 32, 32, 51200)
    assert not shape.gated_ffn
    assert done.precision == "bf16"
    assert done.scaleout_bytes_per_s == pytest.approx(100e9 / 8)
    assert done.scaleup_bytes_per_s is None
    assert set(done.rules) == {
        "ffn_hidden", "gated_ffn", "kv_heads", "precision", "scaleout_bytes_per_s", "system_id",
        "tied_embeddings", "vocab",
    }  # fmt: skip
    heads = completed(RUNS["dgxc-35a9aecc-gpt3-5b-fp8-h100-16"]).architecture
    assert (heads.heads, heads.head_dim) == (32, 128)


def test_weak_scaling_shapes_of_megatron_have_two_tables() -> None:
    runs = [done for done in COMPLETED if done.run.source_group == "NVIDIA/Megatron-LM"]
    assert len(runs) == 7
    for done in runs:
        assert done.precision == "bf16"
        assert not done.architecture.tied_embeddings
        stated = (done.run.params_total_b or 0) * 1e9
        one_table = done.architecture.model_copy(update={"tied_embeddings": True})
        two, one = parameters(done.architecture).total, parameters(one_table).total
        assert abs(two - stated) < abs(one - stated)


def test_one_run_keeps_its_precision_unknown() -> None:
    unknown = [done for done in COMPLETED if done.precision is None]
    assert [done.run.source_group for done in unknown] == ["mlcommons/training_results"]


@pytest.mark.parametrize(
    ("run", "change", "words"),
    [
        ("palm-540b", {}, "no record of the GPU 'TPUv4'"),
        ("axonn-perlmutter-4096", {}, "40 GB and of 80 GB"),
        ("korth-22B-full", {"gpu": "Gaudi3"}, "no record of the GPU 'Gaudi3'"),
        ("mbridge-26.08-004", {}, "no rule knows the model 'DeepSeek-V4-Flash'"),
        ("nemo-longseq-Llama2-7B-4k", {"model": "Llama2-13B"}, "states no layers and hidden width"),
        ("mbridge-26.08-006", {"params_total_b": 20.0}, "the row states 20e9 parameters"),
        ("llama1-65b", {}, "no ffn_hidden"),
        ("korth-175B-full", {"heads": 97}, "not a multiple of heads = 97"),
        ("korth-175B-full", {"kv_heads": 5}, "not a multiple of kv_heads = 5"),
        ("korth-175B-full", {"experts": 8}, "states experts"),
        ("korth-530B-full", {"hidden": 20481}, "hidden = 20481, the catalog record"),
        ("mbridge-26.08-006", {"ffn_hidden": 2881}, "ffn_hidden = 2881, the catalog record"),
        ("foundry-h100_80gb-mpt70b-512g-s2048-mb8-1", {"vocab": None}, "no vocabulary"),
    ],
)
def test_refusals_in_words(run: str, change: dict[str, object], words: str) -> None:
    assert words in refused(replace(RUNS[run], **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lacks", "words"),
    [("systems", "no record of the GPU"), ("models", "no rule knows the model")],
)
def test_a_catalog_without_the_record_is_a_reason(
    lacks: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"systems": CATALOG.ids("systems"), "models": CATALOG.ids("models"), lacks: []}
    monkeypatch.setattr(Catalog, "ids", lambda self, kind: known[kind])
    assert words in refused(RUNS["mbridge-25.09-026"])


def test_a_model_of_an_unknown_name_needs_its_whole_shape() -> None:
    whole = {"layers": 48, "hidden": 5120, "ffn_hidden": 13824, "heads": 40, "kv_heads": 8,
             "vocab": 152064}  # fmt: skip
    run = replace(RUNS["korth-22B-full"], model="Qwen2.5-14B", **whole)
    done = completed(run)
    assert (done.model_id, done.architecture.gated_ffn, done.architecture.vocab) == (
        None, True, 152064,
    )  # fmt: skip
    assert "habits not known" in done.rules["gated_ffn"]
    plain = completed(replace(run, ffn_hidden=4 * 5120))
    assert not plain.architecture.gated_ffn
    for name in ("vocab", "ffn_hidden", "kv_heads"):
        assert "lacks part of its shape" in refused(replace(run, **{name: None}))


@pytest.mark.parametrize("name", ["GPT3-175B", "GPT-175B"])
def test_a_name_that_several_shapes_share_is_a_record_only_where_the_row_says_nothing(
    name: str,
) -> None:
    blank = dict.fromkeys(("layers", "hidden", "ffn_hidden", "heads", "kv_heads", "vocab"))
    blank["params_total_b"] = None
    run = replace(RUNS["korth-22B-full"], model=name, **blank)  # type: ignore[arg-type]
    if name == "GPT3-175B":
        assert completed(run).model_id == "gpt3-175b"
    else:
        assert "no layers and hidden width" in refused(run)


def test_built_shapes_carry_their_source() -> None:
    shape = completed(RUNS["vtrain-001"]).architecture
    assert shape.source in CATALOG.sources
    assert "completed: " in shape.note
