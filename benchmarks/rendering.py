"""What rendering documents costs beside bare pypdfium2 and bare Chromium, and beside pdftoppm's
pictures.

    python -m benchmarks.rendering --pdf FILE... --html FILE... [--pages N] [--rounds R]
    python -m benchmarks.rendering --psnr --pdf FILE... [--pages N]
    python -m benchmarks.rendering --pdf /usr/share/doc/installation-guide-amd64/de/*.pdf.gz \\
        --html /usr/share/doc/debian-handbook/html/en-US/[b-f]*.html --workers 2

First N pages of each PDF, and all screens of each HTML file, R times by turns: ours, in a process
that can be killed, with all that is measured and stored; and what one would write without us:
pypdfium2's page to Pillow to JPEG, and its text; playwright's goto, scroll and screenshot, PNG to
Pillow to JPEG, and the text of the DOM. Processor seconds of all processes, without starting any:
wall seconds say nothing on a busy machine. The ratio is the bare one's seconds by ours: 0.80 and
more is the aim.

With --workers W the same by the clock, for a machine that does nothing else: W processes at once,
each over all documents, ours and the bare way by turns.

Then the same pages of PDF by `pdftoppm -r 144` (Poppler), with the PSNR of ours against it, stored
as PNG: as they are, where letters' edges are smoothed in two ways, and shrunk to a quarter of each
side, where these are gone and what stands elsewhere, or not at all, is left. With --psnr this
alone.
"""

import argparse
import gzip
import io
import math
import multiprocessing
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from pipelines.rendering.browser import find_browser
from pipelines.rendering.pages import Document, Page, Rendering
from pipelines.rendering.pdf import PdfRenderer
from pipelines.rendering.processes import below, die_with_parent, processor_seconds
from pipelines.rendering.renderer import Renderer

SETTINGS = Rendering(deadline_s=120)
_MOST_WAIT_S = 3600.0  # for a process to be through with all documents

Way = Callable[[], int]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pdf", nargs="*", type=Path, default=[])
    parser.add_argument("--html", nargs="*", type=Path, default=[])
    parser.add_argument("--pages", type=int, default=30, help="of each PDF")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, help="measure by the clock, so many at once")
    parser.add_argument("--psnr", action="store_true", help="nothing but pictures' likeness")
    args = parser.parse_args()
    pdfs = [_first_pages(path, args.pages) for path in args.pdf]
    if args.workers:
        for kind, sources in (("pdf", pdfs), ("html", args.html)):
            if sources:
                print(clocked(kind, sources, args.workers, args.rounds))
        return
    for kind, sources in () if args.psnr else (("pdf", pdfs), ("html", args.html)):
        if sources:
            with both_ways(kind, sources) as (ours, bare):
                compare(kind, ours, bare, args.rounds)
    for path, body in zip(args.pdf, pdfs, strict=True):
        print(f"psnr  {path.name}: {beside_pdftoppm(body)}")


@contextmanager
def both_ways(kind: str, sources: list[Any]) -> Iterator[tuple[Way, Way]]:
    """Ours and the bare way through documents, each returning the number of pages.

    Args:
      kind: `pdf`, or `html`.
      sources: bodies of PDFs, or paths of HTML.
    """
    with Renderer(SETTINGS) as renderer:
        if kind == "pdf":
            documents = [Document("pdf", body) for body in sources]
            yield partial(_ours, renderer, documents), lambda: sum(map(bare_pdf, sources))
            return
        documents = [html_document(path) for path in sources]
        with bare_browser() as browser:
            bare = partial(bare_html, browser)
            yield partial(_ours, renderer, documents), lambda: sum(map(bare, sources))


def _ours(renderer: Renderer, documents: list[Document]) -> int:
    return sum(isinstance(found, Page) for each in documents for found in renderer.render(each))


def compare(kind: str, ours: Way, bare: Way, rounds: int) -> None:
    """Prints processor seconds a page of ours and of the bare way, and their ratio."""
    our_seconds, their_seconds = list[float](), list[float]()
    for number in range(rounds + 1):  # the first warms up
        pages, seconds = _timed(ours)
        bare_pages, bare_seconds = _timed(bare)
        assert pages == bare_pages, (pages, bare_pages)
        if number:
            our_seconds.append(seconds / pages)
            their_seconds.append(bare_seconds / pages)
    ratio = median(their_seconds) / median(our_seconds)
    print(
        f"{kind:<5} {pages} pages: ours {1000 * median(our_seconds):.1f} ms of processor time a "
        f"page, bare {1000 * median(their_seconds):.1f} ms; ratio {ratio:.2f}"
    )


def clocked(kind: str, sources: list[Any], workers: int, rounds: int) -> str:
    """Pages a second by the clock of `workers` processes at once, ours and the bare way.

    Raises:
      BrokenBarrierError: where a process has ended, or takes longer than anybody waits.
    """
    spawn = multiprocessing.get_context("spawn")  # PDFium and playwright outlive no fork
    gate, counted = spawn.Barrier(workers + 1, timeout=_MOST_WAIT_S), spawn.SimpleQueue()
    arguments = kind, sources, rounds, gate, counted
    started = [spawn.Process(target=_work, args=arguments, daemon=True) for _ in range(workers)]
    for process in started:
        process.start()
    found: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(rounds + 1):  # the first warms up
        for seconds in found.values():
            gate.wait()
            begun = time.monotonic()
            gate.wait()
            if number:
                seconds.append(time.monotonic() - begun)
    pages = sum(counted.get() for _ in started)
    for process in started:
        process.join()
    ours, bare = (pages / median(seconds) for seconds in found.values())
    return (
        f"{kind:<5} {pages} pages, {workers} at once: ours {ours:.1f} pages a second by the clock, "
        f"bare {bare:.1f}; ratio {ours / bare:.2f}"
    )


def _work(
    kind: str, sources: list[Any], rounds: int, gate: Barrier, counted: SimpleQueue[int]
) -> None:
    """One of several processes: goes both ways by turns, each when all are ready."""
    die_with_parent()
    with both_ways(kind, sources) as ways:
        for _ in range(rounds + 1):
            for way in ways:
                gate.wait()
                pages = way()
                gate.wait()
    counted.put(pages)


def _timed(run: Callable[[], int]) -> tuple[int, float]:
    before = _processor_seconds()
    pages = run()
    return pages, _processor_seconds() - before


def _processor_seconds() -> float:
    """Of this process and all that it has started and that are there."""
    return sum(map(processor_seconds, [os.getpid(), *below(os.getpid())]))


def _first_pages(path: Path, pages: int) -> bytes:
    body = path.read_bytes()
    body = gzip.decompress(body) if path.suffix == ".gz" else body
    whole, part, sink = pypdfium2.PdfDocument(body), pypdfium2.PdfDocument.new(), io.BytesIO()
    part.import_pages(whole, list(range(min(pages, len(whole)))))
    part.save(sink)
    return sink.getvalue()


def html_document(path: Path) -> Document:
    """A file as `documents` has it rendered."""
    return Document("html", path.read_bytes(), str(path.parent.resolve()), path.name)


def bare_pdf(body: bytes) -> int:
    """pypdfium2 alone; returns the number of pages."""
    document = pypdfium2.PdfDocument(body)
    for page in document:
        picture = page.render(scale=SETTINGS.dpi / 72).to_pil()
        picture.convert("RGB").save(io.BytesIO(), "JPEG", quality=SETTINGS.quality)
        page.get_textpage().get_text_range()
        page.close()
    return len(document)


@contextmanager
def bare_browser(options: Iterable[str] = ()) -> Iterator[Browser]:
    """Chromium as playwright starts it, with options of one's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=[*options])
        yield browser
        browser.close()


def bare_html(browser: Browser, path: Path) -> int:
    """Playwright alone; returns the number of screens."""
    width, height = SETTINGS.viewport
    page = browser.new_page(
        viewport={"width": width, "height": height}, java_script_enabled=SETTINGS.scripts
    )
    page.goto(path.resolve().as_uri())
    screens = max(1, math.ceil(page.evaluate("document.documentElement.scrollHeight") / height))
    for number in range(screens):
        page.evaluate("top => window.scrollTo(0, top)", number * height)
        picture = Image.open(io.BytesIO(page.screenshot()))
        picture.convert("RGB").save(io.BytesIO(), "JPEG", quality=SETTINGS.quality)
    page.inner_text("body")
    page.close()
    return int(screens)


def beside_pdftoppm(body: bytes) -> str:
    """The PSNR of our pages against Poppler's, in dB: least, median."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.pdf")
        file.write_bytes(body)
        command = ["pdftoppm", "-r", str(SETTINGS.dpi), str(file), f"{folder}/page"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # warnings of links
        theirs = [np.asarray(Image.open(path)) for path in sorted(Path(folder).glob("page-*.ppm"))]
        assert theirs
    renderer = PdfRenderer(Rendering(dpi=SETTINGS.dpi, image_format="png"))
    pages = (
        np.asarray(Image.open(io.BytesIO(page.image)))
        for page in renderer.render(Document("pdf", body), 1)
        if isinstance(page, Page)
    )
    found = [
        (psnr(ours, other), psnr(_quarter(ours), _quarter(other)))
        for ours, other in zip(pages, theirs, strict=True)
    ]
    whole, small = zip(*found, strict=True)
    return (
        f"{len(found)} pages, least {min(whole):.1f} dB, median {median(whole):.1f} dB; "
        f"at a quarter of each side least {min(small):.1f} dB, median {median(small):.1f} dB"
    )


def _quarter(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.resize(pixels, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA))


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two pictures, shape [height, width, 3], whose sizes differ by a
    pixel at most, in dB; 99 where they are the same.
    """
    height, width = (min(sides) for sides in zip(one.shape[:2], other.shape[:2], strict=True))
    apart = one[:height, :width].astype(float) - other[:height, :width]
    error = float(np.mean(apart**2))
    return 99.0 if error == 0 else 10 * math.log10(255**2 / error)


if __name__ == "__main__":
    main()
