"""The renderer's process: `python -m pipelines.rendering.child KIND SETTINGS`.

Frames over its pipes are a length, big-endian, and so many bytes. A request is two frames: JSON
`{kind, folder, name, url, first}` and the document. Replies are two frames each, JSON and a
picture: an empty one whenever the process waits for a request, the first included, and to each
request first `{pages, title, language}` or `{fault, detail}`, then for each page from `first` on
`{page, pixels, measures, text, texts, loads}` with its picture, or `{page, fault, detail}`; in
place of any of these `{stop}` where the run is to end.
"""

import json
import os
import resource
import struct
import sys
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO

from pipelines.errors import RunError
from pipelines.rendering.pages import (
    Document,
    Loading,
    LostPage,
    Opened,
    Page,
    RenderError,
    Rendering,
    plain_values,
)
from pipelines.rendering.processes import die_with_parent

LENGTH = struct.Struct(">I")
_ADDRESSES = 1 << 30  # bytes of libraries and the like, beside what pages may take


def main() -> None:
    """Serves requests from standard input until it ends."""
    die_with_parent()
    kind, settings = sys.argv[1], read_settings(sys.argv[2])
    warnings.simplefilter("ignore")
    replies = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print stays out of the frames
    requests = sys.stdin.buffer
    renderer = _renderer(kind, settings)
    _reply(replies, {})
    for request, body in _requests(requests):
        document = Document(
            request["kind"], body, request["folder"], request["name"], request["url"]
        )
        try:
            for found in renderer.render(document, request["first"]):
                _reply(replies, *_as_reply(found))
        except RenderError as error:
            _reply(replies, {"fault": error.fault, "detail": error.detail})
        except RunError as error:
            _reply(replies, {"stop": str(error)})
        _reply(replies, {})  # only now: what it takes to close a document is not the next one's
    renderer.close()


def _renderer(kind: str, settings: Rendering) -> Any:
    """Only what renders this kind is imported, and limited as far as it can be."""
    if kind == "pdf":
        from pipelines.rendering.pdf import PdfRenderer

        most = settings.memory_bytes + _ADDRESSES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        return PdfRenderer(settings)
    from pipelines.rendering.html import HtmlRenderer

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return HtmlRenderer(settings)


def read_settings(text: str) -> Rendering:
    """Settings as `Renderer` passes them."""
    values = json.loads(text)
    loading = values["loading"] and Loading(**values["loading"])
    return Rendering(**values | {"viewport": tuple(values["viewport"]), "loading": loading})


def _requests(stream: BinaryIO) -> Iterator[tuple[dict[str, Any], bytes]]:
    while head := _frame(stream):
        yield json.loads(head), _frame(stream)


def _frame(stream: BinaryIO) -> bytes:
    """The next frame, b"" at the stream's end."""
    head = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(head)[0]) if head else b""


def _as_reply(found: Opened | Page | LostPage) -> tuple[dict[str, Any], bytes]:
    if isinstance(found, Page):
        values = {
            "page": found.measures.page,
            "pixels": plain_values(found.pixels),
            "measures": plain_values(found.measures),
            "text": found.text,
            "texts": [[text.origin, text.text] for text in found.texts],
            "loads": [[load.url, load.reason, load.detail] for load in found.loads],
        }
        return values, found.image
    return plain_values(found), b""


def _reply(replies: BinaryIO, values: dict[str, Any], image: bytes = b"") -> None:
    head = json.dumps(values).encode()  # ASCII: lone surrogates of a broken text come through
    replies.write(LENGTH.pack(len(head)) + head + LENGTH.pack(len(image)))
    replies.write(image)
    replies.flush()


if __name__ == "__main__":
    main()
