"""What needs a network and mounts of its own: run by test_network.py, each case in namespaces
where this process may give addresses to the loopback device, name hosts, and mount disks.

The addresses look public and lead nowhere else: nothing outside can be reached from here.
"""
from __future__ import annotations

import contextlib
import errno
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest

import hosts
import twin as tw
from agentctl import Agent, wait_until
from hosts import Authority, BlackHole, Connection, Host
from test_hosts import CLIP, hello, linked
from test_retention import make_older
from test_transfer import assert_whole, downloads, first_byte, path_of
from twin import Twin

PUBLIC, PUBLIC6 = "198.41.0.4", "2001:500:2::c"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


@pytest.fixture
def names(idle_agent: Agent) -> Iterator[dict[str, list[str]]]:
    """Host names and their addresses, in /etc/hosts for the agent once name_hosts() is called."""
    ip("address", "replace", PUBLIC + "/32", "dev", "lo")
    ip("address", "replace", PUBLIC6 + "/128", "dev", "lo", "nodad")
    yield {"localhost": ["127.0.0.1"]}
    subprocess.run(["umount", "/etc/hosts"], check=False, capture_output=True, timeout=10)


def name_hosts(agent: Agent, names: dict[str, list[str]]) -> None:
    file = agent.directory / "hosts"
    file.write_text("".join("%s %s\n" % (address, name)
                            for name, addresses in names.items() for address in addresses))
    subprocess.run(["mount", "--bind", str(file), "/etc/hosts"], check=True, timeout=10)


# Names with several addresses.

def dropped() -> int:
    """How many connection attempts a full queue has swallowed."""
    lines = Path("/proc/net/netstat").read_text(encoding="ascii").splitlines()
    fields = dict(zip(lines[0].split(), lines[1].split()))
    return int(fields["ListenOverflows"])


@pytest.mark.parametrize("broken", ["silent", "refusing"])
@pytest.mark.parametrize("dead, alive", [(PUBLIC6, PUBLIC), (PUBLIC, PUBLIC6)])
def test_one_dead_address_of_two(idle_agent: Agent, twin: Twin, names: dict[str, list[str]],
                                 dead: str, alive: str, broken: str) -> None:
    """Happy Eyeballs: the other family is tried long before connect_timeout."""
    agent = idle_agent
    names["media.test"] = [PUBLIC6, PUBLIC]
    name_hosts(agent, names)
    agent.config.set("transfer", connect_timeout="300s")
    agent.start()
    with Host(hello, address=alive) as host, contextlib.ExitStack() as stack:
        if broken == "silent":
            stack.enter_context(BlackHole(dead, host.port))
        before = dropped()
        media = linked(twin, host.url(name="media.test"), thumbnails=0)
        agent.archive_now(media)
        assert_whole(agent, media)
        if broken == "silent" and dead == PUBLIC6:
            assert dropped() > before, "IPv6 was tried first"


def test_no_address_answers(idle_agent: Agent, twin: Twin, names: dict[str, list[str]]) -> None:
    agent = idle_agent
    names["media.test"] = [PUBLIC6, PUBLIC]
    name_hosts(agent, names)
    agent.config.set("transfer", connect_timeout="500ms")
    agent.start()
    with Host(hello, address=PUBLIC6) as host:
        port = host.port
    with BlackHole(PUBLIC, port), BlackHole(PUBLIC6, port):
        media = linked(twin, host.url(name="media.test"), thumbnails=0)
        agent.ready_event(media)
        assert "media.test" in agent.wait_reason(media, "waiting")
    with Host(hello, address=PUBLIC, port=port):
        agent.archived(media)
        assert_whole(agent, media)


# Private addresses.

@pytest.fixture
def guarded(idle_agent: Agent, twin: Twin, names: dict[str, list[str]]) -> Iterator[Authority]:
    """allow_private = no: the API is reached over TLS at a public address."""
    agent = idle_agent
    authority = Authority(agent.directory)
    names["api.test"] = names["media.test"] = [PUBLIC]
    names["inside.test"] = ["127.0.0.1"]
    names["both.test"] = [PUBLIC, "127.0.0.1"]
    name_hosts(agent, names)
    context = authority.context(
        "DNS:api.test,DNS:media.test,DNS:inside.test,DNS:both.test,IP:127.0.0.1")
    authority.context = lambda *_: context  # type: ignore[method-assign,assignment]
    with Host(hosts.front("127.0.0.1", twin.hub.port), context, PUBLIC) as api:
        agent.config.set("workspace stage", allow_private="no", ca_file=authority.cert,
                         api_url="https://api.test:%d" % api.port)
        yield authority


def redirect_to(url: str) -> hosts.Serve:
    def serve(connection: Connection) -> None:
        connection.read_head()
        connection.send(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n"
                        % url.encode())

    return serve


@pytest.mark.parametrize("target", ["inside.test", "127.0.0.1", "[::ffff:127.0.0.1]",
                                    "2130706433"])
def test_no_redirect_leads_inside(idle_agent: Agent, twin: Twin, guarded: Authority,
                                  target: str) -> None:
    """Each hop's address is checked when it is connected to, whatever it is called."""
    agent = idle_agent.start()
    inside = Host(hello, guarded.context())
    outside = Host(redirect_to(inside.url(name=target)), guarded.context(), PUBLIC)
    with inside, outside:
        good = Host(hello, guarded.context(), PUBLIC)
        with good:
            fine = linked(twin, good.url(name="media.test"), thumbnails=0)
            agent.archive_now(fine)
        media = linked(twin, outside.url(name="media.test"), thumbnails=0)
        agent.ready_event(media)
        reason = agent.wait_reason(media, "failed")
        assert "not a public address" in reason and "127.0.0.1" in reason
        assert inside.connections == []


def test_a_name_with_a_private_address_beside_a_dead_one(
        idle_agent: Agent, twin: Twin, guarded: Authority) -> None:
    """The private address is not a way out, nor the reason why the public one failed."""
    agent = idle_agent.start()
    with Host(hello, guarded.context()) as inside:
        media = linked(twin, inside.url(name="both.test"), thumbnails=0)
        agent.ready_event(media)
        assert "public address" not in agent.wait_reason(media, "waiting")
        assert inside.connections == []
        with Host(hello, guarded.context(), PUBLIC, inside.port):
            agent.archived(media)
            assert_whole(agent, media)
            assert inside.connections == []


# A small disk.

@pytest.fixture
def small_disk(idle_agent: Agent) -> Iterator[Path]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "disk", str(idle_agent.archive)],
                   check=True, timeout=10)
    yield idle_agent.archive
    if idle_agent.alive():
        idle_agent.stop()
    subprocess.run(["umount", str(idle_agent.archive)], check=True, timeout=10)


def fill(file: Path) -> None:
    """Write until the disk is full to the last block."""
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(b"x" * 4096)
        except OSError as error:
            assert error.errno == errno.ENOSPC


def test_a_disk_that_fills_up_meanwhile(idle_agent: Agent, twin: Twin, small_disk: Path) -> None:
    """Everything pauses, nothing fails, and it goes on from the bytes that were held."""
    agent = idle_agent
    agent.config.set("transfer", min_free="64K", low_speed="1K/30s")
    agent.start()
    media: tw.Media = twin.add_fastpix(size=6 << 20)
    stall = agent.stall(media, path_of(media), after=3 << 20, count=1)
    wait_until(lambda: any(part.stat().st_size >= 2 << 20 for part in agent.staged()), 10,
               "bytes in the part")
    fill(small_disk / "filler")
    stall.release()
    wait_until(lambda: "free" in agent.warnings() or "space" in agent.warnings(), 15, "a warning")
    late = twin.add_optiview(thumbnails=0)
    agent.ready_event(late)  # deliveries are accepted
    wait_until(lambda: agent.admin("/readyz").status == 503, 10, "readyz to tell")
    asked = len(downloads(twin, media)) + len(downloads(twin, late))
    wait_until(lambda: agent.state_of(late) in ("queued", "waiting"), 10, "the other one to wait",
               lambda: agent.asset(late))
    assert agent.state_of(media) in ("queued", "waiting", "downloading")
    shown: dict[str, Any] = agent.show(media)
    assert shown["attempts"] == 0, "a full disk burns no attempt"
    assert len(downloads(twin, media)) + len(downloads(twin, late)) == asked
    (small_disk / "filler").unlink()
    agent.archived(media, late)
    assert_whole(agent, media)
    assert_whole(agent, late)
    first, second = downloads(twin, media)
    assert first_byte(first) == 0 and first_byte(second) >= 2 << 20
    assert agent.status()["warnings"] == []


def test_pressure_makes_room_and_no_more(idle_agent: Agent, twin: Twin, small_disk: Path) -> None:
    """The oldest go until min_free is there again; the others stay, and work goes on."""
    agent = idle_agent
    agent.config.set("transfer", min_free="4M")
    agent.config.set("rule all", when_full="remove-oldest")
    agent.start()
    old = [twin.add_fastpix("Old %d" % number, size=2 << 20) for number in range(3)]
    agent.archive_now(*old)
    for days, item in enumerate(old, 2):
        make_older(agent, days, item)
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (3 << 20))  # 3 M are free; one copy makes it 5 M
    agent.wait_state(old[2], "deleted", 30)
    late = twin.add_fastpix("Late", size=1 << 19)
    agent.archive_now(late)  # downloads go on
    assert agent.state_of(old[0]) == agent.state_of(old[1]) == "archived"
    assert agent.status()["warnings"] == []


def test_a_file_larger_than_the_disk(idle_agent: Agent, twin: Twin, small_disk: Path) -> None:
    """It waits and says what it needs; what fits goes on."""
    agent = idle_agent.start()
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (6 << 20))
    large = twin.add_fastpix(size=8 << 20)
    agent.ready_event(large)
    assert "8.0 MiB are needed" in agent.wait_reason(large, "waiting")
    small = twin.add_optiview(size=1 << 20)
    agent.ready_event(small)
    agent.archived(small)
    assert_whole(agent, small)
    # Between two attempts: what it says of itself while it tries is "downloading".
    shown: dict[str, Any] = wait_until(
        lambda: (s := agent.show(large))["state"] == "waiting" and s, 10, "it to rest again")
    assert shown["attempts"] == 0
    assert agent.status()["warnings"] == [], "nothing is wrong with the disk"
    filler.unlink()
    agent.archived(large)
    assert_whole(agent, large)
