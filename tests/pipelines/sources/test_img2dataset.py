"""Rows of img2dataset's output: successes from its tars, failures with its words."""

from pathlib import Path

import pytest

from pipelines.errors import RecipeError
from pipelines.local_pictures import read_picture
from pipelines.recipe import Source
from tests.pipelines.sources.made import picture, read, write_img2dataset, write_tar

URL = "https://a.org/{}.jpg"


def source(path: Path, **changes: object) -> Source:
    return Source(name="s", format="img2dataset", path=str(path), **changes)  # type: ignore[arg-type]


def test_successes_and_failures(tmp_path: Path) -> None:
    rows = [
        {"url": URL.format(0), "caption": "a dog", "page": 7},
        {
            "url": URL.format(1),
            "status": "failed_to_download",
            "error_message": "HTTP Error 404: Not Found",
        },
        {"url": URL.format(2), "status": "failed_to_resize", "error_message": "x" * 10_000},
    ]
    write_img2dataset(tmp_path, "00000", rows)
    write_img2dataset(tmp_path, "00001", [{"url": URL.format(3)}, {"url": None, "page": 1}])
    found = read(source(tmp_path))
    assert [(row.url, row.caption, row.fault) for row in found] == [
        (URL.format(0), "a dog", ""),
        ("", "", "failed-at-source"),
        ("", "", "failed-at-source"),
        (URL.format(3), "a kite", ""),
        ("00001.tar/000010001", "a kite", ""),
    ]
    assert found[1].detail == "failed_to_download: HTTP Error 404: Not Found"
    assert len(found[2].detail) == 500
    assert read_picture(found[4].location, 1 << 20) == picture(1)


def test_words_that_are_not_utf8(tmp_path: Path) -> None:
    failed = {"url": URL.format(0), "status": "failed_to_download", "error_message": b"\xff!"}
    write_img2dataset(tmp_path, "00000", [failed])
    assert read(source(tmp_path))[0].detail == r"failed_to_download: \udcff!"


def test_what_stands_in_one_of_the_two_alone_is_a_row(tmp_path: Path) -> None:
    write_img2dataset(tmp_path, "00000", [{"url": URL.format(n)} for n in range(3)])
    members = [(f"{key}.jpg", picture()) for key in ("000000001", "another")]
    write_tar(tmp_path / "00000.tar", members)
    assert [(row.fault, row.detail) for row in read(source(tmp_path))] == [
        ("not-in-tar", "000000000 has no picture"),
        ("", ""),
        ("not-in-tar", "000000002 has no picture"),
        ("not-in-table", "another"),
    ]


def test_a_cut_tar_costs_the_rows_behind_the_cut(tmp_path: Path) -> None:
    write_img2dataset(tmp_path, "00000", [{"url": URL.format(n)} for n in range(8)])
    tar = tmp_path / "00000.tar"
    tar.write_bytes(tar.read_bytes()[: 512 * 20])
    rows = read(source(tmp_path))
    assert len(rows) == 8
    assert rows[0].fault == ""
    assert rows[-1].fault == "not-in-tar"
    assert "it is cut off at byte 10,240" in rows[-1].detail


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("00001.tar", "00001.parquet must have 00001.tar beside it"),
        ("00001.parquet", "00001.tar must have 00001.parquet beside it"),
        ("", "must have a column 'story', it has caption, status"),
    ],
)
def test_what_is_wrong_is_said_first(tmp_path: Path, lost: str, words: str) -> None:
    for shard in ("00000", "00001"):
        write_img2dataset(tmp_path, shard, [{"url": URL.format(shard)}])
    if lost:
        (tmp_path / lost).unlink()
    with pytest.raises(RecipeError, match=words):
        read(source(tmp_path, keep_columns=("story",)))


def test_an_empty_folder_or_none(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="there are no rows"):
        read(source(tmp_path))
    with pytest.raises(RecipeError, match="there is no folder"):
        read(source(tmp_path / "none"))
