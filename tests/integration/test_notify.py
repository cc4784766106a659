"""`notify`: others are told, signed, in order, and until they have heard; archiving never waits."""
from __future__ import annotations

from typing import Iterator

import pytest

from agentctl import Agent, wait_until
from listener import SECRET, Listener
from twin import Twin


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as running:
        yield running


@pytest.fixture
def teller(idle_agent: Agent, listener: Listener) -> Agent:
    """An agent that tells the listener of everything."""
    idle_agent.config.set("rule all", notify=listener.url("/hook?key=hush"), notify_secret=SECRET)
    return idle_agent


def wait_told(listener: Listener, *what: str) -> None:
    wait_until(lambda: [told.what for told in listener.good()] == list(what), 15,
               "the notifications", lambda: [(t.what, t.answered) for t in listener.told])


def queue(agent: Agent) -> dict[str, int]:
    return {entry["kind"]: entry["waiting"] for entry in agent.status()["outbox"]}


def test_archived_and_removed(teller: Agent, listener: Listener, twin: Twin) -> None:
    agent, media = teller.start(), twin.add_fastpix("Goal")
    agent.archive_now(media)
    wait_told(listener, "asset.archived %s" % media.id)
    told = listener.told[0]
    assert told.good and told.path == "/hook?key=hush"
    assert told.body["schema"] == "vodkeep.notification/1"
    data = told.body["data"]
    assert (data["state"], data["change"], data["asset"]["schema"]) == \
        ("archived", "new", "vodkeep.asset/1")
    video = [file for file in data["asset"]["files"] if file["role"] == "video"]
    assert (agent.archive / video[0]["path"]).stat().st_size == video[0]["bytes"]
    assert "platform_data" not in data["asset"]
    twin.delete(media)
    agent.deleted_event(media)
    agent.wait_state(media, "deleted")
    wait_told(listener, "asset.archived %s" % media.id, "asset.removed %s" % media.id)
    assert listener.told[1].body["data"]["asset"]["files"] == []
    assert listener.told[0].id != listener.told[1].id
    story = agent.story(media)
    assert "notify: 127.0.0.1 was told that it is archived" in story
    assert "hush" not in story + agent.log_text() and SECRET not in agent.log_text()
    assert SECRET not in agent.cli("check", "--dump").out
    assert not queue(agent)


def test_failed(teller: Agent, listener: Listener, twin: Twin) -> None:
    agent, media = teller.start(), twin.add_fastpix()
    twin.change(media, status="failed")
    agent.deliver(media, "video.media.failed")
    agent.wait_state(media, "failed")
    wait_told(listener, "asset.failed %s" % media.id)
    assert listener.told[0].body["data"]["reason"]


def test_new_files_are_told_as_an_update(teller: Agent, listener: Listener, twin: Twin) -> None:
    agent, media = teller.start(), twin.add_fastpix("Goal")
    agent.archive_now(media)
    agent.deliver(media, "video.media.updated")  # changes nothing
    twin.change(media, title="Better goal")
    agent.deliver(media, "video.media.updated")
    wait_until(lambda: agent.asset(media)["title"] == "Better goal", 10, "the new title")
    twin.delete(media)
    agent.deleted_event(media)
    wait_told(listener, "asset.archived %s" % media.id, "asset.removed %s" % media.id)


def test_trouble_is_retried_in_order(teller: Agent, listener: Listener, twin: Twin) -> None:
    listener.answers += [(500, {}), (429, {"Retry-After": "1"}), (302, {"Location": "/other"})]
    agent = teller.start()
    media = [twin.add_fastpix("Clip %d" % i) for i in range(3)]
    for item in media:
        agent.archive_now(item)
    wait_told(listener, *["asset.archived %s" % item.id for item in media])
    first = [told for told in listener.told if media[0].id in told.what]
    assert [told.answered for told in first] == [500, 429, 302, 200]
    assert listener.told[:4] == first, "the second waits for the first"
    assert len({told.id for told in first}) == 1 and all(told.good for told in first)
    story = agent.story(media[0])
    assert "notify: 127.0.0.1 answered 500 when told that it is archived; tried again in" in story
    waited = wait_until(lambda: [entry for entry in agent.cli(
        "explain", agent.name(media[0]), json=True).json["story"] if "answered 429" in entry["text"]],
        10, "the story of the 429")
    assert "tried again in 1" in waited[0]["text"], "Retry-After is the least"
    wait_until(lambda: "notify/all" not in agent.warnings(), 10, "the warning to end")


def test_gone_ends_it(teller: Agent, listener: Listener, twin: Twin) -> None:
    listener.answers += [(410, {})]
    agent, media = teller.start(), twin.add_fastpix()
    agent.archive_now(media)
    wait_until(lambda: "notify/all" in agent.warnings(), 10, "the warning")
    assert "answered 410" in agent.story(media) and not queue(agent)
    other = twin.add_fastpix()
    agent.archive_now(other)
    wait_told(listener, "asset.archived %s" % other.id)


def test_archiving_does_not_wait(teller: Agent, listener: Listener, twin: Twin) -> None:
    """A target that does not answer holds up its queue and nothing else; a crash loses nothing."""
    listener.gate.clear()
    with Listener() as other:
        teller.config.sections = {**{k: v for k, v in teller.config.sections.items()
                                     if k != "rule all"},
                                  "rule other": {"title": "Other*", "notify": other.url(),
                                                 "notify_secret": SECRET},
                                  "rule all": teller.config.sections["rule all"]}
        agent = teller.start()
        media = [twin.add_fastpix("Clip %d" % i) for i in range(4)]
        agent.archive_now(*media)
        fine = twin.add_fastpix("Other clip")
        agent.archive_now(fine)
        wait_told(other, "asset.archived %s" % fine.id)
        wait_until(lambda: queue(agent) == {"notify": 4}, 10, "the queue", lambda: queue(agent))
        metrics = agent.admin("/metrics").body.decode()
        assert 'vodkeep_outbox_notices{kind="notify"} 4' in metrics
    agent.kill9()
    listener.told.clear()
    listener.gate.set()
    agent.start()
    wait_until(lambda: {told.what for told in listener.good()}
               == {"asset.archived %s" % item.id for item in media}, 15, "what a crash has left")
    wait_until(lambda: not queue(agent), 10, "the queue to be empty")


def test_a_better_target_is_told_at_once(teller: Agent, listener: Listener, twin: Twin) -> None:
    teller.config.set("transfer", retry_min="10m", retry_max="1h")
    good = teller.config.sections["rule all"]["notify"]
    teller.config.set("rule all", notify="http://127.0.0.1:9/nobody")
    agent, media = teller.start(), twin.add_fastpix()
    agent.archive_now(media)
    wait_until(lambda: "notify/all" in agent.warnings(), 10, "the warning")
    teller.config.set("rule all", notify=good)
    agent.reload()
    wait_told(listener, "asset.archived %s" % media.id)
    wait_until(lambda: "notify/all" not in agent.warnings(), 10, "the warning to end")


def test_nobody_any_more(teller: Agent, listener: Listener, twin: Twin) -> None:
    listener.answers += [(500, {})] * 1000
    agent, media = teller.start(), twin.add_fastpix()
    agent.archive_now(media)
    wait_until(lambda: queue(agent) == {"notify": 1} and listener.told, 10, "the queue")
    teller.config.set("rule all", notify=None, notify_secret=None)
    agent.reload()
    wait_until(lambda: not queue(agent), 10, "the queue to be empty")
    assert "[rule all] has no notify any more" in agent.story(media)


def test_a_workspace_that_is_gone(teller: Agent, listener: Listener, twin: Twin) -> None:
    listener.answers += [(500, {})] * 1000
    agent, media = teller.start(), twin.add_fastpix()
    agent.archive_now(media)
    wait_until(lambda: queue(agent) == {"notify": 1} and listener.told, 10, "the queue")
    del teller.config.sections["workspace production"]
    agent.reload()
    wait_until(lambda: not queue(agent), 10, "the queue to be empty")
    assert "workspace production is not configured any more" in agent.story(media)


def test_given_up(teller: Agent, listener: Listener, twin: Twin) -> None:
    listener.answers += [(500, {})] * 1000
    teller.config.set("transfer", retry_for="1s")
    agent, media = teller.start(), twin.add_fastpix()
    agent.archive_now(media)
    wait_until(lambda: "given up after" in agent.story(media), 15, "the end of patience")
    assert not queue(agent) and len(listener.told) > 2


def test_private_addresses_are_refused(teller: Agent, listener: Listener, twin: Twin) -> None:
    listener.answers += [(500, {})]
    teller.config.set("transfer", retry_min="10m", retry_max="1h")
    agent, media = teller.start(), twin.add_fastpix()
    agent.archive_now(media)
    wait_until(lambda: listener.told, 10, "the first attempt")
    wait_until(lambda: "answered 500" in agent.story(media), 10, "its end")
    agent.config.set("workspace production", allow_private="no", api_url=None, stream_url=None,
                     image_url=None)
    agent.reload()
    wait_until(lambda: "could not be told" in agent.story(media), 10, "the second attempt",
               lambda: agent.story(media))
    assert len(listener.told) == 1 and "only https:// is safe" in agent.story(media)


@pytest.mark.parametrize("keys,finding", [
    ({"notify": "https://example.org/hook"}, "notify: nothing to sign with"),
    ({"notify": "http://example.org/hook", "notify_secret": SECRET}, "notify: http:// is not enc"),
    ({"notify": "https://example.org/hook", "notify_secret": "whsec_%%"},
     "notify_secret: is not base64 behind whsec_"),
    ({"after": "bin/program"}, "after: is not absolute"),
    ({"after_timeout": "1ms"}, "after_timeout:"),
])
def test_what_check_says(idle_agent: Agent, keys: dict[str, str], finding: str) -> None:
    idle_agent.config.set("rule all", **keys)
    idle_agent.write_config()
    assert finding in idle_agent.cli("check", status=3).err
