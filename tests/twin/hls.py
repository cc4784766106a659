"""HLS as the platforms' CDNs serve it: playlists written for each request, segments of real
media, links that are signed and run out. What is served is made by hls_make.
"""
from __future__ import annotations

import gzip
import hashlib
import hmac
import itertools
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Callable

from content import Content
from wire import Reply, Request, content_reply, json_reply, xml_error

_LINK_KEY = b"twin-cdn-key"
_TYPES = {"ts": "video/mp2t", "m4s": "video/iso.segment", "mp4": "video/mp4", "vtt": "text/vtt"}
_PLAYLIST = "application/vnd.apple.mpegurl"


@dataclass
class Segment:
    """One segment as it is served. `key` names one of the track's keys."""

    data: bytes
    duration: float
    discontinuity: bool = False
    gap: bool = False
    key: str = ""
    iv: bytes | None = None  # None: it is the media sequence number


@dataclass
class Track:
    """A variant (kind "video") or a rendition ("audio", "subtitles")."""

    name: str
    kind: str
    extension: str
    segments: list[Segment]
    init: bytes | None = None
    language: str = ""
    width: int = 0
    height: int = 0
    codecs: str = ""
    keys: dict[str, bytes] = field(default_factory=dict)
    key_tags: list[str] = field(default_factory=list)  # before the first segment
    first: int = 0  # media sequence number
    init_key: bool = False  # init is encrypted as the first segment is

    @property
    def bandwidth(self) -> int:
        return int(max(len(s.data) / s.duration for s in self.segments) * 8)

    def file_name(self, number: int) -> str:
        return "%d.%s" % (number + self.first, self.extension)


@dataclass
class HlsStream:
    """A stream with all its forms. Change the fields while it is served."""

    tracks: list[Track]
    frames: dict[str, int] = field(default_factory=dict)  # packets by kind, of the best variant
    duration: float = 0.0
    codecs: bool = True         # the master names CODECS
    session_keys: list[str] = field(default_factory=list)
    signed: bool = False        # children on the CDN, signed anew with each playlist
    absolute: bool = False      # children on the CDN, unsigned
    single_file: bool = False   # byte ranges of one file for each track
    implicit: bool = False      # … whose offsets follow from each other
    decorated: bool = False     # byte order mark, CRLF, comments, unknown tags
    compressed: bool = False    # playlists with Content-Encoding: gzip
    flat: bool = False          # a media playlist where the master would be
    visible: int | None = None  # segments that are there yet; None: all, and the end
    link_seconds: float = 300.0
    _issued: set[str] = field(default_factory=set)
    _contents: dict[str, Content] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def revoke(self) -> None:
        """Every link that was given so far is refused from now on."""
        with self._lock:
            self._issued.clear()

    def issue(self) -> str:
        """The path component under which one playlist's children lie."""
        with self._lock:
            blob = "b%d" % next(self._numbers) if self.signed else "public"
            self._issued.add(blob)
            return blob

    def is_issued(self, blob: str) -> bool:
        with self._lock:
            return blob in self._issued or not self.signed

    def track(self, name: str) -> Track | None:
        return next((track for track in self.tracks if track.name == name), None)

    def content(self, name: str, data: bytes, content_type: str) -> Content:
        """The same object, with the same validator, each time."""
        with self._lock:
            if name not in self._contents:
                self._contents[name] = Content(content_type, data)
            return self._contents[name]


Linker = Callable[[str], str]


def _attributes(track: Track, uri: str) -> str:
    return ('#EXT-X-MEDIA:TYPE=%s,GROUP-ID="%s",NAME="%s",LANGUAGE="%s",%sURI="%s"'
            % (track.kind.upper(), track.kind, track.language, track.language,
               "DEFAULT=YES,AUTOSELECT=YES," if track.language == "en" else "", uri))


def master(stream: HlsStream, link: Linker) -> str:
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", *stream.session_keys]
    kinds = {track.kind for track in stream.tracks}
    lines += [_attributes(track, link(track.name + "/index.m3u8"))
              for track in stream.tracks if track.kind != "video"]
    for track in stream.tracks:
        if track.kind != "video":
            continue
        line = "#EXT-X-STREAM-INF:BANDWIDTH=%d" % track.bandwidth
        line += ",RESOLUTION=%dx%d" % (track.width, track.height)
        if stream.codecs and track.codecs:
            line += ',CODECS="%s"' % track.codecs
        line += "".join(',%s="%s"' % (kind.upper(), kind)
                        for kind in ("audio", "subtitles") if kind in kinds)
        lines += [line, link(track.name + "/index.m3u8")]
    return "\n".join(lines) + "\n"


def _key_tag(track: Track, segment: Segment, link: Linker) -> str:
    if not segment.key:
        return "#EXT-X-KEY:METHOD=NONE"
    iv = ",IV=0x" + segment.iv.hex() if segment.iv else ""
    return '#EXT-X-KEY:METHOD=AES-128,URI="%s"%s' % (link("%s/%s" % (track.name, segment.key)), iv)


def _segment_lines(stream: HlsStream, track: Track, number: int, offset: int,
                   link: Linker) -> list[str]:
    segment = track.segments[number]
    lines = ["#EXT-X-GAP"] if segment.gap else []
    lines.append("#EXTINF:%.6f," % segment.duration)
    if stream.single_file:
        where = "" if stream.implicit and number else "@%d" % offset
        lines.append("#EXT-X-BYTERANGE:%d%s" % (len(segment.data), where))
        return lines + [link("%s/all.%s" % (track.name, track.extension))]
    return lines + [link("%s/%s" % (track.name, track.file_name(number)))]


def media(stream: HlsStream, track: Track, link: Linker) -> str:
    count = len(track.segments) if stream.visible is None else stream.visible
    longest = max((round(s.duration) for s in track.segments[:count]), default=1)
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:%d" % max(1, longest),
             "#EXT-X-MEDIA-SEQUENCE:%d" % track.first, *track.key_tags]
    offset = len(track.init or b"") if stream.single_file else 0
    key: tuple[str, bytes | None] = ("", None)
    if track.init_key:
        key = (track.segments[0].key, track.segments[0].iv)
        lines.append(_key_tag(track, track.segments[0], link))
    if track.init is not None and stream.single_file:
        lines.append('#EXT-X-MAP:URI="%s",BYTERANGE="%d@0"'
                     % (link("%s/all.%s" % (track.name, track.extension)), offset))
    elif track.init is not None:
        lines.append('#EXT-X-MAP:URI="%s"' % link(track.name + "/init.mp4"))
    for number, segment in enumerate(track.segments[:count]):
        if segment.discontinuity:
            lines.append("#EXT-X-DISCONTINUITY")
        if (segment.key, segment.iv) != key:
            key = (segment.key, segment.iv)
            lines.append(_key_tag(track, segment, link))
        lines += _segment_lines(stream, track, number, offset, link)
        offset += len(segment.data)
    if stream.visible is None:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _decorate(text: str) -> bytes:
    """As a Windows tool of somebody who likes to explain would write it."""
    lines = text.splitlines()
    lines[1:1] = ["# made for you", "", "#EXT-X-OF-TOMORROW:YES,A=\"b\""]
    return b"\xef\xbb\xbf" + "\r\n".join(lines + [""]).encode()


def playlist_reply(stream: HlsStream, text: str) -> Reply:
    body = _decorate(text) if stream.decorated else text.encode()
    headers = {"Content-Type": _PLAYLIST}
    if stream.compressed:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, mtime=0)
    return Reply(200, headers, body)


def _signature(path: str, expires: int) -> str:
    return hmac.new(_LINK_KEY, b"%s\n%d" % (path.encode(), expires), hashlib.sha256).hexdigest()


class Hls:
    """All streams of a twin, by the id of their media, and the CDN that serves them."""

    def __init__(self, cdn_url: str, now: Callable[[], datetime]) -> None:
        self.cdn_url = cdn_url
        self.now = now

    def _links(self, stream: HlsStream, ident: str, base: str) -> Linker:
        """How a playlist at `base` names what is below the stream's root."""
        if not stream.signed and not stream.absolute:
            return lambda name: base + name
        blob = stream.issue()
        expires = int(self.now().timestamp() + stream.link_seconds)

        def link(name: str) -> str:
            path = "/hls/%s/%s/%s" % (ident, blob, name)
            query = "?cdn=twin&expires=%d&Signature=%s" % (expires, _signature(path, expires))
            return self.cdn_url + path + (query if stream.signed else "")

        return link

    def entry(self, stream: HlsStream, ident: str, base: str) -> Reply:
        """The stream's own playlist; `base` leads from it to its children."""
        link = self._links(stream, ident, base)
        if stream.flat:
            return playlist_reply(stream, media(stream, stream.tracks[0], link))
        return playlist_reply(stream, master(stream, link))

    def child(self, request: Request, stream: HlsStream, ident: str, name: str) -> Reply:
        """What lies below the root: playlists, keys, segments."""
        track_name, _, file = name.partition("/")
        track = stream.track(track_name)
        if track is None:
            return _not_found()
        if file == "index.m3u8":
            link = self._links(stream, ident, "../")
            return playlist_reply(stream, media(stream, track, link))
        if file in track.keys:
            return Reply(200, {"Content-Type": "application/octet-stream"}, track.keys[file])
        data = _bytes_of(stream, track, file)
        if data is None:
            return _not_found()
        kind = _TYPES.get(file.rpartition(".")[2], "application/octet-stream")
        return content_reply(request, stream.content(name, data, kind))

    def cdn(self, request: Request, find: Callable[[str], HlsStream | None]) -> Reply:
        """/hls/{ident}/{blob}/{track}/{file} on the CDN."""
        match = re.fullmatch(r"/hls/([^/]+)/([^/]+)/(.+)", request.path)
        stream = find(match.group(1)) if match else None
        if stream is None or match is None:
            return json_reply(404, {"error": "nothing here"})
        if "authorization" in request.headers:
            return xml_error(400, "InvalidArgument", "Only one auth mechanism allowed")
        if stream.signed and not self._is_good(request, stream, match.group(2)):
            return xml_error(403, "AccessDenied", "Request has expired")
        return self.child(request, stream, match.group(1), match.group(3))

    def _is_good(self, request: Request, stream: HlsStream, blob: str) -> bool:
        expires = request.one("expires", "0")
        return (expires.isdigit() and stream.is_issued(blob)
                and self.now().timestamp() <= int(expires)
                and request.one("Signature") == _signature(request.path, int(expires)))


def _bytes_of(stream: HlsStream, track: Track, file: str) -> bytes | None:
    if file == "init.mp4":
        return track.init
    if file == "all." + track.extension and stream.single_file:
        return (track.init or b"") + b"".join(s.data for s in track.segments)
    for number, segment in enumerate(track.segments):
        if file == track.file_name(number) and not segment.gap:
            return segment.data
    return None


def _not_found() -> Reply:
    return xml_error(404, "NoSuchKey", "The specified key does not exist.")
