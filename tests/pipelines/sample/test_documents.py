import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.sample import write_sample
from pipelines.sample.documents import DOCUMENT_LANGUAGES, make_pdf


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("documents") / "world", 600, 2).parent


def _words(data: bytes) -> str:
    """The strings that a page shows, without spaces."""
    shown = re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", data)
    text = "".join(literal.decode("cp1252") for literal in shown)
    return re.sub(r"\s", "", re.sub(r"\\(.)", r"\1", text))


def test_documents_hold_the_text_of_the_table(folder: Path) -> None:
    rows = pq.read_table(folder / "documents.parquet").to_pylist()
    assert {row["language"] for row in rows} == set(DOCUMENT_LANGUAGES)
    assert {folder / row["path"] for row in rows} == set(folder.glob("documents/*.pdf"))
    for row in rows:
        data = (folder / row["path"]).read_bytes()
        assert data.count(b"/Type /Page ") == row["pages"]
        assert _words(data) == re.sub(r"\s", "", row["text"])
        assert row["text"].startswith(f"{row['title']}\n")


def test_the_cross_references_point_at_the_objects() -> None:
    data = make_pdf("A (small) \\ title", [(["One.", "Zwei größere."], "red"), (["Two."], "blue")])
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    assert data[start:].startswith(b"xref\n0 8\n")
    offsets = [int(entry) for entry in re.findall(rb"(\d{10}) 00000 n ", data)]
    for number, offset in enumerate(offsets, start=1):
        assert data[offset:].startswith(b"%d 0 obj\n" % number)
    for length, stream in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", data, re.S):
        assert len(stream) == int(length)
    assert _words(data) == "A(small)\\titleOne.Zweigrößere.Two."


def test_text_that_the_fonts_lack_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        make_pdf("круг", [([], "red")])
