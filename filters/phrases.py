"""Are any of these phrases in a caption? Whole words, or for scripts without spaces any place."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from filters.caption_text import CaptionText

_MOST_WORDS = 7
_AROUND = "0123456789.,:;!?()[]{}<>-_#*\"'|/。、・「」【】《》“”‘’…"
_NUMBERS = frozenset(["no", "nr", "num", "number"])


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases as `CaptionText` folds them, found by their longest word.

    Attributes:
      spaced: by their longest word, phrases with a space before and after each word.
      unspaced: those of scripts that put no space between words, without any.
    """

    spaced: Mapping[str, tuple[str, ...]]
    unspaced: tuple[str, ...]

    @classmethod
    def of(cls, table: Mapping[str, str]) -> "Phrases":
        """Reads phrases by language, with ` | ` between them, in any case.

        >>> Phrases.of({"en": "Buy Now | buy here"}).spaced
        {'buy': (' buy now ',), 'here': (' buy here ',)}
        """
        spaced: dict[str, dict[str, None]] = defaultdict(dict)
        unspaced: dict[str, None] = {}
        for phrases in table.values():
            for caption in CaptionText.column(phrases.split(" | ")):
                if caption.unspaced:
                    unspaced[_run_together(caption)] = None
                else:
                    spaced[_longest(caption.words)][f" {' '.join(caption.words)} "] = None
        return cls({word: tuple(found) for word, found in spaced.items()}, tuple(unspaced))

    def are_in(self, caption: CaptionText) -> bool:
        """Whether one of them stands in the caption."""
        if not self.spaced.keys().isdisjoint(caption.words):
            text = f" {' '.join(caption.words)} "
            found = self.spaced.keys() & caption.words
            if any(phrase in text for word in found for phrase in self.spaced[word]):
                return True
        if not caption.unspaced:
            return False
        text = _run_together(caption)
        return any(phrase in text for phrase in self.unspaced)

    def are_all_of(self, caption: CaptionText) -> bool:
        """Whether the caption is one of them, and perhaps a number."""
        if len(caption.words) > _MOST_WORDS:
            return False
        words = [word for word in caption.words if not word.isdecimal()]
        if len(words) > 1 and words[-1] in _NUMBERS:
            words.pop()
        if not words:
            return False
        if f" {' '.join(words)} " in self.spaced.get(_longest(words), ()):
            return True
        return caption.unspaced and _run_together(caption).strip(_AROUND) in self.unspaced


def _longest(words: list[str]) -> str:
    return max(words, key=len)


def _run_together(caption: CaptionText) -> str:
    """Its marks tell words apart in Thai, so this is not its `words`."""
    return "".join(caption.folded.split())
