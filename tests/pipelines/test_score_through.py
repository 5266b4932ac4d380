"""Captions in languages that a teacher does not understand are judged through a translation."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import pytest

from model.teacher import TeacherSpec, load_teacher
from model.translator import Translator, TranslatorSpec, identify, load_translator
from pipelines.doctor import examine
from pipelines.errors import PairmillError, RecipeError, RunError
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.score import ScoreStage
from pipelines.score_plan import Piece, TextToEmbed
from pipelines.score_through import Through
from pipelines.stages import Run
from pipelines.stats import make_report
from pipelines.storage import Folder
from pipelines.transforms import through
from pipelines.translators import Speaker, load
from pipelines.why import show_way
from schemas.ids import Folds
from tests.conftest import Curated, curate, digests, table
from tests.model.checkpoints import cross_fitted, ours
from tests.pipelines.test_score import HERE, stored_pictures, with_score

TRANSLATOR = Path(__file__).parents[2] / "model/tiny_translator"
IN_ENGLISH = 'languages = ["en"]\n\n[score.through]\nmodel = "{}"\n'


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ours(tmp_path_factory.mktemp("checkpoint") / "clip")


@pytest.fixture(scope="module")
def translator() -> Translator:
    return load_translator(TranslatorSpec(model=str(TRANSLATOR), targets=("en",), threads=1))


def copied(curated: Curated, folder: Path, checkpoint: Path, teacher: str, more: str = "") -> Path:
    """A recipe beside a copy of a finished output, by which only scoring is left to do."""
    shutil.copytree(curated.output, folder / "out")
    recipe = Path(shutil.copy(curated.output.parent / "recipe.toml", folder / "recipe.toml"))
    return with_score(recipe, checkpoint, teacher=teacher.format(TRANSLATOR) + more)


@pytest.fixture(scope="module")
def scored(curated: Curated, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output, judged through English, to look at and not to change."""
    folder = tmp_path_factory.mktemp("scored")
    curate(copied(curated, folder, checkpoint, IN_ENGLISH), HERE, stages=("score",))
    return folder / "out"


def test_a_caption_is_judged_by_what_its_translation_says(
    scored: Path, checkpoint: Path, translator: Translator
) -> None:
    teacher = load_teacher(TeacherSpec(model=str(checkpoint), languages=("en",)))
    pictures = {
        uid: teacher.embed_images([image])[0] for uid, image in stored_pictures(scored).items()
    }
    captions, rows = table(scored / "captions/source"), table(scored / "scores")
    seen = set()
    for caption, row in zip(captions, rows, strict=True):
        text, language = caption["text"], caption["language"]
        if language not in ("en", "und"):
            (said,) = translator.translate([text], [language], ["en"])
            text = said.text
            assert not said.fault
        judged_in = "" if language == "und" else "en"
        seen.add((language, row["status"], row["judged_in"]))
        assert row["judged_in"] == judged_in
        assert row["status"] == ("scored" if judged_in else "not-understood")
        if judged_in:
            embedding = teacher.embed_texts([text], ["en"])[0]
            assert row["cosine"] == pytest.approx(pictures[row["uid"]] @ embedding, abs=2e-3)
    assert ("en", "scored", "en") in seen
    assert len(seen) > 2
    assert not recount(Folder(str(scored))).differences


def test_each_fold_reads_the_translations_of_its_own_captions(
    curated: Curated, translator: Translator, tmp_path: Path
) -> None:
    folds = Folds(2, "captions")
    pool = cross_fitted(tmp_path / "pool", folds)
    recipe = copied(curated, tmp_path / "run", pool, IN_ENGLISH)
    curate(recipe, HERE, stages=("score",))
    scored = tmp_path / "run/out"
    models = [
        load_teacher(TeacherSpec(model=f"{pool}/fold-{fold}/model", languages=("en",)))
        for fold in range(folds.number)
    ]
    stored, seen = stored_pictures(scored), set()
    captions = {row["caption_id"]: row for row in table(scored / "captions/source")}
    for row in table(scored / "scores"):
        if row["language"] not in ("en", "und"):
            fold = folds.fold_of(row["uid"], row["caption_id"])
            text = captions[row["caption_id"]]["text"]
            (said,) = translator.translate([text], [row["language"]], ["en"])
            embedding = models[fold].embed_texts([said.text], ["en"])[0]
            picture = models[fold].embed_images([stored[row["uid"]]])[0]
            assert (row["fold"], row["judged_in"]) == (fold, "en")
            assert row["cosine"] == pytest.approx(picture @ embedding, abs=2e-3)
            seen.add(fold)
    assert seen == {0, 1}
    assert not recount(Folder(str(scored))).differences


def test_what_several_captions_say_is_translated_once(translator: Translator) -> None:
    asked: list[str] = []

    class Counting:
        def translate(self, texts: list[str], *languages: list[str]) -> list[Any]:
            asked.extend(texts)
            return translator.translate(texts, *languages)

    red = "ein roter Kreis"
    said = [("1", "de", red), ("2", "fr", "un cercle"), ("3", "de", red)]
    texts = tuple(TextToEmbed(id_, "a", language, text, 0) for id_, language, text in said)
    captions = through._Captions(Piece("captions", 0, 0, 0, 3), texts)
    spec = TranslatorSpec(model=str(TRANSLATOR), targets=("en",), threads=1)
    by = Through(Speaker(0, spec, identify(spec)), ("de", "fr"), "en")
    (found,) = through._Translating(by).run_inference(captions, cast(Translator, Counting()))
    assert asked == [red, "un cercle"]
    one, _, three = found.translations
    assert one == three
    assert [each.text for each in found.translations] == [
        translator.translate([text], [language], ["en"])[0].text for _, language, text in said
    ]


def test_a_recipe_without_a_translator_depends_on_what_it_always_did(
    curated: Curated, checkpoint: Path, tmp_path: Path
) -> None:
    recipe = copied(curated, tmp_path, checkpoint, 'languages = ["en"]\n')
    stage = ScoreStage(Run(read_recipe(str(recipe)), None, (), (), 1, lambda _: None))
    assert "through" not in stage.depends_on()


def test_teachers_that_understand_a_caption_read_it_as_it_is(
    curated: Curated, checkpoint: Path, scored: Path, tmp_path: Path
) -> None:
    """Also one that does not understand what others are told."""
    everything, german = (shutil.copytree(checkpoint, tmp_path / name) for name in ("all", "de"))
    more = "".join(
        f'\n[[score.teachers]]\nmodel = "{folder}"\n{languages}'
        for folder, languages in ((everything, ""), (german, 'languages = ["de"]\n'))
    )
    recipe = copied(curated, tmp_path / "run", checkpoint, IN_ENGLISH, more)
    curate(recipe, HERE, stages=("score",))
    rows = table(tmp_path / "run/out/scores")
    told = ("cosine", "shuffled_cosine", "status", "judged_in")
    before = [[row[name] for name in told] for row in table(scored / "scores")]
    assert [[row[name] for name in told] for row in rows[::3]] == before
    assert {row["judged_in"] == row["language"] for row in rows[1::3] if row["judged_in"]} == {True}
    assert {row["judged_in"] for row in rows[2::3]} == {"", "de"}


def test_killed_and_run_again_it_translates_only_what_is_left(
    curated: Curated,
    checkpoint: Path,
    scored: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = copied(curated, tmp_path, checkpoint, IN_ENGLISH)
    said: list[int] = []
    keep = through._KeepSaid.process

    def failing(self: Any, captions: Any) -> None:
        if len(said) == 1:
            raise RunError("the power is out")
        keep(self, captions)
        said.append(len(captions.captions))

    monkeypatch.setattr(through._KeepSaid, "process", failing)
    with pytest.raises(PairmillError, match="the power is out"):
        curate(recipe, HERE, stages=("score",))
    done = sum(said)
    said.append(0)
    curate(recipe, HERE, stages=("score",))
    foreign = [row for row in table(scored / "scores") if row["language"] not in ("en", "und")]
    assert 0 < done < sum(said) == len(foreign)
    for name in ("scores", "embeddings"):
        assert digests(tmp_path / "out" / name) == digests(scored / name)


def test_another_translator_scores_again_and_one_elsewhere_does_not(
    curated: Curated, checkpoint: Path, scored: Path, tmp_path: Path
) -> None:
    moved = shutil.copytree(TRANSLATOR, tmp_path / "tiny_translator")
    recipe = copied(curated, tmp_path, checkpoint, IN_ENGLISH)
    shutil.rmtree(tmp_path / "out")
    shutil.copytree(scored, tmp_path / "out")
    before = (tmp_path / "out/ledger/score/_stage.json").read_bytes()
    text = recipe.read_text("utf-8")
    recipe.write_text(text.replace(str(TRANSLATOR), str(moved)), "utf-8")
    curate(recipe, HERE, stages=("score",))
    assert (tmp_path / "out/ledger/score/_stage.json").read_bytes() == before
    recipe.write_text(text + 'sources = ["de"]\n', "utf-8")
    curate(recipe, HERE, stages=("score",))
    judged = {row["language"] for row in table(tmp_path / "out/scores") if row["judged_in"]}
    assert judged == {"en", "de"}


def test_what_cannot_be_translated_is_not_judged(
    curated: Curated, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the translator finds no end, as with a text of more tokens than it reads."""

    class Doubtful:
        def __init__(self, spec: TranslatorSpec) -> None:
            self._model = load(spec)

        def translate(self, texts: list[str], *languages: list[str]) -> list[Any]:
            long = [text * 600 if n % 2 else text for n, text in enumerate(texts)]
            return self._model.translate(long, *languages)

    monkeypatch.setattr(through, "load", Doubtful)
    recipe = copied(curated, tmp_path, checkpoint, IN_ENGLISH)
    curate(recipe, HERE, stages=("score",))
    rows = [row for row in table(tmp_path / "out/scores") if row["language"] not in ("en", "und")]
    assert {(row["status"], row["judged_in"]) for row in rows} == {
        ("scored", "en"),
        ("not-understood", ""),
    }
    assert all(row["cosine"] == 0 for row in rows if not row["judged_in"])
    assert not recount(Folder(str(tmp_path / "out"))).differences


BAD = {
    "score.through.model: there is no folder .*nowhere: run pairmill convert-translator": (
        '\n[score.through]\nmodel = "nowhere"\n'
    ),
    "score.through.model: there is no folder .*org/model: an id on the Hugging Face": (
        '\n[score.through]\nmodel = "org/model"\nengine = "transformers"\n'
    ),
    "score.through: .*is not converted for ctranslate2": '\n[score.through]\nmodel = "."\n',
    "score.through.into must be a language of a teacher's, got 'fr'": (
        '\n[score.through]\nmodel = "{}"\ninto = "fr"\n'
    ),
    "says none of the languages that the teachers do not understand in 'en'": (
        '\n[score.through]\nmodel = "{}"\nsources = ["en"]\n'
    ),
}


@pytest.mark.parametrize("said", BAD)
def test_a_translator_that_is_of_no_use_is_named(
    curated: Curated, checkpoint: Path, tmp_path: Path, said: str
) -> None:
    teacher = 'languages = ["en"]\n' + BAD[said].format(TRANSLATOR)
    recipe = copied(curated, tmp_path, checkpoint, teacher)
    with pytest.raises(PairmillError, match=said):
        curate(recipe, HERE, stages=("score",))


def test_an_unknown_language_is_refused_before_anything_runs(
    write_recipe: Callable[..., Path], checkpoint: Path, tmp_path: Path
) -> None:
    recipe = with_score(
        write_recipe(tmp_path), checkpoint, teacher=f'{IN_ENGLISH.format(TRANSLATOR)}into = "xx"'
    )
    with pytest.raises(RecipeError, match=r"score.through.into must be among .*, got 'xx'"):
        read_recipe(str(recipe))


def test_doctor_says_which_languages_are_judged_through_which(
    curated: Curated, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = copied(curated, tmp_path, checkpoint, IN_ENGLISH)
    examine(str(recipe))
    told = capsys.readouterr().out
    assert "for teachers into en: ar bn zh da" in told
    assert "not understood" not in told


def test_doctor_warns_of_a_translator_that_no_teacher_needs(
    curated: Curated, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everything = IN_ENGLISH.partition("\n")[2]
    examine(str(copied(curated, tmp_path, checkpoint, everything)))
    told = capsys.readouterr().out
    assert "teachers need it for none of the recipe's languages" in told


def test_doctor_does_not_blame_the_language_where_a_teacher_cannot_be_loaded(
    curated: Curated, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, german = (shutil.copytree(checkpoint, tmp_path / name) for name in ("broken", "de"))
    (broken / "config.json").write_text("{}", "utf-8")
    more = f'\n[[score.teachers]]\nmodel = "{german}"\nlanguages = ["de"]\n'
    examine(str(copied(curated, tmp_path / "run", broken, IN_ENGLISH, more)))
    told = capsys.readouterr().out
    assert "error    teacher broken@" in told
    assert "must be a language of a teacher's" not in told


def test_why_says_in_which_language_a_caption_was_judged(
    scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And tells of scores of an earlier version, which do not say."""
    row = next(row for row in table(scored / "scores") if row["language"] not in ("en", "und"))
    show_way(str(scored), row["caption_id"])
    assert f"by {row['teacher']} in en, " in capsys.readouterr().out
    before = shutil.copytree(scored, tmp_path / "before")
    for part in (before / "scores").glob("*.parquet"):
        pq.write_table(pq.read_table(part).drop_columns(["judged_in"]), part)
    show_way(str(before), row["caption_id"])
    assert f"by {row['teacher']}, " in capsys.readouterr().out


def test_doctor_warns_of_a_translator_that_is_not_for_commercial_use(
    curated: Curated, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nllb = shutil.copytree(TRANSLATOR, tmp_path / "nllb")
    told = json.loads((nllb / "translator.json").read_text("utf-8"))
    (nllb / "translator.json").write_text(json.dumps(told | {"name": "facebook/nllb-200"}), "utf-8")
    teacher = f'languages = ["en"]\n\n[score.through]\nmodel = "{nllb}"\n'
    examine(str(copied(curated, tmp_path / "run", checkpoint, teacher)))
    assert "its licence, CC BY-NC 4.0" in capsys.readouterr().out


def test_stats_say_which_languages_were_judged_through_which(scored: Path, tmp_path: Path) -> None:
    """And count scores of an earlier version, which do not say."""
    (languages,) = make_report(recount(Folder(str(scored))))["scores"].values()
    foreign = {code for code in languages if code not in ("en", "und")}
    assert all(languages[code]["through"] == {"en": languages[code]["scored"]} for code in foreign)
    assert foreign
    assert languages["en"]["through"] == {}
    before = shutil.copytree(scored, tmp_path / "before")
    for part in (before / "scores").glob("*.parquet"):
        pq.write_table(pq.read_table(part).drop_columns(["judged_in"]), part)
    account = recount(Folder(str(before)))
    (languages,) = make_report(account)["scores"].values()
    assert not account.differences
    assert {code for code in languages if languages[code]["through"]} == set()
