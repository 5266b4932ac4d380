"""Question-answer sets: captions of pictures, and what pages of documents answer."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.doctor import examine
from pipelines.errors import RecipeError
from pipelines.page_questions import questions_of
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.sample import write_sample
from pipelines.sources.rows import Split, input_row
from pipelines.storage import Folder
from pipelines.why import show_way
from schemas.ids import page_uid, picture_uid
from tests.conftest import counts, curate, table

HERE = "--direct_num_workers=1"  # in this process
RECIPE = """
output = "out"

[[sources]]
name = "library"
task = "document"
format = "folder"
path = "documents/*.pdf"
licence = "CC BY 4.0"

[[sources]]
name = "quiz"
task = "page-question"
format = "table"
path = "quiz.jsonl"
document_source = "library"
url_column = "document"
page_column = "page"
question_column = "question"
answer_column = "answers"
language_column = "language"

[documents]
dpi = 50

[pack]
samples_per_shard = 100
"""


def write_quiz(folder: Path, rows: list[dict[str, Any]]) -> None:
    lines = [json.dumps({"language": None, "answers": ["twelve", "12"]} | row) for row in rows]
    (folder / "quiz.jsonl").write_text("\n".join(lines), "utf-8")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with PDFs of the sample world, and with what their pages say."""
    folder = tmp_path_factory.mktemp("library")
    write_sample(folder, 3, 3, documents=36)
    (folder / "recipe.toml").write_text(RECIPE, "utf-8")
    return folder


def test_questions_about_pages_are_what_these_answer(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = pq.read_table(library / "documents_truth.parquet").to_pylist()
    of_pages = [row for row in truth if row["path"].endswith(".pdf")]
    assert len(of_pages) > 5
    asked = [
        {
            "document": Path(row["path"]).name,
            "page": row["page"],
            "question": f"{row['title']}: {row['page']}?",
            "language": row["language"],
        }
        for row in of_pages
    ]
    name = asked[0]["document"]
    others: list[dict[str, Any]] = [
        {"document": name, "page": 1.0, "question": "How many?"},
        {"document": name, "page": "one", "question": "How many?"},
        {"document": name, "page": 0, "question": "How many?"},
        {"document": "", "page": 1, "question": "How many?"},
        {"document": name, "page": 99, "question": "How many?"},
        {"document": "none.pdf", "page": 1, "question": "How many?"},
        {"document": name, "page": 1, "question": "How many?", "answers": []},
        asked[0],
        {"document": name, "page": 1, "question": "ile?", "language": "cs"},
    ]
    write_quiz(library, [*asked, *others])
    curate(library / "recipe.toml", HERE, stages=("documents", "pack"))
    output = library / "out"
    pages = {row["uid"]: row for row in table(output / "pages")}
    queries = [row for row in table(output / "captions/pages") if row["source"] == "quiz"]
    kept = {row["row"]: row for row in queries}
    ledger = {
        row["row"]: (row["unit"], row["fate"], row["reason"])
        for row in table(output / "ledger/documents")
        if row["row"].startswith("quiz:")
    }
    for number, row in enumerate(asked):
        uid = page_uid(picture_uid("library", row["document"]), row["page"])
        named = f"quiz:quiz.jsonl:{number}"
        if uid not in pages:
            assert ledger[named][0] == "query"
            continue
        query = kept[named]
        assert (query["uid"], query["origin"]) == (uid, "question-answer")
        assert query["text"] == f"{row['question']} twelve"
        assert (query["language"], query["licence"]) == (row["language"], "CC BY 4.0")
    first = len(asked)
    assert kept[f"quiz:quiz.jsonl:{first}"]["text"] == "How many? twelve"
    assert kept[f"quiz:quiz.jsonl:{first}"]["language"] == asked[0]["language"]
    expected = [
        ("row", "malformed-page"),
        ("row", "malformed-page"),
        ("row", "missing-document"),
        ("query", "no-such-page"),
        ("query", "no-such-page"),
        ("query", "empty-caption"),
        ("query", "duplicate-row"),
        ("query", "unwanted-language"),
    ]
    for number, (unit, reason) in enumerate(expected, first + 1):
        assert ledger[f"quiz:quiz.jsonl:{number}"] == (unit, "rejected", reason)
    found = counts(output, "documents")
    assert found["row in"] == len(asked) + len(others)
    assert found["row kept"] == len(asked) + len(others) - 3
    assert not recount(Folder(str(output))).differences
    packed = table(output / "shards/documents/train")
    assert any(row.get("caption_en", "").endswith(" twelve") for row in packed)
    assert show_way(str(output), queries[0]["caption_id"])
    assert f"question-answer: {queries[0]['text']}" in capsys.readouterr().out


def test_questions_about_a_page_that_is_not_kept_end_as_it_does(library: Path) -> None:
    name = sorted((library / "documents").glob("*.pdf"))[0].name
    write_quiz(library, [{"document": name, "page": 1, "question": "How many?"}])
    text = RECIPE.replace('"out"', '"other"')
    (library / "other.toml").write_text(f"{text}\n[documents.page]\nmin_ink = 0.9\n", "utf-8")
    curate(library / "other.toml", HERE, stages=("documents",))
    ledger = table(library / "other/ledger/documents")
    reasons = Counter((row["unit"], row["reason"]) for row in ledger)
    assert reasons[("query", "blank")] == 1
    assert not recount(Folder(str(library / "other"))).differences


def test_many_questions_are_settled_in_many_buckets(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = sorted((library / "documents").glob("*.pdf"))[0].name
    (library / "many.toml").write_text(
        RECIPE.replace('"out"', '"many"').replace("*.pdf", name).replace(".jsonl", ".parquet")
    )
    row = {"page": 1, "question": "How many?", "answers": "12", "language": "en"}
    rows = [row | {"document": f"none {number}.pdf"} for number in range(90)]
    pq.write_table(pa.Table.from_pylist(rows), library / "quiz.parquet")
    monkeypatch.setattr("pipelines.transforms.blocks.BUCKET_ROWS", 30)
    curate(library / "many.toml", HERE, stages=("documents",))
    assert len(list((library / "many/pages").glob("*.parquet"))) > 3
    assert counts(library / "many", "documents")["query rejected no-such-page"] == 90
    assert not recount(Folder(str(library / "many"))).differences


def test_the_doctor_looks_at_questions(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_quiz(library, [{"document": "a.pdf", "page": 1, "question": "How many?"}])
    examine(str(library / "recipe.toml"))
    told = capsys.readouterr().out
    assert "source 'quiz': about" in told
    assert "source 'quiz' states no licence" not in told
    (library / "quiz.jsonl").write_text('{"document": "a.pdf", "page": 1}', "utf-8")
    examine(str(library / "recipe.toml"))
    assert "must have a column 'question'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('answer_column = "answers"\n', "", "question_column and answer_column must go together"),
        ('document_source = "library"\n', "", "a page-question needs question_column"),
        ('"library"\nurl', '"quiz"\nurl', "document_source must name a source of task 'document'"),
        ('"answers"\n', '"answers"\nkeep_columns = ["a"]\n', "keep_columns: there is no such key"),
        ('format = "table"', 'format = "folder"', "format: must be 'table'"),
        ('path = "documents/*.pdf"', 'path = "x"\npage_column = "p"', "page_column: there is no"),
    ],
)
def test_an_impossible_source_of_questions_is_refused(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    recipe = tmp_path / "recipe.toml"
    assert before in RECIPE
    recipe.write_text(RECIPE.replace(before, after), "utf-8")
    with pytest.raises(RecipeError, match=said):
        read_recipe(str(recipe))


def test_any_number_of_a_page_is_read(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE, "utf-8")
    recipe = read_recipe(str(tmp_path / "recipe.toml"))
    source, split = recipe.sources[1], Split(1, "quiz.jsonl", "quiz.jsonl", "", 1)
    for page, number in (("3", 3), (" 03 ", 3), ("3.0", 3), ("3.5", 0), ("-1", 0), ("", 0)):
        values = {"document": "a.pdf", "page": page, "question": "b?", "answers": "c"}
        questions, rejected = questions_of(recipe, source, split, [input_row(source, 0, values)])
        uids = [page_uid(picture_uid("library", "a.pdf"), number)] if number else []
        assert [question.uid for question in questions] == uids
        assert len(rejected) == 1 - len(uids)


@pytest.mark.parametrize("fmt", ["folder", "table"])
def test_a_question_that_names_a_part_of_a_url_is_about_the_document(
    tmp_path: Path, fmt: str
) -> None:
    named = {"folder": 'path = "documents/*.pdf"', "table": 'path = "urls.csv"\nurl_column = "u"'}
    text = RECIPE.replace('format = "folder"', f'format = "{fmt}"', 1)
    text = text.replace('path = "documents/*.pdf"', named[fmt])
    (tmp_path / "recipe.toml").write_text(text, "utf-8")
    recipe = read_recipe(str(tmp_path / "recipe.toml"))
    source, split = recipe.sources[1], Split(1, "quiz.jsonl", "quiz.jsonl", "", 1)
    url = "https://example.org/a.pdf#page=2"
    values = {"document": url, "page": "2", "question": "b?", "answers": "c"}
    (question,), _ = questions_of(recipe, source, split, [input_row(source, 0, values)])
    document = url if fmt == "folder" else "https://example.org/a.pdf"  # a file may be called so
    assert question.uid == page_uid(picture_uid("library", document), 2)
    assert question.page == f"library:{document}#page=2"


def test_questions_about_pictures_are_captions(
    world: Path, write_recipe: Callable[..., Path], tmp_path: Path
) -> None:
    rows = pq.read_table(world / "pairs.parquet").slice(0, 12).to_pylist()
    for number, row in enumerate(rows):
        row["question"] = f"What is on picture {number}?"
        row["answers"] = [row["text"], "something else"] if number else []
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "quiz.parquet")
    recipe = write_recipe(tmp_path, path=str(tmp_path / "quiz.parquet"))
    text = recipe.read_text("utf-8").replace(
        'caption_column = "text"', 'question_column = "question"\nanswer_column = "answers"'
    )
    recipe.write_text(text, "utf-8")
    curate(recipe, HERE, stages=("gather",))
    output = tmp_path / "out"
    captions = table(output / "captions/source")
    assert captions
    assert {row["origin"] for row in captions} == {"question-answer"}
    for row in captions:
        of = rows[int(row["row"].rpartition(":")[2])]
        assert row["text"] == f"{of['question']} {of['text'].strip()}"
    ledger = {row["row"]: row["reason"] for row in table(output / "ledger/gather")}
    assert ledger["world:quiz.parquet:0"] in ("empty-caption", "no-caption")
    recipe.write_text(text.replace("question_column", 'caption_column = "text"\nquestion_column'))
    with pytest.raises(RecipeError, match="captions are questions with their answers"):
        read_recipe(str(recipe))
