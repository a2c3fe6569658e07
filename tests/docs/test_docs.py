"""The documentation says what the program does: pages are current, examples run, links lead somewhere."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gigawatt.core.codes import CODES
from gigawatt.scenario.load import TEMPLATES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
WITH_EXAMPLES = [page for page in PAGES if page.parent.name not in {"reference", "decisions"}]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def examples() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "docs_examples", Path(__file__).with_name("examples.py")
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_examples"] = module
    spec.loader.exec_module(module)
    return module


def test_reference_pages_are_what_the_program_says() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.reference_pages", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_check_of_reference_pages_sees_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT)
    pages = importlib.import_module("tools.reference_pages")
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    assert pages.main([]) == 0
    assert pages.main(["--check"]) == 0
    errors = tmp_path / "errors.md"
    errors.write_text(errors.read_text(encoding="utf-8").replace("E201", "E999"), encoding="utf-8")
    assert pages.main(["--check"]) == 1


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_examples_run_and_print_what_the_page_shows(
    page: Path, examples: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for item in examples.run_page(page, tmp_path):
        where = f"{name_of(page)}:{item.line} $ {item.source}"
        assert item.code == item.wanted_code, "\n".join([where, *item.printed])
        missing = examples.mismatch(item.shown, item.printed, item.within)
        assert missing is None, "\n".join([where, f"shown: {missing}", "printed:", *item.printed])


def test_pages_work_in_a_folder_that_others_have_used(
    examples: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    recipe = re.search(
        r"^demo:.*\n\t@\$\(BIN\)/(.*)$", (ROOT / "Makefile").read_text("utf-8"), re.M
    )
    assert recipe
    demo = recipe[1].replace("$(SCENARIO)", "one-campus")
    first = tmp_path / "first.md"
    first.write_text(f"```console\n$ {demo}\n$ {demo}\n$ gigawatt plan one-campus\n```\n", "utf-8")
    pages = [first, DOCS / "tutorial.md", DOCS / "how-to" / "run-folder.md"]
    for page in pages:
        for item in examples.run_page(page, tmp_path):
            where = f"{page.name}:{item.line} $ {item.source}"
            assert item.code == item.wanted_code, "\n".join([where, *item.printed])
            missing = examples.mismatch(item.shown, item.printed, item.within)
            assert missing is None, "\n".join([where, f"shown: {missing}", *item.printed])
    assert {path.name for path in (tmp_path / "runs").iterdir()} > {"0001", "demo", "first"}
    assert {path.name for path in (tmp_path / "runs" / "demo").iterdir()} == {"0001", "0002"}


def test_output_is_compared_line_by_line(examples: ModuleType) -> None:
    printed = ["a 1", "b 2", "c 3"]
    assert examples.mismatch(["a 1", "b 2", "c 3"], printed) is None
    assert examples.mismatch(["a …", "…", "c 3"], printed) is None
    assert examples.mismatch(["a 1", "c 3"], printed) == "c 3"
    assert examples.mismatch(["a 1", "…", "c 4"], printed) == "c 4"
    assert examples.mismatch(["a 1", "b 2"], printed) is not None


def test_figures_may_be_off_only_as_far_as_a_page_says(examples: ModuleType) -> None:
    def off(shown: str, printed: str, within: float = 0.15) -> bool:
        return examples.mismatch([shown], [printed], within) is not None

    assert not off("x 1,100 GPUs, MFU 25.0 %", "x   998 GPUs, MFU 24.7 %")
    assert off("x 1,100 GPUs, MFU 25.0 %", "x 900 GPUs, MFU 24.7 %")
    assert off("x 1,100 GPUs", "x 1,099 GPUs", 0.0)
    assert off("x 1,100 GPUs", "y 1,100 GPUs")
    assert not off("a 2e+27 … 3 end", "a 2.1e+27 or 17 or 3.1 end")
    assert off("a 2e+27 … 3 end", "a 2.1e+28 or 17 or 3.1 end")
    assert not off("from 2027-12 on", "from 2028-03 on")
    assert off("from 2027-12 on", "from 2028-04 on")
    [fence] = examples.fences("<!-- figures within 15 % -->\n```console\n$ a\n```\n")
    assert (fence.within, fence.line, fence.body) == (0.15, 2, "$ a\n")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        found = (page.parent / file).resolve() if file else page
        assert found.exists(), f"{name_of(page)} links to {target}"
        if anchor:
            assert anchor in anchors(found), f"{name_of(page)} links to {target}"


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page, as the site builder makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M):
        given = re.search(r"\{#([\w-]+)\}", heading)
        words = re.sub(r"[^\w\s-]", "", heading.lower()).strip()
        found.add(given[1] if given else re.sub(r"[\s-]+", "-", words))
    return found


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    missing = [
        page.relative_to(DOCS).as_posix()
        for page in PAGES[1:]
        if page.relative_to(DOCS).as_posix() not in navigation
    ]
    assert not missing


def test_the_errors_page_has_every_code() -> None:
    text = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    assert [code for code in CODES if f"`{code}`" not in text] == []


def test_the_readme_explains_the_shipped_scenario(examples: ModuleType) -> None:
    shipped = (TEMPLATES / "one-campus.yaml").read_text(encoding="utf-8").splitlines()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pieces = [fence.body for fence in examples.fences(text) if fence.language == "yaml"]
    shown = [line for piece in pieces for line in piece.splitlines() if line.strip()]
    assert len(shown) > 20
    rest = iter(shipped)
    assert [line for line in shown if line not in rest] == []


def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    elsewhere = re.compile(
        r"""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["']?(?:https?:)?//"""
    )
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > len(PAGES) - 2
    assert [page.name for page in pages if elsewhere.search(page.read_text("utf-8"))] == []
