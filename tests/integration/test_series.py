"""INTERFACE §4, last row: thumbnails of a running stream, kept before they are answered."""
from __future__ import annotations

import os
import re
import socket
import threading

import pytest

import signing
import twin as tw
from agentctl import Agent, wait_until
from content import sample
from tracer import Tracer, tracing_works
from twin import Twin

NAME = "2024-11-22T10-00-00.123Z.jpg"
KEPT = "stage/thumbnails/show/" + NAME
needs_strace = pytest.mark.skipif(not tracing_works(), reason="strace cannot trace here")


def picture(more: bytes = b"") -> bytes:
    return (sample("thumb.jpg").data or b"") + more


def fields(stream: str = "dkxfvY/show", timestamp: str = "1732269600123") -> dict[str, str]:
    return {"Content-Type": "image/jpeg", "x-millicast-stream-id": stream,
            "x-millicast-feed-id": "369e4a86-f937-4254-bd9f-99dc484d2bd6",
            "x-millicast-timestamp": timestamp}


def post(twin: Twin, body: bytes, stream: str = "dkxfvY/show",
         timestamp: str = "1732269600123") -> signing.Answer:
    return twin.deliver("optiview", body, headers=fields(stream, timestamp))


def delivered(agent: Agent, outcome: str) -> int:
    text = agent.admin("/metrics").body.decode()
    found = re.search(r'^vodkeep_deliveries_total\{outcome="%s"\} (\d+)' % outcome, text, re.M)
    return int(found.group(1)) if found else 0


@pytest.fixture
def keeping(idle_agent: Agent) -> Agent:
    """An agent whose rule wants every thumbnail of "show…"; leaks are not looked for,
    since one test ends it while it is traced."""
    asan = os.environ.get("ASAN_OPTIONS", "")
    idle_agent.environment["ASAN_OPTIONS"] = asan + ":detect_leaks=0"
    idle_agent.config.set("rule shows", stream="show*", fetch="video, all_thumbnails")
    return idle_agent.start()


def test_a_wanted_picture_is_kept_once(keeping: Agent, twin: Twin) -> None:
    assert post(twin, picture()).status == 200
    assert (keeping.archive / KEPT).read_bytes() == picture()
    assert post(twin, picture()).status == 200
    assert keeping.tree() == {KEPT}
    assert (delivered(keeping, "image_kept"), delivered(keeping, "duplicate")) == (1, 1)
    assert post(twin, picture(b"another")).status == 200
    assert len(keeping.tree()) == 2, "another picture of the same moment is not lost"
    assert keeping.assets() == {}


def test_an_unwanted_picture_is_only_counted(keeping: Agent, twin: Twin) -> None:
    assert post(twin, picture(), stream="dkxfvY/other").status == 200
    assert delivered(keeping, "image") == 1
    assert keeping.tree() == set()


def test_an_unsigned_picture_is_refused(keeping: Agent) -> None:
    assert keeping.post("/hooks/stage", picture(), fields()).status == 401
    assert keeping.tree() == set()


def test_pictures_have_a_limit_of_their_own(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("receiver", max_body="4K", max_image="32K")
    idle_agent.config.set("rule all", fetch="video, all_thumbnails")
    agent = idle_agent.start()
    assert post(twin, picture(b"x" * 20_000)).status == 200, "more than max_body"
    assert post(twin, picture(b"x" * 40_000)).status == 413
    body = b'{"status":"test","fill":"%s"}' % (b"x" * 20_000)
    assert twin.deliver("optiview", body).status == 413
    assert twin.deliver("fastpix", body, headers=fields()).status == 413, "no pictures there"
    assert agent.tree() == {KEPT}


@pytest.mark.parametrize("stream", [
    "dkxfvY/../../escape", "../../escape", "/etc/passwd", "dkxfvY/.vodkeep/staging/x", "..",
    "dkxfvY/" + "x" * 3000, "dkxfvY/\xff\xfe", "", "dkxfvY/",
], ids=lambda stream: repr(stream[:24]))
def test_headers_never_lead_out(idle_agent: Agent, twin: Twin, stream: str) -> None:
    idle_agent.config.set("rule all", fetch="video, all_thumbnails")
    agent = idle_agent.start()
    assert post(twin, picture(), stream, "../../../../escape").status == 200
    (kept,) = agent.tree()
    assert re.fullmatch(r"stage/thumbnails/[^./][^/]*/20\d\d-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.jpg",
                        kept), kept
    assert {path.name for path in agent.archive.iterdir()} == {".vodkeep", "stage"}


def test_an_archive_that_is_away_is_never_a_200(keeping: Agent, twin: Twin) -> None:
    marker = keeping.archive / ".vodkeep" / "archive-id"
    away = keeping.directory / "archive-id.away"
    marker.rename(away)
    answer = post(twin, picture())
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "thumbnail" in keeping.warnings()
    assert keeping.tree() == set()
    away.rename(marker)
    assert post(twin, picture()).status == 200
    assert "thumbnail" not in keeping.warnings()
    assert delivered(keeping, "image_lost") == 1


def test_without_room_nothing_is_kept(keeping: Agent, twin: Twin) -> None:
    keeping.config.set("transfer", min_free="100%")
    keeping.reload()
    number = iter(range(10 ** 6))
    wait_until(lambda: post(twin, picture(b"%d" % next(number))).status == 503, 20, "a refusal")
    before = keeping.tree()
    assert post(twin, picture(b"last")).status == 503
    assert keeping.tree() == before


@needs_strace
def test_the_picture_is_synced_before_the_answer(keeping: Agent, twin: Twin) -> None:
    calls = "fsync,fdatasync,renameat2,sendto,sendmsg,write,writev,recvfrom,read,recvmsg"
    with Tracer(keeping.pid, calls) as tracer:
        assert post(twin, picture()).status == 200
    done = tracer.calls()
    asked = next(i for i, call in enumerate(done) if "POST /hooks/stage" in call)
    answered = next(i for i, call in enumerate(done) if i > asked and "HTTP/1.1 200" in call)
    steps = [next((i for i, call in enumerate(done[:answered]) if i > asked and re.search(p, call)),
                  None)
             for p in (r"fsync\(.*staging/put-", r"renameat2\(.*" + re.escape(NAME),
                       r"fsync\(.*thumbnails/show>")]
    assert None not in steps and steps == sorted(steps), "\n".join(done[asked:answered + 1])


@needs_strace
def test_a_picture_in_flight_is_finished_before_the_end(keeping: Agent, twin: Twin) -> None:
    answers: list[int] = []
    with Tracer(keeping.pid, "fsync", inject="fsync:delay_enter=400000"):
        client = threading.Thread(target=lambda: answers.append(post(twin, picture()).status))
        client.start()
        staging = keeping.archive / ".vodkeep" / "staging"
        wait_until(lambda: list(staging.glob("put-*")), 10, "the picture to be staged")
        keeping.stop()
        client.join()
    assert answers == [200]
    assert keeping.tree() == {KEPT}


@needs_strace
def test_a_client_that_goes_away_loses_no_picture(keeping: Agent, twin: Twin) -> None:
    name, value = signing.signature("optiview", tw.OPTIVIEW_HOOK_SECRET, picture())
    head = "POST /hooks/stage HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(picture())
    head += "".join("%s: %s\r\n" % field for field in {**fields(), name: value}.items())
    with Tracer(keeping.pid, "fsync", inject="fsync:delay_enter=400000"):
        with socket.create_connection(("127.0.0.1", keeping.port)) as client:
            client.sendall(head.encode() + b"\r\n" + picture())
            staging = keeping.archive / ".vodkeep" / "staging"
            wait_until(lambda: list(staging.glob("put-*")), 10, "the picture to be staged")
        wait_until(lambda: keeping.tree() == {KEPT}, 10, "the picture to be kept")
    wait_until(lambda: delivered(keeping, "image_kept") == 1, 10, "the picture to be counted")
    assert post(twin, picture()).status == 200


@needs_strace
def test_more_at_once_than_can_be_held(keeping: Agent, twin: Twin) -> None:
    """16 are held; the next is told to come later, and the agent goes on."""
    answers: list[int] = []
    with Tracer(keeping.pid, "fsync", inject="fsync:delay_enter=300000"):
        clients = [threading.Thread(target=lambda n=n: answers.append(
            post(twin, picture(b"%d" % n), timestamp=str(1732269600000 + n)).status))
            for n in range(24)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    assert set(answers) == {200, 503}
    assert answers.count(200) == len(keeping.tree()) >= 16
    assert post(twin, picture(b"after")).status == 200
