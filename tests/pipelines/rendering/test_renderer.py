"""What a renderer's process can do to who waits for it: at every step there is an end."""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import RunError
from pipelines.rendering import renderer as rendering
from pipelines.rendering.pages import Document, LostPage, Opened, Page, RenderFault
from pipelines.rendering.renderer import Renderer
from tests.pipelines.rendering.conftest import SETTINGS
from tests.pipelines.rendering.made import pdf, prose

TWO_PAGES = pdf([prose(), prose()])
LARGE = TWO_PAGES + b"%" + b" " * 300_000 + b"\n"  # than a pipe

# What a process could do, by the name of the document that it is asked for.
MISDEEDS = """
import os, signal, sys, time
import pipelines.rendering.child as child
make, tell, told = child._renderer, child._reply, set()
def reply(replies, values, image=b""):
    if "half a reply" in told or "half a reply, dies" in told:
        replies.write(child.LENGTH.pack(1000) + b"{")
        replies.flush()
        os._exit(3) if "half a reply, dies" in told else time.sleep(3600)
    if "closes its pipe" in told:
        replies.close()
        time.sleep(3600)
    tell(replies, values, image)
    if "reads nothing more" in told and not values:
        os.kill(os.getpid(), signal.SIGSTOP)
class Misled:
    def __init__(self, kind, settings):
        while os.path.exists(os.path.join(os.path.dirname(__file__), "never")): time.sleep(1)
        self.real = make(kind, settings)
    def render(self, document, first):
        found = self.real.render(document, first)
        if first > 1: yield from found
        else: yield from (next(found), next(found))
        told.add(document.name)
        if document.name == "stalls between pages": time.sleep(3600)
        if document.name == "stops between pages": os.kill(os.getpid(), signal.SIGSTOP)
        if document.name == "dies between pages": os._exit(3)
        yield from found
        if document.name == "stalls at its end": time.sleep(3600)
    def close(self): time.sleep(3600)
child._renderer, child._reply = Misled, reply
child.main()
"""


@pytest.fixture
def misled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Renderer]:
    """A renderer whose processes misbehave when a document asks them to, with little patience."""
    (tmp_path / "misled.py").write_text(MISDEEDS)
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path}/misled.py "$3" "$4"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.setattr(rendering, "_WALL", 4)
    with Renderer(replace(SETTINGS, deadline_s=1.0)) as started:
        yield started


@pytest.mark.parametrize(
    ("name", "fault", "words"),
    [
        ("stalls between pages", RenderFault.TIMED_OUT, "within 4 s on the clock"),
        ("stops between pages", RenderFault.TIMED_OUT, "within 4 s on the clock"),
        ("dies between pages", RenderFault.CRASHED, "exit code 3"),
        ("half a reply", RenderFault.TIMED_OUT, "within 4 s on the clock"),
        ("half a reply, dies", RenderFault.CRASHED, "exit code 3"),
        ("closes its pipe", RenderFault.CRASHED, "closed its pipe and is there after 1 s"),
    ],
)
def test_what_ends_or_stalls_within_a_document_costs_a_page(
    misled: Renderer, monkeypatch: pytest.MonkeyPatch, name: str, fault: RenderFault, words: str
) -> None:
    monkeypatch.setattr(rendering, "_END_S", 1.0)
    opened, first, second = misled.render(Document("pdf", TWO_PAGES, name=name))
    assert isinstance(opened, Opened)
    assert isinstance(first, Page)
    assert second == LostPage(2, fault, words)
    assert whole(misled)


@pytest.mark.parametrize("name", ["stalls at its end", "reads nothing more"])
def test_what_stalls_between_two_documents_costs_neither(misled: Renderer, name: str) -> None:
    assert whole(misled, name)
    (child,) = misled._children.values()
    assert whole(misled, "the next", LARGE)
    assert child not in misled._children.values()


def test_a_process_that_does_not_get_ready_ends_the_run(
    misled: Renderer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rendering, "_START_S", 0.5)
    (tmp_path / "never").touch()
    with pytest.raises(RunError, match="no renderer can be started: within 2 s on the clock"):
        list(misled.render(Document("pdf", TWO_PAGES)))


def test_who_closes_a_renderer_does_not_wait_for_its_process(misled: Renderer) -> None:
    assert whole(misled)
    began = time.monotonic()
    misled.close()
    assert time.monotonic() - began < 60


def whole(renderer: Renderer, name: str = "", body: bytes = TWO_PAGES) -> bool:
    """Whether all pages of a document come."""
    opened, *pages = renderer.render(Document("pdf", body, name=name))
    return isinstance(opened, Opened) and [type(page) for page in pages] == [Page, Page]
