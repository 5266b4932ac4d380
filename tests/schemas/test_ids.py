from collections import Counter

import pytest

from schemas.ids import Fold, Folds, digest

UIDS = [digest(str(number)) for number in range(3_000)]


@pytest.mark.parametrize("folds", [Folds(3), Folds(3, "captions")])
def test_folds_are_of_near_equal_size_and_each_pair_is_in_one(folds: Folds) -> None:
    sizes = Counter(folds.fold_of(id_, id_) for id_ in UIDS)
    assert sorted(sizes) == [0, 1, 2]
    assert all(abs(size - 1_000) < 100 for size in sizes.values())
    for id_ in UIDS[:50]:
        assert [Fold(number, folds).has(id_, id_) for number in range(3)].count(True) == 1


def test_a_picture_is_in_one_fold_or_each_of_its_captions_by_itself() -> None:
    captions = UIDS[1:100]
    assert len({Folds(3).fold_of(UIDS[0], caption) for caption in captions}) == 1
    assert len({Folds(3, "captions").fold_of(UIDS[0], caption) for caption in captions}) == 3
    of_each = {Folds(3, "captions").fold_of(uid, UIDS[0]) for uid in UIDS[1:100]}
    assert len(of_each) == 1


def test_folds_have_nothing_to_do_with_what_else_is_hashed() -> None:
    """Uids that begin alike, as those of one part of a table do, are in all folds alike."""
    alike = [uid for uid in UIDS if uid < "4"]
    sizes = Counter(Folds(3).fold_of(uid, "") for uid in alike)
    assert all(abs(size - len(alike) / 3) < 60 for size in sizes.values())
