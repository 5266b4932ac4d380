"""Documents of the sample world: small PDFs with a text layer, and what is written in them.

Written by hand in the standard fonts, which need no embedding and cover the Latin-1 languages.
"""

import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sample.dice import Dice
from pipelines.sample.drawing import TONES
from pipelines.sample.grammars import GRAMMARS, name_thing, say_fact
from pipelines.sample.scenes import compose_scene, list_facts

DOCUMENT_LANGUAGES = ("en", "da", "nl", "fi", "fr", "de", "id", "it", "no", "pt", "es", "sv")
DOCUMENTS_SCHEMA = pa.schema(
    {
        "path": pa.string(),  # relative to the table's folder
        "language": pa.string(),
        "title": pa.string(),
        "text": pa.string(),  # of all pages, title and paragraphs a line each
        "pages": pa.int32(),
    }
)

_ROWS_A_DOCUMENT = 50  # of the pairs
_WIDTH, _HEIGHT, _MARGIN = 595, 842, 64  # points: A4
_LINE_CHARS = 78  # at 11 points
_PAGES, _PARAGRAPHS, _SENTENCES = range(1, 4), range(2, 5), range(3, 7)

_Page = tuple[list[str], str]  # paragraphs, and the colour of the bar above them


def write_documents(folder: Path, rows: int, seed: int, *, held_out: bool) -> None:
    """Writes `documents/*.pdf` and `documents.parquet`, one document for so many rows of pairs."""
    (folder / "documents").mkdir(exist_ok=True)
    table = []
    for number in range(1 + rows // _ROWS_A_DOCUMENT):
        dice = Dice(seed, number)
        language = DOCUMENT_LANGUAGES[number % len(DOCUMENT_LANGUAGES)]
        title, pages = _compose(dice, language, held_out=held_out)
        path = f"documents/{dice.digest('document', 16).hex()}.pdf"
        (folder / path).write_bytes(make_pdf(title, pages))
        text = "\n".join([title, *(text for paragraphs, _ in pages for text in paragraphs)])
        table.append(
            {"path": path, "language": language, "title": title, "text": text, "pages": len(pages)}
        )
    pq.write_table(pa.Table.from_pylist(table, DOCUMENTS_SCHEMA), folder / "documents.parquet")


def _compose(dice: Dice, language: str, *, held_out: bool) -> tuple[str, list[_Page]]:
    """Returns a title and pages that speak of one scene a paragraph."""
    grammar = GRAMMARS[language]
    pages: list[_Page] = []
    title = ""
    for page in range(dice.pick("pages", _PAGES)):
        paragraphs = []
        for at in range(dice.pick(f"paragraphs/{page}", _PARAGRAPHS)):
            own = Dice(dice.seed, int.from_bytes(dice.digest(f"paragraph/{page}/{at}"), "big"))
            scene = compose_scene(own)
            facts = own.shuffle("sentences", list_facts(scene))[: own.pick("length", _SENTENCES)]
            paragraphs.append(
                " ".join(say_fact(fact, grammar, held_out=held_out) for fact in facts)
            )
            title = title or name_thing(scene.groups[0].thing, grammar).capitalize()
        pages.append((paragraphs, dice.pick(f"bar/{page}", tuple(TONES))))
    return title, pages


def make_pdf(title: str, pages: list[_Page]) -> bytes:
    """Returns a PDF 1.4 with the title above the first page's paragraphs.

    Raises UnicodeEncodeError for text that windows-1252 lacks.
    """
    count = len(pages)
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for at, (paragraphs, colour) in enumerate(pages):
        content = _page_content(title if at == 0 else "", paragraphs, colour)
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH} {_HEIGHT}] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * at} 0 R >>".encode(),
            b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        ]
    return _assemble(objects)


def _page_content(title: str, paragraphs: list[str], colour: str) -> bytes:
    """Returns the operators that draw a bar and write the lines from the top."""
    red, green, blue = (f"{level / 255:.3f}" for level in TONES[colour])
    top = _HEIGHT - _MARGIN
    lines = [
        f"{red} {green} {blue} rg {_MARGIN} {top} {_WIDTH - 2 * _MARGIN} 12 re f 0 g",
        f"BT /F1 20 Tf 28 TL {_MARGIN} {top - 36} Td",
    ]
    lines += [f"{_literal(line)} Tj T*" for line in _wrap(title, _LINE_CHARS // 2)]
    lines.append("/F1 11 Tf 15 TL")
    for paragraph in paragraphs:
        lines += [f"{_literal(line)} Tj T*" for line in _wrap(paragraph, _LINE_CHARS)]
        lines.append("T*")
    return "\n".join([*lines, "ET"]).encode("cp1252")


def _wrap(text: str, chars: int) -> list[str]:
    """Never breaks at a hyphen: readers of PDFs take it for one that was put in."""
    return textwrap.wrap(text, chars, break_on_hyphens=False)


def _literal(text: str) -> str:
    """Returns a PDF string.

    >>> _literal("a (b)")
    '(a \\\\(b\\\\))'
    """
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"({escaped})"


def _assemble(objects: list[bytes]) -> bytes:
    """Returns a file of these objects, numbered from 1, with its cross-reference table."""
    data = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        data
        + b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, entries)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(data))
    )
