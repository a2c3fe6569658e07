"""Sheets computed three ways: on floats, on draws, and by a plain interpreter month by month."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.finance.evaluate import evaluate
from gigawatt.finance.formula import (
    Ahead,
    AheadMean,
    Binary,
    Call,
    Lowest,
    Number,
    Past,
    Row,
    Term,
    ToDate,
    Total,
    Window,
    largest,
    ratio,
    smallest,
    sum_of,
    where,
)
from gigawatt.finance.rounding import cents_of_array, cents_of_float
from gigawatt.finance.sheet import Sheet


class Plain:
    """A sheet computed by recursion with memory: slow, and with nothing to go wrong."""

    def __init__(self, sheet, draw=None):
        self.sheet, self.draw, self.known = sheet, draw, {}

    def pick(self, value):
        value = np.asarray(value, dtype=float)
        return float(value if value.ndim == 0 else value[self.draw])

    def row(self, name, t):
        if t < 0:
            return 0.0
        if name in self.sheet.givens:
            values = self.sheet.givens[name].values
            return float((values if values.ndim == 1 else values[self.draw])[t])
        if (name, t) not in self.known:
            line = self.sheet.lines[name]
            value = self.value(line.expr, t)
            self.known[name, t] = cents_of_float(value) if line.unit == "USD" else value
        return self.known[name, t]

    def value(self, e, t):
        last = self.sheet.months - 1
        if isinstance(e, Number):
            return e.value
        if isinstance(e, Term):
            return self.pick(self.sheet.terms[e.name].value)
        if isinstance(e, Row):
            return self.row(e.name, t)
        if isinstance(e, Past):
            return self.row(e.name, t - e.months)
        if isinstance(e, Ahead):
            if t == 0:
                return math.fsum(self.row(e.name, s) for s in range(min(e.months, last) + 1))
            return self.row(e.name, t + e.months) if t + e.months <= last else 0.0
        if isinstance(e, AheadMean):
            ahead = (self.row(e.name, min(t + s, last)) for s in range(e.months))
            return math.fsum(ahead) / e.months
        if isinstance(e, Window):
            return math.fsum(self.row(e.name, s) for s in range(max(0, t - e.months + 1), t + 1))
        if isinstance(e, ToDate):
            return math.fsum(self.row(e.name, s) for s in range(t + 1))
        if isinstance(e, Total):
            return math.fsum(self.row(e.name, s) for s in range(last + 1))
        if isinstance(e, Lowest):
            return min(self.row(e.name, s) for s in range(last + 1))
        if isinstance(e, Binary):
            a, b = self.value(e.left, t), self.value(e.right, t)
            return {
                "+": lambda: a + b,
                "-": lambda: a - b,
                "*": lambda: a * b,
                "/": lambda: a / b,
                "^": lambda: a**b,
                ">": lambda: a > b,
                ">=": lambda: a >= b,
            }[e.op]()
        assert isinstance(e, Call)
        args = [self.value(arg, t) for arg in e.args]
        if e.function == "ratio":
            return args[0] / args[1] if args[1] > 0 else args[2]
        if e.function == "where":
            return args[1] if args[0] else args[2]
        return {"min": min, "max": max}[e.function](args)


def rich_sheet(rng, draws=None, months=17):
    """Every node, a group that looks at its own past, and rows that look over a group's months."""

    def some(scale, size=None):
        return rng.uniform(-scale, scale, size)

    shape = (draws, months) if draws else (months,)
    sheet = Sheet(months)
    rate = sheet.term("rate", np.abs(some(0.02, draws)), "1/month", "")
    share = sheet.term("share", 0.3, "1", "")
    spend = sheet.given("spend", np.round(np.abs(some(1e9, shape)), 2), "USD", "")
    flow = sheet.given("flow", np.round(some(1e9, (months,)), 2), "USD", "")
    owed, kept = sheet.row("owed"), sheet.row("kept")
    sheet.line("deposit", spend * share, "")
    sheet.line("early", sheet.row("deposit").ahead(3), "")
    sheet.line("spread", sheet.row("deposit").to_date(), "")
    sheet.line("paid_to_date", sheet.row("spread").ahead_mean(4), "")
    sheet.line("interest", owed.past() * rate, "")
    sheet.line("missing", largest(spend + sheet.row("interest") - flow - kept.past(), 0.0), "")
    sheet.line("drawn", smallest(sheet.row("missing"), 4e9 - owed.past()), "")
    sheet.line("kept", kept.past() + flow + sheet.row("drawn") - spend - sheet.row("interest"), "")
    sheet.line("owed", owed.past() + sheet.row("drawn"), "")
    sheet.line("window", owed.window(5) / 3.0, "", "1")
    sheet.line("growth", (1.0 + rate) ** sheet.row("count"), "", "1")
    sheet.given("count", np.arange(months, dtype=float), "1", "")
    sheet.line("cover", ratio(flow, sheet.row("interest"), 7.0), "", "1")
    sheet.line("size", smallest(sheet.row("cover").lowest(), sheet.row("owed").total()), "", "1")
    sheet.line("switch", where(flow, ">", 0.0, owed.past(2), -flow), "")
    return sheet


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_floats_equal_a_plain_interpreter(seed):
    sheet = rich_sheet(np.random.default_rng(seed))
    found, plain = evaluate(sheet), Plain(sheet)
    for name, line in sheet.lines.items():
        wanted = [plain.row(name, t) for t in range(sheet.months)]
        if line.unit == "USD":
            np.testing.assert_array_equal(
                np.rint(found[name] * 100), np.rint(np.array(wanted) * 100)
            )
        else:
            np.testing.assert_allclose(found[name], wanted, rtol=1e-9)


def test_every_draw_equals_its_plan():
    """More draws than fit into one chunk, each the same to the last bit as planned alone."""
    draws = 1100
    sheet = rich_sheet(np.random.default_rng(5), draws)
    many = evaluate(sheet)
    for draw in (0, 1, 1023, 1024, draws - 1):
        alone = Sheet(
            sheet.months,
            {
                name: type(term)(
                    np.asarray(term.value)[draw] if np.ndim(term.value) else term.value, "", ""
                )
                for name, term in sheet.terms.items()
            },
            {
                name: type(g)(g.values[draw] if g.values.ndim > 1 else g.values, "", "")
                for name, g in sheet.givens.items()
            },
            sheet.lines,
        )
        for name, values in evaluate(alone).items():
            np.testing.assert_array_equal(many[name][draw], values, err_msg=name)


def test_what_is_kept_does_not_depend_on_what_else_is():
    sheet = rich_sheet(np.random.default_rng(1))
    whole = evaluate(sheet)
    for name in ("owed", "size", "window"):
        assert list(evaluate(sheet, keep=[name])) == [name]
        np.testing.assert_array_equal(evaluate(sheet, keep=[name])[name], whole[name])


def test_a_circle_within_a_month_is_refused():
    sheet = Sheet(3)
    sheet.line("a", sheet.row("b") + 1.0, "")
    sheet.line("b", sheet.row("a") + 1.0, "")
    with pytest.raises(ValueError, match="one month"):
        evaluate(sheet)


def test_a_look_over_its_own_months_is_refused():
    sheet = Sheet(3)
    sheet.line("a", sheet.row("b").past(), "")
    sheet.line("b", sheet.row("a").to_date() + 1.0, "")
    with pytest.raises(ValueError, match="looks over months"):
        evaluate(sheet)


@pytest.mark.parametrize("name", ["nowhere", "a"])
def test_unknown_rows_and_double_names_are_refused(name):
    sheet = Sheet(3)
    sheet.line("a", sheet.row("nowhere"), "")
    if name == "a":
        with pytest.raises(ValueError, match="twice"):
            sheet.line("a", 1.0, "")
    else:
        with pytest.raises(ValueError, match="no row nowhere"):
            evaluate(sheet)


def test_rounding_takes_halves_away_from_zero_and_is_the_same_for_one_and_many():
    rng = random.Random(3)
    amounts = [0.005, -0.005, 0.015, 1.005, 2.675, -2.675, 1e12 + 0.005, 123456789.125, 0.0]
    amounts += [rng.uniform(-1e12, 1e12) for _ in range(1000)]
    found = cents_of_array(np.array(amounts))
    assert found.tolist() == [cents_of_float(a) for a in amounts]
    assert found[:7].tolist() == [0.01, -0.01, 0.02, 1.01, 2.68, -2.68, 1e12 + 0.01]
    assert all(math.isclose(f, a, abs_tol=0.0051) for f, a in zip(found, amounts, strict=True))


def test_a_sum_of_a_thousand_rows():
    """As many sites and systems as a large scenario has."""
    sheet = Sheet(2)
    rows = [sheet.given(f"g{at}", [0.01 * at, 1.0], "USD", "") for at in range(1000)]
    sheet.line("sum", sum_of(rows), "")
    assert evaluate(sheet)["sum"].tolist() == [4995.0, 1000.0]


def test_a_negative_constant_keeps_its_sign_under_a_power():
    sheet = Sheet(1)
    sheet.line("square", Number(-2.0) ** 2.0, "", "1")
    assert evaluate(sheet)["square"].tolist() == [4.0]


def test_draws_of_a_group_that_no_draw_reaches():
    """A balance of constants beside a term that is drawn."""
    sheet = Sheet(3)
    rate = sheet.term("rate", np.array([0.1, 0.2]), "1", "")
    owed = sheet.row("owed")
    sheet.line("owed", owed.past() + 0.005, "")
    sheet.line("cost", owed * rate * 1000.0, "")
    sheet.line("nothing", 0.0, "")
    sheet.line("same", owed + sheet.row("nothing"), "")
    assert evaluate(sheet)["same"].tolist() == [[0.01, 0.02, 0.03]] * 2
    assert evaluate(sheet)["owed"].tolist() == [[0.01, 0.02, 0.03]] * 2
    assert evaluate(sheet)["cost"].tolist() == [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]
