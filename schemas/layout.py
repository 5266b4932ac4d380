"""Where everything lies below a recipe's `output`, and what it is called there."""

GATHERED = "gathered"
PICTURES = "pictures"
SOURCE_CAPTIONS = "captions/source"
PAIRS = "shards/pairs/train"
REPORT = "report"
WORK = "_work"
STAGE_FILE = "_stage.json"
STATS_SUFFIX = "_stats.json"
CAPTIONS_SUFFIX = ".captions.parquet"

IMAGE_SUFFIXES = {"jpeg": "jpg", "webp": "webp", "png": "png"}


def shard_name(number: int) -> str:
    """The name of shard `number` without its suffix.

    >>> shard_name(7)
    '00007'
    """
    return f"{number:05d}"


def part_name(number: int) -> str:
    """The name of part `number` of a table.

    >>> part_name(7)
    'part-00007.parquet'
    """
    return f"part-{number:05d}.parquet"


def ledger_folder(stage: str) -> str:
    """Where `stage` keeps what it did not keep, and its record."""
    return f"ledger/{stage}"
