"""What a network does in the middle of a run: hosts that stall, an outage."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq

from tests.conftest import PictureServer, curate, digests, table
from tests.pipelines.hostile import RULES, HostileServer, Visit, answer, picture, reply, stalls

CLI = [sys.executable, "-m", "pipelines.cli"]
HOSTS, STALLED, A_HOST = 100, 5, 20
DEADLINE_S = 2.0


def gather_from(tmp_path, behaviours, a_host: int, rules: str) -> tuple[HostileServer, list[dict]]:
    """Gathers `a_host` pictures of each of `behaviours`; returns what was asked and the rows."""
    server = HostileServer(behaviours)
    urls = [
        f"http://127.0.0.1:{port}/{n}.jpg" for port in server.ports.values() for n in range(a_host)
    ]
    rows = {"url": urls, "caption": [f"picture {n}" for n in range(len(urls))]}
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")
    hosts = [f"127.0.0.1:{port}" for port in server.ports.values()]
    (tmp_path / "recipe.toml").write_text(
        'output = "out"\n[[sources]]\nname = "s"\nformat = "table"\npath = "rows.parquet"\n'
        f"[gather]\nallow_hosts = {hosts}\n{rules}\n"
    )
    curate(tmp_path / "recipe.toml", stages=("gather",))
    server.close()
    return server, table(tmp_path / "out/gathered")


def test_hosts_that_stall_cost_two_deadlines_and_their_own_pictures(tmp_path) -> None:
    """2,000 pictures on 100 hosts, 5 of which never answer."""
    fine = answer(200, picture())
    behaviours = {f"h{n}": stalls if n < STALLED else fine for n in range(HOSTS)}
    rules = f"deadline_s = {DEADLINE_S}\nrespect_opt_outs = false"
    server, rows = gather_from(tmp_path, behaviours, A_HOST, rules)
    assert sum(row["fate"] == "kept" for row in rows) == (HOSTS - STALLED) * A_HOST
    lost = Counter(row["reason"] for row in rows if row["fate"] != "kept")
    # Those in flight at two deadlines, and no more: the others were given up unasked.
    assert [server.asked[f"h{n}"] for n in range(STALLED)] == [16] * STALLED
    assert lost == {"timed-out": STALLED * 16, "host-unresponsive": STALLED * (A_HOST - 16)}


def test_hosts_that_stall_do_not_hold_up_one_shard_after_another(tmp_path) -> None:
    """One lane of four shards with stalling hosts in each: their deadlines pass together."""
    fine = answer(200, picture())
    behaviours = {f"h{n}": stalls if n < 12 else fine for n in range(100)}
    _, rows = gather_from(tmp_path, behaviours, 4, "deadline_s = 4\nrespect_opt_outs = false")
    shards = [
        json.loads(path.read_bytes()) for path in (tmp_path / "out/gathered").glob("*_stats.json")
    ]
    assert len(shards) == 4
    span_s = max(s["end_time"] for s in shards) - min(s["start_time"] for s in shards)
    assert sum(s["duration"] for s in shards) > 1.2 * span_s
    assert Counter(row["reason"] for row in rows) == {"": 352, "timed-out": 48}


def test_many_hosts_of_one_picture_each_are_not_held_up_by_their_rules(tmp_path) -> None:
    """All wait for the same two slots, longer than the deadline of each."""

    async def slowly(visit: Visit) -> None:
        await asyncio.sleep(0.06)
        await visit.send(reply(200, picture()) if visit.path not in RULES else reply(404))

    slowly.has_rules = True  # type: ignore[attr-defined]
    behaviours = {f"h{n}": slowly for n in range(100)}
    _, rows = gather_from(tmp_path, behaviours, 1, "deadline_s = 5\nconcurrency = 2")
    assert Counter(row["reason"] for row in rows) == {"": 100}


def test_an_outage_stops_the_run_and_the_next_one_ends_as_if_there_had_been_none(
    world, write_recipe, tmp_path, curated
):
    server = PictureServer(world)
    server.delay_s = 0.1
    place = {"prefix": server.url, "host": server.host}
    recipe = write_recipe(tmp_path, **place, gather="concurrency = 2\nper_host = 2\nretries = 0")
    process = subprocess.Popen([*CLI, "curate", recipe], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    gathered = tmp_path / "out/gathered"
    while not list(gathered.glob("*_stats.json")) and time.monotonic() < end:
        time.sleep(0.02)
    server.close()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "the network seems to be down" in errors or "is the network up?" in errors
    assert "Traceback" not in errors
    assert 0 < len(table(gathered)) < 30
    again = PictureServer(world, port=int(server.host.rpartition(":")[2]))
    curate(recipe)
    again.close()
    assert digests(tmp_path / "out/shards") == digests(curated.output / "shards")
