"""Fits how long translations are: `python -m benchmarks.length_bands --data ../shared/data`.

Prints the table of `filters.length_bands`: by language the characters for one of English, and the
spread. Of languages a and b the logarithm of the ratio of lengths, less what is expected, has the
variance `(spread_a + spread_b) * (1 + SHORT / n)`, n the source's characters as in English. The
characters are medians over the tuning half of NTREX-128's sentences; the spreads are fitted to all
pairs of languages by least squares, squares of over three standard deviations cut to these, and
`SHORT` by likelihood. Then by how many standard deviations translations of English differ.
"""

import argparse
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.parallel_texts import Sentences, sentences_of
from filters.length_bands import length_deviation

_ROUNDS = 20
_FURTHEST = 3.0  # standard deviations
_SHORT = range(0, 400, 5)
_LEAST_SPREAD = 1e-4
_QUANTILES = (0.001, 0.005, 0.5, 0.995, 0.999)

Array = NDArray[np.float64]


def fitted(sentences: Sentences) -> tuple[dict[str, tuple[float, float]], int]:
    """Characters for one of English and spread by language, and what shortness adds."""
    logs = {k: np.log([len(text) for text in texts]) for k, texts in sentences.texts.items()}
    ratios = {k: float(np.median(its - logs["en"])) for k, its in logs.items()}
    pairs = list(combinations(logs, 2))
    rests = np.array([(logs[b] - ratios[b]) - (logs[a] - ratios[a]) for a, b in pairs])
    english = np.mean([its - ratios[k] for k, its in logs.items()], axis=0)
    of_pair = np.array([[k in pair for k in logs] for pair in pairs], float)
    fits = {short: _fit_spreads(rests, of_pair, 1 + short / np.exp(english)) for short in _SHORT}
    best = min(fits, key=lambda short: fits[short][0])
    spreads = dict(zip(logs, fits[best][1].tolist(), strict=True))
    return {k: (float(np.exp(ratios[k])), spreads[k]) for k in logs}, best


def _fit_spreads(rests: Array, of_pair: Array, factor: Array) -> tuple[float, Array]:
    """Minus the log likelihood, and the spreads; [languages].

    Args:
      rests: [pairs, sentences].
      of_pair: 1 where a language is one of the pair; [pairs, languages].
      factor: of the variance of short texts; [sentences].
    """
    spreads = np.full(of_pair.shape[1], 0.01)
    for _ in range(_ROUNDS):
        most = _FURTHEST**2 * (of_pair @ spreads)[:, None]
        variances = np.minimum(rests**2 / factor, most).mean(axis=1)
        spreads = np.linalg.lstsq(of_pair, variances, rcond=None)[0].clip(_LEAST_SPREAD)
    variance = (of_pair @ spreads)[:, None] * factor
    return float((np.log(variance) + np.minimum(rests**2 / variance, _FURTHEST**2)).mean()), spreads


def show_deviations(sentences: Sentences) -> None:
    """Prints quantiles of the deviations by the table as it stands."""
    print("\ndeviations of translations of English: quantiles", *_QUANTILES)
    for language, texts in sentences.texts.items():
        if language != "en":
            deviations = [
                length_deviation(len(english), "en", len(text), language)
                for english, text in zip(sentences.texts["en"], texts, strict=True)
            ]
            print(language, *np.quantile(deviations, _QUANTILES).round(1))


def main() -> None:
    """Prints the table, then deviations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    tuning, _ = sentences_of(parser.parse_args().data)
    table, short = fitted(tuning)
    for language, (characters, spread) in sorted(table.items()):
        print(f'    "{language}": Lengths({characters:.3f}, {spread:.4f}),')
    print(f"SHORT = {short}.0")
    show_deviations(tuning)


if __name__ == "__main__":
    main()
