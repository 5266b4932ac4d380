"""Are these queries, as a model wrote them for a page? Its answer is read, then each is judged."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from filters.caption_text import CaptionText
from filters.language import Guess, contradicts
from filters.text import text_fault
from filters.translation_scripts import script_shares

_JSON_BEGINS = re.compile(r"[\[{]")
_MOST_BEGINS = 100  # that are looked at: words before the JSON may have brackets, too
_LIST = "queries"  # of an answer's object
_TEXT = "query"  # of an object in the list
_LEAST_COPIED = 12  # letters: less of a prompt is in many queries


class QueryFault(StrEnum):
    """Why what a model answered is no query; the rules are tried in this order."""

    UNREADABLE = "unreadable-answer"
    NONE = "no-query"
    UNFIT = "unfit-query"
    EMPTY = "empty-query"
    SURPLUS = "surplus-query"
    LONG = "long-query"
    PROMPT = "copied-prompt"
    DUPLICATE = "duplicate-query"
    SCRIPT = "wrong-script"
    LANGUAGE = "wrong-language"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRules:
    """What a query that a model wrote must be.

    Attributes:
      max_chars: most characters, at least 1.
      min_script_share: least share of the letters that is of the language's script, in [0, 1]; 0
        turns the rule off.
      language_odds: how many times as probable as the page's language another must be for a query
        to be in the wrong one, at least 1; `inf` turns the rule off.
      min_language_letters: fewest letters, counted as in `CaptionText`, that tell a language.
    """

    max_chars: int = 300
    min_script_share: float = 0.5
    language_odds: float = 10.0
    min_language_letters: int = 20

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be meant."""
        for name, least in (("max_chars", 1), ("min_language_letters", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if not 0 <= self.min_script_share <= 1:
            raise ValueError(f"min_script_share must be in [0, 1], got {self.min_script_share}")
        if not self.language_odds >= 1:
            raise ValueError(f"language_odds must be at least 1, got {self.language_odds}")


def read_queries(answer: str) -> list[str] | None:
    r"""The queries of a model's answer, None where none can be read from it.

    The answer is to be `{"queries": ["…"]}`; a list alone passes, objects `{"query": "…"}` in it,
    and words or a code fence around it.

    >>> read_queries('Here:\n```json\n{"queries": ["red kites", {"query": "nests"}]}\n```')
    ['red kites', 'nests']
    >>> read_queries("red kites") is None, read_queries('{"queries": [1]}') is None
    (True, True)
    """
    end = 0
    for begins in islice(_JSON_BEGINS.finditer(answer), _MOST_BEGINS):
        if begins.start() >= end:  # else it is part of what was no list of queries
            try:
                found, end = json.JSONDecoder().raw_decode(answer, begins.start())
            except (ValueError, RecursionError):
                continue
            if (queries := _queries_in(found)) is not None:
                return queries
    return None


def _queries_in(found: Any) -> list[str] | None:
    """The queries of what an answer has as JSON, None where it is no list of them."""
    listed = found.get(_LIST) if isinstance(found, dict) else found
    if not isinstance(listed, list):
        return None
    texts = [item.get(_TEXT) if isinstance(item, dict) else item for item in listed]
    strings = [text for text in texts if isinstance(text, str)]
    return strings if len(strings) == len(texts) else None


@dataclass(frozen=True, slots=True)
class AskedPage:
    """What queries are judged by, beside themselves.

    Attributes:
      language: that they are to be in, one of the 30.
      captions: that the page has already.
      prompt: that they were asked for with.
      wanted: most queries.
    """

    language: str
    captions: Collection[str]
    prompt: str
    wanted: int


def query_faults(
    queries: Sequence[str], guesses: Sequence[Guess], page: AskedPage, rules: QueryRules
) -> list[QueryFault | None]:
    """What is wrong with each query of a page, None of those that may stay.

    Args:
      queries: `tidied`, in the order of the answer.
      guesses: what each says of its language.
      page: that they are asked of.
      rules: …

    >>> page = AskedPage("en", ["Red kites"], "Write queries", 3)
    >>> told = [Guess((("en", 1.0),), 20, 1.0)] * 3
    >>> texts = ["where do red kites nest", "RED KITES!", "—"]
    >>> [fault and fault.value for fault in query_faults(texts, told, page, QueryRules())]
    [None, 'duplicate-query', 'empty-query']
    """
    return list(_faults(queries, guesses, page, rules))


def _faults(
    queries: Sequence[str], guesses: Sequence[Guess], page: AskedPage, rules: QueryRules
) -> Iterator[QueryFault | None]:
    unfit = [text_fault(query) is not None for query in queries]
    texts = CaptionText.column(
        ["" if bad else query for bad, query in zip(unfit, queries, strict=True)]
    )
    shares, _ = script_shares(texts, [page.language] * len(texts))
    said = {_key(text) for text in CaptionText.column([*page.captions])}
    prompt, kept = _key(CaptionText.of(page.prompt)), 0
    for text, bad, share, guess in zip(texts, unfit, shares, guesses, strict=True):
        key = _key(text)
        is_of_prompt = len(key) >= _LEAST_COPIED and key in prompt
        fault: QueryFault | None = None
        if bad:
            fault = QueryFault.UNFIT
        elif not text.letters:
            fault = QueryFault.EMPTY
        elif kept == page.wanted:
            fault = QueryFault.SURPLUS
        elif len(text.text) > rules.max_chars:
            fault = QueryFault.LONG
        elif is_of_prompt:
            fault = QueryFault.PROMPT
        elif key in said:
            fault = QueryFault.DUPLICATE
        elif share < rules.min_script_share:
            fault = QueryFault.SCRIPT
        elif text.letters >= rules.min_language_letters and contradicts(
            guess, page.language, rules.language_odds
        ):
            fault = QueryFault.LANGUAGE
        said.add(key)
        kept += fault is None
        yield fault


def _key(text: CaptionText) -> str:
    """What is alike in spellings of one query: its words."""
    return " ".join(text.words)
