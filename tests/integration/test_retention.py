"""keep and when_full: copies that go although the platform still has the media."""
from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

from agentctl import Agent, wait_until
from twin import Twin

DAY = 86400 * 10**9


def make_older(agent: Agent, days: float, *media: Any) -> None:
    """As if these had been archived so many days earlier; restarts the agent."""
    agent.stop()
    with closing(sqlite3.connect(agent.state)) as database, database:
        for item in media:
            database.execute("UPDATE assets SET archived_ns = archived_ns - ? WHERE id = ?",
                             (int(days * DAY), item.id))
    agent.start()


def ledger(agent: Agent, media: Any) -> list[dict[str, Any]]:
    page = json.loads(agent.admin("/api/v1/ledger?limit=1000").body)
    return [row for row in page["entries"] if row["id"] == media.id]


def test_what_is_over_its_term_goes(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", keep="30d")
    agent = idle_agent.start()
    assert "not available yet" not in agent.cli("check").err
    old, young = twin.add_fastpix("Old"), twin.add_fastpix("Young")
    agent.archive_now(old, young)
    assert "rule all keeps no longer" in agent.cli("explain", agent.name(old)).out
    make_older(agent, 31, old)
    agent.wait_state(old, "deleted")
    assert agent.tree() and all(young.id in path for path in agent.tree())
    assert "removed by retention: archived at " in agent.show(old)["reason"]
    assert "until `vodkeep fetch'" in agent.cli("explain", agent.name(old)).out
    row = ledger(agent, old)[-1]
    assert row["decision"] == "removed" and "rule all keeps for 30d" in row["cause"]
    assert json.loads(row["evidence"])["cause"] == "retention"
    metrics = agent.admin("/metrics").body.decode()
    assert 'vodkeep_removals_total{outcome="retention"} 1' in metrics
    agent.cli("verify", "--ledger")


def test_a_hold_outlives_the_term(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", keep="30d")
    agent = idle_agent.start()
    held, old = twin.add_fastpix("Held"), twin.add_fastpix("Old")
    agent.archive_now(held, old)
    agent.cli("hold", agent.name(held))
    make_older(agent, 40, held)
    make_older(agent, 31, old)
    agent.wait_state(old, "deleted")
    assert agent.video(held).is_file()
    agent.cli("unhold", agent.name(held))
    agent.reload()  # or within the hour
    agent.wait_state(held, "deleted")


def test_it_stays_away_until_it_is_fetched(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", keep="30d")
    agent = idle_agent.start()
    media = twin.add_fastpix()
    agent.archive_now(media)
    make_older(agent, 31, media)
    agent.wait_state(media, "deleted")
    agent.ready_event(media)
    agent.cli("reconcile", "production")
    agent.archive_now(twin.add_fastpix("Barrier"))
    assert agent.state_of(media) == "deleted"
    agent.cli("fetch", "production", media.id)
    agent.archived(media)
    assert agent.video(media).is_file()
    assert [row["decision"] for row in ledger(agent, media)] == [
        "archived", "removed", "fetch", "archived"]


def test_a_changed_term_counts_at_reload(idle_agent: Agent, twin: Twin) -> None:
    agent = idle_agent.start()
    old, older = twin.add_fastpix("Old"), twin.add_optiview(name="Older")
    agent.archive_now(old, older)
    make_older(agent, 31, old)
    make_older(agent, 91, older)
    agent.archive_now(twin.add_fastpix("Barrier"))
    assert agent.state_of(old) == agent.state_of(older) == "archived"
    agent.config.set("rule all", keep="90d")
    agent.reload()
    agent.wait_state(older, "deleted")
    assert agent.state_of(old) == "archived"
    agent.config.set("rule all", keep="30d")
    agent.reload()
    agent.wait_state(old, "deleted")


def test_the_trash_is_taken_where_the_rule_says_so(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", keep="30d", on_delete="trash")
    agent = idle_agent.start()
    media = twin.add_fastpix()
    agent.archive_now(media)
    before = {path.rsplit("/", 1)[-1] for path in agent.tree()}
    make_older(agent, 31, media)
    agent.wait_state(media, "trashed")
    trash = agent.archive / ".vodkeep" / "trash"
    assert {path.name for path in trash.rglob("*") if path.is_file()} == before
    agent.ready_event(media)
    agent.archive_now(twin.add_fastpix("Barrier"))
    assert agent.state_of(media) == "trashed"


def test_max_delete_paces_it(idle_agent: Agent, twin: Twin) -> None:
    """What is too much for this hour waits for the next, and for nobody; deletions at the
    platform have a count of their own."""
    idle_agent.config.set("rule all", keep="30d")
    idle_agent.config.set("workspace production", max_delete="2, 1%")
    agent = idle_agent.start()
    media = [twin.add_fastpix(str(number)) for number in range(5)]
    agent.archive_now(*media)
    make_older(agent, 31, *media)
    wait_until(lambda: "retention/production" in agent.warnings(), 15, "a warning", agent.assets)
    wait_until(lambda: [agent.state_of(item) for item in media].count("deleted") == 2, 15, "two to go")
    other = next(item for item in media if agent.state_of(item) == "archived")
    twin.delete(other)
    agent.deleted_event(other)
    agent.wait_state(other, "deleted")
    agent.archive_now(twin.add_fastpix("Barrier"))
    assert sorted(filter(None, (agent.state_of(item) for item in media))) == [
        "archived", "archived", "deleted", "deleted", "deleted"]
    agent.config.set("workspace production", max_delete="20, 1%")
    agent.reload()
    agent.wait_states({agent.name(item): "deleted" for item in media})
    wait_until(lambda: "retention/" not in agent.warnings(), 15, "the warning to go")


def test_a_clock_that_is_ahead_removes_nothing(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", keep="30d")
    agent = idle_agent.start()
    media = twin.add_fastpix()
    agent.archive_now(media)
    twin.clock_offset = -40 * 86400.0  # and so ours is 40 days ahead
    make_older(agent, 31, media)
    wait_until(lambda: "ahead of the platforms" in agent.warnings(), 15, "a warning")
    agent.archive_now(twin.add_fastpix("Barrier"))
    assert agent.state_of(media) == "archived"
    twin.clock_offset = 0
    agent.archive_now(twin.add_fastpix("Told the time"))
    agent.wait_state(media, "deleted")
    assert "ahead of" not in agent.warnings()


def test_without_the_time_nothing_goes(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("rule all", keep="30d")
    agent = idle_agent.start()
    media = twin.add_fastpix()
    agent.archive_now(media)
    twin.tells_time = False
    make_older(agent, 31, media)
    wait_until(lambda: "no platform has told the time" in agent.warnings(), 15, "a warning")
    assert agent.state_of(media) == "archived"
    twin.tells_time = True
    agent.archive_now(twin.add_fastpix("Told the time"))
    agent.wait_state(media, "deleted")


def test_a_full_disk_takes_the_oldest_of_rules_that_say_so(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.sections = {"rule films": {"title": "Film*"}, **idle_agent.config.sections}
    idle_agent.config.set("rule all", when_full="remove-oldest")
    agent = idle_agent.start()
    film, young, held = twin.add_fastpix("Film"), twin.add_fastpix("Young"), twin.add_fastpix("Held")
    old = [twin.add_fastpix("Old %d" % number) for number in range(3)]
    agent.archive_now(film, young, held, *old)
    agent.cli("hold", agent.name(held))
    make_older(agent, 9, film, held)
    for days, item in enumerate(old, 2):
        make_older(agent, days, item)
    agent.archive_now(twin.add_fastpix("Barrier"))
    assert {agent.state_of(item) for item in old} == {"archived"}, "there is room"
    agent.config.set("transfer", min_free="100%")
    agent.reload()
    agent.wait_states({agent.name(item): "deleted" for item in old}, 40)
    assert {agent.state_of(item) for item in (film, young, held)} == {"archived"}
    when = [ledger(agent, item)[-1]["row"] for item in old]
    assert when == sorted(when, reverse=True), "the oldest goes first"
    row = ledger(agent, old[0])[-1]
    assert "lets the oldest go" in row["cause"] and json.loads(row["evidence"])["cause"] == "pressure"
    assert 'outcome="pressure"} 3' in agent.admin("/metrics").body.decode()
