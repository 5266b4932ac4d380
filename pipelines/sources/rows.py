"""Input rows: a row that cannot be read as a row is still a row, and says why."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from filters.question_answer import question_answer
from filters.text import text_fault
from pipelines.recipe import Source

MALFORMED_ROW = "malformed-row"
NO_PICTURE = "no-picture"
BROKEN_TAR = "broken-tar"
REPEATED_KEY = "repeated-key"
FAILED_AT_SOURCE = "failed-at-source"
NOT_IN_TAR = "not-in-tar"
NOT_IN_TABLE = "not-in-table"

_MOST_DETAIL = 500  # bytes
_MOST_EXCERPT = 200  # characters


@dataclass(frozen=True, slots=True)
class InputRow:
    """One row as its source has it, every value as text.

    Attributes:
      number: in its file, from 0.
      url: or a path; "" where null.
      location: where to ask for it, "" to have it made from `url`.
      caption: or the positive of a text pair, or a question with its answer; "" where null.
      page: that a question is about, as its table numbers it, else "".
      query: of a text pair; "" where null, or where there is a picture.
      query_language: as stated, or that of the caption where there is no column for it.
      language: as stated, "" where null.
      uid: the source's own, "" where it has none.
      licence: of this row, "" where null.
      expected_sha256: of the original bytes as stated, "" where null.
      extras: the kept columns as a JSON object of strings.
      fault: "" or why the row could not be read.
      detail: of the fault, for people, at most 500 bytes.
    """

    number: int
    url: str
    location: str
    caption: str
    page: str
    query: str
    query_language: str
    language: str
    uid: str
    licence: str
    expected_sha256: str
    extras: str
    fault: str
    detail: str

    @property
    def chars(self) -> int:
        """About how much memory it takes."""
        return len(self.url) + len(self.caption) + len(self.query) + len(self.extras)


@dataclass(frozen=True, slots=True)
class Split:
    """A piece of a source that one worker reads.

    Attributes:
      source: index in the recipe.
      uri: of the file, or of a folder of pictures.
      name: of the file within its source; stands in row ids.
      version: size and time or tag of the file, for fingerprints.
      rows: how many it holds; see `exact`.
      exact: whether `rows` is exact: it is estimated for text tables, folders and tars.
      row_group: of a Parquet file, -1 for all.
      first_row: number of its first row in the file.
      max_rows: read no more, -1 for no limit.
    """

    source: int
    uri: str
    name: str
    version: str
    rows: int
    exact: bool = False
    row_group: int = -1
    first_row: int = 0
    max_rows: int = -1


@dataclass(frozen=True, slots=True)
class Broken:
    """What stands where a row's values should.

    Attributes:
      fault: why there are none.
      detail: for people.
    """

    fault: str
    detail: str


Values: TypeAlias = dict[str, str | None]


def row_name(source: Source, split: Split, row: InputRow) -> str:
    """What a row is called from now on: `source:file:number`."""
    return f"{source.name}:{split.name}:{row.number}"


def input_row(source: Source, number: int, values: Values | Broken, location: str = "") -> InputRow:
    """A row of a source's values by column."""
    if isinstance(values, Broken):
        return broken_row(number, values)

    def get(column: str | None) -> str:
        return (values.get(column) or "") if column else ""

    extras = {name: get(name) for name in source.keep_columns}
    is_pair = source.task == "text-pair"
    row = InputRow(
        number=number,
        url="" if is_pair else get(source.url_column).strip(),
        location=location,
        caption=_caption(source, get),
        page=get(source.page_column) if source.task == "page-question" else "",
        query=get(source.query_column) if is_pair else "",
        query_language=get(source.query_language_column or source.language_column),
        language=get(source.language_column),
        uid=get(source.uid_column),
        licence=get(source.licence_column) or source.licence,
        expected_sha256=get(source.expected_sha256_column).strip().lower(),
        extras=json.dumps(extras, ensure_ascii=False),
        fault="",
        detail="",
    )
    urls = () if is_pair else (source.url_column,)
    named = {column: get(column) for column in (*urls, *source.columns())}
    broken = _broken_text(named)
    return broken_row(number, broken) if broken else row


def _caption(source: Source, get: Callable[[str], str]) -> str:
    if source.question_column:
        return question_answer(get(source.question_column), get(source.answer_column))
    is_pair = source.task == "text-pair"
    return get(source.positive_column if is_pair else source.caption_column)


def _broken_text(values: dict[str, str]) -> Broken | None:
    """The first of a row's values that cannot be stored."""
    if text_fault("".join(values.values())) is None:  # all at once is ten times as fast
        return None
    for column, text in values.items():
        fault = text_fault(text)
        if fault is not None:
            return Broken(fault.value, f"{column}: {text[:_MOST_EXCERPT]!r}")
    return None


def broken_row(number: int, broken: Broken) -> InputRow:
    """A row without values."""
    detail = broken.detail.encode("utf-8", "backslashreplace")[:_MOST_DETAIL]
    return InputRow(
        number=number,
        url="",
        location="",
        caption="",
        page="",
        query="",
        query_language="",
        language="",
        uid="",
        licence="",
        expected_sha256="",
        extras="{}",
        fault=broken.fault,
        detail=detail.decode("utf-8", "ignore"),
    )


def as_text(value: Any) -> str | None:
    """Any value of JSON or of a table as text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | dict | bool):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
