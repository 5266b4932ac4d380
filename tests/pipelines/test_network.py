"""A dead network against dead hosts: whoever answered before is tried again, for real."""

import asyncio
import socket

import pytest

from filters.location import RequestUrl, request_url
from pipelines.errors import RunError
from pipelines.http_client import Client
from pipelines.network import Network
from pipelines.resolving import Resolver


def url_of(port: int) -> RequestUrl:
    url = request_url(f"http://127.0.0.1:{port}/x")
    assert url is not None
    return url


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield url_of(server.getsockname()[1])


@pytest.fixture
def closed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return url_of(port)


def check(answered: list[RequestUrl], silent: int, recalled: list[RequestUrl] = ()) -> None:
    async def run() -> None:
        allowed = frozenset(url.address for url in [*answered, *recalled])
        client = Client(Resolver(allowed), "pairmill")
        network = Network(client, lambda: [url.origin for url in recalled])
        for url in answered:
            network.answered(url)
        try:
            for _ in range(silent):
                await network.silent("no answer")
            await network.check()
        finally:
            await client.close()

    asyncio.run(run())


def test_while_somebody_answers_nothing_is_wrong(listening, closed) -> None:
    check([listening, closed], silent=1)
    check([closed, listening], silent=1)


def test_when_nobody_can_be_reached_the_run_stops(closed) -> None:
    with pytest.raises(RunError, match="network seems to be down"):
        check([closed], silent=1)


def test_it_stops_within_a_shard_too(closed) -> None:
    with pytest.raises(RunError, match="100 URLs in a row"):
        check([closed], silent=10_000)


def test_an_answer_ends_the_silence(closed) -> None:
    check([closed], silent=0)


def test_hosts_of_earlier_shards_are_asked_where_none_answered_here(listening, closed) -> None:
    check([], silent=3, recalled=[listening])
    with pytest.raises(RunError):
        check([], silent=3, recalled=[closed])


def test_where_nobody_ever_answered_it_is_not_for_us_to_say() -> None:
    check([], silent=3)
