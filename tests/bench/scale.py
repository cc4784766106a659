#!/usr/bin/env python3
"""What a million known assets cost: start, lists, deliveries, reconciling.

One asset is archived by the real agent from a platform of static files; the state database is
then filled with copies of its rows, under other ids and paths, in two workspaces: most in one
whose list is never read, the rest in one that is reconciled. Measured with that and, where
a ratio is asked for, beside a state with a thousand assets in the same run, in turns:

  start      seconds from the start of the process until /readyz says ready
  lists      the first and a deep page of the API's lists, by each filter; `vodkeep ls`, whole
  delivery   CPU and rate of deliveries that are stored durably, each of a new asset
  reconcile  peak memory and looks caused by reading the whole list of an unchanged library

Needs wrk and nginx; run it by `make bench-scale`.
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

from receive import HERE, MEDIA, RECEIVER, Agent, wrk, write_deliveries

SEED = "5eed0000-0000-4000-8000-000000000000"
LISTED = "listed"           # the workspace whose list is read
PAGE = 50
CREATED = "2026-11-22T10:00:00Z"


def entry(media: str) -> dict:
    """What the platform says of a media, in its list and alone."""
    return {"id": media, "status": "Ready", "title": "One of many", "createdAt": CREATED,
            "updatedAt": CREATED, "duration": "00:00:02", "trial": False, "metadata": {},
            "mp4Support": [{"type": "capped_4k", "status": "ready", "height": 1080, "ext": "mp4"}],
            "playbackIds": [{"id": media, "accessPolicy": "public"}]}


def write_pages(folder: pathlib.Path, ids: list[str]) -> None:
    """The list, page by page, as FastPix numbers them: from 1."""
    folder.mkdir(parents=True)
    pages = max(1, (len(ids) + PAGE - 1) // PAGE)
    for page in range(1, pages + 1):
        part = ids[(page - 1) * PAGE:page * PAGE]
        (folder / f"{page}.json").write_text(json.dumps({
            "success": True, "data": [entry(media) for media in part],
            "pagination": {"totalRecords": len(ids), "currentOffset": page, "offsetCount": pages}}))


def platform(folder: pathlib.Path, ids: list[str]) -> subprocess.Popen:
    """nginx: one media alone, its file, and the list of all."""
    root = folder / "www"
    write_pages(root / "pages", ids)
    (root / "v1/on-demand").mkdir(parents=True)
    (root / "v1/on-demand" / SEED).write_text(json.dumps({"success": True, "data": entry(SEED)}))
    (root / "stream" / SEED).mkdir(parents=True)
    shutil.copy(HERE.parent / "data" / "clip.mp4", root / "stream" / SEED / "capped-4k.mp4")
    (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; user root;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
server {{ listen 127.0.0.1:{MEDIA}; root {root}; default_type application/json;
location = /v1/on-demand {{ rewrite ^ /pages/$arg_offset.json; }}
location /stream/ {{ types {{ video/mp4 mp4; }} }} }} }}""")
    return subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")])


class ScaleAgent(Agent):
    """An agent with a second workspace, whose list is read when it is asked to.

    Scrubbing is off: the copies have no files.
    """

    def __init__(self, binary: str, folder: pathlib.Path) -> None:
        super().__init__(binary, folder)
        text = self.ini.read_text().replace("media_hosts", "reconcile = off\nscrub = off\nmedia_hosts")
        block = text[text.index("[workspace bench]"):text.index("[rule all]")]
        self.ini.write_text(text.replace("[rule all]", block.replace("bench", LISTED) + "[rule all]"))

    def get(self, path: str) -> dict:
        """A JSON answer of the admin socket."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.folder / "admin.sock"))
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def metric(self, name: str) -> float:
        """A metric's value, all its labels together."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.folder / "admin.sock"))
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M))

    def cpu(self) -> float:
        """CPU seconds so far."""
        assert self.process
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self) -> float:
        """Most resident memory since it started."""
        assert self.process
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)", text)
        return int(found.group(1)) / 1024 if found else float("nan")


def archive_seeds(agent: ScaleAgent) -> None:
    """One asset in each workspace, archived as any other."""
    agent.start()
    for workspace in ("bench", LISTED):
        agent.command("fetch", workspace, SEED)
        while agent.get(f"/api/v1/assets/{workspace}/{SEED}")["state"] != "archived":
            time.sleep(0.05)
    agent.stop()


def columns(db: sqlite3.Connection, table: str) -> list[str]:
    """Names of a table's columns."""
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


def copy_rows(db: sqlite3.Connection, workspace: str, ids: list[str]) -> None:
    """Copies of a workspace's seed under these ids; rows of all its tables."""
    seed, number = db.execute("SELECT a.row, a.workspace FROM assets a JOIN workspaces w ON w.id=a.workspace"
                              " WHERE w.name=? AND a.id=?", (workspace, SEED)).fetchone()
    base = db.execute("SELECT max(row) FROM assets").fetchone()[0]
    db.execute("CREATE TEMP TABLE copies(n INTEGER PRIMARY KEY, id TEXT)")
    db.executemany("INSERT INTO copies VALUES(?, ?)", enumerate(ids, 1))
    renamed = {"id", "base_path", "path"}
    for table, key in (("assets", "row"), ("platform_data", "asset"), ("files", "asset"), ("story", "asset")):
        names = columns(db, table)
        values = [f"c.n + {base}" if name == key
                  else f"replace(t.{name}, '{SEED}', c.id)" if name in renamed
                  else f"t.{name} + c.n" if name == "updated_ns" else f"t.{name}" for name in names]
        db.execute(f"INSERT INTO {table}({', '.join(names)}) SELECT {', '.join(values)}"
                   f" FROM copies c, {table} t WHERE t.{key} = {seed} ORDER BY c.n")
    db.execute("DROP TABLE copies")
    db.execute("UPDATE workspaces SET bytes = bytes * ? WHERE id = ?", (len(ids) + 1, number))
    db.execute("UPDATE workspace_assets SET assets = assets + ? WHERE workspace = ? AND state = 'archived'",
               (len(ids), number))


def fill(agent: ScaleAgent, ours: list[str], listed: list[str]) -> None:
    """Such assets in the workspaces, beside the seed of each."""
    archive_seeds(agent)
    db = sqlite3.connect(agent.folder / "state.db")
    db.execute("PRAGMA synchronous = OFF")
    copy_rows(db, LISTED, listed)
    copy_rows(db, "bench", ours)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    os.sync()


def time_of(work: object, rounds: int = 15) -> tuple[float, float]:
    """Median and worst milliseconds."""
    times = []
    for _ in range(rounds):
        begun = time.monotonic()
        work()  # type: ignore[operator]
        times.append((time.monotonic() - begun) * 1e3)
    return statistics.median(times), max(times)


def measure_lists(agent: ScaleAgent, assets: int) -> None:
    """Pages as people's tools ask for them."""
    middle = assets // 2
    pages = {
        "newest": "?limit=50", "from the middle": f"?limit=50&before={middle}",
        "of a workspace": f"?limit=50&workspace={LISTED}",
        "of a state": "?limit=50&state=archived", "of a state that none is in": "?limit=50&state=failed",
        "since an hour, all of them": "?limit=50&since=1h",
        "since an hour, from the middle": f"?limit=50&since=1h&before={middle}",
        "by the beginning of an id": "/find?q=5eed",
    }
    for name, query in pages.items():
        median, worst = time_of(lambda query=query: agent.get("/api/v1/assets" + query))
        print(f"  page {name:32} {median:7.1f} ms  (worst {worst:.1f})", flush=True)
    for name, path in (("/api/v1/status", "/api/v1/status"), ("one asset", f"/api/v1/assets/bench/{SEED}")):
        median, worst = time_of(lambda path=path: agent.get(path))
        print(f"  {name:37} {median:7.1f} ms  (worst {worst:.1f})", flush=True)
    median, worst = time_of(lambda: agent.command("ls", "--limit", "50"))
    print(f"  {'vodkeep ls --limit 50':37} {median:7.1f} ms  (worst {worst:.1f})", flush=True)


def measure_start(agent: ScaleAgent, rounds: int) -> None:
    """Leaves it running."""
    times = []
    for turn in range(rounds):
        times.append(agent.start())
        if turn + 1 < rounds:
            agent.stop()
    print(f"start to ready: {statistics.median(times) * 1e3:.0f} ms (worst {max(times) * 1e3:.0f});"
          f" memory {agent.rss_mib():.1f} MiB", flush=True)


def deliver(agent: ScaleAgent, deliveries: pathlib.Path, seconds: float) -> dict[str, float]:
    """Rate, and microseconds of CPU for each delivery; the state is put back afterwards."""
    state, kept = agent.folder / "state.db", agent.folder / "kept.db"
    shutil.copy(state, kept)
    agent.start()
    agent.command("pause")
    cpu = agent.cpu()
    figure = wrk(f"http://127.0.0.1:{RECEIVER}/hooks/bench", deliveries, "FastPix-Signature", seconds)
    figure["cpu"] = (agent.cpu() - cpu) / (figure["rate"] * seconds) * 1e6
    agent.stop()
    os.replace(kept, state)
    return figure


def measure_deliveries(small: ScaleAgent, large: ScaleAgent, folder: pathlib.Path, rounds: int) -> None:
    """In turns, each of new assets."""
    figures: dict[str, list[dict[str, float]]] = {"small": [], "large": []}
    for turn in range(rounds):
        deliveries = folder / f"deliveries-{turn}"
        write_deliveries(deliveries, 100000, peer=False)
        figures["small"].append(deliver(small, deliveries, 3))
        figures["large"].append(deliver(large, deliveries, 3))
        deliveries.unlink()
    median = {name: {key: statistics.median(run[key] for run in runs) for key in ("rate", "cpu")}
              for name, runs in figures.items()}
    print(f"deliveries: {median['large']['rate']:.0f}/s, {median['large']['cpu']:.0f} µs of CPU each;"
          f" with 1,000 assets {median['small']['rate']:.0f}/s, {median['small']['cpu']:.0f} µs:"
          f" cost x {median['large']['cpu'] / median['small']['cpu']:.2f} in CPU,"
          f" x {median['small']['rate'] / median['large']['rate']:.2f} in time", flush=True)


def measure_reconcile(agent: ScaleAgent, listed: int) -> None:
    """The whole list of an unchanged library; the agent is fresh, so that its peak is this."""
    agent.start()
    before, begun, cpu = agent.metric("vodkeep_api_requests_total"), time.monotonic(), agent.cpu()
    found = agent.command("reconcile", LISTED)
    while any(ws["name"] == LISTED and not ws["last_reconcile"] for ws in agent.get("/api/v1/status")["workspaces"]):
        time.sleep(0.5)
    calls = agent.metric("vodkeep_api_requests_total") - before
    print(f"reconcile of {listed:,}: {time.monotonic() - begun:.0f} s, {agent.cpu() - cpu:.1f} CPU s,"
          f" {calls:.0f} calls, of which {calls - (listed + PAGE - 1) // PAGE:.0f} for more than pages;"
          f" peak {agent.peak_mib():.1f} MiB", flush=True)
    if "differences" in found and json.loads(found).get("differences"):
        print(f"  differences that should not be: {found[:500]}", flush=True)
    agent.stop()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="./vodkeep")
    parser.add_argument("--assets", type=int, default=1_000_000)
    parser.add_argument("--listed", type=int, default=100_000, help="of them, in the list that is read")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", default=".", help="on the disk to measure")
    args = parser.parse_args()
    binary = os.path.abspath(args.binary)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=args.folder)).resolve()
    number = random.Random(1)
    ids = [str(uuid.UUID(int=number.getrandbits(128), version=4)) for _ in range(args.assets)]
    ours, listed = ids[args.listed + 1:], ids[1:args.listed]
    server = platform(folder, sorted([SEED, *listed]))
    small, large = ScaleAgent(binary, folder / "small"), ScaleAgent(binary, folder / "large")
    try:
        fill(small, ids[:999], [])
        begun = time.monotonic()
        fill(large, ours, listed)
        size = (large.folder / "state.db").stat().st_size
        print(f"{args.assets:,} assets: {size / (1 << 20):,.0f} MiB of state"
              f" (filled in {time.monotonic() - begun:.0f} s)", flush=True)
        measure_start(large, args.rounds)
        measure_lists(large, args.assets)
        large.stop()
        measure_reconcile(large, args.listed)
        measure_deliveries(small, large, folder, args.rounds)
    finally:
        for agent in (small, large):
            if agent.process and agent.process.poll() is None:
                agent.stop()
        server.terminate()
        server.wait()
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
