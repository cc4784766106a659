"""A distance of 40 ms: two network namespaces, and a relay that holds each packet for 20 ms.

The kernel's own means, netem, is often not built in. Needs root and TUN devices.
"""
import os
import pathlib
import subprocess

DELAY_US = 20000
DEVICE = "vkbench"
NEAR, FAR = "10.77.0.1", "10.77.0.2"
MTU = 9000


class Unavailable(Exception):
    """Why there can be no link here."""


def ip(*words: str) -> None:
    """Run ip(8)."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"ip {' '.join(words)}: {done.stderr.strip()}")


class Link:
    """The namespaces `near` (vodkeep and its peers) and `far` (the server)."""

    def __init__(self, relay: pathlib.Path) -> None:
        if os.geteuid() != 0:
            raise Unavailable("network namespaces need root")
        if not os.path.exists("/dev/net/tun"):
            raise Unavailable("there is no /dev/net/tun")
        self.names = [f"vkbench-{os.getpid()}-{end}" for end in ("near", "far")]
        self.process: subprocess.Popen | None = None
        try:
            self.open(relay)
        except (Unavailable, OSError) as wrong:
            self.close()
            raise Unavailable(str(wrong)) from wrong

    def open(self, relay: pathlib.Path) -> None:
        """Make the namespaces, the devices and the relay between them."""
        for name in self.names:
            ip("netns", "add", name)
        self.process = subprocess.Popen([str(relay), *self.names, DEVICE, str(DELAY_US)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout and self.process.stderr
        if self.process.stdout.readline() != "ready\n":
            raise Unavailable(self.process.stderr.read().strip())
        for name, address in zip(self.names, (NEAR, FAR)):
            ip("-n", name, "addr", "add", f"{address}/30", "dev", DEVICE)
            ip("-n", name, "link", "set", DEVICE, "mtu", str(MTU), "txqueuelen", "8192", "up")
            ip("-n", name, "link", "set", "lo", "up")

    def near(self) -> tuple[str, ...]:
        """What runs a command on the near end."""
        return ("nsenter", f"--net=/var/run/netns/{self.names[0]}")

    def far(self) -> tuple[str, ...]:
        """What runs a command on the far end."""
        return ("nsenter", f"--net=/var/run/netns/{self.names[1]}")

    def close(self) -> None:
        """Take everything down."""
        if self.process:
            self.process.kill()
            self.process.wait()
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
