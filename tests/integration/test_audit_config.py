"""Found by reading the contract as a stranger: the configuration, told, reloaded, in use."""
from __future__ import annotations

import os

from agentctl import Agent, free_port, wait_until
from twin import Twin


def test_a_dump_keeps_the_words_of_the_contract(idle_agent: Agent) -> None:
    idle_agent.write_config()
    lines = idle_agent.cli("check", "--dump").out.splitlines()
    for line in ("retry_for = 7d", "events_keep = 30d", "trash_days = 7", "min_free = 1M",
                 "request_mp4_wait = 30m", "max_delete = 20, 1%", "segment_min = 64M"):
        assert line in lines, line


def test_a_dump_is_no_configuration_by_accident(idle_agent: Agent) -> None:
    """Its secrets are ***; each of them is named, nothing else is wrong."""
    idle_agent.write_config()
    dump = idle_agent.cli("check", "--dump").out
    path = idle_agent.directory / "dump.ini"
    path.write_text(dump)
    found = idle_agent.cli("-c", str(path), "check", status=3).err.splitlines()
    errors = [line for line in found
              if line.startswith("%s:" % path) and "] " in line and "not available" not in line]
    assert len(errors) == dump.count("***")
    assert all("not filled in" in line for line in errors), errors


def test_commands_work_while_the_file_is_wrong(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    agent.config.set("workspace production", platform="fastpicks")
    agent.reload()
    wait_until(lambda: "1 error:" in agent.warnings(), 10, "the warning", agent.warnings)
    assert agent.show(media)["state"] == "archived"
    agent.archive_now(twin.add_fastpix("Next"))
    agent.stop()
    agent.cli("status", status=3)


def test_commands_need_no_secret(idle_agent: Agent, twin: Twin) -> None:
    """The agent has its secrets from the environment of its unit; who asks it has not."""
    secret = "twin-secret-key"
    idle_agent.config.set("workspace production", api_secret="env:VK_TEST_API_SECRET")
    os.environ["VK_TEST_API_SECRET"] = secret
    try:
        agent = idle_agent.start()
    finally:
        del os.environ["VK_TEST_API_SECRET"]
    agent.archive_now(twin.add_fastpix("Goal"))
    assert agent.cli("status").out


def test_what_needs_a_restart_is_said(agent: Agent) -> None:
    listen = agent.config.sections["receiver"]["listen"]
    agent.config.set("receiver", listen="127.0.0.1:%d" % free_port())
    agent.reload()
    wait_until(lambda: "receiver listen" in agent.warnings(), 10, "the warning", agent.warnings)
    agent.reload()
    agent.config.set("receiver", listen=listen)
    agent.reload()
    wait_until(lambda: "receiver listen" not in agent.warnings(), 10, "its end", agent.warnings)
