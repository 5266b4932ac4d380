"""What `stats` shows of translations."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.table import Table

from pipelines.pages import as_line, plain_table
from pipelines.progress import duration

_MOST_PAIRS = 20
_COLUMNS = ("pair", "texts", "known", "translated", "kept", "lost", "most often as")
_KNOWN = ("imported", "remembered")
_LOST = ("rejected", "failed")
_TRIPS = "round-trip"


def pair_table(report: dict[str, Any]) -> Table:
    """A line a pair of languages: its texts, those a memory had, what became of captions.

    Args:
      report: of `translate`.
    """
    table = plain_table(*_COLUMNS, words=1)
    table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = True
    pairs = sorted(report["pairs"].items(), key=lambda item: (-item[1]["created"], item[0]))
    for pair, of in pairs[:_MOST_PAIRS]:
        table.add_row(pair, *_cells([of]))
    if len(pairs) > _MOST_PAIRS:
        table.add_row("others", *_cells([of for _, of in pairs[_MOST_PAIRS:]]))
    if len(pairs) > 1:
        table.add_row("all", *_cells([of for _, of in pairs]))
    return table


def asked_table(report: dict[str, Any]) -> Table:
    """A line a pair of languages that models were asked: how fast they were and what it cost.

    Args:
      report: of `translate`.
    """
    columns = ["pair asked", "texts", "tokens", "tokens/s", "time"]
    asked = report.get("asked", {})
    has_cost = any(of["cost"] for of in asked.values())
    table = plain_table(*columns, *(["cost"] if has_cost else []), words=1)
    pairs = sorted(asked.items(), key=lambda item: (-item[1]["source_tokens"], item[0]))
    rows = [(pair, [of]) for pair, of in pairs[:_MOST_PAIRS]]
    if len(pairs) > _MOST_PAIRS:
        rows.append(("others", [of for _, of in pairs[_MOST_PAIRS:]]))
    if len(pairs) > 1:
        rows.append(("all", [of for _, of in pairs]))
    for name, of_row in rows:
        cells = list(_asked_cells(of_row))
        table.add_row(name, *(cells if has_cost else cells[:-1]))
    return table


def _asked_cells(rows: list[dict[str, Any]]) -> Iterator[str]:
    texts, tokens, seconds, cost = (
        sum(of[name] for of in rows) for name in ("texts", "source_tokens", "seconds", "cost")
    )
    yield from (f"{texts:,}", f"{tokens:,}", f"{tokens / max(seconds, 1e-9):,.0f}")
    yield from (duration(seconds), f"{cost:,.2f}")


def round_trip_table(report: dict[str, Any]) -> Table:
    """A line a pair of languages whose translations were translated back, and their chrF.

    Args:
      report: of `translate`.
    """
    table = plain_table("pair", "sent back", "no answer", "chrF 5%", "median", "rejected", words=1)
    pairs = {pair: of for pair, of in report["pairs"].items() if of.get(_TRIPS)}
    ordered = sorted(pairs.items(), key=lambda item: (-sum(item[1][_TRIPS].values()), item[0]))
    for pair, of in ordered[:_MOST_PAIRS]:
        table.add_row(pair, *_trip_cells([of]))
    if len(pairs) > _MOST_PAIRS:
        table.add_row("others", *_trip_cells([of for _, of in ordered[_MOST_PAIRS:]]))
    if len(pairs) > 1:
        table.add_row("all", *_trip_cells([of for _, of in ordered]))
    return table


def _trip_cells(rows: list[dict[str, Any]]) -> Iterator[str]:
    counts: Counter[int] = Counter()
    for of in rows:
        counts.update({int(chrf): n for chrf, n in of[_TRIPS].items()})
    yield f"{counts.total():,}"
    unanswered = counts.pop(-1, 0)
    yield f"{unanswered:,}"
    for share in (0.05, 0.5):
        yield _quantile(counts, share)
    yield f"{sum(of['rejected'].get(_TRIPS, 0) for of in rows):,}"


def _quantile(counts: Counter[int], share: float) -> str:
    """The whole chrF at or under which a share of the counted is, "" of none."""
    seen = 0
    for chrf in sorted(counts):
        seen += counts[chrf]
        if seen >= share * counts.total():
            return str(chrf)
    return ""


def _cells(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{sum(of['texts'] for of in rows):,}"
    yield f"{sum(of[name] for of in rows for name in _KNOWN):,}"
    for name in ("translated", "kept"):
        yield f"{sum(of[name] for of in rows):,}"
    reasons: Counter[str] = Counter()
    for of in rows:
        for fate in _LOST:
            reasons.update(of[fate])
    yield f"{reasons.total():,}"
    first = min(reasons.items(), key=lambda item: (-item[1], item[0]), default=None)
    yield f"{first[0]} {first[1]:,}" if first else ""


def speed_lines(report: dict[str, Any]) -> Iterator[str]:
    """A line on each model that was asked."""
    for of in report.get("models", ()):
        if of["texts"]:
            words = f", cost {of['cost']:,.2f}" if of.get("cost") else ""
            words += f", for non-commercial use alone ({of['licence']})" if of["licence"] else ""
            yield (
                f"translated {of['texts']:,} texts of {of['source_tokens']:,} tokens by "
                f"{as_line(of['model'], 60)}, {of['source_tokens_a_second']:,.0f} tokens a second "
                f"and process{words}"
            )
