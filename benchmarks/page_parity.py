"""Whether screens of HTML say and show what the browser itself says and shows.

    python -m benchmarks.page_parity FILE... [--pictures N]
    python -m benchmarks.page_parity /usr/share/doc/installation-guide-amd64/*/ch03s0[1-3].html

Each file is rendered as `documents` renders it, stored as PNG, and opened by bare playwright in a
window of the same size, with letters smoothed the same way. The words are to be the same: those of
the screens one after another, what the last repeats said once, and those of the body's `innerText`.
Pictures of the first N screens are to be the same pixels as playwright's screenshots: PSNR in dB,
99 where they are. Files that differ are listed with what differs. What cannot be the same: what
stands on every screen (`position: fixed`) is said on each, and what stands side by side is cut by a
screen's edge in another order than it is written in.
"""

import argparse
import io
from collections import Counter
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser

from benchmarks.rendering import SETTINGS, bare_browser, html_document, psnr
from pipelines.rendering.html import ALIKE_EVERYWHERE
from pipelines.rendering.pages import Page
from pipelines.rendering.renderer import Renderer

_AROUND = 30  # characters before and after where texts part that are shown


@dataclass(frozen=True, slots=True)
class Beside:
    """A document, ours beside the browser's. Texts are words with one space between them.

    Attributes:
      screens: the text of each of ours.
      dom: the text of the body.
      psnrs: of screens' pictures, dB.
    """

    screens: list[str]
    dom: str
    psnrs: list[float]

    def difference(self) -> str:
        """Where the texts part, "" where they do not."""
        *before, last = self.screens
        place = 0
        for screen in before:
            if not self.dom.startswith(screen, place):
                return self._around(screen, place)
            place += len(screen)
            place += self.dom.startswith(" ", place)  # none where an edge cuts a run without spaces
        start = max(0, len(self.dom) - len(last))
        if self.dom.endswith(last) and start <= place:
            return ""
        return self._around(last, min(start, place))

    def _around(self, screen: str, place: int) -> str:
        pairs = zip(screen, self.dom[place:], strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        missing = Counter(self.dom.split()) - Counter(" ".join(self.screens).split())
        start = max(0, same - _AROUND)
        ours = screen[start : same + _AROUND]
        theirs = self.dom[place + start : place + same + _AROUND]
        return (
            f"{missing.total()} of {len(self.dom.split()):,} words missing; at character "
            f"{place + same:,}: ours {ours!r}, the DOM's {theirs!r}"
        )


def main() -> None:
    """Renders, compares and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--pictures", type=int, default=3, help="screens of a file that are compared"
    )
    args = parser.parse_args()
    found = list[Beside]()
    with (
        Renderer(replace(SETTINGS, image_format="png")) as renderer,
        bare_browser(ALIKE_EVERYWHERE) as browser,
    ):
        for path in args.files:
            found.append(beside(renderer, browser, path, args.pictures))
            if words := found[-1].difference():
                print(f"{path}: {words}", flush=True)
            if (least := min(found[-1].psnrs)) < 99:
                print(f"{path}: a picture at {least:.1f} dB", flush=True)
    psnrs = [value for one in found for value in one.psnrs]
    print(
        f"{len(found)} files, {sum(len(one.screens) for one in found)} screens: the text of "
        f"{sum(not one.difference() for one in found)} is the DOM's; of {len(psnrs)} pictures "
        f"{sum(value == 99 for value in psnrs)} are the browser's, least {min(psnrs):.1f} dB"
    )


def beside(renderer: Renderer, browser: Browser, path: Path, pictures: int) -> Beside:
    """Renders a file both ways."""
    pages = [page for page in renderer.render(html_document(path)) if isinstance(page, Page)]
    width, height = SETTINGS.viewport
    window = browser.new_page(
        viewport={"width": width, "height": height}, java_script_enabled=SETTINGS.scripts
    )
    window.goto(path.resolve().as_uri())
    dom = window.inner_text("body")
    bottom = window.evaluate("document.documentElement.scrollHeight") - height
    psnrs = list[float]()
    for number, page in enumerate(pages[:pictures]):
        window.evaluate("top => window.scrollTo(0, top)", max(0, min(number * height, bottom)))
        theirs, ours = (Image.open(io.BytesIO(png)) for png in (window.screenshot(), page.image))
        psnrs.append(psnr(np.asarray(ours.convert("RGB")), np.asarray(theirs.convert("RGB"))))
    window.close()
    return Beside([_spaced(page.text) for page in pages], _spaced(dom), psnrs)


def _spaced(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
