import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.language import Guess
from filters.page import PageFault, PageRules, TextLayer, page_fault
from schemas.pages import PageMeasures

RICH = PageMeasures(
    page=3,
    pages=12,
    characters=1200,
    words=220,
    lines=24,
    lines_to_number=1,
    text_share=0.3,
    font_sizes=3,
    headings=2,
    links=0,
    link_characters=0,
    figures=1,
    figure_share=0.15,
    tables=1,
    table_share=0.1,
    charts=1,
    chart_share=0.1,
    ink=0.12,
    missing_glyphs=0,
)
STORY = (
    "The lamp in the harbour went out one night, and nobody could say why.\n"
    "The man who kept it had gone to bed at ten, as he did on every other day.\n"
)
ENGLISH = Guess((("en", 0.98), ("nl", 0.02)), 100, 1.0)
TEXT = TextLayer(STORY, "en", ENGLISH, 1)
CONTENTS = "Contents\n1 The lamp ........ 3\n2 The harbour ........ 19\n3 The keeper ........ 40\n"
REFERENCES = (
    "[1] Farrow J. Drift of sand. 12(3), 45–61, 1998.\n"
    "[2] Ode M. On tides and other matters. 7(1), 8–19, 2004.\n"
    "[3] Tamm R. Measuring waves with cheap floats. 14(2), 33–48, 2016.\n"
)
RULES = PageRules()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"missing_glyphs": 1}, PageFault.MISSING_GLYPHS),
        ({"ink": 0.0004}, PageFault.BLANK),
        ({"ink": 0.0005}, None),
        ({"link_characters": 961}, PageFault.CONTENTS),
        ({"link_characters": 960}, None),
        ({"figures": 0, "tables": 0, "charts": 0, "headings": 0}, None),
        ({"ink": 1.0}, None),
    ],
)
def test_what_was_measured(change: dict[str, Any], fault: PageFault | None) -> None:
    assert page_fault(dataclasses.replace(RICH, **change), TEXT, RULES) is fault


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"text": CONTENTS * 3}, PageFault.CONTENTS),
        ({"text": CONTENTS + 4 * STORY}, None),
        ({"text": REFERENCES}, PageFault.REFERENCES),
        ({"text": REFERENCES + 3 * STORY}, None),
        ({"text": "References\n" + REFERENCES + 3 * STORY}, PageFault.REFERENCES),
        ({"documents": 4}, PageFault.BOILERPLATE),
        ({"documents": 3}, None),
        ({"stated": "de"}, PageFault.LANGUAGE),
        ({"stated": "nl"}, PageFault.LANGUAGE),
        ({"stated": "nl", "guess": Guess((("en", 0.8), ("nl", 0.2)), 100, 1.0)}, None),
        ({"stated": "und"}, None),
        ({"guess": Guess((), 0, 0.0)}, None),
    ],
)
def test_what_the_text_says(change: dict[str, Any], fault: PageFault | None) -> None:
    assert page_fault(RICH, dataclasses.replace(TEXT, **change), RULES) is fault


@pytest.mark.parametrize(
    ("text", "shown", "fault"),
    [
        ("A lamp", 0.0, PageFault.NEARLY_EMPTY),
        ("A lamp", 0.09, PageFault.NEARLY_EMPTY),
        ("A lamp", 0.1, None),
        ("", 0.9, None),
        ("a" * 99, 0.0, PageFault.NEARLY_EMPTY),
        ("a" * 100, 0.0, None),
        ("灯" * 33, 0.0, PageFault.NEARLY_EMPTY),
        ("灯" * 34, 0.0, None),
        ("12 345 678 " * 40, 0.0, PageFault.NEARLY_EMPTY),
    ],
)
def test_a_page_says_or_shows_something(text: str, shown: float, fault: PageFault | None) -> None:
    page = dataclasses.replace(RICH, figure_share=shown, table_share=0.0, chart_share=0.0)
    assert page_fault(page, dataclasses.replace(TEXT, text=text), RULES) is fault


def test_where_pages_are_wanted_for_their_looks() -> None:
    plain = dataclasses.replace(RICH, figures=0, tables=0, charts=0)
    assert page_fault(plain, TEXT, PageRules(min_layout=2)) is None
    assert page_fault(plain, TEXT, PageRules(min_layout=3)) is PageFault.PLAIN_TEXT
    assert page_fault(RICH, TEXT, PageRules(min_layout=5)) is None
    rules = PageRules(must_show=("table", "chart"))
    assert page_fault(plain, TEXT, rules) is PageFault.NOT_SHOWN
    assert page_fault(dataclasses.replace(plain, charts=1), TEXT, rules) is None
    assert page_fault(dataclasses.replace(plain, figures=1), TEXT, rules) is PageFault.NOT_SHOWN


def test_a_page_full_of_ink() -> None:
    dark = dataclasses.replace(RICH, ink=0.6)
    assert page_fault(dark, TEXT, PageRules(max_ink=0.5)) is PageFault.TOO_MUCH_INK


def test_rules_that_are_off() -> None:
    off = PageRules(
        min_letters=0,
        max_contents_share=1,
        max_link_share=1,
        max_citation_share=1,
        max_documents_per_text=0,
        language_odds=float("inf"),
    )
    page = dataclasses.replace(RICH, link_characters=RICH.characters)
    for text in (CONTENTS, REFERENCES, f"References\n{REFERENCES}", ""):
        said = TextLayer(text, "de", ENGLISH, 10_000)
        assert page_fault(page, said, off) is None


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"min_letters": -1}, "min_letters must be at least 0, got -1"),
        ({"max_link_share": 2}, r"max_link_share must be in \[0, 1\], got 2"),
        ({"min_ink": float("nan")}, r"min_ink must be in \[0, 1\], got nan"),
        ({"language_odds": 0.5}, "language_odds must be at least 1, got 0.5"),
        ({"must_show": ("chart", "map")}, "must_show must be of figure, table, chart, got 'map'"),
    ],
)
def test_impossible_bounds_are_named(bounds: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PageRules(**bounds)


SHARES, COUNTS = st.floats(0, 1), st.integers(0, 3)
STRICT = PageRules(max_ink=0.9, min_layout=1, must_show=("figure",))
LOOSER: dict[str, Any] = {
    "max_missing_glyphs": 2,
    "min_ink": 0.0,
    "max_ink": 1.0,
    "min_letters": 10,
    "min_visual_share": 0.0,
    "max_contents_share": 0.8,
    "max_link_share": 1.0,
    "max_citation_share": 0.9,
    "max_documents_per_text": 6,
    "language_odds": 100.0,
    "min_layout": 0,
    "must_show": ("figure", "chart"),
}


@given(
    st.builds(
        lambda **change: dataclasses.replace(RICH, **change),
        ink=SHARES,
        figures=COUNTS,
        charts=COUNTS,
        headings=COUNTS,
        figure_share=SHARES,
        link_characters=st.integers(0, RICH.characters),
        missing_glyphs=COUNTS,
    ),
    st.builds(
        TextLayer,
        st.lists(st.sampled_from([*CONTENTS.split("\n"), *REFERENCES.split("\n"), STORY])).map(
            "\n".join
        ),
        st.sampled_from(["en", "de", "nl", "und"]),
        st.just(ENGLISH),
        st.integers(1, 10),
    ),
)
def test_each_looser_bound_keeps_all_that_the_stricter_ones_kept(
    page: PageMeasures, text: TextLayer
) -> None:
    assert set(LOOSER) == {field.name for field in dataclasses.fields(PageRules)}
    if page_fault(page, text, STRICT) is None:
        for name, bound in LOOSER.items():
            looser = dataclasses.replace(STRICT, **{name: bound})
            assert page_fault(page, text, looser) is None
