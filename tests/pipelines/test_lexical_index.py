"""BM25 in shards: the scores of one index over all texts, by bm25s itself."""

from collections import Counter
from pathlib import Path

import bm25s
import numpy as np

from filters.lexical import all_tokens
from pipelines.lexical_index import Corpus, lexical_scores, read_lexical, write_lexical
from pipelines.storage import Folder


def test_shards_score_as_one_index_does(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    texts = [
        " ".join(f"w{n}" for n in random.zipf(1.5, size=random.integers(1, 12)) % 50)
        for _ in range(60)
    ]
    tokens = all_tokens(texts)
    whole = bm25s.BM25()
    whole.index(tokens, show_progress=False)
    holding = Counter(token for of in tokens for token in {*of})
    corpus = Corpus(len(texts), sum(map(len, tokens)), holding)
    for first, last in ((0, 20), (20, 60)):
        folder = Folder(str(tmp_path / str(first)))
        write_lexical(folder, tokens[first:last], corpus)
        rows = last - first
        scores, at = lexical_scores(read_lexical(folder), rows, ["w1 w2 w7 w30"], rows)
        expected = whole.get_scores(["w1", "w2", "w7", "w30"])[first:last]
        found = np.zeros(rows, np.float32)
        found[at[0][at[0] >= 0]] = scores[0][at[0] >= 0]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        assert (found > 0).sum() == (expected > 0).sum() > 0


def test_texts_without_a_token_are_found_by_nothing(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path / "empty"))
    write_lexical(folder, [[], []], Corpus(2, 0, {}))
    scores, at = lexical_scores(read_lexical(folder), 2, ["a"], 2)
    assert scores.tolist() == [[0, 0]]
    assert at.tolist() == [[-1, -1]]
