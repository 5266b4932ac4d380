"""What translators said, against a plain loop over the same captions."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model.translator import Decoding, TranslatorSpec, load_translator
from schemas.ids import translation_id
from tests.conftest import curate, digests, table
from tests.pipelines.translating import HERE


def plain_translations(output: Path, nllb: Path) -> dict[tuple[str, str], Any]:
    """By caption id and language, each translated alone."""
    decoding = Decoding(batch_tokens=64)
    translator = load_translator(TranslatorSpec(model=str(nllb), threads=1, decoding=decoding))
    captions = table(output / "captions/source")
    present: dict[str, set[str]] = {}
    for row in captions:
        present.setdefault(row["uid"], set()).add(row["language"])
    return {
        (row["caption_id"], language): translator.translate(
            [row["text"]], [row["language"]], [language]
        )[0]
        for row in captions
        for language in ("de", "ka")
        if language not in present[row["uid"]]
    }


def test_translations_are_those_of_a_plain_loop(translated: Path, nllb: Path) -> None:
    plain = plain_translations(translated, nllb)
    sources = {row["caption_id"]: row for row in table(translated / "captions/source")}
    rows = table(translated / "captions/translated")
    assert rows
    for row in rows:
        said = plain[row["parent"], row["language"]]
        assert row["text"] == said.text.strip()
        assert said.fault is None
        parent = sources[row["parent"]]
        for name in ("uid", "source", "row", "licence", "extras"):
            assert row[name] == parent[name]
        assert row["caption_id"] == translation_id(row["parent"], row["language"], row["text"])
        assert row["origin"] == "translated"
        assert row["engine"].startswith("nllb@")
    ledger = table(translated / "ledger/translate")
    assert len(rows) + len(ledger) == len(plain)
    unfinished = [key for key, said in plain.items() if said.fault]
    failed = [row for row in ledger if row["fate"] == "failed"]
    assert {row["reason"] for row in failed} == {"unfinished", "source-too-long"}
    assert len(failed) == len(unfinished)
    assert [row["uid"] for row in rows] == sorted(row["uid"] for row in rows)


def test_two_workers_and_bundles_done_twice_give_the_same_bytes(
    write_translating: Callable[..., Path], translated: Path, calls: list[Any], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "translate"]
    two = write_translating(tmp_path / "two")
    done = subprocess.run(
        [*command, two, "--", "--direct_num_workers=2"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    twice = write_translating(tmp_path / "twice")
    calls.clear()
    curate(twice, HERE, "--direct_runner_bundle_repeat=1", stages=("translate",))
    assert len(calls) == len(set(calls)) > 6  # no batch is translated twice
    expected = digests(translated / "captions/translated")
    assert digests(tmp_path / "two/out/captions/translated") == expected
    assert digests(tmp_path / "twice/out/captions/translated") == expected


KILLED_AT_THE_FOURTH_BATCH = """
import os, signal, sys
from model import endpoint_translator
from model.ctranslate2_translator import _Engine
from pipelines.driver import Job, run_job

generate, calls = _Engine.generate, []

def dying(self, sources, prefixes, most):
    calls.append(sources)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return generate(self, sources, prefixes, most)

_Engine.generate = dying
run_job(Job(sys.argv[1], ("translate",), None, tuple(sys.argv[2:])), print)
"""


def test_killed_and_run_again_it_translates_only_what_is_left(
    write_translating: Callable[..., Path],
    translated: Path,
    calls: list[Any],
    tmp_path: Path,
) -> None:
    whole, killed = write_translating(tmp_path / "whole"), write_translating(tmp_path / "killed")
    curate(whole, HERE, stages=("translate",))
    batches = list(calls)
    calls.clear()
    program = [sys.executable, "-c", KILLED_AT_THE_FOURTH_BATCH, str(killed), HERE]
    assert subprocess.run(program, capture_output=True).returncode == -signal.SIGKILL
    curate(killed, HERE, stages=("translate",))
    assert len(batches) > 6
    assert calls == batches[3:]
    for name in ("captions/translated", "ledger/translate"):
        expected, found = (
            {file: hash_ for file, hash_ in digests(of / name).items() if "json" not in file}
            for of in (translated, tmp_path / "killed/out")
        )
        assert found == expected
