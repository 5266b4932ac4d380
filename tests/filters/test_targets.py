from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.targets import TargetRules, most_targets, targets_of
from schemas.ids import digest
from schemas.languages import ALL

RULES = TargetRules(
    seed=3,
    from_languages=frozenset(ALL),
    from_sources=frozenset({"web"}),
    into_languages=ALL,
)
LANGUAGES = st.sampled_from(ALL)


def chosen(rules: TargetRules, number: int = 2_000) -> list[tuple[str, ...]]:
    return [
        targets_of(digest(str(n)), "en", "web", ["en"], rules.into_languages, rules)
        for n in range(number)
    ]


@given(LANGUAGES, st.sets(LANGUAGES), st.sets(LANGUAGES), st.integers(1, 30), st.booleans())
def test_targets_are_possible_others_that_are_wanted(
    language: str, present: set[str], possible: set[str], most: int, fill: bool
) -> None:
    rules = replace(RULES, per_caption=most, fill=fill)
    id_ = digest(language, *sorted(present))
    found = targets_of(id_, language, "web", present, sorted(possible), rules)
    may = possible - {language} - (present if fill else set())
    assert set(found) <= may
    assert len(found) == min(most, len(may))
    assert list(found) == [code for code in ALL if code in found]


@given(st.integers(1, 28))
def test_more_languages_keep_those_of_fewer(most: int) -> None:
    few, more = (chosen(replace(RULES, per_caption=n), 20) for n in (most, most + 1))
    assert all(set(one) < set(other) for one, other in zip(few, more, strict=True))


def test_languages_are_chosen_by_their_weights() -> None:
    into = ("de", "fr", "it")
    rules = replace(RULES, into_languages=into, per_caption=1, weights={"de": 2.0, "it": 0.5})
    counts = Counter(code for found in chosen(rules) for code in found)
    shares = [counts[code] / 2_000 for code in into]
    assert shares == pytest.approx([2 / 3.5, 1 / 3.5, 0.5 / 3.5], abs=0.03)


def test_a_share_of_the_captions_is_translated() -> None:
    half = chosen(replace(RULES, share=0.5))
    assert sum(map(bool, half)) == pytest.approx(1_000, abs=70)
    assert not any(chosen(replace(RULES, share_in={"en": 0.0})))
    assert all(chosen(replace(RULES, share=0.0, share_in={"en": 1.0})))
    more = chosen(replace(RULES, share=0.6))
    assert all(other for one, other in zip(half, more, strict=True) if one)


@pytest.mark.parametrize("share_in", [{}, {"en": 0.02}])
@pytest.mark.parametrize("most", [None, 3])
def test_how_many_there_are_is_known_before(most: int | None, share_in: dict[str, float]) -> None:
    rules = replace(RULES, share=0.1, share_in=share_in, per_caption=most)
    found = sum(map(len, chosen(rules))) / 2_000
    of_english = replace(rules, from_languages=frozenset({"en"}))
    assert found == pytest.approx(most_targets(of_english), rel=0.35)
    assert most_targets(of_english) <= most_targets(rules) == 0.1 * (most or 30)


def test_others_captions_are_left_alone() -> None:
    rules = replace(RULES, from_languages=frozenset({"de"}))
    assert not targets_of("0" * 32, "en", "web", ["en"], ALL, rules)
    assert targets_of("0" * 32, "de", "web", ["de"], ALL, rules)
    assert not targets_of("0" * 32, "de", "books", ["de"], ALL, rules)
    assert not targets_of("0" * 32, "und", "web", ["und"], ALL, RULES)
