"""Tables of measured runs: what is shipped, what is read, and what is refused with words."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from gigawatt.catalog.measured import COLUMNS, MEASURED, Run, read_runs, shipped_runs
from gigawatt.core.errors import CatalogError, Problem

ROW: Mapping[str, str] = {
    **dict.fromkeys(COLUMNS, ""),
    "id": "mine-1",
    "source": "mine/repository @1 README.md",
    "gpu": "H100-SXM-80GB",
    "gpus": "64",
    "model": "Llama3-8B",
    "workload": "pretrain",
}


def write(folder: Path, *rows: Mapping[str, str], columns: tuple[str, ...] = COLUMNS) -> Path:
    file = folder / "runs.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return file


def refused(file: Path) -> list[Problem]:
    with pytest.raises(CatalogError) as caught:
        read_runs(file)
    problems = list(caught.value.problems)
    assert {problem.code for problem in problems} == {"E405"}
    assert {problem.origin.file for problem in problems} == {str(file)}
    return problems


def test_what_is_shipped() -> None:
    training, small = shipped_runs("training"), shipped_runs("single_node")
    assert (len(training), len(small)) == (610, 490)
    assert Counter(run.workload for run in training) == {"pretrain": 600, "sft": 5, "lora": 5}
    assert sum(1 for run in training if not run.exclude) == 563
    assert not any(run.exclude for run in small)
    assert {run.gpus for run in small} == {2, 4, 8}
    assert len({run.id for run in (*training, *small)}) == 1100


def test_a_row_is_read_with_its_types() -> None:
    run = next(run for run in shipped_runs("training") if run.id == "bloom-tune-25")
    assert (run.layers, run.hidden, run.heads, run.tp, run.pp) == (72, 14336, 128, 8, 6)
    assert run.iteration_time_s == run.step_time_s == 124.89
    assert run.mfu is None
    assert run.vocab is None
    assert run.precision is None
    assert run.recompute == "full"
    assert run.sharded_optimizer == "zero1"


def test_source_groups() -> None:
    groups = Counter(run.source_group for run in shipped_runs("training"))
    assert groups["mlcommons/training_results"] == 27
    assert groups["NVIDIA-NeMo/Megatron-Bridge"] == 141
    assert groups["Korthikanti"] == 9
    assert not any(group.startswith("mlcommons/training_results_") for group in groups)
    small = {run.source_group for run in shipped_runs("single_node")}
    assert small == {"VIA-Research/vTrain"}
    assert groups["VIA-Research/vTrain"] == 109


def test_runs_of_one_group_share_what_decides_their_time() -> None:
    told_apart: dict[str, set[tuple[object, ...]]] = {}
    for run in shipped_runs("training"):
        sizes = (run.model, run.gpu, run.gpus, run.hidden, run.layers, run.heads or 64, run.seq_len)
        settings = (run.global_batch_seqs, run.microbatch_seqs, run.tp, run.pp, run.cp, run.ep)
        told_apart.setdefault(run.config_group, set()).add((*sizes, *settings, run.precision))
    assert {group for group, kinds in told_apart.items() if len(kinds) > 1} == set()


def test_step_time_of_a_run_that_reports_tokens_only() -> None:
    by_hand = {"global_batch_seqs": 16, "seq_len": 8192, "gpus": 8, "tokens_per_s_per_gpu": 8532.0}
    blank: dict[str, object] = dict.fromkeys(COLUMNS)
    texts = {name: "" for name in COLUMNS if Run.__annotations__[name] == "str"}
    run = Run(**{**blank, **texts, **by_hand})  # type: ignore[arg-type]
    assert run.step_time_s == pytest.approx(16 * 8192 / (8 * 8532))
    assert Run(**{**blank, **texts, **by_hand, "seq_len": None}).step_time_s is None  # type: ignore[arg-type]


def test_stated_derived_and_computed_times_agree() -> None:
    for run in shipped_runs("training"):
        if run.exclude or not (run.iteration_time_s and run.tokens_per_s_per_gpu):
            continue
        assert run.global_batch_seqs is not None
        assert run.seq_len is not None
        tokens = run.global_batch_seqs * run.seq_len
        computed = tokens / (run.gpus * run.tokens_per_s_per_gpu)
        assert computed == pytest.approx(run.iteration_time_s, rel=0.02), run.id


def test_reading_is_fast() -> None:
    times = []
    for _ in range(5):
        start = time.process_time()
        read_runs(MEASURED / "training_runs.csv")
        times.append(time.process_time() - start)
    assert min(times) < 0.1  # a fifth of that on an idle machine


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    file = write(tmp_path, ROW, columns=tuple(reversed(COLUMNS)))
    (run,) = read_runs(file)
    assert (run.id, run.gpus, run.layers, run.notes) == ("mine-1", 64, None, "")


def test_cells_as_programs_write_them(tmp_path: Path) -> None:
    """A column of whole numbers with blanks is written as 64.0, and words come in any case."""
    (run,) = read_runs(write(tmp_path, {**ROW, "gpus": "64.0", "precision": "BF16"}))
    assert (run.gpus, run.precision) == (64, "bf16")


@pytest.mark.parametrize(
    ("column", "cell", "fix"),
    [
        ("gpus", "64.5", "a whole number from 1"),
        ("gpus", ".0", "a whole number from 1"),
        ("gpus", "0", "a whole number from 1"),
        ("gpus", "", "may not be blank"),
        ("layers", "many", "or blank"),
        ("tp", "²", "or blank"),
        ("iteration_time_s", "-1", "a positive number"),
        ("iteration_time_s", "nan", "a positive number"),
        ("iteration_time_s", "1e-300", "1e-09 to 1e+15"),
        ("tokens_per_s_per_gpu", "1e308", "1e-09 to 1e+15"),
        ("mfu", "43 %", "a positive number"),
        ("workload", "inference", "pretrain, sft, lora"),
        ("workload", "", "may not be blank"),
        ("recompute", "some", "none, selective, full"),
        ("precision", "int8", "fp16, bf16, fp8, fp8-mxfp8, mxfp8, nvfp4"),
        ("model", " ", "may not be blank"),
    ],
)
def test_cells_that_cannot_be_read(column: str, cell: str, fix: str, tmp_path: Path) -> None:
    (problem,) = refused(write(tmp_path, ROW, {**ROW, "id": "mine-2", column: cell}))
    assert (problem.origin.line, problem.path) == (3, column)
    assert repr(cell) in problem.message
    assert fix in problem.fix


def test_a_cell_of_many_digits_is_shown_in_part(tmp_path: Path) -> None:
    (problem,) = refused(write(tmp_path, ROW, {**ROW, "id": "mine-2", "layers": "9" * 5000}))
    assert len(problem.message) < 100
    assert "a whole number" in problem.fix


def test_all_findings_come_at_once(tmp_path: Path) -> None:
    first, second = {**ROW, "gpus": "x", "tp": "y"}, {**ROW, "id": "b", "workload": "z"}
    problems = refused(write(tmp_path, first, second))
    assert [(p.origin.line, p.path) for p in problems] == [(2, "gpus"), (2, "tp"), (3, "workload")]


def test_an_id_stands_once(tmp_path: Path) -> None:
    (problem,) = refused(write(tmp_path, ROW, ROW))
    assert "also stands in line 2" in problem.message


def test_columns_that_are_missing_or_doubled(tmp_path: Path) -> None:
    columns = tuple(name for name in COLUMNS if name != "heads")
    (problem,) = refused(write(tmp_path, ROW, columns=columns))
    assert (problem.origin.line, problem.path) == (1, "heads")
    (problem,) = refused(write(tmp_path, ROW, columns=(*COLUMNS, "tp")))
    assert "stands twice" in problem.message


def test_a_table_may_have_more_columns_and_do_without_some(tmp_path: Path) -> None:
    (run,) = read_runs(write(tmp_path, ROW, columns=(*COLUMNS, "colour")))
    short = tuple(name for name in COLUMNS if name not in {"exclude", "notes", "dp"})
    (same,) = read_runs(write(tmp_path, ROW, columns=short))
    assert (same.id, same.tp, same.exclude, same.dp) == (run.id, run.tp, "", None)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    (problem,) = refused(file)
    assert "cannot be read" in problem.message
    file.write_bytes(b"")
    assert "is empty" in refused(file)[0].message
    file.write_bytes(b"id,source\n\xff")
    assert "not UTF-8" in refused(file)[0].message
    file.write_text(",".join(COLUMNS) + "\nmine,\n", encoding="utf-8")
    assert "2 cells, not 39" in refused(file)[0].message
    file.write_text(",".join(COLUMNS) + '\n"mine', encoding="utf-8")
    assert "comma-separated" in refused(file)[0].message
