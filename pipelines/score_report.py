"""What `select` left for people to see: scores by language with their thresholds, and examples."""

import json
from collections.abc import Iterator
from typing import Any

from pipelines.pages import as_line
from pipelines.storage import Folder
from schemas.layout import SCORE_REPORT_FILE, Branch

_STAGE = "select"
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_MOST_TEXT = 56  # characters of a caption
_KINDS = {"best": "the best pairs", "worst": "the worst", "borderline": "nearest to a threshold"}


def read_score_report(output: Folder, branch: Branch) -> dict[str, Any]:
    """`languages` with their histograms, and `examples`; {} where there is none."""
    folder = output / branch.ledger(_STAGE)
    try:
        return dict(json.loads(folder.read(SCORE_REPORT_FILE)))
    except (FileNotFoundError, ValueError):
        return {}


def histogram_lines(languages: dict[str, Any]) -> Iterator[str]:
    """A line a language: its scores as bars from the least to the greatest, cut at the threshold.

    >>> said = {"captions": 8, "from": 0.0, "to": 0.4, "observed": [1, 2, 0, 5],
    ...         "shuffled": [8, 0, 0, 0], "thresholds": {"web": 0.2}}
    >>> list(histogram_lines({"en": said}))
    ['en   0.00 ▂▄| █ 0.40   from 0.2000']
    """
    for language, said in languages.items():
        cuts = sorted(said["thresholds"].values())
        bars = _bars(said["observed"], [_cell(said, cut) for cut in cuts])
        line = f"{language:<4}{said['from']:>5.2f} {bars} {said['to']:.2f}"
        if cuts:
            to = f" to {cuts[-1]:.4f}, by source" if cuts[-1] > cuts[0] else ""
            line += f"   from {cuts[0]:.4f}{to}"
        yield line


def _cell(said: dict[str, Any], score: float) -> int:
    cells = len(said["observed"])
    return round((score - said["from"]) / (said["to"] - said["from"]) * cells)


def _bars(counts: list[int], cuts: list[int]) -> str:
    most = max(counts) or 1
    bars = [_HEIGHTS[-(-n * (len(_HEIGHTS) - 1) // most)] for n in counts]
    for cut in sorted(set(cuts), reverse=True):
        bars.insert(min(max(cut, 0), len(counts)), "|")
    return "".join(bars)


def example_lines(examples: list[dict[str, Any]]) -> Iterator[str]:
    """The pairs to look at, under a heading for each kind."""
    for kind, heading in _KINDS.items():
        rows = [row for row in examples if row["kind"] == kind]
        if rows:
            yield heading
        for row in rows:
            fate = row["fault"] or "kept"
            text = as_line(row["text"], _MOST_TEXT)
            yield f"  {row['score']:>7.4f}  {row['language']:<4}{row['uid'][:12]}  {text}  ({fate})"
