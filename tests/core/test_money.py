"""Money that is owed, in whole cents."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.core.money import CENT, owed


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        ("0.005", "0.00"),
        ("0.015", "0.02"),
        ("0.025", "0.02"),
        ("-0.015", "-0.02"),
        (0.1, "0.10"),
        (2.675, "2.68"),  # by its shortest decimal form, not its binary one
        (1e10, "10000000000.00"),
        (123456789012.345, "123456789012.34"),
        (7, "7.00"),
        (Decimal("1.005"), "1.00"),
        (1e13, "10000000000000.00"),
    ],
)
def test_half_a_cent_goes_to_the_even_one(amount: float | str | Decimal, cents: str) -> None:
    assert str(owed(amount)) == cents


@given(st.decimals(-(10**13), 10**13, places=6))
def test_what_is_owed_is_the_nearest_cent(amount: Decimal) -> None:
    assert abs(owed(amount) - amount) <= CENT / 2
    assert owed(amount).as_tuple().exponent == -2
    assert owed(owed(amount)) == owed(amount)


@given(st.lists(st.integers(0, 10**15), max_size=50))
def test_cents_add_up_exactly_where_floats_would_not(cents: list[int]) -> None:
    with localcontext() as context:
        context.prec = 40
        assert (
            sum((owed(c / 100) for c in cents if c < 2**43), Decimal(0))
            == Decimal(sum(c for c in cents if c < 2**43)) / 100
        )
