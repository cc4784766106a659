"""INTERFACE §6: deleting is a decision; whatever proves nothing removes nothing."""
from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

import twin as tw
from agentctl import CLOCK_MOVES, Agent, at_another_time, wait_until
from twin import Twin

DETAIL = {"fastpix": "/v1/on-demand/", "optiview": "/api/v3/media/assets/"}
both_platforms = pytest.mark.parametrize("platform", ["fastpix", "optiview"])


def add(twin: Twin, platform: str, **fields: Any) -> tw.Media:
    return twin.add_fastpix(**fields) if platform == "fastpix" else twin.add_optiview(**fields)


def section(platform: str) -> str:
    return "workspace " + ("production" if platform == "fastpix" else "stage")


def delete(agent: Agent, twin: Twin, *media: tw.Media, gone: str = "deleted") -> None:
    """Deleted at the platform, and announced."""
    for item in media:
        twin.delete(item, gone)
    agent.deleted_event(*media)


def barrier(agent: Agent, twin: Twin) -> None:
    """Whatever was due before has been looked at."""
    agent.archive_now(twin.add_fastpix("Barrier"), twin.add_optiview(name="Barrier"))


# What the rule does.

@both_platforms
def test_remove(agent: Agent, twin: Twin, platform: str) -> None:
    gone, stays = add(twin, platform), add(twin, platform)
    agent.archive_now(gone, stays)
    delete(agent, twin, gone)
    agent.wait_state(gone, "deleted")
    assert agent.show(gone)["files"] == []
    assert all(stays.id in path for path in agent.tree()) and agent.tree()
    assert agent.video(stays).is_file()


@both_platforms
def test_trash(idle_agent: Agent, twin: Twin, platform: str) -> None:
    idle_agent.config.set("rule all", on_delete="trash")
    agent = idle_agent.start()
    media = add(twin, platform)
    agent.archive_now(media)
    before = agent.tree()
    delete(agent, twin, media)
    agent.wait_state(media, "trashed")
    assert agent.tree() == set()
    trash = agent.archive / ".vodkeep" / "trash"
    dated = {str(path.relative_to(trash)).partition("/")[2]
             for path in trash.rglob("*") if path.is_file()}
    assert dated == before


@both_platforms
def test_keep(idle_agent: Agent, twin: Twin, platform: str) -> None:
    idle_agent.config.set("rule all", on_delete="keep")
    agent = idle_agent.start()
    media = add(twin, platform)
    agent.archive_now(media)
    before = agent.tree()
    delete(agent, twin, media)
    barrier(agent, twin)
    wait_until(lambda: "keep" in agent.story(media), 10, "the decision in the story",
               lambda: agent.story(media))
    assert agent.state_of(media) in ("archived", "expired-kept")
    assert before <= agent.tree()


@pytest.mark.skipif(not CLOCK_MOVES, reason="the clock cannot be moved here (faketime)")
@pytest.mark.parametrize("platform_agrees", [True, False])
def test_the_trash_is_old_when_the_platform_says_so_too(idle_agent: Agent, twin: Twin,
                                                        platform_agrees: bool) -> None:
    """A clock that is forty days ahead empties no trash alone."""
    idle_agent.config.set("rule all", on_delete="trash")
    idle_agent.config.set("workspace production", reconcile="1h")
    agent = idle_agent.start()
    media = twin.add_fastpix()
    agent.archive_now(media, twin.add_fastpix("Stays"))
    delete(agent, twin, media)
    agent.wait_state(media, "trashed")
    agent.stop()
    trash = agent.archive / ".vodkeep" / "trash"
    agent.environment = at_another_time("+40d")
    twin.clock_offset = 40 * 86400.0 if platform_agrees else 0.0
    agent.start()
    if platform_agrees:
        wait_until(lambda: not any(trash.rglob("*.mp4")), 75, "the trash to be emptied")
    else:
        wait_until(lambda: "no platform's clock agrees" in agent.log_text(), 75, "a look")
        agent.stop()
        assert any(trash.rglob("*.mp4"))


def test_empty_folders_go_and_others_stay(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", path="{metadata.team}/{title}/{id}", fetch="video")
    agent = idle_agent.start()
    first = twin.add_fastpix("A", metadata={"team": "red"})
    second = twin.add_fastpix("B", metadata={"team": "red"})
    agent.archive_now(first, second)
    (agent.archive / "red" / "A" / "notes.txt").write_text("a stranger's file")
    delete(agent, twin, first, second)
    agent.wait_states({agent.name(first): "deleted", agent.name(second): "deleted"})
    assert agent.tree() == {"red/A/notes.txt"}
    assert agent.folders() == {"red", "red/A"}


def test_files_that_are_gone_already_do_not_matter(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    agent.video(media).unlink()
    delete(agent, twin, media)
    agent.wait_state(media, "deleted")
    assert agent.tree() == set()


# Proof.

@pytest.mark.parametrize("gone", ["deleting", "deleted", "404"])
def test_optiview_proofs(agent: Agent, twin: Twin, gone: str) -> None:
    asset = twin.add_optiview()
    agent.archive_now(asset)
    delete(agent, twin, asset, gone=gone)
    agent.wait_state(asset, "deleted")


@both_platforms
def test_a_platform_that_still_has_it_contradicts(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    agent.archive_now(media)
    before = agent.tree()
    agent.deleted_event(media)
    wait_until(lambda: "contradict" in agent.story(media), 10, "the contradiction in the story",
               lambda: agent.story(media))
    barrier(agent, twin)
    assert agent.state_of(media) == "archived"
    assert before <= agent.tree()


@both_platforms
@pytest.mark.parametrize("kind, args", [
    ("status", {"code": 401}), ("status", {"code": 403}), ("status", {"code": 429, "retry_after": 0}),
    ("status", {"code": 500}), ("status", {"code": 503}), ("html", {"code": 404}),
    ("cut-json", {}), ("reset", {"after": 0}), ("wrong-shape", {}),
], ids=lambda value: str(value))
def test_what_proves_nothing_removes_nothing(agent: Agent, twin: Twin, platform: str, kind: str,
                                             args: dict[str, Any]) -> None:
    media = add(twin, platform)
    agent.archive_now(media)
    before = agent.tree()
    sin = twin.sin(DETAIL[platform] + media.id, kind, **args)
    delete(agent, twin, media)
    sin.wait_hit()
    other = add(twin, "optiview" if platform == "fastpix" else "fastpix")
    agent.archive_now(other)
    assert before <= agent.tree()
    assert agent.state_of(media) != "deleted"
    twin.forgive()
    agent.reload()  # refused credentials are asked again at once after a reload
    agent.cli("retry", agent.name(media))
    agent.wait_state(media, "deleted")


def test_a_404_counts_only_while_the_credentials_work(agent: Agent, twin: Twin) -> None:
    """Behind a revoked or foreign token everything looks gone."""
    media = twin.add_fastpix()
    agent.archive_now(media)
    sin = twin.sin("/v1/on-demand", "status", code=401)
    delete(agent, twin, media)
    sin.wait_hit()
    agent.archive_now(twin.add_optiview())
    assert agent.video(media).is_file()
    twin.forgive()
    agent.reload()
    agent.wait_state(media, "deleted")


def test_a_token_of_another_workspace_proves_nothing(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    other = twin.add_fastpix("Other", workspace_id="fd9197bb-8cfa-4569-b046-a30fb95e2381")
    delete(agent, twin, media)
    twin.log.wait_for(lambda log: any(e.path == "/v1/on-demand" for e in log.entries),
                      "the question whether the credentials see this workspace")
    agent.archive_now(twin.add_optiview())
    assert agent.video(media).is_file()
    assert agent.state_of(media) != "deleted"
    twin.delete(other)
    twin.add_fastpix("Own")
    agent.cli("retry", agent.name(media))
    agent.wait_state(media, "deleted")


@both_platforms
def test_gone_without_a_word_and_met_by_a_late_ready(agent: Agent, twin: Twin,
                                                     platform: str) -> None:
    """A look that finds it gone decides nothing without a deletion; the list does."""
    media, stays = add(twin, platform), add(twin, platform)
    agent.archive_now(media, stays)
    twin.delete(media, "404")
    agent.ready_event(media)
    wait_until(lambda: "unknown" in agent.story(media), 10, "the look",
               lambda: agent.story(media))
    assert agent.video(media).is_file()
    agent.cli("reconcile")
    agent.wait_state(media, "deleted")
    assert agent.video(stays).is_file()


@both_platforms
def test_back_again_and_gone_without_a_word(agent: Agent, twin: Twin, platform: str) -> None:
    """The first deletion has been answered; that does not answer the second."""
    media, stays = add(twin, platform), add(twin, platform)
    agent.archive_now(media, stays)
    delete(agent, twin, media)
    agent.wait_state(media, "deleted")
    twin.restore(media)
    agent.cli("fetch", *agent.name(media).split("/"))
    agent.archived(media)
    twin.delete(media, "404")
    agent.ready_event(media)
    agent.cli("reconcile")
    agent.wait_state(media, "deleted")


def test_the_nameless_deletion_takes_just_what_is_gone(agent: Agent, twin: Twin) -> None:
    media = [twin.add_fastpix(str(number)) for number in range(5)]
    asset = twin.add_optiview()
    agent.archive_now(*media, asset)
    twin.delete(media[2])
    assert twin.deliver("fastpix", twin.nameless_deletion()).status == 200
    agent.wait_state(media[2], "deleted")
    barrier(agent, twin)
    states = {item.id: agent.state_of(item) for item in media}
    assert states == {item.id: "deleted" if item is media[2] else "archived" for item in media}
    assert agent.state_of(asset) == "archived"


def test_the_nameless_deletion_with_nothing_gone(agent: Agent, twin: Twin) -> None:
    media = [twin.add_fastpix(str(number)) for number in range(3)]
    agent.archive_now(*media)
    before = agent.tree()
    assert twin.deliver("fastpix", twin.nameless_deletion()).status == 200
    barrier(agent, twin)
    assert before <= agent.tree()


def test_a_nameless_deletion_over_several_pages(agent: Agent, twin: Twin) -> None:
    """FastPix lists 50 a page: what is on the second one is not gone."""
    media = [twin.add_fastpix(str(number), created=twin.now() + timedelta(seconds=number))
             for number in range(60)]
    for item in media:
        agent.deliver(item, "video.media.created")
    twin.delete(media[7])
    assert twin.deliver("fastpix", twin.nameless_deletion()).status == 200
    agent.wait_state(media[7], "deleted")
    assert [entry.query["offset"] for entry in twin.log.find("/v1/on-demand")
            if entry.query.get("limit") == ["50"]] == [["1"], ["2"]]
    asked = {entry.path.rsplit("/", 1)[1] for entry in twin.log.find("/v1/on-demand/")}
    assert asked == {media[7].id}, "only what is not in the list is asked for"


def test_a_list_that_forgets_removes_nothing(agent: Agent, twin: Twin) -> None:
    """Pages that shift while they are read, or a list that is empty by mistake."""
    media = [twin.add_fastpix(str(number)) for number in range(3)]
    agent.archive_now(*media)
    before = agent.tree()
    twin.sin("/v1/on-demand", "body", body='{"success":true,"data":[],"pagination":'
             '{"totalRecords":0,"currentOffset":1,"offsetCount":0}}')
    assert twin.deliver("fastpix", twin.nameless_deletion()).status == 200
    for item in media:
        wait_until(lambda: "contradict" in agent.story(item), 10, "the contradiction",
                   lambda: agent.story(item))
    barrier(agent, twin)
    assert before <= agent.tree()
    assert all(agent.state_of(item) == "archived" for item in media)


@pytest.mark.slow
def test_the_nameless_deletion_while_the_api_fails(agent: Agent, twin: Twin) -> None:
    media = [twin.add_fastpix(str(number)) for number in range(3)]
    agent.archive_now(*media)
    before = agent.tree()
    sin = twin.sin("/v1/*", "status", code=500)
    twin.delete(media[0])
    assert twin.deliver("fastpix", twin.nameless_deletion()).status == 200
    sin.wait_hit()
    assert before <= agent.tree()
    twin.forgive()
    agent.wait_state(media[0], "deleted", 30)
    assert agent.video(media[1]).is_file() and agent.video(media[2]).is_file()


# Tombstones.

@both_platforms
def test_a_late_ready_does_not_resurrect(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    agent.archive_now(media)
    kind = "video.media.ready" if platform == "fastpix" else "completed"
    late = twin.event(media, kind)
    delete(agent, twin, media)
    agent.wait_state(media, "deleted")
    assert twin.deliver(platform, late).status == 200
    agent.ready_event(media)
    barrier(agent, twin)
    assert agent.state_of(media) == "deleted"
    assert not any(media.id in path for path in agent.tree())


@both_platforms
def test_deleted_before_it_was_known(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    delete(agent, twin, media)
    agent.ready_event(media)
    agent.wait_state(media, "deleted")
    barrier(agent, twin)
    assert agent.state_of(media) == "deleted"
    assert not any(media.id in path for path in agent.tree())


@both_platforms
def test_the_record_undoes_a_deletion(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    agent.archive_now(media)
    delete(agent, twin, media)
    agent.wait_state(media, "deleted")
    twin.restore(media)
    agent.ready_event(media)
    agent.archived(media)
    assert agent.video(media).is_file()


def test_tombstones_survive_a_restart(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    delete(agent, twin, media)
    agent.wait_state(media, "deleted")
    agent.kill9()
    agent.start()
    agent.ready_event(media)
    barrier(agent, twin)
    assert agent.state_of(media) == "deleted"


# Holding, limits, expiry.

@both_platforms
def test_held_assets_are_never_removed(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    agent.archive_now(media)
    agent.cli("hold", agent.name(media))
    wait_until(lambda: agent.asset(media)["held"] is True, 10, "the flag")
    delete(agent, twin, media)
    barrier(agent, twin)
    assert agent.video(media).is_file()
    assert agent.asset(media)["held"] is True


@pytest.mark.parametrize("on_expire, state", [(None, "expired-kept"), ("remove", "deleted"),
                                              ("trash", "trashed")])
def test_optiview_expiry(idle_agent: Agent, twin: Twin, on_expire: str | None, state: str) -> None:
    idle_agent.config.set("rule all", on_expire=on_expire, on_delete="remove")
    agent = idle_agent.start()
    asset = twin.add_optiview(expiration=twin.now() + timedelta(hours=1))
    agent.archive_now(asset)
    before = agent.tree()
    twin.delete(asset, "deleting")
    agent.deliver(asset, "deleted", at=twin.now() + timedelta(hours=1, seconds=1))
    agent.wait_state(asset, state)
    assert agent.tree() == (before if state == "expired-kept" else set())


def test_a_deletion_before_the_expiry_is_a_deletion(agent: Agent, twin: Twin) -> None:
    asset = twin.add_optiview(expiration=twin.now() + timedelta(days=1))
    agent.archive_now(asset)
    delete(agent, twin, asset)
    agent.wait_state(asset, "deleted")


def test_the_trash_has_a_size(idle_agent: Agent, twin: Twin) -> None:
    """Beyond it what was trashed first goes before its days are over."""
    idle_agent.config.set("rule all", on_delete="trash")
    idle_agent.config.set("agent", trash_max="2M")
    agent = idle_agent.start()
    first, last = (twin.add_fastpix(title, size=3 << 19) for title in ("First", "Last"))
    trash = agent.archive / ".vodkeep" / "trash"
    for item in (first, last):
        agent.archive_now(item)
        delete(agent, twin, item)
        agent.wait_state(item, "trashed")
        if item is first:  # it was some days ago
            (today,) = trash.iterdir()
            earlier = trash / (twin.now() - timedelta(days=3)).strftime("%Y-%m-%d")
            today.rename(earlier)
    agent.restart()
    wait_until(lambda: not list(earlier.rglob("*.mp4")), 15, "the first to go")
    assert any(last.id in path.name for path in trash.rglob("*.mp4"))


def test_trial_media_expires_after_a_day(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix(created=twin.now() - timedelta(days=2), fields={"trial": True})
    agent.archive_now(media)
    before = agent.tree()
    delete(agent, twin, media)
    agent.wait_state(media, "expired-kept")
    assert agent.tree() == before


@both_platforms
def test_many_deletions_wait_for_a_person(idle_agent: Agent, twin: Twin, platform: str) -> None:
    idle_agent.config.set(section(platform), max_delete="2, 1%")
    agent = idle_agent.start()
    media = [add(twin, platform) for _ in range(6)]
    agent.archive_now(*media)
    delete(agent, twin, *media[:5])

    def counts() -> dict[str, int]:
        states = [agent.state_of(item) for item in media]
        return {state: states.count(state) for state in set(states) if state}

    wait_until(lambda: counts() == {"deleted": 2, "deletion-held": 3, "archived": 1}, 15,
               "two deletions and three that wait", counts)
    held = [item for item in media if agent.state_of(item) == "deletion-held"]
    assert all(agent.video(item).is_file() for item in held)
    assert section(platform).split()[1] in agent.warnings()
    agent.restart()
    assert all(agent.state_of(item) == "deletion-held" for item in held)
    agent.cli("resume", section(platform).split()[1])
    agent.wait_states({agent.name(item): "deleted" for item in held})
    assert agent.state_of(media[5]) == "archived"


def test_held_deletions_are_dropped_when_the_media_is_back(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("workspace production", max_delete="1, 1%")
    agent = idle_agent.start()
    media = [twin.add_fastpix(str(number)) for number in range(3)]
    agent.archive_now(*media)
    delete(agent, twin, *media)

    def held() -> list[tw.Media]:
        return [item for item in media if agent.state_of(item) == "deletion-held"]

    wait_until(lambda: len(held()) == 2, 15, "two that wait")
    back, other = held()
    twin.restore(back)
    agent.cli("resume")
    agent.wait_states({agent.name(back): "archived", agent.name(other): "deleted"})
    assert agent.video(back).is_file()


# Deletions in the middle of things.

@both_platforms
def test_a_deletion_stops_the_download(idle_agent: Agent, twin: Twin, platform: str) -> None:
    idle_agent.config.set("transfer", low_speed="1K/30s")
    agent = idle_agent.start()
    media = add(twin, platform, size=2 << 20)
    pattern = "*/capped-4k.mp4" if platform == "fastpix" else "/dkxfvY/*"
    stall = twin.sin(pattern, "stall", after=1 << 20, count=1)
    agent.ready_event(media)
    stall.wait_reached()
    delete(agent, twin, media)
    agent.wait_state(media, "deleted")
    entry = next(e for e in twin.log.find() if e.host in ("stream", "store"))
    twin.log.wait_for(lambda _: entry.done, "the end of the download")
    assert entry.sent < 2 << 20
    wait_until(lambda: agent.staged() == [], 5, "a clean staging folder")
    assert agent.tree() == set()


def test_a_deletion_of_waiting_media(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix(mp4="none")
    agent.ready_event(media)
    agent.wait_state(media, "waiting")
    delete(agent, twin, media)
    agent.wait_state(media, "deleted")


# The archive is not there.

def test_without_the_marker_nothing_is_deleted_or_fetched(agent: Agent, twin: Twin) -> None:
    media, late = twin.add_fastpix("Kept"), twin.add_fastpix("Late")
    agent.archive_now(media)
    before = agent.tree()
    marker = agent.archive / ".vodkeep" / "archive-id"
    away = agent.directory / "archive-id.away"
    marker.rename(away)
    wait_until(lambda: agent.admin("/readyz").status == 503, 30, "the alarm")
    delete(agent, twin, media)
    agent.ready_event(late)
    wait_until(lambda: agent.state_of(late) is not None, 10, "the delivery to be stored")
    assert agent.warnings() != "[]"
    assert agent.tree() == before
    assert twin.log.find(late.playback_id) == []
    away.rename(marker)
    agent.wait_state(media, "deleted", 30)
    agent.archived(late)


def test_an_empty_mount_point_is_not_an_empty_archive(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    agent.stop()
    away = agent.directory / "archive.away"
    agent.archive.rename(away)
    agent.archive.mkdir()
    agent.start(ready=False)
    wait_until(lambda: _status(agent) == 503, 20, "readyz to tell", agent.log_text)
    delete(agent, twin, media)
    assert list(agent.archive.rglob("*")) == [], "no new marker where another archive belongs"
    assert (away / ".vodkeep" / "archive-id").is_file()
    agent.archive.rmdir()
    away.rename(agent.archive)
    agent.wait_state(media, "deleted", 30)
    assert agent.tree() == set()


def _status(agent: Agent) -> int:
    assert agent.alive(), "the agent ended"
    try:
        return agent.admin("/readyz").status
    except OSError:
        return 0


def test_the_story_tells_why(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    delete(agent, twin, media)
    agent.wait_state(media, "deleted")
    story = agent.cli("explain", agent.name(media), json=True).json["story"]
    times = [entry["at"] for entry in story]
    assert times == sorted(times)
    text = json.dumps(story)
    assert "video.media.ready" in text and "video.media.deleted" in text
    assert "removed" in text
