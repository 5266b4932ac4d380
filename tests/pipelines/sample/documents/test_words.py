import pytest

from pipelines.language_model import LanguageModel
from pipelines.sample.documents.blocks import Document, Heading, Page
from pipelines.sample.documents.pdf import PDF_LANGUAGES, make_pdf
from pipelines.sample.documents.words import WORDS
from schemas.languages import ALL


def test_every_language_has_its_words() -> None:
    assert set(WORDS) == set(ALL)
    for language, words in WORDS.items():
        said = [getattr(words, name) for name in words.__slots__]
        assert all(said), language
        assert len(set(words.authors)) == 3
        assert len({words.contents, words.references, words.table, words.figure}) == 4


def test_imprints_are_in_their_language() -> None:
    guesses = LanguageModel().identify([WORDS[language].imprint for language in ALL])
    assert [guess.shares[0][0] for guess in guesses] == list(ALL)


@pytest.mark.parametrize("language", PDF_LANGUAGES)
def test_pdfs_can_be_written_in_their_languages(language: str) -> None:
    words = WORDS[language]
    said = [words.contents, words.references, words.table, words.imprint, *words.authors]
    page = Page(language, tuple(Heading(1, text) for text in said))
    assert make_pdf(Document("pdf", language, "", "red", 0, (page,))).startswith(b"%PDF-1.4")
