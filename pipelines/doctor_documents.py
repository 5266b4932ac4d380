"""What can be checked of documents before a long run: files, renderers, fonts."""

from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec

from pipelines.document_files import find_documents
from pipelines.errors import PairmillError
from pipelines.findings import Finding
from pipelines.recipe import Recipe
from pipelines.rendering.browser import find_browser
from pipelines.rendering.fonts import has_emoji, languages_without_font, package_for

_PACKAGES = ("pypdfium2", "playwright", "markdown_it")


def document_findings(recipe: Recipe) -> Iterator[Finding]:
    """Looks for documents, for what renders them, and for fonts of the recipe's languages."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        words = f"{missing[0]} is not installed: pip install 'pairmill[documents]'"
        yield Finding("error", f"documents: {words}")
        return
    try:
        found = find_documents(recipe, None)
        kinds = Counter(document.kind for document in found)
        told = ", ".join(f"{n:,} {kind}" for kind, n in sorted(kinds.items()))
        yield Finding("ok", f"documents: {told}")
        if kinds.keys() - {"pdf"}:
            yield Finding("ok", f"documents: HTML is rendered by {find_browser()}")
        yield from _font_findings(recipe)
    except PairmillError as error:
        yield Finding("error", str(error))
    for source in recipe.sources:
        if source.task == "document" and not source.licence:
            yield Finding("warning", f"source {source.name!r} states no licence: set licence")


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
