"""Found by reading the contract as a stranger: what a crash leaves, what changed, mounts."""
from __future__ import annotations

import json
from typing import Any

from agentctl import Agent, wait_until
from content import grown_clip
from twin import Twin


def entries(agent: Agent, media: Any) -> list[str]:
    """The archive's files of one asset."""
    return sorted(path for path in agent.tree() if media.id in path)


def test_an_own_sidecar_is_not_a_foreign_file(agent: Agent, twin: Twin) -> None:
    """As after a crash between writing the sidecar and recording it."""
    media = twin.add_fastpix("Goal", thumbnail=None)
    base = "production/2026/03/Goal-%s" % media.id
    sidecar = agent.archive / (base + ".json")
    sidecar.parent.mkdir(parents=True)
    sidecar.write_text(json.dumps({"schema": "vodkeep.asset/1", "workspace": "production",
                                   "id": media.id, "title": "before the crash"}))
    agent.archive_now(media)
    assert entries(agent, media) == [base + ".json", base + ".mp4"]
    assert json.loads(sidecar.read_text())["title"] == "Goal"


def test_a_foreign_json_file_stays(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal", thumbnail=None)
    base = "production/2026/03/Goal-%s" % media.id
    foreign = agent.archive / (base + ".json")
    foreign.parent.mkdir(parents=True)
    foreign.write_text('{"mine": true}')
    agent.archive_now(media)
    assert foreign.read_text() == '{"mine": true}'
    other = "%s~%s" % (base, media.id[:8])
    assert entries(agent, media) == [base + ".json", other + ".json", other + ".mp4"]
    assert len(twin.log.find("capped-4k.mp4")) == 1
    # The thumbnail that is not there is tried again meanwhile.
    wait_until(lambda: agent.staged() == [], 10, "an empty staging folder")


def test_a_move_that_was_not_recorded_is_recognised(agent: Agent, twin: Twin) -> None:
    """As after a crash between moving files to a new title's path and recording it."""
    media = twin.add_fastpix("Before")
    agent.archive_now(media)
    old = entries(agent, media)
    agent.stop()
    for path in old:
        (agent.archive / path).rename(agent.archive / path.replace("Before", "After"))
    twin.change(media, title="After")
    agent.start()
    agent.deliver(media, "video.media.updated")
    new = sorted(path.replace("Before", "After") for path in old)
    wait_until(lambda: sorted(f["path"] for f in agent.show(media)["files"]) == new, 10,
               "the files to be known at their new place", lambda: agent.show(media))
    agent.archived(media)
    assert entries(agent, media) == new
    assert all(entry.sent < 1000 for entry in twin.log.find("capped-4k.mp4")[1:])
    assert json.loads((agent.archive / new[0].replace(".jpg", ".json")).read_text())[
        "title"] == "After"


def test_a_file_that_has_gone_is_fetched_again_on_a_move(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Before")
    agent.archive_now(media)
    agent.video(media).unlink()
    twin.change(media, title="After")
    agent.deliver(media, "video.media.updated")
    wait_until(lambda: any(p.startswith("production/2026/03/After") and p.endswith(".mp4")
                           for p in entries(agent, media)), 15, "the video to be there again")
    agent.archived(media)
    assert not any("Before" in path for path in entries(agent, media))


def test_a_change_is_noticed_without_validators(agent: Agent, twin: Twin) -> None:
    """Neither platform promises an ETag: another size is another video."""
    twin.sin("*capped-4k.mp4", "no-validators")
    media = twin.add_fastpix("Goal", size=50_000)
    agent.archive_now(media)
    agent.deliver(media, "video.media.updated")
    wait_until(lambda: len(twin.log.find("capped-4k.mp4")) == 2, 10, "one look at the video")
    agent.archived(media)
    assert agent.video(media).stat().st_size == 50_000
    twin.change(media, video=grown_clip(60_000, 7))
    agent.deliver(media, "video.media.updated")
    wait_until(lambda: agent.video(media).stat().st_size == 60_000, 10, "the new video")


def test_nothing_begins_the_moment_the_marker_is_gone(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Late", size=40_000)
    marker = agent.archive / ".vodkeep" / "archive-id"
    away = agent.directory / "archive-id.away"
    marker.rename(away)
    agent.ready_event(media)
    wait_until(lambda: agent.admin("/readyz").status == 503, 30, "the alarm")
    assert agent.tree() == set()
    assert twin.log.find("capped-4k.mp4") == []
    away.rename(marker)
    agent.archived(media)
