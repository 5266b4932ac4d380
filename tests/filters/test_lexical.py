import pytest

from filters.lexical import all_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Zwei rote Drachen!", ["zwei", "rote", "drachen"]),
        ("两只风筝", ["两只", "只风", "风筝"]),
        ("ว่าว", ["ว่", "่า", "าว"]),
        ("빨간 연", ["빨간", "연"]),
        ("凧", ["凧"]),
        ("!", []),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert all_tokens([text]) == [tokens]
