"""What a PDF's text layer says beside its text: headings, links, characters without a glyph."""

import ctypes
from collections.abc import Iterator

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from pipelines.rendering.fonts import is_drawn
from pipelines.rendering.pages import Box, PageText
from pipelines.rendering.pdf_objects import MOST_OBJECTS, PageObjects, has_missing_font
from pipelines.rendering.pdfium_calls import (
    address_of,
    characters_of,
    code_of_character,
    object_of_character,
    text_of_object,
)
from pipelines.rendering.storing import one_line

_HEADING_SIZE = 1.15  # times that of running text
_NEXT_LINE = 1.5  # times the size of a heading, from the foot of a line to that of the next
_WORD_SPACE = 0.15  # likewise, from a word to the next
_MOST_LOOKS = 300_000  # at characters, when PDFium looks for each object's: about 1 ms
_NOT_LATIN = "\u0250"  # Unicode: from here on
_NO_HEIGHT = 0.05  # points: no mark is that low
_SPACE = " "
_UNIT = 2  # bytes of UTF-16's


def headings(objects: PageObjects, textpage: pdfium.PdfTextPage) -> Iterator[PageText]:
    """Lines that are set larger than the running text, which most of the page is set in."""
    if not objects.texts:
        return
    larger = np.flatnonzero(objects.font_sizes >= _HEADING_SIZE * _body_size(objects))
    texts = object_texts([objects.texts[index] for index in larger], textpage)
    boxes, sizes = objects.text_boxes[larger].tolist(), objects.font_sizes[larger].tolist()
    line: list[str] = []
    for number, (text, box, size) in enumerate(zip(texts, boxes, sizes, strict=True)):
        if number:
            before, size_before = boxes[number - 1], sizes[number - 1]
            if not (abs(size - size_before) < 1 and _drop(before, box) < _NEXT_LINE * size):
                yield PageText("page-heading", one_line("".join(line)))
                line = []
            elif _is_apart(before, box, size):
                line.append(_SPACE)
        line.append(text)
    if line:
        yield PageText("page-heading", one_line("".join(line)))


def _body_size(objects: PageObjects) -> float:
    """The size of letters, to half a point, that covers most width; of several the smallest."""
    left, _, right, _ = objects.text_boxes.T
    sizes, places = np.unique(np.rint(2 * objects.font_sizes) / 2, return_inverse=True)
    widths = np.bincount(places, weights=np.rint(right - left))
    return float(sizes[widths.argmax()])


def _is_apart(before: Box, box: Box, size: float) -> bool:
    """Whether a run begins another word than the one before it, or another line."""
    return box[0] - before[2] > _WORD_SPACE * size or _drop(before, box) > 0.5 * size


def _drop(before: Box, box: Box) -> float:
    return abs(box[3] - before[3])


def object_texts(handles: list[int], textpage: pdfium.PdfTextPage) -> list[str]:
    """The text of each of these text objects, as `FPDFTextObj_GetText` gives it.

    PDFium goes through all characters of the page for each object. Where that is much, they are
    gone through once.
    """
    page = address_of(textpage)
    if len(handles) * characters_of(page) <= _MOST_LOOKS:
        return [_text_of(handle, page) for handle in handles]
    texts = _texts_by_object(page, set(handles))
    return [_joined(texts.get(handle, [])) for handle in handles]


def _text_of(handle: int, page: int | None) -> str:
    length = text_of_object(handle, page, None, 0)
    if length <= _UNIT:
        return ""
    buffer = ctypes.create_string_buffer(length)
    text_of_object(handle, page, buffer, length)
    return buffer.raw[: length - _UNIT].decode("utf-16-le", "ignore")


def _joined(parts: list[str]) -> str:
    return "".join(parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _texts_by_object(page: int | None, wanted: set[int]) -> dict[int, list[str]]:
    """The characters of many objects at once; a space right after an object's is its own."""
    texts: dict[int, list[str]] = {}
    before = None
    for index in range(characters_of(page)):
        of, code = object_of_character(page, index), code_of_character(page, index)
        if of != before and code == ord(_SPACE) and before in wanted:
            texts[before].append(_SPACE)
        if of in wanted:
            texts.setdefault(of, []).append(chr(code) if code else "")
        before = of
    return texts


def links(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> tuple[int, int]:
    """How many links a page has, and how many characters lie in them."""
    place, link, box = ctypes.c_int(0), raw.FPDF_LINK(), raw.FS_RECTF()
    room = 4 * textpage.count_chars() + 1  # two units a character, line ends, and a zero
    buffer = (ctypes.c_ushort * room)()
    found = characters = 0
    while found < MOST_OBJECTS and raw.FPDFLink_Enumerate(page, place, link):
        found += 1
        if raw.FPDFLink_GetAnnotRect(link, box):
            sides = box.left, box.top, box.right, box.bottom
            units = raw.FPDFText_GetBoundedText(textpage, *sides, buffer, room)
            text = memoryview(buffer).cast("B")[: _UNIT * (units - 1)].tobytes()
            characters += len("".join(text.decode("utf-16-le", "ignore").split()))
    return found, characters


def missing_glyphs(objects: PageObjects, textpage: pdfium.PdfTextPage, text: str) -> int:
    """Characters that leave no mark: fonts that the file lacks were replaced by those here.

    PDFium brings Latin letters itself.
    """
    if text.isascii() or max(text) < _NOT_LATIN:
        return 0
    if not has_missing_font(objects.texts + objects.thin_texts):
        return 0
    sides = [ctypes.c_double() for _ in range(4)]
    missing = 0
    for index, character in enumerate(text):
        if character < _NOT_LATIN or not is_drawn(character):
            continue
        if raw.FPDFText_GetCharBox(textpage, index, *sides):
            _, _, bottom, top = sides
            missing += top.value - bottom.value < _NO_HEIGHT
    return missing
