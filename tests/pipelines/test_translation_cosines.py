"""What a teacher says of translations, against a plain loop over the same texts."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from model.teacher import TeacherSpec, load_teacher
from model.translator_conversion import convert_checkpoint
from pipelines import translate
from pipelines.errors import RecipeError
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.storage import Folder
from tests.conftest import Curated, curate, digests, table
from tests.model import translators
from tests.model.checkpoints import ours
from tests.pipelines.test_score import stored_pictures, with_score
from tests.pipelines.translating import HERE, with_translate

RULES = "\nmax_cosine_drop = 0.0\nmin_cosine = {least}\n"
LEAST = 0.3


def run(folder: Path, curated: Curated, rules: str) -> Path:
    """Scores and translates a copy of a finished output; returns its recipe."""
    shutil.copytree(curated.output, folder / "out")
    convert_checkpoint(str(translators.nllb(folder / "source/nllb")), folder / "nllb")
    recipe = folder / "recipe.toml"
    recipe.write_text((curated.output.parent / "recipe.toml").read_text("utf-8"), "utf-8")
    with_score(recipe, ours(folder / "clip"))
    with_translate(recipe, folder / "nllb")
    text = recipe.read_text("utf-8").replace("[translate.rules]", "[translate.rules]" + rules)
    text = text.replace('"cosine-drop", "unlike-source", ', "")
    recipe.write_text(text, "utf-8")
    curate(recipe, HERE, stages=("score", "translate", "pack"))
    return recipe


@pytest.fixture(scope="module")
def recipe(curated: Curated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run to look at and not to change."""
    return run(tmp_path_factory.mktemp("judged"), curated, RULES.format(least=LEAST))


class Plain:
    """Cosines of texts and pictures that are embedded one by one.

    Args:
      recipe: of a finished run.
    """

    def __init__(self, recipe: Path) -> None:
        output = recipe.parent / "out"
        self._teacher = load_teacher(TeacherSpec(model=str(recipe.parent / "clip")))
        self._pictures = {
            uid: self._teacher.embed_images([image])[0]
            for uid, image in stored_pictures(output).items()
        }
        self._sources = {row["caption_id"]: row for row in table(output / "captions/source")}

    def of(self, parent: str, language: str, text: str) -> tuple[float, float, float]:
        """Source and picture, translation and picture, translation and source."""
        of_source = self._sources[parent]
        source = self._text(of_source["language"], of_source["text"])
        said, picture = self._text(language, text), self._pictures[of_source["uid"]]
        return source @ picture, said @ picture, source @ said

    def _text(self, language: str, text: str) -> np.ndarray:
        return self._teacher.embed_texts([text], [language])[0]


def test_cosines_are_those_of_a_plain_loop(recipe: Path) -> None:
    output, plain = recipe.parent / "out", Plain(recipe)
    rows = table(output / "captions/translated")
    assert rows
    for row in rows:
        before, after, alike = plain.of(row["parent"], row["language"], row["text"])
        assert row["cosine"] == pytest.approx(after, abs=2e-3)
        assert after >= before - 2e-3
        assert alike >= LEAST - 2e-3
    ledger = [row for row in table(output / "ledger/translate") if row["fate"] == "rejected"]
    reasons = {row["reason"] for row in ledger}
    assert "cosine-drop" in reasons
    assert reasons <= {"cosine-drop", "unlike-source"}
    for row in ledger:
        pair, _, rest = row["detail"].partition(" of ")
        parent, _, text = rest.split(": ", 2)
        before, after, alike = plain.of(parent, pair.partition("-")[2], text)
        if row["reason"] == "cosine-drop":
            assert after < before + 2e-3
        else:
            assert alike < LEAST + 2e-3


def test_everything_is_accounted_for_and_packed_with_its_score(recipe: Path) -> None:
    output = recipe.parent / "out"
    assert not recount(Folder(str(output))).differences
    packed = table(output / "shards/pairs/train")
    scores = {row["caption_id"]: row["score"] for row in packed if "origin" in row}
    for row in table(output / "captions/translated"):
        assert scores[row["caption_id"]] == pytest.approx(row["cosine"], abs=1e-6)


def test_bundles_done_twice_give_the_same_bytes(recipe: Path, tmp_path: Path) -> None:
    shutil.copytree(recipe.parent, tmp_path, dirs_exist_ok=True)
    output = tmp_path / "out"
    shutil.rmtree(output / "ledger/translate")
    curate(tmp_path / "recipe.toml", HERE, "--direct_runner_bundle_repeat=1", stages=("translate",))
    expected = digests(recipe.parent / "out/captions/translated")
    assert digests(output / "captions/translated") == expected


def test_a_bucket_may_have_no_texts(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(recipe.parent, tmp_path, dirs_exist_ok=True)
    output = tmp_path / "out"
    shutil.rmtree(output / "ledger/translate")
    monkeypatch.setattr(translate, "_BUCKET_TRANSLATIONS", 1)
    curate(tmp_path / "recipe.toml", HERE, stages=("translate",))
    expected = {row["caption_id"] for row in table(recipe.parent / "out/captions/translated")}
    assert {row["caption_id"] for row in table(output / "captions/translated")} == expected


def test_cosines_need_a_teacher(recipe: Path, tmp_path: Path) -> None:
    text = recipe.read_text("utf-8")
    first, _, rest = text.partition("\n[score]")
    alone = first + "\n[translate]" + rest.partition("\n[translate]")[2]
    (tmp_path / "recipe.toml").write_text(alone, "utf-8")
    with pytest.raises(RecipeError, match=r"translate\.rules\.max_cosine_drop and min_cosine must"):
        read_recipe(str(tmp_path / "recipe.toml"))
