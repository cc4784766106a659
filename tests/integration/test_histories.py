"""Random histories of events, API answers, outages, restarts and clock jumps: no file goes
whose media the platform still has, and none stays that the rule says to remove.

A history is made from its number alone, and told when it ends badly. `make check` plays a
few, `make check-histories` many.
"""
from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Callable

import pytest

import twin as tw
from agentctl import CLOCK_MOVES, Agent, at_another_time, wait_until
from optiview import OptiviewAsset
from twin import Twin

STEPS = 30
OUTAGES = [("status", {"code": 401}), ("status", {"code": 403}), ("status", {"code": 500}),
           ("status", {"code": 429, "retry_after": 0}), ("status", {"code": 503}),
           ("html", {"code": 404}), ("cut-json", {}), ("reset", {"after": 0}),
           ("wrong-shape", {})]
ASKED = ["/v1/on-demand*", "/api/v3/media/assets*"]
CLOCKS = ["", "-40d", "-3h", "+3h", "+40d"]


def numbers() -> list[int]:
    """Which histories to play: VODKEEP_HISTORIES lists them, or says how many as "xN"."""
    wanted = os.environ.get("VODKEEP_HISTORIES", "x4")
    if wanted.startswith("x"):
        return list(range(1, int(wanted[1:]) + 1))
    return [int(number) for number in wanted.split()]


@dataclass
class Fate:
    """What the model knows of one media."""

    media: tw.Media
    there: bool = True          # at the platform
    removed: bool = False       # by a person, and not fetched since
    held: bool = False
    expired: bool = False       # it went by the platform's own expiry
    may_go: bool = False        # something has been a reason to remove its files
    seen: bool = False          # its video has been in the archive
    bodies: list[bytes] = field(default_factory=list)  # deliveries about it, for repeating

    @property
    def fastpix(self) -> bool:
        return not isinstance(self.media, OptiviewAsset)

    @property
    def platform(self) -> str:
        return "fastpix" if self.fastpix else "optiview"

    def kind(self, what: str) -> str:
        names = {"ready": ("video.media.ready", "completed"),
                 "deleted": ("video.media.deleted", "deleted"),
                 "changed": ("video.media.updated", "completed"),
                 "announced": ("video.media.created", "processing")}
        return names[what][0 if self.fastpix else 1]


class History:
    """One history: the world as it is, the model of it, and the dice."""

    def __init__(self, number: int, agent: Agent, twin: Twin) -> None:
        self.number, self.agent, self.twin = number, agent, twin
        self.dice = random.Random(number)
        self.on_delete = self.dice.choice(["remove", "remove", "trash", "keep"])
        self.fates: list[Fate] = []
        self.steps: list[str] = []
        self.out = False
        agent.config.set("rule all", on_delete=self.on_delete, fetch="video, metadata")
        agent.config.set("workspace production", backfill="all")
        agent.config.set("workspace stage", backfill="all")
        agent.start()
        for fastpix in (True, False):  # of each platform something always stays
            self.add(fastpix)

    def tell(self, text: str) -> None:
        self.steps.append(text)

    # What can happen.

    def add(self, fastpix: bool | None = None) -> None:
        fastpix = self.dice.random() < 0.5 if fastpix is None else fastpix
        expiry = None
        if not fastpix and len(self.fates) > 2 and self.dice.random() < 0.3:
            expiry = datetime.now(timezone.utc) + timedelta(days=self.dice.choice([-1, 300]))
        media = self.twin.add_fastpix("Clip %d" % len(self.fates)) if fastpix else \
            self.twin.add_optiview(name="Clip %d" % len(self.fates), expiration=expiry)
        fate = Fate(media)
        self.fates.append(fate)
        self.tell("%s appears at %s" % (media.id, fate.platform))
        if len(self.fates) <= 2 or self.dice.random() < 0.8:
            self.event(fate, "ready")

    def event(self, fate: Fate, what: str, at: datetime | None = None) -> None:
        body = self.twin.event(fate.media, fate.kind(what), at)
        fate.bodies.append(body)
        self.deliver(fate, body, what)

    def deliver(self, fate: Fate, body: bytes, what: str) -> None:
        answer = self.twin.deliver(fate.platform, body)
        assert answer.status == 200, "%s was answered with %d" % (what, answer.status)
        self.tell("an event says that %s is %s" % (fate.media.id, what))

    def pick(self) -> Fate:
        return self.dice.choice(self.fates)

    def any_event(self) -> None:
        """True or false, new or late."""
        late = self.dice.random() < 0.4
        at = self.twin.now() - timedelta(minutes=self.dice.randrange(1, 5000)) if late else None
        self.event(self.pick(), self.dice.choice(["ready", "deleted", "changed", "announced"]), at)

    def repeat(self) -> None:
        fate = self.pick()
        if fate.bodies:
            self.deliver(fate, self.dice.choice(fate.bodies), "repeated")

    def delete(self) -> None:
        fate = self.dice.choice(self.fates[2:] or [None])  # type: ignore[list-item]
        if fate is None or not fate.there:
            return
        fate.there, fate.may_go = False, True
        expiration = getattr(fate.media, "expiration", None)
        fate.expired = expiration is not None and expiration < datetime.now(timezone.utc)
        self.twin.delete(fate.media, self.dice.choice(["deleted", "deleting", "404"]))
        self.tell("%s is deleted at the platform" % fate.media.id)
        chance = self.dice.random()
        if chance < 0.5:
            self.event(fate, "deleted")
        elif chance < 0.7 and fate.fastpix:
            assert self.twin.deliver("fastpix", self.twin.nameless_deletion()).status == 200
            self.tell("a deletion is told without a name")

    def outage(self) -> None:
        kind, args = self.dice.choice(OUTAGES)
        for path in ASKED:
            if self.dice.random() < 0.7:
                self.twin.sin(path, kind, **args)
        self.out = True
        self.tell("the API answers with %s %s" % (kind, args))

    def recover(self) -> None:
        self.twin.forgive()
        if self.out:
            self.agent.reload()  # refused credentials are asked again after a reload
        self.out = False
        self.tell("the API is well")

    def restart(self) -> None:
        hard = self.dice.random() < 0.6
        if hard:
            self.agent.kill9()
        else:
            self.agent.stop()
        if CLOCK_MOVES and self.dice.random() < 0.5:
            self.clock(self.dice.choice(CLOCKS))
        self.agent.start()
        self.tell("killed" if hard else "stopped")

    def clock(self, offset: str) -> None:
        """The agent's clock, from its next start on."""
        self.agent.environment = at_another_time(offset) if offset else {}
        self.tell("the clock is off by %s" % (offset or "nothing"))

    def command(self) -> None:
        fate = self.pick()
        name = self.agent.name(fate.media)
        word = self.dice.choice(["rm", "fetch", "hold", "unhold", "retry"])
        if name not in self.agent.assets() and word != "fetch":
            return
        if word == "rm":
            fate.may_go = True
        done = self.agent.cli(word, *name.split("/") if word == "fetch" else [name], status=None)
        self.tell("%s %s: %d" % (word, name, done.status))
        if done.status:
            return
        if word == "rm":
            fate.removed = not fate.held
        elif word == "fetch":
            fate.removed = False
        elif word in ("hold", "unhold"):
            fate.held = word == "hold"

    def reconcile(self) -> None:
        self.agent.cli("reconcile", status=None)
        self.tell("reconcile")

    def wait(self) -> None:
        """Until the agent has had the time to do something about it."""
        media = self.twin.add_optiview(name="Barrier") if not self.out else None
        if media is not None:
            self.agent.ready_event(media)
            self.agent.archived(media)

    # What must hold.

    def check_files(self) -> None:
        """Of what the platform has, nothing has gone."""
        videos = self.agent.videos()
        for fate in self.fates:
            there = any(fate.media.id in path for path in videos)
            lost = fate.seen and not there and not fate.may_go
            assert not lost, "%s is gone, though nothing said so" % fate.media.id
            fate.seen = fate.seen or there

    def wanted(self, fate: Fate) -> bool | None:
        """Whether its video is to be there at the end; None: either is right."""
        if fate.removed:
            return False
        if fate.there:
            return True
        if not fate.seen:
            return False
        if fate.held or self.on_delete == "keep" or fate.expired:
            return None  # kept if it was there when it went: see check_files()
        return False

    def wrong(self) -> list[str]:
        videos = self.agent.videos()
        wrong = []
        for fate in self.fates:
            wanted = self.wanted(fate)
            there = any(fate.media.id in path for path in videos)
            if wanted is not None and wanted != there:
                wrong.append("%s is %s: %s" % (fate.media.id, "there" if there else "not there",
                                               self.agent.asset(fate.media)))
        return wrong

    # The whole of it.

    def play(self) -> None:
        deeds: list[tuple[Callable[[], None], int]] = [
            (self.any_event, 6), (self.repeat, 3), (self.add, 4), (self.delete, 4),
            (self.outage, 2), (self.recover, 3), (self.restart, 2), (self.command, 4),
            (self.reconcile, 2), (self.wait, 3)]
        for _ in range(STEPS):
            self.dice.choices([deed for deed, _ in deeds], [weight for _, weight in deeds])[0]()
            self.check_files()
        self.settle()

    def settle(self) -> None:
        """All is well again and the clock right: the archive becomes what it should be."""
        self.twin.forgive()
        if self.agent.environment:
            self.agent.stop()
            self.clock("")
            self.agent.start()
        else:
            self.agent.reload()

        def right() -> bool:
            self.agent.cli("reconcile")
            self.check_files()
            return not self.wrong()

        wait_until(right, 30, "the archive to be as it should", self.wrong)


@pytest.mark.parametrize("number", numbers())
def test_history(idle_agent: Agent, twin: Twin, number: int) -> None:
    history = History(number, idle_agent, twin)
    try:
        history.play()
    except AssertionError as error:
        raise AssertionError("history %d, on_delete = %s:\n  %s\n%s" % (
            number, history.on_delete, "\n  ".join(history.steps), error)) from error
