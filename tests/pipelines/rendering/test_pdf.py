import io

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from pipelines.rendering.pages import Document, LostPage, Opened, Page, RenderFault, Rendering
from pipelines.rendering.pdf import PdfRenderer
from tests.pipelines.rendering.made import bar_chart, line, packed, pdf, prose, stream, table_rules

FULL = line("Red kites", size=24, y=760) + prose() + table_rules() + bar_chart()


def rendered(body: bytes, settings: Rendering | None = None) -> list[Opened | Page | LostPage]:
    return list(PdfRenderer(settings or Rendering()).render(Document("pdf", body), 1))


def only_page(body: bytes, settings: Rendering | None = None) -> Page:
    _, page = rendered(body, settings)
    assert isinstance(page, Page)
    return page


def test_a_page_is_the_picture_and_the_text_that_pdfium_gives() -> None:
    page = only_page(pdf([FULL]), Rendering(image_format="png", dpi=96))
    bare = pypdfium2.PdfDocument(pdf([FULL]))[0]
    assert page.text == bare.get_textpage().get_text_range()
    pixels = np.asarray(Image.open(io.BytesIO(page.image)))
    assert np.array_equal(pixels, bare.render(scale=96 / 72).to_numpy()[:, :, ::-1])


def test_what_stands_on_a_page_is_counted_from_its_objects() -> None:
    measures = only_page(pdf([FULL])).measures
    assert (measures.page, measures.pages) == (1, 1)
    assert (measures.headings, measures.tables, measures.charts, measures.figures) == (1, 1, 1, 0)
    assert 0.03 < measures.table_share < 0.04  # 300 x 60 points
    assert measures.lines == 1 + 20 + 3 + 1
    assert measures.font_sizes == 4
    assert 0.1 < measures.text_share < 0.4
    assert measures.missing_glyphs == 0


def test_headings_are_what_is_set_larger_than_the_running_text() -> None:
    big = line("Red kites", size=24, y=760) + line("of the valley", size=24, y=730)
    texts = only_page(pdf([big + prose(5) + line("Nests", size=16, y=500) + prose(9, 480)])).texts
    assert [(text.origin, text.text) for text in texts] == [
        ("page-heading", "Red kites of the valley"),
        ("page-heading", "Nests"),
    ]


def test_a_word_that_was_broken_at_a_lines_end_is_whole_in_headings_and_captions() -> None:
    big = line("The Inter-", size=24, y=760) + line("national Kite", size=24, y=730)
    small = line("Figure 1: A mig-", y=300) + line("rating kite.", y=286)
    texts = only_page(pdf([big + prose(9) + small])).texts
    assert [text.text for text in texts] == [
        "The International Kite",
        "Figure 1: A migrating kite.",
    ]


def test_captions_and_alternative_texts_stand_with_their_origin() -> None:
    words = prose(5) + line("Figure 3: A kite", y=300) + line("in flight.", y=286)
    body = pdf([words + line("Table 1. Pairs by year", y=200) + line("Figure 3 shows it.", y=150)])
    texts = [(text.origin, text.text) for text in only_page(body).texts]
    assert ("figure-caption", "Figure 3: A kite in flight.") in texts
    assert ("table-caption", "Table 1. Pairs by year Figure 3 shows it.") in texts
    assert len(texts) == 2


def test_alternative_texts_of_a_tagged_file() -> None:
    catalog = b"<</Type/Catalog/Pages 2 0 R/MarkInfo<</Marked true>>/StructTreeRoot 100 0 R>>"
    extra = {
        100: b"<</Type/StructTreeRoot/K 101 0 R/ParentTree<</Nums[0[101 0 R]]>>>>",
        101: b"<</Type/StructElem/S/Figure/P 100 0 R/Pg 10 0 R/K 0/Alt(A red kite in flight)>>",
        10: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/StructParents 0"
        b"/Resources<</Font<</F1 3 0 R>>>>/Contents 11 0 R>>",
        11: stream(b"/Figure <</MCID 0>> BDC " + bar_chart() + b" EMC"),
    }
    texts = only_page(pdf([b""], extra, catalog=catalog)).texts
    assert ("alt-text", "A red kite in flight") in [(text.origin, text.text) for text in texts]


def test_a_picture_is_a_figure_and_a_frame_round_text_is_none() -> None:
    image = packed(bytes(10_000), b"/Width 100/Height 100/ColorSpace/DeviceGray/BitsPerComponent 8"
                   b"/Type/XObject/Subtype/Image")  # fmt: skip
    resources = b"<</Font<</F1 3 0 R>>/XObject<</I 100 0 R>>>>"
    content = b"q 300 0 0 200 60 500 cm /I Do Q 50 400 300 50 re S " + line("boxed", 60, 420)
    measures = only_page(pdf([content], {100: image}, resources=resources)).measures
    assert (measures.figures, measures.charts, measures.tables) == (1, 0, 0)
    assert measures.figure_share == pytest.approx(300 * 200 / (595 * 842), abs=0.01)


@pytest.mark.parametrize(
    ("names", "missing"), [(b"/uni10D0/uniE001", 2), (b"/uni200B/uniFEFF", 0), (b"/uni200E/B", 0)]
)
def test_characters_that_the_fonts_here_do_not_have_are_counted(names: bytes, missing: int) -> None:
    descriptor = b"<</Type/FontDescriptor/FontName/Foo/Flags 4/StemV 80/ItalicAngle 0>>"
    encoding = b"<</Type/Encoding/Differences[65%s]>>" % names
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Foo/Encoding %s/FontDescriptor %s>>"
    body = pdf([prose(2) + line("AB", y=90)], resources=b"<</Font<</F1 3 0 R/F2 100 0 R>>>>")
    assert only_page(body).measures.missing_glyphs == 0
    body = pdf(
        [prose(2) + line("AB", y=90).replace(b"/F1", b"/F2")],
        {100: font % (encoding, descriptor)},
        resources=b"<</Font<</F1 3 0 R/F2 100 0 R>>>>",
    )
    assert only_page(body).measures.missing_glyphs == missing


def test_links_and_the_words_in_them_are_counted() -> None:
    link = b"<</Type/Annot/Subtype/Link/Rect[55 690 400 712]/A<</S/URI/URI(http://a.org)>>>>"
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots[%s]"
        b"/Resources<</Font<</F1 3 0 R>>>>/Contents 11 0 R>>" % link
    )
    measures = only_page(pdf([line("See the kites") + prose(3)], {10: page})).measures
    assert (measures.links, measures.link_characters) == (1, len("Seethekites"))


def test_the_language_and_the_title_are_the_files_own() -> None:
    opened = rendered(pdf([prose()]))[0]
    assert opened == Opened(1, "", "en")


def test_a_page_that_cannot_be_rendered_costs_itself_alone() -> None:
    body = pdf([prose()], tree=b"<</Type/Pages/Count 2/Kids[10 0 R 2 0 R]>>")
    found = rendered(body)
    assert [type(page) for page in found] == [Opened, Page, LostPage]
    assert isinstance(found[2], LostPage)
    assert found[2].fault == RenderFault.BROKEN_PAGE


def test_the_same_page_gives_the_same_bytes() -> None:
    assert only_page(pdf([FULL])) == only_page(pdf([FULL]))
