"""What the caption rules cost, which real captions they turn away, which numbers they find.

`python -m benchmarks.screen_rules --data ../shared/data` prints, for each set of captions, the
microseconds a caption by rule, then the captions that the default rules reject, by rule; then how
many telephone numbers of the 30 languages' countries are found, and which other numbers are taken
for some.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import pyarrow.parquet as pq

from filters.caption import RULE_OF, CaptionFault, CaptionRules, caption_faults
from filters.caption_text import CaptionText
from filters.contact import has_personal_data

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
    print_numbers()


_NATIONAL = (
    "02 2794 6095",
    "01711-123456",
    "138 1234 5678",
    "010-12345678",
    "12 34 56 78",
    "020 123 4567",
    "040 123 4567",
    "01 23 45 67 89",
    "555 12 34 56",
    "030 123456",
    "0171/1234567",
    "210 123 4567",
    "098765 43210",
    "0812-3456-7890",
    "06 1234 5678",
    "333 123 4567",
    "03-1234-5678",
    "02-123-4567",
    "67 123 456",
    "22 12 34 56",
    "22 123 45 67",
    "601 234 567",
    "212 345 678",
    "021 123 4567",
    "8 (495) 123-45-67",
    "02/1234 5678",
    "912 345 678",
    "08-123 456 78",
    "0212 123 45 67",
    "044 123 45 67",
    "042 1234567",
    "024 1234 5678",
    "020 7946 0958",
    "(212) 555-0123",
    "212-555-0123",
    "212.555.0123",
    "07911123456",
    "13812345678",
)
_OTHER = (
    "1939-1945",
    "2019/2020",
    "01.02.2003",
    "2003-02-01",
    "1.2.2003 10:30",
    "20/07/1969 20:17",
    "1 000 000",
    "12.500.000",
    "1,234,567",
    "3.14159265",
    "978-3-16-148410-0",
    "9783161484100",
    "1920 x 1080",
    "1920×1080",
    "10-20-30",
    "1-2-3-4-5",
    "16.5-10.5",
    "48.8566, 2.3522",
    "48° 51' 24",
    "20240102101112",
    "000123",
    "1 2 3 4 5 6 7 8",
    "100-200-300",
    "12 345 678 900",
    "50 000 - 60 000",
    "4111 1111 1111 1111",
    "1.234.567,89",
    "24/7 365",
    "2001:db8::1",
    "192.168.0.1",
    "10:20:30:40",
    "1/250 s f/2.8 100 mm",
    "90210-1234",
    "No. 1234567",
    "#12345678",
    "$ 1000000",
    "1234567 km",
)


def print_numbers() -> None:
    """Telephone numbers found, in their country's own spelling, and others taken for some."""
    print("\ntelephone numbers")
    for name, form in (("bare", "{}"), ("after a word that says so", "Tel. {}")):
        missed = [number for number in _NATIONAL if not _is_found(form.format(number))]
        found = len(_NATIONAL) - len(missed)
        print(f"  {name}: {found} of {len(_NATIONAL)} found; missed: {' | '.join(missed)}")
    taken = [number for number in _OTHER if _is_found(f"in {number} or so")]
    print(f"  others: {len(taken)} of {len(_OTHER)} taken for one: {' | '.join(taken)}")


def _is_found(text: str) -> bool:
    return has_personal_data(CaptionText.of(text))


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
    languages, texts = zip(*captions, strict=True)
    began = process_time()
    caption_faults(texts, languages, rules)
    spent = {"in all": process_time() - began}
    began = process_time()
    read = CaptionText.column(texts)
    spent["reading"] = process_time() - began
    for fault, is_broken in RULE_OF.items():
        began = process_time()
        for language, caption in zip(languages, read, strict=True):
            is_broken(caption, language, rules)
        spent[fault] = process_time() - began
    print(f"  {sum(map(len, texts)) / len(texts):.0f} characters on average")
    for name, seconds in spent.items():
        print(f"  {1e6 * seconds / len(captions):6.1f} µs {name}")


def print_rejections(captions: Sequence[tuple[str, str]], listed: int) -> None:
    """The captions that the default rules turn away, each text once."""
    rules = CaptionRules()
    rejected: dict[CaptionFault, dict[str, str]] = defaultdict(dict)
    count = 0
    languages, texts = zip(*captions, strict=True)
    for fault, language, text in zip(
        caption_faults(texts, languages, rules), languages, texts, strict=True
    ):
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
