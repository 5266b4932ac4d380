"""How many mined negatives are true after all? On a dense sample world, whose grammar knows.

    python -m benchmarks.mined [--pictures 600] [--margins 0.05 0.1 0.3]
        [--absolute-margins 0.1 0.2]

Scenes of one or two shapes, so that a caption is often true of other pictures too, are drawn and
described in four languages, every 20th picture again in other bytes, and the tiny teacher embeds
all of it. `mine` then runs by the default recipe: without guards, with each guard alone, with all,
with all but each, and with all and another `picture_margin` or an `absolute_margin`. A negative is
false where the grammar holds it true of the anchor: the caption of the picture, or the picture of
the caption. Told are the share of false ones among the mined, and the anchors of the kind that got
all their negatives.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.harness import ROOT, show
from filters.negatives import NegativeFault, NegativeRules
from model.teacher import TeacherSpec, load_teacher
from pipelines.embedding_files import write_embeddings
from pipelines.measuring import measured
from pipelines.mine import MineStage
from pipelines.mining_rules import Mine
from pipelines.recipe_file import read_recipe
from pipelines.sample.dice import Dice
from pipelines.sample.drawing import draw_scene
from pipelines.sample.grammars import GRAMMARS, say_fact
from pipelines.sample.scenes import (
    BACKGROUNDS,
    COLOURS,
    GRID,
    KINDS,
    NOISE_SIDE,
    Fact,
    Group,
    Scene,
    Thing,
    list_facts,
)
from pipelines.stages import FRESH, Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import write_table
from schemas.ids import caption_id, digest
from schemas.layout import (
    IMAGE_TO_TEXT,
    OF_CAPTIONS,
    OF_PICTURES,
    PICTURES,
    SOURCE_CAPTIONS,
    TEXT_TO_IMAGE,
    embeddings_folder,
    part_name,
)
from schemas.rows import Caption, Measures, Picture

_LANGUAGES = ("ar", "de", "en", "ja")
_SIDE = 300  # pixels
_COPIES = 20  # one picture in so many comes twice
_BATCH = 64
_RECIPE = """
output = "out"
seed = 1
[[sources]]
name = "made"
format = "table"
path = "none.parquet"
[gather]
[[score.teachers]]
model = "{teacher}"
[mine]
"""
_GUARDS = (
    NegativeFault.POSITIVE,
    NegativeFault.NEAR_PICTURE,
    NegativeFault.SAME_TEXT,
    NegativeFault.RELATIVE_MARGIN,
    NegativeFault.OWN_MARGIN,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture and its captions.

    Attributes:
      uid: …
      scene: what it shows.
      captions: language and fact of each.
      pixels: shape [_SIDE, _SIDE, 3].
    """

    uid: str
    scene: Scene
    captions: tuple[tuple[str, Fact], ...]
    pixels: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--pictures", type=int, default=600)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--margins", type=float, nargs="+", default=[0.05, 0.1, 0.3])
    parser.add_argument("--absolute-margins", type=float, nargs="+", default=[0.1, 0.2])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shown = list(drawn(args.pictures, args.seed))
        facts = lay_out(folder, shown)
        scenes = {of.uid: of.scene for of in shown}
        rows = [
            (words, *told)
            for words, mine in configurations(args.margins, args.absolute_margins)
            for told in _judged(folder, mine, scenes, facts)
        ]
        show(("guards", "kind", "negatives", "false", "anchors complete"), rows)


def configurations(margins: list[float], absolute: list[float]) -> Iterator[tuple[str, Mine]]:
    """What is compared, and how it is called."""
    yield "none", _without(_GUARDS)
    for guard in _GUARDS:
        yield f"{guard} alone", _without([other for other in _GUARDS if other != guard])
    yield "all, the default recipe", _without([])
    for guard in _GUARDS:
        yield f"all but {guard}", _without([guard])
    for margin in margins:
        yield f"all, picture_margin = {margin}", replace(_without([]), picture_margin=margin)
    for margin in absolute:
        of = NegativeRules(absolute_margin=margin)
        yield f"all, absolute_margin = {margin}", replace(_without([]), negatives=of)


def _without(guards: Sequence[NegativeFault]) -> Mine:
    kinds = (IMAGE_TO_TEXT, TEXT_TO_IMAGE)
    return Mine(kinds=kinds, negatives=NegativeRules(overlook=tuple(guards)))


def holds(fact: Fact, scene: Scene) -> bool:
    """Whether a fact is true of a scene: all its things are there, and where it says."""
    if fact.frame in ("at", "pair"):
        return fact in list_facts(scene)
    there = {group.thing for group in scene.groups}
    return set(fact.things) <= there and fact.background in ("", scene.background)


# The world


def drawn(pictures: int, seed: int) -> Iterator[Shown]:
    """Pictures with their captions, copies among them."""
    for number in range(pictures):
        dice = Dice(seed, number)
        scene = _scene(dice)
        languages = dice.shuffle("languages", _LANGUAGES)[:2]
        facts = list_facts(scene)
        captions = tuple((code, dice.pick(f"fact/{code}", facts)) for code in languages)
        pixels = np.asarray(draw_scene(scene).convert("RGB"))
        yield Shown(digest("mined", str(number)), scene, captions, pixels)
        if number % _COPIES == 0:
            captions = tuple((code, dice.pick(f"copied/{code}", facts)) for code in _LANGUAGES[:2])
            bright = np.clip(pixels.astype(np.int16) + 6, 0, 255).astype(np.uint8)
            yield Shown(digest("mined", "copy", str(number)), scene, captions, bright)


def _scene(dice: Dice) -> Scene:
    number = dice.pick("groups", (1, 2))
    cells = dice.shuffle("cells", range(GRID * GRID))
    groups: list[Group] = []
    looks = dice.shuffle("looks", [(kind, colour) for kind in KINDS for colour in COLOURS[:5]])
    for at, (kind, colour) in enumerate(looks[:number]):
        thing = Thing(kind, colour, dice.pick(f"large/{at}", (False, True)), "plain", 1)
        groups.append(Group(thing, (cells[at],)))
    background = dice.pick("background", BACKGROUNDS)
    return Scene(_SIDE, _SIDE, background, dice.noise(NOISE_SIDE**2), tuple(groups))


def lay_out(folder: Path, shown: list[Shown]) -> dict[str, Fact]:
    """Writes the world as `score` leaves it; returns the fact that each caption says."""
    output = Folder(str(folder / "out"))
    teacher_folder = ROOT / "model" / "tiny_teacher"
    teacher = load_teacher(TeacherSpec(model=str(teacher_folder), threads=1))
    said = [
        (caption_id(of.uid, code, text), of.uid, code, text, fact)
        for of in shown
        for code, fact in of.captions
        for text in [say_fact(fact, GRAMMARS[code])]
    ]
    said = sorted({row[0]: row for row in said}.values(), key=lambda row: (row[1], row[0]))
    ordered = sorted(shown, key=lambda of: of.uid)
    write_table(output / PICTURES, part_name(0), table_of(Picture, [*map(_picture, ordered)]))
    captions = [
        Caption(id_, uid, code, text, "source", "", 1.0, "made", f"made:none:{row}", "", "{}")
        for row, (id_, uid, code, text, _) in enumerate(said)
    ]
    write_table(output / SOURCE_CAPTIONS, part_name(0), table_of(Caption, captions))
    images = _in_batches(lambda of: teacher.embed_images(of), [_image(of) for of in ordered])
    texts = _in_batches(
        lambda of: teacher.embed_texts([text for text, _ in of], [code for _, code in of]),
        [(text, code) for _, _, code, text, _ in said],
    )
    ids = pa.table({"uid": [of.uid for of in ordered]})
    write_embeddings(output / embeddings_folder(0, OF_PICTURES), 0, ids, images)
    ids = pa.table({"caption_id": [row[0] for row in said], "uid": [row[1] for row in said]})
    write_embeddings(output / embeddings_folder(0, OF_CAPTIONS), 0, ids, texts)
    record = {"stage": "score", "version": 1, "fingerprint": "f", "reads": {}, "counts": {}}
    record |= {"started": 0.0, "seconds": 0.0, "limit": None, "libraries": {}}
    output.write("ledger/score/_stage.json", json.dumps(record).encode())
    (folder / "recipe.toml").write_text(_RECIPE.format(teacher=teacher_folder))
    return {row[0]: row[4] for row in said}


def _image(of: Shown) -> Any:
    from PIL import Image

    return Image.fromarray(of.pixels)


def _in_batches(embed: Any, rows: list[Any]) -> np.ndarray:
    batches = [embed(rows[at : at + _BATCH]) for at in range(0, len(rows), _BATCH)]
    return np.concatenate([np.asarray(batch) for batch in batches]).astype(np.float16)


def _picture(of: Shown) -> Picture:
    blank = {
        name: "" if kind is str else kind(0) for name, kind in Measures.__annotations__.items()
    }
    place = {"image_shard": 0, "image_offset": 0, "image_size": 1}
    return Picture(**blank | measured(of.pixels), uid=of.uid, url="", **place)


# Judging


def _judged(
    folder: Path, mine: Mine, scenes: dict[str, Scene], facts: dict[str, Fact]
) -> Iterator[tuple[str, ...]]:
    recipe = read_recipe(str(folder / "recipe.toml"))
    recipe = replace(recipe, mine=mine)
    work = Folder(str(folder / "work"))
    work.remove()
    MineStage(Run(recipe, None, (), (), 1, lambda _: None)).run(work)
    rows = [
        row
        for path in sorted((folder / "work" / FRESH / "triplets").glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]
    for kind in mine.kinds:
        of_kind = [row for row in rows if row["kind"] == kind]
        verdicts = [
            holds(facts[id_], scenes[row["anchor_uid"]])
            if kind == IMAGE_TO_TEXT
            else holds(facts[row["anchor_id"]], scenes[id_])
            for row in of_kind
            for id_ in row["negative_ids"]
        ]
        share = sum(verdicts) / max(1, len(verdicts))
        complete = len(of_kind) / len(facts)  # each caption is in one triplet of a kind
        yield kind, f"{len(verdicts):,}", f"{share:.2%}", f"{complete:.1%}"


if __name__ == "__main__":
    main()
