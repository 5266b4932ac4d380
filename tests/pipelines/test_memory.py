"""Translations that are there already: found whatever the files, added to by any number of runs."""

import dataclasses
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import memory_imports
from pipelines.errors import RecipeError
from pipelines.memory import REMEMBERED, Memory, Remembered
from pipelines.memory_imports import (
    COLUMNS,
    _by_key,
    _of_parquet,
    _of_tmx,
    _remembered,
    import_memory,
    import_name,
)
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import rows_of
from schemas.ids import phrase_id


def remembered(text: str, language: str = "de", said: str = "") -> Remembered:
    key = phrase_id("en", text)
    return Remembered(key, "en", text, language, said or f"{language} {text}", "", 3, 2)


def wanted(texts: set[str], *languages: str) -> tuple[pa.Array, pa.Array]:
    keys = sorted(phrase_id("en", text) for text in texts)
    asked = [(key, language) for key in keys for language in languages or ("de", "fr")]
    return tuple(pa.array([pair[n] for pair in asked], pa.string()) for n in (0, 1))


TEXTS = st.sets(st.text("abc", min_size=1, max_size=3))


@given(st.lists(TEXTS, max_size=4), TEXTS)
def test_what_was_added_is_found_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, added: list[set[str]], asked: set[str]
) -> None:
    memory = Memory(Folder(str(tmp_path_factory.mktemp("memory"))))
    for texts in added:
        for language in ("de", "fr"):
            memory.add(table_of(Remembered, [remembered(text, language) for text in texts]))
    found = rows_of(memory.find(*wanted(asked)), Remembered)
    there = {text for texts in added for text in texts} & asked
    expected = [remembered(text, language) for text in there for language in ("de", "fr")]
    assert found == sorted(expected, key=lambda row: (row.key, row.language))


def test_languages_that_nobody_asks_for_are_not_held(tmp_path: Path) -> None:
    memory = Memory(Folder(str(tmp_path)))
    rows = [remembered(text, language) for text in "ab" for language in ("de", "fr", "it")]
    memory.add(table_of(Remembered, rows))
    asked = sorted([(phrase_id("en", "a"), "fr"), (phrase_id("en", "b"), "it")])
    found = memory.find(*(pa.array(column) for column in zip(*asked, strict=True)))
    assert {(row.source_text, row.language) for row in rows_of(found, Remembered)} == {
        ("a", "fr"),
        ("b", "it"),
    }


def test_the_same_added_twice_is_there_once(tmp_path: Path) -> None:
    memory = Memory(Folder(str(tmp_path)))
    rows = table_of(Remembered, [remembered("a"), remembered("b")])
    memory.add(rows)
    memory.add(rows.take([1, 0]))
    memory.add(REMEMBERED.empty_table())
    (file,) = tmp_path.iterdir()
    assert file.suffix == ".parquet"


def test_folders_of_other_ranges_are_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(Folder(str(tmp_path)))
    texts = [str(number) for number in range(100)]
    for text in texts:
        memory.add(table_of(Remembered, [remembered(text)]))
    memory.add(table_of(Remembered, [remembered(text, "fr") for text in texts]))
    listed: list[str] = []
    names = Folder.names
    monkeypatch.setattr(Folder, "names", lambda self: listed.append(self.uri) or names(self))
    found = rows_of(memory.find(*wanted({"7"})), Remembered)
    assert found == [remembered("7"), remembered("7", "fr")]
    assert listed == [str(tmp_path), str(tmp_path / phrase_id("en", "7")[:3])]


def test_of_two_translations_one_stays(tmp_path: Path) -> None:
    memory = Memory(Folder(str(tmp_path)))
    memory.add(table_of(Remembered, [remembered("a", said="eins")]))
    memory.add(table_of(Remembered, [remembered("a", said="zwei"), remembered("b")]))
    assert len(list(tmp_path.iterdir())) == 2
    first, second = (rows_of(memory.find(*wanted({"a", "b"})), Remembered) for _ in range(2))
    assert first == second
    assert len(first) == 2


def test_a_whole_translation_comes_before_one_that_was_refused(tmp_path: Path) -> None:
    memory = Memory(Folder(str(tmp_path)))
    refused = dataclasses.replace(remembered("a"), text="", fault="refused")
    for others in (("b",), ("c",), ("d",)):  # in files of any order
        memory.add(table_of(Remembered, [refused, *(remembered(other) for other in others)]))
    memory.add(table_of(Remembered, [remembered("a"), remembered("e")]))
    assert rows_of(memory.find(*wanted({"a"})), Remembered) == [remembered("a")]


def test_only_row_groups_of_the_range_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(Folder(str(tmp_path)))
    texts = {str(number) for number in range(12_000)}
    memory.add(table_of(Remembered, [remembered(text) for text in texts]))
    read: list[int] = []
    read_row_group = pq.ParquetFile.read_row_group

    def counting(self: pq.ParquetFile, group: int, *rest: object) -> pa.Table:
        read.append(group)
        return read_row_group(self, group, *rest)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counting)
    assert memory.find(*wanted({"7"})).num_rows == 1
    assert set(read) == {read[0]}
    read.clear()
    assert memory.find(pa.array(["f" * 32]), pa.array(["de"])).num_rows == 0
    assert not read


TMX = """<?xml version="1.0"?>
<tmx version="1.4"><header/><body>
<tu><tuv xml:lang="en-US"><seg>a <hi>red</hi> kite</seg></tuv>
<tuv xml:lang="de"><seg>ein <ph>{0}</ph>roter Drachen</seg></tuv>
<tuv lang="FR"><seg>un cerf-volant</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg> </seg></tuv><tuv xml:lang="de"><seg>leer</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>a dog</seg></tuv><tuv xml:lang="cs"><seg>pes</seg></tuv></tu>
</body></tmx>
"""


def test_a_tmx_translates_each_language_of_a_unit_into_each_other(tmp_path: Path) -> None:
    (tmp_path / "own.tmx").write_text(TMX)
    path, folder = str(tmp_path / "own.tmx"), Folder(str(tmp_path / "memory"))
    told: list[str] = []
    for _ in range(2):
        import_memory(path, folder, told.append)
    assert told == ["importing own.tmx"]
    files = [file for file in (tmp_path / "memory").iterdir() if file.suffix == ".parquet"]
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    said = {(row["source_language"], row["language"]): row for row in rows}
    pairs = {("en", "de"), ("en", "fr"), ("de", "en"), ("de", "fr"), ("fr", "en"), ("fr", "de")}
    assert said.keys() == pairs
    german = said["en", "de"]
    assert (german["source_text"], german["text"]) == ("a red kite", "ein roter Drachen")
    assert german["key"] == phrase_id("en", "a red kite")


NESTED = b"<tmx><body><tu><tuv><seg>%b</seg></tuv></tu></body></tmx>" % (
    b"<hi>" * 5_000 + b"</hi>" * 5_000
)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("own.csv", b"", "must end in .tmx or .parquet"),
        ("own.tmx", b"<tmx><body>", "is no TMX"),
        ("own.tmx", b"<html/>", "is no TMX"),
        ("own.tmx", NESTED, "is no TMX"),
        ("own.tmx", b'<?xml version="1.0" encoding="Shift_JIS"?><tmx/>', "save it as UTF-8"),
        ("own.tmx", b'<?xml version="1.0" encoding="none"?><tmx/>', "save it as UTF-8"),
        ("own.parquet", b"PAR1", "is no Parquet"),
        ("nowhere.tmx", None, "there is no"),
    ],
)
def test_what_cannot_be_imported_is_named(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    path, memory = str(tmp_path / name), tmp_path / "memory"
    with pytest.raises(RecipeError, match=said):
        import_memory(path, Folder(f"{memory}/{import_name(path)}"), lambda _: None)
    assert not list(memory.glob("*/imported.json"))


def test_each_file_of_an_import_has_a_range_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_imports, "_AT_ONCE", 100)
    texts = [f"a kite {number}" for number in range(1_000)]
    columns = [["en"] * 1_002, [*texts, "twice", "twice"], ["de"] * 1_002, [*texts, "one", "two"]]
    pq.write_table(pa.table(columns, list(COLUMNS)), tmp_path / "own.parquet")
    folder = tmp_path / "memory"
    import_memory(str(tmp_path / "own.parquet"), Folder(str(folder)), lambda _: None)
    files = sorted(folder.glob("*.parquet"))
    ranges = [file.name.split("-")[:2] for file in files]
    assert 5 < len(files) <= 10
    for (_, last), (first, _) in pairwise(ranges):
        assert last <= first
    memory = Memory(Folder(str(folder)))
    found = rows_of(memory.find(*wanted({*texts, "twice"})), Remembered)
    assert {row.source_text: row.text for row in found} == {
        **{text: text for text in texts},
        "twice": "one",
    }


def test_an_import_of_any_length_takes_the_memory_of_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_imports, "_AT_ONCE", 2_000)
    peaks = []
    for number in (3_000, 24_000):
        path = tmp_path / f"{number}.parquet"
        texts = [f"a red kite over the hills {n}" for n in range(number)]
        columns = [["en"] * number, texts, ["de"] * number, texts]
        pq.write_table(pa.table(columns, list(COLUMNS)), path, row_group_size=1_000)
        del texts, columns
        used = pa.total_allocated_bytes
        most = used()
        with path.open("rb") as file:
            for block in _by_key(_remembered(_of_parquet(file, str(path)))):
                most = max(most, used())
                del block
        peaks.append(most)
    assert peaks[1] < 1.5 * peaks[0]


def test_a_table_must_have_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "own.parquet"
    pq.write_table(pa.table({"source_language": ["en"], "language": ["de"]}), path)
    with pytest.raises(RecipeError, match="must have the columns source_language, source_text"):
        import_memory(str(path), Folder(str(tmp_path / "memory")), lambda _: None)


def test_units_do_not_pile_up_in_memory(tmp_path: Path) -> None:
    kite = '<tuv xml:lang="en"><seg>a kite {0}</seg></tuv>'
    unit = f'<tu>{kite}<tuv xml:lang="de"><seg>x</seg></tuv></tu>'
    peaks = []
    for number in (200, 2_000):
        units = "\n".join(unit.format(n) for n in range(number))
        (tmp_path / "own.tmx").write_text(f"<tmx><body>{units}</body></tmx>")
        with (tmp_path / "own.tmx").open("rb") as file:
            tracemalloc.start()
            assert sum(1 for _ in _of_tmx(file, "own.tmx")) == 2 * number
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
