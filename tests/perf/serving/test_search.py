"""The search of serving layouts: every answer keeps its limits, and none that was tried is better."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.catalog import Catalog
from gigawatt.core.errors import InputError
from gigawatt.perf.chip import chip_of
from gigawatt.perf.serving.ask import infer
from gigawatt.perf.serving.layouts import layouts_of
from gigawatt.perf.serving.rates import ServingRate, serving_rate
from gigawatt.perf.shape import shape_of

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


def test_looser_limits_more_accelerators_and_reuse_never_serve_less() -> None:
    def best(**wanted: float) -> float:
        answer = infer("deepseek-v3", "gb300-nvl72", 72, **{"tpot_s": 0.03, **wanted})
        return answer.best[0].point.tokens_per_s

    base = best()
    assert best(tpot_s=0.05) >= base
    assert best(ttft_s=8.0) >= base
    assert best(reused=0.5) > base
    assert best(accepted=1.8) > base
    assert best(input_tokens=8192) < base


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
