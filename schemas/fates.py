"""What is counted, and how it ends."""

from enum import StrEnum


class Fate(StrEnum):
    """How a thing ends in a stage; nothing ends otherwise."""

    KEPT = "kept"
    REJECTED = "rejected"
    FAILED = "failed"


class Unit(StrEnum):
    """What is counted."""

    ROW = "row"
    PICTURE = "picture"
    CAPTION = "caption"
    TEXT = "text"
    TRIPLET = "triplet"
    SAMPLE = "sample"
    DOCUMENT = "document"
    PAGE = "page"
    QUERY = "query"
    FILE = "file"


class ScoreStatus(StrEnum):
    """Whether a teacher judged."""

    SCORED = "scored"
    NOT_UNDERSTOOD = "not-understood"


class TripletFault(StrEnum):
    """Why an anchor and its positive are no triplet."""

    NOT_UNDERSTOOD = "not-understood"
    FEW_NEGATIVES = "few-negatives"
