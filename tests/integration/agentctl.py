"""The agent under test: its configuration, its process, and what a user can ask of it."""
from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "twin"))

import signing  # noqa: E402
import twin as tw  # noqa: E402
from optiview import OptiviewAsset  # noqa: E402
from slowness import SLOWNESS  # noqa: E402

BUILD = Path(os.environ.get("top_builddir") or TESTS.parent / "build").resolve()
PROGRAM = BUILD / "vodkeep"
# Nothing of these may ever be in a log, a sidecar or an answer.
SECRETS = (tw.API_SECRET, tw.OPTIVIEW_API_SECRET, tw.FASTPIX_HOOK_SECRET,
           tw.OPTIVIEW_HOOK_SECRET, "AWSAccessKeyId=", "Signature=", "token=ey", "PRIVATE KEY",
           "eyJhbGciOi")  # how every token begins
_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
# Whether at_another_time() can be used: a sanitizer wants to be the first to be loaded.
CLOCK_MOVES = _FAKETIME.exists() and os.environ.get("SANITIZERS", "no") in ("", "no")
# What a sanitizer says, and the status with which the Makefile has it end the program.
REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer",
           "FATAL: ThreadSanitizer", ": runtime error: ")
REPORTED = 99


def check_reports(text: str, status: int | None, who: str) -> None:
    """Fail when a sanitizer has reported something."""
    found = [text.find(report) for report in REPORTS if report in text]
    if found or status == REPORTED:
        begin = text.rfind("\n", 0, min(found)) + 1 if found else 0
        raise AssertionError("%s, status %s: a sanitizer reports\n%s"
                             % (who, status, text[begin:][:6000]))


def at_another_time(offset: str) -> dict[str, str]:
    """An environment in which the clock is off, by "-3h" or "+40d"."""
    return {"LD_PRELOAD": str(_FAKETIME), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def wait_until(condition: Callable[[], Any], timeout: float = 10.0, what: str = "",
               detail: Callable[[], Any] | None = None) -> Any:
    """Ask until the answer is true and return it; fail with what was waited for."""
    deadline = time.monotonic() + timeout * SLOWNESS
    pause = 0.005
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            more = "; now: %s" % (detail(),) if detail else ""
            raise AssertionError("waited %.0f s in vain for %s%s"
                                 % (timeout * SLOWNESS, what or "a condition", more))
        time.sleep(pause)  # between two looks, not for a time
        pause = min(pause * 1.5, 0.05)


# Each pytest process has a range of its own (VK_SHARD, from tests/integration/run), below
# the one that outgoing connections use.
_PORTS = 5000
_FIRST_PORT = 20000 + _PORTS * (int(os.environ.get("VK_SHARD", "0")) % 2)
_next_port = os.getpid() * 37 % _PORTS


def free_port() -> int:
    """A port that nobody listens on."""
    global _next_port
    for _ in range(_PORTS):
        _next_port = (_next_port + 1) % _PORTS
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", _FIRST_PORT + _next_port))
                return _FIRST_PORT + _next_port
            except OSError:
                continue
    raise AssertionError("no free port")


class Config:
    """Sections in order; a list as a value means the key repeated."""

    def __init__(self, text: str = "") -> None:
        self.sections: dict[str, dict[str, Any]] = {}
        section = ""
        for line in text.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
                self.sections[section] = {}
            elif "=" in line:
                key, _, value = line.partition("=")
                self.sections[section][key.strip()] = value.strip()

    def set(self, section: str, **values: Any) -> None:
        """Values by key; None removes the key. For keys with a dot use put()."""
        for key, value in values.items():
            self.put(section, key, value)

    def put(self, section: str, key: str, value: Any) -> None:
        keys = self.sections.setdefault(section, {})
        if value is None:
            keys.pop(key, None)
        else:
            keys[key] = value

    def text(self) -> str:
        lines = []
        for section, keys in self.sections.items():
            lines.append("[%s]" % section)
            for key, value in keys.items():
                for one in value if isinstance(value, list) else [value]:
                    lines.append("%s = %s" % (key, one))
        assert all(len(line.encode()) < 190 for line in lines), "a line inih would cut"
        return "\n".join(lines) + "\n"


class Result:
    """A finished command."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise AssertionError("not one JSON document: %s: %r %r"
                                 % (error, self.out[:500], self.err[:500])) from error


class Agent:
    """One agent with a directory of its own."""

    def __init__(self, twin: tw.Twin) -> None:
        self.twin = twin
        self.directory = Path(tempfile.mkdtemp(prefix="vk"))
        self.port, self.admin_port = free_port(), free_port()
        self.archive = self.directory / "archive"
        self.state = self.directory / "state.db"
        self.socket = self.directory / "admin.sock"
        self.log_path = self.directory / "agent.log"
        self.config_path = self.directory / "vodkeep.ini"
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}
        # How the program is begun: a command that becomes it, and what it inherits.
        self.prefix: list[str] = []
        self.pass_fds: tuple[int, ...] = ()
        self.archive.mkdir()
        twin.hooks = self.url("/hooks")
        self.config = self._default_config()

    def _default_config(self) -> Config:
        config = Config()
        config.set("agent", archive_dir=self.archive, state=self.state, log_level="debug",
                   log_format="text")
        config.set("receiver", listen="127.0.0.1:%d" % self.port)
        config.set("admin", socket=self.socket, listen="127.0.0.1:%d" % self.admin_port)
        config.set("transfer", retry_min="50ms", retry_max="200ms", low_speed="1K/1s",
                   connect_timeout="2s", min_free="1M")
        config.sections.update(Config(self.twin.ini()).sections)
        return config

    # The process.

    def write_config(self) -> None:
        self.config_path.write_text(self.config.text())

    def start(self, ready: bool = True) -> "Agent":
        """Start the program with the present configuration; wait until it is ready."""
        assert PROGRAM.exists(), "%s is not built" % PROGRAM
        assert not self.alive(), "already running"
        self.write_config()
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(PROGRAM), "-c", str(self.config_path), "run"],
                cwd=self.directory, pass_fds=self.pass_fds,
                env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT)
        if ready:
            wait_until(self._ready_or_dead, 15, "the agent to be ready")
            assert self.alive(), "the agent ended at once with %s:\n%s" % (
                self.process.returncode, self.log_text())
        return self

    def _ready_or_dead(self) -> bool:
        return not self.alive() or self.ready()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def ready(self) -> bool:
        try:
            # The socket wants no password.
            return signing.request("unix:%s:/readyz" % self.socket).status == 200
        except OSError:
            return False

    def stop(self, within: float = 10.0) -> None:
        """SIGTERM; the agent must end by itself, in time, with 0."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(within * SLOWNESS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the agent did not end within %s s of SIGTERM" % within) from None
        self._check_reports()
        assert status == 0, "the agent ended with status %d" % status

    def kill9(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        if self.alive():
            self.stop()
        self.start()

    def reload(self) -> None:
        """Write the present configuration and send SIGHUP."""
        self.write_config()
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def clean_up(self) -> None:
        """End of a test: whatever it did, the agent ends well and has told no secret."""
        try:
            if self.alive():
                self.stop()
            self._check_reports()
            self._check_secrets()
        finally:
            if self.alive():
                self.kill9()
            shutil.rmtree(self.directory, ignore_errors=True)

    def _check_reports(self) -> None:
        status = self.process.poll() if self.process else None
        check_reports(self.log_text(), status, "the agent")
        assert status is None or status >= 0 or status == -signal.SIGKILL, \
            "the agent was ended by %s" % signal.Signals(-status).name

    def _check_secrets(self) -> None:
        texts = {"the log": self.log_text()}
        for path in self.archive.rglob("*.json"):
            texts[str(path)] = path.read_text(errors="replace")
        for name, text in texts.items():
            for secret in SECRETS:
                assert secret not in text, "%s tells a secret: %s" % (name, secret)

    def log_text(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    # Talking to it.

    def url(self, path: str) -> str:
        return "http://127.0.0.1:%d%s" % (self.port, path)

    def admin(self, path: str, method: str = "GET", headers: dict[str, str] | None = None,
              body: bytes | None = None) -> signing.Answer:
        url = "http://127.0.0.1:%d%s" % (self.admin_port, path)
        return signing.request(url, method, body, headers, timeout=10)

    def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> signing.Answer:
        """An unsigned POST to the receiver, unless the headers sign it."""
        fields = {"Content-Type": "application/json", **(headers or {})}
        return signing.request(self.url(path), "POST", body, fields)

    def deliver(self, media: tw.Media, kind: str, **options: Any) -> None:
        """A signed delivery that must be answered with 200."""
        answer = self.twin.announce(media, kind, **options)
        assert answer.status == 200, "%s was answered with %d" % (kind, answer.status)

    def ready_event(self, *media: tw.Media) -> None:
        """The platform says that these are there."""
        for item in media:
            fastpix = not isinstance(item, OptiviewAsset)
            self.deliver(item, "video.media.ready" if fastpix else "completed")

    def deleted_event(self, *media: tw.Media) -> None:
        for item in media:
            fastpix = not isinstance(item, OptiviewAsset)
            self.deliver(item, "video.media.deleted" if fastpix else "deleted")

    def cli(self, *command: str, json: bool = False, status: int | None = 0,
            stdin: bytes | None = None) -> Result:
        """A command of the program; its exit status must be `status` (None: any)."""
        arguments = [str(PROGRAM), "-c", str(self.config_path)]
        arguments += ["--json"] if json else []
        done = subprocess.run(arguments + list(command), input=stdin, capture_output=True,
                              cwd=self.directory, timeout=60 * SLOWNESS,
                              env={**os.environ, **self.environment})
        result = Result(subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8", "replace"),
            done.stderr.decode("utf-8", "replace")))
        check_reports(result.err, result.status, " ".join(command))
        assert status is None or result.status == status, "%s: status %d\n%s%s" % (
            " ".join(command), result.status, result.out, result.err)
        return result

    # What it says.

    def name(self, media: tw.Media | str) -> str:
        """workspace/id of a media."""
        if isinstance(media, str):
            return media
        return "%s/%s" % (self.twin.workspaces[isinstance(media, OptiviewAsset)], media.id)

    def assets(self) -> dict[str, dict[str, Any]]:
        """All assets by workspace/id."""
        listed = self.cli("ls", "--limit", "1000", json=True).json["assets"]
        return {"%s/%s" % (asset["workspace"], asset["id"]): asset for asset in listed}

    def asset(self, media: tw.Media | str) -> dict[str, Any]:
        return self.assets().get(self.name(media), {})

    def state_of(self, media: tw.Media | str) -> str | None:
        return self.asset(media).get("state")

    def wait_state(self, media: tw.Media | str, state: str, timeout: float = 15.0) -> dict[str, Any]:
        """Wait for a state; returns the asset as `ls` shows it."""
        def there() -> dict[str, Any] | None:
            asset = self.asset(media)
            return asset if asset.get("state") == state else None

        return wait_until(there, timeout, "%s to be %s" % (self.name(media), state),
                          lambda: self.asset(media) or "unknown")

    def wait_reason(self, media: tw.Media | str, *states: str) -> str:
        """Wait until it rests in one of these states, and says why."""
        def there() -> str:
            asset = self.asset(media)
            return asset.get("reason") or "" if asset.get("state") in states else ""

        reason: str = wait_until(there, 15, "%s to be %s with a reason" % (
            self.name(media), " or ".join(states)), lambda: self.asset(media) or "unknown")
        return reason

    def wait_states(self, states: dict[str, str], timeout: float = 20.0) -> None:
        """Wait until all named assets are where they should be."""
        def wrong() -> dict[str, str | None]:
            assets = self.assets()
            return {n: assets.get(n, {}).get("state") for n, s in states.items()
                    if assets.get(n, {}).get("state") != s}

        wait_until(lambda: not wrong(), timeout, "%d states" % len(states), wrong)

    def archived(self, *media: tw.Media) -> None:
        """Wait until all of these are archived."""
        self.wait_states({self.name(item): "archived" for item in media})

    def archive_now(self, *media: tw.Media) -> None:
        """Announce as ready and wait until archived."""
        self.ready_event(*media)
        self.archived(*media)

    def settle(self) -> None:
        """Wait until there is nothing to do."""
        wait_until(lambda: not any(asset["due"] for asset in self.assets().values()), 15,
                   "nothing to be due", self.assets)

    def new_rule(self, **values: Any) -> None:
        """Another rule for everything, by a reload."""
        self.config.set("rule all", **values)
        before = self.log_text().count("configuration")
        self.reload()
        wait_until(lambda: self.log_text().count("configuration") > before, 10, "the reload")

    def show(self, media: tw.Media | str) -> dict[str, Any]:
        shown: dict[str, Any] = self.cli("show", self.name(media), json=True).json
        return shown

    def files(self, media: tw.Media | str) -> dict[str, list[dict[str, Any]]]:
        """The files of an asset by role, as `show` lists them."""
        roles: dict[str, list[dict[str, Any]]] = {}
        for file in self.show(media)["files"]:
            roles.setdefault(file["role"], []).append(file)
        return roles

    def video(self, media: tw.Media | str) -> Path:
        """Where the archived video lies."""
        return self.archive / self.files(media)["video"][0]["path"]

    def story(self, media: tw.Media | str) -> str:
        """The texts of explain, one a line."""
        story = self.cli("explain", self.name(media), json=True).json["story"]
        return "\n".join("%s: %s" % (entry["kind"], entry["text"]) for entry in story)

    def status(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.cli("status", json=True).json
        return shown

    def warnings(self) -> str:
        return json.dumps(self.status()["warnings"])

    def _walk(self) -> tuple[set[str], set[str]]:
        """Files and folders of the archive but vodkeep's own; they may come and go meanwhile."""
        files, folders = set(), set()
        for place, below, names in os.walk(self.archive):
            here = Path(place).relative_to(self.archive)
            if here.parts[:1] == (".vodkeep",):
                continue
            files |= {str(here / name) for name in names}
            folders |= {str(here / name) for name in below if name != ".vodkeep"}
        return files, folders

    def tree(self) -> set[str]:
        """Every file of the archive but vodkeep's own, relative to it."""
        return self._walk()[0]

    def videos(self) -> set[str]:
        return {path for path in self.tree() if path.endswith((".mp4", ".webm"))}

    def folders(self) -> set[str]:
        return self._walk()[1]

    def staged(self) -> list[Path]:
        return sorted((self.archive / ".vodkeep" / "staging").glob("*.part"))
