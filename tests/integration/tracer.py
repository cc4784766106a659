"""strace attached to the agent: to see the order of its system calls, or to fail them."""
from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from agentctl import wait_until


class Tracer:
    """Traces a running process and all its threads; leaves it running at the end."""

    def __init__(self, pid: int, calls: str, inject: str | None = None,
                 paths: list[Path] | None = None) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="vk-strace-")
        self._out = Path(self._directory.name) / "calls"
        self._messages = Path(self._directory.name) / "messages"
        self._command = ["strace", "-f", "-y", "-s", "64", "-e", "trace=" + calls,
                         "-o", str(self._out), "-p", str(pid)]
        if inject:
            self._command += ["-e", "inject=" + inject]
        for path in paths or []:
            self._command += ["-P", str(path)]
        self._text = ""

    def __enter__(self) -> "Tracer":
        with self._messages.open("w") as messages:
            self._process = subprocess.Popen(self._command, stderr=messages,
                                             stdin=subprocess.DEVNULL)
        wait_until(self._attached, 10, "strace to attach", self._messages.read_text)
        return self

    def _attached(self) -> bool:
        assert self._process.poll() is None, self._messages.read_text()
        return "attached" in self._messages.read_text()

    def __exit__(self, *_: Any) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(10)
        self._text = self._out.read_text(errors="replace") if self._out.exists() else ""
        self._directory.cleanup()

    def calls(self) -> list[str]:
        """One line a call, in the order in which they ended."""
        begun: dict[str, str] = {}
        lines = []
        for line in self._text.splitlines():
            thread, _, call = line.partition(" ")
            call = call.strip()
            if call.endswith("<unfinished ...>"):
                begun[thread] = call.removesuffix("<unfinished ...>")
            elif call.startswith("<... "):
                lines.append(begun.pop(thread, "") + call.partition("resumed>")[2])
            else:
                lines.append(call)
        return lines


@lru_cache(maxsize=1)
def tracing_works() -> bool:
    """Whether strace is here and the system lets it trace."""
    if not shutil.which("strace"):
        return False
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, timeout=20)
    return done.returncode == 0
