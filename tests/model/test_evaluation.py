import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from model import evaluation
from model.evaluation import Progress, chance, evaluate, matryoshka_dims
from model.evaluation_report import Report, Result, Score
from model.evaluation_sets import DataError, EvaluationSet
from model.pictures import decode_picture
from model.teacher import TeacherSpec, load_teacher
from tests.model.checkpoints import ours
from tests.model.known import Known, as_json, picture, write_pictures, write_rows
from tests.model.tiny import LANGUAGES, TEXTS, pictures


def scores(report: Report, task: str) -> dict[tuple[str, int], Score]:
    """By language and size, of the only set."""
    (result,) = (result for result in report.results if result.task == task)
    return {(score.language, score.dim): score for score in result.scores}


def run(place: Path, encoder: Known | None = None, **settings: object) -> Report:
    return evaluate(encoder or Known(), [EvaluationSet(data=str(place), **settings)])


def test_a_model_that_knows_everything_scores_one(tmp_path: Path) -> None:
    rows = [(n, code, f"{code} {n}") for code in ("en", "de") for n in range(20)]
    report = run(write_pictures(tmp_path, rows))
    for task, gallery, queries in (("text-to-image", 20, 40), ("image-to-text", 20, 40)):
        found = scores(report, task)
        assert {language for language, _ in found} == {"all", "de", "en"}
        assert set(found["all", 128].values.values()) == {1.0}
        assert (found["all", 128].queries, found["all", 128].gallery) == (queries, gallery)
        assert found["de", 128].chance == pytest.approx(0.5)


def test_what_is_wrong_stands_where_it_ranks(tmp_path: Path) -> None:
    """One text of twelve is about no. 1 and belongs to no. 11, which comes last of all."""
    rows = [(n, "en", f"kite {n}") for n in range(11)] + [(11, "en", "not 1")]
    forth = scores(run(write_pictures(tmp_path, rows)), "text-to-image")["en", 128].values
    assert forth["R@1"] == forth["R@10"] == pytest.approx(11 / 12)
    assert forth["MRR"] == pytest.approx((11 + 1 / 12) / 12)
    back = scores(run(tmp_path), "image-to-text")["en", 128].values
    assert back["R@1"] == pytest.approx(11 / 12)


def test_a_picture_has_several_texts_and_a_text_several_pictures(tmp_path: Path) -> None:
    write_pictures(
        tmp_path, [(0, "en", "a 0"), (0, "en", "b 0"), (1, "en", "c 1"), (2, "en", "c 1")]
    )
    report = run(tmp_path)
    forth = scores(report, "text-to-image")["en", 128]
    assert (forth.queries, forth.gallery) == (3, 3)
    assert forth.values["R@1"] == 1
    assert forth.values["nDCG@10"] == pytest.approx((2 + 1.5 / (1 + 1 / math.log2(3))) / 3)
    back = scores(report, "image-to-text")["en", 128]
    assert (back.queries, back.gallery) == (3, 3)
    assert back.values["R@1"] == pytest.approx(2 / 3)


def test_equal_pictures_are_one_whatever_they_are_called(tmp_path: Path) -> None:
    write_pictures(tmp_path, [(0, "en", "a 0"), (1, "en", "b 1")])
    (tmp_path / "images/1.png").write_bytes(picture(0))
    found = scores(run(tmp_path), "text-to-image")["en", 128]
    assert (found.queries, found.gallery) == (2, 1)


def test_all_languages_search_all_pictures_and_are_searched_apart(tmp_path: Path) -> None:
    rows = [(n, "en", f"kite {n}") for n in range(8)] + [
        (n, "de", f"Drachen {n}") for n in range(3)
    ]
    report = run(write_pictures(tmp_path, rows))
    forth, back = (scores(report, task) for task in ("text-to-image", "image-to-text"))
    assert [forth[code, 128].gallery for code in ("all", "de", "en")] == [8, 8, 8]
    assert [back[code, 128].gallery for code in ("all", "de", "en")] == [None, 3, 8]
    assert [back[code, 128].queries for code in ("all", "de", "en")] == [11, 3, 8]


def test_all_is_the_mean_over_queries(tmp_path: Path) -> None:
    rows = [(n, "en", f"kite {n}") for n in range(6)] + [
        (0, "de", "Drachen 1"),
        (1, "de", "Ball 0"),
    ]
    found = scores(run(write_pictures(tmp_path, rows)), "text-to-image")
    assert found["en", 128].values["R@1"] == 1
    assert found["de", 128].values["R@1"] == 0
    assert found["all", 128].values["R@1"] == pytest.approx(6 / 8)


def test_languages_that_are_not_understood_are_told(tmp_path: Path) -> None:
    rows = [(0, "en", "a 0"), (0, "th", "ก 0"), (1, "th", "ข 1"), (2, "", "c 2")]
    report = run(write_pictures(tmp_path, rows))
    for result in report.results:
        assert dict(result.not_evaluated) == {"th": 2, "und": 1}
        assert {score.language for score in result.scores} == {"all", "en"}
    assert scores(report, "text-to-image")["en", 128].gallery == 3
    console = Console(record=True, width=120)
    for table in report.tables():
        console.print(table)
    assert "not evaluated (texts): th (2), und (1)" in console.export_text()


def test_where_nothing_is_understood_nothing_is_scored(tmp_path: Path) -> None:
    report = run(write_pictures(tmp_path, [(0, "th", "ก 0")]))
    assert [(result.scores, dict(result.not_evaluated)) for result in report.results] == [
        ((), {"th": 1})
    ] * 2
    assert report.headlines() == {}
    assert len(list(report.tables())) == 2


def test_embeddings_are_cut(tmp_path: Path) -> None:
    """What says no. 70 lies beyond the first 64 features."""
    rows = [(n, "en", f"kite {n}") for n in (3, 5, 70)]
    report = evaluate(
        Known(), [EvaluationSet(data=str(write_pictures(tmp_path, rows)))], dims=(64, 128, 64)
    )
    found = scores(report, "text-to-image")
    assert [dim for language, dim in found if language == "en"] == [128, 64]
    assert found["en", 128].values["R@1"] == 1
    assert found["en", 64].values["R@1"] == pytest.approx(2 / 3)


def test_sizes_are_powers_of_two_below_the_full_one() -> None:
    assert matryoshka_dims(1024) == (1024, 512, 256, 128, 64)
    assert matryoshka_dims(64) == (64,)
    assert matryoshka_dims(768)[0] == 768


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dims": (64, 256)}, r"dims must be in \[1, 128\], the model's size; got 256"),
        ({"dims": (0,)}, r"dims must be in \[1, 128\]"),
        ({"dims": ()}, "dims must name a size"),
        ({"batch": 0}, "batch must be at least 1, got 0"),
    ],
)
def test_bounds(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(Known(), [], **settings)


def test_two_sets_need_two_names(tmp_path: Path) -> None:
    place = str(write_pictures(tmp_path, [(0, "en", "a 0")]))
    with pytest.raises(ValueError, match="must have different names"):
        evaluate(Known(), [EvaluationSet(data=place)] * 2)
    both = [EvaluationSet(data=place, name=name) for name in "ab"]
    assert [result.name for result in evaluate(Known(), both).results] == ["a", "a", "b", "b"]


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_batches_are_full_and_change_nothing(batch: int, tmp_path: Path) -> None:
    rows = [(n, code, f"{code} {n}") for code in ("en", "de") for n in range(20)]
    sets = [EvaluationSet(data=str(write_pictures(tmp_path, rows)))]
    encoder, seen = Known(), []
    report = evaluate(encoder, sets, batch=batch, on_progress=seen.append)
    assert report == evaluate(Known(), sets)
    cut = [[min(batch, n - start) for start in range(0, n, batch)] for n in (20, 40)]
    assert encoder.batches == [*itertools.chain(*cut)]
    assert seen[-1] == Progress(str(tmp_path), "texts", 40, 40)
    assert [step.total for step in seen if step.unit == "pictures"] == [20] * len(cut[0])


def test_a_real_model_scores_alike_in_any_batch(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    known = list(zip(LANGUAGES, TEXTS, strict=True))
    spellings = [lambda text: text, lambda text: text[::-1], lambda text: f"{text} {text}"]
    rows = [(n, code, spell(text)) for n, spell in enumerate(spellings) for code, text in known]
    write_pictures(folder, rows)
    for n, image in enumerate(pictures()):
        image.save(folder / f"images/{n}.png")
    teacher = load_teacher(TeacherSpec(model=str(ours(tmp_path / "model")), dtype="float32"))
    sets = [EvaluationSet(data=str(folder))]
    one, other = (evaluate(teacher, sets, dims=(24, 8), batch=batch) for batch in (2, 50))
    assert as_json(one) == as_json(other)
    assert {score.dim for score in one.results[0].scores} == {24, 8}
    assert scores(one, "text-to-image")["ja", 24].queries == 3


def test_pictures_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At no time are there more than two batches of them."""
    decoded, most = [], []

    class Counting(Known):
        def embed_images(self, images: list[Image.Image]) -> np.ndarray:
            most.append(len(decoded) - sum(self.batches))
            return super().embed_images(images)

    def decode(body: bytes) -> Image.Image:
        decoded.append(1)
        return decode_picture(body)

    monkeypatch.setattr(evaluation, "decode_picture", decode)
    place = write_pictures(tmp_path, [(n, "en", f"kite {n}") for n in range(60)])
    evaluate(Counting(), [EvaluationSet(data=str(place))], batch=5)
    assert len(most) == 12
    assert max(most) <= 10


def test_limit_is_of_pictures_with_all_their_texts(tmp_path: Path) -> None:
    rows = [(n, code, f"{code} {n}") for code in ("en", "de") for n in range(20)]
    found = scores(run(write_pictures(tmp_path, rows), limit=6), "text-to-image")
    assert (found["all", 128].queries, found["all", 128].gallery) == (12, 6)


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write_pictures(tmp_path, [(0, "en", "a 0"), (1, "en", "b 1")])
    (tmp_path / "images/1.png").write_bytes(picture(1)[:40])
    with pytest.raises(DataError, match=r"images/1\.png is no picture that can be read"):
        run(tmp_path)
    (tmp_path / "images/1.png").unlink()
    with pytest.raises(DataError, match=r"images/1\.png cannot be read: .*No such file"):
        run(tmp_path)


def test_transparency_is_white_and_pictures_stand_upright(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    turned = Image.new("RGB", (8, 4))
    exif = turned.getexif()
    exif[0x0112] = 6
    clear.save(tmp_path / "clear.png")
    turned.save(tmp_path / "turned.jpg", exif=exif)
    assert decode_picture((tmp_path / "clear.png").read_bytes()).getpixel((0, 0)) == (255,) * 3
    assert decode_picture((tmp_path / "turned.jpg").read_bytes()).size == (4, 8)


def test_documents_are_graded_and_searched_by_language(tmp_path: Path) -> None:
    """`q 0` finds what is fair, what is wrong, and then what is good."""
    rows = [
        ("en", "q 0", "fair 0", 2.0),
        ("en", "q 0", "good 1", 4.0),
        ("en", "q 0", "wrong 0", 0.0),
        ("en", "r 1", "good 1", 1.0),
        ("de", "f 2", "gut 2", 1.0),
    ]
    names = ("language", "query", "document", "relevance")
    write_rows(tmp_path / "rows.parquet", [dict(zip(names, row, strict=True)) for row in rows])
    found = scores(run(tmp_path), "text-to-text")
    assert [(found[code, 128].queries, found[code, 128].gallery) for code in ("en", "de")] == [
        (2, 3),
        (1, 1),
    ]
    gained, ideal = 2 + 4 / math.log2(4), 4 + 2 / math.log2(3)
    assert found["en", 128].values["nDCG@10"] == pytest.approx((gained / ideal + 1) / 2)


@pytest.mark.parametrize("negatives", [0, 2])
def test_hard_negatives_are_searched_too(negatives: int, tmp_path: Path) -> None:
    rows = [
        {"anchor": f"q {n}", "positive": f"p {n}"}
        | {f"negative_{k + 1}": f"n {k} {n + 50}" for k in range(negatives)}
        for n in range(4)
    ]
    write_rows(tmp_path / "part-00000.parquet", rows)
    found = scores(run(tmp_path, language="en"), "text-to-text")["en", 128]
    assert (found.queries, found.gallery, found.values["R@1"]) == (4, 4 * (1 + negatives), 1)


def test_sentences_in_parallel_ask_for_the_english(tmp_path: Path) -> None:
    rows = [{"de": f"Satz {n}\r", "th": f"ก {n}", "en": f"sentence {n}"} for n in range(5)]
    rows.append({"de": None, "th": "ก 6", "en": "alone 6"})
    report = run(write_rows(tmp_path / "sentences.parquet", rows))
    found = scores(report, "text-to-text")["de", 128]
    assert (found.queries, found.gallery, found.values["R@1"]) == (5, 6, 1)
    assert dict(report.results[0].not_evaluated) == {"th": 6}


def test_similarity_follows_what_people_say(tmp_path: Path) -> None:
    rows = [("en", "a 1", "b 1", 5), ("en", "a 1", "b 2", 0), ("en", "c 3", "b 2", 1)]
    rows += [("de", "a 1", "b 1", 0), ("de", "a 1", "b 2", 5), ("th", "a 1", "b 2", 5)]
    names = ("language", "sentence1", "sentence2", "score")
    place = write_rows(
        tmp_path / "sts.parquet", [dict(zip(names, row, strict=True)) for row in rows]
    )
    report = run(place)
    found = scores(report, "similarity")
    assert found["en", 128].values["Spearman"] == pytest.approx(math.sqrt(3) / 2)
    assert found["de", 128].values["Spearman"] == pytest.approx(-1)
    assert found["all", 128].queries == 5
    assert dict(report.results[0].not_evaluated) == {"th": 2}


def test_what_is_not_defined_is_null_in_json(tmp_path: Path) -> None:
    rows = [{"sentence1": "a 1", "sentence2": "b 1", "score": 1.0}]
    report = run(write_rows(tmp_path / "sts.parquet", rows), language="en")
    assert as_json(report)["results"][0]["scores"][0]["values"] == {"Spearman": None}


def test_headlines_are_over_all_languages_at_full_size(tmp_path: Path) -> None:
    report = run(write_pictures(tmp_path, [(0, "en", "a 0"), (1, "de", "b 1")]), name="toy")
    assert report.headlines()["toy/text-to-image/R@10"] == 1
    assert len(report.headlines()) == 10


def test_the_table_says_what_was_searched_and_what_chance_is(tmp_path: Path) -> None:
    score = Score("all", 64, 12_345, 678, 0.0147, {"R@1": 0.5, "R@10": 0.75})
    report = Report(64, (Result("toy [x]", "text-to-image", (score,), {}),))
    console = Console(record=True, width=120)
    console.print(*report.tables())
    shown = console.export_text()
    assert "toy [x]: text-to-image, texts search all pictures of the set" in shown
    assert all(word in shown for word in ("12,345", "678", "0.015", "0.500", "0.750"))


@pytest.mark.parametrize(("answers", "gallery"), [(1, 1000), (3, 50), (2, 11), (1, 10), (4, 6)])
def test_chance_is_that_of_drawing_ten(answers: int, gallery: int) -> None:
    missed = math.comb(gallery - answers, min(10, gallery)) / math.comb(gallery, min(10, gallery))
    assert chance(torch.tensor([answers]), gallery) == pytest.approx(1 - missed)
