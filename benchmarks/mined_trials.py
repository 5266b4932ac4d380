"""What `benchmarks.mined_training` trains on and judges by: scenes in captions, news in pairs."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from benchmarks.harness import ROOT
from benchmarks.outcome_worlds import pairmill
from benchmarks.tiny_teacher import SHIPPED
from model.tokens import learn_tokenizer
from pipelines.sample.dice import Dice
from pipelines.sample.drawing import draw_scene
from pipelines.sample.grammars import GRAMMARS, say_fact
from pipelines.sample.scenes import compose_scene, list_facts
from pipelines.sample.subjects import alter
from schemas.layout import IMAGE_TO_TEXT, TEXT_TEXT, TEXT_TO_IMAGE

PLAN = ROOT / "configs" / "train" / "quickstart.toml"

_SPOKEN = ("ar", "de", "en", "ja")  # so few that a language has captions that are near each other
_PICTURES, _HELD_PICTURES = 4_000, 1_000
_CAPTIONS = 2  # of a picture that is trained on
_MARGIN = 0.1  # of the teacher's cosines, of which an altered caption's is 0.17 lower
_STORED = 72  # pixels, which the image tower looks at

_ANSWERED = "en"
_ASKING = ("ar", "de", "el", "es", "fi", "fr", "hi", "id", "it", "pl", "ru", "tr")
_LEFT_OUT = 3  # one language in so many, by turns


@dataclass(frozen=True, slots=True)
class Trial:
    """What is trained on, and what judges.

    Attributes:
      folder: to work in; `out` is what was curated.
      pairs: data of the first stage, by `images` or `texts`.
      triplets: likewise of the second; `{arm}` in a path stands for each.
      judged: an evaluation set's table; `altered`, where it has it, are captions that are false.
      model: of the plan.
      settings: of both stages.
      steps: of the first, in batches of 128 pictures or 64 texts.
      seen: triplets that the second sees.
      batch: of these.
      rate: the second's learning rate.
    """

    folder: Path
    pairs: dict[str, Any]
    triplets: dict[str, Any]
    judged: Path
    model: dict[str, Any]
    settings: dict[str, Any]
    steps: int
    seen: int
    batch: int
    rate: float


def small_model() -> dict[str, Any]:
    """The quickstart's."""
    model: dict[str, Any] = tomllib.loads(PLAN.read_text("utf-8"))["model"]
    return model


# A sample world


def sample_trial(folder: Path) -> Trial:
    """Scenes in a few languages, mined by the teacher that ships, and others of another seed."""
    draw_world(folder, _PICTURES, seed=31, captions=_CAPTIONS)
    judged = draw_world(folder / "held-out", _HELD_PICTURES, seed=32, captions=len(_SPOKEN))
    curate(
        folder,
        {"path": "pairs.parquet", "url_column": "image", "caption_column": "text"},
        {
            "gather": {
                "image_size": _STORED,
                "pictures_per_shard": 500,
                "allow_local_files": True,
            },
            "score": {"teachers": [{"model": str(SHIPPED)}]},
            "mine": mine_table(IMAGE_TO_TEXT, TEXT_TO_IMAGE, absolute_margin=_MARGIN),
        },
    )
    triplets = [
        {"path": f"{{arm}}/{kind}", "pictures": "out/shards/pairs", "negatives": negatives}
        for kind, negatives in ((IMAGE_TO_TEXT, 4), (TEXT_TO_IMAGE, 1))
    ]
    return Trial(
        folder,
        {"images": [{"path": "out/shards/pairs"}]},
        {"images": triplets},
        judged,
        small_model(),
        {"image_loss": {"temperature": 0.05}},
        steps=250,
        seen=4_000,
        batch=16,
        rate=1e-4,
    )


def draw_world(folder: Path, pictures: int, seed: int, captions: int) -> Path:
    """Draws scenes as the sample world has them, in few languages; returns their table.

    `altered` is each caption with one attribute changed, so that it is false.
    """
    (folder / "pictures").mkdir(parents=True)
    rows = []
    for number in range(pictures):
        dice = Dice(seed, number)
        scene = compose_scene(dice)
        image = f"pictures/{number}.png"
        draw_scene(scene).save(folder / image, compress_level=1)
        for code in dice.shuffle("languages", _SPOKEN)[:captions]:
            fact = dice.pick(f"fact/{code}", list_facts(scene))
            false, _ = alter(fact, scene, dice)
            said = {
                column: say_fact(of, GRAMMARS[code], held_out=False)
                for column, of in (("text", fact), ("altered", false))
            }
            rows.append({"image": image, "language": code} | said)
    write_table(folder / "pairs.parquet", rows)
    return folder / "pairs.parquet"


# News


def sentences_trial(folder: Path, data: Path) -> Trial:
    """NTREX's sentences, other languages asking for the English: the pairs, not yet mined."""
    sentences = pq.read_table(data / "ntrex" / "sentences.parquet").to_pylist()
    seen, held = split_questions(sentences)
    write_table(folder / "held-out.parquet", held)
    write_table(folder / "texts.parquet", [row | {"language": _ANSWERED} for row in seen])
    curate_sentences(folder, {})
    # Learned tokens would begin alike, and texts alone could not tell them apart.
    texts = [row[column] for row in seen for column in ("query", "positive")]
    learn_tokenizer(texts, small_model()["learned_tokens"]).save_pretrained(folder / "tokenizer")
    return Trial(
        folder,
        {"texts": [{"path": "out/shards/texts"}]},
        {"texts": [{"path": f"{{arm}}/{TEXT_TEXT}", "negatives": 4}]},
        folder / "held-out.parquet",
        small_model() | {"learned_tokens": 0, "tokenizer": str(folder / "tokenizer")},
        {"text_length": 48, "token_dropout": 0.15, "text_loss": {"temperature": 0.05}},
        steps=400,
        seen=8_000,
        batch=16,
        rate=1e-3,
    )


def split_questions(
    sentences: list[dict[str, str]],
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Pairs to train on and to judge by: each sentence is held out in a third of the languages."""
    seen, held = list[dict[str, str]](), list[dict[str, str]]()
    for number, sentence in enumerate(sentences):
        for turn, code in enumerate(_ASKING, start=number):
            query, answer = sentence[code], sentence[_ANSWERED]
            if turn % _LEFT_OUT:
                seen.append({"query": query, "positive": answer, "query_language": code})
            else:
                held.append({"query": query, "document": answer, "language": code})
    return seen, held


def mine_sentences(folder: Path, teacher: Path) -> None:
    """Has a model mine what `sentences_trial` left."""
    score = {"teachers": [{"model": str(teacher)}]}
    curate_sentences(folder, {"score": score, "mine": mine_table(TEXT_TEXT)})


def curate_sentences(folder: Path, tables: dict[str, Any]) -> None:
    """Packs `texts.parquet`, and mines it where the tables say so."""
    source = {
        "path": "texts.parquet",
        "task": "text-pair",
        "query_language_column": "query_language",
    }
    curate(folder, source, {"gather": {}, "screen": {}, **tables})


# Both


def mine_table(*kinds: str, **negatives: float) -> dict[str, Any]:
    """Of a recipe: four negatives, all in the language that random ones are drawn from."""
    rules = {"num_negatives": 4, **negatives}
    return {"kinds": [*kinds], "cross_language": 0.0, "negatives": rules}


def curate(folder: Path, source: dict[str, Any], tables: dict[str, Any]) -> None:
    """Curates one table to `out`; only what cannot be read or asked of it is rejected."""
    same = {"name": "trial", "format": "table", "language_column": "language"}
    recipe = {"output": "out", "sources": [same | source], **tables, "pack": {}}
    (folder / "recipe.toml").write_text(tomli_w.dumps(recipe), "utf-8")
    pairmill("curate", folder / "recipe.toml")


def write_table(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
