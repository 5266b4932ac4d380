"""What does a fetch's end mean: is the picture there, is it to be asked for again?"""

from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum

from filters.opt_outs import OptOut
from schemas.fates import Fate
from schemas.ids import digest


class FetchFault(StrEnum):
    """Why nothing was fetched. HTTP statuses other than success are `http-404` and the like."""

    TIMED_OUT = "timed-out"
    HOST_UNKNOWN = "host-unknown"
    DNS = "dns-failed"
    HOST_BUSY = "host-busy"
    ROBOTS = "robots-unreachable"
    CONNECTION = "connection-failed"
    TLS = "tls-failed"
    TOO_LARGE = "too-many-bytes"
    EMPTY = "empty-body"
    REDIRECTS = "too-many-redirects"
    BAD_REDIRECT = "bad-redirect"
    UNASKABLE = "unaskable-url"
    FORBIDDEN_ADDRESS = "forbidden-address"
    UNLISTED_HOST = "unlisted-host"
    BAD_RESPONSE = "bad-response"
    HOST_UNRESPONSIVE = "host-unresponsive"
    ENCODING = "unreadable-encoding"
    SHA256 = "sha256-mismatch"
    NO_FILE = "file-missing"
    UNREADABLE = "file-unreadable"
    NOT_A_DOCUMENT = "not-a-document"


# RFC 9110, 5.6.7: as it is written today, as RFC 850 had it, as C's asctime does; all in GMT.
_HTTP_DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")
_YEAR_S = 366 * 86400.0

_PASSING = {
    FetchFault.CONNECTION, FetchFault.DNS, FetchFault.BAD_RESPONSE,
    "http-408", "http-425", "http-429",
}  # fmt: skip
_SILENT = {
    FetchFault.CONNECTION, FetchFault.HOST_UNKNOWN, FetchFault.DNS, FetchFault.TIMED_OUT,
    FetchFault.HOST_UNRESPONSIVE,
}  # fmt: skip
_RULES = {*OptOut, FetchFault.FORBIDDEN_ADDRESS, FetchFault.UNLISTED_HOST, FetchFault.SHA256}


def status_reason(status: int) -> str | None:
    """The reason that an HTTP status other than a redirect stands for, None where it brings a body.

    >>> status_reason(200) is None, status_reason(404)
    (True, 'http-404')
    """
    return None if status == 200 else f"http-{status}"


def may_pass(reason: str) -> bool:
    """Whether asking again soon may help: 408, 425, 429, 5xx and broken connections.

    >>> may_pass("http-503"), may_pass("http-404")
    (True, False)
    """
    return reason in _PASSING or reason.startswith("http-5")


def fate_of(reason: str) -> Fate:
    """How a picture that was not fetched ends: turned away by a rule, or failed.

    >>> fate_of(FetchFault.FORBIDDEN_ADDRESS), fate_of("http-404")
    (<Fate.REJECTED: 'rejected'>, <Fate.FAILED: 'failed'>)
    """
    return Fate.REJECTED if reason in _RULES else Fate.FAILED


def may_be_the_network(reason: str) -> bool:
    """Whether a dead network gives this reason as well as a dead host.

    >>> may_be_the_network("timed-out"), may_be_the_network("http-500")
    (True, False)
    """
    return reason in _SILENT


def retry_after_s(value: str, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks to wait (RFC 9110, 10.2.3), None if unreadable.

    Args:
      value: a number of seconds, or an HTTP date in any of its three forms.
      now: with its time zone.

    Returns:
      At most a year; 0 for what is past.

    >>> now = datetime(1994, 11, 6, 8, 49, tzinfo=UTC)
    >>> [retry_after_s(v, now) for v in ("120", "Sun, 06 Nov 1994 08:49:37 GMT", "soon")]
    [120.0, 37.0, None]
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _YEAR_S)
    date = _http_date(text)
    return None if date is None else min(max((date - now).total_seconds(), 0.0), _YEAR_S)


def _http_date(text: str) -> datetime | None:
    for form in _HTTP_DATES:
        with suppress(ValueError):  # another form
            return datetime.strptime(text, form).replace(tzinfo=UTC)
    return None


def backoff_s(attempt: int, location: str) -> float:
    """Seconds to wait before asking again, `attempt` counting from 0.

    Half a second, doubled at each attempt, times a factor in [0.5, 1.5) that a hash of location and
    attempt gives: what failed together does not come back together, and each run waits alike.

    >>> 0.25 <= backoff_s(0, "https://a.org/1.jpg") < 0.75 <= backoff_s(3, "https://a.org/1.jpg")
    True
    """
    share = int(digest(location, str(attempt))[:12], 16) / (1 << 48)
    return 0.5 * 2.0**attempt * (0.5 + share)
