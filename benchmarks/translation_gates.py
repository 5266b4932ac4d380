"""How many true translations the gates reject, and how many broken ones they catch.

    python -m benchmarks.translation_gates --data ../shared/data

On the half of NTREX-128's sentences that nothing was tuned on (`--half tuning` for the other): from
English into each of the 29 languages, from some back into English, and between others. The last are
two translations of the English, with what each translator changed on the way, so their numbers
differ more often. `true` is the share of translations rejected by all rules but that of the
language; `new` that by all, on the sentences that the n-grams which tell languages were fitted
without. The other columns are shares caught of planted faults (`benchmarks.planted_faults`): of
copies, scripts and languages on those sentences, with a language model; of all others without one.

Then what is caught by how much of a translation is left or added, how often addresses and
placeholders that came through are rejected, what becomes of short texts, and CPU time.
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import mean, median

import pyarrow.parquet as pq

from benchmarks.parallel_texts import Sentences, sentences_of
from benchmarks.planted_faults import (
    PLANTS,
    Case,
    Pair,
    Plant,
    continued,
    cut,
    with_address,
    with_placeholder,
)
from filters.translation import (
    Finding,
    Translated,
    TranslationFault,
    TranslationRules,
    judge_translations,
)
from pipelines.language_model import LanguageModel
from schemas.languages import ALL

_SEED = 23
_RULES = TranslationRules()
_INTO_ENGLISH = "de ru ar hi th zh ja"
_OTHERS = (
    "de-fr es-pt it-es nl-de da-no no-sv sv-fi fi-lv pl-sk ru-uk uk-pl tr-ar ar-ur hi-ur bn-hi"
    " zh-ja ja-ko ko-zh th-vi vi-id ka-el el-ro"
)
_WITH_LANGUAGE = ("copied", "other script", "half other script", "other language", "close language")
_FAULT_OF: Mapping[str, TranslationFault] = {
    "empty": TranslationFault.EMPTY,
    "looped at end": TranslationFault.LOOPING,
    "looped all over": TranslationFault.LOOPING,
    "copied": TranslationFault.COPIED,
    "other script": TranslationFault.SCRIPT,
    "half other script": TranslationFault.SCRIPT,
    "other language": TranslationFault.LANGUAGE,
    "close language": TranslationFault.LANGUAGE,
    "cut": TranslationFault.LENGTH,
    "continued": TranslationFault.LENGTH,
    "number lost": TranslationFault.NUMBERS,
    "digit changed": TranslationFault.NUMBERS,
    "address lost": TranslationFault.ADDRESSES,
    "placeholder broken": TranslationFault.PLACEHOLDERS,
}
_LEAST_CAUGHT = 0.95
_MOST_REJECTED = 0.01
_TRUE = ("true", "new")


@dataclass(frozen=True, slots=True)
class Direction:
    """From one language into another."""

    source: str
    target: str

    def __str__(self) -> str:
        return self.target if self.source == "en" else f"{self.source}-{self.target}"


FROM_ENGLISH = [Direction("en", language) for language in ALL if language != "en"]
DIRECTIONS = [
    *FROM_ENGLISH,
    *[Direction(language, "en") for language in _INTO_ENGLISH.split()],
    *[Direction(*pair.split("-")) for pair in _OTHERS.split()],
]


@dataclass(slots=True)
class Shares:
    """What is rejected, by direction and by what was planted.

    Attributes:
      of: shares in [0, 1] by direction, then column; a column is missing where nothing could be
        planted.
      named: of what was planted, whether its own rule caught it.
    """

    of: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    named: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))


class Judge:
    """The gates, with a model of languages for those who ask.

    Args:
      samples: how many of the pairs that count against the gates are shown of each kind.
    """

    def __init__(self, samples: int) -> None:
        self._model = LanguageModel()
        self._samples = samples

    def findings(
        self, pairs: Sequence[Pair], direction: Direction, with_language: bool
    ) -> list[list[Finding]]:
        """What is wrong with each pair."""
        texts = [text for _, text in pairs]
        guesses = self._model.identify(texts) if with_language else [None] * len(texts)
        translated = [
            Translated(source, direction.source, text, direction.target, guess)
            for (source, text), guess in zip(pairs, guesses, strict=True)
        ]
        return judge_translations(translated, _RULES)

    def show(self, name: str, pairs: Sequence[Pair], found: Sequence[list[Finding]]) -> None:
        """Prints the first of the pairs, and what was found."""
        for (source, text), its in list(zip(pairs, found, strict=True))[: self._samples]:
            print(f"[{name}] {'; '.join(f'{one.fault}: {one.detail}' for one in its)}")
            print(f"    {source}\n    {text}")


def cases_of(sentences: Sentences, direction: Direction) -> Iterator[Case]:
    """The sentences as translations, each with eight that come after it."""
    targets = sentences.texts[direction.target]
    for row, text in enumerate(targets):
        yield Case(
            sentences.texts[direction.source][row],
            direction.source,
            text,
            direction.target,
            {language: texts[row] for language, texts in sentences.texts.items()},
            tuple(targets[(row + n) % len(targets)] for n in range(1, 9)),
        )


def planted(plant: Plant, cases: Sequence[Case], name: str) -> list[Pair]:
    """What a plant makes of the cases, drawn with the seed and its name."""
    pairs = []
    for number, case in enumerate(cases):
        random = Random(f"{_SEED} {name} {case.source_language} {case.language} {number}")
        pair = plant(case, random)
        if pair is not None and pair[1] != case.text:
            pairs.append(pair)
    return pairs


def measure(sentences: Sentences, judge: Judge) -> Shares:
    """What is rejected in all directions."""
    shares = Shares()
    for direction in DIRECTIONS:
        cases = list(cases_of(sentences, direction))
        new = [case for case, is_new in zip(cases, sentences.is_new, strict=True) if is_new]
        measure_true(cases, new, direction, judge, shares)
        for name, plant in PLANTS.items():
            with_language = name in _WITH_LANGUAGE
            pairs = planted(plant, new if with_language else cases, name)
            if pairs:
                found = judge.findings(pairs, direction, with_language)
                shares.of[str(direction)][name] = mean(map(bool, found))
                shares.named[name] += [_FAULT_OF[name] in {i.fault for i in its} for its in found]
                missed = [pair for pair, its in zip(pairs, found, strict=True) if not its]
                judge.show(f"{direction} {name}", missed, [[]] * len(missed))
    return shares


def measure_true(
    cases: list[Case], new: list[Case], direction: Direction, judge: Judge, shares: Shares
) -> None:
    """What is rejected of true translations."""
    for column, its_cases in zip(_TRUE, (cases, new), strict=True):
        pairs = [(case.source, case.text) for case in its_cases]
        found = judge.findings(pairs, direction, with_language=column == "new")
        shares.of[str(direction)][column] = mean(map(bool, found))
        rejected = [(pair, its) for pair, its in zip(pairs, found, strict=True) if its]
        judge.show(f"{direction} {column}", [p for p, _ in rejected], [its for _, its in rejected])


def show_table(shares: Shares) -> None:
    """Prints what is rejected by direction and column."""
    columns = [*_TRUE, *PLANTS]
    print("\nper cent rejected\n" + " " * 7, *(f"{name[:9]:>9}" for name in columns))
    for direction, row in shares.of.items():
        cells = [f"{100 * row[name]:9.1f}" if name in row else f"{'-':>9}" for name in columns]
        print(f"{direction:7}", *cells)


def show_worst(shares: Shares) -> None:
    """Prints the mean and the worst of each column, and what does not hold."""
    print(f"\nfrom English, then all: mean, worst; and where not {_LEAST_CAUGHT} is caught")
    english = {str(direction) for direction in FROM_ENGLISH}
    for name in (*_TRUE, *PLANTS):
        sign = -1 if name in _TRUE else 1
        bound = _MOST_REJECTED if name in _TRUE else _LEAST_CAUGHT
        for group in (english, set(shares.of)):
            its = {k: row[name] for k, row in shares.of.items() if k in group and name in row}
            worst = sorted(its, key=lambda k: sign * its[k])[:3]
            failing = " ".join(k for k in its if sign * its[k] < sign * bound)
            told = " ".join(f"{k} {its[k]:.4f}" for k in worst)
            print(f"{name:18} {mean(its.values()):.4f}  {told}  | {failing}")
        if name in PLANTS:
            named = shares.named[name]
            print(f"{'':18} {len(named)} planted, {mean(named):.4f} caught by their own rule")


def show_lengths(sentences: Sentences, judge: Judge) -> None:
    """Prints what is caught by how much of a translation is left, or added."""
    print("\nshare caught from English: mean, fewest")
    plants = [
        (f"cut to {share:.0%}", cut(share, share)) for share in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    ]
    sizes = (1.5, 2.0, 2.5, 3.0, 4.0)
    plants += [(f"continued to {size:.0%}", continued(size, size)) for size in sizes]
    for name, plant in plants:
        shares = {}
        for direction in FROM_ENGLISH:
            pairs = planted(plant, list(cases_of(sentences, direction)), name)
            shares[direction.target] = mean(map(bool, judge.findings(pairs, direction, False)))
        worst = sorted(shares, key=lambda k: shares[k])[:3]
        told = " ".join(f"{k} {shares[k]:.3f}" for k in worst)
        print(f"{name:18} {mean(shares.values()):.3f}  {told}")


def show_kept_signs(sentences: Sentences, judge: Judge) -> None:
    """Prints how many pairs are rejected for a sign that stands in both."""
    print("\nrejected for a sign that stands in both texts")
    for name, add, fault in (
        ("address", with_address, TranslationFault.ADDRESSES),
        ("placeholder", with_placeholder, TranslationFault.PLACEHOLDERS),
    ):
        rejected: list[bool] = []
        for direction in FROM_ENGLISH:
            cases = enumerate(cases_of(sentences, direction))
            pairs = [add(case, Random(f"{_SEED} {name} {direction} {n}"))[0] for n, case in cases]
            found = judge.findings(pairs, direction, with_language=False)
            rejected += [fault in {one.fault for one in its} for its in found]
        print(f"{name:12} {sum(rejected)} of {len(rejected)}")


def short_pairs(data: Path) -> dict[str, dict[str, list[Pair]]]:
    """Texts of one picture in English and another language, by set and language.

    Each language names emoji on its own, so some names are no translations.
    """
    sets: dict[str, dict[str, list[Pair]]] = {}
    for name, table, keys, column in (
        ("emoji names", "emoji", ("image",), "name"),
        ("storybooks", "storybooks", ("story", "page"), "text"),
    ):
        rows = pq.read_table(data / table / "pairs.parquet").to_pylist()
        key_of = [tuple(row[key] for key in keys) for row in rows]
        english = {
            key: row[column]
            for key, row in zip(key_of, rows, strict=True)
            if row["language"] == "en"
        }
        pairs: dict[str, list[Pair]] = defaultdict(list)
        for key, row in zip(key_of[1::2], rows[1::2], strict=True):  # n-grams know the others
            if key in english and row["language"] != "en":
                pairs[row["language"]].append((english[key], row[column]))
        sets[name] = dict(sorted(pairs.items()))
    return sets


def show_short(data: Path, judge: Judge) -> None:
    """Prints how many short texts are rejected, for what, and how many copies of them are."""
    for name, by_language in short_pairs(data).items():
        faults: Counter[str] = Counter()
        rejected: dict[str, float] = {}
        copies: list[bool] = []
        for language, pairs in by_language.items():
            direction = Direction("en", language)
            found = judge.findings(pairs, direction, with_language=True)
            rejected[language] = mean(map(bool, found))
            faults.update(one.fault for its in found for one in its)
            shown = [(pair, its) for pair, its in zip(pairs, found, strict=True) if its]
            judge.show(f"{name} {language}", [p for p, _ in shown], [its for _, its in shown])
            copied = [(source, source) for source, text in pairs if source != text]
            copies += map(bool, judge.findings(copied, direction, with_language=True))
        worst = sorted(rejected, key=lambda k: -rejected[k])[:4]
        print(f"\n{name}: {sum(map(len, by_language.values()))} pairs", end=", ")
        print(f"{mean(rejected.values()):.4f} rejected, most:", end=" ")
        print(*(f"{k} {rejected[k]:.4f}" for k in worst))
        print(*(f"{fault} {count}," for fault, count in faults.most_common()))
        print(f"{mean(copies):.3f} of copies of the English are caught")


def show_speed(sentences: Sentences) -> None:
    """Prints CPU time a pair, of all languages mixed, without a language model."""
    pairs = [
        Translated(english, "en", text, language)
        for language in ALL[1:]
        for english, text in zip(sentences.texts["en"], sentences.texts[language], strict=True)
    ]
    Random(_SEED).shuffle(pairs)
    pairs = pairs[:10_000]
    spent = []
    for _ in range(7):
        began = time.process_time()
        judge_translations(pairs, _RULES)
        spent.append((time.process_time() - began) / len(pairs) * 1e6)
    size = mean(len(pair.text) for pair in pairs)
    print(f"\nCPU µs a pair: median {median(spent):.1f}, least {min(spent):.1f}", end="; ")
    print(f"{size:.0f} characters a translation")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--half", choices=("tuning", "reporting"), default="reporting")
    parser.add_argument("--samples", type=int, default=0, help="pairs shown of each kind")
    arguments = parser.parse_args()
    tuning, reporting = sentences_of(arguments.data)
    sentences = tuning if arguments.half == "tuning" else reporting
    judge = Judge(arguments.samples)
    shares = measure(sentences, judge)
    show_table(shares)
    show_worst(shares)
    show_lengths(sentences, judge)
    show_kept_signs(sentences, judge)
    show_short(arguments.data, judge)
    show_speed(sentences)


if __name__ == "__main__":
    main()
