"""Pages go the way of pictures: scored, selected, translated and packed beside them."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.round_trip import RoundTripRules, is_sent_back
from model.pictures import decode_picture
from model.teacher import Teacher, TeacherSpec, load_teacher
from model.translator_conversion import convert_checkpoint
from pipelines.documents import DocumentsStage
from pipelines.errors import RecipeError, RunError
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.stages import Run
from pipelines.stats import show_stats
from pipelines.storage import Folder
from pipelines.why import show_way
from schemas.ids import phrase_id
from tests.conftest import Curated, counts, curate, digests, table
from tests.model import translators
from tests.model.checkpoints import ours
from tests.pipelines.rendering.made import line, pdf, prose
from tests.pipelines.test_documents import FILES, samples, write_files
from tests.pipelines.test_documents import RECIPE as OF_DOCUMENTS
from tests.pipelines.test_score import with_score
from tests.pipelines.translating import FEW as INTO
from tests.pipelines.translating import HERE, with_translate

SELECT = """
[select.threshold]
by = "none"

[select.documents.threshold]
by = "keep-fraction"
value = 0.7
"""
GATE = "\nmax_cosine_drop = 1.9\n"
BACK = RoundTripRules(share=0.5)
FEW = ("kites.pdf", "packed.pdf.gz", "deep/milan.html", "deep/feld.svg", "pairs.md")
AFTER = ("score", "select", "translate", "pack")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny teacher, `clip`, and a tiny translator, `nllb`."""
    folder = tmp_path_factory.mktemp("models")
    ours(folder / "clip")
    convert_checkpoint(str(translators.nllb(folder / "source/nllb")), folder / "nllb")
    return folder


@pytest.fixture(scope="module")
def recipe(curated: Curated, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run over pictures and documents, to look at and not to change."""
    folder = tmp_path_factory.mktemp("both")
    shutil.copytree(curated.output, folder / "out")
    recipe = write_files(folder, {name: FILES[name] for name in FEW})
    source = OF_DOCUMENTS[OF_DOCUMENTS.index("[[sources]]") : OF_DOCUMENTS.index("[pack]")]
    text = (curated.output.parent / "recipe.toml").read_text("utf-8")
    recipe.write_text(text.replace("[gather]", f"{source}[gather]"), "utf-8")
    with_score(recipe, models / "clip")
    recipe.write_text(recipe.read_text("utf-8") + SELECT, "utf-8")
    settings = f"{INTO}\nround_trip = {{share = {BACK.share}}}"
    with_translate(recipe, models / "nllb", settings=settings)
    text = recipe.read_text("utf-8").replace('"cosine-drop", ', "")
    recipe.write_text(text.replace("[translate.rules]", f"[translate.rules]{GATE}"), "utf-8")
    curate(recipe, HERE, stages=("documents", *AFTER))
    return recipe


@pytest.fixture(scope="module")
def run(recipe: Path) -> Path:
    return recipe.parent / "out"


@pytest.fixture(scope="module")
def teacher(models: Path) -> Teacher:
    return load_teacher(TeacherSpec(model=str(models / "clip")))


@pytest.fixture(scope="module")
def pages(run: Path, teacher: Teacher) -> dict[str, np.ndarray]:
    """Stored pages by uid, each read and embedded alone."""
    found = {}
    for row in table(run / "pages"):
        tar = (run / "documents" / f"{row['image_shard']:05d}.tar").read_bytes()
        image = decode_picture(tar[row["image_offset"] :][: row["image_size"]])
        found[row["uid"]] = teacher.embed_images([image])[0]
    return found


def by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["caption_id"]: row for row in rows}


def test_scores_of_queries_are_those_of_a_plain_loop(
    run: Path, teacher: Teacher, pages: dict[str, np.ndarray]
) -> None:
    queries, rows = by_id(table(run / "captions/pages")), table(run / "scores/pages")
    assert [row["caption_id"] for row in rows] == [*queries]
    assert len(rows) == 6
    for row in rows:
        text = teacher.embed_texts([queries[row["caption_id"]]["text"]], [row["language"]])[0]
        assert row["cosine"] == pytest.approx(pages[row["uid"]] @ text, abs=1e-3)
        others = [pages[uid] @ text for uid in pages if uid != row["uid"]]
        assert min(abs(row["shuffled_cosine"] - other) for other in others) < 1e-3


def test_pages_and_their_texts_are_embedded(
    run: Path, teacher: Teacher, pages: dict[str, np.ndarray]
) -> None:
    texts = {
        row["uid"]: teacher.embed_texts([row["text"][:2_000]], [row["language"]])[0]
        for row in table(run / "pages")
    }
    for what, expected in (("pages", pages), ("page-texts", texts)):
        found = {}
        for array in (run / "embeddings/0" / what).glob("*.npy"):
            ids = pq.read_table(array.with_suffix(".parquet"))["uid"].to_pylist()
            found |= dict(zip(ids, np.load(array), strict=True))
        assert found.keys() == expected.keys()
        for uid, embedding in found.items():
            np.testing.assert_allclose(embedding, expected[uid], atol=2e-3)


def test_pages_have_thresholds_of_their_own(run: Path) -> None:
    sources = {
        name: {row["source"] for row in json.loads((run / name).read_text())["thresholds"]}
        for name in ("thresholds.json", "thresholds-documents.json")
    }
    assert sources == {"thresholds.json": set(), "thresholds-documents.json": {"library", "*"}}
    scores = sorted(row["cosine"] for row in table(run / "scores/pages"))
    kept = {row["caption_id"] for row in table(run / "selected/queries")}
    lost = [row for row in table(run / "ledger/select/pages") if row["unit"] == "query"]
    assert {row["reason"] for row in lost} == {"below-threshold"}
    assert 0 < len(lost) < len(scores)
    assert {row["cosine"] for row in table(run / "scores/pages") if row["caption_id"] in kept} == {
        *scores[len(lost) :]
    }
    assert "page kept" in counts(run, "select")
    assert counts(run, "select")["caption kept"] == counts(run, "score")["caption kept"]


def test_queries_are_translated_and_say_where_they_are_from(
    run: Path, teacher: Teacher, pages: dict[str, np.ndarray]
) -> None:
    sources, rows = by_id(table(run / "selected/queries")), table(run / "captions/translated/pages")
    assert rows
    for row in rows:
        parent = sources[row["parent"]]
        assert (row["uid"], row["origin"]) == (parent["uid"], parent["origin"])
        assert row["engine"].startswith("nllb@")
        said = teacher.embed_texts([row["text"]], [row["language"]])[0]
        assert row["cosine"] == pytest.approx(pages[row["uid"]] @ said, abs=2e-3)
    said = counts(run, "translate")
    assert said["query in"] == len(sources)
    assert said["query kept"] == len(sources) + len(rows)
    assert said["caption kept"] > said["caption in"]


@pytest.mark.parametrize("where", ["", "/pages"])
def test_what_queries_were_translated_back_to_lies_beside_that_of_captions(
    run: Path, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    kept = "captions" if not where else "queries"
    sources = by_id(table(run / "selected" / kept))
    made = by_id(table(run / f"captions/translated{where}"))
    trips = by_id(table(run / f"captions/round-trips{where}"))
    seed = read_recipe(str(run.parent / "recipe.toml")).seed
    for id_, row in made.items():
        source = sources[row["parent"]]
        key = phrase_id(source["language"], source["text"])
        assert (id_ in trips) == is_sent_back(key, row["language"], seed, BACK)
    assert 0 < len(made.keys() & trips.keys()) < len(made)
    ended = {row["id"] for row in table(run / f"ledger/translate{where}")}
    assert trips.keys() <= made.keys() | ended
    id_ = min(made.keys() & trips.keys())
    assert show_way(str(run), id_)
    shown = " ".join(capsys.readouterr().out.split())
    assert " ".join(f"translated back, chrF {trips[id_]['chrf']:.1f}: ".split()) in shown


def test_what_was_kept_is_packed_with_scores_and_translations(run: Path) -> None:
    packed = {sample["key"]: sample for sample in samples(run / "shards/documents/train")}
    assert packed.keys() == {row["uid"] for row in table(run / "selected/pages")}
    cosines = {row["caption_id"]: row["cosine"] for row in table(run / "scores/pages")}
    cosines |= {
        row["caption_id"]: row["cosine"] for row in table(run / "captions/translated/pages")
    }
    rows = [row for row in table(run / "shards/documents/train") if "origin" in row]
    assert {row["score"] for row in rows} == {round(cosines[row["caption_id"]], 6) for row in rows}
    made = {row["uid"]: row["text"] for row in rows if row["parent"] and row["language"] == "ka"}
    assert made
    for uid, text in made.items():
        assert json.loads(packed[uid]["json"])["caption_ka"] == text
    assert len(samples(run / "shards/pairs/train")) == counts(run, "select")["picture kept"]


def test_everything_adds_up_at_every_stage(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    account = recount(Folder(str(run)))
    assert account.differences == []
    assert account.unfinished == []
    before = counts(run, "documents")
    for stage in AFTER:
        said = counts(run, stage)
        for unit in ("page", "query"):
            if stage != "translate" or unit == "query":
                assert said[f"{unit} in"] == before[f"{unit} kept"], (stage, unit)
        before = before | said
    assert show_stats(str(run))
    shown = capsys.readouterr().out
    assert "scores of pages by clip@" in shown
    assert "translations of queries kept, by language" in shown
    report = json.loads((run / "report/stats.json").read_text())
    assert sum(report["page_languages"].values()) == counts(run, "select")["query kept"]
    assert report["page_selection"]["examples"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scores/pages", "missing"),
        ("captions/translated/pages", "missing"),
        ("selected/queries", "the captions of"),
        ("ledger/select/pages", "missing"),
    ],
)
def test_what_is_lost_of_pages_is_told(run: Path, tmp_path: Path, name: str, words: str) -> None:
    output = tmp_path / "out"
    shutil.copytree(run, output)
    part = output / name / "part-00000.parquet"
    if "captions" in words:
        pq.write_table(pq.read_table(part).slice(1), part)
    else:
        part.unlink()
    assert any(words in str(found) for found in recount(Folder(str(output))).differences)


def test_why_tells_what_became_of_a_page_and_its_queries(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (lost, *_) = [row for row in table(run / "ledger/select/pages") if row["unit"] == "query"]
    assert show_way(str(run), lost["id"])
    shown = capsys.readouterr().out
    assert f"query {lost['id']}" in shown
    assert "with another page" in shown
    assert f"select rejected: below-threshold ({lost['detail']})" in shown
    (made, *_) = table(run / "captions/translated/pages")
    for name in (made["caption_id"], made["parent"], made["uid"], made["row"]):
        assert show_way(str(run), name)
        shown = capsys.readouterr().out
        assert f"translated to {made['language']}: {made['text']}" in shown
        assert f"pack       shards/documents/train, key {made['uid']}" in shown


def test_a_changed_threshold_of_pages_selects_again_and_scores_nothing(
    recipe: Path, tmp_path: Path
) -> None:
    shutil.copytree(recipe.parent, tmp_path, dirs_exist_ok=True)
    changed, output = tmp_path / "recipe.toml", tmp_path / "out"
    text = changed.read_text("utf-8").replace("value = 0.7", "value = 0.01")
    changed.write_text(text, "utf-8")
    events = curate(changed, HERE, stages=AFTER)
    skipped = {event["stage"] for event in events if event["event"] == "skipped"}
    assert skipped == {"score"}
    kept = [counts(folder / "out", "pack") for folder in (tmp_path, recipe.parent)]
    assert kept[0]["page kept"] < kept[1]["page kept"]
    assert kept[0]["picture kept"] == kept[1]["picture kept"]
    assert digests(output / "shards/pairs") == digests(recipe.parent / "out/shards/pairs")
    assert recount(Folder(str(output))).differences == []


def test_pages_that_mean_the_same_are_one_whatever_becomes_of_pictures(
    recipe: Path, tmp_path: Path
) -> None:
    shutil.copytree(recipe.parent, tmp_path, dirs_exist_ok=True)
    changed, output = tmp_path / "recipe.toml", tmp_path / "out"
    rules = "[select.documents.semantic]\n\n"  # to this teacher all pages look alike
    text = changed.read_text("utf-8").replace("value = 0.7", "value = 1.0")
    text = text.replace("[select.documents.threshold]", f"{rules}[select.documents.threshold]")
    changed.write_text(text, "utf-8")
    curate(changed, HERE, stages=("select",))
    said, before = counts(output, "select"), counts(recipe.parent / "out", "select")
    assert said["page kept"] == 1
    assert said["page rejected semantic-duplicate"] == said["page in"] - 1
    assert said["picture kept"] == before["picture kept"]
    decided = json.loads((output / "thresholds-documents.json").read_text())
    assert "semantic" in decided
    assert recount(Folder(str(output))).differences == []


# Documents alone


@pytest.fixture
def alone(models: Path, tmp_path: Path) -> Path:
    """A recipe over four PDFs of a page each."""
    recipe = write_files(
        tmp_path,
        {
            f"{name}.pdf": pdf([line(name, size=24, y=760) + prose(number + 9)])
            for number, name in enumerate(("Nests", "Pairs", "Valleys", "Flights"))
        },
    )
    return with_score(recipe, models / "clip")


def test_documents_alone_are_scored_selected_and_packed(alone: Path) -> None:
    alone.write_text(alone.read_text("utf-8") + "\n[select.threshold]\nby = 'none'\n", "utf-8")
    curate(alone, HERE, stages=("documents", "score", "select", "pack"))
    output = alone.parent / "out"
    assert counts(output, "pack")["page kept"] == 4
    assert counts(output, "score") == {"page in": 4, "page kept": 4, "query in": 4, "query kept": 4}
    account = recount(Folder(str(output)))
    assert account.differences == []
    assert account.unfinished == []
    assert not (output / "selected/pictures").exists()


@pytest.mark.parametrize("per_shard", [3, 100])
def test_pages_lie_in_the_same_shards_with_any_number_of_workers(
    alone: Path, monkeypatch: pytest.MonkeyPatch, per_shard: int
) -> None:
    for number in range(60):
        shutil.copy(alone.parent / "files/Nests.pdf", alone.parent / f"files/{number}.pdf")
    rules = f"[documents]\ndocuments_per_shard = {per_shard}\n"
    text = re.sub(r"\[documents\]\ndocuments_per_shard = .*\n", rules, alone.read_text("utf-8"))
    alone.write_text(text, "utf-8")
    recipe, found = read_recipe(str(alone)), []
    assert recipe.documents
    assert recipe.documents.documents_per_shard == per_shard
    monkeypatch.setattr(DocumentsStage, "_render", _stop)
    for workers in (0, 1, 2, 32):
        stage = DocumentsStage(Run(recipe, None, (), (), workers, lambda _: None))
        work = Folder(recipe.output) / f"work-{workers}"
        with pytest.raises(RunError, match="planned"):
            stage.run(work)
        shards = work.read("plan/plan.json").decode().replace(f"work-{workers}/", "")
        found.append((shards, digests(Path(work.path("plan/left")))))
    assert found == found[:1] * 4
    assert len(json.loads(found[0][0])) >= 64 // 4


def _stop(*_: object) -> None:
    raise RunError("planned")


SCREEN = """
[screen]

[[screen.decontaminate.sets]]
name = "held-out"
path = "evaluation.parquet"
text_columns = ["query"]
"""


def test_pages_and_queries_are_screened(alone: Path) -> None:
    folder = alone.parent
    held_out = "Where the red kites nest"
    for name, heading, lines in (
        ("Again", "Nests", 9),
        ("Scan", "IMG_0001.JPG", 20),
        ("Held", held_out, 30),
    ):
        page = line(heading, size=24, y=760) + prose(lines)
        (folder / "files" / f"{name}.pdf").write_bytes(pdf([page]))
    pq.write_table(pa.table({"query": [held_out.upper()]}), folder / "evaluation.parquet")
    alone.write_text(f"{alone.read_text('utf-8').partition('[score]')[0]}{SCREEN}", "utf-8")
    curate(alone, HERE, stages=("documents", "screen", "pack"))
    output = folder / "out"
    ledger = table(output / "ledger/screen/pages")
    assert Counter((row["unit"], row["reason"]) for row in ledger) == {
        ("page", "duplicate-bytes"): 1,
        ("page", "no-caption"): 2,
        ("query", "duplicate-bytes"): 1,
        ("query", "file-name"): 1,
        ("query", "contaminated-caption"): 1,
    }
    assert counts(output, "screen")["page kept"] == counts(output, "pack")["page kept"] == 4
    account = recount(Folder(str(output)))
    assert account.differences == []
    assert account.contaminated == {("held-out", "query"): 1}


def spoil(output: Path, uids: set[str]) -> None:
    """Overwrites stored pages with zeros."""
    for row in table(output / "pages"):
        if row["uid"] in uids:
            tar = output / "documents" / f"{row['image_shard']:05d}.tar"
            with tar.open("r+b") as file:
                file.seek(row["image_offset"])
                file.write(bytes(row["image_size"]))


def test_pages_that_cannot_be_decoded_any_more_fail_with_their_queries(alone: Path) -> None:
    output = alone.parent / "out"
    curate(alone, HERE, stages=("documents",))
    (first, second, *_) = sorted(row["uid"] for row in table(output / "pages"))
    spoil(output, {first})
    curate(alone, HERE, stages=("score", "pack"))
    ledger = table(output / "ledger/score/pages")
    assert {(row["unit"], row["reason"]) for row in ledger} == {
        ("page", "broken-picture"),
        ("query", "broken-picture"),
    }
    assert counts(output, "pack")["page kept"] == 3
    assert recount(Folder(str(output))).differences == []
    spoil(output, {second})
    shutil.rmtree(output / "ledger/score")
    with pytest.raises(RunError, match="of 4 stored pages 2 cannot be decoded any"):
        curate(alone, HERE, stages=("score",))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[select.documents]\nvalue = 1\n", "select.documents.value: there is no such key"),
        ("[select.documents.threshold]\nvalue = 2\n", r"value must be in \(0, 1\]"),
        ("[select.documents.threshold]\nvalue_in = {xx = 0.5}\n", "value_in must be of"),
        ('[mine]\nkinds = ["text-text"]\n', "mine.kinds must have query-to-page"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(alone: Path, table: str, words: str) -> None:
    alone.write_text(f"{alone.read_text('utf-8')}\n{table}", "utf-8")
    with pytest.raises(RecipeError, match=words):
        read_recipe(str(alone))
