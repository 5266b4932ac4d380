"""What img2dataset's `error_message` means: it is an exception's words, ours are reasons."""

import re
from enum import StrEnum

from filters.response import FetchFault, status_reason


class Img2datasetFault(StrEnum):
    """Reasons that only img2dataset gives, or that we name for it."""

    FAILED = "img2dataset-failed"
    TOO_SMALL = "image-too-small"
    TOO_LONG = "aspect-ratio-too-large"
    TOO_MANY_PIXELS = "too-many-pixels"
    BROKEN = "broken-picture"
    OPT_OUT = "opt-out-x-robots-tag"


# The first that is found counts: urllib says "HTTP Error 302" of a redirect without end, too.
_WORDS: list[tuple[str, StrEnum]] = [
    ("would lead to an infinite loop", FetchFault.REDIRECTS),
    ("Redirection to url .* is not allowed", FetchFault.BAD_REDIRECT),
    ("disallowed by X-Robots-Tag", Img2datasetFault.OPT_OUT),
    ("timed out", FetchFault.TIMED_OUT),
    ("Name or service not known|name resolution|nodename nor", FetchFault.HOST_UNKNOWN),
    ("No address associated|label empty or too long", FetchFault.HOST_UNKNOWN),
    (r"\[SSL|_ssl\.c", FetchFault.TLS),
    ("Connection (refused|reset|aborted)|Remote end closed|unreachable", FetchFault.CONNECTION),
    ("No route to host|Broken pipe", FetchFault.CONNECTION),
    ("IncompleteRead|got more than", FetchFault.BAD_RESPONSE),
    ("unknown url type|no host given|URL can't contain|codec can't", FetchFault.UNASKABLE),
    ("nonnumeric port", FetchFault.UNASKABLE),
    (r"!buf\.empty\(\)", FetchFault.EMPTY),
    ("^Image decoding error$", Img2datasetFault.BROKEN),
    ("^image too small$", Img2datasetFault.TOO_SMALL),
    ("^image area too large$", Img2datasetFault.TOO_MANY_PIXELS),
    ("^aspect ratio too large$", Img2datasetFault.TOO_LONG),
]
_MEANT = [(re.compile(words), fault) for words, fault in _WORDS]
_STATUS = re.compile(r"^HTTP Error (\d{3})")


def img2dataset_reason(message: str) -> str:
    """The reason that img2dataset's message stands for, `img2dataset-failed` for others.

    >>> img2dataset_reason("HTTP Error 404: Not Found"), img2dataset_reason("timed out")
    ('http-404', 'timed-out')
    """
    for words, fault in _MEANT:
        if words.search(message):
            return fault.value
    status = _STATUS.search(message)
    reason = status_reason(int(status[1])) if status else None
    return reason or Img2datasetFault.FAILED.value
