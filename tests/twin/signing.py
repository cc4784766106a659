"""Signatures of deliveries and links, and the client that sends deliveries.

Written from the platforms' documents and not from vodkeep's code: when both agree on
the published vectors, the agreement means something.
"""
from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import urllib.parse
from dataclasses import dataclass, field

from slowness import SLOWNESS

FASTPIX_HEADER = "FastPix-Signature"
OPTIVIEW_HEADER = "X-Millicast-Signature"


def fastpix_signature(secret: str, body: bytes) -> str:
    """base64(HMAC-SHA256(base64decode(secret), body))"""
    mac = hmac.new(base64.b64decode(secret), body, hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def optiview_signature(secret: str, body: bytes) -> str:
    """sha1=hex(HMAC-SHA1(base64decode(secret), body))"""
    return "sha1=" + hmac.new(base64.b64decode(secret), body, hashlib.sha1).hexdigest()


def signature(platform: str, secret: str, body: bytes) -> tuple[str, str]:
    """The header name and value of a delivery."""
    if platform == "fastpix":
        return FASTPIX_HEADER, fastpix_signature(secret, body)
    return OPTIVIEW_HEADER, optiview_signature(secret, body)


def link_signature(key: str, path: str, expires: int, nonce: str) -> str:
    """Signature of a store link; like S3's in that any change of the link breaks it."""
    message = "%s\n%d\n%s" % (path, expires, nonce)
    mac = hmac.new(key.encode(), message.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


@dataclass
class Answer:
    """What the receiver said."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket: http.client knows only TCP."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def connect(url: str, timeout: float = 10.0,
            context: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
    """A connection to "http://…", "https://…" or "unix:/socket:/path"."""
    timeout *= SLOWNESS
    if url.startswith("unix:"):
        return _UnixConnection(url[5:].split(":")[0], timeout)
    parts = urllib.parse.urlsplit(url)
    assert parts.hostname is not None
    if parts.scheme == "https":
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout,
                                           context=context)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)


def request(url: str, method: str = "GET", body: bytes | None = None,
            headers: dict[str, str] | None = None, timeout: float = 10.0,
            context: ssl.SSLContext | None = None) -> Answer:
    """One request on a connection of its own."""
    if url.startswith("unix:"):
        target = url[5:].partition(":")[2] or "/"
    else:
        parts = urllib.parse.urlsplit(url)
        target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    connection = connect(url, timeout, context)
    try:
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())
    finally:
        connection.close()


def deliver(url: str, platform: str, secret: str, body: bytes,
            headers: dict[str, str] | None = None, timeout: float = 10.0) -> Answer:
    """Send one signed delivery as the platform does: one POST, no retry."""
    name, value = signature(platform, secret, body)
    fields = {"Content-Type": "application/json", name: value, **(headers or {})}
    return request(url, "POST", body, fields, timeout)
