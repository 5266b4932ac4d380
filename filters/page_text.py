"""What a page's text tells of its kind, in any script: contents, references, the same again."""

import re
from collections.abc import Sequence
from itertools import pairwise

from filters.caption_text import CaptionText
from filters.page_headings import heads_contents, heads_references
from schemas.ids import digest

_HEAD = 5  # lines among which a heading is, with a running head and a page's number
_LETTER = r"[^\W\d_]"
_FOLIO = re.compile(r"[ivxlc]{1,8}|[-–]?\s?\d{1,4}\s?[-–]?", re.IGNORECASE)  # a page's number
_LEADER = re.compile(r"(?:[.·․‥…⋯・_]\s?){4,}|…{2,}")
_TO_PAGE = re.compile(rf"{_LETTER}.*?[\s.·․‥…⋯・:,–—-](\d{{1,4}})$")
_MOST_PAGES = 1500  # greater numbers at a line's end are years
_NUMBERED = re.compile(
    r"(?:\d{1,3}(?:\.\d{1,3})*\.?|[A-Z](?:\.\d{1,3})+\.?|第\s?[\d一二三四五六七八九十]{1,3}\s?[章节節部編])"
    r"\s*[^\W\d_]"
)

_YEAR = re.compile(r"(?<!\d)(?:1[5-9]\d\d|20\d\d)(?!\d)")
_BESIDE_YEAR = (  # signs of a reference
    re.compile(rf"(?<!\w){_LETTER}\."),  # an initial
    re.compile(r"(?<![\d.–-])(?!1[5-9]\d\d|20\d\d)\d{1,5}\s?[–-]\s?\d{1,5}(?![\d–-])"),  # pages
    re.compile(r"\d\s?\(\d{1,4}\)"),  # a volume with its issue or year
    re.compile(r"\bdoi\b|\bisbn\b|\bissn\b|arxiv|https?://|\bet al\b", re.IGNORECASE),
    re.compile(r"(?:^|\n)\[\w{1,8}\]"),  # a label at a line's beginning
    re.compile(r"\[[JMCDR]\]|\b(?:vol|pp|стр|lpp|hlm|cilt)\.", re.IGNORECASE),
)
_SIGNS = 2  # at least, of different kinds
_REACH = 120  # characters to either side of its year that a reference takes


def contents_share(lines: Sequence[CaptionText], link_share: float) -> float:
    """Lines that are entries of a table of contents, in [0, 1].

    An entry leads to a page by dots or by a number at its end, or begins with a chapter's number.
    They are counted only where two of these hold: they begin with numbers, they have dots, the
    numbers at their ends rise, the page is headed as contents, most of it is links. Numbers from
    1500 on are years. That heading and the page's own number are no lines here.

    Args:
      lines: of the page, those that are empty left out.
      link_share: of its characters, those within hyperlinks, in [0, 1].

    >>> page = "Contents", "1 Rings . . . . . 3", "2 Stars . . . . . 14", "Figures", "vii"
    >>> round(contents_share(CaptionText.column(page), 0.0), 2)
    0.67
    """
    texts = [line.plain.strip() for line in lines if not heads_contents(line)]
    texts = [text for text in texts if text and not _FOLIO.fullmatch(text)]
    numbered = [_NUMBERED.match(text) is not None for text in texts]
    dotted = [_LEADER.search(text) is not None for text in texts]
    pages = [_page_of(text) for text in texts]
    entries = [
        begins or leads or page >= 0
        for begins, leads, page in zip(numbered, dotted, pages, strict=True)
    ]
    count = sum(entries)
    signs = (
        2 * sum(numbered) >= count,
        2 * sum(dotted) >= count,
        _rise([page for page in pages if page >= 0], count),
        any(map(heads_contents, lines[:_HEAD])),
        link_share >= 0.5,
    )
    return count / len(texts) if count and sum(signs) >= _SIGNS else 0.0


def citation_share(lines: Sequence[CaptionText]) -> float:
    """Characters that belong to a reference, in [0, 1].

    A reference is what stands around a year with signs of two kinds beside it: initials, ranges of
    pages, volumes, identifiers and addresses, labels in brackets.

    >>> texts = "[1] Moore A. Rings. 7 (1999), 3–9.", "In 1999 he went to A. Moore."
    >>> [citation_share([CaptionText.of(text)]) for text in texts]
    [1.0, 0.0]
    """
    text = "\n".join(line.plain.strip() for line in lines)
    end = taken = 0
    for year in _YEAR.finditer(text):
        first, last = max(0, year.start() - _REACH), min(len(text), year.end() + _REACH)
        if sum(sign.search(text, first, last) is not None for sign in _BESIDE_YEAR) >= _SIGNS:
            taken += last - max(first, end)
            end = last
    return taken / len(text) if text else 0.0


def is_headed_as_references(lines: Sequence[CaptionText]) -> bool:
    """Whether one of the first lines says that references follow."""
    return any(map(heads_references, lines[:_HEAD]))


def page_key(text: str) -> str:
    """32 hex digits that pages with the same text share, whatever its case, signs and numbers.

    >>> page_key("Terms of use, p. 3") == page_key("TERMS OF USE\\np. 14")
    True
    """
    words = CaptionText.of(text).words
    return digest(" ".join(word for word in words if not word.isdecimal()))


def _page_of(text: str) -> int:
    """The number of the page that an entry leads to, or -1."""
    found = _TO_PAGE.search(text)
    page = int(found[1]) if found else -1
    return page if page < _MOST_PAGES else -1


def _rise(pages: Sequence[int], entries: int) -> bool:
    """Whether most entries end in numbers, and these rise throughout, but for a line or so."""
    if len(pages) < 3 or 2 * len(pages) < entries or pages[0] == pages[-1]:
        return False
    rising = sum(page <= following for page, following in pairwise(pages))
    return rising >= 0.9 * (len(pages) - 1)
