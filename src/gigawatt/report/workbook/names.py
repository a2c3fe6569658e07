"""Names and texts that a spreadsheet takes: defined names of terms, names of worksheets, text of cells.

Whatever a user wrote becomes harmless here: a name that is legal and used once, a text that stays text.
The same input always gives the same names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

__all__ = ["LONGEST_NAME", "clean", "quoted", "sentence", "sheet_names", "term_names"]

LONGEST_TEXT = 32_000
LONGEST_NAME = 120
"""Excel takes 255 characters; a formula should stay readable."""
LONGEST_SHEET_NAME = 31

# What Excel or LibreOffice would read as a cell (A1, XFD1048576, R1C1, R, C5), a constant or a function.
_LIKE_A_CELL = re.compile(r"[A-Z]{1,3}[0-9]+|R[0-9]*(C[0-9]*)?|C[0-9]*", re.IGNORECASE)
# Within names, files say a character so: _x0041_.
_ESCAPE = re.compile(r"_x(?=[0-9A-F]{4}_)", re.IGNORECASE)
_TAKEN = frozenset({"TRUE", "FALSE", "SUM", "MIN", "MAX", "IF", "ROUND", "ISNUMBER"})


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    r"""Text without control characters, cut to a length.

    Examples
    --------
    >>> clean("a\x00b\n\tc"), clean("abcdef", 4)
    ('ab c', 'abc…')
    """
    spaced = re.sub(r"[\t\n\v\f\r\x85\u2028\u2029]+", " ", text[: 2 * longest])
    kept = "".join(
        char
        for char in spaced
        if unicodedata.category(char) not in {"Cc", "Cs"} and ord(char) & 0xFFFE != 0xFFFE
    )
    if kept.startswith("<r>"):
        kept = f" {kept}"  # the writer would take it for its own markup
    return kept if len(kept) <= longest else f"{kept[: longest - 1]}…"


def term_names(terms: Iterable[str]) -> dict[str, str]:
    """A defined name for each term: readable, legal, different from all others whatever the case.

    Examples
    --------
    >>> term_names(["rack_price[vr-nvl72]", "rack-price(vr,nvl72)", "h100", "7 %"])
    {'rack_price[vr-nvl72]': 'rack_price_vr_nvl72', 'rack-price(vr,nvl72)': 'rack_price_vr_nvl72_2', \
'h100': 'h100_', '7 %': '_7'}
    """
    used: set[str] = set()
    return {term: _free(_legal(term), used, LONGEST_NAME, "_") for term in terms}


def _legal(term: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", term).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "_", ascii_only).strip("_")[:LONGEST_NAME] or "term"
    name = _ESCAPE.sub("_x_", name)
    if name[0].isdigit():
        name = f"_{name}"
    if _LIKE_A_CELL.fullmatch(name) or name.upper() in _TAKEN:
        name = f"{name}_"
    return name[:LONGEST_NAME]


def sheet_names(titles: Iterable[str], reserved: Iterable[str] = ()) -> list[str]:
    """A name for each worksheet: at most 31 characters, none that Excel forbids, no two alike.

    Parameters
    ----------
    titles : iterable of str
        What users or pages call them.
    reserved : iterable of str
        Names that are taken.

    Examples
    --------
    >>> sheet_names(["Cash: all/some", "Cash all some", "cover", "'"], ["Cover"])
    ['Cash all some', 'Cash all some 2', 'cover 2', 'Page']
    """
    used = {_same(name) for name in (*reserved, "History")}
    return [_free(_sheet_name(title), used, LONGEST_SHEET_NAME, " ") for title in titles]


def _sheet_name(title: str) -> str:
    # Parentheses are legal, but "sort(" within a reference is taken for a function by the writer.
    plain = re.sub(r"[\[\]:*?/\\()]", " ", _ESCAPE.sub(" x", clean(title)))
    return _cut(" ".join(plain.split()), LONGEST_SHEET_NAME).strip("' ") or "Page"


def _free(name: str, used: set[str], longest: int, joint: str) -> str:
    """The name, or the name with the first number that makes it new."""
    found, count = name, 1
    while _same(found) in used:
        count += 1
        tail = f"{joint}{count}"
        found = _cut(name, longest - len(tail)).rstrip() + tail
    used.add(_same(found))
    return found


def _cut(text: str, longest: int) -> str:
    """Text cut to a length as Excel counts it, in UTF-16."""
    while len(text.encode("utf-16-le")) // 2 > longest:
        text = text[:-1]
    return text


def _same(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def quoted(sheet: str) -> str:
    """A worksheet as references name it.

    Examples
    --------
    >>> quoted("Buyer's cash")
    "'Buyer''s cash'"
    """
    return "'" + sheet.replace("'", "''") + "'"


def sentence(text: str) -> str:
    """Text that begins with a capital letter.

    Examples
    --------
    >>> sentence("price of a rack")
    'Price of a rack'
    """
    return text[:1].upper() + text[1:]
