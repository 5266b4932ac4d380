"""Is this page of a document worth having? On what `documents` measured of it, and on its text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from filters.caption_text import CaptionText
from filters.language import Guess, contradicts
from filters.page_text import citation_share, contents_share, is_headed_as_references
from schemas.languages import UNKNOWN
from schemas.pages import PageMeasures

Shown = Literal["figure", "table", "chart"]


class PageFault(StrEnum):
    """Why a page is turned away, in the order in which the rules are tried."""

    MISSING_GLYPHS = "missing-glyphs"
    BLANK = "blank"
    NEARLY_EMPTY = "nearly-empty"
    TOO_MUCH_INK = "too-much-ink"
    CONTENTS = "table-of-contents"
    REFERENCES = "reference-list"
    BOILERPLATE = "boilerplate"
    LANGUAGE = "language-disagrees"
    PLAIN_TEXT = "plain-text"
    NOT_SHOWN = "nothing-shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRules:
    """What a page must be: the recipe's `[documents.page]`.

    Attributes:
      max_missing_glyphs: most characters that no font has a glyph for.
      min_ink: least share of pixels unlike the commonest luma, in [0, 1]. Of 1,952 pages of a
        manual in 16 languages the palest, a title alone, had 0.0032.
      max_ink: most of them; 1, the default, turns the rule off.
      min_letters: fewest letters, a Han character for 3 and Hangul syllables and kana for 2, of a
        page that shows no more than `min_visual_share`; 0 turns the rule off.
      min_visual_share: least share of the page that figures, tables and charts cover together, in
        [0, 1], where there are fewer than `min_letters`.
      max_contents_share: largest share of its lines that are entries of a table of contents, in
        [0, 1]; 1 turns the rule off.
      max_link_share: largest share of its characters within hyperlinks, in [0, 1]: what has more
        is a table of contents, too. 1 turns the rule off.
      max_citation_share: largest share of its text that is references, in [0, 1]; half as much
        where the page is headed as references. 1 turns the rule off.
      max_documents_per_text: most documents that a page's text may stand in, whatever its numbers;
        0 turns the rule off.
      language_odds: how many times as probable as the stated language another must be; `inf` turns
        the rule off.
      min_layout: fewest headings, figures, tables and charts together, where pages are wanted for
        their looks. 0, the default, turns the rule off.
      must_show: one of these at least is on the page, if any are named.
    """

    max_missing_glyphs: int = 0
    min_ink: float = 0.0005
    max_ink: float = 1.0
    min_letters: int = 100
    min_visual_share: float = 0.1
    max_contents_share: float = 0.5
    max_link_share: float = 0.8
    max_citation_share: float = 0.6
    max_documents_per_text: int = 3
    language_odds: float = 10.0
    min_layout: int = 0
    must_show: tuple[Shown, ...] = ()

    def __post_init__(self) -> None:
        for name in ("max_missing_glyphs", "min_letters", "max_documents_per_text", "min_layout"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}")
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        if not self.language_odds >= 1:
            raise ValueError(f"language_odds must be at least 1, got {self.language_odds}")
        unknown = [shown for shown in self.must_show if shown not in _COUNTED]
        if unknown:
            raise ValueError(f"must_show must be of {', '.join(_COUNTED)}, got {unknown[0]!r}")


_SHARES = (
    "min_ink", "max_ink", "min_visual_share", "max_contents_share", "max_link_share",
    "max_citation_share",
)  # fmt: skip
_COUNTED: Mapping[str, Callable[[PageMeasures], int]] = MappingProxyType(
    {
        "figure": lambda page: page.figures,
        "table": lambda page: page.tables,
        "chart": lambda page: page.charts,
    }
)


@dataclass(frozen=True)
class TextLayer:
    """What a page says, and what is known of that.

    Attributes:
      text: a line a line as it is set.
      stated: language that the document is stated to be in, or `und`.
      guess: what the text says of its language.
      documents: how many have a page with this text, by `filters.page_text.page_key`.
    """

    text: str
    stated: str
    guess: Guess
    documents: int

    @cached_property
    def lines(self) -> list[CaptionText]:
        """Those that are not empty."""
        return CaptionText.column([line for line in self.text.splitlines() if line.strip()])


def page_fault(page: PageMeasures, text: TextLayer, rules: PageRules) -> PageFault | None:
    """Returns the first rule that a page breaks, or None: keep it.

    Args:
      page: what was measured.
      text: what it says.
      rules: what is asked of it.
    """
    return next(
        (fault for fault, is_broken in _RULES.items() if is_broken(page, text, rules)), None
    )


def _is_nearly_empty(page: PageMeasures, text: TextLayer, rules: PageRules) -> bool:
    letters = sum(line.letters for line in text.lines)
    return letters < rules.min_letters and _visual_share(page) < rules.min_visual_share


def _visual_share(page: PageMeasures) -> float:
    return min(1.0, page.figure_share + page.table_share + page.chart_share)


def _is_contents(page: PageMeasures, text: TextLayer, rules: PageRules) -> bool:
    linked = page.link_characters / max(1, page.characters)
    is_linked = linked > rules.max_link_share
    return is_linked or contents_share(text.lines, linked) > rules.max_contents_share


def _is_references(_: PageMeasures, text: TextLayer, rules: PageRules) -> bool:
    most = rules.max_citation_share
    if most < 1 and is_headed_as_references(text.lines):
        most /= 2
    return citation_share(text.lines) > most


def _speaks_another(_: PageMeasures, text: TextLayer, rules: PageRules) -> bool:
    return text.stated != UNKNOWN and contradicts(text.guess, text.stated, rules.language_odds)


def _has_no_layout(page: PageMeasures, _: TextLayer, rules: PageRules) -> bool:
    return page.headings + page.figures + page.tables + page.charts < rules.min_layout


def _shows_nothing(page: PageMeasures, _: TextLayer, rules: PageRules) -> bool:
    return bool(rules.must_show) and not any(_COUNTED[name](page) for name in rules.must_show)


IsBroken = Callable[[PageMeasures, TextLayer, PageRules], bool]

_RULES: Mapping[PageFault, IsBroken] = MappingProxyType(
    {
        PageFault.MISSING_GLYPHS: lambda of, _, rules: of.missing_glyphs > rules.max_missing_glyphs,
        PageFault.BLANK: lambda of, _, rules: of.ink < rules.min_ink,
        PageFault.NEARLY_EMPTY: _is_nearly_empty,
        PageFault.TOO_MUCH_INK: lambda of, _, rules: of.ink > rules.max_ink,
        PageFault.CONTENTS: _is_contents,
        PageFault.REFERENCES: _is_references,
        PageFault.BOILERPLATE: (
            lambda _, text, rules: 0 < rules.max_documents_per_text < text.documents
        ),
        PageFault.LANGUAGE: _speaks_another,
        PageFault.PLAIN_TEXT: _has_no_layout,
        PageFault.NOT_SHOWN: _shows_nothing,
    }
)
