"""Approximations that others have published, to compare with; nothing is computed with them."""

from __future__ import annotations

from gigawatt.core.arrays import Array

__all__ = ["kokolis_ettr", "kokolis_mttf_hours"]


def kokolis_mttf_hours(count: Array, per_node_day: float, node: float = 8.0) -> Array:
    """Mean time to a failure, ``1 / (nodes × rate)`` [h].

    Parameters
    ----------
    count : array
        Accelerators [package].
    per_node_day : float
        Failures in a day of a node [1/day].
    node : float
        Accelerators of a node [package].

    References
    ----------
    A. Kokolis et al., Revisiting reliability in large-scale machine learning research clusters, HPCA 2025,
    arXiv:2410.21680.

    Examples
    --------
    >>> round(kokolis_mttf_hours(16384, 6.5e-3), 2), round(kokolis_mttf_hours(131072, 6.5e-3), 2)
    (1.8, 0.23)
    """
    return 24.0 * node / (count * per_node_day)


def kokolis_ettr(
    count: Array,
    per_node_day: float,
    restart_s: float,
    stop_s: float,
    interval_s: float,
    node: float = 8.0,
) -> Array:
    """Expected ratio of effective training time, to first order [1].

    Parameters
    ----------
    count, per_node_day, node
        As of `kokolis_mttf_hours`.
    restart_s : float
        Restart, u₀ [s].
    stop_s : float
        Stop for a checkpoint, w [s].
    interval_s : float
        Work between two, Δt [s].

    Notes
    -----
    ``(1 − N r (u₀ + Δt/2)) / (1 + w/Δt)`` with N nodes that fail at rate r.

    References
    ----------
    As of `kokolis_mttf_hours`.

    Examples
    --------
    >>> round(kokolis_ettr(1024, 6.5e-3, 300.0, 300.0, 3600.0), 4)
    0.9044
    """
    rate_per_s = count / node * per_node_day / 86400.0
    return (1.0 - rate_per_s * (restart_s + interval_s / 2.0)) / (1.0 + stop_s / interval_s)
