import pytest

from filters.language_labels import labels_script, language_of_label
from schemas.languages import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=str)
def test_every_scheme_names_ours(language) -> None:  # type: ignore[no-untyped-def]
    schemes = (language.code, language.nllb[:3], language.nllb)
    assert {language_of_label(f"__label__{name}") for name in schemes} == {language.code}
    assert {language_of_label(name) for name in schemes} == {language.code}


@pytest.mark.parametrize(
    ("label", "language"),
    [
        ("__label__yue", "zh"),
        ("__label__wuu", "zh"),
        ("__label__zho_Hant", "zh"),
        ("__label__cmn_Hani", "zh"),
        ("__label__arz_Arab", "ar"),
        ("__label__arb_Latn", "ar"),
        ("__label__nn", "nn"),
        ("__label__nno_Latn", "nn"),
        ("__label__zsm_Latn", "ms"),
        ("__label__ces_Latn", "cs"),
        ("__label__pes_Arab", "fa"),
        ("__label__bel_Cyrl", "be"),
        ("__label__hbs_Latn", "hr"),
        ("__label__als", "gsw"),
        ("__label__als_Latn", "sq"),
        ("__label__gom", "gom"),
    ],
)
def test_varieties_and_languages_not_ours(label: str, language: str) -> None:
    assert language_of_label(label) == language


@pytest.mark.parametrize(
    ("label", "script"), [("__label__srp_Cyrl", "Cyrl"), ("srp_Latn", "Latn"), ("__label__sr", "")]
)
def test_script_of_a_label(label: str, script: str) -> None:
    assert labels_script(label) == script
