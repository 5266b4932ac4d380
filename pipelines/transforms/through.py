"""Captions said in a language that teachers understand, a piece of a shard at a time.

What has no whole translation is left out, and is not judged.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.ml.inference.base import ModelHandler, RunInference

from model.translator import Translation, Translator
from pipelines.score_plan import PLAN, Piece, TextToEmbed, plan_name
from pipelines.score_through import Through
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal
from pipelines.transforms.tables import read_slice, read_table, rows_of, write_table
from pipelines.translators import load

SAID = "said"
"""Below the stage's folder: a table and a marker of each piece that is translated."""

_ROWS = pa.schema([("id", pa.string()), ("text", pa.string())])


class SayCaptions(beam.PTransform):
    """Translates pieces of captions; each leaves its table and its marker below `work`.

    Args:
      work: of the stage.
      through: by what.
      pieces: of captions.
    """

    def __init__(self, work: Folder, through: Through, pieces: list[Piece]) -> None:
        super().__init__()
        self._pieces = pieces
        self._read = _ReadCaptions(work, through)
        self._handler = _Translating(through)
        self._keep = _KeepSaid(work / SAID)

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[None]:
        return (
            begin
            | Deal("captions", self._pieces)
            | beam.ParDo(self._read)
            | RunInference(self._handler)
            | beam.ParDo(self._keep)
        )


def read_said(work: Folder, piece: Piece) -> dict[str, str]:
    """The translations of a piece's captions, by caption id."""
    table = read_table(work / SAID, f"{piece.name}.parquet")
    return dict(zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Captions:
    """A piece's captions that are to be translated; perhaps none."""

    piece: Piece
    texts: tuple[TextToEmbed, ...]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class _Said:
    """These captions when they are translated."""

    captions: _Captions
    translations: tuple[Translation, ...]


class _ReadCaptions(beam.DoFn):
    def __init__(self, work: Folder, through: Through) -> None:
        self._plan = work / PLAN
        self._languages = frozenset(through.languages)

    def process(self, piece: Piece) -> Iterator[_Captions]:
        tables = read_slice(self._plan / piece.what, plan_name(piece.shard), piece.first, piece.end)
        texts = (text for table in tables for text in rows_of(table, TextToEmbed))
        yield _Captions(piece, tuple(of for of in texts if of.language in self._languages))


class _Translating(ModelHandler[_Captions, _Said, Translator]):
    """Translates a piece at a time with a translator, which Beam loads once a process."""

    def __init__(self, through: Through) -> None:
        super().__init__()
        self._spec = through.speaker.spec
        self._into = through.into

    def load_model(self) -> Translator:
        return load(self._spec)

    def run_inference(  # a piece is one element
        self,
        batch: _Captions,
        model: Translator,
        inference_args: dict[str, Any] | None = None,  # noqa: ARG002  # Beam's
    ) -> Iterator[_Said]:
        asked = [(of.text, of.language) for of in batch.texts]
        unlike = list(dict.fromkeys(asked))
        texts, languages = [text for text, _ in unlike], [language for _, language in unlike]
        translations = model.translate(texts, languages, [self._into] * len(texts))
        said = dict(zip(unlike, translations, strict=True))
        yield _Said(batch, tuple(said[text] for text in asked))

    def should_skip_batching(self) -> bool:
        return True

    def get_num_bytes(self, batch: _Captions) -> int:
        return sum(len(of.text) for of in batch.texts)

    def get_metrics_namespace(self) -> str:
        return "score"


class _KeepSaid(beam.DoFn):
    """Writes what is wholly translated, then the piece's marker."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def process(self, said: _Said) -> None:
        captions = said.captions
        pairs = zip(captions.texts, said.translations, strict=True)
        rows = [(of.id, its.text) for of, its in pairs if not its.fault and its.text.strip()]
        table = pa.table([[id_ for id_, _ in rows], [text for _, text in rows]], schema=_ROWS)
        write_table(self._folder, f"{captions.piece.name}.parquet", table)
        marker = {"count": len(captions), "successes": len(rows)}
        self._folder.write(f"{captions.piece.name}.json", json.dumps(marker).encode())
