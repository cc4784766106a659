"""INTERFACE §2 verify and backup: what is in the archive is what was archived."""
from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agentctl import Agent, wait_until
from twin import Twin

DAMAGE, NO_ASSET = 5, 6


def findings(run: dict[str, Any]) -> set[tuple[str, str]]:
    return {(finding["kind"], finding["path"]) for finding in run["findings"]}


def path_of(agent: Agent, media: Any, role: str) -> Path:
    files = agent.show(media)["files"]
    return agent.archive / next(file["path"] for file in files if file["role"] == role)


def rel(agent: Agent, path: Path) -> str:
    return str(path.relative_to(agent.archive))


def flip(path: Path) -> None:
    """One byte changes; length and time stay."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_sound_archive(agent: Agent, twin: Twin) -> None:
    agent.archive_now(twin.add_fastpix(), twin.add_optiview())
    run = agent.cli("verify", json=True).json
    assert run["findings"] == [] and run["assets"] == 2 and run["error"] is None
    assert run["files"] == sum(len(agent.show(name)["files"]) for name in agent.assets())
    assert run["bytes"] == sum(path.stat().st_size for path in agent.archive.rglob("*")
                               if path.is_file() and ".vodkeep" not in path.parts)
    assert "0 missing, 0 damaged" in agent.cli("verify").out


@pytest.mark.parametrize("running", [True, False])
def test_what_is_wrong_is_told_apart(agent: Agent, twin: Twin, running: bool) -> None:
    lost, rotten, cut, sound = (twin.add_fastpix() for _ in range(4))
    agent.archive_now(lost, rotten, cut, sound)
    paths = [path_of(agent, media, "video") for media in (lost, rotten, cut, sound)]
    paths[0].unlink()
    flip(paths[1])
    paths[2].write_bytes(paths[2].read_bytes()[:-1])
    foreign = agent.archive / "holiday.mp4"
    foreign.write_bytes(b"mine")
    orphan = paths[3].parent / "old.json"
    orphan.write_text(json.dumps({"schema": "vodkeep.asset/1", "workspace": "production",
                                  "id": "old", "files": [{"path": "x/old.mp4"}]}))
    left = orphan.with_suffix(".mp4")
    left.write_bytes(b"left behind")
    expected = {("missing", rel(agent, paths[0])), ("damaged", rel(agent, paths[1])),
                ("damaged", rel(agent, paths[2])), ("foreign", "holiday.mp4"),
                ("orphaned", rel(agent, orphan)), ("orphaned", rel(agent, left))}
    before = agent.tree()
    if not running:
        agent.stop()
    run = agent.cli("verify", json=True, status=DAMAGE).json
    assert findings(run) == expected
    assert {f["asset"] for f in run["findings"] if f["kind"] == "missing"} == {agent.name(lost)}
    text = agent.cli("verify", status=DAMAGE).out
    assert "1 missing, 2 damaged, 0 unreadable, 1 foreign, 2 orphaned" in text
    if not running:
        agent.start()
    assert agent.tree() == before, "verify changes nothing"
    assert "its content has changed" in agent.cli("explain", agent.name(rotten)).out


@pytest.mark.parametrize("running", [True, False])
def test_repair(agent: Agent, twin: Twin, running: bool) -> None:
    lost, rotten, noted = twin.add_fastpix(), twin.add_optiview(), twin.add_fastpix()
    agent.archive_now(lost, rotten, noted)
    paths = [path_of(agent, lost, "video"), path_of(agent, rotten, "video"),
             path_of(agent, noted, "metadata")]
    originals = [path.read_bytes() for path in paths]
    paths[0].unlink()
    flip(paths[1])
    paths[2].write_text("{}")
    if not running:
        agent.stop()
    run = agent.cli("verify", "--repair", json=True, status=DAMAGE).json
    assert run["repairs"] == 3
    if not running:
        assert paths[1].read_bytes() != originals[1], "nothing is repaired without the agent"
        agent.start()

    def repaired() -> bool:
        return all(path.exists() and path.stat().st_size == len(data)
                   for path, data in zip(paths[:2], originals)) and \
            agent.cli("verify", json=True, status=None).json["findings"] == []

    wait_until(repaired, 15, "the files to be fetched again")
    assert [path.read_bytes() for path in paths[:2]] == originals[:2]
    assert json.loads(paths[2].read_text())["id"] == noted.id
    assert {asset["state"] for asset in agent.assets().values()} == {"archived"}
    assert "it is fetched again" in agent.cli("explain", agent.name(lost)).out


def test_a_damaged_copy_stays_until_there_is_a_better_one(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    path = path_of(agent, media, "video")
    flip(path)
    damaged = path.read_bytes()
    twin.delete(media)  # gone at the platform, and no event says so
    agent.cli("verify", "--repair", agent.name(media), status=DAMAGE)
    asked = twin.log.find
    wait_until(lambda: any(media.id in e.path and e.status == 404 for e in asked()), 15,
               "the platform to be asked")
    agent.stop()
    assert path.read_bytes() == damaged
    run = agent.cli("verify", json=True, status=DAMAGE).json
    assert findings(run) == {("damaged", rel(agent, path))}


def test_an_asset_that_waits_for_work_hides_nothing(agent: Agent, twin: Twin) -> None:
    """Damage is found though the asset is due all the time, and asked for repair again."""
    media = twin.add_fastpix()
    agent.archive_now(media)
    path = path_of(agent, media, "video")
    good = path.read_bytes()
    agent.cli("pause")
    agent.ready_event(media)
    flip(path)
    for _ in range(2):
        run = agent.cli("verify", "--repair", json=True, status=DAMAGE).json
        assert findings(run) == {("damaged", rel(agent, path))} and run["repairs"] == 1
    path.unlink()
    run = agent.cli("verify", json=True, status=DAMAGE).json
    assert findings(run) == {("missing", rel(agent, path))}
    agent.cli("resume")
    wait_until(lambda: path.exists() and path.read_bytes() == good, 15,
               "the file to be fetched again")


def test_assets_by_name(agent: Agent, twin: Twin) -> None:
    one, other = twin.add_fastpix(), twin.add_fastpix()
    agent.archive_now(one, other)
    flip(path_of(agent, other, "video"))
    (agent.archive / "foreign").write_bytes(b"x")
    for _ in range(2):
        assert agent.cli("verify", agent.name(one), json=True).json["assets"] == 1
        assert "damaged" in agent.cli("verify", agent.name(other), status=DAMAGE).out
        assert "nosuchasset" in agent.cli("verify", "nosuchasset", status=NO_ASSET).err
        if agent.alive():
            agent.stop()


def test_a_sample_reads_less(agent: Agent, twin: Twin) -> None:
    agent.archive_now(*(twin.add_fastpix() for _ in range(6)))
    counts = [agent.cli("verify", "--sample", "50%", json=True).json["assets"]
              for _ in range(12)]
    assert all(count <= 6 for count in counts) and len(set(counts)) > 1, counts


@pytest.mark.parametrize("arguments", [["--sample", "0"], ["--sample", "101%"],
                                       ["--sample", "x"], ["--sample", "5%", "an-asset"]])
def test_wrong_usage(idle_agent: Agent, arguments: list[str]) -> None:
    idle_agent.write_config()
    assert "usage" in idle_agent.cli("verify", *arguments, status=2).err


@pytest.mark.parametrize("running", [True, False])
def test_an_archive_that_is_not_mounted_proves_nothing(
        agent: Agent, twin: Twin, running: bool) -> None:
    agent.archive_now(twin.add_fastpix())
    away = agent.directory / "away"
    agent.archive.rename(away)
    agent.archive.mkdir()
    if not running:
        agent.stop()
    run = agent.cli("verify", json=True, status=1).json
    assert run["findings"] == [] and "mounted" in run["error"]
    agent.archive.rmdir()
    away.rename(agent.archive)
    assert agent.cli("verify", json=True).json["assets"] == 1


def test_without_a_state_there_is_nothing_to_verify(idle_agent: Agent) -> None:
    idle_agent.write_config()
    result = idle_agent.cli("verify", status=1)
    assert "there is no state database" in result.err and not idle_agent.state.exists()


def test_backup_while_running(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    copy = agent.directory / "copy.db"
    agent.cli("backup", "copy.db")
    assert copy.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(copy) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT id, state FROM assets").fetchall() == [
            (media.id, "archived")]
    before = copy.read_bytes()
    result = agent.cli("backup", str(copy), json=True, status=1)
    assert "copy.db" in result.json["error"] and copy.read_bytes() == before
    agent.stop()
    copy.rename(agent.state)
    for log in ("-wal", "-shm"):
        Path(str(agent.state) + log).unlink(missing_ok=True)
    agent.start()
    assert agent.state_of(media) == "archived"
    agent.cli("verify")


def test_backup_needs_the_agent(idle_agent: Agent) -> None:
    idle_agent.write_config()
    idle_agent.cli("backup", "copy.db", status=4)
    idle_agent.cli("backup", status=2)
    assert not (idle_agent.directory / "copy.db").exists()


# The scrub.

def scrub(agent: Agent, workspace: str = "production") -> dict[str, Any]:
    found: dict[str, Any] = next(w for w in agent.status()["workspaces"]
                                 if w["name"] == workspace)
    return found


def metric(agent: Agent, name: str) -> float:
    lines = agent.admin("/metrics").body.decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines
               if line.startswith((name + " ", name + "{")))


def test_the_scrub_finds_damage_and_tells_it(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    agent.stop()
    path = next(agent.archive.rglob("*.mp4"))
    good = path.read_bytes()
    flip(path)
    agent.start()
    wait_until(lambda: "1 archived file of production is missing or damaged"
               in agent.warnings(), 20, "a warning", agent.warnings)
    assert scrub(agent)["damaged"] == 1 and metric(agent, "vodkeep_damaged_files") == 1
    assert metric(agent, 'vodkeep_verified_files_total{outcome="damaged"}') == 1
    assert "its content has changed" in agent.story(media)
    assert path.read_bytes() != good, "the scrub repairs nothing by itself"
    assert agent.admin("/readyz").status == 200
    agent.restart()
    wait_until(lambda: "damaged" in agent.warnings(), 20, "the warning after a restart")
    agent.cli("verify", "--repair", agent.name(media), status=DAMAGE)
    wait_until(lambda: path.read_bytes() == good, 15, "the file to be fetched again")
    wait_until(lambda: "damaged" not in agent.warnings(), 20, "the warning to end",
               agent.warnings)
    assert metric(agent, "vodkeep_damaged_files") == 0


def scrub_place(agent: Agent) -> str:
    """The row of the asset that was read last."""
    with sqlite3.connect("file:%s?mode=ro" % agent.state, uri=True) as database:
        row = database.execute(
            "SELECT value FROM meta WHERE key='scrub/production'").fetchone()
    return row[0].split()[0] if row else "0"


@pytest.mark.parametrize("files", ["there", "missing"])
def test_the_scrub_goes_on_where_it_was(idle_agent: Agent, twin: Twin, files: str) -> None:
    """Each start allows for one asset at once; the next ones would come in hours."""
    idle_agent.config.set("workspace production", scrub="off")
    idle_agent.config.set("workspace stage", scrub="off")
    agent = idle_agent.start()
    media = [twin.add_fastpix() for _ in range(3)]
    agent.archive_now(*media)
    agent.stop()
    lost = list((agent.archive / "production").rglob("*.*")) if files == "missing" else []
    for path in lost:
        path.unlink()
    agent.config.set("workspace production", scrub="0.1%/day")
    agent.start()
    place, places = "0", []
    for _ in media:
        wait_until(lambda: scrub_place(agent) != place, 20, "the next asset to be read",
                   lambda: scrub_place(agent))
        place = scrub_place(agent)
        places.append(place)
        assert scrub(agent)["scrub"]["last"] and scrub(agent)["scrub"]["pass_began"]
        assert scrub(agent)["damaged"] == len(lost) * len(places) // len(media)
        agent.restart()
    assert len(set(places)) == 3 and places == sorted(places, key=int)
    wait_until(lambda: scrub(agent)["scrub"]["pass_ended"], 20, "the pass to end")


def test_no_scrub_when_it_is_off(idle_agent: Agent, twin: Twin) -> None:
    idle_agent.config.set("workspace production", scrub="off")
    idle_agent.config.set("workspace stage", scrub="100%/day")
    agent = idle_agent.start()
    agent.archive_now(twin.add_fastpix(), twin.add_optiview())
    wait_until(lambda: scrub(agent, "stage")["scrub"]["last"], 20, "the other workspace")
    assert scrub(agent)["scrub"] == {"percent_a_day": 0, "last": None, "pass_began": None,
                                     "pass_ended": None}
    assert "scrub" not in agent.cli("check").err
