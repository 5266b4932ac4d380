"""The command with every step announced at once: `python -m benchmarks.told curate RECIPE`.

The command itself is silent about steps that are soon over.
"""

import sys
from typing import Any

from pipelines import progress
from pipelines.cli import main

MARK = "step: "


class _Told(progress.Progress):
    _stage_begun = ""

    def take(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "stage":
                self._stage_begun = event["stage"]
            case "step":
                print(f"{MARK}{self._stage_begun} {event['name']}", file=sys.stderr, flush=True)
        super().take(event)


if __name__ == "__main__":
    progress.Progress = _Told
    main()
