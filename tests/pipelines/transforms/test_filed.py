"""Regrouping by way of files brings the same rows to the same buckets as a shuffle of rows does."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pipelines.storage import Folder
from pipelines.transforms import packed
from pipelines.transforms.blocks import Deal, Keyed, Regroup, column_buckets, table_of
from pipelines.transforms.filed import (
    PLACES,
    FileRows,
    RegroupBuckets,
    RegroupFiled,
    RegroupPlaces,
    read_places,
)
from pipelines.transforms.packed import PackedBlocks
from pipelines.transforms.tables import appending, read_table
from pipelines.translate_wanted import Wanted

SCHEMA = pa.schema([("id", pa.string()), ("part", pa.int64())])
BUCKETS = 4  # the last one gets nothing


def rows(first: int, end: int) -> pa.Table:
    numbers = range(first, end)
    return pa.table([[f"{n:04d}" for n in numbers], [n % 3 for n in numbers]], schema=SCHEMA)


TABLES = [rows(0, 50), rows(50, 51), rows(51, 51), rows(51, 300)]


def _sorted(keyed: Keyed) -> tuple[int, dict[str, list[str]]]:
    bucket, tables = keyed
    return bucket, {name: sorted(table["id"].to_pylist()) for name, table in tables.items()}


@pytest.mark.parametrize("flags", [[], ["--direct_runner_bundle_repeat=1"]])
def test_files_bring_the_rows_that_a_shuffle_brings(tmp_path: Path, flags: list[str]) -> None:
    schemas, by_part = {"one": SCHEMA, "other": SCHEMA}, column_buckets("part")
    for regroup in (
        Regroup("plain", schemas, BUCKETS, by_part),
        RegroupFiled("filed", Folder(str(tmp_path)), schemas, BUCKETS, by_part),
    ):
        with TestPipeline(runner="FnApiRunner", options=PipelineOptions(flags)) as pipeline:
            tables = {
                name: pipeline | Deal(name, some)
                for name, some in (("one", TABLES), ("other", TABLES[:1]))
            }
            said = tables | regroup | beam.Map(_sorted)
            expected = [
                (
                    bucket,
                    {
                        "one": [f"{n:04d}" for n in range(300) if n % 3 == bucket],
                        "other": [f"{n:04d}" for n in range(50) if n % 3 == bucket],
                    },
                )
                for bucket in range(BUCKETS)
            ]
            assert_that(said, equal_to(expected))
    assert len(list(tmp_path.iterdir())) == 3  # a table that came twice is one file


def test_a_bucket_s_rows_lie_together_and_nothing_else_is_read(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    (places,) = FileRows(folder, column_buckets("part")).process(rows(0, 9))
    assert places.schema == PLACES
    (name,) = set(places["file"].to_pylist())
    ends = places["end"].to_pylist()
    assert places["first"].to_pylist() == [0, *ends[:-1]]
    assert ends[-1] == (tmp_path / name).stat().st_size
    (found,) = read_places(folder, places.slice(1, 1))
    assert found.equals(rows(0, 9).take([1, 4, 7]))


def test_only_places_go_through_the_shuffle(tmp_path: Path) -> None:
    with TestPipeline(runner="FnApiRunner", options=PipelineOptions([])) as pipeline:
        tables = {"rows": pipeline | Deal("tables", TABLES)}
        regroup = RegroupPlaces("filed", Folder(str(tmp_path)), BUCKETS, column_buckets("part"))
        counts = tables | regroup | beam.Map(lambda keyed: (keyed[0], keyed[1]["rows"].num_rows))
        assert_that(counts, equal_to([(0, 2), (1, 2), (2, 3), (3, 0)]))


def _write(folder: Folder, bucket: int, table: pa.Table) -> None:
    folder.write(f"{bucket}", " ".join(sorted(table["text"].to_pylist())).encode())


class _Read(beam.DoFn):
    def process(self, bucket: int) -> Iterator[pa.Table]:
        yield table_of(Wanted, [Wanted("k", "en", f"{bucket}", "de", part) for part in range(2)])


def test_buckets_are_regrouped_to_buckets(tmp_path: Path) -> None:
    folder, out = Folder(str(tmp_path / "way")), Folder(str(tmp_path / "out"))
    with TestPipeline(runner="FnApiRunner", options=PipelineOptions([])) as pipeline:
        _ = pipeline | RegroupBuckets(
            "all", folder, _Read(), Wanted, 3, column_buckets("part"), partial(_write, out)
        )
    assert [out.read(f"{n}") for n in range(3)] == [b"0 1 2", b"0 1 2", b""]


@pytest.mark.parametrize("held", [1, packed._HELD_BYTES])
def test_packed_blocks_have_each_row_in_each_of_its_blocks(
    held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "_HELD_BYTES", held)
    blocks_of = {"0000": [0, 2], "0003": [2], "0050": [0]}
    blocks = PackedBlocks(SCHEMA, "id", blocks_of)
    blocks.add(TABLES)
    found = [sorted(blocks.take(block)["id"].to_pylist()) for block in range(3)]
    assert found == [["0000", "0050"], [], ["0000", "0003"]]
    assert blocks.take(0).schema == SCHEMA


def test_what_is_appended_is_one_table_or_none(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    with appending(folder, "all", SCHEMA) as append:
        for table in TABLES:
            append(table)
    assert read_table(folder, "all").equals(rows(0, 300))
    with (
        pytest.raises(ValueError, match="field names"),
        appending(folder, "broken", SCHEMA) as append,
    ):
        append(TABLES[0].drop_columns(["part"]))
    assert folder.names() == ["all"]
