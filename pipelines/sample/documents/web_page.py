"""Writes a document as a web page, with its pictures in files beside it."""

from html import escape

from pipelines.sample.charts import Chart
from pipelines.sample.documents.blocks import (
    Block,
    Bullets,
    Contents,
    Document,
    Figure,
    Heading,
    Paragraph,
    Table,
)
from pipelines.sample.documents.figures import HEIGHT, LETTER, WIDTH, Area, Label, Line, marks_of
from pipelines.sample.drawing import TONES
from pipelines.sample.spoiling import encode
from pipelines.sample.subjects import draw

_RIGHT_TO_LEFT = ("ar", "ur")
_STYLE = """\
body { margin: 0; font: 17px/1.5 sans-serif; color: #222; background: #fff }
main { max-width: 46em; margin: 0 auto; padding: 1em 2em 3em }
h1, h2 { color: %(accent)s; line-height: 1.25 }
table { border-collapse: collapse; margin: 1em 0 }
caption { caption-side: top; text-align: start; font-size: .9em; padding-bottom: .4em }
th, td { border: 1px solid #999; padding: .3em .8em; text-align: start }
th { background: %(accent)s; color: #fff }
figure { margin: 1.5em 0 }
figure svg { width: 100%%; max-width: 34em; height: auto }
figure img { max-width: 100%%; height: auto }
figcaption { font-size: .9em; color: #555 }
"""
_LOOK_STYLES = (
    "body { border-top: 14px solid %(accent)s }\n",
    "main { border-inline-start: 8px solid %(accent)s }\n"
    "figure { float: inline-end; width: 45%%; margin: .3em 0 1em 1.5em }\n"
    "h2, table { clear: both }\n",
    "section { background: #f3f3f1; padding: .5em 1.5em; margin: 1.2em 0; border-radius: 8px }\n",
)
LOOKS = range(len(_LOOK_STYLES))


def make_html(document: Document, folder: str) -> tuple[bytes, dict[str, bytes]]:
    """Returns the page, UTF-8, and its PNG pictures by their paths relative to it.

    Args:
      document: any; its pages become sections.
      folder: for the pictures, relative to the page.
    """
    pictures: dict[str, bytes] = {}
    sections = []
    for number, page in enumerate(document.pages, start=1):
        parts = [_block(block, folder, pictures) for block in page.blocks]
        if parts:
            sections.append(f'<section id="part-{number}">\n' + "\n".join(parts) + "\n</section>")
    speaks = document.pages[0].language
    direction = "rtl" if speaks in _RIGHT_TO_LEFT else "ltr"
    look = _LOOK_STYLES[document.look] if sections else ""
    style = (_STYLE + look) % {"accent": _hexadecimal(document.accent)}
    main = "<main>\n" + "\n".join(sections) + "\n</main>\n" if sections else ""
    page_text = (
        f'<!DOCTYPE html>\n<html lang="{document.language}" dir="{direction}">\n<head>\n'
        f'<meta charset="utf-8">\n<title>{escape(document.title)}</title>\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n{main}</body>\n</html>\n"
    )
    return page_text.encode(), pictures


def _block(block: Block, folder: str, pictures: dict[str, bytes]) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Bullets(items):
            return "<ul>\n" + "\n".join(f"<li>{escape(item)}</li>" for item in items) + "\n</ul>"
        case Table():
            return _table(block)
        case Contents(entries):
            links = (
                f'<li><a href="#part-{number}">{escape(text)}</a></li>'
                for number, (text, _) in enumerate(entries, start=1)
            )
            return "<ul>\n" + "\n".join(links) + "\n</ul>"
        case Figure():
            chart = block.chart
            drawn = _svg(chart, block.alt) if chart else _picture(block, folder, pictures)
            caption = f"<figcaption>{escape(block.caption)}</figcaption>"
            return f"<figure>\n{drawn}\n{caption}\n</figure>"


def _table(table: Table) -> str:
    header = "".join(f"<th>{escape(cell)}</th>" for cell in table.header)
    rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in table.rows)
    lines = "\n".join(f"<tr>{cells}</tr>" for cells in (header, *rows))
    return f"<table>\n<caption>{escape(table.caption)}</caption>\n{lines}\n</table>"


def _picture(figure: Figure, folder: str, pictures: dict[str, bytes]) -> str:
    """Adds the picture's file to `pictures`."""
    subject = figure.subject
    path = f"{folder}/{len(pictures) + 1}.png"
    pictures[path] = encode(draw(subject), "png")
    size = f'width="{subject.width}" height="{subject.height}"'
    return f'<img src="{path}" {size} alt="{escape(figure.alt)}">'


def _svg(chart: Chart, alt: str) -> str:
    """Returns a chart as vectors."""
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(alt)}" '
        f'font-size="{LETTER}" text-anchor="middle">'
    ]
    for mark in marks_of(chart):
        match mark:
            case Area(points, colour):
                lines.append(f'<path d="{_path(points)}Z" fill="{_hexadecimal(colour)}"/>')
            case Line(points, colour, thickness):
                stroke = f'stroke="{_hexadecimal(colour)}" stroke-width="{thickness}"'
                lines.append(f'<path d="{_path(points)}" fill="none" {stroke}/>')
            case Label((x, y), text):
                lines.append(f'<text x="{x}" y="{y}">{text}</text>')
    return "\n".join([*lines, "</svg>"])


def _path(points: tuple[tuple[int, int], ...]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def _hexadecimal(colour: str) -> str:
    return "#" + "".join(f"{level:02x}" for level in TONES[colour])
