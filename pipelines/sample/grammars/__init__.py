"""Captions in the 30 languages."""

from collections.abc import Mapping

from pipelines.sample.grammars import east_asian, european, germanic, romance, slavic, west_asian
from pipelines.sample.grammars.grammar import FRAMES, Grammar, capitalise, name_thing, say_fact

__all__ = ["FRAMES", "GRAMMARS", "Grammar", "capitalise", "name_thing", "say_fact"]

GRAMMARS: Mapping[str, Grammar] = {
    "en": germanic.ENGLISH,
    "ar": west_asian.ARABIC,
    "bn": west_asian.BENGALI,
    "zh": east_asian.CHINESE,
    "da": germanic.DANISH,
    "nl": germanic.DUTCH,
    "fi": european.FINNISH,
    "fr": romance.FRENCH,
    "ka": european.GEORGIAN,
    "de": germanic.GERMAN,
    "el": european.GREEK,
    "hi": west_asian.HINDI,
    "id": east_asian.INDONESIAN,
    "it": romance.ITALIAN,
    "ja": east_asian.JAPANESE,
    "ko": east_asian.KOREAN,
    "lv": european.LATVIAN,
    "no": germanic.NORWEGIAN,
    "pl": slavic.POLISH,
    "pt": romance.PORTUGUESE,
    "ro": romance.ROMANIAN,
    "ru": slavic.RUSSIAN,
    "sk": slavic.SLOVAK,
    "es": romance.SPANISH,
    "sv": germanic.SWEDISH,
    "th": east_asian.THAI,
    "tr": european.TURKISH,
    "uk": slavic.UKRAINIAN,
    "ur": west_asian.URDU,
    "vi": east_asian.VIETNAMESE,
}
"""How each language is spoken here, in the order of `schemas.languages`."""
