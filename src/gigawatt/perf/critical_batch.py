"""How many tokens a step may have: the critical batch, which grows with the tokens of a training.

Beyond it a larger batch saves few steps and costs many tokens. It is what ends data parallelism, and so
what makes throughput saturate. The law is a published fit; that it holds for models a thousand times
larger than those it was fitted to is an assumption.
"""

from __future__ import annotations

from gigawatt.catalog import Catalog
from gigawatt.core.errors import InputError, Problem

__all__ = ["batch_limit", "critical_batch_tokens", "rounded"]

_REFERENCE_TOKENS = 1e12


def critical_batch_tokens(tokens: float, at_one_ttoken: float, exponent: float) -> float:
    """Critical batch of a training [token].

    Parameters
    ----------
    tokens : float
        Tokens of the whole training [token].
    at_one_ttoken : float
        Critical batch of a training of 1e12 tokens [token].
    exponent : float
        How it grows with the tokens [1].

    References
    ----------
    S. Bergsma et al., Power Lines, arXiv:2505.13738, equation 7: 0.0471 × tokens^0.462 sequences of 2048
    tokens. H. Zhang et al., arXiv:2410.21676, find the same dependence on data and none on model size.

    Examples
    --------
    >>> round(critical_batch_tokens(15e12, 33.8e6, 0.462) / 1e6)
    118
    """
    return float(at_one_ttoken * (tokens / _REFERENCE_TOKENS) ** exponent)


def batch_limit(
    catalog: Catalog, sequence: int, tokens: float, batch_tokens: float | None
) -> tuple[int, bool]:
    """Sequences of a step that a training may have at most, and whether that was decided.

    Parameters
    ----------
    catalog : Catalog
        Whose planning defaults hold the law and how much of the critical batch is used.
    sequence : int
        Tokens of a sequence [token].
    tokens : float
        Tokens of the whole training [token].
    batch_tokens : float or None
        Tokens of a step, where somebody has decided them [token].

    Raises
    ------
    InputError
        E703 if a step is less than one sequence.

    Returns
    -------
    tuple of int and bool
        At least one sequence. What is not decided is `rounded`, so that trainings of nearly the same
        length share their curves.
    """
    if batch_tokens is not None:
        if batch_tokens < sequence:
            raise InputError(
                Problem(
                    "E703",
                    f"A step of {batch_tokens:,.0f} tokens is less than one sequence of {sequence:,}.",
                    "A larger batch, or shorter sequences.",
                    "batch_tokens",
                )
            )
        return round(batch_tokens / sequence), True
    d = catalog.defaults
    critical = critical_batch_tokens(
        tokens, d.critical_batch.value, d.critical_batch_exponent.value
    )
    whole = max(int(d.batch_of_critical.value * critical / sequence), 1)
    return rounded(whole), False


def rounded(sequences: int) -> int:
    """Down by at most an eighth, to at most four binary digits: what many replicas can divide.

    Examples
    --------
    >>> rounded(1953), rounded(512), rounded(7)
    (1920, 512, 7)
    """
    unit = 1 << max(sequences.bit_length() - 4, 0)
    return sequences // unit * unit
