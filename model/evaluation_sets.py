"""What models are evaluated on, as a command line or a plan names it."""

from dataclasses import dataclass

from schemas.languages import LANGUAGES


class DataError(ValueError):
    """What lies at an evaluation set's place is not what can be evaluated on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSet:
    """Data to evaluate on; `model.evaluation_data` says what may lie there.

    Attributes:
      data: a folder or a Parquet file, a path or anything that fsspec opens.
      name: in reports; "": `data`.
      image_column: of a table with pictures; "": `image` or `picture`.
      text_column: of a table with pictures, of texts or lists of texts; "": `text`, `caption`,
        `txt` or `name`.
      language_column: of tags that `schemas.languages` knows; "": `language` or `lang`.
      language: ISO 639-1 code of all texts, whatever columns there are; "": as the column says.
      images: folder that the paths of the image column start from; "": the table's, or `images`
        in it.
      limit: read the first so many pictures, or rows where there are none; None: all.
    """

    data: str
    name: str = ""
    image_column: str = ""
    text_column: str = ""
    language_column: str = ""
    language: str = ""
    images: str = ""
    limit: int | None = None

    def __post_init__(self) -> None:
        if not self.data:
            raise ValueError("data must not be empty")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit must be at least 1, got {self.limit}")
        if self.language and self.language not in LANGUAGES:
            raise ValueError(f"language must be one of {', '.join(LANGUAGES)}; got {self.language}")
        if self.language and self.language_column:
            raise ValueError(
                f"either language or language_column must be given, got {self.language} "
                f"and {self.language_column}"
            )

    @property
    def label(self) -> str:
        """What reports call it."""
        return self.name or self.data
