"""What may a page of HTML load from a host? What the request alone can tell."""

from dataclasses import dataclass
from enum import StrEnum

from filters.location import request_url
from filters.response import FetchFault, fate_of
from schemas.fates import Fate

_KINDS = {"image", "stylesheet", "font"}


class LoadFault(StrEnum):
    """Why a page may not load something."""

    MANY = "too-many-loads"
    MANY_BYTES = "too-many-bytes-of-loads"
    HOST = FetchFault.UNLISTED_HOST.value
    KIND = "unwanted-kind"


@dataclass(frozen=True, slots=True)
class LoadRules:
    """What a document may load.

    Attributes:
      hosts: `host:port` that it may load from.
      max_loads: requests, those refused included.
    """

    hosts: frozenset[str]
    max_loads: int


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What a page asks for.

    Attributes:
      url: absolute.
      method: HTTP's.
      kind: what it is to be, as browsers name it: `image`, `stylesheet`, `font`, `document` …
      number: of it among the document's, from 1.
    """

    url: str
    method: str
    kind: str
    number: int


def load_fault(request: LoadRequest, rules: LoadRules) -> LoadFault | None:
    """Returns why a page may not have what it asks for, or None: a host may be asked for it.

    >>> rules = LoadRules(frozenset({"a.org:443"}), max_loads=10)
    >>> load_fault(LoadRequest("https://A.org/1.png", "GET", "image", 1), rules) is None
    True
    >>> load_fault(LoadRequest("https://b.org/1.png", "GET", "image", 2), rules)
    <LoadFault.HOST: 'unlisted-host'>
    """
    if request.number > rules.max_loads:
        return LoadFault.MANY
    url = request_url(request.url)
    if url is None or url.address not in rules.hosts:
        return LoadFault.HOST
    if request.method != "GET" or request.kind not in _KINDS:
        return LoadFault.KIND
    return None


def fate_of_load(reason: str) -> Fate:
    """How something that a page did not load ends: turned away by a rule, or failed.

    >>> fate_of_load(LoadFault.KIND), fate_of_load("http-404"), fate_of_load("forbidden-address")
    (<Fate.REJECTED: 'rejected'>, <Fate.FAILED: 'failed'>, <Fate.REJECTED: 'rejected'>)
    """
    return Fate.REJECTED if reason in set(LoadFault) else fate_of(reason)
