"""What a person sees at the command line, on success and on every slip."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.pipelines.test_same_bytes import processes_below

CLI = [sys.executable, "-m", "pipelines.cli"]


def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CLI, *map(str, words)], capture_output=True, text=True, **options)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "curate",
        "gather",
        "pack",
        "stats",
        "why",
        "doctor",
        "sample",
        "evaluate",
        "convert-translator",
    ],
)
def test_help_has_no_beam_in_it(command: str) -> None:
    done = run(*command.split(), "--help", env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    assert "Usage: " in done.stdout
    assert "apache_beam" not in done.stderr
    assert "pyarrow" not in done.stderr
    assert "torch" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["curate", "{recipe}", "--to", "pakc"], 2, "there is no stage 'pakc'"),
        (["curate", "nowhere.toml"], 2, "there is no recipe at nowhere.toml"),
        (["curat", "{recipe}"], 2, "Did you mean 'curate'?"),
        (["curate", "{recipe}", "--limit", "0"], 2, "--limit"),
        (["curate", "{recipe}", "--", "--runner=Nobody"], 2, "Unexpected pipeline runner: Nobody"),
        (["curate", "{recipe}", "--", "--direct_num_workers=x"], 2, "invalid int value: 'x'"),
        (["curate", "{recipe}", "--", "stray"], 2, "no option stray"),
        (["stats", "nowhere"], 2, "nowhere"),
        (["why", "nowhere", "abc"], 2, "nowhere"),
        (["sample", "{folder}", "--rows", "5"], 2, "must be empty or hold an earlier sample"),
        (["sample", "{folder}/new", "--rows", "0"], 2, "rows must be at least 1"),
    ],
)
def test_a_slip_is_named_without_a_traceback(
    write_recipe, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    recipe = write_recipe(tmp_path)
    done = run(*(word.format(recipe=recipe, folder=tmp_path) for word in words))
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stderr


def test_an_output_that_cannot_be_written_is_named(write_recipe, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run("curate", write_recipe(tmp_path, output="file/out"))
    assert done.returncode == 1
    assert f"cannot write to {tmp_path}/file/out" in done.stderr
    assert "Traceback" not in done.stderr


def test_workers_that_keep_dying_end_the_run(write_recipe, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path)
    process = subprocess.Popen([*CLI, "curate", recipe], stderr=subprocess.PIPE, text=True)

    def kill_drivers() -> None:
        while process.poll() is None:
            for pid, words in processes_below(tmp_path):
                if "pipelines.driver" in words:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    killer = threading.Thread(target=kill_drivers)
    killer.start()
    _, errors = process.communicate(timeout=60)
    killer.join()
    assert process.returncode == 1
    assert "workers died 3 times without finishing a shard" in errors


def test_doctor_finds_what_would_stop_a_run(world, server, write_recipe, tmp_path: Path) -> None:
    fine = run("doctor", write_recipe(tmp_path))
    assert fine.returncode == 0
    assert "about 90 rows in 1 files" in fine.stdout
    assert "host 127.0.0.1 is known" in fine.stdout
    assert not (tmp_path / "out/ledger").exists()
    no_urls = run("doctor", write_recipe(tmp_path, prefix=""))
    assert no_urls.returncode == 1
    assert "is no URL: set url_prefix, or gather.allow_local_files" in no_urls.stdout
    no_table = run("doctor", write_recipe(tmp_path, path="nowhere.csv"))
    assert no_table.returncode == 1
    assert "no file matches" in no_table.stdout
    (tmp_path / "file").write_text("in the way")
    no_output = run("doctor", write_recipe(tmp_path, output="file/out"))
    assert no_output.returncode == 1
    assert "cannot write to" in no_output.stdout
