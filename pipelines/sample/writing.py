"""Writes a sample world: pictures, pairs, the truth about them, an evaluation set and a recipe."""

import shutil
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sample.defects import MOST_DEFECTS
from pipelines.sample.documents import write_documents
from pipelines.sample.sentences import say_twice
from pipelines.sample.world import EVALUATION, LICENCE, Row, World
from schemas.languages import ALL

Templates = Literal["train", "held-out"]

SCHEMA = pa.schema(
    {
        "image": pa.string(),  # path relative to the table's folder
        "language": pa.string(),  # as the source states it
        "text": pa.string(),
        "scene": pa.int32(),
        "licence": pa.string(),
    }
)
TRUTH_SCHEMA = pa.schema(
    {
        "row": pa.int64(),  # of the pairs, from 0
        "image": pa.string(),
        "defect": pa.string(),  # "": none
        "twin": pa.int64(),  # the row whose picture this one copies, -1: none
        "detail": pa.string(),
    }
)
EVALUATION_SCHEMA = pa.schema({"image": pa.string(), "language": pa.string(), "text": pa.string()})
TEXTS_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("query_language", "query", "language", "positive")]
)
_EVALUATION_LEAST = 8  # rows that have nothing to do with the pairs

_LANGUAGES = "\n".join(
    "    " + " ".join(f'"{code}",' for code in ALL[at : at + 15]) for at in range(0, len(ALL), 15)
)
_SCREEN = """\
[screen.caption]
min_letters = 3              # these captions are sentences
max_pictures_per_text = 10   # in so small a world

[[screen.decontaminate.sets]]
name = "held-out"
path = "evaluation/pairs.parquet"
image_column = "image"
text_columns = ["text"]
"""
_TEACHER = """\
[score]

[[score.teachers]]           # trained on other such worlds; it ships with pairmill
model = "{teacher}"

"""
_TRANSLATOR = """\
[translate]
per_caption = 1              # language for each caption, by a hash

[[translate.models]]         # likewise, and no other sentences
model = "{translator}"

[mine]

[mine.negatives]
num_negatives = 2            # enough for a small model
absolute_margin = 0.1        # this teacher's cosines of what fits lie about 0: a share is no margin
range_max = 200              # scenes are alike here: many of the nearest fit

"""
_MODELS = f"""\
{_TEACHER}[select.threshold]
by = "precision"             # of the captions that stay, about so many are to match
value = 0.99

{_TRANSLATOR}"""
_DOCUMENT_MODELS = f"""\
{_TEACHER}[select.documents.threshold]
by = "keep-fraction"         # this teacher has seen no pages: what it says of them means little
value = 0.5
min_group = 50               # queries of a language that have a threshold of their own

[mine]
picture_margin = 0.0         # likewise

[mine.negatives]
num_negatives = 2            # documents are short here

"""
_RECIPE = f"""\
# The sample world: pictures of shapes, each with true captions in a few languages.
#   pairmill curate recipe.toml
output = "out"
seed = 17                    # of the order of the samples in the shards
languages = [
{_LANGUAGES}
]

[[sources]]
name = "sample"
task = "image-text"
format = "table"
path = "pairs.parquet"       # one row a caption; about three rows name the same picture
url_column = "image"
caption_column = "text"
language_column = "language"
licence_column = "licence"
keep_columns = ["scene"]     # the number of the scene that was drawn

[[sources]]
name = "sentences"
task = "text-pair"
format = "table"
path = "texts.parquet"       # the same said in two languages, without pictures
query_language_column = "query_language"
language_column = "language"
licence = "CC0-1.0"

[gather]
image_size = 144             # pixels: twice what the small towers see
pictures_per_shard = 100     # small, so that a small sample has several shards
allow_local_files = true     # the pictures lie beside the table

{_SCREEN}
{{models}}[pack]
sample = "picture"           # all captions of a picture in one sample
samples_per_shard = 100
"""

_DOCUMENTS_RECIPE = f"""\
# The sample world's web pages and PDFs.
#   pairmill curate documents.toml
output = "out-documents"
seed = 17

[[sources]]
name = "documents"
task = "document"
format = "folder"
path = "documents"
licence = "{LICENCE}"

[documents]                  # needs pairmill[documents] and Chromium
viewport_width = 800         # pixels of a screen
viewport_height = 1000

{{models}}[pack]
samples_per_shard = 100
"""


def write_sample(
    folder: Path,
    rows: int,
    seed: int,
    defects: float = 0.0,
    templates: Templates = "train",
    documents: int = 0,
    *,
    models: bool = False,
) -> Path:
    """Writes a world of `rows` captions; returns the path of its recipe.

    Below `folder`: `pictures/` and `pairs.parquet`; `truth.parquet`, a row for each of the pairs';
    `texts.parquet`, as many pairs of sentences; `evaluation/`, pictures and pairs that a training
    set must not contain; `documents/` with `documents.parquet`, `documents_truth.parquet` and a
    recipe of their own, `documents.toml`: Chromium is not everywhere. The same arguments give the
    same bytes.

    Args:
      folder: new, empty, or of an earlier sample, which goes.
      rows: 1 or more.
      seed: 0 or more.
      defects: share of the rows, and of the documents, with a planted defect, in
        [0, MOST_DEFECTS].
      templates: the sentences that captions are said in; those held out are other ones.
      documents: how many, 0 or more.
      models: whether the recipes go on to what needs models, with the tiny ones that ship.

    Raises:
      ValueError: for an impossible number.
      FileExistsError: where `folder` holds anything but an earlier sample.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, got {rows}")
    if seed < 0:
        raise ValueError(f"seed must be at least 0, got {seed}")
    if documents < 0:
        raise ValueError(f"documents must be at least 0, got {documents}")
    if not 0 <= defects <= MOST_DEFECTS:
        raise ValueError(f"defects must be in [0, {MOST_DEFECTS}], got {defects}")
    _clear_folder(folder)
    held_out = templates == "held-out"
    world = World(folder, rows, seed, defects, held_out)
    made = list(islice(world.rows(), rows))
    for _ in range(_EVALUATION_LEAST + 2 * len(world.evaluation)):
        world.evaluate()
    _write_tables(folder, made, world.evaluation)
    sentences = list(say_twice(rows, seed, held_out=held_out))
    pq.write_table(pa.Table.from_pylist(sentences, TEXTS_SCHEMA), folder / "texts.parquet")
    write_documents(folder, documents, seed, defects, LICENCE, held_out=held_out)
    ours = {name: str(files("model") / f"tiny_{name}") for name in ("teacher", "translator")}
    for name, text, more in (
        ("recipe.toml", _RECIPE, _MODELS),
        ("documents.toml", _DOCUMENTS_RECIPE, _DOCUMENT_MODELS),
    ):
        text = text.replace("{models}", more.format(**ours) if models else "")
        (folder / name).write_text(text, "utf-8", newline="\n")
    return folder / "recipe.toml"


def _clear_folder(folder: Path) -> None:
    """Makes `folder`, or removes an earlier sample's pictures from it; anything else is refused."""
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} must be a folder, got a file")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        is_sample = pq.read_schema(folder / "pairs.parquet").equals(SCHEMA)
    except (FileNotFoundError, pa.ArrowInvalid):
        is_sample = False
    if any(folder.iterdir()) and not is_sample:
        raise FileExistsError(
            f"{folder} must be empty or hold an earlier sample, got no pairs.parquet of one"
        )
    for below in ("pictures", EVALUATION, "documents"):
        if (folder / below).exists():
            shutil.rmtree(folder / below)


def _write_tables(folder: Path, rows: list[Row], evaluation: list[Row]) -> None:
    """Writes the pairs, the truth and the evaluation set's pairs."""
    pairs = {name: [getattr(row, name) for row in rows] for name in SCHEMA.names[:-1]}
    pairs["licence"] = [LICENCE] * len(rows)
    truth = {name: [getattr(row, name) for row in rows] for name in TRUTH_SCHEMA.names[1:]}
    truth["row"] = list(range(len(rows)))
    held = {name: [getattr(row, name) for row in evaluation] for name in EVALUATION_SCHEMA.names}
    for path, columns, schema in (
        ("pairs.parquet", pairs, SCHEMA),
        ("truth.parquet", truth, TRUTH_SCHEMA),
        (f"{EVALUATION}/pairs.parquet", held, EVALUATION_SCHEMA),
    ):
        pq.write_table(pa.table(columns, schema), folder / path)
