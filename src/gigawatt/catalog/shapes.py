"""What follows from a transformer's shape alone: its parameters and its key-value cache.

Counted are the matrices: attention (multi-head, grouped-query or latent), feed-forward blocks
(dense, or experts with their router), the input table and the output head. Left out on purpose are
norms, biases, attention sinks and learned position tables (together less than 0.05 % of any model
in the catalog) and multi-token-prediction layers, which makers do not count either. What a shape
costs in time, energy or money is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass

from .records import Architecture

__all__ = ["ParameterCount", "kv_bytes", "kv_bytes_per_token", "parameters"]


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
    """Count the parameters of a transformer.

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

        total     = L A + L_dense F(f) + (L - L_dense) (h E + (E + S) F(f_e)) + embedding
        active    = L A + L_dense F(f) + (L - L_dense) (h E + (k + S) F(f_e)) + embedding
        A         = h H d + 2 h K d + H d h                    grouped-query attention
        F(w)      = 3 h w  if gated, else 2 h w
        embedding = V h    if tied,  else 2 V h

    for E experts of width f_e, of which a token uses k, and S shared experts of the same width. A
    dense model has L_dense = L. Latent attention [1]_, with ranks r_q, r_kv and widths n (no
    position), p (rotary), v, compresses queries and, jointly, keys and values::

        A = h r_q + r_q H (n + p) + h (r_kv + p) + r_kv H (n + v) + H v h

    where the first two terms become h H (n + p) if r_q = 0.

    References
    ----------
    .. [1] DeepSeek-AI, "DeepSeek-V3 Technical Report", arXiv 2412.19437, section 2.1.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> count = parameters(Catalog().model("mixtral-8x7b").architecture)
    >>> count.total, count.active
    (46702526464, 12879659008)
    """
    a = architecture
    _refuse_contradictions(a)
    dense_layers = a.dense_layers if a.experts else a.layers
    moe_layers = a.layers - dense_layers
    expert = _ffn(a, a.ffn_expert)
    table = a.vocab * a.hidden
    embedding = table if a.tied_embeddings else 2 * table
    shared_by_all_tokens = (
        a.layers * _attention(a)
        + dense_layers * _ffn(a, a.ffn)
        + moe_layers * (a.hidden * a.experts + a.experts_shared * expert)
        + embedding
    )
    return ParameterCount(
        total=shared_by_all_tokens + moe_layers * a.experts * expert,
        active=shared_by_all_tokens + moe_layers * a.experts_per_token * expert,
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
    ``c b (L - L_s)`` with c cached numbers per token and layer, b bytes each, L layers of which L_s
    slide. Keys and values of K heads of width d are c = 2 K d numbers; latent attention caches
    c = r_kv + p, the compressed vector and the rotary key that all heads share.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> kv_bytes_per_token(Catalog().model("llama31-70b").architecture, 2)
    327680.0
    """
    growing = architecture.layers - _sliding_layers(architecture)
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
    cached_tokens = (architecture.layers - sliding) * tokens
    cached_tokens += sliding * min(tokens, architecture.sliding_window)
    return float(cached_tokens * _cached_per_layer(architecture) * bytes_per_element)


def _attention(a: Architecture) -> int:
    """Parameters of one attention block."""
    if not a.kv_lora_rank:
        return 2 * a.hidden * a.head_dim * (a.heads + a.kv_heads)
    query_width = a.heads * (a.qk_nope_dim + a.qk_rope_dim)
    queries = a.q_lora_rank * (a.hidden + query_width) if a.q_lora_rank else a.hidden * query_width
    compress = a.hidden * (a.kv_lora_rank + a.qk_rope_dim)
    expand = a.kv_lora_rank * a.heads * (a.qk_nope_dim + a.v_head_dim)
    return queries + compress + expand + a.heads * a.v_head_dim * a.hidden


def _ffn(a: Architecture, width: int) -> int:
    """Parameters of one feed-forward block, or of one expert."""
    return (3 if a.gated_ffn else 2) * a.hidden * width


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
