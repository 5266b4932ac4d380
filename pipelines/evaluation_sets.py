"""Evaluation sets read once: their pictures' hashes and their texts' digests, to look up in."""

import json
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Self

import apache_beam as beam
import numpy as np
import pyarrow as pa

from filters.contamination import DecontaminationRules, EvaluationSet
from filters.near_hashes import HashIndex, dealt
from filters.overlap import (
    Digests,
    OverlapRules,
    TextIndex,
    all_normalised,
    run_digests,
    whole_digests,
)
from pipelines.decoding import DecodeError, Decoding, prepare
from pipelines.errors import RecipeError, RunError
from pipelines.recipe import Gather, Source
from pipelines.sources.rows import Broken, Split
from pipelines.sources.tables import table_records, table_splits
from pipelines.stages import Run
from pipelines.storage import Folder, filesystem
from pipelines.transforms.blocks import Deal
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count, Tally
from schemas.ids import is_absolute
from schemas.layout import part_name

EVALUATION = "evaluation"

_PICTURES = pa.schema([("sha256", pa.string()), ("pdq", pa.string()), ("pdq_quality", pa.int64())])
_DIGESTS = pa.schema([("digest", pa.uint64())])
_SHARES = 8  # that a file with pictures is read in, since decoding takes long
_ROWS_A_WORKER = 1_000  # about the seconds that a worker takes to start
_TEXTS_AT_ONCE = 50_000

Piece = tuple[int, int, int, Split]
"""Number of the set, of the piece in it, of the share of the split's rows, and the split."""


def evaluation_versions(rules: DecontaminationRules) -> list[tuple[str, str, str]]:
    """What changes when a file of a set does: the set's name, the file's, its version.

    Raises:
      RecipeError: where a set has no files, or they lack a column.
    """
    return [
        (of.name, split.name, split.version)
        for of in rules.sets
        for split in table_splits(0, _source(of))
    ]


def measure_sets(run: Run, work: Folder, rules: DecontaminationRules) -> None:
    """Writes what `EvaluationIndex.load` reads below `work`, unless it is there.

    Pictures are measured as this recipe's own are, so that equal ones have equal hashes.

    Raises:
      RecipeError: where a table cannot be read as the recipe says.
      RunError: where none of a set's pictures can be read.
    """
    folder = work / EVALUATION
    if not rules.sets or folder.exists("counts.json"):
        return
    run.step("reading evaluation sets")
    pieces = list(_pieces(rules))
    rows = sum(split.rows for _, _, share, split in pieces if share == 0)
    with run.pipeline(-(-rows // _ROWS_A_WORKER)) as pipeline:
        measure = _Measure(folder, rules, _decoding(run.recipe.gather))
        _ = pipeline | Deal("pieces", pieces) | beam.ParDo(measure) | Tally(folder, "read.json")
    counts = json.loads(folder.read("read.json"))
    for number, of in enumerate(rules.sets):
        pictures, unread = (counts.get(f"{number} {what}", 0) for what in ("pictures", "unread"))
        if unread and not pictures:
            raise RunError(f"evaluation set {of.name!r}: none of its {unread} pictures can be read")
        if unread:
            words = f"{unread:,} pictures of evaluation set {of.name!r} cannot be read"
            run.tell({"event": "note", "words": words})
        if broken := counts.get(f"{number} broken", 0):
            words = f"{broken:,} rows of evaluation set {of.name!r} cannot be read"
            run.tell({"event": "note", "words": words})
    folder.write("counts.json", json.dumps(counts).encode())


@dataclass(frozen=True, slots=True)
class EvaluationIndex:
    """All sets in memory: about 180 bytes a picture, 8 a text and 8 a run of words; and 4 MiB.

    Attributes:
      rules: by which it was made.
      pictures: hashes of all sets' pictures.
      picture_sets: the set of each.
      sha256: of all pictures, sorted, shape [pictures] of 64 bytes.
      sha256_sets: the set of each; a picture of several sets is the first one's.
      texts: of each set.
    """

    rules: DecontaminationRules
    pictures: HashIndex
    picture_sets: np.ndarray
    sha256: np.ndarray
    sha256_sets: np.ndarray
    texts: tuple[TextIndex, ...]

    @classmethod
    def load(cls, work: Folder, rules: DecontaminationRules) -> Self:
        """Reads what `measure_sets` wrote."""
        folders = [work / EVALUATION / str(number) for number in range(len(rules.sets))]
        tables = [_whole(folder / "pictures", _PICTURES) for folder in folders]
        pictures = pa.concat_tables([_PICTURES.empty_table(), *tables])
        sets = np.repeat(np.arange(len(tables)), [table.num_rows for table in tables])
        clear = np.flatnonzero(pictures["pdq_quality"].to_numpy() >= rules.min_pdq_quality)
        hashes = dealt(pictures["pdq"].take(pa.array(clear)).to_pylist())
        sha256, first = np.unique(_bytes(pictures["sha256"].to_pylist()), return_index=True)
        texts = [
            TextIndex(_digests(folder / "whole"), _digests(folder / "runs"), rules.overlap)
            for folder in folders
        ]
        index = HashIndex.of(hashes, rules.max_distance)
        return cls(rules, index, sets[clear], sha256, sets[first], tuple(texts))

    def picture_set(
        self, sha256s: list[str], pdqs: list[str], pdq_qualities: list[int]
    ) -> list[str]:
        """The set that each picture also stands in, "" for none: whole columns at a time."""
        if not len(self.sha256):
            return [""] * len(sha256s)
        found = np.full(len(sha256s), len(self.texts))
        clear = np.flatnonzero(np.array(pdq_qualities) >= self.rules.min_pdq_quality)
        near = self.pictures.first_near(dealt([pdqs[row] for row in clear]))
        is_near = near >= 0
        found[clear[is_near]] = self.picture_sets[near[is_near]]
        wanted = _bytes(sha256s)
        at = np.minimum(np.searchsorted(self.sha256, wanted), len(self.sha256) - 1)
        equal = self.sha256[at] == wanted
        found[equal] = np.minimum(found[equal], self.sha256_sets[at[equal]])
        return self._names(found)

    def caption_set(self, texts: list[str]) -> list[str]:
        """The set that each caption overlaps with, "" for none: whole columns at a time."""
        if not self.texts:
            return [""] * len(texts)
        plain = all_normalised(texts)
        whole = whole_digests(plain, self.rules.overlap)
        runs = run_digests(plain, self.rules.overlap)
        found = np.full(len(texts), len(self.texts))
        for number, index in reversed(list(enumerate(self.texts))):  # the first has the last word
            found[index.holds(whole, runs)] = number
        return self._names(found)

    def _names(self, found: np.ndarray) -> list[str]:
        names = [*(of.name for of in self.rules.sets), ""]
        return [names[number] for number in found.tolist()]


class _Measure(beam.DoFn):
    """Reads a piece of a set, writes its hashes and digests, tells how much there was."""

    def __init__(self, folder: Folder, rules: DecontaminationRules, decoding: Decoding) -> None:
        self._folder = folder
        self._rules = rules
        self._decoding = decoding

    def process(self, piece: Piece) -> Iterator[Count]:
        set_number, number, share, split = piece
        of, folder = self._rules.sets[set_number], self._folder / str(set_number)
        counts: Counter[str] = Counter()
        pictures: list[dict[str, Any]] = []
        texts = _Texts(self._rules.overlap)
        for row, values in enumerate(table_records(_source(of), split)):
            if of.image_column and row % _SHARES != share:
                continue
            if isinstance(values, Broken):
                counts["broken"] += 1
                continue
            if of.image_column and (image := values.get(of.image_column)):
                measured = self._measured(_body(of, split, image))
                counts["pictures" if measured else "unread"] += 1
                pictures += measured
            texts.add(text for name in of.text_columns for text in _texts(values.get(name)))
        index, name = texts.index(), part_name(number)
        write_table(folder / "pictures", name, pa.Table.from_pylist(pictures, _PICTURES))
        write_table(folder / "whole", name, pa.table([index.whole], schema=_DIGESTS))
        write_table(folder / "runs", name, pa.table([index.runs], schema=_DIGESTS))
        yield from ((f"{set_number} {what}", n) for what, n in counts.items())

    def _measured(self, body: bytes) -> list[dict[str, Any]]:
        """What is kept of a picture, nothing where it cannot be read."""
        try:
            _, measures = prepare(body, self._decoding)
        except DecodeError:
            return []
        return [{name: getattr(measures, name) for name in _PICTURES.names}]


class _Texts:
    """Takes texts one by one; of those before the last few only the digests are in memory."""

    def __init__(self, rules: OverlapRules) -> None:
        self._rules = rules
        self._held: list[str] = []
        self._whole = self._runs = np.empty(0, np.uint64)

    def add(self, texts: Iterable[str]) -> None:
        self._held += texts
        if len(self._held) > _TEXTS_AT_ONCE:
            self.index()

    def index(self) -> TextIndex:
        """All digests so far."""
        new = TextIndex.of(self._held, self._rules)
        self._held = []
        self._whole = np.union1d(self._whole, new.whole)
        self._runs = np.union1d(self._runs, new.runs)
        return TextIndex(self._whole, self._runs, self._rules)


def _source(of: EvaluationSet) -> Source:
    """The set as a table of rows, of which any column may be asked for."""
    first, *rest = of.columns
    return Source(
        name=f"screen.decontaminate.sets: {of.name}",
        format="table",
        path=of.path,
        url_column=first,
        caption_column=first,
        keep_columns=tuple(rest),
    )


def _pieces(rules: DecontaminationRules) -> Iterator[Piece]:
    for set_number, of in enumerate(rules.sets):
        shares = range(_SHARES) if of.image_column else range(1)
        splits = table_splits(0, _source(of))
        pieces = ((share, split) for split in splits for share in shares)
        for number, (share, split) in enumerate(pieces):
            yield set_number, number, share, split


def _decoding(gather: Gather | None) -> Decoding:
    rules = gather or Gather()
    return Decoding(**{field.name: getattr(rules, field.name) for field in fields(Decoding)})


def _body(of: EvaluationSet, split: Split, image: str) -> bytes:
    """A picture's bytes: those of the column, or of the file that it names; none of a lost file."""
    if not image.isprintable():
        return image.encode("utf-8", "surrogateescape")
    if image.startswith(("http://", "https://")):
        raise RecipeError(
            f"evaluation set {of.name!r}: pictures must be files or bytes, got {image!r}"
        )
    beside = posixpath.join(posixpath.dirname(split.uri), image)
    fs, path = filesystem(image if is_absolute(image) else beside)
    try:
        return bytes(fs.cat_file(path))
    except OSError:
        return b""


def _texts(value: str | None) -> list[str]:
    """A column's text, or the texts of its list."""
    if value and value.startswith("["):
        try:
            return [text for text in json.loads(value) if isinstance(text, str)]
        except ValueError:
            pass
    return [value] if value else []


def _whole(folder: Folder, schema: pa.Schema) -> pa.Table:
    tables = [read_table(folder, name) for name in folder.names()]
    return pa.concat_tables([schema.empty_table(), *tables])


def _digests(folder: Folder) -> Digests:
    """All of a set's digests, sorted, each once."""
    return np.unique(_whole(folder, _DIGESTS)["digest"].to_numpy())


def _bytes(sha256s: list[str]) -> np.ndarray:
    return np.array(sha256s, dtype="S64")
