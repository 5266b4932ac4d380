"""The decoder's process: what it gives back, what it costs when it dies."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.decoder import Decoder
from pipelines.decoding import Decoding, prepare
from tests.pipelines.test_decoding import PLAIN, encoded, scene

# What a decoder could do to its process, by the bytes of the picture.
MISDEEDS = """
import ctypes, os, sys, pipelines.decoder as d, pipelines.decoding as decoding
real = decoding._open
def opened(body, settings):
    if body == b'segfault': ctypes.string_at(0)
    if body == b'abort': os.abort()
    if body == b'leave': os._exit(0)
    if body == b'hoard': bytes(8 << 30)
    if body == b'shout': os.write(1, b'printed by a library')
    while body == b'spin': pass
    return real(body, settings)
decoding._open = opened
d.main()
"""


@pytest.fixture
def misled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Decoder processes that misbehave when a picture asks them to."""
    (tmp_path / "misled.py").write_text(MISDEEDS)
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path}/misled.py "$3"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def decode_all(decoder: Decoder, bodies: list[bytes]) -> list[Any]:
    """Decodes all at once, as a lane does."""

    async def decode() -> list[Any]:
        async with decoder:
            decoding = (decoder.prepare(body) for body in bodies)
            return list(await asyncio.gather(*decoding, return_exceptions=True))

    found: list[Any] = asyncio.run(decode())
    return found


def faults(found: list[Any]) -> list[str]:
    return [getattr(each, "fault", "") for each in found]


@pytest.mark.usefixtures("misled")
def test_a_decoder_that_dies_costs_one_picture() -> None:
    good = encoded(scene())
    bodies = [
        good, b"segfault", good, b"abort", b"leave", b"shout", good, b"hoard", b"junk", b"spin",
        good,
    ]  # fmt: skip
    crashed = "decoder-crashed"
    expected = [
        "", crashed, "", crashed, crashed, "not-a-picture", "", "broken-picture", "not-a-picture",
        "decoder-timed-out", ""
    ]  # fmt: skip
    together = decode_all(Decoder(PLAIN, timeout_s=3), bodies)
    assert faults(together) == expected
    assert [together[at] for at in (0, 2, 6, 10)] == [prepare(good, PLAIN)] * 4


@pytest.mark.usefixtures("misled")
@pytest.mark.parametrize(
    ("misdeed", "fault"), [(b"segfault", "decoder-crashed"), (b"spin", "decoder-timed-out")]
)
def test_the_first_and_the_last_picture_may_be_the_one(misdeed: bytes, fault: str) -> None:
    good = encoded(scene())
    bodies = [misdeed, good, misdeed]
    assert faults(decode_all(Decoder(PLAIN, timeout_s=2), bodies)) == [fault, "", fault]


@pytest.mark.usefixtures("misled")
def test_what_is_asked_while_a_decoder_starts_again_is_answered_by_it() -> None:
    good = encoded(scene())

    async def ask() -> list[str]:
        async with Decoder(PLAIN, timeout_s=20) as decoder:

            async def keep_asking(body: bytes) -> list[Any]:
                asked = (decoder.prepare(body) for _ in range(5))
                return [(await asyncio.gather(each, return_exceptions=True))[0] for each in asked]

            answers = await asyncio.gather(*(keep_asking(b) for b in (good, b"abort", good)))
            return [fault for each in answers for fault in faults(each)]

    assert asyncio.run(ask()) == [""] * 5 + ["decoder-crashed"] * 5 + [""] * 5


def test_it_gives_what_the_function_gives() -> None:
    bodies = [encoded(scene(width, 90), "jpeg") for width in range(90, 140)]
    assert decode_all(Decoder(PLAIN), bodies) == [prepare(body, PLAIN) for body in bodies]


def test_pictures_larger_than_its_pipes_come_through_in_order() -> None:
    settings = Decoding(resize="none", image_format="png")
    noise = np.random.default_rng(3).integers(0, 256, (8, 700, 700, 3), np.uint8)
    bodies = [encoded(Image.fromarray(each), "bmp") for each in noise] + [encoded(scene())] * 3
    assert decode_all(Decoder(settings), bodies) == [prepare(b, settings) for b in bodies]


def test_who_does_not_wait_for_an_answer_holds_up_nobody() -> None:
    bodies = [encoded(scene(width, 90), "jpeg") for width in range(90, 110)]

    async def ask() -> list[Any]:
        async with Decoder(PLAIN) as decoder:
            asking = [asyncio.ensure_future(decoder.prepare(body)) for body in bodies]
            await asyncio.sleep(0)
            for impatient in asking[::2]:
                impatient.cancel()
            return list(await asyncio.gather(*asking[1::2]))

    assert asyncio.run(ask()) == [prepare(body, PLAIN) for body in bodies[1::2]]


def test_a_process_that_cannot_be_started_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    found = decode_all(Decoder(PLAIN), [encoded(scene())] * 3)
    assert [type(each) for each in found] == [FileNotFoundError] * 3
