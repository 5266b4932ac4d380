"""What the recipe says of mining; part of `pipelines.recipe`."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field

from filters.cross_encoders import CrossEncoderRules
from filters.negatives import NegativeRules
from schemas.layout import IMAGE_TO_TEXT, TEXT_TEXT

Positive = Annotated[int, Field(ge=1)]

_SPARE = 30  # candidates looked at for each negative
_DEEPEST = 2_000  # the greatest `range_max`


@dataclass(frozen=True, slots=True, kw_only=True)
class MineCrossEncoder(CrossEncoderRules):
    """A model that reads a query and a text together, asked last of all guards, of texts alone.

    Attributes:
      model: a folder that sentence-transformers reads, relative to the recipe's folder, or its id
        on the Hugging Face hub.
      revision: of an id: the commit's 40 hex digits.
      device: as torch names it, e.g. `cuda:1`; `auto`: the GPU where there is one.
    """

    model: Annotated[str, Field(min_length=1)]
    revision: str | None = None
    device: Annotated[str, Field(min_length=1)] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """Which hard negatives are sought, and where.

    Attributes:
      kinds: `text-text`: a query, what answers it, and texts that almost do; `image-to-text`: a
        picture, a caption of it, and captions that almost fit; `text-to-image`: a caption, its
        picture, and pictures that it almost fits; `query-to-page`: a title, heading or caption of a
        page, the page, and pages that almost answer. Kinds of which a recipe has nothing are empty.
      negatives: `filters.negatives`.
      cross_encoder: refuses negatives of `text-text` that it takes for answers; default: none is
        asked.
      picture_margin: how much worse than its own captions a caption must fit a picture that it is
        not to be true of, as a share: what `relative_margin` is at least of `image-to-text`, where
        the anchor is the picture, and `own_margin` of `text-to-image` and `query-to-page`, where
        the negative is.
        `range_max` is then by default `range_min` and 30 times `num_negatives`, since more of the
        nearest are refused. 0: margins are as for texts.
      from_document: share of the negatives of a page's query, but for those in another language,
        that are pages of its document, as far as there are such; the others are of other documents.
      cross_language: share of the negatives in another language than the positive's, one that a
        hash chooses for each anchor; others are in the positive's own.
      bm25: share of the negatives of a text that have its rarest words.
      edited: share of the negatives of an English caption that are the caption with a number, a
        colour, a position or two nouns changed.
      incomplete: what becomes of an anchor with too few negatives: `drop`, or `complete` by texts
        or pictures that a hash chooses and the guards let pass.
      document_column: one of `keep_columns`; rows of a source that are equal in it are of one
        document, and no negatives of each other.
      index_rows: embeddings that a worker searches at a time; it holds them in 4 bytes a feature.
      exact_rows: embeddings, of a language or of pictures, beyond which the search is by inverted
        lists (IVF), and nearly exact.
      probes: lists that are looked at, of about four times the root of `index_rows`.
    """

    kinds: Annotated[
        tuple[Literal["text-text", "image-to-text", "text-to-image", "query-to-page"], ...],
        Field(min_length=1),
    ] = ("text-text", "image-to-text", "text-to-image", "query-to-page")
    negatives: NegativeRules = field(default_factory=NegativeRules)
    cross_encoder: MineCrossEncoder | None = None
    picture_margin: Annotated[float, Field(ge=0, lt=1)] = 0.2
    from_document: Annotated[float, Field(ge=0, le=1)] = 1.0
    cross_language: float = 0.15
    bm25: float = 0.0
    edited: float = 0.0
    incomplete: Literal["drop", "complete"] = "drop"
    document_column: str = ""
    index_rows: Positive = 100_000
    exact_rows: Positive = 500_000
    probes: Positive = 64

    def __post_init__(self) -> None:
        if len({*self.kinds}) < len(self.kinds):
            raise ValueError(f"mine.kinds must each be there once, got {', '.join(self.kinds)}")
        if self.cross_encoder and TEXT_TEXT not in self.kinds:
            raise ValueError(
                f"mine.cross_encoder must go with {TEXT_TEXT} in mine.kinds, which it judges, got "
                f"{', '.join(self.kinds)}"
            )
        shares = (self.cross_language, self.bm25, self.edited)
        if not (min(shares) >= 0 and sum(shares) <= 1):
            raise ValueError(
                "mine.cross_language, mine.bm25 and mine.edited must be at least 0 and at most 1 "
                f"together, got {', '.join(map(str, shares))}"
            )

    def for_kind(self, kind: str) -> "Mine":
        """What is asked of one kind of triplets.

        >>> mine = Mine(negatives=NegativeRules(relative_margin=0.3))
        >>> asked = mine.for_kind("text-to-image").negatives
        >>> asked.relative_margin, asked.own_margin, asked.range_max
        (0.3, 0.2, 210)
        """
        if kind == TEXT_TEXT or not self.picture_margin:
            return self
        of, least = self.negatives, self.picture_margin
        if of.range_max is None:
            of = replace(of, range_max=min(of.range_min + _SPARE * of.num_negatives, _DEEPEST))
        if kind == IMAGE_TO_TEXT:
            of = replace(of, relative_margin=max(of.relative_margin or 0.0, least))
        else:
            of = replace(of, own_margin=max(of.own_margin or 0.0, least))
        return replace(self, negatives=of)
