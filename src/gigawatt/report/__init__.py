"""Plans shown: figures, tables, one HTML page. Everything here reads a `Plan`; nothing computes one."""

from __future__ import annotations

from .html import html_report

__all__ = ["html_report"]
