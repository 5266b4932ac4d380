"""A page's objects and their words against pypdfium2's own calls, one by one."""

import math
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest

from pipelines.rendering import pdf_texts
from pipelines.rendering.pdf_objects import page_objects
from pipelines.rendering.pdf_texts import object_texts
from tests.pipelines.rendering.made import bar_chart, line, pdf, prose, stream, table_rules

PAGE = line("Red kites", size=24, y=760) + prose(9) + table_rules() + bar_chart()


def objects_of(
    page: pdfium.PdfPage, kind: int, textpage: pdfium.PdfTextPage | None = None
) -> Iterator[pdfium.PdfObject]:
    return (found for found in page.get_objects(filter=[kind], textpage=textpage))


def test_boxes_and_sizes_are_those_of_pypdfium2() -> None:
    page = pdfium.PdfDocument(pdf([PAGE]))[0]
    found, texts = page_objects(page), list(objects_of(page, raw.FPDF_PAGEOBJ_TEXT))
    height = page.get_height()
    assert len(found.texts) == len(texts) == 1 + 9 + 9 + 5
    for box, size, text in zip(found.text_boxes, found.font_sizes, texts, strict=True):
        left, bottom, right, top = text.get_bounds()
        assert box.tolist() == pytest.approx([left, height - top, right, height - bottom])
        assert size == pytest.approx(text.get_font_size())
    paths = list(objects_of(page, raw.FPDF_PAGEOBJ_PATH))
    assert len(found.drawings) == len(paths) == 8 + 1 + 5
    assert all(drawing.is_box for drawing in found.drawings)


def test_what_a_form_moves_is_where_the_form_brings_it() -> None:
    form = stream(
        line("kites", x=10, y=20, size=10) + b"5 5 m 25 35 l S",
        b"/Type/XObject/Subtype/Form/BBox[0 0 200 200]/Resources<</Font<</F1 3 0 R>>>>",
    )
    resources = b"<</Font<</F1 3 0 R>>/XObject<</X 100 0 R>>>>"
    turned = b"q 0 3 -2 0 300 400 cm /X Do Q"  # a quarter to the left, three by two
    page = pdfium.PdfDocument(pdf([turned], {100: form}, resources=resources))[0]
    found = page_objects(page)
    (size,), (box,), (drawing,) = found.font_sizes, found.text_boxes, found.drawings
    assert size == pytest.approx(10 * math.sqrt(6))
    assert box[2] < 300 - 2 * 15
    assert box[3] == pytest.approx(842 - (400 + 3 * 10), abs=3)
    assert drawing.box == pytest.approx((230, 842 - 475, 290, 842 - 415), abs=5)
    assert not drawing.is_box


def test_what_is_in_a_form_comes_where_the_form_is_drawn() -> None:
    form = stream(
        line("two", y=600),
        b"/Type/XObject/Subtype/Form/BBox[0 0 600 900]/Resources<</Font<</F1 3 0 R>>>>",
    )
    resources = b"<</Font<</F1 3 0 R>>/XObject<</X 100 0 R>>>>"
    hidden = b"3 Tr " + line("hidden", y=400) + b"0 Tr "
    content = line("one", y=500) + b"/X Do " + line("three", y=700) + hidden + b"/X Do"
    page = pdfium.PdfDocument(pdf([content], {100: form}, resources=resources))[0]
    found = page_objects(page)
    assert found.text_boxes[:, 3] == pytest.approx([842 - y for y in (500, 600, 700, 600)], abs=3)


TURNED = b"BT /F1 12 Tf 0 1 -1 0 300 300 Tm (upwards) Tj ET\n"
SPLIT = b"BT /F1 12 Tf 60 200 Td (one) Tj 200 0 Td (two) Tj -200 -3 Td (three) Tj ET\n"
OVER = line("twice", y=150) + line("twice", y=150) + line("a b  c ", y=120)


@pytest.mark.parametrize("content", [PAGE, TURNED + SPLIT + OVER, b""])
def test_words_are_the_same_when_a_page_is_gone_through_once(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = pdfium.PdfDocument(pdf([content]))[0]
    texts, textpage = page_objects(page).texts, page.get_textpage()
    each = object_texts(texts, textpage)
    found = objects_of(page, raw.FPDF_PAGEOBJ_TEXT, textpage)
    expected = [text.extract() for text in found]
    monkeypatch.setattr(pdf_texts, "_MOST_LOOKS", -1)
    assert object_texts(texts, textpage) == each == expected


def test_thousands_of_headings_are_read_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    words = b"".join(
        line(f"k{n}", 20 + n % 40 * 14, 800 - n // 40 * 5, (4, 4, 6, 4, 4, 8)[n % 6])
        for n in range(4000)
    )
    page = pdfium.PdfDocument(pdf([words]))[0]
    asked: list[int] = []
    ask = pdf_texts.text_of_object
    monkeypatch.setattr(pdf_texts, "text_of_object", lambda *args: asked.append(1) or ask(*args))
    found = list(pdf_texts.headings(page_objects(page), page.get_textpage()))
    assert len(found) == 1333
    assert found[1].text == "k5"
    assert not asked
