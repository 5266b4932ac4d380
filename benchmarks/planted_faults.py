"""Breaks translations as machines do; what is broken, and how, is drawn from a `Random`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from schemas.languages import ALL, LANGUAGES

_UNSPACED = frozenset(["zh", "ja", "th"])
_NUMBER = re.compile(r"(?<![\w.,:/-])\d+(?:[.,]\d+)*(?![\w.,:/-]*\d)")
_ADDRESSES = (
    "https://example.org/a/{}?lang=en",
    "http://www.example.com/pictures/{}.html",
    "www.example.net/{}",
    "photos.example.co.uk/gallery_{}",
    "ana.{}@example.org",
)
_PLACEHOLDERS = (
    "{name}", "{0}", "{{count}}", "%s", "%d", "%(user)s", "%1$s", "${title}", "<b>", "</a>",
    "<br/>", "{user.name}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence, its translation, and what to take from elsewhere.

    Attributes:
      source: in `source_language`.
      text: in `language`.
      others: the same sentence in all 30 languages.
      more: other sentences in `language`.
    """

    source: str
    source_language: str
    text: str
    language: str
    others: Mapping[str, str]
    more: tuple[str, ...]


Pair = tuple[str, str]
"""A source and a translation of it, broken or not."""

Plant = Callable[[Case, Random], Pair | None]
"""Breaks a translation; None where there is nothing to break."""


def _empty(case: Case, random: Random) -> Pair:
    return case.source, random.choice(("", " ", "…", " - ", '"."'))


def _units(text: str, language: str) -> tuple[list[str], str]:
    """Words or characters, and what stands between them."""
    return (list(text), "") if language in _UNSPACED else (text.split(), " ")


def _looped_at_end(case: Case, random: Random) -> Pair | None:
    """The last words again, three to ten times: up to five words, or up to ten characters."""
    units, between = _units(case.text, case.language)
    phrase = units[-random.randint(2 if between == "" else 1, 10 if between == "" else 5) :]
    if not any(map(str.isalpha, "".join(phrase))):
        return None
    return case.source, between.join(units + phrase * random.randint(3, 10))


def _looped_all_over(case: Case, random: Random) -> Pair:
    """A phrase instead of the text, about as long as it, but at least four times."""
    units, between = _units(case.text, case.language)
    size = random.randint(4, 12) if between == "" else random.randint(1, 5)
    return case.source, between.join(units[:size] * max(4, len(units) // size))


def _copied(case: Case, random: Random) -> Pair:
    changed = random.choice((str, str.lower, lambda text: text.rstrip(".")))
    return case.source, changed(case.source)


def _of_other_script(case: Case, random: Random) -> str:
    others = [k for k in ALL if _scripts(k).isdisjoint(_scripts(case.language))]
    return random.choice(others)


def _scripts(language: str) -> set[str]:
    return {"Hani" if its in ("Hans", "Hant") else its for its in LANGUAGES[language].scripts}


def _in_other_script(case: Case, random: Random) -> Pair | None:
    other = _of_other_script(case, random)
    return (case.source, case.others[other]) if other != case.source_language else None


def _half_in_other_script(case: Case, random: Random) -> Pair | None:
    other = _of_other_script(case, random)
    if other == case.source_language or "Latn" in LANGUAGES[other].scripts:
        return None  # Latin words beside others' are names, more often than not
    ours, theirs = case.text, case.others[other]
    return case.source, f"{ours[: len(ours) // 2]} {theirs[len(theirs) // 2 :]}"


def _in_language(case: Case, random: Random, languages: list[str]) -> Pair | None:
    languages = [k for k in languages if k not in (case.source_language, case.language)]
    return (case.source, case.others[random.choice(languages)]) if languages else None


def _in_other_language(case: Case, random: Random) -> Pair | None:
    close = LANGUAGES[case.language].confusable
    return _in_language(case, random, [k for k in ALL if k not in close])


def _in_close_language(case: Case, random: Random) -> Pair | None:
    close = LANGUAGES[case.language].confusable
    return _in_language(case, random, [k for k in ALL if k in close])


def cut(least: float, most: float) -> Plant:
    """Keeps as large a share of the translation's characters, to a whole word."""

    def plant(case: Case, random: Random) -> Pair:
        units, between = _units(case.text, case.language)
        kept = max(1, round(random.uniform(least, most) * len(units)))
        return case.source, between.join(units[:kept])

    return plant


def continued(least: float, most: float) -> Plant:
    """Goes on with other sentences up to as many times the translation's characters."""

    def plant(case: Case, random: Random) -> Pair:
        size = round(random.uniform(least, most) * len(case.text))
        return case.source, " ".join([case.text, *case.more])[:size]

    return plant


def _number(case: Case, random: Random) -> re.Match[str] | None:
    """A number that stands in both texts."""
    known = set(_NUMBER.findall(case.source))
    numbers = [its for its in _NUMBER.finditer(case.text) if its[0] in known and its[0].strip("0")]
    return random.choice(numbers) if numbers else None


def _number_lost(case: Case, random: Random) -> Pair | None:
    found = _number(case, random)
    return (case.source, case.text[: found.start()] + case.text[found.end() :]) if found else None


def _digit_changed(case: Case, random: Random) -> Pair | None:
    found = _number(case, random)
    if not found:
        return None
    places = [at for at in range(*found.span()) if case.text[at].isdigit()]
    at = random.choice(places)
    digits = [digit for digit in "123456789" if digit != case.text[at]]
    return case.source, case.text[:at] + random.choice(digits) + case.text[at + 1 :]


def _with_sign(case: Case, random: Random, sign: str) -> Pair:
    """Both texts with `sign` in the midst, or at the end where words are not parted."""
    texts = []
    for text, language in ((case.source, case.source_language), (case.text, case.language)):
        words = text.split()
        at = len(words) if language in _UNSPACED else random.randint(1, len(words))
        texts.append(" ".join([*words[:at], sign, *words[at:]]))
    return texts[0], texts[1]


def with_address(case: Case, random: Random) -> tuple[Pair, str]:
    """A pair with a URL or an e-mail address, and that."""
    address = random.choice(_ADDRESSES).format(random.randint(10, 9999))
    return _with_sign(case, random, address), address


def with_placeholder(case: Case, random: Random) -> tuple[Pair, str]:
    """A pair with a placeholder or a tag, and that."""
    sign = random.choice(_PLACEHOLDERS)
    return _with_sign(case, random, sign), sign


def _address_lost(case: Case, random: Random) -> Pair:
    (source, text), address = with_address(case, random)
    at = random.randrange(len(address) // 2, len(address) - 1)
    broken = random.choice(("", address[:at], f"{address[:at]} {address[at:]}", "example"))
    return source, text.replace(address, broken)


def _placeholder_broken(case: Case, random: Random) -> Pair:
    (source, text), sign = with_placeholder(case, random)
    broken = random.choice(("", sign[:-1], sign[1:], f"{sign[0]} {sign[1:]}", f"{sign} {sign}"))
    return source, text.replace(sign, broken)


PLANTS: Mapping[str, Plant] = {
    "empty": _empty,
    "looped at end": _looped_at_end,
    "looped all over": _looped_all_over,
    "copied": _copied,
    "other script": _in_other_script,
    "half other script": _half_in_other_script,
    "other language": _in_other_language,
    "close language": _in_close_language,
    "cut": cut(0.1, 0.33),
    "continued": continued(3.0, 5.0),
    "number lost": _number_lost,
    "digit changed": _digit_changed,
    "address lost": _address_lost,
    "placeholder broken": _placeholder_broken,
}
"""What is planted, by name; a close language is one of the same confusion group."""
