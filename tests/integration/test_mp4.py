"""FastPix media without an MP4: the platform is asked for it, once, and what comes is taken."""
from __future__ import annotations

import json

import pytest
from agentctl import Agent, wait_until
from fastpix import FastpixMedia
from twin import Twin


def asked(twin: Twin, media: FastpixMedia) -> list[object]:
    """What the platform was asked to make of it."""
    entries = twin.log.find("/on-demand/%s/update-mp4Support" % media.id)
    assert all(entry.method == "PATCH" for entry in entries)
    return [json.loads(entry.body)["mp4Support"] for entry in entries]


def looks(twin: Twin, media: FastpixMedia) -> int:
    return sum(entry.method == "GET" for entry in twin.log.find("/on-demand/" + media.id))


def look_again(agent: Agent, twin: Twin, media: FastpixMedia, kind: str) -> None:
    """Deliver an event and wait for a look that began after it."""
    before = looks(twin, media)
    agent.deliver(media, kind)
    twin.log.wait_for(lambda _: looks(twin, media) > before, "a look because of " + kind)


@pytest.fixture
def asking(idle_agent: Agent) -> Agent:
    """An agent that asks for MP4s, and looks on its own only after a long time."""
    idle_agent.config.set("workspace production", request_mp4="yes", request_mp4_wait="1h")
    idle_agent.config.set("transfer", retry_min="30s", retry_max="1m")
    idle_agent.config.set("rule all", video="mp4")  # what HLS comes to is test_hls.py's
    return idle_agent


def test_the_mp4_is_asked_for_and_taken(asking: Agent, twin: Twin) -> None:
    agent = asking.start()
    media = twin.add_fastpix("Asked", mp4="none")
    agent.ready_event(media)
    assert "was asked to make the MP4" in agent.wait_reason(media, "waiting")
    assert "asked FastPix to make the MP4 (capped_4k): it makes it" in agent.story(media)
    assert len(agent.files(media)["thumbnail"]) == 1, "what is there does not wait"
    look_again(agent, twin, media, "video.media.updated")  # the echo of our own change
    look_again(agent, twin, media, "video.media.updated")
    agent.wait_state(media, "waiting")
    twin.change(media, mp4="ready")
    agent.deliver(media, "video.media.mp4Support.ready")
    agent.archived(media)
    assert agent.video(media).is_file()
    assert asked(twin, media) == ["capped_4k"]


def test_without_an_event_it_is_looked_for(asking: Agent, twin: Twin) -> None:
    asking.config.set("transfer", retry_min="50ms", retry_max="200ms")
    agent = asking.start()
    media = twin.add_fastpix("Polled", mp4="none")
    agent.ready_event(media)
    twin.log.wait_for(lambda _: asked(twin, media) and looks(twin, media) > 3, "more looks")
    twin.change(media, mp4="ready")
    agent.archived(media)
    assert asked(twin, media) == ["capped_4k"]


def test_a_platform_that_does_not_tell_is_tried(asking: Agent, twin: Twin) -> None:
    """The older form names what was asked for, and not whether it is there."""
    asking.config.set("transfer", retry_min="50ms", retry_max="200ms")
    asking.config.set("workspace production", request_mp4_wait="1s")
    agent = asking.start()
    media = twin.add_fastpix("Older", mp4="none", mp4_asked="legacy")
    sin = twin.sin("*/capped-4k.mp4", "status", code=404)
    agent.ready_event(media)
    wait_until(lambda: "has not come within 1s" in agent.wait_reason(media, "waiting"),
               15, "the wait to end")
    assert sin.hits > 1
    twin.forgive()
    agent.archived(media)
    assert asked(twin, media) == ["capped_4k"]


def test_a_restart_does_not_ask_again(asking: Agent, twin: Twin) -> None:
    agent = asking.start()
    media = twin.add_fastpix("Restarted", mp4="none", mp4_asked="none")  # and does not tell
    agent.ready_event(media)
    agent.wait_reason(media, "waiting")
    agent.kill9()
    agent.start()
    look_again(agent, twin, media, "video.media.updated")
    agent.wait_state(media, "waiting")
    assert asked(twin, media) == ["capped_4k"]


def test_it_is_not_waited_for_for_ever(asking: Agent, twin: Twin) -> None:
    """Whatever retry_max says, the end of the wait is told in time; what comes late is taken."""
    asking.config.set("workspace production", request_mp4_wait="1s")
    agent = asking.start()
    media = twin.add_fastpix("Late", mp4="none")
    agent.ready_event(media)
    wait_until(lambda: "has not come within 1s" in agent.wait_reason(media, "waiting"),
               15, "the wait to end")
    assert "HLS" in agent.wait_reason(media, "waiting")
    twin.change(media, mp4="ready")
    agent.deliver(media, "video.media.mp4Support.ready")
    agent.archived(media)
    assert asked(twin, media) == ["capped_4k"]


def test_asked_before_is_as_good(asking: Agent, twin: Twin) -> None:
    agent = asking.start()
    media = twin.add_fastpix("Had", mp4="none")
    twin.sin("*/update-mp4Support", "status", code=400, type="application/json", body=json.dumps(
        {"success": False, "error": {"code": 400, "message": "mp4Support value already exists"}}))
    agent.ready_event(media)
    assert "was asked to make the MP4" in agent.wait_reason(media, "waiting")
    assert "it had been asked before" in agent.story(media)


def test_a_refusal_is_told_and_asked_again_by_hand_alone(asking: Agent, twin: Twin) -> None:
    """A token that may only read: the rest of the workspace goes on."""
    agent = asking.start()
    media, other = twin.add_fastpix("Refused", mp4="none"), twin.add_fastpix("Other")
    twin.sin("*/update-mp4Support", "status", code=403, type="application/json", body=json.dumps(
        {"success": False, "error": {"code": 403, "message": "forbidden"}}))
    agent.ready_event(media)
    assert "may not change media" in agent.wait_reason(media, "waiting")
    agent.archive_now(other)
    assert "credentials" not in agent.warnings()
    look_again(agent, twin, media, "video.media.updated")
    assert len(asked(twin, media)) == 1
    twin.forgive()
    agent.cli("retry", agent.name(media))
    twin.log.wait_for(lambda _: len(asked(twin, media)) == 2, "a second question")
    wait_until(lambda: "was asked" in agent.wait_reason(media, "waiting"), 10, "the new answer")


def test_trouble_with_asking_is_tried_again(asking: Agent, twin: Twin) -> None:
    asking.config.set("transfer", retry_min="50ms", retry_max="200ms")
    agent = asking.start()
    media = twin.add_fastpix("Troubled", mp4="none")
    sin = twin.sin("*/update-mp4Support", "status", code=503, count=2)
    agent.ready_event(media)
    wait_until(lambda: "was asked" in agent.wait_reason(media, "waiting"), 15, "the answer")
    assert sin.hits == 2 and asked(twin, media) == ["capped_4k"] * 3


def test_the_audio_rendition_is_kept(asking: Agent, twin: Twin) -> None:
    agent = asking.start()
    media = twin.add_fastpix("Heard", mp4="none", fields={"mp4Support": "audioOnly"})
    agent.ready_event(media)
    agent.wait_reason(media, "waiting")
    assert asked(twin, media) == ["audioOnly,capped_4k"]


def test_audio_only_media_is_asked_for_too(asking: Agent, twin: Twin) -> None:
    agent = asking.start()
    media = twin.add_fastpix("Podcast", audio=True, audio_only=True, thumbnail=False, mp4="none")
    media.video = None
    agent.ready_event(media)
    assert "was asked to make the audio file" in agent.wait_reason(media, "waiting")
    twin.change(media, mp4="ready")
    agent.deliver(media, "video.media.mp4Support.ready")
    agent.archived(media)
    assert asked(twin, media) == ["audioOnly"]
    assert agent.files(media)["audio"][0]["path"].endswith(".m4a")


def test_nobody_asks_unless_told_to(idle_agent: Agent, twin: Twin) -> None:
    """Not by default, not for what no rule wants, not for what cannot be played."""
    idle_agent.config.set("rule drafts", title="draft*", action="ignore")
    idle_agent.config.set("rule small", max_resolution="720p", video="mp4")
    agent = idle_agent.start()
    plain = twin.add_fastpix("Plain", mp4="none")
    agent.ready_event(plain)
    assert "HLS" in agent.wait_reason(plain, "waiting")
    agent.config.set("workspace production", request_mp4="yes")
    agent.restart()
    draft = twin.add_fastpix("Draft", mp4="none")
    large = twin.add_fastpix("Large", mp4="none", width=1920, height=1080)
    locked = twin.add_fastpix("Locked", mp4="none", policy="drm")
    agent.ready_event(draft, large, locked)
    agent.wait_states({agent.name(draft): "ignored", agent.name(large): "waiting",
                       agent.name(locked): "failed"})
    for media in (draft, large, locked):
        assert asked(twin, media) == []
