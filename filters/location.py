"""May this location be asked for a picture? What its text alone can tell."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit


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


def location_fault(location: str, rules: LocationRules) -> LocationFault | None:
    """Returns what is wrong with `location`, or None: it may be asked.

    >>> location_fault("https://example.org/a b.jpg", LocationRules()) is None
    True
    >>> location_fault("ftp://example.org/a.jpg", LocationRules())
    <LocationFault.SCHEME: 'unsupported-scheme'>
    """
    if not location:
        return LocationFault.MISSING
    if len(location) > rules.max_chars or any(ord(char) < 32 for char in location):
        return LocationFault.MALFORMED
    try:
        parts = urlsplit(location)
        hostname, _ = parts.hostname, parts.port
    except ValueError:
        return LocationFault.MALFORMED
    match parts.scheme.lower():
        case "http" | "https":
            return None if hostname else LocationFault.MALFORMED
        case "" | "file":
            return None if rules.allow_local_files else LocationFault.LOCAL
    return LocationFault.SCHEME


def host_of(location: str) -> str:
    """The `host:port` that a sound HTTP location is asked at, "" for a file.

    >>> host_of("https://Example.org/a.jpg"), host_of("s3://pictures/a.jpg")
    ('example.org:443', '')
    """
    if not location.lower().startswith(("http://", "https://")):
        return ""
    parts = urlsplit(location)
    hostname = parts.hostname or ""
    host = f"[{hostname}]" if ":" in hostname else hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
