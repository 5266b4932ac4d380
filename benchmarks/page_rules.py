"""Which real pages the page rules turn away, and how many planted ones they find.

`python -m benchmarks.page_rules FOLDER …` reads the PDF, HTML and Markdown files below folders that
are named by their language (`de`, `pt-BR`), and prints what each rule rejects, and how many of the
pages were found that have dot leaders, or lie within what web pages mark as their contents. Then it
draws a sample world and says how many of its planted defects were found.

A PDF's pages are rendered for their ink. Web pages are not: they are cut into screens of 40 lines
of text, all of which count as inked, and drawings and wide pictures as covering a fifth of one.
"""

import argparse
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import pyarrow.parquet as pq

from benchmarks.page_reading import ReadPage, read_document
from filters.language import Guess
from filters.page import PageFault, PageRules, TextLayer, page_fault
from filters.page_text import page_key
from pipelines.language_model import LanguageModel
from pipelines.sample.documents import write_documents
from schemas.languages import LANGUAGES, UNKNOWN, normalise_tag

_LEADERS = re.compile(r"(?:\. ?){8,}")
_SUFFIXES = (".pdf", ".html", ".md")


@dataclass(frozen=True, slots=True)
class Judged:
    """A page and its verdict.

    Attributes:
      document: path of its file.
      page: as it was read.
      stated: its language by its folder, or `und`.
      fault: None where it is kept.
      found: the language that its text is in, as far as known.
    """

    document: Path
    page: ReadPage
    stated: str
    fault: PageFault | None
    found: str


def main() -> None:
    """Prints a table for each folder, and one of the planted defects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="of documents")
    parser.add_argument("--suffix", choices=_SUFFIXES, help="reads these files alone")
    parser.add_argument("--every", type=int, default=1, help="reads one file in so many")
    parser.add_argument("--listed", type=int, default=3, help="pages listed for each rule")
    arguments = parser.parse_args()
    model = LanguageModel()
    for folder in arguments.folders:
        files = sorted(path for path in folder.rglob("*") if _is_document(path, arguments.suffix))
        stated = {path: language_of(path) for path in files[:: arguments.every]}
        ours = {path: language for path, language in stated.items() if language != UNKNOWN}
        print(f"\n{folder}: {len(ours):,} documents in {len(set(ours.values()))} languages")
        judged = judge(ours, model)
        print_rejections(judged, arguments.listed)
        print_found_contents(judged, arguments.listed)
        print_ink(judged)
    print_planted(model)


def _is_document(path: Path, suffix: str | None) -> bool:
    return path.name.removesuffix(".gz").endswith(suffix or _SUFFIXES) and path.is_file()


def language_of(path: Path) -> str:
    """The language that one of a file's folders is named by, the nearest first, or `und`."""
    tags = (normalise_tag(part) for part in reversed(path.parent.parts))
    return next((tag for tag in tags if tag in LANGUAGES), UNKNOWN)


def judge(stated: dict[Path, str], model: LanguageModel) -> list[Judged]:
    """The verdicts on all pages of documents, by the default rules."""
    read = [(path, page) for path in stated for page in read_document(path)]
    documents: dict[str, set[Path]] = defaultdict(set)
    keys = [page_key(page.text) for _, page in read]
    for key, (path, _) in zip(keys, read, strict=True):
        documents[key].add(path)
    guesses = model.identify([" ".join(page.text.split()) for _, page in read])
    began = process_time()
    judged = [
        _judge(path, page, stated[path], guess, len(documents[key]))
        for (path, page), guess, key in zip(read, guesses, keys, strict=True)
    ]
    print(f"  {1e3 * (process_time() - began) / len(judged):.2f} ms of CPU a page for the rules")
    return judged


def _judge(path: Path, page: ReadPage, stated: str, guess: Guess, documents: int) -> Judged:
    text = TextLayer(page.text, stated, guess, documents)
    found = guess.shares[0][0] if guess.shares else UNKNOWN
    return Judged(path, page, stated, page_fault(page.measures, text, PageRules()), found)


def print_rejections(judged: Sequence[Judged], listed: int) -> None:
    """How many pages each rule rejects, and the beginnings of some, spread over all of them."""
    rejected: dict[PageFault, list[Judged]] = defaultdict(list)
    for it in judged:
        if it.fault:
            rejected[it.fault].append(it)
    count = sum(map(len, rejected.values()))
    print(f"  {count:,} of {len(judged):,} pages rejected ({100 * count / len(judged):.1f} %)")
    for fault in PageFault:
        its = rejected[fault]
        if its:
            print(f"  {fault}: {len(its):,} ({100 * len(its) / len(judged):.1f} %)")
        if fault is PageFault.LANGUAGE:
            told = Counter(f"{it.stated} is {it.found}" for it in its)
            print(f"    {', '.join(f'{pair} {n:,}' for pair, n in told.most_common(20))}")
        _list(its, listed)


def _list(judged: Sequence[Judged], listed: int) -> None:
    """Prints the beginnings of some pages, spread over all of them."""
    for it in judged[:: max(1, len(judged) // listed)][:listed]:
        where = "/".join(it.document.parts[-2:])
        text = " | ".join(it.page.text.split("\n"))
        print(f"    {where} {it.page.measures.page}, {it.found}: {text[:150]!r}")


def print_found_contents(judged: Sequence[Judged], listed: int) -> None:
    """How many pages that are contents by their own marks were found, and which others were."""
    marked = [it for it in judged if _is_marked(it.page)]
    lost = [it for it in marked if it.fault is None]
    found = sum(it.fault is PageFault.CONTENTS for it in marked)
    print(
        f"  {len(marked):,} pages are contents by their marks; {found:,} found, {len(lost):,} kept"
    )
    _list(lost, listed)
    others = [it for it in judged if it.fault is PageFault.CONTENTS and not _is_marked(it.page)]
    print(f"  {len(others):,} were taken for contents that are not by their marks")
    _list(others, listed)


def print_ink(judged: Sequence[Judged]) -> None:
    """The ink of the palest pages of PDFs, those without text apart."""
    pages = [it.page for it in judged if ".pdf" in it.document.name]
    for name, its in (
        ("without text", [page for page in pages if not page.text]),
        ("with text", [page for page in pages if page.text]),
        ("with 100 characters", [page for page in pages if page.measures.characters >= 100]),
    ):
        inks = sorted(page.measures.ink for page in its)[:5]
        print(f"  least ink of {len(its):,} pages {name}: {', '.join(f'{i:.5f}' for i in inks)}")


def _is_marked(page: ReadPage) -> bool:
    lines = page.text.split("\n")
    leaders = sum(_LEADERS.search(line) is not None for line in lines)
    return 2 * leaders >= len(lines) or 2 * page.contents_characters > page.measures.characters


def print_planted(model: LanguageModel) -> None:
    """What became of the pages of a sample world, by their defect."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_documents(folder, 600, 0, 0.5, "", held_out=False)
        print("\nthe sample world's documents")
        documents = pq.read_table(folder / "documents.parquet").to_pylist()
        truth = pq.read_table(folder / "documents_truth.parquet").to_pylist()
        cut = {row["path"] for row in truth if row["defect"] == "truncated-file"}
        stated = {folder / d["path"]: d["language"] for d in documents if d["path"] not in cut}
        defects = {(folder / row["path"], row["page"]): row["defect"] for row in truth}
        fates: dict[str, Counter[str]] = defaultdict(Counter)
        judged = judge(stated, model)
        print_ink(judged)
        for it in judged:
            page = it.page.measures.page if it.document.suffix == ".pdf" else 0
            fates[defects[it.document, page]][str(it.fault or "kept")] += 1
    print("  pages by their planted defect")
    for defect, counts in sorted(fates.items()):
        ends = ", ".join(f"{fate} {count:,}" for fate, count in counts.most_common())
        print(f"  {defect or 'none':15} {sum(counts.values()):5,}  {ends}")


if __name__ == "__main__":
    main()
