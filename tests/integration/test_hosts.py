"""Peculiar media hosts, certificates, proxies: what the network may put between us and a file."""
from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest

import hosts
import twin as tw
from agentctl import Agent, free_port
from content import grown_clip
from hosts import Authority, Connection, Host, answer
from test_transfer import assert_whole, downloads, first_byte, path_of
from twin import Twin

CLIP = grown_clip(300_000)


def linked(twin: Twin, url: str, **fields: Any) -> tw.Media:
    """A clip whose download link leads to `url`."""
    return twin.add_optiview(video=CLIP, fields={
        "download": {"downloadUrl": url, "downloadExpiresOn": None, "url": None}}, **fields)


def attempts(agent: Agent, media: tw.Media) -> list[str]:
    """What the story tells of failed attempts."""
    return [line for line in agent.story(media).splitlines()
            if line.startswith(("attempt:", "retry:"))]


# Heads and connections.

HONEST = {
    "interim answers": b"HTTP/1.1 100 Continue\r\n\r\n"
                       b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" + answer(CLIP),
    "HTTP/1.0": answer(CLIP, version="1.0"),
    "HTTP/1.0 without a length": answer(CLIP, version="1.0", length=False),
    "a large head": answer(CLIP, *("X-Padding-%d: %s" % (n, "x" * 1000) for n in range(60))),
}


@pytest.mark.parametrize("kind", HONEST)
def test_peculiar_answers(agent: Agent, twin: Twin, kind: str) -> None:
    def serve(connection: Connection) -> None:
        connection.read_head()
        connection.send(HONEST[kind])

    with Host(serve) as host:
        media = linked(twin, host.url())
        agent.archive_now(media)
        assert_whole(agent, media)
        assert attempts(agent, media) == []


SPOILT = {
    "an endless head": (b"HTTP/1.1 200 OK\r\n" + b"X-Padding: %s\r\n" % (b"x" * 1000) * 70,
                        "header of the answer is too large"),
    "endless interim answers": (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 4000,
                                "header of the answer is too large"),
    "no HTTP at all": (b"220 ftp.example ready\r\n\r\n", "HTTP/0.9"),
    "HTTP/1.0 that is cut": (answer(CLIP, version="1.0")[:200_000], "bytes remaining to read"),
    "HTTP/1.0 that is cut without a length": (answer(CLIP, version="1.0", length=False)[:200_000],
                                              "the platform says 300,000"),
    "chunks of nonsense": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                           "127.0.0.1: "),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_spoilt_answers_then_an_honest_one(agent: Agent, twin: Twin, kind: str) -> None:
    spoilt, told = SPOILT[kind]

    def serve(connection: Connection) -> None:
        connection.read_head()
        connection.send(answer(CLIP) if honest else spoilt)

    honest: list[bool] = []
    with Host(serve) as host:
        media = linked(twin, host.url())
        agent.ready_event(media)
        agent.wait_reason(media, "waiting")
        assert agent.videos() == set()
        honest.append(True)
        agent.archived(media)
        assert_whole(agent, media)
        assert told in agent.story(media)


@pytest.mark.parametrize("ending", ["closed", "reset", "closed at the next request"])
def test_a_host_that_drops_idle_connections(agent: Agent, twin: Twin, ending: str) -> None:
    """A connection that was kept is no promise: the request goes over a new one, unnoticed."""
    def serve(connection: Connection) -> None:
        connection.read_head()
        connection.send(answer(CLIP))
        if ending == "closed at the next request":
            host.heads.append(connection.read_head())
        elif ending == "reset":
            connection.reset()

    with Host(serve) as host:
        media = [linked(twin, host.url("/%d.mp4" % number)) for number in range(4)]
        for item in media:
            agent.archive_now(item)
        for item in media:
            assert_whole(agent, item)
            assert attempts(agent, item) == []
        if ending == "closed at the next request":
            assert any(host.heads), "a connection was tried again"


def test_an_encoding_that_nobody_asked_for(agent: Agent, twin: Twin) -> None:
    """Packed bytes are neither stored nor unpacked: their length and validator are another's."""
    media = twin.add_fastpix(size=300_000)
    twin.sin(path_of(media), "gzip")
    agent.ready_event(media)
    assert 'content encoding "gzip"' in agent.wait_reason(media, "waiting")
    assert downloads(twin, media)[0].headers["accept-encoding"] == "identity"
    assert agent.videos() == set() and agent.staged() == []
    twin.forgive()
    agent.archived(media)
    assert_whole(agent, media)


def test_a_crawling_download_is_cut_and_resumed(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("transfer", low_speed="1M/1s")
    agent = idle_agent.start()
    media = twin.add_fastpix(size=3 << 20)
    twin.sin(path_of(media), "slow", rate=200_000, count=1)
    agent.archive_now(media)
    assert_whole(agent, media)
    first, second = downloads(twin, media)
    assert 0 < first_byte(second) <= first.sent
    assert "stalled" in agent.story(media)


# Certificates.

def hello(connection: Connection) -> None:
    connection.read_head()
    connection.send(answer(CLIP))


@pytest.mark.parametrize("kind, told", [
    ("expired", "certificate has expired"),
    ("another name", "subject name matches"),
    ("another authority", "certificate"),
    ("self-signed", "self-signed certificate"),
])
def test_bad_certificates_are_final_and_clear(
        idle_agent: Agent, twin: Twin, kind: str, told: str) -> None:
    agent = idle_agent
    authority = Authority(agent.directory)
    agent.config.set("workspace stage", ca_file=authority.cert)
    if kind == "expired":
        context = authority.context(days=-1)
    elif kind == "another name":
        context = authority.context("DNS:other.example")
    elif kind == "another authority":
        context = Authority(agent.directory, "stranger").context()
    else:
        Authority(agent.directory, "itself")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(agent.directory / "itself.crt", agent.directory / "itself.key")
    agent.start()
    with Host(hello, context) as host:
        media = linked(twin, host.url())
        agent.ready_event(media)
        reason = agent.wait_reason(media, "failed")
        assert told in reason and "127.0.0.1" in reason
        count = len(host.connections)
        agent.archive_now(twin.add_optiview())
        assert len(host.connections) == count, "it is not asked again"
        host.context = authority.context()  # the host is put right
        agent.cli("retry", agent.name(media))
        agent.archived(media)
        assert_whole(agent, media)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_sessions_are_resumed_under_the_same_authority_only(
        idle_agent: Agent, twin: Twin, version: ssl.TLSVersion) -> None:
    """The host closes each connection, so that only the session could be used again."""
    agent = idle_agent
    authority, stranger = (Authority(agent.directory, name) for name in ("ca", "stranger"))
    context = authority.context()
    context.maximum_version = version
    reused: list[bool] = []

    def serve(connection: Connection) -> None:
        assert isinstance(connection.sock, ssl.SSLSocket)
        if connection.read_head():
            reused.append(bool(connection.sock.session_reused))
            connection.send(answer(CLIP, "Connection: close"))

    agent.config.set("workspace stage", ca_file=authority.cert)
    agent.start()
    with Host(serve, context) as host:
        trusted = [linked(twin, host.url("/%d.mp4" % number)) for number in range(3)]
        for item in trusted:
            agent.archive_now(item)
            assert_whole(agent, item)
        assert reused == [False, True, True]
        for ca_file in (None, stranger.cert):
            agent.config.set("workspace stage", ca_file=ca_file)
            agent.reload()
            doubted = linked(twin, host.url("/doubted.mp4"))
            agent.archive_now(twin.add_fastpix())  # the new configuration holds
            agent.ready_event(doubted)
            assert "certificate" in agent.wait_reason(doubted, "failed")
        assert len(reused) == 3, "no request was sent to whom nobody vouches for"


def test_a_renewed_authority_is_noticed(idle_agent: Agent, twin: Twin) -> None:
    """The CA file is replaced while the agent runs."""
    agent = idle_agent
    old, new = (Authority(agent.directory, name) for name in ("old", "new"))
    ca_file = agent.directory / "trusted.pem"
    ca_file.write_bytes(old.cert.read_bytes())
    agent.config.set("workspace stage", ca_file=ca_file)
    agent.start()
    with Host(hello, old.context()) as host:
        media = linked(twin, host.url())
        agent.archive_now(media)
        host.context = new.context()
        ca_file.unlink()
        late = linked(twin, host.url())
        agent.ready_event(late)
        assert str(ca_file) in agent.wait_reason(late, "waiting")
        ca_file.write_bytes(new.cert.read_bytes())
        agent.archived(late)
        assert_whole(agent, late)


@pytest.mark.parametrize("tls", [False, True])
def test_connections_are_reused(idle_agent: Agent, twin: Twin, tls: bool) -> None:
    """Fifty files need no more connections than may be open at once."""
    agent = idle_agent
    authority = Authority(agent.directory)

    def serve(connection: Connection) -> None:
        while connection.read_head():
            connection.send(answer(CLIP))

    agent.config.set("transfer", per_host=3)
    agent.config.set("workspace stage", ca_file=authority.cert)
    agent.start()
    with Host(serve, authority.context() if tls else None) as host:
        media = [linked(twin, host.url("/%d.mp4" % number), thumbnails=0) for number in range(50)]
        agent.ready_event(*media)
        agent.archived(*media)
        assert len(host.connections) <= 3


# Proxies.

def use_proxy(agent: Agent, url: str) -> None:
    for workspace in ("production", "stage"):
        agent.config.set("workspace " + workspace, proxy=url)
    # What the environment says about proxies is not the agent's business.
    agent.environment["no_proxy"] = agent.environment["NO_PROXY"] = "*"
    agent.environment["http_proxy"] = "http://127.0.0.1:%d" % free_port()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_everything_goes_through_the_proxy(idle_agent: Agent, twin: Twin, scheme: str) -> None:
    agent, asked = idle_agent, []  # type: Agent, list[str]
    authority = Authority(agent.directory)
    for workspace in ("production", "stage"):
        agent.config.set("workspace " + workspace, ca_file=authority.cert)
    names = {"media.nowhere.example": "127.0.0.1"}
    proxy = Host(hosts.http_proxy(asked, "user:p@ss", names),
                 authority.context() if scheme == "https" else None)
    host = Host(hello, authority.context("DNS:media.nowhere.example"))
    use_proxy(agent, "%s://user:p%%40ss@127.0.0.1:%d" % (scheme, proxy.port))
    with proxy, host:
        agent.start()
        plain = twin.add_fastpix(size=300_000)
        tunnelled = linked(twin, host.url(name="media.nowhere.example"), thumbnails=0)
        agent.archive_now(plain, tunnelled)
        assert_whole(agent, plain)
        assert_whole(agent, tunnelled)
        assert "CONNECT media.nowhere.example:%d" % host.port in asked
        through = sum(line.startswith("GET " + twin.url("stream")) for line in asked)
        assert through == len(twin.log.find(host="stream"))
        assert len(twin.log.find(host="api")) == \
            sum(line.startswith("GET " + twin.url("api")) for line in asked)
        assert "p@ss" not in agent.log_text() and "p%40ss" not in agent.log_text()


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_socks_proxies_find_the_names(idle_agent: Agent, twin: Twin, scheme: str) -> None:
    agent, asked = idle_agent, []  # type: Agent, list[str]
    authority = Authority(agent.directory)
    agent.config.set("workspace stage", ca_file=authority.cert)
    proxy = Host(hosts.socks5_proxy(asked, {"media.nowhere.example": "127.0.0.1"}))
    host = Host(hello, authority.context("DNS:media.nowhere.example"))
    use_proxy(agent, "%s://127.0.0.1:%d" % (scheme, proxy.port))
    with proxy, host:
        agent.start()
        media = linked(twin, host.url(name="media.nowhere.example"), thumbnails=0)
        agent.archive_now(media)
        assert_whole(agent, media)
        assert "media.nowhere.example:%d" % host.port in asked


@pytest.mark.parametrize("kind, told", [
    ("dead", "cannot be used"), ("wrong login", "answered 407"), ("unknown", "cannot be found"),
])
def test_a_useless_proxy_is_named_and_never_avoided(
        idle_agent: Agent, twin: Twin, kind: str, told: str) -> None:
    agent = idle_agent
    place = "user:pa55word@127.0.0.1:%d"
    with Host(hosts.http_proxy([], "user:another")) as proxy:
        if kind == "unknown":
            use_proxy(agent, "http://proxy.invalid:3128")
        else:
            use_proxy(agent, "http://" + place % (free_port() if kind == "dead" else proxy.port))
        agent.start()
        media = twin.add_fastpix()
        agent.ready_event(media)
        reason = agent.wait_reason(media, "waiting")
        assert told in reason and "proxy" in reason and "pa55word" not in reason
        assert twin.log.find() == []
        proxy.serve = hosts.http_proxy([], "user:pa55word")
        use_proxy(agent, "http://" + place % proxy.port)
        agent.reload()
        agent.archived(media)


@pytest.mark.parametrize("kind, told", [
    ("refusing", "answered 403 instead of connecting"), ("silent", "cannot be used"),
    ("closing", "cannot be used"),
])
def test_a_proxy_that_makes_no_tunnel(
        idle_agent: Agent, twin: Twin, kind: str, told: str) -> None:
    """It lets the API through, which is plain http here, and not the media."""
    agent = idle_agent
    authority = Authority(agent.directory)
    good = hosts.http_proxy([])

    def serve(connection: Connection) -> None:
        if connection.sock.recv(1, socket.MSG_PEEK) != b"C" or mended:
            good(connection)
            return
        connection.read_head()
        if kind == "refusing":
            connection.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        elif kind == "silent":
            connection.read_head()

    mended: list[bool] = []
    agent.config.set("transfer", connect_timeout="500ms")
    agent.config.set("workspace stage", ca_file=authority.cert)
    with Host(serve) as proxy, Host(hello, authority.context()) as host:
        use_proxy(agent, "http://127.0.0.1:%d" % proxy.port)
        agent.start()
        media = linked(twin, host.url(), thumbnails=0)
        agent.ready_event(media)
        assert told in agent.wait_reason(media, "waiting")
        assert host.connections == []
        mended.append(True)
        agent.archived(media)
        assert_whole(agent, media)
