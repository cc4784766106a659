"""Found by reading the contract as a stranger: what the platform proves, and when it is asked."""
from __future__ import annotations

import time

from agentctl import Agent, wait_until
from twin import Twin

OTHER = "fd9197bb-8cfa-4569-b046-a30fb95e2381"


def test_records_name_another_workspace_than_the_events(agent: Agent, twin: Twin) -> None:
    """The credentials see what they saw when the media was archived: a 404 is a proof."""
    gone, stays = [twin.add_fastpix(name, workspace_id=OTHER) for name in ("Gone", "Stays")]
    agent.ready_event(gone, stays)
    agent.archived(gone, stays)
    twin.delete(gone)
    agent.deleted_event(gone)
    agent.wait_state(gone, "deleted")
    assert agent.state_of(stays) == "archived"


def test_credentials_of_another_workspace_prove_nothing(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Kept")
    agent.archive_now(media)
    twin.add_fastpix("Another's", workspace_id=OTHER)
    twin.delete(media)
    agent.deleted_event(media)
    wait_until(lambda: "another workspace" in agent.story(media), 10, "the doubt")
    assert agent.video(media).is_file()


def test_a_retry_by_hand_does_not_wait_for_the_credentials(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Refused")
    twin.sin("*on-demand*", "status", code=401)
    agent.ready_event(media)
    agent.wait_state(media, "waiting")
    twin.forgive()
    began = time.monotonic()
    agent.cli("retry", agent.name(media))
    agent.archived(media)
    assert time.monotonic() - began < 8


def test_api_calls_are_counted_by_outcome(agent: Agent, twin: Twin) -> None:
    agent.archive_now(twin.add_fastpix("Goal"))
    text = agent.admin("/metrics").body.decode()
    assert 'vodkeep_api_requests_total{outcome="done"}' in text
    assert 'outcome="none"' not in text


def test_what_can_never_be_had_has_failed(agent: Agent, twin: Twin) -> None:
    """No week of questions about media that is not to be had."""
    locked = twin.add_fastpix("Locked", policy="drm")
    elsewhere = twin.add_optiview(name="Elsewhere", fields={
        "storage": {"type": "awsS3", "path": "s3://x"}, "download": None})
    agent.ready_event(locked, elsewhere)
    assert "DRM" in agent.wait_reason(locked, "failed")
    assert "own bucket" in agent.wait_reason(elsewhere, "failed")
    twin.change(locked, policy="public")
    agent.deliver(locked, "video.media.updated")
    agent.archived(locked)
