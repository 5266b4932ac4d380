"""What pages of HTML load from hosts: fetched by gather's fetcher, never by the browser.

The browser has no network. What it asks for is told to `Loads`, which refuses it or has a thread
beside fetch it: to the same addresses, with the same opt-outs, pace and bounds as all else.
"""

import asyncio
from collections import deque
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
_AHEAD = 8  # requests of a document that are fetched before the first of them is answered
_CAPS = {LoadFault.MANY.value, LoadFault.MANY_BYTES.value}


class Loader:
    """Fetches for one renderer, on a thread of its own; close it.

    Args:
      loading: how.
    """

    def __init__(self, loading: Loading) -> None:
        rules = Gather(
            deadline_s=loading.deadline_s,
            retries=loading.retries,
            max_bytes=loading.max_file_bytes,
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


@dataclass(slots=True)
class _Asked:
    """Something that the browser asked for.

    Attributes:
      url: what for.
      answer: the browser's.
      reason: why it is refused, and was at once, or "".
      fetching: None before its turn has come.
    """

    url: str
    answer: Answer
    reason: str
    fetching: Future[Fetched] | None = None


class Loads:
    """What one document loads.

    What hosts gave is answered in the order of asking, so that what a cap refuses does not hang on
    who is quicker. Few are fetched ahead of it: so many bodies at most are in memory, or come in
    vain when a cap is reached.

    Args:
      loader: fetches.
      loading: how.
      seconds: on the clock that the document may wait for hosts, all told.
    """

    def __init__(self, loader: Loader, loading: Loading, seconds: float) -> None:
        self._loader = loader
        self._rules = LoadRules(frozenset(loading.hosts), loading.max_loads)
        self._largest = loading.max_file_bytes
        self._bytes_left = loading.max_bytes
        self._is_spent = False  # something did not fit into what was left
        self._seconds_left = seconds  # until `_ends`, while it waits
        self._ends = 0.0
        self._asked = 0
        self._waiting = deque[_Asked]()
        self._line = deque[_Asked]()  # of these, those whose turn has not come
        self._begun = 0
        self._done: list[Load] = []
        self._told = set[str]()
        self._stop: RunError | None = None

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    def ask(self, url: str, method: str, kind: str, answer: Answer) -> None:
        """Takes a request; where it is not refused, it is answered by `settle` or `wait`."""
        self._asked += 1
        asked = _Asked(url, answer, self._refusal(LoadRequest(url, method, kind, self._asked)))
        self._waiting.append(asked)
        if asked.reason:  # at once: while the browser waits to go elsewhere, it cannot be asked
            answer(None)
            return
        if not self._pending:
            self._ends = monotonic() + self._seconds_left
        self._line.append(asked)
        self._begin()

    def settle(self) -> None:
        """Gives the answers that there are.

        Raises:
          RunError: where the network is down.
        """
        while self._waiting and self._is_settled(self._waiting[0]):
            self._give(self._waiting.popleft())
        if self._stop:
            raise self._stop

    def wait(self) -> None:
        """Gives all answers, as they come. It raises nothing: the next `settle` does."""
        while self._waiting:
            self._give(self._waiting.popleft())

    def take(self) -> tuple[Load, ...]:
        """What was answered since this was asked last."""
        found, self._done = tuple(self._done), []
        return found

    def close(self) -> None:
        """Ends what nobody waits for any more."""
        for asked in self._waiting:
            if asked.fetching:
                asked.fetching.cancel()

    @property
    def _pending(self) -> int:
        """Requests that are not refused, and not answered."""
        return self._begun + len(self._line)

    @property
    def _is_late(self) -> bool:
        return monotonic() >= self._ends if self._pending else self._seconds_left <= 0

    def _refusal(self, request: LoadRequest) -> str:
        if fault := load_fault(request, self._rules):
            return fault.value
        if self._is_spent:
            return LoadFault.MANY_BYTES.value
        return FetchFault.TIMED_OUT.value if self._is_late else ""

    def _begin(self) -> None:
        """Has those fetched whose turn has come."""
        while self._line and self._begun < _AHEAD and not self._is_late and not self._is_spent:
            asked = self._line.popleft()
            asked.fetching = self._loader.fetch(asked.url)
            self._begun += 1

    def _is_settled(self, asked: _Asked) -> bool:
        is_over = bool(asked.reason) or self._is_spent or self._is_late
        return is_over or (asked.fetching is not None and asked.fetching.done())

    def _give(self, asked: _Asked) -> None:
        fetched: Fetched | None = None
        reason, detail = asked.reason, ""
        if not reason:
            try:
                fetched = self._within_bytes(self._result(asked))
            except FetchError as error:
                reason, detail = error.reason, error.detail
            except RunError as error:
                self._stop = error
            self._leave(asked)
        self._tell(asked.url, reason, detail)
        if not asked.reason:
            asked.answer(fetched)

    def _leave(self, asked: _Asked) -> None:
        """Nobody waits for it any more."""
        if asked.fetching is None:
            self._line.popleft()
        else:
            asked.fetching.cancel()
            self._begun -= 1
        if not self._pending:
            self._seconds_left = max(0.0, self._ends - monotonic())
        self._begin()

    def _result(self, asked: _Asked) -> Fetched:
        if self._is_spent:
            raise FetchError(LoadFault.MANY_BYTES, "")
        try:
            if asked.fetching is None:
                raise TimeoutError
            return asked.fetching.result(max(0.0, self._ends - monotonic()))
        except TimeoutError as error:
            raise FetchError(FetchFault.TIMED_OUT, "the document has waited for long") from error
        except FetchError as error:
            if error.reason == FetchFault.TOO_LARGE:  # so many bytes may have come nevertheless
                self._bytes_left = max(0, self._bytes_left - self._largest)
            raise

    def _within_bytes(self, fetched: Fetched) -> Fetched:
        if len(fetched.body) > self._bytes_left:
            self._is_spent = True
            raise FetchError(LoadFault.MANY_BYTES, f"{len(fetched.body):,} more")
        self._bytes_left -= len(fetched.body)
        return fetched

    def _tell(self, url: str, reason: str, detail: str) -> None:
        """Notes what came of a request; of those past a cap, of the first alone."""
        if reason in _CAPS:
            if reason in self._told:
                return
            self._told.add(reason)
            detail = f"{detail}, and all that follow it".removeprefix(", ")
        self._done.append(Load(url[:_MOST_CHARS], reason, detail[:_MOST_CHARS]))
