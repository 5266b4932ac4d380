"""What people are told of translations: how long they will take, and what became of them."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from model.licences import non_commercial_licence
from pipelines.progress import duration
from pipelines.storage import Folder
from pipelines.threads import in_threads
from pipelines.translate_plan import BATCHES_A_PIECE, BucketPlan, TranslationPiece, read_plan
from pipelines.translate_wanted import THERE, TURNS, Desk
from pipelines.translated import ROUND_TRIP
from pipelines.translating import done_folder, marker_of, read_batches
from pipelines.translators import Routes, Speaker, load

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
    """

    tokens: int
    paid: int
    seconds: float
    tried: bool = False

    @property
    def tokens_a_second(self) -> float:
        return self.tokens / max(self.seconds, 1e-9)


@dataclass(frozen=True, slots=True)
class Means:
    """What a run translates with.

    Attributes:
      routes: who says what.
      prices: of the translators, of a million tokens; 0 where none is known.
      speeds: by their numbers, None of those that nobody has timed.
      workers: processes, 0 where that is not known.
    """

    routes: Routes
    prices: Sequence[float]
    speeds: Mapping[int, Speed | None]
    workers: int


@dataclass(frozen=True, slots=True)
class Task:
    """What a translator is to be asked.

    Attributes:
      speaker: …
      texts: how many.
      tokens: of these.
      pieces: that workers can do side by side.
      later: whether it follows from what is said first, and is guessed.
    """

    speaker: Speaker
    texts: int
    tokens: int
    pieces: int
    later: bool = False


def read_speed(memory: Folder, speaker: Speaker) -> Speed | None:
    """How fast a translator was when it last ran, None where it has not."""
    folder = memory / speaker.memory_name
    try:
        return Speed(**json.loads(folder.read(_SPEED_FILE)))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_speed(desk: Desk, speaker: Speaker, pieces: Sequence[TranslationPiece]) -> None:
    """Remembers how fast a translator was."""
    sums = sums_of(desk.work, pieces)
    if sums["work"] and sums["seconds"]:
        speed = Speed(int(sums["work"]), int(sums["paid"]), sums["seconds"])
        text = json.dumps(asdict(speed)).encode()
        (desk.memory / speaker.memory_name).write(_SPEED_FILE, text)


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


def estimate_lines(plan: BucketPlan, means: Means, share_back: float) -> Iterator[str]:
    """How many texts are to be said in other languages, how long that takes and what it costs.

    Args:
      plan: of the first turn.
      means: …
      share_back: of the translations that are to come back.
    """
    missing = _missing(plan)
    yield (
        f"{plan.texts.total():,} texts to say in other languages: {plan.imported.total():,} "
        f"imported, {plan.remembered.total():,} remembered, {missing.total():,} to translate"
    )
    yield from _times(plan, means, share_back)


def estimate_of_way_back(plan: BucketPlan, means: Means) -> Iterator[str]:
    """The same of the translations that are to come back."""
    known = plan.imported.total() + plan.remembered.total()
    yield f"{plan.texts.total():,} translations to say back, {known:,} of them known"
    yield from _times(plan, means, 0.0)


def _times(plan: BucketPlan, means: Means, share_back: float) -> Iterator[str]:
    """A line on each translator that is to be asked, now and after that, and one on all costs."""
    first = list(_tasks(plan, means))
    for task in first:
        yield _time_of(task, means)
    if later := plan.later.total():
        yield f"{later:,} texts come out of the pivot, after these, where no memory has them"
    back = round(share_back * (plan.texts.total() - plan.imported.total()))
    if back:
        yield f"about {back:,} of the translations are then translated back"
    then = list(_later_tasks(plan, means, share_back))
    for task in then:
        yield _time_of(task, means)
    if then and any(_cost_of(task, means) for task in (*first, *then)):
        yield f"all of this costs about {sum(_cost_of(of, means) for of in (*first, *then)):,.2f}"


def _tasks(plan: BucketPlan, means: Means) -> Iterator[Task]:
    """What is planned of each translator."""
    for speaker in means.routes.speakers:
        pieces = [piece for piece in plan.pieces if piece.speaker == speaker.number]
        if pieces:
            texts = sum(piece.end - piece.first for piece in pieces)
            yield Task(speaker, texts, sum(piece.tokens for piece in pieces), len(pieces))


def _later_tasks(plan: BucketPlan, means: Means, share_back: float) -> Iterator[Task]:
    """What follows: out of the pivot, and back, as if no memory had it and all texts were as long.

    Nothing where nothing is planned, so that no length is known.
    """
    whole = sum(piece.tokens for piece in plan.pieces)
    planned = sum(piece.end - piece.first for piece in plan.pieces)
    if not planned:
        return
    asked = _asked_later(plan, means.routes, share_back)
    for speaker in means.routes.speakers:
        texts = round(asked[speaker.number])
        if texts:
            tokens = round(texts * whole / planned)
            pieces = -(-tokens // (BATCHES_A_PIECE * speaker.spec.decoding.batch_tokens))
            yield Task(speaker, texts, tokens, pieces, later=True)


def _asked_later(plan: BucketPlan, routes: Routes, share_back: float) -> Mapping[int, float]:
    """Texts that follow, by the number of the translator."""
    asked: dict[int, float] = defaultdict(float)
    for pair, n in plan.later.items():
        source, _, target = pair.partition("-")
        if there := routes.of(source, target):
            asked[there.speakers[-1]] += n
    for pair, n in plan.texts.items() if share_back else ():
        source, _, target = pair.partition("-")
        back = routes.of(target, source)
        for number in back.speakers if back else ():
            asked[number] += share_back * (n - plan.imported[pair])
    return asked


def _missing(plan: BucketPlan) -> Counter[str]:
    found = Counter(plan.texts)
    found.subtract(plan.imported)
    found.subtract(plan.remembered)
    return +found


def language_lines(plan: BucketPlan) -> Iterator[str]:
    """A line a language, `de  1,200 of 1,300 texts to translate, from en 1,000, fr 200`."""
    missing = _missing(plan)
    for target in sorted({pair.partition("-")[2] for pair in plan.texts}):
        pairs = {pair: n for pair, n in plan.texts.items() if pair.partition("-")[2] == target}
        sources = sorted((-missing[pair], pair.partition("-")[0]) for pair in pairs)
        told = ", ".join(f"{source} {-n:,}" for n, source in sources if n)
        left = sum(missing[pair] for pair in pairs)
        words = f"{target}  {left:,} of {sum(pairs.values()):,} texts to translate"
        yield f"{words}, from {told}" if told else words


def _cost_of(task: Task, means: Means) -> float:
    """In the prices' currency; a translator that nobody has timed writes as much as it reads."""
    speed = means.speeds.get(task.speaker.number)
    paid = task.tokens * speed.paid / max(1, speed.tokens) if speed else 2.0 * task.tokens
    return means.prices[task.speaker.number] * paid / 1e6


def _time_of(task: Task, means: Means) -> str:
    speed, label = means.speeds.get(task.speaker.number), task.speaker.label
    words = f"{label}: {task.texts:,} texts of {task.tokens:,} tokens"
    if task.later:
        words = f"{label} after that: about {task.texts:,} texts of {task.tokens:,} tokens"
    if means.prices[task.speaker.number]:
        words += f", costs about {_cost_of(task, means):,.2f}"
    if speed is None:
        return f"{words}; how long they take is known after the first pieces"
    seconds = task.tokens / max(speed.tokens_a_second, 1e-9)
    source = "by a trial" if speed.tried else "as in its last run"
    words += (
        f", {duration(seconds)} of one process at {speed.tokens_a_second:,.0f} tokens/s, {source}"
    )
    if means.workers > 1:
        side_by_side = min(means.workers, task.pieces)
        words += f"; {duration(seconds / side_by_side)} in {side_by_side}"
    return words


def translation_report(
    desk: Desk, by_pair: Mapping[str, int], prices: Sequence[float]
) -> dict[str, Any]:
    """What `stats` shows: by model, and by pair of languages.

    Args:
      desk: of a finished run.
      by_pair: captions' translations by `en-de fate reason`, and by `en-de round-trip chrF`.
      prices: of translators, by their numbers.
    """
    plans = [read_plan(desk.work, turn) for turn in TURNS]
    pieces = [piece for plan in plans for piece in plan.pieces]
    plan = plans[THERE]
    plan.add(plans[THERE + 1])
    pairs: dict[str, dict[str, Any]] = {
        pair: {
            "texts": plan.texts[pair],
            "imported": plan.imported[pair],
            "remembered": plan.remembered[pair],
            "translated": _missing(plan)[pair],
            "created": 0,
            "kept": 0,
            "rejected": Counter[str](),
            "failed": Counter[str](),
            ROUND_TRIP: Counter[str](),
        }
        for pair in sorted(plan.texts)
    }
    for name, n in by_pair.items():
        pair, fate, *reason = name.split(" ")
        of = pairs[pair]
        of["created"] += n if fate != ROUND_TRIP else 0
        if reason:
            of[fate][reason[0]] += n
        else:
            of[fate] += n
    return {
        "models": [_of_model(desk, speaker, pieces, prices) for speaker in desk.routes.speakers],
        "pairs": pairs,
    }


def _of_model(
    desk: Desk, speaker: Speaker, pieces: list[TranslationPiece], prices: Sequence[float]
) -> dict[str, Any]:
    mine = [piece for piece in pieces if piece.speaker == speaker.number]
    sums = sums_of(desk.work, mine)
    tokens, seconds = int(sums["source_tokens"]), sums["seconds"]
    return {
        "model": speaker.label,
        "licence": non_commercial_licence(speaker.identity.name, speaker.identity.family) or "",
        "texts": int(sums["count"]),
        "source_tokens": tokens,
        "tokens": int(sums["tokens"]),
        "cost": round(prices[speaker.number] * sums["paid"] / 1e6, 4),
        "seconds": round(seconds, 3),
        "source_tokens_a_second": round(tokens / seconds, 1) if seconds else 0.0,
    }


def sums_of(work: Folder, pieces: Sequence[TranslationPiece]) -> Counter[str]:
    """What the markers of pieces say, summed."""
    sums: Counter[str] = Counter()

    def read(piece: TranslationPiece) -> dict[str, Any]:
        return dict(json.loads(done_folder(work, piece).read(marker_of(piece))))

    for marker in in_threads(read, pieces):
        sums.update(marker)
    return sums
