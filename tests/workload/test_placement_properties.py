"""Placement against plain Python, and what must hold of any fleet and any claims."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.core.arrays import Array
from gigawatt.workload.claims import Campaign, Stream
from gigawatt.workload.order import queue
from gigawatt.workload.placement import place
from workload import plain_placement
from workload.cases import Linear, campaign, fleets, placed, situations

Situation = tuple[Array, list[Campaign], list[Stream]]


def seconds(fleet: Array) -> Array:
    """Months of different lengths."""
    return 8.0 + np.arange(fleet.shape[-1]) % 3


@given(situations())
def test_it_is_what_plain_python_finds(situation: Situation) -> None:
    fleet, campaigns, streams = situation
    length = seconds(fleet)
    fast = place(fleet, length, campaigns, streams)
    slow = plain_placement.place(fleet.tolist(), length.tolist(), campaigns, streams)
    for c in campaigns:
        for track, other in zip(fast.campaigns[c.name], slow[c.name], strict=True):
            ours = [track.start, track.pretrained, track.finish, track.kept_flop.sum()]
            theirs = [
                other["start"],
                other["pre"],
                other["finish"],
                min(other["done"], c.budget_flop),
            ]
            np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9)
    for s in streams:
        for served, met in zip(fast.streams[s.name], slow[s.name], strict=True):
            np.testing.assert_allclose(served.met_tokens_per_s, met, atol=1e-7)


@given(situations())
def test_nothing_is_used_twice_and_nothing_done_twice(situation: Situation) -> None:
    fleet, campaigns, streams = situation
    done = place(fleet, seconds(fleet), campaigns, streams)
    for case in range(3):
        used = np.zeros_like(fleet)
        for c in campaigns:
            track = done.campaigns[c.name][case]
            used += track.used
            assert track.kept_flop.sum() <= c.budget_flop * (1.0 + 1e-9)
            assert (track.kept_flop <= track.raw_flop.sum(axis=0) + 1e-9).all()
            if not np.isnan(track.finish):
                assert np.isclose(track.kept_flop.sum(), c.budget_flop)
                assert track.start <= track.pretrained <= track.finish
            size = track.packages.sum(axis=0)
            assert (size <= c.count * (1.0 + 1e-9)).all()
            assert not track.used[:, ~c.places].any()
            if track.place >= 0:
                others = np.arange(fleet.shape[1]) != track.place
                assert not track.used[:, others].any()
        for s in streams:
            served = done.streams[s.name][case]
            used += served.used
            assert (served.met_tokens_per_s >= 0.0).all()
            assert (served.met_tokens_per_s <= s.demand_tokens_per_s + 1e-9).all()
        assert (used <= fleet + 1e-6).all()


@given(situations(), st.data())
def test_a_claim_that_stands_behind_changes_nothing_before_it(
    situation: Situation, data: st.DataObject
) -> None:
    fleet, campaigns, streams = situation
    claims = queue(campaigns, streams)
    if not claims:
        return
    at = data.draw(st.integers(0, len(claims) - 1))
    kept = {claim.name for claim in claims[:at]}
    fewer_c = [c for c in campaigns if c.name in kept]
    fewer_s = [s for s in streams if s.name in kept]
    all_, some = (
        place(fleet, seconds(fleet), *of) for of in ((campaigns, streams), (fewer_c, fewer_s))
    )
    for c in fewer_c:
        for one, other in zip(all_.campaigns[c.name], some.campaigns[c.name], strict=True):
            np.testing.assert_allclose(one.used, other.used, atol=1e-9)
            np.testing.assert_allclose(one.finish, other.finish)
    for s in fewer_s:
        for one, other in zip(all_.streams[s.name], some.streams[s.name], strict=True):
            np.testing.assert_allclose(one.used, other.used, atol=1e-9)


@st.composite
def growing(draw: st.DrawFn) -> tuple[Array, Array]:
    """A fleet and a larger one."""
    small = fleets(draw, 2, 2, 8)
    return small, small + np.maximum(fleets(draw, 2, 2, 8), 0.0)


@given(growing(), st.booleans(), st.sampled_from([1.0, 0.4]), st.integers(0, 3))
def test_more_accelerators_never_finish_later(
    pair: tuple[Array, Array], one: bool, share: float, earliest: int
) -> None:
    work = campaign(
        "a", 700.0, places=2, one=one, share=share, earliest=float(earliest),
        speeds=(Linear(least=4.0, most=25.0), Linear(each=2.0)),
    )  # fmt: skip
    few, many = (placed(fleet, work).campaigns["a"] for fleet in pair)
    for before, after in zip(few, many, strict=True):
        if not np.isnan(before.finish):
            assert after.finish <= before.finish + 1e-9


@given(situations())
def test_those_that_wait_start_after_those_they_wait_for(situation: Situation) -> None:
    fleet, campaigns, streams = situation
    done = place(fleet, seconds(fleet), campaigns, streams)
    for c in campaigns:
        for case, track in enumerate(done.campaigns[c.name]):
            if not np.isnan(track.start):
                assert track.start >= c.earliest
                assert all(done.campaigns[o][case].finish <= track.start for o in c.after)


@given(situations())
def test_scaling_fleet_and_budget_together_changes_no_date(situation: Situation) -> None:
    fleet, campaigns, _ = situation  # a share would round down to other whole packages

    def larger(speed: object) -> Linear | None:
        if not isinstance(speed, Linear):
            return None
        return Linear(speed.each, 4 * speed.most, 4 * speed.least)

    same = [dataclasses.replace(c, share=1.0) for c in campaigns]
    big = [
        dataclasses.replace(
            c, pretraining_flop=4 * c.pretraining_flop, post_training_flop=4 * c.post_training_flop,
            count=4 * c.count, speeds=tuple(larger(s) for s in c.speeds),
        )
        for c in same
    ]  # fmt: skip
    small = place(fleet, seconds(fleet), same, [])
    large = place(4 * fleet, seconds(fleet), big, [])
    for c in campaigns:
        for one, other in zip(small.campaigns[c.name], large.campaigns[c.name], strict=True):
            np.testing.assert_allclose(one.finish, other.finish)


@given(situations(), st.data())
def test_a_larger_campus_never_turns_a_start_into_never(
    situation: Situation, data: st.DataObject
) -> None:
    fleet, campaigns, _ = situation
    for c in campaigns:
        alone = dataclasses.replace(c, after=())
        more = c.places | np.array([data.draw(st.booleans()) for _ in c.places])
        wide = dataclasses.replace(alone, places=more)
        few, many = (place(fleet, seconds(fleet), [a], []).campaigns[c.name] for a in (alone, wide))
        for before, after in zip(few, many, strict=True):
            if not np.isnan(before.start):
                assert not np.isnan(after.start)
                assert after.start <= before.start or c.one  # which takes what finishes first


@given(situations())
def test_whole_units_serve_and_a_machine_trains_with_what_holds_the_model(
    situation: Situation,
) -> None:
    fleet, campaigns, streams = situation
    endless = [dataclasses.replace(c, pretraining_flop=1e9) for c in campaigns]  # cut no month
    for s in streams:
        for served in place(fleet, seconds(fleet), endless, streams).streams[s.name]:
            units = served.used / s.unit[:, None, None]
            np.testing.assert_allclose(units, np.round(units), atol=1e-9)
    done = place(fleet, seconds(fleet), campaigns, streams)
    for c in campaigns:
        least = np.array([1.0 if speed is None else speed.least for speed in c.speeds])
        for track in done.campaigns[c.name]:
            size = track.packages
            assert ((size == 0.0) | (size >= least[:, None])).all()
            assert (size.sum(axis=0) >= track.used.sum(axis=(0, 1)) - 1e-9).all()
