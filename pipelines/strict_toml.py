"""TOML into dataclasses, strictly, and what is wrong with it in its writer's words.

TOML because a YAML reader takes the language `no` for False. An unknown key, a wrong type or an
impossible bound is refused by name before anything runs.
"""

import dataclasses
import difflib
import json
import posixpath
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args, get_type_hints
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from pipelines.errors import RecipeError
from pipelines.storage import filesystem

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Manner:
    """How one kind of file is spoken of.

    Attributes:
      what: the kind, `recipe`.
      forms: by key, what a text that must match a pattern must be, in words.
      elsewhere: by key that there is not, the key that stands for it.
      named: tables whose own bounds, and those of tables in them, do not say the table's name.
    """

    what: str
    forms: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    named: tuple[str, ...] = ()


def read_strictly(uri: str, kind: type[Read], manner: Manner) -> tuple[Read, str]:
    """Reads the file at `uri`, a path or any URI that fsspec opens, and names its folder.

    Raises:
      RecipeError: with a line for each thing that is wrong.
    """
    fs, path = filesystem(uri)
    try:
        values = tomllib.loads(fs.cat_file(path).decode())
    except (FileNotFoundError, IsADirectoryError) as error:
        raise RecipeError(f"there is no {manner.what} at {uri}") from error
    except PermissionError as error:
        raise RecipeError(f"{uri} cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{uri} is not valid TOML: {error}") from error
    try:
        # By way of JSON, since strict Python validation refuses the nested tables' dicts, and lax
        # validation takes "no" for False and "20" for 20.
        text = json.dumps(values, default=str)
        read = TypeAdapter(kind).validate_json(text, strict=True, extra="forbid")
    except ValidationError as error:
        problems = [problem for problem in error.errors() if not _is_echo(problem)]
        lines = [f"  {_explain(problem, kind, manner)}" for problem in problems]
        raise RecipeError("\n".join([f"{uri} is not a {manner.what}:", *lines])) from error
    return read, fs.unstrip_protocol(path).rpartition("/")[0].removeprefix("file://")


def absolute(path: str, folder: str) -> str:
    """A path as a file in `folder` means it."""
    if urlsplit(path).scheme:
        return path.rstrip("/")
    anchored = path if path.startswith("/") else f"{folder}/{path}"
    return anchored.rstrip("/") if urlsplit(anchored).scheme else posixpath.normpath(anchored)


def _explain(problem: Any, kind: type, manner: Manner) -> str:
    """One line about one of pydantic's problems, in the words of the file's writer."""
    key = ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden":
            return f"{key}: there is no such key{_nearest(problem['loc'], kind, manner)}"
        case "missing" | "missing_argument":
            return f"{key}: must be given"
        case "value_error":
            said = str(problem["msg"]).removeprefix("Value error, ")
            named = any(f"{key}.".startswith(f"{table}.") for table in manner.named)
            return f"{key}.{said}" if named else said
        case "too_short" | "string_too_short":
            return f"{key}: must not be empty"
        case "string_pattern_mismatch":
            form = manner.forms[next(part for part in problem["loc"] if part in manner.forms)]
            return f"{key}: must be {form}, got {json.dumps(problem['input'])}"
    said = str(problem["msg"]).removeprefix("Input should be ")
    return f"{key}: must be {said}, got {json.dumps(problem['input'])}"


def _is_echo(problem: Any) -> bool:
    """Whether pydantic only repeats that a list is short of the items it complained of already."""
    return problem["type"] == "too_short" and bool(problem["input"])


def _nearest(loc: tuple[str | int, ...], kind: type, manner: Manner) -> str:
    keys = tuple(part for part in loc if isinstance(part, str))
    if keys in manner.elsewhere:
        return f", {manner.elsewhere[keys]} stands for it"
    for key in keys[:-1]:
        kind = _table(get_type_hints(kind)[key])
    known = [field.name for field in dataclasses.fields(kind)]
    close = difflib.get_close_matches(keys[-1], known, n=1)
    return f", did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"


def _table(hint: Any) -> Any:
    """The dataclass in an annotation: `Screen | None`, `tuple[Source, ...]`."""
    if dataclasses.is_dataclass(hint):
        return hint
    return next((found for part in get_args(hint) if (found := _table(part))), None)
