"""Any folder of WebDataset shards: what it holds, and what its readers will stumble over."""

import hashlib
import posixpath
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console

from pipelines.differences import Difference
from pipelines.errors import RecipeError
from pipelines.storage import Folder, filesystem
from pipelines.tar_walk import TarDamage, walk_samples
from pipelines.threads import in_threads

_STAGE = "shards"
_AT_ONCE = 8  # shards
_MOST_KINDS = 200  # suffixes, or sets of them, that are told apart
_OTHER = "(others)"
_KEYS_HELD = 1 << 22  # 8-byte digests and 4-byte shard numbers of keys: 50 MB
_MOST_NAMED = 3  # repeated keys
_NOTHING = np.zeros(0, dtype=np.uint64)


@dataclass(slots=True)
class KeyDigests:
    """Digests of keys, to find those that come again; of very many only an even share is kept.

    A key is held if the lowest `halvings` bits of its digest are 0, so one that comes again is held
    each time or never.

    Attributes:
      halvings: how often the share was halved.
      digests: 64 bits each.
      shards: the number of the shard of each.
    """

    halvings: int = 0
    digests: np.ndarray = field(default_factory=lambda: _NOTHING)
    shards: np.ndarray = field(default_factory=lambda: _NOTHING.astype(np.uint32))

    def add(self, digests: np.ndarray, shard: int) -> None:
        """Adds the keys of one shard."""
        self.digests = np.concatenate([self.digests, digests])
        self.shards = np.concatenate([self.shards, np.full(len(digests), shard, dtype=np.uint32)])
        self._thin(0)
        while len(self.digests) > _KEYS_HELD:
            self._thin(1)

    def repeated(self) -> tuple[int, dict[int, list[int]]]:
        """How many keys come again, and of a few their digests with the shards they stand in."""
        order = np.argsort(self.digests, kind="stable")
        digests, shards = self.digests[order], self.shards[order]
        again = np.unique(digests[1:][digests[1:] == digests[:-1]])
        places = {}
        for digest in again[:_MOST_NAMED]:
            first, end = np.searchsorted(digests, digest), np.searchsorted(digests, digest, "right")
            places[int(digest)] = sorted(set(shards[first:end].tolist()))
        return len(again), places

    def _thin(self, halvings: int) -> None:
        self.halvings += halvings
        kept = self.digests & np.uint64((1 << self.halvings) - 1) == 0
        self.digests, self.shards = self.digests[kept], self.shards[kept]


@dataclass(slots=True)
class FolderSurvey:
    """What the shards of a folder hold; its size does not depend on theirs.

    Attributes:
      folder: its URI.
      shards: tars.
      samples: in them.
      tar_bytes: of the tars.
      member_bytes: of the members.
      suffixes: members by suffix.
      kinds: samples by their suffixes, sorted.
      examples: a sample of each kind: its shard and its key.
      keys: digests of the samples' keys.
      differences: what is broken.
    """

    folder: str
    shards: int = 0
    samples: int = 0
    tar_bytes: int = 0
    member_bytes: int = 0
    suffixes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, ...]] = field(default_factory=Counter)
    examples: dict[tuple[str, ...], tuple[str, str]] = field(default_factory=dict)
    keys: KeyDigests = field(default_factory=KeyDigests)
    differences: list[Difference] = field(default_factory=list)

    def show(self, console: Console) -> None:
        """Prints it."""
        members = [f"{suffix} {n:,}" for suffix, n in self.suffixes.most_common(20)]
        console.print(f"{self.folder}   (no output of pairmill's: read as WebDataset shards)\n")
        console.print(f"shards   {self.shards:,}, {self.tar_bytes:,} bytes", soft_wrap=True)
        console.print(f"samples  {self.samples:,}, {self.member_bytes:,} bytes in their members")
        console.print(f"members  {'   '.join(members)}")
        if self.keys.halvings:
            share = f"1 in {2**self.keys.halvings:,}"
            console.print(f"keys     only {share} was checked for coming again, to bound memory")
        console.print("")


@dataclass(slots=True)
class _Shard:
    """What one tar holds, see FolderSurvey."""

    samples: int = 0
    member_bytes: int = 0
    suffixes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, ...]] = field(default_factory=Counter)
    examples: dict[tuple[str, ...], str] = field(default_factory=dict)
    digests: np.ndarray = field(default_factory=lambda: _NOTHING)
    damage: str = ""


def survey_folder(root: Folder) -> FolderSurvey:
    """Walks the headers of every tar in `root`, or in the folders right in it where it has none.

    Raises:
      RecipeError: where there are no tars.
    """
    tars = _find_tars(root)
    if not tars:
        raise RecipeError(f"there is neither a pairmill output nor a tar file in {root.uri}")
    survey = FolderSurvey(root.uri)
    halvings = 0

    def walk(tar: tuple[str, int]) -> _Shard:
        return _walk(root, *tar, halvings)

    shards = zip(tars, in_threads(walk, tars, _AT_ONCE), strict=True)
    for number, (tar, shard) in enumerate(shards):
        _add(survey, number, tar, shard)
        halvings = survey.keys.halvings
    survey.differences += _lacking(survey)
    survey.differences += _repeated(survey, root, tars)
    return survey


def _find_tars(root: Folder) -> list[tuple[str, int]]:
    """The tars right in `root`, else those in the folders in it, with their sizes in bytes."""
    direct = [(name, size) for name, size in root.sizes() if name.endswith(".tar")]
    if direct:
        return direct
    fs, path = filesystem(root.uri)
    below = sorted(
        posixpath.basename(entry["name"].rstrip("/"))
        for entry in fs.ls(path, detail=True)
        if entry["type"] == "directory"
    )
    return [
        (f"{folder}/{name}", size)
        for folder in below
        for name, size in (root / folder).sizes()
        if name.endswith(".tar")
    ]


def _walk(root: Folder, name: str, size: int, halvings: int) -> _Shard:
    shard, digests = _Shard(), []
    mask = (1 << halvings) - 1
    try:
        with root.open(name) as file:
            for sample in walk_samples(file, size):
                kind = tuple(sorted(sample.suffixes))
                kind = kind if kind in shard.kinds or len(shard.kinds) < _MOST_KINDS else (_OTHER,)
                shard.samples += 1
                shard.member_bytes += sample.size
                shard.kinds[kind] += 1
                shard.examples.setdefault(kind, sample.key)
                for suffix in sample.suffixes:
                    known = suffix in shard.suffixes or len(shard.suffixes) < _MOST_KINDS
                    shard.suffixes[suffix if known else _OTHER] += 1
                digest = _digest(sample.key)
                if not digest & mask:
                    digests.append(digest)
    except (TarDamage, OSError) as error:
        shard.damage = str(error)
    shard.digests = np.array(digests, dtype=np.uint64)
    return shard


def _digest(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")


def _add(survey: FolderSurvey, number: int, tar: tuple[str, int], shard: _Shard) -> None:
    name, size = tar
    survey.shards += 1
    survey.samples += shard.samples
    survey.tar_bytes += size
    survey.member_bytes += shard.member_bytes
    for suffix, n in shard.suffixes.items():
        known = suffix in survey.suffixes or len(survey.suffixes) < _MOST_KINDS
        survey.suffixes[suffix if known else _OTHER] += n
    for kind, n in shard.kinds.items():
        known = kind in survey.kinds or len(survey.kinds) < _MOST_KINDS
        told = kind if known else (_OTHER,)
        survey.kinds[told] += n
        survey.examples.setdefault(told, (name, shard.examples[kind]))
    survey.keys.add(shard.digests, number)
    if shard.damage:
        survey.differences.append(Difference(_STAGE, "file", "whole", 1, 0, name, shard.damage))


def _lacking(survey: FolderSurvey) -> Iterator[Difference]:
    """Members that most samples have and some have not."""
    having: Counter[str] = Counter()
    for kind, n in survey.kinds.items():
        having.update(dict.fromkeys(kind, n))
    for suffix, n in sorted(having.items()):
        if survey.samples / 2 < n < survey.samples and suffix != _OTHER:
            kind = next(kind for kind in survey.kinds if suffix not in kind)
            shard, key = survey.examples[kind]
            words = f"{key} has none, for one"
            yield Difference(_STAGE, "sample", f"with {suffix}", survey.samples, n, shard, words)


def _repeated(
    survey: FolderSurvey, root: Folder, tars: list[tuple[str, int]]
) -> Iterator[Difference]:
    """Keys that more than one sample has; a few of them are looked up again for their names."""
    number, places = survey.keys.repeated()
    names: dict[int, tuple[str, list[str]]] = {}
    for shard in sorted({shard for shards in places.values() for shard in shards}):
        for digest, key in _keys_of(root, *tars[shard]):
            if digest in places:
                names.setdefault(digest, (key, []))[1].append(tars[shard][0])
    for key, shards in names.values():
        words = f"{key} stands in {', '.join(dict.fromkeys(shards))}"
        yield Difference(_STAGE, "key", "sample a key", 1, len(shards), shards[-1], words)
    if number > len(names):
        words = f"{number - len(names):,} others"
        yield Difference(_STAGE, "key", "repeated", 0, number, survey.folder, words)


def _keys_of(root: Folder, name: str, size: int) -> Iterator[tuple[int, str]]:
    try:
        with root.open(name) as file:
            for sample in walk_samples(file, size):
                yield _digest(sample.key), sample.key
    except (TarDamage, OSError):  # which has been told
        return
