"""Composes documents: what their pages say and show, in one language and for one format."""

from dataclasses import dataclass, field
from typing import TypeAlias

from pipelines.sample.charts import Chart, chart_fact, compose_chart
from pipelines.sample.dice import Dice
from pipelines.sample.documents.blocks import (
    Block,
    Bullets,
    Contents,
    Figure,
    Heading,
    Page,
    Paragraph,
    Table,
)
from pipelines.sample.documents.words import WORDS, Words
from pipelines.sample.grammars import GRAMMARS, Grammar, capitalise, name_thing, say_fact
from pipelines.sample.scenes import Fact, Scene, compose_scene, list_facts

_PARAGRAPHS, _SENTENCES, _ITEMS = (1, 2), range(3, 7), range(3, 6)
_ENTRIES = range(16, 25)  # of a table of contents
_CITED = range(10, 15)  # in a list of references
_UNSPACED = ("ja", "zh")  # no space between sentences
_SHOWN = ("chart", "scene", "table", "list")

_Shown: TypeAlias = Table | Figure | Bullets


@dataclass(slots=True)
class Composer:
    """Composes pages in one language; tables and figures are numbered as they come.

    Attributes:
      language: that they speak.
      dice: of the document.
      held_out: whether sentences are those that are held out.
    """

    language: str
    dice: Dice
    held_out: bool
    _tables: int = field(default=0, init=False)
    _figures: int = field(default=0, init=False)

    def heading(self, what: str) -> str:
        """Returns the name of something, as a heading."""
        scene = compose_scene(_part(self.dice, f"heading/{what}"))
        return capitalise(name_thing(scene.groups[0].thing, self._grammar))

    def section(self, number: int) -> tuple[Block, ...]:
        """Returns a heading, paragraphs, and something to look at among them."""
        dice = _part(self.dice, f"section/{number}")
        shown = dice.shuffle("shown", _SHOWN)[: dice.pick("shows", (1, 2))]
        blocks: list[Block] = [Heading(2, self.heading(str(number)))]
        for at in range(dice.pick("paragraphs", _PARAGRAPHS)):
            blocks.append(self.paragraph(f"{number}/{at}"))
            if shown:
                blocks.append(self._show(shown.pop(), dice))
        return (*blocks, *(self._show(kind, dice) for kind in shown))

    def paragraph(self, what: str) -> Paragraph:
        """Returns sentences about a scene."""
        dice = _part(self.dice, f"paragraph/{what}")
        between = "" if self.language in _UNSPACED else " "
        return Paragraph(between.join(self._about(dice, dice.pick("length", _SENTENCES))))

    def contents(self) -> tuple[Block, ...]:
        """Returns a table of contents of a longer document than this."""
        entries, page = [], 3
        for number in range(self.dice.pick("entries", _ENTRIES)):
            entries.append((f"{number + 1}. {self.heading(f'entry/{number}')}", page))
            page += self.dice.pick(f"entry/{number}/pages", range(1, 6))
        return Heading(2, self._words.contents), Contents(tuple(entries))

    def references(self) -> tuple[Block, ...]:
        """Returns a list of what could have been cited."""
        cited = [self._cite(n) for n in range(1, 1 + self.dice.pick("cited", _CITED))]
        return Heading(2, self._words.references), *map(Paragraph, cited)

    def imprint(self) -> tuple[Block, ...]:
        """Returns the page that is the same in many documents of this language."""
        return (Paragraph(self._words.imprint),)

    @property
    def _grammar(self) -> Grammar:
        return GRAMMARS[self.language]

    @property
    def _words(self) -> Words:
        return WORDS[self.language]

    def _say(self, fact: Fact) -> str:
        return say_fact(fact, self._grammar, held_out=self.held_out)

    def _about(self, dice: Dice, count: int) -> list[str]:
        """Returns sentences about as many scenes as give `count` of them, none twice."""
        said: dict[str, None] = {}
        scene = 0
        while len(said) < count:
            facts = list_facts(compose_scene(_part(dice, f"scene/{scene}")))
            said |= dict.fromkeys(map(self._say, dice.shuffle("sentences", facts)))
            scene += 1
        return list(said)[:count]

    def _show(self, kind: str, dice: Dice) -> _Shown:
        own = _part(dice, kind)
        match kind:
            case "chart":
                return self._chart(compose_chart(own), is_vector=own.pick("vector", (1, 1, 0)) == 1)
            case "scene":
                return self._picture(compose_scene(own))
            case "table":
                return self._table(compose_scene(own))
        return Bullets(tuple(self._about(own, own.pick("items", _ITEMS))))

    def _chart(self, chart: Chart, *, is_vector: bool) -> Figure:
        values = ", ".join(map(str, chart.values))
        caption = self._number_figure(self._say(chart_fact(chart)))
        return Figure(chart, is_vector, caption, f"{self._words.chart}: {values}")

    def _picture(self, scene: Scene) -> Figure:
        caption, alt = (self._say(fact) for fact in list_facts(scene)[:2])
        return Figure(scene, False, self._number_figure(caption), alt)

    def _table(self, scene: Scene) -> Table:
        self._tables += 1
        words, places = self._words, self._grammar.places.split(", ")
        rows = tuple(
            (
                capitalise(name_thing(group.thing, self._grammar)),
                ", ".join(places[cell] for cell in group.cells),
                str(group.thing.count),
            )
            for group in scene.groups
        )
        caption = f"{words.table} {self._tables}. {self._say(list_facts(scene)[0])}"
        return Table(caption, (words.shape, words.place, words.number), rows)

    def _number_figure(self, caption: str) -> str:
        self._figures += 1
        return f"{self._words.figure} {self._figures}. {caption}"

    def _cite(self, number: int) -> str:
        dice = _part(self.dice, f"cited/{number}")
        author = dice.pick("author", self._words.authors)
        initial = dice.pick("initial", "ABDEGKLMNPRST")
        year, first = dice.pick("year", range(1961, 2024)), dice.pick("first", range(1, 400))
        last = first + dice.pick("length", range(4, 30))
        return (
            f"[{number}] {author} {initial}. {self.heading(f'cited/{number}')}. "
            f"{dice.pick('volume', range(1, 60))} ({year}), {first}–{last}. "
            f"doi:10.5555/{dice.digest('doi', 4).hex()}"
        )


def compose_pages(composer: Composer, count: int) -> list[Page]:
    """Returns `count` pages with a section each, the document's title on the first one."""
    title = Heading(1, composer.heading("title"))
    pages = [Page(composer.language, composer.section(number)) for number in range(count)]
    return [Page(composer.language, (title, *pages[0].blocks)), *pages[1:]]


def _part(dice: Dice, what: str) -> Dice:
    """Returns the dice of a part of what `dice` are for."""
    return Dice(dice.seed, int.from_bytes(dice.digest(what), "big"))
