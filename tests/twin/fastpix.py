"""FastPix as far as an archiver meets it: events, the on-demand API, the media hosts.

Shapes follow the captured answers of 2026-05 and the changes announced since (`mp4Support`
as an array, float durations); older spellings are there for tests of drift.
"""
from __future__ import annotations

import base64
import json
import re
import threading
import urllib.parse
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

from content import Content, sample
from hls import Hls, HlsStream
from playback import refuse_fastpix
from wire import Reply, Request, content_reply, json_reply

WORKSPACE_ID = "6dc2b4e0-0615-42fd-a580-1f4aad932dfe"
CREATED = datetime(2026, 3, 14, 9, 26, 53, 589793, timezone.utc)
_OPEN = {"defaultPolicy": "allow", "allow": [], "deny": []}
_NOT_FOUND = {
    "success": False,
    "error": {"code": 404, "message": "media workspace relation not found",
              "description": "The requested resource (eg: mediaId) doesn't exist in the workspace"},
}
_UNAUTHORIZED = {
    "success": False,
    "error": {"code": 401, "message": "unauthorized",
              "description": "This happens because of 1)Miss match between access token and "
                             "secret key 2)Miss match between access token and workspace "
                             "3)No valid Access token provided."},
}
_NOT_PLAYABLE = {
    "success": False,
    "error": {"code": 404, "message": "media/playbackId not Found",
              "description": "The requested stream or PlaybackId could not be found."},
}


def iso(at: datetime, digits: int = 6) -> str:
    """RFC 3339 in UTC with so many digits of a second; FastPix sends 0 to 9."""
    text = at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return text + ("." + ("%06d000" % at.microsecond)[:digits] if digits else "") + "Z"


def make_id(seed: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "vodkeep-twin:" + seed))


@dataclass
class Track:
    """A subtitle track; its file is at stream/{playbackId}/text/{id}.vtt."""

    id: str
    language: str
    content: Content
    name: str = ""
    type: str = "subtitle"
    status: str = "available"

    def record(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.type, "status": self.status,
                "languageCode": self.language, "languageName": self.name or self.language}


@dataclass
class FastpixMedia:
    """One media. `mp4` is ready, preparing, failed, none, or legacy (a bare string);
    asked to make it, the platform shows `mp4_asked`."""

    id: str
    playback_id: str
    title: str | None = None
    workspace_id: str = WORKSPACE_ID
    status: str = "Ready"
    created: datetime = CREATED
    updated: datetime = CREATED + timedelta(seconds=7)
    duration: Any = 2.0
    width: int = 320
    height: int = 180
    metadata: dict[str, Any] = field(default_factory=dict)
    video: Content | None = None
    audio: Content | None = None
    thumbnail: Content | None = None
    tracks: list[Track] = field(default_factory=list)
    hls: HlsStream | None = None
    mp4: str = "ready"
    mp4_asked: str = "preparing"
    policy: str = "public"
    audio_only: bool = False
    fields: dict[str, Any] = field(default_factory=dict)  # laid over the record
    gone: bool = False
    pictures: dict[str, Content] = field(default_factory=dict)  # by name: clip.webp …

    def support(self) -> Any:
        if self.mp4 == "none":
            return None
        if self.mp4 == "legacy":
            return "capped_4k"
        kinds = []
        if self.video is not None:
            kinds.append({"type": "capped_4k", "status": self.mp4, "width": self.width,
                          "height": self.height, "ext": "mp4"})
        if self.audio is not None:
            kinds.append({"type": "audioOnly", "status": self.mp4, "ext": "m4a"})
        return kinds

    def record(self, image_url: str) -> dict[str, Any]:
        """The data object of GET /on-demand/{id}."""
        quality = "%dp" % max(480, self.height)
        value: dict[str, Any] = {
            "thumbnail": "%s/%s/thumbnail.png" % (image_url, self.playback_id),
            "id": self.id, "workspaceId": self.workspace_id, "metadata": self.metadata,
            "mediaQuality": "standard", "title": self.title, "maxResolution": quality,
            "sourceResolution": quality[:-1], "status": self.status, "sourceAccess": False,
            "playbackIds": [{"id": self.playback_id, "accessPolicy": self.policy,
                             "accessRestrictions": {"domains": _OPEN, "userAgents": _OPEN}}],
            "tracks": self._tracks(), "generatedSubtitles": [],
            "isAudioOnly": self.audio_only, "subtitleAvailable": bool(self.tracks),
            "duration": self.duration, "aspectRatio": "16:9",
            "createdAt": iso(self.created), "updatedAt": iso(self.updated),
        }
        if self.title is None:
            del value["title"]
        if self.support() is not None:
            value["mp4Support"] = self.support()
        value.update(self.fields)
        return value

    def _tracks(self) -> list[dict[str, Any]]:
        tracks: list[dict[str, Any]] = [
            {"id": make_id(self.id + "/audio"), "type": "audio", "status": "available",
             "languageCode": "und", "languageName": "default"}]
        if not self.audio_only:
            tracks.append({"id": make_id(self.id + "/video"), "type": "video",
                           "width": self.width, "height": self.height,
                           "frameRate": "25.000", "status": "available"})
        return tracks + [track.record() for track in self.tracks]


class Fastpix:
    """The platform: media of one workspace, and the hosts that serve them."""

    def __init__(self, api_id: str, api_secret: str, image_url: str,
                 now: Callable[[], datetime], hls: Hls) -> None:
        self.lock = threading.RLock()
        self.media: dict[str, FastpixMedia] = {}
        token = "%s:%s" % (api_id, api_secret)
        self.authorization = "Basic " + base64.b64encode(token.encode()).decode()
        self.image_url = image_url
        self.now = now
        self.hls = hls
        self.signing_keys: dict[str, str] = {}  # public parts by id

    def add(self, media: FastpixMedia) -> FastpixMedia:
        with self.lock:
            self.media[media.id] = media
        return media

    def api(self, request: Request) -> Reply:
        """Everything below /v1."""
        if request.headers.get("authorization") != self.authorization:
            return json_reply(401, _UNAUTHORIZED)
        match = re.fullmatch(r"/v1/on-demand(?:/([^/]+)(?:/([^/]+))?)?", request.path)
        if not match:
            return json_reply(404, _NOT_FOUND)
        ident, part = match.groups()
        with self.lock:
            if ident is None:
                return self._list(request)
            media = self.media.get(ident)
            if media is None or media.gone:
                return json_reply(404, _NOT_FOUND)
            if part == "update-mp4Support" and request.method == "PATCH":
                return self._update_mp4(request, media)
            if part is None and request.method == "DELETE":
                media.gone = True
                return json_reply(200, {"success": True})
            if part is None and request.method == "GET":
                return json_reply(200, {"success": True, "data": self._record(request, media)})
        return json_reply(405, {"success": False, "error": {"code": 405, "message": "method"}})

    def _record(self, request: Request, media: FastpixMedia) -> dict[str, Any]:
        record = media.record(self.image_url)
        if request.flags.get("processing"):
            record.update(status="Processing", tracks=[], duration="00:00:00")
        return record

    def _list(self, request: Request) -> Reply:
        """Pages are numbered from 1 and the parameter is called offset."""
        limit, page = int(request.one("limit", "10")), int(request.one("offset", "1"))
        if not 1 <= limit <= 50 or page < 1:
            return json_reply(422, {"success": False, "error": {
                "code": 422, "message": "payload validation failed",
                "fields": [{"field": "offset", "message": "is invalid"}]}})
        there = sorted((m for m in self.media.values() if not m.gone),
                       key=lambda m: (m.created, m.id),
                       reverse=request.one("orderBy", "desc") == "desc")
        chosen = there[(page - 1) * limit:page * limit]
        return json_reply(200, {
            "success": True, "data": [self._record(request, m) for m in chosen],
            "pagination": {"totalRecords": len(there), "currentOffset": page,
                           "offsetCount": -(-len(there) // limit)}})

    def _update_mp4(self, request: Request, media: FastpixMedia) -> Reply:
        wanted = json.loads(request.body or b"{}").get("mp4Support")
        if wanted not in ("none", "capped_4k", "audioOnly", "audioOnly,capped_4k"):
            return json_reply(422, {"success": False, "error": {
                "code": 422, "message": "payload validation failed",
                "fields": [{"field": "mp4Support", "message": "is invalid"}]}})
        if media.mp4 != "none":
            return json_reply(400, {"success": False, "error": {
                "code": 400, "message": "mp4Support value already exists"}})
        media.mp4 = media.mp4_asked
        return json_reply(200, {"success": True, "data": media.record(self.image_url)})

    def _by_playback(self, playback_id: str) -> FastpixMedia | None:
        with self.lock:
            for media in self.media.values():
                if media.playback_id == playback_id and not media.gone:
                    return media
        return None

    def stream(self, request: Request) -> Reply:
        """stream.fastpix.com: renditions, subtitles, HLS."""
        if "authorization" in request.headers:
            return json_reply(400, {"success": False, "error": {"code": 400, "message":
                                    "credentials do not belong here"}})
        match = re.fullmatch(r"/([^/.]+)(?:/(.+)|\.m3u8)", request.path)
        media = self._by_playback(match.group(1)) if match else None
        if media is None or match is None:
            return json_reply(404, _NOT_PLAYABLE)
        name = match.group(2) or ""
        if media.hls and name.startswith("hls/"):  # its CDN knows no tokens
            return self.hls.child(request, media.hls, media.id, name[4:])
        refused = self._refuse(request, media)
        if refused:
            return refused
        if media.hls and not name:
            return self.hls.entry(media.hls, media.id, media.playback_id + "/hls/")
        content = self._rendition(media, name)
        return content_reply(request, content) if content else json_reply(404, _NOT_PLAYABLE)

    def _refuse(self, request: Request, media: FastpixMedia) -> Reply | None:
        """Private media is for who has a token for it, DRM for nobody."""
        if media.policy == "public":
            return None
        if media.policy != "private":
            return json_reply(403, _UNAUTHORIZED)
        why = refuse_fastpix(request.one("token"), self.signing_keys, media.playback_id,
                             self.now().timestamp())
        return json_reply(401, {**_UNAUTHORIZED, "why": why}) if why else None

    def _rendition(self, media: FastpixMedia, name: str) -> Content | None:
        if name == "capped-4k.mp4":
            return media.video if media.mp4 in ("ready", "legacy") else None
        if name == "audio.m4a":
            return media.audio if media.mp4 in ("ready", "legacy") else None
        for track in media.tracks:
            if name == "text/%s.vtt" % urllib.parse.quote(track.id) and track.status == "available":
                return track.content
        return None

    def images(self, request: Request) -> Reply:
        """images.fastpix.com: one picture, as PNG or JPEG, and those of `pictures`."""
        match = re.fullmatch(r"/([^/]+)/([a-z-]+\.[a-z]+)", request.path)
        media = self._by_playback(match.group(1)) if match else None
        if media is None or match is None:
            return json_reply(404, _NOT_PLAYABLE)
        refused = self._refuse(request, media)
        if refused:
            return refused
        content = media.pictures.get(match.group(2)) or _thumbnail(media, match.group(2))
        return content_reply(request, content) if content else json_reply(404, _NOT_PLAYABLE)


def _thumbnail(media: FastpixMedia, name: str) -> Content | None:
    """In the format that is asked for."""
    wanted = {"thumbnail.png": "image/png", "thumbnail.jpg": "image/jpeg"}.get(name)
    if wanted is None or media.thumbnail is None:
        return None
    return media.thumbnail if media.thumbnail.content_type == wanted else sample(
        "thumb" + name[-4:])


def event(kind: str, media: FastpixMedia | None, at: datetime, event_id: str,
          shape: str = "live", data: dict[str, Any] | None = None,
          workspace_id: str = WORKSPACE_ID) -> dict[str, Any]:
    """A delivery's body. Shape "live" has `object` and createdAt; "seed" is the older
    documentation: no `object`, created_at with nanoseconds."""
    deleted = kind.lower() == "video.media.deleted"
    body: dict[str, Any] = {"type": kind}
    if media is not None and shape == "live":
        body["object"] = {"type": "media", "id": media.id}
    body["id"] = event_id
    body["workspace"] = {"name": None if deleted else "Development", "id": workspace_id}
    body["status"] = "ready" if kind.endswith(".ready") else "media_created"
    if data is None:
        data = {"success": True} if deleted or media is None else _event_data(media)
    body["data"] = data
    body["createdAt" if shape == "live" else "created_at"] = iso(at, 6 if shape == "live" else 9)
    body["attempts"] = []
    return body


def _event_data(media: FastpixMedia) -> dict[str, Any]:
    return {"id": media.id, "workspaceId": media.workspace_id, "metadata": media.metadata,
            "maxResolution": "1080p", "sourceResolution": "1080p",
            "playbackIds": [{"id": media.playback_id, "accessPolicy": media.policy}],
            "sourceAccess": False, "mp4Support": "none", "optimizeAudio": False,
            "duration": "00:00:02", "aspectRatio": "16:9"}
