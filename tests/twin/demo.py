#!/usr/bin/python3
"""The demo of ./scripts/run: twin and agent side by side, told in plain words.

Starts the twin and the agent (with a copy of etc/demo.ini in a fresh directory), sends
signed deliveries, follows the agent through `vodkeep --json`, and deletes a clip again.
"""
from __future__ import annotations

import argparse
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parent))

from content import sample  # noqa: E402
from twin import Media, Twin  # noqa: E402

TIMEOUT = 60.0
DONE = ("archived", "deleted", "trashed", "ignored", "failed")


class DemoFailed(Exception):
    """The demo did not get where it should; the text says where it stopped."""


def say(text: str) -> None:
    print(text, flush=True)


def free_port(wanted: int) -> int:
    """The wanted port if nobody has it, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
            except OSError:
                continue
    raise DemoFailed("no free port on 127.0.0.1")


def write_config(template: Path, directory: Path, twin: Twin, receiver: int, admin: int) -> Path:
    """A copy of the demo's configuration with the paths and ports of this run."""
    values = {
        ("agent", "archive_dir"): str(directory / "archive"),
        ("agent", "state"): str(directory / "state.db"),
        ("receiver", "listen"): "127.0.0.1:%d" % receiver,
        ("admin", "socket"): str(directory / "admin.sock"),
        ("admin", "listen"): "127.0.0.1:%d" % admin,
        ("workspace production", "api_url"): twin.url("api") + "/v1",
        ("workspace production", "stream_url"): twin.url("stream"),
        ("workspace production", "image_url"): twin.url("images"),
        ("workspace stage", "api_url"): twin.url("api"),
    }
    section, lines = "", []
    for line in template.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        key = line.partition("=")[0].strip()
        if (section, key) in values:
            line = "%s = %s" % (key, values[(section, key)])
        lines.append(line)
    path = directory / "demo.ini"
    path.write_text("\n".join(lines) + "\n")
    return path


class Agent:
    """The agent as a child process, and the commands that ask it."""

    def __init__(self, program: Path, config: Path, log: Path) -> None:
        self.program = program
        self.config = config
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(self.program), "-c", str(self.config), "run"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask(self, *command: str) -> Any:
        """JSON of a command; {} while the agent cannot answer yet."""
        result = subprocess.run(
            [str(self.program), "-c", str(self.config), "--json", *command],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
        try:
            return json.loads(result.stdout)
        except ValueError:
            return {}

    def stop(self) -> None:
        """Ask, then insist; by pid, and only this child."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Story:
    """Prints what changes: states, progress, places."""

    def __init__(self, agent: Agent, names: dict[str, str], archive: Path) -> None:
        self.agent = agent
        self.names = names
        self.archive = archive
        self.states: dict[str, str] = {}
        self._progress: dict[str, int] = {}

    def look(self) -> None:
        for asset in self.agent.ask("ls").get("assets", []):
            self._asset(asset)
        for transfer in self.agent.ask("status").get("transfers", []):
            self._transfer(transfer)

    def _asset(self, asset: dict[str, Any]) -> None:
        ident, state = asset["id"], asset["state"]
        if self.states.get(ident) == state or (state == "archived" and not asset.get("path")):
            return
        before = self.states.get(ident)
        self.states[ident] = state
        name = self.names.get(ident, ident)
        if state in ("downloading", "archived") and before not in ("downloading", "archived"):
            say("  %-12s fetched     the platform's record" % name)
        if state == "archived":
            say("  %-12s archived    %s" % (name, self.archive / str(asset.get("path"))))
        elif state in ("deleted", "trashed"):
            say("  %-12s %-11s here too: the local copy is gone" % (name, state))
        elif state in ("waiting", "failed", "ignored"):
            reason = asset.get("reason")
            say("  %-12s %-11s %s" % (name, state, reason or ""))

    def _transfer(self, transfer: dict[str, Any]) -> None:
        ident = str(transfer.get("id") or transfer.get("asset", "")).split("/")[-1]
        total = transfer.get("total") or 0
        if total <= 0:
            return
        percent = int(100 * transfer.get("bytes", 0) / total)
        if percent > self._progress.get(ident, -1) and percent < 100:
            self._progress[ident] = percent
            name = self.names.get(ident, ident)
            say("  %-12s downloading %d %%" % (name, percent))


class Demo:
    """One run from start to end."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.directory = Path(tempfile.mkdtemp(prefix="vodkeep-demo-"))
        self.stopping = threading.Event()
        self.twin = Twin()
        self.agent: Agent | None = None
        self.names: dict[str, str] = {}

    def run(self) -> None:
        receiver, admin = free_port(8787), free_port(8788)
        self.twin.hooks = "http://127.0.0.1:%d/hooks" % receiver
        self.twin.start()
        say("twin        both platforms at %s" % self.twin.url("api"))
        config = write_config(self.options.config, self.directory, self.twin, receiver, admin)
        agent = self.agent = Agent(self.options.vodkeep, config, self.directory / "agent.log")
        agent.start()
        dashboard = "http://127.0.0.1:%d/" % admin
        self._wait(lambda: _ready(dashboard + "readyz"), "the agent to be ready")
        say("agent       ready; deliveries go to %s" % self.twin.hooks)
        media = self._add_media()
        story = Story(agent, self.names, self.directory / "archive")
        say("deliveries  signed, as the platforms send them")
        for item in media:
            self._announce(item, "media.ready")
        self._follow(story, {item.id: "archived" for item in media})
        self._delete(media[0], story)
        say("dashboard   %s" % dashboard)
        if not self.options.once:
            say("archive     %s\n            Ctrl-C ends the demo and removes it" % self.directory)
            while not self.stopping.wait(0.5) and agent.alive():
                story.look()

    def _add_media(self) -> list[Media]:
        """Two clips with subtitles and pictures, a recording, and a large clip."""
        twin = self.twin
        media: list[Media] = [
            twin.add_fastpix("Goal", subtitles=("en", "de")),
            twin.add_fastpix("Interview", size=6 << 20),
            twin.add_optiview(name="Highlights", type="clip"),
            twin.add_optiview(type="recording", stream_name="studio-2",
                              video=sample("recording.webm"), thumbnails=2),
        ]
        twin.sin("/%s/capped-4k.mp4" % media[1].playback_id, "slow", rate=3 << 20)
        for item, name in zip(media, ("Goal", "Interview", "Highlights", "Recording")):
            self.names[item.id] = name
        return media

    def _announce(self, item: Media, what: str) -> None:
        fastpix = hasattr(item, "playback_id")
        kind = "video." + what if fastpix else {"media.ready": "completed"}.get(what, "deleted")
        answer = self.twin.announce(item, kind)
        if answer.status != 200:
            raise DemoFailed("the agent answered %d to a signed delivery" % answer.status)
        say("  %-12s received    %s of %s, answered 200" %
            (self.names[item.id], kind, "FastPix" if fastpix else "OptiView"))

    def _delete(self, item: Media, story: Story) -> None:
        assert self.agent is not None
        shown = self.agent.ask("show", item.id)
        files = [story.archive / file["path"] for file in shown.get("files", [])]
        if not files or not all(path.is_file() for path in files):
            raise DemoFailed("the archived files of %s are not in place" % self.names[item.id])
        say("deletion    the platform removes %s (%d files here)" % (self.names[item.id], len(files)))
        self.twin.delete(item)
        self._announce(item, "media.deleted")
        self._follow(story, {item.id: "deleted"})
        left = [str(path) for path in files if path.exists()]
        if left:
            raise DemoFailed("deleted, but still there: %s" % ", ".join(left))

    def _follow(self, story: Story, wanted: dict[str, str]) -> None:
        def reached() -> bool:
            story.look()
            for ident, state in wanted.items():
                now = story.states.get(ident)
                if now in DONE and now != state and now == "failed":
                    raise DemoFailed("%s failed" % self.names[ident])
            return all(story.states.get(i) == state for i, state in wanted.items())

        self._wait(reached, "; ".join("%s to be %s" % (self.names[i], s) for i, s in wanted.items()))

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            if self.stopping.is_set():
                raise KeyboardInterrupt
            if self.agent is None or not self.agent.alive():
                raise DemoFailed("the agent ended while the demo waited for %s" % what)
            if time.monotonic() > deadline:
                raise DemoFailed("waited %d s in vain for %s" % (TIMEOUT, what))
            self.stopping.wait(0.1)

    def close(self, failed: bool) -> None:
        if self.agent:
            self.agent.stop()
            if failed and self.agent.log.exists():
                say("--- the agent's log\n" + self.agent.log.read_text(errors="replace")[-8000:])
        self.twin.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vodkeep", type=Path, required=True, help="the program")
    parser.add_argument("--config", type=Path, required=True, help="etc/demo.ini")
    parser.add_argument("--once", action="store_true", help="end after the demo's deletion")
    demo = Demo(parser.parse_args())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: demo.stopping.set())
    failed = True
    try:
        demo.run()
        failed = False
    except DemoFailed as error:
        say("demo: %s" % error)
    except KeyboardInterrupt:
        failed = False
        if demo.options.once:
            say("demo: interrupted")
            return 1
    finally:
        demo.close(failed)
    if not failed:
        say("demo        done")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
