"""Pictures out of files, tars and tables; what is not there has a reason."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import local_pictures
from pipelines.errors import FetchError
from pipelines.local_pictures import (
    arrow_location,
    parquet_location,
    read_picture,
    row_group_of,
    tar_location,
)


@pytest.mark.parametrize("name", ["a.tar", "a b#c.tar", "a#offset=1,size=2.tar", "ü\n.tar"])
@pytest.mark.parametrize("scheme", ["file", "memory"])
def test_a_range_of_a_file(tmp_path: Path, name: str, scheme: str) -> None:
    uri = f"{scheme}://{tmp_path}/{name}"
    with fsspec.open(uri, "wb") as file:
        file.write(b"0123456789")
    assert read_picture(tar_location(uri, 3, 4), 4) == b"3456"
    reasons = {(3, 4): "too-many-bytes", (8, 3): "file-unreadable", (3, 0): "empty-body"}
    for (offset, size), reason in reasons.items():
        with pytest.raises(FetchError) as error:
            read_picture(tar_location(uri, offset, size), 3)
        assert error.value.reason == reason
    with pytest.raises(FetchError) as error:
        read_picture(tar_location(f"{uri}-none", 0, 1), 3)
    assert error.value.reason == "file-missing"


def test_a_path_that_looks_like_a_place_is_a_path(tmp_path: Path) -> None:
    name = "tar+file:x#offset=0,size=1"
    (tmp_path / name).write_bytes(b"whole")
    assert read_picture(f"{tmp_path}/{name}", 10) == b"whole"


def test_rows_of_tables(tmp_path: Path) -> None:
    column = "a,#image, größer"
    pictures = [os.urandom(n * 1000) for n in range(1, 50)]
    cells = [{"bytes": body, "path": "p"} for body in pictures]
    table = pa.table({"other": list(range(49)), column: cells})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=20)
    with (
        pa.OSFile(f"{tmp_path}/t.arrow", "wb") as file,
        pa.ipc.new_stream(file, table.schema) as out,
    ):
        out.write_table(table, max_chunksize=7)
    found: dict[int, tuple[bytes, bytes]] = {}

    def get(row: int) -> None:
        one = parquet_location(f"file://{tmp_path}/t.parquet", column, row // 20, row % 20)
        other = arrow_location(f"file://{tmp_path}/t.arrow", column, row)
        found[row] = read_picture(one, 1 << 20), read_picture(other, 1 << 20)

    threads = [threading.Thread(target=get, args=(row,)) for row in reversed(range(49))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {row: (body, body) for row, body in enumerate(pictures)}


def test_a_row_group_is_read_once(tmp_path: Path) -> None:
    pq.write_table(pa.table({"image": [b"a", b"", None, b"dd"]}), tmp_path / "t.parquet")
    at = [parquet_location(f"file://{tmp_path}/t.parquet", "image", 0, row) for row in range(4)]
    assert {row_group_of(location) for location in at} == {at[0].rpartition(",")[0]}
    before = local_pictures._spooled.cache_info().misses
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: read_picture(at[n], 10), [0, 3] * 50))
    assert found == [b"a", b"dd"] * 50
    assert local_pictures._spooled.cache_info().misses == before + 1
    for location, reason in ((at[1], "empty-body"), (at[2], "empty-body")):
        with pytest.raises(FetchError) as error:
            read_picture(location, 10)
        assert error.value.reason == reason
    with pytest.raises(FetchError) as error:
        read_picture(at[3], 1)
    assert error.value.reason == "too-many-bytes"


def test_a_broken_table_has_a_reason(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 no table")
    (tmp_path / "t.arrow").write_bytes(b"no table")
    pq.write_table(pa.table({"image": [b"a"]}), tmp_path / "changed.parquet")
    uri = f"file://{tmp_path}/t"
    changed = f"file://{tmp_path}/changed.parquet"
    for location, reason in (
        (parquet_location(f"{uri}.parquet", "image", 0, 0), "file-unreadable"),
        (arrow_location(f"{uri}.arrow", "image", 0), "file-unreadable"),
        (parquet_location(f"{uri}-none", "image", 0, 0), "file-missing"),
        (parquet_location(changed, "image", 0, 1), "file-unreadable"),
        (parquet_location(changed, "image", 1, 0), "file-unreadable"),
        (parquet_location(changed, "picture", 0, 0), "file-unreadable"),
    ):
        with pytest.raises(FetchError) as error:
            read_picture(location, 10)
        assert error.value.reason == reason
