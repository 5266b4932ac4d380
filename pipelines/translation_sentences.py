"""What a sentence encoder says of translations beside their sources: a bucket of texts at a time.

Each text is embedded once in its bucket, in fixed batches; pictures and captions are not looked at.
"""

from collections.abc import Iterator, Sequence

import apache_beam as beam
import numpy as np
from apache_beam.ml.inference.base import RunInference

from model.sentence_encoder import SentenceEncoderSpec
from pipelines.embedding import KeepEmbeddings, marker_of, read_embedded, worded_batches
from pipelines.judging_translations import COMPARED_TEXTS, Decision, JudgeBucket
from pipelines.score_plan import (
    PLAN,
    Piece,
    TextToEmbed,
    by_length,
    pieces_in,
    pieces_of,
    plan_name,
)
from pipelines.scoring import cosines
from pipelines.sentence_encoders import encoder_label, encoder_spec
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal, pieces_for, table_of
from pipelines.transforms.inference import Batch, SentenceHandler
from pipelines.transforms.tables import read_slice, read_table, write_table
from pipelines.translate_wanted import Desk
from schemas.fates import Fate
from schemas.languages import ALL
from schemas.layout import part_name

_SENTENCES = "sentences"
_PLANNED = "sentences-planned"
_BATCH = 256  # texts embedded together at most; another may change an embedding's last bits
_BATCH_CHARS = 16_384
"""Of these with padding: tokens are fewer, and a base model's tower holds half a GB of as many."""


def embed_sentences(run: Run, desk: Desk, buckets: int) -> None:
    """Has the recipe's encoder embed translations that are kept so far, and their sources."""
    work, translate = desk.work, desk.recipe.translate
    assert translate is not None
    assert translate.encoder is not None
    if not work.exists(_PLANNED):
        run.step("judging texts")
        with run.pipeline(pieces_for(buckets)) as pipeline:
            dealt = pipeline | Deal("texts", range(buckets))
            _ = dealt | beam.ParDo(PlanSentences(desk))
        work.write(_PLANNED, b"")
    spec = encoder_spec(translate.encoder, translate.device)
    pieces, markers = list(pieces_of(work, _SENTENCES, _BATCH)), _embedded(work)
    run.step(f"embedding by {encoder_label(spec)}", len(pieces), markers, ".json", "pieces")
    done = set(markers.names())
    left = [piece for piece in pieces if marker_of(piece) not in done]
    if left:
        with run.pipeline(len(left)) as pipeline:
            _ = pipeline | EmbedSentences(work, spec, left)


def text_cosines(work: Folder, bucket: int, decisions: list[Decision]) -> list[float | None]:
    """The cosine of each translation and its source, None of those that were not embedded."""
    pieces = list(pieces_in(work, _SENTENCES, plan_name(bucket), _BATCH))
    shard = read_embedded([_embedded(work)], pieces, _dim(work, pieces))
    at = {id_: row for row, id_ in enumerate(shard.ids)}
    pairs = [(at.get(_name(of)), at.get(of.key)) for of in decisions]
    both = [(text, source) for text, source in pairs if text is not None and source is not None]
    texts, sources = (np.array([pair[n] for pair in both], np.int64) for n in (0, 1))
    found = iter(cosines(shard.embeddings[texts], shard.embeddings, sources).tolist())
    return [None if None in pair else next(found) for pair in pairs]


class PlanSentences(beam.DoFn):
    """Leaves what is decided on a bucket's texts so far, and what the encoder is to embed."""

    def __init__(self, desk: Desk) -> None:
        self._work = desk.work
        self._judge = JudgeBucket(desk)
        assert desk.recipe.translate is not None
        assert desk.recipe.translate.encoder is not None
        self._languages = frozenset(desk.recipe.translate.encoder.languages or ALL)

    def setup(self) -> None:
        self._judge.setup()

    def process(self, bucket: int) -> None:
        decisions = self._judge.returned(bucket)
        write_table(self._work / COMPARED_TEXTS, part_name(bucket), table_of(Decision, decisions))
        texts: dict[str, TextToEmbed] = {}
        for of in decisions:
            if of.fate == Fate.KEPT and {of.language, of.source_language} <= self._languages:
                source = TextToEmbed(of.key, "", of.source_language, of.source_text, bucket)
                texts[of.key] = source
                name = _name(of)
                texts[name] = TextToEmbed(name, "", of.language, of.text, bucket)
        planned = by_length(table_of(TextToEmbed, list(texts.values())))
        write_table(self._work / PLAN / _SENTENCES, plan_name(bucket), planned)


class EmbedSentences(beam.PTransform):
    """Embeds pieces of texts with an encoder.

    Args:
      work: of the stage.
      spec: which encoder.
      pieces: …
    """

    def __init__(self, work: Folder, spec: SentenceEncoderSpec, pieces: list[Piece]) -> None:
        super().__init__()
        self._pieces = pieces
        self._read = ReadSentences(work)
        self._handler = SentenceHandler(spec)
        self._keep = KeepEmbeddings(_embedded(work))

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[None]:
        return (
            begin
            | Deal("pieces", self._pieces)
            | beam.ParDo(self._read)
            | RunInference(self._handler)
            | beam.ParDo(self._keep)
        )


class ReadSentences(beam.DoFn):
    """A piece's batches of texts."""

    def __init__(self, work: Folder) -> None:
        self._plan = work / PLAN

    def process(self, piece: Piece) -> Iterator[Batch]:
        tables = read_slice(self._plan / piece.what, plan_name(piece.shard), piece.first, piece.end)
        texts = [TextToEmbed(**row) for table in tables for row in table.to_pylist()]
        yield from worded_batches(piece, list(cut_by_length(texts)))


def cut_by_length(texts: Sequence[TextToEmbed]) -> Iterator[list[TextToEmbed]]:
    """Batches of texts that come by length: fewer of long ones, whose memory grows with padding."""
    batch: list[TextToEmbed] = []
    for text in texts:
        if batch and (len(batch) == _BATCH or (len(batch) + 1) * len(text.text) > _BATCH_CHARS):
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch


def _name(of: Decision) -> str:
    return f"{of.key} {of.language}"


def _embedded(work: Folder) -> Folder:
    return work / "embedded-sentences"


def _dim(work: Folder, pieces: list[Piece]) -> int:
    """Features of an embedding, 1 where there is none."""
    for piece in pieces[:1]:
        embeddings = read_table(_embedded(work), f"{piece.name}.parquet", ["embedding"])
        if embeddings.num_rows:
            return len(embeddings["embedding"][0].as_py()) // np.dtype(np.float16).itemsize
    return 1
