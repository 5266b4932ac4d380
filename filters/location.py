"""May this location be asked for a picture, and how? What its text alone can tell."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Literal
from urllib.parse import quote, urljoin

import idna

# Controls, and surrogates that no UTF-8 can carry: clients disagree on what they mean in a URL.
_NO_TEXT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.ASCII | re.IGNORECASE)
_HTTP = re.compile(r"(https?)://([^/?#]*)([^#]*)", re.ASCII | re.IGNORECASE)
# Userinfo (RFC 3986, 3.2.1), an address in brackets or a name, a port. A second `@` fits nowhere.
_AUTHORITY = re.compile(
    r"(?:[\w.~!$&'()*+,;=:%-]*@)?(\[[0-9a-f:.]+\]|[^\[\]@:]+)(?::([0-9]{0,5}))?",
    re.ASCII | re.IGNORECASE,
)
_LABELS = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER_AT_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_MAX_NAME = 253  # characters, RFC 1035
# What a path and a query may not hold as it is (RFC 3986, 3.3 and 3.4); a sound %XX may stay.
_UNSENDABLE = re.compile(r"%(?![0-9a-f]{2})|[^\w.~!$&'()*+,;=:@/?%-]+", re.ASCII | re.IGNORECASE)
_HIGH_BYTE = re.compile("[\x80-\xff]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class LocationFault(StrEnum):
    """Why a row's location is turned away before anything is asked."""

    MISSING = "missing-url"
    MALFORMED = "malformed-url"
    SCHEME = "unsupported-scheme"
    LOCAL = "local-file-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRules:
    """What a table may name.

    Attributes:
      allow_local_files: whether paths and `file://` are allowed.
      max_chars: of the whole location; servers refuse longer ones anyway.
    """

    allow_local_files: bool = False
    max_chars: int = 8000


@dataclass(frozen=True, slots=True)
class RequestUrl:
    """An HTTP location taken apart: whom to connect to, and what to ask for.

    Attributes:
      scheme: `http` or `https`.
      host: a name in ASCII lower case without a final dot, or an address; IPv6 without brackets.
      port: in [1, 65535].
      target: path and query as they stand in the request line: ASCII, beginning with `/`.
    """

    scheme: Literal["http", "https"]
    host: str
    port: int
    target: str

    @property
    def address(self) -> str:
        """`host:port`, IPv6 in brackets."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def origin(self) -> str:
        """`https://host`, with the port unless it is the scheme's own."""
        own = self.port == _DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{_bracketed(self.host) if own else self.address}"


def location_fault(location: str, rules: LocationRules) -> LocationFault | None:
    """Returns what is wrong with `location`, or None: it may be asked.

    >>> location_fault("https://example.org/a b.jpg", LocationRules()) is None
    True
    >>> location_fault("ftp://example.org/a.jpg", LocationRules())
    <LocationFault.SCHEME: 'unsupported-scheme'>
    """
    if not location:
        return LocationFault.MISSING
    if len(location) > rules.max_chars or _NO_TEXT.search(location):
        return LocationFault.MALFORMED
    scheme = _SCHEME.match(location)
    match scheme[1].lower() if scheme else "":
        case "http" | "https":
            return None if request_url(location) else LocationFault.MALFORMED
        case "" | "file":
            return None if rules.allow_local_files else LocationFault.LOCAL
    return LocationFault.SCHEME


def request_url(location: str) -> RequestUrl | None:
    """Takes an HTTP location apart, None where it cannot be asked or clients read it differently.

    Userinfo, fragment and spaces at the end are dropped. What a request line cannot hold is
    percent-encoded as UTF-8; what is percent-encoded already stays as it is, byte for byte.

    >>> url = request_url("https://me:pw@Bücher.example/ä%2fb?q=1#top")
    >>> url.address, url.target
    ('xn--bcher-kva.example:443', '/%C3%A4%2fb?q=1')
    >>> request_url("http://a@127.0.0.1@b/") is None
    True
    """
    found = _HTTP.match(location.rstrip(" "))
    if not found or _NO_TEXT.search(location):
        return None
    scheme: Literal["http", "https"] = "http" if len(found[1]) == 4 else "https"
    authority = _authority(found[2])
    if authority is None:
        return None
    host, port = authority
    target = _UNSENDABLE.sub(_percent_encoded, found[3])
    return RequestUrl(
        scheme,
        host,
        port or _DEFAULT_PORTS[scheme],
        target if target.startswith("/") else f"/{target}",
    )


def host_of(location: str) -> str:
    """The `host:port` that a sound HTTP location is asked at, "" for a file.

    >>> host_of("https://Example.org/a.jpg"), host_of("s3://pictures/a.jpg")
    ('example.org:443', '')
    """
    url = request_url(location)
    return url.address if url else ""


def redirect_target(location: str, header: str) -> str | None:
    """The absolute location that a `Location` header leads to, None where it leads to none.

    Args:
      location: what was asked.
      header: the header's value, one character a byte (latin-1), or text already decoded.

    >>> redirect_target("https://a.org/x/1.jpg", "../Ã©.jpg")
    'https://a.org/%C3%A9.jpg'
    """
    base, reference = request_url(location), _header_text(header.strip(" \t"))
    # Looked for here, since `urljoin` drops some of them.
    if base is None or not reference or _NO_TEXT.search(reference):
        return None
    url = request_url(reference)  # first, since `urljoin` would drop an empty query
    if url is None:
        try:
            url = request_url(urljoin(f"{base.origin}{base.target}", reference))
        except ValueError:  # brackets where no address is, or a name that becomes another URL
            return None
    return f"{url.origin}{url.target}" if url else None


@lru_cache(maxsize=1 << 14)
def _authority(text: str) -> tuple[str, int | None] | None:
    """Host and port of `user@host:port`, the port None where there is none."""
    found = _AUTHORITY.fullmatch(text)
    if not found:
        return None
    host = _ipv6(found[1][1:-1]) if found[1].startswith("[") else _name(found[1])
    port = int(found[2]) if found[2] else None
    return None if host is None or port == 0 or (port or 0) > 65535 else (host, port)


def _ipv6(text: str) -> str | None:
    try:
        return IPv6Address(text).compressed
    except ValueError:
        return None


def _name(text: str) -> str | None:
    """A host name in ASCII (UTS 46, then IDNA 2008), or an IPv4 address.

    Names are held to letters, digits, hyphens and underscores after the mapping, not before: it
    makes `/` and `:` of characters that only look like them.
    """
    try:
        mapped = idna.uts46_remap(text, std3_rules=False).removesuffix(".")
        labels = [
            label if label.isascii() else idna.alabel(label).decode()  # ASCII: underscores pass
            for label in mapped.split(".")
        ]
    except idna.IDNAError:
        return None
    name = ".".join(labels)
    if len(name) > _MAX_NAME or not _LABELS.fullmatch(name):
        return None
    return _ipv4(name) if _NUMBER_AT_END.fullmatch(name) else name


def _ipv4(text: str) -> str | None:
    """An address of four decimal numbers: not `127.1` or `0x7f000001`, as resolvers read it."""
    try:
        return str(IPv4Address(text))
    except ValueError:
        return None


def _percent_encoded(found: re.Match[str]) -> str:
    return quote(found[0], safe="")


def _header_text(header: str) -> str:
    """A header's bytes as the text that was meant: UTF-8, or else percent-encoded as they are."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeEncodeError:  # text already
        return header
    except UnicodeDecodeError:
        return _HIGH_BYTE.sub(lambda found: f"%{ord(found[0]):02X}", header)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
