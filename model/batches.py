"""Which samples make a batch, and in which order: the same in every process, and without pictures.

Every process plans all batches alike and takes its own share of each, so no sample is lost or comes
twice however many processes there are, and no picture or text stands twice in a batch, across them
too. A batch depends on the seed and on the place in the epochs alone, and a place can be saved.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from model.drawing import shuffled
from model.evaluation_sets import DataError
from model.samples import Sample, SampleSet

_MOST_WAITING = 4  # batches of samples that wait for one without their text or picture
_LEAST_WAITING = 10_000
_MOST_EPOCHS = 10  # that are looked through for one batch


@dataclass(frozen=True, slots=True)
class Place(Generic[Sample]):
    """How far a stream has come.

    Attributes:
      epoch: from 0.
      window: of the epoch, from 0.
      taken: samples of the window that were looked at.
      waiting: of those looked at, the ones that no batch could take yet.
    """

    epoch: int = 0
    window: int = 0
    taken: int = 0
    waiting: tuple[Sample, ...] = ()


Progress = tuple[tuple[int, Place[Sample]], ...]
"""Of a mix: batches that came from each data set, and where its next one begins."""


class Stream(Generic[Sample]):
    """Batches of one data set, epoch after epoch.

    An epoch is every block once, in an order of its own; whole blocks of about `shuffle` samples
    are shuffled together. A sample whose picture or text stands in the batch already waits for the
    next one, maybe into the following epoch.

    Attributes:
      place: where the next batch begins.
    """

    def __init__(
        self,
        samples: SampleSet[Sample],
        size: int,
        seed: str,
        shuffle: int,
        place: Place[Sample],
    ) -> None:
        """Goes on from `place`; `size` samples a batch."""
        held = sum(samples.blocks)
        if not held:
            raise DataError(f"{samples.path} must hold samples, got none")
        if size > held:
            raise DataError(
                f"a batch of {size} must have that many different pictures and texts, and "
                f"{samples.path} had only {held}: make the batch smaller"
            )
        self.place = place
        self._samples = samples
        self._size = size
        self._seed = seed
        self._shuffle = shuffle
        self._held: tuple[int, int, list[Sample]] | None = None  # a window of an epoch

    def next(self) -> list[Sample]:
        """The next batch.

        Raises:
          DataError: it cannot be filled with different pictures and texts.
        """
        batch: _Batch[Sample] = _Batch(self._size)
        waiting = [sample for sample in self.place.waiting if not batch.take(sample)]
        epoch, window, taken = self.place.epoch, self.place.window, self.place.taken
        while not batch.is_full:
            samples = self._window(epoch, window)
            if samples is None:
                epoch, window, taken = epoch + 1, 0, 0
                self._check_epochs(epoch - self.place.epoch, len(batch.samples), waiting)
            elif taken == len(samples):
                window, taken = window + 1, 0
            else:
                if not batch.take(samples[taken]):
                    waiting.append(samples[taken])
                    self._check_waiting(waiting)
                taken += 1
        self.place = Place(epoch, window, taken, tuple(waiting))
        return batch.samples

    def _window(self, epoch: int, window: int) -> list[Sample] | None:
        """The samples of a window in the order of the epoch; None after its last."""
        if self._held is None or self._held[:2] != (epoch, window):
            blocks = self._blocks(epoch, window)
            if not blocks:
                return None
            self._held = None
            salt = f"{self._seed}:{epoch}"
            read = [
                sample
                for block in blocks
                for sample in self._samples.read(block, f"{salt}:{block}")
            ]
            order = shuffled(f"{salt}:window:{window}", len(read))
            self._held = epoch, window, [read[place] for place in order]
        return self._held[2]

    def _blocks(self, epoch: int, window: int) -> list[int]:
        """The blocks of a window, none after the last."""
        begun, found, held = 0, [], 0
        for block in shuffled(f"{self._seed}:{epoch}:blocks", len(self._samples.blocks)).tolist():
            if held >= self._shuffle:
                begun, held = begun + 1, 0
            held += self._samples.blocks[block]
            if begun == window:
                found.append(block)
        return found

    def _check_epochs(self, epochs: int, found: int, waiting: Sequence[Sample]) -> None:
        if epochs > _MOST_EPOCHS:
            raise DataError(
                f"a batch of {self._size} must have that many different pictures and texts, and "
                f"{self._samples.path} had only {found} in {_MOST_EPOCHS} epochs: "
                f"{_ways_out(waiting)}"
            )

    def _check_waiting(self, waiting: Sequence[Sample]) -> None:
        if len(waiting) <= max(_MOST_WAITING * self._size, _LEAST_WAITING):
            return
        common, times = Counter(
            name for sample in waiting for name in sample.stands_for
        ).most_common(1)[0]
        raise DataError(
            f"a batch of {self._size} must have that many different pictures and texts, and of "
            f"{self._samples.path} {len(waiting)} samples wait for a batch that has not theirs "
            f"already, {times} for {common!r}: {_ways_out(waiting)}, or screen with a smaller "
            "max_pictures_per_text"
        )


def _ways_out(waiting: Sequence[Sample]) -> str:
    """What helps where samples cannot stand in one batch."""
    if any(sample.stands_against for sample in waiting):
        return "make the batch smaller, or take fewer negatives, of which none may be a positive"
    return "make the batch smaller"


class _Batch(Generic[Sample]):
    """A batch being filled with samples that do not stand for or against one another."""

    def __init__(self, size: int) -> None:
        self.samples: list[Sample] = []
        self._size = size
        self._for: set[str] = set()
        self._against: set[str] = set()

    @property
    def is_full(self) -> bool:
        return len(self.samples) == self._size

    def take(self, sample: Sample) -> bool:
        """Adds the sample, or tells that it cannot."""
        ours, against = sample.stands_for, sample.stands_against
        if (
            self.is_full
            or not self._for.isdisjoint(ours)
            or not self._against.isdisjoint(ours)
            or not self._for.isdisjoint(against)
        ):
            return False
        self.samples.append(sample)
        self._for.update(ours)
        self._against.update(against)
        return True


class Mix(Generic[Sample]):
    """Batches of several data sets, each of one: of the set that is furthest behind its share."""

    def __init__(
        self,
        streams: Sequence[Stream[Sample]],
        weights: Sequence[float],
        taken: Sequence[int],
    ) -> None:
        """`taken`: batches that came from each before this."""
        self._streams = streams
        self._shares = [weight / sum(weights) for weight in weights]
        self._taken = list(taken)

    def next(self) -> list[Sample]:
        """The next batch."""
        due = sum(self._taken) + 1
        behind = [share * due - n for share, n in zip(self._shares, self._taken, strict=True)]
        chosen = behind.index(max(behind))
        self._taken[chosen] += 1
        return self._streams[chosen].next()

    @property
    def progress(self) -> Progress[Sample]:
        """How far it has come."""
        return tuple(
            (n, stream.place) for stream, n in zip(self._streams, self._taken, strict=True)
        )
