"""nginx with the files and the platform's API as static JSON, and a certificate authority.

nginx, because a Python server would be what is measured. One instance has three doors: plain,
TLS (HTTP/1.1), and one that gives each connection 4 MB/s.
"""
import dataclasses
import os
import pathlib
import socket
import subprocess
import time

LIMIT = "4m"  # a second and connection
OPENSSL = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def make_authority(folder: pathlib.Path, addresses: list[str]) -> pathlib.Path:
    """A certificate authority of our own and a certificate for the addresses; the CA's file."""
    folder.mkdir(parents=True)
    names = ",".join(f"IP:{address}" for address in addresses)
    (folder / "ext").write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")

    def run(*words: str) -> None:
        subprocess.run(words, cwd=folder, check=True, capture_output=True)

    run(*OPENSSL, "-x509", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt", "-subj",
        "/CN=Benchmark CA")
    run(*OPENSSL, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=benchmark")
    run("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
        "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", "server.crt")
    return folder / "ca.crt"


@dataclasses.dataclass
class Server:
    """A running nginx."""
    process: subprocess.Popen
    address: str
    plain: int
    tls: int
    limited: int

    def base(self, tls: bool, limited: bool) -> str:
        """The URL before the paths."""
        if tls:
            return f"https://{self.address}:{self.tls}"
        return f"http://{self.address}:{self.limited if limited else self.plain}"

    def stop(self) -> None:
        """End it and its workers."""
        self.process.terminate()
        self.process.wait()


def write_config(folder: pathlib.Path, root: pathlib.Path, authority: pathlib.Path,
                 address: str, ports: list[int]) -> pathlib.Path:
    """The configuration; every folder that nginx writes to is below `folder`."""
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in (
        "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;" if os.geteuid() == 0 else ""
    listen = "backlog=4096 reuseport"
    doors = (f"listen {address}:{ports[0]} {listen};",
             f"listen {address}:{ports[1]} ssl {listen};",
             f"listen {address}:{ports[2]} {listen};")
    limits = ("", "", f"limit_rate {LIMIT};")
    servers = "\n".join(f"""
server {{ {door} root {root};
  location / {{ {limit} autoindex on; types {{
    video/mp4 mp4 m4s; video/mp2t ts; application/vnd.apple.mpegurl m3u8; }} }}
  location /v1/ {{ default_type application/json; }} }}""" for door, limit in zip(doors, limits))
    path = folder / "nginx.conf"
    path.write_text(f"""
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/nginx.log; {user}
worker_rlimit_nofile 8192;
events {{ worker_connections 2048; }}
http {{ access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; {temporary}
keepalive_requests 1000000; open_file_cache max=8192 inactive=600s;
ssl_certificate {authority.parent}/server.crt; ssl_certificate_key {authority.parent}/server.key;
ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:10m;
{servers}
}}""")
    return path


def start_server(folder: pathlib.Path, root: pathlib.Path, authority: pathlib.Path,
                 address: str = "127.0.0.1", prefix: tuple[str, ...] = ()) -> Server:
    """Start nginx, in another namespace where `prefix` leads there; it is ready on return."""
    folder.mkdir(parents=True)
    ports = free_ports(3)
    config = write_config(folder, root, authority, address, ports)
    process = subprocess.Popen([*prefix, "nginx", "-e", str(folder / "nginx.log"), "-c", str(config)])
    pid = folder / "nginx.pid"
    while not (pid.exists() and pid.read_text().strip()):  # written once it listens
        if process.poll() is not None:
            raise SystemExit((folder / "nginx.log").read_text())
        time.sleep(0.005)
    return Server(process, address, *ports)
