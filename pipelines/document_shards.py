"""A shard of documents: read, rendered page by page, and committed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import apache_beam as beam

from filters.language import LanguageFault, LanguageRules, judge_language
from pipelines.commit import Attempt, is_committed
from pipelines.document_files import read_document
from pipelines.document_rules import Documents
from pipelines.errors import FetchError
from pipelines.lane_plan import share_of
from pipelines.language_model import LanguageModel
from pipelines.rendered_rows import (
    Place,
    RenderedShard,
    commit_pages,
    rendering_shard,
)
from pipelines.rendering.pages import (
    Document,
    Kind,
    Loading,
    LostPage,
    Opened,
    Page,
    RenderError,
    RenderFault,
    Rendering,
)
from pipelines.rendering.renderer import Renderer
from pipelines.storage import Folder
from pipelines.transforms.tables import read_slice, rows_of
from schemas.languages import UNKNOWN, normalise_tag
from schemas.pages import PlannedDocument

STAGE = "documents"
_MOST_CHARS = 5_000_000  # of a document: a shard's are in memory until it is committed
_IN_A_TAR = "tar+"  # see `pipelines.local_pictures`
TOLD_BY = 2_000  # characters of a page that tell its language: more tell no more


@dataclass(frozen=True, slots=True)
class PlannedShard:
    """A shard to render.

    Attributes:
      number: its final number.
      plan: a Parquet file of `PlannedDocument`s, below the output.
      first: of its rows that the shard has.
      end: of these, the row after the last.
    """

    number: int
    plan: str
    first: int
    end: int


def rendering_of(rules: Documents, loading: Loading | None = None) -> Rendering:
    """A recipe's rules as renderers take them; without `loading` pages ask no host."""
    return Rendering(
        dpi=rules.dpi,
        viewport=(rules.viewport_width, rules.viewport_height),
        device_scale=rules.device_scale,
        scripts=rules.scripts,
        image_format=rules.image_format,
        quality=rules.quality,
        max_pages=rules.max_pages,
        max_pixels=rules.max_pixels,
        max_bytes=rules.max_bytes,
        deadline_s=rules.deadline_s,
        memory_bytes=rules.max_memory,
        loading=loading,
    )


def loading_of(rules: Documents, workers: int, shared: Folder) -> Loading | None:
    """How a recipe's pages load from hosts, None where it lists none.

    Args:
      rules: of the recipe.
      workers: that render at the same time, 0 where nobody knows.
      shared: where they tell each other what hosts said.
    """
    if not rules.load_hosts:
        return None
    fetch = rules.fetch
    budget = share_of(fetch.per_host, workers or fetch.per_host)
    return Loading(
        hosts=rules.load_hosts,
        allow_hosts=fetch.allow_hosts,
        max_loads=rules.max_loads,
        max_bytes=rules.max_load_bytes,
        deadline_s=fetch.deadline_s,
        retries=fetch.retries,
        respect_opt_outs=fetch.respect_opt_outs,
        user_agent=fetch.user_agent,
        at_once=budget.at_once,
        sharers=budget.sharers,
        shared=shared.uri,
    )


def as_document(planned: PlannedDocument, body: bytes) -> Document:
    """A document as renderers take it.

    HTML may show what lies in its folder; what was fetched has none, but the URL that it is from.
    """
    if planned.location.startswith(_IN_A_TAR):
        return Document(cast(Kind, planned.kind), body, url=planned.final_url)
    folder, _, name = planned.location.rpartition("/")
    return Document(cast(Kind, planned.kind), body, folder, name.removesuffix(".gz"))


class RenderShard(beam.DoFn):
    """Renders and commits shards; those already committed are passed over.

    Args:
      output: of the recipe.
      rules: of the recipe.
      loading: how pages load from hosts, None: they do not.
    """

    def __init__(self, output: Folder, rules: Documents, loading: Loading | None) -> None:
        self._output = output
        self._rules = rules
        self._loading = loading

    def setup(self) -> None:
        self._renderer = Renderer(rendering_of(self._rules, self._loading))
        self._model = LanguageModel()

    def teardown(self) -> None:
        self._renderer.close()

    def process(self, planned: PlannedShard) -> Iterator[int]:
        if not is_committed(self._output, planned.number, STAGE):
            started = time.time()
            attempt = Attempt(self._output, planned.number, STAGE)
            tables = read_slice(self._output, planned.plan, planned.first, planned.end)
            with rendering_shard(attempt, planned.number, self._rules.image_format) as shard:
                for document in (
                    row for table in tables for row in rows_of(table, PlannedDocument)
                ):
                    self._render(Place(document), shard)
            commit_pages(attempt, shard, shard.stats(started, time.time()))
        yield planned.number

    def _render(self, at: Place, shard: RenderedShard) -> None:
        """Renders a document; what cannot be is a row of the shard, too."""
        planned = at.document
        if planned.reason:
            shard.lose(at, 0, planned.reason, planned.detail)
            return
        try:
            body = read_document(planned.location, self._rules.max_bytes)
        except FetchError as error:
            shard.lose(at, 0, error.reason, error.detail)
            return
        try:
            for found in self._renderer.render(as_document(planned, body)):
                self._take(at, found, shard)
        except RenderError as error:
            shard.lose(at, 0, error.fault.value, error.detail)

    def _take(self, at: Place, found: Opened | Page | LostPage, shard: RenderedShard) -> None:
        if isinstance(found, Opened):
            at.open(found, normalise_tag(found.language))
        elif isinstance(found, LostPage):
            shard.lose(at, found.page, found.fault.value, found.detail)
        else:
            self._take_page(at, found, shard)
            at.leave(found)

    def _take_page(self, at: Place, page: Page, shard: RenderedShard) -> None:
        at.characters += len(page.text)
        if at.characters > _MOST_CHARS:
            words = f"more than {_MOST_CHARS:,} characters in the document so far"
            shard.lose(at, page.measures.page, RenderFault.TOO_MUCH_TEXT.value, words)
        else:
            shard.keep(at, page, self._language(page, at.stated))

    def _language(self, page: Page, stated: str) -> str:
        """By the text layer, weighed against what the document states."""
        (guess,) = self._model.identify([page.text[:TOLD_BY]])
        verdict = judge_language(guess, stated, LanguageRules())
        return UNKNOWN if verdict.fault == LanguageFault.UNKNOWN else verdict.language
