"""How well a model retrieves pictures and texts, by language and Matryoshka size.

As on Crossmodal-3600 (Thapliyal et al. 2022, arXiv:2205.12522), a language's texts search all
pictures of the set, whatever languages those have texts in, and pictures search the texts of one
language at a time. Texts search the documents of the language that their answers are in.
"""

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from model.evaluation_data import Example, PictureSet, ScoredSet, Task, Text, TextSet, read_set
from model.evaluation_report import ALL_LANGUAGES, Report, Result, Score
from model.evaluation_sets import DataError, EvaluationSet
from model.metrics import Relevance, retrieval, spearman
from model.pictures import PictureError, decode_picture
from model.teacher import Encoder

_SMALLEST_DIM = 64
_CHANCE_CUTOFF = 10
_DECODING_THREADS = 4  # decoding leaves Python's lock alone


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the embedding of something is.

    Attributes:
      name: of the evaluation set.
      unit: `pictures` or `texts`.
      done: how many.
      total: of how many; None where it is not known before.
    """

    name: str
    unit: str
    done: int
    total: int | None


OnProgress = Callable[[Progress], None]


def evaluate(
    encoder: Encoder,
    sets: Iterable[EvaluationSet],
    dims: Sequence[int] | None = None,
    batch: int = 64,
    on_progress: OnProgress | None = None,
) -> Report:
    """Embeds what the sets hold and scores it.

    In memory at once are the texts and embeddings of a set and a few batches of its pictures.

    Args:
      encoder: a teacher, or a `model.model_encoder.ModelEncoder` over a model in training.
      sets: with different labels.
      dims: sizes that embeddings are cut to before they are normalised again; None: powers of two
        from 64, and the full size.
      batch: pictures or texts embedded together.
      on_progress: called after each batch.

    Raises:
      DataError: a set's data is not as it should be; found before anything is embedded, but for
        pictures that cannot be read.
      ValueError: a size or the batch is out of bounds, or two sets have one label.
    """
    sets = list(sets)
    labels = [of.label for of in sets]
    if len(set(labels)) < len(labels):
        raise ValueError(f"evaluation sets must have different names, got {', '.join(labels)}")
    if batch < 1:
        raise ValueError(f"batch must be at least 1, got {batch}")
    sizes = matryoshka_dims(encoder.dim) if dims is None else _checked(dims, encoder.dim)
    tasks = [task for of in sets for task in read_set(of)]
    embed = _Embed(encoder, batch, on_progress or (lambda _: None))
    results = [result for task in tasks for result in _results(task, embed, sizes)]
    return Report(encoder.dim, tuple(results))


def matryoshka_dims(full: int) -> tuple[int, ...]:
    """The sizes that are evaluated unless others are asked for, the largest first.

    >>> matryoshka_dims(384), matryoshka_dims(32)
    ((384, 256, 128, 64), (32,))
    """
    smaller = [1 << power for power in range(full.bit_length()) if 1 << power < full]
    return (full, *(dim for dim in reversed(smaller) if dim >= _SMALLEST_DIM))


def _checked(dims: Sequence[int], full: int) -> tuple[int, ...]:
    for dim in dims:
        if not 1 <= dim <= full:
            raise ValueError(f"dims must be in [1, {full}], the model's size; got {dim}")
    if not dims:
        raise ValueError("dims must name a size, got none")
    return tuple(sorted(set(dims), reverse=True))


@dataclass(frozen=True, slots=True)
class _Embed:
    """Embeds in batches, and tells how far it is."""

    encoder: Encoder
    batch: int
    tell: OnProgress

    def understood(self, texts: Iterable[Text]) -> list[Text]:
        return [text for text in texts if self.encoder.understands(text.language)]

    def texts(self, name: str, texts: Sequence[Text]) -> Tensor:
        """Texts that are understood, [n, d]; those of a batch are of like length."""
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row].text))
        embeddings = np.empty((len(texts), self.encoder.dim), np.float32)  # [n, d]
        for start in range(0, len(texts), self.batch):
            rows = order[start : start + self.batch]
            some = [texts[row] for row in rows]
            embeddings[rows] = self.encoder.embed_texts(
                [text.text for text in some], [text.language for text in some]
            )  # [batch, d]
            self.tell(Progress(name, "texts", start + len(rows), len(texts)))
        return torch.from_numpy(embeddings)

    def pictures(self, name: str, examples: Iterable[Example], total: int | None) -> Tensor:
        """[n, d]"""
        embeddings: list[np.ndarray] = []
        done = 0
        for images in _decoded(examples, self.batch):
            embeddings.append(self.encoder.embed_images(images))  # [batch, d]
            done += len(images)
            self.tell(Progress(name, "pictures", done, total))
        nothing = np.empty((0, self.encoder.dim), np.float32)
        return torch.from_numpy(np.concatenate([nothing, *embeddings]))


def _decoded(examples: Iterable[Example], batch: int) -> Iterator[list[Image.Image]]:
    """Batches of pictures; the next is decoded while the last one is embedded."""
    stream = iter(examples)
    with ThreadPoolExecutor(_DECODING_THREADS) as pool:
        ahead = deque([[pool.submit(_decode, one) for one in islice(stream, batch)]])
        while ahead[0]:
            ahead.append([pool.submit(_decode, one) for one in islice(stream, batch)])
            yield [future.result() for future in ahead.popleft()]


def _decode(example: Example) -> Image.Image:
    try:
        return decode_picture(example.body)
    except PictureError as error:
        raise DataError(f"{example.name} is no picture that can be read: {error}") from error


class _Gallery:
    """The different pictures of a stream, and the rows of them that each text belongs to."""

    def __init__(self, examples: Iterable[Example], limit: int | None) -> None:
        self._examples = examples
        self._limit = limit
        self._rows: dict[bytes, int] = {}
        self.texts: dict[Text, dict[int, None]] = {}

    def distinct(self) -> Iterator[Example]:
        """Each picture when it comes for the first time; `texts` is complete after the last."""
        for example in self._examples:
            digest = hashlib.blake2b(example.body, digest_size=16).digest()
            known = digest in self._rows
            if not known and len(self._rows) == self._limit:
                return
            row = self._rows.setdefault(digest, len(self._rows))
            for text in example.texts:
                self.texts.setdefault(text, {})[row] = None
            if not known:
                yield example


def _results(task: Task, embed: _Embed, dims: Sequence[int]) -> list[Result]:
    match task:
        case PictureSet():
            return _picture_results(task, embed, dims)
        case TextSet():
            return [_text_result(task, embed, dims)]
        case ScoredSet():
            return [_similarity_result(task, embed, dims)]


def _picture_results(task: PictureSet, embed: _Embed, dims: Sequence[int]) -> list[Result]:
    name, gallery = task.of.label, _Gallery(task.examples(), task.of.limit)
    pictures = embed.pictures(name, gallery.distinct(), task.most)  # [g, d]
    if not len(pictures):
        raise DataError(f"{task.of.data} holds no pictures")
    texts = embed.understood(gallery.texts)
    features = embed.texts(name, texts)  # [n, d]
    forth, back = [], []
    for code in dict.fromkeys(text.language for text in texts):
        own = [row for row, text in enumerate(texts) if text.language == code]
        pairs = [
            (query, row) for query, text in enumerate(own) for row in gallery.texts[texts[text]]
        ]
        forth.append(_Search.of(code, features[own], pictures, pairs))
        shown = sorted({row for _, row in pairs})
        place = {row: query for query, row in enumerate(shown)}
        turned = [(place[row], text) for text, row in pairs]
        back.append(_Search.of(code, pictures[shown], features[own], turned))
    left_out = _left_out(gallery.texts, embed)
    return [
        Result(name, "text-to-image", _search_scores(forth, dims), left_out),
        Result(name, "image-to-text", _search_scores(back, dims), left_out),
    ]


def _text_result(task: TextSet, embed: _Embed, dims: Sequence[int]) -> Result:
    asked = dict.fromkeys(query for query, _ in task.gains)
    searched = dict.fromkeys(task.documents)
    texts = embed.understood(asked | searched)
    features = embed.texts(task.of.label, texts)  # [n, d]
    rows = {text: row for row, text in enumerate(texts)}
    by_languages: dict[tuple[str, str], list[tuple[Text, Text]]] = defaultdict(list)
    for query, document in task.gains:
        if query in rows and document in rows:
            by_languages[query.language, document.language].append((query, document))
    searches = []
    for (code, other), answers in by_languages.items():
        queries = {
            query: number for number, query in enumerate(dict.fromkeys(q for q, _ in answers))
        }
        documents = [text for text in searched if text.language == other]
        place = {document: number for number, document in enumerate(documents)}
        searches.append(
            _Search.of(
                code,
                features[[rows[text] for text in queries]],
                features[[rows[text] for text in documents]],
                [(queries[query], place[document]) for query, document in answers],
                [task.gains[pair] for pair in answers],
            )
        )
    left_out = _left_out(asked | searched, embed)
    return Result(task.of.label, "text-to-text", _search_scores(searches, dims), left_out)


def _similarity_result(task: ScoredSet, embed: _Embed, dims: Sequence[int]) -> Result:
    every = dict.fromkeys(text for left, right, _ in task.rows for text in (left, right))
    texts = embed.understood(every)
    features = embed.texts(task.of.label, texts)  # [n, d]
    rows = {text: row for row, text in enumerate(texts)}
    pairs = [
        (left.language, rows[left], rows[right], said)
        for left, right, said in task.rows
        if left in rows
    ]
    codes = sorted({code for code, *_ in pairs})
    scores = []
    for dim in dims:
        units = functional.normalize(features[:, :dim], dim=-1)  # [n, dim]
        for language in (ALL_LANGUAGES, *codes) if pairs else ():
            some = [pair for pair in pairs if language in (ALL_LANGUAGES, pair[0])]
            _, left, right, said = zip(*some, strict=True)
            cosines = (units[list(left)] * units[list(right)]).sum(1)  # [p]
            value = spearman(cosines.double(), torch.tensor(said, dtype=torch.float64))
            scores.append(Score(language, dim, len(some), None, None, {"Spearman": value}))
    return Result(task.of.label, "similarity", tuple(scores), _left_out(every, embed))


def _left_out(texts: Iterable[Text], embed: _Embed) -> dict[str, int]:
    codes = (text.language for text in texts if not embed.encoder.understands(text.language))
    return dict(sorted(Counter(codes).items()))


@dataclass(frozen=True, slots=True)
class _Search:
    """Queries of one language, and what they search.

    Attributes:
      language: ISO 639-1.
      queries: [n, d].
      gallery: [g, d].
      relevance: which items answer which queries.
    """

    language: str
    queries: Tensor
    gallery: Tensor
    relevance: Relevance

    @classmethod
    def of(
        cls,
        language: str,
        queries: Tensor,
        gallery: Tensor,
        pairs: list[tuple[int, int]],
        gains: list[float] | None = None,
    ) -> Self:
        """`pairs` are rows of queries and gallery; `gains` how well, 1 where nothing is said."""
        asked, items = torch.tensor(pairs).T.contiguous()  # [p] each
        worth = torch.tensor([1.0] * len(pairs) if gains is None else gains, dtype=torch.float64)
        return cls(language, queries, gallery, Relevance(asked, items, worth))

    def score(self, dim: int) -> Score:
        """At a size."""
        found = retrieval(self.queries[:, :dim], self.gallery[:, :dim], self.relevance)
        answers = torch.bincount(self.relevance.queries, minlength=len(self.queries))  # [n]
        counts = len(self.queries), len(self.gallery)
        return Score(self.language, dim, *counts, chance(answers, len(self.gallery)), found.means())


def chance(answers: Tensor, gallery: int) -> float:
    """The mean R@10 of queries with so many `answers` [n], where the gallery's order is random.

    >>> round(chance(torch.tensor([1, 1]), 1000), 6), chance(torch.tensor([3]), 10)
    (0.01, 1.0)
    """
    drawn = torch.arange(min(_CHANCE_CUTOFF, gallery))  # [10]
    wrong = gallery - answers.double()[:, None] - drawn  # [n, 10]
    missed = (wrong / (gallery - drawn)).clamp(min=0).prod(dim=1)  # [n]
    return float((1 - missed).mean())


def _search_scores(searches: Sequence[_Search], dims: Sequence[int]) -> tuple[Score, ...]:
    scores = []
    for dim in dims:
        single = [search.score(dim) for search in searches]
        codes = sorted({score.language for score in single})
        if single:
            scores.append(_together(ALL_LANGUAGES, single))
        scores += [_together(code, [s for s in single if s.language == code]) for code in codes]
    return tuple(scores)


def _together(language: str, scores: Sequence[Score]) -> Score:
    """The mean over the queries of all."""
    queries = sum(score.queries for score in scores)
    galleries = {score.gallery for score in scores}

    def mean(values: Iterable[float]) -> float:
        return sum(s.queries * value for s, value in zip(scores, values, strict=True)) / queries

    return Score(
        language,
        scores[0].dim,
        queries,
        galleries.pop() if len(galleries) == 1 else None,
        mean(score.chance or 0.0 for score in scores),
        {name: mean(score.values[name] for score in scores) for name in scores[0].values},
    )
