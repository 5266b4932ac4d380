"""`pairmill why` of documents and pages: what the rendered shards and later tables say of one."""

import json
from collections.abc import Iterator
from typing import Any

from pipelines.commit import committed_shards
from pipelines.pages import as_line
from pipelines.parts import parts_between, search
from pipelines.storage import Folder
from schemas.fates import Fate
from schemas.ids import is_absolute
from schemas.layout import (
    DOCUMENTS,
    PACKED_DOCUMENTS,
    PAGE_CAPTIONS,
    ledger_folder,
    shard_name,
)

_STAGE = "documents"
_MOST = 1_000  # pages of a document


def way_of_pages(output: Folder, id_: str) -> list[str]:
    """Lines about what `id_` names, none where it names nothing of the kind.

    Args:
      output: of a recipe.
      id_: of a page or a document, whole, or `source:path`, or a URL, with `#page=N` after it for
        one page.
    """
    return [line for row in _rows(output, id_) for line in _lines(output, row)]


def _rows(output: Folder, id_: str) -> list[dict[str, Any]]:
    """Rows of rendered shards, those of one document in the order of its pages."""
    tables = [f"{shard}.parquet" for shard in sorted(committed_shards(output, _STAGE))]
    source, _, place = ("", "", id_) if is_absolute(id_) else id_.partition(":")
    url = place.partition("#page=")[0]
    for column, low, high in (
        ("uid", id_, id_),
        ("document", id_, id_),
        ("url", place, place),
        ("url", f"{url}#page=", f"{url}#page=~"),
    ):
        found = search(output / DOCUMENTS, tables, column, low, high, _MOST) if low else []
        if column == "url" and source:
            found = [row for row in found if row["source"] == source]
        if found:
            return sorted(found, key=lambda row: (row["url"].partition("#")[0], row["page"]))
    return []


def _lines(output: Folder, row: dict[str, Any]) -> Iterator[str]:
    what = "page" if row["page"] else "document"
    yield as_line(f"{what} {row['uid']}  {row['source']}:{row['url']}")
    place = f"{DOCUMENTS}/{shard_name(row['image_shard'])}"
    if row["fate"] != Fate.KEPT.value:
        yield as_line(f"  documents  {row['fate']}: {row['error_message']} ({place}.parquet)")
        return
    yield f"  documents  kept, {row['language']}, {place}.tar from byte {row['image_offset']:,}"
    for origin, text in json.loads(row["texts"]):
        yield as_line(f"    {origin}: {text}")
    uid = row["uid"]
    ledger, captions = (
        search(output / folder, parts_between(output / folder, uid, uid), column, uid, uid)
        for folder, column in ((ledger_folder(_STAGE), "id"), (PAGE_CAPTIONS, "uid"))
    )
    for lost in ledger:
        yield as_line(f"  documents  {lost['fate']}: {lost['reason']} ({lost['detail']})")
    packed = output / PACKED_DOCUMENTS
    shards = [name for name in packed.names() if name[:5].isdigit() and name[5:] == ".parquet"]
    for found in search(packed, shards, "uid", uid, uid) if captions else ():
        yield as_line(f"  pack       {PACKED_DOCUMENTS}, key {found['key']}: {found['txt']}")
