"""How well languages are told apart, beside the bare fastText model, and what it costs.

    python -m benchmarks.languages [--data FOLDER] [--udhr FOLDER]

Texts that nothing was fitted to: odd rows of NTREX-128, whole and cut to whole words within 39
characters, of the emoji names and of the storybooks' texts. `plain` is lid.176.ftz's first label,
`ours only` its first that is one of the 30 languages; both know Chinese varieties as `zh`. Then:
how many texts in languages that are none of the 30 are turned away (captions written for this, and
with `--udhr` odd articles of the Universal Declaration, see `benchmarks.language_weights`); what
becomes of texts of at least 30 characters whose source states the right language, or each of the
29 wrong ones; and CPU time a text, the median of nine passes by turns.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, median

import fasttext
import pyarrow.parquet as pq

from benchmarks.foreign_captions import CAPTIONS
from benchmarks.language_weights import udhr_texts
from filters.language import Guess, LanguageRules, judge_language
from filters.language_labels import language_of_label
from pipelines.language_model import LanguageModel, embedded_model
from schemas.languages import ALL, UNKNOWN

Texts = dict[str, list[str]]
Teller = Callable[[Sequence[str]], list[str]]

CUT = 39  # characters
_STATED_FROM = 30  # characters
_ROUNDS = 9
_GROUPS = ("da no sv", "sk pl", "id", "hi ur", "ru uk", "es pt it fr ro", "ja zh")


def cut(text: str) -> str:
    """The first words of `text` that fit 39 characters; where there is one word, as much of it."""
    if len(text) <= CUT:
        return text
    head = text[: CUT + 1].rpartition(" ")[0].strip()
    return head or text[:CUT]


def held_out(data: Path) -> dict[str, Texts]:
    """The sets of texts, each by language."""
    sentences: Texts = pq.read_table(data / "ntrex/sentences.parquet").to_pydict()
    odd = {language: texts[1::2] for language, texts in sentences.items()}
    sets = {
        "NTREX odd rows": odd,
        f"NTREX within {CUT} characters": {k: [cut(text) for text in v] for k, v in odd.items()},
    }
    for name, table, column in (
        ("storybooks, odd rows", "storybooks", "text"),
        ("emoji names, odd rows", "emoji", "name"),
    ):
        rows = pq.read_table(data / table / "pairs.parquet", columns=["language", column])
        texts: Texts = {}
        for row in rows.to_pylist():
            texts.setdefault(row["language"], []).append(row[column])
        sets[name] = {k: v[1::2] for k, v in texts.items() if len(v) > 10}
    return sets


class Bare:
    """lid.176.ftz asked for the first label, or the first that is ours."""

    def __init__(self) -> None:
        self._predict = fasttext.load_model(embedded_model()).f.predict

    def plain(self, texts: Sequence[str]) -> list[str]:
        """Its first label."""
        return [self._languages(text, 1)[0] for text in texts]

    def ours_only(self, texts: Sequence[str]) -> list[str]:
        """Its first label that is one of the 30."""
        return [next(k for k in self._languages(text, 176) if k in ALL) for text in texts]

    def labels(self, texts: Sequence[str]) -> list[str]:
        """Its first label as it is: what is timed."""
        lines = [text.replace("\n", " ") + "\n" for text in texts]
        return [self._predict(line, 1, 0.0, "strict")[0][1] for line in lines]

    def _languages(self, text: str, labels: int) -> list[str]:
        said = self._predict(f"{' '.join(text.split())}\n", labels, 0.0, "strict")
        return [language_of_label(label) for _, label in said] or [UNKNOWN]


def first_guess(guess: Guess) -> str:
    return guess.shares[0][0] if guess.shares else UNKNOWN


def show_accuracy(sets: dict[str, Texts], tellers: dict[str, Teller]) -> None:
    """Prints the share of right answers by language and teller."""
    for name, texts in sets.items():
        answers = {
            teller: {k: tell(v) for k, v in texts.items()} for teller, tell in tellers.items()
        }
        right = {
            teller: {k: mean(answer == k for answer in its[k]) for k in texts}
            for teller, its in answers.items()
        }
        print(f"\n{name}: share right, and what ours is taken for\n{'':12}", *tellers, sep="\t")
        for row in (*texts, *_GROUPS):
            members = [k for k in row.split() if k in texts]
            if not members or (" " in row and len(members) < 2):
                continue
            missed = Counter(a for k in members for a in answers["pairmill"][k] if a != k)
            shares = [f"{mean(its[k] for k in members):.4f}" for its in right.values()]
            told = (
                " ".join(f"{k}:{n}" for k, n in missed.most_common(4)) if len(members) == 1 else ""
            )
            print(f"{row:12}", *shares, told, sep="\t")
        print(f"{'macro':12}", *(f"{mean(its.values()):.4f}" for its in right.values()), sep="\t")


def show_foreign(sets: dict[str, Texts], model: LanguageModel) -> None:
    """Prints the share of texts in none of the 30 languages that is turned away."""
    rules = LanguageRules()
    for name, texts in sets.items():
        print(f"\n{name}: share turned away as nothing is stated, and what passes as")
        shares = []
        for language, its_texts in texts.items():
            verdicts = [
                judge_language(guess, UNKNOWN, rules) for guess in model.identify(its_texts)
            ]
            passed = Counter(verdict.language for verdict in verdicts if not verdict.fault)
            shares.append(1 - passed.total() / len(its_texts))
            told = " ".join(f"{k}:{n}" for k, n in passed.most_common(4))
            print(f"{language}\t{shares[-1]:.3f} of {len(its_texts)}\t{told}")
        print(f"mean\t{mean(shares):.3f}")


def show_stated(sets: dict[str, Texts], model: LanguageModel) -> None:
    """Prints how many texts pass as what they are, and are caught as what they are not."""
    rules = LanguageRules()
    for name in list(sets)[:2]:
        guesses = {
            language: model.identify([text for text in texts if len(text) >= _STATED_FROM])
            for language, texts in sets[name].items()
        }
        caught = {
            (language, stated): mean(bool(judge_language(g, stated, rules).fault) for g in its)
            for language, its in guesses.items()
            for stated in ALL
            if its
        }
        right = {k: share for (k, stated), share in caught.items() if k == stated}
        wrong = {pair: share for pair, share in caught.items() if pair[0] != pair[1]}
        print(f"\n{name}, {_STATED_FROM} characters and more")
        print(f"right language stated: {mean(right.values()):.4f} turned away; most:", end=" ")
        print(*(f"{k} {right[k]:.3f}" for k in sorted(right, key=lambda k: -right[k])[:5]))
        print(f"wrong language stated: {mean(wrong.values()):.4f} caught; fewest:", end=" ")
        worst = sorted(wrong, key=lambda pair: wrong[pair])[:8]
        print(*(f"{k} as {stated} {wrong[k, stated]:.3f}" for k, stated in worst))


def show_speed(sets: dict[str, Texts], model: LanguageModel, bare: Bare) -> None:
    """Prints CPU microseconds a text of both, on all languages mixed."""
    rules = LanguageRules()

    def ours(texts: Sequence[str]) -> None:
        for guess in model.identify(texts):
            judge_language(guess, UNKNOWN, rules)

    print("\nspeed: CPU µs a text")
    for name in list(sets)[:2]:
        texts = [text for row in zip(*sets[name].values(), strict=True) for text in row][:12_000]
        spent: dict[str, list[float]] = {"bare": [], "ours": []}
        for _ in range(_ROUNDS):
            for key, run in (("bare", bare.labels), ("ours", ours)):
                began = time.process_time()
                run(texts)
                spent[key].append((time.process_time() - began) / len(texts) * 1e6)
        bare_us, ours_us = median(spent["bare"]), median(spent["ours"])
        print(
            f"{name}: bare {bare_us:.1f}, ours {ours_us:.1f}, speed {bare_us / ours_us:.2f} of it"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--udhr", type=Path, help="the npm package's declarations")
    args = parser.parse_args()
    sets = held_out(args.data)
    model, bare = LanguageModel(), Bare()
    tellers: dict[str, Teller] = {
        "pairmill": lambda texts: [first_guess(guess) for guess in model.identify(texts)],
        "ours only": bare.ours_only,
        "plain": bare.plain,
    }
    show_accuracy(sets, tellers)
    foreign: dict[str, Texts] = {"captions": {k: list(v) for k, v in CAPTIONS.items()}}
    if args.udhr:
        declared = {k: v[1::2] for k, v in udhr_texts(args.udhr).items() if k not in ALL}
        foreign["Universal Declaration"] = declared
    show_foreign(foreign, model)
    show_stated(sets, model)
    show_speed(sets, model, bare)


if __name__ == "__main__":
    main()
