"""Stopping while something is on its way: nothing is lost, and nothing outlives what it needs."""
from __future__ import annotations

import os
import signal
import socket
import sqlite3
from contextlib import contextmanager
from typing import Iterator

import pytest

import signing
import twin as tw
from agentctl import SLOWNESS, Agent, wait_until
from twin import Twin


@contextmanager
def busy_store(agent: Agent) -> Iterator[None]:
    """Another process writes to the database: the agent's commits wait."""
    other = sqlite3.connect(agent.state, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def begin_stop(agent: Agent) -> None:
    assert agent.process is not None
    agent.process.send_signal(signal.SIGTERM)


def came_round(agent: Agent) -> None:
    """The agent's loop has seen all that reached it before."""
    for _ in range(3):
        agent.admin("/healthz")


def send_delivery(agent: Agent, body: bytes) -> socket.socket:
    """Send it whole, and leave it to the caller to wait for the answer."""
    name, value = signing.signature("fastpix", tw.FASTPIX_HOOK_SECRET, body)
    client = socket.create_connection(("127.0.0.1", agent.port), 10 * SLOWNESS)
    client.sendall(b"POST /hooks/production HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   b"%s: %s\r\nContent-Length: %d\r\n\r\n%s"
                   % (name.encode(), value.encode(), len(body), body))
    return client


@pytest.mark.slow
def test_a_delivery_that_the_store_keeps_waiting(agent: Agent, twin: Twin) -> None:
    """The agent gives up waiting for the commit; when it comes all the same, it counts."""
    media = twin.add_fastpix()
    with busy_store(agent):
        client = send_delivery(agent, twin.event(media, "video.media.ready"))
        came_round(agent)
        begin_stop(agent)
        assert client.recv(100) == b"", "no answer: it may not have been kept"
        client.close()
    agent.stop()
    agent.start()
    agent.archived(media)


def test_a_sweep_whose_page_is_being_stored(agent: Agent, twin: Twin) -> None:
    media = [twin.add_fastpix(str(number)) for number in range(60)]
    agent.archive_now(media[0])
    twin.delete(media[0])
    sin = twin.sin("/v1/on-demand", "stall", after=1, count=1)
    assert twin.deliver("fastpix", twin.nameless_deletion()).status == 200
    sin.wait_reached()
    with busy_store(agent):
        sin.release()
        twin.log.wait_for(lambda log: [entry for entry in log.find("/v1/on-demand")
                                       if entry.path == "/v1/on-demand" and entry.done],
                          "the page to be sent")
        came_round(agent)
        begin_stop(agent)
        wait_until(lambda: not agent.socket.exists(), 10, "the listeners to close")
    agent.stop()
    agent.start()
    agent.wait_state(media[0], "deleted")


@pytest.mark.parametrize("platform", ["fastpix", "optiview"])
def test_in_the_middle_of_everything(agent: Agent, twin: Twin, platform: str) -> None:
    """Downloads, removals and API calls at once; a reload on the way; again and again."""
    media: list[tw.Media] = [twin.add_fastpix(str(number)) if platform == "fastpix"
                             else twin.add_optiview(name=str(number)) for number in range(12)]
    for kept in media[::2]:
        agent.ready_event(*media)
        twin.delete(kept)
        agent.deleted_event(kept)
        agent.reload()
        if "thread" in os.environ.get("SANITIZERS", ""):
            # Its runtime puts signals off, and may call libuv's handler of the second from
            # within that of the first, where it waits for itself.
            came_round(agent)
        agent.stop()
        agent.start()
    agent.wait_states({agent.name(item): "deleted" if item in media[::2] else "archived"
                       for item in media})
    assert agent.staged() == []
