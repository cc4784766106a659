"""Private media: a token for each attempt, made with the workspace's key, known to nobody else."""
from __future__ import annotations

import base64
import time
from pathlib import Path

import hls_make
import playback
import pytest
from agentctl import Agent, wait_until
from fastpix import FastpixMedia
from playback import openssl, rsa_key
from twin import Media, Twin

KEY_ID = "5ae5ae5a-0000-4000-8000-00000000000a"
SHARED = "a-key-of-a-media-distribution-0123456789"


def give_key(agent: Agent, text: str, key_id: str = KEY_ID, workspace: str = "production") -> Path:
    path = agent.directory / "signing.key"
    path.write_text(text)
    agent.config.set("workspace " + workspace, signing_key_id=key_id,
                     signing_key="file:%s" % path)
    return path


def share_key(agent: Agent, twin: Twin) -> None:
    """Give the FastPix workspace the key that the platform knows."""
    give_key(agent, rsa_key("right"))
    twin.fastpix.signing_keys[KEY_ID] = playback.public_part(rsa_key("right"))


@pytest.fixture
def keyed(idle_agent: Agent, twin: Twin) -> Agent:
    share_key(idle_agent, twin)
    return idle_agent


def tokens(twin: Twin, media: Media) -> list[str]:
    """Of all requests to the media's hosts."""
    name = media.playback_id if isinstance(media, FastpixMedia) else media.id
    return [entry.query.get("token", [""])[0] for entry in twin.log.find(name)
            if entry.host != "api"]


def assert_untold(agent: Agent, media: Media) -> None:
    """Neither token nor key is in the database, in an answer or in what commands print."""
    for path in agent.directory.glob("state.db*"):
        data = path.read_bytes()
        assert b"eyJhbGciOi" not in data and b"PRIVATE KEY" not in data, path
    for command in (["explain", agent.name(media)], ["show", agent.name(media)], ["status"],
                    ["check", "--dump"], ["doctor"]):
        for as_json in (False, True):
            out = agent.cli(*command, json=as_json, status=None)
            assert "eyJhbGciOi" not in out.out + out.err
            assert "PRIVATE KEY" not in out.out + out.err


@pytest.mark.parametrize("form", ["pem", "pkcs8", "base64"])
def test_private_media_is_archived(keyed: Agent, twin: Twin, form: str) -> None:
    pem = rsa_key("right")
    give_key(keyed, {"pem": pem, "base64": base64.b64encode(pem.encode()).decode() + "\n",
                     "pkcs8": openssl("pkcs8", "-topk8", "-nocrypt", given=pem.encode()).decode(),
                     }[form])
    agent = keyed.start()
    media = twin.add_fastpix("Private", policy="private", subtitles=("en",))
    agent.archive_now(media)
    assert set(agent.files(media)) >= {"video", "thumbnail", "subtitle"}
    assert agent.video(media).is_file()
    seen = tokens(twin, media)
    assert len(seen) >= 3 and all(seen), "every request has a token"
    for token in seen:
        claims = playback.read(token)[1]
        assert claims["aud"] == "media:" + media.playback_id
        assert claims["exp"] - time.time() <= 600
    assert_untold(agent, media)


def test_public_media_gets_no_token(keyed: Agent, twin: Twin) -> None:
    agent = keyed.start()
    media = twin.add_fastpix("Public")
    agent.archive_now(media)
    assert tokens(twin, media) and not any(tokens(twin, media))


def test_public_before_private_and_never_drm(keyed: Agent, twin: Twin) -> None:
    agent = keyed.start()
    both = twin.add_fastpix("Both")
    both.fields["playbackIds"] = [
        {"id": "drm-id", "accessPolicy": "drm"}, {"id": "private-id", "accessPolicy": "private"},
        {"id": both.playback_id, "accessPolicy": "public"}]
    locked = twin.add_fastpix("Locked", policy="private")
    locked.fields["playbackIds"] = [
        {"id": "drm-id", "accessPolicy": "drm"},
        {"id": locked.playback_id, "accessPolicy": "private"}]
    drm = twin.add_fastpix("DRM", policy="drm")
    agent.ready_event(drm)
    agent.archive_now(both, locked)
    assert "DRM" in agent.wait_reason(drm, "failed")
    assert not any(tokens(twin, both)) and all(tokens(twin, locked))
    assert tokens(twin, drm) == []
    assert twin.log.find("drm-id") == [] and twin.log.find("private-id") == []


def test_without_a_key_it_waits(idle_agent: Agent, twin: Twin) -> None:
    agent = idle_agent.start()
    media = twin.add_fastpix("Private", policy="private")
    agent.ready_event(media)
    assert "signing_key" in agent.wait_reason(media, "waiting")
    assert tokens(twin, media) == []
    give_key(agent, rsa_key("right"))
    twin.fastpix.signing_keys[KEY_ID] = playback.public_part(rsa_key("right"))
    agent.reload()
    agent.cli("retry", agent.name(media))
    agent.archived(media)


@pytest.mark.parametrize("wrong", ["key", "id"])
def test_a_wrong_key_is_told_and_put_right(keyed: Agent, twin: Twin, wrong: str) -> None:
    if wrong == "key":
        give_key(keyed, rsa_key("wrong"))
    else:
        give_key(keyed, rsa_key("right"), key_id="another-id")
    agent = keyed.start()
    media = twin.add_fastpix("Private", policy="private")
    agent.ready_event(media)
    reason = agent.wait_reason(media, "waiting")
    assert "signing_key" in reason and "refused" in reason
    give_key(agent, rsa_key("right"))
    agent.reload()
    agent.cli("retry", agent.name(media))
    agent.archived(media)
    assert_untold(agent, media)


def test_each_attempt_has_a_token_of_its_own(keyed: Agent, twin: Twin) -> None:
    """After a cut it goes on with a new token, and a refusal is not the end."""
    keyed.config.set("transfer", retry_min="3s", retry_max="3s")  # a token tells its second
    agent = keyed.start()
    media = twin.add_fastpix("Interrupted", policy="private", size=400_000)
    twin.sin("*/capped-4k.mp4", "cut", after=100_000, count=1)
    agent.archive_now(media)
    assert agent.video(media).stat().st_size == 400_000
    videos = [entry for entry in twin.log.find("/capped-4k.mp4")]
    assert len(videos) == 2 == len({entry.query["token"][0] for entry in videos})
    assert "range" in videos[1].headers


def test_an_update_is_looked_at_with_a_token(keyed: Agent, twin: Twin) -> None:
    """The question whether the video has changed needs one as well."""
    agent = keyed.start()
    media = twin.add_fastpix("Before", policy="private")
    agent.archive_now(media)
    twin.change(media, title="After")
    before = len(tokens(twin, media))
    agent.deliver(media, "video.media.updated")
    wait_until(lambda: "After" in agent.video(media).name, 15, "the new title")
    agent.archived(media)
    again = tokens(twin, media)[before:]
    assert again and all(again)
    assert all(entry.status in (200, 206, 304) for entry in twin.log.find(media.playback_id))


def hostile_keys() -> dict[str, tuple[str, str]]:
    pem = rsa_key("right")
    return {
        "public": (playback.public_part(pem), "public key"),
        "elliptic": (openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout").decode(),
                     "another kind"),
        "short": (rsa_key("short", 1024), "1024 bits"),
        "encrypted": (openssl("pkcs8", "-topk8", "-passout", "pass:x",
                              given=pem.encode()).decode(), "password"),
        "cut": (pem[:len(pem) // 2], "damaged"),
        "text": ("correct-horse-battery-staple", "neither"),
        "empty": ("", "empty"),
        "binary": ("\x01\x02", "neither"),
    }


@pytest.mark.parametrize("kind", ["public", "elliptic", "short", "encrypted", "cut", "text",
                                  "empty", "binary"])
def test_what_is_no_key_is_found_by_check(idle_agent: Agent, kind: str) -> None:
    text, says = hostile_keys()[kind]
    give_key(idle_agent, text)
    idle_agent.write_config()
    found = idle_agent.cli("check", status=3)
    assert "signing_key" in found.out + found.err and says in found.out + found.err
    assert "BEGIN" not in found.out + found.err and "battery" not in found.out + found.err
    assert "signing_key" in idle_agent.cli("doctor", status=3).out


def test_commands_do_not_need_the_key(keyed: Agent, twin: Twin) -> None:
    """Who asks the agent may not read it."""
    path = give_key(keyed, rsa_key("right"))
    agent = keyed.start()
    path.unlink()
    assert agent.cli("status").out
    assert agent.cli("ls").status == 0


def test_doctor_tries_the_key(keyed: Agent) -> None:
    keyed.start()
    lines = [line for line in keyed.cli("doctor").out.splitlines() if "signing_key" in line]
    assert len(lines) == 2
    assert any("production" in line and KEY_ID in line for line in lines)
    assert any("stage" in line and "there is none" in line for line in lines)


# HLS: the token opens the playlist, and what lies on the CDN behind it is signed by itself.

@pytest.mark.skipif(not hls_make.have_tools(), reason="no ffmpeg or openssl")
@pytest.mark.parametrize("platform", ["fastpix", "optiview"])
def test_the_token_opens_the_playlist_alone(
        idle_agent: Agent, twin: Twin, platform: str) -> None:
    stream = hls_make.make("signed-separate")
    media: Media
    if platform == "fastpix":
        share_key(idle_agent, twin)
        media = twin.add_fastpix("Private", mp4="none", policy="private", thumbnail=False,
                                 hls=stream)
    else:
        give_key(idle_agent, SHARED, key_id="mk-1", workspace="stage")
        twin.optiview.distribution_keys["mk-1"] = SHARED
        media = twin.add_optiview(thumbnails=0, hls=stream)
    agent = idle_agent.start()
    agent.archive_now(media)
    assert hls_make.probe(agent.video(media))[0][0][1] == stream.frames["video"]
    children = twin.log.find("/hls/%s/" % media.id, host="elsewhere")
    assert children and not any("token" in entry.query for entry in children)
    entries = [entry for entry in twin.log.find(".m3u8") if entry.host != "elsewhere"]
    assert entries and all(entry.status == 200 and "token" in entry.query for entry in entries)
    assert_untold(agent, media)


# OptiView's media distributions.

def test_a_distribution_with_a_key(idle_agent: Agent, twin: Twin) -> None:
    give_key(idle_agent, SHARED, key_id="mk-1", workspace="stage")
    twin.optiview.distribution_keys["mk-1"] = SHARED
    agent = idle_agent.start()
    asset, linked = twin.add_optiview(distribution=True), twin.add_optiview(name="Linked")
    agent.archive_now(asset, linked)
    assert agent.video(asset).is_file()
    videos = [entry for entry in twin.log.find("/vod/") if asset.id in entry.path]
    assert videos and all(entry.query["token"][0] for entry in videos)
    assert not any(tokens(twin, linked)), "a link that is signed by itself needs none"
    assert_untold(agent, asset)


def test_a_distribution_with_another_key(idle_agent: Agent, twin: Twin) -> None:
    twin.optiview.distribution_keys["mk-1"] = SHARED
    give_key(idle_agent, "f" * 32, key_id="mk-1", workspace="stage")
    agent = idle_agent.start()
    asset = twin.add_optiview(distribution=True)
    agent.ready_event(asset)
    assert "signing_key" in agent.wait_reason(asset, "waiting")


def test_a_public_distribution(agent: Agent, twin: Twin) -> None:
    asset = twin.add_optiview(distribution=True)
    agent.archive_now(asset)
    assert not any(tokens(twin, asset))
