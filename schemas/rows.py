"""The rows that stages hand to each other, a Parquet table each.

Each class is the one place where a table's columns are named, typed and explained; the pipelines
derive the Arrow schema from it (`pipelines.transforms.blocks.arrow_schema`).
"""

from dataclasses import dataclass
from typing import NewType

Float32 = NewType("Float32", float)
"""A number that its table holds in 32 bits."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A thing that a stage did not keep. What it kept stands in the tables it wrote.

    Attributes:
      stage: `gather`, `pack` …
      unit: a `Unit`.
      id: uid, caption id or input row (`source:file:number`).
      parent: the picture's uid for a caption, else "".
      row: an input row that it came from, `source:file:number`, or "".
      fate: `rejected` or `failed`.
      reason: kebab-case, from a closed list.
      detail: for people: the exception's words, the duplicate's twin; or "".
    """

    stage: str
    unit: str
    id: str
    parent: str
    row: str
    fate: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption of a kept picture: `captions/source/part-*.parquet`; of a page `captions/pages/`.

    Attributes:
      caption_id: see `schemas.ids.caption_id`.
      uid: the picture's.
      language: one of `schemas.languages`, or `und`.
      text: NFC, white space at its ends removed, not empty.
      origin: `source`, `inherited`, `translated`, `question-answer`; of pages `page-title` …,
        `synthetic`, `question-answer`, also in translation.
      engine: what made it, "" for a source caption.
      quality: in [0, 1] as its engine states it, 1 for a source caption.
      source: name of the recipe's source.
      row: the input row, `source:file:number`, numbers from 0.
      licence: as the source or its column states it, or "".
      extras: the source's `keep_columns` as a JSON object of strings.
    """

    caption_id: str
    uid: str
    language: str
    text: str
    origin: str
    engine: str
    quality: float
    source: str
    row: str
    licence: str
    extras: str


@dataclass(frozen=True, slots=True)
class TranslatedCaption(Caption):
    """A caption said in another language: `captions/translated/part-*.parquet`, `…/pages/`.

    Row, source, licence and extras are those of the source caption, whose part it is in.

    Attributes:
      parent: caption id of the source caption.
      cosine: of text and picture, by the teacher that judges translations; 0 where none was asked.
    """

    parent: str
    cosine: Float32


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A translation that was translated back: `captions/round-trips/part-*.parquet`.

    Attributes:
      caption_id: the translation's, be it kept or not.
      uid: the picture's.
      text: what came back, in the source caption's language.
      chrf: of this beside the source caption, in [0, 100]; -1 where nothing came back.
    """

    caption_id: str
    uid: str
    text: str
    chrf: Float32


@dataclass(frozen=True, slots=True)
class TextPair:
    """A query and a text that answers it: `screened/texts/part-*.parquet`.

    Attributes:
      query_id: see `schemas.ids.text_id`.
      positive_id: likewise.
      query: NFC, white space at its ends removed, not empty.
      positive: likewise.
      query_language: one of `schemas.languages`, or `und`.
      positive_language: likewise.
      source: name of the recipe's source.
      row: the input row, `source:file:number`.
      licence: as the source or its column states it, or "".
      extras: the source's `keep_columns` as a JSON object of strings.
    """

    query_id: str
    positive_id: str
    query: str
    positive: str
    query_language: str
    positive_language: str
    source: str
    row: str
    licence: str
    extras: str


@dataclass(frozen=True, slots=True)
class Measures:
    """What `gather` measures of a picture, so that no later stage needs pixels.

    Attributes:
      width: pixels, as stored.
      height: pixels, as stored.
      original_width: pixels, after EXIF rotation.
      original_height: pixels, after EXIF rotation.
      exif: JSON object of the EXIF tags by name.
      sha256: of the original bytes, 64 hex digits.
      original_size: bytes as fetched.
      original_format: `jpeg`, `png`, `webp`, `gif`, `tiff`, `bmp`, `avif`.
      pdq: PDQ hash, 64 hex digits (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
        Image-Hashing Algorithm", 2019).
      pdq_quality: PDQ's own gradient measure in [0, 100]; under 50 the hash says little.
      sharpness: variance of the Laplacian of the luma, 0 where nothing changes.
      luma_mean: mean luma in [0, 255].
      luma_std: its standard deviation; 0 for a picture of one grey.
      colourfulness: Hasler and Süsstrunk 2003, section 4: 0 for a grey picture, about 100 at most.
      ink: share of pixels whose luma differs by over 16 from the commonest luma (of every fourth
        row), in [0, 1].
    """

    width: int
    height: int
    original_width: int
    original_height: int
    exif: str
    sha256: str
    original_size: int
    original_format: str
    pdq: str
    pdq_quality: int
    sharpness: float
    luma_mean: float
    luma_std: float
    colourfulness: float
    ink: float


@dataclass(frozen=True, slots=True)
class PlannedPicture:
    """A picture that `gather` is to fetch: a row of a shard's plan.

    Attributes:
      uid: see `schemas.ids.picture_uid`.
      url: as the table has it.
      location: where to ask: `url` with its source's prefix, a file's fsspec path, or a place in a
        file, see `pipelines.local_pictures`.
      host: `host:port` of an HTTP location, "" for a file.
      source: name of the source of its first caption.
      licence: of its first caption.
      language: of its first caption.
      caption: its first caption, by language and id.
      expected_sha256: of the original bytes, as a row states it, 64 hex digits; "" if none does.
    """

    uid: str
    url: str
    location: str
    host: str
    source: str
    licence: str
    language: str
    caption: str
    expected_sha256: str


@dataclass(frozen=True, slots=True)
class GatheredPicture(Measures):
    """A picture whose fate is known: a row of `gathered/{shard:05d}.parquet`.

    Named as img2dataset names them, then our own. Measures of a picture not kept are 0 or "".

    Attributes:
      key: the sample's name in the tar: the uid.
      uid: the same.
      url: as the table had it.
      caption: its first caption.
      language: of that caption.
      source: name of the recipe's source.
      licence: as stated, or "".
      status: `success`, `failed_to_download` or `failed_to_resize`.
      error_message: for people, None where all went well.
      fate: a `Fate`.
      reason: kebab-case, "" where kept.
      image_shard: number of the tar that holds the picture.
      image_offset: bytes from the tar's start to the picture's first byte.
      image_size: bytes of the stored picture.
    """

    key: str
    uid: str
    url: str
    caption: str
    language: str
    source: str
    licence: str
    status: str
    error_message: str
    fate: str
    reason: str
    image_shard: int
    image_offset: int
    image_size: int


@dataclass(frozen=True, slots=True)
class Picture(Measures):
    """A kept picture: `pictures/part-*.parquet`, cut by uid as the captions are.

    Attributes:
      uid: see `schemas.ids.picture_uid`.
      url: as the table had it.
      image_shard: number of the gathered tar.
      image_offset: bytes from the tar's start.
      image_size: bytes.
    """

    uid: str
    url: str
    image_shard: int
    image_offset: int
    image_size: int


@dataclass(frozen=True, slots=True)
class Score:
    """What a teacher says of a caption and its picture: `scores/part-*.parquet`; of queries and
    their pages `scores/pages/`.

    A row for each caption and teacher, the teachers in the recipe's order. The parts are those of
    the captions that were scored, and the captions in the same order; those of pictures that could
    not be decoded any more are left out, and stand in the ledger.

    Attributes:
      caption_id: see `schemas.ids.caption_id`.
      uid: the picture's.
      language: the caption's.
      source: name of the recipe's source.
      teacher: `name@revision`, see `pipelines.teachers.label_of`.
      fold: of a teacher of several models the one that judged, which only its own cosines can be
        compared with; 0 where there is but one.
      cosine: of the embeddings as `embeddings/` has them, in [-1, 1]; 0 where nothing was judged.
      shuffled_cosine: of the caption and another picture, chosen by hash, in [-1, 1]: a sample of
        what the teacher says of mismatches; 0 where nothing was judged, or there is no other.
      status: a `ScoreStatus`.
      judged_in: the language in which the teacher read the caption: its own, or that into which
        it was translated for this; "" where nothing was judged, or an earlier version judged,
        which read all in their own.
    """

    caption_id: str
    uid: str
    language: str
    source: str
    teacher: str
    fold: int
    cosine: Float32
    shuffled_cosine: Float32
    status: str
    judged_in: str = ""


@dataclass(frozen=True, slots=True)
class TextScore:
    """What a teacher says of a text pair: `scores/texts/part-*.parquet`.

    A row for each pair and teacher, in the parts and the order of `screened/texts`.

    Attributes:
      query_id: see `schemas.ids.text_id`.
      positive_id: likewise.
      query_language: one of `schemas.languages`, or `und`.
      positive_language: likewise.
      source: name of the recipe's source.
      teacher: `name@revision`, see `pipelines.teachers.label_of`.
      cosine: of query and positive, in [-1, 1]; 0 where either was not understood.
      status: a `ScoreStatus`.
    """

    query_id: str
    positive_id: str
    query_language: str
    positive_language: str
    source: str
    teacher: str
    cosine: Float32
    status: str
