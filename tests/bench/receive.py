#!/usr/bin/env python3
"""How fast deliveries are acknowledged durably, beside the floor and a peer of the same run.

Measured, in turns, and the median of each quoted:

  floor    what SQLite commits with the same settings and nothing else to do (floor.c)
  peer     adnanh/webhook: verifies, runs /bin/true, stores nothing
  vodkeep  verified, stored durably (fsync), then 200; each delivery a new event of a new asset
  slow     the same three questions with every fsync 5 ms slower (slowsync.c)

and once: idle memory, the time from start to ready with the assets just received, and the
answers to 1,000 deliveries while 16 downloads run. Downloads are otherwise paused, so that
the figures are the receiver's. Needs wrk, webhook, nginx; run it by `make bench`.
"""
import argparse
import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

HERE = pathlib.Path(__file__).resolve().parent
SECRET = b"benchmark-secret-0123456789abcde"
PEER_SECRET = b"peer-secret"
RECEIVER, ADMIN, PEER, MEDIA = 28787, 28788, 28789, 28790


def delivery(kind: str = "video.media.ready", media: str = "") -> bytes:
    """One signed-for event of about 1 KiB, of this media or one of its own."""
    media = media or str(uuid.uuid4())
    event = {
        "type": kind, "object": {"type": "media", "id": media}, "id": str(uuid.uuid4()),
        "workspace": {"name": "Bench", "id": "b0000000-0000-4000-8000-000000000001"},
        "status": "ready", "createdAt": "2026-11-22T10:00:00.123456789Z", "attempts": [],
        "data": {"id": media, "title": "Benchmark clip", "status": "Ready", "mp4Support": [
            {"type": "capped_4k", "status": "ready", "width": 1920, "height": 1080, "ext": "mp4"}],
            "playbackIds": [{"id": str(uuid.uuid4()), "accessPolicy": "public"}],
            "tracks": [{"id": str(uuid.uuid4()), "type": "video", "width": 1920, "height": 1080}],
            "duration": "00:00:22", "aspectRatio": "16:9", "metadata": {}}}
    body = json.dumps(event)
    event["data"]["metadata"]["pad"] = "x" * max(0, 1024 - len(body) - 10)
    return json.dumps(event).encode()


def write_deliveries(path: pathlib.Path, count: int, peer: bool) -> None:
    """A file of signature, tab, body; the peer signs in hexadecimal with its own secret."""
    with open(path, "wb") as out:
        for _ in range(count):
            body = delivery()
            if peer:
                mark = hmac.new(PEER_SECRET, body, hashlib.sha256).hexdigest().encode()
            else:
                mark = base64.b64encode(hmac.new(SECRET, body, hashlib.sha256).digest())
            out.write(mark + b"\t" + body + b"\n")


def wrk(url: str, deliveries: pathlib.Path, header: str, seconds: float,
        stop: int = 0) -> dict[str, float]:
    """Run wrk on 64 keep-alive connections; requests/s and latency in ms."""
    env = dict(os.environ, BENCH_DELIVERIES=str(deliveries), BENCH_HEADER=header)
    os.sync()  # what runs before have left dirty is not this run's
    if stop:
        env["BENCH_STOP"] = str(stop)
    out = subprocess.run(
        ["wrk", "-t1", "-c64", f"-d{seconds:g}s", "--latency", "-s", str(HERE / "receive.lua"), url],
        env=env, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"wrk saw errors:\n{out}")
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}

    def latency(mark: str) -> float:
        value = re.search(mark + r"%\s+([\d.]+)(us|ms|s)", out)
        return float(value.group(1)) * unit[value.group(2)] if value else float("nan")

    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    return {"rate": float(rate.group(1)) if rate else 0.0, "p50": latency("50"), "p99": latency("99")}


class Agent:
    """A vodkeep on a folder of its own."""

    def __init__(self, binary: str, folder: pathlib.Path, media: bool = False) -> None:
        self.binary, self.folder = binary, folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "archive").mkdir(exist_ok=True)
        self.ini = folder / "v.ini"
        self.ini.write_text("\n".join([
            "[agent]", f"archive_dir = {folder}/archive", f"state = {folder}/state.db",
            "log_level = warn",
            "[receiver]", f"listen = 127.0.0.1:{RECEIVER}",
            "[admin]", f"socket = {folder}/admin.sock", f"listen = 127.0.0.1:{ADMIN}",
            "[transfer]", "concurrency = 16", "per_host = 16", "min_free = 1G",
            "[workspace bench]", "platform = fastpix", "api_id = id", "api_secret = secret",
            f"webhook_secret = {base64.b64encode(SECRET).decode()}", "allow_private = yes",
            f"api_url = http://127.0.0.1:{MEDIA}/v1", f"stream_url = http://127.0.0.1:{MEDIA}/stream",
            f"image_url = http://127.0.0.1:{MEDIA}/image", "media_hosts = 127.0.0.1",
            "[rule all]", "fetch = video, metadata", ""]))
        self.process: subprocess.Popen | None = None

    def start(self, preload: str = "") -> float:
        """Start; seconds until /readyz says ready."""
        env = dict(os.environ)
        if preload:
            env["LD_PRELOAD"] = preload
        begun = time.monotonic()
        self.process = subprocess.Popen([self.binary, "-c", str(self.ini), "run"], env=env,
                                        stderr=open(self.folder / "log", "a"))
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{ADMIN}/readyz", timeout=5):
                    return time.monotonic() - begun
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit((self.folder / "log").read_text())
                time.sleep(0.002)

    def command(self, *words: str) -> str:
        """Run a vodkeep command against this agent."""
        return subprocess.run([self.binary, "-c", str(self.ini), "--json", *words], check=True,
                              capture_output=True, text=True).stdout

    def stop(self) -> None:
        """SIGTERM and wait."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def rss_mib(self) -> float:
        """Resident memory now."""
        assert self.process
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", text)
        return int(found.group(1)) / 1024 if found else float("nan")


def floor(binary: str, folder: pathlib.Path, batch: int, seconds: float,
          preload: str = "") -> dict[str, float]:
    """Rows per second of the bare store, and the share of time that commits took beyond 20 ms each."""
    path = folder / f"floor-{time.monotonic_ns()}.db"
    env = dict(os.environ, **({"LD_PRELOAD": preload} if preload else {}))
    out = subprocess.run([binary, str(path), str(batch), str(seconds)], env=env, check=True,
                         capture_output=True, text=True).stdout
    rate, stalled = out.split()
    return {"rate": float(rate), "stalled": float(stalled)}


def peer(folder: pathlib.Path, deliveries: pathlib.Path, seconds: float) -> dict[str, float] | None:
    """adnanh/webhook with a signature rule that runs /bin/true."""
    if not shutil.which("webhook"):
        return None
    hooks = folder / "hooks.json"
    hooks.write_text(json.dumps([{
        "id": "hook", "execute-command": "/bin/true", "trigger-rule": {"match": {
            "type": "payload-hmac-sha256", "secret": PEER_SECRET.decode(),
            "parameter": {"source": "header", "name": "X-Signature"}}}}]))
    process = subprocess.Popen(["webhook", "-hooks", str(hooks), "-ip", "127.0.0.1", "-port", str(PEER)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PEER}/", timeout=5).close()
                break
            except OSError:
                time.sleep(0.01)
        return wrk(f"http://127.0.0.1:{PEER}/hooks/hook", deliveries, "X-Signature", seconds)
    finally:
        process.terminate()
        process.wait()


def vodkeep(binary: str, folder: pathlib.Path, deliveries: pathlib.Path, seconds: float,
            preload: str = "") -> dict[str, float]:
    """One run on a fresh state; downloads paused."""
    agent = Agent(binary, folder / f"run-{time.monotonic_ns()}")
    agent.start(preload)
    try:
        agent.command("pause")
        return wrk(f"http://127.0.0.1:{RECEIVER}/hooks/bench", deliveries, "FastPix-Signature", seconds)
    finally:
        agent.stop()


def show(name: str, runs: list[dict[str, float]], best: float, worst: float) -> None:
    """A row: medians, spread, and ratios to floor and peer."""
    rate = statistics.median(r["rate"] for r in runs)
    spread = f"{min(r['rate'] for r in runs):.0f}–{max(r['rate'] for r in runs):.0f}"
    p50 = statistics.median(r.get("p50", float("nan")) for r in runs)
    p99 = statistics.median(r.get("p99", float("nan")) for r in runs)
    ratios = "".join(f"  {rate / x:5.2f}" if x else "      –" for x in (best, worst))
    print(f"{name:34} {rate:9.0f}/s  ({spread:>13})  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms{ratios}", flush=True)


def media_server(folder: pathlib.Path, ids: list[str]) -> subprocess.Popen:
    """nginx with the platform's API as static JSON and one large MP4, 40 MB/s each."""
    root = folder / "www"
    (root / "v1/on-demand").mkdir(parents=True)
    (root / "stream").mkdir()
    clip = (HERE.parent / "data" / "clip.mp4").read_bytes()
    size = 1 << 30
    with open(root / "big.mp4", "wb") as out:
        out.write(clip + (size).to_bytes(4, "big") + b"free")
        out.truncate(len(clip) + size)
    for media in ids:
        (root / "stream" / media).mkdir()
        os.link(root / "big.mp4", root / "stream" / media / "capped-4k.mp4")
        (root / "v1/on-demand" / media).write_text(json.dumps({"success": True, "data": {
            "id": media, "status": "Ready", "title": "Long", "createdAt": "2026-11-22T10:00:00Z",
            "mp4Support": [{"type": "capped_4k", "status": "ready", "height": 1080, "ext": "mp4"}],
            "playbackIds": [{"id": media, "accessPolicy": "public"}]}}))
    (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; user root;
events {{ worker_connections 256; }}
http {{ access_log off; sendfile on; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
server {{ listen 127.0.0.1:{MEDIA}; root {root}; location /v1/ {{ default_type application/json; }}
location /stream/ {{ limit_rate 8m; types {{ video/mp4 mp4; }} }} }} }}""")
    return subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")])


def while_downloading(binary: str, folder: pathlib.Path, deliveries: pathlib.Path) -> None:
    """1,000 deliveries while 16 downloads run."""
    ids = [f"long-{n:04d}" for n in range(16)]
    server = media_server(folder, ids)
    agent = Agent(binary, folder / "burst")
    agent.start()
    try:
        agent.command("fetch", "bench", *ids)
        while len(json.loads(agent.command("status"))["transfers"]) < len(ids):
            time.sleep(0.05)
        figure = wrk(f"http://127.0.0.1:{RECEIVER}/hooks/bench", deliveries, "FastPix-Signature", 10, 1000)
        running = len(json.loads(agent.command("status"))["transfers"])
        print(f"1,000 deliveries during {running} downloads: p50 {figure['p50']:.2f} ms, "
              f"p99 {figure['p99']:.2f} ms; memory {agent.rss_mib():.1f} MiB", flush=True)
    finally:
        agent.stop()
        server.terminate()
        server.wait()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="./vodkeep")
    parser.add_argument("--floor", default="tests/bench/floor")
    parser.add_argument("--slowsync", default="tests/bench/slowsync.so")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--folder", default=".", help="on the disk to measure")
    args = parser.parse_args()
    binary, slow = os.path.abspath(args.binary), os.path.abspath(args.slowsync)
    floor_binary = os.path.abspath(args.floor)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=args.folder)).resolve()
    try:
        ours, theirs = folder / "ours", folder / "theirs"
        write_deliveries(ours, 150000, peer=False)
        write_deliveries(theirs, 20000, peer=True)
        rows: dict[str, list] = {k: [] for k in ("floor", "peer", "vodkeep", "floor5", "single5", "slow")}
        for _ in range(args.rounds):
            rows["floor"].append(floor(floor_binary, folder, 64, args.seconds))
            theirs_now = peer(folder, theirs, args.seconds)
            if theirs_now:
                rows["peer"].append(theirs_now)
            rows["vodkeep"].append(vodkeep(binary, folder, ours, args.seconds))
            rows["floor5"].append(floor(floor_binary, folder, 64, args.seconds, slow))
            rows["single5"].append(floor(floor_binary, folder, 1, args.seconds, slow))
            rows["slow"].append(vodkeep(binary, folder, ours, args.seconds, slow))
        best = {k: statistics.median(r["rate"] for r in v) if v else 0.0 for k, v in rows.items()}
        print(f"{'64 keep-alive connections, 1 KiB':34} {'median':>9}    {'(spread)':>15}"
              f"{'':32}/floor /peer")
        show("floor: SQLite, 64 a commit", rows["floor"], best["floor"], best["peer"])
        stalled = statistics.median(r["stalled"] for r in rows["floor"])
        print(f"  its commits alone take {stalled:.1%} of the time beyond 20 ms each: the disk's share of p99")
        if rows["peer"]:
            show("peer: webhook, stores nothing", rows["peer"], best["floor"], best["peer"])
        show("vodkeep, durable", rows["vodkeep"], best["floor"], best["peer"])
        print(f"{'every fsync 5 ms slower':34} {'':40}{'':32}/floor /one each")
        show("floor: SQLite, 64 a commit", rows["floor5"], best["floor5"], best["single5"])
        show("floor: SQLite, a commit for each", rows["single5"], best["floor5"], best["single5"])
        show("vodkeep, durable", rows["slow"], best["floor5"], best["single5"])
        known = Agent(binary, folder / "known")
        known.start()
        known.command("pause")
        print(f"idle memory: {known.rss_mib():.1f} MiB", flush=True)
        wrk(f"http://127.0.0.1:{RECEIVER}/hooks/bench", ours, "FastPix-Signature", 120, 100000)
        known.stop()
        times = []
        for _ in range(args.rounds):
            times.append(known.start() * 1e3)
            known.stop()
        print(f"start to ready with 100,000 known assets: {statistics.median(times):.0f} ms "
              f"({min(times):.0f}–{max(times):.0f})", flush=True)
        while_downloading(binary, folder, ours)
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
