"""What the recipe says of mining; part of `pipelines.recipe`."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from filters.negatives import NegativeRules

Positive = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """Which hard negatives are sought, and where.

    Attributes:
      kinds: `text-text`: a query, what answers it, and texts that almost do; `image-to-text`: a
        picture, a caption of it, and captions that almost fit; `text-to-image`: a caption, its
        picture, and pictures that it almost fits.
      negatives: `filters.negatives`.
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
        tuple[Literal["text-text", "image-to-text", "text-to-image"], ...], Field(min_length=1)
    ] = ("text-text", "image-to-text", "text-to-image")
    negatives: NegativeRules = field(default_factory=NegativeRules)
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
        shares = (self.cross_language, self.bm25, self.edited)
        if not (min(shares) >= 0 and sum(shares) <= 1):
            raise ValueError(
                "mine.cross_language, mine.bm25 and mine.edited must be at least 0 and at most 1 "
                f"together, got {', '.join(map(str, shares))}"
            )
