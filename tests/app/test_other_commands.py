"""`check`, `compare`, `explain`, `new`, `schema`, `catalog`: answers, JSON, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gigawatt as gw
from gigawatt.catalog import KINDS, Catalog
from gigawatt.planning.figures import FIGURES
from gigawatt.scenario import shipped_scenarios
from scenarios import GOOD

Command = Callable[..., Any]
WARNED = GOOD.replace("cap: 1 GUSD", "cap: 9 GUSD")  # more than its gigawatts ever release


def strict_json(text: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def answered(answer: Any) -> Any:
    """The JSON of a command that went well and said nothing else."""
    assert (answer.code, answer.err) == (0, "")
    return strict_json(answer.out)


# --- check ------------------------------------------------------------------------------------


def test_check_says_that_a_scenario_can_be_planned_and_writes_nothing(
    command: Command, tmp_path: Path
) -> None:
    answer = command("check", "nvidia-openai-10gw", "--strict")
    assert (answer.code, answer.err) == (0, "")
    assert "can be planned. 5 sites, 2 systems, 4 partners, 120 months" in answer.out
    assert list(tmp_path.iterdir()) == []


def test_check_tells_warnings_and_strict_refuses_them(command: Command, tmp_path: Path) -> None:
    (tmp_path / "deal.yaml").write_text(WARNED, encoding="utf-8")
    lenient = command("check", "deal.yaml")
    assert lenient.code == 0
    assert lenient.out.startswith("W111 deal.yaml:19 investment.vendor")
    (row,) = answered(command("check", "deal.yaml", "--json"))
    assert (row["code"], row["where"]) == ("W111", "deal.yaml:19")
    strict = command("check", "deal.yaml", "--strict", "--json")
    assert (strict.code, strict.out) == (2, "")
    assert strict.err.startswith("W111 deal.yaml:19 ")


def test_check_sees_what_only_planning_finds(command: Command) -> None:
    answer = command("check", "one-campus", "-s", "lags.installed_to_service=500 months")
    assert answer.code == 2
    assert answer.err.startswith("E306 ")


# --- compare ----------------------------------------------------------------------------------


def test_compare_with_an_override_says_what_it_changed_and_moved(command: Command) -> None:
    data = answered(command("compare", "one-campus", "--override", "late-grid", "--json"))
    changed = {row["what"] for row in data["inputs"]}
    assert changed == {
        f"sites.prairie.power.{month}" for month in ("2027-06", "2027-12", "2028-06", "2029-03")
    }
    assert {row["what"] for row in data["outcomes"]} > {"tranche vendor 2 month"}
    text = command("compare", "one-campus", "--override", "late-grid").out
    assert "shipped/one-campus.yaml:57" in text


def test_compare_takes_run_folders_and_scenarios(command: Command) -> None:
    command("plan", "one-campus", "--no-report", "--out", "a")
    data = answered(command("compare", "a", "one-campus", "--json"))
    assert (data["inputs"], data["outcomes"], data["months"]) == ([], [], [])


def test_an_override_can_be_laid_over_a_run_folder(command: Command) -> None:
    command("plan", "one-campus", "--no-report", "--out", "a")
    from_run = answered(command("compare", "a", "-o", "late-grid", "--json"))
    from_name = answered(command("compare", "one-campus", "-o", "late-grid", "--json"))
    assert from_run["outcomes"] == from_name["outcomes"]


def test_compare_refuses_what_is_neither_run_nor_scenario(command: Command) -> None:
    answer = command("compare", "one-campus", "one-camps")
    assert answer.code == 2
    assert "Did you mean 'one-campus'?" in answer.err


# --- explain ----------------------------------------------------------------------------------


def test_explain_walks_down_to_the_line(command: Command) -> None:
    answer = command(
        "explain", "one-campus", "fleet.packages", "--site", "prairie", "--at", "2027-03"
    )
    assert answer.code == 0
    head = answer.out.splitlines()[0]
    assert re.fullmatch(r"fleet\.packages\[.*2027-03\] = [\d,]+ package", head)
    assert "prairie" in head
    assert "shipped/one-campus.yaml:15" in answer.out


def test_explain_as_json_names_value_and_evidence(command: Command) -> None:
    data = answered(
        command("explain", "one-campus", "fleet.rack_it_mw", "--system", "vr-nvl72", "--json")
    )
    assert (data["name"], data["labels"]["system"]) == ("fleet.rack_it_mw", "vr-nvl72")
    power, factor = data["below"]
    assert data["value"] == pytest.approx(power["value"] * factor["value"])
    where = power["evidence"]["where"]
    assert re.fullmatch(r"catalog/systems/vr-nvl72\.yaml:\d+ vr-nvl72 rack_power", where)


@pytest.mark.parametrize(
    "figure", ["training.finish_month", "inputs.supply", "finance.gigawatt_cost_usd"]
)
def test_explain_as_json_has_null_where_there_is_no_number(figure: str, command: Command) -> None:
    free = "hardware.vr-nvl72.supply="  # no limit: infinite
    never = "workloads.training.first-model={compute: 1e35 FLOP}"
    answer = command("explain", "one-campus", figure, "--json", "-s", free, "-s", never)
    data = answered(answer)
    assert data["name"]
    assert '"value": null' in answer.out


def test_explain_takes_a_month_as_a_label_too(command: Command) -> None:
    by_label = command("explain", "one-campus", "fleet.packages", "--where", "month=2027-03")
    assert by_label.code == 0
    assert by_label.out == command("explain", "one-campus", "fleet.packages", "--at", "2027-03").out


def test_explain_lists_all_figures_without_a_plan(command: Command) -> None:
    rows = answered(command("explain", "no-such-run", "--list", "--json"))
    assert [row["name"] for row in rows] == [figure.name for figure in FIGURES]
    text = command("explain", "no-such-run", "--list").out
    assert all(figure.name in text for figure in FIGURES)


def test_explain_lists_assumptions(command: Command, shipped_plans: dict[str, gw.Plan]) -> None:
    rows = answered(command("explain", "one-campus", "--assumptions", "--json"))
    assert rows == json.loads(json.dumps(shipped_plans["one-campus"].summary()["assumptions"]))
    text = command("explain", "one-campus", "--assumptions").out
    assert "an invented campus" in text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["fleet.package"], "E505", "Did you mean 'fleet.packages'?"),
        (["packages"], "E505", "Did you mean 'fleet.packages'?"),
        ([], "E505", "--list"),
        (["fleet.packages", "--at", "2027-13"], "E506", "2027-13"),
        (["fleet.packages", "--at", "2035-01"], "E506", "2026-07 to 2030-06"),
        (["fleet.packages", "--site", "prairy"], "E506", "Did you mean 'prairie'?"),
        (["fleet.packages", "--where", "partner=x"], "E506", "site, system"),
        (["fleet.packages", "--where", "site"], "E506", "axis=label"),
        (["fleet.packages", "--where", "name=x"], "E506", "no axis 'name'"),
        (["fleet.packages", "--where", "at=2027-01"], "E506", "no axis 'at'"),
        (["fleet.packages", "--where", "plan=x"], "E506", "no axis 'plan'"),
    ],
)
def test_explain_refuses(arguments: list[str], code: str, words: str, command: Command) -> None:
    answer = command("explain", "one-campus", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(code)
    assert words in answer.err


def test_explain_of_a_folder_that_is_no_run(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    answer = command("explain", "empty", "fleet.packages")
    assert answer.code == 2
    assert answer.err.startswith("E101")


def test_a_run_name_too_long_for_the_disk(command: Command) -> None:
    answer = command("explain", "n" * 300, "fleet.packages")
    assert answer.code == 2
    assert answer.err.startswith("E101")


# --- new --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(shipped_scenarios()))
def test_a_new_scenario_is_a_copy_that_plans_the_same(
    name: str, command: Command, tmp_path: Path, shipped_plans: dict[str, gw.Plan]
) -> None:
    answer = command("new", "mine", "--from", name)
    assert (answer.code, answer.err) == (0, "")
    path = tmp_path / "mine.yaml"
    assert path.read_bytes() == shipped_scenarios()[name].read_bytes()
    planned = gw.plan(gw.load(path)).summary()
    assert planned["cost_usd"] == shipped_plans[name].summary()["cost_usd"]


def test_new_never_overwrites(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("keep me")
    answer = command("new", "mine.yaml")
    assert answer.code == 2
    assert answer.err.startswith("E114")
    assert (tmp_path / "mine.yaml").read_text() == "keep me"


def test_new_from_an_unknown_template(command: Command, tmp_path: Path) -> None:
    answer = command("new", "mine", "--from", "one-camps")
    assert answer.code == 2
    assert "Did you mean 'one-campus'?" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_new_into_a_folder_that_is_not_there(command: Command, tmp_path: Path) -> None:
    answer = command("new", "no/such/mine")
    assert answer.code in {1, 2}
    assert answer.err.startswith("E503")
    assert list(tmp_path.iterdir()) == []


# --- schema -----------------------------------------------------------------------------------


def test_schema_is_json_schema(command: Command) -> None:
    schema = answered(command("schema"))
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"sites", "hardware", "horizon"} <= set(schema["properties"])


# --- catalog ----------------------------------------------------------------------------------


def test_catalog_list_has_every_record(command: Command) -> None:
    rows = answered(command("catalog", "list", "--json"))
    assert [(row["kind"], row["id"]) for row in rows] == [
        (kind, record) for kind in KINDS for record in Catalog().ids(kind)
    ]
    text = command("catalog", "list").out.splitlines()
    assert [line.split()[0] for line in text] == [row["id"] for row in rows]


@pytest.mark.parametrize(
    "kind", ["systems", "system", "sites", "deals", "models", "prices", "power"]
)
def test_catalog_list_of_one_kind(kind: str, command: Command) -> None:
    rows = answered(command("catalog", "list", kind, "--json"))
    assert rows
    assert {row["kind"].removesuffix("s") for row in rows} == {kind.removesuffix("s")}


def test_catalog_show_is_a_list_of_one_record(command: Command) -> None:
    (row,) = answered(command("catalog", "show", "vr-nvl72", "--json"))
    assert (row["id"], row["packages_per_rack"]["value"]) == ("vr-nvl72", 72)
    assert isinstance(row["packages_per_rack"]["source"], str)


def test_catalog_show_with_sources_spells_them_out(command: Command) -> None:
    (row,) = answered(command("catalog", "show", "vr-nvl72", "--json", "--sources"))
    assert {"id", "title", "publisher", "url"} <= set(row["packages_per_rack"]["source"])
    plain = command("catalog", "show", "vr-nvl72").out
    sourced = command("catalog", "show", "vr-nvl72", "--sources").out
    assert "source: " not in plain
    assert sourced.count("source: ") > 5


def test_catalog_search_needs_all_words_in_any_case(command: Command) -> None:
    rows = answered(command("catalog", "search", "RUBIN", "nvl72", "--json"))
    assert "vr-nvl72" in {row["id"] for row in rows}
    assert "h100-sxm" not in {row["id"] for row in rows}
    assert answered(command("catalog", "search", "rubin", "xyzzy", "--json")) == []
    assert "nothing found for 'xyzzy'" in command("catalog", "search", "xyzzy").out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "h100"], "E402", "Did you mean 'h100-sxm'?"),
        (["list", "sytems"], "E402", "Did you mean 'systems'?"),
        (["list", "--folder", "nowhere"], "E113", "nowhere"),
        (["show", "../systems/h100-sxm"], "E402", "no record"),
    ],
)
def test_catalog_refuses(arguments: list[str], code: str, words: str, command: Command) -> None:
    answer = command("catalog", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(code)
    assert words in answer.err


def test_a_record_of_ones_own_wins_and_says_so(command: Command, tmp_path: Path) -> None:
    (tmp_path / "own/sites").mkdir(parents=True)
    known = (Path(gw.catalog.__file__).parent / "data/sites/abilene.yaml").read_text()
    (tmp_path / "own/sites/abilene.yaml").write_text(known.replace("name: ", "name: My ", 1))
    answer = command("catalog", "list", "sites", "--folder", "own")
    assert "(yours)" in next(line for line in answer.out.splitlines() if "abilene" in line)


# --- all --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "nope", "--json"],
        ["check", "nope", "--json"],
        ["compare", "nope", "--json"],
        ["explain", "nope", "fleet.packages", "--json"],
        ["catalog", "show", "nope", "--json"],
    ],
    ids=lambda a: a[0],
)
def test_complaints_leave_standard_output_empty(arguments: list[str], command: Command) -> None:
    answer = command(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("E")


def test_help_names_every_command(command: Command) -> None:
    text = command("--help").out
    for name in ("plan", "explain", "compare", "new", "check", "schema", "catalog"):
        assert f"  {name} " in text


def test_compare_asks_for_something_to_compare_with(command: Command) -> None:
    answer = command("compare", "one-campus")
    assert answer.code == 2
    assert "--override or --set" in answer.err


def test_a_missing_run_folder_is_called_one(command: Command) -> None:
    answer = command("plan", "runs/9999")
    assert answer.code == 2
    assert "no run folder 'runs/9999'" in answer.err


def test_a_figure_of_a_finished_campaign_says_when_it_ended(command: Command) -> None:
    text = command(
        "explain",
        "one-campus",
        "training.mfu",
        "--where",
        "campaign=first-model",
        "--at",
        "2030-06",
    ).out
    assert "[first-model, 2030-06, central] = finished in 20" in text
    assert "first-model, 2030-06, central] = 0\n" not in text
