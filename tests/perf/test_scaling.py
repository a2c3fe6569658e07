"""Throughput against count: exact at its points, never falling, saturating; and its files on disk."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigawatt.catalog import Catalog
from gigawatt.core.errors import InputError
from gigawatt.perf import scaling, scaling_cache
from gigawatt.perf.chip import chip_of
from gigawatt.perf.critical_batch import batch_limit, critical_batch_tokens
from gigawatt.perf.job import Job
from gigawatt.perf.machines import machine_of
from gigawatt.perf.scaling import ThroughputCurve, counts_of, throughput_curve, training_format
from gigawatt.perf.search import search
from gigawatt.perf.shape import shape_of
from gigawatt.perf.space import Space
from gigawatt.perf.stacks import CURRENT

CATALOG = Catalog()
MODEL = "llama31-70b"


def curve_of(system: str = "h100-sxm", **given: Any) -> ThroughputCurve:
    asked = {"precision": "bf16", "sequence": 8192, "tokens": 15e12, **given}
    return throughput_curve(
        CATALOG, CATALOG.model(asked.pop("model", MODEL)).architecture, system, **asked
    )


@pytest.fixture(scope="module")
def free() -> ThroughputCurve:
    """A curve whose batch is what the critical one allows."""
    return curve_of()


@pytest.fixture(scope="module")
def fixed() -> ThroughputCurve:
    """The same with 4 Mtoken a step."""
    return curve_of(batch_tokens=512 * 8192)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing known yet, in this process or on disk; where files appear."""
    monkeypatch.setattr(scaling, "_made", {})
    monkeypatch.setenv("GIGAWATT_CACHE_DIR", str(tmp_path))
    return tmp_path / "curves"


def test_counts_reach_from_eight_to_millions_in_whole_domains() -> None:
    assert counts_of(8)[0] == 8
    assert counts_of(8)[-1] == 4_194_304
    counts = counts_of(72)
    assert counts[:5] == (8, 16, 32, 64, 72)
    assert all(count % 72 == 0 for count in counts[4:])
    assert 2_500_000 < counts[-1] <= scaling.MOST
    assert counts_of(9216)[-1] <= scaling.MOST


@pytest.mark.parametrize("which", ["free", "fixed"])
def test_throughput_never_falls(which: str, request: pytest.FixtureRequest) -> None:
    curve: ThroughputCurve = request.getfixturevalue(which)
    counts = np.geomspace(1, 2e7, 400)
    for rates in (curve.rate(counts), *curve.band(counts)):
        assert (np.diff(rates) >= -1e-9 * rates[1:]).all()
    low, high = curve.band(counts)
    assert (low <= curve.rate(counts)).all()
    assert (curve.rate(counts) <= high).all()


def test_each_accelerator_does_less_the_more_there_are_at_a_fixed_batch(
    fixed: ThroughputCurve,
) -> None:
    many = fixed.counts >= 1024
    each = fixed.tokens_per_s[many] / fixed.counts[many]
    assert (np.diff(each) < 0.0).all()
    assert each[-1] < 0.01 * each[0]


def test_no_accelerator_beats_its_peak(free: ThroughputCurve) -> None:
    assert 0.2 < free.mfu(free.counts).max() < 1.0


def test_the_critical_batch_is_where_throughput_saturates(free: ThroughputCurve) -> None:
    eightfold = free.tokens_per_s[-1] / free.tokens_per_s[-4]
    assert 1.0 <= eightfold < 2.0  # eight times the accelerators
    longer = curve_of(tokens=15e12 * 2**6)
    assert longer.most_batch_tokens > 4 * free.most_batch_tokens
    assert longer.tokens_per_s[-1] > 2 * free.tokens_per_s[-1]
    # a small cluster has no use for so large a batch
    at = int(np.flatnonzero(free.tokens_per_s)[0])
    assert longer.tokens_per_s[at] == pytest.approx(free.tokens_per_s[at], rel=0.02)


def test_batches_stay_below_the_limit(free: ThroughputCurve, fixed: ThroughputCurve) -> None:
    batches = {point.batch_tokens for point in free.points if point.tokens_per_s}
    assert max(batches) <= free.most_batch_tokens
    assert min(batches) > free.most_batch_tokens / 2
    assert {p.batch_tokens for p in fixed.points if p.tokens_per_s} == {512 * 8192.0}


def test_a_point_is_what_the_search_finds(fixed: ThroughputCurve) -> None:
    chip, shape = chip_of(CATALOG, "h100-sxm"), shape_of(CATALOG.model(MODEL).architecture)
    constants = CATALOG.training_calibration.values()
    machine = machine_of(chip, "bf16", CURRENT, constants, head_dim=float(shape.qk_dim))
    space = Space.planning().only(microbatch=(1, 2, 4, 8))
    found = search(machine, shape, Job(256, 512, 8192), space).best[0]
    point = fixed.point(350.0)
    assert point is not None
    assert (point.count, point.strategy) == (256, str(found.strategy))
    assert point.tokens_per_s == pytest.approx(512 * 8192 / float(found.step_s))
    assert float(fixed.mfu(256)) == pytest.approx(float(found.mfu(chip.peak["bf16"])))


def test_between_points_the_curve_is_straight_in_logarithms(free: ThroughputCurve) -> None:
    at = int(np.flatnonzero(free.tokens_per_s)[2])
    count, rate = free.counts, free.tokens_per_s
    middle = np.sqrt(count[at] * count[at + 1])
    assert float(free.rate(middle)) == pytest.approx(np.sqrt(rate[at] * rate[at + 1]))
    assert float(free.rate(count[-1] * 10)) == pytest.approx(rate[-1])


def test_too_few_accelerators_train_nothing() -> None:
    curve = curve_of(model="llama31-405b", batch_tokens=512 * 8192)
    assert 8 < curve.least < 10_000
    assert float(curve.rate(curve.least - 1)) == 0.0
    assert float(curve.rate(curve.least)) > 0.0
    assert curve.point(curve.least - 1) is None
    nearest = curve.point(curve.least * 1.9)
    assert nearest is not None
    assert nearest.count == 2 * curve.least


def test_a_model_that_fits_nowhere_has_a_curve_of_nothing() -> None:
    curve = curve_of(model="llama31-405b", counts=(8, 16))
    assert np.isinf(curve.least)
    assert not curve.rate([8, 1e6]).any()


def test_unknown_hardware_is_refused_with_what_is_missing() -> None:
    with pytest.raises(InputError) as refused:
        curve_of("rubin-ultra")
    assert refused.value.problems[0].code == "E701"
    with pytest.raises(InputError) as refused:
        training_format(chip_of(CATALOG, "h100-sxm"), "fp4")
    assert refused.value.problems[0].code == "E702"


def test_precisions_of_scenarios_are_training_formats() -> None:
    assert training_format(chip_of(CATALOG, "h100-sxm"), "fp8") == "fp8"
    assert training_format(chip_of(CATALOG, "gb300-nvl72"), "fp8") == "mxfp8"
    assert training_format(chip_of(CATALOG, "gb300-nvl72"), "fp4") == "nvfp4"


def test_what_lies_outside_measured_ground_is_said(free: ThroughputCurve) -> None:
    assert any("accelerators: measured up to" in text for text in free.points[-1].outside)
    vera = curve_of("vr-nvl72", counts=(1152,))
    assert vera.reference_id != "vr-nvl72"
    assert any("carried over" in text for text in vera.points[0].outside)


def test_the_critical_batch_follows_the_published_fit() -> None:
    d = CATALOG.defaults
    for tokens in (1e12, 15e12, 1e15):
        ours = critical_batch_tokens(
            tokens, d.critical_batch.value, d.critical_batch_exponent.value
        )
        assert ours == pytest.approx(0.0471 * tokens**0.462 * 2048, rel=0.003)
    limit, decided = batch_limit(CATALOG, 4096, 14.8e12, None)
    assert not decided
    assert 13_000 < limit < 15_360  # DeepSeek-V3: 15,360 sequences of 4096 tokens
    assert batch_limit(CATALOG, 4096, 14.8e12, 15_360 * 4096.0) == (15_360, True)
    with pytest.raises(InputError, match="less than one sequence of 4,096"):
        batch_limit(CATALOG, 4096, 14.8e12, 4095.0)


def test_a_curve_from_disk_is_the_curve(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[int, int]] = []
    counts = (64, 128)
    made = curve_of(counts=counts, progress=lambda done, of: steps.append((done, of)))
    assert steps == [(0, 2), (1, 2)]
    assert len(list(fresh.iterdir())) == 1
    assert curve_of(counts=counts) is made
    monkeypatch.setattr(scaling, "_made", {})
    read = curve_of(counts=counts, progress=lambda *_: pytest.fail("computed again"))
    assert read == made
    assert read is not made


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"key": "x"}', "\x00\xff"])
def test_a_damaged_file_is_computed_again(
    damage: str, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = curve_of(counts=(64,))
    (file,) = fresh.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage.encode("latin-1"))
    monkeypatch.setattr(scaling, "_made", {})
    assert curve_of(counts=(64,)) == made
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    ("name", "value"), [("tokens_per_s", "fast"), ("tokens_per_s", 1e30), ("count", "64")]
)
def test_a_file_with_other_numbers_in_it_is_not_believed(
    name: str, value: object, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = curve_of(counts=(64,))
    (file,) = fresh.iterdir()
    kept = json.loads(file.read_text())
    kept["curve"]["points"][0] |= {name: value, "high": 2e30}
    file.write_text(json.dumps(kept))
    monkeypatch.setattr(scaling, "_made", {})
    assert curve_of(counts=(64,)) == made


def test_a_folder_that_cannot_be_written_to_costs_only_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GIGAWATT_CACHE_DIR", str(tmp_path / "file"))
    assert curve_of(counts=(64,)).points[0].tokens_per_s > 0.0


def test_where_curves_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GIGAWATT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert scaling_cache.folder() == tmp_path / "gigawatt" / "curves"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert scaling_cache.folder() == tmp_path / ".cache" / "gigawatt" / "curves"


def _job() -> scaling._Job:
    architecture = CATALOG.model(MODEL).architecture
    constants = CATALOG.training_calibration.values()
    chip, shape = chip_of(CATALOG, "h100-sxm"), shape_of(architecture)
    return scaling._Job(chip, "bf16", shape, constants, 8192, 512, True, (64,))


def test_the_key_changes_with_everything_a_curve_depends_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = _job()
    others = [
        job,
        replace(job, precision="fp8"),
        replace(job, sequence=4096),
        replace(job, limit=511),
        replace(job, fixed=False),
        replace(job, counts=(64, 128)),
        *(replace(job, shape=job.shape._replace(**{f: -1.0})) for f in job.shape._fields),
        *(replace(job, constants={**job.constants, n: -1.0}) for n in job.constants),
        *(
            replace(job, chip=replace(job.chip, **{name: -1.0}))  # type: ignore[arg-type]
            for name in job.chip.__dataclass_fields__
        ),
        replace(job, chip=replace(job.chip, kernels=chip_of(CATALOG, "h200-sxm").kernels)),
    ]
    keys = [scaling_cache.key_of(other.identity()) for other in others]
    assert len(set(keys)) == len(keys)
    assert scaling_cache.key_of(_job().identity()) == keys[0]
    monkeypatch.setattr(scaling_cache, "__version__", "next")
    assert scaling_cache.key_of(job.identity()) not in keys


def test_a_known_curve_needs_no_compiler(fresh: Path) -> None:
    asked = (
        "import sys; from gigawatt.catalog import Catalog; "
        "from gigawatt.perf.scaling import throughput_curve as t; c = Catalog(); "
        f"t(c, c.model({MODEL!r}).architecture, 'h100-sxm', 'bf16', sequence=8192, tokens=15e12, "
        "counts=(64,)); print('numba' in sys.modules)"
    )
    answers = [
        subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [answer.stdout.strip() for answer in answers] == ["True", "False"]
