"""Warnings that come of watching: each begins, says what to do, and ends."""
from __future__ import annotations

import subprocess
from pathlib import Path

from agentctl import Agent, wait_until
from twin import Twin


def certificate(directory: Path, days: int) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is good for so many days, and its key."""
    cert, key = directory / "cert.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", key, "-out", cert, "-days", str(days),
                    "-subj", "/CN=127.0.0.1"], check=True, capture_output=True)
    return cert, key


def findings(agent: Agent, status: int | None = None) -> dict[str, tuple[str, str]]:
    checks = agent.cli("doctor", json=True, status=status).json["checks"]
    return {check["check"]: (check["result"], check["text"]) for check in checks}


def test_the_clock(agent: Agent, twin: Twin) -> None:
    twin.clock_offset = 3600
    agent.archive_now(twin.add_fastpix("Clip 1"))
    wait_until(lambda: '"clock"' in agent.warnings(), 10, "the warning", agent.warnings)
    assert "behind the platform's" in agent.warnings() and "run NTP" in agent.warnings()
    found = findings(agent)
    assert found["clock"][0] == "FAIL", found["clock"]
    twin.clock_offset = 0
    agent.archive_now(twin.add_fastpix("Clip 2"))
    wait_until(lambda: '"clock"' not in agent.warnings(), 10, "its end", agent.warnings)


def test_a_certificate_near_its_end(idle_agent: Agent) -> None:
    cert, key = certificate(idle_agent.directory, 5)
    idle_agent.config.set("receiver", tls_cert=cert, tls_key=key)
    agent = idle_agent.start()
    assert "cert.pem ends on" in agent.warnings() and "renew it and restart" in agent.warnings()
    assert findings(agent)["certificate"][0] == "warn"
    certificate(idle_agent.directory, 90)
    agent.restart()
    assert "cert.pem" not in agent.warnings()
    assert findings(agent)["certificate"][0] == "ok"


def test_a_certificate_that_is_none(idle_agent: Agent) -> None:
    cert, key = certificate(idle_agent.directory, 5)
    idle_agent.config.set("receiver", tls_cert=key, tls_key=key)
    idle_agent.write_config()
    assert findings(idle_agent)["certificate"][0] == "FAIL"
    idle_agent.start(ready=False)
    wait_until(lambda: not idle_agent.alive(), 10, "the agent to end")
    assert "there is no certificate in it" in idle_agent.log_text()


def test_doctor_sees_programs_and_what_the_agent_warns_of(idle_agent: Agent, twin: Twin) -> None:
    program = idle_agent.directory / "program"
    program.write_text("#!/bin/sh\nexit 3\n")
    idle_agent.config.set("rule all", after=program)
    agent = idle_agent.start()
    assert findings(agent)["after/all"][0] == "FAIL", "not executable"
    program.chmod(0o755)
    assert findings(agent)["after/all"][0] == "ok"
    agent.archive_now(twin.add_fastpix())
    wait_until(lambda: "after/all" in agent.warnings(), 10, "the warning")
    result, text = findings(agent)["warning after/all"]
    assert result == "warn" and text.startswith("after of [rule all]")


def test_a_webhook_that_is_turned_off(idle_agent: Agent, twin: Twin) -> None:
    hook = twin.optiview.webhook
    hook["disabled"] = {"until": "2030-01-02T03:04:05Z", "reason": "too many time-outs"}
    agent = idle_agent.start()
    wait_until(lambda: "webhook/stage" in agent.warnings(), 10, "the warning", agent.warnings)
    assert "2030-01-02" in agent.warnings() and "too many time-outs" in agent.warnings()
    assert "production" not in agent.warnings(), "FastPix does not tell"
    del hook["disabled"]
    agent.reload()
    wait_until(lambda: "webhook/stage" not in agent.warnings(), 10, "its end", agent.warnings)
    hook["isMediaHooks"] = False
    agent.reload()
    wait_until(lambda: "does not send media events" in agent.warnings(), 10, "the other warning")
    twin.sin("/api/webhooks/*", "status", code=403)
    agent.reload()
    wait_until(lambda: "webhook is on is not known" in agent.log_text(), 10, "no answer")
    assert "api/stage" not in agent.warnings(), "it is no proof against the credentials"
    assert hook["secret"] not in agent.log_text()
