"""A headless Chromium, driven by its own protocol over a pair of pipes.

Needs nothing but the browser itself: no driver, no package of Node, no open port.
"""
from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from slowness import SLOWNESS

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
# The protocol's pipes have fixed numbers in the browser.
_ON_3_AND_4 = """import fcntl, os, sys
reader, writer = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3]]
os.dup2(reader, 3), os.dup2(writer, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class BrowserError(AssertionError):
    """The browser says no, or a script in the page has thrown."""


class Browser:
    """One browser with a profile of its own, and one page in it."""

    def __init__(self, width: int = 1280, height: int = 900) -> None:
        assert PROGRAM is not None
        self.directory = Path(tempfile.mkdtemp(prefix="vk-chromium-"))
        self._number = 0
        self._pending = b""
        self._session = ""
        # What the pages have said: errors of scripts, and what the policy has refused.
        self.complaints: list[str] = []
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ON_3_AND_4, str(to_read), str(to_write), PROGRAM,
             "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--hide-scrollbars",
             "--user-data-dir=%s" % self.directory, "about:blank"],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "TZ": "Europe/Amsterdam", "LANG": "en_GB.UTF-8"})
        os.close(to_read)
        os.close(to_write)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target,
                                  flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.resize(width, height)

    def close(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(self.directory, ignore_errors=True)

    # The protocol.

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                break
            self._note(answer)
        if "error" in answer:
            raise BrowserError("%s: %s" % (method, answer["error"]["message"]))
        return answer["result"]  # type: ignore[no-any-return]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            block = os.read(self._read, 1 << 20)
            if not block:
                raise BrowserError("the browser has ended")
            self._pending += block
        text, self._pending = self._pending.split(b"\0", 1)
        return json.loads(text)  # type: ignore[no-any-return]

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            entry = parameters["entry"]
            self.complaints.append("%s %s" % (entry["text"], entry.get("url", "")))

    # The page.

    def run(self, script: str) -> Any:
        """The value of an expression in the page, which may be a promise."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait(self, script: str, what: str = "", timeout: float = 20.0) -> None:
        """Ask until an expression is true."""
        deadline = time.monotonic() + timeout * SLOWNESS
        while True:
            try:
                value = self.run("(async () => !!(await (%s)))()" % script)
            except BrowserError:  # between two documents
                value = None
            if value:
                return
            if time.monotonic() > deadline:
                raise BrowserError("waited in vain for %s; the page says %r; complaints: %r" % (
                    what or script, self.run("document.body.innerText")[:2000], self.complaints))
            time.sleep(0.02)

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'", "%s to be loaded" % url)

    def resize(self, width: int, height: int, mobile: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=mobile)

    def dark(self, wanted: bool) -> None:
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if wanted else "light"}])

    def key(self, name: str, text: str = "", modifiers: int = 0) -> None:
        fields: dict[str, Any] = {"key": name, "code": name, "modifiers": modifiers}
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}
        if name in codes:
            fields["windowsVirtualKeyCode"] = codes[name]
        if name == "Enter":
            text = "\r"
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **fields)
        self.call("Input.dispatchKeyEvent", type="keyUp", **fields)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def picture(self, path: Path, whole: bool = True) -> None:
        options: dict[str, Any] = {"captureBeyondViewport": whole}
        data = self.call("Page.captureScreenshot", format="png", **options)["data"]
        path.write_bytes(base64.b64decode(data))
