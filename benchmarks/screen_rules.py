"""What the caption rules cost, and which real captions they turn away.

`python -m benchmarks.screen_rules --data ../shared/data` prints, for each set of captions, the
microseconds a caption by rule, then every caption that the default rules reject, by rule.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import pyarrow.parquet as pq

from filters.caption import _RULES, CaptionFault, CaptionRules, caption_fault
from filters.caption_text import CaptionText

_SETS = {
    "emoji names": ("emoji/pairs.parquet", ("name",)),
    "storybooks": ("storybooks/pairs.parquet", ("text",)),
    "figures": ("figures/pairs.parquet", ("caption", "alt")),
    "charts": ("charts/pairs.parquet", ("text",)),
}


def main() -> None:
    """Prints a table of costs and the list of rejections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the sets of captions")
    parser.add_argument("--listed", type=int, default=20, help="captions listed for each rule")
    arguments = parser.parse_args()
    for name in _SETS:
        captions = read_captions(arguments.data, name)
        print(f"\n{name}: {len(captions):,} captions")
        print_costs(captions)
        print_rejections(captions, arguments.listed)
    print("\nnews (NTREX-128), not captions: rejections only")
    print_rejections(read_news(arguments.data), arguments.listed)


def read_captions(data: Path, name: str) -> list[tuple[str, str]]:
    """Language and text of every caption of a set."""
    path, columns = _SETS[name]
    rows = pq.read_table(data / path).to_pylist()
    return [(row["language"], row[column]) for row in rows for column in columns]


def read_news(data: Path) -> list[tuple[str, str]]:
    """Language and text of every sentence."""
    columns = pq.read_table(data / "ntrex/sentences.parquet").to_pydict()
    return [(language, text) for language, texts in columns.items() for text in texts]


def print_costs(captions: Sequence[tuple[str, str]]) -> None:
    """Microseconds a caption of all together, of reading it and of each rule."""
    rules = CaptionRules()
    began = process_time()
    for language, text in captions:
        caption_fault(text, language, rules)
    total = process_time() - began
    spent: dict[str, float] = defaultdict(float)
    for language, text in captions:
        began = process_time()
        caption = CaptionText.of(text)
        spent["reading"] += process_time() - began
        for fault, is_broken in _RULES.items():
            began = process_time()
            is_broken(caption, language, rules)
            spent[fault] += process_time() - began
    clock = _cost_of_the_clock()
    characters = sum(len(text) for _, text in captions) / len(captions)
    print(f"  {1e6 * total / len(captions):6.1f} µs in all, {characters:.0f} characters on average")
    for name, seconds in spent.items():
        print(f"  {1e6 * (seconds / len(captions) - clock):6.1f} µs {name}")


def _cost_of_the_clock(rounds: int = 100_000) -> float:
    """Seconds that reading it twice adds."""
    spent = 0.0
    for _ in range(rounds):
        began = process_time()
        spent += process_time() - began
    return spent / rounds


def print_rejections(captions: Sequence[tuple[str, str]], listed: int) -> None:
    """The captions that the default rules turn away, each text once."""
    rules = CaptionRules()
    rejected: dict[CaptionFault, dict[str, str]] = defaultdict(dict)
    count = 0
    for language, text in captions:
        fault = caption_fault(text, language, rules)
        if fault:
            count += 1
            rejected[fault][text] = language
    print(f"  {count:,} of {len(captions):,} rejected ({100 * count / len(captions):.2f} %)")
    for fault, texts in sorted(rejected.items()):
        print(f"  {fault}: {len(texts)} texts")
        for text, language in list(texts.items())[:listed]:
            print(f"    {language} {text[:160]!r}")


if __name__ == "__main__":
    main()
