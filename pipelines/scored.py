"""What teachers said of captions, as the stages after `score` use it."""

from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from filters.choice import Verdict
from pipelines.recipe import Recipe
from pipelines.storage import Folder
from pipelines.teachers import first_of_one_space
from pipelines.transforms.tables import read_table
from schemas.fates import ScoreStatus
from schemas.layout import Tables, part_name


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """A part's pictures and captions, and what teachers said of them.

    Attributes:
      pictures: a table of `Picture`s.
      captions: a table of `Caption`s.
      verdicts: by caption id, the first teacher's that understands it; none of the others.
    """

    pictures: pa.Table
    captions: pa.Table
    verdicts: dict[str, Verdict]


def read_kept(recipe: Recipe, kept: Tables, part: int) -> ScoredPart:
    """A part as the stages before left it, without verdicts where no teacher was asked."""
    output = Folder(recipe.output)
    return read_scored(output, kept, part) if recipe.score else _read_tables(output, kept, part)


def read_translated(recipe: Recipe, kept: Tables, part: int) -> ScoredPart:
    """A part with the translations of its captions, and `parent`, "" of a caption that is none.

    Their verdicts are of the teacher that judges translations.
    """
    read = _with_parents(read_kept(recipe, kept, part))
    if not recipe.translate:
        return read
    translated = read_table(Folder(recipe.output) / kept.branch.translated, part_name(part))
    captions = pa.concat_tables([read.captions, translated.select(read.captions.column_names)])
    number = first_of_one_space(recipe.score) if recipe.score else None
    said = (translated[column].to_pylist() for column in ("caption_id", "cosine"))
    verdicts = {
        id_: Verdict(number, cosine)
        for id_, cosine in zip(*said, strict=True)
        if cosine and number is not None
    }
    return ScoredPart(read.pictures, captions, read.verdicts | verdicts)


def _read_tables(output: Folder, kept: Tables, part: int) -> ScoredPart:
    pictures, captions = (
        read_table(output / folder, part_name(part)) for folder in (kept.pictures, kept.captions)
    )
    return ScoredPart(pictures, captions, {})


def _with_parents(read: ScoredPart) -> ScoredPart:
    nobody = pa.array([""] * read.captions.num_rows, pa.string())
    field = pa.field("parent", pa.string(), nullable=False)
    return replace(read, captions=read.captions.append_column(field, nobody))


def read_scored(output: Folder, kept: Tables, part: int) -> ScoredPart:
    """A part without the pictures that failed when they were scored, and their captions."""
    name = part_name(part)
    pictures = read_table(output / kept.pictures, name)
    captions = read_table(output / kept.captions, name)
    columns = ["caption_id", "uid", "cosine", "status"]
    scores = read_table(output / kept.branch.scores, name, columns)
    numbers: dict[str, int] = {}
    verdicts: dict[str, Verdict] = {}
    rows = (scores[column].to_pylist() for column in ("caption_id", "cosine", "status"))
    for id_, cosine, status in zip(*rows, strict=True):
        numbers[id_] = numbers.get(id_, -1) + 1
        if status == ScoreStatus.SCORED and id_ not in verdicts:
            verdicts[id_] = Verdict(numbers[id_], cosine)
    return ScoredPart(
        pictures.filter(pc.is_in(pictures["uid"], value_set=scores["uid"].combine_chunks())),
        captions.filter(
            pc.is_in(captions["caption_id"], value_set=scores["caption_id"].combine_chunks())
        ),
        verdicts,
    )
