import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageEnhance

from filters.contamination import DecontaminationRules, EvaluationSet
from pipelines.decoding import Decoding, prepare
from pipelines.errors import RecipeError, RunError
from pipelines.evaluation_sets import EvaluationIndex, evaluation_versions, measure_sets
from pipelines.recipe import Gather, Recipe, Source
from pipelines.sample import write_sample
from pipelines.stages import Run
from pipelines.storage import Folder
from schemas.rows import Measures

Index = Callable[..., EvaluationIndex]

TEXTS = [
    "A man in a red coat walks two small brown dogs along the sandy beach.",
    "Ein Kind schläft ruhig unter einem großen Baum",
]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("evaluated")
    write_sample(folder, rows=60, seed=3)
    found = sorted(folder.rglob("*.jpg")) + sorted(folder.rglob("*.png"))
    return [path for path in found if measures(path.read_bytes()).pdq_quality >= 50]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Measures sets in a run of their own."""

    def measured(
        *sets: EvaluationSet, told: list[dict[str, Any]] | None = None, **rules: Any
    ) -> EvaluationIndex:
        run = run_of(tmp_path, told if told is not None else [])
        decontamination = DecontaminationRules(sets=sets, **rules)
        measure_sets(run, Folder(str(tmp_path / "work")), decontamination)
        return EvaluationIndex.load(Folder(str(tmp_path / "work")), decontamination)

    return measured


def run_of(folder: Path, told: list[dict[str, Any]]) -> Run:
    source = Source(name="world", format="table", path="pairs.parquet")
    recipe = Recipe(output=str(folder), sources=(source,), gather=Gather())
    return Run(recipe, None, (), (), 1, told.append)


def measures(body: bytes) -> Measures:
    return prepare(body, Decoding())[1]


def brightened(path: Path) -> bytes:
    sink = io.BytesIO()
    with Image.open(path) as image:
        ImageEnhance.Brightness(image.convert("RGB")).enhance(0.95).save(sink, "JPEG", quality=70)
    return sink.getvalue()


def looked_up(index: EvaluationIndex, bodies: list[bytes]) -> list[str]:
    found = [measures(body) for body in bodies]
    return index.picture_set(
        [each.sha256 for each in found],
        [each.pdq for each in found],
        [each.pdq_quality for each in found],
    )


def table(folder: Path, name: str, **columns: list[Any]) -> EvaluationSet:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    texts = tuple(column for column in columns if column != "image")
    images = "image" if "image" in columns else None
    path = str(folder / f"{name}.parquet")
    return EvaluationSet(name=name, path=path, image_column=images, text_columns=texts)


def test_pictures_of_a_set_and_copies_of_them_are_found(
    index: Index, pictures: list[Path], tmp_path: Path
) -> None:
    first, second, *others = pictures
    link = tmp_path / "beside.jpg"
    link.hardlink_to(first)
    paths = table(tmp_path, "paths", image=["beside.jpg", None])
    both = table(tmp_path, "bytes", image=[first.read_bytes(), second.read_bytes()])
    found = looked_up(
        index(paths, both),
        [first.read_bytes(), brightened(first), second.read_bytes(), brightened(second)],
    )
    assert found == ["paths", "paths", "bytes", "bytes"]
    known = [measures(path.read_bytes()).pdq for path in (first, second)]
    far = [
        path
        for path in others
        if all(apart(measures(path.read_bytes()).pdq, pdq) > 31 for pdq in known)
    ]
    assert len(far) > 5
    assert looked_up(index(paths, both), [path.read_bytes() for path in far]) == [""] * len(far)


def apart(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_equal_bytes_are_found_where_hashes_say_nothing(index: Index, tmp_path: Path) -> None:
    blank = io.BytesIO()
    Image.new("RGB", (90, 60), "teal").save(blank, "PNG")
    other = io.BytesIO()
    Image.new("RGB", (90, 60), "navy").save(other, "PNG")
    found = index(table(tmp_path, "blank", image=[blank.getvalue()]))
    assert looked_up(found, [blank.getvalue(), other.getvalue()]) == ["blank", ""]


def test_texts_of_all_columns_and_lists_are_found(index: Index, tmp_path: Path) -> None:
    lists = table(tmp_path, "lists", captions=[[TEXTS[0], "x"], []], title=["y", TEXTS[1]])
    found = index(table(tmp_path, "none", text=["[a red car]", "", None]), lists)
    captions = [*(text.upper() for text in TEXTS), "a red car", ""]
    assert found.caption_set(captions) == ["lists", "lists", "", ""]


@pytest.mark.parametrize("name", ["set.csv", "set.jsonl", "set.tsv"])
def test_text_tables_are_read_too(index: Index, tmp_path: Path, name: str) -> None:
    lines = {
        "set.csv": f"text\n{TEXTS[0]}\n",
        "set.tsv": f"text\n{TEXTS[0]}\n",
        "set.jsonl": json.dumps({"text": TEXTS[0]}),
    }
    (tmp_path / name).write_text(lines[name], "utf-8")
    of = EvaluationSet(
        name="set", path=str(tmp_path / "set.*"), image_column="", text_columns=("text",)
    )
    assert index(of).caption_set(TEXTS) == ["set", ""]


def test_the_first_set_is_named(index: Index, pictures: list[Path], tmp_path: Path) -> None:
    body = pictures[0].read_bytes()
    sets = [table(tmp_path, name, image=[body], text=[TEXTS[0]]) for name in ("zoo", "art")]
    found = index(*sets)
    assert looked_up(found, [body]) == found.caption_set(TEXTS[:1]) == ["zoo"]


def test_the_first_set_is_named_where_a_later_one_has_the_very_bytes(
    index: Index, pictures: list[Path], tmp_path: Path
) -> None:
    near = table(tmp_path, "near", image=[brightened(pictures[0])])
    equal = table(tmp_path, "equal", image=[pictures[0].read_bytes()])
    assert looked_up(index(near, equal), [pictures[0].read_bytes()]) == ["near"]


def test_no_set_holds_anything(index: Index, pictures: list[Path]) -> None:
    assert looked_up(index(), [pictures[0].read_bytes()]) == [""]
    assert index().caption_set(TEXTS) == ["", ""]
    assert index().caption_set([]) == index().picture_set([], [], []) == []


def test_a_set_is_read_once(index: Index, pictures: list[Path], tmp_path: Path) -> None:
    of = table(tmp_path, "set", image=[pictures[0].read_bytes()])
    index(of)
    told: list[dict[str, Any]] = []
    index(of, told=told)
    assert told == []


def test_pictures_that_cannot_be_read_are_told_of(
    index: Index, pictures: list[Path], tmp_path: Path
) -> None:
    images = [pictures[0].read_bytes(), b"\0broken", pictures[1].read_bytes()]
    told: list[dict[str, Any]] = []
    index(table(tmp_path, "set", image=images), told=told)
    notes = [event["words"] for event in told if event["event"] == "note"]
    assert notes == ["1 pictures of evaluation set 'set' cannot be read"]


def test_a_set_without_any_readable_picture_stops_the_run(index: Index, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="evaluation set 'set': none of its 2 pictures"):
        index(table(tmp_path, "set", image=["lost.jpg", "gone.jpg"]))


def test_a_url_is_refused(index: Index, tmp_path: Path) -> None:
    of = table(tmp_path, "set", image=["https://example.org/a.jpg"])
    with pytest.raises((RecipeError, RuntimeError), match="must be files or bytes"):
        index(of)


def test_a_column_that_is_missing_is_named(index: Index, tmp_path: Path) -> None:
    of = replace(table(tmp_path, "set", text=TEXTS), text_columns=("caption",))
    with pytest.raises(RecipeError, match="must have a column 'caption'"):
        index(of)


def test_versions_change_with_a_file(tmp_path: Path) -> None:
    rules = DecontaminationRules(sets=(table(tmp_path, "set", text=TEXTS),))
    before = evaluation_versions(rules)
    table(tmp_path, "set", text=["another"])
    assert [name for name, *_ in before] == ["set"]
    assert evaluation_versions(rules) != before


def test_whole_columns_are_what_rows_are_one_by_one(
    index: Index, pictures: list[Path], tmp_path: Path
) -> None:
    bodies = [path.read_bytes() for path in pictures]
    found = index(table(tmp_path, "set", image=bodies[::3]), max_distance=20)
    known = [measures(body) for body in bodies[::3]]
    asked = [*bodies, *map(brightened, pictures[:20])]
    whole = looked_up(found, asked)
    assert whole == [looked_up(found, [body])[0] for body in asked]
    expected = [
        any(body in bodies[::3] or apart(measures(body).pdq, each.pdq) <= 20 for each in known)
        for body in asked
    ]
    assert [name == "set" for name in whole] == expected
    assert 0 < np.mean(expected) < 1
