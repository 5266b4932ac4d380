"""What was chosen from the scores: thresholds and scales, as `thresholds.json` has them.

The file is what another run can be given, and what people read; workers read it, too.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from filters.score_bins import Scale
from filters.thresholds import EVERY, Group, Threshold
from pipelines.errors import RecipeError
from pipelines.storage import Folder, shown

_VERSION = 2
_NO_SCALE = Scale(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen.

    Attributes:
      teachers: whose scores these were, `name@revision`, in the order of the alphabet.
      scales: of each model's mismatches by teacher, fold and language; of several models only.
      languages: of the mismatches' scores, by language, and of all (`filters.thresholds.EVERY`).
      thresholds: for every group, and for languages and all.
    """

    teachers: tuple[str, ...]
    scales: dict[tuple[str, int, str], Scale]
    languages: dict[str, Scale]
    thresholds: tuple[Threshold, ...]

    def needed(self) -> dict[Group, float]:
        """What a caption must score, by language and source; none where nothing is turned away."""
        return {threshold.group: threshold.score for threshold in self.thresholds}

    def scale_for(self, language: str) -> Scale:
        """Of the language's mismatches, else of all; where neither is known, scores as they are."""
        return self.languages.get(language) or self.languages.get(EVERY) or _NO_SCALE

    def to_json(self, **more: Any) -> bytes:
        """The file, with what later steps chose beside it."""
        values = {
            "version": _VERSION,
            "teachers": list(self.teachers),
            "scales": [
                {
                    "teacher": teacher,
                    "fold": fold,
                    "language": language,
                    "mean": scale.mean,
                    "std": scale.std,
                }
                for (teacher, fold, language), scale in sorted(self.scales.items())
            ],
            "languages": [
                {"language": language, "mean": scale.mean, "std": scale.std}
                for language, scale in sorted(self.languages.items())
            ],
            "thresholds": [asdict(threshold) for threshold in self.thresholds],
        }
        return json.dumps(values | more, indent=1, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Chosen":
        """Reads what `to_json` wrote. Raises ValueError, TypeError or KeyError where it is not."""
        values = json.loads(text)
        if values["version"] != _VERSION:
            raise ValueError(f"version must be {_VERSION}, got {values['version']}")
        scales = {
            (row["teacher"], row["fold"], row["language"]): _scale(row) for row in values["scales"]
        }
        languages = {row["language"]: _scale(row) for row in values["languages"]}
        thresholds = tuple(_threshold(row) for row in values["thresholds"])
        return cls(tuple(values["teachers"]), scales, languages, thresholds)


def _scale(row: dict[str, Any]) -> Scale:
    mean, std = float(row["mean"]), float(row["std"])
    if not (-1 <= mean <= 1 and 0 < std <= 1):
        raise ValueError(f"mean must be in [-1, 1] and std in (0, 1], got {mean} and {std}")
    return Scale(mean, std)


def _threshold(row: dict[str, Any]) -> Threshold:
    found = Threshold(**row)
    if not -1 <= found.score <= 1:
        raise ValueError(f"score must be in [-1, 1], got {found.score}")
    if found.scale:
        _scale(row)
    return found


def read_chosen(path: str) -> Chosen:
    """Another run's `thresholds.json`.

    Raises:
      RecipeError: where there is none, or it is not one.
    """
    folder, _, name = path.rpartition("/")
    try:
        return Chosen.from_json(Folder(folder).read(name))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise RecipeError(f"select.thresholds: there is no {shown(path)}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecipeError(
            f"select.thresholds: {shown(path)} is no thresholds.json of a run: {error}"
        ) from error


def check_teachers(given: Chosen, teachers: Iterable[str], path: str) -> None:
    """Refuses thresholds of other teachers: their cosines mean other things.

    Raises:
      RecipeError: naming both.
    """
    ours = tuple(teachers)
    if ours and given.teachers != ours:
        raise RecipeError(
            f"select.thresholds: {shown(path)} was made of scores by "
            f"{', '.join(given.teachers) or 'nobody'}, these are by {', '.join(ours)}: "
            "cosines of different teachers must not be compared"
        )
