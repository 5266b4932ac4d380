"""`pairmill train`: plans read strictly, and what a user sees."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModel, CLIPImageProcessorPil, SiglipImageProcessorPil
from typer.testing import CliRunner, Result

from model.steps import Step
from pipelines.cli import app
from pipelines.plan_file import read_plan
from pipelines.score_options import ScoreTeacher
from pipelines.teachers import Judge, Sight, look, specs_of
from tests.model.small_training import no_waiting, write_world
from tests.model.tiny import IMAGE_TOWERS, XLM_R, tiny_tokenizer

ROOT = Path(__file__).parents[2]
PLANS = sorted((ROOT / "configs" / "train").glob("*.toml"))
TOWERS = """
learned_tokens = 300
[model.new_text]
model_type = "xlm-roberta"
hidden_size = 16
intermediate_size = 16
num_hidden_layers = 1
num_attention_heads = 2
max_position_embeddings = 34
[model.new_image]
model_type = "vit"
hidden_size = 16
intermediate_size = 16
num_hidden_layers = 1
num_attention_heads = 2
image_size = 16
patch_size = 8
"""
STAGE = """
[[stages]]
name = "one"
steps = 3
images = [{ path = "world/pairs" }]
image_batch = 8
"""
RUNNING = "[running]\nloaders = 0\nlog_every = 1\n"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", no_waiting)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_world(tmp_path / "world")
    return tmp_path


def write(folder: Path, towers: str = TOWERS, stage: str = STAGE, running: str = RUNNING) -> str:
    path = folder / "plan.toml"
    path.write_text(f'output = "out"\n[model]\n{towers}{stage}{running}')
    return str(path)


def run(plan: str) -> Result:
    return CliRunner().invoke(app, ["train", plan])


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_plans_in_the_repository_are_plans(path: Path) -> None:
    assert read_plan(str(path)).stages


def test_paths_are_relative_to_the_plan(folder: Path) -> None:
    triplets = 'images = [{ path = "world/triplets", pictures = "world/pairs" }]'
    stage = STAGE.replace('images = [{ path = "world/pairs" }]', triplets)
    (data,) = read_plan(write(folder, stage=stage)).stages[0].images
    assert data.path == str(folder / "world/triplets")
    assert data.pictures == str(folder / "world/pairs")


def test_the_reference_plan_says_where_each_number_is_from() -> None:
    lines = (ROOT / "configs" / "train" / "jina_clip_v2.toml").read_text("utf-8").splitlines()
    first = lines.index('name = "1-short-captions"')
    stage = lines[first + 1 : lines.index("[[stages]]", first)]
    assert [line for line in stage if line.strip() and "#" not in line] == []


def test_a_plan_is_carried_out_and_says_how_it_goes(folder: Path) -> None:
    done = run(write(folder))
    assert done.exit_code == 0
    model = folder / "out" / "model"
    assert done.stdout == f"Model: {model}   (pairmill evaluate {model} DATA)\n"
    said = done.stderr.splitlines()
    assert [line.partition(", ")[0] for line in said] == [
        f"one  step {step} of 3" for step in (1, 2, 3)
    ]
    for words in (" loss ", " samples/s", "% of it waiting for data", " left"):
        assert all(words in line for line in said)
    again = run(write(folder))
    assert (again.exit_code, again.stdout) == (0, done.stdout)
    assert again.stderr.startswith("done already: ")


def test_a_plan_of_folds_leaves_a_teacher_that_a_recipe_takes(folder: Path) -> None:
    path = Path(write(folder))
    path.write_text("folds = 2\n" + path.read_text())
    done = run(str(path))
    assert done.exit_code == 0, done.stderr
    teacher = folder / "out"
    assert done.stdout == (
        f'Teacher: {teacher}   (in a recipe: [[score.teachers]] model = "{teacher}")\n'
    )
    assert [line.partition(", ")[0] for line in done.stderr.splitlines()] == [
        f"fold-{fold}: one  step {step} of 3" for fold in (0, 1) for step in (1, 2, 3)
    ]
    folds, specs = specs_of(ScoreTeacher(model=str(teacher)), "cpu")
    judge = Judge(0, "out", "", specs, folds)
    assert look(judge) == Sight(16, ("en", "de"))


def test_a_stopped_run_says_how_it_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Step.backward

    def backward(self: Step, pieces: list) -> torch.Tensor:
        os.kill(os.getpid(), signal.SIGTERM)
        return real(self, pieces)

    with monkeypatch.context() as patched:
        patched.setattr(Step, "backward", backward)
        done = run(write(folder))
    assert done.exit_code == 1
    assert "pairmill: stopped after 1 steps; the same command goes on from there" in done.stderr
    assert run(write(folder)).exit_code == 0


SLIPS = {
    "learning_rates: there is no such key, did you mean learning_rate?": {
        "stage": STAGE + "learning_rates = 1.0\n"
    },
    "stages.0.steps: must be a valid integer": {"stage": STAGE.replace("3", '"3"')},
    "stage 'one' must have images or texts": {"stage": '[[stages]]\nname = "one"\nsteps = 3\n'},
    "must hold shards that pack wrote": {"stage": STAGE.replace("pairs", "pears")},
    "model.new_image.hiden_size: vit has no such setting, did you mean hidden_size?": {
        "towers": TOWERS + "hiden_size = 16\n"
    },
    "new_image must be a configuration, got 'vitt'": {"towers": TOWERS.replace("vit", "vitt")},
    "new_image must be of a model type that AutoModel makes, got 'metaclip_2_vision_model'": {
        "towers": TOWERS.replace('"vit"', '"metaclip_2_vision_model"')
    },
    "evaluations must have different names, got 'a' twice": {
        "running": RUNNING + 2 * '[[evaluations]]\ndata = "world/pairs"\nname = "a"\n'
    },
    "without projections both towers must have projection_dim features": {
        "towers": TOWERS.replace("size = 16\nintermediate", "size = 8\nintermediate", 1)
    },
    "must have one of tokenizer and learned_tokens": {"towers": 'tokenizer = "x"' + TOWERS},
    "learned_tokens must be 0 or at least 260, got 30": {"towers": TOWERS.replace("300", "30")},
    "checkpoint must be a folder with a dual encoder of ours, got ": {"towers": 'checkpoint = "x"'},
    "device must be one that torch can use, got abacus": {
        "running": RUNNING + 'device = "abacus"\n'
    },
    "output must be a folder on this machine, got s3://a/b": {
        "towers": TOWERS, "stage": STAGE, "output": "s3://a/b"
    },
    "eval.parquet": {"running": RUNNING + '[[evaluations]]\ndata = "eval.parquet"\n'},
}  # fmt: skip


@pytest.mark.parametrize("said", SLIPS)
def test_a_slip_is_one_line_before_anything_runs(folder: Path, said: str) -> None:
    changes = dict(SLIPS[said])
    output = changes.pop("output", "out")
    path = Path(write(folder, **changes))
    path.write_text(path.read_text().replace('"out"', f'"{output}"'))
    done = run(str(path))
    assert done.exit_code == 2, done.exception
    assert said in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert not (folder / "out" / "metrics.jsonl").exists()


@pytest.mark.parametrize("side", ["text", "image"])
def test_a_hub_that_cannot_be_reached_is_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    learned, text, image = TOWERS.partition("[model.new_text]")[0], *_tables()
    towers = {
        "text": f'text = "nobody/nothing"\n{image}',
        "image": f'{learned}image = "nobody/nothing"\n{text}',
    }
    done = run(write(folder, towers[side]))
    assert done.exit_code == 2, done.exception
    assert done.stderr.startswith("pairmill: nobody/nothing, which is no folder here, cannot be lo")
    assert len(done.stderr.splitlines()) == 1


def _tables() -> tuple[str, str]:
    text, image = TOWERS[TOWERS.index("[model.new_text]") :].split("[model.new_image]")
    return text, f"[model.new_image]{image}"


@pytest.mark.parametrize("kind", ["vit", "clip", "siglip"])
def test_towers_are_taken_from_folders(folder: Path, kind: str) -> None:
    """In float32, however they were saved."""
    torch.manual_seed(0)
    tower = AutoModel.from_config(AutoConfig.for_model(**XLM_R)).to(torch.bfloat16)
    tower.save_pretrained(folder / "text")
    tiny_tokenizer().save_pretrained(folder / "text")
    image = AutoModel.from_config(AutoConfig.for_model(**IMAGE_TOWERS[kind]))
    image.save_pretrained(folder / "image")
    processor = CLIPImageProcessorPil() if kind == "clip" else SiglipImageProcessorPil()
    processor.save_pretrained(folder / "image")
    pooling = "head" if kind == "siglip" else "class"
    towers = f'text = "text"\nimage = "./image"\nimage_pooling = "{pooling}"\n'
    done = run(write(folder, towers, STAGE + "learning_rate = 1e-9\n"))
    assert done.exit_code == 0, done.stderr
    model = AutoModel.from_pretrained(folder / "out" / "model", trust_remote_code=True)
    assert {value.dtype for value in model.parameters()} == {torch.float32}
    got = model.image_tower.state_dict()
    for name, value in image.state_dict().items():
        if "pooler" not in name:
            torch.testing.assert_close(got[name], value, rtol=0, atol=1e-6)


def test_a_broken_picture_is_named_by_a_loader_in_a_sentence(folder: Path) -> None:
    tar = folder / "world" / "pairs" / "train" / "00001.tar"
    tar.write_bytes(bytes(tar.stat().st_size))
    done = run(write(folder, running=RUNNING.replace("= 0", "= 1")))
    assert done.exit_code == 1, done.exception
    last = done.stderr.splitlines()[-1]
    assert last.startswith("pairmill: the training ended after ")
    assert "must hold the picture uid" in last
    assert "Traceback" not in done.stderr


def test_a_missing_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['torch'] = None; sys.argv = ['pairmill', 'train', sys.argv[1]]; "
        "from pipelines.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(PLANS[0])], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "training needs torch: pip install 'pairmill[train]'" in done.stderr
