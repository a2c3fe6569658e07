"""Time of collectives on a hierarchy of networks.

A group of `n` ranks with a stride `stride` in the rank order has `g` members under each unit of a
tier: under one accelerator (the tier's links are scale-up), one scale-up domain (scale-out links),
one building, one campus. Through the links of a unit passes what its members do not already hold;
its members share those links. The slowest tier sets the bandwidth term, the best of ring, tree and
in-network reduction the latency term. Contention is in the sharing: all groups with the same stride
communicate at once, and each brings its own links.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .machine import Machine, Value

__all__ = [
    "Spread", "all_gather", "all_reduce", "all_to_all", "members", "reduce_s_per_byte",
    "spread_of",
]  # fmt: skip


def members(unit: Value, stride: Value, n: Value) -> Value:
    """Members of a group under the unit of a tier that holds fewest of them [1].

    Groups follow one another without gaps, so a group may lie across the border between two units: of 16
    neighbours on domains of 72, every ninth half lies over a border. The slowest member of the slowest
    group waits for the links of the emptiest unit, which holds the greatest common divisor of the
    group's size and of the unit's in strides; one member, where a unit is no multiple of the stride.

    Examples
    --------
    >>> int(members(8, 1, 16)), int(members(8, 1, 12)), int(members(8, 4, 64)), int(members(8, 64, 4))
    (8, 4, 2, 1)
    >>> int(members(72, 1, 16)), int(members(64, 1, 16)), int(members(float("inf"), 1, 12))
    (8, 16, 12)
    """
    n, stride = np.asarray(n, dtype=float), np.asarray(stride, dtype=float)
    whole = np.where(np.isinf(unit), n * stride, unit)
    fits = np.where(whole % stride == 0.0, whole // stride, 1.0).astype(np.int64)
    return np.gcd(fits, n.astype(np.int64)).astype(np.float64)


class Spread(NamedTuple):
    """A group on the hierarchy: what a gathered byte costs, and the latencies of its algorithms."""

    inside_s_per_byte: Value
    """Slowest of the links of accelerators [s/B]."""
    fabric_s_per_byte: Value
    """Slowest of the links of scale-up domains [s/B]."""
    beyond_s_per_byte: Value
    """Slowest of the links of buildings and campuses [s/B]."""
    ring_s: Value
    tree_s: Value
    domain: Value
    """Members in one scale-up domain [1]."""

    @property
    def s_per_byte(self) -> Value:
        """Slowest tier [s/B]."""
        inner = np.maximum(self.inside_s_per_byte, self.fabric_s_per_byte)
        return np.maximum(inner, self.beyond_s_per_byte)

    @property
    def latency_s(self) -> Value:
        """Of the better of ring (n - 1 hops) and recursive doubling (log2 n) [s]."""
        return np.minimum(self.ring_s, self.tree_s)


def _tiers(m: Machine) -> tuple[tuple[Value, Value, Value], ...]:
    """Units with the links that leave them: (accelerators, s/B per accelerator, latency)."""
    return (
        (1.0, m.up_s_per_byte, m.up_latency_s),
        (m.domain, m.out_s_per_byte, m.out_latency_s),
        (m.building, m.building_s_per_byte, m.building_latency_s),
        (m.campus, m.campus_s_per_byte, m.campus_latency_s),
    )


def spread_of(m: Machine, stride: Value, n: Value) -> Spread:
    """How a group of `n` ranks, `stride` apart, lies on the tiers of a machine."""
    tiers = _tiers(m)
    held = [members(unit, stride, n) for unit, _, _ in tiers] + [np.asarray(n, dtype=float)]
    for index in range(len(tiers) - 1, 0, -1):  # a unit holds no more than the one around it
        held[index] = np.minimum(held[index], held[index + 1])
    pace: list[Value] = []
    ring: Value = 0.0
    tree: Value = 0.0
    for (_, s_per_byte, latency), g, outer in zip(tiers, held[:-1], held[1:], strict=True):
        pace.append((1.0 - g / n) * s_per_byte / g)
        hops = outer / g
        ring = ring + (hops - 1.0) * latency
        tree = tree + np.ceil(np.log2(hops)) * latency
    return Spread(pace[0], pace[1], np.maximum(pace[2], pace[3]), ring, tree, held[1])


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
    accelerator, plus the latency of the better of ring and tree.
    """
    spread = spread_of(m, stride, n)
    return gathered_bytes * spread.s_per_byte + spread.latency_s


def all_reduce(m: Machine, reduced_bytes: Value, n: Value, stride: Value) -> Value:
    """Time of an all-reduce: reduce-scatter and all-gather, or reduced in the switches [s].

    Parameters
    ----------
    m, n, stride
        As for `all_gather`.
    reduced_bytes : float
        Bytes that each rank brings [B].

    Notes
    -----
    In-network reduction sends each byte up to the switches of the scale-out fabric and down once, where a
    ring sends it twice: ``B / (g w)`` on that tier instead of ``2 B (1 - g/n) / (g w)``. Switches of
    different buildings do not reduce together, so the tiers beyond are paid twice either way.

    References
    ----------
    R. Graham et al., Scalable Hierarchical Aggregation Protocol (SHArP), COM-HPC 2016.
    """
    spread = spread_of(m, stride, n)
    return reduced_bytes * reduce_s_per_byte(m, spread) + 2.0 * spread.latency_s


def reduce_s_per_byte(m: Machine, spread: Spread) -> Value:
    """What a byte of an all-reduce costs a group [s/B]; see `all_reduce`."""
    ordinary = 2.0 * spread.s_per_byte
    twice = 2.0 * np.maximum(spread.inside_s_per_byte, spread.beyond_s_per_byte)
    reduced = np.maximum(twice, m.out_s_per_byte / spread.domain)
    helps = (spread.fabric_s_per_byte > 0.0) & (np.asarray(m.in_network) > 0)
    return np.where(helps, np.minimum(ordinary, reduced), ordinary)


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
    for index, (unit, s_per_byte, hop_s) in enumerate(_tiers(m)):
        g = members(unit, stride, n)
        share = (1.0 - g / n) * (spread if index else 1.0)
        total = np.maximum(total, share * s_per_byte)
        latency = latency + np.where(g < n, hop_s, 0.0)
    return sent_bytes * total + latency
