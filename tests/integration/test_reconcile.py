"""Reconciling: what no delivery told is found in the platform's list, and nothing is lost by it."""
from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import Any

import pytest

import twin as tw
from agentctl import PROGRAM, Agent, wait_until
from twin import Twin

LIST = {"fastpix": "/v1/on-demand", "optiview": "/api/v3/media/assets"}
both_platforms = pytest.mark.parametrize("platform", ["fastpix", "optiview"])


def add(twin: Twin, platform: str, **fields: Any) -> tw.Media:
    fields.setdefault("created", twin.now())
    return twin.add_fastpix(**fields) if platform == "fastpix" else twin.add_optiview(**fields)


def name_of(platform: str) -> str:
    return "production" if platform == "fastpix" else "stage"


def poll(agent: Agent, every: str = "1h", **values: Any) -> None:
    for workspace in ("production", "stage"):
        agent.config.set("workspace " + workspace, reconcile=every, **values)


def calls(twin: Twin, platform: str) -> tuple[list[int], list[str]]:
    """The pages of lists that were asked for, and the ids of single media."""
    prefix = LIST[platform]
    pages, ids = [], []
    for entry in twin.log.find(prefix):
        if entry.path == prefix and entry.query.get("limit") != ["1"]:
            pages.append(int(entry.query.get("offset", entry.query.get("page", ["0"]))[0]))
        elif entry.path.startswith(prefix + "/"):
            ids.append(entry.path.rsplit("/", 1)[1])
    return pages, ids


def lost(agent: Agent, platform: str) -> int:
    for workspace in agent.status()["workspaces"]:
        if workspace["name"] == name_of(platform):
            return int(workspace["lost"])
    raise AssertionError("no workspace of " + platform)


def reconcile(agent: Agent, platform: str, *options: str, status: int = 0) -> dict[str, Any]:
    report = agent.cli("reconcile", name_of(platform), *options, json=True, status=status).json
    one: dict[str, Any] = report["workspaces"][0]
    return one


def wait_reconciled(agent: Agent, platform: str) -> None:
    def done() -> bool:
        return any(workspace["last_reconcile"] for workspace in agent.status()["workspaces"]
                   if workspace["name"] == name_of(platform))

    wait_until(done, 20, "the list of %s to be read" % platform, agent.status)


@both_platforms
def test_a_lost_ready_is_repaired(agent: Agent, twin: Twin, platform: str) -> None:
    known, missed = add(twin, platform), add(twin, platform)
    agent.archive_now(known)
    found = reconcile(agent, platform)
    assert [(one["id"], one["kind"]) for one in found["differences"]] == [(missed.id, "missing")]
    agent.archived(missed)
    assert "no delivery had told" in agent.story(missed)
    assert lost(agent, platform) == 1
    metrics = agent.admin("/metrics").body.decode()
    assert 'vodkeep_lost_deliveries_total{workspace="%s"} 1' % name_of(platform) in metrics
    assert "1 delivery of %s never came" % name_of(platform) in agent.cli("status").out
    # The delivery that comes after all changes nothing, nor does another walk.
    agent.ready_event(missed)
    assert reconcile(agent, platform)["differences"] == []
    assert lost(agent, platform) == 1


@both_platforms
def test_a_lost_ready_of_what_was_announced(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    agent.deliver(media, "video.media.created" if platform == "fastpix" else "processing")
    agent.wait_state(media, "announced")
    reconcile(agent, platform)
    agent.archived(media)
    assert lost(agent, platform) == 1


@both_platforms
def test_a_lost_deletion_is_repaired(agent: Agent, twin: Twin, platform: str) -> None:
    gone, stays = add(twin, platform), add(twin, platform)
    agent.archive_now(gone, stays)
    reconcile(agent, platform)
    twin.delete(gone, "404")
    found = reconcile(agent, platform)
    assert [(one["id"], one["kind"]) for one in found["differences"]] == [(gone.id, "gone")]
    agent.wait_state(gone, "deleted")
    assert agent.tree() and all(stays.id in path for path in agent.tree())
    assert lost(agent, platform) == 1
    assert reconcile(agent, platform)["differences"] == []


def test_a_deletion_in_progress_is_listed(agent: Agent, twin: Twin) -> None:
    asset = add(twin, "optiview")
    agent.archive_now(asset)
    twin.delete(asset, "deleting")
    assert reconcile(agent, "optiview")["gone"] == 1
    agent.wait_state(asset, "deleted")


def test_a_lost_update_is_repaired(agent: Agent, twin: Twin) -> None:
    media, asset = add(twin, "fastpix", title="Old"), add(twin, "optiview", name="Old")
    agent.archive_now(media, asset)
    for platform in LIST:
        reconcile(agent, platform)
    twin.change(media, title="New")
    twin.change(asset, name="New")
    for platform, item in (("fastpix", media), ("optiview", asset)):
        assert reconcile(agent, platform)["changed"] == 1
        wait_until(lambda: agent.show(item)["title"] == "New", 10, "the new title")
        assert reconcile(agent, platform)["differences"] == []


@both_platforms
def test_what_is_there_again_is_fetched_again(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    agent.archive_now(media)
    twin.delete(media, "404")
    agent.deleted_event(media)
    agent.wait_state(media, "deleted")
    assert reconcile(agent, platform)["differences"] == []
    twin.restore(media)
    assert reconcile(agent, platform)["back"] == 1
    agent.archived(media)


@both_platforms
def test_what_a_person_removed_stays_away(agent: Agent, twin: Twin, platform: str) -> None:
    media = add(twin, platform)
    agent.archive_now(media)
    agent.cli("rm", agent.name(media))
    agent.wait_state(media, "deleted")
    assert reconcile(agent, platform)["differences"] == []
    assert agent.state_of(media) == "deleted"


@both_platforms
def test_dry_run(agent: Agent, twin: Twin, platform: str) -> None:
    known, gone = add(twin, platform), add(twin, platform)
    agent.archive_now(known, gone)
    missed = add(twin, platform)
    twin.delete(gone, "404")
    before, states = agent.tree(), agent.assets()
    found = reconcile(agent, platform, "--dry-run", status=5)
    assert {one["id"]: one["kind"] for one in found["differences"]} == {
        missed.id: "missing", gone.id: "gone"}
    assert agent.tree() == before and agent.assets() == states
    assert lost(agent, platform) == 0
    shown = agent.cli("reconcile", "--dry-run", status=5).out
    assert "missing  " + agent.name(missed) in shown and "gone     " + agent.name(gone) in shown
    reconcile(agent, platform)
    agent.wait_states({agent.name(missed): "archived", agent.name(gone): "deleted"})
    reconcile(agent, platform, "--dry-run")


def test_usage(agent: Agent) -> None:
    agent.cli("reconcile", "nowhere", status=2)
    agent.cli("reconcile", "production", "stage", status=2)
    agent.cli("pause", "stage")
    assert "paused" in agent.cli("reconcile", "stage", status=1).err


@both_platforms
def test_an_outage_in_the_middle_changes_nothing(agent: Agent, twin: Twin, platform: str) -> None:
    """A list that cannot be read to its end makes nothing look gone."""
    begin = twin.now()
    media = [add(twin, platform, created=begin + timedelta(milliseconds=number))
             for number in range(120)]
    agent.archive_now(media[0], media[119])
    before = agent.tree()
    twin.delete(media[119], "404")
    twin.sin(LIST[platform], "status", code=503, skip=1)
    assert agent.cli("reconcile", name_of(platform), "--dry-run", status=1).err
    assert "could not be read" in agent.cli("reconcile", name_of(platform), status=1).err
    assert before <= agent.tree()
    assert agent.state_of(media[119]) == "archived"
    twin.forgive()
    agent.wait_state(media[119], "deleted", 60)


def test_an_empty_list_by_mistake_removes_nothing(agent: Agent, twin: Twin) -> None:
    media = [add(twin, "fastpix") for _ in range(3)]
    agent.archive_now(*media)
    before = agent.tree()
    twin.sin("/v1/on-demand", "body", body='{"success":true,"data":[],"pagination":'
             '{"totalRecords":0,"currentOffset":1,"offsetCount":0}}')
    assert reconcile(agent, "fastpix")["gone"] == 3
    for item in media:
        wait_until(lambda: "contradict" in agent.story(item), 10, "the contradiction",
                   lambda: agent.story(item))
    assert before <= agent.tree()
    assert lost(agent, "fastpix") == 0, "what is there was not lost"


def test_a_list_of_another_workspace_is_not_believed(agent: Agent, twin: Twin) -> None:
    media = add(twin, "fastpix")
    agent.archive_now(media)
    twin.change(media, workspace_id="11111111-2222-3333-4444-555555555555")
    assert "another workspace" in agent.cli("reconcile", "production", status=1).err
    assert agent.state_of(media) == "archived"


@both_platforms
def test_a_restart_in_the_middle_goes_on(idle_agent: Agent, twin: Twin, platform: str) -> None:
    poll(idle_agent)
    idle_agent.config.set("rule all", action="ignore")
    begin = twin.now() - timedelta(days=1)
    size = 50 if platform == "fastpix" else 100
    for number in range(3 * size + 1):
        add(twin, platform, created=begin + timedelta(milliseconds=number))
    sin = twin.sin(LIST[platform], "stall", after=1, skip=2, count=1)
    agent = idle_agent.start()
    sin.wait_reached()
    assert calls(twin, platform)[0] == [1, 2, 3]
    agent.kill9()
    twin.forgive()
    agent.start()
    wait_reconciled(agent, platform)
    assert calls(twin, platform)[0] == [1, 2, 3, 2, 3, 4]


def test_pages_that_shift_while_they_are_read(agent: Agent, twin: Twin) -> None:
    """What moves to a page that has been read is neither missed nor taken for gone."""
    begin = twin.now()
    media = [add(twin, "fastpix", created=begin + timedelta(milliseconds=number))
             for number in range(120)]
    agent.config.set("rule all", action="ignore")
    agent.reload()
    reconcile(agent, "fastpix")
    agent.wait_states({agent.name(item): "ignored" for item in media}, 60)
    before = len(calls(twin, "fastpix")[1])
    sin = twin.sin("/v1/on-demand", "stall", after=0, skip=1, count=1)
    process = subprocess.Popen([str(PROGRAM), "-c", str(agent.config_path), "reconcile",
                                "production"], stdout=subprocess.DEVNULL)
    sin.wait_reached()
    for item in media[:3]:
        twin.delete(item)
    sin.release()
    assert process.wait(60) == 0
    assert len(calls(twin, "fastpix")[1]) == before, "what has moved is not asked for"
    reconcile(agent, "fastpix")
    agent.wait_states({agent.name(item): "deleted" for item in media[:3]})
    assert sorted(calls(twin, "fastpix")[1][before:]) == sorted(item.id for item in media[:3])


@both_platforms
@pytest.mark.parametrize("backfill", ["all", "none", "since"])
def test_backfill(idle_agent: Agent, twin: Twin, platform: str, backfill: str) -> None:
    now = twin.now()
    old = add(twin, platform, created=now - timedelta(days=300))
    young = add(twin, platform, created=now - timedelta(days=2))
    since = "since:" + (now - timedelta(days=30)).strftime("%Y-%m-%d")
    poll(idle_agent, backfill=since if backfill == "since" else backfill)
    agent = idle_agent.start()
    wait_reconciled(agent, platform)
    later = add(twin, platform, created=twin.now())
    reconcile(agent, platform)
    agent.archived(later)
    if backfill != "none":
        agent.archived(young)
    expected = {"all": [old, young, later], "none": [later], "since": [young, later]}[backfill]
    if backfill == "all":
        agent.archived(old)
    assert sorted(agent.assets()) == sorted(agent.name(item) for item in expected)
    assert lost(agent, platform) == 1, "a library that existed was not lost"


def test_polling_alone(idle_agent: Agent, twin: Twin) -> None:
    """Behind NAT no delivery comes at all."""
    poll(idle_agent, "1s")
    agent = idle_agent.start()
    media, asset = add(twin, "fastpix", status="Processing"), add(twin, "optiview", status="processing")
    agent.wait_states({agent.name(media): "announced", agent.name(asset): "announced"})
    twin.change(media, status="Ready")
    twin.change(asset, status="complete")
    agent.archived(media, asset)
    twin.delete(media)
    twin.delete(asset, "404")
    agent.wait_states({agent.name(media): "deleted", agent.name(asset): "deleted"})
    assert agent.tree() == set()


@both_platforms
def test_nothing_changed_costs_the_list_alone(idle_agent: Agent, twin: Twin, platform: str) -> None:
    """1,000 media: after the first time only pages are asked for, after a restart too."""
    poll(idle_agent)
    idle_agent.config.set("rule all", action="ignore")
    begin = twin.now() - timedelta(days=1)
    for number in range(1000):
        add(twin, platform, created=begin + timedelta(seconds=number), thumbnail=False) \
            if platform == "fastpix" else \
            add(twin, platform, created=begin + timedelta(seconds=number), thumbnails=0)
    agent = idle_agent.start()
    workspace = name_of(platform)

    def ignored() -> int:
        return sum(one["assets"]["ignored"] for one in agent.status()["workspaces"]
                   if one["name"] == workspace)

    wait_until(lambda: ignored() == 1000, 120, "1,000 assets", ignored)
    asked = calls(twin, platform)[1]
    assert len(set(asked)) == 1000, "one call for each that is new"
    assert len(asked) == 1000, "and none twice"
    pages = 20 if platform == "fastpix" else 11
    twin.log.clear()
    assert reconcile(agent, platform)["listed"] == 1000
    agent.stop()
    agent.start()
    wait_until(lambda: len(calls(twin, platform)[0]) == 2 * pages, 30, "the walk at the start",
               lambda: calls(twin, platform)[0])
    assert calls(twin, platform)[1] == []


def test_what_the_rule_keeps_is_not_asked_for_again(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", on_delete="keep")
    agent = idle_agent.start()
    media, asset = add(twin, "fastpix"), add(twin, "optiview")
    agent.archive_now(media, asset)
    twin.delete(media)
    twin.delete(asset, "404")
    for platform, item in (("fastpix", media), ("optiview", asset)):
        assert reconcile(agent, platform)["gone"] == 1
        wait_until(lambda: "kept" in agent.story(item), 10, "the decision")
        twin.log.clear()
        assert reconcile(agent, platform)["differences"] == []
        assert calls(twin, platform)[1] == []
    assert twin.deliver("fastpix", twin.nameless_deletion()).status == 200
    wait_until(lambda: "0 assets are not in it" in agent.log_text(), 10, "the nameless deletion")
