"""SIGHUP: a good configuration takes over without dropping work, a bad one does not."""
from __future__ import annotations

import signing
import twin as tw
from agentctl import Agent, wait_until
from twin import Twin


def post(agent: Agent, workspace: str, body: bytes) -> int:
    name, value = signing.signature("fastpix", tw.FASTPIX_HOOK_SECRET, body)
    return agent.post("/hooks/" + workspace, body, {name: value}).status


def test_new_rules_and_workspaces(agent: Agent, twin: Twin) -> None:
    before, after = twin.add_fastpix("Before"), twin.add_fastpix("After")
    agent.archive_now(before)
    old = agent.tree()
    body = twin.event(twin.add_fastpix(), "video.media.created")
    assert post(agent, "second", body) == 404
    agent.config.set("rule all", path="new/{title}-{id}")
    agent.config.sections["workspace second"] = dict(agent.config.sections["workspace production"])
    agent.reload()
    wait_until(lambda: post(agent, "second", body) == 200, 10, "the new workspace")
    agent.archive_now(after)
    assert "new/" in str(agent.video(after))
    assert old <= agent.tree(), "what is archived stays where it is"


def test_a_removed_workspace_is_unknown(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    before = agent.tree()
    del agent.config.sections["workspace production"]
    agent.reload()
    body = twin.event(media, "video.media.deleted")
    wait_until(lambda: post(agent, "production", body) == 404, 10, "the workspace to go")
    agent.archive_now(twin.add_optiview())
    assert before <= agent.tree()


def test_a_bad_configuration_changes_nothing(agent: Agent, twin: Twin) -> None:
    good = agent.config.text()
    agent.config.set("rule all", path="new/{title}-{id}")
    agent.config.sections["workspace second"] = dict(agent.config.sections["workspace production"])
    agent.config.set("transfer", concurrency="lots")
    agent.reload()
    wait_until(lambda: "[transfer] concurrency" in agent.log_text(), 10, "the reason in the log",
               agent.log_text)
    agent.config_path.write_text(good)  # for the commands, which read it too
    media, later = twin.add_fastpix(), twin.add_fastpix("Later")
    agent.archive_now(media)
    assert "production/2026/03" in str(agent.video(media))
    body = twin.event(twin.add_fastpix(), "video.media.created")
    assert post(agent, "second", body) == 404
    agent.config.set("transfer", concurrency="4")
    agent.reload()
    wait_until(lambda: post(agent, "second", body) == 200, 10, "the good configuration")
    agent.archive_now(later)
    assert "new/" in str(agent.video(later))


def test_rotated_secrets_need_no_restart(agent: Agent, twin: Twin) -> None:
    new = "bmV3LXNlY3JldC1vZi10aGUtcm90YXRpb24tMDEyMzQ="
    media = twin.add_fastpix()
    body = twin.event(media, "video.media.created")
    name, value = signing.signature("fastpix", new, body)
    assert agent.post("/hooks/production", body, {name: value}).status == 401
    agent.config.set("workspace production", webhook_secret=new)
    agent.reload()
    wait_until(lambda: agent.post("/hooks/production", body, {name: value}).status == 200, 10,
               "the new secret")
    assert post(agent, "production", twin.event(media, "video.media.updated")) == 401


def test_a_running_download_goes_on(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("transfer", low_speed="1K/30s")
    agent = idle_agent.start()
    media = twin.add_fastpix(size=2 << 20)
    stall = agent.stall(media, "*/capped-4k.mp4", after=1 << 20, count=1)
    body = twin.event(twin.add_fastpix(), "video.media.created")
    agent.config.sections["workspace second"] = dict(agent.config.sections["workspace production"])
    agent.reload()
    wait_until(lambda: post(agent, "second", body) == 200, 10, "the reload")
    stall.release()
    agent.archived(media)
    assert len(twin.log.find("/%s/capped-4k.mp4" % media.playback_id)) == 1
