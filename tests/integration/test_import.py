"""INTERFACE §2 import: the archive is enough to know again what it holds."""
from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import twin as tw
from agentctl import Agent, wait_until
from twin import Twin

DIFFERENT = 5
API = ("/v1/on-demand", "/api/")


def lose_state(agent: Agent) -> None:
    if agent.alive():
        agent.stop()
    for ending in ("", "-wal", "-shm", ".lock"):
        Path(str(agent.state) + ending).unlink(missing_ok=True)


def downloads(twin: Twin) -> int:
    """Answers that were not an API's."""
    return sum(1 for entry in twin.log.find() if not entry.path.startswith(API))


def library(agent: Agent, twin: Twin) -> list[tw.Media]:
    media = [twin.add_fastpix(subtitles=("en", "de"), audio=True), twin.add_fastpix("Same"),
             twin.add_fastpix("Same"), twin.add_optiview(thumbnails=2)]
    agent.archive_now(*media)
    return media


def everything(agent: Agent) -> dict[str, Any]:
    """What `show` tells of all assets, but when vodkeep heard of them, and of sidecars
    when they were written."""
    shown = {name: agent.show(name) for name in agent.assets()}
    for asset in shown.values():
        for key in ("first_seen", "looked", "updated", "row", "times", "due", "reason", "attempts"):
            asset.pop(key, None)
        asset["metadata"] = asset["metadata"] or {}
        asset["files"].sort(key=lambda file: file["key"])
        for file in asset["files"]:
            if file["role"] == "metadata":
                del file["downloaded"]
    return shown


def contents(agent: Agent) -> dict[str, bytes]:
    return {path: (agent.archive / path).read_bytes() for path in agent.tree()}


def fetch_all(config: Any) -> None:
    config.set("rule all", fetch="video, audio, all_thumbnails, subtitles, metadata")


def test_archive_and_platform_rebuild_everything(idle_agent: Agent, twin: Twin) -> None:
    """The state is lost: everything is known again, nothing is downloaded twice, and
    deletions of before and after are followed."""
    fetch_all(idle_agent.config)
    agent = idle_agent.start()
    media = library(agent, twin)
    agent.settle()
    before, files = everything(agent), contents(agent)
    lose_state(agent)
    late, gone = twin.add_fastpix("Late"), media[1]
    twin.delete(gone)
    loaded = downloads(twin)
    agent.config.set("workspace production", reconcile="1h")
    agent.config.set("workspace stage", reconcile="1h")
    agent.start()
    agent.wait_states({agent.name(late): "archived", agent.name(gone): "deleted"})
    agent.cli("reconcile")
    agent.settle()
    after = everything(agent)
    for name in before:
        if name != agent.name(gone):
            assert after[name] == before[name]
    asked = [e for e in twin.log.find() if not e.path.startswith(API)][loaded:]
    fetched = [e.path for e in asked if e.status < 400]
    assert fetched and all(late.playback_id in path for path in fetched)
    assert set(contents(agent).items()) >= {
        (path, data) for path, data in files.items() if gone.id not in path}
    assert not any(gone.id in path for path in agent.tree())
    agent.cli("verify")
    twin.change(media[0], title="Renamed")
    agent.deliver(media[0], "video.media.updated")
    wait_until(lambda: "Renamed" in str(agent.video(media[0])), 10, "the path to follow")
    twin.delete(media[3])
    agent.deleted_event(media[3])
    agent.wait_state(media[3], "deleted")
    assert not any(media[3].id in path for path in agent.tree())
    run = agent.cli("import", json=True).json
    assert (run["adopted"], run["known"], run["items"]) == (0, 3, [])


def test_a_delivery_waits_for_the_first_import(agent: Agent, twin: Twin) -> None:
    media = library(agent, twin)
    files = agent.tree()
    lose_state(agent)
    loaded = downloads(twin)
    agent.start()
    agent.ready_event(*media)
    agent.archived(*media)
    agent.settle()
    assert downloads(twin) == loaded and agent.tree() == files


def copy_in(agent: Agent, other: Path) -> None:
    """Files that somebody puts into the archive of a running agent."""
    for path in other.rglob("*"):
        if path.is_file() and ".vodkeep" not in path.parts:
            to = agent.archive / "moved" / path.relative_to(other)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)


@pytest.fixture
def moved(agent: Agent, twin: Twin) -> tuple[Agent, list[tw.Media]]:
    """An agent with a state that knows nothing, and an archive below another folder."""
    media = library(agent, twin)
    agent.stop()
    old = agent.directory / "old"
    agent.archive.rename(old)
    agent.archive.mkdir()
    lose_state(agent)
    agent.start()
    assert agent.cli("import", json=True).json["adopted"] == 0  # the first import is over
    copy_in(agent, old)
    return agent, media


def test_moved_files_are_adopted_where_they_are(
        moved: tuple[Agent, list[tw.Media]], twin: Twin) -> None:
    agent, media = moved
    files, loaded = contents(agent), downloads(twin)
    dry = agent.cli("import", "--dry-run", json=True).json
    assert dry["adopted"] == 4 and agent.assets() == {} and dry["dry_run"]
    run = agent.cli("import", json=True).json
    assert run["adopted"] == 4
    assert run["bytes"] == sum(len(data) for path, data in files.items()
                               if not path.endswith(".json"))
    assert {item["asset"] for item in run["items"]} == set(map(agent.name, media))
    agent.archived(*media)
    assert all(file["path"].startswith("moved/") for name in agent.assets()
               for file in agent.show(name)["files"])
    assert contents(agent) == files and downloads(twin) == loaded
    agent.cli("verify")
    again = agent.cli("import", json=True).json
    assert again["known"] == 4 and again["bytes"] == 0 and again["items"] == []
    assert "adopted from its sidecar moved/" in agent.story(media[0])


def test_what_is_missing_or_damaged_is_completed(
        moved: tuple[Agent, list[tw.Media]], twin: Twin) -> None:
    agent, media = moved
    tree = {path: data for path, data in contents(agent).items()}
    video = {m.id: next(p for p in tree if m.id in p and p.endswith(".mp4")) for m in media}
    rotten, lost = (agent.archive / video[m.id] for m in media[:2])
    data = bytearray(rotten.read_bytes())
    data[100] ^= 1
    rotten.write_bytes(data)
    lost.unlink()
    agent.cli("pause")
    run = agent.cli("import", json=True, status=DIFFERENT).json
    assert (run["adopted"], run["missing"], run["damaged"]) == (4, 1, 1)
    assert {(i["kind"], i["path"]) for i in run["items"] if i["kind"] != "adopted"} == {
        ("missing", video[media[1].id]), ("damaged", video[media[0].id])}
    assert rotten.read_bytes() == bytes(data), "importing changes nothing"
    assert agent.state_of(media[1]) == "queued"
    agent.cli("resume")
    agent.archived(*media)
    wait_until(lambda: rotten.read_bytes() == tree[video[media[0].id]], 15,
               "the damaged file to be fetched again")
    agent.cli("verify")
    assert len(agent.videos()) == len(media)


def test_doubtful_and_foreign_are_told_apart(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    sidecar = agent.video(media).with_suffix(".json")
    text = json.loads(sidecar.read_text())
    folder = agent.archive / "in"
    folder.mkdir()

    def write(name: str, **changes: Any) -> str:
        value = {**text, "id": name, "files": [
            {"role": "video", "path": "in/%s.mp4" % name, "bytes": 3}], **changes}
        (folder / (name + ".json")).write_text(json.dumps(value))
        (folder / (name + ".mp4")).write_bytes(b"abc")
        return "in/%s.json" % name

    outside = agent.directory / "outside.mp4"
    outside.write_bytes(b"abc")
    doubtful = {
        write("newer", schema="vodkeep.asset/2"): "schema",
        write("alien", workspace="elsewhere"): "not configured",
        write("other", platform="optiview"): "is of optiview",
        write("leaves", files=[{"role": "video", "path": "../../../etc/passwd", "bytes": 3}]):
            "not beside it",
        write("strange", id="../x"): "names no asset",
        write("copy", id=media.id): "another copy",
        write("thief", files=[{"role": "video", "path": str(sidecar.relative_to(agent.archive)),
                               "bytes": 3}]): "not beside it",
    }
    write("linked")
    (folder / "linked.mp4").unlink()
    (folder / "linked.mp4").symlink_to(outside)
    (agent.archive / "holiday.mp4").write_bytes(b"mine")
    (agent.archive / "notes.json").write_text("[]")
    (agent.archive / "deep.json").write_text("[" * 100000)
    run = agent.cli("import", json=True, status=DIFFERENT).json
    told = {item["path"]: item["text"] for item in run["items"] if item["kind"] == "doubtful"}
    assert set(told) == set(doubtful)
    for path, words in doubtful.items():
        assert words in told[path]
    assert {item["path"] for item in run["items"] if item["kind"] == "missing"} == {
        "in/linked.mp4"}
    assert {item["path"] for item in run["items"] if item["kind"] == "foreign"} >= {
        "holiday.mp4", "notes.json", "deep.json"}
    assert outside.read_bytes() == b"abc" and agent.state_of(media) == "archived"
    assert set(agent.assets()) == {agent.name(media), "production/linked"}


def test_what_was_removed_stays_away(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    kept = agent.directory / "kept"
    shutil.copytree(agent.archive, kept)
    agent.cli("rm", agent.name(media))
    agent.wait_state(media, "deleted")
    copy_in(agent, kept)
    run = agent.cli("import", json=True).json
    assert run["adopted"] == 0 and "was removed" in run["items"][0]["text"]
    assert agent.state_of(media) == "deleted"


def test_sidecars_of_older_versions(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix(subtitles=("en", "de"))
    agent.archive_now(media)
    sidecar = agent.video(media).with_suffix(".json")
    old = json.loads(sidecar.read_text())
    for key in ("width", "height"):
        del old[key]
    for file in old["files"]:
        for key in ("key", "version", "etag"):
            del file[key]
    keys = {file["key"]: file["path"] for file in agent.show(media)["files"]}
    lose_state(agent)
    sidecar.write_text(json.dumps(old))
    loaded, files = downloads(twin), agent.tree()
    agent.start()
    agent.archived(media)
    agent.deliver(media, "video.media.track.ready")
    wait_until(lambda: not agent.asset(media)["due"], 10, "a look")
    assert {file["key"]: file["path"] for file in agent.show(media)["files"]} == keys
    again = [e for e in twin.log.find() if not e.path.startswith(API)][loaded:]
    assert again and not any(e.path.endswith(".vtt") and e.sent > 1 for e in again), \
        "a subtitle is asked for one byte, and not fetched again"
    assert agent.tree() == files


def test_an_archive_that_is_not_there(agent: Agent, twin: Twin) -> None:
    agent.archive_now(twin.add_fastpix())
    away = agent.directory / "away"
    agent.archive.rename(away)
    agent.archive.mkdir()
    result = agent.cli("import", json=True, status=1)
    assert "mounted" in result.json["error"] and result.json["missing"] == 0
    agent.archive.rmdir()
    away.rename(agent.archive)
    assert agent.cli("import", json=True).json["known"] == 1


def test_the_first_import_goes_on_after_a_crash(idle_agent: Agent, twin: Twin) -> None:
    """Nothing is downloaded before it is through, however often the agent is stopped."""
    agent = idle_agent.start()
    media = library(agent, twin)
    lose_state(agent)
    loaded, files = downloads(twin), agent.tree()
    for _ in range(3):
        agent.start(ready=False)
        wait_until(agent.state.exists, 10, "a state")
        agent.kill9()
    agent.start()
    agent.ready_event(*media)
    agent.archived(*media)
    assert downloads(twin) == loaded and agent.tree() == files


def test_text(agent: Agent, twin: Twin) -> None:
    media = twin.add_fastpix()
    agent.archive_now(media)
    lines = agent.cli("import").out.splitlines()
    assert lines == ["0 assets adopted, 1 known already; of their files 0 missing, 0 damaged; "
                     "0 sidecars doubtful, 0 files foreign"]
    assert agent.cli("-q", "import").out == ""
    agent.cli("import", "now", status=2)
    agent.stop()
    agent.cli("import", status=4)
    assert os.listdir(agent.archive)
