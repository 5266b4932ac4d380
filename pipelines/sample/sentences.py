"""Sentences of a sample world that say the same in two languages, without pictures."""

from collections.abc import Iterator

from pipelines.sample.dice import Dice
from pipelines.sample.grammars import GRAMMARS, say_fact
from pipelines.sample.subjects import compose, facts_of
from schemas.languages import ALL

_FIRST = 1 << 40  # number of a scene: no picture has so high a one


def say_twice(count: int, seed: int, *, held_out: bool) -> Iterator[dict[str, str]]:
    """Yields the rows of `texts.parquet`: a fact of a scene in two languages, by chance."""
    for number in range(count):
        dice = Dice(seed, _FIRST + number)
        fact = dice.pick("fact", facts_of(compose(dice)))
        query, positive = dice.shuffle("languages", ALL)[:2]
        yield {
            "query_language": query,
            "query": say_fact(fact, GRAMMARS[query], held_out=held_out),
            "language": positive,
            "positive": say_fact(fact, GRAMMARS[positive], held_out=held_out),
        }
