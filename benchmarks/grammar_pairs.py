"""What the tiny translator is taught and judged on: what the sample world says, in 30 languages.

A language has two sentences for a fact of a picture, the one to train pictures on and the one held
out, and a title for a thing, as the world's PDF documents have. The translation of a sentence is
the target language's sentence of the same fact and of the same of the two: since no two facts and
no two sentences for one give the same text in a language, there is exactly one.

Kept back from teaching are one in sixteen of all noun phrases (shape, colour, size, texture and
number) and of all charts' facts, in every language and both sentences. Judged are sentences that
have one of these.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.sample.charts import chart_fact, compose_chart
from pipelines.sample.dice import Dice
from pipelines.sample.grammars import Grammar, name_thing, say_fact
from pipelines.sample.scenes import Fact, compose_scene, list_facts
from schemas.languages import ALL

TITLE = "title"
KINDS = (TITLE, "at", "background", "list", "pair", "chart")
"""Of sentences."""

_DRAWN = (*KINDS, "at", "background", "list", "pair", "background", "list", "pair", "pair", "chart")
_KEPT_BACK = 16
_SPLIT = Dice(0, 0)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a sentence says, in no language.

    Attributes:
      fact: of a picture; a title is one of frame `TITLE` with one thing.
      held_out: which of a language's two sentences says it; a title has but one.
    """

    fact: Fact
    held_out: bool

    @property
    def kind(self) -> str:
        """One of `KINDS`."""
        return self.fact.frame if self.fact.frame in KINDS else "chart"

    def say(self, grammar: Grammar) -> str:
        """The sentence of a language."""
        if self.fact.frame == TITLE:
            return name_thing(self.fact.things[0], grammar).capitalize()
        return say_fact(self.fact, grammar, held_out=self.held_out)


def draw_meanings(seed: int, *, kept_back: bool) -> Iterator[Meaning]:
    """Yields meanings without end: those kept back from teaching, or the others."""
    number = 0
    while True:
        dice = Dice(seed, number)
        number += 1
        meaning = Meaning(_draw_fact(dice), dice.pick("held-out", (False, True)))
        if is_kept_back(meaning.fact) == kept_back:
            yield meaning


def draw_languages(seed: int) -> Iterator[tuple[str, str]]:
    """Yields pairs of different languages without end, all equally often."""
    number = 0
    while True:
        dice = Dice(seed, number)
        source = dice.pick("source", ALL)
        yield source, dice.pick("target", [code for code in ALL if code != source])
        number += 1


def is_kept_back(fact: Fact) -> bool:
    """Whether nothing that says this is to be taught.

    Of a chart the fact is kept back, of a scene the things that it names.
    """
    return any(
        _SPLIT.pick(f"kept-back/{part}", range(_KEPT_BACK)) == 0 for part in fact.things or [fact]
    )


def _draw_fact(dice: Dice) -> Fact:
    kind = dice.pick("kind", _DRAWN)
    if kind == "chart":
        return chart_fact(compose_chart(dice))
    scene = compose_scene(dice)
    if kind == TITLE:
        return Fact(TITLE, (scene.groups[0].thing,))
    facts = list_facts(scene)
    return dice.pick("fact", [fact for fact in facts if fact.frame == kind] or facts)
