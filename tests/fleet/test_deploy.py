"""The allocation kernel: hand-worked months, and equality with a plain-Python twin."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.fleet.deploy import DeployInputs, deploy

INF = math.inf


def inputs(power, rack, *, firm=None, supply=None, allowed=None, spare=None, space=99, **more):
    power = np.array(power, dtype=float)
    rack = np.array(rack, dtype=float)
    sites, months = power.shape
    systems = len(rack)
    shape = (sites, systems)
    return DeployInputs(
        usable_mw=power,
        rack_mw=rack,
        firm_racks=np.zeros((systems, months)) if firm is None else np.array(firm, dtype=float),
        supply_racks=np.full((systems, months), INF) if supply is None else np.array(supply, float),
        allowed=np.ones((*shape, months), bool) if allowed is None else np.array(allowed, bool),
        spare_share=np.zeros(systems) if spare is None else np.array(spare, dtype=float),
        occupies_months=np.full(shape, space),
        standing_racks=more.pop("standing", np.zeros(shape)),
        standing_months=more.pop("standing_months", np.full(shape, 999)),
        **more,
    )


def test_power_takes_whole_racks_only():
    done = deploy(inputs([[1.0, 2.49, 2.5]], [0.5]))
    assert done.shipped[0, 0].tolist() == [2, 2, 1]
    assert done.delivered[0].tolist() == [2, 4, 5]
    assert done.binding[0].tolist() == [1, 1, 1]


def test_scarce_racks_go_to_the_first_site_and_the_rest_waits():
    done = deploy(inputs([[2.0, 2.0], [2.0, 2.0]], [1.0], supply=[[3, 3]]))
    assert done.shipped[:, 0].tolist() == [[2, 0], [1, 1]]
    assert done.binding.tolist() == [[1, 1], [2, 1]]


def test_the_newest_system_goes_first_and_the_older_fills_what_supply_leaves():
    done = deploy(inputs([[10.0]], [2.0, 1.0], supply=[[3], [99]]))
    assert done.shipped[0, :, 0].tolist() == [3, 4]


def test_a_system_before_its_availability_is_not_used():
    done = deploy(inputs([[2.0, 4.0]], [1.0, 1.0], allowed=[[[False, True], [True, True]]]))
    assert done.shipped[0].tolist() == [[0, 2], [2, 0]]


def test_firm_racks_wait_in_store_for_power():
    done = deploy(inputs([[0.0, 3.0, 9.0]], [1.0], firm=[[5, 0, 0]], supply=[[0, 0, 0]]))
    assert done.shipped[0, 0].tolist() == [0, 3, 2]
    assert done.delivered[0].tolist() == [5, 5, 5]
    assert done.binding[0].tolist() == [0, 1, 2]


def test_spares_are_delivered_beside_the_racks_that_work():
    done = deploy(inputs([[90.0]], [1.0], spare=[0.1]))
    assert done.shipped[0, 0, 0] == 90
    assert done.delivered[0, 0] == 100
    assert done.spare[0, 0] == 10


def test_firm_deliveries_give_up_their_spares():
    done = deploy(inputs([[99.0]], [1.0], firm=[[10]], supply=[[0]], spare=[0.25]))
    assert done.shipped[0, 0, 0] == 7  # floor(10 × 0.75)
    assert done.spare[0, 0] == 3


def test_retired_racks_free_their_power_for_the_next_generation():
    allowed = [[[False, False, False, True], [True, True, True, True]]]
    done = deploy(inputs([[2.0] * 4], [1.0, 1.0], allowed=allowed, space=3))
    assert done.shipped[0].tolist() == [[0, 0, 0, 2], [2, 0, 0, 0]]


def test_without_refresh_the_power_stays_empty():
    done = deploy(inputs([[2.0] * 4], [1.0], space=3, refresh=False))
    assert done.shipped[0, 0].tolist() == [2, 0, 0, 0]


def test_racks_that_already_stand_hold_their_power_until_they_retire():
    done = deploy(
        inputs([[3.0] * 3], [1.0], standing=np.array([[2.0]]), standing_months=np.array([[1]]))
    )
    assert done.shipped[0, 0].tolist() == [1, 2, 0]


def test_a_fixed_mix_limits_what_stands_and_an_explicit_list_what_is_ever_shipped():
    stock = np.array([[[2.0, 2.0, 2.0]]])
    assert deploy(inputs([[9.0] * 3], [1.0], space=2, stock_limit=stock)).shipped[
        0, 0
    ].tolist() == [2, 0, 2]
    done = deploy(inputs([[9.0] * 3], [1.0], space=2, ever_limit=stock))
    assert done.shipped[0, 0].tolist() == [2, 0, 0]
    assert done.binding[0].tolist() == [4, 4, 4]


def plain(i):
    """The same rules, one site and one system at a time, written without arrays."""
    sites, systems, months = i.allowed.shape
    leaving = {}  # (month, site, system) → racks that retire
    for s in range(sites):
        for k in range(systems):
            leaving[int(i.standing_months[s, k]), s, k] = float(i.standing_racks[s, k])
    stands = [[float(racks) for racks in row] for row in i.standing_racks]
    blocked = [0.0] * sites
    delivered, sent = [0.0] * systems, [0.0] * systems
    shipped = np.zeros((sites, systems, months))
    for t in range(months):
        for s in range(sites):
            for k in range(systems):
                gone = leaving.get((t, s, k), 0.0)
                stands[s][k] -= gone
                blocked[s] += 0.0 if i.refresh else gone * i.rack_mw[k]
        for k in range(systems):
            delivered[k] += i.firm_racks[k, t]
            most = delivered[k] + i.supply_racks[k, t]
            for s in range(sites):
                if not i.allowed[s, k, t]:
                    continue
                used = blocked[s] + sum(stands[s][j] * i.rack_mw[j] for j in range(systems))
                want = math.floor((i.usable_mw[s, t] - used) / i.rack_mw[k] + 1e-9)
                at_hand = math.floor(most * (1 - i.spare_share[k]) + 1e-9) - sent[k]
                ships = max(0, min(want, at_hand))
                shipped[s, k, t] = ships
                sent[k] += ships
                stands[s][k] += ships
                retires = (t + int(i.occupies_months[s, k]), s, k)
                leaving[retires] = leaving.get(retires, 0.0) + ships
            delivered[k] = max(delivered[k], math.ceil(sent[k] / (1 - i.spare_share[k]) - 1e-9))
    return shipped


@st.composite
def cases(draw):
    sites, systems, months = (
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 9)),
    )

    def numbers(low, high, n):
        return draw(st.lists(st.integers(low, high), min_size=n, max_size=n))

    power = (
        np.maximum.accumulate(np.array(numbers(0, 60, sites * months)).reshape(sites, months), -1)
        / 4
    )
    return inputs(
        power,
        np.array(numbers(1, 9, systems)) / 3,
        firm=np.array(numbers(0, 8, systems * months)).reshape(systems, months),
        supply=np.array(numbers(0, 9, systems * months), dtype=float).reshape(systems, months),
        allowed=np.array(numbers(0, 3, sites * systems * months)).reshape(sites, systems, months)
        > 0,
        spare=np.array(numbers(0, 3, systems)) / 10,
        space=draw(st.integers(1, 12)),
        refresh=draw(st.booleans()),
    )


@given(cases())
def test_the_kernel_equals_its_plain_twin(case):
    assert np.array_equal(deploy(case).shipped, plain(case))


@given(cases(), st.integers(2, 3))
def test_draws_broadcast_to_the_same_as_one_by_one(case, draws):
    scale = np.arange(1, draws + 1, dtype=float)[:, None, None]
    together = deploy(dataclasses.replace(case, usable_mw=case.usable_mw * scale))
    for draw in range(draws):
        alone = deploy(dataclasses.replace(case, usable_mw=case.usable_mw * (draw + 1.0)))
        assert np.array_equal(together.shipped[draw], alone.shipped)
        assert np.array_equal(together.delivered[draw], alone.delivered)
        assert np.array_equal(together.binding[draw], alone.binding)


def test_lives_may_differ_by_draw():
    case = inputs([[1.0] * 6], [1.0])
    spaces = np.array([[[2]], [[3]]])
    done = deploy(dataclasses.replace(case, occupies_months=spaces))
    assert done.shipped[:, 0, 0].tolist() == [[1, 0, 1, 0, 1, 0], [1, 0, 0, 1, 0, 0]]


@pytest.mark.parametrize("sites", [1, 4])
def test_no_power_is_said_to_be_no_power(sites):
    done = deploy(inputs([[0.0, 0.0]] * sites, [1.0]))
    assert (done.binding == 0).all()
    assert not done.shipped.any()


DRAWN = {
    "usable_mw": 2, "rack_mw": 1, "firm_racks": 2, "supply_racks": 2, "allowed": 3, "spare_share": 1,
    "occupies_months": 2, "standing_racks": 2, "standing_months": 2, "stock_limit": 3, "ever_limit": 3,
}  # fmt: skip


@pytest.mark.parametrize("field", sorted(DRAWN))
def test_any_one_input_may_have_draws(field):
    case = inputs(
        [[4.0, 9.0, 9.0], [3.0, 3.0, 6.0]], [2.0, 1.0], firm=[[1, 0, 2], [0, 3, 0]],
        supply=[[1, 2, 1], [3, 1, 9]], space=2, standing=np.array([[1.0, 0.0], [0.0, 1.0]]),
        standing_months=np.full((2, 2), 1), stock_limit=np.full((2, 2, 3), 4.0),
        ever_limit=np.full((2, 2, 3), 9.0),
    )  # fmt: skip
    plain_value = getattr(case, field)
    other = (
        ~plain_value
        if plain_value.dtype == bool
        else plain_value * 0 + plain_value.dtype.type(0 if field == "spare_share" else 1)
    )
    drawn = np.stack([plain_value, other])
    together = deploy(dataclasses.replace(case, **{field: drawn}))
    for draw in range(2):
        alone = deploy(dataclasses.replace(case, **{field: drawn[draw]}))
        assert np.array_equal(together.shipped[draw], alone.shipped)
        assert np.array_equal(together.binding[draw], alone.binding)


def test_power_binds_where_only_an_ended_supply_would_still_fit():
    """A full site is not short of a small rack that nobody sells any more."""
    supply = [[9, 9, 9], [9, 0, 0]]
    done = deploy(inputs([[2.5, 2.5, 2.5]], [2.0, 0.4], supply=supply))
    assert done.shipped[0].sum(axis=-1).tolist() == [1, 1]
    assert done.binding[0].tolist() == [1, 1, 1]
    ended = deploy(inputs([[1.0, 9.0]], [1.0], supply=[[5, 0]]))
    assert ended.binding[0].tolist() == [1, 2]
