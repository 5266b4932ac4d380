"""Trains a dual encoder as a plan says, taken up where an earlier run of it ended.

By one process, or by several that torchrun starts: each has a share of every batch.
"""

import gc
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from transformers.utils.logging import disable_progress_bar

from model.arithmetic import attend_plainly, working_dtype
from model.building import build, load_dual_encoder
from model.checkpoints import make_processor
from model.evaluation import evaluate
from model.evaluation_data import read_set
from model.evaluation_sets import DataError
from model.feed import Batch, Feed, Position
from model.fitting import PictureFit
from model.gathering import average_gradients
from model.loading import Piece, PieceReader
from model.model_encoder import ModelEncoder
from model.plan import Plan, Stage
from model.processes import Processes, joined, stopping
from model.reporting import Reporter, Spent
from model.run_folder import Moment, RunError, RunFolder, replace_with
from model.schedule import learning_rate, make_optimizer
from model.steps import PieceEncoder, Step, go_on_with, learned, make_losses, temperature_of
from model.tokens import texts_of
from model.towers import DualEncoderConfig, longest_text

_DTYPES: dict[str, Literal["auto", "bfloat16", "float32"]] = {
    "auto": "auto",
    "bf16": "bfloat16",
    "fp32": "float32",
}
_NON_FINITE_FILE = "non-finite-batch.json"


class NonFiniteLoss(RunError):
    """The loss or its gradient is not finite."""


class Stopped(RunError):
    """The run was asked to stop, and can be taken up."""


def train(plan: Plan, say: Callable[[str], None]) -> Path | None:
    """Trains until the plan is done, and returns the model's folder; None in all but one process.

    A plan that is done already is left as it is. Of a cross-fitted plan, whose models are trained
    one after another, it returns the folder of them all.

    Args:
      plan: of a folder with checkpoints, the same as before but for what changes no number.
      say: takes a line at a time of how it goes, in the first process.

    Raises:
      RunError: the folder is another training's, or the run ended half-way: it was stopped, the
        loss is not finite, data could not be read, or files could not be written.
      ValueError: the model cannot be made or the data is not as it should be; nothing was run.
      FirstFailed: in the other processes, where the first raises one of these.
    """
    disable_progress_bar()  # of transformers, which shows one for each file that it writes
    with joined(plan.running.device) as processes, stopping() as stop:
        plans = {of.output: of for of in plan.of_each_model()}
        folders = {output: RunFolder(output) for output in plans}
        for output, folder in folders.items():
            processes.in_first(partial(folder.begin, plans[output]))
        steps = sum(stage.steps for stage in plan.stages)
        left = [output for output in plans if not folders[output].is_finished(steps)]
        for output in left:
            tell = partial(_tell, say, output if plan.is_cross_fitted else "")
            _Training(plans[output], processes, folders[output], tell, stop).run()
        if processes.is_first and not left:
            say("done already: name another output, or remove the folder to train again")
        whole = Path(plan.output) if plan.is_cross_fitted else folders[plan.output].model
        return whole if processes.is_first else None


def _tell(say: Callable[[str], None], output: str, line: str) -> None:
    """Says a line, with the name of the fold's folder before it."""
    say(f"{Path(output).name}: {line}" if output else line)


class _Training:
    """A run of a plan, in one of its processes."""

    def __init__(
        self,
        plan: Plan,
        processes: Processes,
        folder: RunFolder,
        say: Callable[[str], None],
        stop: list[int],
    ) -> None:
        self._plan, self._processes, self._folder, self._stop = plan, processes, folder, stop
        self._ends = list(itertools.accumulate(stage.steps for stage in plan.stages))
        checkpoint = folder.latest()
        self._moment = Moment(0, 0, Position())
        self._losses = nn.ModuleDict()
        self._learned: dict[str, torch.Tensor] = {}  # by the losses of all stages until now
        self._optimizer_state: Any = None
        if checkpoint:
            self._moment, state = folder.read_checkpoint(checkpoint)
            self._model, self._processor = load_dual_encoder(str(checkpoint))
            self._learned, self._optimizer_state = state["losses"], state["optimizer"]
            self._feeds = self._open_feeds()
            processes.set_random_state(state["random"], plan.seed)
        else:
            torch.manual_seed(plan.seed)
            texts = texts_of(plan.stages[0], plan.unseen)
            self._model, self._processor = build(plan.model, texts)
            _state_what_is_unseen(self._model.config, plan)
            self._feeds = self._open_feeds()
            torch.manual_seed(plan.seed + processes.number)
        known = self._done if checkpoint else -1
        self._reporter = Reporter(folder, say, known) if processes.is_first else None
        if checkpoint and self._reporter:
            self._reporter.say(f"going on from {checkpoint}")

    def _open_feeds(self) -> dict[int, Feed]:
        """The data of the stages to come, by stage; what would stop one later is found now.

        Raises:
          ValueError: a stage does not fit the model, or data are not as they should be.
        """
        plan, now = self._plan, self._moment
        share = self._processes.number, self._processes.count
        feeds = {}
        for number in range(now.stage, len(plan.stages)):
            stage = plan.stages[number]
            _check_sizes(stage, self._model.config)
            make_losses(stage)
            position = now.position if number == now.stage else Position()
            seed = f"{plan.seed}:{number}"
            feeds[number] = Feed(stage, plan.running, seed, share, position, plan.unseen)
        self._processes.in_first(lambda: _check_sets(plan))
        return feeds

    @property
    def _done(self) -> int:
        """Steps of all stages."""
        stage = self._moment.stage
        return self._ends[stage] - self._plan.stages[stage].steps + self._moment.step

    def run(self) -> None:
        """See `train`."""
        try:
            for number in range(self._moment.stage, len(self._plan.stages)):
                if number > self._moment.stage:
                    self._moment = Moment(number, 0, Position())
                if self._moment.step < self._plan.stages[number].steps:
                    self._run_stage(self._plan.stages[number])
                    gc.collect()  # what wrapped the model must be gone before it is wrapped again
            self._processes.in_first(lambda: replace_with(self._folder.model, self._save_model))
        except (DataError, OSError, FloatingPointError) as error:
            raise RunError(f"the training ended after {self._done} steps: {error}") from error
        finally:
            if self._reporter:
                self._reporter.close()

    def _run_stage(self, stage: Stage) -> None:
        feed = self._begin_stage(stage)
        if self._done == 0:
            self._evaluate()
        encoder, reader = self._encoder(), self._reader(stage)
        with _frozen(self._unused(stage)):
            optimizer = make_optimizer([self._model, self._losses], self._plan.running)
            if self._moment.step:
                optimizer.load_state_dict(self._optimizer_state)
            self._optimizer_state = None
            wrapped = DistributedDataParallel(encoder) if self._processes.count > 1 else encoder
            step = Step(wrapped, self._losses, self._autocast(), stage.accumulate)
            count = (stage.steps - self._moment.step) * stage.accumulate
            pin = self._processes.device.type == "cuda"
            with closing(feed.batches(count, reader, pin)) as batches:  # ends the loaders at once
                spent = Spent()
                for done in range(self._moment.step, stage.steps):
                    began = time.perf_counter()
                    rate = learning_rate(stage, done)
                    position = self._step(stage, step, optimizer, rate, batches, spent)
                    spent.seconds += time.perf_counter() - began
                    self._moment = Moment(self._moment.stage, done + 1, position)
                    spent = self._after_step(stage, optimizer, spent)
        optimizer.zero_grad()

    def _begin_stage(self, stage: Stage) -> Feed:
        """Makes the model, its processor and the losses fit the stage; returns its data."""
        feed = self._feeds.pop(self._moment.stage)
        model, config = self._model, self._model.config
        if self._moment.step == 0:
            if stage.image_size and stage.image_size != model.image_size:
                model.set_image_size(stage.image_size)
            model.set_context_length(stage.text_length or config.context_length)
            found = {*config.languages, *feed.languages} - {"und"}
            config.languages = list(self._plan.languages or sorted(found))
        self._losses = make_losses(stage)
        go_on_with(self._losses, self._learned)
        processor = self._processor
        self._processor = make_processor(processor.tokenizer, processor.image_processor, config)
        model.to(self._processes.device).train()
        self._losses.to(self._processes.device)
        if self._autocast() and self._processes.device.type == "cpu":
            attend_plainly(model)
        if self._plan.running.gradient_checkpointing:
            model.activation_checkpointing_enable()
        return feed

    def _step(
        self,
        stage: Stage,
        step: Step,
        optimizer: torch.optim.Optimizer,
        rate: float,
        batches: Iterator[Batch],
        spent: Spent,
    ) -> Position:
        """Changes the weights once; returns where the data stands."""
        optimizer.zero_grad()
        for group in optimizer.param_groups:
            group["lr"] = rate
        losses, pieces = [], []
        for _ in range(stage.accumulate):
            began = time.perf_counter()
            batch = next(batches)
            spent.waiting += time.perf_counter() - began
            pieces += batch.pieces
            loss = step.backward(batch.pieces)
            losses.append(torch.stack([loss, *step.parts.values()]))
            self._require_finite(loss, batch.pieces, "loss")
        average_gradients(self._losses.parameters())
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        most = self._plan.running.max_gradient_norm or float("inf")
        norm = nn.utils.clip_grad_norm_(parameters, most)
        self._require_finite(norm, pieces, "gradient")
        optimizer.step()
        names = ["loss", *(f"{name}_loss" for name in step.parts)]
        mean = self._processes.mean(torch.stack(losses).mean(0)).tolist()
        values = dict(zip(names, mean, strict=True))
        values |= {"gradient_norm": float(norm), "learning_rate": rate}
        for name, own in self._losses.items():
            values[f"{name}_temperature"] = float(1 / temperature_of(own)().detach())
        spent.values.append(values)
        spent.samples += stage.accumulate * sum(
            size
            for size, sets in ((stage.image_batch, stage.images), (stage.text_batch, stage.texts))
            if sets
        )
        return batch.position

    def _require_finite(self, value: torch.Tensor, pieces: list[Piece], what: str) -> None:
        """Stops every process where one's value is no number, and tells its samples."""
        bad = not bool(value.isfinite())
        if not self._processes.any(bad):
            return
        names = [name for piece in pieces for name in piece.names] if bad else []
        every = [name for own in self._processes.every(names) for name in own]
        file = self._folder.path / _NON_FINITE_FILE
        if self._processes.is_first:
            file.write_text(json.dumps(every, indent=1))
        raise NonFiniteLoss(
            f"the {what} is not finite after {self._done} steps, on a batch of {len(every)} "
            f"samples, named in {file}: {', '.join(every[:3])} … A smaller learning rate, a longer "
            "warm-up or precision fp32 may help, in another plan, which may begin with one of the "
            "checkpoints, all from before"
        )

    def _after_step(self, stage: Stage, optimizer: torch.optim.Optimizer, spent: Spent) -> Spent:
        """Reports, evaluates and writes a checkpoint, where one is due; returns what is unsaid."""
        running, done = self._plan.running, self._moment.step
        at_end = done == stage.steps
        if at_end or done % running.log_every == 0:
            if self._reporter:
                self._reporter.steps(stage, done, self._done, spent)
            spent = Spent()
        if at_end or (running.evaluate_every and done % running.evaluate_every == 0):
            self._evaluate()
        asked = self._processes.any(bool(self._stop))
        if at_end or asked or done % running.checkpoint_every == 0:
            self._write_checkpoint(optimizer)
        if asked and self._done < self._ends[-1]:
            raise Stopped(f"stopped after {self._done} steps; the same command goes on from there")
        return spent

    def _write_checkpoint(self, optimizer: torch.optim.Optimizer) -> None:
        random = self._processes.every(self._processes.random_state())
        self._learned = {**self._learned, **learned(self._losses)}

        def write() -> None:
            training = {
                "optimizer": optimizer.state_dict(),
                "losses": self._learned,
                "random": random,
            }
            self._folder.write_checkpoint(self._done, self._moment, self._save_model, training)
            self._folder.remove_old(self._plan.running.keep_checkpoints)

        self._processes.in_first(write)

    def _save_model(self, folder: Path) -> None:
        self._model.save_pretrained(folder, processor=self._processor)

    def _evaluate(self) -> None:
        """In the first process, while the others wait."""
        sets, processor = self._plan.evaluations, self._processor

        def judge() -> None:
            encoder = ModelEncoder(self._model, processor.tokenizer, processor.image_processor)
            if self._reporter:
                self._reporter.evaluation(self._done, evaluate(encoder, sets))

        if sets:
            self._processes.in_first(judge)

    def _encoder(self) -> PieceEncoder:
        colours = self._processor.image_processor
        encoder = PieceEncoder(self._model, colours.image_mean, colours.image_std)
        return encoder.to(self._processes.device)

    def _reader(self, stage: Stage) -> PieceReader:
        fit = PictureFit.of(self._processor.image_processor, stage.smallest_crop)
        length = self._model.config.context_length
        threads = 1 if self._plan.running.loaders else torch.get_num_threads()
        return PieceReader(self._processor.tokenizer, length, fit, stage.token_dropout, threads)

    def _autocast(self) -> torch.dtype | None:
        dtype = working_dtype(_DTYPES[self._plan.running.precision], str(self._processes.device))
        return None if dtype == torch.float32 else dtype

    def _unused(self, stage: Stage) -> list[nn.Parameter]:
        """Parameters that no loss of the stage depends on."""
        if stage.images:
            return []
        model = self._model
        return [*model.image_tower.parameters(), *model.image_projection.parameters()]


def _check_sizes(stage: Stage, config: DualEncoderConfig) -> None:
    longest = longest_text(config.text_config)
    if stage.text_length > longest:
        raise ValueError(
            f"text_length of stage {stage.name!r} must be at most {longest}, what the text tower "
            f"has positions for, got {stage.text_length}"
        )
    patch = getattr(config.vision_config, "patch_size", 1)
    if isinstance(patch, int) and 0 < stage.image_size < patch:
        raise ValueError(
            f"image_size of stage {stage.name!r} must be at least {patch}, a patch of the image "
            f"tower, got {stage.image_size}"
        )
    if max(stage.matryoshka, default=1) > config.projection_dim:
        raise ValueError(
            f"matryoshka of stage {stage.name!r} must be at most {config.projection_dim}, the "
            f"embedding's size, got {list(stage.matryoshka)}"
        )


def _state_what_is_unseen(config: DualEncoderConfig, plan: Plan) -> None:
    """Has the model say which fold it will not have seen.

    Raises:
      ValueError: it begins with one that has seen the fold already.
    """
    unseen = plan.folds, plan.folds_of, plan.unseen_fold
    before = config.folds, config.folds_of, config.unseen_fold
    if plan.unseen and config.folds and unseen != before:
        raise ValueError(
            f"a model that is not to see fold {plan.unseen_fold} of {plan.folds} (of "
            f"{plan.folds_of}) must not begin with one that has seen it: {plan.model.checkpoint} "
            f"has seen all but fold {config.unseen_fold} of {config.folds} (of {config.folds_of})"
        )
    config.folds, config.folds_of, config.unseen_fold = unseen


def _check_sets(plan: Plan) -> None:
    """Raises DataError where a set cannot be evaluated on."""
    for of in plan.evaluations:
        read_set(of)


@contextmanager
def _frozen(parameters: Iterable[nn.Parameter]) -> Iterator[None]:
    """Keeps parameters from being trained."""
    changed = [parameter for parameter in parameters if parameter.requires_grad]
    for parameter in changed:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in changed:
            parameter.requires_grad_(True)
