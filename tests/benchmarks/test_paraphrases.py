"""What the tiny teacher learns from keeps to the grammars and leaves what is held out unseen."""

import re
from collections import Counter
from dataclasses import replace
from itertools import takewhile

import pytest

from benchmarks.paraphrases import PARAPHRASES
from pipelines.sample.grammars import FRAMES, GRAMMARS, say_fact
from pipelines.sample.scenes import LEFT, RIGHT, Fact, Thing
from schemas.languages import ALL

STARS = Thing("star", "green", True, "dotted", 3)
HEART = Thing("heart", "black", False, "plain", 1)
UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff"  # letters of Thai, Japanese and Chinese
COLOURS = ("red", "blue")
FACTS = {
    "list": [Fact("list", (STARS, HEART)), Fact("list", (HEART,))],
    "at": [Fact("at", (HEART,), (LEFT,)), Fact("at", (STARS,), (RIGHT,))],
    "pair": [Fact("pair", (STARS, HEART), (LEFT, RIGHT))],
    "background": [Fact("background", (STARS, HEART), background="grey")],
    "bars": [Fact("bars", number=5, colours=COLOURS)],
    "line": [Fact(frame, number=5, colours=COLOURS[:1]) for frame in ("rising", "falling")],
    "slices": [Fact("slices", number=5, colours=COLOURS)],
}


@pytest.mark.parametrize("code", ALL)
def test_a_language_has_each_frame_thrice(code):
    assert {frame: len(set(three)) for frame, three in PARAPHRASES[code].items()} == dict.fromkeys(
        FRAMES, 3
    )


@pytest.mark.parametrize("code", ALL)
def test_a_pattern_has_the_slots_of_the_one_to_train_on(code):
    for frame, patterns in PARAPHRASES[code].items():
        trained = GRAMMARS[code].frames[frame].split("|")[0]
        assert [_slots(pattern) for pattern in patterns] == [_slots(trained)] * 3


@pytest.mark.parametrize("code", ALL)
def test_no_pattern_is_the_one_to_train_on_or_but_for_a_word_one_held_out(code):
    frames = [sentences.split("|") for sentences in GRAMMARS[code].frames.values()]
    trained, held_out = zip(*frames, strict=True)
    word = 3 if code in ("ja", "th", "zh") else 1  # letters, where there are no spaces
    for pattern in (pattern for three in PARAPHRASES[code].values() for pattern in three):
        assert pattern not in trained
        assert all(_words_apart(pattern, held) > word for held in held_out)


@pytest.mark.parametrize("code", ALL)
def test_a_pattern_says_facts(code):
    for frame, patterns in PARAPHRASES[code].items():
        for pattern in patterns:
            frames = GRAMMARS[code].frames | {frame: f"{pattern}|"}
            grammar = replace(GRAMMARS[code], frames=frames)
            said = [say_fact(fact, grammar) for fact in FACTS[frame]]
            assert len(set(said)) == len(said)
            assert not re.search(r"[<>{}|]|  ", "".join(said))


def _slots(pattern):
    return Counter(re.findall(r"{\w+}", pattern)), len(re.findall("<[^/>]+/[^/>]+>", pattern))


def _words_apart(one, other):
    """Returns how many words there are, at most, between what both begin and end with."""
    words = [_words(one), _words(other)]
    for _ in "beginning", "end":
        pairs = zip(*words, strict=False)
        alike = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
        words = [rest[alike:][::-1] for rest in words]
    return max(map(len, words))


def _words(pattern):
    return re.findall(rf"{{\w+}}|[{UNSPACED}]|[^\s{{}}.,:;()؛،·।۔、，：。—–]+", pattern.lower())
