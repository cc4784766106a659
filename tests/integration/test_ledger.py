"""The ledger: every decision is a row that follows from the one before."""
from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from agentctl import Agent, wait_until
from twin import Twin

BROKEN = 5


def rows(agent: Agent) -> list[dict[str, Any]]:
    """The whole ledger by way of the API, in pages as small as they get."""
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["row"] if found else 0
        page = json.loads(agent.admin("/api/v1/ledger?after=%d&limit=3" % after).body)
        if not page["entries"]:
            assert not found or page["head"] == {"row": found[-1]["row"], "hash": found[-1]["hash"]}
            return found
        found += page["entries"]


def decisions(agent: Agent, media: Any) -> list[str]:
    return [row["decision"] for row in rows(agent) if row["id"] == media.id]


def tamper(agent: Agent, sql: str) -> None:
    """As somebody would who owns the file and knows of the triggers."""
    with closing(sqlite3.connect(agent.state)) as database, database:
        names = database.execute("SELECT name FROM sqlite_schema WHERE type='trigger'").fetchall()
        for (name,) in names:
            database.execute("DROP TRIGGER %s" % name)
        database.execute(sql)


def test_a_life_is_told_by_its_decisions(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.sections = {
        "rule no": {"title": "unwanted*", "action": "ignore"}, **idle_agent.config.sections}
    agent = idle_agent.start()
    media, unwanted = twin.add_fastpix("Final"), twin.add_fastpix("unwanted one")
    agent.ready_event(media, unwanted)
    agent.wait_states({agent.name(media): "archived", agent.name(unwanted): "ignored"})
    files = {file["path"]: file["sha256"] for file in agent.show(media)["files"]}
    agent.deleted_event(media)  # which is not so
    wait_until(lambda: "contradicted" in decisions(agent, media), 15, "a contradiction")
    agent.cli("hold", agent.name(media))
    twin.delete(media, "deleted")
    agent.deleted_event(media)
    wait_until(lambda: "held" in decisions(agent, media), 15, "a deletion that meets the hold")
    agent.cli("unhold", agent.name(media))
    agent.wait_state(media, "deleted")
    said = decisions(agent, media)
    assert [word for index, word in enumerate(said) if said[index - 1:index] != [word]] == [
        "archived", "contradicted", "hold", "held", "unhold", "removed"]
    assert decisions(agent, unwanted) == ["ignored"]
    archived, removed = (next(row for row in rows(agent) if row["decision"] == word)
                         for word in ("archived", "removed"))
    evidence = json.loads(archived["evidence"])
    assert {file["path"]: file["sha256"] for file in evidence["files"]} == files
    evidence = json.loads(removed["evidence"])
    assert evidence["cause"] == "platform" and evidence["platform_says"] == "unknown"
    assert evidence["files"] and evidence["deleted_event"]
    # The story has each of them once, and says which lines these are.
    story = agent.cli("explain", agent.name(media), json=True).json["story"]
    assert [line["decision"] for line in story if "decision" in line] == said
    assert len([line for line in story if "→ archived" in line["text"]]) == 1
    assert [line["at"] for line in story] == sorted(line["at"] for line in story)


def test_deliveries_decide_nothing(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    before = rows(agent)
    for _ in range(3):
        agent.ready_event(media)
    agent.archive_now(twin.add_optiview())  # and so all that was due has been looked at
    assert [row["decision"] for row in rows(agent)[len(before):]] == ["archived"]


@pytest.mark.parametrize("running", [True, False])
def test_the_chain_is_followed(agent: Agent, twin: Twin, running: bool) -> None:
    agent.archive_now(twin.add_fastpix(), twin.add_optiview())
    told = rows(agent)
    head = agent.status()["ledger"]
    if not running:
        agent.stop()
    found = agent.cli("verify", "--ledger", json=True).json
    assert found == {"rows": len(told), "head": head, "broken": None, "kept_head": None,
                     "kept_head_row": None}
    assert head["hash"] in agent.cli("verify", "--ledger").out
    text = agent.cli("verify", "--ledger", "--head", told[1]["hash"]).out
    assert "the head that you kept is row 2" in text
    agent.cli("verify", "--head", head["hash"], status=2)
    agent.cli("verify", "--ledger", "--repair", status=2)


def test_anybody_can_follow_it(agent: Agent, twin: Twin) -> None:
    """By the description in vodkeep-api(7) alone."""
    agent.archive_now(twin.add_fastpix("Zoë’s „Finale“"))
    before = "0" * 64
    for number, row in enumerate(rows(agent), 1):
        fields = [row["row"], row["at_ns"], row["asset"], row["workspace"], row["id"], row["kind"],
                  row["decision"], row["cause"], row["evidence"]]
        text = before.encode()
        for field in fields:
            data = str(field).encode()
            text += b"%d:%s," % (len(data), data)
        before = hashlib.sha256(text).hexdigest()
        assert (row["row"], row["hash"]) == (number, before)


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("sql, row", [
    ("UPDATE ledger SET cause='nothing happened' WHERE row=2", 2),
    ("DELETE FROM ledger WHERE row=2", 2),
    ("DELETE FROM ledger WHERE row=1", 1),
    ("UPDATE ledger SET at_ns=at_ns+1 WHERE row=3", 3)])
def test_what_was_forged_is_found(agent: Agent, twin: Twin, sql: str, row: int, running: bool) -> None:
    agent.archive_now(twin.add_fastpix(), twin.add_fastpix())
    agent.stop()
    tamper(agent, sql)
    if running:
        agent.start()
    found = agent.cli("verify", "--ledger", json=True, status=BROKEN).json
    assert found["broken"]["row"] == row and found["rows"] == row - 1
    assert "broken at row %d: " % row in agent.cli("verify", "--ledger", status=BROKEN).out


def test_rows_missing_at_the_end(agent: Agent, twin: Twin) -> None:
    """The chain cannot tell; who kept its head can."""
    agent.archive_now(twin.add_fastpix(), twin.add_fastpix())
    head = agent.status()["ledger"]["hash"]
    agent.stop()
    tamper(agent, "DELETE FROM ledger WHERE row=3")
    agent.cli("verify", "--ledger")
    found = agent.cli("verify", "--ledger", "--head", head, json=True, status=BROKEN).json
    assert found["broken"] is None and found["kept_head_row"] is None
    assert "is not in the ledger" in agent.cli("verify", "--ledger", "--head", head, status=BROKEN).out


@pytest.mark.parametrize("query", ["after=x", "after=-1", "limit=0", "limit=1001", "limit=many"])
def test_a_page_that_cannot_be(agent: Agent, query: str) -> None:
    answer = agent.admin("/api/v1/ledger?" + query)
    assert answer.status == 400 and b"limit 1 to 1000" in answer.body
