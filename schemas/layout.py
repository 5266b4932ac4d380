"""Where everything lies below a recipe's `output`, and what it is called there."""

from dataclasses import dataclass

from schemas.fates import Unit

GATHERED = "gathered"
PICTURES = "pictures"
SOURCE_CAPTIONS = "captions/source"
SCREENED_PICTURES = "screened/pictures"
SCREENED_CAPTIONS = "screened/captions"
SCREENED_TEXTS = "screened/texts"
SCORES = "scores"
SELECTED_PICTURES = "selected/pictures"
SELECTED_CAPTIONS = "selected/captions"
SCREENED_PAGES = "screened/pages"
SCREENED_QUERIES = "screened/queries"
SELECTED_PAGES = "selected/pages"
SELECTED_QUERIES = "selected/queries"
TRANSLATED_CAPTIONS = "captions/translated"
ROUND_TRIPS = "captions/round-trips"
TRANSLATED_QUERIES = "captions/translated/pages"
QUERY_ROUND_TRIPS = "captions/round-trips/pages"
MEMORY = "memory"
TRANSLATION_REPORT_FILE = "translations.json"
THRESHOLDS_FILE = "thresholds.json"
PAGE_THRESHOLDS_FILE = "thresholds-documents.json"
SCORE_REPORT_FILE = "scores.json"
TEXT_SCORES = "scores/texts"
PAGE_SCORES = "scores/pages"
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


OF_PICTURES = "pictures"
OF_CAPTIONS = "captions"
OF_PAGES = "pages"
OF_QUERIES = "queries"
OF_PAGE_TEXTS = "page-texts"
OF_TEXTS = "texts"
OF_CLIP_RETRIEVAL = "clip-retrieval"


def ledger_folder(stage: str) -> str:
    """Where `stage` keeps what it did not keep, and its record."""
    return f"ledger/{stage}"


@dataclass(frozen=True, slots=True)
class Branch:
    """Pictures with captions on their way from the stage that stores them to their final shards.

    Attributes:
      stage: that stores them.
      picture: what a picture is counted as.
      caption: what a caption is counted as.
      tars: folder of the stored pictures.
      scores: folder of `schemas.rows.Score`s.
      translated: folder of `schemas.rows.TranslatedCaption`s.
      round_trips: folder of `schemas.rows.RoundTrip`s.
      shards: folder of final shards.
      of_pictures: what embeddings of pictures are called, see `embeddings_folder`.
      of_captions: what those of captions are called.
      of_texts: what those of pictures' own texts are called, "" where they have none.
      thresholds: the file of what `select` decided.
    """

    stage: str
    picture: Unit
    caption: Unit
    tars: str
    scores: str
    translated: str
    round_trips: str
    shards: str
    of_pictures: str
    of_captions: str
    of_texts: str
    thresholds: str

    def ledger(self, stage: str) -> str:
        """Where a stage's ledger of them lies: below that of pictures, where it has both.

        >>> PAGE_BRANCH.ledger("documents"), PAGE_BRANCH.ledger("select")
        ('ledger/documents', 'ledger/select/pages')
        """
        own = self == PICTURE_BRANCH or stage == self.stage
        return ledger_folder(stage) if own else f"{ledger_folder(stage)}/{self.of_pictures}"


PICTURE_BRANCH = Branch(
    stage="gather",
    picture=Unit.PICTURE,
    caption=Unit.CAPTION,
    tars=GATHERED,
    scores=SCORES,
    translated=TRANSLATED_CAPTIONS,
    round_trips=ROUND_TRIPS,
    shards=PAIRS,
    of_pictures=OF_PICTURES,
    of_captions=OF_CAPTIONS,
    of_texts="",
    thresholds=THRESHOLDS_FILE,
)
PAGE_BRANCH = Branch(
    stage="documents",
    picture=Unit.PAGE,
    caption=Unit.QUERY,
    tars=DOCUMENTS,
    scores=PAGE_SCORES,
    translated=TRANSLATED_QUERIES,
    round_trips=QUERY_ROUND_TRIPS,
    shards=PACKED_DOCUMENTS,
    of_pictures=OF_PAGES,
    of_captions=OF_QUERIES,
    of_texts=OF_PAGE_TEXTS,
    thresholds=PAGE_THRESHOLDS_FILE,
)
BRANCHES = (PICTURE_BRANCH, PAGE_BRANCH)


@dataclass(frozen=True, slots=True)
class Tables:
    """Where a stage leaves what it kept, both cut by uid into the same parts.

    Attributes:
      pictures: folder of `schemas.rows.Picture`s.
      captions: folder of `schemas.rows.Caption`s.
      branch: what these are.
    """

    pictures: str
    captions: str
    branch: Branch = PICTURE_BRANCH


KEPT = {
    "gather": Tables(PICTURES, SOURCE_CAPTIONS),
    "screen": Tables(SCREENED_PICTURES, SCREENED_CAPTIONS),
    "select": Tables(SELECTED_PICTURES, SELECTED_CAPTIONS),
}
"""By stage, for those that hand pictures and captions on."""

KEPT_PAGES = {
    "documents": Tables(PAGES, PAGE_CAPTIONS, PAGE_BRANCH),
    "screen": Tables(SCREENED_PAGES, SCREENED_QUERIES, PAGE_BRANCH),
    "select": Tables(SELECTED_PAGES, SELECTED_QUERIES, PAGE_BRANCH),
}
"""By stage, for those that hand pages and what they answer on."""

FETCHING = "documents/fetching"
"""The part of the `documents` stage that asks servers."""

TARS = {branch.stage: branch.tars for branch in BRANCHES} | {FETCHING: FETCHED}
"""By stage, for those that store what they made or fetched: where their shards lie."""

TEXT_TEXT = "text-text"
IMAGE_TO_TEXT = "image-to-text"
TEXT_TO_IMAGE = "text-to-image"
QUERY_TO_PAGE = "query-to-page"
TRIPLET_KINDS = (TEXT_TEXT, IMAGE_TO_TEXT, TEXT_TO_IMAGE, QUERY_TO_PAGE)

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


def embeddings_folder(teacher: int, what: str) -> str:
    """Where a teacher's embeddings of pictures, captions, pages, queries or texts lie.

    `{number:05d}.npy` has them, float16 [n, dim], and `{number:05d}.parquet` their ids, row by row:
    `uid, fold`, by uid and fold, also of a page's text; `caption_id, uid, fold`, by uid and caption
    id; `text_id`, by text id. The number is that of the tar, or of the texts' part; `fold` is the
    teacher's model that embedded it, 0 where there is but one: embeddings of different folds must
    not be compared. A picture whose captions are of several folds has a row of each.

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
