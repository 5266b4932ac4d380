"""What commands print: plain text that a terminal, a pipe and a log can take."""

import re

from rich.console import Console
from rich.table import Table

WIDTH = 100  # columns, where standard output is no terminal
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def open_console() -> Console:
    """Standard output; nothing printed is taken for markup."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDTH
    return console


def as_line(text: str, most: int = 300) -> str:
    """A stranger's text as one line of at most `most` characters, harmless to a terminal.

    >>> as_line("red\\x1b[2J\\nkite"), as_line("kite", 3)
    ('red [2J kite', 'kit…')
    """
    line = _CONTROLS.sub(" ", text)
    return line if len(line) <= most else line[:most] + "…"


def as_bytes(number: int) -> str:
    """Bytes as people read them.

    >>> as_bytes(999), as_bytes(53_420_000)
    ('999 B', '53.4 MB')
    """
    size, units = float(number), ["B", "kB", "MB", "GB", "TB"]
    while size >= 999.95 and len(units) > 1:
        size /= 1000
        del units[0]
    return f"{number} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def plain_table(*columns: str, words: int) -> Table:
    """A table without lines whose first `words` columns are text and the others numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for at, column in enumerate(columns):
        table.add_column(column, justify="left" if at < words else "right", overflow="fold")
    return table


def as_grid(words: list[str]) -> str:
    """Short words in columns of one width, as many as a line has room for."""
    wide = max(map(len, words)) + 3
    a_line = max(1, WIDTH // wide)
    starts = range(0, len(words), a_line)
    lines = ("".join(word.ljust(wide) for word in words[at : at + a_line]) for at in starts)
    return "\n".join(line.rstrip() for line in lines)
