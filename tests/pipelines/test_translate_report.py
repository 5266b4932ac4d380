"""What is told of translations before they are made."""

from collections import Counter

from model.translator import TranslationEndpoint, TranslatorSpec, identify
from pipelines.translate_plan import BucketPlan, TranslationPiece
from pipelines.translate_report import Means, Speed, estimate_lines
from pipelines.translators import Routes, Speaker

INTO, OUT = (
    Speaker(number, spec, identify(spec))
    for number, spec in enumerate(
        TranslatorSpec(
            model=name, engine="openai", endpoint=TranslationEndpoint(url="http://127.0.0.1/v1")
        )
        for name in ("into", "out")
    )
)
ROUTES = Routes([INTO, OUT], [{"fr": ["en"], "ka": ["en"]}, {"en": ["fr", "ka"]}], "en")
PRICES = (1_000.0, 10_000.0)


def plan_of(pieces: int) -> BucketPlan:
    """Ten French texts into English and Georgian, of 20 tokens each."""
    cut = [TranslationPiece("0-00000-00.parquet", n, 0, 10, 0, "m", 200) for n in range(pieces)]
    return BucketPlan(cut, Counter({"fr-en": 10, "fr-ka": 10}), later=Counter({"fr-ka": 10}))


def lines(pieces: int, share_back: float, speeds: dict[int, Speed | None]) -> list[str]:
    return list(estimate_lines(plan_of(pieces), Means(ROUTES, PRICES, speeds, 1), share_back))[-5:]


def test_what_comes_out_of_the_pivot_and_back_is_in_the_estimate() -> None:
    unknown = "; how long they take is known after the first pieces"
    assert lines(1, 0.5, {}) == [
        "10 texts come out of the pivot, after these, where no memory has them",
        "about 10 of the translations are then translated back",
        f"{INTO.label} after that: about 5 texts of 100 tokens, costs about 0.20{unknown}",
        f"{OUT.label} after that: about 20 texts of 400 tokens, costs about 8.00{unknown}",
        "all of this costs about 8.60",  # with 0.40 for what is said first
    ]
    *_, out, whole = lines(1, 0.0, {0: Speed(10, 30, 1.0), 1: Speed(100, 100, 1.0)})
    assert f"{OUT.label} after that: about 10 texts of 200 tokens, costs about 2.00, 2.0 s" in out
    assert whole == "all of this costs about 2.60"


def test_where_no_length_is_known_nothing_is_guessed() -> None:
    assert lines(0, 0.5, {})[-1] == "about 10 of the translations are then translated back"
