"""Waiting for many files side by side, with a bound on what waits to be looked at."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

_AT_ONCE = 16


def in_threads(
    function: Callable[[Piece], Result], pieces: Iterable[Piece], at_once: int = _AT_ONCE
) -> Iterator[Result]:
    """`function` of each piece, in order; at most twice `at_once` results wait to be taken."""
    with ThreadPoolExecutor(at_once) as pool:
        yield from in_pool(pool, function, pieces, 2 * at_once)


def in_pool(
    pool: Executor, function: Callable[[Piece], Result], pieces: Iterable[Piece], most: int
) -> Iterator[Result]:
    """`function` of each piece, in order, in threads that stay; at most `most` results wait."""
    waiting: deque[Future[Result]] = deque()
    for piece in pieces:
        waiting.append(pool.submit(function, piece))
        if len(waiting) > most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
