"""What `benchmarks.mine` mines: text pairs and their embeddings, laid out as `score` leaves them.

Parts are made one after another, so that memory does not grow with the rows. Embeddings are nested
as those of texts are: texts lie around subjects of 50, these around topics of 5,000, and all are
scattered by a spectrum that falls with the root of the feature's rank, so that neighbourhoods have
far fewer dimensions than there are features (`dimensions`).
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.embedding_files import write_embeddings
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import write_table
from schemas.ids import text_id
from schemas.layout import OF_TEXTS, SCREENED_TEXTS, embeddings_folder, part_name
from schemas.rows import TextPair

PART = 25_000
_SUBJECT, _TOPIC = 50, 5_000  # rows
_APART = {"subject": 0.9, "text": 0.8, "pair": 0.5}  # of the topics' own distances
_RECIPE = """
output = "out"
seed = 1
[[sources]]
name = "made"
task = "text-pair"
format = "table"
path = "none.parquet"
[screen]
[[score.teachers]]
model = "teacher"
[mine]
kinds = ["text-text"]
{exact_rows}
cross_language = 0.0
[mine.negatives]
range_max = {range_max}
"""

Rows = NDArray[np.float32]
"""Shape [rows, dim]."""


def make(folder: Path, rows: int, dim: int, k: int, exact_rows: int | None) -> None:
    """Writes pairs `query N`, `passage N`, their embeddings and a recipe that looks at `k`."""
    folder.mkdir(parents=True, exist_ok=True)
    output = Folder(str(folder / "out"))
    for part, (first, queries, passages) in enumerate(_parts(rows, dim)):
        numbers = range(first, first + len(queries))
        of = {f"query {n}": row for n, row in zip(numbers, queries, strict=True)}
        of |= {f"passage {n}": row for n, row in zip(numbers, passages, strict=True)}
        pairs = table_of(TextPair, [_pair(number) for number in numbers])
        write_table(output / SCREENED_TEXTS, part_name(part), pairs)
        texts = sorted(of, key=text_id)
        ids = pa.table({"text_id": [text_id(text) for text in texts]})
        embeddings = np.stack([of[text] for text in texts])
        write_embeddings(output / embeddings_folder(0, OF_TEXTS), part, ids, embeddings)
    record = {"stage": "score", "version": 1, "fingerprint": "f", "reads": {}, "counts": {}}
    record |= {"started": 0.0, "seconds": 0.0, "limit": None, "libraries": {}}
    output.write("ledger/score/_stage.json", json.dumps(record).encode())
    (folder / "teacher").mkdir()
    (folder / "teacher/config.json").write_text("{}")
    exact = "" if exact_rows is None else f"exact_rows = {exact_rows}"
    recipe = _RECIPE.format(exact_rows=exact, range_max=k - 1)
    (folder / "recipe.toml").write_text(recipe)


def dimensions(cosines: NDArray[np.float32]) -> float:
    """Of the neighbourhoods that rows lie in: the median of the maximum likelihood estimates.

    Levina and Bickel 2004, equation 8, from the distances to the nearest.

    Args:
      cosines: of rows of length 1 and their nearest, falling; shape [rows, k].
    """
    distances = np.sqrt(np.maximum(2 - 2 * cosines.astype(np.float64), 1e-9))
    farther = np.log(distances[:, -1:] / distances[:, :-1])
    return float(np.median(1 / farther.mean(axis=1)))


def _parts(rows: int, dim: int) -> Iterator[tuple[int, NDArray[np.float16], NDArray[np.float16]]]:
    """The number of the first row, and the embeddings of queries and of passages."""
    spectrum = (np.arange(dim, dtype=np.float32) + 1) ** np.float32(-0.5)

    def scattered(seed: list[int], number: int) -> Rows:
        normal = np.random.default_rng(seed).standard_normal((number, dim), np.float32)
        return np.asarray(normal * spectrum)

    topics = scattered([0], -(-rows // _TOPIC))
    subjects = -(-rows // _SUBJECT)
    of_subjects = np.random.default_rng(1).integers(0, len(topics), subjects)
    centres = topics[of_subjects] + _APART["subject"] * scattered([2], subjects)
    for first in range(0, rows, PART):
        number = min(PART, rows - first)
        of_texts = np.random.default_rng([3, first]).integers(0, subjects, number)
        queries = centres[of_texts] + _APART["text"] * scattered([4, first], number)
        passages = queries + _APART["pair"] * scattered([5, first], number)
        yield first, _unit(queries), _unit(passages)


def _unit(rows: Rows) -> NDArray[np.float16]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def _pair(number: int) -> TextPair:
    query, passage = f"query {number}", f"passage {number}"
    ids = text_id(query), text_id(passage)
    return TextPair(*ids, query, passage, "en", "en", "made", f"made:none:{number}", "", "{}")
