"""What is refused before a scenario is understood: files, YAML, imports, overrides, settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import gigawatt as gw
from gigawatt.core.errors import Problem
from gigawatt.scenario import parse_assignment
from scenarios import GOOD

Write = Callable[..., Path]


def refused(*args: object, **options: object) -> Problem:
    """The one problem that loading finds."""
    with pytest.raises(gw.errors.ScenarioError) as caught:
        gw.load(*args, **options)  # type: ignore[arg-type]
    (problem,) = caught.value.problems
    return problem


def bomb(levels: int = 9, width: int = 10) -> str:
    """A billion laughs: every level repeats the one before it."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} [{aliases}]")
    return "\n".join(lines)


def ladder(levels: int) -> str:
    """Every level holds the one before it: small to count, and deep."""
    steps = [f"a{n}: &a{n} {{k: *a{n - 1}}}" for n in range(1, levels)]
    return "\n".join(["a0: &a0 {k: x}", *steps])


BAD_TEXTS = [
    ("not YAML", "a: [1\nb: 2\n", "E103", 2, "not valid YAML"),
    ("a tab for indentation", "a:\n\tb: 1", "E103", 2, "not valid YAML"),
    ("two documents", "a: 1\n---\nb: 2", "E103", 2, "one file holds one"),
    ("a list as key", "? [a, b]\n: c", "E103", 1, "key must be plain text"),
    ("an alias of nothing", "a: 1\nb: *no", "E103", 2, "no anchor before it"),
    ("an alias bomb", bomb(), "E104", None, "expands to more than|Aliases"),
    ("an alias of itself", "a: &a [*a]", "E104", 1, "contains itself"),
    ("deep flow lists", "a: " + "[" * 3000 + "]" * 3000, "E104", 1, "40 levels"),
    ("deep mappings", "\n".join(" " * i + f"k{i}:" for i in range(60)), "E104", 41, "40 levels"),
    ("aliases that nest aliases", ladder(60), "E104", 40, "40 levels"),
    ("a key twice", "name: a\nsites: {}\nname: b", "E105", 3, "first is in line 1"),
    ("a key twice in a curve", "a:\n  2027-01: 1\n  2027-01: 2", "E105", 3, "Keep one"),
    ("a merge key", "a: &a {b: 1}\nc:\n  <<: *a", "E111", 3, "imports"),
    ("a tag on a scalar", "a: !mine 3", "E111", 1, "without a tag"),
    ("a Python object", "a: 1\nb: !!python/object:os.X {c: 1}", "E111", 2, "python/object"),
    ("a Python call", "a: !!python/object/apply:os.system [ls]", "E111", 1, "python/object"),
    ("half a surrogate pair", 'a: "\\ud800"', "E103", 1, "not valid YAML"),
    ("half a surrogate pair as key", 'a: 1\n"\\udfff": 1', "E103", 2, "not valid YAML"),
    ("a list", "- schema: 1", "E203", 1, "mapping"),
    ("null", "null", "E203", 1, "mapping"),
    ("one word", "hello", "E203", 1, "mapping"),
]


@pytest.mark.parametrize(
    ("text", "code", "line", "words"), [row[1:] for row in BAD_TEXTS], ids=[r[0] for r in BAD_TEXTS]
)
def test_bad_text(text: str, code: str, line: int | None, words: str, write: Write) -> None:
    path = write(text)
    problem = refused(path)
    assert problem.code == code
    assert problem.origin.file == str(path)
    if line is not None:
        assert problem.origin.line == line
    assert re.search(words, f"{problem.message} {problem.fix}"), str(problem)


def test_one_line_of_nested_lists_does_not_exhaust_the_stack(write: Write) -> None:
    assert refused(write("- " * 5000 + "a")).code in {"E103", "E104"}


def test_bytes_that_are_not_utf_8(write: Write) -> None:
    problem = refused(write(GOOD.encode().replace(b"Good", b"G\xf6d")))
    assert problem.code == "E112"
    assert "UTF-8" in problem.fix


def test_a_byte_order_mark_is_no_part_of_the_text(write: Write) -> None:
    assert gw.load(write(b"\xef\xbb\xbf" + GOOD.encode())).name == "Good"


def test_windows_line_ends_keep_their_lines(write: Write) -> None:
    problem = refused(write(GOOD.replace("pue: 1.2", "pue: 0.2").replace("\n", "\r\n")))
    assert (problem.code, problem.origin.line) == ("E213", 11)


def test_a_file_of_50_mb_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    problem = refused(path)
    assert problem.code == "E102"
    assert "50.0 MB" in problem.message
    assert "4 MB" in problem.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    problem = refused(tmp_path / "no.yaml")
    assert problem.code == "E101"
    assert "one-campus" in problem.fix


def test_a_misspelt_shipped_name_is_suggested() -> None:
    assert "Did you mean 'one-campus'?" in refused("one-camps").fix
    assert "Did you mean 'nvidia-openai-10gw'?" in refused("NVIDIA-OpenAI-10GW").fix


def test_a_part_that_is_only_imported_is_not_a_scenario() -> None:
    assert refused("part-nvidia-roadmap").code == "E101"


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 3000, ""])
def test_a_name_that_no_file_can_have(name: str) -> None:
    assert refused(name).code == "E101"


def test_a_folder_is_not_a_scenario(tmp_path: Path) -> None:
    assert refused(tmp_path).code == "E101"


def test_imports_in_a_circle(write: Write) -> None:
    write("imports: [b.yaml]\nname: A", "a.yaml")
    write("imports: [c.yaml]", "b.yaml")
    write("x: 1\nimports: [a.yaml]", "c.yaml")
    problem = refused(write("imports: [a.yaml]", "top.yaml"))
    assert problem.code == "E106"
    assert "a.yaml → b.yaml → c.yaml → a.yaml" in problem.message


def test_a_file_that_imports_itself_by_another_name(write: Write, tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(write("imports: [./x/../link.yaml]", "deal.yaml"))
    (tmp_path / "x").mkdir()
    assert refused(tmp_path / "deal.yaml").code == "E106"


def test_one_part_may_be_imported_twice_side_by_side(write: Write) -> None:
    write("money: {discount_rate: 7 %/year}", "common.yaml")
    write("imports: [common]", "left.yaml")
    write("imports: [common]", "right.yaml")
    scenario = gw.load(write("imports: [left, right]\n" + GOOD))
    assert scenario.spec.money.discount_rate == pytest.approx(0.07)


def test_too_many_imports(write: Write) -> None:
    names = [f"p{n}.yaml" for n in range(60)]
    problem = refused(write(f"name: x\nimports: [{', '.join(names)}]"))
    assert (problem.code, problem.origin.line) == ("E106", 2)


def test_an_import_that_is_not_there(write: Write) -> None:
    problem = refused(write("name: x\nimports:\n  - part-nvidia-roadmp"))
    assert (problem.code, problem.origin.line) == ("E107", 3)
    assert "Did you mean 'part-nvidia-roadmap'?" in problem.fix


def test_a_finding_in_an_imported_file_names_that_file(write: Write) -> None:
    part = write("sites:\n  plain:\n    pue: 0.5", "part.yaml")
    problem = refused(write("imports: [part]\n" + GOOD.replace("    pue: 1.2\n", "")))
    assert (problem.code, problem.path) == ("E213", "sites.plain.pue")
    assert str(problem.origin) == f"{part}:3"


def test_an_override_that_is_not_there() -> None:
    problem = refused("one-campus", overrides=["late-gird"])
    assert problem.code == "E108"
    assert "Did you mean 'late-grid'?" in problem.fix
    assert str(problem.origin).startswith("shipped/one-campus.yaml:")


def test_an_override_of_a_scenario_without_any(write: Write) -> None:
    problem = refused(write(GOOD), overrides=["late"])
    assert (problem.code, problem.fix) == ("E108", "It has no overrides at all.")


@pytest.mark.parametrize("text", ["", "=1", "a", "a..b=1", ".a=1", "a.=1", " =1"])
def test_a_setting_without_path_or_equals(text: str) -> None:
    with pytest.raises(gw.errors.ScenarioError) as caught:
        parse_assignment(text)
    assert [p.code for p in caught.value.problems] == ["E109"]


def test_a_setting_whose_value_is_not_yaml() -> None:
    with pytest.raises(gw.errors.ScenarioError) as caught:
        parse_assignment("a={b: [1")
    assert [p.code for p in caught.value.problems] == ["E103"]
    assert caught.value.problems[0].origin.file == "--set a"


def test_settings_on_a_file_that_is_no_mapping(write: Write) -> None:
    assert refused(write("[1, 2]"), settings={"name": "x"}).code == "E203"


def test_a_finding_about_a_setting_names_the_setting(write: Write) -> None:
    problem = refused(write(GOOD), settings={"sites.plain.pue": 0.5})
    assert str(problem).startswith("E213 --set")
    assert problem.path == "sites.plain.pue"


def test_a_catalog_folder_that_is_not_there(write: Write) -> None:
    text = GOOD + "catalog:\n  folder: mine\n"
    problem = refused(write(text))
    assert (problem.code, problem.path) == ("E113", "catalog.folder")
    assert problem.origin.line == text.splitlines().index("  folder: mine") + 1


def test_a_config_json_that_cannot_be_used(write: Write) -> None:
    write('{"model_type": "unheard-of"}', "config.json")
    run = "run: {model: config.json, tokens: 1 Ttoken}"
    problem = refused(write(GOOD.replace("run: {compute: 1e25 FLOP, precision: fp8}", run)))
    assert (problem.code, problem.path) == ("E403", "workloads.training.run.model")
    assert problem.origin.line == 28
