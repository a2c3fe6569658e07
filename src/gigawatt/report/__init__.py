"""Plans shown: figures, tables, one HTML page, one PDF, one workbook. Everything here reads a `Plan`."""

from __future__ import annotations

from .html import html_report
from .pdf import pdf_report

__all__ = ["html_report", "pdf_report"]
