"""What of a page's text layer can stand for the page: captions of its figures and tables."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

_FIGURE_WORDS = (
    "fig", "figure", "figura", "figur", "figuur", "abbildung", "abb", "bild", "illustration",
    "kuva", "kuvio", "gambar", "attēls", "att", "rysunek", "rys", "ryc", "obrázok", "obr", "şekil",
    "hình", "рисунок", "рис", "малюнок", "мал", "εικόνα", "σχήμα", "ნახატი", "ნახ", "სურათი",
    "شكل", "الشكل", "شکل", "تصویر", "चित्र", "আকৃতি", "চিত্র", "รูปที่", "รูป", "ภาพที่", "ภาพ",
    "図", "图", "圖", "그림", "chart", "diagram",
)  # fmt: skip
_TABLE_WORDS = (
    "table", "tab", "tabelle", "tableau", "tabla", "tabela", "tabella", "tabell", "tabel",
    "taulukko", "tabula", "tabuľka", "tablo", "bảng", "таблица", "таблиця", "табл", "πίνακας",
    "ცხრილი", "جدول", "الجدول", "तालिका", "सारणी", "সারণি", "টেবিল", "ตารางที่", "ตาราง",
    "表", "표",
)  # fmt: skip
_NUMBER = r"(?:[\dIVX]+|[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef]+)"
_SENTENCE_END = (".", "。", "।", "؟", "!", "?", "۔", "：")
_MOST_LINES = 3
_MOST_CHARS = 300


def _starts(words: Sequence[str]) -> re.Pattern[str]:
    """A word, its number and a mark after it: text says "Figure 3 shows", without a mark."""
    any_word = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    number = rf"{_NUMBER}(?:[.\-–]{_NUMBER})*"
    return re.compile(
        rf"\s*(?:(?:{any_word})\.?\s*{number}\s*[.:：।–—-]\s*|{number}\s*\.\s*(?:{any_word})\b\.?\s*)\S",
        re.IGNORECASE,
    )


_STARTS = {"figure-caption": _starts(_FIGURE_WORDS), "table-caption": _starts(_TABLE_WORDS)}


def captions_in(text: str) -> Iterator[tuple[str, str]]:
    """The captions that a page's text layer has, in order: (origin, text in one line).

    Origins are `figure-caption` and `table-caption`. A caption begins a line with its word, its
    number and a mark, and goes on to the end of a sentence, an empty line, or three lines.

    >>> list(captions_in("Red kites\\nFigure 2: A kite\\nin flight.\\nFigure 3 shows another."))
    [('figure-caption', 'Figure 2: A kite in flight.')]
    """
    lines = unicodedata.normalize("NFC", text).splitlines()
    for number, line in enumerate(lines):
        for origin, start in _STARTS.items():
            if start.match(line):
                yield origin, _caption(lines[number : number + _MOST_LINES])
                break


def _caption(lines: list[str]) -> str:
    taken: list[str] = []
    for line in lines:
        if not line.strip():
            break
        taken.append(line.strip())
        if line.rstrip().endswith(_SENTENCE_END):
            break
    return " ".join(taken)[:_MOST_CHARS]


def texts_for_page(
    found: Sequence[tuple[str, str]], number: int, title: str, section: str
) -> list[tuple[str, str]]:
    """What can stand for a page: (origin, text), the one that says most of all of it first.

    The first page has its document's title. A page without a heading goes on with the section
    before it, or else stands below the title: a page deep in a document says little of that.

    Args:
      found: on the page, in order.
      number: of the page, from 1.
      title: of its document, or "".
      section: the last heading of the pages before it, or "".

    >>> texts_for_page([("alt-text", "A kite")], 2, "Birds", "Kites")
    [('page-section', 'Kites'), ('alt-text', 'A kite')]
    """
    texts = list(found)
    if not any(origin == "page-heading" for origin, _ in found) and section:
        texts.insert(0, ("page-section", section))
    if title and (number == 1 or not texts):
        texts.insert(0, ("page-title", title))
    first_of = {text: origin for origin, text in reversed(texts)}
    return [(first_of[text], text) for text in dict.fromkeys(text for _, text in texts)]
