"""HTTP as values: what came in, what goes out, and how it is put on the wire.

The sins bend a Reply (what is said) or a Plan (how it is sent); nothing else knows how to
misbehave.
"""
from __future__ import annotations

import email.utils
import fcntl
import json
import os
import re
import select
import socket
import struct
import termios
import threading
from dataclasses import dataclass, field
from typing import Any

from content import Content

REASONS = {
    200: "OK", 201: "Created", 206: "Partial Content", 301: "Moved Permanently",
    302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect",
    308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 410: "Gone",
    416: "Range Not Satisfiable", 422: "Unprocessable Entity", 429: "Too Many Requests",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout", 524: "A Timeout Occurred",
}
_PIECE = 64 << 10


@dataclass
class Request:
    """One request; `flags` carries what a sin wants of the route."""

    host: str  # the role of the listener: api, stream, images, store, elsewhere
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = b""
    flags: dict[str, Any] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]


@dataclass
class Reply:
    """The body is bytes, or `length` bytes of a Content from `offset`."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    content: Content | None = None
    offset: int = 0
    length: int = 0

    @property
    def size(self) -> int:
        return self.length if self.content else len(self.body)

    def read(self, at: int, count: int) -> bytes:
        if self.content:
            return self.content.read(self.offset + at, min(count, self.length - at))
        return self.body[at:at + count]


@dataclass
class Plan:
    """How a reply is sent. The defaults are an honest server."""

    framing: str = "length"         # length, chunked, close
    limit: int | None = None        # bytes of the body after which `then` happens
    then: str = "close"             # close, reset, stall
    rate: float | None = None       # bytes a second
    head_pause: float | None = None  # seconds between the bytes of the head
    release: threading.Event | None = None  # ends a stall: the rest follows
    reached: threading.Event | None = None   # set once `limit` bytes are out


def json_reply(status: int, value: Any, headers: dict[str, str] | None = None) -> Reply:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, {"Content-Type": "application/json", **(headers or {})}, body)


def html_reply(status: int, title: str) -> Reply:
    body = "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n"
    return Reply(status, {"Content-Type": "text/html; charset=UTF-8"},
                 (body % (title, title)).encode())


def xml_error(status: int, code: str, message: str) -> Reply:
    """An error of an S3-like store."""
    body = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>'
    return Reply(status, {"Content-Type": "application/xml"}, (body % (code, message)).encode())


def _parse_range(value: str, size: int) -> tuple[int, int] | None | str:
    """(first, last), None when the header is to be ignored, "unsatisfiable"."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", value.strip())
    if not match or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        count = min(int(last), size)
        return (size - count, size - 1) if count else "unsatisfiable"
    begin = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < begin:
        return None
    return (begin, end) if begin < size else "unsatisfiable"


def content_reply(request: Request, content: Content) -> Reply:
    """Serve an object as a good media host does: validators, conditions, Range, If-Range."""
    modified = email.utils.formatdate(content.last_modified, usegmt=True)
    headers = {"Content-Type": content.content_type, "ETag": content.etag,
               "Last-Modified": modified, "Accept-Ranges": "bytes"}
    if request.headers.get("if-none-match") == content.etag:
        return Reply(304, headers)
    size = content.size
    wanted = request.headers.get("range")
    condition = request.headers.get("if-range")
    if wanted and (condition is None or condition in (content.etag, modified)):
        span = _parse_range(wanted, size)
        if span == "unsatisfiable":
            return Reply(416, {**headers, "Content-Range": "bytes */%d" % size})
        if isinstance(span, tuple):
            headers["Content-Range"] = "bytes %d-%d/%d" % (*span, size)
            return Reply(206, headers, content=content, offset=span[0],
                         length=span[1] - span[0] + 1)
    return Reply(200, headers, content=content, length=size)


class Cut(Exception):
    """The plan says that this connection ends here."""


class Sender:
    """Puts one reply on one connection, as the plan says."""

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        self.sock = sock
        self.stopping = stopping
        self.sent = 0

    def send(self, reply: Reply, plan: Plan, head_only: bool, close: bool) -> None:
        """Raises Cut where the connection must end; self.sent counts body bytes."""
        head = self._head(reply, plan, close)
        if plan.head_pause:
            for at in range(len(head)):
                self.sock.sendall(head[at:at + 1])
                if self._wait(plan.head_pause, plan.release):
                    raise Cut
        if head_only or reply.status == 304:
            self.sock.sendall(b"" if plan.head_pause else head)
            return
        whole = reply.size if plan.limit is None else min(plan.limit, reply.size)
        if not plan.head_pause and reply.content is None and whole <= _PIECE and not plan.rate:
            self.sock.sendall(head + self._frame(reply.read(0, whole), plan))
            self.sent = whole
        else:
            self.sock.sendall(b"" if plan.head_pause else head)
            self._body(reply, plan, whole)
        if plan.limit is not None:
            self._at_limit(plan)
            self._body(reply, plan, reply.size)
        if plan.framing == "chunked":
            self.sock.sendall(b"0\r\n\r\n")
        if plan.framing == "close":
            raise Cut

    def _head(self, reply: Reply, plan: Plan, close: bool) -> bytes:
        fields = dict(reply.headers)
        if plan.framing == "chunked":
            fields["Transfer-Encoding"] = "chunked"
        elif plan.framing == "length":
            fields["Content-Length"] = str(reply.size)
        if close or plan.framing == "close":
            fields["Connection"] = "close"
        lines = ["HTTP/1.1 %d %s" % (reply.status, REASONS.get(reply.status, "Status"))]
        lines += ["%s: %s" % item for item in fields.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _frame(self, piece: bytes, plan: Plan) -> bytes:
        if plan.framing != "chunked" or not piece:
            return piece
        return b"%x\r\n%s\r\n" % (len(piece), piece)

    def _body(self, reply: Reply, plan: Plan, whole: int) -> None:
        content = reply.content
        if content and content.path and plan.framing != "chunked" and not plan.rate:
            if whole > self.sent:
                with content.path.open("rb") as file:
                    self.sent += self.sock.sendfile(
                        file, reply.offset + self.sent, whole - self.sent)
            return
        step = _PIECE if not plan.rate else max(1, min(_PIECE, int(plan.rate / 20)))
        while self.sent < whole:
            piece = reply.read(self.sent, min(step, whole - self.sent))
            self.sock.sendall(self._frame(piece, plan))
            self.sent += len(piece)
            if plan.rate and self._wait(len(piece) / plan.rate, None):
                raise Cut

    def _at_limit(self, plan: Plan) -> None:
        """After plan.limit bytes: returns only when a stall is released."""
        if plan.reached:
            plan.reached.set()
        if plan.then == "stall" and plan.release is not None:
            self._wait(None, plan.release)
            if plan.release.is_set():
                return
        if plan.then == "reset":
            self._drain()
            # A linger time of zero makes close() send RST instead of FIN; the server's own
            # ending would send a FIN first.
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.sock.detach())
        raise Cut

    def _drain(self) -> None:
        """Wait until the client has what was sent: a reset throws away what is queued."""
        for _ in range(400):
            queued = fcntl.ioctl(self.sock, termios.TIOCOUTQ, b"\0\0\0\0")
            if struct.unpack("i", queued)[0] == 0 or self.stopping.wait(0.005):
                return

    def _wait(self, seconds: float | None, release: threading.Event | None) -> bool:
        """Wait for a time or a release; True when the twin is stopping."""
        if release is None:
            return self.stopping.wait(seconds)
        left = seconds
        while not self.stopping.is_set():
            # The stall ends with a release, with the twin, or when the client leaves.
            slice_ = 0.05 if left is None else min(0.05, left)
            if release.wait(slice_) or self._client_left():
                return self.stopping.is_set()
            if left is not None:
                left -= slice_
                if left <= 0:
                    return False
        return True

    def _client_left(self) -> bool:
        """Whether the other end has closed; asks without waiting."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        try:
            return bool(poll.poll(0)) and self.sock.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True
