"""Markdown as an HTML page with a style sheet of our own."""

import html
import re
import tomllib
from importlib import resources
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from schemas.languages import LANGUAGES

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)\r?\n(.*?)\r?\n\1[ \t]*\r?\n", re.DOTALL)
_FIELD = re.compile(r"^(\w+)\s*:\s*(.*?)\s*$")
_ATTRIBUTES = re.compile(r"\s+markdown=(\"1\"|'1'|1)(?=[\s>])")  # of kramdown: no HTML
_HEADING_ATTRIBUTES = re.compile(
    r"^(#+ .*?)[ \t]*\{[#.:][^}\n]*\}[ \t]*$", re.MULTILINE
)  # likewise
_WORDS = ("text", "text_special", "code_inline")
_FROM_RIGHT = ("Arab", "Hebr")


def page_of_markdown(text: str) -> str:
    """An HTML page of CommonMark with tables and strike-through, its front matter left out.

    The front matter's `title` becomes the title and, where the text has no first heading, that too;
    `lang` or `language` says in which direction it is written.
    """
    fields, body = _front_matter(text)
    body = _HEADING_ATTRIBUTES.sub(r"\1", _ATTRIBUTES.sub("", body))
    language = fields.get("lang") or fields.get("language") or ""
    parser = _parser()
    tokens = parser.parse(body)
    heading = _first_heading(tokens)
    title = html.unescape(fields.get("title", "")) or heading
    shown = "" if heading or not title else f"<h1>{html.escape(title)}</h1>\n"
    known = LANGUAGES.get(language[:2])
    direction = "rtl" if known and set(known.scripts) & set(_FROM_RIGHT) else "auto"
    style = resources.files("pipelines.rendering").joinpath("markdown.css").read_text()
    content = parser.renderer.render(tokens, parser.options, {})
    return (
        f'<!DOCTYPE html>\n<html lang="{html.escape(language, quote=True)}" dir="{direction}">\n'
        f'<head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        f"<style>{style}</style></head>\n<body>\n{shown}{content}</body></html>\n"
    )


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _first_heading(tokens: list[Token]) -> str:
    """The words of the first heading of the first rank, "" if there is none."""
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h1":
            words = (part for part in inline.children or () if part.type in _WORDS)
            return "".join(part.content for part in words)
    return ""


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
