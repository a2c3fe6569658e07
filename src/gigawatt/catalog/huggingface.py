"""Reading a model's shape from a Hugging Face `config.json` on this machine.

Known are the configs of decoder-only transformers with grouped-query or latent attention, dense or
with experts, and of the Mamba-2 hybrids of the Nemotron family. A shape that `Architecture` cannot
hold (other hybrids, encoder-decoder models, irregular layer patterns) is refused and never
approximated, and a key that decides a size is demanded rather than guessed. Weights are not read,
and nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gigawatt.core.errors import CatalogError, Origin, Problem

from .facts import LooseFact
from .records import Architecture, Model
from .shapes import parameters

__all__ = ["FAMILIES", "MAX_BYTES", "model_from_config"]

MAX_BYTES = 2_000_000
_MAX_SIZE = 10**9
_MAX_LAYERS = 10_000
_NOTE = "read from config.json; parameter counts computed from the shape"

_HYBRIDS = (
    "bamba",
    "falcon_h1",
    "falcon_mamba",
    "granitemoehybrid",
    "jamba",
    "kimi_linear",
    "mamba",
    "mamba2",
    "qwen3_next",
    "recurrent_gemma",
    "rwkv",
    "zamba",
    "zamba2",
)
_HYBRID_KEYS = (
    "hybrid_override_pattern",
    "attn_layer_period",
    "linear_attn_config",
    "linear_num_key_heads",
    "mamba_d_state",
    "mamba_num_heads",
    "ssm_cfg",
    "ssm_state_size",
)
_OWN_HYBRID_KEYS = {
    "nemotron_h": frozenset({"hybrid_override_pattern", "mamba_num_heads", "ssm_state_size"})
}
"""Of these keys, those that belong to a family that can be held."""
_ENCODER_KEYS = ("is_encoder_decoder", "encoder_layers", "num_decoder_layers")
_VISION_KEYS = ("vision_config", "image_size", "patch_size")

Shape = dict[str, Any]


def model_from_config(path: Path) -> Model:
    """Read the shape of a language model from its `config.json`.

    Parameters
    ----------
    path : Path
        The file, or the folder that holds it. Of a multi-modal config the part `text_config` is
        read.

    Returns
    -------
    Model
        A record whose architecture is the config's and whose parameters are counted from it.

    Raises
    ------
    CatalogError
        E403 if there is no such file, it is no JSON of at most 2 MB, or the model it describes is
        of a family or a form that cannot be held; all missing keys at once.

    See Also
    --------
    gigawatt.catalog.shapes.parameters : How the parameters are counted, and what is left out.
    """
    file = path / "config.json" if path.is_dir() else path
    outer = _read_json(file)
    config = _text_part(outer, str(file))
    family = _family(config)
    shape = family(config)
    shape["vocab"] = config.size("vocab_size")
    shape["mtp_layers"] = config.size(
        "num_nextn_predict_layers", default=0, least=0, most=_MAX_LAYERS
    )
    tied_by_default = config.data.get("model_type") == "gpt2"
    shape["tied_embeddings"] = config.flag("tie_word_embeddings", tied_by_default)
    note = _what_is_left_out(outer, config, shape)
    config.raise_problems()
    _refuse_contradictions(config, shape)
    sourced: dict[str, Any] = {
        "source": "local-config",
        "as_of": datetime.fromtimestamp(file.stat().st_mtime, UTC).date().isoformat(),
        "confidence": "official",
    }
    architecture = Architecture(**shape, **sourced, seen="primary_text", note=_NOTE)
    count = parameters(architecture)

    def counted(number: int, unit: str) -> LooseFact:
        return LooseFact(value=float(number), unit=unit, **sourced, seen="derived", note=_NOTE)

    return Model(
        name=_name(outer, file),
        note=note,
        developer="not stated in config.json",
        architecture=architecture,
        parameters_total=counted(count.total, "parameters"),
        parameters_active=counted(count.active, "parameters per token"),
    )


class _Config:
    """A config under examination: reads keys and collects what is wrong with them."""

    def __init__(self, data: Mapping[str, Any], file: str, prefix: str = "") -> None:
        self.data = data
        self.file = file
        self.prefix = prefix
        self.problems: list[Problem] = []

    def size(
        self,
        key: str,
        *aliases: str,
        default: int | None = None,
        least: int = 1,
        most: int = _MAX_SIZE,
    ) -> int:
        """A whole number within bounds; anything else is noted, and `least` returned."""
        for name in (key, *aliases):
            value = self.data.get(name)
            if value is None:
                continue
            if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
                return value
            self.note(
                name,
                f"'{name}' is {_short(value)}; a whole number from {least} to {most:,} is needed.",
            )
            return least
        if default is not None:
            return default
        accepted = " or ".join(f"'{name}'" for name in (key, *aliases))
        self.note(
            key,
            f"The key '{key}' is missing; a {self.data.get('model_type')} config needs it.",
            f"Accepted is {accepted} with a whole number.",
        )
        return least

    def flag(self, key: str, default: bool) -> bool:
        """A truth value."""
        value = self.data.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.note(key, f"'{key}' is {_short(value)}; true or false is needed.")
            return default
        return value

    def names(self, key: str) -> list[Any] | None:
        """A list, or none."""
        value = self.data.get(key)
        if value is None or isinstance(value, list):
            return value
        self.note(key, f"'{key}' is {_short(value)}; a list is needed.")
        return None

    def note(self, key: str, message: str, fix: str = "") -> None:
        """Note a finding."""
        self.problems.append(
            Problem("E403", message, fix, f"{self.prefix}{key}", Origin(self.file, None))
        )

    def is_noted(self, *keys: str) -> bool:
        """Whether one of these keys has a finding, so that what follows from it is moot."""
        return any(
            problem.path == f"{self.prefix}{key}" for problem in self.problems for key in keys
        )

    def refuse(self, message: str, fix: str = "", key: str = "") -> CatalogError:
        """The error that carries this finding and those before it."""
        self.note(key, message, fix)
        return CatalogError(self.problems)

    def raise_problems(self) -> None:
        """Raise what has been noted, if anything."""
        if self.problems:
            raise CatalogError(self.problems)


def _read_json(file: Path) -> Mapping[str, Any]:
    name = str(file)

    def refuse(message: str, fix: str = "", line: int | None = None) -> CatalogError:
        return CatalogError(Problem("E403", message, fix, "", Origin(name, line)))

    if not file.is_file():
        raise refuse(
            f"There is no file {name}.",
            "Give a model's config.json, or the folder that holds it.",
        )
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise refuse(f"{name} cannot be read: {error.strerror or error}.") from None
    if len(raw) > MAX_BYTES:
        raise refuse(
            f"{name} has more than {MAX_BYTES / 1e6:.0f} MB; a config has a few kB.",
            "Give config.json, not the weights or their index.",
        )
    try:
        data = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise refuse(f"{name} is not UTF-8 text (byte {error.start}).") from None
    except json.JSONDecodeError as error:
        raise refuse(
            f"This is not valid JSON: {error.msg} (column {error.colno}).", "", error.lineno
        ) from None
    except RecursionError:
        raise refuse("This is nested too deeply to be a config.") from None
    except ValueError as error:
        raise refuse(f"This JSON cannot be used: {error}.") from None
    if not isinstance(data, dict):
        raise refuse("A config is a JSON object with keys such as 'model_type' and 'hidden_size'.")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in pairs:
        if key in data:
            raise ValueError(f"the key {_short(key)} stands twice in one object")
        data[key] = value
    return data


def _text_part(outer: Mapping[str, Any], file: str) -> _Config:
    """The config of the language model: `text_config` where there is one."""
    inner = outer.get("text_config")
    if inner is None:
        return _Config(outer, file)
    if not isinstance(inner, dict):
        raise _Config(outer, file).refuse(
            f"'text_config' is {_short(inner)}; an object is needed.", key="text_config"
        )
    ties = outer.get("tie_word_embeddings")
    if inner.get("tie_word_embeddings") is None and ties is not None:
        inner = {**inner, "tie_word_embeddings": ties}
    return _Config(inner, file, "text_config.")


def _family(config: _Config) -> Callable[[_Config], Shape]:
    """The reader for a config's family; refuses what no reader can represent."""
    data = config.data
    family = data.get("model_type")
    shown = _short(family)
    if isinstance(family, str) and family in _READERS and not _foreign_keys(data):
        return _READERS[family]
    if family in _HYBRIDS or any(data.get(key) for key in _HYBRID_KEYS):
        why = (
            f"The model type {shown} mixes attention with state-space or linear-attention layers, "
            "whose shape the catalog cannot hold."
        )
    elif any(data.get(key) for key in _ENCODER_KEYS):
        why = f"The model type {shown} is an encoder-decoder model; decoder-only ones can be held."
    elif not config.prefix and any(data.get(key) for key in _VISION_KEYS):
        why = (
            f"The model type {shown} is a vision config without the key 'text_config', which would "
            "describe its language model."
        )
    elif family is None:
        why = "The key 'model_type' is missing, without which the other keys have no meaning."
    else:
        why = f"The model type {shown} is not known."
    raise config.refuse(why, f"Accepted as 'model_type' are: {', '.join(FAMILIES)}.", "model_type")


def _foreign_keys(data: Mapping[str, Any]) -> bool:
    """Whether a config has keys of layers or encoders that its family does not have by itself."""
    own = _OWN_HYBRID_KEYS.get(data["model_type"], frozenset())
    return any(data.get(key) for key in (*_HYBRID_KEYS, *_ENCODER_KEYS) if key not in own)


def _grouped_query(config: _Config) -> Shape:
    """What all families with grouped-query attention share."""
    hidden, heads = config.size("hidden_size"), config.size("num_attention_heads")
    family = config.data["model_type"]
    fits = hidden % heads == 0 or config.is_noted("hidden_size", "num_attention_heads")
    head_dim = config.size(
        "head_dim",
        default=max(1, hidden // heads) if fits and family not in _OWN_HEAD_DIM else None,
    )
    layers = config.size("num_hidden_layers", most=_MAX_LAYERS)
    return {
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "kv_heads": config.size(
            "num_key_value_heads", default=heads if family == "llama" else None
        ),
        "head_dim": head_dim,
        "context": config.size("max_position_embeddings"),
        **_sliding(config, layers),
    }


def _dense(config: _Config) -> Shape:
    return {**_grouped_query(config), "ffn": config.size("intermediate_size")}


def _nemotron(config: _Config) -> Shape:
    return {**_dense(config), "gated_ffn": False}


def _gpt2(config: _Config) -> Shape:
    hidden, heads = config.size("n_embd"), config.size("n_head")
    if hidden % heads and not config.is_noted("n_embd", "n_head"):
        config.note("n_head", f"'n_embd' = {hidden} is not a multiple of 'n_head' = {heads}.")
    return {
        "layers": config.size("n_layer", most=_MAX_LAYERS),
        "hidden": hidden,
        "ffn": config.size("n_inner", default=4 * hidden),
        "gated_ffn": False,
        "heads": heads,
        "kv_heads": heads,
        "head_dim": max(1, hidden // heads),
        "context": config.size("n_positions", "n_ctx"),
    }


def _mixtral(config: _Config) -> Shape:
    return {
        **_grouped_query(config),
        "experts": config.size("num_local_experts"),
        "experts_per_token": config.size("num_experts_per_tok", "experts_per_token"),
        "ffn_expert": config.size("intermediate_size"),
    }


def _qwen3_moe(config: _Config) -> Shape:
    shape = _grouped_query(config)
    step = config.size("decoder_sparse_step", default=1)
    named = config.names("mlp_only_layers") or []
    dense = [n for n in range(shape["layers"]) if n in named or (n + 1) % step]
    return {
        **shape,
        "experts": config.size("num_experts", "num_local_experts"),
        "experts_per_token": config.size("num_experts_per_tok"),
        "ffn_expert": config.size("moe_intermediate_size"),
        "dense_layers": len(dense),
        "ffn": config.size("intermediate_size") if dense else 0,
    }


def _deepseek(config: _Config) -> Shape:
    nope, rope = config.size("qk_nope_head_dim"), config.size("qk_rope_head_dim")
    heads = config.size("num_attention_heads")
    dense_layers = config.size("first_k_dense_replace", least=0)
    if config.size("moe_layer_freq", default=1) != 1:
        config.note(
            "moe_layer_freq",
            "Experts in every n-th layer only are a pattern that the catalog cannot hold.",
            "Accepted is 'moe_layer_freq' = 1: experts in every layer after the first dense ones.",
        )
    compressed_queries = config.data.get("q_lora_rank", 0) is not None
    return {
        "layers": config.size("num_hidden_layers", most=_MAX_LAYERS),
        "hidden": config.size("hidden_size"),
        "heads": heads,
        "kv_heads": heads,
        "head_dim": nope + rope,
        "context": config.size("max_position_embeddings"),
        "q_lora_rank": config.size("q_lora_rank") if compressed_queries else 0,
        "kv_lora_rank": config.size("kv_lora_rank"),
        "qk_nope_dim": nope,
        "qk_rope_dim": rope,
        "v_head_dim": config.size("v_head_dim"),
        "experts": config.size("n_routed_experts", "num_local_experts"),
        "experts_shared": config.size("n_shared_experts", default=0, least=0),
        "experts_per_token": config.size("num_experts_per_tok"),
        "ffn_expert": config.size("moe_intermediate_size"),
        "dense_layers": dense_layers,
        "ffn": config.size("intermediate_size") if dense_layers else 0,
    }


_BLOCKS = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}
"""Letters of a hybrid's pattern, one a layer, and their names in a list of layers."""


def _nemotron_h(config: _Config) -> Shape:
    blocks = _hybrid_blocks(config)
    shape = {
        "layers": max(1, len(blocks)),
        "hidden": config.size("hidden_size"),
        "heads": config.size("num_attention_heads"),
        "kv_heads": config.size("num_key_value_heads"),
        "head_dim": config.size("head_dim", "attention_head_dim"),
        "context": config.size("max_position_embeddings"),
        "gated_ffn": False,
        **{f"{kind}_layers": blocks.count(kind) for kind in _BLOCKS.values()},
    }
    if "mlp" in blocks or "moe" not in blocks:
        shape["ffn"] = config.size("intermediate_size")
    if "mamba" in blocks:
        shape |= {
            "mamba_heads": config.size("mamba_num_heads"),
            "mamba_head_dim": config.size("mamba_head_dim"),
            "mamba_state": config.size("ssm_state_size"),
            "mamba_groups": config.size("n_groups"),
            "mamba_conv": config.size("conv_kernel"),
        }
    if "moe" in blocks:
        shared = config.size("n_shared_experts", default=0, least=0, most=1)
        shape |= {
            "experts": config.size("n_routed_experts"),
            "experts_shared": shared,
            "experts_per_token": config.size("num_experts_per_tok"),
            "ffn_expert": config.size("moe_intermediate_size"),
            "ffn_shared": config.size("moe_shared_expert_intermediate_size") if shared else 0,
            "moe_latent": config.size("moe_latent_size", default=0, least=0),
        }
    return shape


def _hybrid_blocks(config: _Config) -> list[str]:
    """Kinds of the layers of a hybrid in their order; what is wrong with them is noted."""
    listed = config.names("layers_block_type")
    pattern = config.data.get("hybrid_override_pattern")
    key = "hybrid_override_pattern" if listed is None else "layers_block_type"
    accepted = f"Accepted are the letters {', '.join(_BLOCKS)}, or a list of their names: " + (
        f"{', '.join(_BLOCKS.values())}."
    )
    if listed is None and not isinstance(pattern, str):
        wrong = f"is {_short(pattern)}; text is needed" if pattern is not None else "is missing"
        config.note(key, f"The key '{key}' {wrong}; a nemotron_h config needs it.", accepted)
        return []
    blocks = listed if listed is not None else [_BLOCKS.get(one, one) for one in pattern or ""]
    for kind in blocks:
        if kind not in _BLOCKS.values():
            config.note(
                key, f"'{key}' has {_short(kind)}, which the catalog cannot hold.", accepted
            )
            return []
    stated = config.size("num_hidden_layers", default=len(blocks), most=_MAX_LAYERS)
    if stated != len(blocks) or not 1 <= len(blocks) <= _MAX_LAYERS:
        config.note(key, f"'{key}' lists {len(blocks)} layers, 'num_hidden_layers' says {stated}.")
        return []
    return blocks


_READERS: Mapping[str, Callable[[_Config], Shape]] = {
    "llama": _dense,
    "mistral": _dense,
    "qwen2": _dense,
    "qwen3": _dense,
    "nemotron": _nemotron,
    "nemotron_h": _nemotron_h,
    "gpt2": _gpt2,
    "mixtral": _mixtral,
    "qwen3_moe": _qwen3_moe,
    "gpt_oss": _mixtral,
    "deepseek_v2": _deepseek,
    "deepseek_v3": _deepseek,
    "kimi_k2": _deepseek,
}

FAMILIES: tuple[str, ...] = tuple(_READERS)
"""The accepted values of `model_type`."""

_OWN_HEAD_DIM = frozenset({"qwen3", "qwen3_moe", "gpt_oss"})
"""Families whose heads are not `hidden_size / num_attention_heads` wide."""

_WINDOWED = frozenset({"mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "gpt_oss"})
"""Families whose configs can ask for sliding-window attention."""


def _sliding(config: _Config, layers: int) -> Shape:
    """Window and rhythm of sliding-window attention; empty where every layer sees everything."""
    family = config.data["model_type"]
    if family not in _WINDOWED or config.is_noted("num_hidden_layers"):
        return {}
    types = config.names("layer_types")
    if types is not None:
        slides = _sliding_by_type(config, types, layers)
    elif family == "gpt_oss":
        slides = [layer % 2 == 0 for layer in range(layers)]
    elif family.startswith("qwen"):
        first = config.size("max_window_layers", default=layers, least=0)
        on = config.flag("use_sliding_window", default=False)
        slides = [on and layer >= first for layer in range(layers)]
    else:
        slides = [config.data.get("sliding_window") is not None] * layers
    where = [layer for layer, slide in enumerate(slides) if slide]
    if not where:
        return {}
    every = layers // len(where)
    if len(where) != layers // every or where != list(range(where[0], layers, every)):
        config.note(
            "layer_types" if types is not None else "max_window_layers",
            f"{len(where)} of {layers} layers have a sliding window, in a pattern that the catalog "
            "cannot hold.",
            "Accepted are a window in every layer, in every n-th layer, or in none.",
        )
    return {"sliding_window": config.size("sliding_window"), "sliding_every": every}


def _sliding_by_type(config: _Config, types: list[Any], layers: int) -> list[bool]:
    accepted = ("full_attention", "sliding_attention")
    for kind in types:
        if kind not in accepted:
            config.note(
                "layer_types",
                f"'layer_types' has {_short(kind)}, which the catalog cannot hold.",
                f"Accepted are: {', '.join(accepted)}.",
            )
            return []
    if len(types) != layers:
        config.note(
            "layer_types",
            f"'layer_types' lists {len(types)} layers, 'num_hidden_layers' says {layers}.",
        )
        return []
    return [kind == "sliding_attention" for kind in types]


def _refuse_contradictions(config: _Config, shape: Shape) -> None:
    """Say in the config's own words what `Architecture` and `parameters` would refuse."""
    heads, kv_heads = shape["heads"], shape["kv_heads"]
    if heads % kv_heads:
        config.note(
            "num_key_value_heads",
            f"'num_attention_heads' = {heads} is not a multiple of 'num_key_value_heads' = "
            f"{kv_heads}.",
        )
    mamba_heads, groups = shape.get("mamba_heads", 0), shape.get("mamba_groups", 1)
    if mamba_heads % groups:
        config.note(
            "n_groups",
            f"'mamba_num_heads' = {mamba_heads} is not a multiple of 'n_groups' = {groups}.",
        )
    if shape.get("experts_per_token", 0) > shape.get("experts", 0):
        config.note(
            "num_experts_per_tok",
            f"'num_experts_per_tok' = {shape['experts_per_token']} is more than the "
            f"{shape['experts']} experts there are.",
        )
    if shape.get("dense_layers", 0) > shape["layers"]:
        config.note(
            "first_k_dense_replace",
            f"'first_k_dense_replace' = {shape['dense_layers']} is more than the "
            f"{shape['layers']} layers there are.",
        )
    config.raise_problems()


def _name(outer: Mapping[str, Any], file: Path) -> str:
    """A short name: what the config says it was saved from, or its folder."""
    stated = outer.get("_name_or_path")
    last = (
        stated.replace("\\", "/").rstrip("/").rpartition("/")[2] if isinstance(stated, str) else ""
    )
    shown = "".join(letter for letter in last or file.resolve().parent.name if letter.isprintable())
    return shown[:80] or "config.json"


def _what_is_left_out(outer: Mapping[str, Any], config: _Config, shape: Shape) -> str:
    """Parts of the model that the record does not hold."""
    left_out = []
    if config.prefix:
        left_out.append("Only the language model is read; other modalities are not counted.")
    if shape["mtp_layers"]:
        left_out.append("Multi-token-prediction layers are not counted.")
    if any(part.get("quantization_config") for part in (outer, config.data)):
        left_out.append("The weights are quantised; the shape does not say how.")
    return " ".join(left_out)


def _short(value: object) -> str:
    """A value for a message, cut to a line."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
