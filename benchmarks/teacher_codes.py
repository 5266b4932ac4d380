"""What the tiny teacher's embeddings mean: pictures' count what is there, sentences' weigh it.

A dot product of the two adds up what of a sentence's claims the picture bears out, less what it
needs to be true: over 0 where all of them hold, under 0 where one does not. So a cosine tells a
caption that is wrong in one word as well as one of another picture, whatever the caption claims.

A picture's numbers, all sums over its shapes, which is what a pooled network can tell:
  - how many there are of each kind and colour;
  - for each of _SLOTS groups of kinds and colours, in which those of one scene seldom meet, how
    many more are large than small;
  - how many more of each colour are further right than left, lower than higher;
  - how many of each colour are striped, dotted; the background; a chart's form, number and colours;
  - a constant, against which a sentence holds what its claims add up to.
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.sample.charts import FORMS, NUMBERS, Chart, chart_fact
from pipelines.sample.scenes import BACKGROUNDS, COLOURS, GRID, KINDS, Fact, Group, Thing
from pipelines.sample.subjects import Subject

_SLOTS = 16  # of sizes

_SIZES = len(KINDS) * len(COLOURS)
_PLACES = _SIZES + _SLOTS  # across and down
_BACKGROUNDS = _PLACES + 2 * len(COLOURS)
_FORMS = _BACKGROUNDS + len(BACKGROUNDS)
_NUMBERS = _FORMS + len(FORMS)
_MOST = _NUMBERS + len(NUMBERS)  # colour of a line, of the highest bar, of the largest slice
_LEAST = _MOST + len(COLOURS)
_TEXTURES = _LEAST + len(COLOURS)
_CONSTANT = _TEXTURES + 2 * len(COLOURS)
NUMBERS_OF_A_CODE = _CONSTANT + 1

_STANDING = 3.0  # a picture's constant
_KIND, _SIZE, _PLACE, _TEXTURE, _BACKGROUND = 1.0, 0.5, 0.6, 0.15, 0.3  # what a claim weighs
_SCENE_MARGIN, _CHART_MARGIN = 0.15, 0.5  # by which a true sentence passes 0

Code = NDArray[np.float32]


def code_picture(subject: Subject) -> Code:
    """Returns what a picture of `subject` shows, [NUMBERS_OF_A_CODE]."""
    code = np.zeros(NUMBERS_OF_A_CODE, np.float32)
    code[_CONSTANT] = _STANDING
    if isinstance(subject, Chart):
        _add_chart(code, chart_fact(subject))
        return code
    code[_BACKGROUNDS + BACKGROUNDS.index(subject.background)] = 1
    for group in subject.groups:
        _add_group(code, group)
    return code


def _add_group(code: Code, group: Group) -> None:
    thing = group.thing
    for cell in group.cells:
        code[_look(thing)] += 1
        code[_size(thing)] += 1 if thing.large else -1
        code[_places(thing)] += _way(cell)
        if thing.texture != "plain":
            code[_texture(thing)] += 1


def code_sentence(fact: Fact) -> Code:
    """Returns how a sentence that says `fact` weighs what a picture shows, [NUMBERS_OF_A_CODE]."""
    code = np.zeros(NUMBERS_OF_A_CODE, np.float32)
    if fact.frame in FORMS:
        _add_chart(code, fact)
        code[_CONSTANT] = (_CHART_MARGIN - code.sum()) / _STANDING
        return code
    claimed = sum(_add_thing(code, thing) for thing in fact.things)
    if len({thing.colour for thing in fact.things}) == len(fact.places):  # else a colour is in both
        claimed += _add_places(code, fact)
    if fact.background:
        code[_BACKGROUNDS + BACKGROUNDS.index(fact.background)] = _BACKGROUND
        claimed += _BACKGROUND
    code[_CONSTANT] = (_SCENE_MARGIN - claimed) / _STANDING
    return code


def _add_thing(code: Code, thing: Thing) -> float:
    """Adds the claim that there are so many that look so; returns what it weighs if it holds."""
    code[_look(thing)] += _KIND / thing.count
    code[_size(thing)] += (_SIZE if thing.large else -_SIZE) / thing.count
    if thing.texture == "plain":
        return _KIND + _SIZE
    code[_texture(thing)] += _TEXTURE / thing.count
    return _KIND + _SIZE + _TEXTURE


def _add_places(code: Code, fact: Fact) -> float:
    """Adds where the things are; returns what it weighs if it holds."""
    for thing, place in zip(fact.things, fact.places, strict=True):
        way = _way(place)
        steps = max(1.0, float(np.abs(way).sum()))
        code[_places(thing)] += _PLACE * way / (steps * thing.count)
    # two that are apart stand a cell apart at least: half of it each
    return _PLACE if any(_way(place).any() for place in fact.places) else 0.0


def _add_chart(code: Code, fact: Fact) -> None:
    code[_FORMS + FORMS.index(fact.frame)] = 1
    code[_NUMBERS + NUMBERS.index(fact.number)] = 1
    for start, colour in zip((_MOST, _LEAST), fact.colours, strict=False):
        code[start + COLOURS.index(colour)] = 1


def _look(thing: Thing) -> int:
    return KINDS.index(thing.kind) * len(COLOURS) + COLOURS.index(thing.colour)


def _size(thing: Thing) -> int:
    """Where a thing's size stands: two of one kind, or of one colour, never meet."""
    slot = (2 * KINDS.index(thing.kind) + COLOURS.index(thing.colour)) % _SLOTS
    return _SIZES + slot


def _places(thing: Thing) -> slice:
    start = _PLACES + 2 * COLOURS.index(thing.colour)
    return slice(start, start + 2)


def _texture(thing: Thing) -> int:
    return _TEXTURES + 2 * COLOURS.index(thing.colour) + (thing.texture == "dotted")


def _way(cell: int) -> Code:
    """How far right and down of the middle a cell is, [2]: -1, 0 or 1."""
    return np.array([cell % GRID - 1, cell // GRID - 1], np.float32)
