"""Takes a user's own translations over into a memory: TMX files and Parquet tables.

Files list them in any order. They are dealt out by the ranges of their keys to files on this
machine's disk first, so that each file of the memory has a range of its own.
"""

import json
import posixpath
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice, permutations
from tempfile import TemporaryDirectory
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from filters.text import text_fault, tidied
from pipelines.errors import RecipeError
from pipelines.memory import REMEMBERED, Memory, Remembered
from pipelines.sources.files import version_of
from pipelines.storage import Folder, filesystem
from pipelines.transforms.blocks import hash_buckets, runs, table_of
from schemas.ids import digest, phrase_id
from schemas.languages import LANGUAGES, normalise_tag

COLUMNS = ("source_language", "source_text", "language", "text")
_DONE = "imported.json"
_AT_ONCE = 50_000  # rows
_RANGES = 256
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_SHORT = 12

Said = tuple[str, str, str, str]
"""What `COLUMNS` name."""


def import_name(path: str) -> str:
    """The folder of a file's translations below a memory; another when the file has changed.

    Raises:
      RecipeError: where there is no such file, or it is no TMX or Parquet.
    """
    fs, place = filesystem(path)
    if not path.lower().endswith((".tmx", ".parquet")):
        raise RecipeError(f"translate.memory_imports: {path} must end in .tmx or .parquet")
    try:
        info = fs.info(place)
    except FileNotFoundError as error:
        raise RecipeError(f"translate.memory_imports: there is no {path}") from error
    name = posixpath.basename(place)
    return f"imported-{digest(name, version_of(info))[:_SHORT]}"


def import_memory(path: str, folder: Folder, tell: Callable[[str], None]) -> None:
    """Takes a file's translations over, unless that is done already.

    Of a TMX each language of a unit is a translation of each other; of a table its `text` of its
    `source_text`. Languages other than ours, and empty texts, are left out.

    Args:
      path: a file that `import_name` took.
      folder: that it named.
      tell: is told what begins.

    Raises:
      RecipeError: where the file is not what its name says.
    """
    if folder.exists(_DONE):
        return
    tell(f"importing {posixpath.basename(path)}")
    memory, rows = Memory(folder), 0
    fs, place = filesystem(path)
    with fs.open(place, "rb") as file:
        said = _of_tmx(file, path) if path.lower().endswith(".tmx") else _of_parquet(file, path)
        for block in _by_key(_remembered(said)):
            memory.add(block)
            rows += block.num_rows
    folder.write(_DONE, json.dumps({"file": path, "translations": rows}).encode())


def _by_key(remembered: Iterator[Remembered]) -> Iterator[pa.Table]:
    """Blocks of translations, each of a range of keys, in their order.

    In memory are a block, and what falls into one of `_RANGES` equal ranges of keys.
    """
    with TemporaryDirectory(prefix="pairmill-import-") as scratch:
        paths = [f"{scratch}/{number}" for number in range(_RANGES)]
        with ExitStack() as stack:
            writers = [stack.enter_context(pa.ipc.new_stream(path, REMEMBERED)) for path in paths]
            while block := list(islice(remembered, _AT_ONCE)):
                _deal(table_of(Remembered, block), writers)
        held = REMEMBERED.empty_table()
        for path in paths:
            with pa.OSFile(path) as file:
                held = pa.concat_tables([held, pa.ipc.open_stream(file).read_all()])
            if held.num_rows >= _AT_ONCE:
                ordered = held.sort_by("key")
                each = -(-held.num_rows // (held.num_rows // _AT_ONCE))
                for first in range(0, held.num_rows, each):
                    yield ordered.slice(first, each)
                held = REMEMBERED.empty_table()
        yield held


def _deal(rows: pa.Table, writers: Sequence[pa.ipc.RecordBatchStreamWriter]) -> None:
    ranges = hash_buckets("key", len(writers))(rows)
    order = np.argsort(ranges, kind="stable")
    ordered = rows.take(pa.array(order))
    for number, first, end in runs(ranges[order]):
        writers[number].write_table(ordered.slice(first, end - first))


def _remembered(said: Iterable[Said]) -> Iterator[Remembered]:
    for source_tag, source_text, tag, text in said:
        source, language = normalise_tag(source_tag), normalise_tag(tag)
        if source == language or not {source, language} <= LANGUAGES.keys():
            continue
        if text_fault(source_text) or text_fault(text):
            continue
        source_text, text = tidied(source_text), tidied(text)
        if source_text and text:
            key = phrase_id(source, source_text)
            yield Remembered(key, source, source_text, language, text, "", 0, 0)


def _of_parquet(file: IO[bytes], path: str) -> Iterator[Said]:
    try:
        parquet = pq.ParquetFile(file)
        missing = [name for name in COLUMNS if name not in parquet.schema_arrow.names]
        if missing:
            raise RecipeError(
                f"translate.memory_imports: {path} must have the columns {', '.join(COLUMNS)}, "
                f"it has no {missing[0]}"
            )
        for batch in parquet.iter_batches(_AT_ONCE, columns=list(COLUMNS)):
            columns = (batch[name].cast(pa.string()).fill_null("") for name in COLUMNS)
            yield from zip(*(column.to_pylist() for column in columns), strict=True)
    except (pa.ArrowException, OSError) as error:
        raise RecipeError(f"translate.memory_imports: {path} is no Parquet: {error}") from error


def _of_tmx(file: IO[bytes], path: str) -> Iterator[Said]:
    """Unit by unit (TMX 1.4b, LISA OSCAR 2005); expat itself bounds what entities unfold to."""
    try:
        root: ET.Element | None = None
        body = None
        for event, element in ET.iterparse(file, ("start", "end")):  # noqa: S314  # see above
            root = element if root is None else root
            body = element if element.tag == "body" else body
            if event == "end" and element.tag == "tu":
                yield from _of_unit(element)
                if body is not None:
                    body.clear()  # else all units stay in memory
        if root is None or root.tag != "tmx":
            raise RecipeError(f"translate.memory_imports: {path} is no TMX")
    except (ET.ParseError, RecursionError) as error:
        raise RecipeError(f"translate.memory_imports: {path} is no TMX: {error}") from error
    except (ValueError, LookupError) as error:  # of expat, before any unit
        raise RecipeError(
            f"translate.memory_imports: {path} cannot be read, save it as UTF-8: {error}"
        ) from error


def _of_unit(unit: ET.Element) -> Iterator[Said]:
    texts = [
        (variant.get(_LANGUAGE) or variant.get("lang") or "", _plain(segment))
        for variant in unit.iter("tuv")
        if (segment := variant.find("seg")) is not None
    ]
    for (source_tag, source_text), (tag, text) in permutations(texts, 2):
        yield source_tag, source_text, tag, text


def _plain(element: ET.Element) -> str:
    """The text of a segment without the codes of its formatting."""
    inner = [
        (_plain(child) if child.tag in ("hi", "sub") else "") + (child.tail or "")
        for child in element
    ]
    return (element.text or "") + "".join(inner)
