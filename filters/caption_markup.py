"""Is there markup or code left in this caption?"""

import re
from html.entities import html5

MARKUP_SIGNS = re.compile(r"[<>\[\]{}&*#`\\%=]")
"""One of these stands in all markup."""

TAGS = (
    "a|abbr|article|aside|audio|b|big|blockquote|body|br|button|caption|center|cite|code|dd|div|dl"
    "|dt|em|embed|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input"
    "|label|li|link|main|meta|nav|noscript|object|ol|option|p|picture|pre|q|s|script|section|select"
    "|small|source|span|strike|strong|style|sub|sup|svg|table|tbody|td|textarea|tfoot|th|thead"
    "|title|tr|tt|u|ul|video"
)
"""The names of HTML's elements, as alternatives of a pattern."""

_MARKUP = re.compile(
    "|".join(
        (
            rf"</?(?:{TAGS})(?:\s[^<>]*)?/?>|<!--|-->|<!doctype|<!\[cdata|<\?(?:php|xml)",
            r"&#(?:[0-9]{2,7}|x[0-9a-f]{2,6});",
            r"\[/(?:b|i|u|s|url|img|quote|color|size|center|code|list)\]",  # BBCode
            r"\[(?:url|img|color|size|quote)(?:=[^\]]*)?\]",
            r"\[/?(?:caption|gallery|embed|vc_\w+)(?: [^\]]*)?\]",  # WordPress
            r"\[\[[^\[\]]+\]\]|\{\{[^{}]*\}\}|\{%|%\}|<%|%>|\$\{",  # wikis, templates
            r"\]\((?:https?:|/|\.|#|www\.|[\w-]+\.)[^()\s]*\)",  # Markdown
            r"\*\*[^\s*][^*]*\*\*|```|\A#{2,6} \w",
            r"\b(?:href|src|srcset|alt|class|style|onclick|width|height)\s?=\s?[\"']",
            r"\{\s*[\"']\w+[\"']\s*:|\{\s*[\w-]+\s*:[^{};]*;",  # JSON, CSS
            r"\bfunction\s?\w*\([^()]*\)\s?\{|\)\s?=>\s?\{|\b(?:document|window)\.\w+\s?[(=]",
            r"\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|(?:%[0-9a-f]{2}){2}|\w%20\w",  # escapes
        )
    ),
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30};)")


def has_markup(plain: str) -> bool:
    """Whether HTML, BBCode, Markdown, wiki text, CSS, JSON, JavaScript or escapes are left over.

    TeX is not looked for: captions of scientific figures are written in it.

    Args:
      plain: a caption's `CaptionText.plain`.

    >>> [has_markup(text) for text in ("<b>fox", "cats &amp; dogs", "Q&A; 3 < 5 > 2", "a [b] c")]
    [True, True, False, False]
    """
    if not MARKUP_SIGNS.search(plain):
        return False
    if _MARKUP.search(plain):
        return True
    return "&" in plain and any(name in html5 for name in _ENTITY.findall(plain))
