"""The scores of an evaluation, as JSON and as tables for people."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

ALL_LANGUAGES = "all"

TASKS = {
    "text-to-image": "texts search all pictures of the set",
    "image-to-text": "pictures search the texts of the language",
    "text-to-text": "texts search the documents of their answers' language",
    "similarity": "cosines against what people say",
}
"""What is searched, by task."""


@dataclass(frozen=True, slots=True)
class Score:
    """How well a language does, or all that were evaluated, at a size of the embeddings.

    Attributes:
      language: ISO 639-1, or `all`: the mean over all queries, and of similarity, all pairs
        together.
      dim: features that were kept.
      queries: how many; of similarity: pairs.
      gallery: how many items each searched; None where they differ, and of similarity.
      chance: R@10 of a random order, which depends on the gallery and the answers in it; None of
        similarity.
      values: R@1, R@5, R@10, nDCG@10 and MRR, in [0, 1], or Spearman, in [-1, 1] or NaN.
    """

    language: str
    dim: int
    queries: int
    gallery: int | None
    chance: float | None
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was asked of the model.

    Attributes:
      name: of the evaluation set.
      task: a key of `TASKS`.
      scores: by size, the largest first, `all` before its languages; empty where no language is
        understood.
      not_evaluated: texts by language (ISO 639-1, or `und`) that the model does not understand.
    """

    name: str
    task: str
    scores: tuple[Score, ...]
    not_evaluated: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """What `model.evaluation.evaluate` found.

    Attributes:
      dim: features of the model's embeddings.
      results: in the order of the sets.
    """

    dim: int
    results: tuple[Result, ...]

    def headlines(self) -> dict[str, float]:
        """The scores over all languages at the largest size, by `set/task/score`, for logs."""
        return {
            f"{result.name}/{result.task}/{name}": value
            for result in self.results
            for name, value in (result.scores[0].values if result.scores else {}).items()
        }

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON; a score that is not defined is None."""
        return {
            "dim": self.dim,
            "results": [
                {
                    "name": result.name,
                    "task": result.task,
                    "scores": [_as_dict(score) for score in result.scores],
                    "not_evaluated": dict(result.not_evaluated),
                }
                for result in self.results
            ],
        }

    def tables(self) -> Iterator[Table]:
        """A table a result: `all` at each size, then the languages at the largest."""
        for result in self.results:
            yield _table(result)


def _as_dict(score: Score) -> dict[str, Any]:
    values = {name: None if math.isnan(value) else value for name, value in score.values.items()}
    return asdict(score) | {"values": values}


def _table(result: Result) -> Table:
    largest = max((score.dim for score in result.scores), default=0)
    shown = [
        *(score for score in result.scores if score.language == ALL_LANGUAGES),
        *(s for s in result.scores if s.language != ALL_LANGUAGES and s.dim == largest),
    ]
    left_out = ", ".join(f"{code} ({n:,})" for code, n in result.not_evaluated.items())
    table = Table(
        title=Text(f"{result.name}: {result.task}, {TASKS[result.task]}"),
        title_justify="left",
        caption=Text(f"not understood, not evaluated (texts): {left_out}") if left_out else None,
        caption_justify="left",
    )
    names = list(shown[0].values) if shown else []
    searches = any(score.chance is not None for score in shown)
    sizes = ["queries", "gallery", "chance R@10"] if searches else ["pairs"]
    table.add_column("language")
    for name in ("size", *sizes, *names):
        table.add_column(name, justify="right")
    for score in shown:
        gallery = "–" if score.gallery is None else f"{score.gallery:,}"
        chance = "" if score.chance is None else f"{score.chance:.3f}"
        counts = [f"{score.queries:,}", gallery, chance] if searches else [f"{score.queries:,}"]
        values = [f"{value:.3f}" for value in score.values.values()]
        table.add_row(score.language, str(score.dim), *counts, *values)
    return table
