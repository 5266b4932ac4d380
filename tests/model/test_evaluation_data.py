import io
import shutil
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.evaluation import evaluate
from model.evaluation_data import PictureSet, ScoredSet, Text, TextSet, read_set
from model.evaluation_sets import DataError, EvaluationSet
from tests.conftest import Curated
from tests.model.known import Known, picture, write_pictures, write_rows

ROW = {"image": "0.png", "text": "a 0", "language": "en"}


def read(place: object, **settings: Any) -> Any:
    (task,) = read_set(EvaluationSet(data=str(place), **settings))
    return task


def texts(task: PictureSet) -> list[tuple[Text, ...]]:
    return [example.texts for example in task.examples()]


@pytest.mark.parametrize("below", ["", "shards/pairs", "shards/pairs/train"])
def test_packed_shards_are_read_with_all_their_captions(below: str, curated: Curated) -> None:
    train = curated.output / "shards/pairs/train"
    examples = list(read(curated.output / below).examples())
    found = Counter(text for example in examples for text in example.texts)
    captions = [row for path in train.glob("*.captions.parquet") for row in rows_of(path)]
    assert found == Counter(Text(row["language"], row["text"]) for row in captions)
    assert len(examples) == sum(
        len(rows_of(train / f"{path.stem}.parquet")) for path in tars(train)
    )
    assert max(len(example.texts) for example in examples) > 1
    assert all(example.body.startswith(b"\xff\xd8\xff") for example in examples)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


def tars(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.tar"))


def test_shards_must_be_whole(curated: Curated, tmp_path: Path) -> None:
    train = shutil.copytree(curated.output / "shards/pairs/train", tmp_path / "train")
    (train / "00000.captions.parquet").unlink()
    with pytest.raises(DataError, match=r"has 00000\.tar but no 00000\.captions\.parquet"):
        read(tmp_path)
    with pytest.raises(DataError, match="holds packed shards, which take no text_column, got 'x'"):
        read(curated.output, text_column="x")


def test_a_cut_shard_is_named(curated: Curated, tmp_path: Path) -> None:
    train = shutil.copytree(curated.output / "shards/pairs/train", tmp_path / "train")
    (train / "00000.tar").write_bytes((train / "00000.tar").read_bytes()[:1500])
    with pytest.raises(DataError, match=r"00000\.tar cannot be read"):
        texts(read(train))


def test_packed_texts_know_their_languages(tmp_path: Path) -> None:
    row = {"query": "q 0", "positive": "p 0", "query_language": "de", "positive_language": "en"}
    write_rows(tmp_path / "rows/part-00000.parquet", [row])
    write_rows(tmp_path / "train/part-00000.parquet", [{"anchor": "q 0", "positive": "p 0"}])
    assert read(tmp_path).gains == {(Text("de", "q 0"), Text("en", "p 0")): 1.0}
    with pytest.raises(DataError, match="has no column 'language': give language_column"):
        read(tmp_path / "train")


def test_pictures_may_be_anywhere_below_what_is_said(tmp_path: Path) -> None:
    write_pictures(tmp_path / "a", [(0, "en", "a 0")])
    assert texts(read(tmp_path / "a")) == [(Text("en", "a 0"),)]
    assert texts(read(tmp_path / "a/pairs.parquet")) == [(Text("en", "a 0"),)]
    (tmp_path / "a/images").rename(tmp_path / "elsewhere")
    assert texts(read(tmp_path / "a", images=str(tmp_path / "elsewhere")))
    with pytest.raises(DataError, match=r"picture '0\.png' .* say where pictures lie \(images\)"):
        read(tmp_path / "a")
    (tmp_path / "elsewhere/0.png").rename(tmp_path / "a/0.png")
    assert texts(read(tmp_path / "a"))


@pytest.mark.parametrize("image", [picture(3), {"bytes": picture(3), "path": None}])
def test_pictures_may_lie_in_the_table(image: object, tmp_path: Path) -> None:
    rows = [{"picture": image, "caption": text, "lang": "en-US"} for text in ("a 3", "b 3")]
    place = write_rows(tmp_path / "test.parquet", rows)
    assert texts(read(place)) == [(Text("en", "a 3"),), (Text("en", "b 3"),)]
    report = evaluate(Known(), [EvaluationSet(data=str(place))])
    assert report.results[0].scores[0].gallery == 1


def test_columns_may_be_named_and_hold_lists(tmp_path: Path) -> None:
    write_pictures(tmp_path, [(0, "en", "a 0")])
    row = {"file": "0.png", "words": [" a 0\r", None, "", "b 0"], "code": "nob_Latn"}
    write_rows(tmp_path / "pairs.parquet", [row])
    named = {"image_column": "file", "text_column": "words", "language_column": "code"}
    assert texts(read(tmp_path, **named)) == [(Text("no", "a 0"), Text("no", "b 0"))]
    stated = named | {"language_column": "", "language": "da"}
    assert texts(read(tmp_path, **stated))[0][0].language == "da"


def test_a_store_is_as_good_as_a_disk() -> None:
    fs = fsspec.filesystem("memory")
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([ROW]), sink)
    fs.pipe({"/store/pairs.parquet": sink.getvalue(), "/store/images/0.png": picture(0)})
    assert texts(read("memory://store")) == [(Text("en", "a 0"),)]
    fs.pipe("/packed/00000.tar", packed(picture(0)))
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{"key": "k", "language": "en", "text": "a"}]), sink)
    fs.pipe("/packed/00000.captions.parquet", sink.getvalue())
    assert texts(read("memory://packed")) == [(Text("en", "a"),)]


def packed(body: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        for name, content in (("k.png", body), ("k.json", b"{}"), ("k.txt", b"a")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return sink.getvalue()


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"query": "q", "document": "d", "language": "en"}, TextSet),
        ({"anchor": "q", "positive": "d", "language": "en"}, TextSet),
        ({"sentence1": "q", "sentence2": "d", "score": 1, "language": "en"}, ScoredSet),
        ({"en": "q", "fr": "d"}, TextSet),
    ],
)
def test_kinds_are_told_by_their_columns(row: dict[str, Any], kind: type, tmp_path: Path) -> None:
    place = write_rows(tmp_path / "a/part-0.parquet", [row])
    shutil.copy(place, tmp_path / "a/part-1.parquet")
    assert isinstance(read(tmp_path / "a"), kind)
    assert isinstance(read(place, limit=1), kind)


@pytest.mark.parametrize(
    ("row", "settings", "message"),
    [
        ({"a": 1}, {}, "has the columns a; expected packed shards"),
        (ROW, {"text_column": "txet"}, "no column 'txet', it has image, text, language"),
        (ROW, {"language_column": "x"}, "no column 'x'"),
        ({"image": "0.png", "language": "en"}, {}, r"name the texts' \(text_column\)"),
        ({"image": "0.png", "text": "a"}, {}, "give language_column, or the language"),
        (ROW | {"text": 5}, {}, "column 'text' of .* must hold texts, got int64"),
        (ROW | {"image": 5}, {}, "column 'image' of .* must hold paths, bytes or"),
        (ROW | {"image": b"x"}, {"images": "y"}, "holds its pictures itself"),
        (ROW | {"image": ""}, {}, "a row without a picture"),
        ({"text": "a"}, {"text_column": "text"}, r"name the pictures' \(image_column\)"),
        ({"de": "a", "fr": "b"}, {}, "has sentences in fr, de, but must have en too"),
        ({"en": "a", "fr": "b"}, {"language": "en"}, "take no language, got 'en'"),
        ({"en": " ", "fr": "b"}, {}, "has no row that can be evaluated on"),
        (
            {"query": "a", "document": "b", "relevance": "much", "language": "en"},
            {},
            "column 'relevance' of .* must hold finite numbers, got 'much'",
        ),
        (ROW, {"images": "nowhere"}, "there is nothing at nowhere"),
    ],
)
def test_what_is_expected_is_said(
    row: dict[str, Any], settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    (tmp_path / "0.png").write_bytes(picture(0))
    write_rows(tmp_path / "rows.parquet", [row])
    with pytest.raises(DataError, match=message):
        read(tmp_path, **settings)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is nothing at .*nowhere"):
        read(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds nothing to evaluate on; expected packed"):
        read(tmp_path)
    (tmp_path / "a.parquet").write_text("no table")
    with pytest.raises(DataError, match=r"a\.parquet is no Parquet"):
        read(tmp_path)
    whole = bytearray(write_rows(tmp_path / "b.parquet", [{"en": "a", "de": "b"}]).read_bytes())
    whole[10:40] = bytes(30)
    (tmp_path / "a.parquet").write_bytes(whole)
    with pytest.raises(DataError, match=r"a\.parquet cannot be read: "):
        read(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="xyz://a cannot be opened"):
        read("xyz://a")


def test_parts_must_have_the_same_columns(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.parquet", [{"query": "q", "document": "d", "language": "en"}])
    write_rows(tmp_path / "b.parquet", [{"query": "q", "language": "en"}])
    with pytest.raises(DataError, match=r"b\.parquet has no column 'document', .*a\.parquet does"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"data": ""}, "data must not be empty"),
        ({"limit": 0}, "limit must be at least 1, got 0"),
        ({"language": "xx"}, "language must be one of .*; got xx"),
        ({"language": "en", "language_column": "x"}, "either language or language_column"),
    ],
)
def test_bounds(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EvaluationSet(**({"data": "x"} | settings))
