"""Hosts and proxies of the tests' own, for what the twin's HTTP server cannot do: they write
their answers to the socket byte by byte, speak TLS, and count connections.
"""
from __future__ import annotations

import base64
import fcntl
import select
import socket
import ssl
import struct
import subprocess
import termios
import threading
from pathlib import Path
from typing import Callable

from agentctl import wait_until
from content import Content

Serve = Callable[["Connection"], None]


class Connection:
    """One connection of a client; `number` counts them from 0."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock, self.number = sock, number
        self.sock.settimeout(60)

    def read_head(self) -> bytes:
        """A request up to its blank line; "" when the client has closed."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.sock.recv(1)  # what follows the head is somebody else's
            if not piece:
                return b""
            head += piece
        return head

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def _unsent(self) -> int:
        queued = fcntl.ioctl(self.sock, termios.TIOCOUTQ, b"\0\0\0\0")
        return int(struct.unpack("i", queued)[0])

    def close(self) -> None:
        """Orderly: over TLS a session counts as spoilt when its connection just breaks off."""
        try:
            self.sock.setblocking(False)
            if isinstance(self.sock, ssl.SSLSocket):
                self.sock.unwrap()  # says so, and does not wait for the answer
        except (OSError, ValueError):
            pass
        self.sock.close()

    def reset(self) -> None:
        """RST instead of an orderly end, once the client's kernel has what was sent."""
        wait_until(lambda: self._unsent() == 0, what="the client to take the bytes")
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Host:
    """Listens on a port and has `serve` called for each connection, each on a thread. Closes
    the connection when it returns. With a context it speaks TLS."""

    def __init__(self, serve: Serve, context: ssl.SSLContext | None = None,
                 address: str = "127.0.0.1", port: int = 0) -> None:
        self.serve, self.context = serve, context
        self.connections: list[Connection] = []
        self.heads: list[bytes] = []  # filled by those who serve
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.socket(family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(128)
        self.address, self.port = address, self.listener.getsockname()[1]

    def __enter__(self) -> "Host":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake a thread that is in accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            connection = Connection(sock, len(self.connections))
            self.connections.append(connection)
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: Connection) -> None:
        try:
            if self.context:
                connection.sock = self.context.wrap_socket(connection.sock, server_side=True)
            self.serve(connection)
        except (OSError, ValueError):
            pass  # the client left, or did not like the certificate
        finally:
            connection.close()

    def url(self, path: str = "/full.mp4", name: str = "") -> str:
        scheme = "https" if self.context else "http"
        return "%s://%s:%d%s?Signature=x" % (scheme, name or self.address, self.port, path)


def answer(clip: Content, *fields: str, version: str = "1.1", length: bool = True) -> bytes:
    """200 with the whole clip."""
    lines = ["HTTP/%s 200 OK" % version, "Content-Type: video/mp4", *fields]
    lines += ["Content-Length: %d" % clip.size] if length else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + clip.read(0, clip.size)


# Certificates.

def _openssl(directory: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True,
                   timeout=30, stdin=subprocess.DEVNULL)


class Authority:
    """A CA in a directory, and what it signs."""

    def __init__(self, directory: Path, name: str = "ca") -> None:
        self.directory, self.name = directory, name
        self.cert = directory / (name + ".crt")
        _openssl(directory, "req", "-x509", *self._key(name), "-out", name + ".crt",
                 "-days", "2", "-subj", "/CN=Authority " + name)

    @staticmethod
    def _key(name: str) -> list[str]:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", name + ".key"]

    def context(self, names: str = "IP:127.0.0.1", days: int = 2) -> ssl.SSLContext:
        """A server's context with a certificate for these names; days may be negative."""
        name = "%s-%d" % (self.name, len(list(self.directory.iterdir())))
        extensions = self.directory / (name + ".ext")
        extensions.write_text("subjectAltName=%s\n" % names)
        _openssl(self.directory, "req", *self._key(name), "-out", name + ".csr", "-subj", "/CN=host")
        _openssl(self.directory, "x509", "-req", "-in", name + ".csr", "-CA", self.name + ".crt",
                 "-CAkey", self.name + ".key", "-CAcreateserial", "-days", str(days),
                 "-extfile", extensions.name, "-out", name + ".crt")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / (name + ".crt"), self.directory / (name + ".key"))
        return context


# Proxies.

def _pipe(one: socket.socket, other: socket.socket) -> None:
    """Bytes in both directions until one side closes."""
    ends = {one: other, other: one}
    while True:
        for sock in select.select(list(ends), [], [])[0]:
            piece = sock.recv(65536)
            if not piece:
                return
            ends[sock].sendall(piece)
            # What TLS has taken in already shows on no socket.
            while isinstance(sock, ssl.SSLSocket) and sock.pending():
                ends[sock].sendall(sock.recv(65536))


def front(address: str, port: int) -> Serve:
    """Passes everything on to this address: TLS in front of a plain server."""

    def serve(connection: Connection) -> None:
        with socket.create_connection((address, port), 10) as there:
            _pipe(connection.sock, there)

    return serve


class BlackHole:
    """A port that answers no connection attempt, as an address behind a broken route does: its
    queue of connections is full."""

    def __init__(self, address: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.socket(family)
        self.listener.bind((address, port))
        self.listener.listen(0)
        self.filling = [socket.socket(family) for _ in range(3)]
        for sock in self.filling:
            sock.setblocking(False)
            sock.connect_ex((address, port))

    def __enter__(self) -> "BlackHole":
        return self

    def __exit__(self, *_: object) -> None:
        for sock in [self.listener, *self.filling]:
            sock.close()


def _connect(host: str, port: int, names: dict[str, str]) -> socket.socket:
    return socket.create_connection((names.get(host, host), port), 10)


def http_proxy(asked: list[str], login: str = "", names: dict[str, str] | None = None) -> Serve:
    """A proxy for CONNECT and plain http; notes in `asked` what it is asked for. `login` is
    user:password; `names` are hosts that only the proxy can find."""
    expected = b"Proxy-Authorization: Basic " + base64.b64encode(login.encode()) + b"\r\n"

    def serve(connection: Connection) -> None:
        head = connection.read_head()
        while head:
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            asked.append("%s %s" % (method, target.split("?")[0]))
            if login and expected not in head:
                connection.send(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n"
                                b'Proxy-Authenticate: Basic realm="proxy"\r\n\r\n')
                head = connection.read_head()
                continue
            place = target if method == "CONNECT" else target.split("/", 3)[2]
            host, _, port = place.partition(":")
            with _connect(host, int(port or 80), names or {}) as there:
                if method == "CONNECT":
                    connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    # One request for each connection, so that each is seen here.
                    path = "/" + target.split("/", 3)[3]
                    rest = head.split(b"\r\n", 1)[1].replace(b"Proxy-Connection: Keep-Alive",
                                                             b"Connection: close")
                    there.sendall(("%s %s HTTP/1.1\r\n" % (method, path)).encode() + rest)
                _pipe(connection.sock, there)
            return

    return serve


def socks5_proxy(asked: list[str], names: dict[str, str]) -> Serve:
    """A SOCKS5 proxy without login that finds hosts by `names`."""

    def take(connection: Connection, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = connection.sock.recv(count - len(data))
            if not piece:
                raise OSError("closed")
            data += piece
        return data

    def serve(connection: Connection) -> None:
        take(connection, take(connection, 2)[1])
        connection.send(b"\x05\x00")
        kind = take(connection, 4)[3]
        if kind == 3:
            host = take(connection, take(connection, 1)[0]).decode()
        else:
            host = socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6,
                                    take(connection, 4 if kind == 1 else 16))
        port = int.from_bytes(take(connection, 2), "big")
        asked.append("%s:%d" % (host, port))
        with _connect(host, port, names) as there:
            connection.send(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            _pipe(connection.sock, there)

    return serve
