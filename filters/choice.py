"""Which of a picture's captions speaks for it?"""

from collections.abc import Sequence

from schemas.rows import Caption


def best_caption(captions: Sequence[Caption], languages: Sequence[str]) -> Caption:
    """The caption that stands for a sample: by quality, language, length and id, in this order.

    Args:
      captions: at least one.
      languages: in the order of preference; others come after them.
    """

    def rank(caption: Caption) -> tuple[float, int, int, str]:
        known = caption.language in languages
        place = languages.index(caption.language) if known else len(languages)
        return -caption.quality, place, -len(caption.text), caption.caption_id

    return captions[0] if len(captions) == 1 else min(captions, key=rank)
