"""A terminal for the program under test: a pty, and the screen that its output makes.

It knows the few control sequences the program may send; any other fails the test, so
that nothing of a title can have steered it.
"""
from __future__ import annotations

import codecs
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import unicodedata
from typing import Any, Callable

from agentctl import PROGRAM, Agent, wait_until
from slowness import SLOWNESS

_CONTROL = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")
_MODES = {"1049": "alternate", "25": "cursor", "7": "wrap"}


def columns(text: str) -> int:
    """How many columns a text takes."""
    return sum(_columns(c) for c in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Terminal:
    """`vodkeep ARGUMENT…` on a terminal of `rows` and `width`."""

    def __init__(self, agent: Agent, *arguments: str, rows: int = 24, width: int = 80,
                 **environment: str) -> None:
        self.master, side = os.openpty()
        self.resize(rows, width)
        self.process = subprocess.Popen(
            [str(PROGRAM), "-c", str(agent.config_path), *arguments], stdin=side, stdout=side,
            stderr=subprocess.PIPE, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm-256color", **environment})
        os.close(side)
        self.raw = ""
        self.modes = {"alternate": False, "cursor": True, "wrap": True}
        self.styles: set[str] = set()
        self._left = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")

    def resize(self, rows: int, width: int) -> None:
        """Another size; the kernel tells the program."""
        self.rows, self.width = rows, width
        self.lines = [""] * rows
        self.row = 0
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, width, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def pump(self) -> None:
        """Take what has been written so far."""
        while select.select([self.master], [], [], 0)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:  # the other side is closed
                return
            if not data:
                return
            text = self._decoder.decode(data)
            self.raw += text
            self._feed(self._left + text)

    def _feed(self, text: str) -> None:
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                control = _CONTROL.match(text, at)
                if control is None:
                    assert len(text) - at < 12, "not a known control: %r" % text[at:at + 20]
                    break  # the rest of it comes later
                self._control(*control.groups())
                at = control.end()
                continue
            self._put(text[at])
            at += 1
        self._left = text[at:]

    def _control(self, private: str, number: str, letter: str) -> None:
        if private:
            assert letter in "hl" and number in _MODES, (private, number, letter)
            self.modes[_MODES[number]] = letter == "h"
            self.lines = [""] * self.rows if number == "1049" else self.lines
        elif letter == "H" and not number:
            self.row, self._new, self.scrolled, self.whole = 0, True, False, False
        elif letter == "K" and not number:
            self._begin_line()
        elif letter == "J" and number in ("", "2"):
            first = 0 if number else self.row + 1
            self.lines[first:] = [""] * (self.rows - first)
            self.whole = True
        elif letter == "m":
            self.styles.add(number)
        else:
            raise AssertionError("unexpected control %r" % (private + number + letter))

    _new = True  # the next character begins its line anew
    scrolled = False  # by this picture
    whole = False  # it has come to its end

    def _begin_line(self) -> None:
        if self._new:
            self.lines[self.row], self._new = "", False

    def _put(self, char: str) -> None:
        if char == "\n":
            self.row, self._new = self.row + 1, True
            self.scrolled = self.scrolled or self.row >= self.rows
            self.row = min(self.row, self.rows - 1)
        elif char != "\r":
            assert ord(char) >= 0x20 and char != "\x7f", "a control character: %r" % char
            self._begin_line()
            self.lines[self.row] += char

    @property
    def screen(self) -> str:
        self.pump()
        return "\n".join(self.lines)

    def wait(self, condition: Callable[[str], Any], what: str) -> str:
        """The first whole picture that is so, and fits: one of the size before may still come."""
        def there() -> str:
            screen = self.screen
            whole = self.whole or not self.modes["alternate"]
            return screen if whole and not self.scrolled and condition(screen) else ""

        picture: str = wait_until(there, 15, what, lambda: self.screen)
        return picture

    def wait_for(self, text: str) -> None:
        self.wait(lambda screen: text in screen, "%r on the screen" % text)

    def end(self) -> tuple[int, str]:
        """Wait until it has ended by itself: its status, and what it said on standard error."""
        wait_until(lambda: (self.pump(), self.process.poll() is not None)[1], 15, "its end",
                   lambda: self.screen)
        self.pump()
        assert self.process.stderr is not None
        return self.process.returncode, self.process.stderr.read().decode()

    def given_back(self) -> bool:
        """Is the terminal as it was before?"""
        self.pump()
        return self.modes == {"alternate": False, "cursor": True, "wrap": True}

    def stopped(self) -> bool:
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "T"

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10 * SLOWNESS)
        assert self.process.stderr is not None
        self.process.stderr.close()
        os.close(self.master)
