"""The dashboard in a real browser: what people see, with pointer, keyboard and screen reader.

Needs Debian's chromium. The audits need axe-core below the build folder as well, where
scripts/test puts it.
"""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest

import browser as chromium
import twin as tw
from agentctl import BUILD, Agent, wait_until
from browser import Browser
from twin import Twin

AXE = BUILD / "axe" / "node_modules" / "axe-core" / "axe.min.js"
HOSTILE = ('<img src=x onerror="document.title=\'taken\'">', '"><script>document.title="taken"</script>',
           "javascript:document.title='taken'", "\u202eevil \u2066isolated", "{{7*7}} ${7*7}", "a" * 200)

pytestmark = pytest.mark.skipif(chromium.PROGRAM is None,
                                reason="chromium is not installed: the dashboard is not looked at")


@pytest.fixture
def page() -> Iterator[Browser]:
    browser = Browser()
    try:
        yield browser
    finally:
        browser.close()


def url(agent: Agent, view: str = "") -> str:
    return "http://127.0.0.1:%d/%s" % (agent.admin_port, view)


def show(page: Browser, agent: Agent, view: str = "", wanted: str = "#figures dd") -> None:
    """Open a view as a person would who has its address."""
    page.open(url(agent, view))
    page.wait("document.querySelector(%s)" % json.dumps(wanted), "%s in %s" % (wanted, view or "the overview"))


def press(page: Browser, label: str, within: str = "main") -> None:
    """Press the button of that name, once it can be pressed."""
    find = "[...document.querySelectorAll('%s button')].find((b) => b.checkVisibility() && !b.disabled && (b.ariaLabel || b.textContent) === %s)" % (
        within, json.dumps(label))
    page.wait(find, "the button %s" % label)
    page.run(find + ".click()")


def shows(page: Browser, text: str, where: str = "main") -> None:
    page.wait("document.querySelector(%s).innerText.includes(%s)" % (json.dumps(where), json.dumps(text)),
              "%r to be shown in %s" % (text, where))


def fits(page: Browser) -> bool:
    """Nothing is wider than the screen."""
    return bool(page.run("document.documentElement.scrollWidth <= window.innerWidth"))


def asset_view(agent: Agent, media: tw.Media) -> str:
    return "#/asset/" + agent.name(media)


# What is seen.

def test_an_empty_archive_says_what_to_do(agent: Agent, page: Browser) -> None:
    show(page, agent)
    shows(page, "No media is known yet", "#recent")
    shows(page, "Nothing is being downloaded right now.", "#transfers")
    page.run("location.hash = '#/archive'")
    shows(page, "The archive is empty", "#gallery")
    assert page.complaints == []


def test_a_download_is_followed_without_a_reload(agent: Agent, twin: Twin, page: Browser) -> None:
    show(page, agent)
    media = twin.add_fastpix("The whole match", size=6 << 20)
    twin.sin("/%s/capped-4k.mp4" % media.playback_id, "slow", rate=1 << 20)
    agent.ready_event(media)
    page.wait("document.querySelector('#transfers progress').value > 0", "a bar that grows")
    shows(page, "The whole match", "#transfers")
    first = page.run("document.querySelector('#transfers progress').value")
    page.wait("document.querySelector('#transfers progress').value > %d" % first)
    # The row is the same one all the while: what is read aloud or selected stays.
    page.run("document.querySelector('#transfers a').focus(); window.row = document.activeElement")
    page.wait("document.querySelector('#transfers progress').value > %d" % (first + (1 << 20)))
    assert page.run("document.activeElement === window.row") is True
    shows(page, "Nothing is being downloaded right now.", "#transfers")
    page.wait("document.querySelector('#recent img')?.naturalWidth > 0", "the thumbnail")
    assert page.complaints == []


def test_warnings_come_first(agent: Agent, twin: Twin, page: Browser) -> None:
    twin.sin("/v1/*", "status", code=401)
    show(page, agent)
    agent.ready_event(twin.add_fastpix("Goal"))
    wait_until(lambda: "credential" in agent.warnings(), 15, "a warning")
    page.wait("document.querySelector('#warnings .warning')")
    shows(page, "credential", "#warnings")
    assert page.run("document.querySelector('#warnings').compareDocumentPosition("
                    "document.querySelector('#figures')) & Node.DOCUMENT_POSITION_FOLLOWING")


def test_searching_and_watching(agent: Agent, twin: Twin, page: Browser) -> None:
    goal = twin.add_fastpix("Goal", subtitles=("en",))
    agent.archive_now(goal, twin.add_fastpix("Interview"), twin.add_optiview(name="Highlights"))
    show(page, agent, "#/archive", "#gallery .card")
    page.run("document.querySelector('#filters [name=q]').focus()")
    page.type("oal")
    page.key("Enter")
    page.wait("document.querySelectorAll('#gallery .card').length === 1")
    shows(page, "Goal", "#gallery")
    assert "q=oal" in page.run("location.hash")
    page.run("document.querySelector('#gallery .card').click()")
    page.wait("document.querySelector('#asset table')")
    shows(page, agent.files(goal)["video"][0]["sha256"], "#asset table")
    # It plays from the archive, and from anywhere within.
    page.run("window.v = document.querySelector('video'); v.muted = true; v.play()")
    page.wait("v.currentTime > 0.1 && v.videoWidth > 0", "the video to play")
    page.run("v.currentTime = v.duration - 0.2")
    page.wait("v.ended", "the end of the video")
    assert page.run("v.textTracks.length") == 1
    page.run("v.textTracks[0].mode = 'showing'")
    page.wait("v.textTracks[0].cues?.length > 0", "subtitles")
    page.run("history.back()")
    page.wait("document.querySelectorAll('#gallery .card').length === 1", "the search again")
    page.run("location.hash = '#/archive?q=nothing-like-it'")
    shows(page, "Nothing matches", "#gallery")
    assert page.complaints == []


def test_pages_of_the_archive(agent: Agent, twin: Twin, page: Browser) -> None:
    agent.cli("pause")
    media = [twin.add_fastpix("Clip %d" % number) for number in range(61)]
    for item in media:
        agent.deliver(item, "video.media.created")
    wait_until(lambda: len(agent.assets()) == 61, 15, "all assets")
    show(page, agent, "#/archive", "#gallery .card")
    page.wait("document.querySelectorAll('#gallery .card').length === 60")
    press(page, "Older")
    page.wait("document.querySelectorAll('#gallery .card').length === 1", "the last page")
    press(page, "Newest")
    page.wait("document.querySelectorAll('#gallery .card').length === 60", "the first page")


# What is done.

def test_hold_remove_and_fetch(agent: Agent, twin: Twin, page: Browser) -> None:
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    show(page, agent, asset_view(agent, media), "#asset table")
    press(page, "Hold")
    shows(page, "held", "#asset h1")
    assert agent.show(media)["held"] is True
    press(page, "End the hold")
    press(page, "Remove")
    page.wait("document.querySelector('#ask').open")
    assert page.run("document.activeElement.textContent") == "Cancel"
    page.key("Escape")
    page.wait("!document.querySelector('#ask').open")
    assert agent.state_of(media) == "archived"
    press(page, "Remove")
    press(page, "Remove", "#ask")
    agent.wait_state(media, "deleted")
    shows(page, "deleted", "#asset h1")
    press(page, "Fetch again")
    agent.archived(media)
    shows(page, "archived", "#asset h1")


def test_pause_and_fetch_by_id(agent: Agent, twin: Twin, page: Browser) -> None:
    show(page, agent)
    press(page, "Pause production")
    wait_until(lambda: [w["paused"] for w in agent.status()["workspaces"]] == [True, False], 10, "a pause")
    press(page, "Resume production")
    wait_until(lambda: not any(w["paused"] for w in agent.status()["workspaces"]), 10, "its end")
    media = twin.add_fastpix("Goal")
    page.run("location.hash = '#/archive'")
    page.wait("document.querySelector('#fetch select').value === 'production'")
    page.run("document.querySelector('#fetch').open = true; document.querySelector('#fetch [name=ids]').focus()")
    page.type(media.id)
    page.key("Enter")
    agent.archived(media)


def test_held_deletions_are_confirmed(idle_agent: Agent, twin: Twin, page: Browser) -> None:
    idle_agent.config.put("workspace production", "max_delete", "0, 0%")
    agent = idle_agent.start()
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    twin.delete(media)
    agent.deleted_event(media)
    agent.wait_state(media, "deletion-held")
    show(page, agent)
    press(page, "Confirm deletions of production")
    press(page, "Delete them", "#ask")
    agent.wait_state(media, "deleted")


# Strangers' words, and the agent's absence.

def test_hostile_words_stay_words(agent: Agent, twin: Twin, page: Browser) -> None:
    media = [twin.add_fastpix(title) for title in HOSTILE]
    other = twin.add_optiview(name=HOSTILE[0], type="clip")
    agent.archive_now(*media, other)
    agent.cli("rm", agent.name(media[0]))
    for view, wanted in (("", "#recent .card"), ("#/archive", "#gallery .card"),
                         ("#/archive?q=" + "%3Cimg%20src", "#gallery .card"),
                         *((asset_view(agent, item), "#asset .facts") for item in (*media, other))):
        show(page, agent, view, wanted)
        assert page.run("document.querySelectorAll('[onerror], main script, img[src=x]').length") == 0
        assert "taken" not in page.run("document.title").replace(HOSTILE[0], "").replace(HOSTILE[1], "").replace(HOSTILE[2], "")
        assert not set("\u202e\u2066") & set(page.run("document.body.innerText"))
        assert fits(page), view
    assert page.complaints == []


def test_the_agents_absence_is_told_and_passes(agent: Agent, page: Browser) -> None:
    show(page, agent)
    agent.stop()
    shows(page, "The agent does not answer", "#pulse")
    agent.start()
    page.wait("document.querySelector('#pulse').className !== 'lost'", "the agent to be there again")
    # The token is a new one; a press works all the same.
    press(page, "Pause all")
    wait_until(lambda: agent.status()["paused"], 10, "the pause")
    page.run("location.hash = '#/asset/production/nothing'")
    shows(page, "No such asset", "#asset")


def test_a_person_logs_in_and_out(idle_agent: Agent, page: Browser) -> None:
    idle_agent.config.set("admin", password="s3cret")
    idle_agent.start()
    show(page, idle_agent, "", "#password")
    for given, wanted in (("wrong", "The password is wrong."), ("s3cret", None)):
        page.run("document.querySelector('#password').focus()")
        page.run("document.querySelector('#password').value = ''")
        page.type(given)
        page.key("Enter")
        if wanted:
            shows(page, wanted, "#trouble")
    page.wait("document.querySelector('#figures dd')", "the dashboard")
    assert page.run("document.cookie") == ""
    press(page, "Log out", "header")
    page.wait("document.querySelector('#password')", "the login page")
    page.open(url(idle_agent))
    page.wait("location.pathname === '/login'")


# Everybody.

def test_by_keyboard_alone(agent: Agent, twin: Twin, page: Browser) -> None:
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    show(page, agent, "", "#recent .card")
    page.key("Tab")
    assert page.run("document.activeElement.textContent") == "Skip to the content"
    reached = set()
    for _ in range(40):
        page.key("Tab")
        reached.add(page.run("(document.activeElement.ariaLabel || document.activeElement.textContent).trim()"))
        if page.run("document.activeElement.matches('#recent .card')"):
            break
    assert {"Overview", "Archive", "Pause production", "Reconcile now: stage"} <= reached
    outline = page.run("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "the focus is seen"
    page.key("Enter")
    page.wait("document.querySelector('#asset table')", "the asset's page")
    assert page.run("document.activeElement.id") == "main"


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not there: npm install --prefix build/axe axe-core")
def test_axe_finds_no_serious_fault(agent: Agent, twin: Twin, page: Browser) -> None:
    media = twin.add_fastpix("Goal", subtitles=("en",))
    waiting = twin.add_fastpix("Slow", size=30 << 20)
    twin.sin("/%s/capped-4k.mp4" % waiting.playback_id, "slow", rate=64 << 10)
    gone = twin.add_fastpix("Gone")
    twin.delete(gone, "404")
    agent.archive_now(media)
    agent.cli("hold", agent.name(media))
    agent.ready_event(waiting, gone)
    views = (("", "#attention li"), ("#/archive", "#gallery .card"), ("#/archive?q=nothing", "#gallery .empty"),
             (asset_view(agent, media), "#asset table"), ("#/asset/production/nothing", "#asset h1"), ("login", "#login"))
    for dark in (False, True):
        page.dark(dark)
        for width in (1280, 390):
            page.resize(width, 900, mobile=width < 500)
            for view, wanted in views:
                show(page, agent, view, wanted)
                assert fits(page), "%s at %d" % (view, width)
                assert audit(page) == [], "%s, dark %s, %d wide" % (view, dark, width)


def audit(page: Browser) -> list[Any]:
    page.run(AXE.read_text(encoding="utf-8") + "; true")
    return page.run("axe.run(document, { resultTypes: ['violations'] }).then((found) => found.violations"  # type: ignore[no-any-return]
                    ".filter((v) => ['serious', 'critical'].includes(v.impact))"
                    ".map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 200) + ' ' + n.failureSummary)]))")


def test_nothing_jumps_while_it_loads(agent: Agent, twin: Twin, page: Browser) -> None:
    agent.archive_now(*(twin.add_fastpix("Clip %d" % number) for number in range(8)))
    page.call("Page.addScriptToEvaluateOnNewDocument", source="window.jumps = 0; new PerformanceObserver((list) => {"
              "for (const e of list.getEntries()) window.jumps += e.value; }).observe({ type: 'layout-shift', buffered: true })")
    show(page, agent, "#/archive", "#gallery img")
    page.wait("[...document.querySelectorAll('#gallery img')].every((i) => i.complete && i.naturalWidth)", "all pictures")
    assert page.run("window.jumps") < 0.1


def test_pictures_of_the_views(agent: Agent, twin: Twin, page: Browser, tmp_path: Path) -> None:
    """No view is blank, in light or dark."""
    media = twin.add_fastpix("Goal")
    agent.archive_now(media)
    for view, wanted in (("", "#recent img"), ("#/archive", "#gallery img"), (asset_view(agent, media), "#asset table")):
        sizes = []
        for dark in (False, True):
            page.dark(dark)
            show(page, agent, view, wanted)
            page.picture(tmp_path / "view.png")
            sizes.append((tmp_path / "view.png").read_bytes())
        assert min(map(len, sizes)) > 10000 and sizes[0] != sizes[1]
