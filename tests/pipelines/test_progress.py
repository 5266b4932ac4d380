import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipelines import progress
from pipelines.progress import Progress


def shown(folder: Path, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(progress, "_POLL_EVERY_S", 0.0)
    monkeypatch.setattr(progress, "_FIRST_LINE_S", 0.0)
    sink = io.StringIO()
    seen = Progress(Console(file=sink, force_terminal=terminal, width=100))

    def step(name: str, total: int = 0) -> dict[str, Any]:
        markers = str(folder) if total else ""
        return {
            "event": "step",
            "name": name,
            "total": total,
            "pieces": "shards",
            "markers": markers,
            "suffix": ".json",
            "work": 0,
            "price": 0.0,
        }

    def finish(name: str, count: int, successes: int) -> None:
        (folder / name).write_text(json.dumps({"count": count, "successes": successes}))

    finish("0.json", 100, 100)  # by an earlier run
    seen.take({"event": "stage", "stage": "gather"})
    seen.take(step("reading tables"))
    seen.take(step("gathering pictures", 4))
    finish("1.json", 50, 40)
    seen.tick()
    finish("2.json", 50, 40)
    (folder / "ignored.txt").write_text("no marker")
    counts = {"row in": 9, "row kept": 7, "row rejected x": 1, "row rejected y": 1}
    seen.take({"event": "done", "stage": "gather", "seconds": 75.0, "counts": counts})
    seen.close()
    return sink.getvalue()


def test_lines_where_there_is_no_terminal(tmp_path, monkeypatch) -> None:
    lines = shown(tmp_path, False, monkeypatch).splitlines()
    assert lines[0] == "gather   reading tables (0.0 s)"
    assert lines[1] == "gather   gathering pictures: 1 of 4 shards"
    assert lines[2].startswith("gather   gathering pictures: 3 of 4 shards, 200 rows, ")
    assert "90.0% kept" in lines[2]
    assert lines[3] == "gather   done in 1:15 min: rows 7 kept, 2 rejected"
    assert len(lines) == 4
    assert not any("\x1b" in line for line in lines)


def test_a_line_that_changes_on_a_terminal(tmp_path, monkeypatch) -> None:
    text = shown(tmp_path, True, monkeypatch)
    assert "rows 7 kept, 2 rejected" in text
    assert "\x1b" in text


def test_how_long_a_step_of_known_work_takes_is_said_after_its_first_pieces(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(progress, "_POLL_EVERY_S", 0.0)
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    sink = io.StringIO()
    seen = Progress(Console(file=sink, force_terminal=False, width=200))
    step = {"event": "step", "name": "translating", "total": 5, "pieces": "pieces"}
    step |= {"markers": str(tmp_path), "suffix": ".json", "work": 1_000_000, "price": 2.0}

    def finish(name: str, work: int) -> None:
        marker = {"count": 10, "successes": 10, "work": work, "paid": 2 * work}
        (tmp_path / name).write_text(json.dumps(marker))

    finish("0.json", 200_000)  # by an earlier run
    seen.take(step)
    now[0] += 30
    seen.tick()
    finish("1.json", 40_000)
    seen.tick()
    now[0] += 30
    finish("2.json", 160_000)
    seen.tick()
    seen.close()
    said = [line for line in sink.getvalue().splitlines() if "about" in line]
    assert [line.partition("translating: ")[2] for line in said] == [
        "takes about 10:00 min in all, costs about 4.00",
        "3 of 5 pieces, 30 rows, 0/s, 100.0% kept, 3:00 min left, cost 1.60 of about 4.00",
    ]
