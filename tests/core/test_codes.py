"""The table of codes and the sources agree."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import gigawatt
from gigawatt.core.codes import CODES

SOURCES = Path(gigawatt.__file__).parent
CODE = re.compile(r"\b[EW]\d{3}\b")


def used() -> dict[str, set[str]]:
    """Every code in a string of the sources, docstrings left out, and the files that use it."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        if path.name == "codes.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if id(node) in docstrings:
                    continue
                for code in CODE.findall(node.value):
                    found.setdefault(code, set()).add(str(path.relative_to(SOURCES)))
    return found


def test_every_code_in_the_sources_is_in_the_table() -> None:
    assert {code: where for code, where in used().items() if code not in CODES} == {}


def test_every_code_of_the_table_is_used() -> None:
    assert set(CODES) - set(used()) == set()


def test_every_code_that_a_docstring_promises_is_in_the_table() -> None:
    texts = [path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py")]
    promised = {code for text in texts for code in CODE.findall(text)}
    assert promised - set(CODES) == set()


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_its_form_and_a_sentence(code: str) -> None:
    assert CODE.fullmatch(code)
    text = CODES[code]
    assert len(text) > 8
    assert text[0].isupper()
    assert not text.endswith(".")


def test_the_table_is_in_order() -> None:
    errors = [code for code in CODES if code.startswith("E")]
    warnings = [code for code in CODES if code.startswith("W")]
    assert list(CODES) == sorted(errors) + sorted(warnings)
