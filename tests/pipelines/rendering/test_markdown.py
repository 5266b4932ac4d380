import re

import pytest

from pipelines.rendering.markdown import page_of_markdown


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# The *red* [kite](a.md) & `nest`\n\nIt circles.\n", "The red kite &amp; nest"),
        ("Kites\n=====\n", "Kites"),
        ("```sh\n# install it\napt-get\n```\n\n# Kites\n", "Kites"),
        ("```sh\n# install it\n```\n", ""),
        ("---\ntitle: Buenas Pr&aacute;cticas\n---\nTexto\n", "Buenas Prácticas"),
    ],
)
def test_the_title_is_the_words_of_the_first_heading_or_of_the_front_matter(
    text: str, title: str
) -> None:
    page = page_of_markdown(text)
    assert re.findall("<title>(.*)</title>", page) == [title]
    assert page.count("<h1>") == (title != "")


def test_a_comment_in_code_does_not_stand_in_for_the_front_matters_title() -> None:
    page = page_of_markdown("---\ntitle: Kites\n---\n```\n# install it\n```\n")
    assert "<h1>Kites</h1>" in page
