"""Small fleets, campaigns and streams for tests: by hand, and drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gigawatt.core.arrays import Array
from gigawatt.workload.claims import Campaign, Stream
from gigawatt.workload.placement import Placement, place

SECONDS = 10.0
"""Length of every month."""


@dataclass(frozen=True)
class Linear:
    """So many FLOP/s a package up to a size, beyond which none works; nine tenths are kept."""

    each: float = 1.0
    most: float = 1e9
    least: float = 1.0

    def flop_per_s(self, packages: Array, case: int) -> tuple[Array, Array]:
        count = np.asarray(packages, dtype=float)
        raw = np.where(count >= self.least, self.each * np.minimum(count, self.most), 0.0)
        raw = raw * (0.8, 1.0, 1.25)[case]
        return 0.9 * raw, raw


def campaign(name: str, flop: float, places: int = 1, **more: Any) -> Campaign:
    """A campaign on machines of one FLOP/s a package, unless it says otherwise."""
    given = {
        "pretraining_flop": flop,
        "speeds": (Linear(),),
        "places": np.ones(places, dtype=bool),
        **more,
    }
    return Campaign(name=name, **given)


def stream(name: str, demand: list[float], each: float = 1.0, **more: Any) -> Stream:
    """A stream on one machine, of so many tokens a second in the central case."""
    given = {
        "demand_tokens_per_s": np.array(demand, dtype=float),
        "tokens_per_s": np.array([[0.5 * each, each, 2.0 * each]]),
        "unit": np.ones(1),
        "order": (0,),
        **more,
    }
    return Stream(name=name, **given)


def placed(capacity: Any, *claims: Campaign | Stream) -> Placement:
    """Claims on a fleet; of one machine and place if only months are given."""
    fleet = np.array(capacity, dtype=float)
    fleet = fleet.reshape((1,) * (3 - fleet.ndim) + fleet.shape)
    return place(
        fleet,
        np.full(fleet.shape[-1], SECONDS),
        [c for c in claims if isinstance(c, Campaign)],
        [s for s in claims if isinstance(s, Stream)],
    )


def fleets(draw: st.DrawFn, machines: int, places: int, months: int) -> Array:
    """Whole packages that mostly grow, and sometimes retire."""
    steps = draw(st.lists(st.integers(-6, 30), min_size=machines * places * months,
                          max_size=machines * places * months))  # fmt: skip
    total = np.cumsum(np.array(steps, dtype=float).reshape(machines, places, months), axis=-1)
    return np.maximum(total, 0.0)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Array, list[Campaign], list[Stream]]:
    """A fleet and what claims it."""
    machines, places, months = (draw(st.integers(1, n)) for n in (3, 3, 10))
    fleet = fleets(draw, machines, places, months)
    names = [f"c{i}" for i in range(draw(st.integers(0, 4)))]
    campaigns = [
        Campaign(
            name=name,
            pretraining_flop=float(draw(st.integers(20, 4000))),
            post_training_flop=float(draw(st.sampled_from([0, 150]))),
            speeds=tuple(
                draw(st.none() | st.builds(
                    Linear, st.sampled_from([0.5, 1.0, 3.0]), st.sampled_from([1e9, 15.0]),
                    st.sampled_from([1.0, 4.0, 12.0])))
                for _ in range(machines)
            ),
            places=np.array([draw(st.booleans()) for _ in range(places)]),
            one=draw(st.booleans()),
            share=draw(st.sampled_from([1.0, 0.5, 0.3])),
            count=draw(st.sampled_from([math.inf, math.inf, 6.0, 20.0])),
            grow=draw(st.booleans()),
            earliest=float(draw(st.integers(0, 4))),
            after=tuple(other for other in names[:at] if draw(st.integers(0, 3)) == 0),
            priority=draw(st.sampled_from([0, 100, 200])),
        )
        for at, name in enumerate(names)
    ]  # fmt: skip
    streams = [
        Stream(
            name=f"s{i}",
            demand_tokens_per_s=np.array(
                draw(st.lists(st.integers(0, 90), min_size=months, max_size=months)), dtype=float
            ),
            tokens_per_s=np.array(
                [[0.5 * a, a, 2.0 * a] for a in (draw(st.integers(0, 3)) for _ in range(machines))],
                dtype=float,
            ),
            unit=np.array([float(draw(st.integers(1, 3))) for _ in range(machines)]),
            order=tuple(draw(st.permutations(range(machines)))),
            priority=draw(st.sampled_from([0, 100, 200])),
        )
        for i in range(draw(st.integers(0, 2)))
    ]
    return fleet, draw(st.permutations(campaigns)), streams
