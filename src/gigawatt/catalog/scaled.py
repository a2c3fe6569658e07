"""A model scaled in width and depth: the same shape, larger, as scaling laws ask for it.

Width and depth grow alike, so that their ratio stays; heads grow with the width and keep theirs. Experts,
vocabulary and context stay. It does not know which size is wanted: `laws` of the catalog do.
"""

from __future__ import annotations

from .records import Architecture
from .shapes import parameters

__all__ = ["scaled"]

_WIDTHS = ("ffn", "ffn_expert", "ffn_shared", "moe_latent", "q_lora_rank", "kv_lora_rank")
_TILE = 128


def scaled(architecture: Architecture, active_parameters: float) -> Architecture:
    """The nearest model of about so many active parameters.

    Parameters
    ----------
    architecture : Architecture
        A transformer or a hybrid.
    active_parameters : float
        Parameters that a token uses, all tables included [1].

    Returns
    -------
    Architecture
        Layers and widths times one factor: widths in whole tiles of 128, heads in whole groups.

    Notes
    -----
    Parameters of a layer grow with the square of the width, so with the cube of the factor in all; the
    tables grow with the width alone, so the factor is searched.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> base = Catalog().model("llama31-8b").architecture
    >>> large = scaled(base, 64e9)
    >>> large.layers > base.layers, large.hidden > base.hidden
    (True, True)
    >>> 0.9 < parameters(large).active / 64e9 < 1.1
    True
    """
    low, high = 1e-3, 1e3
    for _ in range(60):
        factor = (low * high) ** 0.5
        if parameters(_times(architecture, factor)).active < active_parameters:
            low = factor
        else:
            high = factor
    below, above = _times(architecture, low), _times(architecture, high)
    return min((below, above), key=lambda a: abs(parameters(a).active / active_parameters - 1.0))


def _times(a: Architecture, factor: float) -> Architecture:
    def tiles(width: int) -> int:
        return max(round(width * factor / _TILE), 1) * _TILE if width else 0

    group = a.heads // a.kv_heads
    kv_heads = max(round(a.kv_heads * factor), 1)
    changed: dict[str, int] = {name: tiles(getattr(a, name)) for name in _WIDTHS}
    changed |= {"hidden": tiles(a.hidden), "kv_heads": kv_heads, "heads": group * kv_heads}
    layers = {
        name: max(round(getattr(a, name) * factor), 1) if getattr(a, name) else 0
        for name in ("attention_layers", "mamba_layers", "mlp_layers", "moe_layers")
    }
    if a.hybrid:
        changed |= layers | {"layers": sum(layers.values())}
        heads = max(round(a.mamba_heads * factor / max(a.mamba_groups, 1)), 1) * a.mamba_groups
        changed["mamba_heads"] = heads
    else:
        changed["layers"] = max(round(a.layers * factor), a.dense_layers + 1)
    return Architecture.model_validate({**a.model_dump(), **changed})
