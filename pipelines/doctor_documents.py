"""What can be checked of documents before a long run: files, renderers, fonts."""

import logging
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from filters.query import read_queries
from model.query_writer import AnswerFault, QueryWriter
from pipelines.document_files import find_documents, read_document
from pipelines.errors import FetchError, PairmillError
from pipelines.findings import Finding
from pipelines.query_options import Queries
from pipelines.recipe import Recipe
from pipelines.rendering.browser import find_browser
from pipelines.rendering.fonts import has_emoji, languages_without_font, package_for
from pipelines.rendering.installed import check_installed
from pipelines.rendering.pages import Opened, Page, RenderError
from pipelines.rendering.renderer import Renderer
from schemas.pages import PlannedDocument

_LOOKED_AT = 3  # documents of a kind
_MOST_TOLD = 100  # characters of an answer


def document_findings(recipe: Recipe) -> Iterator[Finding]:
    """Looks for documents, for what renders them, and for fonts of the recipe's languages."""
    try:
        check_installed()
        found = find_documents(recipe, None)
        kinds = Counter(document.kind for document in found)
        told = ", ".join(f"{n:,} {kind}" for kind, n in sorted(kinds.items()))
        yield Finding("ok", f"documents: {told or 'behind URLs alone'}")
        if kinds.keys() - {"pdf"} or not kinds:
            yield Finding("ok", f"documents: HTML is rendered by {find_browser()}")
        yield from _font_findings(recipe)
    except PairmillError as error:
        yield Finding("error", str(error))
    for source in recipe.sources:
        if source.task == "document" and source.format == "folder" and not source.licence:
            yield Finding("warning", f"source {source.name!r} states no licence: set licence")
    if recipe.documents and recipe.documents.queries:
        yield from _query_findings(recipe.documents.queries)


def bytes_of_pages(recipe: Recipe) -> int:
    """About how many bytes all pages take, by the first pages of a few documents of each kind.

    Raises:
      PairmillError: where there are no documents, or nothing to render them with.
    """
    assert recipe.documents is not None
    check_installed()
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns of packages that nobody needs
    from pipelines.document_shards import rendering_of

    by_kind: dict[str, list[PlannedDocument]] = {}
    for document in find_documents(recipe, None):
        by_kind.setdefault(document.kind, []).append(document)
    total = 0
    with Renderer(rendering_of(recipe.documents)) as renderer:
        for documents in by_kind.values():
            some = documents[:: -(-len(documents) // _LOOKED_AT)]
            sizes = [_bytes_of(document, renderer, recipe.documents.max_bytes) for document in some]
            rendered = [size for size in sizes if size]
            total += len(documents) * sum(rendered) // max(1, len(rendered))
    return total


def _bytes_of(planned: PlannedDocument, renderer: Renderer, max_bytes: int) -> int:
    """Pages times the size of the first one; 0 of what cannot be rendered."""
    from pipelines.document_shards import as_document

    try:
        body = read_document(planned.location, max_bytes)
        found = list(islice(renderer.render(as_document(planned, body)), 2))
    except (FetchError, RenderError):
        return 0
    match found:
        case [Opened(pages=pages), Page(image=image)]:
            return pages * len(image)
    return 0


def _query_findings(queries: Queries) -> Iterator[Finding]:
    """Asks the model about a blank page: nothing less says for sure that it takes pictures."""
    name = f"queries by {queries.label}"
    try:
        with QueryWriter(queries) as writer:
            answer = writer.try_out()
    except (ValueError, ConnectionError) as error:
        yield Finding("error", f"{name}: {error}")
        return
    if answer.fault is AnswerFault.UNFINISHED:
        words = "its answer is cut at max_tokens: a model that thinks first needs more of them"
        yield Finding("warning", f"{name}: {words}")
    elif answer.fault or read_queries(answer.text) is None:
        said = answer.fault or f"no JSON of queries: {answer.text[:_MOST_TOLD]!r}"
        yield Finding("warning", f"{name}: it answers {said}")
    else:
        took = f"{answer.read:,} tokens read and {answer.written:,} written for a blank picture"
        yield Finding("ok", f"{name}: {took}")


def _font_findings(recipe: Recipe) -> Iterator[Finding]:
    bare = languages_without_font(recipe.languages)
    for package in sorted(set(map(package_for, bare))):
        codes = " ".join(code for code in bare if package_for(code) == package)
        words = f"no font has all letters of {codes}: apt-get install {package}"
        yield Finding("error", f"fonts: {words}")
    if not bare:
        yield Finding("ok", f"fonts: all letters of {len(recipe.languages)} languages")
    if not has_emoji():
        words = "none has emoji: apt-get install fonts-noto-color-emoji"
        yield Finding("warning", f"fonts: {words}")
