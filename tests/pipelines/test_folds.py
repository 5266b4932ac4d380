"""A cross-fitted teacher: each pair is judged by the model of its fold, which has not seen it."""

import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from model.pictures import PictureError, decode_picture
from model.teacher import TeacherSpec, folder_digest, load_teacher
from pipelines import embedding
from pipelines.errors import RecipeError, RunError
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.score_options import ScoreTeacher
from pipelines.storage import Folder
from pipelines.teachers import Judge, first_of_one_space, look, specs_of
from schemas.ids import Folds, FoldsOf, digest
from tests.conftest import Curated, curate, digests, table
from tests.model.checkpoints import cross_fitted, state
from tests.model.tiny import save_dual_encoder, tiny_dual_encoder
from tests.pipelines.test_score import HERE, stored_pictures, with_score

ROOT = Path(__file__).parents[2]
FOLDS = 2


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cross_fitted(tmp_path_factory.mktemp("teacher") / "pool")


def copied(curated: Curated, folder: Path) -> Path:
    """A recipe beside a copy of a finished output."""
    shutil.copytree(curated.output, folder / "out")
    return Path(shutil.copy(curated.output.parent / "recipe.toml", folder / "recipe.toml"))


def judged(curated: Curated, teacher: Path, folder: Path) -> Path:
    """The output, judged by the teacher."""
    recipe = copied(curated, folder)
    curate(with_score(recipe, teacher), HERE, stages=("score", "pack"))
    return folder / "out"


@pytest.fixture(scope="module")
def scored(curated: Curated, teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output, judged by the teacher of pictures, to look at and not to change."""
    return judged(curated, teacher, tmp_path_factory.mktemp("scored"))


@pytest.mark.parametrize("of", ["pictures", "captions"])
def test_each_fold_is_judged_by_the_model_that_has_not_seen_it(
    curated: Curated, scored: Path, teacher: Path, tmp_path: Path, of: FoldsOf
) -> None:
    """The strangers that captions are held against are embedded by the same model."""
    folds = Folds(FOLDS, of)
    if of == "captions":
        teacher = cross_fitted(tmp_path / "pool", folds)
        scored = judged(curated, teacher, tmp_path)
    models = [
        load_teacher(TeacherSpec(model=f"{teacher}/fold-{fold}/model")) for fold in range(FOLDS)
    ]
    captions, rows = table(scored / "captions/source"), table(scored / "scores")
    of_fold = [
        {row["uid"] for row in captions if folds.fold_of(row["uid"], row["caption_id"]) == fold}
        for fold in range(FOLDS)
    ]
    stored = stored_pictures(scored)
    pictures = {
        (uid, fold): models[fold].embed_images([stored[uid]])[0]
        for fold, uids in enumerate(of_fold)
        for uid in uids
    }
    assert len(pictures) > len(stored) if of == "captions" else len(pictures) == len(stored)
    strangers = [sorted(uids, key=lambda uid: digest("stranger", uid)) for uids in of_fold]
    assert {row["fold"] for row in rows} == {*range(FOLDS)}
    for row, kept in zip(rows, captions, strict=True):
        uid, fold = row["uid"], folds.fold_of(row["uid"], row["caption_id"])
        caption = models[fold].embed_texts([kept["text"]], [kept["language"]])[0]
        assert (row["fold"], row["caption_id"]) == (fold, kept["caption_id"])
        assert row["cosine"] == pytest.approx(pictures[uid, fold] @ caption, abs=1e-3)
        pool = strangers[fold]
        at = int(row["caption_id"], 16) * len(pool) >> 128
        other = pool[at] if pool[at] != uid else pool[(at + 1) % len(pool)]
        assert row["shuffled_cosine"] == pytest.approx(pictures[other, fold] @ caption, abs=1e-3)
    _check_embeddings(scored, pictures)


def test_a_picture_that_a_later_model_cannot_decode_fails_for_all(
    curated: Curated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a run was killed between two models and the picture was damaged meanwhile."""
    folds = Folds(FOLDS, "captions")
    found: dict[str, set[int]] = defaultdict(set)
    for row in table(curated.output / "captions/source"):
        found[row["uid"]].add(folds.fold_of(row["uid"], row["caption_id"]))
    uid = next(uid for uid, numbers in found.items() if len(numbers) > 1)
    gone, looked = stored_pictures(curated.output)[uid], list[int]()

    def decode(encoded: bytes) -> Image.Image:
        image = decode_picture(encoded)
        if image == gone:
            looked.append(len(looked))
            if len(looked) > 1:
                raise PictureError("damaged")
        return image

    monkeypatch.setattr(embedding, "decode_picture", decode)
    output = judged(curated, cross_fitted(tmp_path / "pool", folds), tmp_path)
    assert looked == [0, 1]
    assert uid in {row["id"] for row in table(output / "ledger/score")}
    assert uid not in {row["uid"] for row in table(output / "scores")}
    assert not recount(Folder(str(output))).differences


def test_all_models_are_one_teacher_with_one_revision(scored: Path, teacher: Path) -> None:
    (label,) = {row["teacher"] for row in table(scored / "scores")}
    revisions = {folder_digest(teacher / f"fold-{fold}/model") for fold in range(FOLDS)}
    name, _, revision = label.partition("@")
    assert (name, len(revision), len(revisions)) == ("pool", 12, FOLDS)
    assert not any(each.startswith(revision) for each in revisions)


def _check_embeddings(scored: Path, pictures: dict[tuple[str, int], np.ndarray]) -> None:
    """They say which model they are of, and no picture lacks."""
    found = dict[tuple[str, int], np.ndarray]()
    for path in (scored / "embeddings/0/pictures").glob("*.parquet"):
        ids, embeddings = pq.read_table(path).to_pylist(), np.load(path.with_suffix(".npy"))
        keys = [(row["uid"], row["fold"]) for row in ids]
        assert keys == sorted(set(keys))
        found |= dict(zip(keys, embeddings, strict=True))
    assert found.keys() == pictures.keys()
    for key, row in found.items():
        assert row == pytest.approx(pictures[key], abs=1e-3)
    assert not recount(Folder(str(scored))).differences


def test_a_changed_fold_scores_again_and_nothing_else_does(
    curated: Curated, teacher: Path, scored: Path, tmp_path: Path
) -> None:
    recipe = copied(curated, tmp_path)
    changed = Path(shutil.copytree(teacher, tmp_path / "pool"))
    curate(with_score(recipe, changed), HERE, stages=("score",))
    assert digests(tmp_path / "out/scores") == digests(scored / "scores")
    state(changed / "fold-1/model", languages=["en"])
    curate(recipe, HERE, stages=("score",))
    rows = table(tmp_path / "out/scores")
    assert {row["language"] for row in rows if row["status"] == "scored"} == {"en"}


Spoil = Callable[[Path], object]
BAD: dict[str, tuple[Spoil, str]] = {
    "fold-1/model must not have seen fold 1 of 2, whose pictures it is to judge": (
        lambda teacher: state(teacher / "fold-1/model", unseen_fold=0),
        "",
    ),
    "a cross-fitted teacher must have a model of every fold, got none in": (
        lambda teacher: shutil.rmtree(teacher / "fold-1"),
        "",
    ),
    "score.clip_retrieval compares any two pictures, and": (
        lambda _: None,
        "clip_retrieval = true",
    ),
}


@pytest.mark.parametrize("said", BAD)
def test_what_a_cross_fitted_teacher_is_not_taken_for(
    write_recipe: Callable[..., Path], teacher: Path, tmp_path: Path, said: str
) -> None:
    spoil, settings = BAD[said]
    spoiled = Path(shutil.copytree(teacher, tmp_path / "pool"))
    spoil(spoiled)
    with pytest.raises(RecipeError, match=said):
        read_recipe(str(with_score(write_recipe(tmp_path), spoiled, settings=settings)))


def test_pictures_that_mean_the_same_need_a_teacher_of_one_space(
    write_recipe: Callable[..., Path], teacher: Path, tmp_path: Path
) -> None:
    recipe = with_score(write_recipe(tmp_path), teacher)
    recipe.write_text(recipe.read_text("utf-8") + "\n[select.semantic]\n", "utf-8")
    with pytest.raises(
        RecipeError, match=r"select.semantic compares any two pictures, and .*pool i"
    ):
        read_recipe(str(recipe))
    second = f'\n[[score.teachers]]\nmodel = "{teacher}/fold-0/model"\n[select.semantic]\n'
    read = read_recipe(str(with_score(recipe, teacher, teacher=second)))
    assert read.score
    assert first_of_one_space(read.score) == 1


def test_the_recipe_in_the_repository_averages_a_cross_fitted_teacher_with_another(
    teacher: Path, tmp_path: Path
) -> None:
    (tmp_path / "configs").mkdir()
    recipe = shutil.copy(ROOT / "configs/cross_fitted.toml", tmp_path / "configs")
    shutil.copytree(teacher, tmp_path / "out/pool-teacher")
    score = read_recipe(str(recipe)).score
    assert score
    assert [specs_of(of, "cpu")[0].number for of in score.teachers] == [FOLDS, 1]
    assert first_of_one_space(score) == 1


def test_a_model_of_another_size_is_named(teacher: Path, tmp_path: Path) -> None:
    other = tiny_dual_encoder("clip", projection_dim=16)
    mixed = Path(shutil.copytree(teacher, tmp_path / "pool"))
    shutil.rmtree(mixed / "fold-1/model")
    state(save_dual_encoder(other, mixed / "fold-1/model"), folds=2, unseen_fold=1)
    folds, specs = specs_of(ScoreTeacher(model=str(mixed)), "cpu")
    with pytest.raises(RunError, match=r"must have as many features, got \[16, 24\]"):
        look(Judge(0, "pool", "", specs, folds))
