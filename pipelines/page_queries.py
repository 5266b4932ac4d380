"""What pages answer: what they say of themselves, questions of the user's, queries by a model."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from filters.caption_limits import CaptionLimits, limit_fault
from filters.language import Guess
from filters.query import AskedPage, QueryFault, query_faults, read_queries
from filters.set_faults import SetFault
from filters.text import text_fault, tidied
from pipelines.language_model import LanguageModel
from pipelines.query_options import Queries
from pipelines.recipe import Recipe
from pipelines.rendered_rows import NO_CAPTION
from schemas.fates import Fate, Unit
from schemas.ids import answer_id, caption_id
from schemas.rows import Caption, LedgerRow

NO_SUCH_PAGE = "no-such-page"
SYNTHETIC = "synthetic"
QUESTION_ANSWER = "question-answer"

_STAGE = "documents"
_EXCERPT = 200  # characters

Row = dict[str, Any]


@dataclass(slots=True)
class Answering:
    """What a bucket's pages answer, and what of it is turned away.

    Attributes:
      kept: of pages in order.
      ledger: of queries, and of pages without any.
    """

    kept: list[Caption] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)


class PageQueries:
    """Brings together what pages answer.

    Args:
      recipe: …
      model: tells languages apart.
    """

    def __init__(self, recipe: Recipe, model: LanguageModel) -> None:
        assert recipe.documents is not None
        self._limits = CaptionLimits(languages=frozenset(recipe.languages))
        self._asked: Queries | None = recipe.documents.queries
        self._model = model

    def of(self, pages: list[Row], answers: pa.Table, questions: pa.Table) -> Answering:
        """What pages answer.

        Args:
          pages: that the rules keep, in order.
          answers: of a model, `pipelines.asking.ANSWERS`.
          questions: about these and others, `pipelines.page_questions.PageQuestion`s.
        """
        found = Answering()
        about = defaultdict[str, list[Row]](list)
        for question in questions.sort_by("row").to_pylist():
            about[question["uid"]].append(question)
        said = {row["uid"]: row for row in answers.to_pylist()}
        written = self._read(pages, said)
        for page in pages:
            uid, of_page = page["uid"], Answering()
            self._add_own(page, of_page)
            self._add_questions(page, about[uid], of_page)
            if uid in said:
                self._add_written(page, said[uid], written.get(uid, []), of_page)
            if not of_page.kept:
                of_page.ledger.append(rejected_page(page, NO_CAPTION, self._words(page)))
            found.kept += of_page.kept
            found.ledger += of_page.ledger
        return found

    def _words(self, page: Row) -> str:
        if json.loads(page["texts"]):
            return f"none in a language that is wanted: {page['language']}"
        return "no title, heading or caption"

    def _add_own(self, page: Row, found: Answering) -> None:
        for origin, words in json.loads(page["texts"]):
            self._add(_caption(page, tidied(words), origin), found)

    def _add_questions(self, page: Row, questions: Iterable[Row], found: Answering) -> None:
        for question in questions:
            caption = _caption_of_question(page, question)
            if any(of.caption_id == caption.caption_id for of in found.kept):
                found.ledger.append(lost_query(caption, SetFault.DUPLICATE_ROW, caption.text))
            else:
                self._add(caption, found)

    def _add(self, caption: Caption, found: Answering) -> None:
        if fault := limit_fault(caption.text, caption.language, self._limits):
            found.ledger.append(lost_query(caption, fault.value, caption.text))
        else:
            found.kept.append(caption)

    def _read(
        self, pages: Iterable[Row], said: dict[str, Row]
    ) -> dict[str, list[tuple[str, Guess]]]:
        """The queries of whole answers by page, each with what it says of its language."""
        queries = {
            uid: [tidied(text) for text in read]
            for page in pages
            if (uid := page["uid"]) in said
            and not said[uid]["fault"]
            and (read := read_queries(said[uid]["text"])) is not None
        }
        texts = [text for of in queries.values() for text in of]
        guesses = iter(self._model.identify(["" if text_fault(text) else text for text in texts]))
        return {uid: [(text, next(guesses)) for text in of] for uid, of in queries.items()}

    def _add_written(
        self, page: Row, answer: Row, read: list[tuple[str, Guess]], found: Answering
    ) -> None:
        """What a model wrote for a page, or why there is nothing."""
        assert self._asked is not None
        if not read:
            found.ledger.append(self._nothing(page, answer))
            return
        texts, guesses = zip(*read, strict=True)
        asked = AskedPage(
            page["language"],
            [caption.text for caption in found.kept],
            self._asked.prompt_in(page["language"]),
            self._asked.max_queries,
        )
        faults = query_faults(texts, guesses, asked, self._asked.rules)
        for text, fault in zip(texts, faults, strict=True):
            caption = _caption(page, _storable(text), SYNTHETIC, self._asked.label)
            if fault:
                found.ledger.append(lost_query(caption, fault.value, caption.text))
            else:
                found.kept.append(caption)

    def _nothing(self, page: Row, answer: Row) -> LedgerRow:
        """Why a page got no query: it was not answered, or its answer has none."""
        assert self._asked is not None
        id_, label = answer_id(page["uid"], page["language"]), self._asked.label
        fate, reason, detail = Fate.FAILED, answer["fault"], f"by {label}"
        if not reason:
            is_read = read_queries(answer["text"]) is not None
            reason = QueryFault.NONE if is_read else QueryFault.UNREADABLE
            fate, detail = Fate.REJECTED, answer["text"][:_EXCERPT]
        unit, uid, name = Unit.QUERY.value, page["uid"], _name(page)
        return LedgerRow(_STAGE, unit, id_, uid, name, fate.value, str(reason), detail)


def lost_questions(
    questions: pa.Table, fates: dict[str, tuple[str, str]], kept: Iterable[str]
) -> Iterator[LedgerRow]:
    """Questions about pages that are not kept: each ends as its page does.

    Args:
      questions: `pipelines.page_questions.PageQuestion`s.
      fates: of pages that are not kept, by uid: fate and reason.
      kept: uids of the others.
    """
    there = set(kept)
    for row in questions.to_pylist():
        if row["uid"] not in there:
            fate, reason = fates.get(row["uid"], (Fate.REJECTED.value, NO_SUCH_PAGE))
            id_ = caption_id(row["uid"], row["language"], row["text"])
            words = f"{row['page']}: {row['text']}"[:_EXCERPT]
            yield LedgerRow(
                _STAGE, Unit.QUERY.value, id_, row["uid"], row["row"], fate, reason, words
            )


def rejected_page(page: Row, reason: str, detail: str) -> LedgerRow:
    """A page that a rule turns away."""
    fate, name = Fate.REJECTED.value, _name(page)
    parent, detail = page["document"], detail[:_EXCERPT]
    return LedgerRow(_STAGE, Unit.PAGE.value, page["uid"], parent, name, fate, reason, detail)


def lost_query(caption: Caption, reason: str, detail: str) -> LedgerRow:
    """A query that a rule turns away."""
    fate, unit = Fate.REJECTED.value, Unit.QUERY.value
    id_, detail = caption.caption_id, detail[:_EXCERPT]
    return LedgerRow(_STAGE, unit, id_, caption.uid, caption.row, fate, str(reason), detail)


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _name(page: Row) -> str:
    return f"{page['source']}:{page['url']}"


def _caption(page: Row, text: str, origin: str, engine: str = "") -> Caption:
    return Caption(
        caption_id=caption_id(page["uid"], page["language"], text),
        uid=page["uid"],
        language=page["language"],
        text=text,
        origin=origin,
        engine=engine,
        quality=1.0,
        source=page["source"],
        row=_name(page),
        licence=page["licence"],
        extras="{}",
    )


def _caption_of_question(page: Row, question: Row) -> Caption:
    language = question["language"] or page["language"]
    return replace(
        _caption(page, question["text"], QUESTION_ANSWER),
        caption_id=caption_id(page["uid"], language, question["text"]),
        language=language,
        source=question["source"],
        row=question["row"],
        licence=question["licence"] or page["licence"],
    )
