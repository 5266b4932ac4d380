"""How `pairmill why` says what was judged and how a thing ended."""

from pipelines.pages import as_line
from schemas.fates import ScoreStatus
from schemas.rows import LedgerRow, RoundTrip, Score, TextScore


def judgement(score: Score | TextScore, other: str = "picture") -> str:
    """`0.2312 by clip@0123456789ab, 0.1003 with another picture`."""
    if score.status != ScoreStatus.SCORED:
        return f"none by {as_line(score.teacher)}: {score.status}"
    words = f"{score.cosine:.4f} by {as_line(score.teacher)}"
    if isinstance(score, TextScore):
        return words
    through = f" in {score.judged_in}" if score.judged_in not in ("", score.language) else ""
    return f"{words}{through}, {score.shuffled_cosine:.4f} with another {other}"


def end_of(row: LedgerRow, text: str = "") -> str:
    """`rejected: duplicate-row (as a:b:1)`; a detail that is the caption's text is not repeated."""
    told = row.detail.removeprefix(f"{row.reason}: ")
    detail = f" ({as_line(told)})" if told and told != text else ""
    return f"{row.fate}: {row.reason}{detail}"


def came_back(trip: RoundTrip) -> str:
    """`translated back, chrF 61.3: a cat`."""
    told = f"chrF {trip.chrf:.1f}: {as_line(trip.text)}" if trip.chrf >= 0 else "no answer"
    return f"translated back, {told}"
