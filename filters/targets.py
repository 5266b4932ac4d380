"""Which captions are translated, and into which languages? Chosen by hashes, so alike anywhere."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.ids import share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRules:
    """What is to be translated.

    Attributes:
      seed: of all choices.
      from_languages: of captions that may be translated.
      from_sources: names of the recipe's sources whose captions may be.
      into_languages: that they may be translated into.
      share: of these captions, in [0, 1].
      share_in: in its place, by the caption's language.
      per_caption: languages that a caption is translated into at most, at least 1; None: all.
      weights: by language, how much more often than one of weight 1 it is chosen, over 0.
      fill: whether languages that the picture has a caption in already are left out.
    """

    seed: int
    from_languages: frozenset[str]
    from_sources: frozenset[str]
    into_languages: tuple[str, ...]
    share: float = 1.0
    share_in: Mapping[str, float] = field(default_factory=dict)
    per_caption: int | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    fill: bool = True


def targets_of(
    caption_id: str,
    language: str,
    source: str,
    present: Collection[str],
    possible: Sequence[str],
    rules: TargetRules,
) -> tuple[str, ...]:
    """The languages that a caption is to be translated into, in the order of the rules.

    Of `per_caption` languages each has a chance by its weight, as if they were drawn one after the
    other without being put back (Efraimidis and Spirakis 2006, "Weighted random sampling with a
    reservoir"); a larger number keeps those of a smaller one.

    Args:
      caption_id: …
      language: the caption's.
      source: name of its source.
      present: languages of all captions of its picture.
      possible: languages that a model can say it in.
      rules: …

    >>> rules = TargetRules(seed=1, from_languages=frozenset({"en"}), from_sources=frozenset({"s"}),
    ...                     into_languages=("de", "fr", "it"))
    >>> targets_of("0" * 32, "en", "s", ["en", "it"], ["it", "fr", "de"], rules)
    ('de', 'fr')
    """
    if language not in rules.from_languages or source not in rules.from_sources:
        return ()
    seed = str(rules.seed)
    if share_of("translate", seed, caption_id) >= rules.share_in.get(language, rules.share):
        return ()
    left_out = {language, *(present if rules.fill else ())}
    targets = [code for code in rules.into_languages if code in possible and code not in left_out]
    if rules.per_caption is None or len(targets) <= rules.per_caption:
        return tuple(targets)

    def wait(code: str) -> float:
        """Exponential, shorter the larger the weight: the first ones are chosen."""
        drawn = 1 - share_of("into", seed, caption_id, code)
        return -math.log(drawn) / rules.weights.get(code, 1.0)

    chosen = set(sorted(targets, key=wait)[: rules.per_caption])
    return tuple(code for code in targets if code in chosen)


def most_targets(rules: TargetRules) -> float:
    """Languages that captions are translated into on average, at most: were all in the language of
    the largest share.

    >>> rules = TargetRules(seed=1, from_languages=frozenset({"en"}), from_sources=frozenset({"s"}),
    ...                     into_languages=("de", "fr", "it", "es"), share=0.5, per_caption=3)
    >>> most_targets(rules)
    1.5
    """
    shares = [rules.share_in.get(language, rules.share) for language in rules.from_languages]
    return max(shares) * (rules.per_caption or len(rules.into_languages))
