import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rendering.pages import PageText, Rendering, Seen
from pipelines.rendering.storing import page_measures, stored_page


def test_a_page_keeps_so_much_of_its_text_and_measures_all_of_it() -> None:
    texts = [PageText("page-heading", f"Kites {n}") for n in range(2_000)]
    seen = Seen(size=(100.0, 100.0), text="kite " * 140_000, texts=texts)
    pixels = np.zeros((64, 64, 3), np.uint8)
    page = stored_page(1, 1, "pdf", pixels, seen, Rendering())
    assert page.text == "kite " * 20_000
    assert page.texts == tuple(texts[:1_000])
    assert (page.measures.characters, page.measures.headings) == (560_000, 2_000)


@given(
    st.lists(st.tuples(*[st.integers(-20, 120)] * 4), max_size=40),
    st.lists(st.sampled_from(["Kites 12", "Kites", "12 kites", "६ १२ ", "  ", "\f", "x²"])),
)
def test_shares_and_lines_are_counted_as_one_would(
    boxes: list[tuple[int, int, int, int]], lines: list[str]
) -> None:
    grid = np.zeros((256, 256), bool)
    for left, top, right, bottom in (
        np.clip(np.rint(np.array(box) * 2.56), 0, 256) for box in boxes
    ):
        grid[int(top) : int(bottom), int(left) : int(right)] = True
    seen = Seen(size=(100.0, 100.0), text="\n".join(lines), figures=[*boxes])
    measures = page_measures(1, 1, seen, 0.0)
    assert measures.figure_share == round(grid.mean(), 4)
    split = [line for line in seen.text.splitlines() if line.strip()]
    assert measures.lines == len(split)
    assert measures.lines_to_number == sum(bool(re.search(r"\d\s*$", line)) for line in split)
