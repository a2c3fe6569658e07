"""A fitted record as YAML text: one line a surface, four significant digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["record_text"]


def record_text(record: Mapping[str, Any]) -> str:
    """A `kernels` record as the catalog keeps it.

    Parameters
    ----------
    record : mapping
        Texts, and surfaces nested in mappings.

    Returns
    -------
    str
        YAML that the catalog reads back to the same record.
    """
    return "".join(f"{line}\n" for key, value in record.items() for line in _lines(key, value, ""))


def _lines(key: str, value: Any, indent: str) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"{indent}{key}: {_scalar(value)}"]
    if "tables" in value:
        return _surface(key, value, indent)
    inside = [line for k, v in value.items() for line in _lines(str(k), v, f"{indent}  ")]
    return [f"{indent}{key}:", *inside]


def _surface(key: str, surface: Mapping[str, Any], indent: str) -> list[str]:
    """Constants on one line, errors on the next, tables on the last."""
    errors = ("rows", "dropped", "mape", "p90", "bias")
    constants = [k for k in surface if k not in {*errors, "tables"} and surface[k] is not None]
    there = [k for k in errors if k in surface]
    lines = [", ".join(f"{k}: {_scalar(surface[k])}" for k in keys) for keys in (constants, there)]
    tables = ", ".join(_scalar(table) for table in surface["tables"])
    deeper = f"{indent}  "
    return [
        f"{indent}{key}: {{",
        f"{deeper}{lines[0]},",
        f"{deeper}{lines[1]},",
        f"{deeper}tables: [{tables}]}}",
    ]


def _scalar(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_scalar(v)}" for k, v in value.items()) + "}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return "'" + str(value).replace("'", "''") + "'"
