"""Runs network_cases.py, each case in network, mount and user namespaces of its own."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentctl import SLOWNESS

HERE = Path(__file__).resolve().parent
INSIDE = ["unshare", "--map-root-user", "--net", "--mount",
          "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
CASES = [line.split("(")[0].removeprefix("def ")
         for line in (HERE / "network_cases.py").read_text(encoding="utf-8").splitlines()
         if line.startswith("def test_")]


def namespaces_work() -> bool:
    try:
        done = subprocess.run(INSIDE + ["mount", "-t", "tmpfs", "none", "/mnt"],
                              capture_output=True, timeout=20)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not namespaces_work(), reason="no namespaces here, or no ip")
@pytest.mark.parametrize("case", CASES)
def test_case(case: str) -> None:
    # Its results are told by this test.
    environment = {key: value for key, value in os.environ.items() if key != "VK_REPORT_FD"}
    done = subprocess.run(
        INSIDE + [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir",
                  str(HERE), "%s::%s" % (HERE / "network_cases.py", case)],
        cwd=HERE, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=85 * SLOWNESS)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-4000:]
