"""BM25 over the texts of an index shard, by bm25s, kept as files.

What a word weighs is counted over all texts of a language, not over the shard's: scores do not
depend on how texts are cut into shards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filters.lexical import all_tokens
from filters.negatives import ABSENT
from pipelines.storage import Folder


@dataclass(frozen=True, slots=True)
class Corpus:
    """What BM25 must know of all texts, of which an index has some.

    Attributes:
      texts: how many there are.
      tokens: how many they have together.
      holding: in how many texts each token stands; at least those of the index.
    """

    texts: int
    tokens: int
    holding: Mapping[str, int]


def write_lexical(folder: Folder, tokens: Sequence[list[str]], corpus: Corpus) -> None:
    """Indexes texts by their tokens and writes the index into a folder, `complete` last."""
    names = sorted({token for of in tokens for token in of})
    if names:
        index = _index_of(tokens, {name: number for number, name in enumerate(names)}, corpus)
        with TemporaryDirectory() as scratch:
            index.save(scratch, show_progress=False)
            for path in sorted(Path(scratch).iterdir()):
                folder.write(path.name, path.read_bytes())
    folder.write("complete", b"")


def _index_of(tokens: Sequence[list[str]], numbers: dict[str, int], corpus: Corpus) -> Any:
    """bm25s' own index with its default weights (Lucene's), but those of the whole corpus."""
    import bm25s

    class Index(bm25s.BM25):
        def build_index_from_ids(
            self, *, corpus_token_ids: list[list[int]], **_: Any
        ) -> dict[str, Any]:
            lengths = np.array([len(of) for of in corpus_token_ids], np.int64)
            flat = np.concatenate([np.array(of, np.int64) for of in corpus_token_ids])
            of_text = np.repeat(np.arange(len(lengths)), lengths)
            cells, times = np.unique(flat * len(lengths) + of_text, return_counts=True)
            token, text = np.divmod(cells, len(lengths))
            share = lengths[text] * corpus.texts / corpus.tokens
            weight = times / (self.k1 * (1 - self.b + self.b * share) + times)
            holding = np.array([corpus.holding[name] for name in numbers], np.int64)
            rarity = np.log1p((corpus.texts - holding + 0.5) / (holding + 0.5))
            return {
                "data": (rarity[token] * weight).astype(self.dtype),
                "indices": text.astype(self.int_dtype),
                "indptr": np.searchsorted(token, np.arange(len(numbers) + 1)),
                "num_docs": len(lengths),
            }

    index = Index()
    index.nonoccurrence_array = None
    ids = [[numbers[token] for token in of] for of in tokens]
    index.index((ids, numbers), create_empty_token=False, show_progress=False)
    return index


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
