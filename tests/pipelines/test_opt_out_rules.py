"""A host's rules, asked once: by one lane, by two at the same time, by one whose twin died."""

import asyncio
import time

import pytest

from filters.location import request_url
from pipelines.errors import FetchError
from pipelines.http_client import Reply
from pipelines.opt_out_rules import OptOutRules
from pipelines.storage import Folder

URL = request_url("https://a.org/private/1.jpg")
REPLIES = {
    "https://a.org/robots.txt": Reply(200, {}, b"User-agent: *\nDisallow: /private"),
    "https://a.org/.well-known/tdmrep.json": Reply(404, {}, b""),
}


class Asked:
    """What was asked for, answered after a moment."""

    def __init__(self, replies=REPLIES) -> None:
        self.locations: list[str] = []
        self._replies = replies

    async def __call__(self, location: str) -> Reply:
        self.locations.append(location)
        await asyncio.sleep(0.05)
        reply = self._replies[location]
        if isinstance(reply, Exception):
            raise reply
        return reply


def rules(asked: Asked, shared: Folder, *, own: bool, patience_s: float = 5.0) -> OptOutRules:
    return OptOutRules(asked, "pairmill", shared, lambda _: own, patience_s)


@pytest.mark.parametrize("own", [True, False])
def test_a_lane_asks_once(tmp_path, own) -> None:
    asked = Asked()

    async def run():
        lane = rules(asked, Folder(str(tmp_path)), own=own)
        return [(await lane.asking(URL)).opt_out(URL.target) for _ in range(3)]

    assert asyncio.run(run()) == ["opt-out-robots-txt"] * 3
    assert sorted(asked.locations) == sorted(REPLIES)


def test_two_lanes_ask_once_together(tmp_path) -> None:
    asked = Asked()

    async def run():
        lanes = [rules(asked, Folder(str(tmp_path)), own=False) for _ in range(2)]
        found = await asyncio.gather(*(lane.asking(URL) for lane in lanes))
        return [one.opt_out(URL.target) for one in found]

    assert asyncio.run(run()) == ["opt-out-robots-txt"] * 2
    assert sorted(asked.locations) == sorted(REPLIES)


def test_a_lane_that_died_asking_is_not_waited_for_long(tmp_path) -> None:
    asked = Asked()

    async def run(patience_s: float):
        lane = rules(asked, Folder(str(tmp_path)), own=False, patience_s=patience_s)
        return (await lane.asking(URL)).opt_out("/public/1.jpg")

    async def die():
        lane = rules(asked, Folder(str(tmp_path)), own=False)
        lane.asking(URL)
        await asyncio.sleep(0.02)
        await lane.close()

    asyncio.run(die())
    assert asyncio.run(run(0.2)) is None
    assert list((tmp_path).glob("*.json"))


@pytest.mark.parametrize(
    ("robots", "reason"),
    [
        (Reply(503, {}, b""), "robots-unreachable"),
        (FetchError("timed-out", ""), "host-unresponsive"),
        (FetchError("connection-failed", ""), "connection-failed"),
    ],
)
def test_without_robots_txt_a_host_is_not_asked(tmp_path, robots, reason) -> None:
    asked = Asked({**REPLIES, "https://a.org/robots.txt": robots})

    async def run():
        for own in (True, False, False):  # the last reads what the second left
            with pytest.raises(FetchError) as error:
                await rules(asked, Folder(str(tmp_path)), own=own).asking(URL)
            assert error.value.reason == reason

    asyncio.run(run())
    assert len(asked.locations) == 4


def test_yesterdays_rules_are_asked_for_again(tmp_path, monkeypatch) -> None:
    asked = Asked()

    async def run():
        await rules(asked, Folder(str(tmp_path)), own=False, patience_s=0.2).asking(URL)

    asyncio.run(run())
    now = time.time()
    monkeypatch.setattr("pipelines.opt_out_rules.time.time", lambda: now + 25 * 3600)
    asyncio.run(run())
    assert len(asked.locations) == 4
