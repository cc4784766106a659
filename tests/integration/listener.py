"""Who is told by `notify`: a small server that checks signatures and answers as it is told."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@dataclass
class Told:
    """One POST."""

    path: str
    id: str
    body: dict[str, Any]
    good: bool  # the signature is right and fresh
    answered: int

    @property
    def what(self) -> str:
        return "%s %s" % (self.body["type"], self.body["data"]["asset"]["id"])


@dataclass
class Listener:
    """Answers 200, or what `answers` has for it first: (status, headers)."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def __enter__(self) -> "Listener":
        self.gate = threading.Event()
        self.gate.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str = "/hook") -> str:
        return "http://127.0.0.1:%d%s" % (self._server.server_port, path)

    def good(self) -> list[Told]:
        """What was answered with 200."""
        return [told for told in self.told if told.answered == 200]

    def _take(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str]]:
        status, fields = self.answers.pop(0) if self.answers else (200, {})
        ident, at = headers["webhook-id"], headers["webhook-timestamp"]
        mac = hmac.new(KEY, b"%s.%s.%s" % (ident.encode(), at.encode(), body), hashlib.sha256)
        right = "v1," + base64.b64encode(mac.digest()).decode()
        good = headers["webhook-signature"] == right and abs(time.time() - int(at)) < 300
        self.told.append(Told(path, ident, json.loads(body), good, status))
        return status, fields

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.gate.wait(60)
                status, fields = listener._take(self.path, self.headers, body)
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

        return Handler
