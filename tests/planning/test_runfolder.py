"""A plan on disk is the plan: bit by bit, with its evidence, its lines and its cents."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

import gigawatt as gw
from gigawatt.planning import is_run
from gigawatt.planning.figures import FIGURES
from gigawatt.scenario import Scenario, shipped_scenarios

SHIPPED = sorted(shipped_scenarios())


def assert_same(loaded: gw.Plan, made: gw.Plan) -> None:
    assert set(loaded.tree.groups) == set(made.tree.groups)
    for group in made.tree.groups:
        fresh, read = made.tree[group].to_dataset(), loaded.tree[group].to_dataset()
        assert set(read.data_vars) == set(fresh.data_vars)
        for name, array in fresh.data_vars.items():
            again = read[name]
            assert again.dims == array.dims
            assert again.values.dtype == array.values.dtype
            assert again.values.tobytes() == np.ascontiguousarray(array.values).tobytes(), name
            assert again.attrs == {key: str(value) for key, value in array.attrs.items()}
            for dim in array.dims:
                assert again[dim].values.tolist() == array[dim].values.tolist()
    assert loaded.summary() == made.summary()
    assert loaded.evidence == made.evidence
    assert dict(loaded.tranches) == dict(made.tranches)
    assert loaded.warnings == made.warnings
    assert loaded.scenario.leaves() == made.scenario.leaves()


@pytest.fixture(params=[*SHIPPED, "rich"])
def made(
    request: pytest.FixtureRequest, shipped_plans: dict[str, gw.Plan], scenarios: ModuleType
) -> gw.Plan:
    if request.param == "rich":
        return gw.plan(Scenario.from_dict(scenarios.rich()))
    return shipped_plans[request.param]


@pytest.fixture(scope="module")
def rich_run(
    tmp_path_factory: pytest.TempPathFactory, scenarios: ModuleType
) -> tuple[gw.Plan, gw.Plan]:
    """A plan, and the same read back."""
    made = gw.plan(Scenario.from_dict(scenarios.rich()))
    return made, gw.load_run(gw.save_run(made, tmp_path_factory.mktemp("runs") / "run"))


def test_a_saved_plan_is_read_back_as_it_was(made: gw.Plan, tmp_path: Path) -> None:
    assert_same(gw.load_run(gw.save_run(made, tmp_path / "run")), made)


def test_a_plan_that_was_read_can_be_saved_again(tmp_path: Path, made: gw.Plan) -> None:
    first = gw.save_run(made, tmp_path / "first")
    second = gw.save_run(gw.load_run(first), tmp_path / "second")
    assert_same(gw.load_run(second), made)
    records = [json.loads((path / "run.json").read_text()) for path in (first, second)]
    for record in records:
        del record["written"]
    assert records[0] == records[1]


EXPLAINED = (
    "power.binding", "power.energy_mwh", "fleet.packages", "fleet.racks_in_store",
    "milestones.counted_gw", "partners.cost_usd", "finance.investment_usd",
    "finance.gigawatt_cost_usd", "training.finish_month", "inputs.supply", "inputs.price_usd",
)  # fmt: skip


@pytest.mark.parametrize("name", EXPLAINED)
def test_explaining_a_run_is_explaining_the_plan(
    name: str, rich_run: tuple[gw.Plan, gw.Plan]
) -> None:
    made, loaded = rich_run
    assert gw.explain(loaded, name) == gw.explain(made, name)
    assert str(gw.explain(loaded, name, at="2027-09")) == str(gw.explain(made, name, at="2027-09"))


def test_lines_survive_and_name_the_file_that_was_planned(
    tmp_path: Path, shipped_plans: dict[str, gw.Plan]
) -> None:
    loaded = gw.load_run(gw.save_run(shipped_plans["one-campus"], tmp_path / "run"))
    tree = loaded.scenario.tree
    assert str(tree.origin("sites.prairie.pue")) == "shipped/one-campus.yaml:17"
    assert tree.origins == shipped_plans["one-campus"].scenario.tree.origins
    overridden = gw.plan(gw.load("one-campus", overrides=["late-grid"]))
    again = gw.load_run(gw.save_run(overridden, tmp_path / "late"))
    assert str(again.scenario.tree.origin("sites.prairie.power.2027-12")).endswith("yaml:57")


def test_cents_survive(tmp_path: Path, scenarios: ModuleType) -> None:
    odd = {
        ("investment", "vendor", "tranche"): "9.99999999999 GUSD/GW",
        ("investment", "vendor", "cap"): "2.50000000007 GUSD",
    }
    plan = gw.plan(Scenario.from_dict(scenarios.changed(scenarios.rich(), odd)))
    loaded = gw.load_run(gw.save_run(plan, tmp_path / "run"))
    amounts = [tranche.usd for tranche in loaded.tranches["vendor"]]
    assert all(isinstance(amount, Decimal) for amount in amounts)
    assert amounts[:1] == [Decimal("1000000000.00")]
    assert sum(amounts) == Decimal("2500000000.07")


def test_a_run_can_be_overridden_and_planned_again(
    tmp_path: Path, shipped_plans: dict[str, gw.Plan]
) -> None:
    loaded = gw.load_run(gw.save_run(shipped_plans["one-campus"], tmp_path / "run"))
    late = gw.plan(loaded.scenario.override("late-grid"))
    fresh = gw.plan(gw.load("one-campus", overrides=["late-grid"]))
    assert late.summary() == fresh.summary()


def test_the_scenario_of_a_run_plans_to_the_same(made: gw.Plan, tmp_path: Path) -> None:
    run = gw.save_run(made, tmp_path / "run")
    again = gw.plan(gw.load(run))
    for figure in FIGURES:
        np.testing.assert_array_equal(again[figure.name].values, made[figure.name].values)


OWN_SYSTEM = """\
name: My rack
vendor: Mine
generation: first
unit: rack
packages_per_rack: {value: 8, source: own, as_of: "2026", confidence: assumed}
dies_per_package: {value: 1, source: own, as_of: "2026", confidence: assumed}
rack_power: {value: 60 kW, source: own, as_of: "2026", confidence: assumed}
price: {value: 2 MUSD/rack, source: own, as_of: "2026", confidence: assumed}
available: {value: 2026-01, source: own, as_of: "2026", confidence: assumed}
peak:
  bf16: {value: 1 PFLOP/s, source: own, as_of: "2026", confidence: assumed}
mfu:
  bf16: {value: 40 %, source: own, as_of: "2026", confidence: assumed}
"""
LLAMA = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 4096,
    "intermediate_size": 14336, "num_attention_heads": 32, "num_hidden_layers": 32,
    "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 8192,
    "tie_word_embeddings": False,
}  # fmt: skip


@pytest.fixture
def own_records(tmp_path: Path, scenarios: ModuleType) -> Path:
    """A scenario that reads a catalog folder and a config.json beside its file."""
    home = tmp_path / "home"
    (home / "mine" / "systems").mkdir(parents=True)
    (home / "mine" / "systems" / "my-rack.yaml").write_text(OWN_SYSTEM)
    (home / "model").mkdir()
    (home / "model" / "config.json").write_text(json.dumps(LLAMA))
    changes = {
        ("hardware",): {"my-rack": {}},
        ("catalog", "folder"): "mine",
        ("workloads",): {
            "training": {
                "t": {"model": "model", "tokens": "1 Ttoken"},
                "law": {
                    "compute_optimal": {
                        "compute": "1e22 FLOP",
                        "law": "chinchilla",
                        "like": "model",
                    }
                },
            },
            "serving": {
                "s": {
                    "model": "model",
                    "demand": {"2027-06": "1 Gtoken/day"},
                    "mix": {"input": "1 ktoken", "output": "1 ktoken"},
                    "slo": {"ttft": "2 s", "tpot": "50 ms"},
                },
            },
        },
    }
    path = home / "deal.yaml"
    path.write_text(yaml.safe_dump(scenarios.changed(scenarios.small(), changes)))
    return path


def test_a_run_needs_nothing_that_stood_beside_its_scenario(
    own_records: Path, tmp_path: Path
) -> None:
    made = gw.plan(gw.load(own_records))
    run = gw.save_run(made, tmp_path / "runs" / "0001")
    shutil.rmtree(own_records.parent)
    moved = run.rename(tmp_path / "elsewhere")
    loaded = gw.load_run(moved)
    assert loaded.summary()["accelerators"] == made.summary()["accelerators"]
    assert loaded.summary() == made.summary()
    replanned = gw.plan(gw.load(moved))
    assert replanned.summary()["training"] == made.summary()["training"]
    assert replanned.summary()["serving"] == made.summary()["serving"]
    assert replanned.summary()["cost_usd"] == made.summary()["cost_usd"]


# --- damage -----------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path, shipped_plans: dict[str, gw.Plan]) -> Path:
    return gw.save_run(shipped_plans["one-campus"], tmp_path / "run")


def in_record(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """Damage to run.json."""

    def damage(run: Path) -> None:
        record = json.loads((run / "run.json").read_text())
        change(record)
        (run / "run.json").write_text(json.dumps(record))

    return damage


def cut(name: str) -> Callable[[Path], object]:
    def damage(run: Path) -> None:
        content = (run / name).read_bytes()
        (run / name).write_bytes(content[: len(content) // 2])

    return damage


def swap(one: str, other: str) -> Callable[[Path], object]:
    return lambda run: shutil.copy(run / "tables" / one, run / "tables" / other)


def fewer_rows(run: Path) -> None:
    path = run / "tables" / "fleet_month_site_system.parquet"
    pq.write_table(pq.read_table(path).slice(0, 5), path)


def no_metadata(run: Path) -> None:
    path = run / "tables" / "fleet_month_site_system.parquet"
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no run.json": lambda run: (run / "run.json").unlink(),
    "no scenario": lambda run: (run / "scenario.yaml").unlink(),
    "no tables": lambda run: shutil.rmtree(run / "tables"),
    "one table missing": lambda run: (run / "tables/fleet_month_site_system.parquet").unlink(),
    "truncated record": cut("run.json"),
    "empty record": lambda run: (run / "run.json").write_text(""),
    "a record that is a list": lambda run: (run / "run.json").write_text("[]"),
    "a record that is not text": lambda run: (run / "run.json").write_bytes(b"\xff\xfe"),
    "truncated table": cut("tables/fleet_month_site_system.parquet"),
    "a table that is none": lambda run: (run / "tables/fleet_month.parquet").write_text("x"),
    "a table of other axes": swap("power_month_site.parquet", "fleet_month_site_system.parquet"),
    "a table with fewer rows": fewer_rows,
    "a table without labels": no_metadata,
    "no format": in_record(lambda r: r.pop("format")),
    "a format of words": in_record(lambda r: r.update(format="new")),
    "no evidence": in_record(lambda r: r.pop("evidence")),
    "evidence of another form": in_record(lambda r: r.update(evidence=[1, 2])),
    "tranches of another form": in_record(lambda r: r.update(tranches=["x"])),
    "an amount that is no number": in_record(lambda r: r["tranches"]["vendor"][0].update(usd="x")),
    "origins of another form": in_record(lambda r: r.update(origins=[])),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_run_is_told_so(kind: str, run: Path) -> None:
    DAMAGE[kind](run)
    with pytest.raises(gw.errors.RunFolderError, match="E504") as caught:
        gw.load_run(run)
    assert caught.value.exit_code == 2
    assert str(run) in caught.value.problems[0].message


def test_a_run_of_a_later_version_asks_for_an_upgrade(run: Path) -> None:
    in_record(lambda r: r.update(format=99, gigawatt="9.9.9"))(run)
    with pytest.raises(gw.errors.RunFolderError, match=r"E504[\s\S]*9\.9\.9[\s\S]*Upgrade"):
        gw.load_run(run)


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_that_is_no_run(name: str, tmp_path: Path) -> None:
    assert not is_run(tmp_path / name)
    with pytest.raises(gw.errors.RunFolderError, match="E504"):
        gw.load_run(tmp_path / name)


def test_a_run_is_recognised(run: Path) -> None:
    assert is_run(run)


# --- writing ----------------------------------------------------------------------------------


def test_a_report_that_fails_leaves_no_run(
    tmp_path: Path, shipped_plans: dict[str, gw.Plan]
) -> None:
    def broken(plan: gw.Plan, name: str) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        gw.save_run(shipped_plans["one-campus"], tmp_path / "run", report=broken)
    assert list(tmp_path.iterdir()) == []


def test_the_report_is_told_the_name_of_its_run_where_it_cannot_change(
    tmp_path: Path, shipped_plans: dict[str, gw.Plan]
) -> None:
    plan = shipped_plans["one-campus"]
    named = gw.save_run(plan, tmp_path / "deal", report=lambda plan, name: f"<p>{name}")
    assert (named / "report.html").read_text() == "<p>deal"
    numbered = gw.save_run(plan, runs=tmp_path, report=lambda plan, name: f"<p>{name}")
    assert (numbered.name, (numbered / "report.html").read_text()) == ("0001", "<p>")


@pytest.mark.parametrize(("kib", "netcdf"), [(48, False), (200, True)], ids=["tables", "netcdf"])
def test_a_full_disk_leaves_no_run(kib: int, netcdf: bool, tmp_path: Path) -> None:
    """Written by a process of its own, for a library that crashes takes its process along."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip("needs root, to mount a tiny file system")
    command = ["plan", "one-campus", "--no-report", "--runs", "disk/runs"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "gigawatt", *command, *(["--netcdf"] if netcdf else [])],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        left = [str(p.relative_to(disk)) for p in disk.rglob("*")]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("E503")
    assert left == ["runs"]
