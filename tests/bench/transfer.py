#!/usr/bin/env python3
"""How fast media is archived, beside the best downloaders of Debian and the floor, same run.

Measured in turns (A B C, A B C, …), each in a fresh process and folder, medians quoted:

  disk      the same bytes written to as many files and fsynced
  floor     libcurl on libuv brings the files to the disk, nothing else (fetch_floor.c)
  floor+    and hashes them (SHA-256, second thread) and ends each with fdatasync
  a peer    curl, aria2c, wget2, rclone, lftp, axel, for HLS ffmpeg and yt-dlp; wall + is its time with what vodkeep
            guarantees done by hand: openssl dgst -sha256 of all files, and sync
  vodkeep   its whole job, from the first signed delivery sent to the last asset archived in
            the database; the agent was ready before, as a daemon is

nginx serves the files and the platform's API. The table names the settings of vodkeep that
differ from its defaults. Run by `make bench-transfer BENCH_FLAGS=…`; needs nginx and openssl.
What is not installed, or not possible here, is skipped and said.
"""
import argparse
import json
import math
import os
import pathlib
import shutil
import signal
import sys
import tempfile
from typing import Any

from transferbench import agent, cases, contestants, hls, link, media, report, server
from transferbench.contestants import Place
from transferbench.measure import Disk, Run


class Stage:
    """What all cases of a run share: files, servers, certificates, the link."""

    def __init__(self, args: argparse.Namespace, folder: pathlib.Path) -> None:
        self.args, self.folder = args, folder
        self.tools = pathlib.Path(args.tools).resolve()
        self.root = folder / "www"
        self.authority = server.make_authority(folder / "tls", ["127.0.0.1", link.FAR])
        self.disk = Disk(folder / "out")
        (folder / "scratch").mkdir()
        self.near: server.Server | None = None
        self.far: server.Server | None = None
        self.link: link.Link | None = None

    def serve(self, distant: bool) -> server.Server:
        """The server of a case, started when the first case needs it."""
        if not distant:
            self.near = self.near or server.start_server(
                self.folder / "near", self.root, self.authority)
            return self.near
        if not self.far:
            self.link = link.Link(self.tools / "delay_link")
            self.far = server.start_server(self.folder / "far", self.root, self.authority, link.FAR,
                                           self.link.far())
        return self.far

    def place(self, case: cases.Case) -> Place:
        """Where this case is run."""
        media_set = make_set(self.root, case, self.args.quick)
        served = self.serve(case.distant)
        prefix = self.link.near() if case.distant and self.link else ()
        return Place(case, media_set, served.base(case.tls, case.limited), self.authority, prefix,
                     self.tools, self.disk, self.folder / "scratch")

    def close(self) -> None:
        """Stop what runs."""
        for one in (self.near, self.far):
            if one:
                one.stop()
        if self.link:
            self.link.close()


def make_set(root: pathlib.Path, case: cases.Case, quick: bool) -> media.MediaSet:
    """What a case archives."""
    if isinstance(case.files, cases.HlsSet):
        return hls.make_hls_set(root, case.files, quick)
    return media.make_media_set(root, case.files, quick)


def run_one(place: Place, name: str, binary: str) -> Run:
    """One contestant, once."""
    if name == report.OURS:
        return agent.run_vodkeep(place, binary)
    if name == report.DISK:
        return contestants.run_disk(place)
    if name in (report.FLOOR, report.FLOOR_PLUS):
        return contestants.run_floor(place, guaranteed=name == report.FLOOR_PLUS)
    return contestants.run_peer(place, name)


def run_case(place: Place, args: argparse.Namespace) -> dict[str, Any]:
    """All rounds of a case; one more before them warms everything up and is not counted."""
    peers = tuple(name for name in place.case.peers if not args.peers or name in args.peers.split(","))
    lacking = contestants.missing(peers)
    skipped = {name: f"{program} is not installed" for name, program in lacking.items()}
    floors = (report.FLOOR, report.FLOOR_PLUS) if place.case.floors else ()
    names = [report.DISK, *floors, *(name for name in peers if name not in lacking), report.OURS]
    results: dict[str, list[Run]] = {name: [] for name in names}
    for number in range(0 if args.quick else -1, args.rounds):
        for name in names:
            run = run_one(place, name, args.binary)
            if number >= 0:
                results[name].append(run)
    report.show_case(place, results, skipped)
    return report.as_json(place, results, skipped)


def plain(value: Any) -> Any:
    """The value without what JSON has no word for."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="./vodkeep")
    parser.add_argument("--tools", default="tests/bench", help="folder of fetch_floor, meter, send …")
    parser.add_argument("--cases", default="", help="comma-separated: " + ", ".join(
        case.name for case in cases.CASES))
    parser.add_argument("--peers", default="", help="only these, comma-separated")
    parser.add_argument("--rounds", type=int, help="counted ones; 5, or 2 with --quick")
    parser.add_argument("--quick", action="store_true", help="smaller sets, no warm-up round")
    parser.add_argument("--json", type=pathlib.Path, help="also write every run to this file")
    parser.add_argument("--folder", default=".", help="on the disk to measure")
    args = parser.parse_args()
    args.rounds = args.rounds or (2 if args.quick else 5)
    args.binary = os.path.abspath(args.binary)
    return args


def main() -> int:
    """Measure and print."""
    args = arguments()
    chosen = cases.choose(args.cases)
    for program in ("nginx", "openssl"):
        if not shutil.which(program):
            raise SystemExit(f"{program} is not installed: the benchmark cannot do without it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=args.folder)).resolve()
    found: dict[str, Any] = {}
    stage = Stage(args, folder)
    print(f"medians of {args.rounds} rounds in turns, {os.cpu_count()} processors; "
          "MB is 10^6 bytes, CPU/GB seconds for 10^9")
    try:
        for case in chosen:
            try:
                found[case.name] = run_case(stage.place(case), args)
            except link.Unavailable as why:
                print(f"\n{case.name}: {case.title}\n  skipped: {why}", flush=True)
                found[case.name] = {"skipped": str(why)}
            if args.json:
                args.json.write_text(json.dumps(plain(found), indent=1) + "\n")
    finally:
        stage.close()
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
