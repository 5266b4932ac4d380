import numpy as np

from pipelines.rendering.pages import PageText, Rendering, Seen
from pipelines.rendering.storing import stored_page


def test_a_page_keeps_so_much_of_its_text_and_measures_all_of_it() -> None:
    texts = [PageText("page-heading", f"Kites {n}") for n in range(2_000)]
    seen = Seen(size=(100.0, 100.0), text="kite " * 140_000, texts=texts)
    pixels = np.zeros((64, 64, 3), np.uint8)
    page = stored_page(1, 1, "pdf", pixels, seen, Rendering())
    assert page.text == "kite " * 20_000
    assert page.texts == tuple(texts[:1_000])
    assert (page.measures.characters, page.measures.headings) == (560_000, 2_000)
