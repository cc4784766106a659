"""The guides of doc/ and the README do what they say: every command is run, every
configuration is read by the program it is for."""
from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pytest
import signing
import twin as tw
from agentctl import Agent, free_port, wait_until
from guides import KINDS, TOP, Reader, blocks, commands, man_examples, missing_tools
from twin import Twin

GUIDES = ["doc/%s.md" % name for name in (
    "FASTPIX", "OPTIVIEW", "PROXY", "NO-ADDRESS", "RECOVERY", "SECURITY", "SIZING")]
# Written for OptiView's media; the others take FastPix'.
OF_OPTIVIEW = ("doc/OPTIVIEW.md", "doc/NO-ADDRESS.md")
# Those that begin before the agent has ever run.
FROM_NOTHING = ("doc/FASTPIX.md", "doc/OPTIVIEW.md")


@pytest.mark.parametrize("document", [*GUIDES, "README.md"])
def test_every_block_is_of_a_kind_that_is_tested(document: str) -> None:
    for block in blocks(document):
        assert block.kind in KINDS, "%s:%d" % (document, block.line)


def test_the_readme_leads_to_every_guide() -> None:
    readme = (TOP / "README.md").read_text()
    for guide in GUIDES:
        assert "(%s)" % guide in readme, guide


@pytest.mark.parametrize("document", [*GUIDES, "README.md"])
def test_links_lead_somewhere(document: str) -> None:
    place = (TOP / document).parent
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (TOP / document).read_text()):
        assert (place / target).exists(), target


@pytest.mark.parametrize("document", [*GUIDES, "README.md"])
def test_a_guide_can_be_followed(idle_agent: Agent, twin: Twin, document: str) -> None:
    missing = missing_tools(document)
    if missing:
        pytest.skip("not installed: %s" % ", ".join(missing))
    media = twin.add_optiview() if document in OF_OPTIVIEW else twin.add_fastpix("Goal")
    reader = Reader(idle_agent, media)
    if document in FROM_NOTHING:
        sections = idle_agent.config.sections
        del sections["workspace " + ("production" if document in OF_OPTIVIEW else "stage")]
    else:
        idle_agent.start()
        idle_agent.archive_now(media)
    reader.follow(document)
    idle_agent.archived(media)
    assert idle_agent.video(media).exists()
    if document in FROM_NOTHING:  # the secrets that were pasted are in force
        idle_agent.ready_event(media)


def test_recovery_without_the_state(agent: Agent, twin: Twin) -> None:
    """As RECOVERY.md says: the archive is adopted as it is, and nothing is fetched twice."""
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    before = {path: (agent.archive / path).read_bytes() for path in agent.tree()}
    agent.stop()
    for path in agent.directory.glob("state.db*"):
        path.unlink()
    agent.start()
    agent.archived(media)
    assert agent.warnings() == "[]"
    loaded = len(twin.log.about_media())
    agent.cli("fetch", "production", media.id)
    agent.settle()
    assert {path: (agent.archive / path).read_bytes() for path in agent.tree()} == before
    assert all(entry.path.startswith("/v1/") for entry in twin.log.about_media()[loaded:])


@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")),
                    reason="jq or curl is not installed")
@pytest.mark.parametrize("page, count", [("doc/vodkeep.1", 4), ("doc/vodkeep-api.7", 2)])
def test_examples_of_the_manual_can_be_run(agent: Agent, twin: Twin, page: str, count: int) -> None:
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    reader = Reader(agent, media)
    (agent.directory / "body.json").write_text("{}")
    reader.words |= {"http://127.0.0.1:8787": agent.url(""), "production/d49e44c7": media.id[:8],
                     "http://127.0.0.1:8788": "http://127.0.0.1:%d" % agent.admin_port,
                     "/run/vodkeep/admin.sock": str(agent.socket)}
    examples = man_examples(page)
    assert len(examples) == count
    printed = [reader.run(command) for text in examples for command in commands(text)]
    if page == "doc/vodkeep.1":
        assert media.id in printed[-1]
    else:
        assert "in_flight" in printed[0] and "vodkeep_assets" in printed[1]


def test_examples_of_the_configuration_are_valid(agent: Agent, twin: Twin) -> None:
    reader = Reader(agent, twin.add_fastpix())
    for name in ("vodkeep/production.secret", "vodkeep/production.hook", "credentials/live-api",
                 "credentials/live-hook", "credentials/live-hook-new"):
        (agent.directory / name).write_text(tw.OPTIVIEW_HOOK_SECRET)
    syntax, *examples = man_examples("doc/vodkeep.ini.5.in")
    assert len(examples) == 3
    reader.configure(syntax + "api_id = a\napi_secret = b\nwebhook_secret = bm90\n")
    for text in examples:
        reader.configure(text)


@contextmanager
def serving(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """A proxy that listens, until the block ends."""
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT,
                                   env={"HOME": str(folder), "PATH": "/usr/bin:/usr/sbin:/bin"})
    try:
        def listens() -> bool:
            assert process.poll() is None, (folder / "proxy.log").read_text()
            try:
                signing.request("http://127.0.0.1:%d/" % port, "GET", timeout=5)
            except OSError:
                return False
            return True
        wait_until(listens, 20, "the proxy to listen")
        yield
    finally:
        process.terminate()
        process.wait()


def deliver_through(agent: Agent, twin: Twin, port: int) -> None:
    """Deliveries arrive unchanged, large ones too; other paths are not there."""
    agent.start()
    twin.hooks = "http://127.0.0.1:%d/hooks" % port
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    odd = b'{ "type" : "video.media.none",\t"id":"x" , "data":{}}\n\n'
    assert twin.deliver("fastpix", odd).status == 200
    picture = b"\xff\xd8\xff\xe0" + bytes(3 << 20)
    header, value = signing.signature("optiview", tw.OPTIVIEW_HOOK_SECRET, picture)
    answer = signing.request(twin.hooks + "/stage", "POST", picture,
                             {header: value, "Content-Type": "image/jpeg"}, timeout=20)
    assert answer.status == 200
    assert signing.request("http://127.0.0.1:%d/metrics" % port, "GET", timeout=5).status == 404


@pytest.mark.skipif(not shutil.which("nginx", path="/usr/sbin:/usr/bin"),
                    reason="nginx is not installed")
def test_deliveries_through_nginx(idle_agent: Agent, twin: Twin) -> None:
    folder, port = idle_agent.directory, free_port()
    (server,) = [block.text for block in blocks("doc/PROXY.md") if block.kind == "nginx"]
    certificate, key = Reader(idle_agent, twin.add_fastpix()).make_certificate()
    server = server.replace("/etc/ssl/YOUR-HOST.pem", str(certificate))
    server = server.replace("/etc/ssl/YOUR-HOST.key", str(key)).replace(":8787", ":%d" % idle_agent.port)
    head = "daemon off; pid %s/nginx.pid; error_log stderr; user root; events { }\nhttp { access_log off;\n" % folder
    head += "".join("%s_temp_path %s/%s;\n" % (name, folder, name) for name in
                    ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = folder / "nginx.conf"
    config.write_text(head + server + "}\n")  # as it is, but for names
    subprocess.run(["nginx", "-t", "-c", config], check=True, capture_output=True,
                   env={"PATH": "/usr/sbin:/usr/bin"})
    config.write_text(head + server.replace("443 ssl", "127.0.0.1:%d" % port) + "}\n")
    with serving(["nginx", "-c", str(config)], port, folder):
        deliver_through(idle_agent, twin, port)


@pytest.mark.skipif(not shutil.which("caddy"), reason="caddy is not installed")
def test_deliveries_through_caddy(idle_agent: Agent, twin: Twin) -> None:
    folder, port = idle_agent.directory, free_port()
    (site,) = [block.text for block in blocks("doc/PROXY.md") if block.kind == "caddy"]
    site = site.replace("YOUR-HOST", "http://127.0.0.1:%d" % port)
    config = folder / "Caddyfile"
    config.write_text("{\n\tadmin off\n\tauto_https off\n}\n" +
                      site.replace(":8787", ":%d" % idle_agent.port))
    with serving(["caddy", "run", "--adapter", "caddyfile", "--config", str(config)], port, folder):
        deliver_through(idle_agent, twin, port)


def test_units_of_the_guides_are_units() -> None:
    units = [block.text for guide in GUIDES for block in blocks(guide) if block.kind == "systemd"]
    assert units
    for text in units:
        unit = configparser.ConfigParser(interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string(text)
        program, *arguments = shlex.split(unit["Service"]["ExecStart"])
        assert program == "/usr/bin/ssh" and unit["Install"]["WantedBy"]
        if shutil.which("ssh"):  # -G reads all options, and connects to nobody
            done = subprocess.run(["ssh", "-G", *arguments], capture_output=True, text=True, timeout=20)
            assert done.returncode == 0, done.stderr
            assert "remoteforward 127.0.0.1:8787" in done.stdout.replace("[", "").replace("]", "")
