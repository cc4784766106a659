"""HLS streams to archive: a minute of 1080p in three renditions of 5, 2.5 and 0.8 Mbit/s and
segments of four seconds, made by ffmpeg once for a run."""
import dataclasses
import json
import os
import pathlib
import re
import subprocess

from .cases import HlsSet
from .measure import Run
from .media import MediaSet, details

RENDITIONS = ((1920, 1080, "5M"), (1280, 720, "2.5M"), (640, 360, "0.8M"))
SEGMENT_S = 4
KEY = bytes(range(16))


def run(*words: str, cwd: pathlib.Path | None = None) -> str:
    """Run a tool to its end; what it prints."""
    return subprocess.run(words, cwd=cwd, check=True, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True).stdout


def count_packets(path: pathlib.Path) -> dict[str, int]:
    """Packets by kind of stream."""
    found = json.loads(run("ffprobe", "-v", "error", "-count_packets", "-show_entries",
                           "stream=codec_type,nb_read_packets", "-of", "json", str(path)))
    return {stream["codec_type"]: int(stream["nb_read_packets"]) for stream in found["streams"]}


@dataclasses.dataclass(frozen=True)
class HlsMediaSet(MediaSet):
    """One stream, `/stream/ID.m3u8`; `size` is what its best rendition's files weigh."""
    packets: dict[str, int] = dataclasses.field(default_factory=dict)

    def url(self, base: str) -> str:
        """The master playlist."""
        return f"{base}/stream/{self.ids[0]}.m3u8"

    def check(self, out: pathlib.Path, run_: Run) -> Run:
        """Whether one MP4 has come with every packet of the source."""
        videos = [path for path in out.rglob("*.mp4") if path.is_file()]
        if run_.wrong:
            return run_
        if len(videos) != 1:
            run_.wrong = f"{len(videos)} videos instead of 1"
        elif (held := count_packets(videos[0])) != self.packets:
            run_.wrong = f"holds {held}, not {self.packets}"
        return run_


def make_sources(folder: pathlib.Path, seconds: int) -> list[pathlib.Path]:
    """The renditions as MP4, the best first."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = []
    for width, height, rate in RENDITIONS:
        path = folder / f"{height}-{seconds}.mp4"
        sources.append(path)
        if path.exists():
            continue
        run("ffmpeg", "-v", "error", "-y",
            "-f", "lavfi", "-i", f"testsrc2=size={width}x{height}:rate=30",
            "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", str(seconds),
            "-c:v", "libx264", "-preset", "ultrafast", "-b:v", rate, "-maxrate", rate,
            "-bufsize", "10M", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0",
            "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", str(path))
    return sources


def form_options(form: str, folder: pathlib.Path) -> list[str]:
    """What makes ffmpeg write this form."""
    if form == "fmp4":  # the sound in a group of its own, and no CODECS in the master
        return ["-map", "0:v", "-map", "1:v", "-map", "2:v", "-map", "0:a",
                "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init_%v.mp4",
                "-var_stream_map", "v:0,agroup:aud v:1,agroup:aud v:2,agroup:aud "
                "a:0,agroup:aud,default:yes,language:en", "-hls_segment_filename", "v%v_%03d.m4s"]
    options = ["-map", "0:v", "-map", "0:a", "-map", "1:v", "-map", "1:a", "-map", "2:v",
               "-map", "2:a", "-var_stream_map", "v:0,a:0 v:1,a:1 v:2,a:2",
               "-hls_segment_filename", "v%v_%03d.ts"]
    if form == "aes":
        (folder / "key.bin").write_bytes(KEY)
        (folder / "keyinfo").write_text(f"key.bin\nkey.bin\n{KEY.hex()}\n")
        options += ["-hls_key_info_file", "keyinfo"]
    return options


def pack(sources: list[pathlib.Path], folder: pathlib.Path, form: str) -> None:
    """Segments and playlists, in `folder`."""
    folder.mkdir(parents=True)
    inputs = [word for source in sources for word in ("-i", str(source))]
    run("ffmpeg", "-v", "error", "-y", *inputs, *form_options(form, folder), "-c", "copy",
        "-f", "hls", "-hls_time", str(SEGMENT_S), "-hls_playlist_type", "vod",
        "-master_pl_name", "master.m3u8", "v%v.m3u8", cwd=folder)


def publish_master(folder: pathlib.Path, master: pathlib.Path) -> None:
    """Put the master beside the folder that its URIs lead to."""
    text = (folder / "master.m3u8").read_text()
    text = re.sub(r"^(?=[^#\s])", folder.name + "/", text, flags=re.MULTILINE)
    master.write_text(re.sub(r'URI="', f'URI="{folder.name}/', text))


def weight(folder: pathlib.Path) -> int:
    """Bytes of the best rendition's segments, and of the sound beside it."""
    return sum(path.stat().st_size for path in folder.iterdir()
               if re.fullmatch(r"v[03]_\d+\.(ts|m4s)", path.name) and
               (path.name[1] == "0" or path.suffix == ".m4s"))


def make_hls_set(root: pathlib.Path, files: HlsSet, quick: bool) -> HlsMediaSet:
    """Make the stream below the server's root, unless it is there."""
    seconds = files.quick_seconds if quick else files.seconds
    sources = make_sources(root / "sources", seconds)
    folder = root / "stream" / files.name
    if not folder.exists():
        (root / "v1/on-demand").mkdir(parents=True, exist_ok=True)
        pack(sources, folder, files.form)
        publish_master(folder, root / "stream" / f"{files.name}.m3u8")
        (root / "v1/on-demand" / files.name).write_text(details(files.name, mp4=False))
        os.sync()
    return HlsMediaSet(root, files.name, (files.name,), weight(folder),
                       packets=count_packets(sources[0]))
