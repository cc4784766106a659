#!/usr/bin/python3
"""The platform twin: FastPix and Dolby OptiView on loopback, well or badly behaved.

As a program it serves until interrupted; as a library (class Twin) it is the other side
of the integration tests and of the demo. Standard library only.
"""
from __future__ import annotations

import argparse
import itertools
import json
import signal
import sys
import tempfile
import threading
import uuid
from email.utils import format_datetime
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import fastpix as fp  # noqa: E402
import optiview as ov  # noqa: E402
from content import Content, grown_clip, grown_file, parse_size, sample, text  # noqa: E402
from control import Control  # noqa: E402
from server import Hub, Log  # noqa: E402
from signing import Answer, deliver  # noqa: E402
from sins import Sin  # noqa: E402
from wire import Reply, Request, json_reply  # noqa: E402

# Public by design: the credentials of a stand-in that listens on loopback.
API_ID = "twin-access-token"
API_SECRET = "twin-secret-key"
FASTPIX_HOOK_SECRET = "ZmFzdHBpeC10ZXN0LWtleS0wMTIzNDU2Nzg5YWJjZGU="
OPTIVIEW_API_SECRET = "twin-optiview-api-secret"
OPTIVIEW_HOOK_SECRET = "bWlsbGljYXN0LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk="

_IN_MEMORY = 64 << 20
Media = fp.FastpixMedia | ov.OptiviewAsset


class Twin:
    """Both platforms. Use as a context manager, or start() and stop()."""

    def __init__(self, hooks: str = "", workspaces: tuple[str, str] = ("production", "stage")) -> None:
        self.hooks = hooks  # "http://127.0.0.1:8787/hooks": where deliveries go
        self.workspaces = workspaces  # the receiver's names of FastPix and OptiView
        self.clock_offset = 0.0
        self._numbers = itertools.count(1)
        self._last_event = datetime.min.replace(tzinfo=timezone.utc)
        self._lock = threading.Lock()
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self.hub = Hub(Control(self))

    def start(self, port: int = 0) -> "Twin":
        self.hub.open(port)
        self.fastpix = fp.Fastpix(API_ID, API_SECRET, self.url("images"), self.now)
        self.optiview = ov.Optiview(OPTIVIEW_API_SECRET, self.url("store"),
                                    self.url("images"), self.now)
        self.hub.routes = {"api": self._api, "stream": self.fastpix.stream,
                           "images": self._images, "store": self.optiview.store}
        return self

    def stop(self) -> None:
        self.hub.close()
        if self._directory:
            self._directory.cleanup()

    def __enter__(self) -> "Twin":
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.stop()

    @property
    def log(self) -> Log:
        return self.hub.log

    def url(self, role: str) -> str:
        """Base address of a host: api, stream, images, store, elsewhere."""
        return self.hub.url(role)

    def now(self) -> datetime:
        """The platforms' clock."""
        return datetime.now(timezone.utc) + timedelta(seconds=self.clock_offset)

    def event_time(self) -> datetime:
        """Now, and later than any event time given before."""
        with self._lock:
            at = max(self.now(), self._last_event + timedelta(milliseconds=1))
            self._last_event = at
            return at

    # Routes that serve both platforms.

    def _api(self, request: Request) -> Reply:
        reply = self._answer_api(request)
        reply.headers.setdefault("Date", format_datetime(self.now(), usegmt=True))
        return reply

    def _answer_api(self, request: Request) -> Reply:
        if request.path.startswith("/v1/"):
            return self.fastpix.api(request)
        if request.path.startswith("/api/"):
            return self.optiview.api(request)
        return json_reply(404, {"error": "no such API"})

    def _images(self, request: Request) -> Reply:
        if request.path.startswith("/thumbs/"):
            return self.optiview.images(request)
        return self.fastpix.images(request)

    # Media.

    def add_fastpix(self, title: str | None = "Goal", video: Content | None = None,
                    thumbnail: bool = True, audio: bool = False, subtitles: tuple[str, ...] = (),
                    size: int = 0, **fields: Any) -> fp.FastpixMedia:
        """A ready media; `size` grows the clip, `fields` are those of FastpixMedia."""
        number = next(self._numbers)
        ident = fields.pop("id", None) or fp.make_id("media-%d" % number)
        tracks = [fp.Track(fp.make_id("%s/%s" % (ident, language)), language,
                           sample("captions.vtt")) for language in subtitles]
        media = fp.FastpixMedia(
            id=ident, playback_id=fp.make_id("playback-%d-%s" % (number, ident)), title=title,
            video=video or self._clip(size, number),
            audio=sample("audio.m4a") if audio else None,
            thumbnail=sample("thumb.png") if thumbnail else None, tracks=tracks)
        self._set(media, fields)
        return self.fastpix.add(media)

    def add_optiview(self, video: Content | None = None, thumbnails: int = 1, size: int = 0,
                     **fields: Any) -> ov.OptiviewAsset:
        """A complete clip; `fields` are those of OptiviewAsset."""
        number = next(self._numbers)
        asset = ov.OptiviewAsset(
            id=fields.pop("id", None) or ov.make_asset_id("asset-%d" % number),
            video=video or self._clip(size, number),
            thumbnails=[sample("thumb.jpg") for _ in range(thumbnails)])
        self._set(asset, fields)
        return self.optiview.add(asset)

    def _clip(self, size: int, number: int) -> Content:
        """The clip, grown to `size`; large ones lie in a file and are sent from there."""
        if not size:
            return sample("clip.mp4")
        if size <= _IN_MEMORY:
            return grown_clip(size, number)
        with self._lock:
            if not self._directory:
                self._directory = tempfile.TemporaryDirectory(prefix="vodkeep-twin-")
        return grown_file(Path(self._directory.name) / ("clip-%d.mp4" % number), size, number)

    @staticmethod
    def _set(media: Media, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            if not hasattr(media, name):
                raise ValueError("%s has no field %s" % (type(media).__name__, name))
            setattr(media, name, value)

    def change(self, media: Media, **fields: Any) -> None:
        """Change media at the platform; says nothing to the receiver."""
        with self.fastpix.lock, self.optiview.lock:
            self._set(media, fields)
            if isinstance(media, fp.FastpixMedia):
                media.updated = self.event_time()

    def delete(self, media: Media, gone: str = "deleted") -> None:
        """Delete media at the platform; OptiView shows it as `gone` says."""
        with self.fastpix.lock, self.optiview.lock:
            if isinstance(media, fp.FastpixMedia):
                media.gone = True
            else:
                media.gone = gone

    def restore(self, media: Media) -> None:
        """Make deleted media be there again."""
        if isinstance(media, fp.FastpixMedia):
            media.gone = False
        else:
            media.gone = ""

    def find(self, ident: str) -> Media:
        found = self.fastpix.media.get(ident) or self.optiview.assets.get(ident)
        if found is None:
            raise KeyError(ident)
        return found

    # Misbehaviour.

    def sin(self, path: str, kind: str, count: int | None = None, skip: int = 0,
            host: str | None = None, method: str | None = None, **args: Any) -> Sin:
        """Let `kind` (sins.KINDS) happen to requests whose path matches the glob."""
        return self.hub.script.add(Sin(kind, path, host, method, count, skip, args))

    def forgive(self) -> None:
        """Forget all sins; what stalls goes on."""
        self.hub.script.clear()

    # Deliveries.

    def event(self, media: Media, kind: str, at: datetime | None = None, **options: Any) -> bytes:
        """The body of a delivery about `media`."""
        at = at or self.event_time()
        if isinstance(media, fp.FastpixMedia):
            event_id = options.pop("event_id", None) or str(uuid.uuid4())
            value = fp.event(kind, media, at, event_id, **options)
        else:
            value = ov.event(kind, media, at, **options)
        return json.dumps(value, separators=(",", ":")).encode()

    def nameless_deletion(self, at: datetime | None = None) -> bytes:
        """The deletion event that FastPix documents: it names no media."""
        value = fp.event("video.media.deleted", None, at or self.event_time(),
                         str(uuid.uuid4()), shape="seed")
        return json.dumps(value, separators=(",", ":")).encode()

    def deliver(self, platform: str, body: bytes, secret: str | None = None,
                headers: dict[str, str] | None = None, timeout: float = 10.0) -> Answer:
        """Send a signed body to the receiver's workspace of that platform."""
        is_fastpix = platform == "fastpix"
        secret = secret or (FASTPIX_HOOK_SECRET if is_fastpix else OPTIVIEW_HOOK_SECRET)
        url = "%s/%s" % (self.hooks, self.workspaces[0 if is_fastpix else 1])
        return deliver(url, platform, secret, body, headers, timeout)

    def announce(self, media: Media, kind: str, **options: Any) -> Answer:
        """event() and deliver() in one."""
        platform = "fastpix" if isinstance(media, fp.FastpixMedia) else "optiview"
        return self.deliver(platform, self.event(media, kind, **options))

    def ini(self) -> str:
        """The two workspace sections that point at this twin."""
        return _INI.format(fastpix=self.workspaces[0], optiview=self.workspaces[1],
                           workspace_id=fp.WORKSPACE_ID, api_id=API_ID, api_secret=API_SECRET,
                           fastpix_hook=FASTPIX_HOOK_SECRET, optiview_api=OPTIVIEW_API_SECRET,
                           optiview_hook=OPTIVIEW_HOOK_SECRET, api=self.url("api"),
                           stream=self.url("stream"), images=self.url("images"))


_INI = """\
[workspace {fastpix}]
platform = fastpix
workspace_id = {workspace_id}
api_id = {api_id}
api_secret = {api_secret}
webhook_secret = {fastpix_hook}
api_url = {api}/v1
stream_url = {stream}
image_url = {images}
media_hosts = 127.0.0.*
allow_private = yes
reconcile = off

[workspace {optiview}]
platform = optiview
api_secret = {optiview_api}
webhook_secret = {optiview_hook}
api_url = {api}
allow_private = yes
reconcile = off
"""

__all__ = ["Twin", "Media", "Content", "Answer", "Sin", "grown_clip", "sample", "text"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="the same on all five addresses")
    parser.add_argument("--hooks", default="http://127.0.0.1:8787/hooks",
                        help="the receiver, without the workspace's name")
    parser.add_argument("--clips", type=int, default=3, help="media to begin with, each platform")
    parser.add_argument("--size", type=parse_size, default=0, help="of each: 64K, 10M, 2G")
    options = parser.parse_args()
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    twin = Twin(options.hooks).start(options.port)
    for number in range(options.clips):
        twin.add_fastpix("Clip %d" % (number + 1), size=options.size)
        twin.add_optiview(name="Clip %d" % (number + 1), size=options.size)
    print(twin.ini())
    print("; control: %s/_twin/state" % twin.url("api"), flush=True)
    done.wait()
    twin.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
