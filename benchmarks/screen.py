"""Captions a second of `pairmill screen`, which reads no picture, and what its rules cost.

    python -m benchmarks.screen [--captions N] [--texts FOLDER] [--without-duplicates]

Writes what gather would have left of N captions on N / 3 pictures, all different, then runs the
command on it under watch. Captions are the texts below FOLDER (Parquet tables with columns
`language` and `text`, or a column a language), told apart by a last word; without it sentences of
chance in eight languages. Start-up is measured on a handful. What looks at one caption alone is
then timed rule by rule on the same captions in this process.
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq
import tomli_w

from benchmarks.harness import captions, curate, show
from filters.caption import RULE_OF, CaptionRules, caption_faults
from filters.caption_text import CaptionText
from filters.language import LanguageRules, judge_language
from filters.overlap import all_normalised
from pipelines.language_model import LanguageModel
from pipelines.records import Record
from pipelines.storage import Folder
from pipelines.transforms.blocks import buckets_for, table_of
from pipelines.transforms.tables import write_table
from schemas.ids import bucket_of, caption_id, digest
from schemas.languages import LANGUAGES
from schemas.layout import PICTURES, SOURCE_CAPTIONS, STAGE_FILE, ledger_folder, part_name
from schemas.rows import Caption, LedgerRow, Picture

_CAPTIONS_A_PICTURE = 3
_HANDFUL = 300
_TIMED = 5_000


def main() -> None:
    """Prints a table of speeds and one of costs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--captions", type=int, default=300_000)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--without-duplicates", action="store_true", help="look for none")
    args = parser.parse_args()
    texts = list(islice(_texts(args.texts), args.captions))
    rows = []
    for number in (_HANDFUL, args.captions):
        with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as folder:
            recipe = _gathered(Path(folder), texts[:number], not args.without_duplicates)
            run = curate(recipe)
            record = Path(folder) / "out" / ledger_folder("screen") / STAGE_FILE
            kept = json.loads(record.read_text())["counts"]["caption kept"]
        rows.append((number, kept, run.wall_s, run.cpu_s))
    (few, _, few_s, few_cpu), (many, _, many_s, many_cpu) = rows
    show(
        ("captions", "kept", "wall s", "CPU s"),
        [(f"{n:,}", f"{kept:,}", f"{wall:.1f}", f"{cpu:.1f}") for n, kept, wall, cpu in rows],
    )
    print(
        f"\nbeyond start-up: {(many - few) / (many_s - few_s):,.0f} captions a second, "
        f"{1e6 * (many_cpu - few_cpu) / (many - few):.0f} µs of CPU each\n"
    )
    show(("one caption alone", "µs"), list(_costs(texts[:_TIMED])))


def _texts(folder: Path | None) -> Iterator[tuple[str, str]]:
    """Endless captions as (language, text)."""
    if folder is None:
        yield from captions(1 << 40)
        return
    found = []
    for file in sorted(folder.rglob("*.parquet")):
        table = pq.read_table(file)
        if {"language", "text"} <= set(table.column_names):
            found += zip(table["language"].to_pylist(), table["text"].to_pylist(), strict=True)
        else:
            for code in sorted(LANGUAGES.keys() & set(table.column_names)):
                found += [(code, text) for text in table[code].to_pylist()]
    found.sort(key=lambda pair: hashlib.blake2b(repr(pair).encode()).digest())
    turn = 0
    while True:
        yield from ((code, f"{text} {_name(turn)}" if turn else text) for code, text in found)
        turn += 1


def _name(number: int) -> str:
    """A number as a word of letters, since digits would make captions what they are not."""
    return ("" if number < 26 else _name(number // 26 - 1)) + chr(ord("a") + number % 26)


def _gathered(folder: Path, texts: list[tuple[str, str]], duplicates: bool) -> Path:
    """Writes what gather leaves, and a recipe of `screen` alone."""
    output = Folder(str(folder / "out"))
    uids = [digest(str(n)) for n in range(-(-len(texts) // _CAPTIONS_A_PICTURE))]
    parts = buckets_for(len(texts))
    pictures: list[list[Picture]] = [[] for _ in range(parts)]
    rows: list[list[Caption]] = [[] for _ in range(parts)]
    for n, uid in enumerate(uids):
        pictures[bucket_of(uid, parts)].append(_picture(uid, n))
    for n, (language, text) in enumerate(texts):
        uid = uids[n // _CAPTIONS_A_PICTURE]
        name = f"benchmark:pairs.parquet:{n}"
        made = (caption_id(uid, language, text), uid, language, text, "source", "", 1.0)
        rows[bucket_of(uid, parts)].append(Caption(*made, "benchmark", name, "", "{}"))
    for part in range(parts):
        name = part_name(part)
        of_part = sorted(pictures[part], key=lambda picture: picture.uid)
        write_table(output / PICTURES, name, table_of(Picture, of_part))
        write_table(output / SOURCE_CAPTIONS, name, table_of(Caption, rows[part]))
        write_table(output / ledger_folder("gather"), name, table_of(LedgerRow, []))
    counts = {"caption created": len(texts), "caption kept": len(texts), "picture kept": len(uids)}
    counts |= {"row in": len(texts), "row kept": len(texts), "picture created": len(uids)}
    record = Record("gather", 1, digest("benchmark"), {}, counts, 0.0, 0.0, None, {})
    (output / ledger_folder("gather")).write(STAGE_FILE, json.dumps(asdict(record)).encode())
    source = {"name": "benchmark", "format": "table", "path": str(folder / "pairs.parquet")}
    recipe = folder / "recipe.toml"
    screen = {"duplicates": {"exact": duplicates, "near": duplicates}}
    recipe.write_text(tomli_w.dumps({"output": output.uri, "sources": [source], "screen": screen}))
    return recipe


def _picture(uid: str, number: int) -> Picture:
    """One that no rule turns away, with a hash like no other's."""
    noise = hashlib.shake_256(str(number).encode()).hexdigest(32)
    sides = (256, 256, 640, 640)
    measures = (*sides, "{}", noise, 90_000, "jpeg", noise, 100, 900.0, 120.0, 60.0, 40.0, 0.8)
    return Picture(*measures, uid, f"https://example.org/{number}", 0, 0, 1)


def _costs(texts: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    model, rules, language_rules = LanguageModel(), CaptionRules(), LanguageRules()
    plain = [text for _, text in texts]
    read = CaptionText.column(plain)
    guesses = model.identify(plain)
    stated = [language for language, _ in texts]
    steps: dict[str, Callable[[], object]] = {
        "language, guessed": lambda: model.identify(plain),
        "language, judged": lambda: [
            judge_language(guess, said, language_rules)
            for guess, said in zip(guesses, stated, strict=True)
        ],
        "caption rules, all": lambda: caption_faults(plain, stated, rules),
        "  reading": lambda: CaptionText.column(plain),
    }
    for fault, is_broken in RULE_OF.items():
        steps[f"  {fault}"] = lambda broken=is_broken: [broken(one, "en", rules) for one in read]
    steps["text key"] = lambda: [digest(text) for text in all_normalised(plain)]
    for name, step in steps.items():
        began = time.process_time()
        step()
        yield name, f"{1e6 * (time.process_time() - began) / len(texts):.1f}"


if __name__ == "__main__":
    main()
