"""The dashboard's way in and its routes, asked without a browser."""
from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import socket
import urllib.parse
from typing import Any, Iterator

import pytest

import signing
import twin as tw
from agentctl import Agent, wait_until
from twin import Twin

PASSWORD = "dashboard-password"


class Visitor:
    """Somebody at admin.listen, with a cookie and a token as a page would have them."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.headers: dict[str, str] = {}

    def ask(self, path: str, method: str = "GET", body: Any = None, **more: str) -> signing.Answer:
        headers = {**self.headers, **{name.replace("_", "-"): value for name, value in more.items()}}
        text = None if body is None else json.dumps(body).encode()
        return self.agent.admin(path, method, headers, text)

    def log_in(self, password: str = PASSWORD) -> signing.Answer:
        answer = self.ask("/api/v1/login", "POST", {"password": password})
        if answer.status == 200:
            self.headers["Cookie"] = answer.headers["set-cookie"].split(";")[0]
            self.learn_token()
        return answer

    def learn_token(self) -> None:
        self.headers["X-Vodkeep-Token"] = json.loads(self.ask("/api/v1/session").body)["token"]

    def post(self, path: str, body: Any = None, **more: str) -> int:
        return self.ask(path, "POST", body, **more).status


@pytest.fixture
def visitor(agent: Agent) -> Visitor:
    return Visitor(agent)


@pytest.fixture
def guarded(idle_agent: Agent) -> Visitor:
    """Of an agent with a password."""
    idle_agent.config.set("admin", password=PASSWORD)
    return Visitor(idle_agent.start())


def content(agent: Agent, media: tw.Media, key: str = "video", more: str = "") -> str:
    return "/api/v1/assets/%s/content?key=%s%s" % (agent.name(media), key, more)


# The page.

def test_the_page_is_whole_and_strict(visitor: Visitor) -> None:
    page = visitor.ask("/")
    assert page.status == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    text = page.body.decode()
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", text), "nothing inline"
    assert not re.search(r"(src|href)=\"(?!/|#)", text), "nothing from outside"
    seen, todo = set(), set(re.findall(r'(?:src|href)="(/web/[^"]+)"', text))
    while todo:
        path = todo.pop()
        seen.add(path)
        answer = visitor.ask(path)
        assert answer.status == 200, path
        if path.endswith(".js"):
            assert answer.headers["content-type"].startswith("text/javascript")
            todo |= {"/web/" + name for name in re.findall(r'from "\./([^"]+)"', answer.body.decode())} - seen
            assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|https?:", answer.body.decode())
    assert len(seen) > 8
    assert visitor.ask("/web/nothing.js").status == 404
    assert visitor.ask("/web/..%2fadmin.c").status == 404


def test_what_has_not_changed_is_not_sent_again(visitor: Visitor) -> None:
    first = visitor.ask("/web/style.css")
    again = visitor.ask("/web/style.css", If_None_Match=first.headers["etag"])
    assert again.status == 304 and again.body == b""
    assert visitor.ask("/web/style.css", If_None_Match='"other"').status == 200


# The archive.

def test_the_archive_is_searched_and_paged(visitor: Visitor, twin: Twin) -> None:
    agent = visitor.agent
    media = [twin.add_fastpix("Goal %d" % number) for number in range(5)]
    other = twin.add_optiview(name="100% sure", type="clip")
    agent.archive_now(*media, other)

    def titles(**asked: str) -> list[str]:
        found = json.loads(visitor.ask("/api/v1/assets?" + urllib.parse.urlencode(asked)).body)
        return sorted(asset["title"] for asset in found["assets"])

    assert titles(q="goal") == ["Goal %d" % number for number in range(5)]
    assert titles(q="goal", workspace="stage") == []
    assert titles(q="100%") == ["100% sure"] and titles(q="1%0") == [] and titles(q="_") == []
    assert titles(q=media[2].id[:9]) == ["Goal 2"]
    assert titles(type="clip") == ["100% sure"]
    assert titles(q="goal", state="archived", type="video") == titles(q="goal")
    assert titles(q="goal", state="failed") == []
    assert titles(**{"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z", "q": "goal"}) == titles(q="goal")
    assert titles(**{"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}) == []
    pages: list[str] = []
    before = ""
    while before is not None:
        page = json.loads(visitor.ask("/api/v1/assets?q=goal&limit=2&before=%s" % before).body)
        pages += [asset["title"] for asset in page["assets"]]
        before = page["next"]
    assert sorted(pages) == titles(q="goal") and len(pages) == 5
    shown = json.loads(visitor.ask("/api/v1/assets?q=sure").body)["assets"][0]
    assert shown["thumbnail"] == "thumbnail.1" and shown["duration"] > 0
    for wrong in ("from=soon", "to=soon", "q=" + "x" * 300):
        assert visitor.ask("/api/v1/assets?" + wrong).status == 400


# Watching.

def test_media_is_sent_by_ranges(visitor: Visitor, twin: Twin) -> None:
    agent = visitor.agent
    media = twin.add_fastpix("Goal <b>", size=3 << 20)
    agent.archive_now(media)
    path = content(agent, media)
    data = agent.video(media).read_bytes()
    whole = visitor.ask(path)
    assert whole.status == 200 and whole.body == data
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-disposition"].startswith("inline; filename*=UTF-8''Goal")
    assert whole.headers["etag"] == '"%s"' % hashlib.sha256(data).hexdigest()
    size = len(data)
    for asked, first, last in (("0-0", 0, 0), ("100-299999", 100, 299999), ("%d-" % (size - 5), size - 5, size - 1),
                               ("-7", size - 7, size - 1), ("0-%d" % (10 * size), 0, size - 1)):
        part = visitor.ask(path, Range="bytes=" + asked)
        assert part.status == 206, asked
        assert part.headers["content-range"] == "bytes %d-%d/%d" % (first, last, size)
        assert part.body == data[first:last + 1]
    beyond = visitor.ask(path, Range="bytes=%d-" % size)
    assert beyond.status == 416 and beyond.headers["content-range"] == "bytes */%d" % size
    assert visitor.ask(path, Range="bytes=0-9", If_Range=whole.headers["etag"]).status == 206
    assert visitor.ask(path, Range="bytes=0-9", If_Range='"old"').status == 200
    assert visitor.ask(path, If_None_Match=whole.headers["etag"]).status == 304
    head = visitor.ask(path, "HEAD")
    assert head.status == 200 and head.headers["content-length"] == str(size) and head.body == b""
    saved = visitor.ask(path + "&download=yes")
    assert saved.headers["content-disposition"].startswith("attachment")
    sidecar = visitor.ask(content(agent, media, "metadata"))
    assert sidecar.headers["content-type"] == "application/octet-stream"
    assert sidecar.headers["content-disposition"].startswith("attachment")


def test_only_the_assets_own_files_are_sent(visitor: Visitor, twin: Twin) -> None:
    agent = visitor.agent
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    for key in ("", "nothing", "..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", ".vodkeep%2farchive-id"):
        assert visitor.ask(content(agent, media, key)).status == 404, key
    assert visitor.ask("/api/v1/assets/production/none/content?key=video").status == 404
    files = "/api/v1/assets/%s/files/" % agent.name(media)
    assert visitor.ask(files + urllib.parse.quote(agent.video(media).name)).body == agent.video(media).read_bytes()
    for name in ("nothing", "archive-id", "..%2f..%2fstate.db", "%2e%2e"):
        assert visitor.ask(files + name).status == 404, name
    video = agent.video(media)
    good = video.read_bytes()
    video.write_bytes(good[:-1])
    damaged = visitor.ask(content(agent, media))
    assert damaged.status == 404 and b"verify" in damaged.body
    video.unlink()
    video.symlink_to("/etc/passwd")
    assert visitor.ask(content(agent, media)).status in (404, 503)
    video.unlink()
    assert visitor.ask(content(agent, media)).status == 404


def test_who_does_not_take_a_file_holds_nothing_up(visitor: Visitor, twin: Twin) -> None:
    """Many that stop reading in the middle; the agent goes on, and ends in time."""
    agent = visitor.agent
    media = twin.add_fastpix("Goal", size=24 << 20)
    agent.archive_now(media)
    sockets = []
    for _ in range(20):
        one = socket.create_connection(("127.0.0.1", agent.admin_port))
        one.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % content(agent, media).encode())
        sockets.append(one)
    for one in sockets:
        assert one.recv(4096).startswith(b"HTTP/1.1 200")
    agent.archive_now(twin.add_fastpix("Another"))
    for one in sockets[:10]:
        one.close()
    assert visitor.ask("/healthz").status == 200
    agent.stop()
    for one in sockets[10:]:
        one.close()


# What is new.

class Events:
    """The stream of /api/v1/events."""

    def __init__(self, agent: Agent) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", agent.admin_port, timeout=30)
        self.connection.request("GET", "/api/v1/events")
        self.answer = self.connection.getresponse()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while True:
            line = self.answer.readline()
            if not line:
                return
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


def test_progress_is_told_as_it_happens(visitor: Visitor, twin: Twin) -> None:
    agent = visitor.agent
    events = Events(agent)
    assert events.answer.headers["content-type"] == "text/event-stream"
    told = iter(events)
    first = next(told)
    assert first["assets"]["archived"] == 0 and "uptime_seconds" not in first
    media = twin.add_fastpix("Goal", size=4 << 20)
    slow = twin.sin("/%s/capped-4k.mp4" % media.playback_id, "slow", rate=1 << 20)
    agent.ready_event(media)
    seen = [next(transfer["bytes"] for transfer in event["transfers"]) for event in
            (next(event for event in told if event["transfers"]) for _ in range(2))]
    assert seen == sorted(seen) and seen[1] > seen[0]
    assert slow.hits
    assert next(event for event in told if event["assets"]["archived"] == 1)
    events.close()


def test_looking_on_is_bounded_and_ends_with_the_agent(visitor: Visitor) -> None:
    agent = visitor.agent
    watchers = [Events(agent) for _ in range(32)]
    assert visitor.ask("/api/v1/events").status == 503
    assert visitor.ask("/api/v1/status").status == 200
    for watcher in watchers[16:]:
        watcher.close()
    # The places of those who went are free after the next sign of life.
    wait_until(lambda: joins(agent), 40, "a free place")
    agent.stop()
    for watcher in watchers[:16]:
        with pytest.raises(http.client.IncompleteRead):
            watcher.answer.read()
        watcher.close()


def joins(agent: Agent) -> bool:
    events = Events(agent)
    events.close()
    return events.answer.status == 200


# Who may.

def test_changes_need_the_pages_token(visitor: Visitor, twin: Twin) -> None:
    agent = visitor.agent
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    hold = "/api/v1/assets/%s/hold" % agent.name(media)
    host = "http://127.0.0.1:%d" % agent.admin_port
    assert visitor.post(hold) == 403
    assert visitor.post(hold, X_Vodkeep_Token="0" * 64) == 403
    visitor.learn_token()
    for name, value in (("Origin", "http://evil.example"), ("Origin", "null"),
                        ("Origin", "http://localhost:%d" % agent.admin_port),
                        ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"),
                        ("Host", "evil.example")):
        assert visitor.post(hold, **{name: value}) == 403, value
    assert agent.show(media)["held"] is False
    assert visitor.post(hold, Origin=host, Sec_Fetch_Site="same-origin") == 200
    assert agent.show(media)["held"] is True
    assert visitor.post("/api/v1/backup", {"file": "/tmp/never.db"}) == 403
    # Nor may another site's page read, or show, anything.
    for path in ("/api/v1/status", "/api/v1/session", "/api/v1/events", content(agent, media)):
        assert visitor.ask(path, Sec_Fetch_Site="cross-site").status == 403, path
        assert visitor.ask(path, Host="evil.example").status == 403, path
    assert visitor.ask("/api/v1/status").headers["cross-origin-resource-policy"] == "same-origin"


def test_all_that_a_page_can_do(visitor: Visitor, twin: Twin) -> None:
    agent = visitor.agent
    media, other = twin.add_fastpix("Goal"), twin.add_fastpix("Fetched")
    agent.archive_now(media)
    visitor.learn_token()
    asset = "/api/v1/assets/" + agent.name(media)
    assert visitor.post(asset + "/hold") == 200 and visitor.post(asset + "/remove") == 409
    assert visitor.post(asset + "/unhold") == 200 and visitor.post(asset + "/remove") == 200
    agent.wait_state(media, "deleted")
    assert visitor.post("/api/v1/pause") == 200
    assert agent.status()["paused"] is True
    assert visitor.post("/api/v1/resume") == 200
    assert visitor.post("/api/v1/fetch", {"workspace": "production", "ids": [media.id, other.id]}) == 200
    agent.archived(media, other)
    assert visitor.post(asset + "/retry") == 200
    assert visitor.post("/api/v1/retry-failed") == 200
    assert visitor.post("/api/v1/reconcile", {"dry_run": True}) == 200


def test_strangers_see_the_login_page_alone(guarded: Visitor) -> None:
    way = guarded.ask("/")
    assert way.status == 303 and way.headers["location"] == "/login"
    assert guarded.ask("/login").status == guarded.ask("/web/style.css").status == 200
    for path in ("/api/v1/status", "/api/v1/session", "/api/v1/events", "/api/v1/assets", "/metrics",
                 "/api/v1/assets/production/x/content?key=video", "/nowhere"):
        assert guarded.ask(path).status == 401, path
    assert guarded.post("/api/v1/pause") == 401
    # A page's own questions must not make the browser ask for a password of its own.
    assert "www-authenticate" not in guarded.ask("/api/v1/session").headers
    assert "www-authenticate" in guarded.ask("/metrics").headers
    # The socket is guarded by its file.
    assert guarded.agent.cli("status", json=True).json["paused"] is False


def test_logging_in_and_out(guarded: Visitor) -> None:
    assert guarded.log_in("wrong").status == 401
    assert guarded.ask("/api/v1/login", "POST", {"password": PASSWORD}, Origin="http://evil.example").status == 403
    answer = guarded.log_in()
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    assert PASSWORD not in answer.body.decode() + cookie
    assert guarded.ask("/").status == 200 and guarded.ask("/api/v1/status").status == 200
    assert guarded.post("/api/v1/pause") == 200
    other = Visitor(guarded.agent)
    other.log_in()
    # A token belongs to its session.
    assert guarded.post("/api/v1/resume", X_Vodkeep_Token=other.headers["X-Vodkeep-Token"]) == 403
    assert guarded.post("/api/v1/logout") == 200
    assert guarded.ask("/api/v1/status").status == 401
    assert other.ask("/api/v1/status").status == 200
    # A new password ends what was got with the old one.
    guarded.agent.config.set("admin", password="another-password")
    guarded.agent.reload()
    wait_until(lambda: other.ask("/api/v1/status").status == 401, 10, "the session to end")
    assert other.log_in("another-password").status == 200


def test_programs_send_the_password_themselves(guarded: Visitor) -> None:
    def basic(password: str) -> str:
        return "Basic " + base64.b64encode(("x:" + password).encode()).decode()

    assert guarded.ask("/metrics", Authorization=basic("wrong")).status == 401
    for _ in range(3):
        assert guarded.ask("/metrics", Authorization=basic(PASSWORD)).status == 200
    program = Visitor(guarded.agent)
    program.headers["Authorization"] = basic(PASSWORD)
    assert program.post("/api/v1/pause") == 403
    program.learn_token()
    assert program.post("/api/v1/pause") == 200


def test_guessing_is_slowed_and_told(guarded: Visitor) -> None:
    for _ in range(5):
        assert guarded.log_in("guess").status == 401
    refused = guarded.log_in()
    assert refused.status == 429 and int(refused.headers["retry-after"]) > 0
    assert b"try again in" in refused.body
    assert "a wrong password for the dashboard came from 127.0.0.1" in guarded.agent.log_text()
    assert PASSWORD not in guarded.agent.log_text() and "guess" not in guarded.agent.log_text()
    # Who is in stays in, and the loop was never held up.
    assert guarded.agent.cli("status", json=True).json["paused"] is False
