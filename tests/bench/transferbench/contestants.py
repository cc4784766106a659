"""Everybody but vodkeep: the raw disk, the floor, and the peers, each from a fresh process."""
import dataclasses
import math
import os
import pathlib
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from .cases import Case
from .hls import HlsMediaSet
from .media import MediaSet
from .measure import Disk, Run, metered

FSYNCS = 4  # at once, as many as libuv has threads
LINE = {"aria2c": "{url}\n out={name}\n", "floor": "{url}\t{name}\n", "plain": "{url}\n",
        "curl": 'url = "{url}"\noutput = "OUT/{name}"\n'}


@dataclasses.dataclass
class Place:
    """Where a case is run: its files, who serves them, how to get there, the tools and the disk."""
    case: Case
    media_set: MediaSet
    base: str
    authority: pathlib.Path
    prefix: tuple[str, ...]  # what runs a command at this end of the link
    tools: pathlib.Path
    disk: Disk
    scratch: pathlib.Path

    def list(self, kind: str, out: pathlib.Path) -> str:
        """The list of files in a downloader's own form."""
        template = LINE[kind].replace("OUT", str(out))
        return str(self.media_set.list(self.scratch / f"list-{kind}", self.base, template))

    def check(self, out: pathlib.Path, run: Run) -> Run:
        """Whether everything has come; a run without is no figure."""
        return self.media_set.check(out, run)


Command = Callable[[Place, pathlib.Path], list[str]]


def curl(place: Place, out: pathlib.Path) -> list[str]:
    """curl, without its pause before each new connection."""
    tls = ["--cacert", str(place.authority)] if place.case.tls else []
    return ["curl", "-s", "-S", "--fail", "-q", "--http1.1", *tls, "-Z", "--parallel-immediate",
            "--parallel-max", str(place.case.at_once), "-K", place.list("curl", out)]


def aria2c(place: Place, out: pathlib.Path, ranges: bool = False) -> list[str]:
    """aria2c, a connection for each file or sixteen."""
    tls = [f"--ca-certificate={place.authority}"] if place.case.tls else []
    split = ["-x16", "-s16", "-k1M"] if ranges else ["-x1"]
    return ["aria2c", "-q", "--no-conf", *tls, f"-j{min(place.case.at_once, 16)}", *split,
            "--file-allocation=none", "--auto-file-renaming=false", "-d", str(out), "-i",
            place.list("aria2c", out)]


def aria2c_x16(place: Place, out: pathlib.Path) -> list[str]:
    """aria2c with sixteen ranges of each file at once."""
    return aria2c(place, out, ranges=True)


def wget2(place: Place, out: pathlib.Path) -> list[str]:
    """wget2 over HTTP/1.1."""
    tls = [f"--ca-certificate={place.authority}"] if place.case.tls else []
    return ["wget2", "-q", "--no-config", "--no-hsts", "--no-http2", *tls,
            f"--max-threads={place.case.at_once}", "-P", str(out), "-i", place.list("plain", out)]


def rclone(place: Place, out: pathlib.Path) -> list[str]:
    """rclone copy of the folder that nginx lists."""
    tls = ["--ca-cert", str(place.authority)] if place.case.tls else []
    return ["rclone", "copy", "-q", "--config", "", *tls, "--http-url", f"{place.base}/",
            f":http:files/{place.media_set.set_name}", str(out), "--transfers",
            str(place.case.at_once), "--checkers", str(place.case.at_once),
            "--multi-thread-streams", "0"]


def lftp(place: Place, out: pathlib.Path) -> list[str]:
    """lftp mirror of the folder that nginx lists."""
    tls = f"set ssl:ca-file {place.authority}; " if place.case.tls else ""
    return ["lftp", "-c", f"{tls}mirror --parallel={place.case.at_once} "
            f"{place.base}/files/{place.media_set.set_name}/ {out}"]


def lftp_pget(place: Place, out: pathlib.Path) -> list[str]:
    """lftp with sixteen ranges of one file at once."""
    url = f"{place.base}/files/{place.media_set.set_name}/{place.media_set.ids[0]}.mp4"
    return ["lftp", "-c", f"lcd {out}; pget -n 16 {url}"]


def axel(place: Place, out: pathlib.Path) -> list[str]:
    """axel with sixteen ranges of each file."""
    return ["xargs", "-a", place.list("plain", out), "-P", str(place.case.at_once), "-I{}", "axel",
            "-q", "-n", "16", "-o", f"{out}/", "{}"]


def stream_of(place: Place, out: pathlib.Path) -> tuple[str, str]:
    """The master playlist of an HLS case, and the file to make of it."""
    assert isinstance(place.media_set, HlsMediaSet)
    return place.media_set.url(place.base), f"{out}/{place.media_set.ids[0]}.mp4"


def ffmpeg(place: Place, out: pathlib.Path) -> list[str]:
    """ffmpeg as everybody uses it for HLS."""
    url, file = stream_of(place, out)
    return ["ffmpeg", "-v", "error", "-nostdin", "-y", "-allowed_extensions", "ALL", "-i", url,
            "-c", "copy", file]


def yt_dlp(place: Place, out: pathlib.Path) -> list[str]:
    """yt-dlp with eight segments at once."""
    url, file = stream_of(place, out)
    return ["yt-dlp", "-q", "--ignore-config", "--hls-prefer-native", "-N", "8", "-o", file, url]


PEERS: dict[str, tuple[str, Command]] = {
    "curl": ("curl", curl), "aria2c": ("aria2c", aria2c), "aria2c-x16": ("aria2c", aria2c_x16),
    "wget2": ("wget2", wget2), "rclone": ("rclone", rclone), "lftp": ("lftp", lftp),
    "lftp-pget": ("lftp", lftp_pget), "axel": ("axel", axel),
    "ffmpeg": ("ffmpeg", ffmpeg), "yt-dlp": ("yt-dlp", yt_dlp)}


def missing(names: tuple[str, ...]) -> dict[str, str]:
    """The peers that are not installed, and their programs."""
    return {name: PEERS[name][0] for name in names if not shutil.which(PEERS[name][0])}


def guarantee(place: Place, out: pathlib.Path, run: Run) -> None:
    """What vodkeep gives, by hand: the SHA-256 of each file, and everything on the disk."""
    each = math.ceil(len(place.media_set.ids) / 8)
    script = (f"find {out} -name '*.mp4' -print0 | xargs -0 -P2 -n{each} openssl dgst -sha256 "
              f"> {out}/sums && sync -f {out}")
    plus = metered(place.tools / "meter", ["sh", "-c", script], place.scratch / "plus")
    run.plus_wall, run.plus_cpu = plus.wall, plus.cpu
    run.wrong = run.wrong or plus.wrong


def run_peer(place: Place, name: str) -> Run:
    """Download everything, then give the same guarantee."""
    out = place.disk.fresh()
    words = [*place.prefix, *PEERS[name][1](place, out)]
    env = {"SSL_CERT_FILE": str(place.authority)} if place.case.tls else {}
    run = place.check(out, metered(place.tools / "meter", words, place.scratch / "cost", env))
    if not run.wrong:
        guarantee(place, out, run)
    place.disk.empty(out)
    return run


def run_floor(place: Place, guaranteed: bool) -> Run:
    """Plain libcurl and libuv; with SHA-256 and fdatasync, or with neither."""
    out = place.disk.fresh()
    options = ["-s", "-y"] if guaranteed else []
    if place.case.tls:
        options += ["-a", str(place.authority)]
    words = [*place.prefix, str(place.tools / "fetch_floor"), "-c", str(place.case.at_once),
             *options, place.list("floor", out), str(out)]
    run = place.check(out, metered(place.tools / "meter", words, place.scratch / "cost"))
    place.disk.empty(out)
    return run


def run_disk(place: Place) -> Run:
    """Write the same number of bytes to as many files, then fsync them, four at once."""
    out = place.disk.fresh()
    block = os.urandom(min(place.media_set.size, 1 << 20))
    begun, before = time.monotonic(), os.times()
    files = []
    for media in place.media_set.ids:
        file = os.open(out / f"{media}.mp4", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        files.append(file)
        for at in range(0, place.media_set.size, len(block)):
            os.write(file, block[:place.media_set.size - at])
    with ThreadPoolExecutor(FSYNCS) as pool:
        list(pool.map(os.fsync, files))
    after = os.times()
    run = Run(time.monotonic() - begun, sum(after[:2]) - sum(before[:2]), float("nan"))
    for file in files:
        os.close(file)
    place.disk.empty(out)
    return run
