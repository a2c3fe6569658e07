"""Finding a scenario and putting it together: imports, overrides, settings, the lines that remain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import gigawatt as gw
from gigawatt.core.errors import Origin
from gigawatt.core.months import Month
from gigawatt.scenario import find_scenario, parse_assignment
from scenarios import GOOD

Write = Callable[..., Path]

OVERRIDES = """\
overrides:
  more:
    sites:
      plain:
        power: {2027-01: 70 MW}
    money: {discount_rate: 5 %/year}
  dear:
    hardware: {gb300-nvl72: {price: 9 MUSD/rack}}
    money: {discount_rate: 6 %/year}
"""


def months(curve: dict[Month, float]) -> dict[str, float]:
    return {str(month): value for month, value in curve.items()}


def test_imports_are_merged_in_order_and_the_file_wins(write: Write) -> None:
    write("name: first\nmoney: {discount_rate: 1 %/year, price_year: 2020}\nschema: 9", "one.yaml")
    write("name: second\nmoney: {discount_rate: 2 %/year}", "two.yaml")
    scenario = gw.load(write("imports: [one, two.yaml]\n" + GOOD))
    assert scenario.name == "Good"
    assert scenario.spec.money.discount_rate == pytest.approx(0.02)
    assert scenario.spec.money.price_year == 2020


def test_an_import_is_found_from_the_file_that_names_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("imports: [../c]", "parts/b.yaml")
    write("money: {discount_rate: 3 %/year}", "c.yaml")
    path = write("imports: [parts/b]\n" + GOOD)
    monkeypatch.chdir("/")
    assert gw.load(path).spec.money.discount_rate == pytest.approx(0.03)


def test_a_file_beside_wins_over_a_shipped_scenario_of_its_name(write: Write) -> None:
    write("money: {discount_rate: 4 %/year}", "one-campus.yaml")
    scenario = gw.load(write("imports: [one-campus]\n" + GOOD))
    assert list(scenario.spec.sites) == ["plain"]
    assert scenario.spec.money.discount_rate == pytest.approx(0.04)


def test_a_shipped_scenario_can_be_imported_by_name(write: Write) -> None:
    path = write("imports: [one-campus]\nname: Mine\nsites: {prairie: {pue: 1.3}}")
    scenario = gw.load(path)
    assert scenario.spec.sites["prairie"].pue == 1.3
    assert scenario.spec.sites["prairie"].interconnect == 320.0
    assert scenario.tree.origin("name") == Origin(str(path), 2)
    assert scenario.tree.origin("sites.prairie.interconnect").file == "shipped/one-campus.yaml"


def test_null_removes_what_an_import_brings(write: Write) -> None:
    scenario = gw.load(write("imports: [one-campus]\nhardware: {vr-nvl72: null}"))
    assert list(scenario.spec.hardware) == ["gb300-nvl72"]
    assert "hardware.vr-nvl72.supply" not in scenario.spec.evidence


def test_an_override_replaces_the_curve_and_keeps_the_rest(write: Write) -> None:
    scenario = gw.load(write(GOOD + OVERRIDES), overrides=["more"])
    site = scenario.spec.sites["plain"]
    assert months(site.power) == {"2027-01": 70.0}
    assert site.interconnect == 120.0


def test_overrides_apply_in_the_order_given(write: Write) -> None:
    path = write(GOOD + OVERRIDES)
    assert gw.load(path, overrides=["more", "dear"]).spec.money.discount_rate == pytest.approx(0.06)
    both = gw.load(path, overrides=["dear", "more"])
    assert both.spec.money.discount_rate == pytest.approx(0.05)
    assert both.spec.hardware["gb300-nvl72"].price == 9e6


def test_overriding_a_loaded_scenario_is_loading_with_the_override(write: Write) -> None:
    path = write(GOOD + OVERRIDES)
    assert (
        gw.load(path).override("more", "dear").tree
        == gw.load(path, overrides=["more", "dear"]).tree
    )


def test_the_line_of_an_overridden_value_is_the_line_of_the_override(write: Write) -> None:
    text = GOOD + OVERRIDES
    path = write(text)
    scenario = gw.load(path, overrides=["more"])
    line = text.splitlines().index("        power: {2027-01: 70 MW}") + 1
    assert scenario.tree.origin("sites.plain.power.2027-01") == Origin(str(path), line)
    assert scenario.tree.origin("sites.plain.pue") == Origin(str(path), 11)


def test_settings_come_last(write: Write) -> None:
    scenario = gw.load(
        write(GOOD + OVERRIDES),
        overrides=["more"],
        settings={"money.discount_rate": "8 %/year", "sites.plain.power.2028-06": "90 MW"},
    )
    assert scenario.spec.money.discount_rate == pytest.approx(0.08)
    assert months(scenario.spec.sites["plain"].power) == {"2027-01": 70.0, "2028-06": 90.0}
    assert str(scenario.tree.origin("money.discount_rate")).startswith("--set")


def test_setting_on_a_loaded_scenario_leaves_it_as_it_was() -> None:
    base = gw.load("one-campus")
    other = base.set({"sites.prairie.pue": 1.3})
    assert (base.spec.sites["prairie"].pue, other.spec.sites["prairie"].pue) == (1.25, 1.3)


def test_a_set_month_moves_the_plan() -> None:
    base = gw.load("one-campus")
    later = base.set({"sites.prairie.power.2028-06": "320 MW"})
    assert gw.plan(later).power["energised_it_mw"][-1, 0] == 320.0
    assert gw.plan(base).power["energised_it_mw"][-1, 0] == 300.0


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("a.b=843 MW", "a.b", "843 MW"),
        ("a = 3", "a", 3),
        ("a=true", "a", True),
        (
            "a={low: 1 MW, mode: 2 MW, high: 3 MW}",
            "a",
            {"low": "1 MW", "mode": "2 MW", "high": "3 MW"},
        ),
        ("a=[x, y]", "a", ["x", "y"]),
        ("a=", "a", None),
        ("a=null", "a", None),
        ("a=2027-02", "a", "2027-02"),
        ("a=b=c", "a", "b=c"),
        ("a=no", "a", "no"),
    ],
)
def test_the_value_of_a_setting_is_read_as_yaml(text: str, path: str, value: object) -> None:
    assert parse_assignment(text) == (path, value)


def test_a_file_wins_over_a_shipped_name_and_a_run_folder_is_its_scenario(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(GOOD, "one-campus")
    write(GOOD, "run/scenario.yaml")
    monkeypatch.chdir(tmp_path)
    assert gw.load("one-campus").name == "Good"
    assert find_scenario("run") == Path("run/scenario.yaml")


def test_ranges_are_kept_beside_the_value_that_is_planned_with() -> None:
    scenario = gw.load("one-campus")
    assert scenario.spec.hardware["vr-nvl72"].price == 7.8e6
    assert scenario.ranges == {
        "hardware.vr-nvl72.price": {
            "low": "7 MUSD/rack",
            "mode": "7.8 MUSD/rack",
            "high": "9.1 MUSD/rack",
        }
    }
