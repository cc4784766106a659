"""Makes HLS streams of every form, with ffmpeg and openssl, once for each process: small
pictures, a second to each segment. What ffprobe counts in the source is what an archive of
it must hold.
"""
from __future__ import annotations

import atexit
import copy
import functools
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Callable

from hls import HlsStream, Segment, Track

SECONDS = 4
KEYS = {"key-1": bytes(range(16)), "key-2": bytes(range(16, 32))}
_IV = bytes.fromhex("00112233445566778899aabbccddeeff")
_FAIRPLAY = 'URI="skd://twin",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"'
_VIDEO = {90: (160, "avc1.42c00b"), 180: (320, "avc1.42c00d"), 270: (480, "avc1.42c015")}


@functools.lru_cache(maxsize=1)
def _folder() -> Path:
    path = Path(tempfile.mkdtemp(prefix="vodkeep-hls-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=120,
                          capture_output=True, text=True).stdout


def _ffmpeg(*arguments: str) -> None:
    _run("ffmpeg", "-v", "error", "-y", "-threads", "1", *arguments)


def probe(path: Path) -> tuple[list[tuple[str, int]], float]:
    """The streams of a file or playlist, each as (kind, packets), and the duration."""
    options = ["-allowed_extensions", "ALL"] if path.suffix == ".m3u8" else []
    found = json.loads(_run(
        "ffprobe", "-v", "error", *options, "-count_packets", "-show_entries",
        "stream=codec_type,nb_read_packets:format=duration", "-of", "json", str(path)))
    streams = [(s["codec_type"], int(s.get("nb_read_packets", 0))) for s in found["streams"]]
    return streams, float(found["format"].get("duration", 0))


@functools.lru_cache(maxsize=None)
def _source(height: int, tone: int, kinds: str = "va") -> Path:
    """H.264 and AAC in an MP4: v video, a audio."""
    path = _folder() / ("source-%d-%d-%s.mp4" % (height, tone, kinds))
    picture = "testsrc2=size=%dx%d:rate=25:duration=%d" % (_VIDEO[height][0], height, SECONDS)
    sound = "sine=frequency=%d:sample_rate=48000:duration=%d" % (tone, SECONDS)
    arguments: list[str] = []
    if "v" in kinds:
        arguments += ["-f", "lavfi", "-i", picture]
    if "a" in kinds:
        arguments += ["-f", "lavfi", "-i", sound, "-c:a", "aac", "-b:a", "32k", "-ac", "1"]
    if "v" in kinds:
        arguments += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
                      "-g", "25", "-sc_threshold", "0"]
    _ffmpeg(*arguments, str(path))
    return path


@functools.lru_cache(maxsize=None)
def _packed(source: Path, form: str) -> tuple[bytes | None, tuple[tuple[bytes, float], ...]]:
    """The init segment, and each segment with its duration; form "ts" or "fmp4"."""
    folder = Path(tempfile.mkdtemp(dir=_folder()))
    extension = "ts" if form == "ts" else "m4s"
    _ffmpeg("-i", str(source), "-c", "copy", "-f", "hls", "-hls_time", "1",
            "-hls_playlist_type", "vod", "-hls_segment_type", "mpegts" if form == "ts" else "fmp4",
            "-hls_fmp4_init_filename", "init.mp4",
            "-hls_segment_filename", str(folder / ("%d." + extension)), str(folder / "x.m3u8"))
    durations = [float(line[8:].split(",")[0])
                 for line in (folder / "x.m3u8").read_text().splitlines()
                 if line.startswith("#EXTINF:")]
    segments = tuple(((folder / ("%d.%s" % (number, extension))).read_bytes(), duration)
                     for number, duration in enumerate(durations))
    return (folder / "init.mp4").read_bytes() if form == "fmp4" else None, segments


def _track(name: str, kind: str, source: Path, form: str, height: int = 0,
           language: str = "") -> Track:
    init, packed = _packed(source, form)
    width, codec = _VIDEO.get(height, (0, ""))
    codecs = codec + ",mp4a.40.2" if codec else ""
    return Track(name, kind, "ts" if form == "ts" else "m4s",
                 [Segment(data, duration) for data, duration in packed], init,
                 language, width, height, codecs)


def _subtitles(language: str) -> Track:
    """WebVTT in segments of two seconds, with the header that maps their times."""
    segments = []
    for begin in range(0, SECONDS, 2):
        cue = "00:00:%02d.000 --> 00:00:%02d.500\n%s %d\n" % (begin, begin + 1, language, begin)
        head = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
        segments.append(Segment((head + cue).encode(), 2.0))
    return Track("subs-" + language, "subtitles", "vtt", segments, language=language)


def _muxed(heights: tuple[int, ...] = (180,), form: str = "ts", **fields: object) -> HlsStream:
    tracks = [_track("video_%d" % height, "video", _source(height, 440), form, height)
              for height in heights]
    streams, duration = probe(_source(max(heights), 440))
    return HlsStream(tracks, dict(streams), duration, **fields)  # type: ignore[arg-type]


def _separate(**fields: object) -> HlsStream:
    """Video, sound in two languages and subtitles in two, all in playlists of their own."""
    video = _source(180, 0, "v")
    tracks = [_track("audio-" + language, "audio", _source(180, tone, "a"), "fmp4",
                     language=language) for language, tone in (("en", 440), ("de", 660))]
    tracks += [_subtitles("en"), _subtitles("de"),
               _track("video_180", "video", video, "fmp4", 180)]
    streams, duration = probe(video)
    frames = dict(streams) | dict(probe(_source(180, 440, "a"))[0])
    return HlsStream(tracks, frames, duration, **fields)  # type: ignore[arg-type]


def _encrypt(data: bytes, key: bytes, iv: bytes) -> bytes:
    return subprocess.run(["openssl", "enc", "-aes-128-cbc", "-K", key.hex(), "-iv", iv.hex()],
                          input=data, check=True, capture_output=True, timeout=60).stdout


def _encrypted(keys: tuple[str, ...], iv: bytes | None, form: str = "ts",
               init_key: bool = False) -> HlsStream:
    """Segment after segment takes the next key; "" leaves one in the clear."""
    stream = _muxed(form=form)
    track = stream.tracks[0]
    track.keys, track.first = dict(KEYS), 7
    for number, segment in enumerate(track.segments):
        segment.key = keys[number % len(keys)]
        if not segment.key:
            continue
        segment.iv = iv
        segment.data = _encrypt(segment.data, KEYS[segment.key],
                                iv or (number + track.first).to_bytes(16, "big"))
    if init_key and track.init and iv:
        track.init, track.init_key = _encrypt(track.init, KEYS[keys[0]], iv), True
    return stream


def _joined() -> HlsStream:
    """Two recordings one after the other, each with timestamps that begin anew."""
    stream = _muxed()
    second = _track("x", "video", _source(180, 660), "ts", 180)
    second.segments[0].discontinuity = True
    stream.tracks[0].segments += second.segments
    streams, duration = probe(_source(180, 660))
    stream.duration += duration
    stream.frames = {kind: stream.frames[kind] + count for kind, count in streams}
    return stream


def _protected(method: str) -> HlsStream:
    stream = _muxed()
    tag = "METHOD=%s,%s" % (method, _FAIRPLAY)
    stream.tracks[0].key_tags = ["#EXT-X-KEY:" + tag]
    stream.session_keys = ["#EXT-X-SESSION-KEY:" + tag]
    return stream


def _sample_aes() -> HlsStream:
    stream = _muxed()
    stream.tracks[0].key_tags = ['#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key-1"']
    return stream


def _gap() -> HlsStream:
    stream = _muxed()
    stream.tracks[0].segments[2].gap = True
    return stream


FORMS: dict[str, Callable[[], HlsStream]] = {
    "ts": lambda: _muxed((90, 180, 270)),
    "fmp4": lambda: _muxed(form="fmp4"),
    "flat": lambda: _muxed(flat=True),
    "separate": _separate,
    "separate-no-codecs": lambda: _separate(codecs=False),
    "aes-iv": lambda: _encrypted(("key-1",), _IV),
    "aes-sequence": lambda: _encrypted(("key-1",), None),
    "aes-rotation": lambda: _encrypted(("key-1", "key-2", ""), None),
    "aes-fmp4": lambda: _encrypted(("key-1", "key-2"), None, "fmp4"),
    "aes-map": lambda: _encrypted(("key-1", ""), _IV, "fmp4", init_key=True),
    "ranges-ts": lambda: _muxed(single_file=True),
    "ranges-fmp4": lambda: _muxed(form="fmp4", single_file=True),
    "ranges-implicit": lambda: _muxed(form="fmp4", single_file=True, implicit=True),
    "discontinuity": _joined,
    "absolute": lambda: _muxed(absolute=True),
    "decorated": lambda: _muxed(decorated=True),
    "gzip": lambda: _muxed(compressed=True),
    "signed": lambda: _muxed(form="fmp4", signed=True),
    "signed-separate": lambda: _separate(signed=True, codecs=False),
    "growing": lambda: _muxed(visible=2),
    "sample-aes": _sample_aes,
    "drm": lambda: _protected("SAMPLE-AES"),
    "gap": _gap,
}
_made: dict[str, HlsStream] = {}


def have_tools() -> bool:
    return all(shutil.which(tool) for tool in ("ffmpeg", "ffprobe", "openssl"))


def make(form: str) -> HlsStream:
    """A stream of one of FORMS, the caller's to change."""
    if form not in _made:
        _made[form] = FORMS[form]()
    made = _made[form]
    return HlsStream(**{name: copy.deepcopy(value) for name, value in made.__dict__.items()
                        if not name.startswith("_")})
