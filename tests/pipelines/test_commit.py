"""Two attempts at one shard never mix, wherever either of them stops."""

import threading
from pathlib import Path

import pytest

from pipelines.commit import Attempt, committed_shards, finish_claims
from pipelines.storage import Folder

SUFFIXES = (".tar", ".parquet", "_stats.json")


def written(output: Folder, words: str) -> Attempt:
    attempt = Attempt(output, 3)
    for suffix in SUFFIXES:
        attempt.folder.write(attempt.name(suffix), words.encode())
    return attempt


def shard(output: Folder) -> set[bytes]:
    return {(output / "gathered").read(f"00003{suffix}") for suffix in SUFFIXES}


@pytest.mark.parametrize("round_", range(20))
def test_racing_attempts_leave_one_of_them_whole(tmp_path: Path, round_: int) -> None:
    output = Folder(str(tmp_path))
    attempts = [written(output, f"attempt {n}") for n in range(4)]
    start = threading.Barrier(4)

    def commit(attempt: Attempt) -> None:
        start.wait()
        attempt.commit()

    threads = [threading.Thread(target=commit, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shard(output)) == 1
    assert committed_shards(output) == {"00003"}


@pytest.mark.parametrize("moves", range(4))
def test_a_commit_that_died_half_way_is_finished_with_the_same_attempt(
    tmp_path: Path, moves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Folder(str(tmp_path))
    first, second = written(output, "first"), written(output, "second")
    move, left = Folder.move, [moves]

    def dying(self: Folder, *args: object) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        move(self, *args)

    monkeypatch.setattr(Folder, "move", dying)
    if moves < 3:
        with pytest.raises(KeyboardInterrupt):
            first.commit()
        assert not committed_shards(output)
    else:
        first.commit()
    monkeypatch.setattr(Folder, "move", move)
    second.commit()
    finish_claims(output)
    assert shard(output) == {b"first"}


def test_a_loser_that_comes_late_changes_nothing(tmp_path: Path) -> None:
    output = Folder(str(tmp_path))
    written(output, "first").commit()
    written(output, "second").commit()
    assert shard(output) == {b"first"}


def test_a_loser_that_comes_when_the_claims_are_gone_changes_nothing(tmp_path: Path) -> None:
    output = Folder(str(tmp_path))
    written(output, "first").commit()
    (output / "_work/gather/claims").remove()
    written(output, "late").commit()
    assert shard(output) == {b"first"}
