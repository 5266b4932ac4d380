"""Which texts are to be translated, and what memories have of them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

import apache_beam as beam
import pyarrow as pa

from filters.targets import TargetRules, targets_of
from pipelines.errors import RecipeError, RunError
from pipelines.memory import Memory, Remembered
from pipelines.recipe import Recipe
from pipelines.scored import ScoredPart, read_kept
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, table_of
from pipelines.transforms.tables import rows_of, write_table
from pipelines.translators import Routes
from schemas.ids import phrase_id
from schemas.layout import Tables, part_name
from schemas.rows import Caption

LOST = "lost"
THERE, BACK = 0, 2
"""The first turns of the two ways, of captions' texts and of translations that are said back; what
came into the pivot in one leaves it in the next.
"""
TURNS = range(4)
_WANTED = "wanted"

Wish = tuple[Caption, str, tuple[str, ...]]
"""A caption that is to be translated, the id of its text, and into what."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """Parts or tars of several branches, numbered through.

    Attributes:
      tables: of the branches.
      counts: how many there are of each.
    """

    tables: tuple[Tables, ...]
    counts: tuple[int, ...]

    def __len__(self) -> int:
        return sum(self.counts)

    def first(self, tables: Tables) -> int:
        """The number of a branch's first."""
        return sum(self.counts[: self.tables.index(tables)])

    def find(self, number: int) -> tuple[Tables, int]:
        """Whose this number is, and its own number there.

        >>> from schemas.layout import KEPT, KEPT_PAGES
        >>> both = Numbered((KEPT["gather"], KEPT_PAGES["documents"]), (2, 3))
        >>> [(kept.pictures, number) for kept, number in map(both.find, (1, 2, 4))]
        [('pictures', 1), ('pages', 0), ('pages', 2)]
        """
        tables = next(of for of in reversed(self.tables) if self.first(of) <= number)
        return tables, number - self.first(tables)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text that captions of a part have.

    Attributes:
      key: `schemas.ids.phrase_id` of it.
      source_language: ISO 639-1.
      text: NFC.
      languages: to translate it into, with spaces between.
      part: of the captions.
    """

    key: str
    source_language: str
    text: str
    languages: str
    part: int


@dataclass(frozen=True, slots=True)
class Between(Wanted):
    """A text that is to be translated in the place of another: in the pivot's language, or back.

    Its `part` is the bucket of that other text.

    Attributes:
      of: key of the text that it is a translation of.
      of_language: that text's.
      engine: what made it, "" where that is not told.
    """

    of: str
    of_language: str
    engine: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What workers need to plan, to look up and to write.

    Attributes:
      recipe: …
      work: of the stage.
      routes: who says what.
      memory: where translators' results lie, each in a folder of its name.
      imports: names of the folders there whose translations come first, in this order.
    """

    recipe: Recipe
    work: Folder
    routes: Routes
    memory: Folder
    imports: tuple[str, ...]

    @property
    def regrouped(self) -> Folder:
        """For rows on their way to other buckets; empty between two steps."""
        return self.work / "regrouped"

    def remembered(self, speaker: int) -> Memory:
        """What a translator has said."""
        return Memory(self.memory / self.routes.speakers[speaker].memory_name)

    def imported(self) -> Iterator[Memory]:
        """What comes before any translator."""
        return (Memory(self.memory / name) for name in self.imports)

    def give_up(self) -> NoReturn:
        """Ends a run whose memory has lost what was there; the next one plans anew.

        Raises:
          RunError: always.
        """
        self.work.write(LOST, b"")
        raise RunError(
            f"{self.memory.uri} has lost translations since this run began, were files removed "
            "there? The same command looks anew and has translated what is missing"
        )


def rules_of(recipe: Recipe) -> TargetRules:
    """What the recipe wants translated."""
    asked = recipe.translate
    assert asked is not None
    return TargetRules(
        seed=recipe.seed,
        from_languages=frozenset(asked.from_languages or recipe.languages),
        from_sources=frozenset(asked.from_sources or [source.name for source in recipe.sources]),
        into_languages=asked.into_languages or recipe.languages,
        share=asked.share,
        share_in=asked.share_in,
        per_caption=asked.per_caption or None,
        weights=asked.weights,
        fill=asked.fill,
    )


def check_routes(recipe: Recipe, routes: Routes) -> None:
    """Refuses languages that no translator says anything in, and ways that have no way back.

    Raises:
      RecipeError: naming them.
    """
    rules = rules_of(recipe)
    reached = {
        code
        for source in rules.from_languages
        for code in routes.targets(source, rules.into_languages)
    }
    asked = recipe.translate.into_languages if recipe.translate else None
    lost = [code for code in asked or () if code not in reached]
    if lost or not reached:
        names = ", ".join(speaker.label for speaker in routes.speakers)
        into = " ".join(lost or rules.into_languages)
        raise RecipeError(
            f"translate.into_languages: none of the models ({names}) translates into {into} from "
            f"{' '.join(sorted(rules.from_languages))}"
        )
    one_way = routes.one_way(sorted(rules.from_languages), rules.into_languages)
    if recipe.translate and recipe.translate.round_trip and one_way:
        raise RecipeError(
            f"translate.round_trip: no model translates back what is said in {' '.join(one_way)}: "
            "add one that does, name other from_languages or into_languages, or leave it out"
        )


def wishes_of(part: ScoredPart, desk: Desk) -> Iterator[Wish]:
    """What is wanted of a part."""
    rules = rules_of(desk.recipe)
    captions = rows_of(part.captions, Caption)
    present = defaultdict(set)
    for caption in captions:
        present[caption.uid].add(caption.language)
    possible = {
        language: desk.routes.targets(language, rules.into_languages)
        for language in rules.from_languages
    }
    for caption in captions:
        id_, language = caption.caption_id, caption.language
        can = possible.get(language, ())
        targets = targets_of(id_, language, caption.source, present[caption.uid], can, rules)
        if targets:
            yield caption, phrase_id(language, caption.text), targets


class ReadWanted(beam.DoFn):
    """The texts of a part that are to be translated."""

    def __init__(self, desk: Desk, parts: Numbered) -> None:
        self._desk = desk
        self._parts = parts

    def process(self, part: int) -> Iterator[pa.Table]:
        read = read_kept(self._desk.recipe, *self._parts.find(part))
        texts: dict[str, Caption] = {}
        languages: dict[str, dict[str, None]] = defaultdict(dict)
        for caption, key, targets in wishes_of(read, self._desk):
            texts[key] = caption
            languages[key] |= dict.fromkeys(targets)
        yield table_of(
            Wanted,
            [
                Wanted(key, its.language, its.text, " ".join(languages[key]), part)
                for key, its in texts.items()
            ],
        )


def write_wanted(keyed: Keyed, work: Folder) -> None:
    """Writes what is wanted of a bucket's texts."""
    bucket, tables = keyed
    order = [("key", "ascending"), ("part", "ascending")]
    write_table(wanted_folder(work, THERE), part_name(bucket), tables["wanted"].sort_by(order))


def write_between(work: Folder, turn: int, bucket: int, table: pa.Table) -> None:
    """Writes what is wanted of a bucket's texts in a turn that is not the first: `Between`s."""
    rows = table.sort_by([(name, "ascending") for name in ("key", "of", "languages")])
    write_table(wanted_folder(work, turn), part_name(bucket), rows)


def wanted_folder(work: Folder, turn: int) -> Folder:
    """What is wanted of texts in a turn by bucket: `Wanted`s in the first, `Between`s then."""
    return work / _WANTED / str(turn)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A distinct text of a bucket.

    Attributes:
      key: its id.
      language: its.
      text: …
      targets: languages to say it in.
    """

    key: str
    language: str
    text: str
    targets: tuple[str, ...]


def phrases_of(wanted: Sequence[Wanted]) -> list[Phrase]:
    """The distinct texts of a bucket, by key."""
    texts: dict[str, Wanted] = {}
    languages: dict[str, dict[str, None]] = defaultdict(dict)
    for row in wanted:
        texts.setdefault(row.key, row)
        languages[row.key] |= dict.fromkeys(row.languages.split())
    return [
        Phrase(key, row.source_language, row.text, tuple(sorted(languages[key])))
        for key, row in sorted(texts.items())
    ]


class Lookup:
    """What memories have of some texts.

    Args:
      desk: …
      phrases: the texts, by key.
    """

    def __init__(self, desk: Desk, phrases: list[Phrase]) -> None:
        self._desk = desk
        pivot = {desk.routes.pivot} - {""}
        asked = [(of.key, code) for of in phrases for code in {*of.targets, *pivot}]
        keys, languages = ([pair[n] for pair in asked] for n in (0, 1))
        self._asked = pa.array(keys, pa.string()), pa.array(languages, pa.string())
        self._imported = [_by_name(memory.find(*self._asked)) for memory in desk.imported()]
        self._by_speaker: dict[int, dict[tuple[str, str], Remembered]] = {}

    def imported(self, key: str, language: str) -> Remembered | None:
        """A translation that the user brought."""
        found = (memory.get((key, language)) for memory in self._imported)
        return next((row for row in found if row), None)

    def by(self, speaker: int, key: str, language: str) -> Remembered | None:
        """A translation that a translator has made."""
        if speaker not in self._by_speaker:
            found = self._desk.remembered(speaker).find(*self._asked)
            self._by_speaker[speaker] = _by_name(found)
        return self._by_speaker[speaker].get((key, language))


def _by_name(found: pa.Table) -> dict[tuple[str, str], Remembered]:
    return {(row.key, row.language): row for row in rows_of(found, Remembered)}
