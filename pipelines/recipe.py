"""What a run is told, as frozen dataclasses; `pipelines.recipe_file` reads them from TOML."""

import dataclasses
from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import Field

from filters.caption import CaptionRules
from filters.contamination import DecontaminationRules
from filters.duplicates import DuplicateRules
from filters.language import LanguageRules
from filters.picture import ImageRules
from filters.text_pair import TextPairRules
from pipelines.document_rules import USER_AGENT, Documents, HostPort, Positive, UserAgent
from pipelines.img2dataset_options import Img2dataset
from pipelines.mining_rules import Mine
from pipelines.score_options import Score
from pipelines.select_options import Select
from pipelines.translate_options import Translate, asks_for_cosines
from schemas.languages import ALL, LANGUAGES
from schemas.layout import QUERY_TO_PAGE

_OUR_COLUMNS = {
    "key", "txt", "uid", "url", "sha256", "source", "licence", "language", "score",
    "width", "height", "original_width", "original_height", "image_offset", "image_size",
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

_OF_PICTURES = (
    *_OF_DATASETS, "url_column", "url_prefix", "caption_column", "uid_column",
    "expected_sha256_column",
)  # fmt: skip
_OF_PAIRS = ("query_column", "positive_column", "query_language_column")
_OF_QUESTIONS = ("question_column", "answer_column")
_OF_PAGES = ("document_source", "page_column")
_OF_ROWS = (
    *_OF_PICTURES, *_OF_PAIRS, *_OF_QUESTIONS, *_OF_PAGES, "language_column", "licence_column",
    "keep_columns",
)  # fmt: skip
_OF_URLS = ("url_column", "url_prefix", "licence_column")
_OF_PAGE_QUESTIONS = (
    *_OF_QUESTIONS, *_OF_PAGES, "url_column", "language_column", "licence_column",
)  # fmt: skip
_FORMATS = {"text-pair": ("table",), "document": ("folder", "table"), "page-question": ("table",)}
"""By task, the formats that there are."""

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
      task: `image-text`; `text-pair`: a query and what answers it, in a table; `document`: PDF,
        HTML and Markdown, also packed by gzip: files below a folder or matched by a glob, or behind
        the URLs of a table; or `page-question`: questions about pages of documents, with their
        answers, in a table whose `url_column` has a document's URL, or its path in its source.
      url_column: column of URLs, or of paths below `url_prefix`; where the pictures themselves are
        there, what names them if it is there and has absolute URLs.
      url_prefix: put before each value when fetching, e.g. a mirror's address; no part of any id.
      caption_column: column of captions. A `.txt` file's text in a folder comes before it, that of
        a WebDataset sample after it.
      question_column: column of questions about pictures or pages: with `answer_column` it stands
        in `caption_column`'s place, and a caption is a question, a space, and its answer.
      answer_column: column of answers; of several, as a list, the first counts.
      document_source: name of the source whose documents the questions are about.
      page_column: column of the page's number, from 1.
      query_column: column of queries in a table of text pairs.
      positive_column: column of the texts that answer them.
      language_column: what the source says the text's language is; `und` without it.
      query_language_column: of queries, where it is not that of the positives.
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
    task: Literal["image-text", "text-pair", "document", "page-question"] = "image-text"
    url_column: str = "url"
    url_prefix: str = ""
    caption_column: str = "caption"
    question_column: str = ""
    answer_column: str = ""
    document_source: str = ""
    page_column: str = "page"
    query_column: str = "query"
    positive_column: str = "positive"
    language_column: str | None = None
    query_language_column: str | None = None
    uid_column: str | None = None
    expected_sha256_column: str | None = None
    licence: str = ""
    licence_column: str | None = None
    keep_columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        defaults = {field.name: field.default for field in dataclasses.fields(Source)}
        formats = _FORMATS.get(self.task, (self.format,))
        if self.format not in formats:
            raise ValueError(
                f"sources.{self.name}.format: must be {' or '.join(map(repr, formats))} where task "
                f"is {self.task!r}, got {self.format!r}"
            )
        if self.task == "document" and self.path.startswith(("http://", "https://")):
            raise ValueError(
                f"sources.{self.name}.path: must be a folder or glob of files here or in a bucket: "
                "URLs of documents stand in a table, which format = 'table' reads, "
                f"got {self.path!r}"
            )
        of_urls = _OF_URLS if self.format == "table" else ()
        of_documents = tuple(key for key in _OF_ROWS if key not in of_urls)
        of_task = {
            "image-text": (*_OF_PAIRS, *_OF_PAGES),
            "text-pair": (*_OF_PICTURES, *_OF_QUESTIONS, *_OF_PAGES),
            "document": of_documents,
            "page-question": tuple(key for key in _OF_ROWS if key not in _OF_PAGE_QUESTIONS),
        }
        senseless = {"format": _SENSELESS[self.format], "task": of_task[self.task]}
        for what, keys in senseless.items():
            for key in keys:
                if getattr(self, key) != defaults[key]:
                    raise ValueError(
                        f"sources.{self.name}.{key}: there is no such key where {what} is "
                        f"{getattr(self, what)!r}"
                    )
        self._check_questions(has_caption_column=self.caption_column != defaults["caption_column"])

    def _check_questions(self, *, has_caption_column: bool) -> None:
        if bool(self.question_column) != bool(self.answer_column):
            raise ValueError(
                f"sources.{self.name}: question_column and answer_column must go together, got "
                f"{self.question_column!r} and {self.answer_column!r}"
            )
        if self.question_column and has_caption_column:
            raise ValueError(
                f"sources.{self.name}.caption_column: captions are questions with their answers "
                f"where there is a question_column, got {self.caption_column!r}"
            )
        if self.task == "page-question" and not (self.question_column and self.document_source):
            raise ValueError(
                f"sources.{self.name}: a page-question needs question_column, answer_column and "
                "document_source, the name of the source that has the documents"
            )

    def columns(self) -> list[str]:
        """The columns that every row must have, beside that of the picture or its URL."""
        questions = (self.question_column, self.answer_column)
        of_task = {
            "text-pair": (self.query_column, self.positive_column),
            "image-text": questions if self.question_column else (self.caption_column,),
            "document": (),
            "page-question": (self.page_column, *questions),
        }
        texts = of_task[self.task]
        optional = (
            self.language_column,
            self.query_language_column,
            self.uid_column,
            self.expected_sha256_column,
            self.licence_column,
        )
        named = [column for column in optional if column]
        return list(dict.fromkeys([*texts, *named, *self.keep_columns]))


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
    user_agent: UserAgent = USER_AGENT
    img2dataset: Img2dataset | None = None

    def __post_init__(self) -> None:
        if self.img2dataset and self.engine != "img2dataset":
            raise ValueError(
                "gather.img2dataset must go with gather.engine = 'img2dataset', "
                f"got {self.engine!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What captions, pictures and texts must be; each table is described where it is defined.

    Attributes:
      caption: `filters.caption`.
      image: `filters.picture`.
      language: `filters.language`.
      duplicates: `filters.duplicates`.
      text_pair: `filters.text_pair`.
      decontaminate: `filters.contamination`.
    """

    caption: CaptionRules = field(default_factory=CaptionRules)
    image: ImageRules = field(default_factory=ImageRules)
    language: LanguageRules = field(default_factory=LanguageRules)
    duplicates: DuplicateRules = field(default_factory=DuplicateRules)
    text_pair: TextPairRules = field(default_factory=TextPairRules)
    decontaminate: DecontaminationRules = field(default_factory=DecontaminationRules)


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
      documents: the `documents` stage.
      screen: the `screen` stage.
      score: the `score` stage.
      select: the `select` stage.
      translate: the `translate` stage.
      mine: the `mine` stage.
      pack: the `pack` stage.
    """

    output: Annotated[str, Field(min_length=1)]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    seed: int = 0
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = ALL
    gather: Gather | None = None
    documents: Documents | None = None
    screen: Screen | None = None
    score: Score | None = None
    select: Select | None = None
    translate: Translate | None = None
    mine: Mine | None = None
    pack: Pack | None = None

    def __post_init__(self) -> None:
        if self.gather and self.gather.engine == "img2dataset":
            self._check_img2dataset(self.gather)
        pairs = [source.name for source in self.sources if source.task == "text-pair"]
        if pairs and not self.screen:
            raise ValueError(
                f"sources.{pairs[0]}.task: text pairs need a [screen], which reads them"
            )
        documents = [source.name for source in self.sources if source.task == "document"]
        if bool(documents) != (self.documents is not None):
            raise ValueError(
                f"sources.{documents[0]}.task: documents need a [documents], which renders them"
                if documents
                else "documents must go with a source of task 'document', which it renders"
            )
        for source in self.sources:
            if source.document_source and source.document_source not in documents:
                raise ValueError(
                    f"sources.{source.name}.document_source must name a source of task 'document'"
                    f", of which there is {', '.join(documents) or 'none'}, "
                    f"got {source.document_source!r}"
                )
        if self.select and not self.score:
            raise ValueError("select must go with a [score], which it reads")
        if self.mine:
            self._check_mine(self.mine)
        unknown = [code for code in self.languages if code not in LANGUAGES]
        if unknown:
            raise ValueError(f"languages must be among {' '.join(ALL)}, got {unknown[0]!r}")
        for what, names in (
            ("sources must have different names", [source.name for source in self.sources]),
            ("languages must be different ones", self.languages),
        ):
            twice = [name for name, n in Counter(names).items() if n > 1]
            if twice:
                raise ValueError(f"{what}, got {twice[0]!r} twice")
        if self.translate:
            self._check_translate(self.translate)
        taken = [
            name for name in self.kept_columns if name in _OUR_COLUMNS or name[:8] == "caption_"
        ]
        if taken:
            raise ValueError(
                f"keep_columns must not name {taken[0]!r}: samples have a field of that name"
            )

    def _check_translate(self, translate: Translate) -> None:
        names = tuple(source.name for source in self.sources)
        for key, asked, known in (
            ("from_languages", translate.from_languages, self.languages),
            ("into_languages", translate.into_languages, self.languages),
            ("from_sources", translate.from_sources, names),
            ("share_in", translate.share_in, translate.from_languages or self.languages),
            ("weights", translate.weights, translate.into_languages or self.languages),
        ):
            unknown = [name for name in asked or () if name not in known]
            if unknown:
                raise ValueError(
                    f"translate.{key} must be among {' '.join(known)}, got {unknown[0]!r}"
                )
        if asks_for_cosines(translate) and not self.score:
            raise ValueError(
                "translate.rules.max_cosine_drop and min_cosine must go with a [score], whose "
                "teacher says them, min_cosine else with a translate.encoder"
            )
        sources, targets = (
            {*(asked or self.languages)}
            for asked in (translate.from_languages, translate.into_languages)
        )
        if len(sources | targets) == 1:
            raise ValueError(f"translate must have two languages, got {next(iter(sources))!r}")

    def _check_mine(self, mine: Mine) -> None:
        if not self.score:
            raise ValueError("mine must go with a [score], whose embeddings it reads")
        are_pages = all(source.task in ("document", "page-question") for source in self.sources)
        if are_pages and QUERY_TO_PAGE not in mine.kinds:
            raise ValueError(
                f"mine.kinds must have {QUERY_TO_PAGE} where all sources are of documents, got "
                f"{', '.join(mine.kinds)}"
            )
        if mine.document_column and mine.document_column not in self.kept_columns:
            raise ValueError(
                f"mine.document_column must be one of keep_columns, got {mine.document_column!r}"
            )
        by_standing = mine.negatives.max_standing is not None
        if by_standing and (not self.select or len(self.score.teachers) > 1):
            raise ValueError(
                "mine.negatives.max_standing needs a [select] and one teacher: it is said in the "
                "standard deviations of that teacher's mismatches, which select measures"
            )

    def _check_img2dataset(self, gather: Gather) -> None:
        if gather.allow_local_files:
            raise ValueError(
                "gather.allow_local_files must be false: img2dataset fetches URLs alone"
            )
        of_pictures = [source for source in self.sources if source.task == "image-text"]
        other = [source for source in of_pictures if source.format != "table"]
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


def _without_nones(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nones(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_nones(item) for item in value]
    return value
