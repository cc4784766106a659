"""What the documents name is there: files, functions, tests and warnings."""
from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from agentctl import TESTS

TOP = TESTS.parent
MAPS = ("doc/ARCHITECTURE.md", "doc/HACKING.md", "doc/TRAPS.md")
# What a document tells its reader to write, and the two ways to name a test that TRAPS.md explains.
PATTERNS = {"NAME", "name"}
# Keys of what the store remembers, written like those of warnings.
KEPT = {"began/", "scrub/"}
FLOORS = "base|core|media|io|platform|store|archive|flow|admin|cli"


@cache
def sources() -> dict[Path, str]:
    found = [*TOP.glob("src/**/*"), *TOP.glob("tests/**/*"), *TOP.glob("tools/*")]
    return {path.relative_to(TOP): path.read_text() for path in found
            if path.suffix in (".c", ".h", ".py", ".js", ".mk")}


def files(name: str) -> list[str]:
    """The texts of the files that a document may mean by @name: a path, or its end."""
    return [text for path, text in sources().items() if ("/" + str(path)).endswith("/" + name)]


def is_pattern(name: str) -> bool:
    return not PATTERNS.isdisjoint(re.split(r"\W|_", name))


@pytest.mark.parametrize("document", MAPS)
def test_files_are_there(document: str) -> None:
    text = (TOP / document).read_text()
    named = set(re.findall(r"`((?:[\w-]+/)*\w+\.(?:c|h))`", text))
    assert len(named) > 5 and [n for n in named if not is_pattern(n) and not files(n)] == []


@pytest.mark.parametrize("document", MAPS)
def test_functions_are_where_they_are_said_to_be(document: str) -> None:
    text = (TOP / document).read_text()
    for file, function in re.findall(r"`([\w/]+\.c)`\s+(\w+)\(\)", text):
        assert any(re.search(r"\b%s\(" % function, code) for code in files(file)), (file, function)
    everything = "\n".join(sources().values())
    for function in set(re.findall(r"\b([a-z]\w+)\(\)", text)):
        assert re.search(r"\b%s\b" % function, everything), function


def test_modules_are_there() -> None:
    """`flow/guard` is guard.c or guard*.c; what was not built is in the section that says so."""
    walk, separator, _ = (TOP / MAPS[0]).read_text().partition("\n## What went differently")
    assert separator
    for folder, module in re.findall(r"`(%s)/(\w+)`" % FLOORS, walk):
        assert [path for path in sources() if str(path).startswith("src/%s/%s" % (folder, module))], module


def named_tests(cell: str) -> list[tuple[str, list[str]]]:
    """TRAPS.md: `file`: function, function; `file.py`: function …"""
    found = re.findall(r"`(\w+(?:\.py)?)`(?:: ([a-z_0-9]+(?:, [a-z_0-9]+)*))?", cell)
    return [(name, listed.split(", ") if listed else []) for name, listed in found]


def test_the_tests_of_the_traps_are_there() -> None:
    rows = [line.rstrip(" |").split(" | ")[-1] for line in (TOP / MAPS[2]).read_text().splitlines()
            if line.startswith("| ")]
    seen = 0
    for name, functions in (test for row in rows for test in named_tests(row)):
        found = files("tests/integration/test_" + name) + files("tests/integration/" + name) + \
            files("tests/unit/test_%s.c" % name)
        if not found and not functions:
            continue  # a word, not a test
        for function in functions:
            if function not in ("all", "with"):
                seen += 1
                assert any(re.search(r"\b(?:test_)?%s\b" % function, text) for text in found), \
                    (name, function)
    assert seen > 150


def test_the_manual_lists_every_warning() -> None:
    manual = (TOP / "doc/vodkeep.1").read_text()
    table = manual[manual.index(".SH WARNINGS"):manual.index(".SH ASSET STATES")]
    listed = set(re.findall(r"^(\w+/?)(?:\\fI\w+\\fR)?(?: \*)?\tT\{$", table, re.M))
    code = "\n".join(text for path, text in sources().items() if path.parts[0] == "src")
    raised = set(re.findall(r'warnings_set\([^;"]*?, "(\w+)"', code))
    raised |= set(re.findall(r'^#define WARNING +"(\w+)"', code, re.M))
    raised |= set(re.findall(r'(?:key\), |mem_printf\(|key, \w+, )"(\w+/)%s"', code)) - KEPT
    raised |= {kind + "/" for kind in re.findall(r'\[NOTICE_\w+\] = "(\w+)"', code)}
    assert raised == listed
