"""Does an HTML page ask that it be left alone? What its meta elements say.

As the headers of the same names: Google, "Robots meta tag, data-nosnippet, and X-Robots-Tag
specifications"; TDM Reservation Protocol, final report, "TDM metadata in HTML".
"""

import html
import re

from filters.opt_outs import OptOut, header_opt_out

_LOOKED_AT = 1 << 16  # bytes: a head is shorter
_META = re.compile(r"<meta\s([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"(?<![\w-])([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.ASCII
)


def html_opt_out(body: bytes, agent: str) -> OptOut | None:
    """Returns the opt-out that a page states, or None: it may be kept.

    Args:
      body: of the page, in any charset that has ASCII in it.
      agent: our product token.

    >>> html_opt_out(b"<meta name='robots' content='noindex, nofollow'>", "pairmill")
    <OptOut.META: 'opt-out-meta'>
    """
    head, end, _ = body[:_LOOKED_AT].decode("latin-1").rpartition(">")
    for meta in _META.finditer(head + end):  # each one ends: none is looked for till the end
        fields = {
            found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "")
            for found in _ATTRIBUTE.finditer(meta[1])
        }
        name, content = fields.get("name", "").strip().lower(), fields.get("content", "")
        tags = [content] if name in ("robots", agent.lower()) else []
        if header_opt_out(tags, content if name == "tdm-reservation" else None, agent):
            return OptOut.META
    return None
