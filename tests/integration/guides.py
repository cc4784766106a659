"""Reads the guides: what each of their fenced blocks is, and how its commands can run here.

  sh         commands; each is run, and must end with 0
  text       right behind sh: what the last command prints; elsewhere it is only read
  ini        configuration: vodkeep check must find it valid
  nginx, caddy, systemd    configuration of others

A block behind <!-- not run: REASON --> is left out.
"""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import twin as tw
from agentctl import PROGRAM, TESTS, Agent, Config, wait_until

TOP = TESTS.parent
KINDS = {"sh", "text", "ini", "nginx", "caddy", "systemd"}
# What a person pastes into tee, by the end of the file's name.
PASTED = {
    "production.secret": tw.API_SECRET, "production.webhook": tw.FASTPIX_HOOK_SECRET,
    "stage.secret": tw.OPTIVIEW_API_SECRET, "stage.webhook": tw.OPTIVIEW_HOOK_SECRET,
}
# Nobody here is root or has a user vodkeep: sudo leaves out owners.
SUDO = """#!/bin/sh
case $1 in
chown) exit 0 ;;
install) for word; do shift; case $word in vodkeep | -g) ;; *) set -- "$@" "$word" ;; esac; done ;;
esac
exec "$@"
"""


@dataclass
class Block:
    kind: str
    text: str
    line: int
    left_out: bool
    answers: bool  # nothing but blank lines lie between it and the block before


def blocks(document: str) -> list[Block]:
    """The fenced blocks of a document, in order."""
    found, lines, end = [], (TOP / document).read_text().splitlines(), 0
    number = 0
    while number < len(lines):
        fence = re.match(r"( *)```(\w*)$", lines[number])
        number += 1
        if not fence:
            continue
        begin, between = number, "\n".join(lines[end:number - 1]).strip()
        while lines[number].strip() != "```":
            number += 1
        text = "\n".join(line.removeprefix(fence[1]) for line in lines[begin:number]) + "\n"
        found.append(Block(fence[2], text, begin, between.endswith("-->") and
                           "<!-- not run: " in between.splitlines()[-1], not between))
        number += 1
        end = number
    return found


def man_examples(page: str) -> list[str]:
    """What stands between .EX and .EE in a manual page, as a reader sees it."""
    examples = re.findall(r"^\.EX\n(.*?)^\.EE$", (TOP / page).read_text(), re.M | re.S)
    shown = {r"\(aq": "'", r"\-": "-", r"\e": "\\"}
    for written, read in shown.items():
        examples = [example.replace(written, read) for example in examples]
    return examples


def commands(text: str) -> list[str]:
    joined = text.replace("\\\n", "").replace("|\n", "|")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


class Reader:
    """Somebody who follows a guide, with an agent whose paths and ports are those of the test."""

    def __init__(self, agent: Agent, media: tw.Media) -> None:
        self.agent = agent
        self.etc = agent.directory / "vodkeep"
        self.backup = agent.directory / "backup"
        self.bin = agent.directory / "bin"
        self.etc.mkdir()
        self.bin.mkdir()
        agent.config_path = self.etc / "vodkeep.ini"
        agent.write_config()
        (self.bin / "vodkeep").symlink_to(PROGRAM)
        (self.bin / "sudo").write_text(SUDO)
        (self.bin / "sudo").chmod(0o755)
        credentials = agent.directory / "credentials"
        credentials.mkdir()
        (credentials / "fastpix-secret").write_text(tw.API_SECRET)
        (credentials / "fastpix-webhook").write_text(tw.FASTPIX_HOOK_SECRET)
        agent.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
        self.words = {
            "/etc/vodkeep": str(self.etc), "/var/lib/vodkeep": str(agent.directory),
            "/srv/backup": str(self.backup), "https://YOUR-HOST": agent.url(""),
            "MEDIA-ID": media.id, "YOUR-ACCESS-TOKEN-ID": tw.API_ID,
        }

    def local(self, text: str) -> str:
        """With this test's values in the place of the reader's."""
        for word, value in self.words.items():
            text = text.replace(word, value)
        return text

    def configure(self, text: str) -> None:
        """Check a configuration as it stands, and use its workspaces and rules from now on."""
        self.make_certificate()
        given = Config(self.local(text))
        whole = Config(given.text())
        if not any(section.startswith("workspace") for section in given.sections):
            whole.sections.update(Config(self.agent.twin.ini()).sections)
        snippet = self.agent.directory / "snippet.ini"
        snippet.write_text(whole.text())
        self.run("vodkeep -c %s check" % snippet)
        for section, keys in given.sections.items():
            if section.split()[0] in ("workspace", "rule", "transfer"):
                self.agent.config.sections.setdefault(section, {}).update(keys)
        self.agent.write_config()

    def make_certificate(self) -> tuple[Path, Path]:
        certificate, key = self.etc / "tls" / "cert.pem", self.etc / "tls" / "key.pem"
        if not certificate.exists():
            certificate.parent.mkdir()
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-out", certificate, "-keyout", key], check=True, capture_output=True)
        return certificate, key

    def run(self, command: str) -> str:
        """One command, which must end with 0; returns what it printed."""
        service = re.fullmatch(r"sudo systemctl (\w+) vodkeep", command)
        if service:
            self.service(service[1])
            return ""
        pasted = [secret for name, secret in PASTED.items() if name + " " in command + " "]
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", self.local(command)], cwd=self.agent.directory,
            input=(pasted[0] if pasted else "") + "\n", text=True, capture_output=True, timeout=60,
            env={**os.environ, **self.agent.environment, "VODKEEP_CONFIG": str(self.agent.config_path),
                 "PATH": "%s:%s:/usr/sbin:/sbin" % (self.bin, os.environ["PATH"])})
        assert done.returncode == 0, "%s: status %d\n%s%s" % (
            command, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def service(self, verb: str) -> None:
        """What systemctl does, with this test's agent; a reload has happened on return."""
        if verb == "reload":
            before = self.agent.log_text().count("configuration has been reloaded")
            self.agent.reload()
            wait_until(lambda: self.agent.log_text().count("configuration has been reloaded") > before, 10,
                       "the reload")
        else:
            if verb == "stop" and self.agent.alive():
                self.agent.settle()  # as a person would find it some moments later
            {"start": self.agent.start, "stop": self.agent.stop,
             "restart": self.agent.restart}[verb]()

    def follow(self, document: str) -> None:
        """Do what the document says, from its beginning to its end."""
        printed = ""
        for block in blocks(document):
            if block.left_out:
                continue
            if block.kind == "ini":
                self.configure(block.text)
            elif block.kind == "text" and block.answers:
                assert printed.strip() == block.text.strip(), "%s:%d" % (document, block.line)
            elif block.kind == "sh":
                for command in commands(block.text):
                    printed = self.run(command)


def missing_tools(document: str) -> list[str]:
    """Programs that the document's commands need and this machine lacks."""
    used = set()
    for block in blocks(document):
        if block.kind == "sh" and not block.left_out:
            used |= {re.sub(r"^sudo +", "", line).split()[0] for line in commands(block.text)}
    return sorted(tool for tool in used - {"vodkeep", "systemctl"} if not shutil.which(tool))
