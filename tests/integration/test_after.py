"""`after`: a program of the operator's own runs for what has been archived."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentctl import SLOWNESS, Agent, wait_until
from twin import Twin


class Program:
    """A shell script; what it writes to $OUT is read from the file `out`."""

    def __init__(self, agent: Agent, script: str, **keys: str) -> None:
        self.agent = agent
        self.path, self.out = agent.directory / "on-archived", agent.directory / "out"
        self.write(script)
        agent.config.set("rule all", after=self.path, **keys)

    def write(self, script: str) -> None:
        self.path.write_text("#!/bin/sh\nOUT=%s\n%s\n" % (self.out, script))
        self.path.chmod(0o755)

    def lines(self) -> list[str]:
        return self.out.read_text().splitlines() if self.out.exists() else []

    def wait_lines(self, count: int) -> list[str]:
        wait_until(lambda: len(self.lines()) >= count, 15, "%d lines" % count, self.lines)
        return self.lines()


def wait_story(agent: Agent, media: object, text: str) -> str:
    return str(wait_until(lambda: (s := agent.story(media)) if text in agent.story(media) else "",  # type: ignore[arg-type]
                          15, text, lambda: agent.story(media)))  # type: ignore[arg-type]


def idle(agent: Agent) -> bool:
    return not agent.status()["outbox"]


def test_what_the_program_gets(idle_agent: Agent, twin: Twin) -> None:
    program = Program(idle_agent, 'env >$OUT.env; cat >$OUT.json; pwd; echo "two lines" >&2; '
                                  'ls -l /proc/self/fd | wc -l >>$OUT')
    idle_agent.environment["SECRET_OF_THE_AGENT"] = "1"
    agent, media = idle_agent.start(), twin.add_fastpix("A; title `with` $(marks)")
    agent.archive_now(media)
    program.wait_lines(1)
    story = wait_story(agent, media, "ended with status 0")
    assert "after: 'on-archived' ended with status 0 after" in story
    assert "it printed: /|two lines" in story
    env = dict(line.split("=", 1) for line in Path("%s.env" % program.out).read_text().splitlines())
    assert "SECRET_OF_THE_AGENT" not in env and env["PATH"]
    assert env["VODKEEP_EVENT"] == "archived" and env["VODKEEP_CHANGE"] == "new"
    assert env["VODKEEP_ID"] == media.id and env["VODKEEP_TITLE"] == "A; title `with` $(marks)"
    assert (env["VODKEEP_WORKSPACE"], env["VODKEEP_PLATFORM"]) == ("production", "fastpix")
    assert env["VODKEEP_RULE"] == "all" and env["VODKEEP_ATTEMPT"] == "1"
    assert Path(env["VODKEEP_PATH"]) == agent.video(media)
    sidecar = Path(env["VODKEEP_SIDECAR"])
    given = json.loads(Path("%s.json" % program.out).read_text())
    stored = json.loads(sidecar.read_text())
    for sidecar_json in given, stored:
        sidecar_json["files"].sort(key=lambda file: file["path"])
    assert given == stored and given["id"] == media.id
    assert idle(agent) and len(program.lines()) == 1


def test_once_for_each_archiving(idle_agent: Agent, twin: Twin) -> None:
    program = Program(idle_agent, 'echo "$VODKEEP_ID $VODKEEP_CHANGE" >>$OUT')
    agent = idle_agent.start()
    media = [twin.add_fastpix("Clip %d" % i) for i in range(6)]
    agent.archive_now(*media)
    expected = sorted("%s new" % item.id for item in media)
    wait_until(lambda: sorted(program.lines()) == expected, 15, "the programs", program.lines)
    agent.ready_event(*media)
    agent.restart()
    agent.cli("retry", *[agent.name(item) for item in media], status=None)
    wait_until(lambda: idle(agent), 10, "the queue to be empty")
    assert sorted(program.lines()) == expected


def test_a_failure_is_told_and_not_repeated(idle_agent: Agent, twin: Twin) -> None:
    program = Program(idle_agent, 'echo run >>$OUT; echo "no such bucket"; exit 1')
    agent, media = idle_agent.start(), twin.add_fastpix()
    agent.archive_now(media)
    wait_story(agent, media, "ended with status 1")
    assert "it printed: no such bucket" in agent.story(media)
    assert "after/all" in agent.warnings() and agent.state_of(media) == "archived"
    assert idle(agent) and program.lines() == ["run"]
    program.write("exit 0")
    other = twin.add_fastpix()
    agent.archive_now(other)
    wait_until(lambda: "after/all" not in agent.warnings(), 15, "the warning to end")


def test_status_75_is_tried_again(idle_agent: Agent, twin: Twin) -> None:
    program = Program(idle_agent, 'echo $VODKEEP_ATTEMPT $VODKEEP_RUN >>$OUT\n'
                                  '[ $VODKEEP_ATTEMPT = 3 ] || exit 75')
    agent, media = idle_agent.start(), twin.add_fastpix()
    agent.archive_now(media)
    runs = [line.split() for line in program.wait_lines(3)]
    wait_story(agent, media, "ended with status 0")
    assert [attempt for attempt, _ in runs] == ["1", "2", "3"]
    assert len({run for _, run in runs}) == 1, "one run, by its name"
    assert agent.story(media).count("ended with status 75") == 2


def test_a_missing_program_runs_when_it_is_there(idle_agent: Agent, twin: Twin) -> None:
    program = Program(idle_agent, "echo run >>$OUT")
    program.path.unlink()
    agent, media = idle_agent.start(), twin.add_fastpix()
    agent.archive_now(media)
    story = wait_story(agent, media, "could not be started")
    assert "No such file or directory" in story and "tried again in" in story
    program.write("echo run >>$OUT")
    assert program.wait_lines(1) == ["run"]


def test_the_time_limit(idle_agent: Agent, twin: Twin) -> None:
    program = Program(idle_agent, "echo $$ >>$OUT; sleep 1000", after_timeout="300ms")
    agent, media = idle_agent.start(), twin.add_fastpix()
    agent.archive_now(media)
    wait_story(agent, media, "was ended after its 300 ms")
    assert idle(agent)
    assert not Path("/proc/%s" % program.lines()[0]).exists()


def test_two_at_once(idle_agent: Agent, twin: Twin) -> None:
    """Programs wait for each other, and archiving for none of them."""
    program = Program(idle_agent, "echo $$ >>$OUT; while [ ! -e $OUT.go ]; do sleep 0.05; done\n"
                                  "echo end >>$OUT")
    agent = idle_agent.start()
    media = [twin.add_fastpix("Clip %d" % i) for i in range(4)]
    agent.archive_now(*media)
    assert len(program.wait_lines(2)) == 2
    assert agent.status()["outbox"][0]["waiting"] == 4
    assert len(program.lines()) == 2
    Path("%s.go" % program.out).touch()
    wait_until(lambda: program.lines().count("end") == 4, 15, "all to end", program.lines)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_what_an_end_interrupts_runs_again(idle_agent: Agent, twin: Twin, how: str) -> None:
    program = Program(idle_agent, "echo $$ >>$OUT\n[ -e $OUT.go ] || exec sleep 1000")
    agent, media = idle_agent.start(), twin.add_fastpix()
    agent.archive_now(media)
    first = program.wait_lines(1)[0]
    agent.stop() if how == "stop" else agent.kill9()
    wait_until(lambda: not Path("/proc/%s" % first).exists() or "Z" in Path(
        "/proc/%s/stat" % first).read_text().split(")")[1], 10 * SLOWNESS, "it to end with the agent")
    Path("%s.go" % program.out).touch()
    agent.start()
    assert len(program.wait_lines(2)) == 2
    wait_story(agent, media, "ended with status 0")
    assert idle(agent) and len(program.lines()) == 2


def test_what_is_gone_is_not_run_for(idle_agent: Agent, twin: Twin) -> None:
    program = Program(idle_agent, "echo $VODKEEP_ID >>$OUT\nexit 75")
    idle_agent.config.set("transfer", retry_min="10m", retry_max="1h")
    agent, media = idle_agent.start(), twin.add_fastpix()
    agent.archive_now(media)
    wait_story(agent, media, "ended with status 75")
    agent.cli("rm", agent.name(media))
    agent.wait_state(media, "deleted")
    agent.reload()
    wait_story(agent, media, "it is not archived any more")
    assert idle(agent) and len(program.lines()) == 1
