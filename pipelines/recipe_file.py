"""Reads a recipe's TOML strictly, and says what is wrong with it in its writer's words.

TOML because a YAML reader takes the language `no` for False. An unknown key, a wrong type or an
impossible bound is refused by name before anything runs.
"""

import dataclasses
import difflib
import json
import re
import tomllib
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from filters.caption import CaptionRules
from filters.contamination import DecontaminationRules, EvaluationSet
from filters.duplicates import DuplicateRules
from filters.language import LanguageRules
from filters.overlap import OverlapRules
from filters.picture import ImageRules
from filters.text_pair import TextPairRules
from pipelines.errors import RecipeError
from pipelines.img2dataset_options import SAID_ELSEWHERE, Img2dataset
from pipelines.recipe import Gather, Pack, Recipe, Screen, Source
from pipelines.storage import filesystem

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def read_recipe(uri: str) -> Recipe:
    """Reads the recipe at `uri`, a path or any URI that fsspec opens.

    Raises:
      RecipeError: with a line for each thing that is wrong.
    """
    fs, path = filesystem(uri)
    try:
        values = tomllib.loads(fs.cat_file(path).decode())
    except (FileNotFoundError, IsADirectoryError) as error:
        raise RecipeError(f"there is no recipe at {uri}") from error
    except PermissionError as error:
        raise RecipeError(f"{uri} cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{uri} is not valid TOML: {error}") from error
    try:
        # By way of JSON, since strict Python validation refuses the nested tables' dicts, and lax
        # validation takes "no" for False and "20" for 20.
        text = json.dumps(values, default=str)
        recipe = TypeAdapter(Recipe).validate_json(text, strict=True, extra="forbid")
    except ValidationError as error:
        lines = [f"  {_explain(problem)}" for problem in error.errors() if not _is_echo(problem)]
        raise RecipeError("\n".join([f"{uri} is not a recipe:", *lines])) from error
    folder = fs.unstrip_protocol(path).rpartition("/")[0].removeprefix("file://")
    return _with_absolute_paths(recipe, folder)


def _with_absolute_paths(recipe: Recipe, folder: str) -> Recipe:
    sources = tuple(
        dataclasses.replace(source, path=_source_path(source, folder)) for source in recipe.sources
    )
    screen = recipe.screen and _screen_with_absolute_paths(recipe.screen, folder)
    output = _absolute(recipe.output, folder)
    return dataclasses.replace(recipe, output=output, sources=sources, screen=screen)


def _screen_with_absolute_paths(screen: Screen, folder: str) -> Screen:
    sets = tuple(
        dataclasses.replace(named, path=_absolute(named.path, folder))
        for named in screen.decontaminate.sets
    )
    rules = dataclasses.replace(screen.decontaminate, sets=sets)
    language = screen.language
    if language.model:
        language = dataclasses.replace(language, model=_model_path(language.model, folder))
    return dataclasses.replace(screen, decontaminate=rules, language=language)


def _model_path(model: str, folder: str) -> str:
    """A model's path, absolute; or its name on the hub, where no file here has that path."""
    path = _absolute(model, folder)
    fs, place = filesystem(path)
    return path if "://" in model or fs.isfile(place) or "/" not in model else model


def _source_path(source: Source, folder: str) -> str:
    """Its path, absolute; or the name of a dataset on the hub, which no folder here has."""
    path = _absolute(source.path, folder)
    if source.format == "huggingface" and _HUB_NAME.fullmatch(source.path):
        fs, place = filesystem(path)
        return path if fs.isdir(place) else source.path
    return path


def _absolute(path: str, folder: str) -> str:
    anchored = path if path.startswith("/") or urlsplit(path).scheme else f"{folder}/{path}"
    return anchored.rstrip("/") or "/"


def _explain(problem: Any) -> str:
    """One line about one of pydantic's problems, in the words of a recipe's writer."""
    key = ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden":
            return f"{key}: there is no such key{_nearest(problem['loc'])}"
        case "missing" | "missing_argument":
            return f"{key}: must be given"
        case "value_error":
            said = str(problem["msg"]).removeprefix("Value error, ")
            return f"{key}.{said}" if problem["loc"][:1] == ("screen",) else said
        case "too_short" | "string_too_short":
            return f"{key}: must not be empty"
        case "string_pattern_mismatch":
            form = _FORMS[next(part for part in problem["loc"] if part in _FORMS)]
            return f"{key}: must be {form}, got {json.dumps(problem['input'])}"
    said = str(problem["msg"]).removeprefix("Input should be ")
    return f"{key}: must be {said}, got {json.dumps(problem['input'])}"


_FORMS = {
    "name": "letters, digits, - and _",
    "allow_hosts": "host:port in lower case",
    "user_agent": "printable ASCII",
}


def _is_echo(problem: Any) -> bool:
    """Whether pydantic only repeats that a list is short of the items it complained of already."""
    return problem["type"] == "too_short" and bool(problem["input"])


def _nearest(loc: tuple[str | int, ...]) -> str:
    parents = tuple(part for part in loc[:-1] if isinstance(part, str))
    name = str(loc[-1])
    if parents == _IMG2DATASET and name in SAID_ELSEWHERE:
        return f", {SAID_ELSEWHERE[name]} stands for it"
    known = [field.name for field in dataclasses.fields(_TABLES[parents])]
    close = difflib.get_close_matches(name, known, n=1)
    return f", did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"


_IMG2DATASET = ("gather", "img2dataset")
_TABLES: dict[tuple[str, ...], type] = {
    (): Recipe,
    ("sources",): Source,
    ("gather",): Gather,
    _IMG2DATASET: Img2dataset,
    ("screen",): Screen,
    ("screen", "caption"): CaptionRules,
    ("screen", "image"): ImageRules,
    ("screen", "language"): LanguageRules,
    ("screen", "duplicates"): DuplicateRules,
    ("screen", "text_pair"): TextPairRules,
    ("screen", "decontaminate"): DecontaminationRules,
    ("screen", "decontaminate", "sets"): EvaluationSet,
    ("screen", "decontaminate", "overlap"): OverlapRules,
    ("pack",): Pack,
}
