"""Pages of documents side by side, to look at: one of each folder, say of each language.

    python -m benchmarks.contact_sheet FOLDER... [--out FILE] [--page N] [--columns C] [--width W]
    python -m benchmarks.contact_sheet ../shared/data/articles /usr/share/doc/debian-handbook/html

Of each folder right in FOLDER the largest document is rendered as `documents` renders it by
default, and its page N (or its last) is shown. A line a page tells its place, the language that its
folder is named after, the one that its text is in, and how many characters had no glyph. The last
line counts pages in another language than their folder's name says, and those with missing glyphs.
"""

import argparse
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PIL import Image, ImageDraw

from filters.language import LanguageRules, judge_language
from pipelines.document_files import kind_of, read_document
from pipelines.language_model import LanguageModel
from pipelines.rendering.html import HtmlRenderer
from pipelines.rendering.pages import Document, Kind, LostPage, Opened, Page, RenderError, Rendering
from pipelines.rendering.pdf import PdfRenderer
from schemas.languages import UNKNOWN, normalise_tag

Renderers = dict[str, PdfRenderer | HtmlRenderer]  # in this process: what is shown is trusted

_MOST_BYTES = 100_000_000
_LABEL = 14  # pixels
_GAP = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of the sheet.

    Attributes:
      place: folder and file.
      expected: the language that the folder is named after, or `und`.
      found: that its text is in, or `und`.
      page: as rendered, None where it was lost.
      words: why it was.
    """

    place: str
    expected: str
    found: str
    page: Page | None
    words: str


def main() -> None:
    """Renders, prints and draws."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("out/contact_sheet.png"))
    parser.add_argument("--page", type=int, default=2)
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--width", type=int, default=320, help="pixels of a page")
    args = parser.parse_args()
    shown, model = list[Shown](), LanguageModel()
    renderers: Renderers = {
        "pdf": PdfRenderer(Rendering()),
        "html": HtmlRenderer(Rendering()),
    }
    documents = list(chosen(args.folders))
    if not documents:
        parser.error("FOLDER must hold folders with documents, say one for each language")
    for document in documents:
        shown.append(show(renderers, model, document, args.page))
        print(_line(shown[-1]), flush=True)
    renderers["html"].close()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    sheet(shown, args.columns, args.width).save(args.out)
    other = sum(one.page is not None and one.expected != one.found for one in shown)
    bare = sum(one.page is not None and one.page.measures.missing_glyphs > 0 for one in shown)
    lost = sum(one.page is None for one in shown)
    print(
        f"{len(shown)} pages: {lost} lost, {other} in another language than their folder's, "
        f"{bare} with missing glyphs; {args.out}"
    )


def chosen(folders: list[Path]) -> Iterator[Path]:
    """The largest document of each folder right in `folders`, by name."""
    for folder in folders:
        for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
            documents = [path for path in inner.iterdir() if kind_of(path.name)]
            if documents:
                yield max(documents, key=lambda path: (path.stat().st_size, path.name))


def show(renderers: Renderers, model: LanguageModel, path: Path, number: int) -> Shown:
    """Renders page `number` of a document, or its last."""
    expected = normalise_tag(path.parent.name)
    place = f"{path.parent.name}/{path.name}"
    body = read_document(str(path), _MOST_BYTES)
    kind, name = cast(Kind, kind_of(path.name)), path.name.removesuffix(".gz")
    renderer = renderers["pdf" if kind == "pdf" else "html"]
    try:
        page = _page(renderer, Document(kind, body, str(path.parent), name), number)
    except RenderError as error:
        return Shown(place, expected, UNKNOWN, None, f"{error.fault}: {error.detail}")
    (guess,) = model.identify([page.text[:2000]])
    verdict = judge_language(guess, UNKNOWN, LanguageRules())
    return Shown(place, expected, verdict.language, page, "")


def _page(renderer: PdfRenderer | HtmlRenderer, document: Document, number: int) -> Page:
    """A page, or the document's last."""
    found = renderer.render(document, number)
    opened = next(found)
    assert isinstance(opened, Opened)
    if opened.pages < number:
        return _page(renderer, document, opened.pages)
    page = next(found)
    found.close()
    if isinstance(page, LostPage):
        raise RenderError(page.fault, page.detail)
    assert isinstance(page, Page)
    return page


def _line(one: Shown) -> str:
    if one.page is None:
        return f"{one.place:<50} {one.expected:<4} {one.words}"
    measures = one.page.measures
    return (
        f"{one.place:<50} {one.expected:<4} {one.found:<4} page {measures.page} of "
        f"{measures.pages}, {measures.characters} characters, "
        f"{measures.missing_glyphs} without a glyph"
    )


def sheet(shown: list[Shown], columns: int, width: int) -> Image.Image:
    """The pages in rows, each below its place."""
    pictures = [one for one in shown if one.page is not None]
    height = max((round(width * _aspect(one)) for one in pictures), default=width)
    rows = math.ceil(len(pictures) / columns)
    cell = width + _GAP, height + _LABEL + _GAP
    whole = Image.new("RGB", (columns * cell[0], rows * cell[1]), "#888")
    draw = ImageDraw.Draw(whole)
    for number, one in enumerate(pictures):
        assert one.page is not None
        left, top = number % columns * cell[0], number // columns * cell[1]
        picture = Image.open(io.BytesIO(one.page.image))
        small = picture.resize((width, round(width * _aspect(one))), Image.Resampling.LANCZOS)
        whole.paste(small, (left, top + _LABEL))
        draw.text((left + 2, top + 1), f"{one.place} {one.found}", fill="white")
    return whole


def _aspect(one: Shown) -> float:
    assert one.page is not None
    return one.page.pixels.height / one.page.pixels.width


if __name__ == "__main__":
    main()
