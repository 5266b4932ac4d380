"""What pages of HTML load from hosts: fetched by gather's fetcher, never by the browser.

The browser has no network. What it asks for is told to `Loads`, which refuses it or has a thread
beside fetch it: to the same addresses, with the same opt-outs, pace and bounds as all else.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from time import monotonic

from filters.page_loads import LoadFault, LoadRequest, LoadRules, load_fault
from filters.response import FetchFault
from pipelines.errors import FetchError, RunError
from pipelines.fetching import Fetched, Fetcher
from pipelines.hosts import Budget, Hosts
from pipelines.http_client import Client
from pipelines.network import Network
from pipelines.recipe import Gather
from pipelines.rendering.pages import Load, Loading
from pipelines.resolving import Resolver
from pipelines.storage import Folder

_ACCEPT = "image/*,text/css,font/*,*/*;q=0.5"
_CLOSE_S = 5.0
_MOST_CHARS = 500  # of a URL or a detail that is kept


class Loader:
    """Fetches for one renderer, on a thread of its own; close it.

    Args:
      loading: how.
    """

    def __init__(self, loading: Loading) -> None:
        rules = Gather(
            deadline_s=loading.deadline_s,
            retries=loading.retries,
            max_bytes=loading.max_bytes,
            respect_opt_outs=loading.respect_opt_outs,
            user_agent=loading.user_agent,
        )
        client = Client(Resolver(frozenset(loading.allow_hosts)), rules.user_agent, _ACCEPT)
        budget = Budget(loading.at_once, loading.sharers)
        self._fetcher = Fetcher(
            rules,
            Hosts(budget, budget, rules.deadline_s),
            Network(client, recall=list),
            client,
            Folder(loading.shared),
            only=frozenset(loading.hosts),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def fetch(self, url: str) -> Future[Fetched]:
        """Begins to fetch; the result raises FetchError, or RunError where the network is down."""
        return asyncio.run_coroutine_threadsafe(self._fetcher.fetch(url), self._loop)

    def close(self) -> None:
        """Ends what is still being fetched."""
        closing = asyncio.run_coroutine_threadsafe(self._close(), self._loop)
        closing.result(_CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_S)
        self._loop.close()

    async def _close(self) -> None:
        async with self._fetcher:
            pass


Answer = Callable[[Fetched | None], None]
"""Takes what the browser is to be answered, None: it is refused."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Something that is being fetched, or refused already.

    Attributes:
      url: what for.
      answer: the browser's.
      fetching: None where it is refused.
      reason: why it is, or "".
    """

    url: str
    answer: Answer
    fetching: Future[Fetched] | None
    reason: str


class Loads:
    """What one document loads.

    What hosts gave is answered in the order of asking, so that what a cap refuses does not hang on
    who is quicker.

    Args:
      loader: fetches.
      loading: how.
      seconds: on the clock that the document may wait for hosts, all told.
    """

    def __init__(self, loader: Loader, loading: Loading, seconds: float) -> None:
        self._loader = loader
        self._rules = LoadRules(frozenset(loading.hosts), loading.max_loads)
        self._bytes_left = loading.max_bytes
        self._ends = monotonic() + seconds
        self._asked = 0
        self._is_full = False
        self._waiting: list[_Asked] = []
        self._done: list[Load] = []
        self._stop: RunError | None = None

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    def ask(self, url: str, method: str, kind: str, answer: Answer) -> None:
        """Takes a request; where it is not refused, it is answered by `settle` or `wait`."""
        self._asked += 1
        reason: str = load_fault(LoadRequest(url, method, kind, self._asked), self._rules) or ""
        if not reason and monotonic() >= self._ends:
            reason = FetchFault.TIMED_OUT
        fetching = None if reason else self._loader.fetch(url)
        if reason:  # at once: while the browser waits to go elsewhere, it cannot be asked anything
            answer(None)
        self._waiting.append(_Asked(url, answer, fetching, reason))

    def settle(self) -> None:
        """Gives the answers that there are.

        Raises:
          RunError: where the network is down.
        """
        while self._waiting:
            fetching, is_late = self._waiting[0].fetching, monotonic() >= self._ends
            if fetching is not None and not fetching.done() and not is_late:
                return
            self._give(self._waiting.pop(0))
        if self._stop:
            raise self._stop

    def wait(self) -> None:
        """Gives all answers, as they come. It raises nothing: the next `settle` does."""
        while self._waiting:
            self._give(self._waiting.pop(0))

    def take(self) -> tuple[Load, ...]:
        """What was answered since this was asked last."""
        found, self._done = tuple(self._done), []
        return found

    def close(self) -> None:
        """Ends what nobody waits for any more."""
        for asked in self._waiting:
            if asked.fetching:
                asked.fetching.cancel()

    def _give(self, asked: _Asked) -> None:
        fetched: Fetched | None = None
        reason, detail = str(asked.reason), ""
        try:
            if asked.fetching:
                fetched = self._within_bytes(self._result(asked.fetching))
        except FetchError as error:
            reason, detail = error.reason, error.detail
        except RunError as error:
            self._stop = error
        if asked.reason != LoadFault.MANY:
            self._done.append(Load(asked.url[:_MOST_CHARS], reason, detail[:_MOST_CHARS]))
        elif not self._is_full:
            self._is_full = True
            self._done.append(Load(asked.url[:_MOST_CHARS], reason, "and all that follow it"))
        if asked.fetching:
            asked.answer(fetched)

    def _result(self, fetching: "Future[Fetched]") -> Fetched:
        try:
            return fetching.result(max(0.0, self._ends - monotonic()))
        except TimeoutError as error:
            fetching.cancel()
            raise FetchError(FetchFault.TIMED_OUT, "the document has waited for long") from error

    def _within_bytes(self, fetched: Fetched) -> Fetched:
        if len(fetched.body) > self._bytes_left:
            raise FetchError(LoadFault.MANY_BYTES, f"{len(fetched.body):,} more")
        self._bytes_left -= len(fetched.body)
        return fetched
