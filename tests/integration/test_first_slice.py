"""The whole way once for each platform: delivery, details, download, archive, deletion."""
from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

import twin as tw
from agentctl import Agent
from content import sample
from twin import Twin


def add(twin: Twin, platform: str, **fields: Any) -> tw.Media:
    if platform == "fastpix":
        return twin.add_fastpix("Goal", **fields)
    return twin.add_optiview(name="Goal", **fields)


def place(media: tw.Media, workspace: str) -> str:
    """Where the built-in rule files it."""
    return "%s/2026/03/Goal-%s" % (workspace, media.id)


@pytest.mark.parametrize("platform, workspace", [("fastpix", "production"), ("optiview", "stage")])
def test_a_clip_is_archived_and_deleted_again(
        agent: Agent, twin: Twin, platform: str, workspace: str) -> None:
    media = add(twin, platform)
    agent.archive_now(media)
    base = place(media, workspace)
    assert media.video is not None
    assert (agent.archive / (base + ".mp4")).read_bytes() == media.video.data
    assert {path.rsplit(".", 1)[0] for path in agent.tree()} == {base}
    assert {path.rsplit(".", 1)[1] for path in agent.tree()} in (
        {"mp4", "jpg", "json"}, {"mp4", "png", "json"})
    sidecar = json.loads((agent.archive / (base + ".json")).read_text())
    assert sidecar["schema"] == "vodkeep.asset/1" and sidecar["id"] == media.id
    assert agent.staged() == []

    twin.delete(media)
    agent.deleted_event(media)
    agent.wait_state(media, "deleted")
    assert agent.tree() == set() and agent.folders() == set()


def test_a_webm_recording_and_a_large_clip(agent: Agent, twin: Twin) -> None:
    recording = twin.add_optiview(type="recording", video=sample("recording.webm"))
    large = twin.add_fastpix("Large", size=9 << 20)
    agent.archive_now(recording, large)
    assert agent.video(recording).suffix == ".webm"
    data = agent.video(large).read_bytes()
    assert large.video and hashlib.sha256(data).hexdigest() == large.video.sha256()


def test_credentials_go_to_the_api_host_only(agent: Agent, twin: Twin) -> None:
    media = [twin.add_fastpix(subtitles=("en",)), twin.add_optiview()]
    agent.archive_now(*media)
    for entry in twin.log.find():
        if entry.host == "api":
            expected = (twin.fastpix if entry.path.startswith("/v1") else twin.optiview).authorization
            assert entry.headers.get("authorization") == expected
        else:
            assert "authorization" not in entry.headers, entry.host
        assert entry.method != "HEAD", "signed links refuse HEAD"
        assert entry.headers.get("user-agent", "").startswith("vodkeep/")


def test_what_is_archived_survives_a_restart(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    before, asked = agent.tree(), len(twin.log.find())
    agent.restart()
    assert agent.state_of(media) == "archived"
    late = twin.add_fastpix("Late")
    agent.archive_now(late)
    assert before < agent.tree()
    assert not [e for e in twin.log.find(media.id)[1:] if e.number >= asked], "nothing was due"


def test_two_deliveries_one_download(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    body = twin.event(media, "video.media.ready")
    for _ in range(3):
        assert twin.deliver("fastpix", body).status == 200
    agent.ready_event(media)
    agent.archived(media)
    barrier = twin.add_fastpix("Barrier")
    agent.archive_now(barrier)
    assert len(twin.log.find("/%s/capped-4k.mp4" % media.playback_id)) == 1
