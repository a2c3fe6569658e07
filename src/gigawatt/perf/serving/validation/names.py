"""Which catalog records the names of accelerators and models in measured rows mean.

Names are compared without case, punctuation and the words that say how weights are stored; what no rule
knows is refused by name, never guessed.
"""

from __future__ import annotations

import re

from gigawatt.catalog import Catalog

__all__ = ["model_named", "system_named"]

_SYSTEMS: tuple[tuple[str, str], ...] = (
    (r"rubinultra|vrultra|nvl576", "rubin-ultra"),
    (r"verarubin|vr200|vrnvl|vr\d|rubin", "vr-nvl72"),
    (r"gb300", "gb300-nvl72"),
    (r"gb200", "gb200-nvl72"),
    (r"b300", "b300-hgx"),
    (r"b200", "b200-hgx"),
    (r"gh200.*144", "gh200-144gb"),
    (r"gh200", "gh200-96gb"),
    (r"h200nvl", "h200-nvl"),
    (r"h200", "h200-sxm"),
    (r"h100nvl", "h100-nvl"),
    (r"h100pcie", "h100-pcie"),
    (r"h100", "h100-sxm"),
    (r"h800", "h800-sxm"),
    (r"a100", "a100-80gb-sxm"),
    (r"l40s", "l40s"),
    (r"rtxpro6000", "rtx-pro-6000"),
    (r"mi3[0-9]5x?$|mi355", "mi355x"),
    (r"mi325", "mi325x"),
    (r"mi300", "mi300x"),
    (r"mi4[05]", "mi455x-helios"),
)
_MODELS: tuple[tuple[str, str], ...] = (
    (r"deepseek(v3|r1)", "deepseek-v3"),
    (r"gptoss120b", "gpt-oss-120b"),
    (r"gptoss20b", "gpt-oss-20b"),
    (r"kimik2", "kimi-k2"),
    (r"llama31405b", "llama31-405b"),
    (r"llama33?170b|llama31?70b", "llama31-70b"),
    (r"llama3370b", "llama33-70b"),
    (r"llama31?8b", "llama31-8b"),
    (r"llama270b", "llama2-70b"),
    (r"llama27b", "llama2-7b"),
    (r"llama4scout", "llama4-scout-17b-16e"),
    (r"llama4maverick", "llama4-maverick-17b-128e"),
    (r"mistral7b", "mistral-7b"),
    (r"mixtral8x7b", "mixtral-8x7b"),
    (r"mixtral8x22b", "mixtral-8x22b"),
    (r"gptj", "gptj-6b"),
    (r"falcon180b", "falcon-180b"),
    (r"qwen3235b", "qwen3-235b-a22b"),
    (r"qwen330b", "qwen3-30b-a3b"),
    (r"qwen332b", "qwen3-32b"),
    (r"qwen38b", "qwen3-8b"),
)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _found(name: str, rules: tuple[tuple[str, str], ...], ids: list[str]) -> str | None:
    plain = _plain(name)
    exact = [known for known in ids if _plain(known) == plain]
    if exact:
        return exact[0]
    return next((record for pattern, record in rules if re.search(pattern, plain)), None)


def system_named(name: str, catalog: Catalog) -> str | None:
    """Catalog id of an accelerator; None where no rule knows it.

    Examples
    --------
    >>> system_named("H200-SXM", Catalog()), system_named("Vera Rubin NVL72", Catalog())
    ('h200-sxm', 'vr-nvl72')
    """
    return _found(name, _SYSTEMS, catalog.ids("systems"))


def model_named(name: str, catalog: Catalog) -> str | None:
    """Catalog id of a model's shape; None where no rule knows it.

    Examples
    --------
    >>> model_named("DeepSeek-V3/R1", Catalog()), model_named("Llama-3.3-70B", Catalog())
    ('deepseek-v3', 'llama33-70b')
    """
    return _found(name, _MODELS, catalog.ids("models"))
