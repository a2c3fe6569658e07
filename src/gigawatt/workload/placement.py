"""All claims placed on a fleet, one after another, in the low, the central and the high case.

A claim sees what those before it leave and changes nothing for them, so removing one of lower priority
changes none of a higher. What a campaign leaves part-way through a month, those after it have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gigawatt.core.arrays import Array

from .claims import Campaign, Stream
from .order import queue
from .pool import Pool
from .serving import Served, serve
from .training import Track, preferred, train

__all__ = ["CASES", "Placement", "place"]

CASES = ("low", "central", "high")


@dataclass(frozen=True, slots=True)
class Placement:
    """Tracks of all claims, by case.

    Attributes
    ----------
    capacity : array, shape (M, P, T)
        Packages in service [1].
    campaigns : mapping of str to tuple of Track
        By name: low, central, high.
    streams : mapping of str to tuple of Served
        By name: low, central, high.
    """

    capacity: Array
    campaigns: dict[str, tuple[Track, ...]]
    streams: dict[str, tuple[Served, ...]]


def place(
    capacity: Array, seconds: Array, campaigns: Sequence[Campaign], streams: Sequence[Stream]
) -> Placement:
    """Place campaigns and streams on a fleet.

    Parameters
    ----------
    capacity : array, shape (M, P, T)
        Packages in service by machine, place and month [1].
    seconds : array, shape (T,)
        Length of each month [s].
    campaigns, streams : sequence of Campaign, of Stream
        In the order of the file.
    """
    tracks: dict[str, list[Track]] = {campaign.name: [] for campaign in campaigns}
    served: dict[str, list[Served]] = {stream.name: [] for stream in streams}
    claims = queue(campaigns, streams)
    most = capacity.max(axis=-1, initial=0.0)
    orders = {campaign.name: preferred(most, campaign) for campaign in campaigns}
    for case in range(len(CASES)):
        pool = Pool(capacity, seconds)
        for claim in claims:
            if isinstance(claim, Campaign):
                ends = [tracks[other][case].finish for other in claim.after]
                ready = float(np.max([0.0, *ends]))  # NaN if one never ends
                tracks[claim.name].append(train(pool, claim, orders[claim.name], case, ready))
            else:
                served[claim.name].append(serve(pool, claim, case))
    return Placement(
        capacity,
        {name: tuple(cases) for name, cases in tracks.items()},
        {name: tuple(cases) for name, cases in served.items()},
    )
