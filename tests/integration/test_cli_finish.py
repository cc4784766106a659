"""How commands look: on a terminal, into a pipe, and when something is mistyped."""
from __future__ import annotations

import re
import shlex
from typing import Any, Callable, Iterator

import pytest

from agentctl import Agent
from terminal import Terminal, columns
from twin import Twin


@pytest.fixture(name="on_terminal")
def on_terminals(idle_agent: Agent) -> Iterator[Callable[..., Terminal]]:
    """A command that has ended on a terminal, and what it left there."""
    opened: list[Terminal] = []

    def run(*arguments: str, status: int = 0, **options: Any) -> Terminal:
        terminal = Terminal(idle_agent, *arguments, **options)
        opened.append(terminal)
        ended, errors = terminal.end()
        assert ended == status, errors
        return terminal

    yield run
    for terminal in opened:
        terminal.close()


def test_a_list_fits_the_terminal(idle_agent: Agent, twin: Twin, on_terminal: Any) -> None:
    """Ids are shown as far as they differ, so that there is room for titles; what is shown
    is understood. A pipe gets all of it."""
    agent = idle_agent.start()
    near = [twin.add_fastpix(title, id="d49e44c7-%s-%s" % (n, "x" * 27))
            for n, title in enumerate(("Near", "Nearer"))]
    far = twin.add_fastpix("T" * 100)
    agent.archive_now(far, *near)
    lines = on_terminal("ls").screen.split("\n")
    rows = [line for line in lines if line.startswith("production/")]
    assert len(rows) == 3 and all(columns(line) <= 80 for line in rows)
    names = [row.split()[0] for row in rows]
    assert {name.rpartition("/")[2] for name in names} == {
        far.id[:10], "d49e44c7-0", "d49e44c7-1"}
    assert any(row.rstrip().endswith("Nearer") for row in rows)
    assert any(re.search("TTTT…$", row.rstrip()) for row in rows)
    for name in names:
        agent.cli("show", name)
    piped = agent.cli("ls").out
    assert "T" * 100 in piped and all(media.id in piped for media in (far, *near))
    narrow = on_terminal("ls", width=50).screen.split("\n")
    assert all(columns(line) <= 50 for line in narrow)


def test_paths_can_be_pasted(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", path="{title}", fetch="video, metadata")
    agent = idle_agent.start()
    media = twin.add_fastpix("It's a goal; $(rm -rf)")
    agent.archive_now(media)
    path = agent.files(media)["video"][0]["path"]
    shown = next(line for line in agent.cli("show", media.id).out.splitlines()
                 if line.strip().endswith((".mp4'", ".mp4")))
    assert shlex.split(shown) == [path]
    (agent.archive / path).unlink()
    found = agent.cli("verify", status=5).out.splitlines()[0]
    assert shlex.split(found.replace(" (", "\n(").split("\n")[0])[1] == path


@pytest.mark.parametrize("command, meant", [
    (["ls", "--workspce", "x"], "--workspace"), (["ls", "--limt=5"], "--limit"),
    (["verify", "--repiar"], "--repair"), (["--jsno", "ls"], "--json"), (["chekc"], "check")])
def test_what_was_meant(idle_agent: Agent, command: list[str], meant: str) -> None:
    assert "did you mean %s?" % meant in idle_agent.cli(*command, status=2).err


@pytest.mark.parametrize("command", [["ls", "-x"], ["ls", "--frobnicate"], ["--x"]])
def test_what_is_unlike_anything(idle_agent: Agent, command: list[str]) -> None:
    err = idle_agent.cli(*command, status=2).err
    assert "there is no option" in err and "did you mean" not in err


def test_colors_are_for_terminals(idle_agent: Agent, on_terminal: Any) -> None:
    agent = idle_agent.start()
    agent.cli("doctor", status=None)
    assert "\x1b" not in agent.cli("doctor", status=None).out
    assert "32" in on_terminal("doctor").styles
    assert on_terminal("doctor", NO_COLOR="1").styles <= {"0"}
    assert on_terminal("doctor", TERM="dumb").styles <= {"0"}


def test_progress_leaves_nothing_behind(agent: Agent, twin: Twin, on_terminal: Any) -> None:
    agent.archive_now(twin.add_fastpix("Goal"))
    screen = on_terminal("reconcile").screen
    assert "page" not in screen and "nothing differs" in screen


def test_times_are_local_with_their_zone(agent: Agent, twin: Twin) -> None:
    agent.environment["TZ"] = "Asia/Kolkata"
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    for command in ("show", "explain"):
        assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (IST|\+05:?30)",
                         agent.cli(command, media.id).out)
