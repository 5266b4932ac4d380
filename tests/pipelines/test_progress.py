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
