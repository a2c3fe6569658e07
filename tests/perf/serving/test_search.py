"""The search of serving layouts: every answer keeps its limits, and none that was tried is better."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.catalog import Catalog
from gigawatt.core.errors import InputError
from gigawatt.perf.chip import chip_of
from gigawatt.perf.serving.answer import ServingOption
from gigawatt.perf.serving.ask import infer, usual_precision
from gigawatt.perf.serving.engine import Engine
from gigawatt.perf.serving.engines import engine_of
from gigawatt.perf.serving.formats import formats_of
from gigawatt.perf.serving.layout import Layout
from gigawatt.perf.serving.layouts import layouts_of
from gigawatt.perf.serving.memory import most_sequences
from gigawatt.perf.serving.modes import (
    Lengths,
    Limits,
    aggregated,
    disaggregated,
    full_pass,
    token_s,
    under_limits,
)
from gigawatt.perf.serving.rates import ServingRate, serving_rate
from gigawatt.perf.serving.runtimes import CURRENT
from gigawatt.perf.shape import Shape, shape_of

CATALOG = Catalog()


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from([("deepseek-v3", "h200-sxm", 16), ("llama31-70b", "h100-sxm", 8),
                     ("gpt-oss-120b", "b200-hgx", 8), ("kimi-k2", "gb300-nvl72", 72)]),
    st.floats(0.05, 10.0), st.floats(0.004, 0.3), st.sampled_from(["mean", "p99"]),
)  # fmt: skip
def test_answers_keep_their_limits(
    what: tuple[str, str, int], ttft: float, tpot: float, percentile: str
) -> None:
    model, system, count = what
    answer = infer(model, system, count, ttft_s=ttft, tpot_s=tpot, percentile=percentile, top=100)
    assert bool(answer.best) != bool(answer.verdict)
    for option in answer.best:
        p = option.point
        assert p.tpot_s <= tpot
        assert p.ttft_s <= ttft
        assert p.accelerators <= count
        assert option.band.low < 1.0 < option.band.high
    totals = [o.point.tokens_per_s * o.point.accelerators * o.units for o in answer.best]
    assert totals == sorted(totals, reverse=True)
    front = [(p.tpot_s, p.tokens_per_s) for p in answer.front]
    assert front == sorted(front)
    assert [rate for _, rate in front] == sorted(rate for _, rate in front)


PAIRS = (
    ("llama31-8b", "h100-sxm"),
    ("llama31-405b", "gb300-nvl72"),
    ("deepseek-v3", "gb300-nvl72"),
    ("deepseek-v3", "l40s"),
    ("llama4-maverick-17b-128e", "mi355x"),
    ("nemotron3-super-120b-a12b", "l40s"),
)
# One worker in eight reads its prompts already, and whole workers cannot be fewer.
FLAT = ("nemotron3-super-120b-a12b", "l40s", "reused")
SCANS: dict[str, tuple[tuple[float, ...], bool]] = {
    "count": ((64, 65, 72, 100, 128, 200), True),
    "ttft_s": ((0.1, 0.5, 0.7, 1.0, 2.0, 5.0, 10.0), True),
    "tpot_s": ((0.02, 0.03, 0.05, 0.1, 0.2), True),
    "reused": ((0.0, 0.1, 0.3, 0.5, 0.9), True),
    "accepted": ((1.0, 1.5, 2.0, 2.01, 3.0), True),
    "input_tokens": ((1024, 3000, 4096, 6000, 8191, 8192, 8193, 16384), False),
}


@pytest.mark.parametrize("scanned", list(SCANS))
@pytest.mark.parametrize(("model", "system"), PAIRS)
def test_easier_requests_never_serve_less(model: str, system: str, scanned: str) -> None:
    """Everything served on whole units, over steps that once lost throughput."""
    values, rising = SCANS[scanned]
    wanted = {
        "count": 64,
        "input_tokens": 4096,
        "output_tokens": 1024,
        "ttft_s": 2.0,
        "tpot_s": 0.05,
    }
    totals = []
    for value in values:
        answer = infer(model, system, **{**wanted, scanned: value}, catalog=CATALOG, top=1)
        totals.append(served_in_all(answer.best[0]) if answer.best else 0.0)
    ordered = totals if rising else totals[::-1]
    for less, more in pairwise(ordered):
        assert more >= less * (1.0 - 1e-6), (values, totals)
    if (model, system, scanned) != FLAT:
        assert ordered[-1] > ordered[0]


def served_in_all(option: ServingOption) -> float:
    return option.point.tokens_per_s * option.point.accelerators * option.units


def engine_for(model: str, system: str) -> tuple[Engine, Shape]:
    chip, shape = chip_of(CATALOG, system), shape_of(CATALOG.model(model).architecture)
    formats = formats_of(chip, shape, usual_precision(chip, shape, model))
    return engine_of(chip, shape, formats, CURRENT, CATALOG.serving_calibration.values()), shape


def layout_named(name: str) -> Layout:
    return Layout(**{part: float(n) for part, n in (word.split("=") for word in name.split(","))})


@pytest.mark.parametrize(
    ("model", "system", "count", "tokens"),
    [
        ("deepseek-v3", "gb300-nvl72", 72, (8192, 1024)),
        ("deepseek-v3", "gb300-nvl72", 72, (8192, 128)),
        ("llama31-70b", "h100-sxm", 16, (4096, 512)),
        ("llama31-405b", "b200-hgx", 32, (8192, 256)),
    ],
)
def test_points_are_what_the_validated_functions_say(
    model: str, system: str, count: int, tokens: tuple[int, int]
) -> None:
    given, made = tokens
    answer = infer(
        model, system, count, input_tokens=given, output_tokens=made, ttft_s=3.0, top=1000
    )
    e, shape = engine_for(model, system)
    lengths = Lengths(float(given), float(made))
    kinds = set()
    for option in answer.best:
        p = option.point
        cut = layout_named(p.layout)
        kinds.add(bool(p.prefill))
        if not p.prefill:
            same = aggregated(e, shape, cut, p.sequences, lengths)
            assert p.tokens_per_s * p.accelerators == pytest.approx(float(same.tokens_per_s))
            assert (p.tpot_s, p.ttft_s) == pytest.approx((float(same.tpot_s), float(same.ttft_s)))
            continue
        # whole workers of both sides, which pass on what they get
        side = layout_named(p.prefill)
        reading = p.prefill_share * p.accelerators / side.accelerators
        decoding = (1.0 - p.prefill_share) * p.accelerators / cut.accelerators
        for workers in (reading, decoding):
            assert workers == pytest.approx(round(workers))
        rate = p.tokens_per_s * p.accelerators
        in_progress = rate * (p.ttft_s / made + p.tpot_s)
        found = [
            disaggregated(
                (e, side, round(reading)), (e, cut, round(decoding)), shape, lengths, in_progress,
                0.95, 0.1, together,
            )
            for together in (1.0, side.dp, full_pass(side, lengths))
        ]  # fmt: skip
        off = [
            max(abs(float(one.tokens_per_s) / rate - 1.0), abs(float(one.tpot_s) / p.tpot_s - 1.0))
            for one in found
        ]
        assert min(off) < 0.02, p
    assert kinds == {True, False}


def test_the_best_layout_is_that_of_all_layouts_asked_one_by_one() -> None:
    for model, system, count in (
        ("llama31-70b", "h100-sxm", 24),
        ("gpt-oss-120b", "b200-hgx", 40),
    ):
        answer = infer(model, system, count, apart=False)
        e, shape = engine_for(model, system)
        lengths, limits = Lengths(4096.0, 1024.0), Limits(2.0, 0.05)
        totals = []
        for cut in layouts_of(chip_of(CATALOG, system), shape, count):
            found = under_limits(e, shape, cut, lengths, CURRENT.most, limits)
            totals.append(float(found.tokens_per_s) * (count // int(cut.accelerators)))
        assert served_in_all(answer.best[0]) >= max(totals) * (1.0 - 1e-9)
        assert served_in_all(answer.best[0]) <= max(totals) * 1.02


@pytest.mark.parametrize("ttft", [0.6, 1.0, 2.0])
def test_disaggregation_is_not_refused_where_the_first_token_is_in_time(ttft: float) -> None:
    requests = {"input_tokens": 8192, "ttft_s": ttft, "tpot_s": 0.03}
    both = infer("deepseek-v3", "gb300-nvl72", 576, **requests, top=1000)
    split = [o for o in both.best if o.point.prefill]
    assert split
    # so many layouts wait as long as they may and still have their token in time
    assert all(o.point.ttft_s <= ttft for o in split)
    assert max(o.point.ttft_s for o in split) > 0.9 * ttft
    alone = infer("deepseek-v3", "gb300-nvl72", 576, **requests, apart=False)
    assert served_in_all(both.best[0]) > 1.1 * served_in_all(alone.best[0])


def test_a_lone_request_does_not_wait_for_its_own_prompt() -> None:
    e, shape = engine_for("llama31-8b", "h100-sxm")
    lengths = Lengths(100_000.0, 100.0)
    token = float(token_s(e, shape, Layout(), 1.0, lengths))
    answer = infer(
        "llama31-8b", "h100-sxm", 1, input_tokens=100_000, output_tokens=100, ttft_s=60.0,
        tpot_s=1.001 * token, apart=False,
    )  # fmt: skip
    (option,) = answer.best
    assert option.point.sequences == pytest.approx(1.0, abs=0.01)
    assert option.point.tpot_s == pytest.approx(token, rel=1e-3)


def test_a_copy_of_attention_holds_a_whole_request() -> None:
    e, shape = engine_for("qwen3-235b-a22b", "h100-sxm")
    context = float(CATALOG.model("qwen3-235b-a22b").architecture.context)
    for cut in layouts_of(chip_of(CATALOG, "h100-sxm"), shape, 64):
        each = most_sequences(e, shape, cut, context) / cut.dp
        assert each == round(float(each))


def test_nothing_that_keeps_the_limits_is_an_answer_with_the_binding_one() -> None:
    late = infer("deepseek-v3", "h200-sxm", 8, tpot_s=0.002)
    assert not late.best
    assert "time of an output token is at least" in late.verdict
    assert "times the limit of 2 ms" in late.verdict
    slow = infer("llama31-405b", "h100-sxm", 8, input_tokens=100_000, ttft_s=0.5)
    assert "the first token takes at least" in slow.verdict
    large = infer("llama31-405b", "h100-sxm", 1)
    assert "lacks" in large.verdict
    assert large.found.short_bytes == pytest.approx(335.5e9, rel=0.01)


def test_layouts_divide_heads_and_experts() -> None:
    shape = shape_of(CATALOG.model("gpt-oss-120b").architecture)
    for cut in layouts_of(chip_of(CATALOG, "gb300-nvl72"), shape, 256):
        assert shape.heads % cut.tp == 0
        assert shape.experts % cut.ep == 0
        assert cut.accelerators <= 256
    # 5 heads do not divide over 2 ranks
    odd = shape._replace(heads=5.0, moe=0.0)
    assert {cut.tp for cut in layouts_of(chip_of(CATALOG, "h100-sxm"), odd, 8)} == {1.0}


def test_a_chip_without_measured_kernels_says_so_and_has_a_wider_band() -> None:
    rubin = infer("deepseek-v3", "vr-nvl72", 72)
    measured = infer("deepseek-v3", "gb300-nvl72", 72)
    assert "carried over by ratios" in rubin.ground
    assert any("never measured" in what for what in rubin.best[0].outside)
    wide, narrow = rubin.best[0].band, measured.best[0].band
    assert wide.high / wide.low > narrow.high / narrow.low
    # more of everything on the datasheet serves more
    assert rubin.best[0].point.tokens_per_s > measured.best[0].point.tokens_per_s


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"input_tokens": 0}, "E213"),
        ({"input_tokens": 131_072}, "E213"),
        ({"tpot_s": -1.0}, "E213"),
        ({"tpot_s": float("nan")}, "E213"),
        ({"reused": 1.0}, "E213"),
        ({"accepted": 0.5}, "E213"),
        ({"precision": "fp6"}, "E203"),
        ({"percentile": "p50"}, "E203"),
        ({"runtime": "llama.cpp"}, "E203"),
        ({"batch": 3}, "E201"),
    ],
)
def test_requests_that_cannot_be_meant(wanted: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as refused:
        infer("llama31-8b", "h100-sxm", 8, **wanted)
    assert refused.value.problems[0].code == code


def test_rates_for_a_plan() -> None:
    architecture = CATALOG.model("deepseek-v3").architecture
    requests = {"input_tokens": 4096.0, "output_tokens": 1024.0, "ttft_s": 2.0}
    rate = serving_rate(CATALOG, architecture, "gb300-nvl72", None, **requests, tpot_s=0.05)
    low, central, high = rate.tokens_per_s
    assert 0.0 < low < central < high
    assert rate.why == ""
    assert ServingRate.from_dict(rate.as_dict()) == rate
    late = serving_rate(CATALOG, architecture, "gb300-nvl72", None, **requests, tpot_s=0.001)
    assert late.tokens_per_s == (0.0, 0.0, 0.0)
    assert "times the limit" in late.why
    gap = serving_rate(CATALOG, architecture, "rubin-ultra", None, **requests, tpot_s=0.05)
    assert "cannot run on rubin-ultra" in gap.why
