from filters.choice import Verdict, best_caption
from schemas.rows import Caption


def caption(language: str, text: str, quality: float = 1.0) -> Caption:
    return Caption(text, "", language, text, "source", "", quality, "", "", "", "{}")


FOX = [caption("fr", "un renard"), caption("de", "Fuchs"), caption("de", "ein Fuchs")]
LANGUAGES = ("en", "de", "fr")


def test_the_best_score_comes_before_language_and_length() -> None:
    verdicts = {
        "un renard": Verdict(0, 0.31),
        "Fuchs": Verdict(0, 0.32),
        "ein Fuchs": Verdict(0, -1),
    }
    assert best_caption(FOX, LANGUAGES, verdicts).text == "Fuchs"


def test_what_the_first_teacher_judged_comes_before_others_whatever_their_cosines() -> None:
    verdicts = {"un renard": Verdict(0, 0.1), "Fuchs": Verdict(1, 0.9)}
    assert best_caption(FOX, LANGUAGES, verdicts).text == "un renard"
    assert best_caption(FOX[1:], LANGUAGES, verdicts).text == "Fuchs"


def test_a_better_caption_is_not_outdone_by_a_score() -> None:
    translated = caption("en", "a fox", quality=0.8)
    chosen = best_caption([*FOX, translated], LANGUAGES, {"a fox": Verdict(0, 0.9)})
    assert chosen.text == "ein Fuchs"


def test_without_scores_languages_then_lengths_decide() -> None:
    assert best_caption(FOX, LANGUAGES, {}).text == "ein Fuchs"
    assert best_caption(FOX, ("fr",), {}).text == "un renard"
