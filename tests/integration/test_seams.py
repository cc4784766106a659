"""Where features meet: each works alone, and these ask what one does to another's files,
marks and stories."""
from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any, Iterator

import hls_make
import pytest

import twin as tw
from agentctl import CLOCK_MOVES, Agent, at_another_time, wait_until
from content import grown_clip
from listener import SECRET, Listener
from test_after import Program
from test_delete_remote import decisions, deletes, is_gone
from test_hls import only_hls
from test_hls_forms import check_media, check_package
from test_import import contents, downloads, lose_state
from test_refile import OTHER
from test_retention import make_older
from test_updates import names, update
from twin import Twin

DAMAGE = 5
needs_tools = pytest.mark.skipif(not hls_make.have_tools(), reason="no ffmpeg or openssl")


def sound(agent: Agent) -> None:
    """Files, strangers, staging and ledger are as they should be."""
    agent.settle()
    run = agent.cli("verify", json=True).json
    assert run["findings"] == []
    agent.cli("verify", "--ledger")
    assert agent.staged() == []


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def keys(agent: Agent, media: tw.Media) -> dict[str, Any]:
    """What must survive of each file but its sidecar, by key."""
    shown = agent.show(media)
    return {file["key"]: (file["path"], file["sha256"], file["role"], file.get("made"),
                          file["content_type"], file["downloaded"])
            for file in [*shown["files"], *shown["versions"]] if file["role"] != "metadata"}


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as running:
        yield running


def told(listener: Listener) -> list[str]:
    return [entry.what.split()[0] + " " + str(entry.body["data"]["change"])
            for entry in listener.good()]


# A package with everything else.

@pytest.fixture
def packer(idle_agent: Agent) -> Agent:
    idle_agent.config.set("rule all", hls_as="package")
    return idle_agent


def whole(agent: Agent, media: tw.Media) -> Path:
    """The package as one thing: complete, playable, and nothing beside it left over."""
    index = agent.video(media)
    assert index.name == "index.m3u8" and media.hls
    check_package(index)
    check_media(index, media.hls)
    return index


@needs_tools
def test_a_package_is_one_thing(packer: Agent, listener: Listener, twin: Twin) -> None:
    """Told, shown, watched, verified, repaired, moved, adopted; at last an MP4 takes its place."""
    program = Program(packer, 'echo "$VODKEEP_CHANGE $VODKEEP_PATH" >>$OUT',
                      notify=listener.url(), notify_secret=SECRET, on_update="version")
    agent, media = packer.start(), only_hls(twin, "separate")
    agent.archive_now(media)
    index = whole(agent, media)
    assert program.wait_lines(1) == ["new %s" % index]
    wait_until(lambda: told(listener) == ["asset.archived new"], 15, "one notification")
    assert "package" in agent.cli("show", media.id).out
    sound(agent)

    # Watched.
    route = "/api/v1/assets/%s/files/" % agent.name(media)
    playlist = agent.admin(route + "index.m3u8")
    assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert playlist.body == index.read_bytes()
    for path in index.parent.iterdir():
        answer = agent.admin(route + path.name, headers={"Range": "bytes=1-3"})
        assert answer.status == 206 and answer.body == path.read_bytes()[1:4], path
        assert answer.headers["content-type"].split("/")[0] in ("video", "audio", "text", "application")
        assert "attachment" not in answer.headers.get("content-disposition", ""), path

    # Damaged and mended.
    files = contents(agent)
    track = max(index.parent.iterdir(), key=lambda path: path.stat().st_size)
    flip(track)
    found = agent.cli("verify", "--repair", json=True, status=DAMAGE).json
    assert [Path(entry["path"]).name for entry in found["findings"]] == [track.name]
    wait_until(lambda: agent.cli("verify", json=True, status=None).json["findings"] == [], 20,
               "the track to be mended", lambda: agent.story(media))
    index.unlink()
    agent.cli("verify", "--repair", status=DAMAGE)
    wait_until(lambda: agent.cli("verify", json=True, status=None).json["findings"] == [], 20,
               "the index to be mended", lambda: agent.story(media))
    agent.archived(media)
    whole(agent, media)
    assert set(contents(agent)) == set(files)

    # Moved.
    loaded = downloads(twin)
    agent.new_rule(path=OTHER)
    assert agent.cli("refile", json=True).json["moved"] == 1
    sound(agent)
    index = whole(agent, media)
    assert all("by-title" in path for path in agent.tree())

    # Adopted.
    before = keys(agent, media)
    lose_state(agent)
    agent.start()
    agent.archived(media)
    agent.cli("import")
    sound(agent)
    assert keys(agent, media) == before and downloads(twin) == loaded
    assert decisions(agent, media) == ["adopted"]

    # Replaced.
    count = len(listener.good())
    twin.change(media, mp4="ready")
    agent.deliver(media, "video.media.mp4Support.ready")
    wait_until(lambda: agent.video(media).suffix == ".mp4", 15, "the MP4")
    sound(agent)
    assert not index.parent.exists() and agent.show(media)["versions"] == []
    assert media.video and agent.video(media).read_bytes() == media.video.data
    wait_until(lambda: len(listener.good()) > count, 15, "it to be told")
    assert told(listener)[count:] == ["asset.archived updated"]
    assert program.lines()[-1] == "updated %s" % agent.video(media)


@needs_tools
@pytest.mark.parametrize("on_delete", ["remove", "trash", "keep"])
def test_a_package_goes_whole(packer: Agent, twin: Twin, on_delete: str) -> None:
    packer.config.set("rule all", on_delete=on_delete)
    agent, media = packer.start(), only_hls(twin, "separate")
    agent.archive_now(media)
    index, files = whole(agent, media), contents(agent)
    agent.cli("hold", agent.name(media))
    twin.delete(media)
    agent.deleted_event(media)
    wait_until(lambda: "held" in decisions(agent, media), 15, "the hold")
    assert contents(agent) == files
    agent.cli("unhold", agent.name(media))
    if on_delete == "keep":
        wait_until(lambda: "kept" in decisions(agent, media), 15, "it to be kept")
        agent.cli("rm", agent.name(media))
    agent.wait_state(media, "trashed" if on_delete == "trash" else "deleted")
    assert agent.tree() == set() and agent.folders() == set()
    trash = agent.archive / ".vodkeep" / "trash"
    if on_delete == "trash":
        old = next(trash.rglob("index.m3u8"))
        assert media.hls
        check_package(old)
        check_media(old, media.hls)
        assert old.parent.name == index.parent.name
    sound(agent)


@needs_tools
@pytest.mark.skipif(not CLOCK_MOVES, reason="the clock cannot be moved here (faketime)")
def test_a_package_leaves_the_trash_whole(packer: Agent, twin: Twin) -> None:
    packer.config.set("rule all", on_delete="trash")
    packer.config.set("workspace production", reconcile="1h")
    agent, media = packer.start(), only_hls(twin, "separate")
    agent.archive_now(media, twin.add_fastpix("Stays"))
    twin.delete(media)
    agent.deleted_event(media)
    agent.wait_state(media, "trashed")
    agent.stop()
    trash = agent.archive / ".vodkeep" / "trash"
    assert any(trash.rglob("index.m3u8"))
    agent.environment, twin.clock_offset = at_another_time("+40d"), 40 * 86400.0
    agent.start()
    wait_until(lambda: not any(trash.iterdir()), 75, "the trash to be empty",
               lambda: sorted(trash.rglob("*")))


@needs_tools
def test_a_package_that_lost_a_track_is_not_moved_without_it(packer: Agent, twin: Twin) -> None:
    """Moving finds out what is missing: the package becomes whole again."""
    agent, media = packer.start(), only_hls(twin, "separate")
    agent.archive_now(media)
    index = whole(agent, media)
    max(index.parent.iterdir(), key=lambda path: path.stat().st_size).unlink()
    agent.new_rule(path=OTHER)
    agent.cli("refile")
    wait_until(lambda: agent.cli("verify", json=True, status=None).json["findings"] == []
               and not agent.show(media)["due"], 20, "it to be whole",
               lambda: agent.story(media))
    whole(agent, media)
    assert all("by-title" in path for path in agent.tree())


@needs_tools
def test_a_package_that_lost_a_track_is_not_adopted_as_whole(packer: Agent, twin: Twin) -> None:
    agent, media = packer.start(), only_hls(twin, "separate")
    agent.archive_now(media)
    lose_state(agent)
    max((path for path in agent.archive.rglob("*.hls/*")), key=lambda p: p.stat().st_size).unlink()
    agent.start()
    wait_until(lambda: agent.cli("verify", json=True, status=None).json["findings"] == []
               and agent.state_of(media) == "archived" and not agent.show(media)["due"], 20,
               "it to be whole", lambda: agent.story(media))
    whole(agent, media)


@needs_tools
def test_a_package_has_a_term_and_is_the_only_copy(packer: Agent, twin: Twin) -> None:
    """delete_remote reads all of it before; scrub finds damage; keep removes all of it."""
    packer.config.set("rule all", keep="30d")
    agent, media = packer.start(), only_hls(twin, "separate")
    agent.archive_now(media)
    index = whole(agent, media)
    track = max(index.parent.iterdir(), key=lambda path: path.stat().st_size)
    flip(track)
    agent.config.set("workspace production", delete_remote="yes")
    agent.reload()
    agent.cli("retry", agent.name(media))
    wait_until(lambda: track.name in agent.warnings(), 15, "a warning that names the track",
               lambda: agent.story(media))
    assert not is_gone(media) and deletes(twin, media) == 0
    agent.cli("verify", "--repair", status=DAMAGE)
    wait_until(lambda: is_gone(media), 20, "it to go once it is whole",
               lambda: agent.story(media))
    sound(agent)
    whole(agent, media)
    make_older(agent, 31, media)
    agent.wait_state(media, "deleted")
    assert agent.tree() == set() and agent.folders() == set()
    sound(agent)


# Old versions with everything else.

def versioned(agent: Agent, twin: Twin, **rule: str) -> tw.Media:
    """Three videos of one media, two of them old."""
    agent.config.set("rule all", on_update="version", **rule)
    media = twin.add_fastpix("Goal", size=70_000, subtitles=("en",))
    agent.start().archive_now(media)
    for seed in (1, 2):
        update(agent, twin, media, video=grown_clip(70_000 + seed, seed=seed))
    assert {".v1.mp4", ".v2.mp4", ".mp4"} <= names(agent, media)
    return media


def test_versions_are_adopted_moved_and_counted_on(idle_agent: Agent, twin: Twin) -> None:
    agent = idle_agent
    media = versioned(agent, twin)
    before, loaded, files = keys(agent, media), downloads(twin), contents(agent)
    lose_state(agent)
    agent.start()
    agent.archived(media)
    assert agent.cli("import", json=True).json["items"] == []
    sound(agent)
    assert keys(agent, media) == before and downloads(twin) == loaded
    assert contents(agent) == files
    assert [Path(v["path"]).suffixes[-2] for v in agent.show(media)["versions"]] == [".v1", ".v2"]

    # The next one goes on counting.
    update(agent, twin, media, video=grown_clip(80_000, seed=7))
    assert ".v3.mp4" in names(agent, media)
    old = keys(agent, media)

    # Moved, with the sidecar that tells so.
    agent.new_rule(path="{workspace}/again/{id}")
    agent.cli("refile")
    sound(agent)
    assert {Path(path).parent.name for path in agent.tree()} == {"again"}
    assert {key: values[1:] for key, values in keys(agent, media).items()} == {
        key: values[1:] for key, values in old.items()}
    sidecar = json.loads(agent.video(media).with_suffix(".json").read_text())
    assert all((agent.archive / file["path"]).is_file()
               for file in [*sidecar["files"], *sidecar["versions"]])
    assert decisions(agent, media)[-1] == "moved"


def test_a_version_that_is_missing_is_not_forgotten_by_moving(
        idle_agent: Agent, twin: Twin) -> None:
    agent = idle_agent
    media = versioned(agent, twin)
    agent.video(media).with_suffix(".v1.mp4").unlink()
    agent.new_rule(path="{workspace}/again/{id}")
    agent.cli("refile")
    agent.settle()
    found = agent.cli("verify", json=True, status=DAMAGE).json["findings"]
    assert [(Path(entry["path"]).name, entry["kind"]) for entry in found] == [
        (media.id + ".v1.mp4", "missing")]
    assert ".v2.mp4" in names(agent, media)


@pytest.mark.parametrize("way", ["trash", "keep"])
def test_versions_go_with_the_asset(idle_agent: Agent, twin: Twin, way: str) -> None:
    agent = idle_agent
    rule = {"keep": "30d"} if way == "keep" else {"on_delete": "trash"}
    media = versioned(agent, twin, **rule)
    files = contents(agent)
    if way == "keep":
        make_older(agent, 31, media)
        agent.wait_state(media, "deleted")
    else:
        twin.delete(media)
        agent.deleted_event(media)
        agent.wait_state(media, "trashed")
        trash = next((agent.archive / ".vodkeep" / "trash").iterdir())
        assert {str(path.relative_to(trash)): path.read_bytes()
                for path in trash.rglob("*") if path.is_file()} == files
        shutil.rmtree(trash)
    assert agent.tree() == set() and agent.folders() == set()
    assert agent.show(media)["versions"] == []
    sound(agent)


# delete_remote with everything else: the copy here is the only one.

@pytest.fixture
def deleter(idle_agent: Agent) -> Agent:
    for workspace in ("production", "stage"):
        idle_agent.config.set("workspace " + workspace, delete_remote="yes")
    return idle_agent


def gone(agent: Agent, *media: tw.Media) -> None:
    """Archived here and removed there."""
    agent.archive_now(*media)
    for item in media:
        wait_until(lambda item=item: "removed-remote" in decisions(agent, item), 15,
                   "it to go from the platform", lambda item=item: agent.story(item))
    agent.settle()


@pytest.mark.parametrize("still", ["yes", "no"])
def test_the_only_copy_outlives_the_state(deleter: Agent, twin: Twin, still: str) -> None:
    """After the state is lost nothing but the sidecar knows that vodkeep removed it there."""
    agent = deleter.start()
    media = [twin.add_fastpix(), twin.add_optiview(name="Stream")]
    gone(agent, *media)
    files = contents(agent)
    lose_state(agent)
    for workspace in ("production", "stage"):
        agent.config.set("workspace " + workspace, delete_remote=still, max_delete="100, 100%")
    agent.start()
    barrier = twin.add_fastpix("Barrier")
    agent.cli("reconcile")
    agent.deleted_event(*media)
    agent.ready_event(barrier)
    agent.archived(barrier)
    agent.settle()
    agent.cli("reconcile")
    agent.settle()
    agent.archived(*media)
    assert set(contents(agent).items()) >= set(files.items())
    for item in media:
        first, *rest = decisions(agent, item)
        assert first == "adopted" and set(rest) == {"kept"}
        assert "vodkeep itself removed it from the platform" in agent.story(item)
        assert deletes(twin, item) == 1
    assert agent.cli("replay", "--since", "7d", json=True).json
    agent.settle()
    agent.archived(*media)
    agent.cli("verify")
    agent.cli("verify", "--ledger")


def test_the_only_copy_is_moved_held_kept_and_removed(deleter: Agent, twin: Twin) -> None:
    agent = deleter.start()
    moved, old = twin.add_fastpix("Moved"), twin.add_fastpix("Old")
    gone(agent, moved, old)
    agent.new_rule(path=OTHER, keep="30d")
    assert agent.cli("refile", json=True).json["moved"] == 2
    assert agent.cli("reconcile", "production", "--dry-run", json=True).status == 0
    agent.cli("replay", "--since", "7d")
    sound(agent)
    agent.archived(moved, old)
    make_older(agent, 31, old)
    agent.wait_state(old, "deleted")
    agent.cli("rm", agent.name(moved))
    agent.wait_state(moved, "deleted")
    assert decisions(agent, old)[-1] == decisions(agent, moved)[-1] == "removed"
    sound(agent)
    agent.cli("fetch", "production", moved.id)
    assert "does not know this media" in agent.wait_reason(moved, "waiting", "failed")
    assert agent.tree() == set()


def test_a_copy_that_comes_again_is_not_an_echo(deleter: Agent, twin: Twin) -> None:
    """rm, and the media is there again: what is deleted then is deleted by others."""
    agent = deleter.start()
    media = twin.add_fastpix()
    gone(agent, media)
    agent.cli("rm", agent.name(media))
    agent.wait_state(media, "deleted")
    agent.stop()
    agent.config.set("workspace production", delete_remote="no")
    agent.start()
    media.gone = False
    agent.cli("fetch", "production", media.id)
    agent.archived(media)
    twin.delete(media)
    agent.deleted_event(media)
    agent.wait_state(media, "deleted")
    assert agent.tree() == set()


# Telling others, and the ledger, with everything else.

def test_only_what_happened_is_told(idle_agent: Agent, listener: Listener, twin: Twin) -> None:
    """Adopting and moving tell nobody; retention tells once."""
    idle_agent.config.set("rule all", notify=listener.url(), notify_secret=SECRET, keep="30d")
    program = Program(idle_agent, 'echo "$VODKEEP_CHANGE" >>$OUT')
    agent = idle_agent.start()
    media = [twin.add_fastpix("One"), twin.add_optiview(name="Two")]
    agent.archive_now(*media)
    program.wait_lines(2)
    wait_until(lambda: len(listener.good()) == 2, 15, "two notifications")
    lose_state(agent)
    agent.start()
    agent.archived(*media)
    agent.new_rule(path=OTHER)
    assert agent.cli("refile", json=True).json["moved"] == 2
    agent.cli("import")
    agent.settle()
    make_older(agent, 31, media[0])
    agent.wait_state(media[0], "deleted")
    wait_until(lambda: len(listener.good()) > 2, 15, "the removal")
    agent.ready_event(media[0])
    barrier = twin.add_fastpix("Barrier")
    agent.archive_now(barrier)
    program.wait_lines(3)
    wait_until(lambda: len(listener.good()) == 4, 15, "the barrier", lambda: told(listener))
    assert [entry.what for entry in listener.good()[2:]] == [
        "asset.removed " + media[0].id, "asset.archived " + barrier.id]
    assert program.lines() == ["new"] * 3
    sound(agent)


def test_the_ledger_is_whole_after_a_crash_in_any_chore(idle_agent: Agent, twin: Twin) -> None:
    """Killed while it adopts, moves and removes: no row twice, none missing, the chain whole."""
    agent = idle_agent.start()
    media = [twin.add_fastpix("Clip %d" % number) for number in range(40)]
    agent.archive_now(*media)
    lose_state(agent)
    agent.start(ready=False)
    wait_until(agent.state.exists, 10, "a state")
    agent.kill9()
    agent.start()
    agent.archived(*media)
    agent.new_rule(path=OTHER)
    agent.cli("pause")
    agent.cli("refile")
    agent.cli("resume")
    wait_until(lambda: any("by-title" in path for path in agent.tree()), 10, "the first move")
    agent.kill9()
    agent.start()
    agent.cli("refile")
    sound(agent)
    agent.config.set("rule all", keep="30d")
    agent.config.set("workspace production", max_delete="100, 100%")
    make_older(agent, 31, *media)
    wait_until(lambda: "deleted" in {asset["state"] for asset in agent.assets().values()}, 15,
               "the first removal")
    agent.kill9()
    agent.start()
    agent.wait_states({agent.name(item): "deleted" for item in media}, 40)
    for item in media:
        said = [word for word in decisions(agent, item) if word != "refile"]  # what was asked for
        assert said == ["adopted", "moved", "removed"], said
    assert agent.tree() == set()
    sound(agent)


def test_a_reload_and_a_pause_while_adopting(agent: Agent, twin: Twin) -> None:
    """Neither ends the chore, and what it adopts is none of their business."""
    media = [twin.add_fastpix("Clip %d" % number) for number in range(30)]
    agent.archive_now(*media)
    old = agent.directory / "old"
    agent.stop()
    agent.archive.rename(old)
    agent.archive.mkdir()
    lose_state(agent)
    imports = agent.log_text().count("import: ")
    agent.start()
    wait_until(lambda: agent.log_text().count("import: ") > imports, 10, "the first import's end")
    shutil.copytree(old / "production", agent.archive / "production")
    loaded = downloads(twin)
    agent.cli("pause")
    seen: list[int] = []
    worker = threading.Thread(
        target=lambda: seen.append(agent.cli("import", json=True).json["adopted"]))
    worker.start()
    agent.new_rule(priority="1")
    agent.new_rule(priority="2")
    worker.join()
    assert seen == [30]
    agent.archived(*media)
    agent.cli("resume")
    sound(agent)
    assert downloads(twin) == loaded


def test_check_and_doctor_know_every_key(idle_agent: Agent, listener: Listener, twin: Twin) -> None:
    """All of these features in one configuration."""
    agent = idle_agent
    Program(agent, "true", notify=listener.url(), notify_secret=SECRET, keep="30d",
            when_full="remove-oldest", on_update="version", hls_as="package", on_delete="trash")
    agent.config.set("workspace production", delete_remote="yes", scrub="2%/day", trash_days="3",
                     request_mp4="yes")
    agent.start()
    assert "not available" not in agent.cli("check").err
    dump = agent.cli("check", "--dump").out
    for line in ("when_full = remove-oldest", "on_update = version", "hls_as = package",
                 "delete_remote = yes", "scrub = 2%/day", "keep = 30d"):
        assert line in dump, dump
    assert SECRET not in dump
    result = agent.cli("doctor", status=None)
    assert "FAIL" not in result.out, result.out
