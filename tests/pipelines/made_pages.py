"""An output over documents that `score` could have left, with embeddings that tests choose."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.embedding_files import write_embeddings
from pipelines.settling_pages import PAGE
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from schemas.ids import caption_id, digest, page_uid
from schemas.rows import Caption
from tests.pipelines.made_embeddings import halves, write_parts, write_records

RECIPE = """\
output = "out"
seed = 3

[[sources]]
name = "library"
task = "document"
format = "folder"
path = "files"

[documents]

[[score.teachers]]
model = "teacher"

[mine]
picture_margin = 0.0
{mine}

[pack]
samples_per_shard = 50
"""


_MADE_BY = ("", 1.0, "library")  # engine, quality, source


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page of a document.

    Attributes:
      document: its name.
      number: of the page, from 1.
      language: …
      row: its embedding.
      text: of its text layer.
      pdq: its hash.
    """

    document: str
    number: int
    language: str
    row: np.ndarray
    text: str
    pdq: str

    @property
    def uid(self) -> str:
        return page_uid(digest(self.document), self.number)


@dataclass(frozen=True, slots=True)
class MadeQuery:
    """What a page answers; `row` is None where the teacher did not understand."""

    page: MadePage
    text: str
    origin: str
    language: str
    row: np.ndarray | None

    @property
    def id(self) -> str:
        return caption_id(self.page.uid, self.language, self.text)


@dataclass(slots=True)
class MadeLibrary:
    """Documents' pages and what they answer.

    Attributes:
      folder: of the recipe.
      pages: …
      queries: …
    """

    folder: Path
    pages: list[MadePage] = field(default_factory=list)
    queries: list[MadeQuery] = field(default_factory=list)

    def page(
        self, document: str, language: str, row: np.ndarray, text: str = "", pdq: str = ""
    ) -> MadePage:
        number = 1 + sum(page.document == document for page in self.pages)
        text = text or digest("text", document, str(number))  # words: numbers do not count
        pdq = pdq or digest("pdq", document, str(number)) * 2
        self.pages.append(MadePage(document, number, language, row, text, pdq))
        return self.pages[-1]

    def query(
        self,
        page: MadePage,
        text: str,
        row: np.ndarray | None,
        origin: str = "page-heading",
        language: str = "",
    ) -> MadeQuery:
        self.queries.append(MadeQuery(page, text, origin, language or page.language, row))
        return self.queries[-1]

    def write(self, mine: str = "", parts: int = 2, shards: int = 3) -> Path:
        """Writes an output cut in so many parts and tars; returns its recipe."""
        output = self.folder / "out"
        (self.folder / "files").mkdir(parents=True, exist_ok=True)
        (self.folder / "teacher").mkdir(exist_ok=True)
        (self.folder / "teacher/config.json").write_text("{}")
        write_parts(output / "pages", self._pages(shards), "uid", parts)
        write_parts(output / "captions/pages", self._queries(), "uid", parts)
        self._write_embeddings(Folder(str(output / "embeddings/0")), shards)
        counts = {
            f"{unit} {way}": len(rows)
            for unit, rows in (("page", self.pages), ("query", self.queries))
            for way in ("in", "kept")
        }
        write_records(output, ("documents", "score"), counts)
        return self.rewrite(mine)

    def rewrite(self, mine: str) -> Path:
        """Writes the recipe alone."""
        path = self.folder / "recipe.toml"
        path.write_text(RECIPE.format(mine=mine))
        return path

    def _pages(self, shards: int) -> pa.Table:
        blank = {
            of.name: "" if of.type == pa.string() else of.type.to_pandas_dtype()(90) for of in PAGE
        }
        rows = [
            blank
            | {"uid": page.uid, "image_shard": number % shards, "pdq": page.pdq}
            | {"document": digest(page.document), "page": page.number, "text": page.text}
            | {"language": page.language, "source": "library"}
            for number, page in enumerate(self.pages)
        ]
        return pa.Table.from_pylist(rows, PAGE).sort_by("uid")

    def _queries(self) -> pa.Table:
        rows = [
            Caption(of.id, of.page.uid, of.language, of.text, of.origin, *_MADE_BY, "r", "", "{}")
            for of in self.queries
        ]
        return table_of(Caption, rows).sort_by([("uid", "ascending"), ("caption_id", "ascending")])

    def _write_embeddings(self, folder: Folder, shards: int) -> None:
        numbers = {page.uid: number for number, page in enumerate(self.pages)}
        queries = defaultdict(list)
        for query in self.queries:
            if query.row is not None:
                queries[numbers[query.page.uid] % shards].append(query)
        for shard in range(shards):
            pages = sorted(self.pages[shard::shards], key=lambda page: page.uid)
            ids = pa.table({"uid": pa.array([page.uid for page in pages], pa.string())})
            write_embeddings(folder / "pages", shard, ids, halves([page.row for page in pages]))
            asked = sorted(queries[shard], key=lambda query: (query.page.uid, query.id))
            names = {"caption_id": [of.id for of in asked], "uid": [of.page.uid for of in asked]}
            ids = pa.table(names, pa.schema([(name, pa.string()) for name in names]))
            write_embeddings(folder / "queries", shard, ids, halves([of.row for of in asked]))
