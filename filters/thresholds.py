"""Which score is enough? Thresholds by language and source, from counts of scores alone.

One cut over all languages is a known mistake: cosines of a weaker language are lower (MetaCLIP 2,
arXiv:2507.22062, section 3). So each language, and each source in it, has a threshold of its own; a
group too small to say falls back to its language, and a small language to all of them together,
after each was brought to one scale by its own mismatches (shuffled pairs): then a threshold stands
equally high over the mismatches of each. What is estimated of a group leans on its language, and of
a language on all, where its scores leave much open (`filters.mixture`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Literal

import numpy as np

from filters.mixture import Floats, Mixture, Parts, parts_of, take_apart
from filters.score_bins import BINS, WIDTH, Counts, Scale, edge, quantile, rescaled, scale_of

EVERY = "*"
"""Stands for all languages, or all sources."""

_CELLS = 160  # that a mixture is taken apart in
_TAILS = 0.001  # of the scores at either end that may lie outside of these
_MARGIN = 0.05  # of the range, added at its ends

Group = tuple[str, str]
"""Language and source, either of them perhaps `EVERY`."""


class ScoreFault(StrEnum):
    """Why a caption is turned away for what a teacher says."""

    BELOW_THRESHOLD = "below-threshold"
    NOT_UNDERSTOOD = "not-understood"


class Level(StrEnum):
    """Whose scores a threshold was made from."""

    GROUP = "group"
    LANGUAGE = "language"
    ALL = "all"
    GIVEN = "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRules:
    """What a caption's score must be: the recipe's `[select.threshold]`.

    Attributes:
      by: what `value` says. `precision`: the share of the kept that is to match, estimated
        (`filters.mixture`); `break-even`: as many are kept as are estimated to match, so that
        precision and recall are about the same; `keep-fraction`: the share that is kept; `cosine`:
        the score itself; `none`: nothing is turned away.
      value: in (0, 1]; of a cosine in [-1, 1]. The break-even and none do not ask for it.
      value_in: in its place, by language.
      min_group: captions of a language and source, or of a language, that have a threshold of their
        own; smaller ones fall back. Not asked for a `cosine`.
      floor: no threshold is lower.
      ceiling: no threshold is higher.
    """

    by: Literal["precision", "break-even", "keep-fraction", "cosine", "none"] = "precision"
    value: float = 0.95
    value_in: Mapping[str, float] = field(default_factory=dict)
    min_group: int = 2_000
    floor: float = -1.0
    ceiling: float = 1.0

    def __post_init__(self) -> None:
        values = {"value": self.value} | {
            f"value_in.{language}": value for language, value in self.value_in.items()
        }
        for name, value in values.items():
            if self.by == "cosine" and not -1 <= value <= 1:
                raise ValueError(f"{name} must be in [-1, 1] where by is 'cosine', got {value}")
            if self.by != "cosine" and not 0 < value <= 1:
                raise ValueError(f"{name} must be in (0, 1] where by is {self.by!r}, got {value}")
        if self.by == "break-even" and self.value_in:
            raise ValueError(
                "value_in must be left out where by is 'break-even', which asks for no value, "
                f"got {dict(self.value_in)}"
            )
        if self.min_group < 1:
            raise ValueError(f"min_group must be at least 1, got {self.min_group}")
        if not -1 <= self.floor <= self.ceiling <= 1:
            raise ValueError(
                "floor and ceiling must be in [-1, 1] and in this order, "
                f"got {self.floor} and {self.ceiling}"
            )

    @property
    def is_estimated(self) -> bool:
        """Whether it takes an estimate of which captions match."""
        return self.by in ("precision", "break-even")

    def value_for(self, language: str) -> float:
        return self.value_in.get(language, self.value)


@dataclass(frozen=True, slots=True)
class Measured:
    """The scores of a group of captions.

    Attributes:
      observed: with their own pictures.
      shuffled: with others.
    """

    observed: Counts
    shuffled: Counts

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(self.observed + other.observed, self.shuffled + other.shuffled)

    @property
    def scale(self) -> Scale | None:
        """Of the mismatches."""
        return scale_of(self.shuffled)


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a caption of a group must score, and why.

    Attributes:
      language: of the group; `*`: of all, in the scale of all.
      source: of the group; `*`: of all.
      score: captions under it are turned away.
      level: a `Level`: whose scores it was made from.
      captions: of the group that have a score.
      mean: of the scores of the language's mismatches; None where they are too few.
      std: their standard deviation; likewise.
      mismatched: estimated share of captions that belong to other pictures, of those that it was
        made from; None where it was not estimated, as what follows.
      low: the least that this share may be, for all that is known.
      high: the most.
      precision: estimated share of the kept that match.
      recall: estimated share of the matches that are kept.
    """

    language: str
    source: str
    score: float
    level: str
    captions: int
    mean: float | None = None
    std: float | None = None
    mismatched: float | None = None
    low: float | None = None
    high: float | None = None
    precision: float | None = None
    recall: float | None = None

    @property
    def group(self) -> Group:
        return self.language, self.source

    @property
    def scale(self) -> Scale | None:
        """Of the language's mismatches."""
        return None if self.mean is None or self.std is None else Scale(self.mean, self.std)


def score_fault(score: float | None, needed: float, keep_unjudged: bool) -> ScoreFault | None:
    """Why a caption is turned away for its score, None where it stays.

    Args:
      score: in [-1, 1], None where no teacher understands the caption.
      needed: what captions of its language and source must score.
      keep_unjudged: whether captions without a score stay.

    >>> score_fault(0.2, 0.3, True), score_fault(0.3, 0.3, True), score_fault(None, 0.3, True)
    (<ScoreFault.BELOW_THRESHOLD: 'below-threshold'>, None, None)
    """
    if score is None:
        return None if keep_unjudged else ScoreFault.NOT_UNDERSTOOD
    return ScoreFault.BELOW_THRESHOLD if score < needed else None


def by_language(groups: Mapping[Group, Measured]) -> dict[str, Measured]:
    """The scores of each language, whatever their source."""
    found: dict[str, Measured] = {}
    for (language, _), measured in groups.items():
        found[language] = found[language] + measured if language in found else measured
    return found


def decide(groups: Mapping[Group, Measured], rules: ThresholdRules) -> list[Threshold]:
    """A threshold for each group, for each language (source `*`), and for all, in order.

    Args:
      groups: what was measured of every language and source; none is empty.
      rules: by which to decide; `none` gives no thresholds.
    """
    if rules.by == "none" or not groups:
        return []
    languages = by_language(groups)
    whole = _Judged(_together(languages.values()), rules)
    others = _Others(whole, _usual_widths(groups, whole, rules))
    found = [whole.threshold((EVERY, EVERY), Level.ALL, whole, whole.scale)]
    for language, measured in languages.items():
        judged = _Judged(measured, rules, others if len(languages) > 1 else None)
        level = Level.LANGUAGE if judged.is_enough else Level.ALL
        of = judged if judged.is_enough else whole
        found.append(of.threshold((language, EVERY), level, judged, judged.scale))
        of_it = [group for group in groups if group[0] == language]
        for group in of_it:
            own = judged
            if len(of_it) > 1:
                own = _Judged(groups[group], rules, _Others(judged, others.widths))
            by, its = (own, Level.GROUP) if own.is_enough else (of, level)
            found.append(by.threshold(group, its, own, judged.scale))
    return sorted(found, key=lambda threshold: threshold.group)


def given(
    groups: Mapping[Group, Measured], thresholds: Iterable[Threshold], rules: ThresholdRules
) -> list[Threshold]:
    """The thresholds of another run, with those of this one's groups; falls back as `decide` does.

    A language that the other run has not seen stands as high over its mismatches as all do there.
    All that was given stays among them, so that a third run can be given these.
    """
    known = {of.group: replace(of, level=Level.GIVEN.value, captions=0) for of in thresholds}
    whole = known.get((EVERY, EVERY))
    languages = by_language(groups)
    found = dict(known)
    asked = {(code, EVERY): of for code, of in languages.items()} | dict(groups)
    for group, measured in asked.items():
        there = known.get(group) or known.get((group[0], EVERY)) or whole
        if there is None:
            continue
        scale = languages[group[0]].scale
        if there is whole and whole.scale and scale:
            score = whole.scale.moved(whole.score, scale)
            there = replace(whole, score=score, mean=scale.mean, std=scale.std)
        captions = int(measured.observed.sum())
        found[group] = replace(there, language=group[0], source=group[1], captions=captions)
    if whole:
        captions = sum(int(measured.observed.sum()) for measured in groups.values())
        found[EVERY, EVERY] = replace(whole, captions=captions)
    bounded = [replace(of, score=_bounded(of.score, rules)) for of in found.values()]
    return sorted(bounded, key=lambda threshold: threshold.group)


class _Judged:
    """A group's scores, and the thresholds that can be made from them."""

    def __init__(
        self, measured: Measured, rules: ThresholdRules, others: "_Others | None" = None
    ) -> None:
        self._measured = measured
        self._rules = rules
        self._others = others
        self.scale = measured.scale
        self.captions = int(measured.observed.sum())

    @property
    def is_enough(self) -> bool:
        """Whether it can have a threshold of its own."""
        return _is_enough(self._measured, self._rules)

    def threshold(
        self, group: Group, level: Level, whose: "_Judged", scale: Scale | None
    ) -> Threshold:
        """The threshold that these scores have for a group, in the group's own scale.

        Args:
          group: its name.
          level: what is said of these scores.
          whose: the group's scores.
          scale: of its language's mismatches.
        """
        made = self._made(self._rules.value_for(group[0]))
        score = made.score
        if whose is not self and level == Level.ALL and scale and self.scale:
            score = self.scale.moved(score, scale)
        return replace(
            made,
            language=group[0],
            source=group[1],
            score=_bounded(score, self._rules),
            level=level.value,
            captions=whose.captions,
            mean=scale.mean if scale else None,
            std=scale.std if scale else None,
        )

    def _made(self, value: float) -> Threshold:
        nobody = Threshold("", "", value, "", 0)
        if self._rules.by == "cosine":
            return nobody
        if self._rules.by == "keep-fraction":
            return replace(nobody, score=quantile(self._measured.observed, 1 - value))
        if self.scale is None:
            return replace(nobody, score=-1.0)
        mixture = self._mixture
        at = mixture.cell_for(value) if self._rules.by == "precision" else mixture.break_even()
        is_found = at < len(mixture.centres)
        right = mixture.posterior * mixture.observed
        kept = float(right[at:].sum())
        return replace(
            nobody,
            score=float(mixture.centres[at] - self._step / 2) if is_found else 1.0,
            mismatched=mixture.mismatched,
            low=mixture.low,
            high=mixture.high,
            precision=float(mixture.precision_above()[at]) if is_found else None,
            recall=kept / max(float(right.sum()), 1e-300),
        )

    @property
    def parts(self) -> Parts | None:
        """What they are made of, as far as it can be told."""
        return self._mixture.parts if self.scale else None

    @property
    def _step(self) -> float:
        centres = self._mixture.centres
        return float(centres[1] - centres[0])

    @cached_property
    def _mixture(self) -> Mixture:
        cells, others = _cells(self._measured), self._others
        return (
            take_apart(*cells, others.together.parts, others.widths)
            if others
            else take_apart(*cells)
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Others:
    """Those that a group is among, on whom its estimates lean.

    Attributes:
      together: their scores, brought to one scale.
      widths: of matches that are usual among them, see `Parts`; None: they are not known.
    """

    together: _Judged
    widths: tuple[float, float] | None


def _is_enough(measured: Measured, rules: ThresholdRules) -> bool:
    if rules.by == "cosine":
        return True
    is_known = rules.by == "keep-fraction" or measured.scale is not None
    return int(measured.observed.sum()) >= rules.min_group and is_known


def _usual_widths(
    groups: Mapping[Group, Measured], whole: _Judged, rules: ThresholdRules
) -> tuple[float, float] | None:
    """The medians over groups that have scores enough, and languages of which no group has."""
    if not rules.is_estimated or len(groups) < 2:
        return None
    found = []
    for language, measured in by_language(groups).items():
        of_it = [groups[group] for group in groups if group[0] == language]
        enough = [of for of in of_it if _is_enough(of, rules)] or [measured]
        found += [
            parts_of(*_cells(of), whole.parts).widths for of in enough if _is_enough(of, rules)
        ]
    if not found:
        return None
    left, right = np.median(found, axis=0).tolist()
    return left, right


def _cells(measured: Measured) -> tuple[Floats, Floats, Floats]:
    """Both histograms in fewer cells, where the scores are: centres, observed, shuffled."""
    both = [measured.observed, measured.shuffled]
    low = min(quantile(counts, _TAILS) for counts in both if counts.any())
    high = max(quantile(counts, 1 - _TAILS) for counts in both if counts.any())
    margin = _MARGIN * (high - low) + WIDTH
    first = max(0, int((low - margin + 1) / WIDTH))
    bins = max(1, -(-(int((high + margin + 1) / WIDTH) - first) // _CELLS))  # in a cell
    cell = np.clip((np.arange(BINS) - first) // bins, 0, _CELLS - 1)
    observed, shuffled = (np.bincount(cell, counts, _CELLS).astype(np.float64) for counts in both)
    centres = np.asarray(edge(first) + WIDTH * bins * (np.arange(_CELLS) + 0.5), np.float64)
    return centres, observed, shuffled


def _together(languages: Iterable[Measured]) -> Measured:
    """All languages in the scale of all mismatches; those without a scale of their own as is."""
    every = list(languages)
    raw = Measured(sum(m.observed for m in every), sum(m.shuffled for m in every))  # type: ignore[arg-type]
    if raw.scale is None:
        return raw
    moved = [
        Measured(*(rescaled(counts, scale, raw.scale) for counts in (m.observed, m.shuffled)))
        if (scale := m.scale)
        else m
        for m in every
    ]
    return Measured(sum(m.observed for m in moved), sum(m.shuffled for m in moved))  # type: ignore[arg-type]


def _bounded(score: float, rules: ThresholdRules) -> float:
    return min(max(score, rules.floor), rules.ceiling)
