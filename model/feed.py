"""The batches of a stage as one process of a run gets them, made ready while it computes."""

import signal
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any

import torch
from pydantic import TypeAdapter
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from model.batches import Mix, Place, Progress, Stream
from model.data_sets import open_images, open_texts
from model.evaluation_sets import DataError
from model.loading import Piece, PieceReader, PlannedPiece
from model.plan import DataSet, Running, Stage
from model.samples import Pair, Sample, SampleSet, TextTuple
from schemas.ids import Fold

_PIECES_AHEAD = 2  # of each loading process


@dataclass(frozen=True, slots=True)
class Position:
    """How far the data of a stage has been used.

    Attributes:
      images: of the pictures with captions.
      texts: of the texts with texts.
    """

    images: Progress[Pair] = ()
    texts: Progress[TextTuple] = ()

    def as_json(self) -> dict[str, Any]:
        """What `of_json` reads."""
        written: dict[str, Any] = TypeAdapter(Position).dump_python(self, mode="json")
        return written

    @classmethod
    def of_json(cls, written: dict[str, Any]) -> "Position":
        """What `as_json` wrote."""
        return TypeAdapter(cls).validate_python(written)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, or the share of it that is this process's.

    Attributes:
      pieces: what the towers take at once, with near equal numbers of rows.
      position: of the stage's data after it.
    """

    pieces: list[Piece]
    position: Position


class Feed:
    """The data of a stage, from a position on.

    Attributes:
      languages: ISO 639-1 codes, and `und`, that its captions and texts have.
    """

    def __init__(
        self,
        stage: Stage,
        running: Running,
        seed: str,
        share: tuple[int, int],
        position: Position,
        unseen: Fold | None = None,
    ) -> None:
        """Goes on from `position`.

        Args:
          stage: …
          running: …
          seed: of the order.
          share: this process's number, of how many.
          position: …
          unseen: pictures that are left out.

        Raises:
          DataError: a data set is not as `pack` writes it, or batches cannot be shared out.
        """
        for name, size, sets in (
            ("image_batch", stage.image_batch, stage.images),
            ("text_batch", stage.text_batch, stage.texts),
        ):
            if sets and size % share[1]:
                raise DataError(f"{name} must be divisible by {share[1]} processes, got {size}")
        self._stage, self._running, self._share, self._seed = stage, running, share, seed
        images, texts = open_images(stage, unseen), open_texts(stage)
        shares = [*(opened.languages for opened in images), *(opened.languages for opened in texts)]
        self.languages = {code for languages in shares for code in languages}
        self._images = self._mix(images, stage.images, stage.image_batch, position.images)
        self._texts = self._mix(texts, stage.texts, stage.text_batch, position.texts)
        self._planned: deque[tuple[int, Position]] = deque()

    def batches(self, count: int, reader: PieceReader, pin: bool) -> Generator[Batch, None, None]:
        """The next `count` batches; `pin`: their memory, for a GPU."""
        loaders = self._running.loaders
        loader = DataLoader(
            reader,
            batch_size=None,
            sampler=self._plan(count),
            num_workers=loaders,
            prefetch_factor=_PIECES_AHEAD if loaders else None,
            multiprocessing_context="spawn" if loaders else None,  # so that they die with us
            pin_memory=pin,
            generator=torch.Generator(),  # its own: otherwise it draws from the training's
        )
        with _signals_held_back():
            pieces = iter(loader)
        try:
            for _ in range(count):
                first = next(pieces)
                number, position = self._planned.popleft()
                yield Batch([first, *(next(pieces) for _ in range(number - 1))], position)
        finally:
            if isinstance(pieces, _MultiProcessingDataLoaderIter):
                _end_loaders(pieces)

    def _plan(self, count: int) -> Iterator[PlannedPiece]:
        for _ in range(count):
            pairs = self._own(self._images.next()) if self._images else []
            texts = self._own(self._texts.next()) if self._texts else []
            position = Position(
                self._images.progress if self._images else (),
                self._texts.progress if self._texts else (),
            )
            salt = ":".join(str(batches) for batches, _ in position.images or position.texts)
            pieces = cut(pairs, texts, self._stage.micro_batch, f"{self._seed}:{salt}")
            self._planned.append((len(pieces), position))
            yield from pieces

    def _own(self, batch: list[Sample]) -> list[Sample]:
        number, processes = self._share
        size = len(batch) // processes
        return batch[number * size : (number + 1) * size]

    def _mix(
        self,
        opened: Sequence[SampleSet[Sample]],
        named: Sequence[DataSet],
        size: int,
        progress: Progress[Sample],
    ) -> Mix[Sample] | None:
        if not opened:
            return None
        begun = progress or tuple((0, Place()) for _ in opened)
        streams = [
            Stream(samples, size, self._seed, self._running.shuffle_samples, place)
            for samples, (_, place) in zip(opened, begun, strict=True)
        ]
        return Mix(streams, [data.weight for data in named], [taken for taken, _ in begun])


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Has processes begun meanwhile never get SIGINT and SIGTERM, which may come to a whole group.

    The training ends them when it has heard the signal and written its checkpoint.
    """
    resource_tracker.ensure_running()  # which would let them through when it begins
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_loaders(pieces: _MultiProcessingDataLoaderIter) -> None:
    """Ends the loading processes, also one that is stuck.

    Torch does so when nobody holds the iterator any more. But an error's traceback may hold it
    until Python ends, which then sends them SIGTERM, held back from them, and waits for ever.
    """
    pieces._shutdown_workers()
    for process in pieces._workers:
        process.kill()
        process.join()


def cut(
    pairs: Sequence[Pair], texts: Sequence[TextTuple], most: int, salt: str
) -> list[PlannedPiece]:
    """Cuts a batch into pieces of near equal size, of at most `most` rows of a kind; 0: one piece.

    Each piece has rows of both kinds where the batch has, even if more than `most` of one.

    >>> pairs = [Pair(str(n), "", "", 0, 0) for n in range(5)]
    >>> [len(piece.pairs) for piece in cut(pairs, [], 2, "")]
    [1, 2, 2]
    """
    counts = [len(rows) for rows in (pairs, texts) if rows]
    number = min(max(-(-count // most) for count in counts), *counts) if most else 1
    bounds = [
        [len(rows) * piece // number for piece in range(number + 1)] for rows in (pairs, texts)
    ]
    return [
        PlannedPiece(
            pairs[bounds[0][piece] : bounds[0][piece + 1]],
            texts[bounds[1][piece] : bounds[1][piece + 1]],
            salt,
        )
        for piece in range(number)
    ]
