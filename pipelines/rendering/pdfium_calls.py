"""Functions of PDFium that are called for each object of a page, with addresses as numbers.

pypdfium2's own make a pointer of each address, which takes longer than what they call: pages of
thousands of objects take half the time so. Their meaning is that of PDFium's `fpdf_edit.h` and
`fpdf_text.h`; `FPDF_BOOL`s are numbers.
"""

import ctypes
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

Address = int | None
_ADDRESS, _INT = ctypes.c_void_p, ctypes.c_int


def address_of(of: pdfium.PdfPage | pdfium.PdfTextPage) -> Address:
    """The address of what pypdfium2 holds."""
    return ctypes.cast(of.raw, _ADDRESS).value


def call_each(function: Callable[..., Any], *arguments: Iterable[Any]) -> None:
    """Calls a function with the first of all arguments, then with the second, and so on."""
    deque(map(function, *arguments), maxlen=0)  # without a step of the interpreter between


def _function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    place = ctypes.cast(getattr(raw, name), _ADDRESS).value
    assert place is not None
    function: Callable[..., Any] = ctypes.PYFUNCTYPE(result, *arguments)(place)
    return function


objects_of_page = _function("FPDFPage_CountObjects", _INT, _ADDRESS)
object_of_page = _function("FPDFPage_GetObject", _ADDRESS, _ADDRESS, _INT)
objects_of_form = _function("FPDFFormObj_CountObjects", _INT, _ADDRESS)
object_of_form = _function("FPDFFormObj_GetObject", _ADDRESS, _ADDRESS, ctypes.c_ulong)
kind_of = _function("FPDFPageObj_GetType", _INT, _ADDRESS)
get_bounds = _function("FPDFPageObj_GetBounds", _INT, *[_ADDRESS] * 5)
get_matrix = _function("FPDFPageObj_GetMatrix", _INT, _ADDRESS, _ADDRESS)
get_font_size = _function("FPDFTextObj_GetFontSize", _INT, _ADDRESS, _ADDRESS)
mode_of_text = _function("FPDFTextObj_GetTextRenderMode", _INT, _ADDRESS)
font_of_text = _function("FPDFTextObj_GetFont", _ADDRESS, _ADDRESS)
is_embedded = _function("FPDFFont_GetIsEmbedded", _INT, _ADDRESS)
text_of_object = _function("FPDFTextObj_GetText", ctypes.c_ulong, *[_ADDRESS] * 3, ctypes.c_ulong)
points_of_path = _function("FPDFPath_CountSegments", _INT, _ADDRESS)
point_of_path = _function("FPDFPath_GetPathSegment", _ADDRESS, _ADDRESS, _INT)
kind_of_point = _function("FPDFPathSegment_GetType", _INT, _ADDRESS)
get_point = _function("FPDFPathSegment_GetPoint", _INT, *[_ADDRESS] * 3)
characters_of = _function("FPDFText_CountChars", _INT, _ADDRESS)
object_of_character = _function("FPDFText_GetTextObject", _ADDRESS, _ADDRESS, _INT)
code_of_character = _function("FPDFText_GetUnicode", ctypes.c_uint, _ADDRESS, _INT)
