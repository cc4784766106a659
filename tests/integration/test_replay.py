"""INTERFACE §2 replay: what today's rules make of the deliveries that have come."""
from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from agentctl import Agent, wait_until
from twin import Twin


def by_asset(run: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {item["asset"]: (item["kind"], item["text"]) for item in run["items"]}


def replay(agent: Agent, *options: str) -> dict[str, Any]:
    shown: dict[str, Any] = agent.cli("replay", *options, json=True).json
    return shown


def test_what_was_ignored_is_archived(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", action="ignore")
    agent = idle_agent.start()
    media = [twin.add_fastpix("One"), twin.add_optiview(name="Two")]
    agent.ready_event(*media)
    agent.wait_states({agent.name(m): "ignored" for m in media})
    assert {kind for kind, _ in by_asset(replay(agent)).values()} == {"nothing"}
    agent.new_rule(action="archive")
    run = replay(agent, "--dry-run")
    assert by_asset(run) == {agent.name(m): ("archive", "archived by rule all") for m in media}
    assert run["seen"] == 2 and run["archive"] == 2
    path = next(item["path"] for item in run["items"] if item["asset"] == agent.name(media[0]))
    assert agent.tree() == set() and agent.state_of(media[0]) == "ignored"
    text = agent.cli("replay", "--dry-run").out
    assert "archive   %s (%s): archived by rule all\n" % (path, agent.name(media[0])) in text
    assert "2 deliveries; of the assets they name 2 would be archived" in text
    replay(agent)
    agent.archived(*media)
    assert str(agent.video(media[0]).relative_to(agent.archive)) == path + ".mp4"
    agent.settle()
    assert by_asset(replay(agent)) == {
        agent.name(m): ("nothing", "already archived") for m in media}


def test_what_another_rule_fetches(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", fetch="video, metadata")
    agent = idle_agent.start()
    media = twin.add_fastpix(subtitles=("en",))
    other = twin.add_optiview(thumbnails=2)
    agent.archive_now(media, other)
    agent.new_rule(fetch="video, all_thumbnails, subtitles, metadata")
    requests = len(twin.log.about_media())
    told = by_asset(replay(agent, "--dry-run"))
    assert told[agent.name(media)] == (
        "again", "thumbnail.1 and others are fetched by rule all")
    assert told[agent.name(other)][0] == "again"
    assert len(twin.log.about_media()) == requests, "a dry run asks nobody"
    replay(agent)
    wait_until(lambda: "subtitle" in agent.files(media) and len(
        agent.files(other).get("thumbnail", [])) == 2, 15, "what was missing")


def test_what_would_be_ignored(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.cli("pause")
    agent.ready_event(media)
    assert by_asset(replay(agent)) == {
        agent.name(media): ("nothing", "it is on its way already")}
    agent.new_rule(action="ignore")
    assert by_asset(replay(agent)) == {agent.name(media): ("ignore", "ignored by rule all")}
    agent.cli("resume")
    agent.wait_state(media, "ignored")


def test_a_deletion_that_was_not_followed(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", on_delete="keep")
    agent = idle_agent.start()
    media, held, back = (twin.add_fastpix() for _ in range(3))
    agent.archive_now(media, held, back)
    for item in (media, held, back):
        twin.delete(item)
        agent.deleted_event(item)
    agent.cli("hold", agent.name(held))
    agent.settle()
    assert {kind for kind, _ in by_asset(replay(agent)).values()} == {"nothing"}
    twin.restore(back)
    agent.new_rule(on_delete="remove")
    told = by_asset(replay(agent, "--dry-run"))
    assert told[agent.name(media)] == (
        "delete", "removed by rule all, once the platform confirms the deletion")
    assert told[agent.name(held)][0] == "nothing" and "held" in told[agent.name(held)][1]
    assert agent.video(media).is_file()
    replay(agent)
    agent.wait_state(media, "deleted")
    wait_until(lambda: "contradicted" in agent.story(back), 10, "the record to be asked")
    assert agent.video(held).is_file() and agent.video(back).is_file()


def test_what_was_removed_stays_away(agent: Agent, twin: Twin) -> None:
    removed, deleted = twin.add_fastpix(), twin.add_optiview()
    agent.archive_now(removed, deleted)
    agent.cli("rm", agent.name(removed))
    twin.delete(deleted)
    agent.deleted_event(deleted)
    agent.wait_states({agent.name(removed): "deleted", agent.name(deleted): "deleted"})
    told = by_asset(replay(agent))
    assert told[agent.name(removed)] == ("nothing", "a person removed it")
    assert told[agent.name(deleted)] == ("nothing", "it was removed after its deletion")
    agent.settle()
    assert agent.tree() == set()


def test_which_deliveries(agent: Agent, twin: Twin) -> None:
    media, other = twin.add_fastpix(), twin.add_optiview()
    agent.archive_now(media, other)
    agent.deliver(media, "video.media.updated")
    assert replay(agent)["seen"] == 3 and len(replay(agent)["items"]) == 2
    assert set(by_asset(replay(agent, "--workspace", "stage"))) == {agent.name(other)}
    assert replay(agent, "--since", "1h")["seen"] == 3
    assert replay(agent, "--since", "2099-01-01T00:00:00Z")["seen"] == 0
    agent.stop()
    with sqlite3.connect(agent.state) as database:  # as if they had come long ago
        database.execute("UPDATE deliveries SET received_ns = received_ns - 86400000000000 * 31"
                         " WHERE workspace = (SELECT id FROM workspaces WHERE name = 'stage')")
    agent.start()
    assert set(by_asset(replay(agent, "--since", "365d"))) == {agent.name(media)}


def test_many_pages(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", action="ignore")
    agent = idle_agent.start()
    media = [twin.add_fastpix("Clip %d" % n) for n in range(150)]
    agent.ready_event(*media)
    agent.wait_states({agent.name(m): "ignored" for m in media})
    agent.new_rule(action="archive", fetch="video")
    assert replay(agent)["archive"] == 150
    agent.archived(*media)


@pytest.mark.parametrize("options", [["--since", "x"], ["--workspace", "nosuch"], ["now"]])
def test_wrong_usage(agent: Agent, options: list[str]) -> None:
    agent.cli("replay", *options, status=2)
