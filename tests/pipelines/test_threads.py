"""Threads that stay, and how many results wait."""

import threading
from concurrent.futures import ThreadPoolExecutor

from pipelines.threads import in_pool


def test_a_pool_is_used_again_and_few_results_wait() -> None:
    begun: list[int] = []

    def look(number: int) -> tuple[int, int]:
        begun.append(number)
        return number, threading.get_ident()

    with ThreadPoolExecutor(1) as pool:
        first = in_pool(pool, look, range(9), 2)
        seen = [next(first)]
        pool.submit(lambda: None).result()  # what was begun is done
        assert begun == [0, 1, 2]
        seen += [*first, *in_pool(pool, look, range(9, 12), 2)]
    assert [number for number, _ in seen] == [*range(12)]
    assert len({thread for _, thread in seen}) == 1
