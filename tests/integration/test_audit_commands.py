"""Found by reading the contract as a stranger: what the commands tell."""
from __future__ import annotations

from typing import Any

from agentctl import Agent, wait_until
from twin import Twin


def test_explain_tells_what_was_rejected(agent: Agent, twin: Twin) -> None:
    assert agent.cli("explain", "production").out.startswith("production: 0 deliveries rejected")
    for body in (b"not json", b'{"type":"video.media.ready","id":"e1","data":{}}', b"not json"):
        assert twin.deliver("fastpix", body).status == 400

    def rejected_ones() -> list[dict[str, Any]]:
        return agent.cli("explain", "production", json=True).json["rejected"]

    # They are refused at once, and kept for explain with the next commit.
    wait_until(lambda: [entry["times"] for entry in rejected_ones()] == [2, 1], 20,
               "what was rejected")
    rejected = rejected_ones()
    assert "not JSON" in rejected[0]["text"] and "names no media" in rejected[1]["text"]
    assert "names no media" in agent.cli("explain", "production").out
    assert "2 deliveries rejected: vodkeep explain production" in agent.cli("status").out
    assert agent.cli("explain", "stage", json=True).json["rejected"] == []
    agent.cli("explain", "nowhere", status=6)
    agent.cli("explain", "no/where", status=6)


def test_an_asset_named_like_a_workspace_comes_first(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal", id="stage")
    agent.archive_now(media)
    assert agent.cli("explain", "stage", json=True).json["asset"] == "production/stage"


def test_what_a_crash_left_in_staging_goes(agent: Agent, twin: Twin) -> None:
    """Half-written sidecars, and parts that nobody remembers; what is claimed stays
    (test_transfer sees that)."""
    staging = agent.archive / ".vodkeep" / "staging"
    names = ("put-0123456789abcdef.tmp", "99.video.part", "1.video.again.part")
    agent.kill9()
    for name in names:
        (staging / name).write_text('{"half')
    agent.start()
    assert [name for name in names if (staging / name).exists()] == []
    assert "3 unfinished files that nothing claims were removed" in agent.log_text()
    agent.archive_now(twin.add_fastpix("Goal"))
