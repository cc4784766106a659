"""Everything that belongs to an asset: what its rule wants is there, or said to be missing."""
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import fastpix
from agentctl import Agent, wait_until
from content import Content, sample, text
from twin import Media, Twin

SRT = "1\r\n00:00:00,000 --> 00:00:01,500\r\nHello\r\n"


def picture(kind: str) -> Content:
    """Bytes that are told for this kind of picture."""
    head = {"webp": b"RIFF\x24\0\0\0WEBPVP8 ", "gif": b"GIF89a\1\0\1\0"}[kind]
    return Content("image/" + kind, head + bytes(24))


def wanting(agent: Agent, fetch: str, **rule: str) -> Agent:
    agent.config.set("rule all", fetch=fetch, **rule)
    return agent.start()


def names(agent: Agent, media: Media) -> set[str]:
    return {path.rsplit(media.id, 1)[1] for path in agent.tree() if media.id in path}


def missing(agent: Agent, media: Media) -> dict[str, str]:
    """Why, by key."""
    return {entry["key"]: entry["why"] for entry in agent.show(media)["missing"]}


def generated(language: str, url: str | None, **more: Any) -> dict[str, Any]:
    return {"generatedSubtitles": [{"languageCode": language, "url": url, **more}]}


def test_generated_subtitles_come_later(agent: Agent, twin: Twin) -> None:
    """Missing with a reason while they are made; looked for, should their event be lost."""
    media = twin.add_fastpix("Goal", subtitles=("en",))
    media.fields = generated("en", None)
    agent.archive_now(media)
    assert missing(agent, media) == {
        "subtitle.generated.en": "FastPix is still making these subtitles"}
    for command in ("show", "explain"):
        told = agent.cli(command, media.id).out
        assert "Missing\n  subtitle en: FastPix is still making these subtitles" in told
    assert agent.cli("explain", media.id, json=True).json["missing"][0] == {
        "role": "subtitle", "key": "subtitle.generated.en", "language": "en",
        "why": "FastPix is still making these subtitles"}
    before = {path: os.stat(agent.archive / path).st_ino for path in agent.tree()
              if not path.endswith(".json")}
    made = fastpix.Track("made", "en", text("WEBVTT\n\n00:00.000 --> 00:01.000\nMade\n"))
    made.type = "text?"  # served, but not listed as a subtitle
    twin.change(media, tracks=media.tracks + [made],
                fields=generated("en", twin.url("stream") + "/%s/text/made.vtt" % media.playback_id))
    wait_until(lambda: not missing(agent, media), 20, "the subtitles to be found")
    agent.archived(media)
    assert names(agent, media) == {".mp4", ".jpg", ".en.vtt", ".en.2.vtt", ".json"}
    stem = str(agent.video(media).with_suffix(""))
    assert Path(stem + ".en.2.vtt").read_bytes() == made.content.data
    assert {path: os.stat(agent.archive / path).st_ino for path in before} == before
    assert not agent.show(media)["due"], "then nothing is looked for any more"


def test_subtitles_that_failed_are_not_waited_for(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal")
    media.tracks = [fastpix.Track("broken", "de", sample("captions.vtt"), status="failed")]
    media.fields = generated("fr", None, status="failed")
    agent.archive_now(media)
    assert set(missing(agent, media).values()) == {
        "FastPix could not make this subtitle track", "FastPix could not make these subtitles"}
    assert not agent.show(media)["due"]


def test_late_pieces_touch_nothing_else(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal", subtitles=("en",))
    media.thumbnail = sample("thumb.jpg")
    agent.archive_now(media)
    before = {path: os.stat(agent.archive / path).st_ino for path in agent.tree()
              if not path.endswith(".json")}
    twin.change(media, tracks=media.tracks + [fastpix.Track("late", "de", sample("captions.vtt"))])
    agent.deliver(media, "video.media.track.ready")
    wait_until(lambda: ".de.vtt" in names(agent, media), 15, "the new track")
    wait_until(lambda: not agent.show(media)["due"], 15, "the end of the look")
    assert {path: os.stat(agent.archive / path).st_ino for path in before} == before
    sidecar = json.loads(agent.video(media).with_suffix(".json").read_text())
    assert {file["language"] for file in sidecar["files"]} == {None, "en", "de"}


def test_subtitles_are_named_by_their_content(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal")
    media.tracks = [fastpix.Track("srt", "en", text(SRT)), fastpix.Track("vtt", "de", sample("captions.vtt"))]
    agent.archive_now(media)
    assert {".en.srt", ".de.vtt"} <= names(agent, media)
    kinds = {file["language"]: file["content_type"] for file in agent.files(media)["subtitle"]}
    assert kinds == {"en": "application/x-subrip", "de": "text/vtt"}


def test_all_pictures_of_fastpix(idle_agent: Agent, twin: Twin) -> None:
    """A thumbnail, a moving preview, and the sheet of small pictures; by content."""
    agent = wanting(idle_agent, "video, all_thumbnails")
    media, bare = twin.add_fastpix("Goal"), twin.add_fastpix("Bare")
    media.pictures = {"clip.webp": picture("webp"), "spritesheet.jpg": sample("thumb.jpg"),
                      "thumbnail.jpg": picture("webp")}
    bare.pictures = {"clip.webp": picture("gif")}
    agent.archive_now(media, bare)
    assert names(agent, media) == {".mp4", ".webp", ".animated.webp", ".spritesheet.jpg"}
    wait_until(lambda: not agent.show(bare)["due"], 20, "the attempts to end")
    assert names(agent, bare) == {".mp4", ".jpg", ".animated.gif"}
    why = missing(agent, bare)
    assert list(why) == ["thumbnail.spritesheet"] and "404" in why["thumbnail.spritesheet"]


def test_a_thumbnail_that_appears_later(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal", thumbnail=False)
    agent.archive_now(media)
    wait_until(lambda: not agent.show(media)["due"], 20, "the attempts to end")
    assert list(missing(agent, media)) == ["thumbnail.1"]
    twin.change(media, thumbnail=sample("thumb.png"))
    agent.deliver(media, "video.media.updated")
    wait_until(lambda: ".jpg" in names(agent, media), 15, "the thumbnail")
    wait_until(lambda: not missing(agent, media), 15, "nothing to be missing")


def test_audio_beside_the_video(idle_agent: Agent, twin: Twin) -> None:
    """Its name is its own even where its container says MP4; without one it is missing."""
    agent = wanting(idle_agent, "video, audio, metadata")
    plain, branded, without = (twin.add_fastpix(title, audio=True)
                               for title in ("Plain", "Branded", "Without"))
    branded.audio = sample("clip.mp4")
    without.audio = None
    agent.archive_now(plain, branded, without)
    for media in (plain, branded):
        assert names(agent, media) == {".mp4", ".m4a", ".json"}
        assert agent.files(media)["audio"][0]["content_type"] == "audio/mp4"
        assert missing(agent, media) == {}
    assert names(agent, without) == {".mp4", ".json"}
    assert "no audio rendition" in missing(agent, without)["audio"]


def test_what_is_missing_while_the_video_is(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal", mp4="none", thumbnail=False)
    agent.ready_event(media)
    reason = agent.wait_reason(media, "waiting")
    why = missing(agent, media)
    assert reason.endswith(why["video"]) and set(why) == {"video", "thumbnail.1"}
    twin.change(media, mp4="ready", thumbnail=sample("thumb.jpg"))
    agent.deliver(media, "video.media.mp4Support.ready")
    agent.archived(media)
    wait_until(lambda: not missing(agent, media), 15, "nothing to be missing")


def test_recordings_of_one_live_stream(idle_agent: Agent, twin: Twin) -> None:
    """Each is an asset of its own, whatever they share."""
    agent = wanting(idle_agent, "video", path="{type}/{stream}/{title}")
    stream = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
    media = [twin.add_fastpix("Match", size=60_000 + n, fields={"streamId": stream})
             for n in range(3)]
    for item in media:
        agent.deliver(item, "video.media.live_stream.created", data={"streamId": stream})
    agent.archive_now(*media)
    paths = [agent.video(item).relative_to(agent.archive) for item in media]
    assert len(set(paths)) == 3
    assert {path.parent.as_posix() for path in paths} == {"live/" + stream}
    for item in media:
        assert item.video and agent.video(item).read_bytes() == item.video.data
    assert {agent.show(item)["stream"] for item in media} == {stream}


def test_sources_of_one_broadcast(idle_agent: Agent, twin: Twin) -> None:
    """A multi-source stream gives one asset for each source, told apart by path."""
    agent = wanting(idle_agent, "video", path="{stream}/{metadata.sourceId|id}")
    assets = []
    for source in ("main", "side/camera", None):
        feed = {"tokenId": 1, "streamName": "show", "sourceId": source, "simulcastId": None,
                "priority": None, "channelId": None}
        assets.append(twin.add_optiview(stream_name="show", type="recording",
                                        fields={"feed": feed}))
    agent.archive_now(*assets)
    stems = [agent.video(asset).relative_to(agent.archive).with_suffix("").as_posix()
             for asset in assets]
    assert stems[0] == "show/main" and stems[2] == "show/" + assets[2].id
    assert stems[1].startswith("show/side") and stems[1].count("/") == 1


@pytest.mark.parametrize("kind, suffix, role", [("webm", ".webm", "video"), ("audio", ".m4a", "audio"),
                                                ("mov", ".mov", "video")])
def test_what_optiview_may_deliver(agent: Agent, twin: Twin, kind: str, suffix: str, role: str) -> None:
    """WebM for newer codecs, sound alone, and whatever else the bytes are."""
    clip = sample("clip.mp4").data
    assert clip
    content = {"webm": sample("recording.webm"), "audio": sample("audio.m4a"),
               "mov": Content("video/mp4", clip[:8] + b"qt  " + clip[12:])}[kind]
    asset = twin.add_optiview(video=content, thumbnails=0)
    if kind == "audio":
        asset.fields = {"metadata": {"format": "MPEG-4", "sizes": {"concat": content.size},
                                     "duration": 2, "thumbnails": [],
                                     "tracks": [{"type": "audio", "codec": "AAC"}]}}
    agent.archive_now(asset)
    assert names(agent, asset) == {suffix, ".json"}
    assert (agent.archive / agent.files(asset)[role][0]["path"]).read_bytes() == content.data
