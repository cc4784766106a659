"""What Prometheus and Grafana are given: metrics by its conventions, rules, a dashboard."""
from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from agentctl import TESTS, Agent
from twin import Twin

RULES = TESTS.parent / "etc" / "vodkeep.rules.yml"
DASHBOARD = TESTS.parent / "etc" / "vodkeep-dashboard.json"
CASES = TESTS / "data" / "prometheus" / "rules_test.yml"
BASE_UNITS = ("bytes", "seconds", "bytes_per_second")
OTHER_UNITS = r"_(ms|milliseconds|minutes|hours|kilobytes|kb|mb|percent)(_|$)"

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not installed (Debian: prometheus, which brings 100 MB and a service)")


def promtool(*arguments: str | Path, given: str = "") -> None:
    done = subprocess.run(["promtool", *map(str, arguments)], input=given, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode == 0, done.stdout


def exposition(agent: Agent) -> str:
    return agent.admin("/metrics").body.decode()


def families(text: str) -> dict[str, str]:
    """Types by name."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))


def labels(text: str) -> dict[str, set[str]]:
    """The label names of each family that has been counted."""
    found: dict[str, set[str]] = {name: set() for name in families(text)}
    for name, inside in re.findall(r"^(\w+)\{(.*)\} \S+$", text, re.M):
        found[name] |= set(re.findall(r"(\w+)=", inside))
    return found


def busy(agent: Agent, twin: Twin) -> str:
    """The exposition of an agent that has counted something of everything common."""
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    assert agent.post("/hooks/production", b"{}x", {}).status == 401
    return exposition(agent)


@needs_promtool
def test_metrics_are_as_promtool_wants_them(agent: Agent, twin: Twin) -> None:
    promtool("check", "metrics", given=busy(agent, twin))


def test_names_follow_the_conventions(agent: Agent, twin: Twin) -> None:
    text = busy(agent, twin)
    assert families(text)
    for name, kind in families(text).items():
        assert name.startswith("vodkeep_"), name
        assert kind in ("counter", "gauge"), name
        assert name.endswith("_total") == (kind == "counter"), "%s is a %s" % (name, kind)
        assert not re.search(OTHER_UNITS, name), "%s is not in base units" % name
        if "bytes" in name or "seconds" in name:
            assert name.removesuffix("_total").endswith(BASE_UNITS), name
        assert re.search(r"^# HELP %s \S.*\.$" % name, text, re.M), "%s has no help" % name
        assert len(labels(text)[name]) <= 1, name


@needs_promtool
def test_rules_are_valid_and_do_what_they_say() -> None:
    promtool("check", "rules", RULES)
    promtool("test", "rules", CASES)


def rule_expressions() -> Iterator[str]:
    """Without a YAML reader: an expression is on its line, or folded below it."""
    for one, folded in re.findall(r"^ +expr: (?:>-\n((?: {10}.*\n)+)|(.*)\n)", RULES.read_text(),
                                  re.M):
        yield one + folded


def dashboard_expressions() -> Iterator[str]:
    dashboard = json.loads(DASHBOARD.read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (variable["definition"] for variable in dashboard["templating"]["list"]
                if "definition" in variable)


def check_expressions(expressions: list[str], text: str) -> set[str]:
    """Every metric exists, and every label is one that it has; returns the metrics."""
    known, used = labels(text), set()
    for expression in expressions:
        names = set(re.findall(r"\b(vodkeep_\w+)", expression))
        assert names <= set(known), "unknown in %r: %s" % (expression, names - set(known))
        for name, inside in re.findall(r"\b(vodkeep_\w+)\{([^}]*)\}", expression):
            chosen = set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", inside)) - {"job", "instance"}
            assert not known[name] or chosen <= known[name], "%r: labels of %s" % (expression, name)
        used |= names
    return used


def test_rules_ask_for_metrics_that_exist(agent: Agent, twin: Twin) -> None:
    expressions = list(rule_expressions())
    assert len(expressions) == RULES.read_text().count("- alert:")
    check_expressions([e for e in expressions if not e.startswith("up{")], busy(agent, twin))


def test_states_of_the_rules_exist(agent: Agent) -> None:
    states = set(re.findall(r'^vodkeep_assets\{state="(.*)"\}', exposition(agent), re.M))
    asked = set()
    for expression in [*rule_expressions(), *dashboard_expressions()]:
        for words in re.findall(r'state(?:=~|!~|!=|=)"([^"]+)"', expression):
            asked |= set(words.split("|"))
    assert asked and asked <= states, asked - states


def test_the_dashboard_shows_every_metric(agent: Agent, twin: Twin) -> None:
    """None that does not exist, and none left out."""
    text = busy(agent, twin)
    assert check_expressions(list(dashboard_expressions()), text) == set(families(text))


def test_the_manual_lists_every_metric(agent: Agent) -> None:
    page = (TESTS.parent / "doc" / "vodkeep-api.7").read_text()
    assert set(re.findall(r"\bvodkeep_\w+", page)) == set(families(exposition(agent)))


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
