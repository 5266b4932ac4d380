"""What became of documents and pages: rows of a shard, samples in its tar, its statistics."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from filters.page_captions import texts_for_page
from filters.response import fate_of
from pipelines.commit import Attempt
from pipelines.rendering.pages import Opened, Page, RenderFault, plain_values
from pipelines.tars import TarWriter
from pipelines.transforms.blocks import arrow_schema
from pipelines.transforms.tables import write_table
from schemas.fates import Fate
from schemas.ids import page_uid
from schemas.languages import UNKNOWN
from schemas.layout import IMAGE_SUFFIXES, STATS_SUFFIX
from schemas.pages import PageContent, PageLoads, PageMeasures, PlannedDocument
from schemas.rows import GatheredPicture

_RULES = {RenderFault.TOO_MANY_PAGES, RenderFault.TOO_MANY_PIXELS, RenderFault.TOO_MUCH_TEXT}
NO_CAPTION = "no-caption"
_MOST_WORDS = 500  # characters of an error

_as_json = json.JSONEncoder(ensure_ascii=False).encode


def _merged(*rows: type) -> pa.Schema:
    """The columns of several rows side by side, those of the same name once."""
    fields = {field.name: field for row in rows for field in arrow_schema(row)}
    return pa.schema(list(fields.values()))


GATHERED_PAGE = _merged(GatheredPicture, PageContent, PageMeasures, PageLoads)
"""A row of `documents/{shard:05d}.parquet`: a page with its fate; of a document that gave none, one
whose `page` is 0."""

_EMPTY: dict[pa.DataType, Any] = {pa.string(): "", pa.int64(): 0, pa.float64(): 0.0}
_NOTHING = {field.name: _EMPTY[field.type] for field in GATHERED_PAGE}


def fate_of_page(reason: str) -> Fate:
    """How a document or page ends for a reason: turned away by a rule, or failed."""
    is_rule = reason in _RULES or reason == NO_CAPTION
    return Fate.REJECTED if is_rule else fate_of(reason)


class RenderedShard:
    """A shard of pages in the making.

    Args:
      number: of the shard.
      tar: gets the kept pages.
      image_format: of these.
    """

    def __init__(self, number: int, tar: TarWriter, image_format: str) -> None:
        self._number = number
        self._tar = tar
        self._suffix = IMAGE_SUFFIXES[image_format]
        self.rows: list[dict[str, Any]] = []

    def keep(self, at: "Place", page: Page, language: str) -> None:
        """Adds a sample to the tar, its members side by side; its caption may be empty."""
        caption = next((text for _, text in at.texts_of(page)), "")
        values = self._values(at, page.measures.page, page) | {
            "caption": caption,
            "language": language,
            "status": "success",
            "fate": Fate.KEPT.value,
        }
        uid = values["uid"]
        values["image_offset"] = self._tar.add(f"{uid}.{self._suffix}", page.image)
        values["image_size"] = len(page.image)
        self._tar.add(f"{uid}.txt", caption.encode())
        self._tar.add(f"{uid}.json", _as_json(values).encode())
        self.rows.append(values)

    def lose(
        self, at: "Place", number: int, reason: str, detail: str, page: Page | None = None
    ) -> None:
        """Accounts for a page, or as number 0 for a document, that is not kept."""
        words = f"{reason}: {detail}"[:_MOST_WORDS].encode("utf-8", "replace").decode()
        self.rows.append(
            self._values(at, number, page)
            | {
                "status": "failed_to_resize",
                "error_message": words,
                "fate": fate_of_page(reason).value,
                "reason": reason,
            }
        )

    def _values(self, at: "Place", number: int, page: Page | None) -> dict[str, Any]:
        document = at.document
        uid = page_uid(document.document, number) if number else document.document
        seen = plain_values(page.pixels) | plain_values(page.measures) if page else {}
        texts = at.texts_of(page) if page else []
        return _NOTHING | seen | {
            "key": uid,
            "uid": uid,
            "url": f"{document.url}#page={number}" if number else document.url,
            "language": UNKNOWN,
            "source": document.source,
            "licence": document.licence,
            "image_shard": self._number,
            "document": document.document,
            "version": document.version,
            "title": at.title,
            "stated": at.stated,
            "text": _storable(page.text) if page else "",
            "texts": _as_json(texts),
            "loads": _as_json(_loads_of(page)),
            "page": number,
            "pages": at.pages,
        }  # fmt: skip

    def stats(self, started: float, ended: float) -> dict[str, Any]:
        """img2dataset's statistics of a shard, and ours."""
        statuses = Counter(row["status"] for row in self.rows)
        messages = Counter(row["reason"] or "success" for row in self.rows)
        return {
            "count": len(self.rows),
            "successes": statuses["success"],
            "failed_to_download": 0,
            "failed_to_resize": statuses["failed_to_resize"],
            "duration": ended - started,
            "start_time": started,
            "end_time": ended,
            "status_dict": dict(sorted(messages.items())),
            "documents": len({row["document"] for row in self.rows}),
            "bytes_stored": sum(row["image_size"] for row in self.rows),
        }


class Place:
    """Where in a document a shard is.

    Attributes:
      document: which.
      title: its own, or "".
      stated: its language as it states it, or `und`.
      pages: that it has, 0 before it is opened.
      characters: of the text of its pages so far.
    """

    def __init__(self, document: PlannedDocument) -> None:
        self.document = document
        self.title = ""
        self.stated = UNKNOWN
        self.pages = 0
        self.characters = 0
        self._section = ""

    def open(self, found: Opened, stated: str) -> None:
        """Takes what the document says of itself."""
        self.title, self.stated, self.pages = _storable(found.title), stated, found.pages

    def texts_of(self, page: Page) -> list[tuple[str, str]]:
        """What can stand for the page that it is at: (origin, text)."""
        found = [(text.origin, _storable(text.text)) for text in page.texts]
        return texts_for_page(found, page.measures.page, self.title, self._section)

    def leave(self, page: Page) -> None:
        """Goes on to the next page, and keeps in mind the section that this one ends with."""
        headings = [text.text for text in page.texts if text.origin == "page-heading"]
        self._section = _storable(headings[-1]) if headings else self._section


def _loads_of(page: Page | None) -> list[list[str]]:
    loads = page.loads if page else ()
    return [[_storable(part) for part in (load.url, load.reason, load.detail)] for load in loads]


def _storable(text: str) -> str:
    """A text layer as UTF-8 and Parquet take it: without NULs and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


@contextmanager
def rendering_shard(attempt: Attempt, number: int, image_format: str) -> Iterator[RenderedShard]:
    """Gives shard `number` to fill; on success the attempt's tar is whole, else there is none."""
    with (
        attempt.folder.writing(attempt.name(".tar")) as path,
        path.open("wb", buffering=1 << 20) as file,
    ):
        tar = TarWriter(file)
        yield RenderedShard(number, tar, image_format)
        tar.close()


def commit_pages(attempt: Attempt, shard: RenderedShard, stats: dict[str, Any]) -> None:
    """Writes what stands beside the attempt's tar, and commits it."""
    ordered = sorted(shard.rows, key=lambda row: row["uid"])
    table = pa.Table.from_pylist(ordered, schema=GATHERED_PAGE)
    write_table(attempt.folder, attempt.name(".parquet"), table)
    attempt.folder.write(attempt.name(STATS_SUFFIX), json.dumps(stats, indent=1).encode())
    attempt.commit()
