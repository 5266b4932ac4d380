"""What `stats` shows of queries that a model wrote; read without Beam."""

import json
from collections.abc import Iterator
from typing import Any

from pipelines.pages import as_line
from pipelines.storage import Folder
from schemas.layout import ledger_folder

REPORT_FILE = "queries.json"
"""Beside the ledger of `documents`."""


def read_query_report(output: Folder) -> dict[str, Any]:
    """What `documents` left, {} where no model was to be asked."""
    folder = output / ledger_folder("documents")
    return dict(json.loads(folder.read(REPORT_FILE))) if folder.exists(REPORT_FILE) else {}


def query_lines(report: dict[str, Any]) -> Iterator[str]:
    """A line on the model: pages, what it was asked, what that took."""
    if report:
        words = f"queries   {report['pages']:,} pages, {report['remembered']:,} pictures remembered"
        words += f", {report['asked']:,} asked of {as_line(report['model'], 60)}: "
        words += f"{report['source_tokens']:,} tokens read, {report['tokens']:,} written"
        words += f", cost {report['cost']:,.2f}" if report["cost"] else ""
        if beyond := report["beyond_budget"]:
            words += f"; {beyond:,} beyond max_requests"
        yield words
