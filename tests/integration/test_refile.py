"""INTERFACE §2 refile: another rule moves nothing; `refile` moves what it is asked to."""
from __future__ import annotations

import json
from typing import Any

import twin as tw
from agentctl import Agent, wait_until
from twin import Twin

OTHER = "{workspace}/by-title/{title|id}"


def items(run: dict[str, Any], kind: str) -> dict[str, str]:
    return {item["path"]: item["text"] for item in run["items"] if item["kind"] == kind}


def test_another_rule_alone_moves_nothing(agent: Agent, twin: Twin) -> None:
    media = [twin.add_fastpix("One"), twin.add_optiview(name="Two")]
    agent.archive_now(*media)
    before = agent.tree()
    agent.new_rule(path=OTHER)
    twin.change(media[0], title="Renamed")
    agent.deliver(media[0], "video.media.updated")
    agent.cli("retry", agent.name(media[1]))
    agent.settle()
    assert agent.show(media[0])["title"] == "Renamed"
    after = agent.tree()
    assert {p.replace("Renamed", "One") for p in after} == before, "the old path follows the title"
    later = twin.add_fastpix("Three")
    agent.archive_now(later)
    assert "by-title" in str(agent.video(later))


def asked_for_media(twin: Twin) -> list[str]:
    """Not the question for the webhooks' state, which comes now and then."""
    return [entry.path for entry in twin.log.find() if not entry.path.endswith("/webhooks/list")]


def test_refile(agent: Agent, twin: Twin) -> None:
    media: list[tw.Media] = [twin.add_fastpix("Same", subtitles=("en",)), twin.add_fastpix("Same"),
                             twin.add_optiview(name="Other", thumbnails=2)]
    agent.archive_now(*media)
    agent.new_rule(path=OTHER)
    before = agent.tree()
    requests = asked_for_media(twin)
    dry = agent.cli("refile", "--dry-run", json=True).json
    assert dry["moved"] == 3 and agent.tree() == before
    old = {str(agent.video(m).relative_to(agent.archive).with_suffix("")): m for m in media}
    assert set(items(dry, "moved")) == set(old)
    assert items(dry, "moved")[next(iter(old))] == "to production/by-title/Same by rule all"
    assert asked_for_media(twin) == requests
    run = agent.cli("refile", json=True).json
    assert (run["moved"], run["in_place"], run["failed"], run["waiting"]) == (3, 0, 0, 0)
    moved = {text for text in items(run, "moved").values()}
    assert "to stage/by-title/Other" in moved and "to production/by-title/Same" in moved
    assert any(text.startswith("to production/by-title/Same~") for text in moved)
    agent.settle()
    assert len(agent.tree()) == len(before)
    assert all("by-title" in path for path in agent.tree() | agent.folders()
               if "/" in path), "no empty folder is left"
    for item in media:
        sidecar = json.loads(agent.video(item).with_suffix(".json").read_text())
        assert sidecar["rule"] == "all" and sidecar["id"] == item.id
        assert all((agent.archive / file["path"]).is_file() for file in sidecar["files"])
    assert asked_for_media(twin) == requests, "no platform is asked"
    agent.cli("verify")
    again = agent.cli("refile", json=True).json
    assert (again["moved"], again["in_place"]) == (0, 3)
    assert agent.cli("refile").out == "0 assets moved, 3 are in place, 0 wait, 0 failed\n"


def test_what_the_platform_has_no_more_is_moved_too(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", on_delete="keep")
    agent = idle_agent.start()
    media = twin.add_fastpix("Kept")
    agent.archive_now(media)
    twin.delete(media)
    agent.deleted_event(media)
    agent.settle()
    agent.new_rule(path=OTHER)
    assert agent.cli("refile", json=True).json["moved"] == 1
    agent.settle()
    assert agent.state_of(media) == "archived"
    assert agent.video(media) == agent.archive / "production/by-title/Kept.mp4"


def test_moving_is_not_deleting(idle_agent: Agent, twin: Twin) -> None:
    """What an earlier rule has kept is moved by one that would not have kept it."""
    idle_agent.config.set("rule all", on_delete="keep")
    agent = idle_agent.start()
    media = twin.add_fastpix("Kept")
    agent.archive_now(media)
    twin.delete(media)
    agent.deleted_event(media)
    agent.settle()
    agent.new_rule(path=OTHER, on_delete="remove")
    assert agent.cli("refile", json=True).json["moved"] == 1
    agent.settle()
    assert agent.state_of(media) == "archived" and agent.video(media).is_file()


def test_a_file_in_the_way(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    agent.new_rule(path=OTHER)
    mine = agent.archive / "production" / "by-title" / "Goal.mp4"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    agent.cli("refile")
    agent.settle()
    assert mine.read_bytes() == b"mine"
    assert agent.video(media).name == "Goal~%s.mp4" % media.id[:8]
    agent.cli("verify")


def test_a_paused_workspace_is_refiled_later(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    agent.new_rule(path=OTHER)
    agent.cli("pause")
    run = agent.cli("refile", json=True).json
    assert run["waiting"] == 1 and run["moved"] == 0
    agent.restart()
    agent.cli("resume")
    wait_until(lambda: (agent.archive / "production/by-title/Goal.mp4").is_file(), 10, "the move")
    agent.settle()
    assert agent.state_of(media) == "archived"


def test_it_gives_way_to_news(agent: Agent, twin: Twin) -> None:
    media, removed = twin.add_fastpix("Goal"), twin.add_fastpix("Gone")
    agent.archive_now(media, removed)
    agent.new_rule(path=OTHER)
    agent.cli("pause")
    agent.cli("rm", agent.name(removed))
    agent.cli("refile")
    twin.delete(media)
    agent.deleted_event(media)
    agent.cli("resume")
    agent.wait_states({agent.name(media): "deleted", agent.name(removed): "deleted"})
    assert agent.tree() == set()


def test_many_and_a_crash(agent: Agent, twin: Twin) -> None:
    media = [twin.add_fastpix("Clip %d" % n) for n in range(40)]
    agent.archive_now(*media)
    agent.new_rule(path=OTHER)
    agent.cli("pause")
    agent.cli("refile", json=True)
    agent.cli("resume")
    wait_until(lambda: any("by-title" in path for path in agent.tree()), 10, "the first move")
    agent.kill9()
    agent.start()
    agent.cli("refile")
    agent.settle()
    assert sum("by-title" in path for path in agent.tree()) == len(agent.tree()) == 120
    agent.cli("verify")
