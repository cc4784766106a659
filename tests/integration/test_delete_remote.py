"""delete_remote: removed from the platform once archived and verified; never the copy."""
from __future__ import annotations

import json
from typing import Any

import pytest

import twin as tw
from agentctl import Agent, wait_until
from test_deletion import add, both_platforms, section
from twin import Twin


def decisions(agent: Agent, media: Any) -> list[str]:
    page = json.loads(agent.admin("/api/v1/ledger?limit=1000").body)
    return [row["decision"] for row in page["entries"] if row["id"] == media.id]


def deletes(twin: Twin, media: tw.Media) -> int:
    return sum(media.id in json.dumps([entry.path, entry.query])
               for entry in twin.log.find(method="DELETE"))


def is_gone(media: tw.Media) -> bool:
    return bool(media.gone)


@pytest.fixture
def deleter(idle_agent: Agent) -> Agent:
    for platform in ("fastpix", "optiview"):
        idle_agent.config.set(section(platform), delete_remote="yes")
    return idle_agent.start()


@both_platforms
def test_what_is_archived_goes_from_the_platform(deleter: Agent, twin: Twin, platform: str) -> None:
    agent = deleter
    media = add(twin, platform)
    agent.archive_now(media)
    wait_until(lambda: is_gone(media), 15, "the platform's copy to go")
    wait_until(lambda: "removed-remote" in decisions(agent, media), 15, "it to be told")
    before = agent.tree()
    agent.deleted_event(media)  # the echo
    wait_until(lambda: "kept" in decisions(agent, media), 15, "the echo to be dealt with")
    assert "vodkeep itself removed it from the platform" in agent.story(media)
    agent.cli("reconcile", section(platform).split()[1])
    agent.ready_event(media)  # late
    agent.archive_now(add(twin, platform))
    assert agent.state_of(media) == "archived" and before <= agent.tree()
    assert agent.video(media).is_file() and deletes(twin, media) == 1
    agent.cli("verify", "--ledger")
    assert agent.cli("verify", agent.name(media), json=True).json["damaged"] == 0
    assert 'vodkeep_removals_total{outcome="remote"}' in agent.admin("/metrics").body.decode()


@both_platforms
def test_a_damaged_copy_is_not_the_only_one(idle_agent: Agent, twin: Twin, platform: str) -> None:
    agent = idle_agent.start()
    media = add(twin, platform)
    agent.archive_now(media)
    video = agent.video(media)
    data = bytearray(video.read_bytes())
    data[len(data) // 2] ^= 1
    video.write_bytes(data)
    agent.config.set(section(platform), delete_remote="yes")
    agent.reload()
    agent.cli("retry", agent.name(media))
    wait_until(lambda: "is not removed from" in agent.warnings(), 15, "a warning",
               lambda: agent.story(media))
    assert not is_gone(media) and deletes(twin, media) == 0
    agent.cli("verify", "--repair", agent.name(media), status=None)
    wait_until(lambda: is_gone(media), 15, "it to go once it is repaired", lambda: agent.story(media))
    assert agent.cli("verify", agent.name(media), json=True).json["damaged"] == 0
    assert "is not removed from" not in agent.warnings()


@both_platforms
def test_credentials_that_may_not_delete(idle_agent: Agent, twin: Twin, platform: str) -> None:
    """A warning, and everything else goes on; a deletion that comes then is a real one."""
    idle_agent.config.set(section(platform), delete_remote="yes")
    agent = idle_agent.start()
    sin = twin.sin("*", "status", code=403, host="api", method="DELETE")
    media = add(twin, platform)
    agent.archive_now(media)
    wait_until(lambda: sin.hits, 15, "a refusal")
    wait_until(lambda: "may not delete media" in agent.warnings(), 15, "a warning")
    agent.archive_now(add(twin, platform))
    assert agent.video(media).is_file() and not is_gone(media)
    twin.delete(media, "deleted")
    agent.deleted_event(media)
    agent.wait_state(media, "deleted")


@both_platforms
def test_a_crash_while_it_is_asked(deleter: Agent, twin: Twin, platform: str) -> None:
    """It was remembered before: the deletion that is found afterwards is our own."""
    agent = deleter
    sin = twin.sin("*", "stall", host="api", method="DELETE")
    media = add(twin, platform)
    agent.ready_event(media)
    sin.wait_reached()
    agent.kill9()
    sin.release()
    twin.forgive()
    twin.delete(media, "deleted")
    agent.start()
    agent.deleted_event(media)
    wait_until(lambda: "kept" in decisions(agent, media), 15, "the echo to be dealt with",
               lambda: agent.story(media))
    assert agent.state_of(media) == "archived" and agent.video(media).is_file()


@both_platforms
def test_trouble_is_tried_again(deleter: Agent, twin: Twin, platform: str) -> None:
    sin = twin.sin("*", "status", code=503, host="api", method="DELETE", count=1)
    media = add(twin, platform)
    deleter.archive_now(media)
    wait_until(lambda: sin.hits, 15, "a failure")
    wait_until(lambda: "failed:" in deleter.story(media), 15, "it to be told")
    assert deleter.show(media)["due"] and not is_gone(media)
    deleter.cli("retry", deleter.name(media))
    wait_until(lambda: is_gone(media), 15, "the second attempt")


def test_what_is_held_stays_everywhere(deleter: Agent, twin: Twin) -> None:
    agent = deleter
    agent.cli("pause")
    media = twin.add_fastpix()
    agent.ready_event(media)
    wait_until(lambda: agent.asset(media), 10, "the asset")
    agent.cli("hold", agent.name(media))
    agent.cli("resume")
    agent.archived(media)
    barrier = twin.add_fastpix("Barrier")
    agent.archive_now(barrier)
    wait_until(lambda: is_gone(barrier), 15, "another one to go")
    assert not is_gone(media)
    assert deletes(twin, media) == 0
