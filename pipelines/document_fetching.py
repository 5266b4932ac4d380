"""Fetches documents as gather fetches pictures, into tars of their own, and asks nobody twice.

`fetched/` has gather's layout: what a killed run had fetched is there for the next. What is fetched
is told to be PDF, HTML or Markdown by its bytes and its server, and stored unpacked.
"""

import asyncio
import codecs
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import astuple, replace
from functools import partial
from typing import Any

import apache_beam as beam

from filters.document_kind import charset_of, document_kind
from filters.html_opt_outs import html_opt_out
from filters.location import request_url
from filters.opt_outs import agent_token
from filters.response import FetchFault
from pipelines.commit import committed_shards
from pipelines.document_files import unpacked
from pipelines.document_rules import Documents
from pipelines.errors import FetchError
from pipelines.fetching import Fetched
from pipelines.gathered_rows import NOTHING, Gathered, as_json
from pipelines.lane_plan import lanes_of
from pipelines.lanes import GatherLane, Prepare
from pipelines.recipe import Gather
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal
from schemas.layout import FETCHED, FETCHING, STATS_SUFFIX
from schemas.pages import FetchedMeasures, FetchedRow
from schemas.rows import Measures, PlannedPicture

_GZIP = b"\x1f\x8b"
_NOTHING = FetchedMeasures(*astuple(NOTHING))
_AS_BROWSERS_READ = {"iso8859-1": "cp1252", "ascii": "cp1252"}
_OF_NO_TEXT = ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7")
"""Python's, that browsers do not read pages in: some raise, some take for ever."""


def fetch_documents(
    run: Run, rules: Documents, shards: list[dict[str, Any]], hosts: Folder
) -> None:
    """Fetches what of the planned shards is not there yet.

    Args:
      run: of the stage.
      rules: of the recipe.
      shards: see `pipelines.lane_plan.numbered`.
      hosts: a folder where lanes tell each other of hosts that several of them ask.
    """
    output = run.output
    done = committed_shards(output, FETCHING)
    lanes = [lane.without(done) for lane in lanes_of(shards, rules.fetch.per_host, run.workers)]
    lanes = [lane for lane in lanes if lane.shards]
    total = len(done) + sum(len(lane.shards) for lane in lanes)
    run.step("fetching documents", total, output / FETCHED, STATS_SUFFIX)
    if lanes:
        with run.pipeline(len(lanes)) as pipeline:
            fetch = FetchLane(output, rules, hosts)
            _ = pipeline | Deal("lanes", lanes) | beam.ParDo(fetch)


def rules_of(rules: Documents) -> Gather:
    """How documents are fetched, as gather's fetcher takes it."""
    fetch = rules.fetch
    return Gather(
        concurrency=fetch.concurrency,
        per_host=fetch.per_host,
        deadline_s=fetch.deadline_s,
        retries=fetch.retries,
        max_bytes=rules.max_bytes,
        respect_opt_outs=fetch.respect_opt_outs,
        allow_hosts=fetch.allow_hosts,
        user_agent=fetch.user_agent,
    )


class FetchedShard(Gathered):
    """A shard of documents in the making: a sample is its bytes, and where they are from."""

    __slots__ = ()
    row_type = FetchedRow

    def keep(self, picture: PlannedPicture, image: bytes, measures: Measures) -> None:
        offset = self.tar.add(f"{picture.uid}.{measures.original_format}", image)
        values = self.values(picture, measures, image_offset=offset, image_size=len(image))
        self.tar.add(f"{picture.uid}.json", as_json(values).encode())
        self.add(values)


class FetchLane(GatherLane):
    """Fetches and commits a lane's shards of documents.

    Args:
      output: of the recipe.
      rules: of the recipe.
      hosts: a folder where lanes tell each other of hosts that several of them ask.
    """

    stage = FETCHING
    accept = "application/pdf,text/html,application/xhtml+xml,text/markdown,*/*;q=0.5"
    makes = FetchedShard

    def __init__(self, output: Folder, rules: Documents, hosts: Folder) -> None:
        super().__init__(output, rules_of(rules), hosts)
        self._max_bytes = rules.max_bytes
        self._agent = agent_token(rules.fetch.user_agent) if rules.fetch.respect_opt_outs else None

    @asynccontextmanager
    async def preparing(self) -> AsyncIterator[Prepare]:
        one_at_a_time = asyncio.Lock()  # unpacked and decoded, some take ten times their room

        async def prepare(fetched: Fetched) -> tuple[bytes, Measures]:
            store = partial(stored_document, fetched, self._max_bytes, self._agent)
            async with one_at_a_time:
                return await asyncio.to_thread(store)

        yield prepare


def stored_document(fetched: Fetched, max_bytes: int, agent: str | None) -> tuple[bytes, Measures]:
    """A fetched document as it is stored: unpacked, and text in UTF-8 where its server says in what
    charset it came.

    Args:
      fetched: what came.
      max_bytes: of it, unpacked.
      agent: our product token, by which pages may call us; None where opt-outs are not obeyed.

    Raises:
      FetchError: where it is no document, too large, or asks to be left alone.
    """
    url = request_url(fetched.location)
    path = url.target.partition("?")[0] if url else ""
    body, said = fetched.body, fetched.content_type
    if body.startswith(_GZIP):
        body, said = unpacked(body, fetched.location, max_bytes), ""
        path = path.removesuffix(".gz")
    kind, text = document_kind(body, said, path), body
    if kind != "pdf":
        text = in_utf8(body, charset_of(said))
        kind = document_kind(text, said, path)
    if kind is None:
        raise FetchError(FetchFault.NOT_A_DOCUMENT, f"{said or 'no Content-Type'}: {body[:40]!r}")
    if kind == "html" and agent is not None and (opt_out := html_opt_out(text, agent)):
        raise FetchError(opt_out, "in a meta element")
    known = replace(
        _NOTHING,
        final_url=fetched.final_url,
        sha256=hashlib.sha256(fetched.body).hexdigest(),
        original_size=len(fetched.body),
        original_format=kind,
    )
    return text, known


def in_utf8(body: bytes, charset: str) -> bytes:
    """Text in UTF-8 with a byte order mark, which browsers believe before all else; as it is where
    it has that mark, or neither another nor a charset that somebody names.

    >>> in_utf8("ж".encode("cp1251"), "windows-1251").decode("utf-8-sig"), in_utf8(b"a", "")
    ('ж', b'a')
    """
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace").encode("utf-8-sig", "replace")
    if not charset or body.startswith(codecs.BOM_UTF8):
        return body
    try:
        name = codecs.lookup(charset).name
        if name in _OF_NO_TEXT:
            return body
        text = body.decode(_AS_BROWSERS_READ.get(name, name), "replace")
    except LookupError:  # a charset that does not exist
        return body
    return text.encode("utf-8-sig", "replace")
