"""Rows of Hugging Face datasets on this machine: Parquet, and Arrow of `save_to_disk`."""

import sys
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import RecipeError
from pipelines.local_pictures import read_picture
from pipelines.recipe import Source
from tests.pipelines.sources.made import picture, read


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def source(path: Path | str, **changes: object) -> Source:
    return Source(name="s", format="huggingface", path=str(path), **changes)  # type: ignore[arg-type]


def made(rows: int = 5) -> datasets.Dataset:
    columns = {
        "image": [{"bytes": picture(n), "path": f"{n}.jpg"} for n in range(rows)],
        "caption": [f"kite {n}" for n in range(rows)],
    }
    features = datasets.Features({"image": datasets.Image(), "caption": datasets.Value("string")})
    return datasets.Dataset.from_dict(columns, features)


def write_parquet(folder: Path, rows: int = 5, split: str = "train") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    made(rows).to_parquet(folder / f"{split}-00000-of-00001.parquet", batch_size=2)


def write_to_disk(folder: Path, rows: int = 5) -> None:
    made(rows).save_to_disk(folder, num_shards=2)


def write_dict_to_disk(folder: Path, rows: int = 5) -> None:
    datasets.DatasetDict({"test": made(1), "train": made(rows)}).save_to_disk(folder)


@pytest.mark.parametrize("write", [write_parquet, write_to_disk, write_dict_to_disk])
def test_pictures_in_rows(tmp_path: Path, write) -> None:
    write(tmp_path / "d")
    rows = read(source(tmp_path / "d"))
    assert [(row.caption, row.fault) for row in rows] == [(f"kite {n}", "") for n in range(5)]
    assert len({row.url for row in rows}) == 5
    for order in (rows, rows[::-1]):
        pictures = {row.caption: read_picture(row.location, 1 << 20) for row in order}
        assert pictures == {f"kite {n}": picture(n) for n in range(5)}
    assert [row.caption for row in read(source(tmp_path / "d"), 3)] == [
        "kite 0",
        "kite 1",
        "kite 2",
    ]


def test_a_split_of_several_and_names_of_rows(tmp_path: Path) -> None:
    write_parquet(tmp_path / "data", 3)
    write_parquet(tmp_path / "data", 2, "test")
    rows = read(source(tmp_path, split="test"))
    assert [row.url for row in rows] == [f"data/test-00000-of-00001.parquet/{n}" for n in (0, 1)]


def test_pictures_by_url(tmp_path: Path) -> None:
    table = pa.table({"image": ["https://a.org/1.jpg", None], "caption": ["c", "d"], "n": [1, 2]})
    pq.write_table(table, tmp_path / "train.parquet")
    rows = read(source(tmp_path, keep_columns=("n",)))
    assert [(row.url, row.location) for row in rows] == [("https://a.org/1.jpg", ""), ("", "")]
    assert rows[1].extras == '{"n": "2"}'


def test_bytes_alone_and_urls_that_name_them(tmp_path: Path) -> None:
    table = pa.table(
        {"image": [picture(1), None], "caption": ["c", "d"], "url": ["https://a.org/1", "2"]}
    )
    pq.write_table(table, tmp_path / "train.parquet")
    rows = read(source(tmp_path))
    assert [row.url for row in rows] == ["https://a.org/1", "train.parquet/1"]
    assert read_picture(rows[0].location, 1 << 20) == picture(1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"split": "dev"}, "must have a split 'dev', it has train"),
        ({"config": "big"}, "cannot be loaded: .*big"),
        ({"image_column": "img"}, "must have a column 'img', it has image, caption"),
        ({"image_column": "caption", "caption_column": "n"}, "must have a column 'n'"),
        ({"path": "nobody/nothing"}, "nobody/nothing cannot be loaded"),
    ],
)
def test_what_is_wrong_is_said_first(tmp_path: Path, changes: dict, words: str) -> None:
    write_parquet(tmp_path)
    with pytest.raises(RecipeError, match=words):
        read(source(**{"path": tmp_path, **changes}))


def test_another_kind_of_dataset_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"image": "https://a.org/1.jpg", "caption": "c"}\n')
    with pytest.raises(RecipeError, match='it is json: take format = "table"'):
        read(source(tmp_path))
    (tmp_path / "train.jsonl").unlink()
    (tmp_path / "a.jpg").write_bytes(picture())
    with pytest.raises(RecipeError, match='it is imagefolder: take format = "folder"'):
        read(source(tmp_path))


def test_a_column_of_neither_pictures_nor_urls(tmp_path: Path) -> None:
    pq.write_table(pa.table({"image": [[1, 2]], "caption": ["c"]}), tmp_path / "train.parquet")
    with pytest.raises(RecipeError, match="must hold pictures, bytes or URLs, it holds list"):
        read(source(tmp_path))


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)  # as if it were not installed
    with pytest.raises(RecipeError, match=r"pip install 'pairmill\[huggingface\]'"):
        read(source(tmp_path))
