from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.score_bins import WIDTH, counted
from filters.thresholds import (
    EVERY,
    Group,
    Level,
    Measured,
    Threshold,
    ThresholdRules,
    decide,
    score_fault,
)
from filters.thresholds import given as given_by

MATCHES, MISMATCHES, HARD = (0.6, 0.1), (0.05, 0.1), (0.28, 0.11)


def scores(seed: int, number: int, mean: float, std: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, std, number)


def mixed(number: int, mismatched: float, hard: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and whether each is a match's; of the mismatches a share `hard` is right in part."""
    wrong = round(number * mismatched)
    nearly = round(wrong * hard)
    sizes = (number - wrong, wrong - nearly, nearly)
    kinds = zip((MATCHES, MISMATCHES, HARD), sizes, strict=True)
    drawn = [scores(7 + at, size, *kind) for at, (kind, size) in enumerate(kinds)]
    return np.concatenate(drawn), np.repeat([True, False, False], sizes)


def measured(observed: np.ndarray, shift: float = 0.0, times: float = 1.0) -> Measured:
    shuffled = scores(3, max(len(observed), 200), *MISMATCHES)
    return Measured(counted(observed * times + shift), counted(shuffled * times + shift))


def by_group(thresholds: list[Threshold]) -> dict[Group, Threshold]:
    return {threshold.group: threshold for threshold in thresholds}


@pytest.mark.parametrize(
    ("score", "keep_unjudged", "fault"),
    [
        (0.25, True, None),
        (0.2499, True, "below-threshold"),
        (-1.0, False, "below-threshold"),
        (None, True, None),
        (None, False, "not-understood"),
    ],
)
def test_a_caption_goes_for_its_score(
    score: float | None, keep_unjudged: bool, fault: str | None
) -> None:
    assert score_fault(score, 0.25, keep_unjudged) == fault


@settings(max_examples=30)
@given(st.lists(st.floats(-1, 1, width=32), min_size=5, max_size=300), st.floats(0.01, 1))
def test_a_keep_fraction_is_numpys_quantile_to_one_bin(values: list[float], share: float) -> None:
    column = np.array(values)
    groups = {("en", "web"): Measured(counted(column), counted(column))}
    rules = ThresholdRules(by="keep-fraction", value=share, min_group=1)
    found = by_group(decide(groups, rules))["en", "web"]
    assert abs(found.score - np.quantile(column, 1 - share)) <= WIDTH + 1e-12


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(["precision", "keep-fraction", "cosine"]), st.floats(0.05, 1), st.floats(0, 0.5)
)
def test_what_is_stricter_keeps_nothing_that_is_looser_turns_away(
    by: Any, value: float, more: float
) -> None:
    groups = {("en", "web"): measured(mixed(4_000, 0.4)[0])}
    strict, loose = (
        (min(1.0, value + more), value)
        if by != "keep-fraction"
        else (value, min(1.0, value + more))
    )
    cuts = [
        by_group(decide(groups, ThresholdRules(by=by, value=of)))["en", "web"].score
        for of in (strict, loose)
    ]
    assert cuts[0] >= cuts[1]


@pytest.mark.parametrize("mismatched", [0.1, 0.4, 0.7])
@pytest.mark.parametrize("hard", [0.0, 0.25, 0.5])
def test_the_share_of_mismatches_and_a_precision_are_found_without_the_truth(
    mismatched: float, hard: float
) -> None:
    observed, matches = mixed(20_000, mismatched, hard)
    found = by_group(decide({("en", "web"): measured(observed)}, ThresholdRules()))["en", "web"]
    assert found.level == Level.GROUP
    assert found.mismatched == pytest.approx(mismatched, abs=0.05)
    assert found.low is not None
    assert found.high is not None
    assert found.low - 0.01 <= mismatched <= found.high + 0.01
    kept = observed >= found.score
    assert matches[kept].mean() >= 0.91
    assert kept[matches].mean() >= 0.85


@pytest.mark.parametrize("mismatched", [0.1, 0.4, 0.7])
@pytest.mark.parametrize("height", [0.22, 0.6])
def test_at_the_break_even_as_many_are_kept_as_match(mismatched: float, height: float) -> None:
    """Also of a weak teacher, none of whose captions are kept for a precision of 0.99."""
    wrong = round(20_000 * mismatched)
    observed = np.concatenate([scores(1, 20_000 - wrong, height, 0.1), scores(2, wrong, 0.0, 0.1)])
    both = Measured(counted(observed), counted(scores(3, 20_000, 0.0, 0.1)))
    found = decide({("en", "web"): both}, ThresholdRules(by="break-even"))[-1]
    assert found.mismatched is not None
    kept = (observed >= found.score).sum()
    assert kept == pytest.approx(20_000 * (1 - found.mismatched), rel=0.05)
    assert kept == pytest.approx(20_000 - wrong, abs=1_200)


def test_hard_mismatches_are_not_taken_for_matches() -> None:
    """As two components, the known one and the rest, would: a lower bound by a third."""
    observed, _ = mixed(20_000, 0.4, hard=0.5)
    shuffled = scores(3, 20_000, *MISMATCHES)
    below = np.quantile(shuffled, 0.5)
    two_components = (observed < below).mean() / 0.5
    assert two_components < 0.25
    found = by_group(decide({("en", "web"): measured(observed)}, ThresholdRules()))["en", "web"]
    assert found.mismatched == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("mismatched", [0.1, 0.4, 0.7])
def test_where_matches_are_narrow_mismatches_may_be_nearer_to_them(mismatched: float) -> None:
    wrong = round(20_000 * mismatched)
    sizes = (20_000 - wrong, wrong - wrong // 2, wrong // 2)
    kinds = ((0.02, 0.04), (-0.35, 0.12), (-0.15, 0.08))
    observed = np.concatenate(
        [scores(at, size, *kind) for at, (size, kind) in enumerate(zip(sizes, kinds, strict=True))]
    )
    matches = np.arange(20_000) < sizes[0]
    both = Measured(counted(observed), counted(scores(3, 20_000, *kinds[1])))
    found = decide({("en", "web"): both}, ThresholdRules(value=0.95))[-1]
    kept = observed >= found.score
    assert found.mismatched == pytest.approx(mismatched, abs=0.05)
    assert matches[kept].mean() >= 0.91
    assert kept[matches].mean() >= 0.85


def test_where_few_captions_say_little_languages_lean_on_each_other() -> None:
    """An area of 0.93, 2,500 captions each: by itself one finds 0.41 mismatched, another 0.61."""
    groups = {
        (f"{number:02}", "web"): Measured(
            counted(
                np.concatenate(
                    [
                        scores(10 * number, 1_250, 0.22, 0.11),
                        scores(10 * number + 1, 1_250, 0.0, 0.1),
                    ]
                )
            ),
            counted(scores(10 * number + 2, 2_500, 0.0, 0.1)),
        )
        for number in range(12)
    }
    found = decide(groups, ThresholdRules(value=0.8))
    shares = [of.mismatched for of in found if of.language != EVERY and of.mismatched]
    assert max(shares) - min(shares) < 0.12
    cuts = [of.score for of in found if of.language != EVERY]
    assert max(cuts) - min(cuts) < 0.05


def test_where_scores_say_much_languages_do_not_lean_on_each_other() -> None:
    """They differ in the share of mismatches, and in how high the teacher scores their matches."""
    groups, shares = {}, {}
    for number, (share, strength) in enumerate(product((0.1, 0.4, 0.7), (0.85, 1, 1.15))):
        wrong = round(5_000 * share)
        sizes = (5_000 - wrong, wrong - wrong // 4, wrong // 4)
        kinds = ((0.31 * strength, 0.045), (0.12, 0.03), (0.2 * strength, 0.035))
        observed = np.concatenate(
            [
                scores(10 * number + at, size, *kind)
                for at, (size, kind) in enumerate(zip(sizes, kinds, strict=True))
            ]
        )
        shuffled = counted(scores(10 * number + 3, 5_000, *kinds[1]))
        groups[f"{number}", "web"] = Measured(counted(observed), shuffled)
        shares[f"{number}"] = share
    for of in decide(groups, ThresholdRules()):
        if of.language != EVERY:
            assert of.mismatched == pytest.approx(shares[of.language], abs=0.05)


@pytest.mark.parametrize("sources", [1, 4])
def test_matches_are_as_wide_as_in_other_languages(sources: int) -> None:
    """Matches' lower half, were it wider, would have room for mismatches that are nearly right.

    Of the ninth language, 0.7 are mismatched: were widths its own alone, 0.43 would be estimated.
    Sources of 1,500 captions have none of their own, their language has.
    """
    groups, shares = {}, dict(zip("abcdefghi", (0.1, 0.4, 0.7) * 3, strict=True))
    for number, (language, share) in enumerate(shares.items()):
        height = 0.31 * (1 + 0.06 * np.cos(number))
        wrong = round(6_000 * share)
        right = scores(10 * number, 6_000 - wrong, 0, 1)
        observed = np.concatenate(
            [
                height + np.where(right < 0, 0.075, 0.05) * right,
                scores(10 * number + 1, wrong // 2, 0, 0.1),
                scores(10 * number + 2, wrong - wrong // 2, 0.55 * height, 0.07),
            ]
        )
        shuffled = scores(10 * number + 3, 6_000, 0, 0.1)
        for source in range(sources):
            every = slice(source, None, sources)
            groups[language, f"{source}"] = Measured(
                counted(observed[every]), counted(shuffled[every])
            )
    for of in decide(groups, ThresholdRules()):
        if of.language != EVERY:
            assert of.mismatched == pytest.approx(shares[of.language], abs=0.18)


@pytest.mark.parametrize("seed", [30, 140])
def test_the_lowest_scores_do_not_say_that_all_above_them_match(seed: int) -> None:
    """Where matches' lower half is taken to be wide, it reaches beneath the mismatches."""
    sizes, kinds = (600, 1_050, 350), ((0.31, 0.045), (0.12, 0.03), (0.2, 0.035))
    observed = np.concatenate(
        [
            scores(seed + at, size, *kind)
            for at, (size, kind) in enumerate(zip(sizes, kinds, strict=True))
        ]
    )
    both = Measured(counted(observed), counted(scores(seed + 3, 2_000, *kinds[1])))
    found = decide({("en", "web"): both}, ThresholdRules())[-1]
    assert found.mismatched == pytest.approx(0.7, abs=0.15)
    assert found.score > 0.2


def test_small_groups_fall_back_to_their_language_and_small_languages_to_all() -> None:
    observed = mixed(9_000, 0.3)[0]
    np.random.default_rng(1).shuffle(observed)
    groups = {
        ("en", "large"): measured(observed[:5_000]),
        ("en", "small"): measured(observed[5_000:5_300]),
        ("de", "small"): measured(observed[5_300:5_900], shift=-0.2, times=0.5),
    }
    for by, value in (("precision", 0.95), ("keep-fraction", 0.5)):
        found = by_group(decide(groups, ThresholdRules(by=by, value=value)))  # type: ignore[arg-type]
        levels = {group: threshold.level for group, threshold in found.items()}
        assert levels == {
            (EVERY, EVERY): "all",
            ("de", EVERY): "all",
            ("de", "small"): "all",
            ("en", EVERY): "language",
            ("en", "large"): "group",
            ("en", "small"): "language",
        }
        assert found["en", "small"].score == found["en", EVERY].score
        assert found["en", "small"].captions == 300
        english, german = found["en", EVERY], found["de", "small"]
        assert german.score == pytest.approx(0.5 * english.score - 0.2, abs=0.03)


def test_one_scale_is_not_another_language_of_low_cosines_is_not_lost() -> None:
    """One cut over both would keep all of one and nothing of the other."""
    observed = mixed(8_000, 0.3)[0]
    groups = {
        ("en", "web"): measured(observed),
        ("ka", "web"): measured(observed, shift=-0.3, times=0.3),
    }
    found = by_group(decide(groups, ThresholdRules(by="keep-fraction", value=0.6)))
    for group, cosines in ((("en", "web"), observed), (("ka", "web"), 0.3 * observed - 0.3)):
        assert (cosines >= found[group].score).mean() == pytest.approx(0.6, abs=0.01)


def test_a_language_may_have_a_value_of_its_own() -> None:
    observed = mixed(5_000, 0.3)[0]
    groups = {("en", "web"): measured(observed), ("de", "web"): measured(observed)}
    rules = ThresholdRules(by="keep-fraction", value=0.9, value_in={"de": 0.2})
    found = by_group(decide(groups, rules))
    assert (observed >= found["en", "web"].score).mean() == pytest.approx(0.9, abs=0.01)
    assert (observed >= found["de", "web"].score).mean() == pytest.approx(0.2, abs=0.01)


def test_floor_and_ceiling_bound_every_threshold() -> None:
    groups = {("en", "web"): measured(mixed(5_000, 0.3)[0])}
    for value, expected in ((0.999, 0.2), (0.01, 0.5)):
        rules = ThresholdRules(by="keep-fraction", value=value, floor=0.2, ceiling=0.5)
        assert {t.score for t in decide(groups, rules)} == {expected}


def test_a_cosine_needs_no_group_and_none_turns_nothing_away() -> None:
    groups = {("en", "web"): measured(mixed(10, 0.3)[0])}
    found = decide(groups, ThresholdRules(by="cosine", value=-0.25))
    assert {threshold.score for threshold in found} == {-0.25}
    assert not decide(groups, ThresholdRules(by="none"))
    assert not decide({}, ThresholdRules())


def test_without_mismatches_to_compare_with_nothing_is_turned_away_for_a_precision() -> None:
    column = counted(np.full(5_000, 0.4))
    found = decide({("en", "web"): Measured(column, column)}, ThresholdRules(floor=-0.5))
    assert {(threshold.score, threshold.mismatched) for threshold in found} == {(-0.5, None)}


def test_thresholds_of_another_run_fall_back_as_its_own_did() -> None:
    observed = mixed(5_000, 0.3)[0]
    rules = ThresholdRules(ceiling=0.9)
    first = decide({("en", "web"): measured(observed)}, rules)
    groups = {
        ("en", "web"): measured(observed[:40]),
        ("en", "books"): measured(observed[:50]),
        ("ka", "books"): measured(observed, shift=-0.3, times=0.3),
    }
    found = by_group(given_by(groups, first, rules))
    assert set(found) == {*groups, ("en", EVERY), ("ka", EVERY), (EVERY, EVERY)}
    assert found[EVERY, EVERY].captions == 5_090
    assert {threshold.level for threshold in found.values()} == {"given"}
    score = by_group(first)["en", "web"].score
    assert found["en", "web"].score == found["en", "books"].score == score
    assert found["en", "books"].captions == 50
    assert found["ka", "books"].score == pytest.approx(0.3 * score - 0.3, abs=0.01)
    assert found["ka", "books"].scale == groups["ka", "books"].scale


def test_thresholds_can_be_handed_on_from_run_to_run() -> None:
    observed, rules = mixed(5_000, 0.3)[0], ThresholdRules()
    first = decide({("en", "web"): measured(observed)}, rules)
    second = given_by({("de", "web"): measured(observed, -0.2)}, first, rules)
    third = {
        (language, "books"): measured(observed[:300], shift)
        for language, shift in (("en", 0.0), ("de", -0.2), ("ka", -0.4))
    }
    found = by_group(given_by(third, second, rules))
    score = by_group(first)["en", "web"].score
    assert found["en", "books"].score == score
    assert found["de", "books"].score == by_group(second)["de", EVERY].score
    for language, shift in (("de", -0.2), ("ka", -0.4)):
        assert found[language, "books"].score == pytest.approx(score + shift, abs=0.01)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"value": 0.0}, r"value must be in \(0, 1\] where by is 'precision', got 0"),
        ({"by": "cosine", "value": 1.5}, r"value must be in \[-1, 1\] where by is 'cosine'"),
        ({"value_in": {"de": 2.0}}, r"value_in.de must be in \(0, 1\]"),
        ({"by": "break-even", "value_in": {"de": 0.9}}, "value_in must be left out where by is"),
        ({"min_group": 0}, "min_group must be at least 1, got 0"),
        ({"floor": 0.5, "ceiling": 0.4}, "floor and ceiling must be in"),
    ],
)
def test_impossible_rules_are_refused(rules: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ThresholdRules(**rules)
