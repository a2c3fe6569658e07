"""Which rack goes where, when: power and supply bind, month by month.

The calendar runs in *shipping months*. A rack shipped to a site in month τ is installed in
τ + delivered_to_installed, so it needs the power that is usable then; it leaves its power again when
it retires. In every month and for every system, newest first, each site asks for as many whole racks
as its free power takes; the racks at hand go to the sites in their order of priority:

    want[s]  = floor(free_mw[s] / rack_mw)                 (at most what the policy leaves)
    ships[s] = clip(at_hand - Σ want of earlier sites, 0, want[s])

Racks at hand are those in store plus, up to the supply limit of the month, those that are ordered
to arrive just when needed. A share of all racks delivered is kept as cold spares.

This file does not know money, dates or names. All arrays may carry leading draw axes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array

__all__ = ["BINDING", "DeployInputs", "Deployment", "deploy"]

BINDING: tuple[str, ...] = ("no power yet", "power", "supply", "availability", "policy")
"""What keeps a site from taking one more rack; the code is the position."""

_EPS = 1e-9


@dataclass(frozen=True, slots=True)
class DeployInputs:
    """What the allocation needs; S sites in order of priority, K systems newest first, T months.

    Attributes
    ----------
    usable_mw : array, shape (..., S, T)
        IT power on which a rack shipped in the month can be installed [MW].
    rack_mw : array, shape (..., K)
        IT power of one rack with its share of network and storage [MW].
    firm_racks : array, shape (..., K, T)
        Racks that arrive whether or not power waits for them [rack].
    supply_racks : array, shape (..., K, T)
        Most further racks that can arrive in the month; infinite where there is no limit [rack].
    allowed : bool array, shape (..., S, K, T)
        Whether the system can be had in the month and may stand at the site.
    spare_share : array, shape (..., K)
        Cold spares per rack delivered [1].
    occupies_months : int array, shape (..., S, K)
        Months from shipping to the next shipping on the same power: lags to service plus useful life.
    standing_racks : array, shape (..., S, K)
        Racks that run before the first month [rack].
    standing_months : int array, shape (..., S, K)
        Months from the first until those retire.
    stock_limit : array, shape (..., S, K, T), or None
        Most racks standing at one time, under a fixed mix [rack].
    ever_limit : array, shape (..., S, K, T), or None
        Most racks shipped since the start, under an explicit list [rack].
    refresh : bool
        Whether power left by retired racks is used again.
    """

    usable_mw: Array
    rack_mw: Array
    firm_racks: Array
    supply_racks: Array
    allowed: NDArray[np.bool_]
    spare_share: Array
    occupies_months: NDArray[np.int64]
    standing_racks: Array
    standing_months: NDArray[np.int64]
    stock_limit: Array | None = None
    ever_limit: Array | None = None
    refresh: bool = True


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the allocation gives.

    Attributes
    ----------
    shipped : array, shape (..., S, K, T)
        Racks shipped to the site in the month [rack].
    delivered : array, shape (..., K, T)
        Racks delivered since the start, spares and store included [rack].
    spare : array, shape (..., K, T)
        Cold spares held [rack].
    binding : int8 array, shape (..., S, T)
        What kept the site from one more rack; positions of `BINDING`.
    """

    shipped: Array
    delivered: Array
    spare: Array
    binding: NDArray[np.int8]


def usable_of(delivered: Array, spare_share: Array) -> Array:
    """Whole racks left for work after cold spares: floor(delivered × (1 − share)) [rack]."""
    return np.floor(delivered * (1.0 - spare_share) + _EPS)


def deploy(inputs: DeployInputs) -> Deployment:
    """Allocate racks to sites over all months.

    Parameters
    ----------
    inputs : DeployInputs
        See there for shapes and units.

    Returns
    -------
    Deployment
    """
    i = inputs
    sites, months = i.usable_mw.shape[-2:]
    systems = i.rack_mw.shape[-1]
    lead = _draws(i)
    shipped = np.zeros((*lead, sites, systems, months))
    freed = np.zeros((*lead, sites, systems, months + 1))
    standing = np.zeros((*lead, sites, systems)) + i.standing_racks
    ever = np.zeros((*lead, sites, systems))
    delivered = np.zeros((*lead, systems))
    sent = np.zeros((*lead, systems))
    delivered_by_month = np.zeros((*lead, systems, months))
    binding = np.zeros((*lead, sites, months), dtype=np.int8)
    usable_share = 1.0 - i.spare_share

    _schedule(freed, np.broadcast_to(i.standing_months, standing.shape), standing)
    occupied_mw = (standing * i.rack_mw[..., None, :]).sum(axis=-1)
    may_stand = i.allowed.any(axis=-1)
    arrivals = (i.firm_racks + i.supply_racks) > 0.0
    still_comes = np.flip(np.logical_or.accumulate(np.flip(arrivals, -1), axis=-1), -1)
    spaces = np.broadcast_to(i.occupies_months, (*lead, sites, systems))
    constant_space = _by_draw(spaces)[0] if _same_in_all_draws(spaces) else None

    for month in range(months):
        retiring = freed[..., month]
        if retiring.any():
            standing -= retiring
            if i.refresh:
                occupied_mw -= (retiring * i.rack_mw[..., None, :]).sum(axis=-1)
        delivered += i.firm_racks[..., month]
        power_mw = i.usable_mw[..., month]
        short = np.zeros((*lead, sites), dtype=bool)
        for k in range(systems):
            open_here = i.allowed[..., k, month]
            if not open_here.any():
                continue
            rack_mw = i.rack_mw[..., k, None]
            want = np.floor((power_mw - occupied_mw) / rack_mw + _EPS)
            if i.stock_limit is not None:
                want = np.minimum(want, i.stock_limit[..., k, month] - standing[..., k])
            if i.ever_limit is not None:
                want = np.minimum(want, i.ever_limit[..., k, month] - ever[..., k])
            want = np.where(open_here, np.maximum(want, 0.0), 0.0)
            if not want.any():
                continue
            can_arrive = delivered[..., k] + i.supply_racks[..., k, month]
            at_hand = np.floor(can_arrive * usable_share[..., k] + _EPS) - sent[..., k]
            before = np.cumsum(want, axis=-1) - want
            ships = np.minimum(np.maximum(at_hand[..., None] - before, 0.0), want)
            short |= (want > ships) & still_comes[..., k, month, None]
            total = ships.sum(axis=-1)
            sent[..., k] += total
            needed = np.ceil(sent[..., k] / usable_share[..., k] - _EPS) + 0.0
            delivered[..., k] = np.maximum(delivered[..., k], needed)
            shipped[..., k, month] = ships
            standing[..., k] += ships
            ever[..., k] += ships
            occupied_mw = occupied_mw + ships * rack_mw
            _free_later(freed, spaces, constant_space, ships, k, month)
        delivered_by_month[..., month] = delivered
        stored = usable_of(delivered, i.spare_share) - sent >= 1.0
        to_come = (still_comes[..., month] | stored)[..., None, :]
        binding[..., month] = _binding(
            power_mw,
            power_mw - occupied_mw,
            np.where(may_stand & to_come, i.rack_mw[..., None, :], np.inf),
            short,
            np.asarray(i.allowed[..., month].any(axis=-1)),
        )
    spare = delivered_by_month - usable_of(delivered_by_month, i.spare_share[..., None])
    return Deployment(shipped, delivered_by_month, spare, binding)


def _binding(
    power_mw: Array,
    room_mw: Array,
    racks_to_come_mw: Array,
    short: NDArray[np.bool_],
    available: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """What keeps each site from one more rack; positions of `BINDING`.

    Power binds where no rack in store or still to come would fit. Where there is none at all, supply
    has ended.
    """
    smallest_mw = racks_to_come_mw.min(axis=-1, initial=np.inf)
    ended = np.isinf(smallest_mw)
    return np.select(
        [power_mw <= 0.0, ~ended & (room_mw < smallest_mw - _EPS), short | ended, ~available],
        [0, 1, 2, 3],
        default=4,
    )


def _draws(i: DeployInputs) -> tuple[int, ...]:
    """Leading axes of all inputs, broadcast."""
    shapes = [
        array.shape[:-own]
        for array, own in (
            (i.usable_mw, 2),
            (i.rack_mw, 1),
            (i.firm_racks, 2),
            (i.supply_racks, 2),
            (i.allowed, 3),
            (i.spare_share, 1),
            (i.occupies_months, 2),
            (i.standing_racks, 2),
            (i.standing_months, 2),
            (i.stock_limit, 3),
            (i.ever_limit, 3),
        )
        if array is not None
    ]
    return np.broadcast_shapes(*shapes)


def _by_draw(spaces: NDArray[np.int64]) -> NDArray[np.int64]:
    """One leading axis of draws, also where there are no sites or no systems."""
    return spaces.reshape(math.prod(spaces.shape[:-2]), *spaces.shape[-2:])


def _same_in_all_draws(spaces: NDArray[np.int64]) -> bool:
    flat = _by_draw(spaces)
    return bool((flat == flat[:1]).all())


def _schedule(freed: Array, month: NDArray[np.int64], racks: Array) -> None:
    """Add racks to the month in which each leaves its power; months past the end fall off."""
    at = np.clip(month, 0, freed.shape[-1] - 1)[..., None]
    np.put_along_axis(freed, at, np.take_along_axis(freed, at, -1) + racks[..., None], -1)


def _free_later(
    freed: Array,
    spaces: NDArray[np.int64],
    constant: NDArray[np.int64] | None,
    ships: Array,
    k: int,
    month: int,
) -> None:
    if constant is not None and (constant[:, k] == constant[0, k]).all():
        at = month + int(constant[0, k])
        if at < freed.shape[-1] - 1:
            freed[..., k, at] += ships
        return
    at_each = np.clip(month + spaces[..., k], 0, freed.shape[-1] - 1)[..., None]
    column = freed[..., k, :]
    np.put_along_axis(
        column, at_each, np.take_along_axis(column, at_each, -1) + ships[..., None], -1
    )
