"""What `mine` left for people to see: margins, what each guard refused, and examples."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pipelines.pages import as_line
from pipelines.storage import Folder
from schemas.layout import NEGATIVES_FILE, TRIPLET_KINDS, ledger_folder

_STAGE = "mine"
_MARGIN, _TAKEN, _SOUND = "margin", "taken", "sound"
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_CELLS = 48
_TAILS = 0.002  # of the margins on either side that are counted with the outermost cells
_MOST_TEXT = 34  # characters of a text


def read_triplet_report(output: Folder) -> dict[str, Any]:
    """By kind `margins`, `refused` and `taken`, and `examples`; {} where there is none."""
    try:
        said = json.loads((output / ledger_folder(_STAGE)).read(NEGATIVES_FILE))
    except (FileNotFoundError, ValueError):
        return {}
    kinds: dict[str, Any] = {}
    for name, n in said["told"].items():
        kind, of, what = name.split("\t")
        found = kinds.setdefault(
            kind, {"margins": {}, "taken": {}, "sound": 0, "refused": Counter()}
        )
        if of == _MARGIN:
            found["margins"][what] = n
        elif what == _TAKEN:
            found["taken"][of] = n
        elif what == _SOUND:
            found["sound"] += n
        else:
            found["refused"][what] += n
    ordered = {kind: kinds[kind] for kind in TRIPLET_KINDS if kind in kinds}
    return {"kinds": ordered, "examples": said["examples"]}


def triplet_lines(report: dict[str, Any]) -> Iterator[str]:
    """A few lines a kind, then the triplets to look at."""
    for kind, said in report["kinds"].items():
        taken = ", ".join(f"{origin} {n:,}" for origin, n in _by_count(said["taken"]))
        yield f"negatives of {kind}: {taken or 'none'}"
        looked = said["sound"] + sum(said["refused"].values())
        refused = ", ".join(f"{fault} {n:,}" for fault, n in _by_count(said["refused"]))
        yield f"  of {looked:,} candidates refused: {refused or 'none'}"
        if said["margins"]:
            yield f"  positive minus negative {margin_line(said['margins'])}"
    if report["examples"]:
        yield "anchor, positive, nearest negative"
    for row in report["examples"]:
        texts = (as_line(row[name], _MOST_TEXT) for name in ("anchor", "positive", "negative"))
        scores = f"{row['positive_score']:.3f} {row['negative_score']:.3f}"
        yield f"  {row['language']:<4}{scores}  {' | '.join(texts)}  ({row['origin']})"


def margin_line(margins: dict[str, int]) -> str:
    """Margins as bars from the least to the greatest, with the share below 0.

    Args:
      margins: how many by hundredths, rounded down.

    >>> margin_line({"-1": 1, "0": 2, "2": 1})
    '-0.01 ▄█ ▄ 0.03, below 0: 25.0%, median 0.00'
    """
    counts = {int(hundredths): n for hundredths, n in margins.items()}
    total, least = sum(counts.values()), min(counts)
    ordered = [counts.get(of, 0) for of in range(least, max(counts) + 1)]
    low, high = (least + _rank(ordered, share * total) for share in (_TAILS, 1 - _TAILS))
    step = -(-(high + 1 - low) // _CELLS)
    bars = [
        sum(counts.get(of, 0) for of in range(at, at + step)) for at in range(low, high + 1, step)
    ]
    most = max(bars)
    drawn = "".join(_HEIGHTS[-(-n * (len(_HEIGHTS) - 1) // most)] for n in bars)
    below = sum(n for of, n in counts.items() if of < 0) / total
    median = (least + _rank(ordered, total / 2)) / 100
    end = (low + step * len(bars)) / 100
    return f"{low / 100:.2f} {drawn} {end:.2f}, below 0: {below:.1%}, median {median:.2f}"


def _rank(counts: list[int], number: float) -> int:
    """Where the counts together come to so many."""
    so_far = 0
    for at, n in enumerate(counts):
        so_far += n
        if so_far >= number:
            return at
    return len(counts) - 1


def _by_count(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
