"""What does a fetch's end mean: is the picture there, is it to be asked for again?"""

from enum import StrEnum


class FetchFault(StrEnum):
    """Why nothing was fetched. HTTP statuses other than success are `http-404` and the like."""

    TIMED_OUT = "timed-out"
    HOST_UNKNOWN = "host-unknown"
    CONNECTION = "connection-failed"
    TLS = "tls-failed"
    TOO_LARGE = "too-many-bytes"
    EMPTY = "empty-body"
    REDIRECTS = "too-many-redirects"
    BAD_REDIRECT = "bad-redirect"
    UNASKABLE = "unaskable-url"
    FORBIDDEN_ADDRESS = "forbidden-address"
    BAD_RESPONSE = "bad-response"
    NO_FILE = "file-missing"
    UNREADABLE = "file-unreadable"


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
    passing = {FetchFault.CONNECTION, FetchFault.BAD_RESPONSE, "http-408", "http-425", "http-429"}
    return reason in passing or reason.startswith("http-5")


def backoff_s(attempt: int, retry_after: str | None) -> float:
    """Seconds to wait before asking again, `attempt` counting from 0; a server's own wish wins.

    >>> backoff_s(0, None), backoff_s(2, None), backoff_s(0, "7"), backoff_s(0, "soon")
    (0.5, 2.0, 7.0, 0.5)
    """
    if retry_after is not None and retry_after.strip().isdecimal():
        return float(retry_after)
    return float(0.5 * 2**attempt)
