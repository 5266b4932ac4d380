"""Which language is this text in, and may it pass? Script, fastText, n-grams and source weighed.

Scripts that one language alone is likely to use settle it. Elsewhere a fastText model (Joulin et
al. 2017, arXiv:1607.01759) is asked and, with the embedded one, a linear model over n-grams, which
is better on captions: short, and in languages close to each other.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.scripts import SCRIPTS, Letters
from filters.telling_words import TELLING, telling_words
from schemas.languages import ALL, LANGUAGES, UNKNOWN

_SOLE_LANGUAGE: Mapping[str, str] = {
    "Hang": "ko", "Thai": "th", "Geor": "ka", "Grek": "el", "Beng": "bn", "Hebr": "he",
    "Armn": "hy", "Guru": "pa", "Gujr": "gu", "Orya": "or", "Taml": "ta", "Telu": "te",
    "Knda": "kn", "Mlym": "ml", "Sinh": "si", "Laoo": "lo", "Tibt": "bo", "Mymr": "my",
    "Ethi": "am", "Cher": "chr", "Khmr": "km", "Mong": "mn",
}  # fmt: skip

_MOST_HAN_WITHOUT_KANA = 10  # Japanese of more characters has some, but for names and headings
_LEAST_KANA = 0.1  # of Han and kana; Chinese decorates itself with a の
_MIXED_FROM = 20  # letters; in shorter captions one product's name is half of it

_MODEL_WEIGHT = 0.35  # of fastText's nats beside those of the n-grams, by even rows of NTREX-128
_ELSEWHERE = -5.0  # nats of languages that the n-grams do not know, likewise
_FIRST_WEIGHT = 0.3  # of the nats of all n-grams beside those of close languages, likewise
_CLOSE_WEIGHT = 1.3
_LEAST_SHARE = 1e-4  # that fastText can say; in nats the rest would be noise
_TOLD = 1e-3  # shares below are not told
_RANKS = 4  # languages told of a text
_WORD_NATS = 2.0  # of a telling word, beside the n-grams that saw it, too


Shares = tuple[tuple[str, float], ...]
"""ISO 639 codes, not all of them ours, and how probable each is, in [0, 1]; the greatest first."""


class LanguageFault(StrEnum):
    """Why a text is turned away for its language."""

    UNWANTED = "unwanted-language"
    MIXED = "mixed-scripts"
    UNKNOWN = "unknown-language"
    FOREIGN = "foreign-language"
    DISAGREES = "language-disagrees"


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRules:
    """What must be known of a text's language.

    Attributes:
      model: a fastText model's path, URL or hub id, `owner/name` or `owner/name/file.bin`; the
        embedded `lid.176.ftz` without it.
      min_share: how probable the language of a text must be whose source states none, in [0, 1].
      min_share_by_language: in its place, for languages found.
      source_odds: what a source's word weighs: how many times as probable as the language stated
        another must be to overrule it; at least 1.
      min_script_share: least share of the letters that are of one script, in [0, 1], 0: any.
    """

    model: str = ""
    min_share: float = 0.5
    min_share_by_language: Mapping[str, float] = field(default_factory=dict)
    source_odds: float = 10.0
    min_script_share: float = 0.6

    def __post_init__(self) -> None:
        unknown = [code for code in self.min_share_by_language if code not in LANGUAGES]
        if unknown:
            raise ValueError(
                f"min_share_by_language must be of {' '.join(ALL)}, got {unknown[0]!r}"
            )
        shares = {f"min_share_by_language.{k}": v for k, v in self.min_share_by_language.items()}
        shares |= {"min_share": self.min_share, "min_script_share": self.min_script_share}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {share}")
        if not self.source_odds >= 1:
            raise ValueError(f"source_odds must be at least 1, got {self.source_odds}")


class Guess(NamedTuple):
    """What a text itself says of its language; a frozen dataclass would take longer to make.

    Attributes:
      shares: ISO 639 codes, not all of them ours, with how probable each is, in [0, 1]; the most
        probable first, those under a thousandth left out. None at all where there are no letters.
      letters: how many.
      purity: share of the letters that are of its main script, in [0, 1].
    """

    shares: Shares
    letters: int
    purity: float

    def share_of(self, language: str) -> float:
        """How probable `language` is; of one that is not told, the most it can be."""
        return dict(self.shares).get(language, _TOLD)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a text.

    Attributes:
      language: that it is in, as far as known: a code, or `und`.
      fault: why it is turned away, or None.
      detail: what was found, for the ledger; empty where there is no fault.
    """

    language: str
    fault: LanguageFault | None
    detail: str


def judge_language(
    guess: Guess, stated: str, rules: LanguageRules, wanted: Collection[str] = ALL
) -> Verdict:
    """Weighs what a text says against what its source does, `und` if nothing.

    Args:
      guess: what the text says.
      stated: what the source does.
      rules: how both are weighed.
      wanted: languages, of the 30.

    >>> judge_language(Guess((("no", 0.6), ("da", 0.4)), 30, 1.0), "da", LanguageRules())
    Verdict(language='da', fault=None, detail='')
    >>> str(judge_language(Guess((("cs", 0.98),), 30, 1.0), "sk", LanguageRules()).fault)
    'language-disagrees'
    """
    if stated != UNKNOWN and stated not in wanted:
        return Verdict(stated, LanguageFault.UNWANTED, stated)
    if not guess.shares:
        fault = LanguageFault.UNKNOWN if stated == UNKNOWN else None
        return Verdict(stated, fault, "no letters" if fault else "")
    if guess.letters >= _MIXED_FROM and guess.purity < rules.min_script_share:
        return Verdict(stated, LanguageFault.MIXED, f"{guess.purity:.2f} of one script")
    found, share = guess.shares[0]
    if stated != UNKNOWN:
        if not contradicts(guess, stated, rules.source_odds):
            return _as_stated(stated)
        return Verdict(found, LanguageFault.DISAGREES, f"{stated} is {found} {share:.2f}")
    fault = _fault_of_found(found, share, rules, wanted)
    return Verdict(found, fault, f"{found} {share:.2f}" if fault else "")


def contradicts(guess: Guess, stated: str, odds: float) -> bool:
    """Whether another language than `stated` is more than `odds` times as probable as it.

    >>> guess = Guess((("cs", 0.9), ("sk", 0.1)), 30, 1.0)
    >>> contradicts(guess, "sk", 5), contradicts(guess, "sk", 10)
    (True, False)
    """
    if not guess.shares:
        return False
    found, share = guess.shares[0]
    return found != stated and share > odds * guess.share_of(stated)


@lru_cache(maxsize=len(LANGUAGES))
def _as_stated(language: str) -> Verdict:
    return Verdict(language, None, "")


def _fault_of_found(
    found: str, share: float, rules: LanguageRules, wanted: Collection[str]
) -> LanguageFault | None:
    """What is wrong with a text whose language no source states."""
    if share < rules.min_share_by_language.get(found, rules.min_share):
        return LanguageFault.UNKNOWN
    if found in wanted:
        return None
    return LanguageFault.UNWANTED if found in LANGUAGES else LanguageFault.FOREIGN


def shares_by_script(letters: Letters) -> list[Shares | None]:
    """The shares of each text whose script settles them; None where a model must be asked.

    Han without kana is Chinese, but short it may be Japanese, and is where a character of Japan's
    own stands in it.
    """
    return [
        _shares_of_script(*told)
        for told in zip(
            letters.script.tolist(),
            letters.han.tolist(),
            letters.kana.tolist(),
            letters.told.tolist(),
            strict=True,
        )
    ]


_NO_SHARES: Shares = ()
_CHINESE = (("zh", 0.999), ("ja", 0.001))
_RATHER_CHINESE = (("zh", 0.8), ("ja", 0.2))
_RATHER_JAPANESE = (("ja", 0.9), ("zh", 0.1))
_JAPANESE = (("ja", 0.999), ("zh", 0.001))
_ASSAMESE = (("as", 0.99), ("bn", 0.01))
_SOLE = {script: ((language, 1.0),) for script, language in _SOLE_LANGUAGE.items()}


def _shares_of_script(script: int, han: int, kana: int, told: int) -> Shares | None:
    if script < 0:
        return _NO_SHARES
    name = SCRIPTS[script]
    if name == "Kana":
        return _JAPANESE if kana >= _LEAST_KANA * (han + kana) else _RATHER_CHINESE
    if name == "Hani":
        if told:
            return _RATHER_JAPANESE
        return _CHINESE if han > _MOST_HAN_WITHOUT_KANA else _RATHER_CHINESE
    if name == "Beng" and told:
        return _ASSAMESE
    return _SOLE.get(name)


def weigh_evidence(model: NDArray[np.float64], ngrams: NDArray[np.float64]) -> NDArray[np.float64]:
    """Joins two models' words on texts of one script.

    Args:
      model: the embedded model's shares of the n-grams' languages and, last, of all others
        together; [texts, languages + 1].
      ngrams: in nats; [texts, languages].

    Returns:
      Shares that add up to 1; [texts, languages + 1].
    """
    nats = _MODEL_WEIGHT * np.log(np.clip(model, _LEAST_SHARE, 1.0))
    nats[:, :-1] += ngrams
    nats[:, -1] += _ELSEWHERE
    shares = np.exp(nats - nats.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def weigh_close(shares: NDArray[np.float64], ngrams: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divides what close languages have of each text among them anew.

    Args:
      shares: of the close languages; [texts, languages].
      ngrams: what n-grams that were fitted to these languages alone say, in nats; of that shape.

    Returns:
      Shares with the same sum for each text, of that shape.
    """
    nats = _FIRST_WEIGHT * np.log(np.clip(shares, _LEAST_SHARE, 1.0)) + _CLOSE_WEIGHT * ngrams
    parts = np.exp(nats - nats.max(axis=1, keepdims=True))
    return np.asarray(shares.sum(axis=1, keepdims=True) * parts / parts.sum(axis=1, keepdims=True))


def ranked(
    shares: NDArray[np.float64], languages: Sequence[str], others: Mapping[int, str]
) -> list[Shares]:
    """The told shares of each text, the most probable first.

    Args:
      shares: [texts, languages + 1], the last column that of any other language.
      languages: of the columns.
      others: by text, which other language it is; `und` where it is not said.
    """
    names = [*languages, UNKNOWN]
    rows, columns = np.nonzero(shares >= _TOLD)  # one or two of most texts
    values = shares[rows, columns]
    order = np.lexsort((columns, -values, rows))
    codes = [names[column] for column in columns[order].tolist()]
    pairs = list(zip(codes, values[order].tolist(), strict=True))
    ends = np.cumsum(np.bincount(rows, minlength=len(shares))).tolist()
    told = [tuple(pairs[start:end][:_RANKS]) for start, end in pairwise([0, *ends])]
    for text, name in others.items():
        told[text] = tuple([(name if its == UNKNOWN else its, v) for its, v in told[text]])
    return told


def told_apart(shares: Shares, text: str) -> Shares:
    """The shares once the words of `text` that tell its language from close ones are counted.

    >>> told_apart((("id", 0.8), ("ms", 0.1)), "dua basikal di hadapan kedai")[0][0]
    'ms'
    """
    if not shares or shares[0][0] not in TELLING:
        return shares
    counts = telling_words(text, shares[0][0])
    if not counts:
        return shares
    worth = dict(shares)
    for language, count in counts.items():
        worth[language] = worth.get(language, _TOLD) * math.exp(_WORD_NATS * count)
    total = sum(worth.values())
    order = sorted(worth.items(), key=lambda item: (-item[1], item[0]))
    return tuple((language, share / total) for language, share in order if share >= _TOLD * total)
