"""Rows of WebDataset shards: a sample each, its picture left where it lies in the tar."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import IO

from pipelines.errors import RecipeError
from pipelines.local_pictures import tar_location
from pipelines.recipe import Source
from pipelines.sources.files import PICTURES, found_files
from pipelines.sources.rows import (
    BROKEN_TAR,
    MALFORMED_ROW,
    NO_PICTURE,
    REPEATED_KEY,
    Broken,
    InputRow,
    Split,
    Values,
    broken_row,
    input_row,
)
from pipelines.sources.tables import check_columns, json_record
from pipelines.storage import filesystem, shown
from pipelines.tar_walk import Member, TarDamage, TarSample, walk_samples
from schemas.ids import is_absolute

_SAMPLES_LOOKED_AT = 20  # of each tar
_LONGEST_TEXT = 16_000_000  # bytes of a .json or .txt


@dataclass(frozen=True, slots=True)
class _Look:
    """The first samples of a tar.

    Attributes:
      split: the tar, with about so many rows.
      suffixes: of their members.
      fields: of their JSON, and the caption's column where they have a text.
      damage: what came instead of more, or "".
    """

    split: Split
    suffixes: frozenset[str]
    fields: tuple[str, ...]
    damage: str


def webdataset_splits(index: int, source: Source) -> list[Split]:
    """The tars.

    Raises:
      RecipeError: where a file is packed, none has a sample, samples have no pictures, or the first
        tar's JSON lacks a field that the recipe names.
    """
    files = found_files(index, source)
    packed = [split.uri for split, _ in files if not split.uri.endswith(".tar")]
    if packed:
        raise RecipeError(
            f"source {source.name!r}: {shown(packed[0])} must be a .tar: pictures are read from "
            "their places in it, so a packed one must be unpacked before"
        )
    with ThreadPoolExecutor(16) as pool:
        looks = list(pool.map(lambda file: _look(source, *file), files))
    first = next((look for look in looks if look.suffixes), None)
    if first is None:
        words = looks[0].damage or "it is empty"
        where = shown(looks[0].split.uri)
        raise RecipeError(f"source {source.name!r}: there is no sample in {where}: {words}")
    if not any(look.suffixes & PICTURES for look in looks):
        raise RecipeError(
            f"source {source.name!r}: samples of {shown(first.split.uri)} must have one of "
            f"{', '.join(sorted(PICTURES))}, they have {', '.join(sorted(first.suffixes))}"
        )
    check_columns(source, first.split, list(first.fields), source.columns())
    return [look.split for look in looks]


def webdataset_rows(source: Source, split: Split) -> Iterator[InputRow]:
    """The rows of a tar; where it breaks, one that says so comes last."""
    fs, path = filesystem(split.uri)
    seen: set[str] = set()
    number = 0
    with fs.open(path, "rb") as file:
        try:
            for sample in walk_samples(file, fs.info(path)["size"]):
                yield _row(source, split, number, file, sample, seen)
                number += 1
        except TarDamage as error:
            yield broken_row(number, Broken(BROKEN_TAR, str(error)))


def picture_of(sample: TarSample) -> Member | None:
    """The first picture of a sample."""
    members = zip(sample.suffixes, sample.members, strict=True)
    return next((member for suffix, member in members if suffix in PICTURES), None)


def _look(source: Source, split: Split, size: int) -> _Look:
    fs, path = filesystem(split.uri)
    samples: list[TarSample] = []
    damage = ""
    with fs.open(path, "rb") as file:
        try:
            samples.extend(itertools.islice(walk_samples(file, size), _SAMPLES_LOOKED_AT))
        except TarDamage as error:
            damage = str(error)
        found = [_values(source, file, sample) for sample in samples]
    fields = [values for values in found if not isinstance(values, Broken)]
    rows = len(samples) + bool(damage)
    if len(samples) == _SAMPLES_LOOKED_AT:
        last = samples[-1].members[-1]
        rows = rows * size // (last.offset + last.size)
    return _Look(
        split=replace(split, rows=rows),
        suffixes=frozenset(suffix for sample in samples for suffix in sample.suffixes),
        fields=tuple(dict.fromkeys(itertools.chain.from_iterable(fields))),
        damage=damage,
    )


def _row(
    source: Source, split: Split, number: int, file: IO[bytes], sample: TarSample, seen: set[str]
) -> InputRow:
    picture = picture_of(sample)
    if picture is None:
        words = f"{sample.key} has {', '.join(sample.suffixes)}"
        return broken_row(number, Broken(NO_PICTURE, words))
    values = _values(source, file, sample)
    if not isinstance(values, Broken) and not is_absolute(values.get(source.url_column) or ""):
        if sample.key in seen:  # else the captions of two pictures would become those of one
            values = Broken(REPEATED_KEY, sample.key)
        else:
            seen.add(sample.key)
            values[source.url_column] = f"{split.name}/{sample.key}"
    location = tar_location(split.uri, picture.offset, picture.size)
    return input_row(source, number, values, location)


def _values(source: Source, file: IO[bytes], sample: TarSample) -> Values | Broken:
    """The fields of the sample's `.json`; its `.txt` is the caption where they have none."""
    texts = dict(zip(sample.suffixes, sample.members, strict=True))
    values: Values | Broken = {}
    for suffix in ("json", "txt"):
        member = texts.get(suffix)
        if member is None or isinstance(values, Broken):
            continue
        if member.size > _LONGEST_TEXT:
            return Broken(MALFORMED_ROW, f"{member.name} has {member.size:,} bytes")
        file.seek(member.offset)
        text = file.read(member.size).decode("utf-8-sig", "surrogateescape")
        if suffix == "json":
            values = json_record(text)
        elif not values.get(source.caption_column):
            values[source.caption_column] = text
    return values
