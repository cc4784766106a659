"""Asking the platforms: drift of shapes, refusals, and answers that prove nothing."""
from __future__ import annotations

import json
from typing import Any

import pytest

import twin as tw
from agentctl import Agent, wait_until
from twin import Twin

DETAIL = {"fastpix": "/v1/on-demand/", "optiview": "/api/v3/media/assets/"}
both_platforms = pytest.mark.parametrize("platform", ["fastpix", "optiview"])


def add(twin: Twin, platform: str, **fields: Any) -> tw.Media:
    return twin.add_fastpix(**fields) if platform == "fastpix" else twin.add_optiview(**fields)


# Shapes that changed over time.

@pytest.mark.parametrize("fields, mp4", [
    ({"duration": "00:00:02"}, "ready"), ({"duration": "00:00:02.040"}, "ready"),
    ({"duration": 2.04}, "ready"), ({"duration": None}, "ready"),
    ({}, "legacy"), ({"mp4Support": "audioOnly,capped_4k"}, "legacy"),
    ({"sourceResolution": "1080p"}, "ready"), ({"title": None}, "ready"),
    ({"metadata": None}, "ready"), ({"metadata": {"a": 1, "b": None, "c": ["d"]}}, "ready"),
    ({"generatedSubtitles": None, "tracks": None}, "ready"), ({"status": "ready"}, "ready"),
    ({"createdAt": "2026-03-14T09:26:53Z"}, "ready"), ({"newField": {"deep": [1]}}, "ready"),
    ({"thumbnail": None}, "ready"), ({"frameRate": -1}, "ready"),
], ids=str)
def test_fastpix_shapes_of_all_times(agent: Agent, twin: Twin, fields: dict[str, Any], mp4: str) -> None:
    media = twin.add_fastpix(fields=fields, mp4=mp4)
    agent.archive_now(media)
    assert agent.video(media).is_file()


@pytest.mark.parametrize("fields", [
    {"metadata": None}, {"feed": None}, {"storage": None}, {"name": None},
    {"startTime": "2026-03-14"}, {"created": "2026-03-14T09:26:53.5Z"},
    {"expiration": "2036-01-01T00:00:00.89025Z"}, {"newField": {"deep": [1]}},
], ids=str)
def test_optiview_shapes_of_all_times(agent: Agent, twin: Twin, fields: dict[str, Any]) -> None:
    asset = twin.add_optiview(fields=fields)
    agent.archive_now(asset)
    assert agent.video(asset).is_file()


def test_private_media_without_a_key_waits_with_its_reason(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix(policy="private")
    agent.ready_event(media)
    reason = agent.wait_reason(media, "waiting", "failed")
    assert "private" in reason or "key" in reason


def test_drm_media_is_never_taken(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix(policy="drm")
    agent.ready_event(media)
    assert "drm" in agent.wait_reason(media, "waiting", "failed").lower()
    assert twin.log.find(media.playback_id) == []


def test_clip_in_the_customers_own_bucket_is_not_there(agent: Agent, twin: Twin) -> None:
    asset = twin.add_optiview(fields={"download": None, "storage": {
        "type": "awsS3", "path": "s3://bucket/clip.mp4"}})
    agent.ready_event(asset)
    reason = agent.wait_reason(asset, "waiting", "failed", "ignored")
    assert "storage" in reason or "bucket" in reason


# Not ready yet.

@both_platforms
def test_unknown_right_after_ready(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    sin = twin.sin(DETAIL[platform] + media.id, "status", code=404, count=3)
    agent.archive_now(media)
    assert sin.hits == 3


@both_platforms
def test_still_processing_after_ready(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    sin = twin.sin(DETAIL[platform] + media.id, "processing", count=3)
    agent.archive_now(media)
    assert sin.hits == 3
    assert "processing" in agent.story(media).lower()


def test_made_up_media_is_given_up_without_an_alarm(idle_agent: Agent, twin: Twin) -> None:
    """Test deliveries name media that no API knows."""
    idle_agent.config.set("transfer", retry_for="500ms")
    agent = idle_agent.start()
    media = [twin.add_fastpix(), twin.add_optiview()]
    for item in media:
        twin.delete(item, "404")
    agent.ready_event(*media)
    for item in media:
        assert "does not know" in agent.wait_reason(item, "failed")
    assert agent.status()["warnings"] == []
    asked = len(twin.log.find())
    agent.archive_now(twin.add_optiview())
    assert not [entry for item in media for entry in twin.log.find(item.id)
                if entry.number >= asked]


# Refused credentials.

@pytest.mark.parametrize("platform, code", [("fastpix", 401), ("fastpix", 403), ("optiview", 403)])
def test_refused_credentials_alarm_and_do_not_hammer(
        agent: Agent, twin: Twin, platform: str, code: int) -> None:
    media = [add(twin, platform) for _ in range(10)]
    prefix = "/v1/" if platform == "fastpix" else "/api/"
    sin = twin.sin(prefix + "*", "status", code=code)
    agent.ready_event(*media)
    sin.wait_hit()
    name = agent.name(media[0]).split("/")[0]
    wait_until(lambda: name in agent.warnings() and "credential" in agent.warnings(), 10,
               "a warning about %s" % name, agent.warnings)
    # The other workspace goes through a dozen retries meanwhile.
    other = add(twin, "optiview" if platform == "fastpix" else "fastpix")
    twin.sin(DETAIL["optiview" if platform == "fastpix" else "fastpix"] + other.id,
             "status", code=500, count=12)
    agent.archive_now(other)
    assert sin.hits <= 10, "refused credentials are not tried again and again"
    assert all(agent.state_of(item) not in ("failed", "archived") for item in media)
    twin.forgive()
    agent.reload()
    agent.archived(*media)
    assert "credential" not in agent.warnings()


# Answers that are none.

@both_platforms
@pytest.mark.parametrize("kind, args", [
    ("status", {"code": 500}), ("status", {"code": 502, "body": "<html>bad gateway</html>"}),
    ("status", {"code": 503, "retry_after": 0}), ("status", {"code": 504}),
    ("status", {"code": 524, "body": "<html>timeout</html>", "type": "text/html"}),
    ("html", {}), ("cut-json", {}), ("cut", {"after": 40}), ("cut", {"after": 40, "framing": "chunked"}),
    ("reset", {"after": 0}), ("body", {"body": ""}), ("body", {"body": "null"}),
], ids=str)
def test_trouble_passes(agent: Agent, twin: Twin, platform: str, kind: str, args: dict[str, Any]) -> None:
    media = add(twin, platform)
    sin = twin.sin(DETAIL[platform] + media.id, kind, count=2, **args)
    agent.archive_now(media)
    assert sin.hits == 2


@both_platforms
@pytest.mark.parametrize("kind, args", [
    ("wrong-shape", {}), ("body", {"body": "[]"}), ("body", {"body": '{"success":true}'}),
    ("body", {"body": '{"success":true,"status":"success","data":null}'}),
    ("deep-json", {}), ("huge-json", {"size": 40 << 20}), ("body", {"body": "\x00\x01\x02"}),
], ids=str)
def test_strange_answers_wait_with_a_reason(
        agent: Agent, twin: Twin, platform: str, kind: str, args: dict[str, Any]) -> None:
    media = add(twin, platform)
    sin = twin.sin(DETAIL[platform] + media.id, kind, **args)
    agent.ready_event(media)
    sin.wait_hit()
    agent.wait_reason(media, "waiting", "failed", "fetching")
    twin.forgive()
    agent.cli("retry", agent.name(media))
    agent.archived(media)


@both_platforms
def test_compressed_answers_are_read(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    twin.sin(DETAIL[platform] + media.id, "gzip")
    agent.archive_now(media)


@both_platforms
def test_retry_after_is_honoured(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    twin.sin(DETAIL[platform] + media.id, "status", code=429, retry_after=1, count=1)
    agent.archive_now(media)
    asked = twin.log.find(DETAIL[platform] + media.id)
    assert asked[0].status == 429
    assert 1.0 <= asked[1].at - asked[0].at < 8


def test_what_lasts_too_long_fails(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("transfer", retry_for="500ms")
    agent = idle_agent.start()
    media = twin.add_fastpix()
    twin.sin("/v1/*", "status", code=500)
    agent.ready_event(media)
    assert agent.wait_reason(media, "failed")
    twin.forgive()
    agent.cli("retry", "--failed")
    agent.archived(media)


@both_platforms
def test_an_api_that_moved_elsewhere_gets_no_credentials(
        agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    target = twin.url("elsewhere") + DETAIL[platform] + media.id
    sin = twin.sin(DETAIL[platform] + media.id, "redirect", to=target, host="api")
    agent.ready_event(media)
    sin.wait_hit()
    agent.wait_reason(media, "waiting", "failed")
    for entry in twin.log.find(host="elsewhere"):
        assert "authorization" not in entry.headers
    assert agent.state_of(media) != "archived"


def test_one_call_per_look(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix(subtitles=("en", "de"))
    agent.archive_now(media)
    assert len(twin.log.find("/on-demand/" + media.id)) == 1


def test_private_addresses_are_refused_unless_allowed(idle_agent: Agent, twin: Twin) -> None:
    """The API itself is on loopback here: nothing at all may be asked."""
    for workspace in twin.workspaces:
        idle_agent.config.set("workspace " + workspace, allow_private="no")
    idle_agent.write_config()
    if idle_agent.cli("check", status=None).status == 0:
        agent = idle_agent.start()
        media = [twin.add_fastpix(), twin.add_optiview()]
        agent.ready_event(*media)
        for item in media:
            reason = agent.wait_reason(item, "waiting", "failed")
            assert "private" in reason or "http" in reason
    assert twin.log.find() == []


@both_platforms
def test_platform_data_is_kept_without_links(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform, **({"fields": {"extraNumber": 7}}))
    agent.archive_now(media)
    sidecar = json.loads(agent.video(media).with_suffix(".json").read_text())
    assert sidecar["platform_data"]["extraNumber"] == 7
    assert "Signature" not in json.dumps(sidecar)
