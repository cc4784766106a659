"""The twin's listeners, its request log, and the way of one request through it.

Each host of the platforms is a loopback address of its own (127.0.0.1 to 127.0.0.5) on one
port, so that "another host" means another host to the program under test.
"""
from __future__ import annotations

import socket
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable

import sins
from slowness import SLOWNESS
from wire import Cut, Reply, Request, Sender, json_reply

ADDRESSES = {"api": "127.0.0.1", "stream": "127.0.0.2", "images": "127.0.0.3",
             "store": "127.0.0.4", "elsewhere": "127.0.0.5"}
Route = Callable[[Request], Reply]


@dataclass
class Entry:
    """One line of the request log. `sent` counts body bytes; `done` is False while the
    answer is on its way."""

    number: int
    at: float
    host: str
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    client: tuple[str, int]
    body: bytes = b""
    status: int = 0
    sent: int = 0
    done: bool = False

    def public(self) -> dict[str, Any]:
        """As JSON for the control interface."""
        value = dict(self.__dict__)
        value["body"] = self.body.decode("utf-8", "replace")
        return value


@dataclass
class Log:
    """Every request, in the order in which they came."""

    entries: list[Entry] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def begin(self, request: Request, client: tuple[str, int]) -> Entry:
        with self.changed:
            entry = Entry(len(self.entries), time.monotonic(), request.host, request.method,
                          request.path, request.query, dict(request.headers), client,
                          request.body)
            self.entries.append(entry)
            self.changed.notify_all()
        return entry

    def end(self, entry: Entry, status: int, sent: int) -> None:
        with self.changed:
            entry.status, entry.sent, entry.done = status, sent, True
            self.changed.notify_all()

    def find(self, path: str = "", host: str | None = None, method: str | None = None) -> list[Entry]:
        """Requests whose path contains `path`."""
        with self.changed:
            return [e for e in self.entries
                    if path in e.path and host in (None, e.host) and method in (None, e.method)]

    def about_media(self) -> list[Entry]:
        """All but what an agent asks about its webhook, after a start or a reload, at its own time."""
        return [entry for entry in self.find() if "/webhooks/" not in entry.path]

    def wait_for(self, condition: Callable[["Log"], Any], what: str, timeout: float = 10.0) -> Any:
        """Wait until condition(log) is true; returns its value."""
        result: list[Any] = [None]

        def met() -> bool:
            result[0] = condition(self)
            return bool(result[0])

        with self.changed:
            if not self.changed.wait_for(met, timeout * SLOWNESS):
                seen = ", ".join("%s %s %d" % (e.method, e.path, e.status)
                                 for e in self.entries[-12:])
                raise AssertionError("the twin did not see %s; last: %s" % (what, seen or "nothing"))
        return result[0]

    def clear(self) -> None:
        with self.changed:
            self.entries.clear()


class Listener(ThreadingHTTPServer):
    """One host. Threads are daemons: stop() does not wait for stalled answers."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], role: str, hub: "Hub") -> None:
        self.role = role
        self.hub = hub
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        # HTTPServer would look the host's name up here.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "twin", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave are what is tested; anything else is the twin's own bug."""
        import sys
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError, BrokenPipeError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Parses a request, lets the hub answer it, sends the answer as its plan says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: Listener

    def log_message(self, format: str, *args: Any) -> None:
        """The request log replaces http.server's lines on standard error."""

    def _serve(self) -> None:
        request = self._request()
        hub = self.server.hub
        if request.path.startswith("/_twin/"):
            self._send(hub.control(request), [], None)
            return
        entry = hub.log.begin(request, self.client_address)
        taken = hub.script.take(request)
        try:
            reply = sins.apply_request(taken, request) or hub.route(request)
            reply = sins.apply_reply(taken, request, reply)
        except Exception as error:  # a bug of the twin: visible, never a hanging client
            hub.log.end(entry, 599, 0)
            raise RuntimeError("the twin failed at %s: %r" % (request.path, error)) from error
        for sin in taken:
            sin.hit()
        self._send(reply, taken, entry)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _request(self) -> Request:
        parts = urllib.parse.urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0") or 0))
        return Request(self.server.role, self.command, urllib.parse.unquote(parts.path),
                       urllib.parse.parse_qs(parts.query, keep_blank_values=True), headers, body)

    def _send(self, reply: Reply, taken: list[sins.Sin], entry: Entry | None) -> None:
        sender = Sender(self.connection, self.server.hub.stopping)
        try:
            sender.send(reply, sins.plan_for(taken, reply), self.command == "HEAD",
                        self.close_connection)
        except (Cut, ConnectionError, TimeoutError):
            self.close_connection = True
        finally:
            if entry:
                self.server.hub.log.end(entry, reply.status, sender.sent)


class Hub:
    """What the listeners share: log, script, routes, and the end."""

    def __init__(self, control: Route) -> None:
        self.log = Log()
        self.script = sins.Script()
        self.stopping = threading.Event()
        self.control = control
        self.routes: dict[str, Route] = {}
        self._listeners: list[Listener] = []
        self.port = 0

    def route(self, request: Request) -> Reply:
        route = self.routes.get(request.host)
        return route(request) if route else json_reply(404, {"error": "nothing here"})

    def open(self, port: int = 0) -> None:
        """Listen on all addresses with one port; port 0 takes a free one."""
        for attempt in range(50):
            try:
                self._bind(port)
                break
            except OSError:
                self._close_listeners()
                if port or attempt == 49:
                    raise
        for listener in self._listeners:
            threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()

    def _bind(self, port: int) -> None:
        for role, address in ADDRESSES.items():
            listener = Listener((address, port), role, self)
            self._listeners.append(listener)
            port = listener.server_address[1]
        self.port = port

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.server_close()
        self._listeners.clear()

    def close(self) -> None:
        self.stopping.set()
        self.script.clear()
        # Each takes up to its poll interval to notice: all at once.
        enders = [threading.Thread(target=listener.shutdown) for listener in self._listeners]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join()
        self._close_listeners()

    def url(self, role: str) -> str:
        return "http://%s:%d" % (ADDRESSES[role], self.port)
