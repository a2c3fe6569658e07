"""Placement by hand: who holds what, from when to when."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workload.cases import Linear, campaign, placed, stream

CENTRAL = 1


def test_a_campaign_ends_part_way_through_a_month_and_leaves_the_rest() -> None:
    # ten packages keep 90 FLOP in a month of ten seconds; 135 FLOP take a month and a half
    done = placed([10, 10, 10], campaign("a", 135.0), campaign("b", 45.0))
    a, b = done.campaigns["a"][CENTRAL], done.campaigns["b"][CENTRAL]
    assert (a.start, a.finish) == (0.0, 1.5)
    assert a.used[0, 0].tolist() == [10.0, 5.0, 0.0]
    assert a.packages[0].tolist() == [10.0, 10.0, 0.0]
    assert a.working.tolist() == [1.0, 0.5, 0.0]
    assert a.kept_flop == pytest.approx([90.0, 45.0, 0.0])
    assert a.raw_flop[0] == pytest.approx([100.0, 50.0, 0.0])
    assert (b.start, b.finish) == (1.5, 2.0)


def test_the_cluster_of_a_month_is_one_that_stood() -> None:
    # `a` ends half-way through the second month and leaves its 6 to `b`, which had 4: never 7
    done = placed([10, 10, 10], campaign("a", 81.0, share=0.6), campaign("b", 1e9))
    b = done.campaigns["b"][CENTRAL]
    assert done.campaigns["a"][CENTRAL].finish == 1.5
    assert b.used[0, 0].tolist() == [4.0, 7.0, 10.0]
    assert b.packages[0].tolist() == [4.0, 10.0, 10.0]


def test_cases_differ_in_speed_alone() -> None:
    finishes = [t.finish for t in placed([10] * 9, campaign("a", 360.0)).campaigns["a"]]
    assert finishes == pytest.approx([5.0, 4.0, 3.2])


def test_post_training_follows_on_the_same_cluster() -> None:
    work = campaign("a", 90.0, post_training_flop=45.0)
    (track,) = [placed([10] * 3, work).campaigns["a"][CENTRAL]]
    assert (track.pretrained, track.finish) == (1.0, 1.5)


def test_priority_goes_before_the_order_of_the_file() -> None:
    done = placed([10] * 4, campaign("a", 90.0), campaign("b", 90.0, priority=50))
    assert [done.campaigns[n][CENTRAL].finish for n in "ab"] == [2.0, 1.0]


def test_a_share_leaves_the_rest_to_others() -> None:
    done = placed([10] * 4, campaign("a", 90.0, share=0.5), campaign("b", 90.0))
    a, b = (done.campaigns[n][CENTRAL] for n in "ab")
    assert a.finish == b.finish == 2.0
    assert a.packages[0, 0] == b.packages[0, 0] == 5.0


def test_whole_packages_are_taken() -> None:
    track = placed([7], campaign("a", 9.0, share=0.5)).campaigns["a"][CENTRAL]
    assert track.packages[0, 0] == 3.0


def test_dependencies_start_when_the_last_is_finished() -> None:
    done = placed(
        [10] * 5,
        campaign("c", 45.0, after=("a", "b")),
        campaign("a", 45.0, share=0.5),
        campaign("b", 67.5, share=0.5),
    )
    assert done.campaigns["c"][CENTRAL].start == 1.5
    assert done.campaigns["c"][CENTRAL].finish == 2.0


def test_what_waits_for_something_endless_never_starts() -> None:
    done = placed([10], campaign("a", 1e9), campaign("b", 1.0, after=("a",)))
    b = done.campaigns["b"][CENTRAL]
    assert math.isnan(b.start)
    assert b.waits
    assert not b.used.any()


def test_a_priority_is_lent_to_what_it_waits_for() -> None:
    done = placed(
        [10] * 4,
        campaign("other", 90.0, priority=50),
        campaign("base", 90.0, priority=300),
        campaign("urgent", 90.0, priority=10, after=("base",)),
    )
    assert [done.campaigns[n][CENTRAL].finish for n in ("base", "urgent", "other")] == [1, 2, 3]


def test_a_count_is_never_exceeded_and_stays_where_it_is() -> None:
    # the first place has 8, then the second gets 20: the cluster fills up there and keeps its 8
    fleet = [[[8, 8, 8], [0, 20, 20]]]
    work = campaign("a", 1e9, places=2, count=12.0)
    used = placed(fleet, work).campaigns["a"][CENTRAL].used[0]
    assert used.tolist() == [[8.0, 8.0, 8.0], [0.0, 4.0, 4.0]]
    # and gives up only what retires
    fleet = [[[8, 8, 3], [0, 20, 20]]]
    used = placed(fleet, work).campaigns["a"][CENTRAL].used[0]
    assert used.tolist() == [[8.0, 8.0, 3.0], [0.0, 4.0, 9.0]]


def test_a_cluster_that_does_not_grow_waits_for_its_count() -> None:
    work = campaign("a", 1e9, count=12.0, grow=False)
    track = placed([4, 11, 12, 40], work).campaigns["a"][CENTRAL]
    assert track.start == 2.0
    assert track.used[0, 0].tolist() == [0.0, 0.0, 12.0, 12.0]


def test_without_a_count_it_keeps_the_size_of_its_start() -> None:
    work = campaign("a", 1e9, share=0.5, grow=False)
    track = placed([0, 8, 40, 6], work).campaigns["a"][CENTRAL]
    assert track.used[0, 0].tolist() == [0.0, 4.0, 4.0, 3.0]


def test_a_count_that_never_is_there_is_known_by_how_much() -> None:
    work = campaign("a", 1e9, count=50.0, grow=False)
    track = placed([4, 11, 12, 40], work).campaigns["a"][CENTRAL]
    assert math.isnan(track.start)
    assert track.most_at_once == 40.0


def test_too_few_packages_hold_no_model_and_stay_free() -> None:
    work = campaign("a", 1e9, speeds=(Linear(least=12.0),))
    done = placed([10, 10, 13], work, stream("s", [20.0, 20.0, 20.0]))
    assert done.campaigns["a"][CENTRAL].used[0, 0].tolist() == [0.0, 0.0, 13.0]
    assert done.streams["s"][CENTRAL].met_tokens_per_s.tolist() == [10.0, 10.0, 0.0]


def test_a_machine_that_needs_more_than_the_count_takes_none_of_it() -> None:
    # the faster machine needs 16, the cluster has 12: all of them are of the other
    fleet = [[[40, 40]], [[40, 40]]]
    speeds = (Linear(each=3.0, least=16.0), Linear(least=4.0))
    track = placed(fleet, campaign("a", 1e9, speeds=speeds, count=12.0)).campaigns["a"][CENTRAL]
    assert track.used[:, 0].tolist() == [[0.0, 0.0], [12.0, 12.0]]


def test_what_is_too_small_for_one_machine_is_left_to_the_next() -> None:
    fleet = [[[20, 20]], [[20, 20]], [[20, 20]]]
    speeds = (Linear(each=3.0, least=16.0), Linear(each=2.0, least=12.0), Linear())
    track = placed(fleet, campaign("a", 1e9, speeds=speeds, count=25.0)).campaigns["a"][CENTRAL]
    assert track.used[:, 0, 0].tolist() == [20.0, 0.0, 5.0]


def test_what_no_longer_holds_the_model_is_given_up() -> None:
    # the second keeps 7 of its 15, the first takes 8 of the room, and so the 7 are too few
    fleet = [[[10, 20], [0, 0]], [[15, 7], [0, 8]]]
    speeds = (Linear(each=2.0), Linear(least=12.0))
    work = campaign("a", 1e9, places=2, speeds=speeds, count=25.0)
    track = placed(fleet, work).campaigns["a"][CENTRAL]
    assert track.packages.tolist() == [[10.0, 20.0], [15.0, 0.0]]


def test_a_whole_count_is_made_up_of_what_holds_the_model() -> None:
    # 40 of the first would leave 16 of 56 to a machine that needs 30
    fleet = [[[40, 40]], [[30, 30]]]
    speeds = (Linear(each=2.0, least=16.0), Linear(least=30.0))
    work = campaign("a", 1e9, speeds=speeds, count=56.0, grow=False)
    track = placed(fleet, work).campaigns["a"][CENTRAL]
    assert track.used[:, 0, 0].tolist() == [26.0, 30.0]


def test_one_place_is_the_one_that_finishes_first() -> None:
    # the first has more at the end, the second is done before
    fleet = [[[0, 0, 30, 30], [10, 10, 10, 10]]]
    track = placed(fleet, campaign("a", 180.0, places=2, one=True)).campaigns["a"][CENTRAL]
    assert (track.place, track.finish) == (1, 2.0)
    track = placed(fleet, campaign("a", 500.0, places=2, one=True)).campaigns["a"][CENTRAL]
    assert track.place == 0
    # several places together are one cluster
    track = placed(fleet, campaign("a", 500.0, places=2)).campaigns["a"][CENTRAL]
    assert track.place == -1
    assert track.packages[0].tolist() == pytest.approx([10.0, 10.0, 40.0, 0.0])


def test_each_machine_is_a_cluster_of_its_own() -> None:
    # saturation at 6 packages is that of a machine, not of all together
    fleet = [[[10]], [[10]]]
    work = campaign("a", 1e9, speeds=(Linear(most=6.0), Linear(each=2.0, most=6.0)))
    track = placed(fleet, work).campaigns["a"][CENTRAL]
    assert track.raw_flop[:, 0].tolist() == [60.0, 120.0]


def test_serving_takes_what_training_leaves_or_goes_before_it() -> None:
    after = placed([10] * 2, campaign("a", 45.0), stream("s", [8.0, 8.0]))
    assert after.streams["s"][CENTRAL].met_tokens_per_s.tolist() == [4.0, 8.0]
    before = placed([10] * 2, campaign("a", 45.0), stream("s", [8.0, 8.0], priority=50))
    assert before.streams["s"][CENTRAL].met_tokens_per_s.tolist() == [8.0, 8.0]
    assert before.campaigns["a"][CENTRAL].packages[0].tolist() == [2.0, 2.0]


def test_a_little_demand_takes_a_whole_unit_at_one_place() -> None:
    fleet = [[[4, 4], [9, 9]]]
    done = placed(fleet, stream("s", [1.0, 9.0], unit=np.array([4.0]))).streams["s"][CENTRAL]
    assert done.used[0].tolist() == [[4.0, 4.0], [0.0, 8.0]]
    assert done.met_tokens_per_s.tolist() == [1.0, 9.0]


def test_serving_takes_whole_units_of_the_machine_it_prefers() -> None:
    fleet = [[[5]], [[7]]]
    asked = stream(
        "s", [16.0], tokens_per_s=np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]),
        unit=np.array([1.0, 3.0]), order=(1, 0),
    )  # fmt: skip
    done = placed(fleet, asked).streams["s"][CENTRAL]
    assert done.used[:, 0, 0].tolist() == [4.0, 6.0]  # 6 of 7 in threes serve 12, and 4 the rest
    assert done.met_tokens_per_s.tolist() == [16.0]
