from collections import Counter

from schemas.ids import Fold, digest, fold_of

UIDS = [digest(str(number)) for number in range(3_000)]


def test_folds_are_of_near_equal_size_and_each_picture_is_in_one() -> None:
    sizes = Counter(fold_of(uid, 3) for uid in UIDS)
    assert sorted(sizes) == [0, 1, 2]
    assert all(abs(size - 1_000) < 100 for size in sizes.values())
    for uid in UIDS[:50]:
        assert [Fold(number, 3).has(uid) for number in range(3)].count(True) == 1


def test_folds_have_nothing_to_do_with_what_else_is_hashed() -> None:
    """Uids that begin alike, as those of one part of a table do, are in all folds alike."""
    alike = [uid for uid in UIDS if uid < "4"]
    sizes = Counter(fold_of(uid, 3) for uid in alike)
    assert all(abs(size - len(alike) / 3) < 60 for size in sizes.values())
