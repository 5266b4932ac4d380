"""Why is something turned away for the sake of what else is in the set?"""

from enum import StrEnum


class SetFault(StrEnum):
    """Faults that no row, caption, picture or text pair shows by itself.

    Attributes:
      NO_CAPTION: of a picture, none of whose captions is kept.
      POPULAR_CAPTION: of a caption whose text stands on too many pictures.
      DUPLICATE_ROW: of a caption that an earlier row has claimed for the same picture.
      DUPLICATE_CAPTION: of a caption that another of its picture equals once languages are known.
      DUPLICATE_PAIR: of a text pair that stands there twice.
      SEMANTIC_DUPLICATE: of a picture that means the same as a better one.
      CONCEPT_BALANCE: of a caption whose concepts are common.
      NO_CONCEPT: of a caption that has none of the concepts listed.
      OVER_BUDGET: of a picture that there is no room for.
    """

    NO_CAPTION = "no-caption"
    POPULAR_CAPTION = "popular-caption"
    DUPLICATE_ROW = "duplicate-row"
    DUPLICATE_CAPTION = "duplicate-caption"
    DUPLICATE_PAIR = "duplicate-pair"
    SEMANTIC_DUPLICATE = "semantic-duplicate"
    CONCEPT_BALANCE = "concept-balance"
    NO_CONCEPT = "no-concept"
    OVER_BUDGET = "over-budget"


class ContaminationFault(StrEnum):
    """Why something is turned away for the sake of an evaluation set."""

    PICTURE = "contaminated-picture"
    CAPTION = "contaminated-caption"
