"""Whether screens of HTML say and show what the browser itself says and shows.

    python -m benchmarks.page_parity FILE... [--pictures N]
    python -m benchmarks.page_parity /usr/share/doc/installation-guide-amd64/*/ch03s0[1-3].html

Each file is rendered as `documents` renders it, stored as PNG, and opened by bare playwright in a
window of the same size, with letters smoothed the same way. Text without white space is to be the
same: the screens' one after another, what the last repeats said once, and the body's `innerText`.
Pictures of the first N screens are to be the same pixels as playwright's screenshots: PSNR in dB,
99 where they are. Files that differ are listed with what differs.
"""

import argparse
import io
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser

from benchmarks.rendering import SETTINGS, bare_browser, html_document, psnr
from pipelines.rendering.html import ALIKE_EVERYWHERE
from pipelines.rendering.pages import Page
from pipelines.rendering.renderer import Renderer

_AROUND = 40  # characters that are shown of what differs


@dataclass(frozen=True, slots=True)
class Beside:
    """A document, ours beside the browser's.

    Attributes:
      texts: of our screens, without white space.
      dom: text of the body, likewise.
      psnrs: of screens' pictures, dB.
    """

    texts: list[str]
    dom: str
    psnrs: list[float]

    def difference(self) -> str:
        """Where the texts part, "" where they do not."""
        whole = joined(self.texts, self.dom)
        if whole == self.dom:
            return ""
        place = next(
            place
            for place, (ours, theirs) in enumerate(zip_longest(whole, self.dom))
            if ours != theirs
        )
        start = max(0, place - _AROUND // 2)
        ours, theirs = (text[start : start + _AROUND] for text in (whole, self.dom))
        return f"at character {place:,}: ours {ours!r}, the DOM's {theirs!r}"


def joined(texts: list[str], dom: str) -> str:
    """Texts of screens as one, what the last screen has in common with those before it once."""
    *before, last = texts
    head = "".join(before)
    twice = len(head) + len(last) - len(dom)
    return head + last[twice:] if twice > 0 and head.endswith(last[:twice]) else head + last


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
        f"{len(found)} files, {sum(len(one.texts) for one in found)} screens: the text of "
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
    return Beside([_dense(page.text) for page in pages], _dense(dom), psnrs)


def _dense(text: str) -> str:
    return "".join(text.split())


if __name__ == "__main__":
    main()
