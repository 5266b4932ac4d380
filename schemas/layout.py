"""Where everything lies below a recipe's `output`, and what it is called there."""

from dataclasses import dataclass

GATHERED = "gathered"
PICTURES = "pictures"
SOURCE_CAPTIONS = "captions/source"
SCREENED_PICTURES = "screened/pictures"
SCREENED_CAPTIONS = "screened/captions"
SCREENED_TEXTS = "screened/texts"
SCORES = "scores"
SELECTED_PICTURES = "selected/pictures"
SELECTED_CAPTIONS = "selected/captions"
TRANSLATED_CAPTIONS = "captions/translated"
ROUND_TRIPS = "captions/round-trips"
MEMORY = "memory"
TRANSLATION_REPORT_FILE = "translations.json"
THRESHOLDS_FILE = "thresholds.json"
SCORE_REPORT_FILE = "scores.json"
TEXT_SCORES = "scores/texts"
EMBEDDINGS = "embeddings"
DOCUMENTS = "documents"
FETCHED = "fetched"
PAGES = "pages"
PAGE_CAPTIONS = "captions/pages"
TRIPLETS = "triplets"
INDEXES = "indexes"
NEGATIVES_FILE = "negatives.json"
PAIRS = "shards/pairs/train"
PACKED_DOCUMENTS = "shards/documents/train"
TEXTS = "shards/texts/train"
TEXT_ROWS = "shards/texts/rows"
REPORT = "report"
WORK = "_work"
STAGE_FILE = "_stage.json"
STATS_SUFFIX = "_stats.json"
CAPTIONS_SUFFIX = ".captions.parquet"


@dataclass(frozen=True, slots=True)
class Tables:
    """Where a stage leaves what it kept, both cut by uid into the same parts.

    Attributes:
      pictures: folder of `schemas.rows.Picture`s.
      captions: folder of `schemas.rows.Caption`s.
    """

    pictures: str
    captions: str


KEPT = {
    "gather": Tables(PICTURES, SOURCE_CAPTIONS),
    "screen": Tables(SCREENED_PICTURES, SCREENED_CAPTIONS),
    "select": Tables(SELECTED_PICTURES, SELECTED_CAPTIONS),
}
"""By stage, for those that hand pictures and captions on."""

KEPT_PAGES = {"documents": Tables(PAGES, PAGE_CAPTIONS)}
"""By stage, for those that hand pages and what they answer on."""

FETCHING = "documents/fetching"
"""The part of the `documents` stage that asks servers."""

TARS = {"gather": GATHERED, "documents": DOCUMENTS, FETCHING: FETCHED}
"""By stage, for those that store what they made or fetched: where their shards lie."""


def tables_of(stage: str) -> Tables:
    """Where a stage leaves what it kept."""
    return KEPT_PAGES[stage] if stage in KEPT_PAGES else KEPT[stage]


def tars_of(stage: str) -> str:
    """Where the pictures lie that a stage kept."""
    return DOCUMENTS if stage in KEPT_PAGES else GATHERED


OF_PICTURES = "pictures"
OF_CAPTIONS = "captions"
OF_TEXTS = "texts"
OF_CLIP_RETRIEVAL = "clip-retrieval"

TEXT_TEXT = "text-text"
IMAGE_TO_TEXT = "image-to-text"
TEXT_TO_IMAGE = "text-to-image"
TRIPLET_KINDS = (TEXT_TEXT, IMAGE_TO_TEXT, TEXT_TO_IMAGE)

IMAGE_SUFFIXES = {"jpeg": "jpg", "webp": "webp", "png": "png"}


def shard_name(number: int) -> str:
    """The name of shard `number` without its suffix.

    >>> shard_name(7)
    '00007'
    """
    return f"{number:05d}"


def part_name(number: int) -> str:
    """The name of part `number` of a table.

    >>> part_name(7)
    'part-00007.parquet'
    """
    return f"part-{number:05d}.parquet"


def ledger_folder(stage: str) -> str:
    """Where `stage` keeps what it did not keep, and its record."""
    return f"ledger/{stage}"


def embeddings_folder(teacher: int, what: str) -> str:
    """Where a teacher's embeddings of `OF_PICTURES`, `OF_CAPTIONS` or `OF_TEXTS` lie.

    `{number:05d}.npy` has them, float16 [n, dim], and `{number:05d}.parquet` their ids, row by row:
    `uid, fold`, by uid; `caption_id, uid, fold`, by uid and caption id; `text_id`, by text id. The
    number is that of the gathered tar, or of the texts' part; `fold` is the teacher's model that
    embedded it, 0 where there is but one: embeddings of different folds must not be compared.

    Args:
      teacher: its number in the recipe, from 0.
      what: of what.

    >>> embeddings_folder(0, OF_PICTURES)
    'embeddings/0/pictures'
    """
    return f"{EMBEDDINGS}/{teacher}/{what}"


def packed_triplets(kind: str) -> tuple[str, str]:
    """Where packed triplets of a kind lie: as sentence-transformers reads them, and all else.

    >>> packed_triplets(TEXT_TEXT)
    ('shards/triplets/text-text/train', 'shards/triplets/text-text/rows')
    """
    return f"shards/triplets/{kind}/train", f"shards/triplets/{kind}/rows"
