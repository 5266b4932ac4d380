"""Rows out of every kind of table and folder; a row that cannot be read is still a row."""

import gzip
import io
import os
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from PIL import Image

from pipelines.errors import RecipeError, RunError
from pipelines.inputs import find_splits, read_split
from pipelines.recipe import Source
from pipelines.sources.columns import _rows_at_once
from pipelines.sources.rows import InputRow

ROWS = [
    ("https://a.org/1.jpg", "ein Hund, zwei", "de"),
    ("https://a.org/2.jpg", 'คำ "บรรยาย"', "th"),
]
CSV = (
    "url,caption,lang\n"
    'https://a.org/1.jpg,"ein Hund, zwei",de\n'
    'https://a.org/2.jpg,"คำ ""บรรยาย""",th\n'
)
TSV = (
    "url\tcaption\tlang\n"
    "https://a.org/1.jpg\tein Hund, zwei\tde\n"
    'https://a.org/2.jpg\tคำ "บรรยาย"\tth\n'
)
JSONL = (
    '{"url": "https://a.org/1.jpg", "caption": "ein Hund, zwei", "lang": "de"}\n'
    '{"url": "https://a.org/2.jpg", "caption": "คำ \\"บรรยาย\\"", "lang": "th"}\n'
)


def parquet() -> bytes:
    sink = io.BytesIO()
    columns = zip(*ROWS, strict=True)
    pq.write_table(pa.table(dict(zip(("url", "caption", "lang"), columns, strict=True))), sink)
    return sink.getvalue()


def source(path: Path, **changes: object) -> Source:
    found = Source(name="s", format="table", path=str(path), language_column="lang")
    return replace(found, **changes)


def read(one: Source, limit: int | None = None) -> list[InputRow]:
    splits = find_splits([one], limit)
    return [row for split in splits for block in read_split(one, split) for row in block]


def plain(rows: list[InputRow]) -> list[tuple[str, str, str]]:
    return [(row.url, row.caption, row.language) for row in rows]


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
@pytest.mark.parametrize(
    ("suffix", "data"),
    [(".csv", CSV), (".tsv", TSV), (".jsonl", JSONL), (".ndjson", JSONL), (".parquet", "")],
)
def test_the_same_rows_from_every_format(
    tmp_path: Path, suffix: str, packed: str, data: str
) -> None:
    raw = data.encode() or parquet()
    pack = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}[packed]
    path = tmp_path / f"t{suffix}{packed}"
    path.write_bytes(pack(raw))
    rows = read(source(path))
    assert plain(rows) == ROWS
    assert [(row.number, row.fault) for row in rows] == [(0, ""), (1, "")]


def test_files_of_a_glob_in_order_and_numbered_by_themselves(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/1.csv", "a.csv"):
        (tmp_path / name).write_text(CSV)
    one = source(tmp_path / "**/*.csv")
    splits = find_splits([one], None)
    assert [split.name for split in splits] == ["a.csv", "b/1.csv"]
    assert [row.number for row in read(one)] == [0, 1, 0, 1]


def test_row_groups_keep_their_rows_numbers(tmp_path: Path) -> None:
    table = pa.table(
        {"url": [str(n) for n in range(10)], "caption": ["c"] * 10, "lang": ["en"] * 10}
    )
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=3)
    rows = read(source(tmp_path / "t.parquet"))
    assert [(row.number, row.url) for row in rows] == [(n, str(n)) for n in range(10)]


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_limit_counts_rows_of_a_source_over_its_files(tmp_path: Path, limit: int) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "b.jsonl").write_text(JSONL * 2)
    assert len(read(source(tmp_path / "*"), limit)) == min(limit, 6)


def test_broken_rows_are_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(
        b"url,caption,lang\nu,c,en\nonly-one\nu,a,b,c,d\nu,\xff\xfe,en\nu,nul\x00inside,en\n"
    )
    faults = [row.fault for row in read(source(tmp_path / "t.csv"))]
    assert faults == ["", "malformed-row", "malformed-row", "invalid-text", "nul-in-text"]
    (tmp_path / "t.jsonl").write_bytes(
        b'{"url": "u", "caption": "c", "lang": null}\n{"url": \n[1]\n{"url": "\\ud800"}\n{}\n'
    )
    rows = read(source(tmp_path / "t.jsonl"))
    assert [row.fault for row in rows] == ["", "malformed-row", "malformed-row", "invalid-text", ""]


def test_parquet_that_is_not_utf8_costs_the_row(tmp_path: Path) -> None:
    raw = pa.array([b"fine", b"\xff\xfe"], pa.binary()).cast(pa.string(), safe=False)
    table = pa.table({"url": ["u", "v"], "caption": raw, "lang": ["en", "en"]})
    pq.write_table(table, tmp_path / "t.parquet")
    assert [row.fault for row in read(source(tmp_path / "t.parquet"))] == ["", "invalid-text"]


def test_numbers_lists_and_nulls_become_text(tmp_path: Path) -> None:
    table = pa.table(
        {"url": ["u"], "caption": ["c"], "n": [3], "l": [["a", "b"]], "z": pa.nulls(1)}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    one = source(tmp_path / "t.parquet", language_column=None, keep_columns=("n", "l", "z"))
    assert read(one)[0].extras == '{"n": "3", "l": "[\\"a\\", \\"b\\"]", "z": ""}'


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    for name in ("a.jpg", "deep/er/b.png", "deep/c.jpg", "deep/d.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "a.txt").write_text("eine Katze\n")
    (tmp_path / "deep/er/b.json").write_text('{"caption": "a cat",\n "lang": "en", "n": 1}')
    (tmp_path / "deep/d.json").write_text("[")
    one = source(tmp_path, format="folder", keep_columns=("n",))
    rows = read(one)
    assert [(row.url, row.caption, row.language, row.fault) for row in rows] == [
        ("a.jpg", "eine Katze\n", "", ""),
        ("deep/c.jpg", "", "", ""),
        ("", "", "", "malformed-row"),
        ("deep/er/b.png", "a cat", "en", ""),
    ]
    assert rows[0].location == f"file://{tmp_path}/a.jpg"
    assert rows[3].extras == '{"n": "1"}'


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("none.csv", None, "no file matches"),
        (
            "t.csv",
            b"url,text,lang\nu,c,en\n",
            "must have a column 'caption', it has url, text, lang",
        ),
        ("t.csv", b"url,caption,lang\n", ""),
        ("t.csv", b"", "no rows"),
        ("t.parquet", b"no parquet", "cannot be read"),
        ("t.csv.gz", b"no gzip", "cannot be read"),
        ("t.csv.zst", b"no zstd", "cannot be read"),
        ("t.xlsx", b"x", "must be one of .parquet, .csv"),
    ],
)
def test_what_is_wrong_with_a_source_is_said_first(
    tmp_path: Path, name: str, data: bytes | None, words: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    if words:
        with pytest.raises(RecipeError, match=words):
            find_splits([source(tmp_path / name)], None)
    else:
        assert read(source(tmp_path / name)) == []


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zst", ".parquet.zst"])
def test_a_file_that_was_cut_short_is_an_error_that_names_it(tmp_path: Path, suffix: str) -> None:
    rows = "".join(f"u{n},{hash(str(n))},en\n" for n in range(3000))
    raw = parquet() if "parquet" in suffix else f"url,caption,lang\n{rows}".encode()
    pack = gzip.compress if suffix.endswith("gz") else zstandard.ZstdCompressor().compress
    path = tmp_path / f"t{suffix}"
    path.write_bytes(pack(raw)[: len(pack(raw)) * 2 // 3])
    with pytest.raises((RunError, RecipeError), match=f"t{suffix} cannot be read"):
        read(source(path))


def test_a_quote_that_nothing_closes_costs_no_row_of_a_tsv(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text(
        'url\tcaption\tlang\na\t"Hello there\ten\nb\ttwo\ten\nc\t"x"\ten\n'
    )
    found = read(source(tmp_path / "t.tsv"))
    assert [row.caption for row in found] == ['"Hello there', "two", '"x"']
    (tmp_path / "t.csv").write_text('url,caption,lang\na,"Hello\n' + "b,two,en\n" * 20_000)
    assert read(source(tmp_path / "t.csv"))[0].fault == "malformed-row"


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_string(), pa.string_view(), None])
def test_any_column_of_text_is_text(tmp_path: Path, kind: pa.DataType | None) -> None:
    text = pa.array(["ein Hund"]).cast(kind) if kind else pa.array(["ein Hund"]).dictionary_encode()
    pq.write_table(
        pa.table({"url": ["u"], "caption": text, "lang": ["de"]}), tmp_path / "t.parquet"
    )
    assert plain(read(source(tmp_path / "t.parquet"))) == [("u", "ein Hund", "de")]


def test_json_that_nests_without_end_costs_its_row(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"url": "u", "caption": "c"}\n' + "[" * 200_000 + "\n")
    one = source(tmp_path / "t.jsonl", language_column=None)
    assert [row.fault for row in read(one)] == ["", "malformed-row"]


def test_columns_of_json_lines_may_come_late_and_files_be_links(tmp_path: Path) -> None:
    (tmp_path / "real").write_text('{"url": "u", "caption": "c"}\n{"url": "v", "lang": "de"}\n')
    (tmp_path / "t.jsonl").symlink_to(tmp_path / "real")
    assert plain(read(source(tmp_path / "*.jsonl"))) == [("u", "c", ""), ("v", "", "de")]


def test_long_captions_make_small_blocks(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text(
        f'{{"url": "u", "caption": "{"x" * 1_000_000}", "lang": ""}}\n' * 20
    )
    one = source(tmp_path / "t.jsonl")
    blocks = list(read_split(one, find_splits([one], None)[0]))
    assert sum(map(len, blocks)) == 20
    assert max(map(len, blocks)) < 10


def test_values_that_python_cannot_take_cost_their_rows(tmp_path: Path) -> None:
    bad = pa.array([[b"fine"], [b"\xff"]], pa.list_(pa.binary())).cast(
        pa.list_(pa.string()), safe=False
    )
    dates = pa.array([0, 1 << 60], pa.timestamp("us"))
    for name, column in (("caption", bad), ("lang", dates)):
        columns = {"url": ["u", "v"], "caption": ["c", "d"], "lang": ["en", "en"], name: column}
        pq.write_table(pa.table(columns), tmp_path / "t.parquet")
        assert [row.fault for row in read(source(tmp_path / "t.parquet"))] == ["", "invalid-text"]


@pytest.mark.parametrize("kind", [pa.string(), pa.binary(), pa.binary(4), pa.string_view()])
def test_bytes_of_any_type_cost_their_row_alone(tmp_path: Path, kind: pa.DataType) -> None:
    raw = pa.array([b"fine", b"\xff\xfe\xfd\xfc"], pa.binary())
    column = (
        raw.cast(pa.large_binary()).cast(kind, safe=False)
        if kind == pa.string()
        else (
            pa.array(raw.to_pylist(), kind)
            if kind != pa.string_view()
            else raw.cast(pa.string(), safe=False)
        )
    )
    table = pa.table({"url": ["u", "v"], "caption": column, "lang": ["en", "en"]})
    pq.write_table(table, tmp_path / "t.parquet")
    assert [row.fault for row in read(source(tmp_path / "t.parquet"))] == ["", "invalid-text"]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_megabytes_of_text_cost_their_rows(tmp_path: Path, suffix: str) -> None:
    long = "x" * 1_100_000
    rows = [
        ("u", "c", "en"),
        ("u", long, "en"),
        (long, "c", "en"),
        ("u", "c", long),
        ("v", "d", "de"),
    ]
    path = tmp_path / f"t.{suffix}"
    if suffix == "parquet":
        columns = zip(*rows, strict=True)
        pq.write_table(pa.table(dict(zip(("url", "caption", "lang"), columns, strict=True))), path)
    elif suffix == "jsonl":
        path.write_text(
            "".join(f'{{"url": "{u}", "caption": "{c}", "lang": "{x}"}}\n' for u, c, x in rows)
        )
    else:
        comma = "," if suffix == "csv" else "\t"
        path.write_text(
            "".join(f"{comma.join(row)}\n" for row in [("url", "caption", "lang"), *rows])
        )
    found = read(source(path))
    fault = "malformed-row" if suffix in ("csv", "tsv") else "oversized-text"
    assert [row.fault for row in found] == ["", fault, fault, fault, ""]
    assert all(row.chars < 100 and 0 < len(row.detail) <= 500 for row in found[1:4])


def test_a_line_without_end_is_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.sources.tables._LONGEST_LINE", 50)
    lines = [
        '{"url": "u", "caption": "c"}',
        f'{{"url": "{"x" * 500}"}}',
        '{"url": "v", "caption": "c"}',
    ]
    (tmp_path / "t.jsonl").write_text("\r\n".join(lines))
    one = source(tmp_path / "t.jsonl", language_column=None)
    assert [(row.url, row.fault) for row in read(one)] == [
        ("u", ""),
        ("", "malformed-row"),
        ("v", ""),
    ]


def test_details_are_short_and_utf8(tmp_path: Path) -> None:
    bad = b"\xff" * 900
    (tmp_path / "t.jsonl").write_bytes(
        b'{"url": "u", "caption": "c", "lang": "en"}\n'
        + b'{"url": "u", "caption": "' + bad + b'"}\n'
        + b"[" + bad + b"]\n"
        + b'{"url": "u", "caption": "nul\\u0000"}\n'
        + b'{"url": "' + "子".encode() * 900 + b'"\n'
    )  # fmt: skip
    rows = read(source(tmp_path / "t.jsonl"))[1:]
    assert [row.fault for row in rows] == [
        "invalid-text",
        "malformed-row",
        "nul-in-text",
        "malformed-row",
    ]
    assert all(0 < len(row.detail.encode()) <= 500 for row in rows)
    assert rows[2].detail == r"caption: 'nul\x00'"


def test_long_captions_make_small_batches(tmp_path: Path) -> None:
    captions = [os.urandom(500_000).hex() for _ in range(200)]
    columns = {"url": captions, "caption": captions, "lang": ["en"] * 200}
    pq.write_table(
        pa.table(columns), tmp_path / "t.parquet", compression="NONE", use_dictionary=False
    )
    with pq.ParquetFile(tmp_path / "t.parquet") as parquet:
        assert _rows_at_once(parquet, [0], ["caption", "lang"]) < 70
        assert _rows_at_once(parquet, [0], ["lang"]) == 20_000


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["u"])] * 3, ["url", "caption", "caption"])
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(RecipeError, match="must have a column 'caption', it has url, caption, cap"):
        read(source(tmp_path / "t.parquet", language_column=None))


def test_json_beside_a_picture_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "a.json").write_bytes(b'{"caption": "\xff"}')
    assert [row.fault for row in read(source(tmp_path, format="folder"))] == ["invalid-text"]


def test_names_of_files_that_are_not_utf8(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(folder)
    for name in (b"/a.jpg", b"/../b\xfe.jpg", b"/../c.jpg"):
        with open(folder + name, "wb") as file:
            file.write(b"x")
    with pytest.raises(RecipeError, match="names of files must be UTF-8"):
        read(source(tmp_path, format="folder"))
    os.remove(folder + b"/a.jpg")
    assert [row.fault for row in read(source(tmp_path, format="folder"))] == ["invalid-text", ""]
