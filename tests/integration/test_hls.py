"""Media that is there as HLS alone: fetched, resumed, put together; or refused, with the reason."""
from __future__ import annotations

import subprocess

import hls_make
import pytest
from agentctl import Agent, wait_until
from fastpix import FastpixMedia
from hls import HlsStream
from twin import Twin

pytestmark = pytest.mark.skipif(not hls_make.have_tools(), reason="no ffmpeg or openssl")

SEGMENT = "*/hls/video_*/*.ts"


def only_hls(twin: Twin, form: str, **fields: object) -> FastpixMedia:
    return twin.add_fastpix("HLS " + form, mp4="none", hls=hls_make.make(form), **fields)


def counts(agent: Agent, media: FastpixMedia) -> dict[str, int]:
    """Packets by kind in what was archived, and a duration that must fit."""
    streams, duration = hls_make.probe(agent.video(media))
    assert media.hls is not None
    assert abs(duration - media.hls.duration) < 0.1
    return dict(streams)


def frames(stream: HlsStream | None) -> dict[str, int]:
    assert stream is not None
    return stream.frames


# What is held is not fetched twice.

def asked(twin: Twin, media: FastpixMedia) -> list[str]:
    """The names of the segments that were asked for, in order."""
    paths = [entry.path for entry in twin.log.find(media.playback_id + "/hls/")]
    paths += [entry.path for entry in twin.log.find("/hls/%s/" % media.id)]
    return [path.rpartition("/")[2] for path in paths if path.endswith((".ts", ".m4s"))]


def staging(agent: Agent) -> list[str]:
    return sorted(path.name for path in (agent.archive / ".vodkeep/staging").iterdir())


def journal(agent: Agent) -> str:
    texts = [path.read_text() for path in (agent.archive / ".vodkeep/staging").glob("*.hls.part")]
    return texts[0] if texts else ""


@pytest.fixture
def one_by_one(idle_agent: Agent) -> Agent:
    """An agent that fetches one segment after the other, and is patient with a stall."""
    idle_agent.config.set("transfer", per_host="1", low_speed="1K/30s")
    return idle_agent


@pytest.mark.parametrize("form", ["ts", "fmp4", "aes-iv"])
def test_after_kill_9_only_what_is_missing_is_fetched(
        one_by_one: Agent, twin: Twin, form: str) -> None:
    agent = one_by_one.start()
    media = only_hls(twin, form)
    name = "2.m4s" if form == "fmp4" else "9.ts" if form == "aes-iv" else "2.ts"
    stall = twin.sin("*/" + name, "stall", after=100, count=1)
    agent.ready_event(media)
    stall.wait_reached()
    pieces = 3 if form == "fmp4" else 2  # with the map
    wait_until(lambda: journal(agent).count("\npiece ") >= pieces, 10, "two segments to be held")
    agent.kill9()
    agent.start()
    agent.archived(media)
    assert counts(agent, media) == frames(media.hls)
    names = asked(twin, media)
    assert names.count(name) == 2 and len(names) == len(set(names)) + 1
    wait_until(lambda: staging(agent) == [], 10, "an empty staging folder")


def test_a_journal_of_other_segments_is_not_believed(one_by_one: Agent, twin: Twin) -> None:
    agent = one_by_one.start()
    media = only_hls(twin, "ts")
    stall = twin.sin("*/2.ts", "stall", after=100, count=1)
    agent.ready_event(media)
    stall.wait_reached()
    wait_until(lambda: journal(agent).count("\npiece ") >= 2, 10, "two segments in the journal")
    agent.kill9()
    assert media.hls
    for track in media.hls.tracks:
        track.first = 100
    agent.start()
    agent.archived(media)
    assert counts(agent, media) == frames(media.hls)
    assert {"100.ts", "101.ts"} <= set(asked(twin, media))


def test_sigterm_keeps_what_is_held(one_by_one: Agent, twin: Twin) -> None:
    agent = one_by_one.start()
    media = only_hls(twin, "separate")
    stall = twin.sin("*/video_180/3.m4s", "stall", after=100, count=1)
    agent.ready_event(media)
    stall.wait_reached()
    agent.stop()
    agent.start()
    agent.archived(media)
    assert len(frames(media.hls)) == 2
    assert [name for name in asked(twin, media) if name == "0.m4s"] == ["0.m4s"] * 3


# Links that run out.

def test_refused_links_are_renewed(one_by_one: Agent, twin: Twin) -> None:
    """Segments are known again by place and name, though every link is another one."""
    agent = one_by_one.start()
    media = only_hls(twin, "signed")
    assert media.hls
    stall = twin.sin("*/1.m4s", "stall", after=100, count=1)
    agent.ready_event(media)
    stall.wait_reached()
    media.hls.revoke()
    stall.release()
    agent.archived(media)
    assert counts(agent, media) == frames(media.hls)
    assert "the playlist is fetched anew" in agent.story(media)
    entries = [entry for entry in twin.log.find("/hls/%s/" % media.id)
               if entry.status == 200 and entry.path.endswith(".m4s")]
    assert len(entries) == len({entry.path.rpartition("/")[2] for entry in entries})
    assert agent.asset(media)["reason"] is None


def test_links_that_are_always_refused(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("transfer", retry_for="2s")
    agent = idle_agent.start()
    media = only_hls(twin, "ts")
    twin.sin("*/1.ts", "status", code=403)
    agent.ready_event(media)
    agent.wait_state(media, "failed")
    assert "segment 2 of 4 of the main track" in agent.wait_reason(media, "failed")
    assert agent.videos() == set()


# No finished file has holes.

@pytest.mark.parametrize("kind, options, sentence", [
    ("status", {"code": 404}, "is not there"),
    ("html", {}, "HTML page"),
    ("short", {"after": 0}, "empty"),
    ("cut", {"after": 500}, "segment 2 of 4 of the main track"),
])
def test_a_segment_that_cannot_be_had_fails_the_whole(
        idle_agent: Agent, twin: Twin, kind: str, options: dict[str, int], sentence: str) -> None:
    idle_agent.config.set("transfer", retry_for="2s")
    agent = idle_agent.start()
    media = only_hls(twin, "ts")
    twin.sin("*/1.ts", kind, **options)
    agent.ready_event(media)
    agent.wait_state(media, "failed")
    reason = agent.wait_reason(media, "failed")
    assert sentence in reason and "segment 2 of 4" in reason
    assert agent.videos() == set()
    twin.forgive()
    agent.cli("retry", agent.name(media))
    agent.archived(media)
    assert counts(agent, media) == frames(media.hls)


@pytest.mark.parametrize("kind, options", [
    ("status", {"code": 500}), ("status", {"code": 503}), ("status", {"code": 404}), ("html", {}),
    ("cut", {"after": 500}), ("reset", {"after": 500}), ("gzip", {}),
])
def test_one_bad_answer_is_got_over(
        agent: Agent, twin: Twin, kind: str, options: dict[str, int]) -> None:
    media = only_hls(twin, "ts")
    sin = twin.sin("*/2.ts", kind, count=1, **options)
    agent.archive_now(media)
    assert sin.hits == 1
    assert counts(agent, media) == frames(media.hls)


@pytest.mark.parametrize("form, state, sentence", [
    ("gap", "failed", "EXT-X-GAP"),
    ("sample-aes", "failed", "SAMPLE-AES"),
    ("drm", "failed", "DRM"),
    ("growing", "waiting", "still grows"),
])
def test_what_cannot_be_archived_says_why(
        agent: Agent, twin: Twin, form: str, state: str, sentence: str) -> None:
    media = only_hls(twin, form)
    agent.ready_event(media)
    agent.wait_state(media, state)
    assert sentence in agent.wait_reason(media, state)
    assert asked(twin, media) == []


def test_a_recording_that_ends_is_taken(agent: Agent, twin: Twin) -> None:
    media = only_hls(twin, "growing")
    agent.ready_event(media)
    agent.wait_state(media, "waiting")
    assert media.hls
    media.hls.visible = None
    agent.archived(media)
    assert counts(agent, media) == frames(media.hls)


def test_the_wrong_key_is_told(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("transfer", retry_for="1s")
    agent = idle_agent.start()
    media = only_hls(twin, "aes-iv")
    assert media.hls
    media.hls.tracks[0].keys["key-1"] = b"anothersecretkey"
    agent.ready_event(media)
    agent.wait_state(media, "failed")
    assert "decrypt" in agent.wait_reason(media, "failed")
    assert agent.videos() == set()


# Deleting, and what stays in staging.

def test_deleted_while_it_is_fetched(one_by_one: Agent, twin: Twin) -> None:
    agent = one_by_one.start()
    media = only_hls(twin, "ts")
    stall = twin.sin("*/2.ts", "stall", after=100, count=1)
    agent.ready_event(media)
    stall.wait_reached()
    twin.delete(media)
    agent.deleted_event(media)
    stall.release()
    agent.wait_state(media, "deleted")
    wait_until(lambda: staging(agent) == [], 10, "an empty staging folder")
    assert agent.videos() == set()


def test_a_package_is_removed_whole(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", hls_as="package")
    agent = idle_agent.start()
    media = only_hls(twin, "separate")
    agent.archive_now(media)
    inside = sorted(path.rpartition("/")[2] for path in agent.tree() if ".hls/" in path)
    assert inside == ["audio-de-2.m3u8", "audio-de-2.mp4", "audio-en-1.m3u8", "audio-en-1.mp4",
                      "index.m3u8", "subtitles-de-4.m3u8", "subtitles-de-4.vtt",
                      "subtitles-en-3.m3u8", "subtitles-en-3.vtt", "video.m3u8", "video.mp4"]
    twin.delete(media)
    agent.deleted_event(media)
    agent.wait_state(media, "deleted")
    assert agent.tree() == set() and not any(".hls" in path for path in agent.folders())


def test_a_damaged_package_is_fetched_again(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", hls_as="package")
    agent = idle_agent.start()
    media = only_hls(twin, "separate")
    agent.archive_now(media)
    track = agent.video(media).with_name("video.mp4")
    good = track.read_bytes()
    track.write_bytes(good[:100] + b"\0" + good[101:])
    agent.cli("verify", "--repair", status=None)
    wait_until(lambda: track.read_bytes() == good, 15, "the track to be whole again")
    agent.archived(media)
    agent.cli("verify")


def test_a_package_moves_with_its_asset(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", hls_as="package", path="{title}")
    agent = idle_agent.start()
    media = only_hls(twin, "separate")
    agent.archive_now(media)
    before = len(agent.tree())
    agent.config.set("rule all", hls_as="package", path="moved/{title}")
    agent.restart()
    agent.cli("refile")
    wait_until(lambda: agent.video(media).parent.parent.name == "moved", 15, "the move")
    agent.archived(media)
    assert counts(agent, media) == frames(media.hls)
    assert len(agent.tree()) == before and all(path.startswith("moved/") for path in agent.tree())


# MP4 and HLS.

def test_an_mp4_that_comes_later_replaces_it(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", hls_as="package")
    agent = idle_agent.start()
    media = only_hls(twin, "separate")
    agent.archive_now(media)
    index = agent.video(media)
    twin.change(media, mp4="ready")
    agent.deliver(media, "video.media.mp4Support.ready")
    wait_until(lambda: agent.video(media).suffix == ".mp4", 15, "the MP4")
    agent.archived(media)
    assert not index.exists() and not index.parent.exists()
    assert media.video and agent.video(media).read_bytes() == media.video.data
    assert [file["made"] for file in agent.files(media)["video"]] == [None]


def test_hls_stays_where_the_rule_prefers_it(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", video="hls, mp4")
    agent = idle_agent.start()
    media = twin.add_fastpix("Both", hls=hls_make.make("ts"))
    agent.archive_now(media)
    assert counts(agent, media) == frames(media.hls)
    assert "remuxed by ffmpeg" in agent.show(media)["files"][-1]["made"] or \
        "remuxed by ffmpeg" in agent.files(media)["video"][0]["made"]


def test_the_mp4_is_waited_for_first(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("workspace production", request_mp4="yes", request_mp4_wait="1s")
    agent = idle_agent.start()
    media = only_hls(twin, "ts")
    agent.ready_event(media)
    assert "was asked to make the MP4" in agent.wait_reason(media, "waiting")
    assert asked(twin, media) == []
    agent.archived(media)
    assert counts(agent, media) == frames(media.hls)


def test_an_mp4_that_never_comes_is_done_without(idle_agent: Agent, twin: Twin) -> None:
    """The older form of the record names what was asked for, and not whether it is there."""
    idle_agent.config.set("workspace production", request_mp4="yes", request_mp4_wait="1s")
    agent = idle_agent.start()
    media = only_hls(twin, "ts", mp4_asked="legacy")
    sin = twin.sin("*/capped-4k.mp4", "status", code=404)
    agent.archive_now(media)
    assert sin.hits > 0 and counts(agent, media) == frames(media.hls)
    twin.forgive()
    agent.deliver(media, "video.media.mp4Support.ready")
    wait_until(lambda: agent.files(media)["video"][0]["made"] is None, 15, "the MP4")


def test_the_height_is_kept_to(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", max_resolution="180p")
    agent = idle_agent.start()
    media = only_hls(twin, "ts")
    agent.archive_now(media)
    assert twin.log.find("/video_180/") and not twin.log.find("/video_270/0.ts")
    assert "320x180" in agent.files(media)["video"][0]["made"]


# What is made of it.

def test_subtitles_become_files(agent: Agent, twin: Twin) -> None:
    media = only_hls(twin, "separate")
    agent.archive_now(media)
    files = {file["language"]: agent.archive / file["path"]
             for file in agent.files(media)["subtitle"]}
    assert set(files) == {"en", "de"}
    text = files["en"].read_text()
    assert text.startswith("WEBVTT\n") and text.count("-->") == 2
    assert "en 0" in text and "en 2" in text and "X-TIMESTAMP" not in text


def test_an_mp4_knows_its_languages(agent: Agent, twin: Twin) -> None:
    media = only_hls(twin, "separate-no-codecs")
    agent.archive_now(media)
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries",
         "stream_tags=language:stream_disposition=default", "-of", "csv=p=0",
         str(agent.video(media))], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.split() == ["1,eng", "0,deu"]


def test_without_ffmpeg_it_is_a_package(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.environment["PATH"] = str(idle_agent.directory)
    agent = idle_agent.start()
    media = only_hls(twin, "fmp4")
    agent.archive_now(media)
    assert agent.video(media).name == "index.m3u8"
    assert "no MP4 could be made of it" in agent.story(media)
    assert counts(agent, media) == frames(media.hls)


def test_progress_is_one_line(one_by_one: Agent, twin: Twin) -> None:
    agent = one_by_one.start()
    media = only_hls(twin, "ts")
    stall = twin.sin("*/2.ts", "stall", after=100, count=1)
    agent.ready_event(media)
    stall.wait_reached()

    def lines() -> list[dict[str, int]]:
        return [line for line in agent.status()["transfers"] if line["bytes"] > 0]

    wait_until(lambda: len(lines()) == 1, 10, "a line with bytes")
    line = lines()[0]
    assert line["total"] > line["bytes"] and len(agent.status()["transfers"]) == 1
    stall.release()
    agent.archived(media)


# A crash while what was made is being placed.

@pytest.mark.parametrize("as_", ["mp4", "package"])
def test_kill_9_while_placing(idle_agent: Agent, twin: Twin, as_: str) -> None:
    """Once at each number of files that are placed: nothing is lost, or there twice."""
    idle_agent.config.set("rule all", hls_as=as_)
    media = only_hls(twin, "separate")
    idle_agent.start()
    idle_agent.ready_event(media)
    seen = {0}
    while idle_agent.state_of(media) != "archived":
        wait_until(lambda: len(idle_agent.tree()) not in seen
                   or idle_agent.state_of(media) == "archived", 20, "one more file")
        seen.add(len(idle_agent.tree()))
        idle_agent.kill9()
        idle_agent.start()
    assert counts(idle_agent, media) == frames(media.hls)
    names = sorted(path.rpartition("/")[2] for path in idle_agent.tree())
    assert len(names) == (5 if as_ == "mp4" else 15), names
    assert not any("~" in name for name in names), "a name of its own was taken for another's"
    idle_agent.cli("verify")
