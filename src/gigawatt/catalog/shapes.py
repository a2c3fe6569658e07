"""What follows from a model's shape alone: its layers by kind, its parameters and its caches.

Counted are the matrices: attention (multi-head, grouped-query or latent), Mamba-2 blocks (their
projections and convolution), feed-forward blocks (dense, or experts with their router), the input
table and the output head. Left out on purpose are norms, biases, attention sinks, learned position
tables and the per-head scalars of Mamba-2 (together less than 0.05 % of any model in the catalog)
and multi-token-prediction layers, which makers do not count either. What a shape costs in time,
energy or money is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .records import Architecture

__all__ = [
    "LayerCounts",
    "ParameterCount",
    "kv_bytes",
    "kv_bytes_per_token",
    "layer_counts",
    "parameters",
    "state_bytes",
]


class LayerCounts(NamedTuple):
    """Blocks of each kind in a model [1]."""

    attention: int
    mamba: int
    dense: int
    """Dense feed-forward blocks."""
    moe: int
    """Blocks of experts."""


def layer_counts(architecture: Architecture) -> LayerCounts:
    """Count the blocks of each kind: of a transformer two a layer, of a hybrid one.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> layer_counts(Catalog().model("deepseek-v3").architecture)
    LayerCounts(attention=61, mamba=0, dense=3, moe=58)
    >>> layer_counts(Catalog().model("nemotron3-nano-30b-a3b").architecture)
    LayerCounts(attention=6, mamba=23, dense=0, moe=23)
    """
    a = architecture
    if a.hybrid:
        return LayerCounts(a.attention_layers, a.mamba_layers, a.mlp_layers, a.moe_layers)
    dense = a.dense_layers if a.experts else a.layers
    return LayerCounts(a.layers, 0, dense, a.layers - dense)


@dataclass(frozen=True, slots=True)
class ParameterCount:
    """Parameters of a model, counted from its shape.

    Attributes
    ----------
    total : int
        All parameters that must be stored [1].
    active : int
        Of `total`, those that one token uses: all but the experts it is not routed to. Input table
        and output head are both in, so that a dense model has `active == total` [1].
    embedding : int
        Of `active`, input table and output head together; tied, they are one table [1].
    lookup : int
        Of `embedding`, the input table where it is only looked up and never multiplied: 0 when it
        is tied to the head. Some makers leave it out of the active parameters they publish [1].
    """

    total: int
    active: int
    embedding: int
    lookup: int

    @property
    def multiplied(self) -> int:
        """Active parameters that meet a token in a matrix product: `active - lookup` [1]."""
        return self.active - self.lookup


def parameters(architecture: Architecture) -> ParameterCount:
    """Count the parameters of a transformer or of a Mamba-2 hybrid.

    Parameters
    ----------
    architecture : Architecture
        The shape.

    Returns
    -------
    ParameterCount
        Total, active and embedding parameters.

    Raises
    ------
    ValueError
        If the shape contradicts itself: more dense layers than layers, more experts per token than
        experts, dense layers or latent attention without their widths.

    Notes
    -----
    With hidden width h, layers L, heads H, key-value heads K, head width d, vocabulary V::

        total     = L_a A + L_m M + L_d F(h, f) + L_e (R + E F(h, f_e)) + embedding
        active    = L_a A + L_m M + L_d F(h, f) + L_e (R + k F(h, f_e)) + embedding
        R         = h E + S F(h, f_s)                          router and shared experts
        A         = h H d + 2 h K d + H d h                    grouped-query attention
        F(w, f)   = 3 w f  if gated, else 2 w f
        embedding = V h    if tied,  else 2 V h

    for E experts of width f_e, of which a token uses k, and S shared experts of width f_s = f_e
    where nothing else is said. A transformer has L_a = L attention and L_d + L_e = L feed-forward
    blocks; of a hybrid L_a + L_m + L_d + L_e = L.

    Latent attention [1]_, with ranks r_q, r_kv and widths n (no position), p (rotary), v,
    compresses queries and, jointly, keys and values::

        A = h r_q + r_q H (n + p) + h (r_kv + p) + r_kv H (n + v) + H v h

    where the first two terms become h H (n + p) if r_q = 0. A Mamba-2 block [2]_ of H_m heads of
    width d_m (inner width i = H_m d_m), G groups, N state numbers and a convolution over c tokens
    has an input projection to gate, values, B, C and time steps, the convolution of values, B and
    C, and an output projection::

        M = h (2 i + 2 G N + H_m) + c (i + 2 G N) + i h

    In a latent MoE [3]_ of latent width w, routed experts are F(w, f_e) instead of F(h, f_e), and R
    has 2 h w more for the way down and up; router and shared experts stay at the full width.

    References
    ----------
    .. [1] DeepSeek-AI, "DeepSeek-V3 Technical Report", arXiv 2412.19437, section 2.1.
    .. [2] T. Dao and A. Gu, "Transformers are SSMs", arXiv 2405.21060, section 7.
    .. [3] NVIDIA, "Nemotron 3: Efficient and Open Intelligence", arXiv 2512.20856.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> count = parameters(Catalog().model("mixtral-8x7b").architecture)
    >>> count.total, count.active
    (46702526464, 12879659008)
    """
    a = architecture
    _refuse_contradictions(a)
    count = layer_counts(a)
    expert = _ffn(a, a.moe_latent or a.hidden, a.ffn_expert)
    table = a.vocab * a.hidden
    embedding = table if a.tied_embeddings else 2 * table
    used_by_all_tokens = (
        count.attention * _attention(a)
        + count.mamba * _mamba(a)
        + count.dense * _ffn(a, a.hidden, a.ffn)
        + count.moe * _around_experts(a)
        + embedding
    )
    return ParameterCount(
        total=used_by_all_tokens + count.moe * a.experts * expert,
        active=used_by_all_tokens + count.moe * a.experts_per_token * expert,
        embedding=embedding,
        lookup=0 if a.tied_embeddings else table,
    )


def kv_bytes_per_token(architecture: Architecture, bytes_per_element: float) -> float:
    """By how much one more token makes the key-value cache of a long sequence grow.

    Layers with a sliding window keep a cache of fixed size once it is full and do not count; see
    `kv_bytes` for the cache of a sequence of given length.

    Parameters
    ----------
    architecture : Architecture
        The shape.
    bytes_per_element : float
        Bytes of one cached number: 2 for BF16, 1 for FP8 [B].

    Returns
    -------
    float
        Growth per token [B/token].

    Notes
    -----
    ``c b (L - L_s)`` with c cached numbers per token and layer, b bytes each, L layers with
    attention of which L_s slide. Keys and values of K heads of width d are c = 2 K d numbers;
    latent attention caches c = r_kv + p, the compressed vector and the rotary key that all heads
    share.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> kv_bytes_per_token(Catalog().model("llama31-70b").architecture, 2)
    327680.0
    """
    growing = layer_counts(architecture).attention - _sliding_layers(architecture)
    return float(growing * _cached_per_layer(architecture) * bytes_per_element)


def kv_bytes(architecture: Architecture, tokens: int, bytes_per_element: float) -> float:
    """Size of the key-value cache of one sequence.

    Parameters
    ----------
    architecture : Architecture
        The shape.
    tokens : int
        Length of the sequence [token].
    bytes_per_element : float
        Bytes of one cached number [B].

    Returns
    -------
    float
        Size of the cache [B].

    Notes
    -----
    ``c b ((L - L_s) T + L_s min(T, W))`` for T tokens and a window of W; the other letters are
    those of `kv_bytes_per_token`.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> shape = Catalog().model("gpt-oss-120b").architecture
    >>> kv_bytes(shape, 128, 2), kv_bytes(shape, 129, 2)
    (9437184.0, 9474048.0)
    """
    sliding = _sliding_layers(architecture)
    cached_tokens = (layer_counts(architecture).attention - sliding) * tokens
    cached_tokens += sliding * min(tokens, architecture.sliding_window)
    return float(cached_tokens * _cached_per_layer(architecture) * bytes_per_element)


def state_bytes(architecture: Architecture, bytes_per_element: float) -> float:
    """Size of what the Mamba-2 layers remember of one sequence, whatever its length.

    Parameters
    ----------
    architecture : Architecture
        The shape.
    bytes_per_element : float
        Bytes of one number of the state: 4 where it is kept in FP32, as the Nemotron configs ask
        for it [B].

    Returns
    -------
    float
        Size of the states and of the convolutions' last tokens; 0 without Mamba-2 layers [B].

    Notes
    -----
    ``b L_m (i N + (c - 1) (i + 2 G N))`` in the letters of `parameters`.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> state_bytes(Catalog().model("nemotron3-nano-30b-a3b").architecture, 4)
    49930240.0
    """
    a = architecture
    inner = a.mamba_heads * a.mamba_head_dim
    remembered = inner * a.mamba_state + (a.mamba_conv - 1) * _convolved(a)
    return float(a.mamba_layers * remembered * bytes_per_element)


def _attention(a: Architecture) -> int:
    """Parameters of one attention block."""
    if not a.kv_lora_rank:
        return 2 * a.hidden * a.head_dim * (a.heads + a.kv_heads)
    query_width = a.heads * (a.qk_nope_dim + a.qk_rope_dim)
    queries = a.q_lora_rank * (a.hidden + query_width) if a.q_lora_rank else a.hidden * query_width
    compress = a.hidden * (a.kv_lora_rank + a.qk_rope_dim)
    expand = a.kv_lora_rank * a.heads * (a.qk_nope_dim + a.v_head_dim)
    return queries + compress + expand + a.heads * a.v_head_dim * a.hidden


def _mamba(a: Architecture) -> int:
    """Parameters of one Mamba-2 block."""
    inner = a.mamba_heads * a.mamba_head_dim
    into = a.hidden * (inner + _convolved(a) + a.mamba_heads)
    return into + a.mamba_conv * _convolved(a) + inner * a.hidden


def _convolved(a: Architecture) -> int:
    """Channels that a Mamba-2 convolution runs over: values, B and C."""
    return a.mamba_heads * a.mamba_head_dim + 2 * a.mamba_groups * a.mamba_state


def _ffn(a: Architecture, width: int, inner: int) -> int:
    """Parameters of one feed-forward block, or of one expert."""
    return (3 if a.gated_ffn else 2) * width * inner


def _around_experts(a: Architecture) -> int:
    """Parameters of a block of experts that every token uses."""
    router = a.hidden * a.experts
    shared = a.experts_shared * _ffn(a, a.hidden, a.ffn_shared or a.ffn_expert)
    return router + shared + 2 * a.hidden * a.moe_latent


def _cached_per_layer(a: Architecture) -> int:
    """Numbers that one layer caches for one token."""
    return a.kv_lora_rank + a.qk_rope_dim if a.kv_lora_rank else 2 * a.kv_heads * a.head_dim


def _sliding_layers(a: Architecture) -> int:
    """Layers whose attention sees a sliding window only."""
    return a.layers // a.sliding_every if a.sliding_window else 0


def _refuse_contradictions(a: Architecture) -> None:
    if a.dense_layers > a.layers:
        raise ValueError(f"{a.dense_layers} dense layers are more than {a.layers} layers")
    if a.experts_per_token > a.experts:
        raise ValueError(
            f"{a.experts_per_token} experts per token are more than {a.experts} experts"
        )
    if a.dense_layers and a.experts and not a.ffn:
        raise ValueError(f"{a.dense_layers} dense layers need ffn, the width of their blocks")
    if a.kv_lora_rank and not (a.qk_nope_dim + a.qk_rope_dim and a.v_head_dim):
        raise ValueError("latent attention needs qk_nope_dim, qk_rope_dim and v_head_dim")
