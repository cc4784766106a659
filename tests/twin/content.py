"""Bytes that the twin serves: real small media, and real media grown to any size.

A grown MP4 is the committed clip with a `free` box behind it: players skip the box, a
walk of the file's boxes counts it, so a file of any size is whole exactly when its last
byte is there. The filling is different at every offset, so a misplaced range shows.
"""
from __future__ import annotations

import hashlib
import random
import shutil
import struct
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
TYPES = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".m4a": "audio/mp4",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".vtt": "text/vtt",
}
_BLOCK = 1 << 20
_serial_lock = threading.Lock()
_serial = 0


def _next_etag(seed: str) -> str:
    """A strong validator that no other content of this process has."""
    global _serial
    with _serial_lock:
        _serial += 1
        return '"%s-%d"' % (hashlib.sha256(seed.encode()).hexdigest()[:16], _serial)


@dataclass
class Content:
    """One servable object: bytes in memory, or a file for what is large."""

    content_type: str
    data: bytes | None = None
    path: Path | None = None
    etag: str = ""
    last_modified: float = 1773480413.0  # 2026-03-14; fixed, so that answers repeat
    _digest: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.etag:
            self.etag = _next_etag(str(self.path or len(self.data or b"")))

    @property
    def size(self) -> int:
        if self.data is not None:
            return len(self.data)
        assert self.path is not None
        return self.path.stat().st_size

    def read(self, offset: int, length: int) -> bytes:
        if self.data is not None:
            return self.data[offset:offset + length]
        assert self.path is not None
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def sha256(self) -> str:
        if not self._digest:
            digest = hashlib.sha256()
            for offset in range(0, self.size, _BLOCK):
                digest.update(self.read(offset, _BLOCK))
            self._digest = digest.hexdigest()
        return self._digest

    def renewed(self) -> "Content":
        """The same bytes under another validator, as after a re-upload."""
        return Content(self.content_type, self.data, self.path)


def sample(name: str) -> Content:
    """One of the committed files of tests/data."""
    return Content(TYPES[Path(name).suffix], (DATA / name).read_bytes())


def text(body: str, content_type: str = "text/vtt") -> Content:
    return Content(content_type, body.encode())


def _free_header(size: int) -> bytes:
    """Header of a `free` box that is `size` bytes in all."""
    if size < 1 << 32:
        return struct.pack(">I4s", size, b"free")
    return struct.pack(">I4sQ", 1, b"free", size)


def grown_clip(size: int, seed: int = 0) -> Content:
    """The clip with a `free` box behind, `size` bytes in all, in memory."""
    clip = (DATA / "clip.mp4").read_bytes()
    rest = size - len(clip)
    if rest < 8:
        raise ValueError("a grown clip has at least %d bytes" % (len(clip) + 8))
    header = _free_header(rest)
    filling = random.Random(seed).randbytes(rest - len(header))
    return Content("video/mp4", clip + header + filling)


def grown_file(path: Path, size: int, seed: int = 0) -> Content:
    """As grown_clip(), in a file: for sizes that do not belong in memory."""
    clip = (DATA / "clip.mp4").read_bytes()
    rest = size - len(clip)
    header = _free_header(rest)
    block = random.Random(seed).randbytes(_BLOCK - 8)
    left = rest - len(header)
    with path.open("wb") as file:
        file.write(clip + header)
        for number in range(0, left, _BLOCK):
            piece = struct.pack(">Q", number) + block
            file.write(piece[:min(_BLOCK, left - number)])
    return Content("video/mp4", path=path)


def rendered_clip(directory: Path, seconds: int, height: int = 360) -> Content:
    """A larger real MP4, made now; needs ffmpeg (have_ffmpeg())."""
    path = directory / ("rendered-%d-%d.mp4" % (seconds, height))
    picture = "testsrc2=size=%dx%d:rate=25:duration=%d" % (height * 16 // 9, height, seconds)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", picture,
         "-f", "lavfi", "-i", "sine=frequency=440:duration=%d" % seconds,
         "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
         "-c:a", "aac", "-movflags", "+faststart", str(path)],
        check=True, stdin=subprocess.DEVNULL, timeout=120)
    return Content("video/mp4", path=path)


def have_ffmpeg() -> bool:
    return shutil.which("ffmpeg") is not None


def parse_size(value: str) -> int:
    """"64K", "10M", "2G" or plain bytes."""
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    unit = units.get(value[-1:].upper())
    return int(value[:-1]) * unit if unit else int(value)
