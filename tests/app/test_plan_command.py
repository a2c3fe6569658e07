"""`gigawatt plan`: the answer as JSON and as text, the run folder, and what is refused."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import xarray as xr

import gigawatt as gw
from gigawatt.scenario import shipped_scenarios
from scenarios import GOOD

SHIPPED = sorted(shipped_scenarios())
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
Command = Callable[..., Any]


def strict_json(text: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def months_in(data: Any, key: str = "") -> Iterator[Any]:
    if isinstance(data, dict):
        for name, value in data.items():
            yield from months_in(value, name)
    elif isinstance(data, list):
        for value in data:
            yield from months_in(value, key)
    elif key in {"month", "start", "end", "from", "to", "by", "met"} and data is not None:
        yield data


@pytest.mark.parametrize("name", SHIPPED)
def test_json_has_what_is_promised(name: str, command: Command) -> None:
    answer = command("plan", name, "--json", "--no-save")
    assert (answer.code, answer.err) == (0, "")
    summary = strict_json(answer.out)
    small = {"one-campus", "gpu-loan"}  # they stay below a gigawatt
    assert bool(summary["gigawatts"]) is (name not in small)
    for row in summary["gigawatts"]:
        assert row["basis"] in {"it", "facility", "grid"}
        assert isinstance(row["gw"], int)
        assert MONTH.fullmatch(row["month"])
    assert summary["accelerators"]
    for row in summary["accelerators"].values():
        assert row["dies"] >= row["packages"] >= 0
    for row in summary["tranches"]:
        assert isinstance(row["name"], str)
        assert MONTH.fullmatch(row["month"])
        assert row["usd"] > 0
    for key in ("energy_mwh", "cost_usd", "funding_gap_usd"):
        assert isinstance(summary[key], (int, float))
    assert summary["assumptions"]
    assert summary["warnings"] == []
    assert summary["run"] is None


@pytest.mark.parametrize("name", SHIPPED)
def test_every_month_is_written_as_year_and_month(
    name: str, shipped_plans: dict[str, gw.Plan]
) -> None:
    dated = [m for m in months_in(shipped_plans[name].summary()) if re.match(r"\d{4}", str(m))]
    assert len(dated) > 5
    assert all(MONTH.fullmatch(month) for month in dated)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_command_and_python_give_the_same(
    name: str, command: Command, shipped_plans: dict[str, gw.Plan]
) -> None:
    summary = strict_json(command("plan", name, "--json", "--no-save").out)
    del summary["run"]
    assert summary == json.loads(json.dumps(shipped_plans[name].summary()))


def test_a_process_of_its_own_gives_the_same_and_writes_a_run(
    process: Command, tmp_path: Path, shipped_plans: dict[str, gw.Plan]
) -> None:
    done = process("plan", "nvidia-openai-10gw", "--json", "--no-report")
    assert (done.returncode, done.stderr) == (0, "")
    summary = strict_json(done.stdout)
    assert summary.pop("run") == str(Path("runs/0001"))
    assert summary == json.loads(json.dumps(shipped_plans["nvidia-openai-10gw"].summary()))
    files = contents(tmp_path / "runs" / "0001")
    assert {"run.json", "scenario.yaml"} < set(files)
    record = json.loads(files["run.json"])
    assert record["gigawatt"] == gw.__version__
    assert {"catalog_hash", "seed", "warnings"} <= set(record)
    assert sum(name.endswith(".parquet") for name in files) > 5


def test_the_text_names_the_same_figures(command: Command) -> None:
    answer = command("plan", "nvidia-openai-10gw", "--no-save")
    assert answer.code == 0
    first, *rest = answer.out.splitlines()
    assert first.startswith("NVIDIA–OpenAI 10 GW letter of intent")
    assert first.endswith("2026-07 → 2036-06 · 120 months")
    text = "\n".join(rest)
    for word in ("gigawatt", "accelerators", "cost of the build-out", "funding gap", "assumptions"):
        assert word in text


def test_the_report_is_made_and_named_last(command: Command, tmp_path: Path) -> None:
    answer = command("plan", "one-campus")
    assert answer.out.splitlines()[-1] == f"report: {Path('runs/0001/report.html')}"
    page = (tmp_path / "runs/0001/report.html").read_text(encoding="utf-8")
    assert "One campus" in page


def test_without_its_extra_there_is_no_report_and_a_word_about_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "plotly" else found(name, *a)
    )
    answer = command("plan", "one-campus", "--json")
    assert answer.code == 0
    assert "gigawatt[report]" in answer.err
    assert strict_json(answer.out)["run"] == str(Path("runs/0001"))
    assert not (tmp_path / "runs/0001/report.html").exists()


def test_two_runs_do_not_share_a_folder(command: Command, tmp_path: Path) -> None:
    for number in ("0001", "0002"):
        answer = command("plan", "one-campus", "--no-report", "--json")
        assert strict_json(answer.out)["run"] == str(Path("runs") / number)
    first, second = (contents(tmp_path / "runs" / n) for n in ("0001", "0002"))
    assert set(first) == set(second)
    same = {name for name in first if first[name] == second[name]}
    assert set(first) - same <= {"run.json"}  # the time of writing


def test_a_number_is_not_given_again_while_a_later_run_stands(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "mine" / "0041").mkdir(parents=True)
    (tmp_path / "mine" / "notes").mkdir()
    answer = command("plan", "one-campus", "--no-report", "--json", "--runs", "mine")
    assert strict_json(answer.out)["run"] == str(Path("mine/0042"))


def test_a_folder_can_be_named(command: Command, tmp_path: Path) -> None:
    answer = command("plan", "one-campus", "--no-report", "--json", "--out", "a/b/deal")
    assert answer.code == 0
    assert (tmp_path / "a/b/deal/run.json").is_file()
    assert not (tmp_path / "runs").exists()


def test_an_empty_folder_may_be_given(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert command("plan", "one-campus", "--no-report", "--out", "empty").code == 0
    assert (tmp_path / "empty/run.json").is_file()


@pytest.mark.parametrize("kind", ["folder", "file", "run"])
def test_what_is_there_is_never_written_into(kind: str, command: Command, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("keep me")
    elif kind == "folder":
        out.mkdir()
        (out / "notes.txt").write_text("keep me")
    else:
        command("plan", "one-campus", "--no-report", "--out", "out")
    before = contents(tmp_path)
    answer = command("plan", "one-campus", "--no-report", "--json", "--out", "out")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("E501")
    assert contents(tmp_path) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]


def test_runs_that_cannot_be_made(command: Command, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    answer = command("plan", "one-campus", "--no-report")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("E502")
    assert "--runs" in answer.err


def test_a_folder_name_too_long_for_the_disk(command: Command, tmp_path: Path) -> None:
    answer = command("plan", "one-campus", "--no-report", "--out", "n" * 300)
    assert answer.code == 2
    assert answer.err.startswith("E502")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("edit", "code", "line"),
    [
        (("2028-01: 100 MW", "2028-01: 843 GWh"), "E214", 9),
        (("2028-01: 100 MW", "2028-01: 121 MW"), "E302", 9),
        (("    pue: 1.2", "    peu: 1.2"), "E201", 11),
        (("10 GUSD/GW", "30 GUSD/GW"), "E305", 22),
    ],
)
def test_bad_input_gives_code_file_and_line_and_no_folder(
    edit: tuple[str, str], code: str, line: int, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "deal.yaml").write_text(GOOD.replace(*edit), encoding="utf-8")
    answer = command("plan", "deal.yaml", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"{code} deal.yaml:{line} ")
    assert "Traceback" not in answer.err
    assert [p.name for p in tmp_path.iterdir()] == ["deal.yaml"]


def test_a_plan_that_is_refused_leaves_no_folder(command: Command, tmp_path: Path) -> None:
    late = "lags={installed_to_commissioned: 90 months}"
    answer = command("plan", "one-campus", "--set", late)
    assert answer.code == 2
    assert answer.err.startswith("E306 ")
    assert list(tmp_path.iterdir()) == []


def test_several_findings_are_counted(command: Command) -> None:
    answer = command("plan", "one-campus", "-s", "sites.prairie.pue=0.1", "-s", "nmae=x")
    assert answer.code == 2
    assert answer.err.splitlines()[-1] == "2 problems."


def test_an_unknown_name_is_suggested(command: Command) -> None:
    answer = command("plan", "one-camps")
    assert answer.code == 2
    assert "Did you mean 'one-campus'?" in answer.err


def test_overrides_and_settings_are_laid_over(command: Command) -> None:
    answer = command(
        "plan", "one-campus", "--no-save", "--json",
        "-o", "no-rubin", "--set", "horizon.months=24", "-s", "sites.prairie.power.2028-06=",
    )  # fmt: skip
    summary = strict_json(answer.out)
    assert list(summary["accelerators"]) == ["gb300-nvl72"]
    assert summary["horizon"]["months"] == 24


def test_an_unknown_option_is_bad_input(command: Command) -> None:
    answer = command("plan", "one-campus", "--jsn")
    assert answer.code == 2
    assert "--json" in answer.err


def test_netcdf_holds_every_figure_with_its_unit(
    command: Command, tmp_path: Path, shipped_plans: dict[str, gw.Plan]
) -> None:
    assert command("plan", "one-campus", "--no-report", "--netcdf", "--out", "run").code == 0
    plan = shipped_plans["one-campus"]
    with xr.open_datatree(tmp_path / "run/plan.nc", engine="h5netcdf") as tree:
        for group in ("power", "fleet", "milestones", "finance", "training", "inputs"):
            for name, array in plan.tree[group].to_dataset().data_vars.items():
                if 0 in array.shape:
                    continue
                read = tree[group][name]
                np.testing.assert_array_equal(read.values, array.values)
                assert read.attrs["units"] == array.attrs["units"]
        assert str(tree["fleet"]["month"].values[0])[:7] == "2026-07"


def test_netcdf_without_its_extra_is_refused_before_anything_is_written(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "h5netcdf" else found(n, *a)
    )
    answer = command("plan", "one-campus", "--no-report", "--netcdf")
    assert answer.code == 2
    assert answer.err.startswith("E601")
    assert "gigawatt[netcdf]" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_csv_holds_the_same_rows_as_parquet(command: Command, tmp_path: Path) -> None:
    assert command("plan", "one-campus", "--no-report", "--csv", "--out", "run").code == 0
    tables = tmp_path / "run/tables"
    parquets = sorted(tables.glob("*.parquet"))
    assert len(parquets) == len(list(tables.glob("*.csv"))) > 5
    for path in parquets:
        table = pq.read_table(path)
        with path.with_suffix(".csv").open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        assert header == table.column_names
        assert len(rows) == table.num_rows
    table = pq.read_table(tables / "fleet_month_site_system.parquet")
    with (tables / "fleet_month_site_system.csv").open(encoding="utf-8", newline="") as stream:
        racks = [float(row["packages"]) for row in csv.DictReader(stream)]
    assert racks == table.column("packages").to_pylist()


def test_the_module_and_the_script_are_the_same_command(
    process: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    assert process("--version").stdout == f"gigawatt {gw.__version__}\n"
