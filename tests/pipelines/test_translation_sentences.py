"""What a sentence encoder says of translations, against a plain loop over the same texts."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from filters.translation import TranslationFault
from model.sentence_encoder import SentenceEncoderSpec, load_sentence_encoder
from pipelines import installed, sentence_encoders, translate
from pipelines.doctor import examine
from pipelines.driver import Job, run_job
from pipelines.errors import RecipeError, RunError
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.score_plan import TextToEmbed
from pipelines.storage import Folder
from pipelines.translation_sentences import cut_by_length
from tests.conftest import curate, digests, table
from tests.model.sentence_encoders import DIM, encoder
from tests.pipelines.translating import FEW, HERE, with_translate

OTHERS = ", ".join(f'"{fault}"' for fault in TranslationFault if fault != "unlike-source")


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoder(tmp_path_factory.mktemp("sentences"))


def asking(model: Path, least: float, more: str = "") -> dict[str, str]:
    told = f'encoder = {{model = "{model}"{more}}}'
    return {
        "settings": f"{FEW}\n{told}",
        "overlook": f"{OTHERS}]\nmin_cosine = {least}\n# [",
    }


class Plain:
    """The cosines of texts that are embedded one by one."""

    def __init__(self, model: Path) -> None:
        self._encoder = load_sentence_encoder(SentenceEncoderSpec(model=str(model)))

    def of(self, source: str, text: str) -> float:
        one, other = (self._encoder.embed_texts([said])[0] for said in (source, text))
        return float(one @ other)


def test_cosines_are_those_of_a_plain_loop_and_no_teacher_is_needed(
    write_translating: Callable[..., Path],
    sentences: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(translate, "_BUCKET_TRANSLATIONS", 40)
    plain = Plain(sentences)
    whole = write_translating(tmp_path / "all", overlook=f"{OTHERS}")
    curate(whole, HERE, stages=("translate",))
    sources = {row["caption_id"]: row for row in table(tmp_path / "all/out/captions/source")}
    said = {
        row["caption_id"]: plain.of(sources[row["parent"]]["text"], row["text"])
        for row in table(tmp_path / "all/out/captions/translated")
    }
    least = sorted(said.values())[len(said) // 3] + 1e-4
    recipe = write_translating(tmp_path / "some", **asking(sentences, least))
    curate(recipe, HERE, "--direct_runner_bundle_repeat=1", stages=("translate",))
    output = tmp_path / "some/out"
    kept = {row["caption_id"] for row in table(output / "captions/translated")}
    ledger = table(output / "ledger/translate")
    rejected = {row["id"]: row for row in ledger if row["reason"] == "unlike-source"}
    assert len(rejected) > 5
    assert kept | rejected.keys() == said.keys()
    for name in kept:
        assert said[name] >= least - 2e-3
    for name, row in rejected.items():
        assert said[name] < least + 2e-3
        told = float(row["detail"].split(": ")[1])
        assert told == pytest.approx(said[name], abs=2e-3)
    assert not recount(Folder(str(output))).differences


def test_long_texts_are_embedded_fewer_at_once() -> None:
    lengths = sorted([*range(1, 400), 3_000, 3_000, 9_000, 20_000])
    texts = [TextToEmbed(str(n), "", "en", "a" * n, 0) for n in lengths]
    batches = list(cut_by_length(texts))
    assert [text for batch in batches for text in batch] == texts
    sizes = [(len(batch), len(batch[-1].text)) for batch in batches]
    assert all(many * longest <= 16_384 or many == 1 for many, longest in sizes)
    assert sizes[-3:] == [(2, 3_000), (1, 9_000), (1, 20_000)]
    assert [len(batch) for batch in cut_by_length(texts[:1] * 257)] == [256, 1]
    assert not list(cut_by_length([]))


def test_of_languages_that_it_does_not_understand_nothing_is_asked(
    write_translating: Callable[..., Path], sentences: Path, tmp_path: Path
) -> None:
    few = asking(sentences, 1.0, ', languages = ["fr", "de"]')
    curate(write_translating(tmp_path, **few), HERE, stages=("translate",))
    output = tmp_path / "out"
    rejected = [r for r in table(output / "ledger/translate") if r["fate"] == "rejected"]
    assert rejected
    for row in rejected:
        assert (row["reason"] == "unlike-source") == row["detail"].startswith("fr-de ")
    sources = {row["caption_id"]: row for row in table(output / "captions/source")}
    for row in table(output / "captions/translated"):
        assert (sources[row["parent"]]["language"], row["language"]) != ("fr", "de")


def test_another_encoder_judges_anew_and_the_same_elsewhere_does_not(
    write_translating: Callable[..., Path], nllb: Path, sentences: Path, tmp_path: Path
) -> None:
    recipe = write_translating(tmp_path, **asking(sentences, -0.9))
    curate(recipe, HERE, stages=("translate",))
    before = digests(tmp_path / "out/captions/translated")
    moved = Path(shutil.copytree(sentences, tmp_path / "elsewhere" / sentences.name))
    events = curate(
        with_translate(recipe, nllb, **asking(moved, -0.9)), HERE, stages=("translate",)
    )
    assert [event["event"] for event in events] == ["skipped"]
    other = encoder(tmp_path / "other", seed=6)
    events = curate(
        with_translate(recipe, nllb, **asking(other, -0.9)), HERE, stages=("translate",)
    )
    assert any(event.get("name", "").startswith("embedding by encoder@") for event in events)
    assert digests(tmp_path / "out/captions/translated") == before


@pytest.mark.parametrize(
    ("more", "least", "said"),
    [
        ("", -1.0, "translate.encoder must go with rules.min_cosine, over -1"),
        (', revision = "main"', 0.5, "a folder has no revision, got 'main'"),
        (', languages = ["xx"]', 0.5, "translate.encoder.languages must be of "),
    ],
)
def test_what_is_wrong_of_an_encoder_is_named(
    write_translating: Callable[..., Path],
    sentences: Path,
    tmp_path: Path,
    more: str,
    least: float,
    said: str,
) -> None:
    recipe = write_translating(tmp_path, **asking(sentences, least, more))
    with pytest.raises(RecipeError) as error:
        curate(recipe, HERE, stages=("translate",))
    assert said in str(error.value)


def test_a_missing_extra_is_named_before_anything_runs(
    write_translating: Callable[..., Path],
    sentences: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = read_recipe(str(write_translating(tmp_path, **asking(sentences, 0.5))))
    monkeypatch.setattr(sentence_encoders, "PACKAGES", ("torch", "nothing_like_it"))
    with pytest.raises(RecipeError, match=r"pip install 'pairmill\[train\]'"):
        installed.check_extras(recipe, ["translate"])


def test_the_doctor_loads_it(
    write_translating: Callable[..., Path],
    sentences: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    examine(str(write_translating(tmp_path, **asking(sentences, 0.5))))
    assert f"{DIM} features" in capsys.readouterr().out
    broken = tmp_path / "broken"
    broken.mkdir()
    examine(str(write_translating(tmp_path / "again", **asking(broken, 0.5))))
    assert f"error    encoder {broken}: " in capsys.readouterr().out


def test_a_dry_run_loads_it(
    write_translating: Callable[..., Path], sentences: Path, tmp_path: Path
) -> None:
    events: list[dict[str, Any]] = []
    good = write_translating(tmp_path / "good", **asking(sentences, 0.5))
    run_job(Job(str(good), ("translate",), None, (HERE,), preview=True), events.append)
    assert any(event["event"] == "shown" for event in events)
    copy = shutil.copytree(sentences, tmp_path / "copy")
    for path in copy.rglob("*.safetensors"):
        path.write_bytes(b"no weights")
    broken = write_translating(tmp_path / "broken", **asking(copy, 0.5))
    with pytest.raises(RunError, match=re.escape(str(copy))):
        run_job(Job(str(broken), ("translate",), None, (HERE,), preview=True), events.append)


@pytest.mark.parametrize("modules", ["{", '[{"type": "x"}]', "3"])
def test_a_folder_that_is_no_encoders_is_named(
    write_translating: Callable[..., Path],
    tmp_path: Path,
    modules: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "modules.json").write_text(modules)
    recipe = write_translating(tmp_path / "world", **asking(tmp_path, 0.5))
    with pytest.raises(RecipeError, match=r"translate.encoder: .*modules.json is no list of"):
        curate(recipe, HERE, stages=("translate",))
    assert not examine(str(recipe))
    assert "modules.json is no list of modules" in capsys.readouterr().out
