"""What is said of a recipe's `[translate]` before anything is translated."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.doctor import examine
from pipelines.driver import Job, run_job
from pipelines.errors import RecipeError
from pipelines.recipe_file import read_recipe
from tests.conftest import counts, curate, digests
from tests.pipelines.translating import FEW, HERE


def test_a_dry_run_says_what_there_is_to_do_and_leaves_nothing(
    write_translating: Callable[..., Path], calls: list[Any], tmp_path: Path
) -> None:
    recipe, events = write_translating(tmp_path), []
    before = digests(tmp_path / "out")
    run_job(Job(str(recipe), ("translate",), None, (HERE,), preview=True), events.append)
    shown = [event["line"] for event in events if event["event"] == "shown"]
    assert digests(tmp_path / "out") == before
    assert calls  # tried how fast it is
    noted = [
        event["words"]
        for event in curate(recipe, HERE, stages=("translate",))
        if event["event"] == "note"
    ]
    *languages, whole, trial = shown
    *pairs, others = languages[2:]
    assert [line.partition(" ")[0] for line in languages[:2]] == ["de", "ka"]
    assert all("tokens/s, by a trial of all pairs" in line for line in pairs)
    assert (len(pairs), others.partition("  ")[0]) == (20, "31 other pairs")
    assert noted[:-1] == [whole]
    assert "0 imported, 0 remembered" in whole
    assert "tokens/s, by a trial" in trial
    texts = counts(tmp_path / "out", "translate")["caption created"]
    assert whole.startswith(f"{texts} texts to say in other languages")


def test_the_doctor_knows_translators(
    write_translating: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_translating(tmp_path / "a")
    examine(str(recipe))
    shown = capsys.readouterr().out
    assert "from 30 into 30 of our languages" in shown
    assert "its licence, CC BY-NC 4.0, does not allow commercial use" in shown
    assert "all 58 pairs of languages are translated" in shown
    imports = f'{FEW}\nmemory_imports = ["no.tmx"]\nmemory = "own"'
    examine(str(write_translating(tmp_path / "b", models='sources = ["en"]', settings=imports)))
    shown = capsys.readouterr().out
    assert "no translator for 56 of 58 pairs of languages: ar-de ar-ka" in shown
    assert "error    translate.memory_imports: there is no" in shown
    assert f"memory: {tmp_path}/b/own can be written to" in shown


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('into_languages = ["de"]\nfrom_languages = ["de"]', "translate must have two languages"),
        ('into_languages = ["xx"]', "translate.into_languages must be of "),
        ('from_sources = ["web"]', "translate.from_sources must be among world, got 'web'"),
        ("share = 1.5", "translate.share must be in [0, 1], got 1.5"),
        ("share_in = {de = -1.0}", "translate.share_in.de must be in [0, 1], got -1.0"),
        ("weights = {de = 2.0}", "translate.weights must go with per_caption"),
        ("per_caption = 2\nweights = {de = 0.0}", "translate.weights.de must be over 0, got 0.0"),
        ("per_caption = -1", "translate.per_caption: must be greater than or equal to 0, got -1"),
        (
            'into_languages = ["de", "fr", "de"]',
            "translate.into_languages must be different languages, got 'de' twice",
        ),
        ('pivot = "english"', "translate.pivot must be of "),
        ("decoding = {beam_size = 0}", "translate.decoding.beam_size must be at least 1, got 0"),
        ("rules = {max_run = -1}", "translate.rules.max_run must be at least 0, got -1"),
        ("models = []", "translate.models: must not be empty"),
        ("modles = []", "translate.modles: there is no such key, did you mean models?"),
        ("", "translate.models: must be given"),
    ],
)
def test_what_is_wrong_in_a_recipe_is_named(
    write_recipe: Callable[..., Path], tmp_path: Path, settings: str, said: str
) -> None:
    recipe = write_recipe(tmp_path)
    models = "" if "models" in settings or not settings else 'models = [{model = "a/b"}]'
    text = recipe.read_text("utf-8")
    recipe.write_text(f"{text}\n[translate]\n{models}\n{settings}\n", "utf-8")
    with pytest.raises(RecipeError) as error:
        read_recipe(str(recipe))
    assert said in str(error.value)


def test_languages_that_no_model_says_are_refused(
    write_translating: Callable[..., Path], tmp_path: Path
) -> None:
    recipe = write_translating(tmp_path, models='targets = ["de"]')
    with pytest.raises(RecipeError, match=r"none of the models \(nllb@.*\) translates into ka"):
        curate(recipe, HERE, stages=("translate",))
