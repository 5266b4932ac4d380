"""Which of a picture's captions speaks for it?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.rows import Caption


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a teacher says of a caption and its picture.

    Attributes:
      teacher: its number in the recipe, from 0; cosines of two teachers are not comparable.
      cosine: in [-1, 1].
    """

    teacher: int
    cosine: float


def best_caption(
    captions: Sequence[Caption], languages: Sequence[str], verdicts: Mapping[str, Verdict]
) -> Caption:
    """The caption that stands for a sample.

    By quality, then the verdict of the first teacher that has one, then language, length and id.

    Args:
      captions: at least one.
      languages: in the order of preference; others come after them.
      verdicts: by caption id; captions without one come after those with one.
    """

    def rank(caption: Caption) -> tuple[float, bool, int, float, int, int, str]:
        known = caption.language in languages
        place = languages.index(caption.language) if known else len(languages)
        verdict = verdicts.get(caption.caption_id)
        return (
            -caption.quality,
            verdict is None,
            verdict.teacher if verdict else 0,
            -verdict.cosine if verdict else 0.0,
            place,
            -len(caption.text),
            caption.caption_id,
        )

    return captions[0] if len(captions) == 1 else min(captions, key=rank)
