"""Markdown as an HTML page with a style sheet of our own."""

import html
import re
import tomllib
from importlib import resources

from markdown_it import MarkdownIt

from schemas.languages import LANGUAGES

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)\r?\n(.*?)\r?\n\1[ \t]*\r?\n", re.DOTALL)
_FIELD = re.compile(r"^(\w+)\s*:\s*(.*?)\s*$")
_ATTRIBUTES = re.compile(r"\s+markdown=(\"1\"|'1'|1)(?=[\s>])")  # of kramdown: no HTML
_HEADING_ATTRIBUTES = re.compile(
    r"^(#+ .*?)[ \t]*\{[#.:][^}\n]*\}[ \t]*$", re.MULTILINE
)  # likewise
_HEADING = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)
_FROM_RIGHT = ("Arab", "Hebr")


def page_of_markdown(text: str) -> str:
    """An HTML page of CommonMark with tables and strike-through, its front matter left out.

    The front matter's `title` becomes the title and, where the text has no first heading, that too;
    `lang` or `language` says in which direction it is written.
    """
    fields, body = _front_matter(text)
    body = _HEADING_ATTRIBUTES.sub(r"\1", _ATTRIBUTES.sub("", body))
    language = fields.get("lang") or fields.get("language") or ""
    heading = _HEADING.search(body)
    title = fields.get("title") or (heading[1] if heading else "")
    shown = "" if heading or not title else f"<h1>{html.escape(title)}</h1>\n"
    known = LANGUAGES.get(language[:2])
    direction = "rtl" if known and set(known.scripts) & set(_FROM_RIGHT) else "auto"
    style = resources.files("pipelines.rendering").joinpath("markdown.css").read_text()
    content = _parser().render(body)
    return (
        f'<!DOCTYPE html>\n<html lang="{html.escape(language, quote=True)}" dir="{direction}">\n'
        f'<head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        f"<style>{style}</style></head>\n<body>\n{shown}{content}</body></html>\n"
    )


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """The fields at the head of a file that are one line of text, and what follows them."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    body = text[match.end() :]
    if match[1] == "+++":
        try:
            values = tomllib.loads(match[2])
        except tomllib.TOMLDecodeError:
            return {}, body
        return {key: value for key, value in values.items() if isinstance(value, str)}, body
    lines = (_FIELD.match(line) for line in match[2].splitlines())
    return {line[1]: line[2].strip("'\"") for line in lines if line}, body
