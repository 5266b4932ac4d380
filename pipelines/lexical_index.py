"""BM25 over the texts of an index shard, by bm25s, kept as files."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filters.lexical import all_tokens
from filters.negatives import ABSENT
from pipelines.storage import Folder


def write_lexical(folder: Folder, texts: Sequence[str]) -> None:
    """Indexes texts and writes the index into a folder, the parameters last."""
    import bm25s

    index = bm25s.BM25()
    tokens = all_tokens(texts)
    if any(tokens):
        index.index(tokens, show_progress=False)
        with TemporaryDirectory() as scratch:
            index.save(scratch, show_progress=False)
            for path in sorted(Path(scratch).iterdir()):
                folder.write(path.name, path.read_bytes())
    folder.write("complete", b"")


def read_lexical(folder: Folder) -> Any:
    """The index, None where no text has a token."""
    import bm25s

    names = folder.names()
    if names == ["complete"]:
        return None
    with TemporaryDirectory() as scratch:
        for name in names:
            (Path(scratch) / name).write_bytes(folder.read(name))
        return bm25s.BM25.load(scratch, show_progress=False)


def lexical_scores(
    index: Any, rows: int, queries: Sequence[str], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """BM25 scores and rows of the `k` best texts for each query; both [queries, k].

    Rows that share no token with the query, and the rest where there are fewer, are `ABSENT` and
    have the score 0. Of rows with equal scores the first come first.
    """
    shape = (len(queries), min(k, rows))
    scores, at = np.zeros(shape, np.float32), np.full(shape, ABSENT, np.int64)
    if index is None:
        return scores, at
    for number, tokens in enumerate(all_tokens(queries)):
        known = [token for token in tokens if token in index.vocab_dict]
        if known:
            every = index.get_scores(known)
            best = _best(every, shape[1])
            at[number, : len(best)] = best
            scores[number, : len(best)] = every[best]
    return scores, at


def _best(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The rows of the `k` highest scores above 0, equal ones in their order."""
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    rows = np.flatnonzero((scores >= least) & (scores > 0))
    return rows[np.argsort(-scores[rows], kind="stable")][:k]
