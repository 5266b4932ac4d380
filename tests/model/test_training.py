"""The same weights, whatever happened on the way."""

import json
import resource
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModel

from model.evaluation_sets import EvaluationSet
from model.folds import fold_models
from model.plan import LossPlan, ModelPlan, Plan
from model.run_folder import RunError
from model.training import NonFiniteLoss, Stopped, train
from schemas.ids import Fold, Folds, FoldsOf
from tests.model.known import write_rows
from tests.model.small_training import (
    KILL,
    STILL,
    TERM,
    assert_equal,
    assert_near,
    begin,
    in_processes,
    interrupt,
    metrics,
    no_waiting,
    plan,
    stage,
    two_stages,
    weights,
    write_world,
)
from tests.model.tiny import pictures


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(autouse=True, scope="module")
def at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", no_waiting)
        yield


@pytest.fixture(scope="module")
def undisturbed(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole training with dropout, of two stages."""
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    train(plan(folder, *two_stages(world)), print)
    return folder


def quietly(asked: Plan) -> list[str]:
    said: list[str] = []
    train(asked, said.append)
    return said


def test_the_same_plan_gives_the_same_weights_and_another_seed_others(
    world: Path, undisturbed: Path, tmp_path: Path
) -> None:
    again = plan(tmp_path / "again", *two_stages(world))
    quietly(again)
    assert_equal(weights(again.output), weights(undisturbed))
    assert metrics(again.output) == metrics(undisturbed)
    other = replace(plan(tmp_path / "other", *two_stages(world)), seed=18)
    quietly(other)
    one, two = weights(other.output), weights(undisturbed)
    assert not any(torch.equal(one[name], two[name]) for name in one if name.endswith("weight"))


MOMENTS = {
    "before-anything-is-written": ("pathlib.Path.replace", 1, False),
    "in-the-first-steps": ("model.steps.Step.backward", 2, False),
    "between-writing-and-naming-a-checkpoint": ("pathlib.Path.replace", 2, False),
    "after-naming-it": ("pathlib.Path.replace", 3, True),
    "while-a-checkpoint-is-written": ("torch.save", 2, True),
    "while-old-ones-are-removed": ("shutil.rmtree", 1, True),
    "in-the-second-stage": ("model.steps.Step.backward", 8, True),
    "after-the-last-step": ("model.training.nn.utils.clip_grad_norm_", 8, True),
    "before-the-model-is-named": ("pathlib.Path.replace", 6, False),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_training_is_taken_up_bit_by_bit(
    world: Path, undisturbed: Path, tmp_path: Path, moment: str
) -> None:
    asked = plan(tmp_path / "out", *two_stages(world))
    function, time, after = MOMENTS[moment]
    assert in_processes(1, begin, asked, function, time, KILL, after) == [-KILL]
    quietly(asked)
    assert_equal(weights(asked.output), weights(undisturbed))
    assert metrics(asked.output) == metrics(undisturbed)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "checkpoints", "metrics.jsonl", "model", "plan.json", "tensorboard",
    }  # fmt: skip


def test_a_training_asked_to_stop_writes_a_checkpoint_first(
    world: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = plan(tmp_path / "out", *two_stages(world), checkpoint_every=1000)
    with monkeypatch.context() as patched:
        interrupt("model.steps.Step.backward", 3, TERM, patch=patched.setattr)
        with pytest.raises(Stopped, match="stopped after 3 steps; the same command goes on"):
            quietly(asked)
    assert quietly(asked)[0] == f"going on from {tmp_path}/out/checkpoints/00000003"
    assert_equal(weights(asked.output), weights(undisturbed))


def test_batch_norms_go_on_from_where_they_were(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = {"model_type": "resnet", "embedding_size": 8, "hidden_sizes": [8, 16]}
    network |= {"depths": [1, 1], "layer_type": "basic", "image_size": 16}
    model = replace(STILL, new_image=network, image_pooling="mean", projection_dim=16)
    whole = plan(tmp_path / "whole", *two_stages(world), model=model)
    quietly(whole)
    asked = plan(tmp_path / "out", *two_stages(world), model=model)
    with monkeypatch.context() as patched:
        interrupt("model.steps.Step.backward", 3, TERM, patch=patched.setattr)
        with pytest.raises(Stopped):
            quietly(asked)
    quietly(asked)
    assert any(name.endswith("running_mean") for name in weights(asked.output))
    assert_equal(weights(asked.output), weights(whole.output))


def test_a_finished_training_is_left_as_it_is(undisturbed: Path, world: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*")}
    assert quietly(plan(undisturbed, *two_stages(world))) == [
        "done already: name another output, or remove the folder to train again"
    ]
    assert {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*")} == before


def test_what_changes_no_number_may_change_and_nothing_else(
    world: Path, undisturbed: Path, tmp_path: Path
) -> None:
    free = plan(undisturbed, *two_stages(world), log_every=7, gradient_checkpointing=True)
    quietly(free)
    one, two = two_stages(world)
    other = plan(undisturbed, one, replace(two, learning_rate=0.5), beta1=0.5)
    with pytest.raises(RunError, match=r"another plan: stages.1.learning_rate, running.beta1 cha"):
        quietly(other)
    (tmp_path / "mine.txt").touch()
    with pytest.raises(RunError, match=r"must be empty or a training's, got mine.txt in it"):
        quietly(plan(tmp_path, one))


def test_each_line_and_file_says_how_it_goes(undisturbed: Path) -> None:
    lines = metrics(undisturbed)
    assert [line["step"] for line in lines] == list(range(1, 9))
    assert {*lines[0]} == {
        "step", "stage", "loss", "images_loss", "texts_loss", "gradient_norm", "learning_rate",
        "images_temperature", "texts_temperature",
    }  # fmt: skip
    for line in lines:
        assert line["loss"] == pytest.approx(line["images_loss"] + line["texts_loss"], rel=1e-6)
    assert list((undisturbed / "tensorboard").glob("events.*"))
    names = sorted(path.name for path in (undisturbed / "checkpoints").iterdir())
    assert names == ["00000006", "00000008"]


def test_every_checkpoint_loads_elsewhere(undisturbed: Path) -> None:
    for folder in (undisturbed / "model", undisturbed / "checkpoints" / "00000006"):
        model = AutoModel.from_pretrained(folder, trust_remote_code=True)
        assert model.config.languages == ["de", "en"]
        assert (model.image_size, model.config.context_length) == (24, 24)
        loaded = SentenceTransformer(str(folder), trust_remote_code=True, device="cpu")
        for inputs in (["a"], [pictures()[0]]):
            assert loaded.encode(inputs, show_progress_bar=False).shape == (1, 16)


KINDS = {
    "pictures": "images",
    "texts": "texts",
    "both": "images texts",
}


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize(
    "settings",
    [{"micro_batch": 3}, {"image_loss": LossPlan(chunk=3), "text_loss": LossPlan(chunk=5)}],
    ids=["cached", "chunked"],
)
def test_a_batch_in_pieces_is_the_same_batch(
    world: Path, tmp_path: Path, kinds: str, settings: dict[str, int]
) -> None:
    whole = plan(tmp_path / "whole", stage(world, kinds, negatives=2), model=STILL)
    parts = plan(tmp_path / "parts", stage(world, kinds, negatives=2, **settings), model=STILL)
    for asked in (whole, parts):
        quietly(asked)
    one, other = metrics(whole.output), metrics(parts.output)
    assert_near(other[0], one[0], 1e-4)
    assert other[-1]["loss"] == pytest.approx(one[-1]["loss"], rel=1e-3)


def test_accumulated_batches_are_averaged(world: Path, tmp_path: Path) -> None:
    """The first two batches, one by one at no learning rate to speak of, and together."""
    alone = stage(world, learning_rate=1e-12, steps=2)
    together = stage(world, learning_rate=1e-12, steps=1, accumulate=2)
    losses = []
    for name, each in (("alone", alone), ("together", together)):
        quietly(plan(tmp_path / name, each, model=STILL))
        losses.append([line["loss"] for line in metrics(tmp_path / name)])
    assert losses[1] == [pytest.approx(sum(losses[0]) / 2, rel=1e-6)]


def test_gradient_checkpointing_changes_no_weight(world: Path, tmp_path: Path) -> None:
    for name in ("plain", "checkpointing"):
        quietly(plan(tmp_path / name, stage(world), gradient_checkpointing=name != "plain"))
    one, other = weights(tmp_path / "plain"), weights(tmp_path / "checkpointing")
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, rtol=1e-4, atol=1e-5)


def test_bf16_learns_as_well(world: Path, tmp_path: Path) -> None:
    for precision in ("fp32", "bf16"):
        quietly(plan(tmp_path / precision, stage(world), model=STILL, precision=precision))
    one, other = metrics(tmp_path / "fp32"), metrics(tmp_path / "bf16")
    assert one != other
    assert other[-1]["loss"] == pytest.approx(one[-1]["loss"], rel=0.05)
    assert {value.dtype for value in weights(tmp_path / "bf16").values()} == {torch.float32}


def test_a_temperature_goes_on_even_past_a_stage_without_it(world: Path, tmp_path: Path) -> None:
    fixed = LossPlan(temperature=0.05, learn_temperature=False)
    asked = plan(
        tmp_path,
        stage(world, name="one", steps=2, matryoshka=(8, 16)),
        stage(world, "images", name="two", steps=2, image_loss=fixed, learning_rate=1e-9),
        stage(world, name="three", steps=2, learning_rate=1e-9, image_loss=LossPlan("sigmoid")),
    )
    quietly(asked)
    one, two, three = (
        [line for line in metrics(tmp_path) if line["stage"] == name]
        for name in ("one", "two", "three")
    )
    assert one[-1]["texts_temperature"] != pytest.approx(0.07, rel=1e-4)
    assert three[0]["texts_temperature"] == pytest.approx(one[-1]["texts_temperature"], rel=1e-5)
    assert two[-1]["images_temperature"] == pytest.approx(0.05, rel=1e-5)
    assert three[0]["images_temperature"] == pytest.approx(one[-1]["images_temperature"], rel=1e-5)


def test_a_tower_that_a_stage_has_no_use_for_stays(world: Path, tmp_path: Path) -> None:
    first, second = stage(world, name="one"), stage(world, "texts", name="two")
    quietly(plan(tmp_path / "one", first))
    quietly(plan(tmp_path / "both", first, second))
    before, after = weights(tmp_path / "one"), weights(tmp_path / "both")
    changed = {name.split(".")[0] for name in after if not torch.equal(before[name], after[name])}
    assert changed == {"text_tower"}


def test_a_model_is_taken_from_a_checkpoint(world: Path, undisturbed: Path, tmp_path: Path) -> None:
    model = ModelPlan(checkpoint=str(undisturbed / "model"))
    quietly(plan(tmp_path, stage(world, steps=1, learning_rate=1e-9), model=model))
    before, after = weights(undisturbed), weights(tmp_path)
    for name, value in before.items():
        torch.testing.assert_close(after[name], value, rtol=0, atol=1e-6)


def without(world: Path, folder: Path, fold: Fold) -> Path:
    """A copy of the world's pairs, shard by shard without those of a fold."""
    shutil.copytree(world, folder)
    sizes = {}
    for path in (folder / "pairs/train").glob("*.captions.parquet"):
        captions = pq.read_table(path)
        ids = zip(captions["uid"].to_pylist(), captions["caption_id"].to_pylist(), strict=True)
        captions = captions.filter(pa.array([not fold.has(*pair) for pair in ids]))
        pq.write_table(captions, path)
        of_pictures = path.with_name(path.name.replace(".captions", ""))
        pictures = pq.read_table(of_pictures)
        left = set(captions["uid"].to_pylist())
        keep = pa.array([uid in left for uid in pictures["uid"].to_pylist()])
        pq.write_table(pictures.filter(keep), of_pictures)
        sizes[f"{of_pictures.stem}.tar"] = len(left)
    (folder / "pairs/train/sizes.json").write_text(json.dumps(dict(sorted(sizes.items()))))
    return folder


@pytest.mark.parametrize("of", ["pictures", "captions"])
def test_each_fold_is_trained_as_if_the_pairs_of_its_own_were_not_there(
    world: Path, tmp_path: Path, of: FoldsOf
) -> None:
    asked = replace(plan(tmp_path / "out", stage(world, "images")), folds=2, folds_of=of)
    said: list[str] = []
    assert train(asked, said.append) == tmp_path / "out"
    assert {line.partition(": ")[0] for line in said} == {"fold-0", "fold-1"}
    models = tuple(f"{tmp_path}/out/fold-{n}/model" for n in (0, 1))
    assert fold_models(asked.output) == (Folds(2, of), models)
    for number in (0, 1):
        left = without(world, tmp_path / f"left-{number}", Fold(number, Folds(2, of)))
        plain = plan(tmp_path / f"plain-{number}", stage(left, "images"))
        quietly(plain)
        assert_equal(weights(f"{asked.output}/fold-{number}"), weights(plain.output))
    assert quietly(asked)[0].startswith("done already: ")


def test_a_killed_training_of_folds_goes_on_with_the_one_that_it_was_at(
    world: Path, tmp_path: Path
) -> None:
    asked, whole = (
        replace(plan(tmp_path / name, stage(world, "images")), folds=2) for name in ("out", "whole")
    )
    assert in_processes(1, begin, asked, "model.steps.Step.backward", 7, KILL, False) == [-KILL]
    assert quietly(asked)[0] == f"fold-1: going on from {tmp_path}/out/fold-1/checkpoints/00000002"
    quietly(whole)
    for number in (0, 1):
        one, other = (weights(f"{of.output}/fold-{number}") for of in (asked, whole))
        assert_equal(one, other)


def test_a_fold_begins_with_no_model_that_has_seen_it(world: Path, tmp_path: Path) -> None:
    first = replace(plan(tmp_path / "one", stage(world, "images")), folds=2, unseen_fold=1)
    quietly(first)
    model = ModelPlan(checkpoint=str(tmp_path / "one/model"))
    more = plan(tmp_path / "two", stage(world, "images", steps=1), model=model)
    for other, said in (
        (replace(more, folds=2, unseen_fold=0), r"fold 0 of 2 \(of pictures\)"),
        (
            replace(more, folds=2, folds_of="captions", unseen_fold=1, output=f"{tmp_path}/five"),
            r"fold 1 of 2 \(of captions\)",
        ),
    ):
        with pytest.raises(ValueError, match=rf"{said} must not begin .* fold 1 of 2 \(of pictu"):
            quietly(other)
    quietly(replace(more, folds=2, unseen_fold=1, output=f"{tmp_path}/three"))
    quietly(replace(more, output=f"{tmp_path}/four"))
    told = [
        json.loads((tmp_path / name / "model/config.json").read_text())
        for name in ("one", "three", "four")
    ]
    assert [of.get("unseen_fold") for of in told] == [1, 1, None]


def test_it_is_judged_at_the_beginning_and_the_end_once(world: Path, tmp_path: Path) -> None:
    judged = EvaluationSet(data=str(world / "pairs"), name="pairs")
    asked = replace(plan(tmp_path, stage(world), evaluate_every=2), evaluations=(judged,))
    assert in_processes(1, begin, asked, "model.steps.Step.backward", 2, KILL, False) == [-KILL]
    said = quietly(asked)
    assert [line["step"] for line in metrics(tmp_path) if "evaluation" in line] == [0, 2, 4]
    assert any(line.startswith("evaluation after 4 steps, pairs, text-to-image:") for line in said)
    quietly(plan(tmp_path / "unjudged", stage(world)))
    assert_equal(weights(tmp_path), weights(tmp_path / "unjudged"))


def test_a_score_that_is_not_defined_is_left_out(world: Path, tmp_path: Path) -> None:
    rows = [{"sentence1": "a", "sentence2": "b", "score": 1.0}]
    place = write_rows(tmp_path / "sts.parquet", rows)
    judged = EvaluationSet(data=str(place), name="sts", language="en")
    quietly(replace(plan(tmp_path / "out", stage(world, steps=1)), evaluations=(judged,)))
    text = (tmp_path / "out" / "metrics.jsonl").read_text("utf-8")
    assert "evaluation" in text
    assert "NaN" not in text  # which is no JSON


def test_no_number_stops_before_it_reaches_a_weight(world: Path, tmp_path: Path) -> None:
    asked = plan(tmp_path, stage(world, steps=40, learning_rate=1e30), max_gradient_norm=0.0)
    with pytest.raises(NonFiniteLoss, match=r"is not finite after \d+ steps, on a batch of 16"):
        quietly(asked)
    named = json.loads((tmp_path / "non-finite-batch.json").read_text())
    assert len(set(named)) == 16
    assert {name[:3] for name in named} == {"uid", "par"}
    for checkpoint in (tmp_path / "checkpoints").glob("0*"):
        written = torch.load(checkpoint / "training.pt", weights_only=True)
        assert all(value.isfinite() for value in written["losses"].values())
    assert not (tmp_path / "model").exists()


BAD = {
    "text_length of stage 'two' must be at most 32": {"text_length": 33},
    r"matryoshka of stage 'two' must be at most 16, .*\[8, 32\]": {"matryoshka": (8, 32)},
    "temperature must be at least": {"text_loss": LossPlan(temperature=0.001)},
    "must have 3 negatives a row, got 2": {"negatives": 3},
    "image_size of stage 'two' must be at least 8, .* got 7": {"image_size": 7},
    "a batch of 25 must have that many different .* had only 24": {"image_batch": 25},
}


@pytest.mark.parametrize("said", BAD)
def test_a_later_stage_is_refused_before_the_first(world: Path, tmp_path: Path, said: str) -> None:
    asked = plan(tmp_path, stage(world), stage(world, name="two", **BAD[said]))
    with pytest.raises(ValueError, match=said):
        quietly(asked)
    assert not (tmp_path / "metrics.jsonl").exists()


@pytest.mark.parametrize("largest", ["model.safetensors", "training.pt"])
def test_a_checkpoint_that_cannot_be_written_ends_in_a_sentence(
    world: Path, undisturbed: Path, tmp_path: Path, largest: str
) -> None:
    """A bound on the size of files, less than one of it has, does what a full disk does."""
    size = (undisturbed / "checkpoints" / "00000008" / largest).stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size * 3 // 4, before[1]))
    try:
        with pytest.raises(RunError, match=r"ended after 2 steps: .*00000002 cannot be written"):
            quietly(plan(tmp_path, *two_stages(world)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    quietly(plan(tmp_path, *two_stages(world)))
    assert_equal(weights(tmp_path), weights(undisturbed))
