"""Found by reading the contract as a stranger: what the commands tell."""
from __future__ import annotations

from agentctl import Agent, wait_until
from twin import Twin


def test_explain_tells_what_was_rejected(agent: Agent, twin: Twin) -> None:
    assert agent.cli("explain", "production").out.startswith("production: 0 deliveries rejected")
    for body in (b"not json", b'{"type":"video.media.ready","id":"e1","data":{}}', b"not json"):
        assert twin.deliver("fastpix", body).status == 400
    rejected = agent.cli("explain", "production", json=True).json["rejected"]
    assert [entry["times"] for entry in rejected] == [2, 1]
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
    """The half-written sidecar of a crash has no part that anyone remembers."""
    left = agent.archive / ".vodkeep" / "staging" / "put-0123456789abcdef.tmp"
    agent.kill9()
    left.write_text('{"half')
    agent.start()
    wait_until(lambda: not left.exists(), 10, "it to go")
    agent.archive_now(twin.add_fastpix("Goal"))
