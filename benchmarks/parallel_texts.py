"""NTREX-128's sentences in two halves: one to tune on, and one that is for reports alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True)
class Sentences:
    """News in 30 languages, translated from English.

    Attributes:
      texts: by language; those of one place say the same.
      is_new: by place, whether the n-grams that tell languages (`benchmarks.language_weights`) were
        fitted without the sentence.
    """

    texts: dict[str, list[str]]
    is_new: Sequence[bool]


def sentences_of(data: Path) -> tuple[Sentences, Sentences]:
    """The sentences to tune on, and those to report, by a hash of the English.

    Args:
      data: the folder that `ntrex/sentences.parquet` lies in.
    """
    table = pq.read_table(data / "ntrex/sentences.parquet").to_pydict()
    of_half: tuple[list[int], list[int]] = ([], [])
    for row, english in enumerate(table["en"]):
        of_half[blake2b(english.encode(), digest_size=8).digest()[-1] % 2].append(row)
    tuning, reported = (
        Sentences(
            {k: [" ".join(texts[row].split()) for row in rows] for k, texts in table.items()},
            [row % 2 == 1 for row in rows],
        )
        for rows in of_half
    )
    return tuning, reported
