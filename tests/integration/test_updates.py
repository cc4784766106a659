"""INTERFACE §3 on_update: what follows a change at the platform, and what is kept."""
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import fastpix
from agentctl import Agent, wait_until
from content import Content, grown_clip, sample, text
from twin import Media, Twin


def configured(agent: Agent, **rule: str) -> Agent:
    agent.config.set("rule all", **rule)
    return agent.start()


def update(agent: Agent, twin: Twin, media: Media, **fields: Any) -> None:
    """Change it at the platform, say so, and wait until a look has dealt with it."""
    twin.change(media, **fields)
    settle(agent, media, "video.media.updated")


def settle(agent: Agent, media: Media, kind: str) -> None:
    """Deliver, and wait for the end of the look that it causes."""
    agent.deliver(media, kind)
    wait_until(lambda: not agent.show(media)["due"], 20, "the look to end",
               lambda: agent.show(media))
    agent.archived(media)


def base(agent: Agent, media: Media) -> Path:
    return agent.video(media).with_suffix("")


def sidecar(agent: Agent, media: Media) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(agent.video(media).with_suffix(".json").read_text())
    return value


def names(agent: Agent, media: Media) -> set[str]:
    """What lies behind the id in the names of its files."""
    return {path.rsplit(media.id, 1)[1] for path in agent.tree() if media.id in path}


def sent(twin: Twin, path: str) -> int:
    return sum(entry.sent for entry in twin.log.find(path))


# refresh

def test_all_files_follow_the_title(agent: Agent, twin: Twin) -> None:
    """Also two subtitles of one language, which must not want one name on the way."""
    media = twin.add_fastpix("Before", subtitles=("en", "de"))
    other = fastpix.Track("other-english", "en", text("WEBVTT\n\n00:00.000 --> 00:01.000\nother\n"))
    media.tracks.append(other)
    agent.archive_now(media)
    before = {Path(path).name.rsplit(media.id, 1)[1]: (agent.archive / path).read_bytes()
              for path in agent.tree() if not path.endswith(".json")}
    assert {".en.vtt", ".en.2.vtt", ".de.vtt"} <= set(before)
    update(agent, twin, media, title="After")
    assert all("After-" in path and "~" not in path for path in agent.tree())
    after = {Path(path).name.rsplit(media.id, 1)[1]: (agent.archive / path).read_bytes()
             for path in agent.tree() if not path.endswith(".json")}
    assert after == before
    assert sidecar(agent, media)["title"] == "After"


def test_languages_that_are_corrected(agent: Agent, twin: Twin) -> None:
    """Two at once, to the same: they must not be in each other's way."""
    media = twin.add_fastpix("Goal")
    media.tracks = [fastpix.Track("track-%d" % n, "und", text("WEBVTT\n\n%d" % n)) for n in range(3)]
    agent.archive_now(media)
    assert {".und.vtt", ".und.2.vtt", ".und.3.vtt"} <= names(agent, media)
    for track in media.tracks[1:]:
        track.language = "sv"
    update(agent, twin, media, title="After")
    assert {name for name in names(agent, media) if name.endswith(".vtt")} in (
        {".und.vtt", ".sv.vtt", ".sv.2.vtt"}, {".und.2.vtt", ".sv.vtt", ".sv.2.vtt"})
    assert all("~" not in path for path in agent.tree())
    for file in agent.files(media)["subtitle"]:
        track = next(t for t in media.tracks if t.id in file["key"])
        assert (file["language"] or "und") == track.language
        assert (agent.archive / file["path"]).read_bytes() == track.content.data


def test_pieces_that_changed_behind_their_url(agent: Agent, twin: Twin) -> None:
    """Thumbnail and subtitle change, the video does not: only they are downloaded."""
    media = twin.add_fastpix("Goal", size=200_000, subtitles=("en", "de"))
    media.thumbnail = sample("thumb.jpg")
    agent.archive_now(media)
    old = {path: os.stat(agent.archive / path).st_ino for path in agent.tree()}
    captions = text("WEBVTT\n\n00:00.000 --> 00:02.000\nCorrected\n")
    media.tracks[0].content = captions
    thumbnail = Content("image/jpeg", (sample("thumb.jpg").data or b"") + b"\0")
    update(agent, twin, media, thumbnail=thumbnail)
    stem = str(base(agent, media))
    assert Path(stem + ".en.vtt").read_bytes() == captions.data
    assert Path(stem + ".jpg").read_bytes() == thumbnail.data
    for suffix in (".mp4", ".de.vtt"):
        assert os.stat(stem + suffix).st_ino == old[str(Path(stem + suffix).relative_to(agent.archive))]
    assert sent(twin, "capped-4k.mp4") < 210_000


def test_the_old_video_is_there_until_the_new_one_is(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("transfer", low_speed="1K/30s")
    agent = idle_agent.start()
    media = twin.add_fastpix("Goal", size=300_000)
    agent.archive_now(media)
    old, path = media.video, agent.video(media)
    new = grown_clip(400_000, seed=3)
    stall = twin.sin("*/capped-4k.mp4", "stall", after=100_000, skip=1, count=1)
    twin.change(media, video=new)
    agent.deliver(media, "video.media.updated")
    stall.wait_reached()
    assert old and path.read_bytes() == old.data
    twin.forgive()
    wait_until(lambda: path.read_bytes() == new.data, 15, "the new video")
    agent.archived(media)


def test_another_validator_of_the_same_bytes(idle_agent: Agent, twin: Twin) -> None:
    """A host may name the same bytes anew: they are compared, and nothing is touched."""
    agent = configured(idle_agent, on_update="version")
    media = twin.add_fastpix("Goal", size=100_000)
    agent.archive_now(media)
    assert media.video
    before = os.stat(agent.video(media))
    downloaded = agent.files(media)["video"][0]["downloaded"]
    update(agent, twin, media, video=media.video.renewed())
    assert "same as before" in agent.story(media)
    after = os.stat(agent.video(media))
    assert (after.st_ino, after.st_nlink) == (before.st_ino, 1)
    assert agent.files(media)["video"][0]["downloaded"] == downloaded
    assert agent.show(media)["versions"] == [] and agent.staged() == []
    # By now it is known under the new name: nothing is downloaded any more.
    sum_before = sent(twin, "capped-4k.mp4")
    update(agent, twin, media)
    assert sent(twin, "capped-4k.mp4") - sum_before < 2


def test_a_change_that_only_the_time_tells(agent: Agent, twin: Twin) -> None:
    """No ETag, the same size: Last-Modified is another."""
    twin.sin("*capped-4k.mp4", "no-etag")
    media = twin.add_fastpix("Goal", video=grown_clip(90_000, seed=1))
    agent.archive_now(media)
    new = grown_clip(90_000, seed=2)
    new.last_modified += 60
    update(agent, twin, media, video=new)
    assert agent.video(media).read_bytes() == new.data
    count = len(twin.log.find("capped-4k.mp4"))
    update(agent, twin, media)
    assert len(twin.log.find("capped-4k.mp4")) == count + 1
    assert twin.log.find("capped-4k.mp4")[-1].sent == 1


@pytest.mark.parametrize("code", [503, 404])
def test_a_change_is_not_forgotten_while_the_host_fails(
        idle_agent: Agent, twin: Twin, code: int) -> None:
    """Whether the video changed is asked until it is known."""
    idle_agent.config.set("transfer", retry_for="1h")
    agent = idle_agent.start()
    media = twin.add_fastpix("Before", size=80_000)
    agent.archive_now(media)
    trouble = twin.sin("*/capped-4k.mp4", "status", code=code)
    new = grown_clip(90_000, seed=5)
    twin.change(media, title="After", video=new)
    agent.deliver(media, "video.media.updated")
    wait_until(lambda: trouble.hits > 8, 20, "more attempts than a thumbnail gets")
    assert agent.state_of(media) == "archived"
    assert "After-" in agent.video(media).name, "what is known follows meanwhile"
    twin.forgive()
    wait_until(lambda: agent.video(media).read_bytes() == new.data, 20, "the new video")


def test_a_piece_that_vanished_stays(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal", subtitles=("en", "de"))
    agent.archive_now(media)
    media.tracks = media.tracks[:1]
    agent.deliver(media, "video.media.track.deleted")
    twin.sin("*/thumbnail.*", "status", code=404)
    update(agent, twin, media)
    assert {".mp4", ".jpg", ".en.vtt", ".de.vtt", ".json"} == names(agent, media)
    assert agent.show(media)["missing"] == []
    assert len(sidecar(agent, media)["files"]) == 4


# version

def test_old_versions_are_kept(idle_agent: Agent, twin: Twin) -> None:
    agent = configured(idle_agent, on_update="version")
    media = twin.add_fastpix("Goal", size=70_000)
    agent.archive_now(media)
    videos = [media.video]
    for number in (1, 2):
        videos.append(grown_clip(70_000 + number, seed=number))
        update(agent, twin, media, video=videos[-1])
    assert names(agent, media) == {".mp4", ".v1.mp4", ".v2.mp4", ".jpg", ".json"}
    stem = str(base(agent, media))
    for video, suffix in zip(videos, (".v1.mp4", ".v2.mp4", ".mp4")):
        assert video and Path(stem + suffix).read_bytes() == video.data
    for versions, date in ((sidecar(agent, media)["versions"], "replaced_at"),
                           (agent.show(media)["versions"], "replaced")):
        assert [Path(version["path"]).suffixes[-2] for version in versions] == [".v1", ".v2"]
        assert [version["sha256"] for version in versions] == [
            video.sha256() for video in videos[:2] if video]
        assert all(version[date].endswith("Z") for version in versions)
    assert [file["path"] for file in agent.files(media)["video"]] == [
        str(agent.video(media).relative_to(agent.archive))]
    assert agent.asset(media)["path"] == agent.files(media)["video"][0]["path"]
    shown = agent.cli("show", media.id).out
    assert "Old versions" in shown and ".v1.mp4" in shown and "replaced " in shown
    assert "the old video is kept as" in agent.story(media)
    assert agent.cli("verify", json=True).json["findings"] == []


def test_versions_go_where_the_asset_goes(idle_agent: Agent, twin: Twin) -> None:
    agent = configured(idle_agent, on_update="version", path="{title}/{id}")
    media = twin.add_fastpix("Before", size=70_000)
    agent.archive_now(media)
    update(agent, twin, media, video=grown_clip(71_000, seed=1))
    update(agent, twin, media, title="After")
    assert agent.folders() == {"After"}
    assert names(agent, media) == {".mp4", ".v1.mp4", ".jpg", ".json"}
    assert agent.show(media)["versions"][0]["path"] == "After/%s.v1.mp4" % media.id
    twin.delete(media)
    agent.deleted_event(media)
    agent.wait_state(media, "deleted")
    assert agent.tree() == set() and agent.folders() == set()


def test_versions_survive_a_restart_and_are_verified(idle_agent: Agent, twin: Twin) -> None:
    agent = configured(idle_agent, on_update="version")
    media = twin.add_fastpix("Goal", size=70_000)
    agent.archive_now(media)
    update(agent, twin, media, video=grown_clip(71_000, seed=1))
    agent.restart()
    update(agent, twin, media, video=grown_clip(72_000, seed=2))
    assert len(agent.show(media)["versions"]) == 2
    Path(str(base(agent, media)) + ".v1.mp4").write_bytes(b"rot")
    found = agent.cli("verify", "--repair", json=True, status=5).json["findings"]
    assert [(Path(entry["path"]).suffixes[-2], entry["kind"]) for entry in found] == [
        (".v1", "damaged")]
    assert "no longer has" in agent.story(media)


def test_a_version_of_another_kind(idle_agent: Agent, twin: Twin) -> None:
    """MP4, then WebM, then MP4 again; and audio, which is all there is of some media."""
    agent = configured(idle_agent, on_update="version")
    media = twin.add_fastpix("Goal", size=70_000)
    podcast = twin.add_fastpix("Podcast", audio=True, audio_only=True, thumbnail=False)
    podcast.video = None
    agent.archive_now(media, podcast)
    first = agent.video(media).read_bytes()
    update(agent, twin, media, video=sample("recording.webm"))
    assert names(agent, media) == {".webm", ".v1.mp4", ".jpg", ".json"}
    update(agent, twin, media, video=grown_clip(71_000, seed=1))
    assert names(agent, media) == {".mp4", ".v1.mp4", ".v2.webm", ".jpg", ".json"}
    assert Path(str(base(agent, media)) + ".v1.mp4").read_bytes() == first
    audio = sample("audio.m4a")
    assert audio.data
    longer = Content("audio/mp4", audio.data + b"\0\0\0\x10free" + bytes(8))
    update(agent, twin, podcast, audio=longer)
    assert names(agent, podcast) == {".m4a", ".v1.m4a", ".json"}


def test_what_is_kept_already_is_not_kept_twice(idle_agent: Agent, twin: Twin) -> None:
    """There and back again: the first video is version 1 already."""
    agent = configured(idle_agent, on_update="version")
    media = twin.add_fastpix("Goal", size=70_000)
    first = media.video
    assert first
    agent.archive_now(media)
    update(agent, twin, media, video=grown_clip(71_000, seed=1))
    update(agent, twin, media, video=first)
    assert names(agent, media) == {".mp4", ".v1.mp4", ".v2.mp4", ".jpg", ".json"}
    update(agent, twin, media, video=grown_clip(72_000, seed=2))
    assert names(agent, media) == {".mp4", ".v1.mp4", ".v2.mp4", ".jpg", ".json"}
    assert Path(str(base(agent, media)) + ".v1.mp4").read_bytes() == first.data


def test_names_that_are_taken(idle_agent: Agent, twin: Twin) -> None:
    """A stranger's file is passed over; our own, from before a crash, is recognised."""
    agent = configured(idle_agent, on_update="version")
    strange, crashed = twin.add_fastpix("Strange", size=70_000), twin.add_fastpix("Crash", size=70_001)
    agent.archive_now(strange, crashed)
    stranger = Path(str(base(agent, strange)) + ".v1.mp4")
    stranger.write_text("not vodkeep's")
    os.link(agent.video(crashed), str(base(agent, crashed)) + ".v1.mp4")
    for media in (strange, crashed):
        update(agent, twin, media, video=grown_clip(71_000, seed=1))
    assert stranger.read_text() == "not vodkeep's"
    assert {".v1.mp4", ".v2.mp4"} <= names(agent, strange)
    assert {".v1.mp4"} == {name for name in names(agent, crashed) if ".v" in name}
    assert len(agent.show(crashed)["versions"]) == 1


@pytest.mark.parametrize("moment", range(5))
def test_kill_9_while_a_version_is_made(idle_agent: Agent, twin: Twin, moment: int) -> None:
    """The next run ends with one old and one new video, wherever it was."""
    agent = configured(idle_agent, on_update="version")
    media = twin.add_fastpix("Goal", size=70_000)
    agent.archive_now(media)
    old, path = media.video, agent.video(media)
    assert old
    new = grown_clip(75_000, seed=9)
    signs = [lambda: twin.log.find("capped-4k.mp4")[-1].sent > 70_000,
             lambda: path.with_suffix(".v1.mp4").exists(),
             lambda: path.read_bytes() == new.data,
             lambda: "the old video is kept" in agent.log_text(),
             lambda: "video archived as" in agent.log_text().rpartition("is kept as")[2]]
    twin.change(media, video=new)
    agent.deliver(media, "video.media.updated")
    wait_until(signs[moment], 20, "the moment to kill it")
    agent.kill9()
    assert path.exists(), "a whole file is there at every moment"
    agent.start()
    wait_until(lambda: not agent.show(media)["due"], 20, "the end of the look")
    assert path.read_bytes() == new.data
    assert path.with_suffix(".v1.mp4").read_bytes() == old.data
    assert names(agent, media) == {".mp4", ".v1.mp4", ".jpg", ".json"}
    assert [v["sha256"] for v in agent.show(media)["versions"]] == [old.sha256()]
    assert agent.cli("verify", json=True).json["findings"] == []


# ignore

def test_ignored_updates_change_nothing(idle_agent: Agent, twin: Twin) -> None:
    agent = configured(idle_agent, on_update="ignore")
    media = twin.add_fastpix("Before", size=70_000, subtitles=("en",))
    agent.archive_now(media)
    before = {path: (agent.archive / path).read_bytes() for path in agent.tree()}
    stamps = {path: os.stat(agent.archive / path).st_mtime_ns for path in before}
    count = len(twin.log.find("capped-4k.mp4"))
    update(agent, twin, media, title="After", video=grown_clip(71_000, seed=1),
           metadata={"team": "other"}, thumbnail=sample("thumb.jpg"))
    assert {path: (agent.archive / path).read_bytes() for path in agent.tree()} == before
    assert {path: os.stat(agent.archive / path).st_mtime_ns for path in before} == stamps
    assert len(twin.log.find("capped-4k.mp4")) == count, "not even asked"
    assert agent.show(media)["title"] == "Before"
    assert "on_update = ignore" in agent.story(media)


def test_what_is_new_is_no_update(idle_agent: Agent, twin: Twin) -> None:
    """Subtitles that come late complete the asset; its facts stay as they were."""
    agent = configured(idle_agent, on_update="ignore")
    media = twin.add_fastpix("Before", size=70_000)
    agent.archive_now(media)
    track = fastpix.Track("late", "de", sample("captions.vtt"))
    twin.change(media, title="After", tracks=[track])
    settle(agent, media, "video.media.track.ready")
    assert names(agent, media) == {".mp4", ".jpg", ".de.vtt", ".json"}
    told = sidecar(agent, media)
    assert told["title"] == "Before"
    assert {file["language"] for file in told["files"] if file["role"] == "subtitle"} == {"de"}
