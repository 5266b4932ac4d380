import time
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest

from pipelines.rendering.pages import Document, Opened, Page, RenderError
from pipelines.rendering.renderer import Renderer
from tests.pipelines.rendering.made import html

CHART = (
    '<svg width="300" height="100"><title>Paare im Jahr</title>'
    + "".join(f'<rect x="{50 * n}" y="20" width="30" height="{20 + 15 * n}"/>' for n in range(4))
    + '<text x="5" y="12">2020</text><text x="60" y="12">2021</text></svg>'
)
FULL = f"""<h1>Der <em>Rotmilan</em></h1><p>Er kreist <a href="/x">über dem Tal</a>.</p>
<figure><img src="feld.svg" alt="Ein Feld" width="200" height="60">
<figcaption>Abb. 1: Feld</figcaption></figure>
<table><caption>Paare</caption><tr><td>2020<td>12<tr><td>2021<td>14</table>{CHART}"""
FIELD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100">'
    '<rect width="200" height="100"/></svg>'
)


def pages(renderer: Renderer, document: Document) -> list[Page]:
    opened, *found = list(renderer.render(document))
    assert isinstance(opened, Opened)
    whole = [page for page in found if isinstance(page, Page)]
    assert len(whole) == len(found) == opened.pages
    return whole


def test_what_stands_on_a_screen_is_counted_from_the_dom(
    renderer: Renderer, tmp_path: Path
) -> None:
    (tmp_path / "feld.svg").write_text(FIELD)
    (page,) = pages(renderer, Document("html", html(FULL), str(tmp_path), "a.html"))
    measures = page.measures
    assert (measures.headings, measures.figures, measures.tables, measures.charts) == (1, 1, 1, 1)
    assert (measures.links, measures.link_characters) == (1, len("überdemTal"))
    assert measures.figure_share == pytest.approx(200 * 60 / (400 * 600), abs=0.01)
    assert measures.chart_share == pytest.approx(300 * 100 / (400 * 600), abs=0.01)
    assert measures.missing_glyphs == 0
    assert [(text.origin, text.text) for text in page.texts] == [
        ("page-heading", "Der Rotmilan"),
        ("alt-text", "Ein Feld"),
        ("figure-caption", "Abb. 1: Feld"),
        ("table-caption", "Paare"),
        ("alt-text", "Paare im Jahr"),
    ]


def test_the_text_is_the_doms(renderer: Renderer) -> None:
    body = (
        "<p>Eins  <b>zwei</b>drei<br>vier</p><div>fünf<span> sechs</span></div>"
        "<p><b>acht</b> <i>neun</i><b>zehn</b>\n<!-- --><i>elf</i><br><br><b>zwölf</b></p>"
        "<p>drei<b style='display: none'> </b>zehn <a style='display: contents'>da</a></p>"
        "<p style='display: none'>weg</p><p style='visibility: hidden'>weg</p><ul><li>sieben</ul>"
    )
    (page,) = pages(renderer, Document("html", html(body)))
    lines = ["Eins zweidrei", "vier", "fünf sechs", "acht neunzehn elf", "zwölf"]
    lines += ["dreizehn da", "sieben"]
    assert [" ".join(line.split()) for line in page.text.splitlines()] == lines


def test_the_text_is_in_the_letters_that_are_seen(renderer: Renderer) -> None:
    body = (
        "<p style='text-transform: uppercase'>groß <i lang=tr>isim</i> <i lang=el>άνω</i></p>"
        "<p style='text-transform: lowercase'>EINS</p>"
        "<p style='text-transform: capitalize'>rotmilan's flug</p>"
    )
    (page,) = pages(renderer, Document("html", html(body)))
    assert page.text.split() == ["GROSS", "İSİM", "ΑΝΩ", "eins", "Rotmilan's", "Flug"]


@pytest.mark.parametrize(
    "body",
    [
        "<svg lang='tr' width='300' height='60'><text y='30'>ince</text></svg>",
        "<math lang='tr'><mtext>ince</mtext></math>",
        "<form lang='tr'>ince<input name='lang' hidden></form>",
    ],
)
def test_a_language_is_stated_on_anything(renderer: Renderer, body: str) -> None:
    whole = html(f"<div style='text-transform: uppercase'>{body}</div>")
    (page,) = pages(renderer, Document("html", whole))
    assert page.text == "İNCE"


def test_a_long_page_is_cut_into_screens_and_no_word_is_lost(renderer: Renderer) -> None:
    words = [f"Wort{n}" for n in range(700)]
    screens = pages(renderer, Document("html", html(f"<p>{' '.join(words)}</p>")))
    assert len(screens) > 2
    assert [page.measures.page for page in screens] == list(range(1, len(screens) + 1))
    seen = [page.text.split() for page in screens]
    assert [word for screen in seen[:-1] for word in screen] + seen[-1][-1:] == (
        [word for word in words if any(word in screen for screen in seen[:-1])] + words[-1:]
    )
    assert {word for screen in seen for word in screen} == set(words)
    assert all(page.pixels.height == 600 for page in screens)  # the last goes back to be whole


def test_words_stay_apart_where_a_screen_ends(renderer: Renderer) -> None:
    words = " ".join(f"Wort{n}" for n in range(90))
    body = f"<div style='height: 480px'></div><p><b>Milan</b> {words}</p>"
    first, *_ = pages(renderer, Document("html", html(body)))
    assert first.text.split()[:3] == ["Milan", "Wort0", "Wort1"]


def test_the_last_screen_of_many_pieces_has_its_text(renderer: Renderer) -> None:
    style = "<style>i { font-size: 3px; line-height: 4px; display: inline-block }</style>"
    body = style + "<i>x</i> " * 20_100 + "<p>Ende</p>"
    *_, last = pages(renderer, Document("html", html(body)))
    assert last.measures.page > 1
    assert last.text.rstrip().endswith("Ende")


def test_characters_without_a_glyph_are_counted(renderer: Renderer) -> None:
    (page,) = pages(renderer, Document("html", html("<p>A&#xE123;B&#xE124;&#x10FFFD;</p>")))
    assert page.measures.missing_glyphs == 3


def test_the_same_page_gives_the_same_bytes(renderer: Renderer) -> None:
    moving = """<style>@keyframes k { from { left: 0 } to { left: 200px } }
        div { position: relative; width: 50px; height: 50px; background: #c33;
        animation: k 3s infinite alternate }</style><div></div>"""
    document = Document("html", html(moving + FULL))
    assert pages(renderer, document) == pages(renderer, document)


XHTML = """<?xml version="1.0" encoding="UTF-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="de"><head><title>Milane</title>
<script src="none.js" /></head><body><h1>Milan</h1><p>Er kreist.</p>{}</body></html>"""


def test_xhtml_is_read_as_xml(renderer: Renderer) -> None:
    document = Document("html", XHTML.format("").encode(), name="a.xhtml")
    opened, page = renderer.render(document)
    assert opened == Opened(1, "Milane", "de")
    assert isinstance(page, Page)
    assert page.text.split() == ["Milan", "Er", "kreist."]
    with pytest.raises(RenderError, match="no well-formed XML"):
        list(renderer.render(Document("html", XHTML.format("<p>").encode(), name="a.xhtml")))


def test_a_form_does_not_stand_for_the_title(renderer: Renderer) -> None:
    opened, _ = renderer.render(Document("html", html('<form name="title">Da.</form>')))
    assert opened == Opened(1, "Der Rotmilan", "de")


SLIDING = """<style>@keyframes k { from { margin-left: 0 } to { margin-left: 200px } }
    b { display: block; width: 50px; height: 50px; background: #c33;
    animation: k 3s infinite alternate }</style><b></b>"""
SLIDING_SVG = """<svg width="300" height="60"><rect width="50" height="50">
    <animate attributeName="x" from="0" to="200" dur="1s" repeatCount="indefinite"/></rect></svg>"""
MOVING = {
    "a drawing": SLIDING_SVG,
    "a frame": f'<iframe srcdoc="{escape(SLIDING + SLIDING_SVG)}"></iframe>',
    "a frame of its own origin": f'<iframe src="data:text/html,{quote(SLIDING)}"></iframe>',
    "progress": "<progress></progress>",
    "marquee": "<marquee>Der Rotmilan kreist.</marquee>",
    "a shadow root": f'<p><template shadowrootmode="open">{SLIDING}{SLIDING_SVG}</template></p>',
    "a closed one": f'<p><template shadowrootmode="closed">{SLIDING}</template></p>',
}


@pytest.mark.parametrize("name", MOVING)
def test_what_moves_stands_still(renderer: Renderer, name: str) -> None:
    document = Document("html", html(MOVING[name]))
    seen = set()
    for _ in range(4):
        seen.add(pages(renderer, document)[0].image)
        time.sleep(0.13)  # no part of what periods have in common
    assert len(seen) == 1


def test_what_fades_in_is_there(renderer: Renderer) -> None:
    style = """<style>@keyframes k { from { opacity: 0 } to { opacity: 1 } }
        div { width: 300px; height: 300px; background: #000; animation: k 3s 1s both }</style>"""
    (page,) = pages(renderer, Document("html", html(style + "<div></div>")))
    assert page.measures.ink > 0.3


def test_markdown_is_rendered_with_our_style(renderer: Renderer) -> None:
    text = """---
title: Der Rotmilan
lang: de
---

<div dir="ltr" markdown="1">

## Nester {#nester}

| Jahr | Paare |
|------|-------|
| 2020 | 12    |

</div>
"""
    (page,) = pages(renderer, Document("markdown", text.encode()))
    assert page.text.split() == ["Der", "Rotmilan", "Nester", "Jahr", "Paare", "2020", "12"]
    assert [text.text for text in page.texts] == ["Der Rotmilan", "Nester"]
    assert page.measures.tables == 1


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_by_its_byte_order_mark(renderer: Renderer, charset: str) -> None:
    for document in (
        Document("markdown", "# Красный коршун".encode(charset)),
        Document("html", "<meta charset=utf-8><h1>Красный коршун</h1>".encode(charset)),
    ):
        (page,) = pages(renderer, document)
        assert page.text.split() == ["Красный", "коршун"]
