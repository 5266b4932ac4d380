"""Text pairs past a teacher: no picture, no gather."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.teacher import TeacherSpec, load_teacher
from pipelines.recount import recount
from pipelines.storage import Folder
from pipelines.way import kept_pair, text_scores
from tests.conftest import counts, curate, table
from tests.model.checkpoints import cross_fitted, ours, state

RECIPE = """
output = "out"

[[sources]]
name = "texts"
task = "text-pair"
format = "table"
path = "texts.parquet"
language_column = "language"
licence = "CC0-1.0"

[screen]

[score]
text_batch = 3

[[score.teachers]]
model = "{wide}"

[[score.teachers]]
model = "{narrow}"

[pack]
"""
PAIRS = [
    ("en", "What is above the square?", "A red circle lies above the blue square."),
    ("en", "Where is the kite?", "It hangs in the tree behind the house."),
    ("de", "Was liegt auf dem Tisch?", "Drei grüne Äpfel und ein Messer."),
    ("fr", "Que voit-on au fond ?", "Une montagne couverte de neige."),
    ("en", "What is above the square?", "Nothing at all, it stands alone here."),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scored by a teacher of all languages and by one of English alone."""
    folder: Path = tmp_path_factory.mktemp("texts")
    wide = ours(folder / "wide")
    state(Path(shutil.copytree(wide, folder / "narrow")), languages=["en"])
    rows = [dict(zip(("language", "query", "positive"), pair, strict=True)) for pair in PAIRS]
    pq.write_table(pa.Table.from_pylist(rows), folder / "texts.parquet")
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE.format(wide=wide, narrow="narrow"), "utf-8")
    curate(recipe, stages=("screen", "score", "pack"))
    return folder


def test_pairs_have_the_cosines_of_their_texts(folder: Path) -> None:
    pairs, scores = table(folder / "out/screened/texts"), table(folder / "out/scores/texts")
    assert len(pairs) == len(PAIRS)
    for column in ("query_id", "positive_id", "query_language"):
        assert [s[column] for s in scores] == [p[column] for p in pairs for _ in range(2)]
    teacher = load_teacher(TeacherSpec(model=str(folder / "wide")))
    for pair, by_wide, by_narrow in zip(pairs, scores[::2], scores[1::2], strict=True):
        one, other = (
            teacher.embed_texts([pair[side]], [pair[f"{side}_language"]])[0]
            for side in ("query", "positive")
        )
        assert by_wide["cosine"] == pytest.approx(one @ other, abs=1e-3)
        assert (by_wide["teacher"][:5], by_narrow["teacher"][:7]) == ("wide@", "narrow@")
        if pair["query_language"] == "en":
            assert by_narrow["cosine"] == pytest.approx(by_wide["cosine"], abs=1e-3)
            assert by_narrow["status"] == "scored"
        else:
            assert (by_narrow["cosine"], by_narrow["status"]) == (0.0, "not-understood")


def test_each_text_is_embedded_once(folder: Path) -> None:
    for teacher, texts in ((0, 9), (1, 5)):
        where = folder / f"out/embeddings/{teacher}/texts"
        ids = pq.read_table(where / "00000.parquet")["text_id"].to_pylist()
        assert ids == sorted(set(ids))
        assert np.load(where / "00000.npy").shape == (texts, 24)


def test_pairs_are_handed_on_and_can_be_looked_up(folder: Path) -> None:
    output = folder / "out"
    assert counts(output, "score") == {"text in": len(PAIRS), "text kept": len(PAIRS)}
    assert counts(output, "pack")["text kept"] == len(PAIRS)
    root = Folder(str(output))
    pair = kept_pair(root, "texts:texts.parquet:3")
    assert pair
    assert [score.status for score in text_scores(root, pair)] == ["scored", "not-understood"]


def test_pairs_are_judged_by_the_first_of_a_cross_fitted_teachers_models(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copy(folder / "texts.parquet", tmp_path / "texts.parquet")
    recipe, teacher = tmp_path / "recipe.toml", cross_fitted(tmp_path / "pool")
    recipe.write_text(RECIPE.format(wide=teacher, narrow=teacher / "fold-0/model"), "utf-8")
    flags = ("--direct_num_workers=1", "--direct_running_mode=in_memory")
    curate(recipe, *flags, stages=("screen", "score"))
    scores = table(tmp_path / "out/scores/texts")
    by_pool, by_first = ([row["cosine"] for row in scores[at::2]] for at in (0, 1))
    assert by_pool == by_first
    assert len(set(by_pool)) > 1


def test_a_part_of_which_nothing_was_kept_has_its_tables(folder: Path, tmp_path: Path) -> None:
    same = "the very same five words"
    rows = [{"language": "en", "query": same, "positive": same}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "texts.parquet")
    recipe = tmp_path / "recipe.toml"
    places = {"wide": folder / "wide", "narrow": folder / "narrow"}
    recipe.write_text(RECIPE.format(**places), "utf-8")
    curate(recipe, stages=("screen", "score"))
    assert counts(tmp_path / "out", "score") == {"text in": 0, "text kept": 0}
    account = recount(Folder(str(tmp_path / "out")))
    assert not account.differences
    assert account.pictures.scores
    assert account.pictures.scores.texts == 0
    assert np.load(tmp_path / "out/embeddings/1/texts/00000.npy").shape == (0, 24)
