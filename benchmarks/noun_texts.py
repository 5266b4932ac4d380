"""Names of everyday things: of emoji in the Unicode CLDR, of places in OpenStreetMap's editor."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

_ANNOTATIONS = "cldr-annotations-full/annotations/{}/annotations.json"
_PLACES = "id-tagging-schema/dist/translations/{}.json"


def noun_texts(packages: Path, code: str, held_out: Collection[str]) -> list[str]:
    """Names and keywords in the language `code`, but those of the emoji held out.

    Args:
      packages: where the two npm packages are unpacked, each in a folder of its name.
      code: ISO 639-1.
      held_out: code points of emoji, as `emoji_key` gives them.
    """
    table = json.loads((packages / _ANNOTATIONS.format(code)).read_text("utf-8"))
    texts: list[str] = []
    for emoji, told in table["annotations"]["annotations"].items():
        if emoji_key(emoji) not in held_out:
            texts += [*told.get("tts", ()), *told.get("default", ())]
    named = json.loads((packages / _PLACES.format(code)).read_text("utf-8"))
    return texts + [text.replace(",", " ") for text in _leaves(named)]


def emoji_key(emoji: str) -> str:
    """Its code points without the one that only asks for colours.

    >>> emoji_key("❤️"), emoji_key("👩‍🚀")
    ('2764', '1f469_200d_1f680')
    """
    return "_".join(f"{ord(point):04x}" for point in emoji if point != "\ufe0f")


def _leaves(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for branch in tree.values():
            yield from _leaves(branch)
    elif isinstance(tree, str):
        yield tree
