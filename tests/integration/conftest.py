"""Fixtures: a twin and an agent for each test, nothing shared between tests."""
from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Generator, Iterator

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from agentctl import Agent  # noqa: E402
from twin import Twin  # noqa: E402

pytest_plugins = ["report"]


@pytest.fixture
def twin() -> Iterator[Twin]:
    with Twin() as running:
        yield running


@pytest.fixture
def idle_agent(twin: Twin) -> Iterator[Agent]:
    """An agent that has not been started: for tests that configure it first."""
    agent = Agent(twin)
    try:
        yield agent
    finally:
        twin.forgive()
        agent.clean_up()


@pytest.fixture
def agent(idle_agent: Agent) -> Agent:
    """A running agent with FastPix workspace "production" and OptiView workspace "stage"."""
    return idle_agent.start()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, Any, None]:
    """A failed test shows what the agent said and what the twin was asked."""
    outcome = yield
    report = outcome.get_result()
    agent = getattr(item, "funcargs", {}).get("idle_agent")
    if report.when != "call" or not report.failed or agent is None:
        return
    report.sections.append(("configuration", agent.config.text()))
    report.sections.append(("log of the agent", agent.log_text()[-12000:]))
    asked = ["%s %s%s %s %d, %d bytes" % (e.method, e.host, e.path, e.headers.get("range", ""),
                                          e.status, e.sent)
             for e in agent.twin.log.find()[-60:]]
    report.sections.append(("requests to the twin", "\n".join(asked)))
