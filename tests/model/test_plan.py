"""What a plan refuses of folds, and the plans that it is of."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.plan import DataSet
from schemas.ids import Fold, Folds
from tests.model.small_training import plan, stage


def test_a_plan_of_folds_is_one_for_each_model(tmp_path: Path) -> None:
    asked = replace(plan(tmp_path / "out", stage(tmp_path, "images")), folds=3)
    plans = asked.of_each_model()
    assert [of.output for of in plans] == [f"{tmp_path}/out/fold-{n}" for n in range(3)]
    assert [of.unseen for of in plans] == [Fold(n, Folds(3)) for n in range(3)]
    assert replace(plans[1], folds_of="captions").unseen == Fold(1, Folds(3, "captions"))
    assert [of.of_each_model() for of in plans] == [[of] for of in plans]
    plain = replace(asked, folds=None)
    assert (plain.of_each_model(), plain.unseen) == ([plain], None)


@pytest.mark.parametrize(
    ("kinds", "settings", "said"),
    [
        ("images texts", {"folds": 2}, "folds are of captions: a plan with folds must have no tex"),
        ("images", {"folds_of": "captions"}, "folds_of must come with folds, got captions of none"),
        ("images", {"folds": 2, "unseen_fold": 2}, "unseen_fold must be below folds, got 2 of 2"),
        ("images", {"unseen_fold": 0}, "unseen_fold must be below folds, got 0 of 0"),
    ],
)
def test_folds_that_cannot_be(
    tmp_path: Path, kinds: str, settings: dict[str, int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        replace(plan(tmp_path, stage(tmp_path, kinds)), **settings)


@pytest.mark.parametrize(
    ("kind", "folds", "said"),
    [
        ("images", None, "trusted must come with folds: without them every pair is seen"),
        ("texts", None, "trusted must come with folds"),
        ("images", 2, "a plan with folds must have images that are not trusted: the pool"),
    ],
)
def test_trusted_pairs_are_beside_those_that_are_judged(
    tmp_path: Path, kind: str, folds: int | None, said: str
) -> None:
    trusted = stage(tmp_path, "", **{kind: (DataSet(f"{tmp_path}", trusted=True),)})
    with pytest.raises(ValueError, match=said):
        replace(plan(tmp_path, stage(tmp_path)), folds=folds, stages=(trusted,))


def test_the_pool_is_not_trusted_in_a_later_stage(tmp_path: Path) -> None:
    pool, known = (
        stage(tmp_path, "", name=name, images=(DataSet(f"{tmp_path}", trusted=name == "known"),))
        for name in ("pool", "known")
    )
    with pytest.raises(ValueError, match="trusted must be other data than the pool"):
        replace(plan(tmp_path, stage(tmp_path)), folds=2, stages=(pool, known))
