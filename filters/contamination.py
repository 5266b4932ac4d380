"""What may a training set not share with the sets that models are evaluated on?"""

from dataclasses import dataclass, field

from filters.near_hashes import FURTHEST
from filters.overlap import OverlapRules


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSet:
    """Pictures and texts that training must not see.

    Attributes:
      name: for the report.
      path: a glob of tables: Parquet, CSV, TSV or JSON lines, also .gz or .zst.
      image_column: of paths below the table's folder, or of the pictures' bytes (a binary column of
        Parquet); "" where the set has no pictures.
      text_columns: of texts, or of lists of texts.
    """

    name: str
    path: str
    image_column: str = ""
    text_columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in ("name", "path"):
            if not getattr(self, key):
                raise ValueError(f"{key} must not be empty")
        if not self.columns:
            raise ValueError(
                f"evaluation set {self.name!r} must have an image_column or text_columns, got none"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read."""
        images = (self.image_column,) if self.image_column else ()
        return (*images, *self.text_columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecontaminationRules:
    """What is compared with which sets: the recipe's `[screen.decontaminate]`.

    Attributes:
      sets: in the order in which they are named where something stands in several.
      max_distance: bits of PDQ's 256 by which a picture may differ from one of a set, in [0, 31].
      min_pdq_quality: in [0, 100], of both pictures; worse hashes say too little. Equal bytes are
        found in any case.
      overlap: when a caption is one of a set's.
    """

    sets: tuple[EvaluationSet, ...] = ()
    max_distance: int = FURTHEST
    min_pdq_quality: int = 50
    overlap: OverlapRules = field(default_factory=OverlapRules)

    def __post_init__(self) -> None:
        names = [of.name for of in self.sets]
        if len(set(names)) < len(names):
            raise ValueError(f"sets must have different names, got {', '.join(names)}")
        for name, most in (("max_distance", FURTHEST), ("min_pdq_quality", 100)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise ValueError(f"{name} must be in [0, {most}], got {value}")
