"""How fast translators are, on the whole and by pair of languages, as runs have timed them."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pipelines.storage import Folder
from pipelines.threads import in_threads
from pipelines.translate_plan import TranslationPiece, read_plan
from pipelines.translate_wanted import TURNS, Desk
from pipelines.translating import done_folder, done_of, marker_of, read_batches
from pipelines.translators import Speaker, load

_SPEED_FILE = "speed.json"
_TRY_S = 2.0
_TRY_BATCHES = 8


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast one process of a translator was.

    Attributes:
      tokens: of sources, as they were planned.
      paid: that it read and wrote.
      seconds: that they took.
      tried: whether a few batches were timed, not a run.
      pairs: the same by pair of languages, `en-de`, of those that were timed.
    """

    tokens: int
    paid: int
    seconds: float
    tried: bool = False
    pairs: Mapping[str, "Speed"] = field(default_factory=dict)

    def of(self, pair: str) -> "Speed":
        """That of a pair of languages; of one that was never timed, that of the whole."""
        return self.pairs.get(pair, self)

    def seconds_for(self, tokens: int) -> float:
        """How long sources of so many tokens take."""
        return tokens * self.seconds / max(1, self.tokens)

    def paid_for(self, tokens: int) -> float:
        """How many tokens are read and written for sources of so many."""
        return tokens * self.paid / max(1, self.tokens)


def read_speed(memory: Folder, speaker: Speaker) -> Speed | None:
    """How fast a translator was when it last ran, None where it has not."""
    folder = memory / speaker.memory_name
    try:
        values = json.loads(folder.read(_SPEED_FILE))
        pairs = {pair: Speed(**of) for pair, of in values.pop("pairs", {}).items()}
        return Speed(**values, pairs=pairs)
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return None


def write_speed(desk: Desk, speaker: Speaker) -> None:
    """Remembers how fast a translator was in this run, in all turns so far.

    Pairs of languages that this run has not timed stay as they were timed before.
    """
    name = speaker.memory_name  # which another of the recipe's may have, with other languages
    mine = [piece for piece in pieces_of_all_turns(desk) if piece.memory == name]
    sums = sums_of(desk.work, done_of(desk.work, mine))
    if not sums["planned"] or not sums["seconds"]:
        return
    before = read_speed(desk.memory, speaker)
    pairs = dict(before.pairs) if before else {}
    pairs |= {pair: _speed(of) for pair, of in sums_by_pair(sums).items() if of["planned"]}
    text = json.dumps(asdict(_speed(sums, pairs))).encode()
    (desk.memory / name).write(_SPEED_FILE, text)


def _speed(sums: Mapping[str, float], pairs: Mapping[str, Speed] | None = None) -> Speed:
    paid = int(sums["source_tokens"] + sums["tokens"])
    return Speed(int(sums["planned"]), paid, sums["seconds"], pairs=pairs or {})


def pieces_of_all_turns(desk: Desk) -> list[TranslationPiece]:
    """What is planned so far, in all turns."""
    return [piece for turn in TURNS for piece in read_plan(desk.work, turn).pieces]


def try_speed(desk: Desk, speaker: Speaker, piece: TranslationPiece) -> Speed:
    """Has a translator say a few batches, for two seconds or little more; forgets what it said."""
    model, tokens, paid, seconds = load(speaker.spec), 0, 0, 0.0
    for requests in read_batches(desk.work, piece)[:_TRY_BATCHES]:
        began = time.perf_counter()
        translations = model.translate(
            [request.source_text for request in requests],
            [request.source_language for request in requests],
            [request.language for request in requests],
        )
        seconds += time.perf_counter() - began
        tokens += sum(request.tokens for request in requests)
        paid += sum(translation.source_tokens + translation.tokens for translation in translations)
        if seconds > _TRY_S:
            break
    return Speed(tokens, paid, seconds, tried=True)


def sums_of(work: Folder, pieces: Sequence[TranslationPiece]) -> Counter[str]:
    """What the markers of pieces say, summed."""
    sums: Counter[str] = Counter()

    def read(piece: TranslationPiece) -> dict[str, Any]:
        return dict(json.loads(done_folder(work, piece).read(marker_of(piece))))

    for marker in in_threads(read, pieces):
        sums.update(marker)
    return sums


def sums_by_pair(sums: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Those of the sums that are of a pair of languages, `en-de tokens`, by pair and name.

    >>> sums_by_pair({"tokens": 12, "en-de tokens": 7, "en-fr tokens": 5})
    {'en-de': {'tokens': 7}, 'en-fr': {'tokens': 5}}
    """
    pairs: dict[str, dict[str, float]] = defaultdict(dict)
    for key, n in sums.items():
        pair, _, name = key.rpartition(" ")
        if pair:
            pairs[pair][name] = n
    return dict(pairs)
