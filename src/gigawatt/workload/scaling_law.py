"""Parameters and tokens that a budget of compute is best split into, by a fitted loss.

The loss is E + A / N^alpha + B / D^beta, the budget 6 N D. What the loss means for a product is not
known here, nor that most models are trained on more tokens than this to be cheaper to serve.
"""

from __future__ import annotations

__all__ = ["optimal_parameters", "optimal_tokens"]


def optimal_parameters(compute_flop: float, a: float, b: float, alpha: float, beta: float) -> float:
    """Parameters of least loss for a budget [1].

    Parameters
    ----------
    compute_flop : float
        Compute of the training [FLOP].
    a, b, alpha, beta : float
        Coefficients of the loss [1].

    Notes
    -----
    N = G (C / 6)^(beta / (alpha + beta)) with G = (alpha a / (beta b))^(1 / (alpha + beta)).

    References
    ----------
    J. Hoffmann et al., Training Compute-Optimal Large Language Models, arXiv:2203.15556, equation 4.
    T. Besiroglu et al., Chinchilla Scaling: A replication attempt, arXiv:2404.10102.

    Examples
    --------
    Chinchilla's budget by the replicated fit, near its 70 billion parameters:

    >>> round(optimal_parameters(5.88e23, 482.01, 2085.43, 0.3478, 0.3658) / 1e9)
    73
    """
    g = (alpha * a / (beta * b)) ** (1.0 / (alpha + beta))
    return float(g * (compute_flop / 6.0) ** (beta / (alpha + beta)))


def optimal_tokens(compute_flop: float, parameters: float) -> float:
    """Tokens that use up a budget with a model of so many active parameters [token].

    Examples
    --------
    >>> optimal_tokens(6e24, 1e12)
    1000000000000.0
    """
    return compute_flop / (6.0 * parameters)
