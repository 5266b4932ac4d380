"""Reads a recipe's TOML strictly, and makes its paths absolute."""

import dataclasses
import re
from pathlib import Path
from typing import TypeVar

from pipelines.errors import RecipeError
from pipelines.img2dataset_options import SAID_ELSEWHERE
from pipelines.mining_rules import Mine
from pipelines.recipe import Recipe, Screen, Source
from pipelines.score_options import Score, ScoreTeacher, ScoreThrough
from pipelines.select_options import Select, SelectRules
from pipelines.storage import filesystem
from pipelines.strict_toml import Manner, absolute, read_strictly
from pipelines.teachers import check_spaces, specs_of
from pipelines.translate_options import Translate, TranslateModel

Rules = TypeVar("Rules", bound=SelectRules)
Speaks = TypeVar("Speaks", TranslateModel, ScoreThrough)

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_OF_MINE = ("mine.negatives", "mine.cross_encoder")
_MANNER = Manner(
    "recipe",
    forms={
        "name": "letters, digits, - and _",
        "allow_hosts": "host:port in lower case",
        "load_hosts": "host:port in lower case",
        "user_agent": "printable ASCII",
    },
    elsewhere={("gather", "img2dataset", key): ours for key, ours in SAID_ELSEWHERE.items()},
    named=("documents.queries", "screen", "select", "translate", *_OF_MINE),
)


def read_recipe(uri: str) -> Recipe:
    """Reads the recipe at `uri`, a path or any URI that fsspec opens.

    Raises:
      RecipeError: with a line for each thing that is wrong.
    """
    recipe, folder = read_strictly(uri, Recipe, _MANNER)
    return _with_absolute_paths(recipe, folder)


def _with_absolute_paths(recipe: Recipe, folder: str) -> Recipe:
    sources = tuple(
        dataclasses.replace(source, path=_source_path(source, folder)) for source in recipe.sources
    )
    screen = recipe.screen and _screen_with_absolute_paths(recipe.screen, folder)
    score = recipe.score and _score_with_absolute_paths(recipe.score, folder)
    if score:
        check_spaces(score, recipe.select, recipe.mine)
    select = recipe.select and _select_with_absolute_paths(recipe.select, folder)
    mine = recipe.mine and _mine_with_absolute_paths(recipe.mine, folder)
    translate = recipe.translate and _translate_with_absolute_paths(recipe.translate, folder)
    return dataclasses.replace(
        recipe,
        output=absolute(recipe.output, folder),
        sources=sources,
        screen=screen,
        score=score,
        select=select,
        translate=translate,
        mine=mine,
    )


def _screen_with_absolute_paths(screen: Screen, folder: str) -> Screen:
    sets = tuple(
        dataclasses.replace(named, path=absolute(named.path, folder))
        for named in screen.decontaminate.sets
    )
    rules = dataclasses.replace(screen.decontaminate, sets=sets)
    language = screen.language
    if language.model:
        language = dataclasses.replace(language, model=_model_path(language.model, folder))
    return dataclasses.replace(screen, decontaminate=rules, language=language)


def _score_with_absolute_paths(score: Score, folder: str) -> Score:
    teachers = tuple(_found_teacher(teacher, folder) for teacher in score.teachers)
    for teacher in teachers:
        specs_of(teacher, score.device)
    through = score.through and _with_absolute_model(score.through, folder)
    return dataclasses.replace(score, teachers=teachers, through=through)


def _found_teacher(teacher: ScoreTeacher, folder: str) -> ScoreTeacher:
    found = _found_model("score.teachers.model", teacher.model, folder)
    return dataclasses.replace(teacher, model=found)


def _found_model(key: str, model: str, folder: str) -> str:
    """A checkpoint's folder, absolute; or its id on the hub, which no folder has."""
    path = absolute(model, folder)
    if Path(path).is_dir():
        return path
    if not _HUB_NAME.fullmatch(model):
        raise RecipeError(
            f"{key} must be a checkpoint's folder on this machine, or an id on the "
            f"Hugging Face hub; there is no folder {path}"
        )
    return model


def _translate_with_absolute_paths(translate: Translate, folder: str) -> Translate:
    """Whether its models are there is asked where they are needed: one may be converted later."""
    models = tuple(_with_absolute_model(model, folder) for model in translate.models)
    imports = tuple(absolute(path, folder) for path in translate.memory_imports)
    memory = translate.memory and absolute(translate.memory, folder)
    encoder = translate.encoder
    if encoder:
        found = _found_model("translate.encoder.model", encoder.model, folder)
        encoder = dataclasses.replace(encoder, model=found)
    return dataclasses.replace(
        translate, models=models, memory=memory, memory_imports=imports, encoder=encoder
    )


def _mine_with_absolute_paths(mine: Mine, folder: str) -> Mine:
    encoder = mine.cross_encoder
    if encoder:
        found = _found_model("mine.cross_encoder.model", encoder.model, folder)
        encoder = dataclasses.replace(encoder, model=found)
    return dataclasses.replace(mine, cross_encoder=encoder)


def _with_absolute_model(model: Speaks, folder: str) -> Speaks:
    """A translator with its folder, absolute; one of the hub, which has a commit, as it is."""
    path = absolute(model.model, folder)
    is_of_hub = model.engine == "transformers" and model.revision and not Path(path).is_dir()
    if model.engine == "openai" or is_of_hub:
        return model
    return dataclasses.replace(model, model=path)


def _select_with_absolute_paths(select: Select, folder: str) -> Select:
    documents = select.documents and _rules_with_absolute_paths(select.documents, folder)
    return dataclasses.replace(_rules_with_absolute_paths(select, folder), documents=documents)


def _rules_with_absolute_paths(rules: Rules, folder: str) -> Rules:
    thresholds = rules.thresholds and absolute(rules.thresholds, folder)
    balance = rules.balance
    if balance:
        files = {code: absolute(path, folder) for code, path in balance.concepts.items()}
        balance = dataclasses.replace(balance, concepts=files)
    return dataclasses.replace(rules, thresholds=thresholds, balance=balance)


def _model_path(model: str, folder: str) -> str:
    """A model's path, absolute; or its name on the hub, where no file here has that path."""
    path = absolute(model, folder)
    fs, place = filesystem(path)
    return path if "://" in model or fs.isfile(place) or "/" not in model else model


def _source_path(source: Source, folder: str) -> str:
    """Its path, absolute; or the name of a dataset on the hub, which no folder here has."""
    path = absolute(source.path, folder)
    if source.format == "huggingface" and _HUB_NAME.fullmatch(source.path):
        fs, place = filesystem(path)
        return path if fs.isdir(place) else source.path
    return path
