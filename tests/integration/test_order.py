"""What goes first, who waits for whom, and hosts that do not answer."""
from __future__ import annotations

import json
import re
import threading
from datetime import datetime, timedelta, timezone
from typing import Any, Iterator

import pytest

from agentctl import Agent, wait_until
from fastpix import FastpixMedia
from server import Listener
from test_transfer import assert_whole, downloads, path_of
from twin import Twin

NOBODY = "127.0.0.6"


def metric(agent: Agent, name: str) -> int:
    """The value of a metric, 0 when it is not there yet."""
    text = agent.admin("/metrics").body.decode()
    found = re.search(r"^%s (\d+)$" % re.escape(name), text, re.M)
    return int(found.group(1)) if found else 0


def moves(agent: Agent, move: str) -> int:
    return metric(agent, 'vodkeep_host_moves_total{move="%s"}' % move)


class Absent:
    """A host of the twin that is not there until come()."""

    def __init__(self, twin: Twin, role: str) -> None:
        self.twin, self.role = twin, role
        self.name = "%s:%d" % (NOBODY, twin.hub.port)
        self.url = "http://" + self.name
        self.listener: Listener | None = None

    def come(self) -> None:
        self.listener = Listener((NOBODY, self.twin.hub.port), self.role, self.twin.hub)
        threading.Thread(target=self.listener.serve_forever, args=(0.02,), daemon=True).start()

    def end(self) -> None:
        if self.listener:
            self.listener.shutdown()
            self.listener.server_close()


@pytest.fixture
def stream(twin: Twin) -> Iterator[Absent]:
    absent = Absent(twin, "stream")
    yield absent
    absent.end()


@pytest.fixture
def api(twin: Twin) -> Iterator[Absent]:
    absent = Absent(twin, "api")
    yield absent
    absent.end()


def warning_of(agent: Agent, host: str) -> dict[str, Any]:
    found = [w for w in agent.status()["warnings"] if host in w["text"]]
    return found[0] if found else {}


# Hosts that do not answer.

def test_a_dead_host_burns_no_attempts(idle_agent: Agent, twin: Twin, stream: Absent) -> None:
    """Its assets wait, far longer than retry_for, while other hosts go on."""
    idle_agent.config.set("workspace production", stream_url=stream.url)
    idle_agent.config.set("transfer", retry_for="300ms")
    agent = idle_agent.start()
    media = [twin.add_fastpix(str(number)) for number in range(5)]
    agent.ready_event(*media)
    wait_until(lambda: warning_of(agent, stream.name), 15, "a warning", agent.warnings)
    late = twin.add_fastpix("late")
    agent.ready_event(late)
    agent.archive_now(twin.add_optiview())
    media.append(late)
    wait_until(lambda: moves(agent, "reopened") >= 6, 30, "some probes in vain")
    for item in media:
        reason = agent.wait_reason(item, "waiting")
        assert stream.name + " does not answer since" in reason and "tried again at" in reason
        # Now and then one of them is the probe, and waits for nobody.
        wait_until(lambda: agent.show(item)["waits_for"] == stream.name, 10, "it to wait")
        assert agent.show(item)["attempts"] <= 2
        assert "does not answer since" in agent.story(item)
        wait_until(lambda: "goes on as soon as %s answers" % stream.name in agent.cli(
            "explain", agent.name(item)).out, 10, "explain to say what is next")
    warning = warning_of(agent, stream.name)
    assert warning["since"] and "tried again at" in warning["text"]
    assert metric(agent, "vodkeep_hosts_down") == 1
    stream.come()
    agent.archived(*media)
    wait_until(lambda: not agent.status()["warnings"], 10, "the warning to end", agent.warnings)
    assert metric(agent, "vodkeep_hosts_down") == 0 and moves(agent, "closed") >= 1
    for item in media:
        assert_whole(agent, item)


def test_a_dead_api_holds_up_its_workspace_only(idle_agent: Agent, twin: Twin, api: Absent) -> None:
    idle_agent.config.set("workspace production", api_url=api.url + "/v1")
    idle_agent.config.set("transfer", retry_for="300ms")
    agent = idle_agent.start()
    media = [twin.add_fastpix(str(number)) for number in range(20)]
    agent.ready_event(*media)
    wait_until(lambda: warning_of(agent, api.name), 15, "a warning", agent.warnings)
    agent.archive_now(twin.add_optiview())
    wait_until(lambda: moves(agent, "reopened") >= 6, 30, "some probes in vain")
    states = {agent.state_of(item) for item in media}
    assert states <= {"waiting", "queued", "fetching"}, states
    api.come()
    agent.archived(*media)
    wait_until(lambda: not agent.status()["warnings"], 10, "the warning to end", agent.warnings)


def test_one_request_at_a_time_probes(idle_agent: Agent, twin: Twin) -> None:
    """After the failures that opened it, a host that answers 503 sees its probes only."""
    idle_agent.config.set("transfer", concurrency="1")
    agent = idle_agent.start()
    sin = twin.sin("*", "status", code=503, host="stream")
    media = [twin.add_fastpix(str(number), thumbnail=False) for number in range(8)]
    agent.ready_event(*media)
    wait_until(lambda: moves(agent, "reopened") >= 5, 30, "some probes in vain")
    assert sin.hits <= 3 + moves(agent, "probed")
    twin.forgive()
    agent.archived(*media)


def test_one_bad_file_says_nothing_of_its_host(agent: Agent, twin: Twin) -> None:
    bad = twin.add_fastpix("Bad")
    sin = twin.sin(path_of(bad), "status", code=500)
    agent.ready_event(bad)
    sin.wait_hit(6)
    assert agent.status()["warnings"] == [] and moves(agent, "opened") == 0
    agent.archive_now(twin.add_fastpix("Good"))
    twin.forgive()
    agent.archived(bad)


def test_a_host_for_what_one_can_do_without(idle_agent: Agent, twin: Twin) -> None:
    """A dead host of thumbnails does not keep the videos; the thumbnails come later."""
    pictures = Absent(twin, "images")
    idle_agent.config.set("workspace production", image_url=pictures.url)
    agent = idle_agent.start()
    media = [twin.add_fastpix(str(number)) for number in range(4)]
    try:
        agent.archive_now(*media)
        wait_until(lambda: warning_of(agent, pictures.name), 15, "a warning", agent.warnings)
        wait_until(lambda: moves(agent, "reopened") >= 8, 30, "more probes than are tries")
        pictures.come()
        wait_until(lambda: all("thumbnail" in agent.files(item) for item in media), 20,
                   "the thumbnails", agent.warnings)
    finally:
        pictures.end()


def test_a_restart_and_a_reload_try_anew(idle_agent: Agent, twin: Twin, stream: Absent) -> None:
    idle_agent.config.set("workspace production", stream_url=stream.url)
    idle_agent.config.set("transfer", retry_min="10m", retry_max="10m")
    agent = idle_agent.start()
    media = [twin.add_fastpix(str(number)) for number in range(4)]
    agent.ready_event(*media)
    wait_until(lambda: warning_of(agent, stream.name), 15, "a warning", agent.warnings)
    for item in media:
        agent.wait_reason(item, "waiting")
    agent.restart()
    wait_until(lambda: warning_of(agent, stream.name), 15, "the warning again", agent.warnings)
    agent.config.set("workspace production", stream_url=twin.url("stream"))
    agent.reload()
    agent.cli("retry", *[agent.name(item) for item in media])
    agent.archived(*media)
    assert agent.status()["warnings"] == []


def test_retry_probes_at_once(idle_agent: Agent, twin: Twin, stream: Absent) -> None:
    idle_agent.config.set("workspace production", stream_url=stream.url)
    idle_agent.config.set("transfer", retry_min="10m", retry_max="10m")
    agent = idle_agent.start()
    media = [twin.add_fastpix(str(number)) for number in range(4)]
    agent.ready_event(*media)
    wait_until(lambda: warning_of(agent, stream.name), 15, "a warning", agent.warnings)
    for item in media:
        agent.wait_reason(item, "waiting")
    stream.come()
    agent.cli("retry", agent.name(media[0]))
    resting = [item for item in media if agent.show(item)["waits_for"]]
    agent.archived(media[0], *resting)


def test_deletions_do_not_wait_for_media_hosts(idle_agent: Agent, twin: Twin,
                                               stream: Absent) -> None:
    idle_agent.config.set("workspace production", stream_url=stream.url)
    idle_agent.config.set("transfer", retry_min="10m", retry_max="10m")
    agent = idle_agent.start()
    media = [twin.add_fastpix(str(number)) for number in range(4)]
    agent.ready_event(*media)
    wait_until(lambda: warning_of(agent, stream.name), 15, "a warning", agent.warnings)
    for item in media:
        twin.delete(item)
    agent.deleted_event(*media)
    agent.wait_states({agent.name(item): "deleted" for item in media})


# Order.

def announce(agent: Agent, media: FastpixMedia, **data: Any) -> None:
    told = json.loads(agent.twin.event(media, "video.media.ready"))["data"]
    agent.deliver(media, "video.media.ready", data={**told, **data})


def videos_asked(twin: Twin, titles: dict[str, str]) -> list[str]:
    """Names of media in the order in which their videos were first asked for."""
    asked: list[str] = []
    for entry in twin.log.find():
        name = titles.get(entry.path)
        if name and name not in asked:
            asked.append(name)
    return asked


def test_the_order_of_work(idle_agent: Agent, twin: Twin) -> None:
    """Delivered in the wrong order while paused. The first two are asked about at once, so
    neighbours may change places."""
    agent = idle_agent
    agent.config.set("transfer", concurrency="1")
    agent.config.put("rule vip", "metadata.team", "vip")
    agent.config.put("rule vip", "priority", "5")
    agent.start()
    agent.cli("pause")
    now = datetime.now(timezone.utc)
    made = {
        "dies": twin.add_fastpix("dies", thumbnail=False),
        "vip": twin.add_fastpix("vip", thumbnail=False, metadata={"team": "vip"}),
        "vip, long": twin.add_fastpix("vip long", thumbnail=False, metadata={"team": "vip"}),
        "short": twin.add_fastpix("short", thumbnail=False),
        "an hour": twin.add_fastpix("an hour", thumbnail=False),
        "a day": twin.add_fastpix("a day", thumbnail=False),
    }
    announce(agent, made["a day"], duration="24:00:00")
    announce(agent, made["an hour"], duration="01:00:00")
    announce(agent, made["short"])
    announce(agent, made["vip, long"], duration="10:00:00")
    announce(agent, made["vip"])
    announce(agent, made["dies"], trial=True,
             createdAt=(now - timedelta(hours=20)).isoformat())
    agent.cli("resume")
    agent.archived(*made.values())
    asked = videos_asked(twin, {path_of(item): name for name, item in made.items()})
    assert all(abs(asked.index(name) - place) <= 1 for place, name in enumerate(made)), asked


def test_workspaces_take_turns(idle_agent: Agent, twin: Twin) -> None:
    """Three assets of one workspace among forty of another: not at the end."""
    idle_agent.config.set("transfer", concurrency="1")
    agent = idle_agent.start()
    agent.cli("pause")
    flood = [twin.add_fastpix(str(number), thumbnail=False) for number in range(40)]
    few = [twin.add_optiview(thumbnails=0) for _ in range(3)]
    agent.ready_event(*flood, *few)
    agent.cli("resume")
    agent.archived(*flood, *few)
    names = {path_of(item): "flood %d" % n for n, item in enumerate(flood)}
    names.update({path_of(item): "few" + str(n) for n, item in enumerate(few)})
    asked = videos_asked(twin, names)
    assert all(asked.index("few%d" % n) < 12 for n in range(3)), asked


def test_another_workspaces_long_downloads_are_no_hindrance(idle_agent: Agent,
                                                            twin: Twin) -> None:
    """Every place that one workspace may take is taken for long: another goes on."""
    idle_agent.config.set("transfer", concurrency="4", low_speed="1K/60s")
    agent = idle_agent.start()
    stall = twin.sin("*/capped-4k.mp4", "stall", after=10_000)
    media = [twin.add_fastpix(str(number)) for number in range(30)]
    agent.ready_event(*media)
    stall.wait_hit(3)
    agent.archive_now(twin.add_optiview(), twin.add_optiview())
    assert stall.hits == 3
    stall.release()
    agent.archived(*media)


def test_a_slow_host_does_not_take_every_place(idle_agent: Agent, twin: Twin) -> None:
    """Within one workspace: per_host of them at most, and looks beyond those that wait."""
    idle_agent.config.set("transfer", concurrency="3", per_host="2", low_speed="1K/60s")
    agent = idle_agent.start()
    slow = twin.sin("/dkxfvY/*", "stall", host="store", after=10_000)
    media = [twin.add_optiview(thumbnails=0) for _ in range(12)]
    agent.ready_event(*media)
    slow.wait_hit(2)
    elsewhere = twin.add_fastpix("Elsewhere")
    link = {"downloadUrl": twin.url("stream") + path_of(elsewhere), "downloadExpiresOn": None,
            "url": None}
    quick = twin.add_optiview(thumbnails=0, video=elsewhere.video, fields={"download": link})
    agent.archive_now(quick)
    assert slow.hits == 2
    slow.release()
    agent.archived(*media)
    assert all(len(downloads(twin, item)) == 1 for item in media)
