"""The 30 languages, by every name that sources and translators have for them.

Codes are ISO 639-1, except that `no` is Norwegian Bokmål. Model codes are from the FLORES-200
language list (NLLB Team 2022, arXiv:2207.04672), the M2M-100 paper (Fan et al. 2020,
arXiv:2010.11125) and MADLAD-400 (Kudugunta et al. 2023, arXiv:2309.04662).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

UNKNOWN = "und"
"""BCP-47 tag of a text whose language nobody stated."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language that pairs are made in.

    Attributes:
      code: ISO 639-1, lower-case; Norwegian Bokmål is `no`.
      name: in English.
      scripts: ISO 15924 codes of the scripts it is written in; `ja` mixes its three.
      nllb: FLORES-200 code, as NLLB-200 takes it, e.g. `deu_Latn`.
      m2m: M2M-100's token, e.g. `__de__`.
      madlad: MADLAD-400's target tag, to be put before the text, e.g. `<2de>`.
      confusable: ISO 639-1 codes of languages it is taken for in short texts, not all of them ours.
    """

    code: str
    name: str
    scripts: tuple[str, ...]
    nllb: str
    m2m: str
    madlad: str
    confusable: tuple[str, ...]


_CONFUSION_GROUPS = (
    ("da", "no", "nn", "sv"),
    ("sk", "cs"),
    ("id", "ms", "jv"),
    ("hi", "ur"),
    ("ru", "uk"),
)


def _language(code: str, name: str, scripts: str, nllb: str) -> Language:
    """Returns a row of the table, with what follows from its code filled in."""
    group = next((group for group in _CONFUSION_GROUPS if code in group), ())
    confusable = tuple(other for other in group if other != code)
    return Language(
        code, name, tuple(scripts.split()), nllb, f"__{code}__", f"<2{code}>", confusable
    )


_TABLE = (
    _language("en", "English", "Latn", "eng_Latn"),
    _language("ar", "Arabic", "Arab", "arb_Arab"),
    _language("bn", "Bengali", "Beng", "ben_Beng"),
    _language("zh", "Chinese", "Hans Hant", "zho_Hans"),
    _language("da", "Danish", "Latn", "dan_Latn"),
    _language("nl", "Dutch", "Latn", "nld_Latn"),
    _language("fi", "Finnish", "Latn", "fin_Latn"),
    _language("fr", "French", "Latn", "fra_Latn"),
    _language("ka", "Georgian", "Geor", "kat_Geor"),
    _language("de", "German", "Latn", "deu_Latn"),
    _language("el", "Greek", "Grek", "ell_Grek"),
    _language("hi", "Hindi", "Deva", "hin_Deva"),
    _language("id", "Indonesian", "Latn", "ind_Latn"),
    _language("it", "Italian", "Latn", "ita_Latn"),
    _language("ja", "Japanese", "Hira Kana Hani", "jpn_Jpan"),
    _language("ko", "Korean", "Hang", "kor_Hang"),
    _language("lv", "Latvian", "Latn", "lvs_Latn"),
    _language("no", "Norwegian", "Latn", "nob_Latn"),
    _language("pl", "Polish", "Latn", "pol_Latn"),
    _language("pt", "Portuguese", "Latn", "por_Latn"),
    _language("ro", "Romanian", "Latn", "ron_Latn"),
    _language("ru", "Russian", "Cyrl", "rus_Cyrl"),
    _language("sk", "Slovak", "Latn", "slk_Latn"),
    _language("es", "Spanish", "Latn", "spa_Latn"),
    _language("sv", "Swedish", "Latn", "swe_Latn"),
    _language("th", "Thai", "Thai", "tha_Thai"),
    _language("tr", "Turkish", "Latn", "tur_Latn"),
    _language("uk", "Ukrainian", "Cyrl", "ukr_Cyrl"),
    _language("ur", "Urdu", "Arab", "urd_Arab"),
    _language("vi", "Vietnamese", "Latn", "vie_Latn"),
)

LANGUAGES: Mapping[str, Language] = {language.code: language for language in _TABLE}
"""Every language by its code: English, then the 29 by their English names."""

ALL: tuple[str, ...] = tuple(LANGUAGES)
"""The 30 codes, in the table's order."""

_OTHER_CODES: Mapping[str, str] = {  # ISO 639: bibliographic, macrolanguage, member, withdrawn
    "ar": "ara",
    "zh": "chi cmn",
    "nl": "dut",
    "fr": "fre",
    "ka": "geo",
    "de": "ger",
    "el": "gre",
    "id": "in",
    "lv": "lav",
    "no": "nb nor",
    "ro": "mo mol rum",
    "sk": "slo",
    "nn": "nno",  # Nynorsk, which is not ours
    UNKNOWN: "mul none null unknown",
}

_ALIASES: Mapping[str, str] = {
    **{language.name.lower(): language.code for language in _TABLE},
    **{language.nllb[:3]: language.code for language in _TABLE},  # these are ISO 639-3
    **{other: code for code, others in _OTHER_CODES.items() for other in others.split()},
}

_PRIMARY = re.compile(r"[^-_.@]+")  # up to a separator of BCP-47 tags or POSIX locales
_MAX_CHARS = 16  # longer than any alias


@lru_cache(maxsize=1 << 10)
def normalise_tag(tag: str | None) -> str:
    """Returns the code, as we write it, of the language that a source names.

    Takes BCP-47 tags, POSIX locales, two- and three-letter ISO 639 codes, NLLB codes and English
    names, in any case. What names no language is `UNKNOWN`. What names one that is not ours, or
    several, comes back as its primary subtag, lower-case and cut to 16 characters, so that whoever
    rejects it can say which it was. Never raises; idempotent.

    >>> [normalise_tag(tag) for tag in ("en-US", "zh_TW", "ger", "nob_Latn", "Norwegian", "in")]
    ['en', 'zh', 'de', 'no', 'no', 'id']
    >>> [normalise_tag(tag) for tag in ("nn-NO", "msa", "en, fr", " ", None)]
    ['nn', 'msa', 'en, fr', 'und', 'und']
    """
    primary = _PRIMARY.search((tag or "").lower())
    subtag = " ".join(primary[0].split())[:_MAX_CHARS].rstrip() if primary else ""
    if not any(map(str.isalpha, subtag)):
        return UNKNOWN
    return _ALIASES.get(subtag, subtag)
