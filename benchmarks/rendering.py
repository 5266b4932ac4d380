"""What rendering documents costs beside bare pypdfium2 and bare Chromium, and beside pdftoppm's
pictures.

    python -m benchmarks.rendering --pdf FILE... --html FILE... [--pages N] [--rounds R]
    python -m benchmarks.rendering --pdf /usr/share/doc/installation-guide-amd64/de/*.pdf.gz \\
        --html /usr/share/doc/debian-handbook/html/en-US/[b-f]*.html

First N pages of each PDF, and all screens of each HTML file, R times by turns: ours, in a process
that can be killed, with all that is measured and stored; and what one would write without us:
pypdfium2's page to Pillow to JPEG, and its text; playwright's goto, scroll and screenshot, PNG to
Pillow to JPEG, and the text of the DOM. Processor seconds of all processes, without starting any:
wall seconds say nothing on a busy machine. The ratio is the bare one's seconds by ours: 0.80 and
more is the aim.

Then the same pages of PDF by `pdftoppm -r 144` (Poppler), with the PSNR of ours against it, stored
as PNG: as they are, where letters' edges are smoothed in two ways, and shrunk to a quarter of each
side, where these are gone and what stands elsewhere, or not at all, is left.
"""

import argparse
import gzip
import io
import math
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from pipelines.rendering.browser import find_browser
from pipelines.rendering.pages import Document, Kind, Page, Rendering
from pipelines.rendering.pdf import PdfRenderer
from pipelines.rendering.processes import below, processor_seconds
from pipelines.rendering.renderer import Renderer

SETTINGS = Rendering(deadline_s=120)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pdf", nargs="*", type=Path, default=[])
    parser.add_argument("--html", nargs="*", type=Path, default=[])
    parser.add_argument("--pages", type=int, default=30, help="of each PDF")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    pdfs = [_first_pages(path, args.pages) for path in args.pdf]
    with Renderer(SETTINGS) as renderer:
        if pdfs:
            documents = [Document("pdf", body) for body in pdfs]
            compare("pdf", documents, renderer, lambda: sum(map(bare_pdf, pdfs)), args.rounds)
        if args.html:
            documents = [_html(path) for path in args.html]
            with bare_browser() as browser:
                compare(
                    "html",
                    documents,
                    renderer,
                    lambda: sum(bare_html(browser, path) for path in args.html),
                    args.rounds,
                )
    for path, body in zip(args.pdf, pdfs, strict=True):
        print(f"psnr  {path.name}: {beside_pdftoppm(body)}")


def compare(
    kind: Kind,
    documents: list[Document],
    renderer: Renderer,
    bare: Callable[[], int],
    rounds: int,
) -> None:
    """Prints processor seconds a page of ours and of the bare way, and their ratio."""
    ours, theirs = list[float](), list[float]()
    for number in range(rounds + 1):  # the first warms up
        pages, seconds = _timed(lambda: sum(_count(renderer, document) for document in documents))
        bare_pages, bare_seconds = _timed(bare)
        assert pages == bare_pages, (pages, bare_pages)
        if number:
            ours.append(seconds / pages)
            theirs.append(bare_seconds / pages)
    ratio = median(theirs) / median(ours)
    print(
        f"{kind:<5} {pages} pages: ours {1000 * median(ours):.1f} ms of processor time a page, "
        f"bare {1000 * median(theirs):.1f} ms; ratio {ratio:.2f}"
    )


def _count(renderer: Renderer, document: Document) -> int:
    return sum(isinstance(found, Page) for found in renderer.render(document))


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


def _html(path: Path) -> Document:
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
def bare_browser() -> Iterator[Browser]:
    """Chromium as playwright starts it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser())
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
