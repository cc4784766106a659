"""INTERFACE §7: what lies in the archive, and where."""
from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import fastpix
from agentctl import Agent, wait_until
from content import have_ffmpeg, rendered_clip, sample
from twin import Twin

HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "..", ".", ".hidden", "a/b/c", "a\\b", "line\nbreak",
    "nul\u0000byte", "tab\tand\u001b[31mcolour", "x" * 300, "ü" * 200, "日本語のタイトル" * 20,
    "e\u0301te", "\u202egnp.exe", "trailing. ", "CON", "a" * 179 + "é", "-rf", "~", "$(id)",
    "{title}", "%s%n", " ", "\U0001f600" * 80, "goal.mp4", "name.part",
]


def sidecar_of(agent: Agent, media: Any) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(agent.video(media).with_suffix(".json").read_text())
    return value


# The sidecar.

def test_sidecar_of_fastpix(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal", subtitles=("en",), metadata={"team": "sports"},
                             fields={"creatorId": "creator-7"}, size=50_000)
    agent.archive_now(media)
    sidecar = sidecar_of(agent, media)
    expected = {"schema": "vodkeep.asset/1", "workspace": "production", "platform": "fastpix",
                "id": media.id, "title": "Goal", "metadata": {"team": "sports"}}
    assert {key: sidecar[key] for key in expected} == expected
    assert {"type", "created", "duration", "resolution", "files", "platform_data"} <= set(sidecar)
    assert sidecar["created"].startswith("2026-03-14T09:26:53")
    assert "authorization" not in json.dumps(sidecar).lower()
    files = {file["role"]: file for file in sidecar["files"]}
    assert {"video", "thumbnail", "subtitle"} <= set(files)
    video = files["video"]
    assert media.video and video["sha256"] == media.video.sha256() and video["bytes"] == 50_000
    assert video["content_type"] == "video/mp4" and video["source_host"] == "127.0.0.2"
    assert video["downloaded_at"].endswith("Z")
    for file in sidecar["files"]:
        assert (agent.archive / file["path"]).stat().st_size == file["bytes"]


def test_sidecar_of_optiview(agent: Agent, twin: Twin) -> None:
    asset = twin.add_optiview(type="recording", stream_name="studio")
    agent.archive_now(asset)
    sidecar = sidecar_of(agent, asset)
    assert (sidecar["platform"], sidecar["type"], sidecar["stream"]) == (
        "optiview", "recording", "studio")
    text = json.dumps(sidecar)
    assert "Expires=" not in text and "Signature" not in text


def test_every_listed_hash_is_true(agent: Agent, twin: Twin) -> None:
    media = [twin.add_fastpix("Goal", subtitles=("en", "de")), twin.add_optiview(thumbnails=3)]
    agent.archive_now(*media)
    for item in media:
        for file in agent.show(item)["files"]:
            data = (agent.archive / file["path"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == file["sha256"], file["path"]
            assert len(data) == file["bytes"]


# Which files.

def test_thumbnails_subtitles_and_audio(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", fetch="video, thumbnail, subtitles, metadata, audio")
    agent = idle_agent.start()
    media = twin.add_fastpix("Goal", audio=True, subtitles=("en", "pt-BR"))
    agent.archive_now(media)
    suffixes = {path.rsplit(media.id, 1)[1] for path in agent.tree()}
    assert suffixes in ({".mp4", ".m4a", ".jpg", ".en.vtt", ".pt-BR.vtt", ".json"},
                        {".mp4", ".m4a", ".png", ".en.vtt", ".pt-BR.vtt", ".json"})
    base = agent.video(media).with_suffix("")
    assert Path(str(base) + ".en.vtt").read_bytes() == sample("captions.vtt").data
    assert Path(str(base) + ".m4a").read_bytes() == sample("audio.m4a").data


def test_audio_only_media(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Podcast", audio=True, audio_only=True, thumbnail=False)
    media.video = None
    agent.archive_now(media)
    assert any(path.endswith("%s.m4a" % media.id) for path in agent.tree())


@pytest.mark.parametrize("fetch, count", [("video, thumbnail", 1), ("video, all_thumbnails", 3),
                                          ("video", 0)])
def test_how_many_thumbnails(idle_agent: Agent, twin: Twin, fetch: str, count: int) -> None:
    idle_agent.config.set("rule all", fetch=fetch)
    agent = idle_agent.start()
    asset = twin.add_optiview(thumbnails=3)
    agent.archive_now(asset)
    names = sorted(Path(path).name for path in agent.tree() if path.endswith(".jpg"))
    stem = agent.video(asset).stem
    assert names == sorted([stem + ".jpg", stem + ".2.jpg", stem + ".3.jpg"][:count])


def test_a_missing_thumbnail_is_no_reason_to_wait(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal", thumbnail=False)
    agent.archive_now(media)
    assert agent.video(media).is_file()


def test_the_extension_follows_the_content(agent: Agent, twin: Twin) -> None:
    """The record and the URL say mp4; the bytes are WebM."""
    media = twin.add_fastpix("Disguised", video=sample("recording.webm"))
    media.video.content_type = "video/mp4"  # type: ignore[union-attr]
    thumb = twin.add_optiview(name="Disguised too")
    thumb.thumbnails = [sample("thumb.png")]
    thumb.thumbnails[0].content_type = "image/jpeg"
    agent.archive_now(media, thumb)
    assert agent.video(media).suffix == ".webm"
    assert agent.files(media)["video"][0]["content_type"] == "video/webm"
    assert agent.files(thumb)["thumbnail"][0]["path"].endswith(".png")


def test_media_with_hls_alone_waits_where_the_rule_takes_none(
        idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", video="mp4")
    agent = idle_agent.start()
    media = twin.add_fastpix("Streamed", mp4="none")
    agent.ready_event(media)
    assert "HLS" in agent.wait_reason(media, "waiting")
    assert agent.videos() == set()


def test_max_resolution(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", max_resolution="720p", video="mp4")
    agent = idle_agent.start()
    large = twin.add_fastpix("Large", width=1920, height=1080)
    small = twin.add_fastpix("Small", width=1280, height=720)
    agent.ready_event(large)
    agent.archive_now(small)
    assert "max_resolution" in agent.wait_reason(large, "waiting")


# Where they lie.

def test_mtime_is_the_creation_time(agent: Agent, twin: Twin) -> None:
    created = datetime(2024, 2, 29, 23, 59, 58, tzinfo=timezone.utc)
    media, asset = twin.add_fastpix(created=created), twin.add_optiview(created=created)
    agent.archive_now(media, asset)
    for item in (media, asset):
        assert int(agent.video(item).stat().st_mtime) == int(created.timestamp())
        assert "/2024/02/" in str(agent.video(item))


def test_path_templates(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set(
        "rule all", fetch="video",
        path="{platform}/{metadata.team}/{created:%Y-%m-%d}/{stream|title}/{type}/{resolution}-{id}")
    agent = idle_agent.start()
    media = twin.add_fastpix("A: title", metadata={"team": "red/blue"}, width=1280, height=720)
    agent.archive_now(media)
    parts = Path(agent.files(media)["video"][0]["path"]).parts
    assert parts[0] == "fastpix" and parts[2] == "2026-03-14"
    assert parts[-1] == "720p-%s.mp4" % media.id
    assert "red" in parts[1] and "blue" in parts[1] and "/" not in parts[1]


@pytest.mark.parametrize("batch", [HOSTILE[:9], HOSTILE[9:18], HOSTILE[18:]],
                         ids=["paths", "bytes", "words"])
def test_hostile_titles_stay_inside(agent: Agent, twin: Twin, batch: list[str]) -> None:
    media = [twin.add_fastpix(title) for title in batch]
    agent.archive_now(*media)
    for item in media:
        place = agent.video(item)
        assert place.resolve().is_relative_to(agent.archive.resolve() / "production/2026/03")
        assert place.parent == agent.archive / "production/2026/03", item.title
        name = os.fsencode(place.name)
        assert len(name) <= 255 and not name.startswith(b".")
        assert not any(byte < 32 or byte == 127 for byte in name)
        name.decode("utf-8")
    assert len(agent.videos()) == len(batch)


def test_hostile_metadata_in_a_path(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", path="{metadata.dir}/{stream|id}/{title}", fetch="video")
    agent = idle_agent.start()
    media = twin.add_fastpix("../up", metadata={"dir": "../../outside"})
    asset = twin.add_optiview(name=None, stream_name="../../../stream")
    agent.archive_now(media, asset)
    for item in (media, asset):
        assert agent.video(item).resolve().is_relative_to(agent.archive.resolve())
        assert ".." not in Path(agent.files(item)["video"][0]["path"]).parts


def test_a_symlink_in_the_archive_is_not_followed(agent: Agent, twin: Twin) -> None:
    outside = agent.directory / "outside"
    outside.mkdir()
    (agent.archive / "production").mkdir()
    (agent.archive / "production" / "2026").symlink_to(outside)
    media = twin.add_fastpix()
    agent.ready_event(media)
    agent.wait_reason(media, "waiting", "failed")
    assert list(outside.rglob("*")) == [] and agent.state_of(media) != "archived"
    (agent.archive / "production" / "2026").unlink()
    agent.cli("retry", agent.name(media))
    agent.archived(media)


def test_two_assets_with_one_path(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", path="same/{title}", fetch="video, metadata")
    agent = idle_agent.start()
    first, second = twin.add_fastpix("Goal", size=50_000), twin.add_fastpix("Goal", size=60_000)
    agent.archive_now(first)
    agent.archive_now(second)
    tilde = "same/Goal~" + second.id[:8]
    assert agent.tree() == {"same/Goal.mp4", "same/Goal.json", tilde + ".mp4", tilde + ".json"}
    assert (agent.archive / "same/Goal.mp4").stat().st_size == 50_000


def test_another_name_is_taken_after_another_link(agent: Agent, twin: Twin) -> None:
    """Twice through the same plan, though its record has been asked for anew."""
    asset = twin.add_optiview(name="Goal")
    place = agent.archive / "stage" / "2026" / "03"
    place.mkdir(parents=True)
    strangers = [place / ("Goal-%s.%s" % (asset.id, kind)) for kind in ("mp4", "webm")]
    for stranger in strangers:
        stranger.write_text("not vodkeep's")
    sin = twin.sin("/dkxfvY/%s/*" % asset.id, "status", code=403, count=1)
    agent.archive_now(asset)
    assert sin.hits == 1
    assert agent.video(asset) not in strangers
    assert all(stranger.read_text() == "not vodkeep's" for stranger in strangers)


def test_a_strangers_file_is_never_overwritten(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal")
    place = agent.archive / "production" / "2026" / "03"
    place.mkdir(parents=True)
    stranger = place / ("Goal-%s.mp4" % media.id)
    stranger.write_text("not vodkeep's")
    agent.archive_now(media)
    assert stranger.read_text() == "not vodkeep's"
    assert agent.video(media) != stranger
    twin.delete(media)
    agent.deleted_event(media)
    agent.wait_state(media, "deleted")
    assert agent.tree() == {str(stranger.relative_to(agent.archive))}


def test_update_that_changes_the_path_leaves_no_old_folder(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", path="{title}/{id}", fetch="video, thumbnail, metadata")
    agent = idle_agent.start()
    media = twin.add_fastpix("Before")
    agent.archive_now(media)
    twin.change(media, title="After")
    agent.deliver(media, "video.media.updated")
    wait_until(lambda: agent.folders() == {"After"}, 15, "the move", agent.tree)
    wait_until(lambda: "wrote After/" in agent.log_text(), 15, "the end of the look")
    assert agent.tree() == {"After/%s%s" % (media.id, end) for end in (".mp4", ".jpg", ".json")}


@pytest.mark.skipif(not have_ffmpeg(), reason="ffmpeg is not installed")
def test_a_real_clip_plays(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Real", video=rendered_clip(agent.directory, 3), duration=3.0)
    agent.archive_now(media)
    if shutil.which("ffprobe"):
        probe = subprocess.run(
            ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0",
             str(agent.video(media))], capture_output=True, text=True, timeout=30)
        assert abs(float(probe.stdout) - 3.0) < 0.2


def test_old_and_odd_creation_times(agent: Agent, twin: Twin) -> None:
    epoch = fastpix.CREATED.replace(year=1999)
    future = fastpix.CREATED + timedelta(days=3650)
    media = [twin.add_fastpix(created=epoch), twin.add_fastpix(created=future)]
    agent.archive_now(*media)
    assert "/1999/" in str(agent.video(media[0])) and "/2036/" in str(agent.video(media[1]))
