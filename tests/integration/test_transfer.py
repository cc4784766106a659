"""Downloads under every sin of the twin: whole or not at all, and no byte twice for nothing."""
from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import twin as tw
from agentctl import SLOWNESS, Agent, free_port, wait_until
from content import grown_clip
from fastpix import FastpixMedia
from server import Entry
from test_receiving import make_certificate
from twin import Twin

SIZE = 3 << 20
both_platforms = pytest.mark.parametrize("platform", ["fastpix", "optiview"])


def add(twin: Twin, platform: str, size: int = SIZE) -> tw.Media:
    return twin.add_fastpix(size=size) if platform == "fastpix" else twin.add_optiview(size=size)


def path_of(media: tw.Media) -> str:
    """Where the twin serves the video."""
    if isinstance(media, FastpixMedia):
        return "/%s/capped-4k.mp4" % media.playback_id
    return "/dkxfvY/%s/full.mp4" % media.id


def downloads(twin: Twin, media: tw.Media) -> list[Entry]:
    return twin.log.find(path_of(media))


def first_byte(entry: Entry) -> int:
    """Where a request's range begins; 0 without one."""
    value = entry.headers.get("range", "bytes=0-")
    return int(value.removeprefix("bytes=").split("-")[0])


def assert_whole(agent: Agent, media: tw.Media) -> None:
    data = agent.video(media).read_bytes()
    assert media.video and hashlib.sha256(data).hexdigest() == media.video.sha256()
    # Another asset's attempt may be under way.
    wait_until(lambda: agent.staged() == [], 20, "an empty staging folder")


# One sin, then an honest answer.

PASSING = [
    ("status", {"code": 500}), ("status", {"code": 502}), ("status", {"code": 503, "retry_after": 0}),
    ("status", {"code": 429, "retry_after": 0}), ("status", {"code": 404}),
    ("html", {}), ("html", {"type": "video/mp4"}),
    ("body", {"body": '{"success":false}', "type": "video/mp4"}), ("body", {"body": ""}),
    ("cut", {"after": 1 << 20}), ("cut", {"after": 1 << 20, "framing": "chunked"}),
    ("cut", {"after": 1 << 20, "framing": "close"}), ("cut", {"after": 0}),
    ("short", {"after": 1 << 20}), ("short", {"after": 40_000}),
    ("reset", {"after": 0}), ("reset", {"after": 1 << 20}), ("stall", {"after": 1 << 20}),
    ("stall", {"after": 0}), ("416", {}),
    ("slow-head", {"pause": 0.4}), ("gzip", {}),
]


@both_platforms
@pytest.mark.parametrize("kind, args", PASSING, ids=lambda value: str(value))
def test_one_sin_then_honesty(agent: Agent, twin: Twin, platform: str, kind: str,
                              args: dict[str, Any]) -> None:
    media = add(twin, platform)
    twin.sin(path_of(media), kind, count=1, **args)
    agent.archive_now(media)
    assert_whole(agent, media)


@both_platforms
@pytest.mark.parametrize("kind, args", [
    ("chunked", {}), ("close-framed", {}), ("no-validators", {}), ("slow", {"rate": 6 << 20}),
    ("content-type", {"type": "application/octet-stream"}), ("norange", {}),
], ids=lambda value: str(value))
def test_peculiar_but_honest_hosts(agent: Agent, twin: Twin, platform: str, kind: str,
                                   args: dict[str, Any]) -> None:
    media = add(twin, platform)
    twin.sin(path_of(media), kind, **args)
    agent.archive_now(media)
    assert_whole(agent, media)
    assert len(downloads(twin, media)) == 1


# Resuming.

@both_platforms
@pytest.mark.parametrize("kind", ["cut", "reset", "stall"])
def test_a_broken_download_resumes(agent: Agent, twin: Twin, platform: str, kind: str) -> None:
    media = add(twin, platform)
    twin.sin(path_of(media), kind, after=2 << 20, count=1)
    agent.archive_now(media)
    assert_whole(agent, media)
    first, second = downloads(twin, media)
    assert first_byte(first) == 0 and 0 < first_byte(second) <= 2 << 20
    assert media.video and second.headers["if-range"] == media.video.etag
    assert second.status == 206


@pytest.mark.parametrize("kind, args", [
    ("norange", {}), ("wrong-range", {"by": 1000}), ("wrong-total", {"by": 1000}),
    ("other-etag", {}), ("416", {}), ("416", {"size": SIZE}), ("renew", {}),
    ("no-validators", {}), ("status", {"code": 503}), ("html", {}), ("cut", {"after": 10}),
    ("short", {"after": 100}), ("reset", {"after": 5000}),
], ids=lambda value: str(value))
def test_a_sin_while_resuming(agent: Agent, twin: Twin, kind: str, args: dict[str, Any]) -> None:
    media = add(twin, "fastpix")
    twin.sin(path_of(media), "cut", after=2 << 20, count=1)
    twin.sin(path_of(media), kind, skip=1, count=1, **args)
    agent.archive_now(media)
    assert_whole(agent, media)
    assert first_byte(downloads(twin, media)[1]) > 0


def test_a_changed_file_starts_over(agent: Agent, twin: Twin) -> None:
    """Other bytes under another ETag between two attempts: never a mixture."""
    media = add(twin, "fastpix")
    stall = twin.sin(path_of(media), "cut", after=2 << 20, count=1)
    gate = twin.sin("/v1/on-demand/" + media.id, "status", code=503, skip=1)
    agent.ready_event(media)
    stall.wait_reached()
    gate.wait_hit()
    media.video = grown_clip(SIZE, seed=77)
    twin.forgive()
    agent.cli("retry", agent.name(media))
    agent.archived(media)
    assert_whole(agent, media)


def test_no_resume_without_a_validator(agent: Agent, twin: Twin) -> None:
    media = add(twin, "fastpix")
    twin.sin(path_of(media), "no-validators")
    twin.sin(path_of(media), "cut", after=2 << 20, count=1)
    agent.archive_now(media)
    assert_whole(agent, media)
    assert [first_byte(entry) for entry in downloads(twin, media)] == [0, 0]


def test_many_cuts_in_a_row(agent: Agent, twin: Twin) -> None:
    media = add(twin, "optiview")
    twin.sin(path_of(media), "cut", after=300_000, count=8)
    agent.archive_now(media)
    assert_whole(agent, media)
    starts = [first_byte(entry) for entry in downloads(twin, media)]
    assert starts == sorted(starts) and starts[-1] > 4 * 300_000


def test_kill_9_keeps_what_was_held(agent: Agent, twin: Twin) -> None:
    media = add(twin, "fastpix")
    twin.sin(path_of(media), "cut", after=2 << 20, count=1)
    agent.stall(media, path_of(media), after=100_000, skip=1, count=1)
    held = first_byte(downloads(twin, media)[1])
    assert held > 0
    agent.kill9()
    agent.start()
    agent.archived(media)
    assert_whole(agent, media)
    assert first_byte(downloads(twin, media)[2]) >= held


@pytest.mark.parametrize("moment", range(4))
def test_kill_9_at_any_moment(agent: Agent, twin: Twin, moment: int) -> None:
    media = [add(twin, "fastpix"), add(twin, "optiview"), twin.add_fastpix("Small")]
    sins = [twin.sin(path_of(item), "stall", after=700_000 * (moment + 1), count=1)
            for item in media[:2]]
    agent.ready_event(*media)
    sins[moment % 2].wait_reached()
    agent.kill9()
    agent.start()
    agent.archived(*media)
    for item in media:
        assert_whole(agent, item)
    assert len(agent.videos()) == 3


@both_platforms
def test_sigterm_parks_and_a_new_run_resumes(
        idle_agent: Agent, twin: Twin, platform: str) -> None:
    idle_agent.config.set("transfer", low_speed="1K/30s")
    agent = idle_agent.start()
    media = add(twin, platform)
    agent.stall(media, path_of(media), after=2 << 20, count=1)
    wait_until(lambda: any(part.stat().st_size >= 1 << 20 for part in agent.staged()), 10,
               "bytes in the part")
    begin = time.monotonic()
    agent.stop()
    assert time.monotonic() - begin < 5 * SLOWNESS
    assert agent.videos() == set(), "nothing half under a final name"
    assert agent.staged()
    agent.start()
    agent.archived(media)
    assert_whole(agent, media)
    assert first_byte(downloads(twin, media)[1]) > 0


# Links and hosts.

def test_an_expired_link_is_read_again(agent: Agent, twin: Twin) -> None:
    asset = twin.add_optiview(size=SIZE)
    sin = twin.sin(path_of(asset), "status", code=403, count=2)
    agent.archive_now(asset)
    assert sin.hits == 2
    assert_whole(agent, asset)
    assert len(twin.log.find("/api/v3/media/assets/" + asset.id)) >= 3


def test_a_link_that_expires_during_the_download(agent: Agent, twin: Twin) -> None:
    asset = twin.add_optiview(size=SIZE, link_seconds=60)
    agent.stall(asset, path_of(asset), after=2 << 20, count=1)
    twin.clock_offset = 3600
    agent.archived(asset)
    assert_whole(agent, asset)
    starts = [first_byte(entry) for entry in downloads(twin, asset)]
    assert starts[-1] > 0, "another link, the same part"


def test_links_that_never_work_do_not_spin(agent: Agent, twin: Twin) -> None:
    asset = twin.add_optiview()
    sin = twin.sin(path_of(asset), "status", code=403)
    agent.ready_event(asset)
    sin.wait_hit(3)
    begin, hits = time.monotonic(), sin.hits
    sin.wait_hit(hits + 10, timeout=30)
    assert time.monotonic() - begin > 0.1, "there are pauses between the attempts"
    assert agent.state_of(asset) != "archived"
    assert agent.videos() == set()


def test_a_player_that_is_refused_does_not_try_for_ever(idle_agent: Agent, twin: Twin) -> None:
    """FastPix restricts some playback ids to sites and players: its links stay refused."""
    idle_agent.config.set("transfer", retry_for="1s")
    agent = idle_agent.start()
    media = twin.add_fastpix()
    sin = twin.sin(path_of(media), "status", code=403)
    agent.ready_event(media)
    assert "403" in agent.wait_reason(media, "failed")
    hits = sin.hits
    assert hits > 1, "it was tried again before that"
    agent.archive_now(twin.add_optiview())
    assert sin.hits == hits
    assert not any(media.id in path for path in agent.videos())


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_to_an_allowed_host(agent: Agent, twin: Twin, code: int) -> None:
    media = add(twin, "fastpix", 300_000)
    moved = twin.add_fastpix(video=media.video)
    twin.sin(path_of(media), "redirect", code=code, to=twin.url("stream") + path_of(moved))
    agent.archive_now(media)
    assert_whole(agent, media)


def test_redirects_to_a_forbidden_host(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("workspace production", media_hosts="127.0.0.1, 127.0.0.2, 127.0.0.3")
    agent = idle_agent.start()
    media = add(twin, "fastpix", 300_000)
    sin = twin.sin(path_of(media), "redirect", to=twin.url("elsewhere") + "/x.mp4")
    agent.ready_event(media)
    sin.wait_hit()
    reason = agent.wait_reason(media, "waiting", "failed")
    assert "127.0.0.5" in reason or "host" in reason
    assert twin.log.find(host="elsewhere") == []


def test_redirect_loops_end(agent: Agent, twin: Twin) -> None:
    media = add(twin, "fastpix", 300_000)
    sin = twin.sin(path_of(media), "redirect")
    agent.ready_event(media)
    sin.wait_hit(2)
    assert "redirect" in agent.wait_reason(media, "waiting", "failed").lower()
    assert agent.videos() == set()


def test_media_over_tls_with_an_own_authority(idle_agent: Agent, twin: Twin) -> None:
    """ca_file makes the certificate good; without it nothing is taken."""
    agent = idle_agent
    cert, key = make_certificate(agent.directory)
    clip = grown_clip(300_000)

    class Store(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "video/mp4")
            self.send_header("Content-Length", str(clip.size))
            self.end_headers()
            self.wfile.write(clip.data or b"")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with ThreadingHTTPServer(("127.0.0.1", free_port()), Store) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        link = {"downloadUrl": "https://127.0.0.1:%d/full.mp4?secret=1" % server.server_port,
                "downloadExpiresOn": None, "url": None}
        asset = twin.add_optiview(video=clip, fields={"download": link})
        agent.start()
        agent.ready_event(asset)
        assert "certificate" in agent.wait_reason(asset, "waiting", "failed").lower()
        assert agent.videos() == set()
        agent.config.set("workspace stage", ca_file=cert)
        agent.reload()
        wait_until(lambda: agent.cli("retry", agent.name(asset)) and
                   agent.state_of(asset) == "archived", 20, "the download", agent.log_text)
        assert_whole(agent, asset)
        server.shutdown()


# Limits.

def test_concurrency_is_bounded(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("transfer", concurrency="3", low_speed="1K/30s")
    agent = idle_agent.start()
    stall = twin.sin("*/capped-4k.mp4", "stall", after=10_000)
    media = [twin.add_fastpix(str(number)) for number in range(8)]
    agent.ready_event(*media)
    stall.wait_hit(3)
    twin.log.wait_for(lambda log: len(log.find("/v1/on-demand/")) >= 3, "three looks")
    agent.deliver(twin.add_optiview(), "processing")  # the loop has come round since
    assert len([e for e in twin.log.find("capped-4k.mp4") if not e.done]) == 3
    stall.release()
    agent.archived(*media)


def test_low_disk_pauses_and_burns_nothing(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("transfer", min_free="100%")
    agent = idle_agent
    agent.start(ready=False)
    wait_until(lambda: _answers(agent), 15, "the admin listener")
    wait_until(lambda: agent.admin("/readyz").status == 503, 15, "readyz to tell")
    assert b"disk" in agent.admin("/readyz").body.lower() or b"space" in agent.admin("/readyz").body.lower()
    assert agent.admin("/healthz").status == 200
    media = twin.add_fastpix()
    agent.ready_event(media)
    wait_until(lambda: agent.state_of(media) is not None, 10, "the asset to be known")
    assert "free" in agent.warnings().lower() or "space" in agent.warnings().lower()
    assert downloads(twin, media) == []
    agent.config.set("transfer", min_free="1M")
    agent.reload()
    agent.archived(media)


def _answers(agent: Agent) -> bool:
    try:
        return agent.admin("/healthz").status == 200
    except OSError:
        return False


def test_status_shows_transfers(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("transfer", low_speed="1K/30s")
    agent = idle_agent.start()
    media = add(twin, "fastpix")
    stall = agent.stall(media, path_of(media), after=2 << 20)

    def transfer() -> Any:
        return next((t for t in agent.status()["transfers"] if t.get("bytes", 0) >= 1 << 20), None)

    shown = wait_until(transfer, 10, "the transfer in status", agent.status)
    assert shown["total"] == SIZE and media.id in str(shown)
    assert agent.state_of(media) == "downloading"
    # The store learns it with the first part that is recorded, and counts it.
    wait_until(lambda: agent.status()["assets"].get("downloading") == 1, 10,
               "a downloading asset in the counts", agent.status)
    stall.release()
    agent.archived(media)
    assert agent.status()["transfers"] == []


@pytest.mark.skipif(shutil.disk_usage("/tmp").free < 1 << 30, reason="less than 1 GiB is free")
def test_a_large_file_in_bounded_memory(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix("Large", size=200 << 20)
    agent.archive_now(media)
    assert_whole(agent, media)
    status = open("/proc/%d/status" % agent.pid, encoding="ascii").read()
    peak = int(status.split("VmHWM:")[1].split()[0])
    bound = 120_000 if os.environ.get("SANITIZERS", "no") == "no" else 600_000
    assert peak < bound, "peak memory of %d KiB for one download" % peak
