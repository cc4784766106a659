"""INTERFACE §2: the commands, their JSON and their exit status."""
from __future__ import annotations

import json
import os
import subprocess
from datetime import datetime, timezone

import pytest

import twin as tw
from agentctl import PROGRAM, SLOWNESS, Agent, wait_until
from twin import Twin


# check

def test_check_accepts_the_configuration(idle_agent: Agent) -> None:
    idle_agent.write_config()
    idle_agent.cli("check")
    assert not idle_agent.state.exists() and list(idle_agent.archive.iterdir()) == []


def test_check_reports_every_error_with_its_place(idle_agent: Agent) -> None:
    idle_agent.config_path.write_text(
        "[agent]\nlog_level = loud\nnonsense = 1\n[receiver]\nmax_body = lots\n"
        "[workspace a]\nplatform = betamax\n[rule r]\npath = ../{title}\n[what]\nx = 1\n")
    result = idle_agent.cli("check", status=3)
    text = result.out + result.err
    for line, section, key in ((2, "agent", "log_level"), (3, "agent", "nonsense"),
                               (5, "receiver", "max_body"), (7, "workspace a", "platform"),
                               (9, "rule r", "path")):
        assert "vodkeep.ini:%d: [%s] %s: " % (line, section, key) in text, text
    assert "what" in text


def test_check_finds_what_inih_would_cut(idle_agent: Agent) -> None:
    idle_agent.write_config()
    with idle_agent.config_path.open("a") as file:
        file.write("[rule long]\ntitle = %s\n[%s]\n" % ("x" * 220, "rule " + "y" * 60))
    text = idle_agent.cli("check", status=3).err
    lines = idle_agent.config_path.read_text().splitlines()
    assert "vodkeep.ini:%d:" % (len(lines) - 1) in text and "vodkeep.ini:%d:" % len(lines) in text


def test_check_dump_hides_secrets(idle_agent: Agent) -> None:
    idle_agent.config.set("admin", password="dashboard-password")
    idle_agent.write_config()
    dump = idle_agent.cli("check", "--dump").out
    assert "***" in dump and "retry_for" in dump and "[workspace stage]" in dump
    for secret in (tw.API_SECRET, tw.FASTPIX_HOOK_SECRET, "dashboard-password"):
        assert secret not in dump


def test_secrets_from_elsewhere(idle_agent: Agent, twin: Twin) -> None:
    agent = idle_agent
    agent.environment["VK_TEST_SECRET"] = tw.API_SECRET
    secret_file = agent.directory / "hook.secret"
    secret_file.write_text(tw.FASTPIX_HOOK_SECRET + "\n")
    agent.config.set("workspace production", api_secret="env:VK_TEST_SECRET",
                     webhook_secret="file:%s" % secret_file)
    credentials = agent.directory / "credentials"
    credentials.mkdir()
    (credentials / "stage").write_text(tw.OPTIVIEW_API_SECRET)
    agent.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
    agent.config.set("workspace stage", api_secret="credential:stage")
    agent.start()
    agent.archive_now(twin.add_fastpix(), twin.add_optiview())


def test_an_invalid_configuration_does_not_start(idle_agent: Agent) -> None:
    idle_agent.config.set("transfer", concurrency="0")
    idle_agent.write_config()
    result = idle_agent.cli("run", status=3)
    assert "[transfer] concurrency" in result.err


# sign

@pytest.mark.parametrize("workspace, body, line", [
    ("production", b"{}", "FastPix-Signature: CUxrmphqEciso2+tDnCEcGPgKGwdHRgD1kp6+XdBzeA="),
    ("stage", bytes.fromhex("ffd8ffe000104a46494600ffd9"),
     "X-Millicast-Signature: sha1=08d6b5398502ec5db1db0aef795a73dd904cf3de"),
    ("stage", b"", "X-Millicast-Signature: sha1=76833d30b489f1d2f0f0d4c1af2a201498ed8c18"),
])
def test_sign(idle_agent: Agent, workspace: str, body: bytes, line: str) -> None:
    idle_agent.write_config()
    name, value = line.split(": ")
    path = idle_agent.directory / "body"
    path.write_bytes(body)
    for signed in (idle_agent.cli("sign", workspace, stdin=body),
                   idle_agent.cli("sign", workspace, str(path))):
        shown_name, shown_value = signed.out.strip().split(": ")
        assert shown_name.lower() == name.lower() and shown_value == value


def test_sign_for_nobody(idle_agent: Agent) -> None:
    idle_agent.write_config()
    assert idle_agent.cli("sign", "nobody", stdin=b"{}", status=None).status in (1, 2)


# Exit status.

@pytest.mark.parametrize("command", [[], ["frobnicate"], ["show"], ["sign"], ["fetch", "production"],
                                     ["ls", "--nonsense"], ["--nonsense"], ["retry"], ["rm"],
                                     ["ls", "--limit", "many"], ["ls", "--since", "yesterday"],
                                     ["ls", "--state", "bogus"]])
def test_wrong_usage_is_2(agent: Agent, command: list[str]) -> None:
    result = agent.cli(*command, status=2)
    assert result.out == "" and result.err


@pytest.mark.parametrize("command", [["status"], ["ls"], ["show", "x"], ["pause"], ["rm", "x"]])
def test_no_agent_is_4(idle_agent: Agent, command: list[str]) -> None:
    idle_agent.write_config()
    result = idle_agent.cli(*command, status=4)
    assert result.out == "" and "admin.sock" in result.err


@pytest.mark.parametrize("command", ["show", "explain", "retry", "rm", "hold", "unhold"])
def test_no_such_asset_is_6(agent: Agent, command: str) -> None:
    assert agent.cli(command, "production/nothing-here", status=6).err
    assert agent.cli(command, "nothing-here", status=6).err


def test_missing_configuration(idle_agent: Agent) -> None:
    assert "vodkeep.ini" in idle_agent.cli("check", status=3).err


def test_the_configuration_from_the_environment(agent: Agent) -> None:
    done = subprocess.run([str(PROGRAM), "--json", "status"], capture_output=True, timeout=20 * SLOWNESS,
                          env={**os.environ, "VODKEEP_CONFIG": str(agent.config_path)})
    assert done.returncode == 0 and "assets" in json.loads(done.stdout)


# Looking.

def test_status(agent: Agent, twin: Twin) -> None:
    agent.archive_now(twin.add_fastpix(), twin.add_optiview())
    agent.deliver(twin.add_fastpix(), "video.media.created")
    wait_until(lambda: agent.status()["assets"].get("announced") == 1, 10, "the third asset")
    status = agent.status()
    assert status["assets"]["archived"] == 2
    assert status["transfers"] == [] and status["warnings"] == []
    assert {ws["name"] for ws in status["workspaces"]} == {"production", "stage"}
    text = agent.cli("status").out
    assert "archived" in text and "production" in text


def test_ls_filters(agent: Agent, twin: Twin) -> None:
    first, second = twin.add_fastpix("First"), twin.add_optiview(name="Second")
    agent.archive_now(first)
    agent.archive_now(second)
    third = twin.add_fastpix("Third")
    agent.deliver(third, "video.media.created")
    agent.wait_state(third, "announced")

    def ids(*options: str) -> list[str]:
        return [asset["id"] for asset in agent.cli("ls", *options, json=True).json["assets"]]

    assert set(ids()) == {first.id, second.id, third.id}
    assert ids()[0] == third.id, "newest first"
    assert ids("--workspace", "stage") == [second.id]
    assert ids("--state", "announced") == [third.id]
    assert len(ids("--limit", "2")) == 2
    assert len(ids("--since", "1h")) == 3
    future = datetime.now(timezone.utc).replace(year=2100).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ids("--since", future) == []
    asset = agent.asset(second)
    assert {"workspace", "id", "state", "held", "title", "type", "created", "archived", "bytes",
            "path", "reason"} <= set(asset)
    assert second.id in agent.cli("ls").out


def test_show_by_name_id_and_prefix(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Goal", id="aaaa-1111-x")
    other = twin.add_fastpix("Other", id="aaaa-2222-x")
    agent.archive_now(media, other)
    for name in ("production/aaaa-1111-x", "aaaa-1111-x", "aaaa-1"):
        assert agent.cli("show", name, json=True).json["id"] == media.id
    ambiguous = agent.cli("show", "aaaa", status=None)
    assert ambiguous.status != 0 and ambiguous.out == ""
    shown = agent.show(media)
    assert {"role", "path", "bytes", "sha256", "content_type"} <= set(shown["files"][0])
    text = agent.cli("show", media.id).out
    assert "Goal" in text and agent.files(media)["video"][0]["sha256"][:12] in text


def test_explain_tells_the_whole_story(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    twin.sin("/v1/on-demand/" + media.id, "status", code=500, count=1)
    twin.sin("*/capped-4k.mp4", "cut", after=9000, count=1)
    agent.archive_now(media)
    told = agent.cli("explain", agent.name(media), json=True).json
    assert media.id in json.dumps(told["asset"])
    assert {"at", "kind", "text"} <= set(told["story"][0])
    text = agent.cli("explain", media.id).out
    for word in ("video.media.ready", "500", "archived"):
        assert word in text, text


# Doing.

def test_fetch_needs_no_event(agent: Agent, twin: Twin) -> None:
    media, asset = twin.add_fastpix(), twin.add_optiview()
    agent.cli("fetch", "production", media.id)
    agent.cli("fetch", "stage", asset.id)
    agent.archived(media, asset)
    assert agent.cli("fetch", "nobody", "x", status=None).status in (1, 2, 6)
    assert agent.cli("fetch", "production", "../x", status=None).status in (1, 2, 6)


def test_rm_stays_away_until_fetch(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    agent.cli("rm", agent.name(media))
    agent.wait_state(media, "deleted")
    assert agent.tree() == set()
    agent.ready_event(media)
    agent.deliver(media, "video.media.updated")
    agent.archive_now(twin.add_fastpix("Barrier"))
    assert agent.state_of(media) == "deleted"
    agent.cli("fetch", "production", media.id)
    agent.archived(media)
    assert agent.video(media).is_file()


def test_hold_and_unhold(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    agent.cli("hold", agent.name(media))
    assert agent.show(media)["held"] is True
    agent.cli("rm", agent.name(media), status=None)
    agent.archive_now(twin.add_fastpix("Barrier"))
    assert agent.video(media).is_file()
    agent.restart()
    assert agent.show(media)["held"] is True
    agent.cli("unhold", agent.name(media))
    assert agent.show(media)["held"] is False
    agent.cli("rm", agent.name(media))
    agent.wait_state(media, "deleted")


def test_retry_goes_at_once(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("transfer", retry_min="1h", retry_max="1h")
    agent = idle_agent.start()
    media = twin.add_fastpix(size=2 << 20)
    twin.sin("*/capped-4k.mp4", "cut", after=1 << 20, count=1)
    agent.ready_event(media)
    assert agent.wait_reason(media, "waiting")
    agent.cli("retry", agent.name(media))
    agent.archived(media)
    requests = twin.log.find("capped-4k.mp4")
    assert requests[1].headers["range"] == "bytes=%d-" % (1 << 20), "from where it stopped"


def test_pause_and_resume(agent: Agent, twin: Twin) -> None:
    agent.cli("pause", "production")
    media, asset = twin.add_fastpix(), twin.add_optiview()
    agent.ready_event(media)
    agent.archive_now(asset)
    assert agent.state_of(media) not in (None, "archived")
    assert twin.log.find(media.playback_id) == []
    agent.restart()
    agent.archive_now(twin.add_optiview())
    assert twin.log.find(media.playback_id) == [], "a pause outlives a restart"
    agent.cli("resume", "production")
    agent.archived(media)
    agent.cli("pause")
    later = [twin.add_fastpix(), twin.add_optiview()]
    agent.ready_event(*later)
    agent.cli("resume")
    agent.archived(*later)
    assert agent.cli("pause", "nobody", status=None).status != 0


def test_what_resume_ends_stays_ended(agent: Agent, twin: Twin) -> None:
    """A plain resume ends the pauses of single workspaces too, also for the next start."""
    agent.cli("pause", "production")
    agent.cli("resume")
    agent.restart()
    agent.archive_now(twin.add_fastpix())


def test_one_workspace_goes_on_while_the_others_pause(agent: Agent, twin: Twin) -> None:
    agent.cli("pause")
    agent.cli("resume", "stage")
    waiting = twin.add_fastpix()
    agent.ready_event(waiting)
    agent.archive_now(twin.add_optiview())
    assert twin.log.find(waiting.playback_id) == []
    agent.cli("resume")
    agent.archived(waiting)


def test_doctor(agent: Agent, twin: Twin) -> None:
    result = agent.cli("doctor")
    lines = [line for line in result.out.splitlines() if line.strip()]
    assert len(lines) >= 5 and all("FAIL" not in line for line in lines)
    twin.sin("/v1/*", "status", code=401)
    failing = agent.cli("doctor", status=1).out
    assert any("FAIL" in line and "production" in line for line in failing.splitlines()), failing


@pytest.mark.parametrize("command", [["status"], ["ls"], ["show", "ID"], ["explain", "ID"],
                                     ["hold", "ID"], ["unhold", "ID"], ["retry", "ID"],
                                     ["pause"], ["resume"], ["fetch", "production", "ID"],
                                     ["rm", "ID"], ["check"], ["doctor"], ["sign", "stage"]])
def test_json_is_one_document(agent: Agent, twin: Twin, command: list[str]) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    words = [media.id if word == "ID" else word for word in command]
    result = agent.cli(*words, json=True, stdin=b"{}", status=None)
    assert result.status == 0 and isinstance(result.json, dict), result.err


# The admin's HTTP.

def test_health_metrics_and_page(agent: Agent, twin: Twin) -> None:
    agent.archive_now(twin.add_fastpix())
    assert agent.admin("/healthz").status == 200
    assert agent.admin("/readyz").status == 200
    metrics = agent.admin("/metrics")
    assert metrics.status == 200 and b"\nvodkeep_" in metrics.body
    assert tw.API_SECRET.encode() not in metrics.body
    assert agent.admin("/nothing").status == 404
    assert signing_host(agent) in (400, 403, 421), "DNS rebinding"
    assert agent.socket.stat().st_mode & 0o777 == 0o660


def signing_host(agent: Agent) -> int:
    """Status of a request that came in by another site's name."""
    return agent.admin("/api/v1/status", headers={"Host": "evil.example"}).status


def test_version(idle_agent: Agent) -> None:
    idle_agent.write_config()
    assert "vodkeep" in idle_agent.cli("--version").out


def test_help_is_found_by_either_name(idle_agent: Agent) -> None:
    idle_agent.write_config()
    commands = idle_agent.cli("help").out
    assert commands == idle_agent.cli("--help").out and "explain" in commands
    usage = idle_agent.cli("help", "ls").out
    assert usage == idle_agent.cli("ls", "--help").out and "--state" in usage
