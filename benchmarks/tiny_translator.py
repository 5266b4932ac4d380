"""Trains the tiny translator that ships with the project: `python -m benchmarks.tiny_translator`.

Teaches a small encoder-decoder in M2M-100's format what the sample world's grammar says, from any
of the 30 languages into any other (`benchmarks.grammar_pairs` says what it is taught and what is
kept back), converts it for ctranslate2 in int8 and leaves it, with what it scores, in
`model/tiny_translator/`. `--judge` only judges what lies there.

Judged through the engine, greedily, on sentences that have something kept back: the share that are
letter by letter what the grammar says, from English, into English and between all pairs, by
language and kind of sentence; and, taught or not, on sentence pairs as a sample world has them.

Forty minutes of one core. A call that was ended is taken up by the next.
"""

import argparse
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, permutations
from statistics import fmean

import torch

from benchmarks.grammar_pairs import Meaning, draw_meanings
from benchmarks.harness import ROOT
from benchmarks.translator_teaching import Teaching, make_checkpoint
from model.translator import Translator, TranslatorSpec, load_translator
from model.translator_conversion import convert_checkpoint
from pipelines.sample.grammars import GRAMMARS
from pipelines.sample.sentences import say_twice
from schemas.languages import ALL

SHIPPED = ROOT / "model" / "tiny_translator"
_CHECKPOINT = ROOT / "out" / "tiny-translator" / "tiny_translator"  # the folder's name is its own
_JUDGED = 1  # seed; another one than what is taught is drawn by
_OTHERS = tuple(code for code in ALL if code != "en")


@dataclass(frozen=True, slots=True)
class Tried:
    """A sentence that was translated.

    Attributes:
      kind: of sentence.
      source: its language.
      target: the one that it was to be said in.
      exact: whether the translation is what the grammar says.
    """

    kind: str
    source: str
    target: str
    exact: bool


Asked = tuple[str, str, str, str, str]
"""Kind of sentence, its language, the one to say it in, the sentence, what the grammar says."""


def ship() -> None:
    """Converts what was trained."""
    if SHIPPED.exists():
        shutil.rmtree(SHIPPED)
    convert_checkpoint(str(_CHECKPOINT), SHIPPED)


def judge(sentences: int) -> None:
    """Prints and writes `scores.json`.

    Args:
      sentences: for each language and way with English, and, to within a few, from and into each
        language between all pairs.
    """
    translator = load_translator(TranslatorSpec(model=str(SHIPPED), threads=1))
    drawn = draw_meanings(_JUDGED, kept_back=True)
    meanings = list(islice(drawn, sentences))
    from_english = _try(translator, _ask(meanings, [("en", code) for code in _OTHERS]))
    into_english = _try(translator, _ask(meanings, [(code, "en") for code in _OTHERS]))
    each = -(-sentences // len(_OTHERS))
    asked = (_ask(list(islice(drawn, each)), [pair]) for pair in permutations(ALL, 2))
    between = _try(translator, [one for some in asked for one in some])
    scores = {
        "from_english": _shares(from_english, lambda tried: tried.target),
        "into_english": _shares(into_english, lambda tried: tried.source),
        "from": _shares(between, lambda tried: tried.source),
        "into": _shares(between, lambda tried: tried.target),
        "kind": _shares([*from_english, *into_english, *between], lambda tried: tried.kind),
        "world": _shares(_try(translator, _ask_world(sentences)), lambda tried: tried.kind),
    }
    _print(scores)
    print(f"{len(from_english) + len(into_english) + len(between):,} sentences with something new")
    (SHIPPED / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", "utf-8")


def _ask(meanings: Iterable[Meaning], pairs: Iterable[tuple[str, str]]) -> list[Asked]:
    return [
        (
            meaning.kind,
            source,
            target,
            meaning.say(GRAMMARS[source]),
            meaning.say(GRAMMARS[target]),
        )
        for source, target in pairs
        for meaning in meanings
    ]


def _ask_world(sentences: int) -> list[Asked]:
    return [
        (kind, row["query_language"], row["language"], row["query"], row["positive"])
        for kind, held_out in (("train", False), ("held-out", True))
        for row in say_twice(sentences, _JUDGED, held_out=held_out)
    ]


def _try(translator: Translator, asked: list[Asked]) -> list[Tried]:
    kinds, sources, targets, texts, expected = zip(*asked, strict=True)
    found = translator.translate(texts, sources, targets)
    return [
        Tried(kind, source, target, translation.fault is None and translation.text == right)
        for kind, source, target, translation, right in zip(
            kinds, sources, targets, found, expected, strict=True
        )
    ]


def _shares(tried: Iterable[Tried], key: Callable[[Tried], str]) -> dict[str, float]:
    """Exact ones of all, by key, in [0, 1]."""
    by_key: dict[str, list[bool]] = defaultdict(list)
    for one in tried:
        by_key[key(one)].append(one.exact)
    return {name: round(sum(exact) / len(exact), 5) for name, exact in by_key.items()}


def _print(scores: Mapping[str, Mapping[str, float]]) -> None:
    ways = ("from_english", "into_english", "from", "into")
    print(f"{'':10}{'from en':>9}{'into en':>9}{'from any':>9}{'into any':>9}")
    for code in ALL:
        print(f"{code:10}" + "".join(f"{scores[way].get(code, ''):>9}" for way in ways))
    print(f"{'least':10}" + "".join(f"{min(scores[way].values()):>9}" for way in ways))
    print(f"{'all':10}" + "".join(f"{fmean(scores[way].values()):>9.4f}" for way in ways))
    for name in ("kind", "world"):
        print(f"{name}: " + ", ".join(f"{key} {share}" for key, share in scores[name].items()))


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", action="store_true", help="what lies there, without training")
    parser.add_argument("--sentences", type=int, default=1000, help="judged of each language")
    asked = parser.parse_args()
    if not asked.judge:
        torch.set_num_threads(1)  # so small a model has nothing for a second one
        make_checkpoint(_CHECKPOINT, Teaching())
        ship()
    judge(asked.sentences)


if __name__ == "__main__":
    main()
