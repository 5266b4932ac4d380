"""A recipe's translators: looked for in its folder alone, and when they are needed."""

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from filters.round_trip import RoundTripRules
from filters.translation import TranslationRules
from model.translator import Decoding, TranslationEndpoint
from pipelines.errors import RecipeError
from pipelines.recipe import Recipe
from pipelines.recipe_file import read_recipe
from pipelines.translate_options import Translate, TranslateEncoder, TranslateModel
from pipelines.translator_findings import translator_findings
from pipelines.translators import check_translators
from tests.model import translators
from tests.model.endpoint import EndpointServer, answer

EXAMPLE = Path(__file__).parents[2] / "configs/example.toml"
RECIPE = """
output = "out"

[[sources]]
name = "world"
format = "table"
path = "pairs.parquet"

[gather]

[[translate.models]]
"""


def recipe_with(folder: Path, model: str) -> Recipe:
    (folder / "recipe.toml").write_text(RECIPE + model, "utf-8")
    return read_recipe(str(folder / "recipe.toml"))


def test_the_example_is_read_and_has_every_key_of_translating() -> None:
    assert read_recipe(str(EXAMPLE)).translate
    asked = tomllib.loads(EXAMPLE.read_text("utf-8"))["translate"]
    models = {key: of[key] for of in asked["models"] for key in of}
    for kind, said in (
        (Translate, asked),
        (TranslateModel, models),
        (TranslationEndpoint, models["endpoint"]),
        (Decoding, asked["decoding"]),
        (TranslationRules, asked["rules"]),
        (RoundTripRules, asked["round_trip"]),
        (TranslateEncoder, asked["encoder"]),
    ):
        assert {field.name for field in fields(kind)} == said.keys()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ('model = "out/madlad"', "there is no folder {}/out/madlad: run pairmill convert-transl"),
        ('model = "there"', "translate.models: {}/there is not converted for ctranslate2"),
        ('model = "/nowhere"', "there is no folder /nowhere"),
        (
            'model = "out/ckpt"\nengine = "transformers"',
            "there is no folder {}/out/ckpt: an id on the Hugging Face hub needs its revision",
        ),
        (
            'model = "a/b"\nengine = "transformers"\nrevision = "main"',
            "translate.models: a/b is no folder, and of a hub's model the revision must be",
        ),
        ('model = "there"\nengine = "openai"', "translate.models: the engine openai needs an"),
    ],
)
def test_translators_are_looked_for_when_they_are_needed_and_in_the_recipes_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, said: str
) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    for folder in (here / "out/madlad", here / "out/ckpt", home / "there"):
        folder.mkdir(parents=True)
    (here / "out/madlad/translator.json").write_text("{}")
    monkeypatch.chdir(here)
    recipe = recipe_with(home, model)
    assert recipe.translate
    with pytest.raises(RecipeError) as error:
        check_translators(recipe.translate)
    assert said.format(home) in str(error.value)


def test_the_doctor_knows_a_licence_whatever_a_folder_is_called(tmp_path: Path) -> None:
    translators.nllb(tmp_path / "own")
    found = list(
        translator_findings(recipe_with(tmp_path, 'model = "own"\nengine = "transformers"'))
    )
    assert any("its licence, CC BY-NC 4.0, does not" in finding.words for finding in found)


def test_the_doctor_asks_an_endpoint_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.endpoint._FIRST_WAIT_S", 0.01)
    server = EndpointServer()
    endpoint = f'endpoint = {{url = "{server.url}"}}'
    recipe = recipe_with(tmp_path, f'model = "big"\nengine = "openai"\n{endpoint}')
    assert {finding.level for finding in translator_findings(recipe)} == {"ok"}
    assert len(server.asked) == 1
    server.replies = {1: (200, {}, answer("Let me think", "length"))}
    (warning,) = (of for of in translator_findings(recipe) if of.level == "warning")
    assert "its answer to 'a red kite' is cut" in warning.words
    server.close()
    (error,) = translator_findings(recipe)
    assert error.level == "error"
    assert f"{server.url} gave no answer in 6 tries" in error.words
