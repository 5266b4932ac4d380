"""Same recipe, same inputs, same bytes in `shards/`, whatever happens on the way."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.commit import Attempt
from pipelines.packing import WriteShard
from tests.conftest import counts, curate, digests

CLI = [sys.executable, "-m", "pipelines.cli"]


@pytest.fixture
def expected(curated) -> dict[str, str]:
    return digests(curated.output / "shards")


def test_other_port_other_workers_other_order_of_rows_and_files(
    world, write_recipe, tmp_path, expected
):
    rows = pq.read_table(world / "pairs.parquet")
    order = sorted(range(rows.num_rows), key=lambda row: (row * 7919) % 101)
    shuffled = rows.take(order)
    pq.write_table(shuffled.slice(0, 31), tmp_path / "pairs-1.parquet")
    pq.write_table(shuffled.slice(31), tmp_path / "pairs-0.parquet", row_group_size=9)
    recipe = write_recipe(tmp_path, path="pairs-*.parquet")
    done = subprocess.run(
        [*CLI, "curate", recipe, "--", "--direct_num_workers=2"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "out/shards") == expected


def test_bundles_executed_twice(write_recipe, tmp_path, expected):
    curate(write_recipe(tmp_path), "--direct_num_workers=1", "--direct_runner_bundle_repeat=1")
    assert digests(tmp_path / "out/shards") == expected


def test_a_runner_that_retries(write_recipe, tmp_path, expected, monkeypatch):
    failures = []

    def failing_once(method):
        def call(self, *args):
            result = method(self, *args)
            if method not in failures:
                failures.append(method)
                raise OSError("lost at the last moment")
            return result

        return call

    monkeypatch.setattr(Attempt, "commit", failing_once(Attempt.commit))
    monkeypatch.setattr(WriteShard, "process", failing_once(WriteShard.process))
    curate(write_recipe(tmp_path), "--runner=BundleBasedDirectRunner")
    assert len(failures) == 2
    assert digests(tmp_path / "out/shards") == expected


def test_killed_at_many_moments_and_run_again(server, write_recipe, tmp_path, expected):
    server.delay_s = 0.05
    recipe = write_recipe(tmp_path, gather="concurrency = 2\nper_host = 2")
    for seconds in (1.0, 2.0, 3.0, 3.5, 4.0, 4.5, 5.0):
        process = subprocess.Popen([*CLI, "curate", recipe], stderr=subprocess.DEVNULL)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            wait_until(lambda: not processes_below(tmp_path))
    done = subprocess.run([*CLI, "curate", recipe], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "out/shards") == expected
    assert not (tmp_path / "out/_work/gather").exists()


def test_a_killed_worker_is_survived_by_the_same_command(server, write_recipe, tmp_path, expected):
    server.delay_s = 0.2
    recipe = write_recipe(tmp_path, gather="concurrency = 2\nper_host = 2")
    command = [*CLI, "curate", recipe, "--", "--direct_num_workers=2"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: list((tmp_path / "out/gathered").glob("*_stats.json")), seconds=60)
    workers = [pid for pid, words in processes_below(tmp_path) if "sdk_worker_main" in words]
    os.kill(workers[-1], signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "a worker process died" in errors
    assert digests(tmp_path / "out/shards") == expected
    assert counts(tmp_path / "out", "gather")["picture kept"] == len(set(server.asked))


def test_sigterm_ends_everything_and_says_how_to_go_on(server, write_recipe, tmp_path):
    server.delay_s = 0.2
    recipe = write_recipe(tmp_path, gather="concurrency = 2\nper_host = 2")
    process = subprocess.Popen([*CLI, "curate", recipe], stderr=subprocess.PIPE, text=True)
    wait_until(lambda: server.asked, seconds=60)
    process.terminate()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert "the same command goes on" in errors
    assert "Traceback" not in errors
    wait_until(lambda: not processes_below(tmp_path))


def test_a_second_run_on_one_output_is_refused(server, write_recipe, tmp_path):
    server.delay_s = 0.2
    recipe = write_recipe(tmp_path, gather="concurrency = 2\nper_host = 2")
    first = subprocess.Popen([*CLI, "curate", recipe], stderr=subprocess.DEVNULL)
    wait_until(lambda: server.asked, seconds=60)
    second = subprocess.run([*CLI, "curate", recipe], capture_output=True, text=True)
    first.terminate()
    first.wait()
    assert second.returncode == 1
    assert "another run is writing to" in second.stderr


def wait_until(holds, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def processes_below(folder: Path) -> list[tuple[int, str]]:
    """Processes whose command line, or whose log file, names `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_text().replace("\0", " ")
                log = os.readlink(entry / "fd/2")
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if str(folder) in f"{words} {log}":
                found.append((int(entry.name), words))
    return found
