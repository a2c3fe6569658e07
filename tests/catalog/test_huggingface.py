"""Shapes read from a config.json equal the catalog's; what cannot be held is refused with words."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gigawatt.catalog import Catalog, Model
from gigawatt.catalog.huggingface import FAMILIES, MAX_BYTES, model_from_config
from gigawatt.catalog.shapes import parameters
from gigawatt.core.errors import CatalogError, Problem

Config = dict[str, Any]
SOURCED = {"source", "as_of", "confidence", "seen", "note"}

LLAMA: Config = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
}
DEEPSEEK: Config = {
    "model_type": "deepseek_v3",
    "hidden_size": 7168,
    "intermediate_size": 18432,
    "moe_intermediate_size": 2048,
    "num_hidden_layers": 61,
    "num_attention_heads": 128,
    "num_key_value_heads": 128,
    "q_lora_rank": 1536,
    "kv_lora_rank": 512,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "first_k_dense_replace": 3,
    "moe_layer_freq": 1,
    "num_nextn_predict_layers": 1,
    "quantization_config": {"quant_method": "fp8"},
    "vocab_size": 129280,
    "max_position_embeddings": 131072,
}
KIMI: Config = {
    **DEEPSEEK,
    "model_type": "kimi_k2",
    "num_attention_heads": 64,
    "num_key_value_heads": 64,
    "n_routed_experts": 384,
    "first_k_dense_replace": 1,
    "num_nextn_predict_layers": 0,
    "vocab_size": 163840,
}
MIXTRAL: Config = {
    "model_type": "mixtral",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "sliding_window": None,
    "vocab_size": 32000,
    "max_position_embeddings": 32768,
}
QWEN: Config = {
    "model_type": "qwen3_moe",
    "hidden_size": 4096,
    "intermediate_size": 12288,
    "moe_intermediate_size": 1536,
    "num_hidden_layers": 94,
    "num_attention_heads": 64,
    "num_key_value_heads": 4,
    "head_dim": 128,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "use_sliding_window": False,
    "sliding_window": None,
    "max_window_layers": 94,
    "vocab_size": 151936,
    "max_position_embeddings": 40960,
}
GPT_OSS: Config = {
    "model_type": "gpt_oss",
    "hidden_size": 2880,
    "intermediate_size": 2880,
    "num_hidden_layers": 36,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "num_local_experts": 128,
    "num_experts_per_tok": 4,
    "sliding_window": 128,
    "layer_types": ["sliding_attention", "full_attention"] * 18,
    "vocab_size": 201088,
    "max_position_embeddings": 131072,
}
NEMOTRON: Config = {
    "model_type": "nemotron",
    "hidden_size": 18432,
    "intermediate_size": 73728,
    "num_hidden_layers": 96,
    "num_attention_heads": 96,
    "num_key_value_heads": 8,
    "vocab_size": 256000,
    "max_position_embeddings": 4096,
}
GPT2: Config = {
    "model_type": "gpt2",
    "n_embd": 12288,
    "n_layer": 96,
    "n_head": 96,
    "n_positions": 2048,
    "vocab_size": 50257,
}
NEMOTRON_H: Config = {
    "model_type": "nemotron_h",
    "hidden_size": 8192,
    "intermediate_size": 32768,
    "num_hidden_layers": 118,
    "hybrid_override_pattern": "M-M-M-M*-" + "M-M-M-M-M*-" * 9 + "M-M-M-M-M-",
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "mamba_num_heads": 256,
    "mamba_head_dim": 64,
    "ssm_state_size": 256,
    "n_groups": 8,
    "conv_kernel": 4,
    "vocab_size": 131072,
    "max_position_embeddings": 8192,
}
NANO: Config = {
    "model_type": "nemotron_h",
    "hidden_size": 2688,
    "intermediate_size": 1856,
    "num_hidden_layers": 52,
    "hybrid_override_pattern": "MEMEM*E" * 5 + "MEMEMEM*E" + "MEMEMEME",
    "num_attention_heads": 32,
    "num_key_value_heads": 2,
    "head_dim": 128,
    "mamba_num_heads": 64,
    "mamba_head_dim": 64,
    "ssm_state_size": 128,
    "n_groups": 8,
    "conv_kernel": 4,
    "n_routed_experts": 128,
    "n_shared_experts": 1,
    "num_experts_per_tok": 6,
    "moe_intermediate_size": 1856,
    "moe_shared_expert_intermediate_size": 3712,
    "vocab_size": 131072,
    "max_position_embeddings": 262144,
}
SUPER: Config = {
    **NANO,
    "hidden_size": 4096,
    "intermediate_size": 2688,
    "num_hidden_layers": 88,
    "hybrid_override_pattern": "MEMEMEM*E" * 3 + "MEMEMEMEM*E" * 4 + "MEMEMEM*E" + "MEMEMEME",
    "mtp_hybrid_override_pattern": "*E",
    "num_nextn_predict_layers": 1,
    "mamba_num_heads": 128,
    "n_routed_experts": 512,
    "num_experts_per_tok": 22,
    "moe_intermediate_size": 2688,
    "moe_shared_expert_intermediate_size": 5376,
    "moe_latent_size": 1024,
}
BLOCKS = {"M": "mamba", "E": "moe", "*": "attention"}
ULTRA: Config = {
    **{k: v for k, v in SUPER.items() if k not in {"hybrid_override_pattern", "num_hidden_layers"}},
    "hidden_size": 8192,
    "layers_block_type": [
        BLOCKS[one] for one in ("MEMEMEM*E" + "MEMEM*E" + "MEMEMEM*E") * 4 + "MEMEMEME"
    ],
    "num_attention_heads": 64,
    "mamba_num_heads": 256,
    "moe_intermediate_size": 5120,
    "moe_shared_expert_intermediate_size": 10240,
    "moe_latent_size": 2048,
}
QWEN_30B: Config = {
    **QWEN,
    "hidden_size": 2048,
    "num_hidden_layers": 48,
    "num_attention_heads": 32,
    "moe_intermediate_size": 768,
}
QWEN_32B: Config = {
    "model_type": "qwen3",
    "hidden_size": 5120,
    "intermediate_size": 25600,
    "num_hidden_layers": 64,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151936,
    "max_position_embeddings": 40960,
    "tie_word_embeddings": False,
}
QWEN_8B: Config = {
    **QWEN_32B,
    "hidden_size": 4096,
    "intermediate_size": 12288,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
}
GPT_OSS_20B: Config = {
    **GPT_OSS,
    "num_hidden_layers": 24,
    "num_local_experts": 32,
    "layer_types": ["sliding_attention", "full_attention"] * 12,
}
MIXTRAL_8X22B: Config = {
    **MIXTRAL,
    "hidden_size": 6144,
    "intermediate_size": 16384,
    "num_hidden_layers": 56,
    "num_attention_heads": 48,
    "max_position_embeddings": 65536,
}
CASES = [
    ("llama31-8b", LLAMA),
    ("deepseek-v3", DEEPSEEK),
    ("kimi-k2", KIMI),
    ("mixtral-8x7b", MIXTRAL),
    ("qwen3-235b-a22b", QWEN),
    ("gpt-oss-120b", GPT_OSS),
    ("nemotron4-340b", NEMOTRON),
    ("gpt3-175b", GPT2),
    ("nemotron-h-56b", NEMOTRON_H),
    ("nemotron3-nano-30b-a3b", NANO),
    ("nemotron3-super-120b-a12b", SUPER),
    ("nemotron3-ultra-550b-a55b", ULTRA),
    ("qwen3-30b-a3b", QWEN_30B),
    ("qwen3-32b", QWEN_32B),
    ("qwen3-8b", QWEN_8B),
    ("gpt-oss-20b", GPT_OSS_20B),
    ("mixtral-8x22b", MIXTRAL_8X22B),
]


def read(folder: Path, config: object) -> Model:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return model_from_config(folder)


def refused(folder: Path, config: object) -> list[Problem]:
    with pytest.raises(CatalogError) as caught:
        read(folder, config)
    problems = list(caught.value.problems)
    assert {problem.code for problem in problems} == {"E403"}
    assert {problem.origin.file for problem in problems} == {str(folder / "config.json")}
    return problems


def without(config: Config, *keys: str) -> Config:
    return {key: value for key, value in config.items() if key not in keys}


@pytest.mark.parametrize(("model", "config"), CASES, ids=[model for model, _ in CASES])
def test_config_gives_the_catalogs_shape(model: str, config: Config, tmp_path: Path) -> None:
    ours = Catalog().model(model).architecture
    loaded = read(tmp_path, config).architecture
    assert loaded.model_dump(exclude=SOURCED) == ours.model_dump(exclude=SOURCED)


def test_record_says_where_it_comes_from(tmp_path: Path) -> None:
    folder = tmp_path / "my-model"
    folder.mkdir()
    read(folder, DEEPSEEK)
    os.utime(folder / "config.json", (1_767_225_600, 1_767_225_600))
    model = model_from_config(folder / "config.json")
    count = parameters(model.architecture)
    assert model.name == "my-model"
    assert model.parameters_total.value == count.total
    assert model.parameters_active.value == count.active
    assert model.architecture.as_of == "2026-01-01"
    assert model.architecture.source in Catalog().sources
    assert model.architecture.confidence == "official"
    assert "read from config.json" in model.parameters_total.note
    assert "Multi-token-prediction layers are not counted" in model.note
    assert "quantised" in model.note


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("meta-llama/Llama-3.1-8B", "Llama-3.1-8B"),
        ("C:\\models\\mine\\", "mine"),
        ("a\x1b[31m" + 200 * "x", ("a[31m" + 200 * "x")[:80]),
    ],
)
def test_name_is_the_last_part_of_where_it_was_saved_from(
    stated: str, name: str, tmp_path: Path
) -> None:
    assert read(tmp_path, {**LLAMA, "_name_or_path": stated}).name == name


def test_text_config_is_read_where_there_is_one(tmp_path: Path) -> None:
    vision = {"model_type": "llava", "text_config": LLAMA, "vision_config": {"hidden_size": 1024}}
    model = read(tmp_path, vision)
    assert model.architecture.hidden == 4096
    assert "other modalities are not counted" in model.note
    tied = {**vision, "text_config": without(LLAMA, "tie_word_embeddings")}
    assert read(tmp_path, {**tied, "tie_word_embeddings": True}).architecture.tied_embeddings
    assert not read(tmp_path, tied).architecture.tied_embeddings


def test_defaults_of_the_families(tmp_path: Path) -> None:
    old_llama = read(tmp_path, without(LLAMA, "num_key_value_heads")).architecture
    assert old_llama.kv_heads == 32
    lite = read(tmp_path, {**DEEPSEEK, "model_type": "deepseek_v2", "q_lora_rank": None})
    assert lite.architecture.q_lora_rank == 0
    assert not read(tmp_path, {**GPT2, "tie_word_embeddings": False}).architecture.tied_embeddings
    assert read(tmp_path, {**without(GPT2, "n_positions"), "n_ctx": 7}).architecture.context == 7
    assert read(tmp_path, {**GPT2, "n_inner": 5}).architecture.ffn == 5


def test_dense_layers_of_qwen3_moe(tmp_path: Path) -> None:
    named = read(tmp_path, {**QWEN, "mlp_only_layers": [0, 5]}).architecture
    assert (named.dense_layers, named.ffn) == (2, 12288)
    stepped = read(tmp_path, {**QWEN, "decoder_sparse_step": 2}).architecture
    assert stepped.dense_layers == 47


@pytest.mark.parametrize(
    ("config", "window", "every"),
    [
        ({**LLAMA, "model_type": "mistral", "sliding_window": 4096}, 4096, 1),
        ({**LLAMA, "model_type": "mistral", "sliding_window": None}, 0, 1),
        ({**LLAMA, "model_type": "qwen2", "sliding_window": 4096}, 0, 1),
        (
            {**LLAMA, "model_type": "qwen2", "sliding_window": 4096, "max_window_layers": 0}
            | {"use_sliding_window": True},
            4096,
            1,
        ),
        (without(GPT_OSS, "layer_types"), 128, 2),
        ({**GPT_OSS, "layer_types": ["full_attention"] * 36}, 0, 1),
        (
            {**GPT_OSS, "layer_types": (["full_attention"] * 3 + ["sliding_attention"]) * 9},
            128,
            4,
        ),
    ],
)
def test_sliding_windows(config: Config, window: int, every: int, tmp_path: Path) -> None:
    loaded = read(tmp_path, config).architecture
    assert (loaded.sliding_window, loaded.sliding_every) == (window, every)


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (
            {"layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 6},
            "layer_types",
            "30 of 36 layers have a sliding window",
        ),
        ({"layer_types": ["linear_attention"] * 36}, "layer_types", '"linear_attention"'),
        ({"layer_types": ["full_attention"] * 3}, "layer_types", "lists 3 layers"),
        ({"layer_types": "full_attention"}, "layer_types", "a list is needed"),
        ({"sliding_window": None}, "sliding_window", "is missing"),
    ],
)
def test_layer_patterns_that_cannot_be_held(
    change: Config, path: str, words: str, tmp_path: Path
) -> None:
    (problem,) = refused(tmp_path, {**GPT_OSS, **change})
    assert problem.path == path
    assert words in problem.message


def test_windows_in_the_upper_layers_cannot_be_held(tmp_path: Path) -> None:
    config = {**LLAMA, "model_type": "qwen2", "sliding_window": 4096, "max_window_layers": 28}
    (problem,) = refused(tmp_path, {**config, "use_sliding_window": True})
    assert problem.path == "max_window_layers"
    assert "every n-th layer" in problem.fix


def test_all_missing_keys_are_named_at_once(tmp_path: Path) -> None:
    problems = refused(tmp_path, without(DEEPSEEK, "kv_lora_rank", "vocab_size", "q_lora_rank"))
    assert [problem.path for problem in problems] == ["q_lora_rank", "kv_lora_rank", "vocab_size"]
    assert (
        problems[1].message == "The key 'kv_lora_rank' is missing; a deepseek_v3 config needs it."
    )
    assert problems[1].fix == "Accepted is 'kv_lora_rank' with a whole number."


OPTIONAL = {
    "llama": {"num_key_value_heads"},
    "mixtral": {"sliding_window"},
    "qwen3_moe": {
        "decoder_sparse_step",
        "intermediate_size",
        "max_window_layers",
        "mlp_only_layers",
        "sliding_window",
        "use_sliding_window",
    },
    "gpt_oss": {"layer_types"},
    "deepseek_v3": {
        "moe_layer_freq",
        "n_shared_experts",
        "num_key_value_heads",
        "num_nextn_predict_layers",
        "quantization_config",
    },
}
OPTIONAL["nemotron_h"] = {
    "intermediate_size",
    "moe_latent_size",
    "mtp_hybrid_override_pattern",
    "n_shared_experts",
    "num_hidden_layers",
    "num_nextn_predict_layers",
}
OPTIONAL["kimi_k2"] = OPTIONAL["deepseek_v3"]


@pytest.mark.parametrize(
    "config", [config for _, config in CASES if config not in (NEMOTRON_H, ULTRA)]
)
def test_no_size_is_guessed(config: Config, tmp_path: Path) -> None:
    optional = OPTIONAL.get(config["model_type"], set()) | {"model_type", "tie_word_embeddings"}
    for key in config.keys() - optional:
        (problem,) = refused(tmp_path, without(config, key))
        assert problem.path == key
        assert f"'{key}' is missing" in problem.message
    for key in config.keys() & optional - {"model_type"}:
        assert read(tmp_path, without(config, key))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (32.0, "32.0"),
        ("32", '"32"'),
        (0, "0"),
        (-4, "-4"),
        (10**12, "1000000000000"),
    ],
)
def test_sizes_are_whole_numbers(value: object, shown: str, tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, {**LLAMA, "vocab_size": value})
    assert problem.path == "vocab_size"
    assert problem.message.startswith(f"'vocab_size' is {shown}; a whole number from 1 to ")


def test_layers_that_predict_further_tokens_are_few(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, {**LLAMA, "num_nextn_predict_layers": 10**9})
    assert problem.path == "num_nextn_predict_layers"
    assert "10,000" in problem.message


@pytest.mark.parametrize(
    ("config", "path", "words"),
    [
        ({**LLAMA, "num_key_value_heads": 5}, "num_key_value_heads", "not a multiple"),
        ({**LLAMA, "num_attention_heads": 24}, "head_dim", "is missing"),
        ({**GPT2, "n_head": 7}, "n_head", "not a multiple"),
        ({**MIXTRAL, "num_experts_per_tok": 9}, "num_experts_per_tok", "more than the 8 experts"),
        ({**DEEPSEEK, "first_k_dense_replace": 62}, "first_k_dense_replace", "more than the 61"),
        ({**DEEPSEEK, "moe_layer_freq": 2}, "moe_layer_freq", "cannot hold"),
        ({**LLAMA, "tie_word_embeddings": "no"}, "tie_word_embeddings", "true or false"),
        ({**QWEN, "mlp_only_layers": 3}, "mlp_only_layers", "a list is needed"),
        ({**LLAMA, "num_hidden_layers": 10**8}, "num_hidden_layers", "from 1 to 10,000"),
    ],
)
def test_contradictions_are_refused(config: Config, path: str, words: str, tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, config)
    assert problem.path == path
    assert words in problem.message


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model_type": "bamba", "mamba_n_heads": 128}, "state-space"),
        ({**NEMOTRON_H, "linear_attn_config": {"num_heads": 32}}, "state-space"),
        ({**LLAMA, "hybrid_override_pattern": "M-M*"}, "state-space"),
        ({"model_type": "jamba", "attn_layer_period": 8}, "state-space"),
        ({"model_type": "falcon_h1"}, "state-space"),
        ({**LLAMA, "mamba_d_state": 128}, "state-space"),
        ({"model_type": "t5", "is_encoder_decoder": True}, "encoder-decoder"),
        ({**LLAMA, "is_encoder_decoder": True}, "encoder-decoder"),
        ({"model_type": "siglip", "vision_config": {"image_size": 224}}, "'text_config'"),
        ({"model_type": "vit", "image_size": 224}, "'text_config'"),
        ({**LLAMA, "model_type": "deepseek_v4"}, '"deepseek_v4" is not known'),
        ({**LLAMA, "model_type": ["llama"]}, '["llama"] is not known'),
        (without(LLAMA, "model_type"), "'model_type' is missing"),
    ],
)
def test_foreign_families_are_refused(config: Config, words: str, tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, config)
    assert problem.path == "model_type"
    assert words in problem.message
    assert all(family in problem.fix for family in FAMILIES)


def test_layers_of_a_hybrid_need_no_count_beside_their_pattern(tmp_path: Path) -> None:
    counted = read(tmp_path, without(NEMOTRON_H, "num_hidden_layers")).architecture
    assert (counted.layers, counted.mamba_layers, counted.mlp_layers) == (118, 54, 54)
    assert not counted.gated_ffn
    named = {**without(NEMOTRON_H, "head_dim"), "attention_head_dim": 96}
    assert read(tmp_path, named).architecture.head_dim == 96
    only = read(tmp_path, {**NEMOTRON_H, "hybrid_override_pattern": "*-", "num_hidden_layers": 2})
    assert only.architecture.mamba_heads == 0


@pytest.mark.parametrize(
    ("config", "path", "words"),
    [
        (without(NANO, "hybrid_override_pattern"), "hybrid_override_pattern", "is missing"),
        ({**NANO, "hybrid_override_pattern": 3}, "hybrid_override_pattern", "text is needed"),
        ({**NANO, "hybrid_override_pattern": "MEX"}, "hybrid_override_pattern", 'has "X"'),
        ({**NANO, "num_hidden_layers": 51}, "hybrid_override_pattern", "lists 52 layers"),
        ({**NANO, "layers_block_type": ["mamba", "conv"]}, "layers_block_type", 'has "conv"'),
        (without(NEMOTRON_H, "intermediate_size"), "intermediate_size", "is missing"),
        (without(NANO, "ssm_state_size"), "ssm_state_size", "is missing"),
        (without(NEMOTRON_H, "head_dim"), "head_dim", "'attention_head_dim'"),
        ({**NANO, "n_shared_experts": 2}, "n_shared_experts", "from 0 to 1"),
        ({**NANO, "num_experts_per_tok": 129}, "num_experts_per_tok", "more than the 128"),
        ({**NANO, "n_groups": 7}, "n_groups", "not a multiple"),
    ],
)
def test_hybrids_that_do_not_fit_are_refused(
    config: Config, path: str, words: str, tmp_path: Path
) -> None:
    problem = refused(tmp_path, config)[0]
    assert problem.path == path
    assert words in problem.message + problem.fix


def test_paths_of_a_text_config_are_full(tmp_path: Path) -> None:
    (problem,) = refused(
        tmp_path, {"model_type": "llava", "text_config": without(LLAMA, "hidden_size")}
    )
    assert problem.path == "text_config.hidden_size"
    (problem,) = refused(tmp_path, {"model_type": "llava", "text_config": "llama"})
    assert problem.path == "text_config"


def refused_text(folder: Path, raw: bytes) -> Problem:
    file = folder / "config.json"
    file.write_bytes(raw)
    with pytest.raises(CatalogError) as caught:
        model_from_config(file)
    (problem,) = caught.value.problems
    assert problem.code == "E403"
    assert problem.origin.file == str(file)
    return problem


def test_invalid_json_is_refused_with_its_line(tmp_path: Path) -> None:
    problem = refused_text(tmp_path, b'{\n  "model_type": "llama",\n  "hidden_size": ,\n}')
    assert problem.origin.line == 3
    assert "not valid JSON" in problem.message


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"[1, 2]", "JSON object"),
        (b"", "not valid JSON"),
        (b'{"vocab_size": 1, "vocab_size": 2}', '"vocab_size" stands twice'),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"[" * 500_000, "nested too deeply"),
        (b'{"vocab_size": ' + b"9" * 10_000 + b"}", "cannot be used"),
        (b" " * (MAX_BYTES + 1), "more than 2 MB"),
    ],
    ids=["list", "empty", "twice", "latin", "deep", "long number", "large"],
)
def test_files_that_are_no_config_are_refused(raw: bytes, words: str, tmp_path: Path) -> None:
    assert words in refused_text(tmp_path, raw).message


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(LLAMA).encode())
    assert model_from_config(tmp_path).architecture.layers == 32


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        model_from_config(tmp_path)
    (problem,) = caught.value.problems
    assert problem.code == "E403"
    assert "folder that holds it" in problem.fix


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 40),
    st.floats(),
    st.sampled_from(["", "7", {}, {"a": 1}]),
    st.lists(st.sampled_from(["full_attention", "sliding_attention", 1, None]), max_size=4),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_config_gives_a_model_or_words(tmp_path: Path, data: st.DataObject) -> None:
    _, config = data.draw(st.sampled_from(CASES))
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(config)), values, max_size=4))
    try:
        model = read(tmp_path, {**config, **changes})
    except CatalogError as error:
        codes = {problem.code for problem in error.problems if problem.message}
    else:
        codes = {"E403"}
        assert model.parameters_total.value == parameters(model.architecture).total
    assert codes == {"E403"}
