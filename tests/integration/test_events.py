"""INTERFACE §5: what each event does, in whatever order and number events come."""
from __future__ import annotations

import itertools
import json
from datetime import timedelta
from pathlib import Path

import pytest

import fastpix
import twin as tw
from agentctl import Agent, wait_until
from content import grown_clip, sample
from twin import Twin

ANNOUNCING = ["video.media.upload", "video.media.created", "video.upload.media_created",
              "video.media.live_stream.created", "video.media.live_clip.created"]
RECORDED = ["video.media.source.deleted", "video.media.track.deleted", "video.media.source.ready",
            "video.media.intro.ready", "video.live_stream.deleted", "video.media.deletedx",
            "video.media", "deleted", "video.mediaAI.summary.ready",
            "video.media.non_standard_format.detected"]


def video_path(media: tw.Media) -> str:
    """Part of the path by which the twin serves its video."""
    if isinstance(media, fastpix.FastpixMedia):
        return "/%s/capped-4k.mp4" % media.playback_id
    return "/%s/full." % media.id


def barrier(agent: Agent, twin: Twin) -> None:
    """Everything delivered before this has been looked at: one more asset goes all the way."""
    agent.archive_now(twin.add_fastpix("Barrier"), twin.add_optiview(name="Barrier"))


# FastPix.

@pytest.mark.parametrize("kind", ANNOUNCING)
def test_fastpix_announcements_fetch_nothing(agent: Agent, twin: Twin, kind: str) -> None:
    media = twin.add_fastpix(status="Processing")
    agent.deliver(media, kind)
    agent.wait_state(media, "announced")
    barrier(agent, twin)
    assert agent.state_of(media) == "announced"
    assert twin.log.find(media.playback_id) == []


def test_fastpix_upload_names_its_media_by_upload_id(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix(status="Processing")
    data = {"uploadId": media.id, "trial": False, "status": "waiting",
            "url": "https://upload.example/put?Signature=hidden", "timeout": 14400}
    agent.deliver(media, "video.media.upload", shape="seed", data=data)
    barrier(agent, twin)
    assert agent.state_of(media) in ("announced", None)
    assert "hidden" not in agent.log_text()
    twin.change(media, status="Ready")
    agent.archive_now(media)


@pytest.mark.parametrize("kind", ["video.media.ready", "VIDEO.MEDIA.READY", "Video.Media.Ready"])
@pytest.mark.parametrize("shape", ["live", "seed"])
def test_fastpix_ready_archives(agent: Agent, twin: Twin, kind: str, shape: str) -> None:
    media = twin.add_fastpix()
    agent.deliver(media, kind, shape=shape)
    agent.archived(media)
    assert agent.video(media).is_file()


def test_fastpix_media_is_found_by_all_its_spellings(agent: Agent, twin: Twin) -> None:
    """object.id, else data.id, else data.mediaId; never the id of a track."""
    by_object, by_data, by_media_id = (twin.add_fastpix(str(n)) for n in range(3))
    agent.deliver(by_object, "video.media.ready", data={"id": "a-track-id", "type": "subtitle"})
    agent.deliver(by_data, "video.media.ready", shape="seed", data={"id": by_data.id})
    agent.deliver(by_media_id, "video.media.ready", shape="seed", data={"mediaId": by_media_id.id})
    agent.archived(by_object, by_data, by_media_id)
    assert "production/a-track-id" not in agent.assets()


@pytest.mark.parametrize("stamp", ["2025-04-07T09:30:40Z", "2025-04-07T09:30:40.6Z",
                                   "2025-04-07T09:30:40.636687200Z", 1744018240, 1744018240123])
def test_fastpix_times_of_all_spellings(agent: Agent, twin: Twin, stamp: object) -> None:
    media = twin.add_fastpix()
    body = json.loads(twin.event(media, "video.media.ready"))
    del body["createdAt"]
    body["created_at"] = stamp
    assert twin.deliver("fastpix", json.dumps(body).encode()).status == 200
    agent.archived(media)


def test_fastpix_legacy_updated_event(agent: Agent, twin: Twin) -> None:
    """`environment` for workspace, playback_ids an object, integers for times."""
    media = twin.add_fastpix("Before")
    agent.archive_now(media)
    twin.change(media, title="After")
    body = {"type": "video.media.updated", "id": "x-5b0f0000-0000-4000-8000-000000000002",
            "environment": {"name": "fastpix", "id": fastpix.WORKSPACE_ID},
            "data": {"id": media.id, "created_at": 1744018240, "duration": 22, "test": False,
                     "playback_ids": {"id": media.playback_id, "accessPolicy": "public"},
                     "status": "ready", "ingest_type": "on_demand_url"},
            "created_at": int(twin.event_time().timestamp()) + 1, "attempts": []}
    assert twin.deliver("fastpix", json.dumps(body).encode()).status == 200
    twin.log.wait_for(lambda log: len(log.find("/on-demand/" + media.id)) > 1, "a second look")
    barrier(agent, twin)
    assert "After-" in agent.video(media).name


def test_fastpix_mp4_that_is_made_later(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix(mp4="preparing")
    agent.ready_event(media)
    assert "mp4" in agent.wait_reason(media, "waiting").lower()
    twin.change(media, mp4="ready")
    agent.deliver(media, "video.media.mp4Support.ready")
    agent.archived(media)


def test_fastpix_new_subtitles_are_added(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix(subtitles=("en",))
    agent.archive_now(media)
    for language, kind in (("de", "video.media.track.ready"),
                           ("fr", "video.media.subtitle.generated.ready")):
        track = fastpix.Track("track-" + language, language, sample("captions.vtt"))
        twin.change(media, tracks=media.tracks + [track])
        agent.deliver(media, kind, data=track.record())
        twin.log.wait_for(lambda log: log.find("track-" + language), "the new track")
        agent.archived(media)
    names = {Path(file["path"]).name[-7:] for file in agent.files(media)["subtitle"]}
    assert names == {".en.vtt", ".de.vtt", ".fr.vtt"}
    assert media.video
    assert sum(entry.sent for entry in twin.log.find(video_path(media))) < 2 * media.video.size


def test_fastpix_update_moves_and_retells_but_does_not_download(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Before", size=300_000)
    agent.archive_now(media)
    old = agent.tree()
    twin.change(media, title="After", metadata={"team": "sports"})
    agent.deliver(media, "video.media.updated")

    def moved() -> bool:
        return any("After-" in path for path in agent.tree()) and not old & agent.tree()

    wait_until(moved, 15, "the files to follow the title", agent.tree)
    agent.archived(media)
    sidecar = json.loads(agent.video(media).with_suffix(".json").read_text())
    assert sidecar["title"] == "After" and sidecar["metadata"] == {"team": "sports"}
    assert sum(entry.sent for entry in twin.log.find(video_path(media))) < 2 * 300_000
    assert len(agent.tree()) == len(old)
    assert not any("~" in path for path in agent.tree()), "no other asset is in the way"


def test_fastpix_update_downloads_a_changed_video(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal", size=200_000)
    agent.archive_now(media)
    new = grown_clip(210_000, seed=99)
    twin.change(media, video=new, duration=3.5)
    agent.deliver(media, "video.media.updated")
    wait_until(lambda: agent.video(media).read_bytes() == new.data, 15, "the new video")
    agent.archived(media)
    assert agent.files(media)["video"][0]["sha256"] == new.sha256()


@pytest.mark.parametrize("kind", ["video.media.failed", "video.media.upload.cancelled"])
def test_fastpix_failures(agent: Agent, twin: Twin, kind: str) -> None:
    lost, kept = twin.add_fastpix("Lost", status="Failed", mp4="none"), twin.add_fastpix("Kept")
    agent.archive_now(kept)
    agent.deliver(lost, kind)
    agent.deliver(kept, kind)
    assert agent.wait_reason(lost, "failed")
    barrier(agent, twin)
    assert agent.video(kept).is_file(), "an archived copy stays"
    assert twin.log.find(lost.playback_id) == []


def test_fastpix_failure_stops_the_download(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix(size=400_000)
    agent.stall(media, "*/capped-4k.mp4", after=100_000)
    twin.change(media, status="Failed", mp4="none")
    agent.deliver(media, "video.media.failed")
    agent.wait_state(media, "failed")
    assert agent.videos() == set()  # the thumbnail may have come before the failure


@pytest.mark.parametrize("kind", RECORDED)
def test_fastpix_other_types_never_delete(agent: Agent, twin: Twin, kind: str) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    before = agent.tree()
    agent.deliver(media, kind)
    barrier(agent, twin)
    assert agent.state_of(media) == "archived"
    assert before <= agent.tree()


# OptiView.

def test_optiview_processing_fetches_nothing(agent: Agent, twin: Twin) -> None:
    asset = twin.add_optiview(status="processing")
    agent.deliver(asset, "processing")
    agent.wait_state(asset, "announced")
    barrier(agent, twin)
    assert agent.state_of(asset) == "announced"
    assert twin.log.find(asset.id) == []


@pytest.mark.parametrize("hook, name", [("media", "completed"), ("MEDIA", "COMPLETED"),
                                        ("Media", "Completed")])
def test_optiview_completed_archives(agent: Agent, twin: Twin, hook: str, name: str) -> None:
    asset = twin.add_optiview()
    agent.deliver(asset, name, hook=hook)
    agent.archived(asset)


def test_optiview_live_channel_clip(agent: Agent, twin: Twin) -> None:
    """No stream, no token, no metadata: only a channel."""
    asset = twin.add_optiview(channel_id="a1b2c3d4e5f6g7h8u9j0k1l2m", stream_name=None,
                              token_id=None, metadata=None)
    agent.archive_now(asset)
    sidecar = json.loads(agent.video(asset).with_suffix(".json").read_text())
    assert sidecar["channel"] == "a1b2c3d4e5f6g7h8u9j0k1l2m"


@pytest.mark.parametrize("hook", ["recordings", "recording"])
def test_optiview_legacy_recordings(agent: Agent, twin: Twin, hook: str) -> None:
    asset = twin.add_optiview(id="7975", type="recording", stream_name="testy")
    data = {"recordFileId": 7975, "tokenId": 142366, "streamName": "testy",
            "recordedOn": 1639296463000, "metadata": {"format": "MPEG-4", "duration": 1}}
    agent.deliver(asset, "completed", hook=hook, data=data)
    agent.archived(asset)


def test_optiview_errored(agent: Agent, twin: Twin) -> None:
    asset = twin.add_optiview(status="error", error="the timeline has expired")
    agent.deliver(asset, "errored")
    agent.wait_state(asset, "failed")
    assert twin.log.find(video_path(asset)) == []


def test_optiview_each_attempt_reads_a_fresh_link(agent: Agent, twin: Twin) -> None:
    asset = twin.add_optiview(size=400_000, link_uses=1)
    twin.sin("/dkxfvY/*", "cut", after=100_000, count=2)
    agent.archive_now(asset)
    links = [tuple(sorted((k, v[0]) for k, v in entry.query.items()))
             for entry in twin.log.find(video_path(asset))]
    assert len(links) == 3 == len(set(links))


# Order and number.

FINAL = {"archived": ["video.media.created", "video.media.ready", "video.media.updated"],
         "deleted": ["video.media.created", "video.media.ready", "video.media.deleted"]}


@pytest.mark.parametrize("final", FINAL)
def test_fastpix_every_order_ends_alike(agent: Agent, twin: Twin, final: str) -> None:
    base = twin.event_time()
    kinds = FINAL[final]
    expected = {}
    for number, order in enumerate(itertools.permutations(range(len(kinds)))):
        media = twin.add_fastpix("Order %d" % number)
        if final == "deleted":
            twin.delete(media)
        for step in order:
            at = base + timedelta(seconds=step)
            body = twin.event(media, kinds[step], at=at)
            for _ in range(2):
                assert twin.deliver("fastpix", body).status == 200
        expected[agent.name(media)] = final
    agent.wait_states(expected)
    barrier(agent, twin)
    agent.wait_states(expected)
    assert agent.staged() == []


@pytest.mark.parametrize("final", ["archived", "deleted"])
def test_optiview_every_order_ends_alike(agent: Agent, twin: Twin, final: str) -> None:
    base = twin.event_time()
    names = ["processing", "completed"] + (["deleted"] if final == "deleted" else [])
    expected = {}
    for order in itertools.permutations(range(len(names))):
        asset = twin.add_optiview()
        if final == "deleted":
            twin.delete(asset)
        for step in order:
            body = twin.event(asset, names[step], at=base + timedelta(seconds=step))
            for _ in range(2):
                assert twin.deliver("optiview", body).status == 200
        expected[agent.name(asset)] = final
    agent.wait_states(expected)
    barrier(agent, twin)
    agent.wait_states(expected)


def test_rules_choose(idle_agent: Agent, twin: Twin) -> None:
    """The first rule in file order that matches decides."""
    config = idle_agent.config
    config.set("rule drafts", title="draft*", action="ignore")
    config.set("rule sports", path="sports/{title}-{id}", fetch="video")
    config.put("rule sports", "metadata.team", "sport*")
    config.set("rule long", min_duration="1h", action="ignore")
    agent = idle_agent.start()
    draft = twin.add_fastpix("Draft of a goal", metadata={"team": "sports"})
    sport = twin.add_fastpix("Goal", metadata={"team": "Sports-1"})
    long = twin.add_fastpix("Marathon", duration=7200.0)
    plain = twin.add_fastpix("Plain")
    agent.ready_event(draft, sport, long, plain)
    agent.wait_states({agent.name(draft): "ignored", agent.name(long): "ignored",
                       agent.name(sport): "archived", agent.name(plain): "archived"})
    assert agent.tree() >= {"sports/Goal-%s.mp4" % sport.id}
    assert not any(draft.id in path or long.id in path for path in agent.tree())
    assert set(agent.files(sport)) == {"video"}
    assert twin.log.find(draft.playback_id) == []
