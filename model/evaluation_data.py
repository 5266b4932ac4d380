"""Readers of what models are evaluated on, told apart by what lies there.

- Packed shards: a recipe's output folder, its `shards/pairs`, or a folder of `{shard}.tar` with
  `{shard}.captions.parquet` beside: pictures with all their captions. Packed text pairs: the
  output's `shards/texts`.
- A table with pictures (a Parquet file, or a folder of them): a column of paths, of bytes, or of
  Hugging Face's `{bytes, path}`, and one of texts.
- A table of `query, document` and perhaps `relevance`, of `query, positive`, or of `anchor,
  positive` and perhaps `negative`, `negative_1` …: texts that answer texts.
- A table of `sentence1, sentence2, score`: how alike people find two texts.
- A table with a column a language, named by its code: sentences in parallel.

Whatever the kind, equal texts of a language are one text and equal pictures are one picture, and
rows without a text say nothing.
"""

import math
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import pyarrow as pa

from model.evaluation_sets import DataError, EvaluationSet
from model.evaluation_tables import (
    Table,
    Tongue,
    is_negative,
    locate,
    names_in,
    open_table,
    texts_in,
)
from schemas.languages import LANGUAGES, normalise_tag
from schemas.layout import CAPTIONS_SUFFIX, IMAGE_SUFFIXES, PAIRS

PIVOT = "en"
"""The language whose sentences are searched, where the data has sentences in parallel."""

_IMAGE_COLUMNS = ("image", "picture")
_TEXT_COLUMNS = ("text", "caption", "txt", "name")
_PAIR_COLUMNS = (("query", "document"), ("query", "positive"), ("anchor", "positive"))
_STS_COLUMNS = ("sentence1", "sentence2", "score")
_CHOICES = ("image_column", "text_column", "language_column", "language", "images")
_PICTURES_AT_ONCE = 64  # asked for together, where they lie far away
_EXPECTED = (
    "packed shards (.tar with .captions.parquet), or Parquet with an image and a text column, "
    "with query and document, anchor and positive, or sentence1, sentence2 and score, "
    "or with a column a language"
)


class Text(NamedTuple):
    """A text and its language: an ISO 639-1 code, or `und`."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A picture and texts that belong to it; the same picture may come again with others.

    Attributes:
      name: where it comes from, for people.
      body: the encoded picture.
      texts: perhaps none.
    """

    name: str
    body: bytes
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures and their texts.

    Attributes:
      of: the set.
      examples: reads them, one picture at a time.
      most: so many there are at most; None where it takes reading them to know.
    """

    of: EvaluationSet
    examples: Callable[[], Iterator[Example]]
    most: int | None


@dataclass(frozen=True, slots=True)
class TextSet:
    """Texts that answer texts.

    Attributes:
      of: the set.
      gains: by query and document, how well it answers, above 0.
      documents: all that are searched, without repeats, in the data's order: those of a collapsed
        model, which rank as they stand, are no better off for being answers.
    """

    of: EvaluationSet
    gains: dict[tuple[Text, Text], float]
    documents: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class ScoredSet:
    """Pairs of texts that people scored.

    Attributes:
      of: the set.
      rows: two texts of one language, and how alike they are, on any scale.
    """

    of: EvaluationSet
    rows: tuple[tuple[Text, Text, float], ...]


Task = PictureSet | TextSet | ScoredSet


def read_set(of: EvaluationSet) -> list[Task]:
    """What there is to be done at a set's place; texts are in memory then, pictures never.

    Raises:
      DataError: something is missing there, or it is nothing that can be evaluated on.
    """
    if tasks := _packed(of):
        _refuse(of, "packed shards", *_CHOICES)
        return tasks
    table = open_table(of.data)
    if table is None:
        raise DataError(f"{of.data} holds nothing to evaluate on; expected {_EXPECTED}")
    return [_table_task(of, table)]


def _packed(of: EvaluationSet) -> list[Task]:
    fs, root = locate(of.data)
    tasks: list[Task] = []
    for below in ("", "train", "pairs/train", PAIRS):
        folder = f"{root}/{below}".rstrip("/")
        shards = _shards(folder, names_in(fs, folder))
        if shards:
            tasks.append(PictureSet(of, partial(_shard_examples, fs, folder, shards), of.limit))
    for below in ("", "texts/", "shards/texts/"):
        if all(fs.isdir(f"{root}/{below}{part}") for part in ("train", "rows")):
            table = open_table(f"{of.data}/{below}rows")
            if table is not None:
                tasks.append(_text_pairs(of, table, "query", "positive"))
    return tasks


def _shards(folder: str, names: list[str]) -> list[str]:
    shards = [name.removesuffix(".tar") for name in names if name.endswith(".tar")]
    for shard in shards:
        if f"{shard}{CAPTIONS_SUFFIX}" not in names:
            raise DataError(
                f"{folder} has {shard}.tar but no {shard}{CAPTIONS_SUFFIX}: packed shards have both"
            )
    return shards


def _shard_examples(fs: Any, folder: str, shards: list[str]) -> Iterator[Example]:
    suffixes = set(IMAGE_SUFFIXES.values())
    for shard in shards:
        path = f"{folder}/{shard}.tar"
        texts = _shard_texts(fs, f"{folder}/{shard}{CAPTIONS_SUFFIX}")
        try:
            with fs.open(path, "rb") as file, tarfile.open(fileobj=file, mode="r|") as tar:
                for member in tar:
                    key, _, suffix = member.name.rpartition(".")
                    content = tar.extractfile(member) if suffix in suffixes else None
                    if content is not None:
                        name = f"{path}: {member.name}"
                        yield Example(name, content.read(), tuple(texts.get(key, ())))
        except tarfile.TarError as error:
            raise DataError(f"{path} cannot be read: {error}") from error


def _shard_texts(fs: Any, path: str) -> dict[str, list[Text]]:
    """The captions of a shard by its samples' keys."""
    table = open_table(fs.unstrip_protocol(path))
    assert table is not None
    columns = ("key", "language", "text")
    table.require(*columns)
    found: dict[str, list[Text]] = {}
    for row in table.rows(columns):
        texts = [Text(normalise_tag(row["language"]), text) for text in texts_in(row["text"])]
        found.setdefault(row["key"], []).extend(texts)
    return found


def _refuse(of: EvaluationSet, kind: str, *choices: str) -> None:
    for name in choices:
        if value := getattr(of, name):
            raise DataError(f"{of.data} holds {kind}, which take no {name}, got {value!r}")


def _table_task(of: EvaluationSet, table: Table) -> Task:
    image = table.pick(of.image_column, _IMAGE_COLUMNS)
    if image:
        return _pictures(of, table, image)
    if of.text_column or of.images:
        raise DataError(
            f"{of.data} has no column 'image': name the pictures' (image_column); "
            f"its columns are {', '.join(table.schema.names)}"
        )
    has = set(table.schema.names)
    for query, document in _PAIR_COLUMNS:
        if {query, document} <= has:
            return _text_pairs(of, table, query, document)
    if set(_STS_COLUMNS) <= has:
        return _scored(of, table)
    if len(has & set(LANGUAGES)) > 1:
        return _parallel(of, table)
    raise DataError(
        f"{of.data} has the columns {', '.join(table.schema.names)}; expected {_EXPECTED}"
    )


def _pictures(of: EvaluationSet, table: Table, image: str) -> PictureSet:
    column = table.pick(of.text_column, _TEXT_COLUMNS)
    if not column:
        raise DataError(
            f"{of.data} has no column 'text' or 'caption': name the texts' (text_column); "
            f"its columns are {', '.join(table.schema.names)}"
        )
    table.require_texts(column)
    tongue = Tongue.of(table, of)
    kind = table.schema.field(image).type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _picture_files(of, table, image, column, tongue)
    is_bytes = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    is_struct = pa.types.is_struct(kind) and "bytes" in {field.name for field in kind}
    if not is_bytes and not is_struct:
        raise DataError(
            f"column {image!r} of {of.data} must hold paths, bytes or {{bytes, path}}, got {kind}"
        )
    if of.images:
        raise DataError(f"{of.data} holds its pictures itself and takes no images, got {of.images}")
    return PictureSet(of, partial(_held_pictures, table, image, column, tongue), of.limit)


def _held_pictures(table: Table, image: str, column: str, tongue: Tongue) -> Iterator[Example]:
    """A picture a row: those that are equal are found to be so when they are read."""
    rows = table.rows((image, column, *tongue.columns), pictures=True)
    for number, row in enumerate(rows):
        value = row[image]
        body = value["bytes"] if isinstance(value, dict) else value
        if body is None:
            raise DataError(f"row {number} of {table.data} has no bytes in column {image!r}")
        code = tongue.code(row)
        texts = tuple(Text(code, text) for text in texts_in(row[column]))
        yield Example(f"row {number} of {table.data}", body, texts)


def _picture_files(
    of: EvaluationSet, table: Table, image: str, column: str, tongue: Tongue
) -> PictureSet:
    """A picture a path, in the order in which paths are first named."""
    found: dict[str, list[Text]] = {}
    for row in table.rows((image, column, *tongue.columns)):
        if not row[image]:
            raise DataError(f"{table.data} has a row without a picture in column {image!r}")
        code = tongue.code(row)
        found.setdefault(row[image], []).extend(Text(code, text) for text in texts_in(row[column]))
    if not found:
        raise DataError(f"{table.data} has no rows")
    fs, folder = _picture_folder(of, table, next(iter(found)))
    most = len(found) if of.limit is None else min(of.limit, len(found))
    return PictureSet(of, partial(_path_examples, fs, folder, found), most)


def _picture_folder(of: EvaluationSet, table: Table, first: str) -> tuple[Any, str]:
    """Where pictures' paths start from: where the first of them is found."""
    if of.images:
        places = [locate(of.images)]
    else:
        places = [(table.fs, table.folder), (table.fs, f"{table.folder}/images")]
    for fs, folder in places:
        if fs.isfile(f"{folder}/{first}"):
            return fs, folder
    tried = " or ".join(folder for _, folder in places)
    raise DataError(
        f"picture {first!r} of {of.data} is not below {tried}: say where pictures lie (images)"
    )


def _path_examples(fs: Any, folder: str, found: dict[str, list[Text]]) -> Iterator[Example]:
    names = list(found)
    for start in range(0, len(names), _PICTURES_AT_ONCE):
        some = names[start : start + _PICTURES_AT_ONCE]
        paths, whole = [f"{folder}/{name}" for name in some], [None] * len(some)
        bodies = fs.cat_ranges(paths, whole, whole, on_error="return")
        for name, path, body in zip(some, paths, bodies, strict=True):
            if isinstance(body, Exception):
                raise DataError(f"picture {path} cannot be read: {body}") from body
            yield Example(path, body, tuple(found[name]))


def _text_pairs(of: EvaluationSet, table: Table, query: str, document: str) -> TextSet:
    tongues = [Tongue.of(table, of, f"{side}_language") for side in (query, document)]
    negatives = [name for name in table.schema.names if is_negative(name)]
    relevance = [name for name in ("relevance",) if name in table.schema.names]
    table.require_texts(query, document, *negatives)
    columns = {query, document, *negatives, *relevance, *tongues[0].columns, *tongues[1].columns}
    gains: dict[tuple[Text, Text], float] = {}
    documents: dict[Text, None] = {}
    for row in table.rows(sorted(columns), of.limit):
        code = tongues[1].code(row)
        asked = [Text(tongues[0].code(row), text) for text in texts_in(row[query])]
        answers = [Text(code, text) for text in texts_in(row[document])]
        wrong = [Text(code, text) for name in negatives for text in texts_in(row[name])]
        gain = _number(table, row, relevance[0]) if relevance else 1.0
        documents |= dict.fromkeys([*answers, *wrong])
        if gain > 0:
            for pair in ((one, other) for one in asked for other in answers):
                gains[pair] = max(gain, gains.get(pair, gain))
    _require_some(gains, table)
    return TextSet(of, gains, tuple(documents))


def _scored(of: EvaluationSet, table: Table) -> ScoredSet:
    left, right, score = _STS_COLUMNS
    tongue = Tongue.of(table, of)
    table.require_texts(left, right)
    rows: list[tuple[Text, Text, float]] = []
    for row in table.rows((*_STS_COLUMNS, *tongue.columns), of.limit):
        code, value = tongue.code(row), _number(table, row, score)
        rows += [
            (Text(code, one), Text(code, other), value)
            for one in texts_in(row[left])
            for other in texts_in(row[right])
        ]
    _require_some(rows, table)
    return ScoredSet(of, tuple(rows))


def _parallel(of: EvaluationSet, table: Table) -> TextSet:
    """Sentences of each language ask for their like in `PIVOT`."""
    _refuse(of, "sentences in parallel", "language_column", "language")
    codes = [code for code in LANGUAGES if code in table.schema.names]
    if PIVOT not in codes:
        raise DataError(f"{of.data} has sentences in {', '.join(codes)}, but must have {PIVOT} too")
    table.require_texts(*codes)
    gains = {
        (Text(code, text), Text(PIVOT, meant)): 1.0
        for row in table.rows(codes, of.limit)
        for meant in texts_in(row[PIVOT])
        for code in codes
        if code != PIVOT
        for text in texts_in(row[code])
    }
    _require_some(gains, table)
    return TextSet(of, gains, tuple(dict.fromkeys(meant for _, meant in gains)))


def _number(table: Table, row: dict[str, Any], column: str) -> float:
    value = row[column]
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise DataError(
            f"column {column!r} of {table.data} must hold finite numbers, got {value!r}"
        )
    return float(value)


def _require_some(found: object, table: Table) -> None:
    if not found:
        raise DataError(f"{table.data} has no row that can be evaluated on")
