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
        ("собака біжить полем", "ru", "uk"),
        ("мужчына рамантуе ровар, ў", "uk", "be"),
        ("собаки бегут и лают, это ясно", "uk", "ru"),
        ("přes řeku a dům", "sk", "cs"),
        ("stôl, ľudia a päť", "cs", "sk"),
        ("não são pães", "gl", "pt"),
        ("لڑکی کتاب پڑھتی ہے", "fa", "ur"),
        ("القطة في المدينة", "fa", "ar"),
    ],
)
def test_words_tell_close_languages_apart(text: str, language: str, most: str) -> None:
    counts = telling_words(text, language)
    assert max(counts, key=lambda code: counts[code]) == most


@pytest.mark.parametrize("language", TELLING)
def test_nothing_told_is_of_a_whole_group(language: str) -> None:
    group = {code for languages in TELLING[language].values() for code in languages}
    assert language in group
    assert all(set(languages) < group for languages in TELLING[language].values())
