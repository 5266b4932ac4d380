"""What one sees of a long run: on a terminal a line that changes, elsewhere now and then one."""

import json
import time
from typing import Any

from rich.console import Console

from pipelines.storage import Folder

_LINE_EVERY_S = 10.0
_FIRST_LINE_S = 1.0  # a step that is over sooner needs no line
_POLL_EVERY_S = 1.0
_PLURALS = {"query": "queries"}


class Progress:
    """Takes the driver's events and counts the markers that finished pieces leave.

    Attributes:
      pieces_done: markers seen in the present step; tells whether a run that died had got on.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("starting") if console.is_terminal else None
        if self._status:
            self._status.start()
        self._stage = ""
        self._next_poll = self._next_line = 0.0
        self.pieces_done = 0
        nothing = {"name": "starting", "total": 0, "pieces": "", "markers": "", "suffix": ""}
        self._begin(nothing | {"work": 0, "price": 0.0})
        self._next_line = self._started + _LINE_EVERY_S

    def close(self) -> None:
        if self._status:
            self._status.stop()

    def say(self, line: str) -> None:
        """Prints a line that stays."""
        label = self._stage or "pairmill"
        self._console.print(f"{label:<8} {line}", highlight=False, markup=False, soft_wrap=True)

    def take(self, event: dict[str, Any]) -> None:
        """Takes an event of the driver's."""
        match event["event"]:
            case "stage":
                self._stage = event["stage"]
            case "skipped":
                self._stage = event["stage"]
                self.say(f"stands, nothing changed ({_outcome(event['counts'])})")
            case "note":
                self.say(event["words"])
            case "shown":
                self.close()
                print(event["line"])
            case "done":
                self._finish()
                self.say(f"done in {duration(event['seconds'])}: {_outcome(event['counts'])}")
            case "step":
                self._finish()
                self._begin(event)
                self.tick()

    def tick(self) -> None:
        """Shows how far the step is."""
        now = time.monotonic()
        if self._markers and now >= self._next_poll:
            self._poll()
            self._next_poll = now + _POLL_EVERY_S
            self._announce(now)
        if self._status:
            self._status.update(f"{self._stage:<8} {self._line(now)}")
        elif now >= self._next_line:
            self.say(self._line(now))
            self._next_line = now + _LINE_EVERY_S

    def _finish(self) -> None:
        """Says how a step that was counted ended, since its last tick came before its end."""
        if self._markers and self._total:
            self._poll()
            if self._rows > self._rows_before:
                self.say(self._line(time.monotonic()))

    def _begin(self, step: dict[str, Any]) -> None:
        self._name, self._total, self._pieces = step["name"], step["total"], step["pieces"]
        self._suffix = step["suffix"]
        self._whole, self._price = step["work"] or step["total"], step["price"]
        self._is_announced = not step["work"]
        self._markers = Folder(step["markers"]) if step["markers"] else None
        self._seen: set[str] = set()
        self.pieces_done = 0
        self._rows = self._kept = self._rows_before = self._before = 0
        self._work = self._paid = self._work_before = 0
        self._started = time.monotonic()
        self._next_line = self._started + _FIRST_LINE_S
        if self._markers:  # what an earlier run finished counts as done, but not as speed
            self._poll()
            self._before, self._rows_before = self.pieces_done, self._rows
            self._work_before = self._work

    def _poll(self) -> None:
        assert self._markers is not None
        found = {name for name in self._markers.names() if name.endswith(self._suffix)}
        for name in found - self._seen:
            marker = json.loads(self._markers.read(name))
            self._rows += marker["count"]
            self._kept += marker["successes"]
            self._work += marker.get("work", 1)
            self._paid += marker.get("paid", 0)
        self._seen = found
        self.pieces_done = len(found)

    def _line(self, now: float) -> str:
        if not self._total:
            return f"{self._name} ({duration(now - self._started)})"
        done = self.pieces_done - self._before
        total = self._total
        seconds = max(now - self._started, 1e-9)
        words = f"{self._name}: {self.pieces_done} of {total} {self._pieces}"
        if done:
            left = self._seconds_of_all(now) - seconds
            rate = (self._rows - self._rows_before) / seconds
            kept = self._kept / max(1, self._rows)
            words += f", {self._rows:,} rows, {rate:,.0f}/s, {kept:.1%} kept"
            if self.pieces_done < total:
                words += f", {duration(left)} left"
            if self._price:
                words += f", cost {self._cost():,.2f} of about {self._cost_of_all():,.2f}"
        return words

    def _announce(self, now: float) -> None:
        """Says once, after the first pieces, how long a step whose work is known will take."""
        if self._is_announced or not self._before < self.pieces_done < self._total:
            return
        self._is_announced = True
        seconds = self._seconds_of_all(now)
        if seconds > _LINE_EVERY_S or self._price:
            cost = f", costs about {self._cost_of_all():,.2f}" if self._price else ""
            self.say(f"{self._name}: takes about {duration(seconds)} in all{cost}")

    def _seconds_of_all(self, now: float) -> float:
        """What the step takes from its beginning to its end, by what it has taken so far."""
        share = (self._work - self._work_before) / max(1, self._whole - self._work_before)
        return (now - self._started) / max(share, 1e-9)

    def _cost(self) -> float:
        return self._price * self._paid / 1e6

    def _cost_of_all(self) -> float:
        return self._cost() * self._whole / max(1, self._work)


def _outcome(counts: dict[str, int]) -> str:
    """`1,420 pictures kept, 9 failed; …` of a stage's counts."""
    sums: dict[str, dict[str, int]] = {}
    for name, n in counts.items():
        unit, fate = name.split(" ")[:2]
        if fate in ("kept", "rejected", "failed"):
            fates = sums.setdefault(unit, {})
            fates[fate] = fates.get(fate, 0) + n
    return "; ".join(
        f"{_PLURALS.get(unit, f'{unit}s')} "
        + ", ".join(f"{n:,} {fate}" for fate, n in sorted(fates.items(), key=_by_fate))
        for unit, fates in sums.items()
    )


def _by_fate(item: tuple[str, int]) -> int:
    return ("kept", "rejected", "failed").index(item[0])


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> duration(3.21), duration(75), duration(7384)
    ('3.2 s', '1:15 min', '2:03 h')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d} h"
