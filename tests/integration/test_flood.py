"""Many deliveries at once, twice, and out of order: each asset once, in the right state."""
from __future__ import annotations

import itertools
import random
import threading
import time

import pytest

import signing
import twin as tw
from agentctl import SLOWNESS, Agent
from fastpix import FastpixMedia
from twin import Twin

SENDERS = 64


def send_all(agent: Agent, deliveries: list[tuple[str, str, str, bytes]]) -> list[int]:
    """Deliver from many connections at once; returns the statuses."""
    queue = iter(deliveries)
    lock = threading.Lock()
    statuses: list[int] = []

    def sender() -> None:
        connection = signing.connect(agent.url("/"), timeout=30)
        while True:
            with lock:
                item = next(queue, None)
            if item is None:
                break
            platform, path, secret, body = item
            name, value = signing.signature(platform, secret, body)
            connection.request("POST", path, body, {"Content-Type": "application/json", name: value})
            answer = connection.getresponse()
            answer.read()
            with lock:
                statuses.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=sender) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60 * SLOWNESS)
    return statuses


def shuffled(deliveries: list[tuple[str, str, str, bytes]]) -> list[tuple[str, str, str, bytes]]:
    """One in ten changes places with any other."""
    chance = random.Random(42)
    result = list(deliveries)
    for at in range(0, len(result), 10):
        other = chance.randrange(len(result))
        result[at], result[other] = result[other], result[at]
    return result


@pytest.mark.slow
def test_a_thousand_deliveries(idle_agent: Agent, twin: Twin) -> None:
    """250 assets, two events each, each delivered twice; every fifth is deleted as well."""
    idle_agent.config.set("agent", log_level="info")
    idle_agent.config.set("rule all", fetch="video, metadata")
    for workspace in twin.workspaces:
        idle_agent.config.set("workspace " + workspace, max_delete="1000, 100%")
    agent = idle_agent.start()
    events: list[tuple[str, str, str, bytes]] = []
    expected: dict[str, str] = {}
    media: list[tw.Media] = []
    for number in range(250):
        fastpix = number % 2 == 0
        item: tw.Media = (twin.add_fastpix("Clip %d" % number) if fastpix
                          else twin.add_optiview(name="Clip %d" % number))
        media.append(item)
        deleted = number % 5 == 0
        if deleted:
            twin.delete(item)
        expected[agent.name(item)] = "deleted" if deleted else "archived"
        first, second = (("video.media.ready", "video.media.deleted") if deleted
                         else ("video.media.created", "video.media.ready"))
        if not fastpix:
            first, second = ("completed", "deleted") if deleted else ("processing", "completed")
        for kind in (first, second):
            events.append(("fastpix" if fastpix else "optiview",
                           "/hooks/production" if fastpix else "/hooks/stage",
                           tw.FASTPIX_HOOK_SECRET if fastpix else tw.OPTIVIEW_HOOK_SECRET,
                           twin.event(item, kind)))
    deliveries = shuffled(list(itertools.chain.from_iterable((e, e) for e in events)))
    assert len(deliveries) == 1000
    begin = time.monotonic()
    statuses = send_all(agent, deliveries)
    assert statuses.count(200) == 1000
    agent.wait_states(expected, timeout=50)
    assert time.monotonic() - begin < 50 * SLOWNESS
    for item in media:
        path = ("/%s/capped-4k.mp4" % item.playback_id if isinstance(item, FastpixMedia)
                else "/dkxfvY/%s/" % item.id)
        wanted = 1 if expected[agent.name(item)] == "archived" else 0
        assert len(twin.log.find(path)) == wanted, agent.name(item)
    assert len(agent.videos()) == 200
    assert len(agent.assets()) == 250 and agent.staged() == []


def test_a_proxy_may_open_many_connections(agent: Agent, twin: Twin) -> None:
    """All senders behind a proxy have one address: none of their connections is closed on them."""
    body = b'{"type":"viewerConnection","event":"NoActiveViewers","timestamp":1727442713604,"data":{}}'
    name, value = signing.signature("optiview", tw.OPTIVIEW_HOOK_SECRET, body)
    connections = [signing.connect(agent.url("/"), timeout=30) for _ in range(200)]
    for connection in connections:
        connection.connect()
    for connection in connections:
        connection.request("POST", "/hooks/stage", body, {"Content-Type": "application/json", name: value})
    assert [connection.getresponse().status for connection in connections] == [200] * len(connections)
    for connection in connections:
        connection.close()


def test_one_event_from_many_connections(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    body = twin.event(media, "video.media.ready")
    delivery = ("fastpix", "/hooks/production", tw.FASTPIX_HOOK_SECRET, body)
    assert send_all(agent, [delivery] * 200).count(200) == 200
    agent.archived(media)
    agent.archive_now(twin.add_fastpix("Barrier"))
    assert len(twin.log.find("/%s/capped-4k.mp4" % media.playback_id)) == 1


@pytest.mark.slow
def test_kill_9_in_the_flood(idle_agent: Agent, twin: Twin) -> None:
    """Everything that was answered with 200 before the kill is there after it."""
    idle_agent.config.set("agent", log_level="info")
    agent = idle_agent.start()
    media = [twin.add_fastpix(str(number)) for number in range(120)]
    answered: list[tw.Media] = []
    lock = threading.Lock()
    enough = threading.Event()
    queue = iter(media)

    def sender() -> None:
        while True:
            with lock:
                item = next(queue, None)
            if item is None:
                return
            try:
                if twin.announce(item, "video.media.created").status != 200:
                    continue
            except OSError:
                continue
            except Exception as error:  # the connection ended in the middle of an answer
                assert "Remote" in type(error).__name__ or "Bad" in type(error).__name__
                continue
            with lock:
                answered.append(item)
                if len(answered) >= 60:
                    enough.set()

    threads = [threading.Thread(target=sender) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert enough.wait(30 * SLOWNESS)
    agent.kill9()
    for thread in threads:
        thread.join(30 * SLOWNESS)
    agent.start()
    agent.wait_states({agent.name(item): "announced" for item in answered})
