"""What the tiny teacher is taught with: pictures of the sample world, and sentences about them.

Each picture is known with what it is made of (`teacher_codes.py`), and each sentence with what it
claims; beside a true sentence stands one of which an attribute was changed, as only those teach
what makes a caption wrong in one word (Yuksekgonul et al. 2023, arXiv:2210.01936, section 5).
"""

import io
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.paraphrases import DIRECTIONS, PARAPHRASES
from benchmarks.teacher_codes import NUMBERS_OF_A_CODE, code_picture, code_sentence
from pipelines.sample.charts import FORMS, NUMBERS, Chart, chart_fact
from pipelines.sample.dice import Dice
from pipelines.sample.grammars import GRAMMARS, say_fact
from pipelines.sample.grammars.grammar import SCENE_FRAMES
from pipelines.sample.scenes import (
    BACKGROUNDS,
    COLOURS,
    GRID,
    KINDS,
    TEXTURES,
    Fact,
)
from pipelines.sample.spoiling import encode
from pipelines.sample.subjects import Subject, alter, compose, draw, facts_of
from schemas.languages import ALL

CELLS = GRID * GRID
UNKNOWN = -1  # a label of what is not there
CELL_LABELS = {"kind": len(KINDS) + 1, "colour": len(COLOURS), "large": 2, "texture": len(TEXTURES)}
PICTURE_LABELS = {
    "background": len(BACKGROUNDS),
    "form": len(FORMS) + 1,  # the last: no chart
    "number": 8,
    "most": len(COLOURS),
    "least": len(COLOURS),
}
_NAMED: list[tuple[str | int, ...]] = [
    *product((*SCENE_FRAMES, *FORMS, *KINDS, *COLOURS, *TEXTURES)),
    *product(["large"], [False, True]),
    *product(["count"], range(1, 5)),
    *product(["number"], (0, *NUMBERS)),
    *product(["background"], ("", *BACKGROUNDS)),
    *product(["place"], (0, 1), range(CELLS)),
    *product(["colour"], (0, 1), COLOURS),
    *product(KINDS, COLOURS),
    *product(COLOURS, range(CELLS)),
]
WORDS = {word: at for at, word in enumerate(_NAMED)}

_SLOT = re.compile(r"(\{[a-z_]+\}|<[^>]*>)")
_ORDERS = {
    "at": ("{a} {place_a}", "{place_a} {a}"),
    "pair": ("{a} {place_a} {b} {place_b}", "{place_a} {a} {place_b} {b}"),
    "background": ("{background} {things}", "{things} {background}"),
    "list": ("{things}",),
}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures and what is on them.

    Attributes:
      pixels: uint8 [n, side, side, 3].
      codes: float32 [n, NUMBERS_OF_A_CODE].
      cells: of each cell the CELL_LABELS, int8 [n, CELLS, 4].
      labels: the PICTURE_LABELS, int8 [n, 5].
      said: codes of true sentences, then of as many altered ones, float16
        [n, 2 * SENTENCES, NUMBERS_OF_A_CODE].
    """

    pixels: NDArray[np.uint8]
    codes: NDArray[np.float32]
    cells: NDArray[np.int8]
    labels: NDArray[np.int8]
    said: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences in pairs: a true one, then one that is not.

    Attributes:
      texts: 2 * n.
      codes: float16 [2 * n, NUMBERS_OF_A_CODE].
      named: which of WORDS each names, bool [2 * n, len(WORDS)].
      scenes: rows of `pictures` that they are about, int64 [2 * n].
      pictures: codes of what is to be seen, float32 [scenes, NUMBERS_OF_A_CODE].
    """

    texts: list[str]
    codes: NDArray[np.float16]
    named: NDArray[np.bool_]
    scenes: NDArray[np.int64]
    pictures: NDArray[np.float32]


def draw_pictures(count: int, seed: int, side: int, sentences: int) -> Pictures:
    """Draws the first `count` pictures of a world, `side` pixels a side."""
    made = Pictures(
        np.empty((count, side, side, 3), np.uint8),
        np.empty((count, NUMBERS_OF_A_CODE), np.float32),
        np.full((count, CELLS, len(CELL_LABELS)), UNKNOWN, np.int8),
        np.full((count, len(PICTURE_LABELS)), UNKNOWN, np.int8),
        np.empty((count, 2 * sentences, NUMBERS_OF_A_CODE), np.float16),
    )
    for row in range(count):
        subject = compose(Dice(seed, row))
        made.pixels[row] = show(subject, side)
        made.codes[row] = code_picture(subject)
        _label(subject, made.cells[row], made.labels[row])
        pairs = list(_choose_facts(subject, seed, row, sentences))
        told = [fact for side in zip(*pairs, strict=True) for fact in side]
        made.said[row] = [code_sentence(fact) for fact in told]
    return made


def say_sentences(scenes: int, seed: int, each: int) -> Sentences:
    """Says `each` true things and as many altered ones of the first `scenes` of a world."""
    texts: list[str] = []
    count = 2 * scenes * each
    codes = np.empty((count, NUMBERS_OF_A_CODE), np.float16)
    named = np.zeros((count, len(WORDS)), np.bool_)
    pictures = np.empty((scenes, NUMBERS_OF_A_CODE), np.float32)
    dice = random.Random(seed)
    for row in range(scenes):
        subject = compose(Dice(seed, row))
        pictures[row] = code_picture(subject)
        facts = (fact for pair in _choose_facts(subject, seed, row, each) for fact in pair)
        for fact in facts:
            codes[len(texts)] = code_sentence(fact)
            named[len(texts), [WORDS[word] for word in _words_of(fact)]] = True
            texts.append(say_freely(fact, dice.choice(ALL), dice))
    return Sentences(texts, codes, named, np.arange(scenes).repeat(2 * each), pictures)


def _words_of(fact: Fact) -> Iterator[tuple[str | int, ...]]:
    """Yields what a sentence names, whatever the words belong to, each thing's look and place."""
    yield (fact.frame,)
    yield "number", fact.number
    yield "background", fact.background
    for thing in fact.things:
        yield (thing.kind,)
        yield (thing.colour,)
        yield (thing.texture,)
        yield "large", thing.large
        yield "count", thing.count
        yield thing.kind, thing.colour
    for at, (thing, place) in enumerate(zip(fact.things, fact.places, strict=False)):
        yield "place", at, place
        yield thing.colour, place
    for at, colour in enumerate(fact.colours):
        yield "colour", at, colour


def show(subject: Subject, side: int) -> NDArray[np.uint8]:
    """What a subject looks like to a model, uint8 [side, side, 3]."""
    picture = Image.open(io.BytesIO(encode(draw(subject), "jpg"))).convert("RGB")
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC))


def _label(subject: Subject, cells: NDArray[np.int8], labels: NDArray[np.int8]) -> None:
    """Writes what stands in each cell, [CELLS, 4], and what is true of all of it, [5]."""
    labels[0] = BACKGROUNDS.index(subject.background)
    if isinstance(subject, Chart):
        fact = chart_fact(subject)
        labels[1:3] = FORMS.index(fact.frame), fact.number
        labels[3 : 3 + len(fact.colours)] = [COLOURS.index(colour) for colour in fact.colours]
        return
    labels[1] = len(FORMS)
    cells[:, 0] = len(KINDS)
    for group in subject.groups:
        thing = group.thing
        cells[list(group.cells)] = (
            KINDS.index(thing.kind),
            COLOURS.index(thing.colour),
            thing.large,
            TEXTURES.index(thing.texture),
        )


def _choose_facts(
    subject: Subject, seed: int, number: int, count: int
) -> Iterator[tuple[Fact, Fact]]:
    """Yields facts, each beside one that is altered."""
    dice = random.Random(f"{seed} {number}")
    facts = facts_of(subject)
    for at in range(count):
        fact = dice.choice(facts)
        yield fact, alter(fact, subject, Dice(seed, (number << 8) + at))[0]


def say_freely(fact: Fact, language: str, dice: random.Random) -> str:
    """Returns the fact in one of the language's patterns, half of the times in a loosened one."""
    grammar = GRAMMARS[language]
    frame = "line" if fact.frame in ("rising", "falling") else fact.frame
    known = grammar.frames[frame].partition("|")[0]
    pattern = dice.choice((known, *PARAPHRASES[language][frame]))
    if frame == "line" and dice.random() < 0.3:
        pattern = re.sub("<[^>]*>", f"<{DIRECTIONS[language]}>", pattern)
    if dice.random() < 0.5:
        pattern = loosen(pattern, frame, dice)
    return say_fact(fact, replace(grammar, frames=grammar.frames | {frame: f"{pattern}|"}))


def loosen(pattern: str, frame: str, dice: random.Random) -> str:
    """Leaves words of a pattern out, or mixes their letters, and may change its parts' order.

    So that a sentence is understood of which not every word was met: what it names is what counts.
    """
    parts = [part for part in _SLOT.split(pattern) if part]
    if frame in SCENE_FRAMES and dice.random() < 0.5:
        parts = _reorder(parts, frame, dice)
    keep = 0.4 if frame in SCENE_FRAMES else 0.7  # which bar is the highest is said in words
    loose = (p if _SLOT.fullmatch(p) else _loosen_words(p, keep, dice) for p in parts)
    return " ".join("".join(loose).split())


def _reorder(parts: list[str], frame: str, dice: random.Random) -> list[str]:
    """Says a thing before or after its place, and deals the words between out anew."""
    words = [part for part in parts if not _SLOT.fullmatch(part)]
    found = []
    for slot in dice.choice(_ORDERS[frame]).split():
        found += [words.pop(0) if words else "", " ", slot, " "]
    return found + words


def _loosen_words(text: str, keep: float, dice: random.Random) -> str:
    found = []
    for word in re.findall(r"\w+|\W+", text):
        drawn = dice.random()
        if drawn < keep or not word[0].isalpha():
            found.append(word)
        elif drawn < (1 + keep) / 2:
            found.append("".join(dice.sample(word, len(word))))
    return "".join(found)
