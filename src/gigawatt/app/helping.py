"""Help in one manner: names of values in capitals, as wide as the terminal, what is required without braces."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

__all__ = ["HELP", "UpperCommand", "UpperGroup"]

HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
"""What every command's help has: also -h, and lines as wide as the terminal, up to what reads well."""


class UpperCommand(TyperCommand):
    """A command whose help calls values by their name in capitals, as the reference page does."""

    def __init__(self, *args: Any, **wanted: Any) -> None:
        super().__init__(*args, **wanted)
        for parameter in self.params:
            flag = getattr(parameter, "is_flag", False)
            if not flag and getattr(parameter, "metavar", "") is None and parameter.name:
                parameter.metavar = parameter.name.strip("_").upper()

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Words of the usage line: MODEL, not {MODEL}."""
        return [
            re.sub(r"^\{(.*?)(?:\.\.\.)?\}(?=\.\.\.|$)", r"\1", piece)
            for piece in super().collect_usage_pieces(ctx)
        ]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments and options, arguments without the type that typer puts behind their name."""
        rows: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                name = re.sub(r" <[^>]*>$", "", record[0])
                rows[parameter.param_type_name].append((name, record[1]))
        for kind, title in (("argument", "Arguments"), ("option", "Options")):
            if rows[kind]:
                with formatter.section(title):
                    formatter.write_dl(rows[kind])


class UpperGroup(TyperGroup):
    """A group of such commands."""

    command_class = UpperCommand
