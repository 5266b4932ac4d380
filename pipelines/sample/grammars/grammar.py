"""How a language says a fact: words with their forms, and patterns that they are put into.

A noun phrase has a form for each pair of gender and number class. The key of such a pair is the
gender's letter and the class's digit, `f2`. A slot lists the keys that share a form: `m2,n2`, or
`2` for every gender. What agrees has a form a slot, or a single one for all.
"""

import re
from dataclasses import dataclass, field

from pipelines.sample.scenes import BACKGROUNDS, COLOURS, KINDS, TEXTURES, Fact, Thing

SCENE_FRAMES = ("list", "at", "pair", "background")
FRAMES = (*SCENE_FRAMES, "bars", "line", "slices")
_ALTERNATIVE = re.compile("<([^/]*)/([^>]*)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """The words and rules of a language that captions need. Lists have a comma between.

    Attributes:
      slots: see above, with spaces between.
      classes: the number class of one, two, three and four things.
      endings: forms of regular words by the mark that they end in: `rot+` is rot and each of these;
        `-` is no ending.
      numbers: one (the article, where there is one) to four, each with the forms that its own class
        has slots for; a classifier agrees like a gender.
      nouns: in the order of KINDS, each with a form for each number class (or one for all), and its
        gender after a colon.
      sizes: small, large.
      colours: in the order of COLOURS.
      textures: striped, dotted.
      phrase: a noun phrase; of one thing and of more, with a bar between, where they differ.
      both: what joins phrases, and the last two of them, with a bar between.
      places: in the order of PLACES, as adverbs.
      backgrounds: in the order of BACKGROUNDS, as adverbs.
      charts: the slots' keys of the colours of a bar, a line and a slice.
      frames: by FRAMES, the sentence to train on and the one held out, with a bar between;
        `<rises/falls>` has a word for either way of a line.
    """

    slots: str = "1,2"
    classes: str = "1222"
    endings: dict[str, str] = field(default_factory=dict)
    numbers: str
    nouns: str
    sizes: str
    colours: str
    textures: str
    phrase: str
    both: str
    places: str
    backgrounds: str
    charts: str = "1 1 1"
    frames: dict[str, str]


def say_fact(fact: Fact, grammar: Grammar, *, held_out: bool = False) -> str:
    """Returns the fact as a sentence, in the frame to train on or in the one held out."""
    is_line = fact.frame in ("rising", "falling")
    frame = "line" if is_line else fact.frame
    pattern = grammar.frames[frame].split("|")[held_out]
    if is_line:
        pattern = _ALTERNATIVE.sub(r"\1" if fact.frame == "rising" else r"\2", pattern)
    words = {"number": str(fact.number)}
    phrases = [name_thing(thing, grammar) for thing in fact.things]
    if phrases:
        words["things"] = _join(phrases, grammar.both)
        words |= zip(("a", "b"), phrases, strict=False)
    places = [grammar.places.split(", ")[place] for place in fact.places]
    words |= zip(("place_a", "place_b"), places, strict=False)
    if fact.background:
        words["background"] = grammar.backgrounds.split(", ")[BACKGROUNDS.index(fact.background)]
    if fact.colours:
        key = grammar.charts.split()[FRAMES.index(frame) - len(SCENE_FRAMES)]
        colours = [_colour(colour, key, grammar) for colour in fact.colours]
        words |= zip(("first", "second"), colours, strict=False)
    return capitalise(pattern.format(**words))


def name_thing(thing: Thing, grammar: Grammar) -> str:
    """Returns a noun phrase in the form that names things: nominative, indefinite."""
    number_class = grammar.classes[thing.count - 1]
    forms, _, gender = grammar.nouns.split(", ")[KINDS.index(thing.kind)].partition(":")
    nouns = forms.split("/")
    key = gender + number_class
    slots = grammar.slots.split()
    own = [slot for slot in slots if any(k.endswith(number_class) for k in slot.split(","))]
    texture = TEXTURES.index(thing.texture)
    textures = ["", *grammar.textures.split(", ")]
    pattern = grammar.phrase.split("|")
    words = pattern[min(thing.count, len(pattern)) - 1].format(
        number=_agree(grammar.numbers.split(", ")[thing.count - 1], key, own, grammar.endings),
        size=_agree(grammar.sizes.split(", ")[thing.large], key, slots, grammar.endings),
        colour=_colour(thing.colour, key, grammar),
        texture=_agree(textures[texture], key, slots, grammar.endings),
        noun=nouns[min(int(number_class), len(nouns)) - 1],
    )
    return " ".join(words.split())


def _colour(colour: str, key: str, grammar: Grammar) -> str:
    word = grammar.colours.split(", ")[COLOURS.index(colour)]
    return _agree(word, key, grammar.slots.split(), grammar.endings)


def _agree(word: str, key: str, slots: list[str], endings: dict[str, str]) -> str:
    """Returns the word's form for a key: that of the slot which lists it, or its digit alone."""
    if word[-1:] in endings:
        ends = endings[word[-1]].split()
        forms = [word[:-1] + end.replace("-", "") for end in ends]
    else:
        forms = word.split("/")
    if len(forms) == 1:
        return forms[0]
    listed = [slot.split(",") for slot in slots]
    return next(
        form for form, keys in zip(forms, listed, strict=True) if key in keys or key[-1] in keys
    )


def _join(phrases: list[str], both: str) -> str:
    between, last = both.split("|")
    *others, end = phrases
    return f"{between.join(others)}{last}{end}" if others else end


def capitalise(sentence: str) -> str:
    """Returns it with its first letter in title case, not upper: Georgian has capitals that no
    sentence begins with.
    """
    return sentence[0].title() + sentence[1:]
