import re

import pypdfium2 as pdfium
import pytest

from pipelines.sample.charts import compose_chart
from pipelines.sample.dice import Dice
from pipelines.sample.documents.blocks import (
    Block,
    Bullets,
    Contents,
    Document,
    Figure,
    Heading,
    Page,
    Paragraph,
    Table,
)
from pipelines.sample.documents.figures import Area, Label, marks_of
from pipelines.sample.documents.pdf import PAPER, make_pdf
from pipelines.sample.scenes import compose_scene

CHART = next(
    chart for chart in (compose_chart(Dice(1, n)) for n in range(99)) if chart.form == "bars"
)


def _document(*pages: tuple[Block, ...]) -> Document:
    return Document("pdf", "de", "Größe", "blue", 0, tuple(Page("de", page) for page in pages))


FULL = _document(
    (Heading(1, "A (small) \\ title"), Paragraph("Zwei größere Kreise."), Bullets(("Eins.",))),
    (
        Table("Table 1.", ("Form", "Ort", "Anzahl"), (("Ein Kreis", "links", "1"),)),
        Figure(CHART, True, "Abbildung 1.", "Diagramm: ß"),
        Figure(compose_scene(Dice(1, 1)), False, "Abbildung 2.", "Ein Bild"),
        Contents((("1. Kreise", 7),)),
    ),
    (),
)


def _texts(data: bytes) -> list[str]:
    pages = pdfium.PdfDocument(data)
    return ["".join(page.get_textpage().get_text_range().split()) for page in pages]


def test_readers_find_the_text_in_its_order() -> None:
    first, second, third = _texts(make_pdf(FULL))
    assert first == "A(small)\\titleZweigrößereKreise.Eins.1"
    labels = "".join(map(str, CHART.values))
    start = f"Table1.FormOrtAnzahlEinKreislinks1{labels}Abbildung1.Abbildung2.1.Kreise"
    assert re.fullmatch(re.escape(start) + r"\.{60,}72", second)
    assert third == ""


def test_readers_find_pictures_title_and_language() -> None:
    data = make_pdf(FULL)
    document = pdfium.PdfDocument(data)
    kinds = [item.type for item in document[1].get_objects()]
    assert kinds.count(pdfium.raw.FPDF_PAGEOBJ_IMAGE) == 1
    assert kinds.count(pdfium.raw.FPDF_PAGEOBJ_PATH) > len(CHART.values)
    assert document.get_metadata_dict()["Title"] == "Größe"
    assert b"/Lang (de)" in data
    assert b"/Alt <FEFF0044" in data


def test_a_page_without_blocks_is_white() -> None:
    blank, full = (
        pdfium.PdfDocument(make_pdf(FULL))[at].render().to_pil().convert("L") for at in (2, 0)
    )
    assert blank.getextrema() == (255, 255)
    assert full.getextrema() != (255, 255)


def test_the_cross_references_point_at_the_objects() -> None:
    data = make_pdf(FULL)
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    offsets = [int(entry) for entry in re.findall(rb"(\d{10}) 00000 n ", data)]
    assert data[start:].startswith(b"xref\n0 %d\n" % (len(offsets) + 1))
    for number, offset in enumerate(offsets, start=1):
        assert data[offset:].startswith(b"%d 0 obj\n" % number)
    for length, stream in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", data, re.S):
        assert len(stream) == int(length)


def test_text_that_the_fonts_lack_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        make_pdf(_document((Paragraph("круг"),)))


def test_lines_end_before_the_margin() -> None:
    data = make_pdf(_document((Paragraph("A wide " * 60), Heading(2, "Three small rings " * 8))))
    page = pdfium.PdfDocument(data)[0].get_textpage()
    rights = [page.get_charbox(at)[2] for at in range(page.count_chars())]
    assert max(rights) < PAPER[0] - 50


def test_a_charts_bars_are_as_high_as_their_values() -> None:
    marks = list(marks_of(CHART))
    heights = [
        max(y for _, y in mark.points) - min(y for _, y in mark.points)
        for mark in marks
        if isinstance(mark, Area)
    ]
    assert [height // 5 for height in heights] == list(CHART.values)
    labels = [mark.text for mark in marks if isinstance(mark, Label)]
    assert labels == [str(value) for value in CHART.values]
