"""Does a translation come back as its source? Which ones are asked, and how far is too far."""

from dataclasses import dataclass

from filters.translation import Finding, TranslationFault, TranslationRules
from schemas.ids import share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTripRules:
    """Which translations are translated back, and what must come back.

    Attributes:
      min_chrf: least chrF of what comes back beside the source, in [0, 100]. It also falls with
        what the way back loses: look at the pairs' scores before it is set high.
      share: of what models translated, chosen by a hash of source text and language, in (0, 1].
    """

    min_chrf: float = 30.0
    share: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be meant."""
        if not 0 <= self.min_chrf <= 100:
            raise ValueError(f"min_chrf must be in [0, 100], got {self.min_chrf}")
        if not 0 < self.share <= 1:
            raise ValueError(f"share must be in (0, 1], got {self.share}")


def is_sent_back(key: str, language: str, seed: int, rules: RoundTripRules) -> bool:
    """Whether a text's translation is to come back; a larger share has those of a smaller one.

    Args:
      key: `schemas.ids.phrase_id` of the source text.
      language: of the translation.
      seed: of the recipe.
      rules: …
    """
    return share_of("round-trip", str(seed), key, language) < rules.share


def judge_round_trip(
    chrf: float, back: str, trip: RoundTripRules, rules: TranslationRules
) -> Finding | None:
    """What is wrong with a translation by what came back.

    Args:
      chrf: of this beside the source, in [0, 100].
      back: what came back, for the ledger.
      trip: …
      rules: of translations, which may overlook it.

    >>> judge_round_trip(21.5, "a cat", RoundTripRules(), TranslationRules())
    Finding(fault=<TranslationFault.ROUND_TRIP: 'round-trip'>, detail='chrF 21.5, back: a cat')
    """
    if chrf >= trip.min_chrf or TranslationFault.ROUND_TRIP in rules.overlook:
        return None
    return Finding(TranslationFault.ROUND_TRIP, f"chrF {chrf:.1f}, back: {back}")
