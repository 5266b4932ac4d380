"""What stands in a text for something else, and must come through translation as it is."""

import re

from filters.caption_markup import TAGS

_SIGNS = "{%<"
_CONVERSION = r"[#0+-]*\d*(?:\.\d+)?(?:hh?|ll?)?[sdifuxXeEgGcr@](?![A-Za-z0-9_])"
_PLACEHOLDER = re.compile(
    "|".join(
        (
            r"\{\{[^{}]{1,80}\}\}",
            r"\$?\{[\w.:#@!$-]{0,80}\}",
            rf"%\([\w.]{{1,80}}\){_CONVERSION}",
            rf"(?<![\d%])%(?:\d+\$)?{_CONVERSION}",
            rf"(?P<tag></?(?:{TAGS}))(?:\s[^<>]*)?/?>",
        )
    ),
    re.IGNORECASE,
)


def placeholders_in(plain: str) -> list[str]:
    """`{name}`, `{{0}}`, `%s`, `%(name)s`, `%1$d`, `${name}` and HTML's tags, sorted.

    Of a tag the name alone: attributes may be translated.

    Args:
      plain: a text's `CaptionText.plain`.

    >>> placeholders_in("50 % of {n} <b class='x'>dogs</b>, %s, 5%d")
    ['%s', '</b', '<b', '{n}']
    """
    if not any(sign in plain for sign in _SIGNS):
        return []
    return sorted(
        its["tag"].lower() if its["tag"] else its[0] for its in _PLACEHOLDER.finditer(plain)
    )
