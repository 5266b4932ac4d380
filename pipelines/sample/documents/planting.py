"""Which documents have a defect, and what is wrong with them."""

from dataclasses import replace

from pipelines.sample.defects import Schedule
from pipelines.sample.dice import Dice
from pipelines.sample.documents.blocks import Document, Form, Heading, Page, Paragraph
from pipelines.sample.documents.composing import Composer, compose_pages
from pipelines.sample.documents.pdf import PDF_LANGUAGES
from schemas.languages import ALL

PAGE_KINDS = ("blank", "nearly-empty", "contents", "references", "boilerplate", "wrong-language")
"""Defects of one page of a PDF, and of the whole of a web page."""

FILE_KINDS = ("near-duplicate", "truncated-file")
"""Defects of a document."""

KINDS = (*PAGE_KINDS, *FILE_KINDS)

BOILERPLATE_PAGES = 20  # of one language, before another has its turn
_BOILERPLATE_WEIGHT = 3  # of its share to another kind's, for it must repeat


def plan_kinds(dice: Dice, share: float) -> Schedule:
    """Returns the schedule of the documents' defects, `share` of them in all."""
    weights = {kind: _BOILERPLATE_WEIGHT if kind == "boilerplate" else 1 for kind in KINDS}
    shares = {kind: share * weight / sum(weights.values()) for kind, weight in weights.items()}
    return Schedule(shares, int.from_bytes(dice.digest("schedule/documents"), "big"))


def spoil_page(document: Document, kind: str, dice: Dice, *, held_out: bool) -> Document:
    """Returns the document with one of PAGE_KINDS: a web page becomes it, a PDF has such a page.

    A list of references is a PDF's last page, a table of contents its second one.
    """
    bad, title = _bad_page(document, kind, dice, held_out=held_out)
    if document.form == "html":
        return replace(document, title=title or document.title, pages=(bad,))
    at = {"references": len(document.pages), "contents": 1}.get(
        kind, dice.pick("spoilt-page", range(1, len(document.pages) + 1))
    )
    return replace(document, pages=(*document.pages[:at], bad, *document.pages[at:]))


def _bad_page(document: Document, kind: str, dice: Dice, *, held_out: bool) -> tuple[Page, str]:
    """Returns the page, and its document's title where a web page would have another one."""
    composer = Composer(document.language, dice, held_out)
    page = Page(document.language, (), kind)
    match kind:
        case "blank":
            return page, ""
        case "nearly-empty":
            return replace(page, blocks=(Heading(1, document.title),)), ""
        case "contents":
            return replace(page, blocks=composer.contents()), ""
        case "references":
            return replace(page, blocks=composer.references()), ""
        case "boilerplate":
            return replace(page, blocks=composer.imprint()), ""
    return _of_other_language(document, dice, held_out=held_out)


def _of_other_language(document: Document, dice: Dice, *, held_out: bool) -> tuple[Page, str]:
    """Returns a whole page in a language that the document is not stated to be in."""
    spoken = dice.pick("spoken", [k for k in _languages(document.form) if k != document.language])
    composer = Composer(spoken, dice, held_out)
    pages = compose_pages(composer, 1 if document.form == "pdf" else 3)
    blocks = tuple(block for page in pages for block in page.blocks)
    bad = Page(spoken, blocks, "wrong-language", f"text is {spoken}")
    return bad, composer.heading("title")


def repeat_document(original: Document, dice: Dice, *, held_out: bool) -> Document:
    """Returns a near-duplicate: another colour, and one paragraph in another's place."""
    composer = Composer(original.language, dice, held_out)
    last = original.pages[-1]
    at = max(n for n, block in enumerate(last.blocks) if isinstance(block, Paragraph))
    blocks = (*last.blocks[:at], composer.paragraph("new"), *last.blocks[at + 1 :])
    pages = (*original.pages[:-1], replace(last, blocks=blocks))
    accent = "purple" if original.accent != "purple" else "green"
    repeated = replace(original, accent=accent, pages=pages)
    return mark_document(repeated, "near-duplicate", f"{accent}, another paragraph")


def mark_document(document: Document, kind: str, detail: str) -> Document:
    """Returns the document with a defect on each of its pages."""
    pages = tuple(replace(page, defect=kind, detail=detail) for page in document.pages)
    return replace(document, pages=pages)


def cut_file(data: bytes, dice: Dice) -> tuple[bytes, str]:
    """Returns the beginning of a file, and how much of it that is."""
    percent = dice.pick("cut", range(20, 80))
    return data[: len(data) * percent // 100], f"{percent} %"


def _languages(form: Form) -> tuple[str, ...]:
    return ALL if form == "html" else PDF_LANGUAGES
