"""Metrics of monthly flows: by hand, against pyxirr, and by what must hold for any flow."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.core.errors import InputError
from gigawatt.finance.metrics import (
    circularity,
    discounted_payback_month,
    irr,
    irr_of_draws,
    irr_or_none,
    levelised_cost,
    moic,
    npv,
    payback_month,
    peak_funding,
)

amounts = st.lists(st.integers(-100, 100).map(float), min_size=2, max_size=40).map(np.array)
invested_then_earned = st.builds(
    lambda spent, earned: np.array([-float(usd) for usd in spent] + [float(usd) for usd in earned]),
    st.lists(st.integers(1, 100), min_size=1, max_size=24),
    st.lists(st.integers(1, 100), min_size=1, max_size=60),
)
rates = st.floats(-0.5, 3.0)


def yearly(*usd):
    """A flow with one amount a year, from month 0 on."""
    flow = np.zeros(12 * (len(usd) - 1) + 1)
    flow[::12] = usd
    return flow


def with_roots(*roots):
    """A flow with a root at each of the annual rates and nowhere else."""
    polynomial = np.ones(1)
    for root in roots:
        polynomial = np.convolve(polynomial, [-1.0, 1.0 + root])
    return yearly(*polynomial)


def code_of(flow):
    with pytest.raises(InputError) as caught:
        irr(flow)
    (problem,) = caught.value.problems
    assert problem.fix
    return problem.code


# Present value ----------------------------------------------------------------------------------


def test_a_year_discounts_by_the_annual_rate_and_half_a_year_by_its_root():
    flow = np.zeros(13)
    flow[[0, 6, 12]] = -100.0, 110.0, 121.0
    assert npv(flow, 0.21) == pytest.approx(-100.0 + 110.0 / 1.1 + 121.0 / 1.21)


@given(amounts, rates)
def test_present_value_agrees_with_pyxirr(flow, rate):
    monthly = (1.0 + rate) ** (1 / 12) - 1.0
    assert npv(flow, rate) == pytest.approx(pyxirr.npv(monthly, flow), rel=1e-9, abs=1e-7)


@given(amounts, rates, st.floats(-50.0, 50.0))
def test_present_value_scales_with_the_flow(flow, rate, k):
    assert npv(k * flow, rate) == pytest.approx(k * npv(flow, rate), rel=1e-9, abs=1e-6)


@given(amounts, rates, st.integers(0, 24))
def test_a_delay_discounts_by_its_months(flow, rate, months):
    late = np.r_[np.zeros(months), flow]
    expected = npv(flow, rate) / (1.0 + rate) ** (months / 12.0)
    assert npv(late, rate) == pytest.approx(expected, rel=1e-9, abs=1e-6)


# Internal rate of return ------------------------------------------------------------------------


def test_a_loan_of_a_year_returns_its_interest():
    result = irr(yearly(-100.0, 110.0))
    assert result.rate == pytest.approx(0.10, rel=1e-12)
    assert result.unique
    assert result.roots == (result.rate,)


def test_a_monthly_rate_is_compounded_over_the_year():
    assert irr(np.array([-100.0, 101.0])).rate == pytest.approx(1.01**12 - 1.0, rel=1e-12)


def test_a_plan_that_loses_half_in_a_year_has_a_negative_rate():
    assert irr(yearly(-100.0, 50.0)).rate == pytest.approx(-0.5, rel=1e-12)


def test_a_plan_that_returns_its_money_has_rate_zero():
    assert irr(yearly(-100.0, 60.0, 40.0)).rate == pytest.approx(0.0, abs=1e-14)


@given(invested_then_earned)
def test_the_rate_agrees_with_pyxirr(flow):
    monthly = pyxirr.irr(flow * 1e3)
    found = irr_or_none(flow)
    if monthly is None or not -0.98 < (1.0 + monthly) ** 12 - 1.0 < 99.0:
        return
    assert found is not None
    assert found.unique
    assert 1.0 + found.rate == pytest.approx((1.0 + monthly) ** 12, rel=1e-6)


def test_the_rate_of_billions_is_that_of_hundreds():
    """pyxirr stops at a tenth of a cent, which no sum of billions comes down to."""
    flow = np.r_[np.full(30, -1e9 / 3), np.full(90, 1.37e8)]
    small = pyxirr.irr(flow / 1e7)
    assert irr(flow).rate == pytest.approx((1.0 + small) ** 12 - 1.0, rel=1e-7)


@given(amounts)
def test_the_present_value_is_zero_at_every_root(flow):
    found = irr_or_none(flow)
    for root in found.roots if found else ():
        weights = (1.0 + root) ** (-np.arange(flow.size) / 12.0)
        assert abs(npv(flow, root)) <= 1e-8 * (np.abs(flow) @ weights)


@given(amounts)
def test_no_change_of_sign_on_a_fine_scan_is_missed(flow):
    scan = np.exp(np.linspace(np.log(0.0101), np.log(100.9), 4001)) - 1.0
    value = npv(flow, scan)
    gross = npv(np.abs(flow), scan)
    clear = np.abs(value) > 1e-9 * gross
    changes = np.count_nonzero(np.diff(np.sign(value[clear])))
    found = irr_or_none(flow)
    assert (len(found.roots) if found else 0) >= changes


@given(amounts, st.floats(0.01, 1e12))
def test_scale_leaves_the_rate(flow, k):
    one, other = irr_or_none(flow), irr_or_none(k * flow)
    assert (one is None) == (other is None)
    if one and other:
        assert other.rate == pytest.approx(one.rate, rel=1e-7, abs=1e-9)


@given(invested_then_earned, st.integers(0, 24))
def test_a_delay_leaves_the_rate(flow, months):
    one, other = irr_or_none(flow), irr_or_none(np.r_[np.zeros(months), flow, np.zeros(months)])
    assert (one is None) == (other is None)
    if one and other:
        assert other.rate == pytest.approx(one.rate, rel=1e-9, abs=1e-12)


def test_the_oil_pump_has_two_rates_and_the_one_nearest_zero_is_reported():
    result = irr(yearly(-1600.0, 10000.0, -10000.0))
    assert result.roots == pytest.approx((0.25, 4.0), rel=1e-12)
    assert result.rate == result.roots[0]
    assert not result.unique


def test_nearest_zero_is_by_size_and_not_the_lowest():
    result = irr(with_roots(-0.6, 0.2))
    assert result.roots == pytest.approx((-0.6, 0.2))
    assert result.rate == pytest.approx(0.2)


@pytest.mark.parametrize(
    "roots",
    [
        (0.10, 0.11, 0.12),
        (0.1000, 0.1001),
        (-0.9, -0.3, 0.0, 0.5, 20.0),
        (0.05, 0.10, 0.15, 0.20, 0.25, 0.30),
    ],
)
def test_all_roots_of_a_flow_are_found_however_close(roots):
    result = irr(with_roots(*roots))
    assert result.roots == pytest.approx(roots, abs=1e-6)
    assert not result.unique


def test_a_rate_that_is_touched_and_not_crossed_is_one_root():
    result = irr(with_roots(0.25, 0.25))
    assert result.roots == pytest.approx((0.25,))
    assert irr_of_draws(with_roots(0.25, 0.25)) == pytest.approx(0.25)


def test_several_changes_of_sign_with_one_root_are_unique():
    """Seven changes of sign; the running sum has one."""
    assert irr(np.array([-100.0, 50.0, -10.0, 30.0, -5.0, 60.0, -3.0, 40.0])).unique


@pytest.mark.parametrize("flow", [[1.0, 2.0], [-1.0, 0.0, -5.0], [0.0, 0.0], []])
def test_flows_of_one_sign_have_no_rate(flow):
    assert code_of(np.array(flow)) == "E801"
    assert irr_or_none(np.array(flow)) is None


def test_what_sums_of_floats_leave_behind_is_no_flow():
    assert code_of(np.array([-1e11, 1e-5])) == "E801"
    tail = np.r_[yearly(-1e11, 1.1e11), np.zeros(120), -1e-5]
    assert irr(tail).roots == pytest.approx((0.1,))


def test_flows_that_never_break_even_have_none_and_say_so():
    assert code_of(yearly(-1600.0, 10000.0, -20000.0)) == "E802"


def test_rates_out_of_the_range_are_not_reported():
    assert code_of(yearly(-1.0, 102.0)) == "E802"
    assert code_of(yearly(-1000.0, 9.0)) == "E802"
    assert irr(yearly(-1.0, 100.5)).rate == pytest.approx(99.5)


def test_a_flow_without_a_value_is_refused_and_its_month_named():
    assert code_of(np.array([-1.0, np.nan, 3.0])) == "E803"
    with pytest.raises(InputError, match="month 1 is inf"):
        irr(np.array([-1.0, np.inf, 3.0]))


def test_many_axes_are_not_one_flow():
    with pytest.raises(ValueError, match="one axis"):
        irr(np.ones((2, 3)))


@given(amounts)
def test_draws_agree_with_one_flow(flow):
    found = irr_or_none(flow)
    assert irr_of_draws(flow[None])[0] == pytest.approx(
        found.rate if found else np.nan, rel=1e-7, abs=1e-9, nan_ok=True
    )


def test_draws_of_all_kinds_agree_with_one_flow_at_a_time(monkeypatch):
    monkeypatch.setattr("gigawatt.finance.irr.DRAWS_AT_ONCE", 64)
    rng = np.random.default_rng(7)
    months = np.arange(120)
    plan = np.where(months < rng.integers(1, 60, (100, 1)), -rng.random((100, 120)), 0.3)
    closing = plan - np.where(months == 119, rng.uniform(0.0, 60.0, (100, 1)), 0.0)
    noise = rng.normal(0.1, 1.0, (20, 120))
    pumps = np.array([yearly(-1600.0, 10000.0, -usd) for usd in np.linspace(9e3, 17e3, 100)])
    pumps = np.pad(pumps, ((0, 0), (0, 95)))
    flows = np.concatenate([1e9 * plan, 1e9 * closing, noise, pumps])
    found = [irr_or_none(flow) for flow in flows]
    expected = np.array([one.rate if one else np.nan for one in found])
    assert {one.unique for one in found if one} == {True, False}
    assert np.isnan(expected).any()
    assert irr_of_draws(flows) == pytest.approx(expected, rel=1e-11, abs=1e-13, nan_ok=True)


def test_a_pair_of_roots_within_one_step_of_the_grid_is_found_in_draws():
    pairs = np.array([with_roots(r, r + 0.0005) for r in np.linspace(0.05, 0.5, 40)])
    assert irr_of_draws(pairs) == pytest.approx(np.linspace(0.05, 0.5, 40), abs=1e-7)


def test_draws_without_a_rate_are_nan_and_leave_the_others():
    flows = np.array([[1.0, 2.0], [-1.0, np.nan], [0.0, 0.0], [-100.0, 101.0], [-np.inf, 1.0]])
    found = irr_of_draws(flows)
    assert np.isnan(found).tolist() == [True, True, True, False, True]
    assert found[3] == pytest.approx(1.01**12 - 1.0)


def test_draws_keep_their_axes():
    flows = np.tile(yearly(-100.0, 110.0), (2, 3, 1)) * np.arange(1.0, 7.0).reshape(2, 3, 1)
    assert irr_of_draws(flows) == pytest.approx(np.full((2, 3), 0.1))
    assert irr_of_draws(np.empty((0, 12))).shape == (0,)


# Multiples and payback --------------------------------------------------------------------------


def test_money_back_over_money_in():
    flows = np.array([[-100.0, -100.0, 50.0, 450.0], [-100.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 3.0]])
    assert moic(flows) == pytest.approx([2.5, 0.0, np.nan], nan_ok=True)


def test_the_most_money_needed_and_when():
    flows = np.array([[-100.0, 60.0, -80.0, 200.0], [5.0, -5.0, 1.0, 1.0], [-7.0, 0.0, 0.0, 9.0]])
    peak = peak_funding(flows)
    assert peak.usd == pytest.approx([120.0, 0.0, 7.0])
    assert peak.month == pytest.approx([2.0, np.nan, 0.0], nan_ok=True)


@pytest.mark.parametrize(
    ("flow", "month"),
    [
        ([-100.0, 40.0, 60.0, 5.0], 2),
        ([-100.0, 150.0, -200.0, 100.0, 50.0], 4),  # back once, then lower still
        ([-100.0, 150.0, -80.0, 100.0], 1),  # below zero again, less than at the lowest
        ([-100.0, 100.0, -100.0, 100.0], 3),  # twice as low: the last time counts
        ([-100.0, 99.0], np.nan),
        ([50.0, -50.0, 10.0], 0),  # never below zero
        ([0.0, 0.0, -5.0, 5.0], 3),
        ([-0.1, -0.2, 0.3], 2),  # short of zero by rounding only
        ([0.0, 0.0], 0),
    ],
)
def test_payback_is_after_the_lowest_point(flow, month):
    assert payback_month(np.array(flow)) == pytest.approx(month, nan_ok=True)


def test_each_draw_has_its_payback():
    flows = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
    assert payback_month(flows) == pytest.approx([1.0, 2.0, np.nan], nan_ok=True)


def test_interest_delays_payback():
    flow = np.full(37, 0.0)
    flow[[0, 12, 24, 36]] = -100.0, 60.0, 50.0, 40.0
    # Without interest 110 is back after two years; at 10 % it is 54.5 + 41.3, and 30.1 come after three.
    assert payback_month(flow) == 24
    assert discounted_payback_month(flow, 0.10) == 36
    assert discounted_payback_month(flow, np.array([0.0, 0.1, 0.5])) == pytest.approx(
        [24, 36, np.nan], nan_ok=True
    )


@given(invested_then_earned)
def test_discounted_at_less_than_its_rate_a_plan_pays_back_and_at_more_it_does_not(flow):
    found = irr_or_none(flow)
    if found is None:
        return
    below, above = (1.0 + found.rate) * 0.99 - 1.0, (1.0 + found.rate) * 1.01 - 1.0
    assert not np.isnan(discounted_payback_month(flow, below))
    assert np.isnan(discounted_payback_month(flow, above))


# Levelised cost ---------------------------------------------------------------------------------


def test_cost_per_unit_discounts_both_cost_and_quantity():
    cost, tokens = yearly(1000.0, 110.0), yearly(0.0, 55.0)
    assert levelised_cost(cost, tokens, 0.10) == pytest.approx(1100.0 / 50.0)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=40), rates)
def test_sold_at_the_levelised_cost_a_plan_is_worth_nothing(quantity, rate):
    delivered = np.array(quantity, dtype=float)
    cost = np.linspace(100.0, 10.0, delivered.size)
    price = levelised_cost(cost, delivered, rate)
    if not delivered.any():
        assert np.isnan(price)
    else:
        worth = npv(price * delivered - cost, rate)
        assert worth == pytest.approx(0.0, abs=1e-9 * float(npv(cost, rate)))


def test_nothing_delivered_has_no_cost_and_the_draw_beside_it_has():
    delivered = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert levelised_cost(np.array([4.0, 6.0]), delivered, 0.0) == pytest.approx(
        [np.nan, 5.0], nan_ok=True
    )


# Circularity ------------------------------------------------------------------------------------


def queue(invested, purchases, *, ahead):
    """First in, first out, dollar lots held in two queues; the plain form of `circularity`."""
    dollars, credit, returned, pairs = deque(), deque(), [], []
    begun = False
    for month, (new, bought) in enumerate(zip(invested, purchases, strict=True)):
        begun = begun or new > 0.0
        if new:
            dollars.append([month, new])
        if bought and begun:
            credit.append([month, bought])
        while dollars and credit:
            lot = min(dollars[0][1], credit[0][1])
            pairs.append((lot, credit[0][0] - dollars[0][0]))
            for line in (dollars, credit):
                line[0][1] -= lot
                if line[0][1] == 0.0:
                    line.popleft()
        if not ahead:
            credit.clear()
        returned.append(sum(lot for lot, _ in pairs))
    total = sum(lot for lot, _ in pairs)
    lag = sum(lot * months for lot, months in pairs) / total if total else np.nan
    share = [
        back / spent if spent else np.nan
        for back, spent in zip(returned, np.cumsum(invested), strict=True)
    ]
    return share, lag


lots = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=20)


@given(lots, st.booleans())
def test_circularity_agrees_with_two_queues_of_dollars(pairs, ahead):
    invested, purchases = np.array(pairs, dtype=float).T
    result = circularity(invested, purchases, ahead=ahead)
    share, lag = queue(invested, purchases, ahead=ahead)
    assert result.returned_share == pytest.approx(share, nan_ok=True)
    assert result.weighted_lag_months == pytest.approx(lag, nan_ok=True, abs=1e-12)
    full = [m for m in range(len(share)) if all(s == pytest.approx(1.0) for s in share[m:])]
    assert result.full_month == pytest.approx(full[0] if full else np.nan, nan_ok=True)


def test_dollars_come_back_in_the_order_in_which_they_were_invested():
    # 10 of month 0: 4 back in month 1, 6 in month 4. 5 of month 2: 2 in month 4, 3 in month 6.
    invested = np.array([10.0, 0, 5, 0, 0, 0, 0])
    purchases = np.array([0.0, 4, 0, 0, 8, 0, 9])
    result = circularity(invested, purchases)
    assert result.returned_share == pytest.approx([0, 0.4, 4 / 15, 4 / 15, 0.8, 0.8, 1.0])
    assert result.full_month == 6
    assert result.weighted_lag_months == pytest.approx((4 * 1 + 6 * 4 + 2 * 2 + 3 * 4) / 15)


def test_purchases_before_the_first_investment_return_nothing():
    result = circularity(np.array([0.0, 10, 0]), np.array([50.0, 0, 10]))
    assert result.returned_share == pytest.approx([np.nan, 0.0, 1.0], nan_ok=True)
    assert result.weighted_lag_months == 1.0


def test_money_outstanding_at_the_end_has_no_full_month_and_no_lag_of_its_own():
    result = circularity(np.array([10.0, 0, 90]), np.array([0.0, 10, 0]))
    assert np.isnan(result.full_month)  # all was back in month 1, but not for good
    assert result.returned_share == pytest.approx([0.0, 1.0, 0.1])
    assert result.weighted_lag_months == 1.0


def test_purchases_ahead_of_an_investment_count_only_where_they_may():
    invested, purchases = np.array([10.0, 0, 0, 20, 0]), np.array([0.0, 30, 0, 0, 20])
    early = circularity(invested, purchases)
    assert early.full_month == 1
    assert early.weighted_lag_months == pytest.approx((10 * 1 + 20 * -2) / 30)
    late = circularity(invested, purchases, ahead=False)
    assert late.returned_share == pytest.approx([0, 1, 1, 1 / 3, 1])
    assert late.full_month == 4
    assert late.weighted_lag_months == pytest.approx(1.0)


def test_circularity_of_draws_is_that_of_each():
    rng = np.random.default_rng(3)
    invested = rng.integers(0, 3, (6, 24)).astype(float)
    purchases = rng.integers(0, 3, 24).astype(float)
    for ahead in (True, False):
        many = circularity(invested, purchases, ahead=ahead)
        for draw in range(6):
            one = circularity(invested[draw], purchases, ahead=ahead)
            assert many.returned_share[draw] == pytest.approx(one.returned_share, nan_ok=True)
            assert many.full_month[draw] == pytest.approx(one.full_month, nan_ok=True)
            assert many.weighted_lag_months[draw] == pytest.approx(one.weighted_lag_months)


def test_no_investment_has_no_circularity():
    result = circularity(np.zeros(3), np.ones(3))
    assert np.isnan(result.returned_share).all()
    assert np.isnan(result.full_month)
    assert np.isnan(result.weighted_lag_months)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_amounts_that_are_negative_or_missing_are_refused(bad):
    with pytest.raises(InputError, match="E804"):
        circularity(np.array([1.0, bad]), np.array([1.0, 1.0]))
    with pytest.raises(InputError, match="purchases"):
        circularity(np.array([1.0, 1.0]), np.array([1.0, bad]))
