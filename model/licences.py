"""Licences of known models that do not allow every use."""

import re
from collections.abc import Mapping

NON_COMMERCIAL: Mapping[str, str] = {
    r"\bnllb\b": "CC BY-NC 4.0",  # NLLB Team 2022, arXiv:2207.04672
    r"\bseamless-m4t": "CC BY-NC 4.0",
    r"/aya-(23|expanse)": "CC BY-NC 4.0",
    r"/Tower(Base|Instruct)": "CC BY-NC 4.0",
    r"/Tower-Plus": "CC BY-NC-SA 4.0",
}
"""Licences for non-commercial use alone, by a pattern of hub ids, families or folders' names."""


def non_commercial_licence(name: str, family: str = "") -> str | None:
    """The licence of a model that is known to be for non-commercial use alone, else None.

    That nothing is known of a model does not mean that it may be used for everything.

    Args:
      name: its hub id, or its folder's name.
      family: that it belongs to, whatever it is called, e.g. `nllb`.

    >>> non_commercial_licence("facebook/nllb-200-distilled-600M")
    'CC BY-NC 4.0'
    >>> non_commercial_licence("out/translator", "nllb")
    'CC BY-NC 4.0'
    >>> non_commercial_licence("google/madlad400-3b-mt", "madlad") is None
    True
    """
    for pattern, licence in NON_COMMERCIAL.items():
        if any(re.search(pattern, text, re.IGNORECASE) for text in (name, family)):
            return licence
    return None
