"""Nodes that are away for a repair, spares that stand in for them, and runs that wait because there are none.

A run that stops when too few nodes are left does not break any more, so that the number away is Erlang's loss
system, whatever the distribution of repair times; in a run that goes on it is a Poisson number.
"""

from __future__ import annotations

import math

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["beyond_spares", "erlang_b", "waiting_share"]

_ENOUGH = 1e200


def erlang_b(servers: Array, load: Array) -> Array:
    """Erlang's loss probability B(c, a) [1].

    Parameters
    ----------
    servers : array
        c, whole numbers from 0 [1].
    load : array
        a, mean number that would be away without a limit [1].

    Notes
    -----
    ``1/B = Σ c!/(c − k)! a^(−k)`` over k from 0 to c.

    References
    ----------
    A. K. Erlang, Solution of some problems in the theory of probabilities of significance in automatic
    telephone exchanges, 1917.

    Examples
    --------
    >>> erlang_b(np.array([0.0, 1.0, 2.0]), np.array(2.0)).round(4)
    array([1.    , 0.6667, 0.4   ])
    """
    c, a = np.broadcast_arrays(np.asarray(servers, dtype=float), np.maximum(load, 1e-12))
    whole = np.ones(c.size)
    at = np.arange(c.size)
    c_left, a_left = c.ravel(), a.ravel()
    term, inverse = np.ones(c.size), np.ones(c.size)
    k = 0
    while True:
        k += 1
        going = (k <= c_left) & (term > 1e-13 * inverse) & (inverse < _ENOUGH)
        if k % 8 == 1:  # those that are done are left behind
            whole[at] = inverse
            at, c_left, a_left = at[going], c_left[going], a_left[going]
            term, inverse, going = term[going], inverse[going], going[going]
            if not at.size:
                return np.asarray(1.0 / whole.reshape(c.shape))
        term = np.where(going, term * (c_left - k + 1.0) / a_left, 0.0)
        inverse = inverse + term


def waiting_share(spares: Array, away: Array) -> Array:
    """Share of the time that a run waits for a repair, all of its nodes being needed [1].

    Parameters
    ----------
    spares : array
        Spare nodes, whole numbers from 0 [1].
    away : array
        Nodes that leave in the time of a repair, on average, while the run goes on [1].

    Notes
    -----
    The run waits while one more node is away than there are spares: ``B(S + 1, a)``.

    Examples
    --------
    >>> float(waiting_share(np.array(0.0), np.array(1.0)))
    0.5
    """
    return erlang_b(np.asarray(spares) + 1.0, away)


def beyond_spares(spares: Array, away: Array) -> Array:
    """Expected number of nodes that are away and have no spare, in a run that goes on [1].

    Parameters
    ----------
    spares, away : array
        As of `waiting_share`.

    Notes
    -----
    ``E[(X − S)⁺] = (a − S) P(X > S) + a P(X = S)`` of a Poisson number X.

    Examples
    --------
    >>> beyond_spares(np.array([0.0, 1.0]), np.array(2.0)).round(4)
    array([2.    , 1.1353])
    """
    s, a = np.broadcast_arrays(np.asarray(spares, dtype=float), np.maximum(away, 1e-12))
    factorial = np.vectorize(math.lgamma, otypes=[float])(s + 1.0)
    exactly = np.exp(np.clip(s * np.log(a) - a - factorial, -700.0, 0.0))
    at_most = np.minimum(exactly / erlang_b(s, a), 1.0)
    return np.asarray(np.clip((a - s) * (1.0 - at_most) + a * exactly, 0.0, a))
