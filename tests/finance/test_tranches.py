"""Money that gigawatts release, to the cent."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.finance.tranches import guaranty_exposure, milestone_tranches, tranche_amounts

TEN = Decimal("10000000000.00")


def pay(reached, *, signing=False, signed=None, until=None, amounts=None):
    rows = milestone_tranches(
        amounts or [TEN] * len(reached), reached, 12,
        first_on_signing=signing, signed=signed, until=until,
    )  # fmt: skip
    return [row.month for row in rows]


def test_ten_tranches_of_ten_make_the_cap():
    assert tranche_amounts(100e9, 10e9) == [TEN] * 10


def test_the_last_tranche_is_what_the_cap_leaves():
    assert tranche_amounts(95e9, 10e9) == [TEN] * 9 + [Decimal("5000000000.00")]


@given(st.integers(1, 10**13), st.integers(1, 10**11))
def test_a_schedule_adds_up_to_its_cap_to_the_cent(cap_cents, each_cents):
    if cap_cents / each_cents > 5000:
        each_cents = cap_cents // 5000 + 1
    cap, each = Decimal(cap_cents) / 100, Decimal(each_cents) / 100
    amounts = tranche_amounts(float(cap), float(each))
    assert sum(amounts) == cap
    assert all(Decimal(0) < amount <= each for amount in amounts)


def test_each_gigawatt_pays_its_tranche_in_its_month():
    assert pay([2, 5, 5, 12]) == [2, 5, 5, None]


def test_signing_moves_only_the_first_tranche():
    assert pay([4, 6, 9], signing=True, signed=1) == [1, 6, 9]


def test_nothing_is_paid_before_signing():
    assert pay([0, 2, 6], signed=3) == [3, 3, 6]


def test_milestones_after_the_last_month_of_payment_lapse():
    assert pay([2, 7, 8], until=7) == [2, 7, None]


def test_triggers_are_named():
    rows = milestone_tranches([TEN, TEN], [3, 4], 12, first_on_signing=True, signed=0, until=None)
    assert [(row.number, row.milestone, row.trigger) for row in rows] == [
        (1, 1, "signing"), (2, 2, "milestone"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("term", "expected"), [(None, [0, 24.7, 49.4, 60, 60]), (2, [0, 24.7, 49.4, 60, 55.6])]
)
def test_exposure_grows_with_gigawatts_up_to_the_cap_and_ends_with_the_term(term, expected):
    deployed = np.array([0.0, 1.0, 2.0, 4.0, 4.0 + 0.251012145748988])
    exposure = guaranty_exposure(deployed, 24.7e9, 60e9, term) / 1e9
    assert exposure == pytest.approx(expected, abs=0.01)
