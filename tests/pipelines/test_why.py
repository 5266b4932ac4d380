import shutil
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import RecipeError
from pipelines.parts import rows_between, search
from pipelines.storage import Folder
from pipelines.way import Packed, _find_key, find_things
from pipelines.why import show_way
from schemas.ids import order_key, picture_uid
from tests.pipelines.small_output import (
    BARE,
    DUPLICATE,
    EMPTY,
    FOREIGN,
    FTP,
    LOST,
    NAME,
    NO_URL,
)

TRAIN = "shards/pairs/train"


def show(output: Path | str, id_: str, capsys: pytest.CaptureFixture[str]) -> tuple[bool, str]:
    found = show_way(str(output), id_)
    return found, capsys.readouterr().out


def captions(output: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(output / "captions/source").to_pylist()
    return rows


def table_row(output: Path, number: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = pq.read_table(output.parent / "pairs.parquet").to_pylist()
    return rows[number]


def picture_of(output: Path, number: int) -> str:
    return picture_uid("sample", table_row(output, number)["image"])


# Names


@pytest.mark.parametrize("name", ["uid", "prefix", "upper case", "caption", "row", "path"])
def test_it_is_found_by_any_of_its_names(
    name: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    caption = next(c for c in captions(finished) if c["row"] == f"{NAME}:1")
    uid = caption["uid"]
    names = {
        "uid": uid,
        "prefix": uid[:8],
        "upper case": uid.upper(),
        "caption": caption["caption_id"],
        "row": caption["row"],
        "path": table_row(finished, 1)["image"],
    }
    found, page = show(finished, names[name], capsys)
    assert found
    assert page.startswith(f"picture {uid}\n  {names['path']}\n")
    assert caption["text"] in page
    marked = [line for line in page.splitlines() if line.startswith(">")]
    line = f"> {NAME}:1   {caption['language']}   kept"
    assert marked == ([line] if name in ("caption", "row") else [])


def test_the_url_that_was_asked_for_is_a_name_too(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = output / "recipe.toml"
    text = recipe.read_text().replace('url_prefix = ""', 'url_prefix = "https://mirror.org/a/"')
    recipe.write_text(text)
    path = pq.read_table(output / "pictures")["url"].to_pylist()[0]
    found, page = show(output, f"https://mirror.org/a/{path}", capsys)
    assert found
    assert f"  {path}\n" in page


def test_a_picture_with_an_id_of_its_source_is_found_by_its_url(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shard = output / "gathered/00000.parquet"
    table = pq.read_table(shard)
    urls = ["https://example.org/kite.jpg", *table["url"].to_pylist()[1:]]
    index = table.schema.get_field_index("url")
    pq.write_table(table.set_column(index, table.schema.field("url"), pa.array(urls)), shard)
    assert not show(output, urls[0], capsys)[0]
    recipe = output / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("url_prefix", 'uid_column = "id"\nurl_prefix'))
    found, page = show(output, urls[0], capsys)
    assert found
    assert page.startswith(f"picture {table['uid'][0]}")


@pytest.mark.parametrize(
    "id_", ["0" * 32, "abcdef012345", "kite.jpg", "https://example.org/", f"{NAME}:9999", "12", ""]
)
def test_what_is_not_there_is_not_found(
    id_: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, page = show(finished, id_, capsys)
    assert not found
    assert page.startswith(f"nothing with id {id_} in {finished}\n")
    assert ("must have 6 digits or more" in page) == (id_ == "12")


def test_the_beginning_of_several_ids_lists_them(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = output / "captions/source/part-00000.parquet"
    table = pq.read_table(part)
    ids = [f"abcdef{n:026x}" for n in range(table.num_rows)]
    index = table.schema.get_field_index("caption_id")
    pq.write_table(table.set_column(index, table.schema.field(index), pa.array(ids)), part)
    found, page = show(output, "abcdef", capsys)
    assert not found
    assert f"abcdef names {len(ids)} things" in page
    assert page.count("  caption abcdef") == 10
    assert f"{len(ids) - 10} more" in page


def test_a_folder_that_is_no_output_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="there is no pairmill output in"):
        show_way(str(tmp_path), "0" * 32)


# Fates


def test_a_kept_picture_is_followed_into_its_shards(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uid = picture_of(finished, 1)
    picture = next(p for p in pq.read_table(finished / "pictures").to_pylist() if p["uid"] == uid)
    _, page = show(finished, uid, capsys)
    size, start = picture["image_size"], picture["image_offset"]
    assert f"gathered/{picture['image_shard']:05d}.tar: {size:,} bytes from byte {start:,}" in page
    assert f"sha256 {picture['sha256']}" in page
    shard, number = next(
        (path.stem, keys.index(uid))
        for path in (finished / TRAIN).glob("0000?.parquet")
        if uid in (keys := pq.read_table(path)["key"].to_pylist())
    )
    assert f"pack: kept\n  {TRAIN}/{shard}.tar: key {uid}, sample {number} from 0\n" in page


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (EMPTY, "> {row}   nl   rejected: empty-caption"),
        (DUPLICATE, f"> {{row}}   {{first}}   rejected: duplicate-row (as {NAME}:0)"),
        (FOREIGN, "> {row}   ?   rejected: unwanted-language (červený kruh)"),
        (LOST, "> {row}   en   failed: file-missing\n    a lost kite"),
        (LOST, "gather: failed: file-missing ("),
        (NO_URL, "row {row}\n  gather: rejected: missing-url"),
        (FTP, "row {row}\n  gather: rejected: unsupported-scheme (ftp://example.org/kite.jpg)"),
        (BARE, "gather: rejected: no-caption (pictures/bare.jpg)"),
    ],
)
def test_what_was_not_kept_has_its_reason(
    number: int, line: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, page = show(finished, f"{NAME}:{number}", capsys)
    assert found
    first = table_row(finished, 0)["language"]
    assert line.format(row=f"{NAME}:{number}", first=first) in page
    assert ("pack: kept" in page) == (number in (EMPTY, DUPLICATE, FOREIGN))


@pytest.mark.parametrize("path", ["pictures/bare.jpg", "pictures/lost.jpg"])
def test_a_picture_that_was_not_kept_is_found_by_its_path(
    path: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, page = show(finished, path, capsys)
    assert found
    assert page.startswith(f"picture {picture_uid('sample', path)}\n  {path}\n")


def test_a_url_that_was_refused_finds_its_row(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, page = show(finished, "ftp://example.org/kite.jpg", capsys)
    assert page.startswith(f"row {NAME}:{FTP}\n")


def test_every_attempt_is_shown(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = pq.read_table(output / "pictures").to_pylist()[0]
    shard = f"{picture['image_shard']:05d}"
    table = pq.read_table(output / f"gathered/{shard}.parquet")
    failed = {"fate": "failed", "error_message": "http-503: \x1b[2Jbusy\n", "image_shard": 8}
    rows = [row | failed for row in table.to_pylist() if row["uid"] == picture["uid"]]
    pq.write_table(pa.Table.from_pylist(rows, table.schema), output / "gathered/00008.parquet")
    _, page = show(output, picture["uid"], capsys)
    assert "http-503" not in page  # no marker, so not a shard
    shutil.copy(output / f"gathered/{shard}_stats.json", output / "gathered/00008_stats.json")
    _, page = show(output, picture["uid"], capsys)
    assert f"  gathered/{shard}.tar: " in page
    assert "  gathered/00008.parquet: failed, http-503:  [2Jbusy \n" in page


def test_a_stage_that_is_not_finished_is_told(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uid = captions(output)[0]["uid"]
    shutil.rmtree(output / "ledger/pack")
    shutil.rmtree(output / TRAIN)
    _, page = show(output, uid, capsys)
    assert "gather: kept" in page
    assert "pack: not finished: run the same command again" in page
    for folder in ("ledger", "pictures", "captions"):
        shutil.rmtree(output / folder)
    (output / "_work").mkdir(exist_ok=True)
    _, page = show(output, uid, capsys)
    assert "gather: not finished" in page
    assert "  gathered/0000" in page


def test_an_output_on_another_file_system(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fsspec.filesystem("memory").put(f"{finished}/", "/why/", recursive=True)
    local = show(finished, f"{NAME}:1", capsys)
    assert show("memory://why", f"{NAME}:1", capsys) == local


# Tables


def test_only_row_groups_that_can_hold_a_value_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uids = [f"{n:032x}" for n in range(100)]
    pq.write_table(pa.table({"uid": uids, "n": range(100)}), tmp_path / "t", row_group_size=10)
    read: list[int] = []
    whole = pq.ParquetFile.read_row_group

    def spy(self: Any, group: int, *args: Any) -> Any:
        read.append(group)
        return whole(self, group, *args)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", spy)
    folder = Folder(str(tmp_path))
    assert rows_between(folder, "t", "uid", uids[42], uids[42]) == [{"uid": uids[42], "n": 42}]
    assert read == [4, 4]  # the column, then the row
    found = rows_between(folder, "t", "uid", uids[38], uids[41])
    assert [row["n"] for row in found] == [38, 39, 40, 41]
    assert search(folder, ["t", "gone"], "uid", "f", "f") == []


def test_a_key_is_found_whatever_the_seed_was(tmp_path: Path) -> None:
    keys = sorted((f"{n:032x}" for n in range(40)), key=lambda key: order_key(3, key))
    for number in range(4):
        table = pa.table({"key": keys[number * 10 : number * 10 + 10]})
        pq.write_table(table, tmp_path / f"0000{number}.parquet")
    folder, shards = Folder(str(tmp_path)), [f"0000{number}" for number in range(4)]
    for seed in (3, 4):
        for at, key in enumerate(keys):
            assert _find_key(folder, shards, key, seed) == Packed(shards[at // 10], key, at % 10)
    assert _find_key(folder, shards, "f" * 32, 3) is None
    assert _find_key(folder, [], "f" * 32, 3) is None


def test_samples_of_single_captions_are_all_found(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = captions(output)
    recipe = output / "recipe.toml"
    recipe.write_text(recipe.read_text().replace('sample = "picture"', 'sample = "caption"'))
    keys = sorted(
        (f"{c['uid']}-{c['caption_id']}" for c in kept), key=lambda key: order_key(17, key)
    )
    shutil.rmtree(output / TRAIN)
    (output / TRAIN).mkdir()
    pq.write_table(pa.table({"key": keys[:30]}), output / TRAIN / "00000.parquet")
    pq.write_table(pa.table({"key": keys[30:]}), output / TRAIN / "00001.parquet")
    uid = kept[0]["uid"]
    _, page = show(output, uid, capsys)
    for caption in (c for c in kept if c["uid"] == uid):
        assert f"key {uid}-{caption['caption_id']}, sample " in page


def test_a_whole_uid_is_not_looked_for_among_captions(finished: Path) -> None:
    uid = captions(finished)[0]["uid"]
    things = find_things(Folder(str(finished)), uid)
    assert [(thing.kind, thing.id) for thing in things] == [("picture", uid)]
