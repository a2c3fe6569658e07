"""Model shapes by hand: the large ones of the benchmarks, and small ones for properties."""

from __future__ import annotations

from gigawatt.perf.shape import Shape

__all__ = ["dense", "gpt3", "hybrid", "kimi_k2", "moe"]


def _shape(**known: float) -> Shape:
    return Shape(**{**dict.fromkeys(Shape._fields, 0.0), **known})


def dense(layers: float = 8, hidden: float = 1024, heads: float = 8, kv_heads: float = 8) -> Shape:
    """A dense decoder: feed-forward blocks of four times the hidden width, no gate."""
    return _shape(
        hidden=hidden,
        vocab=32000.0,
        layers=layers,
        full=layers,
        heads=heads,
        kv_heads=kv_heads,
        qk_dim=hidden / heads,
        v_dim=hidden / heads,
        dense=layers,
        ffn=4.0 * hidden,
    )


def gpt3() -> Shape:
    """GPT-3 175B: 96 layers of 12,288 with 96 heads."""
    return dense(96.0, 12288.0, 96.0, 96.0)._replace(vocab=50257.0, tied=1.0)


def moe(layers: float = 8, experts: float = 8, top_k: float = 2) -> Shape:
    """A small mixture of experts: the first layer dense, a shared expert in the others."""
    return dense(layers)._replace(
        gated=1.0,
        dense=1.0,
        moe=layers - 1.0,
        experts=experts,
        top_k=top_k,
        expert_ffn=512.0,
        expert_width=1024.0,
        shared_ffn=512.0,
    )


def hybrid(layers: float = 12) -> Shape:
    """State-space layers with attention in every fourth and feed-forward blocks in between."""
    attention = layers // 4
    return dense(layers, kv_heads=2)._replace(
        full=attention,
        dense=layers // 4,
        mamba=layers - 2.0 * (layers // 4),
        mamba_inner=2048.0,
        mamba_heads=32.0,
        mamba_groups=8.0,
        mamba_state=128.0,
    )


def kimi_k2() -> Shape:
    """Kimi K2: 61 layers, 384 experts of which 8 are used, multi-head latent attention.

    The layers are counted as 64, as padded to cut into stages.
    """
    return _shape(
        hidden=7168.0,
        vocab=163840.0,
        layers=64.0,
        full=64.0,
        heads=64.0,
        kv_heads=64.0,
        qk_dim=192.0,
        v_dim=128.0,
        latent=1.0,
        q_rank=1536.0,
        kv_rank=512.0,
        rope_dim=64.0,
        dense=1.0,
        ffn=18432.0,
        gated=1.0,
        moe=63.0,
        experts=384.0,
        top_k=8.0,
        expert_ffn=2048.0,
        expert_width=7168.0,
        shared_ffn=2048.0,
    )
