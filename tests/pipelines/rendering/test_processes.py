import subprocess
import time

from pipelines.rendering.processes import below, kill_all


def test_processes_that_come_and_go_are_looked_at() -> None:
    restless = subprocess.Popen(["sh", "-c", "while :; do sh -c 'sh -c true; true'; done"])
    ends, most = time.monotonic() + 3, 0
    try:
        while time.monotonic() < ends:
            most = max(most, len(below(restless.pid)))
    finally:
        kill_all(restless.pid)
        restless.wait()
    assert most > 0
    assert below(restless.pid) == []
