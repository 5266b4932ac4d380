"""What is told of translations before they are made."""

from collections import Counter
from dataclasses import replace

from model.translator import TranslationEndpoint, TranslatorSpec, identify
from pipelines.translate_plan import BucketPlan, TranslationPiece
from pipelines.translate_report import Means, estimate_lines, pair_lines
from pipelines.translate_speeds import Speed
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
    told = "about 10 of the translations are then translated back"
    assert lines(0, 0.5, {})[-1] == told
    plan = plan_of(1)
    plan.pieces = [replace(piece, tokens=0) for piece in plan.pieces]  # all texts are too long
    timed: dict[int, Speed | None] = {n: Speed(10, 30, 1.0) for n in (0, 1)}
    assert list(estimate_lines(plan, Means(ROUTES, PRICES, timed, 2), 0.5))[-1] == told


def test_what_follows_few_tokens_is_a_piece_of_work() -> None:
    plan = plan_of(1)
    plan.pieces, plan.later = [replace(plan.pieces[0], tokens=1)], Counter({"fr-ka": 1})
    timed: dict[int, Speed | None] = {n: Speed(10, 30, 1.0) for n in (0, 1)}
    *_, out, _ = estimate_lines(plan, Means(ROUTES, PRICES, timed, 2), 0.0)
    assert "about 1 texts of 1 tokens" in out


def by_pairs(n: int) -> BucketPlan:
    """A text of the model's from French into each of some languages, of 100 tokens or more."""
    pairs = [f"0 fr-{number:02d}" for number in range(n)]
    tokens = Counter({pair: 100 + number for number, pair in enumerate(pairs)})
    piece = TranslationPiece("0-00000-00.parquet", 0, 0, n, 0, "m", tokens.total())
    texts = Counter(pair.partition(" ")[2] for pair in pairs)
    return BucketPlan([piece], texts, asked=Counter(pairs), tokens=tokens)


def test_a_pair_s_time_and_cost_are_its_own_where_it_was_timed() -> None:
    speed = Speed(1_000, 3_000, 10.0, pairs={"fr-01": Speed(100, 150, 10.0)})
    means = Means(ROUTES, PRICES, {0: speed}, 1)
    timed, other = pair_lines(by_pairs(2), means)
    by = f"by {INTO.label}, costs about"
    assert timed == (
        f"fr-01  1 texts of 101 tokens {by} 0.15, 10.1 s of one process at 10 tokens/s, "
        "as in its last run"
    )
    assert other == (
        f"fr-00  1 texts of 100 tokens {by} 0.30, 1.0 s of one process at 100 tokens/s, "
        "the model's: the pair was never timed"
    )
    whole = list(estimate_lines(by_pairs(2), means, 0.0))[1]
    assert "2 texts of 201 tokens, costs about 0.45, 11.1 s of one process" in whole


def test_pairs_past_twenty_are_one_line_and_an_unknown_speed_is_said() -> None:
    *lines, others = pair_lines(by_pairs(23), Means(ROUTES, (0.0, 0.0), {}, 1))
    assert len(lines) == 20
    assert lines[0] == f"fr-22  1 texts of 122 tokens by {INTO.label}; it was never timed"
    assert others == "3 other pairs  3 texts of 303 tokens"
    (line,) = pair_lines(by_pairs(1), Means(ROUTES, PRICES, {0: Speed(9, 9, 1.0, tried=True)}, 1))
    assert line.endswith("by a trial of all pairs")
