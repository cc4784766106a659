"""INTERFACE §4: what is answered to whom, and that a 200 is a promise."""
from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import signing
import twin as tw
from agentctl import SLOWNESS, Agent, wait_until
from content import sample
from test_twin import FASTPIX_DELETED
from tracer import Tracer, tracing_works
from twin import Twin

FASTPIX_PATH, OPTIVIEW_PATH = "/hooks/production", "/hooks/stage"
OPTIVIEW_COMPLETED = (
    b'{"type":"media","event":"completed","timestamp":1725260343575,"data":{"mediaAssetId":'
    b'"e0ca421e3ee748629d073b6991d4d93d","tokenId":1187282,"streamName":"test-record-clip",'
    b'"streamId":"dkxfvY/test-record-clip","startTime":1725259874671,"metadata":{},'
    b'"type":"clip","expiration":1733900336143}}')
PLATFORMS = [("fastpix", FASTPIX_PATH, tw.FASTPIX_HOOK_SECRET),
             ("optiview", OPTIVIEW_PATH, tw.OPTIVIEW_HOOK_SECRET)]
both_platforms = pytest.mark.parametrize("platform, path, secret", PLATFORMS)


def signed(platform: str, secret: str, body: bytes) -> dict[str, str]:
    return dict([signing.signature(platform, secret, body)])


def event_of(twin: Twin, platform: str) -> tuple[tw.Media, bytes]:
    """A new media and its first delivery."""
    media = twin.add_fastpix() if platform == "fastpix" else twin.add_optiview()
    kind = "video.media.created" if platform == "fastpix" else "processing"
    return media, twin.event(media, kind)


def counted(agent: Agent, path: str, what: str) -> int:
    """A count of the workspace as `status` shows it."""
    name = path.rsplit("/", 1)[1]
    return next(int(ws[what]) for ws in agent.status()["workspaces"] if ws["name"] == name)


def send_raw(agent: Agent, data: bytes) -> bytes:
    """Bytes as they are; the head of the answer, "" when the other side just closes."""
    with socket.create_connection(("127.0.0.1", agent.port), 15) as sock:
        answer = b""
        try:
            sock.sendall(data)
            while b"\r\n\r\n" not in answer and (piece := sock.recv(65536)):
                answer += piece
        except ConnectionError:
            pass  # cut off while we were still talking
        return answer


# Signatures.

@pytest.mark.parametrize("path, header, value, body, status", [
    (FASTPIX_PATH, "FastPix-Signature", "J5W/kl5k0AwxQJ3VO7tkvKU9ELag0XllzJRQJt7JOWA=",
     FASTPIX_DELETED.encode(), 200),
    (FASTPIX_PATH, "fastpix-signature", "J5W/kl5k0AwxQJ3VO7tkvKU9ELag0XllzJRQJt7JOWA=",
     FASTPIX_DELETED.encode(), 200),
    (FASTPIX_PATH, "FastPix-Signature", "LkwqmaHCCFP0is8zXrhJnX8tx0gcf4HuZxrrzP+nh34=",
     FASTPIX_DELETED.encode(), 401),
    (OPTIVIEW_PATH, "X-Millicast-Signature", "sha1=6c115a03852872e771b715b7533612513cf888c2",
     OPTIVIEW_COMPLETED, 200),
    (OPTIVIEW_PATH, "X-Millicast-Signature", "6c115a03852872e771b715b7533612513cf888c2",
     OPTIVIEW_COMPLETED, 401),
    (OPTIVIEW_PATH, "X-Millicast-Signature", "sha1=d81bc5639583373cf2dd31d3e4a93fa12fcc32db",
     OPTIVIEW_COMPLETED, 401),
], ids=["fastpix", "fastpix-lower-case-name", "fastpix-secret-not-decoded", "optiview",
        "optiview-without-prefix", "optiview-secret-not-decoded"])
def test_published_vectors(agent: Agent, path: str, header: str, value: str, body: bytes,
                           status: int) -> None:
    assert agent.post(path, body, {header: value}).status == status


@both_platforms
def test_bad_signatures_are_refused_unread(
        agent: Agent, twin: Twin, platform: str, path: str, secret: str) -> None:
    media, body = event_of(twin, platform)
    name, value = signing.signature(platform, secret, body)
    middle = len(value) // 2
    wrong = value[:middle] + ("0" if value[middle] != "0" else "1") + value[middle + 1:]
    for headers in ({}, {name: ""}, {name: wrong}, {name: value[:-1]}, {name: value + "A"},
                    {name: "x" * 4000}, {name + "-Old": value}):
        answer = agent.post(path, body, headers)
        assert answer.status == 401, headers
        assert len(answer.body) < 100
    assert agent.post(path, body + b" ", {name: value}).status == 401
    other = tw.OPTIVIEW_HOOK_SECRET if platform == "fastpix" else tw.FASTPIX_HOOK_SECRET
    assert agent.post(path, body, signed(platform, other, body)).status == 401
    assert agent.state_of(media) is None
    assert agent.post(path, body, {name: value}).status == 200
    agent.wait_state(media, "announced")


@both_platforms
def test_two_signature_headers_are_refused(
        agent: Agent, twin: Twin, platform: str, path: str, secret: str) -> None:
    media, body = event_of(twin, platform)
    name, value = signing.signature(platform, secret, body)
    head = "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n" % (
        path, len(body))
    twice = head + "%s: %s\r\n%s: %s\r\n\r\n" % (name, value, name, value)
    assert send_raw(agent, twice.encode() + body).startswith(b"HTTP/1.1 401")
    assert agent.state_of(media) is None


@both_platforms
def test_rotated_secrets_are_all_accepted(
        idle_agent: Agent, twin: Twin, platform: str, path: str, secret: str) -> None:
    new = "bmV3LXNlY3JldC1vZi10aGUtcm90YXRpb24tMDEyMzQ="
    section = "workspace " + path.rsplit("/", 1)[1]
    idle_agent.config.set(section, webhook_secret="%s, %s" % (secret, new))
    idle_agent.start()
    for key in (secret, new):
        _, body = event_of(twin, platform)
        assert idle_agent.post(path, body, signed(platform, key, body)).status == 200


# Kinds of deliveries.

@both_platforms
def test_duplicates_are_answered_alike(
        agent: Agent, twin: Twin, platform: str, path: str, secret: str) -> None:
    media, body = event_of(twin, platform)
    headers = signed(platform, secret, body)
    assert [agent.post(path, body, headers).status for _ in range(5)] == [200] * 5
    agent.wait_state(media, "announced")
    assert list(agent.assets()) == [agent.name(media)]
    wait_until(lambda: counted(agent, path, "duplicates") == 4, 10, "four counted duplicates",
               agent.status)


def test_url_validation_is_answered_and_forgotten(agent: Agent) -> None:
    for body in (b"", b"{}", b" { } "):
        answer = agent.post(FASTPIX_PATH, body)
        assert answer.status == 200, body
    assert agent.post(FASTPIX_PATH, b'{"a":1}').status == 401
    assert agent.post(FASTPIX_PATH, b"[]").status == 401
    assert agent.post(OPTIVIEW_PATH, b"{}").status == 401, "OptiView has no such probe"
    assert agent.assets() == {}


def test_signed_probes_without_id_or_type(agent: Agent) -> None:
    for value in ({}, {"hello": "world"}, {"workspace": {"id": "x"}}, {"status": "test"}):
        body = json.dumps(value).encode()
        headers = signed("fastpix", tw.FASTPIX_HOOK_SECRET, body)
        assert agent.post(FASTPIX_PATH, body, headers).status == 200, value
    assert agent.assets() == {}


@both_platforms
def test_signed_nonsense_is_a_bad_request(
        agent: Agent, platform: str, path: str, secret: str) -> None:
    bodies = [b"not json", b'{"type":"video.media.ready"', b'"text"', b"\xff\xfe{}",
              b'{"a":' + b"[" * 20000 + b"]" * 20000 + b"}"]
    for body in bodies:
        answer = agent.post(path, body, signed(platform, secret, body))
        assert answer.status == 400, body[:40]
    assert agent.assets() == {}
    wait_until(lambda: counted(agent, path, "rejected") == len(bodies), 10,
               "the rejected to be kept", agent.status)


@pytest.mark.parametrize("ident", ["../../etc/passwd", "a/b", "", "x" * 256, "a b", "é", "."])
def test_ids_that_could_be_paths_are_refused(agent: Agent, twin: Twin, ident: str) -> None:
    media = twin.add_fastpix()
    body = json.loads(twin.event(media, "video.media.ready"))
    body["object"]["id"] = body["data"]["id"] = ident
    raw = json.dumps(body).encode()
    headers = signed("fastpix", tw.FASTPIX_HOOK_SECRET, raw)
    assert agent.post(FASTPIX_PATH, raw, headers).status in (200, 400)
    assert agent.assets() == {}
    assert agent.tree() == set()


def test_another_workspaces_event_is_not_acted_on(agent: Agent, twin: Twin) -> None:
    foreign, own = twin.add_fastpix("Foreign"), twin.add_fastpix("Own")
    agent.deliver(foreign, "video.media.ready", workspace_id="fd9197bb-8cfa-4569-b046-a30fb95e2381")
    agent.archive_now(own)
    assert agent.state_of(foreign) is None
    assert twin.log.find(foreign.id) == []
    assert counted(agent, FASTPIX_PATH, "foreign") == 1


@pytest.mark.parametrize("body", [
    {"type": "feeds", "event": "started", "timestamp": 1638463486489,
     "data": {"feedId": "369e4a86-f937-4254-bd9f-99dc484d2bd6", "name": "s", "active": True}},
    {"type": "transcoder", "event": "ACTIVE", "timestamp": 1724889842678,
     "data": {"transcoderId": "0d09f40-2988-47aa-8ac7-dca04b971cf", "status": "Active"}},
    {"type": "viewerConnection", "event": "ViewerAttempt", "timestamp": 1727442713604,
     "data": {"name": "s", "streamId": "ABC123/s"}},
    {"type": "somethingNew", "event": "happened", "timestamp": 1727442713604, "data": {}},
], ids=lambda body: body["type"])
def test_other_optiview_hooks_are_recorded_only(agent: Agent, twin: Twin, body: dict[str, Any]) -> None:
    assert twin.deliver("optiview", json.dumps(body).encode()).status == 200
    assert agent.assets() == {}


def test_optiview_thumbnail_deliveries(agent: Agent, twin: Twin) -> None:
    image = sample("thumb.jpg").data or b""
    headers = {"Content-Type": "image/jpeg", "x-millicast-timestamp": "1725260343575",
               "x-millicast-feed-id": "369e4a86-f937-4254-bd9f-99dc484d2bd6",
               "x-millicast-stream-id": "dkxfvY/../../escape"}
    assert twin.deliver("optiview", image, headers=headers).status == 200
    vector = bytes.fromhex("ffd8ffe000104a46494600ffd9")
    assert twin.deliver("optiview", vector, headers=headers).status == 200
    unsigned = agent.post(OPTIVIEW_PATH, image, headers)
    assert unsigned.status == 401
    assert agent.assets() == {}


# Limits.

@both_platforms
def test_bodies_over_the_limit(
        idle_agent: Agent, twin: Twin, platform: str, path: str, secret: str) -> None:
    agent = idle_agent
    agent.config.set("receiver", max_body="64K")
    agent.start()
    just_right = b'{"status":"test","fill":"%s"}' % (b"x" * (60 << 10))
    assert agent.post(path, just_right, signed(platform, secret, just_right)).status in (200, 400)
    head = "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" % path
    assert send_raw(agent, head.encode()).startswith(b"HTTP/1.1 413"), "told before the body"
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    chunked = "POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % path
    answer = send_raw(agent, chunked.encode() + chunk * 20 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413"), answer[:60]
    _, body = event_of(twin, platform)
    assert agent.post(path, body, signed(platform, secret, body)).status == 200


@both_platforms
def test_chunked_deliveries_are_fine(
        agent: Agent, twin: Twin, platform: str, path: str, secret: str) -> None:
    media, body = event_of(twin, platform)
    name, value = signing.signature(platform, secret, body)
    pieces = [body[at:at + 50] for at in range(0, len(body), 50)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    head = ("POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
            "%s: %s\r\n\r\n" % (path, name, value))
    assert send_raw(agent, head.encode() + framed).startswith(b"HTTP/1.1 200")
    agent.wait_state(media, "announced")


@pytest.mark.parametrize("method, path, status, allow", [
    ("GET", FASTPIX_PATH, 405, "POST"), ("PUT", FASTPIX_PATH, 405, "POST"),
    ("DELETE", OPTIVIEW_PATH, 405, "POST"), ("POST", "/hooks/nobody", 404, None),
    ("POST", "/hooks/", 404, None), ("POST", "/", 404, None), ("GET", "/metrics", 404, None),
    ("POST", "/hooks/production/more", 404, None), ("POST", "/hooks/..%2Fproduction", 404, None),
])
def test_wrong_methods_and_paths(agent: Agent, method: str, path: str, status: int,
                                 allow: str | None) -> None:
    answer = signing.request(agent.url(path), method, b"{}" if method in ("POST", "PUT") else None)
    assert answer.status == status
    assert answer.headers.get("allow") == allow
    assert len(answer.body) < 100


def test_broken_requests_do_no_harm(agent: Agent, twin: Twin) -> None:
    for data in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n",
                 b"POST /hooks/production HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                 b"POST /hooks/production HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                 b"POST /hooks/production HTTP/1.1\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", agent.port), 10) as sock:
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(4096):
                    pass
            except OSError:
                pass  # it has hung up already, which is fine
    agent.archive_now(twin.add_fastpix())


def test_floods_of_unverified_are_limited_and_signed_ones_are_not(agent: Agent, twin: Twin) -> None:
    statuses = set()
    connection = signing.connect(agent.url("/"))
    for _ in range(3000):
        connection.request("POST", FASTPIX_PATH, b'{"a":1}', {"FastPix-Signature": "bm9uc2Vuc2U="})
        answer = connection.getresponse()
        answer.read()
        statuses.add(answer.status)
        if answer.status == 429:
            break
        if answer.will_close:
            connection = signing.connect(agent.url("/"))
    assert statuses == {401, 429}
    connection.close()
    media = [twin.add_fastpix(str(number)) for number in range(5)]
    agent.archive_now(*media)


@pytest.mark.slow
def test_slow_clients_are_cut_and_hinder_nobody(agent: Agent, twin: Twin) -> None:
    ended: list[float] = []

    def dawdle() -> None:
        with socket.create_connection(("127.0.0.1", agent.port), 30 * SLOWNESS) as sock:
            sock.sendall(b"POST /hooks/production HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            begin = time.monotonic()
            try:
                while sock.recv(4096):
                    pass
            except ConnectionError:
                pass
            ended.append(time.monotonic() - begin)

    threads = [threading.Thread(target=dawdle) for _ in range(8)]
    for thread in threads:
        thread.start()
    agent.archive_now(twin.add_fastpix())
    for thread in threads:
        thread.join(30 * SLOWNESS)
    assert len(ended) == 8 and max(ended) < 25


# Listeners.

def test_unix_socket_listener(idle_agent: Agent, twin: Twin) -> None:
    agent = idle_agent
    path = agent.directory / "hooks.sock"
    agent.config.set("receiver", listen=["127.0.0.1:%d" % agent.port, "unix:%s" % path])
    agent.start()
    media, body = event_of(twin, "fastpix")
    headers = signed("fastpix", tw.FASTPIX_HOOK_SECRET, body)
    answer = signing.request("unix:%s:%s" % (path, FASTPIX_PATH), "POST", body, headers)
    assert answer.status == 200
    agent.wait_state(media, "announced")
    agent.ready_event(media)
    agent.archived(media)
    agent.stop()
    assert not path.exists(), "the socket is removed at the end"


def make_certificate(directory: Path, names: str = "IP:127.0.0.1") -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    cert, key = directory / "tls.crt", directory / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=twin",
         "-addext", "subjectAltName=" + names],
        check=True, capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
    return cert, key


def test_tls_listener(idle_agent: Agent, twin: Twin) -> None:
    agent = idle_agent
    cert, key = make_certificate(agent.directory)
    agent.config.set("receiver", tls_cert=cert, tls_key=key)
    agent.start()
    media, body = event_of(twin, "optiview")
    context = ssl.create_default_context(cafile=str(cert))
    headers = signed("optiview", tw.OPTIVIEW_HOOK_SECRET, body)
    url = agent.url(OPTIVIEW_PATH).replace("http:", "https:")
    assert signing.request(url, "POST", body, headers, context=context).status == 200
    agent.wait_state(media, "announced")
    try:
        plain = signing.request(agent.url(OPTIVIEW_PATH), "POST", body, headers, timeout=5).status
    except (OSError, http.client.HTTPException):
        plain = 0
    assert plain != 200, "no plain HTTP on a TLS listener"


# Durability.

@both_platforms
def test_kill_right_after_the_answer_loses_nothing(
        agent: Agent, twin: Twin, platform: str, path: str, secret: str) -> None:
    media = []
    for _ in range(3):
        for _ in range(7):
            item, body = event_of(twin, platform)
            assert agent.post(path, body, signed(platform, secret, body)).status == 200
            media.append(item)
        agent.kill9()
        agent.start()
        agent.wait_states({agent.name(item): "announced" for item in media})


needs_strace = pytest.mark.skipif(not tracing_works(), reason="strace cannot trace here")


@needs_strace
def test_the_log_is_synced_before_the_answer(agent: Agent, twin: Twin) -> None:
    with Tracer(agent.pid, "fsync,fdatasync,sendto,sendmsg,write,writev,recvfrom,read,recvmsg") as tracer:
        media, body = event_of(twin, "fastpix")
        answer = agent.post(FASTPIX_PATH, body,
                            signed("fastpix", tw.FASTPIX_HOOK_SECRET, body))
        assert answer.status == 200
    calls = tracer.calls()
    asked = next(i for i, call in enumerate(calls) if "POST /hooks/production" in call)
    answered = next(i for i, call in enumerate(calls) if i > asked and "HTTP/1.1 200" in call)
    synced = [call for call in calls[asked:answered]
              if "sync" in call and "state.db" in call and call.rstrip().endswith("= 0")]
    assert synced, "no sync of the store between these:\n" + "\n".join(calls[asked:answered + 1])


@needs_strace
@pytest.mark.parametrize("inject", [
    "fsync,fdatasync:error=EIO", "pwrite64,write,pwritev:error=ENOSPC"], ids=["EIO", "ENOSPC"])
def test_a_store_that_cannot_commit_is_never_a_200(agent: Agent, twin: Twin, inject: str) -> None:
    media, body = event_of(twin, "fastpix")
    headers = signed("fastpix", tw.FASTPIX_HOOK_SECRET, body)
    store = [Path(str(agent.state) + suffix) for suffix in ("", "-wal", "-shm")]
    with Tracer(agent.pid, inject.split(":")[0], inject=inject, paths=store):
        answer = agent.post(FASTPIX_PATH, body, headers)
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) >= 0
    # It was never stored as seen: the platform's second try is the first that counts.
    wait_until(lambda: agent.post(FASTPIX_PATH, body, headers).status == 200, 20,
               "the store to work again")
    agent.wait_state(media, "announced")
    agent.archive_now(media)


def test_answers_do_not_wait_for_the_platform(agent: Agent, twin: Twin) -> None:
    twin.sin("*", "slow-head", host="api", pause=5.0)
    media = [twin.add_fastpix(str(number)) for number in range(20)]
    begin = time.monotonic()
    agent.ready_event(*media)
    assert time.monotonic() - begin < 5 * SLOWNESS
