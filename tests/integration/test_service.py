"""As a service: what the manager is told, the sandbox, and restarts that nobody notices."""
from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from collections import Counter
from typing import Iterator

import pytest

import signing
import twin as tw
from agentctl import BUILD, SLOWNESS, Agent, wait_until
from fastpix import FastpixMedia
from twin import Twin

# Hands over descriptor argv[1] as systemd does, and becomes the program.
_HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")
def test_the_sandbox() -> None:
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                           "--threshold=20", str(BUILD / "etc" / "vodkeep.service")],
                          capture_output=True, text=True)
    assert done.returncode == 0, "exposed by more than 2.0:\n%s%s" % (done.stdout[-300:], done.stderr)


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, agent: Agent) -> None:
        path = str(agent.directory / "notify")
        self.told: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        threading.Thread(target=self._listen, daemon=True).start()
        agent.environment["NOTIFY_SOCKET"] = path

    def _listen(self) -> None:
        while True:
            self.told.append(self._socket.recv(4096).decode())

    def wait(self, text: str, count: int = 1) -> None:
        wait_until(lambda: sum(text in told for told in self.told) >= count, 15,
                   "%s, %d times" % (text, count), lambda: self.told)


def test_what_the_manager_is_told(idle_agent: Agent) -> None:
    manager = Manager(idle_agent)
    idle_agent.environment["WATCHDOG_USEC"] = "100000"
    agent = idle_agent.start()
    manager.wait("READY=1\nSTATUS=")
    manager.wait("WATCHDOG=1", 3)
    agent.reload()
    manager.wait("RELOADING=1\nMONOTONIC_USEC=")
    begun = next(i for i, told in enumerate(manager.told) if "RELOADING=1" in told)
    wait_until(lambda: any(told.startswith("READY=1") for told in manager.told[begun:]), 10,
               "READY=1 after it", lambda: manager.told)
    agent.stop()
    manager.wait("STOPPING=1")
    assert manager.told[-1] == "STOPPING=1" or "WATCHDOG=1" in manager.told[-1]


@pytest.fixture
def held(idle_agent: Agent) -> Iterator[Agent]:
    """An agent whose receiver's address is held by the service manager."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", idle_agent.port))
        listener.listen(1024)
        idle_agent.prefix = [sys.executable, "-c", _HAND_OVER, str(listener.fileno())]
        idle_agent.pass_fds = (listener.fileno(),)
        yield idle_agent


class Load:
    """Sends each delivery once on a connection of its own; nothing is sent again."""

    def __init__(self, agent: Agent, bodies: list[bytes], secret: str) -> None:
        self.answers: Counter[object] = Counter()
        self._agent, self._secret = agent, secret
        self._bodies, self._lock = iter(bodies), threading.Lock()
        self._threads = [threading.Thread(target=self._send) for _ in range(4)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        while True:
            with self._lock:
                body = next(self._bodies, None)
            if body is None:
                return
            name, value = signing.signature("fastpix", self._secret, body)
            try:
                answer: object = self._agent.post("/hooks/production", body, {name: value}).status
            except OSError as error:
                answer = repr(error)
            with self._lock:
                self.answers[answer] += 1

    def sent(self) -> int:
        return sum(self.answers.values())

    def wait_sent(self, count: int) -> None:
        wait_until(lambda: self.sent() >= count, 60, "%d answers" % count, lambda: self.answers)

    def end(self) -> None:
        for thread in self._threads:
            thread.join(60 * SLOWNESS)


def many(twin: Twin, count: int) -> list[FastpixMedia]:
    return [twin.add_fastpix("Clip %d" % i) for i in range(count)]


def archived_once(agent: Agent, twin: Twin, media: list[FastpixMedia]) -> None:
    agent.wait_states({agent.name(item): "archived" for item in media}, 90)
    assert len(agent.videos()) == len(media)
    assert not agent.staged()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["restart", "reload"])
def test_nothing_is_lost_or_doubled(held: Agent, twin: Twin, how: str) -> None:
    """Under load, with the address held: every delivery is answered 200."""
    agent, media = held.start(), many(twin, 150)
    bodies = [twin.event(item, "video.media.ready") for item in media]
    load = Load(agent, bodies, tw.FASTPIX_HOOK_SECRET)
    for part in (30, 60, 90):
        load.wait_sent(part)
        agent.restart() if how == "restart" else agent.reload()
    load.end()
    assert load.answers == {200: len(media)}
    archived_once(agent, twin, media)


@pytest.mark.slow
def test_kill_loses_nothing_that_was_answered(held: Agent, twin: Twin) -> None:
    """What was not answered is lost to OptiView, and sent again by FastPix; here by the test."""
    agent, media = held.start(), many(twin, 150)
    bodies = [twin.event(item, "video.media.ready") for item in media]
    load = Load(agent, bodies, tw.FASTPIX_HOOK_SECRET)
    for part in (40, 80):
        load.wait_sent(part)
        agent.kill9()
        agent.start()
    load.end()
    assert load.answers[200] >= len(media) - 8, load.answers  # 4 senders, 2 kills
    known = agent.assets()
    assert len(known) >= load.answers[200], "answered, and not there"
    again = Load(agent, bodies, tw.FASTPIX_HOOK_SECRET)
    again.end()
    assert again.answers == {200: len(media)}
    archived_once(agent, twin, media)
