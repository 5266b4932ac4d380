"""`pairmill evaluate` as a person meets it."""

import json
import sys
from pathlib import Path

import pytest
import torch
from click.testing import Result
from typer.testing import CliRunner

from pipelines.cli import app
from tests.model.checkpoints import ours, vision_text_of_unknown_language
from tests.model.known import write_pictures, write_rows
from tests.model.tiny import save_dual_encoder, tiny_dual_encoder


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *map(str, words)])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ours(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [(n, code, f"{code} {n}") for code in ("en", "de", "xx") for n in range(20)]
    return write_pictures(tmp_path / "data", rows)


def test_scores_are_shown_and_written(checkpoint: Path, data: Path, tmp_path: Path) -> None:
    scores = tmp_path / "scores.json"
    done = run(checkpoint, data, "--limit", 12, "--dims", "24,8", "--json", scores)
    assert done.exit_code == 0, done.output
    assert "text-to-image, texts search all pictures of the set" in " ".join(done.stdout.split())
    assert "not understood, not evaluated (texts): xx (12)" in done.stdout
    assert "24 of 24 texts embedded" in done.stderr
    written = json.loads(scores.read_text("utf-8"))
    assert (written["model"], written["dim"], len(written["revision"])) == (str(checkpoint), 24, 40)
    forth = written["results"][0]["scores"]
    assert {(score["language"], score["dim"]) for score in forth} == {
        (code, dim) for code in ("all", "de", "en") for dim in (24, 8)
    }
    assert forth[0]["gallery"] == 12


def test_several_places_at_once(checkpoint: Path, data: Path, tmp_path: Path) -> None:
    rows = [{"query": "a", "document": "b", "language": "en"}]
    texts = write_rows(tmp_path / "texts.parquet", rows)
    done = run(checkpoint, data, texts, "--languages", "en")
    assert done.exit_code == 0, done.output
    words = "".join(done.stdout.split())  # a title of a long path goes over several lines
    assert "texts.parquet:text-to-text" in words
    assert "de (20)" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{folder}/nowhere", "{data}"], "nowhere is no folder, and of a hub's model the revision"),
        (["{folder}", "{data}"], "{folder}"),
        (["{checkpoint}", "{folder}/nowhere"], "there is nothing at {folder}/nowhere"),
        (["{checkpoint}", "{data}", "--text-column", "txet"], "has no column 'txet', it has"),
        (["{checkpoint}", "{data}", "--dims", "8,1024"], "dims must be in [1, 24]"),
        (
            ["{checkpoint}", "{data}", "--dims", "8;24"],
            "--dims must be numbers, as 64,128; got 8;24",
        ),
        (["{checkpoint}", "{data}", "--language", "xx"], "language must be one of"),
        (["{checkpoint}", "{data}", "{data}"], "must have different names"),
        (["{checkpoint}", "{data}", "--json", "{folder}/no/s.json"], "there is no folder"),
        (["{checkpoint}", "{data}", "--json", "{folder}"], "{folder} cannot be written: it is a f"),
        (["{checkpoint}", "{data}", "--device", "toaster"], "device 'toaster' cannot be used here"),
        (["{checkpoint}", "{data}", "--batch", "0"], "--batch"),
        (["{checkpoint}"], "Missing argument"),
    ],
)
def test_a_slip_is_one_line(
    checkpoint: Path, data: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    places = {"checkpoint": checkpoint, "data": data, "folder": tmp_path}
    done = run(*(word.format(**places) for word in words))
    assert done.exit_code == 2, done.output
    assert said.format(**places) in done.stderr
    assert not isinstance(done.exception, ValueError)


def test_a_model_that_is_broken_is_named(data: Path, tmp_path: Path) -> None:
    model = tiny_dual_encoder("clip", projection_dim=24)
    with torch.no_grad():
        model.image_projection.weight.fill_(float("nan"))
    done = run(save_dual_encoder(model, tmp_path / "model"), data)
    assert done.exit_code == 1
    assert "made embeddings that are not finite" in done.stderr


def test_a_checkpoint_that_does_not_tell_its_languages(data: Path, tmp_path: Path) -> None:
    checkpoint = vision_text_of_unknown_language(tmp_path / "model")
    refused = run(checkpoint, data)
    assert refused.exit_code == 2
    assert "does not tell its languages" in refused.stderr
    assert run(checkpoint, data, "--languages", "en").exit_code == 0


def test_a_missing_extra_is_named(
    checkpoint: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in ("model.checkpoint_teacher", "model.evaluation"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    done = run(checkpoint, data)
    assert done.exit_code == 2
    assert "pip install 'pairmill[train]'" in done.stderr
