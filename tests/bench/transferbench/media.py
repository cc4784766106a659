"""The files to archive, what the platform's API says about them, and the deliveries."""
import base64
import dataclasses
import hashlib
import hmac
import json
import os
import pathlib

from receive import SECRET, delivery

from .cases import FileSet
from .measure import Run, count_videos

CLIP = pathlib.Path(__file__).resolve().parents[2] / "data" / "clip.mp4"
BLOCK = 4 << 20
BOX_HEADER = 8


@dataclasses.dataclass(frozen=True)
class MediaSet:
    """The files of a set as they are served: `/stream/ID/capped-4k.mp4`, as the platform has it,
    and `/files/SET/ID.mp4`, the same files under names that every downloader can keep."""
    root: pathlib.Path
    set_name: str
    ids: tuple[str, ...]
    size: int

    @property
    def total(self) -> int:
        """Bytes of all files."""
        return self.size * len(self.ids)

    def list(self, path: pathlib.Path, base: str, template: str) -> pathlib.Path:
        """Write a list for a downloader: a line (or more) for each file by `template`."""
        path.write_text("".join(
            template.format(url=f"{base}/files/{self.set_name}/{media}.mp4", name=f"{media}.mp4")
            for media in self.ids))
        return path

    def check(self, out: pathlib.Path, run: Run) -> Run:
        """Whether every file has come whole; says in the run what has not."""
        count, total = count_videos(out)
        if not run.wrong and (count, total) != (len(self.ids), self.total):
            run.wrong = f"{count} of {len(self.ids)} files, {total} of {self.total} bytes"
        return run

    def deliveries(self, path: pathlib.Path) -> pathlib.Path:
        """A signed delivery for each file: signature, tab, body."""
        with open(path, "wb") as out:
            for media in self.ids:
                body = delivery(media=media)
                mark = base64.b64encode(hmac.new(SECRET, body, hashlib.sha256).digest())
                out.write(mark + b"\t" + body + b"\n")
        return path


def write_video(path: pathlib.Path, size: int) -> None:
    """A playable clip, and a box of random bytes behind it up to the size; nothing sparse."""
    clip = CLIP.read_bytes()
    rest = size - len(clip)
    with open(path, "wb") as out:
        out.write(clip + rest.to_bytes(4, "big") + b"free")
        rest -= BOX_HEADER
        while rest > 0:
            rest -= out.write(os.urandom(min(rest, BLOCK)))


def details(media: str, mp4: bool = True) -> str:
    """What the API answers about a media: a plain one, with an MP4 or with HLS alone."""
    rendition = {"type": "capped_4k", "status": "ready", "height": 1080, "ext": "mp4"}
    return json.dumps({"success": True, "data": {
        "id": media, "status": "Ready", "title": "Benchmark clip",
        "createdAt": "2026-11-22T10:00:00Z", "mp4Support": [rendition] if mp4 else [],
        "playbackIds": [{"id": media, "accessPolicy": "public"}]}})


def make_media_set(root: pathlib.Path, files: FileSet, quick: bool) -> MediaSet:
    """Write the files of a set below the server's root, unless they are there."""
    count, size = files.shape(quick)
    ids = tuple(f"{files.name}-{n:04d}" for n in range(count))
    folder = root / "files" / files.name
    if not folder.exists():
        folder.mkdir(parents=True)
        (root / "v1/on-demand").mkdir(parents=True, exist_ok=True)
        for media in ids:
            write_video(folder / f"{media}.mp4", size)
            (root / "stream" / media).mkdir(parents=True)
            os.link(folder / f"{media}.mp4", root / "stream" / media / "capped-4k.mp4")
            (root / "v1/on-demand" / media).write_text(details(media))
        os.sync()
    return MediaSet(root, files.name, ids, size)
