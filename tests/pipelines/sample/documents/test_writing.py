from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pypdfium2 as pdfium
import pytest

from pipelines.language_model import LanguageModel
from pipelines.sample import write_sample
from pipelines.sample.documents import write_documents
from pipelines.sample.documents.pdf import PDF_LANGUAGES
from pipelines.sample.documents.planting import KINDS, PAGE_KINDS
from schemas.languages import ALL

COUNT = 120
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    write_documents(folder, COUNT, 7, 0.5, "CC0-1.0", held_out=False)
    return folder


def _table(folder: Path, name: str) -> Rows:
    return pq.read_table(folder / f"{name}.parquet").to_pylist()


def _truth(folder: Path, **which: Any) -> Rows:
    rows = _table(folder, "documents_truth")
    return [row for row in rows if all(row[name] == value for name, value in which.items())]


def _without_spaces(text: str) -> str:
    return "".join(text.split())


class _Read(HTMLParser):
    """What a reader of a web page sees, and whether its tags match."""

    VOID = ("meta", "img")

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.texts: dict[str, list[str]] = {}
        self.attributes: dict[str, list[dict[str, str | None]]] = {}
        self.seen = ""
        self.feed(path.read_text("utf-8"))
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.setdefault(tag, []).append(dict(attrs))
        if tag not in self.VOID and tag != "path":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.setdefault(self.open[-1], []).append(data)
        if self.open and self.open[-1] not in ("title", "style"):
            self.seen += data


def _web_pages(folder: Path) -> Iterator[tuple[dict[str, Any], _Read]]:
    for row in _truth(folder):
        if row["path"].endswith(".html"):
            yield row, _Read(folder / row["path"])


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, world: Path) -> None:
    def digest(folder: Path) -> str:
        total = blake2b()
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
        return total.hexdigest()

    write_documents(tmp_path, COUNT, 7, 0.5, "CC0-1.0", held_out=False)
    assert digest(tmp_path) == digest(world)


def test_fewer_documents_are_the_first_of_more(tmp_path: Path, world: Path) -> None:
    write_documents(tmp_path, 5, 7, 0.5, "CC0-1.0", held_out=False)
    assert _table(tmp_path, "documents") == _table(world, "documents")[:5]


def test_the_table_names_every_file(world: Path) -> None:
    rows = _table(world, "documents")
    assert len(rows) == COUNT
    files = {path for path in (world / "documents").iterdir() if path.is_file()}
    assert files == {world / row["path"] for row in rows}
    assert {row["licence"] for row in rows} == {"CC0-1.0"}
    assert {r["language"] for r in rows if r["format"] == "html"} == set(ALL)
    assert {r["language"] for r in rows if r["format"] == "pdf"} == set(PDF_LANGUAGES)
    for row in rows:
        assert row["path"].endswith(f".{row['format']}")


def test_web_pages_hold_what_the_truth_says(world: Path) -> None:
    stated = {row["path"]: row for row in _table(world, "documents")}
    seen = Counter[str]()
    for truth, page in _web_pages(world):
        assert page.attributes["html"] == [
            {
                "lang": stated[truth["path"]]["language"],
                "dir": "rtl" if truth["language"] in ("ar", "ur") else "ltr",
            }
        ]
        assert page.texts["title"] == [truth["title"]]
        assert _without_spaces(page.seen) == _without_spaces(truth["text"])
        headings = [*page.texts.get("h1", []), *page.texts.get("h2", [])]
        assert sorted(headings) == sorted(truth["headings"])
        captions = [*page.texts.get("caption", []), *page.texts.get("figcaption", [])]
        assert sorted(captions) == sorted(truth["captions"])
        pictures = page.attributes.get("img", [])
        alts = [it["alt"] for it in pictures]
        alts += [it["aria-label"] for it in page.attributes.get("svg", [])]
        assert sorted(map(str, alts)) == sorted(truth["alts"])
        for picture in pictures:
            assert (world / "documents" / str(picture["src"])).read_bytes()[1:4] == b"PNG"
        counts = {tag: page.tags[tag] for tag in ("table", "svg", "img")}
        assert counts == {"table": truth["tables"], "svg": truth["charts"], "img": truth["figures"]}
        seen.update(counts)
    assert min(seen.values()) > 20


def test_pdfs_hold_what_the_truth_says(world: Path) -> None:
    for path in {row["path"] for row in _truth(world) if row["path"].endswith(".pdf")}:
        rows = _truth(world, path=path)
        if rows[0]["defect"] == "truncated-file":
            continue
        document = pdfium.PdfDocument(world / path)
        assert [row["page"] for row in rows] == list(range(1, len(document) + 1))
        assert document.get_metadata_dict()["Title"] == rows[0]["title"]
        for row, page in zip(rows, document, strict=True):
            text = page.get_textpage()
            number = str(row["page"]) if row["text"] else ""
            expected = _without_spaces(row["text"] + number)
            assert _without_spaces(text.get_text_range()) == expected
            kinds = [item.type for item in page.get_objects()]
            assert kinds.count(pdfium.raw.FPDF_PAGEOBJ_IMAGE) == row["figures"]
            heights = [text.get_charbox(at)[1] for at in range(text.count_chars())]
            assert not heights or min(heights) > 30


def test_pages_speak_their_language(world: Path) -> None:
    rows = [row for row in _truth(world) if len(row["text"]) > 200]
    found = [guess.shares[0][0] for guess in LanguageModel().identify([r["text"] for r in rows])]
    wrong = [
        (row["language"], language, row["text"])
        for row, language in zip(rows, found, strict=True)
        if row["language"] != language and row["defect"] != "references"
    ]
    assert not wrong


def test_every_kind_of_defect_is_there(world: Path) -> None:
    assert {row["defect"] for row in _truth(world)} == {"", *KINDS}
    spoilt = {row["path"] for row in _truth(world) if row["defect"]}
    assert 0.4 * COUNT < len(spoilt) < 0.6 * COUNT
    for path in spoilt:
        kinds = Counter(row["defect"] for row in _truth(world, path=path))
        assert len(kinds - Counter({"": kinds[""]})) == 1
        if path.endswith(".pdf") and set(kinds) & set(PAGE_KINDS):
            assert len(_truth(world, path=path)) == kinds[""] + 1


def test_blank_and_nearly_empty_pages_say_little(world: Path) -> None:
    assert {row["text"] for row in _truth(world, defect="blank")} == {""}
    for row in _truth(world, defect="nearly-empty"):
        assert row["text"] == row["headings"][0]


def test_cut_pdfs_do_not_open(world: Path) -> None:
    rows = _truth(world, defect="truncated-file")
    assert len(rows) > 1
    for row in rows:
        assert row["page"] == 0
        with pytest.raises(pdfium.PdfiumError):
            pdfium.PdfDocument(world / row["path"])


def test_boilerplate_pages_are_the_same_in_many_documents(world: Path) -> None:
    texts = [row["text"] for row in _truth(world, defect="boilerplate")]
    assert max(Counter(texts).values()) >= 10
    others = {row["text"] for row in _truth(world, defect="")}
    assert not others & set(texts)


def test_near_duplicates_differ_in_a_paragraph(world: Path) -> None:
    twins = {row["path"]: row["twin"] for row in _truth(world, defect="near-duplicate")}
    assert len(set(twins.values())) == len(twins) > 1
    for path, twin in twins.items():
        copy, original = _truth(world, path=path), _truth(world, path=twin)
        lines, theirs = (
            {line for row in rows for line in row["text"].split("\n")} for rows in (copy, original)
        )
        assert len(lines - theirs) == 1
        assert len(copy) == len(original)
        assert not any(row["defect"] for row in original)


def test_wrong_languages_are_not_those_stated(world: Path) -> None:
    stated = {row["path"]: row["language"] for row in _table(world, "documents")}
    for row in _truth(world):
        is_wrong = row["language"] != stated[row["path"]]
        assert is_wrong == (row["defect"] == "wrong-language")


def test_held_out_documents_are_in_other_sentences(tmp_path: Path, world: Path) -> None:
    write_documents(tmp_path, 10, 7, 0.0, "CC0-1.0", held_out=True)
    theirs = {line for row in _truth(tmp_path) for line in row["captions"] + row["alts"]}
    ours = {line for row in _truth(world) for line in row["captions"] + row["alts"]}
    assert len(theirs - ours) > 0.9 * len(theirs)


def test_a_sample_has_documents_when_asked(tmp_path: Path) -> None:
    folder = write_sample(tmp_path, 3, 1, documents=4).parent
    assert len(_table(folder, "documents")) == 4
    write_sample(tmp_path, 3, 1)
    assert not list((folder / "documents").iterdir())
    assert _table(folder, "documents_truth") == []
    with pytest.raises(ValueError, match="documents must be at least 0, got -1"):
        write_sample(tmp_path / "other", 3, 1, documents=-1)
