"""Measured runs as cases, their prediction, their errors, and the bars that the model must hold."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gigawatt.app.cli import app
from gigawatt.catalog import Catalog
from gigawatt.catalog.calibration import Calibration
from gigawatt.catalog.measured import Run, shipped_runs
from gigawatt.perf.step import FSDP, INTERLEAVED, NO_SHARDING, ZERO1
from gigawatt.perf.validation.cases import Case, cases_of, stack_of
from gigawatt.perf.validation.errors import error_line
from gigawatt.perf.validation.fitting import fit, source_of, weights
from gigawatt.perf.validation.predicting import predict_cases, settle
from gigawatt.perf.validation.report import Validation, validate_training

CATALOG = Catalog()
ROWS = {run.id: run for run in shipped_runs("training")}
LLAMA = next(
    r
    for r in ROWS.values()
    if (r.model, r.gpu, r.pp, r.precision) == ("Llama3-70B", "H100-SXM-80GB", 4, "bf16")
    and "dgxc" in r.source
    and not r.exclude
)


@pytest.fixture(scope="module")
def shipped() -> Validation:
    return validate_training(shipped_runs("training"))


def test_the_model_holds_its_bars_with_one_source_left_out(shipped: Validation) -> None:
    lines = shipped.lines()
    overall, dense, moe = lines["overall"], lines["dense"], lines["moe"]
    assert overall is not None
    assert dense is not None
    assert moe is not None
    assert overall.mape <= 0.09
    assert dense.mape <= 0.07
    assert moe.mape <= 0.18
    assert overall.p90 <= 0.20
    for name, line in shipped.classes()["generation"].items():
        assert line.groups < 8 or abs(line.bias) <= 0.05, name


def test_at_least_85_percent_of_the_usable_rows_are_predicted(shipped: Validation) -> None:
    left = [r for r in shipped.skipped if not r.run.exclude and r.run.workload == "pretrain"]
    assert len(shipped.cases) >= 0.85 * (len(shipped.cases) + len(left))
    assert all(refusal.reason for refusal in shipped.skipped)


def test_single_nodes_hold_their_bar() -> None:
    line = validate_training(shipped_runs("single_node")).lines()["overall"]
    assert line is not None
    assert (line.rows, line.groups) == (490, 490)
    assert line.mape <= 0.12


def test_every_source_was_left_out_once_and_its_constants_differ(shipped: Validation) -> None:
    calibration = CATALOG.training_calibration
    assert {source_of(case) for case in shipped.cases} <= set(calibration.left_out)
    for source, values in calibration.left_out.items():
        assert values.keys() == calibration.constants.keys(), source
        assert values != calibration.values(), source


def test_constants_without_a_source_are_what_a_fit_without_it_gives() -> None:
    """That the record keeps what was fitted, and not what looks best: one source is fitted anew."""
    calibration, left_out = CATALOG.training_calibration, "mosaicml/llm-foundry"
    runs = [run for run in shipped_runs("training") if not run.exclude]
    cases = [*cases_of(runs, CATALOG)[0], *cases_of(shipped_runs("single_node"), CATALOG)[0]]
    kept = [case for case in cases if source_of(case) != left_out]
    assert len(cases) - len(kept) == 56
    anew = fit(kept, settle(kept, calibration.priors()), calibration)
    assert anew == pytest.approx(calibration.values(left_out), rel=2e-3)


def test_a_source_that_was_never_seen_gets_the_constants_fitted_to_all() -> None:
    mine = replace(LLAMA, id="mine", source="my cluster", config_group="")
    found = validate_training([mine])
    assert found.predicted_s[0] == found.in_sample_s[0]
    theirs = validate_training([LLAMA])
    assert theirs.predicted_s[0] != theirs.in_sample_s[0]
    assert theirs.in_sample_s[0] == found.in_sample_s[0]


def case(**changes: object) -> Case:
    run = replace(LLAMA, **changes)  # type: ignore[arg-type]
    (made,), _ = cases_of([run], CATALOG)
    return made


@pytest.mark.parametrize(
    ("changes", "stack"),
    [
        ({"source": "mosaicml/llm-foundry x", "notes": ""}, "fsdp-eager"),
        ({"source": "pytorch/torchtitan x", "notes": ""}, "fsdp-compiled"),
        ({"source": "x", "notes": "MaxText/JAX"}, "jax"),
        ({"source": "x", "notes": "Megatron-DeepSpeed"}, "megatron-deepspeed"),
        ({"source": "x", "notes": "", "source_date": "2022-05"}, "megatron-2021"),
        ({"source": "x", "notes": "", "source_date": "2024-05"}, "megatron-core-2024"),
        ({"source": "x", "notes": "NeMo 24.09", "source_date": "2025-06"}, "megatron-core-2024"),
        ({"source": "x", "notes": "", "source_date": "2025-09"}, "megatron-core-2025"),
        ({"source": "x", "notes": "", "source_date": "2026-08"}, "megatron-core-2026"),
    ],
)
def test_stacks_follow_framework_and_date(changes: dict[str, str], stack: str) -> None:
    assert stack_of(replace(LLAMA, **changes)).name == stack  # type: ignore[arg-type]


def test_what_a_row_leaves_open_is_set_by_rule() -> None:
    blank = case(vpp=None, microbatch_seqs=None, recompute=None)
    # 80 layers on 4 stages: 20 a stage, of which 10 is the largest divisor up to 12
    assert (blank.vpp, blank.schedule, blank.recompute) == (10, INTERLEAVED, None)
    per_replica = LLAMA.global_batch_seqs // blank.dp  # type: ignore[operator]
    assert per_replica // blank.microbatch >= 16
    assert {"stack", "interleaving", "microbatch", "recompute"} <= blank.rules.keys()
    stated = case(vpp=5, microbatch_seqs=1, recompute="full")
    assert (stated.vpp, stated.microbatch, stated.recompute) == (5, 1, 2)
    old = case(source="x", notes="", source_date="2021-04", sharded_optimizer="", vpp=None)
    assert (old.vpp, old.sequence_parallel, old.sharding) == (1, False, NO_SHARDING)
    assert case(sharded_optimizer="").sharding == ZERO1
    assert case(sharded_optimizer="fsdp", pp=1, tp=1, cp=1).sharding == FSDP


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exclude": "known slow"}, "known slow"),
        ({"workload": "lora"}, "not pre-training"),
        ({"tp": 7}, "does not divide"),
        ({"precision": "nvfp4"}, "has no nvfp4"),
        ({"tp": None, "sharded_optimizer": ""}, "parallelism not stated"),
        ({"gpu": "TPUv4"}, "TPU"),
    ],
)
def test_rows_that_cannot_be_predicted_say_why(changes: dict[str, object], reason: str) -> None:
    made, refused = cases_of([replace(LLAMA, **changes)], CATALOG)  # type: ignore[arg-type]
    assert made == []
    assert reason in refused[0].reason


def test_memory_decides_recomputation_and_sharding_where_rows_do_not() -> None:
    roomy = case(recompute=None)
    tight = replace(roomy, chip=replace(roomy.chip, hbm_bytes=50e9))
    tiny = replace(roomy, chip=replace(roomy.chip, hbm_bytes=10e9))
    a, b, c = settle([roomy, tight, tiny], CATALOG.training_calibration.priors())
    assert (a.selective, a.recomputed, a.sharding) == (0.0, 0.0, ZERO1)
    assert b.selective + b.recomputed > 0.0
    assert c.sharding == FSDP


def few() -> list[Case]:
    wanted = ("Llama3-70B", "Llama3-8B", "Nemotron4-15B")
    chosen = [r for r in ROWS.values() if r.model in wanted and r.gpu == "H100-SXM-80GB"]
    return cases_of(chosen[:24], CATALOG)[0]


def test_draws_give_what_constants_give_one_by_one() -> None:
    cases, calibration = few(), CATALOG.training_calibration
    values = calibration.values()
    settled = settle(cases, values)
    draws = {n: v * np.array([[1.0], [1.2]]) for n, v in values.items()}
    both = predict_cases(cases, draws, settled)[0]
    for i, factor in enumerate((1.0, 1.2)):
        alone = predict_cases(cases, {n: v * factor for n, v in values.items()}, settled)[0][0]
        assert both[i] == pytest.approx(alone)


def test_a_fit_finds_the_constants_that_made_the_times() -> None:
    pytest.importorskip("scipy")
    cases, calibration = few(), CATALOG.training_calibration
    truth = calibration.priors() | {"gemm.hopper.bf16": 1.4}
    settled = settle(cases, truth)
    times = predict_cases(cases, truth, settled)[0][0]
    made = [replace(c, measured_s=float(t)) for c, t in zip(cases, times, strict=True)]
    held = {
        name: constant.model_copy(update={"spread": 1e-4 if name != "gemm.hopper.bf16" else 0.5})
        for name, constant in calibration.constants.items()
    }
    free: Calibration = calibration.model_copy(update={"constants": held})
    assert fit(made, settled, free)["gemm.hopper.bf16"] == pytest.approx(1.4, rel=0.01)


def test_repeats_of_a_configuration_weigh_one() -> None:
    cases = few()
    assert weights(cases).sum() == pytest.approx(len({c.run.config_group for c in cases}))
    one = [replace(c, run=replace(c.run, config_group="g")) for c in cases[:2]]
    other = replace(cases[2], run=replace(cases[2].run, config_group="h"))
    line = error_line([*one, other], np.array([0.1, -0.3, 0.4]))
    assert line is not None
    assert (line.rows, line.groups) == (3, 2)
    assert line.mape == pytest.approx((0.2 + 0.4) / 2)
    assert line.bias == pytest.approx((-0.1 + 0.4) / 2)


def command(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["validate", "training", *arguments])
    return answer.exit_code, answer.output


def write(path: Path, run: Run, **changes: str) -> Path:
    cells = {k: "" if v is None else str(v) for k, v in asdict(run).items()} | changes
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(cells))
        writer.writeheader()
        writer.writerow(cells)
    return path


def test_the_command_answers_for_a_table_of_ones_own(tmp_path: Path) -> None:
    code, text = command("--data", str(write(tmp_path / "a.csv", LLAMA)), "--json", "--rows")
    answer = json.loads(text)
    assert code == 0
    assert answer["overall"]["rows"] == answer["dense"]["rows"] == len(answer["rows"]) == 1
    assert answer["moe"] is None
    assert answer["skipped"] == []
    assert {"rows", "groups", "mape", "median", "bias", "p90"} == answer["overall"].keys()


def test_a_table_of_excluded_rows_is_an_answer(tmp_path: Path) -> None:
    table = write(tmp_path / "a.csv", LLAMA, exclude="not mine")
    code, text = command("--data", str(table), "--json")
    answer = json.loads(text)
    assert (code, answer["overall"], answer["coverage"]) == (0, None, None)
    assert answer["skipped"][0]["reason"] == "not mine"
