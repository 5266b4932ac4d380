"""What `translate` left, counted from its files: each translation beside the caption it is of."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipelines.differences import Difference, missing_file, unreadable
from pipelines.parts import Unreadable, part_names, read_columns
from pipelines.storage import Folder
from pipelines.threads import in_threads
from schemas.layout import TRANSLATION_REPORT_FILE, Branch, Tables, ledger_folder

_STAGE = "translate"
_AT_ONCE = 4


@dataclass(slots=True)
class Translations:
    """What the tables of translations hold.

    Attributes:
      captions: rows.
      languages: of these.
      differences: what is wrong.
    """

    captions: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def recount_translated(output: Folder, kept: Tables) -> Translations:
    """Counts the translations, and looks for the captions that they are of.

    Args:
      output: of the recipe.
      kept: the tables whose captions were translated.
    """
    whole, translated = Translations(), kept.branch.translated
    folder = output / translated
    expected, found = part_names(output / kept.captions), set(part_names(folder))
    whole.differences += [
        missing_file(_STAGE, f"{translated}/{name}") for name in expected if name not in found
    ]

    def recount(name: str) -> Translations:
        return _recount_part(output, kept, name)

    for part in in_threads(recount, sorted(found), _AT_ONCE):
        whole.captions += part.captions
        whole.languages.update(part.languages)
        whole.differences += part.differences
    return whole


def read_translation_report(output: Folder) -> dict[str, Any]:
    """`models` and `pairs`, see `translate_report.translation_report`; {} where there is none."""
    try:
        return dict(json.loads((output / ledger_folder(_STAGE)).read(TRANSLATION_REPORT_FILE)))
    except (FileNotFoundError, ValueError):
        return {}


def _recount_part(output: Folder, kept: Tables, name: str) -> Translations:
    part, translated = Translations(), kept.branch.translated
    try:
        rows = read_columns(output / translated, name, ["parent", "language"])
        captions = read_columns(output / kept.captions, name, ["caption_id"])
    except Unreadable as error:
        file = f"{translated}/{name}"
        part.differences.append(unreadable(_STAGE, file, str(error)))
        return part
    part.captions = rows.num_rows
    part.languages = Counter(rows["language"].to_pylist())
    part.differences += _orphans(
        kept.branch, name, rows["parent"].to_pylist(), set(captions["caption_id"].to_pylist())
    )
    return part


def _orphans(
    branch: Branch, name: str, parents: list[str], captions: set[str]
) -> Iterator[Difference]:
    """A translation is of a caption that was kept."""
    lost = sum(parent not in captions for parent in parents)
    if lost:
        file, words = f"{branch.translated}/{name}", f"the sources of {lost:,} are not there"
        unit, found = branch.caption.value, len(parents) - lost
        yield Difference(_STAGE, unit, "of kept captions", len(parents), found, file, words)
