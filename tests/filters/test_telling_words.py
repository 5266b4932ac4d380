import pytest

from filters.telling_words import TELLING, telling_words


@pytest.mark.parametrize(
    ("text", "language", "most"),
    [
        ("jeg vet ikke hva de sier", "da", "no"),
        ("hvad siger de om børnene", "no", "da"),
        ("eg veit ikkje kva dei seier", "no", "nn"),
        ("kereta biru di luar kedai", "id", "ms"),
        ("mobil biru di depan toko", "ms", "id"),
    ],
)
def test_words_tell_close_languages_apart(text: str, language: str, most: str) -> None:
    counts = telling_words(text, language)
    assert max(counts, key=lambda code: counts[code]) == most


@pytest.mark.parametrize("language", TELLING)
def test_lists_tell_nothing_twice(language: str) -> None:
    for languages in TELLING[language].values():
        assert set(languages) < {"no", "nn", "da"} or set(languages) < {"id", "ms"}
