"""What a training is asked to do: the model, its stages, how it runs, how it is judged.

Read from TOML by `pairmill train` (`configs/train/`), or made in Python. Paths of data may be
anything that fsspec opens; a training's own folder and models lie on this machine.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from model.evaluation_sets import EvaluationSet
from model.folds import fold_folder
from schemas.ids import Fold, Folds, FoldsOf
from schemas.languages import ALL, LANGUAGES

Positive = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Below1 = Annotated[float, Field(ge=0, lt=1)]
Above0 = Annotated[float, Field(gt=0, allow_inf_nan=False)]
From0 = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Words = Annotated[str, Field(min_length=1)]

FEWEST_TOKENS = 260  # of a learned tokenizer: the bytes, and four special ones


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """Which model is trained: one that was saved, or one of two towers.

    Attributes:
      checkpoint: a dual encoder's folder to go on from, or "".
      text: a text encoder's folder or hub id, or "" for `new_text`.
      text_revision: of the hub's repository.
      image: an image encoder's folder or hub id, or "" for `new_image`.
      image_revision: of the hub's repository.
      new_text: a text encoder with random weights: transformers' configuration, with its
        `model_type`; `vocab_size` is the tokenizer's where it is left out.
      new_image: likewise an image encoder.
      tokenizer: a folder or hub id; "": the text encoder's.
      learned_tokens: size of a tokenizer learned from the captions and texts of the first stage,
        at least 260; 0: none is.
      text_pooling: see `model.towers.DualEncoderConfig`, as are the two that follow.
      image_pooling: …
      projection_dim: …
    """

    checkpoint: str = ""
    text: str = ""
    text_revision: str = ""
    image: str = ""
    image_revision: str = ""
    new_text: dict[str, Any] = field(default_factory=dict)
    new_image: dict[str, Any] = field(default_factory=dict)
    tokenizer: str = ""
    learned_tokens: Whole = 0
    text_pooling: Literal["mean", "class"] = "mean"
    image_pooling: Literal["class", "mean", "head", "pyramid"] = "class"
    projection_dim: Whole = 0

    def __post_init__(self) -> None:
        """Raises ValueError where it is not one model."""
        if self.checkpoint:
            if self.text or self.image or self.new_text or self.new_image:
                raise ValueError("a model is either a checkpoint or two towers, got both")
            if self.tokenizer or self.learned_tokens:
                raise ValueError("a checkpoint has its tokenizer, got another")
            return
        for side, loaded, new in (
            ("text", self.text, self.new_text),
            ("image", self.image, self.new_image),
        ):
            if bool(loaded) == bool(new):
                raise ValueError(f"a model must have one of {side} and new_{side}")
        if self.new_text and bool(self.tokenizer) == bool(self.learned_tokens):
            raise ValueError("a model with new_text must have one of tokenizer and learned_tokens")
        if self.text and self.learned_tokens:
            raise ValueError("learned_tokens must be left out where text has its tokenizer already")
        if 0 < self.learned_tokens < FEWEST_TOKENS:
            raise ValueError(
                f"learned_tokens must be 0 or at least {FEWEST_TOKENS}, got {self.learned_tokens}"
            )


@dataclass(frozen=True, slots=True)
class DataSet:
    """Something to train on.

    Attributes:
      path: a folder that `pack` wrote: `shards/pairs`, `documents`, `triplets/image-to-text`,
        `triplets/text-to-image` or `triplets/query-to-page` for images, `texts` or
        `triplets/text-text` for texts; or for texts any folder of Parquet with
        sentence-transformers' columns.
      weight: share of the batches that come from it, by the sum of the weights.
      pictures: of triplets for images: the folder of their pictures, `shards/pairs` of the same
        output, or of `query-to-page` its `shards/documents`.
      negatives: hard negatives of each row that are used; none: as many as the stage says.
      trusted: whether its pairs are known to match: every model of a plan with folds sees them all.
    """

    path: Words
    weight: Above0 = 1.0
    pictures: str = ""
    negatives: Whole | None = None
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class LossPlan:
    """A loss of `model.losses`, of texts with texts or of pictures with texts.

    Attributes:
      kind: …
      temperature: τ that it begins with; a stage goes on with what an earlier one learned.
      learn_temperature: whether τ is learned; otherwise it is `temperature` throughout.
      bias: of `sigmoid`, learned; a stage goes on with what an earlier one learned.
      chunk: columns of logits held at once, see there; 0: all.
    """

    kind: Literal["info-nce", "sigmoid"] = "info-nce"
    temperature: Above0 = 0.07
    learn_temperature: bool = True
    bias: float = -10.0
    chunk: Whole = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the training with a mix of data and a schedule of its own.

    Each step takes one batch of texts, where there are texts, and one of pictures, where there are
    pictures, each from one data set (as jina-embeddings, Günther et al. 2023, arXiv:2307.11224, so
    that a batch is told apart by what is said rather than by where it comes from), and adds up
    their losses.

    Attributes:
      name: shown in reports, different in each stage.
      steps: of the optimizer.
      images: data sets of pictures with captions, triplets with pictures among them.
      texts: data sets of texts with texts.
      image_batch: pairs of a picture and a caption in a batch, over all processes.
      text_batch: pairs in a batch, over all processes.
      micro_batch: pairs of a kind that one process's towers hold at once, by GradCache; 0: all.
      accumulate: batches, each with its own loss, whose gradients are averaged for one step.
      negatives: hard negatives that are used of each row of texts and of triplets, the first: texts
        of a text, captions of a picture, pictures of a caption. `mine` puts the nearest first, so
        that fewer than it found have fewer in other languages.
      image_size: pixels a side; 0: as the model has it.
      smallest_crop: of a picture's area, a random part of at least that much is used.
      token_dropout: share of a text's tokens that are not told, others each time (word dropout,
        Iyyer et al. 2015, section 3.1): padding stands for them, as if they had never been met.
      text_length: tokens; 0: as the model has it.
      language_temperature: of captions and texts, T: a language is drawn in proportion to the
        1/T-th power of its share; 1: every sample once an epoch.
      learning_rate: after warm-up.
      warmup_steps: …
      schedule: how it goes on: `cosine` and `linear` to `final_learning_rate`.
      final_learning_rate: share of `learning_rate`.
      image_loss: …
      text_loss: …
      matryoshka: sizes of the embeddings that both losses are taken at; none: the whole.
    """

    name: Words
    steps: Positive
    images: tuple[DataSet, ...] = ()
    texts: tuple[DataSet, ...] = ()
    image_batch: Positive = 256
    text_batch: Positive = 256
    micro_batch: Whole = 0
    accumulate: Positive = 1
    negatives: Whole = 0
    image_size: Whole = 0
    smallest_crop: Annotated[float, Field(gt=0, le=1)] = 1.0
    token_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    text_length: Whole = 0
    language_temperature: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    learning_rate: Above0 = 5e-4
    warmup_steps: Whole = 0
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    final_learning_rate: Share = 0.0
    image_loss: LossPlan = field(default_factory=LossPlan)
    text_loss: LossPlan = field(default_factory=LossPlan)
    matryoshka: tuple[Positive, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be trained."""
        if not self.images and not self.texts:
            raise ValueError(f"stage {self.name!r} must have images or texts")
        for data in self.texts:
            if data.pictures:
                raise ValueError(
                    f"pictures must be named in images alone, got {data.path} in texts"
                )
        for data in self.images:
            if data.negatives is not None and not data.pictures:
                raise ValueError(
                    f"negatives of {data.path} must go with the pictures of its triplets: name "
                    "their folder, shards/pairs, as pictures"
                )
        if self.warmup_steps > self.steps:
            raise ValueError(
                f"warmup_steps must be at most the {self.steps} steps of stage {self.name!r}, "
                f"got {self.warmup_steps}"
            )


@dataclass(frozen=True, slots=True)
class Running:
    """How the training is carried out.

    Attributes:
      device: `auto`: a GPU where there is one.
      precision: of the towers' arithmetic; weights are float32. `auto`: bf16 on a GPU or processor
        that has it.
      gradient_checkpointing: whether activations are computed again, for memory.
      loaders: processes that decode pictures and cut texts to tokens, for each training process;
        0: it does so itself.
      shuffle_samples: how many are shuffled at a time, in whole shards; their captions, as drawn,
        are held in memory.
      weight_decay: of matrices; biases, norms and temperatures have none.
      beta1: of AdamW, as are the two that follow.
      beta2: …
      epsilon: …
      max_gradient_norm: gradients are scaled down to; 0: not.
      log_every: steps.
      checkpoint_every: steps; one is written at each stage's end, too.
      keep_checkpoints: the last ones; older ones are removed.
      evaluate_every: steps; at the very beginning and each stage's end it is, too. 0: only then.
    """

    device: str = "auto"
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    gradient_checkpointing: bool = False
    loaders: Whole = 2
    shuffle_samples: Positive = 100_000
    weight_decay: From0 = 0.1
    beta1: Below1 = 0.9
    beta2: Below1 = 0.98
    epsilon: Above0 = 1e-6
    max_gradient_norm: From0 = 1.0
    log_every: Positive = 10
    checkpoint_every: Positive = 1000
    keep_checkpoints: Positive = 2
    evaluate_every: Whole = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A training.

    Attributes:
      output: folder of its checkpoints, records and, at the end, `model/`, which every process
        sees.
      model: …
      stages: one after another.
      seed: of new weights, dropout and the order of the data.
      languages: ISO 639-1 codes that the model is said to understand afterwards; none: those that
        have captions or texts in its data.
      folds: into so many parts the pairs of all data sets but trusted ones fall, and as many models
        are trained, in `output/fold-0` …, each without one part: together a teacher for the very
        pairs, of which each is judged by the model that has not seen it (cross-fitting:
        Chernozhukov et al. 2018, arXiv:1608.00060, definition 3.1). None: one model sees all.
      folds_of: what falls into a part as a whole, see `schemas.ids.Folds`. Models of `captions`
        know a picture by its others, and so also what no other picture shows; what is wrong with
        all captions of a picture alike they take for true.
      unseen_fold: the one of the `folds` models to train, in `output`; None: all of them.
      running: …
      evaluations: what it is judged on.
    """

    output: Words
    model: ModelPlan
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    seed: Whole = 17
    languages: tuple[str, ...] = ()
    folds: Annotated[int, Field(ge=2)] | None = None
    folds_of: FoldsOf = "pictures"
    unseen_fold: Whole | None = None
    running: Running = field(default_factory=Running)
    evaluations: tuple[EvaluationSet, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for names that are wrong or stand twice."""
        if "://" in self.output:
            raise ValueError(f"output must be a folder on this machine, got {self.output}")
        unknown = [code for code in self.languages if code not in LANGUAGES]
        if unknown:
            raise ValueError(f"languages must be among {' '.join(ALL)}, got {unknown[0]!r}")
        for what, names in (
            ("stages", [stage.name for stage in self.stages]),
            ("evaluations", [of.label for of in self.evaluations]),
        ):
            twice = [name for name, n in Counter(names).items() if n > 1]
            if twice:
                raise ValueError(f"{what} must have different names, got {twice[0]!r} twice")
        every = [data for stage in self.stages for data in (*stage.images, *stage.texts)]
        if self.folds is None and self.folds_of != "pictures":
            raise ValueError(f"folds_of must come with folds, got {self.folds_of} of none")
        if self.folds and any(stage.texts for stage in self.stages):
            raise ValueError("folds are of captions: a plan with folds must have no texts")
        if self.folds and any(data.pictures for data in every):
            raise ValueError(
                "captions of a fold that is left out are others' negatives in triplets: a plan "
                "with folds must have no triplets"
            )
        if self.folds is None and any(data.trusted for data in every):
            raise ValueError("trusted must come with folds: without them every pair is seen")
        if self.folds and all(data.trusted for data in every):
            raise ValueError("a plan with folds must have images that are not trusted: the pool")
        judged = {data.path for data in every if not data.trusted}
        if both := sorted(judged & {data.path for data in every if data.trusted}):
            raise ValueError(
                "trusted must be other data than the pool, which a model that sees all of it "
                f"cannot judge, got {both[0]} as both"
            )
        if self.unseen_fold is not None and self.unseen_fold >= (self.folds or 0):
            raise ValueError(
                f"unseen_fold must be below folds, got {self.unseen_fold} of {self.folds or 0}"
            )

    @property
    def unseen(self) -> Fold | None:
        """The pairs that are left out."""
        if self.folds is None or self.unseen_fold is None:
            return None
        return Fold(self.unseen_fold, Folds(self.folds, self.folds_of))

    @property
    def is_cross_fitted(self) -> bool:
        """Whether it is a plan for several models."""
        return self.folds is not None and self.unseen_fold is None

    def of_each_model(self) -> list["Plan"]:
        """A plan for each model that is to be trained."""
        if not self.is_cross_fitted:
            return [self]
        return [
            replace(self, output=fold_folder(self.output, number), unseen_fold=number)
            for number in range(self.folds or 0)
        ]
