"""What `stats` shows of translations."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.table import Table

from pipelines.pages import as_line, plain_table

_MOST_PAIRS = 20
_MOST_REASONS = 2
_OF_TEXTS = ("texts", "imported", "remembered", "translated")
_OF_CAPTIONS = ("created", "kept")
_FATES = ("rejected", "failed")


def pair_table(report: dict[str, Any]) -> Table:
    """By pair of languages: distinct texts and where they came from, captions and their fates.

    Args:
      report: of `translate`.
    """
    columns = ("pair", "most often as", *_OF_TEXTS, *_OF_CAPTIONS, *_FATES)
    table = plain_table(*columns, words=2)
    pairs = sorted(report["pairs"].items(), key=lambda item: (-item[1]["created"], item[0]))
    for pair, of in pairs[:_MOST_PAIRS]:
        table.add_row(pair, *_cells([of]))
    if len(pairs) > _MOST_PAIRS:
        table.add_row("others", *_cells([of for _, of in pairs[_MOST_PAIRS:]]))
    if len(pairs) > 1:
        table.add_row("all", *_cells([of for _, of in pairs]))
    return table


def _cells(rows: list[dict[str, Any]]) -> Iterator[str]:
    reasons: Counter[str] = Counter()
    for of in rows:
        reasons.update(of["rejected"])
        reasons.update(of["failed"])
    by_number = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    yield ", ".join(f"{reason} {n:,}" for reason, n in by_number[:_MOST_REASONS])
    for name in (*_OF_TEXTS, *_OF_CAPTIONS):
        yield f"{sum(of[name] for of in rows):,}"
    for fate in _FATES:
        yield f"{sum(sum(of[fate].values()) for of in rows):,}"


def speed_lines(report: dict[str, Any]) -> Iterator[str]:
    """A line on each model that was asked."""
    for of in report.get("models", ()):
        if of["texts"]:
            words = f", for non-commercial use alone ({of['licence']})" if of["licence"] else ""
            yield (
                f"translated {of['texts']:,} texts of {of['source_tokens']:,} tokens by "
                f"{as_line(of['model'], 60)}, {of['source_tokens_a_second']:,.0f} tokens a second "
                f"and process{words}"
            )
