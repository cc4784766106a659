"""Live progress: status, status --watch on terminals and elsewhere, the API, the metrics."""
from __future__ import annotations

import re
import signal
import subprocess
from typing import Any, Callable, Iterator

import pytest

from agentctl import PROGRAM, Agent, wait_until
from slowness import SLOWNESS
from terminal import Terminal, columns
from twin import Media, Twin

SIZE = 8 << 20
RATE = 200 << 10
TITLES = ["Goal", "日本語のタイトルはとても長いので切らなければならないのです", "e\u0301" * 100,
          "\x1b[2J\x1b]0;mine\x07\x9b31m\r\n\u202egpj", "x" * 200, None]


@pytest.fixture(name="downloads")
def downloads_of_every_kind(idle_agent: Agent, twin: Twin) -> Callable[[int], list[Media]]:
    """Start an agent with so many downloads in flight, each of them slow."""
    def start(n: int) -> list[Media]:
        twin.sin("*.mp4", "slow", rate=RATE)
        # One place is kept for the other workspace.
        idle_agent.config.set("transfer", concurrency=n + 1, per_host=n)
        idle_agent.config.set("rule all", fetch="video")
        idle_agent.start()
        media = [twin.add_fastpix(TITLES[i % len(TITLES)], size=SIZE)
                 for i in range(n)]
        idle_agent.ready_event(*media)
        wait_until(lambda: sum(t["bytes"] > 0 for t in idle_agent.status()["transfers"]) == n,
                   20, "%d downloads" % n)
        return media

    return start


@pytest.fixture(name="open_terminal")
def terminals(idle_agent: Agent) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_one(**options: Any) -> Terminal:
        opened.append(Terminal(idle_agent, "status", "--watch", **options))
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.close()


# Figures.

def test_status_tells_progress(idle_agent: Agent, downloads: Any) -> None:
    media = downloads(3)

    def moving() -> Any:
        status = idle_agent.status()
        return all(transfer["eta_seconds"] for transfer in status["transfers"]) and status

    status = wait_until(moving, 20, "a time that is left", idle_agent.status)
    flight, transfers = status["in_flight"], status["transfers"]
    assert (flight["files"], flight["waiting"], flight["stalled"]) == (3, 0, 0)
    assert flight["total"] == 3 * SIZE
    assert flight["bytes"] == sum(t["bytes"] for t in transfers)
    assert {t["id"]: t["title"] for t in transfers} == {m.id: m.title for m in media}
    for transfer in transfers:
        assert 0 < transfer["bytes"] < transfer["total"] == SIZE
        left = (SIZE - transfer["bytes"]) / transfer["rate"]
        assert left - 1 <= transfer["eta_seconds"] <= left + 1
    text = idle_agent.cli("status").out
    assert re.search(r"^Downloading 3 files: .* of 24.0 MiB, .*/s, .* left", text, re.M)
    assert len(re.findall(r"^    \[[#.]+\] +\d+ %  .* of 8.0 MiB  .*/s  .* left$", text, re.M)) == 3


def test_the_rate_is_what_the_link_gives(idle_agent: Agent, downloads: Any) -> None:
    downloads(1)

    def even(status: dict[str, Any]) -> bool:
        rates = [status["in_flight"]["rate"], status["transfers"][0]["rate"]]
        return all(abs(rate - RATE) < RATE * 0.15 for rate in rates)

    wait_until(lambda: even(idle_agent.status()), 30, "the rate of the link",
               lambda: idle_agent.status()["in_flight"])


def test_what_stalls_has_no_rate(agent: Agent, twin: Twin) -> None:
    agent.config.set("transfer", low_speed="1K/1m")
    agent.config.set("rule all", fetch="video")
    agent.restart()
    media = twin.add_fastpix(size=SIZE)
    stall = agent.stall(media, "*.mp4", after=3 << 20, count=1)

    def stalled() -> Any:
        status = agent.status()
        return (status["in_flight"]["bytes"] == 3 << 20 and status["in_flight"]["rate"] == 0
                and status["in_flight"]["stalled"] == 1 and status["transfers"][0])

    transfer = wait_until(stalled, 20, "the stall to be seen", agent.status)
    assert transfer["rate"] == 0 and transfer["eta_seconds"] is None
    assert "time left unknown" in agent.cli("status").out
    metrics = agent.admin("/metrics").body.decode()
    assert "\nvodkeep_transfers_stalled 1\n" in metrics
    assert "\nvodkeep_transfer_bytes_per_second 0\n" in metrics
    assert "\nvodkeep_transfer_held_bytes %d\n" % (3 << 20) in metrics
    assert "\nvodkeep_transfer_remaining_bytes %d\n" % (5 << 20) in metrics
    stall.release()
    agent.archived(media)
    flight = agent.status()["in_flight"]
    assert (flight["files"], flight["bytes"], flight["total"]) == (0, 0, 0)


def test_resumed_bytes_are_no_rate(agent: Agent, twin: Twin) -> None:
    agent.config.set("rule all", fetch="video")
    agent.restart()
    media = twin.add_fastpix(size=SIZE)
    twin.sin("*.mp4", "stall", after=3 << 20, count=1)
    slow = twin.sin("*.mp4", "slow", rate=50 << 10, skip=1)
    agent.ready_event(media)
    slow.wait_hit()

    def resumed() -> Any:
        transfers = agent.status()["transfers"]
        return transfers if transfers and transfers[0]["bytes"] > 3 << 20 else None

    assert wait_until(resumed, 20, "the rest")[0]["rate"] < 500 << 10
    twin.forgive()
    agent.restart()
    agent.archived(media)
    metrics = agent.admin("/metrics").body.decode()
    saved = re.search(r"^vodkeep_transfer_resumed_bytes_total (\d+)$", metrics, re.M)
    assert saved and int(saved.group(1)) >= 3 << 20


# On a terminal.

def test_bars_on_a_terminal(downloads: Any, open_terminal: Any) -> None:
    media = downloads(6)
    terminal = open_terminal()
    first = terminal.wait(lambda screen: len(re.findall(r"\] +\d+ % ", screen)) == 6, "six bars")
    assert terminal.modes == {"alternate": True, "cursor": False, "wrap": False}
    assert all(columns(line) <= 80 for line in first.splitlines()), first
    rows = [line for line in first.splitlines() if " % " in line]
    assert len({columns(line[:line.rindex(" [")]) for line in rows}) == 1, rows
    assert len({columns(line) for line in rows}) == 1, rows
    assert all(any(m.id[:8] in line for line in rows) for m in media)
    terminal.wait(lambda screen: screen != first, "another picture")
    terminal.type(b"\x03")
    assert terminal.end() == (0, "")
    assert terminal.given_back()
    assert {"1", "32"} <= terminal.styles


def test_no_color(downloads: Any, open_terminal: Any) -> None:
    downloads(1)
    terminal = open_terminal(NO_COLOR="1")
    terminal.wait_for(" % ")
    terminal.type(b"\x03")
    assert terminal.end() == (0, "")
    assert terminal.styles <= {"0"}


def test_other_sizes(downloads: Any, open_terminal: Any) -> None:
    downloads(12)
    terminal = open_terminal(rows=18, width=80)
    terminal.wait(lambda screen: re.search(r"… and \d+ more", screen), "what is left out")
    terminal.resize(40, 130)
    screen = terminal.wait(
        lambda screen: len(re.findall(r"MiB of 8.0 MiB +\S+ .iB/s", screen)) == 12,
        "all twelve, with amounts")
    assert "more" not in screen
    terminal.resize(8, 50)
    screen = terminal.wait(
        lambda screen: "more lines" in screen and max(map(columns, screen.splitlines())) <= 50,
        "eight lines of fifty columns")
    assert "Assets" in screen
    terminal.resize(2, 10)
    terminal.wait_for("more lines")
    terminal.type(b"\x03")
    assert terminal.end() == (0, "")


def test_the_agent_stops_meanwhile(agent: Agent, open_terminal: Any) -> None:
    terminal = open_terminal()
    terminal.wait_for("Workspaces")
    agent.stop()
    status, said = terminal.end()
    assert status == 4
    assert said.count("\n") == 1 and "agent" in said
    assert terminal.given_back()


def test_no_agent(idle_agent: Agent, open_terminal: Any) -> None:
    idle_agent.write_config()
    terminal = open_terminal()
    status, said = terminal.end()
    assert status == 4 and "the agent is not running" in said
    assert terminal.raw == ""


def test_ctrl_c_while_the_agent_hangs(agent: Agent, open_terminal: Any) -> None:
    terminal = open_terminal()
    terminal.wait_for("Workspaces")
    agent.process.send_signal(signal.SIGSTOP)
    try:
        terminal.type(b"\x03")
        assert terminal.end() == (0, "")
    finally:
        agent.process.send_signal(signal.SIGCONT)
    assert terminal.given_back()


def test_sigterm_gives_the_terminal_back(agent: Agent, open_terminal: Any) -> None:
    terminal = open_terminal()
    terminal.wait_for("Workspaces")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == (-signal.SIGTERM, "")
    assert terminal.given_back()


def test_ctrl_z_and_back(agent: Agent, open_terminal: Any) -> None:
    terminal = open_terminal()
    terminal.wait_for("Workspaces")
    terminal.type(b"\x1a")
    wait_until(terminal.stopped, 10, "it to be stopped")
    assert terminal.given_back()
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait_for("Workspaces")
    assert not terminal.given_back()
    terminal.type(b"\x03")
    assert terminal.end() == (0, "")
    assert terminal.given_back()


# Elsewhere.

def test_lines_in_a_pipe(idle_agent: Agent, downloads: Any, twin: Twin) -> None:
    media = downloads(2)
    with subprocess.Popen(
            [str(PROGRAM), "-c", str(idle_agent.config_path), "status", "--watch"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watching:
        assert watching.stdout is not None
        lines = iter(lambda: watching.stdout.readline().decode(), "")
        for line in lines:  # the block
            assert "\x1b" not in line
            if line.startswith("  stage"):
                break
        progress = re.compile(r"^\d\d:\d\d:\d\d production/%s video: \d+ %%, \S+ MiB of 8.0 MiB, "
                              r"\S+ .iB/s, \S.* left\n$" % media[0].id)
        assert any(progress.match(line) for line in lines)
        idle_agent.cli("rm", idle_agent.name(media[0]))
        assert any("%s video: no longer in flight" % media[0].id in line for line in lines)
        watching.send_signal(signal.SIGINT)
        rest, said = watching.communicate(timeout=20 * SLOWNESS)
        assert watching.returncode == 0 and said == b"" and b"\x1b" not in rest


def test_a_dumb_terminal_gets_lines(agent: Agent, open_terminal: Any) -> None:
    terminal = open_terminal(TERM="dumb")
    terminal.wait_for("Workspaces")
    terminal.type(b"\x03")
    assert terminal.end() == (0, "")
    assert "\x1b" not in terminal.raw


def test_the_reader_goes_away(agent: Agent) -> None:
    with subprocess.Popen([str(PROGRAM), "-c", str(agent.config_path), "status", "--watch"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watching:
        assert watching.stdout is not None and watching.stderr is not None
        assert watching.stdout.readline()
        watching.stdout.close()
        assert watching.wait(20 * SLOWNESS) in (0, -signal.SIGPIPE)
        assert watching.stderr.read() == b""
