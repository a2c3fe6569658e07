"""Which catalog records the names of accelerators and models in measured rows mean.

Names are compared without case and punctuation, and models without who publishes them and the words that
say how weights are stored or tuned. Catalog ids come first, then the rules below, in order; what none of
them knows, and what a rule sets to None, is refused by name, never guessed.
"""

from __future__ import annotations

import re

from .store import Catalog

__all__ = ["model_named", "system_named"]

_Rules = tuple[tuple[str, str | None], ...]

_SYSTEMS: _Rules = (
    (r"rubinultra|vrultra|nvl576", "rubin-ultra"),
    (r"cpx", "vr-nvl144-cpx"),
    (r"verarubin|vr200|vrnvl|vr\d|rubin", "vr-nvl72"),
    (r"gb300", "gb300-nvl72"),
    (r"gb200", "gb200-nvl72"),
    (r"b300", "b300-hgx"),
    (r"b200", "b200-hgx"),
    (r"gh200.*144", "gh200-144gb"),
    (r"gh200", "gh200-96gb"),
    (r"h200nvl", "h200-nvl"),
    (r"h200", "h200-sxm"),
    (r"h100.*(96gb|hbm2e)", "h100-sxm-96gb-hbm2e"),
    (r"h100.*64gb", None),
    (r"h100nvl", "h100-nvl"),
    (r"h100pcie", "h100-pcie"),
    (r"h100", "h100-sxm"),
    (r"h800", "h800-sxm"),
    (r"a100.*(40|64)gb|a100pcie|a100.*perlmutter", None),
    (r"a100", "a100-80gb-sxm"),
    (r"l40s", "l40s"),
    (r"rtxpro6000", "rtx-pro-6000"),
    (r"mi325", "mi325x"),
    (r"mi300a", None),
    (r"mi300", "mi300x"),
    (r"mi350", None),
    (r"mi355", "mi355x"),
    (r"mi4[05]", "mi455x-helios"),
)
"""Parts without a record are set to None where another pattern would take them for what they are not."""

_MODELS: _Rules = (
    (r"deepseek(v3|r1)(671b|0324|0528)*", "deepseek-v3"),
    (r"gptoss120b", "gpt-oss-120b"),
    (r"gptoss20b", "gpt-oss-20b"),
    (r"kimik2(1t|thinking|0905)*", "kimi-k2"),
    (r"grok1", "grok1-314b"),
    (r"llama31?405b", "llama31-405b"),
    (r"llama3370b", "llama33-70b"),
    (r"llama31?70b", "llama31-70b"),
    (r"llama31?8b", "llama31-8b"),
    (r"llama270b", "llama2-70b"),
    (r"llama27b", "llama2-7b"),
    (r"llama4scout.*", "llama4-scout-17b-16e"),
    (r"llama4maverick.*", "llama4-maverick-17b-128e"),
    (r"mistral7b.*", "mistral-7b"),
    (r"mixtral8x7b", "mixtral-8x7b"),
    (r"mixtral8x22b", "mixtral-8x22b"),
    (r"mtnlg530b|megatronturing530b", "megatron-530b"),
    (r"nemotronh56b", "nemotron-h-56b"),
    (r"nemotron4?15b", "nemotron4-15b"),
    (r"nemotron4?340b", "nemotron4-340b"),
    (r"nemotron3(nano|5lightning)(30ba3b)?", "nemotron3-nano-30b-a3b"),
    (r"nemotron3super(120ba12b)?", "nemotron3-super-120b-a12b"),
    (r"nemotron3ultra(550ba55b)?", "nemotron3-ultra-550b-a55b"),
    (r"gptj(6b)?", "gptj-6b"),
    (r"falcon180b", "falcon-180b"),
    (r"qwen3235b(a22b)?", "qwen3-235b-a22b"),
    (r"qwen330b(a3b)?", "qwen3-30b-a3b"),
    (r"qwen332b", "qwen3-32b"),
    (r"qwen38b", "qwen3-8b"),
)
"""Llama 3 and 3.1 differ in context only; DeepSeek-R1 has the layers of V3, Nemotron 3.5 Lightning those of
Nemotron 3 Nano, MT-NLG those of Megatron 530B."""

_TUNED = (
    r"instruct|chat|base|hf|it|fp8|fp4|nvfp4|mxfp4|mxfp8|bf16|fp16|awq|dynamic|block|mlperf|pretrain|kv|moe"
    r"|meta|nvidia|amd|v\d+|\d{4}"
)
"""Words that say how a model is stored, tuned or published, not what shape it has."""


def system_named(name: str, catalog: Catalog) -> str | None:
    """Catalog id of an accelerator; None where no rule knows it.

    Examples
    --------
    >>> catalog = Catalog()
    >>> system_named("H200-SXM", catalog), system_named("Vera Rubin NVL72", catalog)
    ('h200-sxm', 'vr-nvl72')
    >>> system_named("A100-SXM4-40GB", catalog) is None
    True
    """
    plain, ids = _plain(name), catalog.ids("systems")
    exact = next((known for known in ids if _plain(known) == plain), None)
    if exact is not None:
        return exact
    found = next((record for pattern, record in _SYSTEMS if re.search(pattern, plain)), None)
    return found if found in ids else None


def model_named(name: str, catalog: Catalog) -> str | None:
    """Catalog id of a model's shape; None where no rule knows it.

    Examples
    --------
    >>> catalog = Catalog()
    >>> model_named("DeepSeek-V3/R1", catalog), model_named("meta-llama/Llama-3.3-70B-Instruct", catalog)
    ('deepseek-v3', 'llama33-70b')
    >>> model_named("Llama2-13B", catalog) is None
    True
    """
    ids = catalog.ids("models")
    for part in (name, name.rpartition("/")[2], name.partition("/")[0]):
        plain = _plain(part)
        for known in ids:
            if _plain(known) == plain:
                return known
        for pattern, record in _MODELS:
            if record in ids and re.fullmatch(f"({_TUNED})*({pattern})({_TUNED})*", plain):
                return record
    return None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
