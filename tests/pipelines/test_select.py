"""`select` on scores that are known: what is kept, why the rest is not, and that it adds up."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.driver import Job, run_job
from pipelines.errors import PairmillError, RecipeError, RunError
from pipelines.recipe_file import read_recipe
from pipelines.select import preview_lines
from schemas.ids import Folds
from schemas.layout import PICTURE_BRANCH
from tests.conftest import counts, curate, digests, table
from tests.pipelines.made_scores import DIM, RECIPE, Made, uid_of

CLI = [sys.executable, "-m", "pipelines.cli"]
FRACTION = '[select.threshold]\nby = "keep-fraction"\nvalue = {}\nmin_group = 50\n'
NONE = '[select.threshold]\nby = "none"\n'


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def selected(recipe: Path, *flags: str) -> "Ends":
    curate(recipe, *flags, stages=("select",))
    return Ends(recipe.parent / "out")


class Ends:
    """What came of a run; what came in is kept or rejected."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.pictures = {row["uid"] for row in table(output / "selected/pictures")}
        self.captions = {row["caption_id"]: row for row in table(output / "selected/captions")}
        self.ledger = table(output / "ledger/select")
        self.chosen = json.loads((output / "thresholds.json").read_text())
        self.report = json.loads((output / "ledger/select/scores.json").read_text())
        self._check(counts(output, "select"))

    def _check(self, found: dict[str, int]) -> None:
        assert {row["uid"] for row in self.captions.values()} == self.pictures
        for unit, kept in (("picture", self.pictures), ("caption", self.captions)):
            gone = {row["id"] for row in self.ledger if row["unit"] == unit}
            assert gone.isdisjoint(kept)
            assert found[f"{unit} in"] == len(gone) + len(kept)
            assert found[f"{unit} kept"] == len(kept)

    @property
    def reasons(self) -> Counter[tuple[str, str]]:
        return Counter((row["unit"], row["reason"]) for row in self.ledger)

    def reason_of(self, id_: str) -> str:
        return next((row["reason"] for row in self.ledger if row["id"] == id_), "kept")


def test_a_precision_is_reached_without_knowing_which_captions_match(made: Made) -> None:
    made.draw(3_000, "en", mismatched=0.4)
    made.draw(3_000, "de", mismatched=0.1)
    ends = selected(made.write())
    by_group = {(row["language"], row["source"]): row for row in ends.chosen["thresholds"]}
    for language, share in (("en", 0.4), ("de", 0.1)):
        threshold = by_group[language, "web"]
        assert threshold["level"] == "group"
        assert threshold["mismatched"] == pytest.approx(share, abs=0.05)
        kept = {id_ for id_, row in ends.captions.items() if row["language"] == language}
        matches = made.matches & {
            row["caption_id"]
            for row in table(ends.output / "captions/source")
            if row["language"] == language
        }
        assert len(kept & matches) / len(kept) >= 0.93
        assert len(kept & matches) / len(matches) >= 0.85
    gone = next(row for row in ends.ledger if row["unit"] == "caption")
    assert gone["reason"] == "below-threshold"
    assert gone["detail"].startswith("score ")
    assert ends.reasons["picture", "no-caption"] == ends.reasons["caption", "below-threshold"]


def test_a_picture_stays_while_one_of_its_captions_does(made: Made) -> None:
    high = made.add(0, "en", "both", [0.9])
    low = made.add(0, "de", "beide", [-0.9])
    alone = made.add(1, "de", "allein", [-0.9])
    ends = selected(made.write('[select.threshold]\nby = "cosine"\nvalue = 0.0\n'))
    assert set(ends.captions) == {high}
    assert ends.pictures == {uid_of(0)}
    assert ends.reason_of(low) == ends.reason_of(alone) == "below-threshold"
    assert ends.reason_of(uid_of(1)) == "no-caption"
    detail = {row["id"]: row["detail"] for row in ends.ledger}
    assert detail[low] == "score -0.9000, needs 0.0000"


@pytest.mark.parametrize(("what", "fate"), [("keep", "kept"), ("reject", "not-understood")])
def test_captions_that_no_teacher_understands(made: Made, what: str, fate: str) -> None:
    made.draw(200, "en", 0.2)
    strange = made.add(900, "ka", "უცხო", [None], [0.0])
    ends = selected(made.write(f'not_understood = "{what}"\n' + FRACTION.format(0.5)))
    assert ends.reason_of(strange) == fate


def test_scores_of_two_teachers_are_brought_to_one_scale(made: Made) -> None:
    """The second one's cosines are a tenth as wide, and it alone is right."""
    random = np.random.default_rng(0)
    right = []
    for picture in range(400):
        matches = picture % 2 == 0
        scores = [random.normal(0.05, 0.1), random.normal(0.33 if matches else 0.3, 0.003)]
        shuffled = [random.normal(0.05, 0.1), random.normal(0.3, 0.003)]
        id_ = made.add(picture, "en", str(picture), scores, shuffled)
        right += [id_] * matches
    strange = made.add(500, "ka", "ერთი", [None, 0.33], [0.0, 0.3])
    ends = selected(made.write(FRACTION.format(0.5)))
    kept = [id_ for id_ in ends.captions if id_ != strange]
    assert len(set(kept) & set(right)) / len(kept) > 0.98
    assert ends.reason_of(strange) == "kept"
    scales = {(row["teacher"], row["language"]): row for row in ends.chosen["scales"]}
    assert scales["teacher-1@0", "en"]["std"] == pytest.approx(0.003, abs=0.001)
    assert ends.chosen["teachers"] == ["teacher-0@0", "teacher-1@0"]


def test_two_teachers_together_know_more_than_either(tmp_path: Path) -> None:
    """Whose mistakes are different ones, as those of two trainings are."""
    random, right = np.random.default_rng(0), []
    both, first, second = (Made(tmp_path / name) for name in ("both", "first", "second"))
    for picture in range(2_000):
        matches = picture % 2 == 0
        scores = [
            random.normal(of + 2 * std * matches, std) for of, std in ((0.1, 0.1), (0.5, 0.02))
        ]
        shuffled = [random.normal(0.1, 0.1), random.normal(0.5, 0.02)]
        for made, of in ((both, slice(2)), (first, slice(1)), (second, slice(1, 2))):
            id_ = made.add(picture, "en", str(picture), scores[of], shuffled[of])
        right += [id_] * matches
    shares = []
    for made in (both, first, second):
        kept = selected(made.write(FRACTION.format(0.5))).captions
        shares.append(len(kept.keys() & set(right)) / len(kept))
    # Of two normal distributions 2 deviations apart the half of each side is right by 84.1 %; the
    # means of two such are 2·√2 apart: 92.1 %.
    assert shares == pytest.approx([0.921, 0.841, 0.841], abs=0.015)


def test_scores_of_a_teachers_folds_are_brought_to_one_scale(made: Made) -> None:
    """In one fold cosines are a tenth as wide, and higher than all of the other's."""
    random, right = np.random.default_rng(0), []
    made.folds = 2
    for picture in range(1_200):
        matches = picture % 2 == 0
        mean, std = (0.05, 0.1) if Folds(2).fold_of(uid_of(picture), "") == 0 else (0.6, 0.01)
        score = random.normal(mean + 5 * std * matches, std)
        id_ = made.add(picture, "en", str(picture), [score], [random.normal(mean, std)])
        right += [id_] * matches
    ends = selected(made.write(FRACTION.format(0.5)))
    assert len(set(ends.captions) & set(right)) / len(ends.captions) > 0.98
    scales = {row["fold"]: row for row in ends.chosen["scales"]}
    assert scales[1]["std"] == pytest.approx(0.01, rel=0.1)
    assert ends.chosen["teachers"] == ["teacher-0@0"]
    (made.folder / "first.json").write_text(json.dumps(ends.chosen))
    again = selected(made.rewrite('thresholds = "first.json"'))
    assert again.captions == ends.captions


def test_a_language_of_few_captions_is_in_the_scale_of_its_folds(made: Made) -> None:
    """In all languages, since its own say nothing: a fold has under 100 of them."""
    random, right = np.random.default_rng(0), set[str]()
    made.folds = 2
    for picture in range(1_350):
        matches, language = picture % 2 == 0, "ka" if picture < 150 else "en"
        mean, std = (0.05, 0.1) if Folds(2).fold_of(uid_of(picture), "") == 0 else (0.6, 0.01)
        score = random.normal(mean + 6 * std * matches, std)
        id_ = made.add(picture, language, str(picture), [score], [random.normal(mean, std)])
        right |= {id_} if matches else set()
    ends = selected(made.write(FRACTION.format(0.5)))
    few = {id_ for id_, row in ends.captions.items() if row["language"] == "ka"}
    assert len(few & right) / len(few) > 0.95
    assert len(few & right) > 70


def test_folds_are_brought_to_the_same_scale_in_any_parts(tmp_path: Path) -> None:
    """Also in parts in which the first fold has no caption of a language."""
    kept = []
    for parts in (1, 130):
        made = Made(tmp_path / str(parts), folds=2)
        for picture in range(260):
            high = Folds(2).fold_of(uid_of(picture), "")
            at = picture / 1_000 + 0.5 * high
            made.add(picture, "en", str(picture), [at], [picture % 50 / 1_000 + 0.5 * high])
        kept.append(selected(made.write(FRACTION.format(0.5), parts)))
    assert kept[0].captions == kept[1].captions
    assert kept[0].chosen == kept[1].chosen


def test_thresholds_of_another_run(made: Made, tmp_path: Path) -> None:
    made.draw(3_000, "en", 0.4)
    first = selected(made.write())
    shutil.copy(first.output / "thresholds.json", tmp_path / "kept.json")
    few = Made(tmp_path / "few")
    few.draw(30, "en", 0.5)
    ends = selected(few.write('thresholds = "../kept.json"'))
    cuts = {row["score"] for row in ends.chosen["thresholds"]}
    assert cuts == {row["score"] for row in first.chosen["thresholds"] if row["source"] == "web"}
    assert len(ends.captions) == pytest.approx(15, abs=2)
    (tmp_path / "kept.json").write_text(json.dumps(first.chosen | {"teachers": ["other@1"]}))
    with pytest.raises(PairmillError, match="must not be compared"):
        selected(few.rewrite('thresholds = "../kept.json"'))
    (tmp_path / "kept.json").write_text("{}")
    with pytest.raises(PairmillError, match=r"is no thresholds\.json of a run"):
        selected(few.rewrite('thresholds = "../kept.json"'))
    with pytest.raises(PairmillError, match="there is no"):
        selected(few.rewrite('thresholds = "../nowhere.json"'))


def turned(degrees: float) -> np.ndarray:
    row = np.zeros(DIM)
    row[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return row


def test_of_pictures_that_mean_the_same_the_better_stays(made: Made) -> None:
    for picture, (degrees, score) in enumerate([(0, 0.5), (5, 0.9), (90, 0.3), (180, 0.2)]):
        made.embeddings[picture] = turned(degrees)
        made.add(picture, "en", f"a{picture}", [score])
    made.add(0, "de", "auch", [0.1])
    rules = "[select.semantic]\nmin_cosine = 0.98\nclusters = 1\n"
    ends = selected(made.write(NONE + rules))
    assert ends.pictures == {uid_of(1), uid_of(2), uid_of(3)}
    assert ends.reasons == {
        ("picture", "semantic-duplicate"): 1,
        ("caption", "semantic-duplicate"): 2,
    }
    (row,) = (row for row in ends.ledger if row["unit"] == "picture")
    assert row["detail"] == f"of {uid_of(1)}, cosine 0.9962"
    assert ends.chosen["semantic"] == {
        "clusters": 1, "pictures": 4, "largest": 4, "cut_in_pieces": 0,
    }  # fmt: skip
    ends = selected(made.rewrite(NONE + rules.replace("0.98", "0.999")))
    assert len(ends.pictures) == 4


def test_a_cluster_that_is_too_large_is_cut_and_told(made: Made) -> None:
    for picture in range(40):
        made.embeddings[picture] = turned(0)
        made.add(picture, "en", f"a{picture}", [0.5])
    rules = "[select.semantic]\nclusters = 1\nlargest_cluster = {}\n"
    whole = selected(made.write(NONE + rules.format(40)))
    assert len(whole.pictures) == 1
    cut = selected(made.rewrite(NONE + rules.format(10)))
    assert len(cut.pictures) == 4
    assert cut.chosen["semantic"]["cut_in_pieces"] == 1


def test_common_concepts_are_thinned_and_rare_ones_kept(made: Made) -> None:
    for language, words in (("en", ("Cats", "dog", "rare{}")), ("ja", ("猫の絵", "犬", "珍{}"))):
        for number in range(600):
            word = words[0 if number >= 130 else 1 if number >= 30 else 2].format(number % 3)
            made.add(len(made.captions), language, f"{word} {number}", [0.5])
    rules = "[select.balance]\ntail_share = 0.06\nmin_captions = 10\n"
    ends = selected(made.write(NONE + rules))
    texts = Counter(row["text"][:4].rstrip("0123456789 ") for row in ends.captions.values())
    assert texts["rare"] == 30
    assert texts["珍0"] + texts["珍1"] + texts["珍2"] + texts["珍"] == 30
    assert 60 < texts["Cats"] < 140  # of 470, t is 100
    assert ends.chosen["balance"]["en"]["t"] == 100
    assert set(ends.chosen["balance"]) == {"en", "ja"}
    assert ends.reasons["caption", "concept-balance"] == 1_200 - len(ends.captions)


def test_concepts_of_a_list(made: Made) -> None:
    (made.folder / "en.txt").write_text("cat\npolar bear\n")
    for picture in range(300):
        made.add(picture, "en", f"A cat, number {picture}", [0.5])
    bear = made.add(300, "en", "The Polar  Bear!", [0.5])
    other = made.add(301, "en", "A tree", [0.5])
    rules = '[select.balance]\nconcepts = {en = "en.txt"}\ntail_share = 0.01\n'
    ends = selected(made.write(NONE + rules + "drop_unmatched = true\n"))
    assert ends.reason_of(bear) == "kept"
    assert ends.reason_of(other) == "no-concept"
    assert ends.chosen["balance"]["en"] == {"t": 300, "concepts": 2, "matches": 301}
    ends = selected(made.rewrite(NONE + rules))
    assert ends.reason_of(other) == "kept"
    with pytest.raises(PairmillError, match=r"there is no .*xx.txt"):
        selected(made.rewrite(NONE + rules.replace("en.txt", "xx.txt")))


def test_a_budget_keeps_the_best_of_each_language(made: Made) -> None:
    for picture in range(60):
        made.add(picture, "en" if picture < 40 else "de", f"t{picture}", [picture / 100])
    ends = selected(made.write(NONE + "[select.budget]\nmax_pictures = 15\n"))
    kept = {*range(30, 40), *range(55, 60)}
    assert ends.pictures == {uid_of(picture) for picture in kept}
    assert ends.reasons == {("picture", "over-budget"): 45, ("caption", "over-budget"): 45}
    assert ends.chosen["budget"] == {"de": 5, "en": 10}
    ends = selected(made.rewrite(NONE + "[select.budget]\nshares = {de = 0.8, en = 0.2}\n"))
    assert ends.chosen["budget"] == {"de": 20, "en": 5}
    assert len(ends.pictures) == 25


def test_a_budget_ends_between_equals_by_uid(made: Made) -> None:
    for picture in range(30):
        made.add(picture, "en", f"t{picture}", [0.5])
    ends = selected(made.write(NONE + "[select.budget]\nmax_pictures = 7\n"))
    assert ends.pictures == set(sorted(uid_of(picture) for picture in range(30))[:7])


ALL = """\
[select.threshold]
by = "keep-fraction"
value = 0.8
min_group = 100
[select.semantic]
min_cosine = 0.9
[select.balance]
min_captions = 5
tail_share = 0.3
[select.budget]
max_pictures = 100
"""


def test_the_same_in_any_parts_with_any_workers_and_in_any_order(tmp_path: Path) -> None:
    def run(name: str, parts: int, *flags: str, turn: int = 1) -> Ends:
        made = Made(tmp_path / name)
        made.draw(150, "en", 0.3)
        made.draw(150, "de", 0.3, source="books")
        for picture in range(0, 300, 2):
            made.embeddings[picture] = turned(picture % 90)
        made.captions = made.captions[::turn]
        return selected(made.write(ALL, parts), *flags)

    one = run("one", 2)
    assert len(one.reasons) >= 6
    five = run("five", 5, "--direct_num_workers=2", turn=-1)
    assert five.captions == one.captions
    assert five.pictures == one.pictures
    assert five.chosen == one.chosen
    ends = [{(r["id"], r["reason"], r["detail"]) for r in of.ledger} for of in (one, five)]
    assert ends[0] == ends[1]


def test_a_run_that_was_killed_goes_on(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    made.draw(300, "en", 0.3)
    rules = FRACTION.format(0.5) + "[select.budget]\nmax_pictures = 100\n"
    expected = selected(made.write(rules))
    shutil.rmtree(expected.output / "ledger/select")
    again = made.write(rules)
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.select.WriteSelected", None)
        with pytest.raises(TypeError):
            curate(again, stages=("select",))
    patched: list[str] = []
    for name in ("CountScores", "make_room"):  # neither is called again
        monkeypatch.setattr(f"pipelines.select.{name}", lambda *_, name=name: patched.append(name))
    ends = selected(again)
    assert not patched
    assert ends.chosen == expected.chosen
    assert ends.captions == expected.captions


def test_what_is_looser_keeps_all_that_is_stricter_keeps(made: Made) -> None:
    made.draw(400, "en", 0.3)
    made.draw(400, "de", 0.5)
    kept: set[str] = set()
    made.write()
    for value in (0.2, 0.5, 0.9):
        ends = selected(made.rewrite(FRACTION.format(value)))
        assert kept < set(ends.captions)
        kept = set(ends.captions)


def test_a_changed_threshold_selects_again_and_scores_nothing(made: Made) -> None:
    made.draw(200, "en", 0.3)
    selected(made.write(FRACTION.format(0.5)))
    before = digests(made.folder / "out/scores")
    assert [e["event"] for e in curate(made.rewrite(FRACTION.format(0.5)), stages=("select",))] == [
        "skipped"
    ]
    events = curate(made.rewrite(FRACTION.format(0.4)), stages=("select",))
    assert [e["stage"] for e in events if e["event"] == "done"] == ["select"]
    assert digests(made.folder / "out/scores") == before
    assert len(Ends(made.folder / "out").captions) == pytest.approx(80, abs=1)


def test_a_dry_run_says_what_would_be_kept_and_leaves_nothing(made: Made) -> None:
    made.draw(300, "en", 0.3)
    made.draw(100, "de", 0.5, source="books")
    recipe = made.write(FRACTION.format(0.5))
    before = digests(made.folder / "out")
    done = subprocess.run(
        [*CLI, "select", recipe, "--dry-run"], capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["en", "web", "300", "150", "50.0%"] in [line[:5] for line in lines]
    assert ["de", "books", "100", "50", "50.0%"] in [line[:5] for line in lines]
    assert "pictures: 200 of 400 would be kept" in done.stdout
    after = digests(made.folder / "out")
    assert {name: of for name, of in after.items() if not name.startswith("_work/")} == before
    assert [name for name in after if name.startswith("_work/")] == ["_work/lock", "_work/run.log"]


def test_a_dry_run_over_text_pairs_alone_has_no_captions_to_tell_of() -> None:
    *_, captions, pictures = preview_lines(PICTURE_BRANCH, {}, {}, {})
    assert captions == "captions: 0 of 0 would be kept"
    assert pictures == "pictures: 0 of 0 would be kept"


@pytest.mark.parametrize("preview", [False, True])
def test_without_scores_it_says_what_to_run(made: Made, preview: bool) -> None:
    made.draw(10, "en", 0.3)
    recipe = made.write()
    shutil.rmtree(made.folder / "out/ledger/score")
    with pytest.raises(RunError, match="run pairmill score first"):
        run_job(Job(str(recipe), ("select",), None, (), (), preview), lambda _: None)


def test_nothing_to_select_from(made: Made) -> None:
    ends = selected(made.write(ALL))
    assert ends.captions == {}
    assert ends.chosen["thresholds"] == []


@pytest.mark.parametrize(
    ("select", "words"),
    [
        ("[select.threshold]\nvalue = 0", r"select.threshold.value must be in \(0, 1\]"),
        ("[select.treshold]\nvalue = 1", "did you mean threshold?"),
        ('[select.threshold]\nby = "luck"', "select.threshold.by: must be 'precision', "),
        ("[select.threshold]\nvalue_in = {xx = 0.5}", "threshold.value_in must be of "),
        ("[select.budget]", "select.budget.max_pictures must be given"),
        ("[select.semantic]\nmin_cosine = 2", "select.semantic.min_cosine must be in"),
    ],
)
def test_a_wrong_rule_is_named_with_its_key(made: Made, select: str, words: str) -> None:
    made.write()
    with pytest.raises(RecipeError, match=words):
        read_recipe(str(made.rewrite(select)))


def test_it_needs_scores_in_the_recipe(made: Made) -> None:
    made.write()
    recipe = RECIPE.replace('[[score.teachers]]\nmodel = "teacher"\n', "")
    with pytest.raises(RecipeError, match=r"select must go with a \[score\]"):
        read_recipe(str(made.rewrite("", recipe)))


def test_the_report_shows_histograms_and_examples(made: Made) -> None:
    made.draw(300, "en", 0.3)
    ends = selected(made.write(FRACTION.format(0.5)))
    english: dict[str, Any] = ends.report["languages"]["en"]
    assert sum(english["observed"]) == sum(english["shuffled"]) == english["captions"] == 300
    assert english["from"] < english["thresholds"]["web"] < english["to"]
    kinds = Counter(row["kind"] for row in ends.report["examples"])
    assert kinds == {"best": 5, "worst": 5, "borderline": 5}
    best = [row["score"] for row in ends.report["examples"] if row["kind"] == "best"]
    assert best == sorted(best, reverse=True)
    assert {row["fault"] for row in ends.report["examples"] if row["kind"] == "worst"} == {
        "below-threshold"
    }
    threshold = english["thresholds"]["web"]
    near = [r["score"] - threshold for r in ends.report["examples"] if r["kind"] == "borderline"]
    assert max(map(abs, near)) < 0.05
