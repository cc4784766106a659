"""Dolby OptiView (Millicast) as far as an archiver meets it.

Media hooks, the asset API of v3 and the legacy record_files, and a store whose links are
signed, expire, refuse HEAD and refuse foreign credentials, as S3-like stores do.
"""
from __future__ import annotations

import re
import threading
import urllib.parse
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

from content import Content
from fastpix import CREATED
from playback import refuse_optiview
from signing import link_signature
from wire import Reply, Request, content_reply, json_reply, xml_error

_LINK_KEY = "twin-store-key"
_UNKNOWN = {"status": "fail", "data": {"message": "Media asset not found"}}


def iso_date(at: datetime) -> str:
    """Date-times of this API have any number of digits; five is what was seen."""
    at = at.astimezone(timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + ".%05dZ" % (at.microsecond // 10)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def make_asset_id(seed: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, "vodkeep-twin:" + seed).hex


@dataclass
class OptiviewAsset:
    """One asset. `gone` is "" while it is there, else how the API shows that it is not:
    deleting, deleted, 404 or 400. `link_uses` None: links may be used until they expire."""

    id: str
    type: str = "clip"
    status: str = "complete"
    error: str | None = None
    stream_name: str | None = "test-record-clip"
    stream_id: str = "dkxfvY/test-record-clip"
    token_id: int | None = 1187282
    channel_id: str | None = None
    name: str | None = None
    created: datetime = CREATED
    expiration: datetime | None = None
    video: Content | None = None
    thumbnails: list[Content] = field(default_factory=list)
    duration: int = 2
    width: int = 320
    height: int = 180
    link_seconds: float = 300.0
    link_uses: int | None = None
    distribution: bool = False  # a stable `url` instead of links
    gone: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] | None = field(default_factory=dict)  # in events

    @property
    def webm(self) -> bool:
        return self.video is not None and self.video.content_type == "video/webm"


class Optiview:
    """The platform: assets of one account, and its store."""

    def __init__(self, api_secret: str, store_url: str, image_url: str,
                 now: Callable[[], datetime]) -> None:
        self.lock = threading.RLock()
        self.assets: dict[str, OptiviewAsset] = {}
        self.authorization = "Bearer " + api_secret
        self.store_url = store_url
        self.image_url = image_url
        self.now = now
        self._nonce = 0
        # The one webhook of the account, as GET /api/webhooks/list has it.
        self.webhook: dict[str, Any] = {
            "id": 7, "url": "https://receiver.example/hooks/stage",
            "secret": "c2VjcmV0IG9mIGEgaG9vaw==", "isFeedHooks": False, "isMediaHooks": True}
        self._uses: dict[str, int] = {}
        self.distribution_keys: dict[str, str] = {}  # by id; none: distributions are public

    def add(self, asset: OptiviewAsset) -> OptiviewAsset:
        with self.lock:
            self.assets[asset.id] = asset
        return asset

    def api(self, request: Request) -> Reply:
        """Everything below /api. Bad credentials are 403 here, not 401."""
        if request.headers.get("authorization") != self.authorization:
            return json_reply(403, {"data": {"message": "Unauthorized"}, "status": "fail"})
        if request.path == "/api/webhooks/list":
            return json_reply(200, {"status": "success", "data": [self.webhook]})
        match = re.fullmatch(r"/api/(?:v3/media/assets|record_files)(?:/([^/]+))?", request.path)
        if not match:
            return json_reply(404, {"status": "fail", "data": {"message": "Not Found"}})
        with self.lock:
            if request.method == "DELETE":
                return self._delete(request.query.get("id", [match.group(1) or ""]))
            if request.method != "GET":
                return json_reply(405, {"status": "fail", "data": {"message": "method"}})
            if match.group(1) is None:
                return self._list(request)
            return self._detail(request, self.assets.get(match.group(1)))

    def _detail(self, request: Request, asset: OptiviewAsset | None) -> Reply:
        if asset is None or asset.gone == "404":
            return json_reply(404, _UNKNOWN)
        if asset.gone == "400":
            return json_reply(400, _UNKNOWN)
        record = self.record(asset, request.flags, links=True)
        if request.path.startswith("/api/record_files/"):
            record = _legacy_record(asset, record)
        return json_reply(200, {"status": "success", "data": record})

    def record(self, asset: OptiviewAsset, flags: dict[str, Any], links: bool) -> dict[str, Any]:
        """The data object of GET /api/v3/media/assets/{id}."""
        status = asset.gone or asset.status
        if flags.get("processing"):
            status = "processing"
        whole = status == "complete"
        value: dict[str, Any] = {
            "id": asset.id, "type": asset.type, "status": status, "error": asset.error,
            "feed": {"tokenId": asset.token_id, "streamName": asset.stream_name,
                     "sourceId": None, "simulcastId": None, "priority": None,
                     "channelId": asset.channel_id},
            "startTime": iso_date(asset.created), "created": iso_date(asset.created),
            "stopTime": iso_date(asset.created + timedelta(seconds=asset.duration)),
            "expiration": iso_date(asset.expiration) if asset.expiration else None,
            "removed": None, "name": asset.name,
            "storage": {"type": "dolbyStorage", "path": None},
            "mediaDistributionId": None, "customPath": None,
            "metadata": self._metadata(asset) if whole else None,
            "download": self._download(asset) if whole and links else None,
        }
        value.update(asset.fields)
        return value

    def _metadata(self, asset: OptiviewAsset) -> dict[str, Any]:
        video = "VP8" if asset.webm else "H264"
        thumbs = ["%s/thumbs/%s-%03d.jpg" % (self.image_url, asset.id, number + 2)
                  for number in range(len(asset.thumbnails))]
        return {"format": "WEBM" if asset.webm else "MPEG-4",
                "sizes": {"concat": asset.video.size if asset.video else 0,
                          "thumbnails": sum(t.size for t in asset.thumbnails)},
                "duration": asset.duration,
                "tracks": [{"type": "video", "codec": video, "bitrate": 98000,
                            "width": asset.width, "height": asset.height, "framerate": 29.97},
                           {"type": "audio", "codec": "Opus", "bitrate": 32000,
                            "channels": 2, "samplerate": 48000}],
                "thumbnails": thumbs, "fileCount": None}

    def _download(self, asset: OptiviewAsset) -> dict[str, Any]:
        """A link of its own for every answer, or the distribution's address."""
        if asset.distribution:
            return {"downloadUrl": None, "downloadExpiresOn": None,
                    "url": "%s/vod/dkxfvY/%s/full.mp4" % (self.store_url, asset.id)}
        self._nonce += 1
        expires = self.now() + timedelta(seconds=asset.link_seconds)
        until, nonce = int(expires.timestamp()), "n%d" % self._nonce
        path = "/dkxfvY/%s/full.%s" % (asset.id, "webm" if asset.webm else "mp4")
        query = urllib.parse.urlencode({
            "AWSAccessKeyId": "TWIN" + nonce, "Expires": until,
            "response-content-disposition": "attachment; filename = %s_%d.mp4"
                                            % (asset.stream_name, milliseconds(asset.created)),
            "Signature": link_signature(_LINK_KEY, path, until, nonce)})
        return {"downloadUrl": "%s%s?%s" % (self.store_url, path, query),
                "downloadExpiresOn": iso_date(expires), "url": None}

    def _list(self, request: Request) -> Reply:
        """No total, no cursor: a short page is the last. `deleted` is never listed."""
        limit, page = int(request.one("limit", "25")), int(request.one("page", "1"))
        if not 1 <= limit <= 100 or page < 1:
            return json_reply(400, {"status": "fail", "data": {"message": "Validation errors"}})
        statuses = request.query.get("status", ["processing", "complete"])
        types = request.query.get("type", ["clip", "recording"])
        there = [a for a in self.assets.values()
                 if a.gone not in ("deleted", "404", "400") and a.type in types
                 and (a.gone or a.status) in statuses]
        there.sort(key=lambda a: (a.created, a.id), reverse=request.one("desc") == "true")
        chosen = there[(page - 1) * limit:page * limit]
        return json_reply(200, {"status": "success", "data": [
            self.record(asset, request.flags, links=False) for asset in chosen]})

    def _delete(self, ids: list[str]) -> Reply:
        errors, done = [], 0
        for ident in ids:
            asset = self.assets.get(ident)
            if asset is None or asset.gone or asset.status not in ("complete", "error"):
                errors.append({"id": ident, "error": "Media asset cannot be deleted"})
            else:
                asset.gone, done = "deleting", done + 1
        return json_reply(200, {"status": "success",
                                "data": {"itemsDeleted": done, "errors": errors or None}})

    def store(self, request: Request) -> Reply:
        """The host behind downloadUrl."""
        if request.method != "GET":
            return xml_error(403, "SignatureDoesNotMatch", "The link was signed for GET")
        if "authorization" in request.headers:
            return xml_error(400, "InvalidArgument", "Only one auth mechanism allowed")
        match = re.fullmatch(r"(/vod)?/dkxfvY/([0-9A-Za-z_-]+)/full\.(?:mp4|webm)", request.path)
        with self.lock:
            asset = self.assets.get(match.group(2)) if match else None
            if match and match.group(1):
                refused = self._refuse_token(request, match.group(2))
            else:
                refused = self._refuse_link(request, asset)
        if refused:
            return refused
        if asset is None or asset.video is None or asset.gone in ("deleted", "404", "400"):
            return xml_error(404, "NoSuchKey", "The specified key does not exist.")
        return content_reply(request, asset.video)

    def _refuse_token(self, request: Request, ident: str) -> Reply | None:
        if not self.distribution_keys:
            return None
        why = refuse_optiview(request.one("token"), self.distribution_keys, ident,
                              self.now().timestamp())
        return xml_error(403, "AccessDenied", why) if why else None

    def _refuse_link(self, request: Request, asset: OptiviewAsset | None) -> Reply | None:
        nonce = request.one("AWSAccessKeyId")[4:]
        expires = int(request.one("Expires", "0") or 0)
        good = link_signature(_LINK_KEY, request.path, expires, nonce)
        if request.one("Signature") != good:
            return xml_error(403, "SignatureDoesNotMatch", "The signature does not match")
        if self.now().timestamp() > expires:
            return xml_error(403, "AccessDenied", "Request has expired")
        self._uses[nonce] = self._uses.get(nonce, 0) + 1
        if asset and asset.link_uses is not None and self._uses[nonce] > asset.link_uses:
            return xml_error(403, "AccessDenied", "The link has been used")
        return None

    def images(self, request: Request) -> Reply:
        match = re.fullmatch(r"/thumbs/([0-9A-Za-z_-]+)-(\d{3})\.jpg", request.path)
        asset = self.assets.get(match.group(1)) if match else None
        number = int(match.group(2)) - 2 if match else -1
        if asset is None or not 0 <= number < len(asset.thumbnails):
            return xml_error(404, "NoSuchKey", "The specified key does not exist.")
        return content_reply(request, asset.thumbnails[number])


def _legacy_record(asset: OptiviewAsset, record: dict[str, Any]) -> dict[str, Any]:
    """The older endpoint: integer ids, capital status words, recordedOn."""
    word = str(record["status"])
    return {"download": record["download"], "id": int(asset.id) if asset.id.isdigit() else asset.id,
            "tokenId": asset.token_id, "streamName": asset.stream_name,
            "recordedOn": asset.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "status": {"processing": "InProgress"}.get(word, word.capitalize()),
            "metadata": record["metadata"]}


def event(name: str, asset: OptiviewAsset, at: datetime,
          data: dict[str, Any] | None = None, hook: str = "media") -> dict[str, Any]:
    """A media hook's body: of a stream, or of a channel when the asset has one."""
    if data is None:
        data = {"mediaAssetId": asset.id}
        if asset.channel_id:
            data["channelId"] = asset.channel_id
        else:
            data.update(tokenId=asset.token_id, streamName=asset.stream_name,
                        streamId=asset.stream_id)
        data.update(startTime=milliseconds(asset.created), type=asset.type)
        if asset.metadata is not None:
            data["metadata"] = asset.metadata
        if asset.expiration:
            data["expiration"] = milliseconds(asset.expiration)
    return {"type": hook, "event": name, "timestamp": milliseconds(at), "data": data}
