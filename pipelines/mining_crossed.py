"""A cross-encoder over the candidates that cheaper guards left, as many of these as are needed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from filters.cross_encoders import CrossEncoderRules, are_answers
from filters.negatives import FAULTS, NegativeFault, NegativeRules
from model.cross_encoder import CrossEncoder
from pipelines.mining_index import INDEX
from pipelines.mining_search import Anchors
from pipelines.nearest import Found
from pipelines.storage import Folder
from pipelines.transforms.tables import read_table
from schemas.layout import shard_name

_FAULT = FAULTS.index(NegativeFault.CROSS_ENCODER)


class Crossed:
    """What a cross-encoder says of a block's candidates.

    Args:
      encoder: the model.
      rules: its bounds.
      prepared: where the indexes are, with the texts.
      anchors: the block.
    """

    def __init__(
        self, encoder: CrossEncoder, rules: CrossEncoderRules, prepared: Folder, anchors: Anchors
    ) -> None:
        self._encoder = encoder
        self._rules = rules
        self._index = prepared / INDEX
        self._anchors = anchors
        self._queries: list[str] = anchors.table["text"].to_pylist()
        self._least = self._of_positives() if rules.has_margin else np.zeros(len(anchors), "f")

    def refuse(
        self,
        found: Found,
        faults: NDArray[np.int8],
        last: NDArray[np.int64],
        rules: NegativeRules,
    ) -> NDArray[np.int8]:
        """The faults, with those candidates that it takes for answers.

        It is asked of the first that have no fault, then of as many more as it refused; where the
        strategy is `random`, of all that are in the range.

        Args:
          found: the candidates; [anchors, k].
          faults: of them by the other guards, see `filters.negatives.negative_faults`; likewise.
          last: rank, of those without a fault, before which they are taken; [anchors].
          rules: how many are wanted.
        """
        faults, asked = faults.copy(), np.zeros(faults.shape, np.bool_)
        if rules.sampling_strategy == "top":
            last = np.minimum(last, rules.range_min + rules.num_negatives)
        while True:
            sound = faults == 0
            ranks = np.cumsum(sound, axis=1) - 1
            wanted = sound & ~asked & (ranks < last[:, None])
            if not wanted.any():
                return faults
            rows, columns = np.nonzero(wanted)
            texts = self._texts(found, rows, columns)
            pairs = [(self._queries[row], text) for row, text in zip(rows, texts, strict=True)]
            refused = are_answers(self._encoder.score(pairs), self._least[rows], self._rules)
            faults[rows[refused], columns[refused]] = _FAULT
            asked |= wanted

    def _of_positives(self) -> NDArray[np.float32]:
        """The least score of each query and its positives; [anchors]."""
        positives = self._anchors.table["positives"].to_pylist()
        pairs = [
            (query, text) for query, of in zip(self._queries, positives, strict=True) for text in of
        ]
        starts = np.cumsum(self._anchors.positives) - self._anchors.positives
        least: NDArray[np.float32] = np.minimum.reduceat(self._encoder.score(pairs), starts)
        return least

    def _texts(self, found: Found, rows: NDArray[Any], columns: NDArray[Any]) -> list[str]:
        """Of candidates, from their index shards, one in memory at a time."""
        shards, places = found.shards[rows, columns], found.rows[rows, columns]
        texts = np.empty(len(rows), object)
        for number in np.unique(shards).tolist():
            here = shards == number
            table = read_table(self._index, f"{shard_name(number)}.parquet", ["text"])
            texts[here] = table["text"].take(places[here]).to_pylist()
        return list(texts)
