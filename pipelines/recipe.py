"""What a run is told: a TOML file read strictly into frozen dataclasses.

TOML because a YAML reader takes the language `no` for False. An unknown key, a wrong type or an
impossible bound is refused by name before anything runs.
"""

import dataclasses
import difflib
import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import tomli_w
from pydantic import Field, TypeAdapter, ValidationError

from pipelines.errors import RecipeError
from pipelines.img2dataset_options import SAID_ELSEWHERE, Img2dataset
from pipelines.storage import filesystem
from schemas.languages import ALL, LANGUAGES

_OUR_COLUMNS = {
    "key", "txt", "uid", "url", "sha256", "source", "licence", "language", "score",
    "width", "height", "original_width", "original_height",
}  # fmt: skip

_OF_DATASETS = ("config", "split", "image_column")
_SENSELESS = {
    "table": _OF_DATASETS,
    "folder": (*_OF_DATASETS, "url_column", "url_prefix"),
    "webdataset": (*_OF_DATASETS, "url_prefix"),
    "img2dataset": (*_OF_DATASETS, "url_prefix"),
    "huggingface": (),
}
"""The keys of a source that mean nothing in a format."""

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")

Positive = Annotated[int, Field(ge=1)]
HostPort = Annotated[str, Field(pattern=r"^[^\sA-Z/@]+:[0-9]+$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where input rows come from.

    Attributes:
      name: letters, digits, `-` and `_`; stands in every row, so do not change it later.
      format: `table` (Parquet, CSV, TSV, JSON lines, also .gz or .zst), `folder` (pictures with
        `.txt` or `.json` of the same name beside them), `webdataset` (tars), `img2dataset` (the
        folder it wrote: tars, each with a table beside it) or `huggingface`.
      path: a glob of tables or tars, or a folder; relative to the recipe's folder. Of a Hugging
        Face dataset its folder, as Parquet files or as `save_to_disk` wrote it, or else its name.
      config: of a Hugging Face dataset that has several.
      split: of a Hugging Face dataset.
      image_column: of a Hugging Face dataset: pictures, their bytes, or their URLs.
      task: `image-text`.
      url_column: column of URLs, or of paths below `url_prefix`; where the pictures themselves are
        there, what names them if it is there and has absolute URLs.
      url_prefix: put before each value when fetching, e.g. a mirror's address; no part of any id.
      caption_column: column of captions. A `.txt` file's text in a folder comes before it, that of
        a WebDataset sample after it.
      language_column: what the source says the caption's language is; `und` without it.
      uid_column: the source's own picture ids, 32 hex digits.
      expected_sha256_column: what the original bytes should hash to, 64 hex digits, or nothing.
      licence: of all its rows.
      licence_column: or of each.
      keep_columns: columns carried to the shards, as strings.

    In folders and tars, columns are fields of the JSON beside a picture.
    """

    name: Name
    format: Literal["table", "folder", "webdataset", "img2dataset", "huggingface"]
    path: Annotated[str, Field(min_length=1)]
    config: str | None = None
    split: str = "train"
    image_column: str = "image"
    task: Literal["image-text"] = "image-text"
    url_column: str = "url"
    url_prefix: str = ""
    caption_column: str = "caption"
    language_column: str | None = None
    uid_column: str | None = None
    expected_sha256_column: str | None = None
    licence: str = ""
    licence_column: str | None = None
    keep_columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        defaults = {field.name: field.default for field in dataclasses.fields(Source)}
        for key in _SENSELESS[self.format]:
            if getattr(self, key) != defaults[key]:
                raise ValueError(
                    f"sources.{self.name}.{key}: there is no such key where format is "
                    f"{self.format!r}"
                )

    def columns(self) -> list[str]:
        """The columns that every row must have, beside that of the picture or its URL."""
        optional = (
            self.language_column,
            self.uid_column,
            self.expected_sha256_column,
            self.licence_column,
        )
        named = [column for column in optional if column]
        return list(dict.fromkeys([self.caption_column, *named, *self.keep_columns]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """How pictures are fetched, decoded and stored.

    Attributes:
      engine: who fetches and decodes; img2dataset checks less, see the README.
      image_size: pixels, see `resize`.
      resize: which side `image_size` is about: the shorter (`keep-ratio`), the `longest-side`, both
        after a `center-crop` or with a white `border`, or `none`.
      only_shrink: leave a smaller picture as it is.
      image_format: of the stored picture.
      quality: of JPEG and WebP, in [1, 100].
      pictures_per_shard: at most about so many in a gathered tar.
      concurrency: requests in flight in one worker process.
      per_host: requests in flight to one host, all workers together.
      deadline_s: seconds for one picture: waiting, redirects, retries and body together.
      retries: further attempts on 429, 5xx and broken connections.
      max_bytes: largest body.
      max_pixels: largest picture, read from its header before decoding.
      respect_opt_outs: whether robots.txt, `X-Robots-Tag` and TDM reservations are obeyed.
      on_sha256_mismatch: what becomes of a picture whose bytes are not those that its source's
        `expected_sha256_column` says: `reject`, or `keep` (it is counted nevertheless).
      allow_hosts: `host:port` exempt from the rule that only public addresses are asked.
      allow_local_files: whether `url_column` may hold paths (relative to the table's folder).
      user_agent: what servers are told; by img2dataset, only what stands before its slash.
      img2dataset: further options of that engine.
    """

    engine: Literal["pairmill", "img2dataset"] = "pairmill"
    image_size: Annotated[int, Field(ge=1, le=16_384)] = 256
    resize: Literal["keep-ratio", "longest-side", "center-crop", "border", "none"] = "keep-ratio"
    only_shrink: bool = True
    image_format: Literal["jpeg", "webp", "png"] = "jpeg"
    quality: Annotated[int, Field(ge=1, le=100)] = 92
    pictures_per_shard: Positive = 10_000
    concurrency: Positive = 64
    per_host: Positive = 8
    deadline_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 20.0
    retries: Annotated[int, Field(ge=0)] = 2
    max_bytes: Positive = 30_000_000
    max_pixels: Positive = 80_000_000
    respect_opt_outs: bool = True
    on_sha256_mismatch: Literal["reject", "keep"] = "reject"
    allow_hosts: tuple[HostPort, ...] = ()
    allow_local_files: bool = False
    user_agent: Annotated[str, Field(pattern=r"^[\x20-\x7e]+$")] = (
        "pairmill/0.1 (+https://example.org/bot)"
    )
    img2dataset: Img2dataset | None = None

    def __post_init__(self) -> None:
        if self.img2dataset and self.engine != "img2dataset":
            raise ValueError(
                "gather.img2dataset must go with gather.engine = 'img2dataset', "
                f"got {self.engine!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What the final shards look like.

    Attributes:
      sample: `picture`: all its captions in one sample; `caption`: one sample a caption.
      samples_per_shard: in every shard but the last.
    """

    sample: Literal["picture", "caption"] = "picture"
    samples_per_shard: Positive = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One data set. A stage whose table is absent is left out.

    Attributes:
      output: folder of everything the run writes; relative to the recipe's folder.
      sources: where rows come from, at least one.
      seed: of the samples' order.
      languages: captions stated to be in another are rejected.
      gather: the `gather` stage.
      pack: the `pack` stage.
    """

    output: Annotated[str, Field(min_length=1)]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    seed: int = 0
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = ALL
    gather: Gather | None = None
    pack: Pack | None = None

    def __post_init__(self) -> None:
        if self.gather and self.gather.engine == "img2dataset":
            self._check_img2dataset(self.gather)
        twice = [name for name, n in Counter(s.name for s in self.sources).items() if n > 1]
        if twice:
            raise ValueError(f"sources must have different names, got {twice[0]!r} twice")
        unknown = [code for code in self.languages if code not in LANGUAGES]
        if unknown:
            raise ValueError(f"languages must be among {' '.join(ALL)}, got {unknown[0]!r}")

        taken = [
            name for name in self.kept_columns if name in _OUR_COLUMNS or name[:8] == "caption_"
        ]
        if taken:
            raise ValueError(
                f"keep_columns must not name {taken[0]!r}: samples have a field of that name"
            )

    def _check_img2dataset(self, gather: Gather) -> None:
        if gather.allow_local_files:
            raise ValueError(
                "gather.allow_local_files must be false: img2dataset fetches URLs alone"
            )
        other = [source for source in self.sources if source.format != "table"]
        if other:
            raise ValueError(
                f"source {other[0].name!r} must be a table of URLs, which is all that img2dataset "
                f"fetches, got {other[0].format!r}"
            )

    @property
    def kept_columns(self) -> tuple[str, ...]:
        """The columns that any source keeps, each once, in order."""
        return tuple(dict.fromkeys(name for source in self.sources for name in source.keep_columns))

    def to_toml(self) -> str:
        """The recipe with every default filled in and every path absolute."""
        return tomli_w.dumps(_without_nones(dataclasses.asdict(self)))


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
    return dataclasses.replace(recipe, output=_absolute(recipe.output, folder), sources=sources)


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
            return str(problem["msg"]).removeprefix("Value error, ")
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
    ("pack",): Pack,
}


def _without_nones(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nones(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_nones(item) for item in value]
    return value
