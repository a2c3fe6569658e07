"""Time of collectives on a hierarchy of networks.

A group of `n` ranks with a stride `stride` in the rank order has `g` members under each unit of a
tier: under one accelerator (the tier's links are scale-up), one scale-up domain (scale-out links),
one building, one campus. Through the links of a unit passes what its members do not already hold;
its members share those links. The slowest tier sets the bandwidth term, the best of ring, tree and
in-network reduction the latency term. Contention is in the sharing: all groups with the same stride
communicate at once, and each brings its own links.
"""

from __future__ import annotations

import numpy as np

from .machine import Machine, Value

__all__ = ["all_gather", "all_reduce", "all_to_all", "members", "point_to_point"]


def members(unit: Value, stride: Value, n: Value) -> Value:
    """Members of a group under one unit of a tier: the largest divisor of n that fits [1].

    A group that straddles units unevenly (12 ranks on domains of 8) counts as if only the greatest
    common divisor shared a unit: its slowest member waits for the links of the emptiest unit.

    Examples
    --------
    >>> int(members(8, 1, 16)), int(members(8, 1, 12)), int(members(8, 4, 64)), int(members(8, 64, 4))
    (8, 4, 2, 1)
    """
    fits = np.maximum(np.floor_divide(unit, stride), 1.0).astype(np.int64)
    count = np.asarray(n).astype(np.int64)
    shared = np.where(fits >= count, count, np.gcd(fits, count))
    return shared.astype(np.float64)


def _tiers(m: Machine) -> tuple[tuple[Value, Value, Value], ...]:
    """Units with the links that leave them: (accelerators, s/B per accelerator, latency)."""
    return (
        (1.0, m.up_s_per_byte, m.up_latency_s),
        (m.domain, m.out_s_per_byte, m.out_latency_s),
        (m.building, m.building_s_per_byte, m.building_latency_s),
        (m.campus, m.campus_s_per_byte, m.campus_latency_s),
    )


def _spread(m: Machine, stride: Value, n: Value) -> tuple[Value, Value, Value]:
    """Seconds per gathered byte; latency of a ring; latency of a tree."""
    slowest: Value = 0.0
    ring: Value = 0.0
    tree: Value = 0.0
    inner: Value = 1.0
    tiers = _tiers(m)
    for index, (unit, s_per_byte, latency) in enumerate(tiers):
        g = members(unit, stride, n)
        outer = members(tiers[index + 1][0], stride, n) if index + 1 < len(tiers) else n
        slowest = np.maximum(slowest, (1.0 - g / n) * s_per_byte / g)
        hops = np.maximum(outer / np.maximum(inner, 1.0), 1.0)
        ring = ring + (hops - 1.0) * latency
        tree = tree + np.ceil(np.log2(hops)) * latency
        inner = outer
    return slowest, ring, tree


def all_gather(m: Machine, gathered_bytes: Value, n: Value, stride: Value) -> Value:
    """Time of an all-gather, or of a reduce-scatter of the same size [s].

    Parameters
    ----------
    m : Machine
        Networks.
    gathered_bytes : float
        Bytes that each rank holds afterwards (before, for a reduce-scatter) [B].
    n, stride : int
        Ranks of the group and their distance in the rank order.

    Notes
    -----
    ``max over tiers of B (1 - g/n) / (g w)`` for g members under a unit and w bytes per second and
    accelerator, plus the latency of the better of ring (n-1 hops) and recursive doubling (log2 n).
    """
    s_per_byte, ring, tree = _spread(m, stride, n)
    return gathered_bytes * s_per_byte + np.minimum(ring, tree)


def all_reduce(m: Machine, reduced_bytes: Value, n: Value, stride: Value) -> Value:
    """Time of an all-reduce: reduce-scatter and all-gather, or reduced in the switches [s].

    In-network reduction sends each byte up and down once where a ring sends it twice, so its
    bandwidth term halves for groups that leave the domain.
    """
    s_per_byte, ring, tree = _spread(m, stride, n)
    ordinary = 2.0 * (reduced_bytes * s_per_byte + np.minimum(ring, tree))
    within = members(m.domain, stride, n)
    leaves = within < n
    reduced = reduced_bytes * np.maximum(
        2.0 * (1.0 - 1.0 / within) * m.up_s_per_byte, m.out_s_per_byte / within
    ) + 2.0 * np.minimum(ring, tree)
    return np.where(
        leaves & (np.asarray(m.in_network) > 0), np.minimum(ordinary, reduced), ordinary
    )


def all_to_all(
    m: Machine, sent_bytes: Value, n: Value, stride: Value, spread: Value = 1.0
) -> Value:
    """Time of an all-to-all [s].

    Parameters
    ----------
    m : Machine
        Networks.
    sent_bytes : float
        Bytes that each rank has for the group, its own part included [B].
    n, stride : int
        Ranks and their distance.
    spread : float
        Bytes that leave a domain over those that would if each token were sent once per expert: less
        than 1 where a token is sent once per domain and copied there [1].
    """
    total: Value = 0.0
    latency: Value = 0.0
    tiers = _tiers(m)
    for index, (unit, s_per_byte, hop_s) in enumerate(tiers):
        g = members(unit, stride, n)
        share = (1.0 - g / n) * (spread if index else 1.0)
        total = np.maximum(total, share * s_per_byte)
        latency = latency + np.where(g < n, hop_s, 0.0)
    return sent_bytes * total + latency


def point_to_point(m: Machine, sent_bytes: Value, distance: Value) -> Value:
    """Time to send to the rank `distance` further on [s]."""
    inside = np.asarray(distance) < m.domain
    near = sent_bytes * m.up_s_per_byte + m.up_latency_s
    far = sent_bytes * m.out_s_per_byte + m.out_latency_s
    beyond = sent_bytes * m.building_s_per_byte + m.building_latency_s
    outside = np.where(np.asarray(distance) < m.building, far, beyond)
    return np.where(inside, near, outside)
