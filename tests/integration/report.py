"""pytest plugin: tells the runner (tests/integration/run) each result, shares the tests out
between processes, and ends a test that hangs."""
from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Generator

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "twin"))

from slowness import SLOWNESS  # noqa: E402

TEST_SECONDS = 90


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shard", default="0/1", help="I/N: run every Nth test, from the Ith on")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every Nth test; the slow ones first, so that the processes end together."""
    index, count = (int(part) for part in config.getoption("--shard").split("/"))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    items[:] = items[index::count]


class HungTest(Exception):
    """A test ran longer than any test should."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, None]:
    def expire(*_: Any) -> None:
        raise HungTest("still running after %d s" % (TEST_SECONDS * SLOWNESS))

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, TEST_SECONDS * SLOWNESS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


class Reporter:
    """Collects the phases of each test and sends one line for it."""

    def __init__(self, descriptor: int) -> None:
        self._out = os.fdopen(descriptor, "w")
        self._results: dict[str, tuple[str, str]] = {}

    def _send(self, name: str, outcome: str, text: str) -> None:
        self._out.write(json.dumps({"name": name, "outcome": outcome, "text": text}) + "\n")
        self._out.flush()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome, text = self._results.get(report.nodeid, ("passed", ""))
        if report.outcome == "failed":
            outcome, text = "failed", text + _text(report)
        elif report.outcome == "skipped" and outcome == "passed":
            outcome, text = "skipped", _skip_reason(report)
        self._results[report.nodeid] = (outcome, text)
        if report.when == "teardown":
            self._send(report.nodeid, *self._results.pop(report.nodeid))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._send("collecting %s" % report.nodeid, "failed", str(report.longrepr))


def _text(report: pytest.TestReport) -> str:
    parts = ["[%s] %s" % (report.when, report.longreprtext)]
    parts += ["--- %s\n%s" % section for section in report.sections]
    return "\n".join(parts) + "\n"


def _skip_reason(report: pytest.TestReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds by nature; runs first")
    descriptor = os.environ.get("VK_REPORT_FD")
    if descriptor:
        config.pluginmanager.register(Reporter(int(descriptor)))
