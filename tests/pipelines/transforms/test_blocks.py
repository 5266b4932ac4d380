from collections import Counter
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pipelines.transforms import blocks
from pipelines.transforms.blocks import (
    After,
    Deal,
    Regroup,
    TableCoder,
    arrow_schema,
    hash_buckets,
    table_of,
)
from schemas.ids import bucket_of, digest
from schemas.rows import LedgerRow


@pytest.fixture
def pipeline() -> TestPipeline:
    return TestPipeline(runner="FnApiRunner", options=PipelineOptions([]))


SCHEMA = pa.schema([("id", pa.string()), ("n", pa.int64())])


def numbers(*values: int) -> pa.Table:
    return pa.table({"id": [digest(str(n)) for n in values], "n": list(values)}, schema=SCHEMA)


def test_a_coder_keeps_tables_slices_and_emptiness() -> None:
    whole = numbers(*range(100))
    for table in (whole, whole.slice(7, 5), SCHEMA.empty_table(), pa.concat_tables([whole, whole])):
        assert TableCoder().decode(TableCoder().encode(table)).equals(table)


def test_rows_become_tables_that_refuse_nulls_and_wrong_types() -> None:
    row = LedgerRow("gather", "row", "a", "", "s:f:0", "rejected", "missing-url", "")
    assert table_of(LedgerRow, [row]).to_pylist()[0]["reason"] == "missing-url"
    assert table_of(LedgerRow, []).schema == arrow_schema(LedgerRow)
    with pytest.raises((pa.ArrowTypeError, pa.ArrowInvalid)):
        table_of(LedgerRow, [LedgerRow(*[1] * 8)])  # type: ignore[arg-type]


@pytest.mark.parametrize("held", [1, blocks._HELD_BYTES])
def test_regroup_brings_every_row_to_its_bucket_once(
    pipeline: TestPipeline, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_HELD_BYTES", held)
    tables = [numbers(*range(start, start + 50)) for start in range(0, 500, 50)]

    def expected() -> list[tuple[int, list[int]]]:
        found: dict[int, list[int]] = {bucket: [] for bucket in range(7)}
        for n in range(500):
            found[bucket_of(digest(str(n)), 7)].append(n)
        return list(found.items())

    with pipeline as p:
        regrouped = {"numbers": p | Deal("tables", tables)} | Regroup(
            "numbers", {"numbers": SCHEMA}, 7, hash_buckets("id", 7)
        )
        found = regrouped | beam.Map(lambda kv: (kv[0], sorted(kv[1]["numbers"]["n"].to_pylist())))
        assert_that(found, equal_to(expected()))


def test_regroup_joins_two_collections_and_gives_empty_buckets(pipeline: TestPipeline) -> None:
    with pipeline as p:
        left = p | Deal("left", [numbers(1), SCHEMA.empty_table(), numbers(2)])
        right = p | Deal("right", [])
        regrouped = {"left": left, "right": right} | Regroup(
            "both", {"left": SCHEMA, "right": SCHEMA}, 3, lambda table: table["n"].to_numpy()
        )
        shapes = regrouped | beam.Map(lambda kv: (kv[0], *(t.num_rows for t in kv[1].values())))
        assert_that(shapes, equal_to([(0, 0, 0), (1, 1, 0), (2, 1, 0)]))


def test_hash_buckets_are_those_of_the_ids() -> None:
    table = numbers(*range(300))
    expected = [bucket_of(id_, 13) for id_ in table["id"].to_pylist()]
    assert hash_buckets("id", 13)(table).tolist() == expected
    assert np.ptp(list(Counter(expected).values())) < 30


def test_deal_gives_every_piece_once(pipeline: TestPipeline) -> None:
    with pipeline as p:
        assert_that(p | Deal("pieces", ["a", "b", "a"]), equal_to(["a", "b", "a"]))


def test_what_comes_after_finds_all_that_the_others_wrote(
    pipeline: TestPipeline, tmp_path: Path
) -> None:
    def write(number: int) -> int:
        (tmp_path / str(number)).touch()
        return number

    with pipeline as p:
        asking = p | "Ask" >> beam.Create(["how many?"])
        written = p | "Number" >> beam.Create(range(5)) | beam.Reshuffle() | beam.Map(write)
        found = asking | After("files", written) | beam.Map(lambda _: len(list(tmp_path.iterdir())))
        assert_that(found, equal_to([5]))
