"""Documents to render, made from nothing: PDFs object by object, so that any part can be wrong."""

import zlib

FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def pdf(pages: list[bytes], extra: dict[int, bytes] | None = None, **changes: bytes) -> bytes:
    """A PDF of one page for each content stream, A4, with Helvetica as /F1.

    Args:
      pages: content streams.
      extra: further objects by number, from 100 on.
      changes: by name, what stands in the place of `catalog`, `tree`, `media_box`, `resources`.
    """
    objects = {
        1: changes.get("catalog", b"<</Type/Catalog/Pages 2 0 R/Lang(en)>>"),
        3: FONT,
    }
    box = changes.get("media_box", b"[0 0 595 842]")
    resources = changes.get("resources", b"<</Font<</F1 3 0 R>>>>")
    kids = b""
    for number, content in enumerate(pages):
        page = 10 + 2 * number
        kids += b"%d 0 R " % page
        objects[page] = b"<</Type/Page/Parent 2 0 R/MediaBox%s/Resources%s/Contents %d 0 R>>" % (
            box,
            resources,
            page + 1,
        )
        objects[page + 1] = stream(content)
    tree = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids)
    objects[2] = changes.get("tree", tree)
    return written(objects | (extra or {}))


def written(objects: dict[int, bytes]) -> bytes:
    """A PDF file of numbered objects, the catalog first."""
    out, places = b"%PDF-1.7\n", {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n" % size
    for number in range(size):
        used = number in places
        out += b"%010d %05d %s \n" % (
            places.get(number, 0),
            0 if used else 65535,
            b"n" if used else b"f",
        )
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, start)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(content), content)


def packed(content: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(content, 9), entries + b"/Filter/FlateDecode")


def bomb(byte: bytes, megabytes: int, head: bytes = b"", entries: bytes = b"") -> bytes:
    """A packed stream of one byte over and over, without packing all of it."""
    packer = zlib.compressobj(9)
    first = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(byte * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return stream(first + block * megabytes, entries + b"/Filter/FlateDecode")


def line(text: str, x: int = 60, y: int = 700, size: int = 11) -> bytes:
    """Words in Helvetica."""
    return b"BT /F1 %d Tf %d %d Td (%s) Tj ET\n" % (size, x, y, text.encode("ascii"))


def prose(lines: int = 20, y: int = 650) -> bytes:
    """Running text."""
    words = "Red kites circle over the valley and look for what moves in the grass."
    return b"".join(line(words, y=y - 14 * n) for n in range(lines))


def table_rules(left: int = 60, top: int = 300) -> bytes:
    """A table of three rows and three columns, each cell with a word."""
    out = b"0.8 w\n"
    for n in range(4):
        out += b"%d %d m %d %d l S\n" % (left, top - 20 * n, left + 300, top - 20 * n)
        out += b"%d %d m %d %d l S\n" % (left + 100 * n, top, left + 100 * n, top - 60)
    for row in range(3):
        for column in range(3):
            out += line(f"cell {row}{column}", left + 10 + 100 * column, top - 14 - 20 * row, 9)
    return out


def bar_chart(left: int = 60, foot: int = 60) -> bytes:
    """Five bars on an axis, with labels."""
    out = b"%d %d m %d %d l S\n" % (left, foot, left + 200, foot)
    for n, height in enumerate((40, 90, 60, 120, 75)):
        out += b"0.2 0.4 0.8 rg %d %d 30 %d re f 0 g\n" % (left + 5 + 38 * n, foot, height)
        out += line(f"{2020 + n}", left + 6 + 38 * n, foot - 10, 8)
    return out


HTML = """<!DOCTYPE html>
<html lang="de"><head><meta charset="utf-8"><title>Der Rotmilan</title>
<style>body {{ margin: 40px; font: 18px/1.5 "Noto Sans" }} p {{ margin: 0 0 20px }}</style></head>
<body>{body}</body></html>
"""


def html(body: str) -> bytes:
    return HTML.format(body=body).encode()
